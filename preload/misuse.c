/* SPDX-License-Identifier: MIT */
/* misuse.c: see misuse.h. */
#include "preload/misuse.h"

#include <stdatomic.h>

#include "preload/copyin.h"
#include "preload/emit.h"
#include "preload/glibc.h"
#include "preload/lifecycle.h"
#include "preload/limits.h"
#include "preload/lock_order.h"
#include "preload/select.h"
#include "preload/stack.h"
#include "tracepoints/format.h"

/* Conditions that were signalled in vain since they were last waited on, by a hash. */
#define LOST 1024
/* Locks that other threads of the parent held at the fork. */
#define INHERITED_MAX 64

static _Atomic uint64_t known[WS_MISUSES_MAX];
static _Atomic uintptr_t lost[LOST];

static struct {
	struct ws_held held;
	int32_t tid;
} inherited[INHERITED_MAX];
uint32_t ws_misuse_inherited;
static uintptr_t fork_site;
static int32_t fork_tid; /* who we were in the parent */

/* Open addressing, and nothing is ever taken out. */
static bool is_news(const struct ws_misused *m)
{
	uint64_t h = m->what * UINT64_C(0x9e3779b97f4a7c15);

	h = (h ^ m->object) * UINT64_C(0xff51afd7ed558ccd);
	h = (h ^ h >> 31 ^ m->other) * UINT64_C(0xff51afd7ed558ccd);
	h = (h ^ h >> 31 ^ m->site ^ m->holder.site << 16) * UINT64_C(0xff51afd7ed558ccd);
	h = (h ^ h >> 29) | 1;
	for (size_t i = 0, at = h >> 20; i < 16; i++, at++) {
		_Atomic uint64_t *place = &known[at % WS_MISUSES_MAX];
		uint64_t was = atomic_load_explicit(place, memory_order_relaxed);

		if (was == 0 && atomic_compare_exchange_strong(place, &was, h))
			return true;
		if (was == h)
			return false;
	}
	ws_limit_reached(WS_LIMIT_misuses);
	return false;
}

static void emit(const struct ws_misused *m)
{
	struct ws_ev_misuse event = {
		.what = m->what,
		.kind = m->kind,
		.flags = m->flags,
		.object = m->object,
		.other = m->other,
		.site = m->site,
		.holder = m->holder.tid,
		.holder_site = m->holder.site,
		.holder_stack = m->holder.stack,
		.call = m->call,
	};

	if (ws_unlikely(ws_select_on) && !ws_select_object(m->kind, m->object, m->other))
		return;
	WS_SECTION(m->self);
	ws_definitions();
	if (m->site)
		event.stack = ws_stack_take(m->self, m->site);
	ws_emit(misuse, &event);
}

void ws_misuse_record(const struct ws_misused *m)
{
	if (ws_wanted(misuse) && !ws_is_tracer_code(m->site) && is_news(m))
		emit(m);
}

static struct ws_holder_ref ref_of(int32_t tid, uintptr_t object)
{
	struct ws_holder_ref ref = { .tid = tid };
	struct ws_held held;

	if (tid && ws_held_find(tid, object, &held)) {
		ref.site = held.site;
		ref.stack = held.stack;
	}
	return ref;
}

static uint8_t mutex_flags(const pthread_mutex_t *m)
{
	return (uint8_t)((ws_mutex_is_shared(m) ? WS_MISUSE_SHARED : 0) |
			 (ws_mutex_kind(m) & WS_MUTEX_ROBUST ? WS_MISUSE_ROBUST : 0));
}

/* True if the owner is not the thread. A fork child goes on with what its thread held in the
 * parent, under the tid that it had there; elided locks have no owner. */
static bool is_anothers(const struct ws_thread *self, const pthread_mutex_t *m)
{
	int32_t owner = ws_mutex_owner(m);

	return owner != self->tid && (owner == 0 || owner != fork_tid) &&
	       !(ws_mutex_kind(m) & WS_MUTEX_ELISION);
}

void ws_misuse_mutex_unlock(struct ws_thread *self, const pthread_mutex_t *m, uintptr_t site)
{
	if (!is_anothers(self, m))
		return;
	ws_misuse_record(&(struct ws_misused){
		.self = self,
		.what = WS_MISUSE_UNLOCK_NOT_OWNER,
		.kind = WS_KIND_MUTEX,
		.flags = mutex_flags(m),
		.object = (uintptr_t)m,
		.site = site,
		.holder = ref_of(ws_mutex_owner(m), (uintptr_t)m),
	});
}

/* One that tells nothing of its holders: another thread has noted it, or it is free. */
static void noted_unlock(struct ws_thread *self, uint8_t kind, uint8_t flags, uintptr_t object,
			 bool is_free, uintptr_t site)
{
	struct ws_holder_ref holder = { 0 };
	struct ws_held held;

	if (!is_free) {
		if (ws_held_all(object, &holder.tid, &held, 1) == 0 || holder.tid == self->tid)
			return;
		holder.site = held.site;
		holder.stack = held.stack;
	}
	ws_misuse_record(&(struct ws_misused){
		.self = self,
		.what = WS_MISUSE_UNLOCK_NOT_OWNER,
		.kind = kind,
		.flags = flags,
		.object = object,
		.site = site,
		.holder = holder,
	});
}

void ws_misuse_rwlock_unlock(struct ws_thread *self, const pthread_rwlock_t *l, uintptr_t site)
{
	if (ws_rwlock_writer(l) != self->tid)
		noted_unlock(self, WS_KIND_RWLOCK, ws_rwlock_is_shared(l) ? WS_MISUSE_SHARED : 0,
			     (uintptr_t)l, !ws_rwlock_is_held(l), site);
}

void ws_misuse_spin_unlock(struct ws_thread *self, const pthread_spinlock_t *l, uintptr_t site)
{
	noted_unlock(self, WS_KIND_SPINLOCK, 0, (uintptr_t)l, ws_spin_is_free(l), site);
}

/* Whether processes share what waits that are open are for. */
static bool is_shared(uint8_t kind, uintptr_t object)
{
	if (kind == WS_KIND_BARRIER)
		return ((const struct ws_glibc_barrier *)object)->shared != 0;
	return ws_cond_is_shared((const pthread_cond_t *)object);
}

void ws_misuse_destroy(struct ws_thread *self, uint8_t kind, uint8_t what, uintptr_t object,
		       int32_t holder, uintptr_t site)
{
	struct ws_misused m = {
		.self = self,
		.what = what,
		.kind = kind,
		.object = object,
		.site = site,
		.holder = ref_of(holder, object),
	};
	struct ws_held held;

	if (what == WS_MISUSE_DESTROY_WAITED && is_shared(kind, object))
		m.flags = WS_MISUSE_SHARED;
	if (!holder && what == WS_MISUSE_DESTROY_HELD &&
	    ws_held_all(object, &m.holder.tid, &held, 1) > 0) {
		m.holder.site = held.site;
		m.holder.stack = held.stack;
	}
	ws_misuse_record(&m);
}

void ws_misuse_cond_wait(struct ws_thread *self, const pthread_cond_t *c, const pthread_mutex_t *m,
			 uintptr_t site)
{
	if (!is_anothers(self, m))
		return;
	ws_misuse_record(&(struct ws_misused){
		.self = self,
		.what = WS_MISUSE_WAIT_WITHOUT_MUTEX,
		.kind = WS_KIND_COND,
		.flags = ws_cond_is_shared(c) ? WS_MISUSE_SHARED : 0,
		.object = (uintptr_t)c,
		.other = (uintptr_t)m,
		.site = site,
		.holder = ref_of(ws_mutex_owner(m), (uintptr_t)m),
	});
}

static _Atomic uintptr_t *lost_place(const pthread_cond_t *c)
{
	return &lost[(uintptr_t)c * UINT64_C(0x9e3779b97f4a7c15) >> 54];
}

void ws_misuse_nobody_waits(struct ws_thread *self, const pthread_cond_t *c, uintptr_t site)
{
	_Atomic uintptr_t *place = lost_place(c);

	if (ws_likely(atomic_load_explicit(place, memory_order_relaxed) == (uintptr_t)c) ||
	    !ws_wanted(misuse) || ws_is_tracer_code(site))
		return;
	atomic_store_explicit(place, (uintptr_t)c, memory_order_relaxed);
	emit(&(struct ws_misused){
		.self = self,
		.what = WS_MISUSE_NOBODY_WAITS,
		.kind = WS_KIND_COND,
		.object = (uintptr_t)c,
		.site = site,
	});
}

void ws_misuse_cond_waits(const pthread_cond_t *c)
{
	_Atomic uintptr_t *place = lost_place(c);

	if (atomic_load_explicit(place, memory_order_relaxed) == (uintptr_t)c)
		atomic_store_explicit(place, 0, memory_order_relaxed);
}

void ws_misuse_owner_died(struct ws_thread *self, const pthread_mutex_t *m, uintptr_t site)
{
	ws_misuse_record(&(struct ws_misused){
		.self = self,
		.what = WS_MISUSE_OWNER_DIED,
		.kind = WS_KIND_MUTEX,
		.flags = mutex_flags(m),
		.object = (uintptr_t)m,
		.site = site,
	});
}

/* Whether the thread holds what it noted. The memory may be gone: another thread may have unlocked
 * it, and freed it. */
static bool still_holds(const struct ws_thread *self, const struct ws_held *held, uint8_t *flags)
{
	pthread_mutex_t m;
	pthread_rwlock_t l;
	pthread_spinlock_t s;

	*flags = 0;
	switch (held->kind) {
	case WS_KIND_MUTEX:
		if (ws_copy_in(&m, (const void *)held->object, sizeof(m)) != 0)
			return false;
		*flags = mutex_flags(&m);
		return ws_mutex_owner(&m) == self->tid;
	case WS_KIND_RWLOCK:
		if (ws_copy_in(&l, (const void *)held->object, sizeof(l)) != 0)
			return false;
		*flags = ws_rwlock_is_shared(&l) ? WS_MISUSE_SHARED : 0;
		return held->flags & WS_HOLD_READ ? ws_rwlock_is_held(&l)
						  : ws_rwlock_writer(&l) == self->tid;
	case WS_KIND_SPINLOCK:
		return ws_copy_in((void *)(uintptr_t)&s, (const void *)held->object, sizeof(s)) ==
			       0 &&
		       !ws_spin_is_free(&s);
	default:
		return false;
	}
}

void ws_misuse_ends(struct ws_thread *self, bool process, uintptr_t site)
{
	uint64_t word = atomic_load_explicit(&self->held_word, memory_order_relaxed);

	if (!ws_wanted(misuse))
		return;
	for (uint32_t i = 0; i < WS_HELD_COUNT(word); i++) {
		const struct ws_held *held = &self->held[i];
		uint8_t flags;

		if (ws_lock_is_mark(held->object) || !still_holds(self, held, &flags))
			continue;
		/* What only this process can want goes with it. */
		if (process && !(flags & WS_MISUSE_SHARED))
			continue;
		ws_misuse_record(&(struct ws_misused){
			.self = self,
			.what = WS_MISUSE_EXIT_HOLDING,
			.kind = held->kind,
			.flags = held->flags & WS_HOLD_READ ? flags | WS_MISUSE_READ : flags,
			.object = held->object,
			.site = site,
			.holder = { self->tid, held->site, held->stack },
		});
	}
}

static void inherit(struct ws_thread *other)
{
	uint64_t word = atomic_load_explicit(&other->held_word, memory_order_relaxed);

	if (other == ws_self)
		return;
	for (uint32_t i = 0; i < WS_HELD_COUNT(word) && i < WS_HELD_MAX; i++) {
		if (ws_lock_is_mark(other->held[i].object))
			continue;
		if (ws_misuse_inherited == INHERITED_MAX)
			return;
		inherited[ws_misuse_inherited].held = other->held[i];
		inherited[ws_misuse_inherited].tid = other->tid;
		ws_misuse_inherited++;
	}
}

void ws_misuse_forked(struct ws_thread *self, int32_t parent_tid, uintptr_t site)
{
	(void)self;
	ws_misuse_inherited = 0;
	fork_site = site;
	fork_tid = parent_tid;
	ws_threads_each(inherit);
	for (size_t i = 0; i < WS_MISUSES_MAX; i++)
		if (atomic_load_explicit(&known[i], memory_order_relaxed))
			atomic_store_explicit(&known[i], 0, memory_order_relaxed);
}

void ws_misuse_wait_slow(const struct ws_wait *wait)
{
	/* Of a process-shared lock, the holder is alive in the parent. */
	if (wait->flags & WS_WAIT_SHARED)
		return;
	for (uint32_t i = 0; i < ws_misuse_inherited; i++) {
		const struct ws_held *held = &inherited[i].held;

		if (held->object != wait->object || held->kind != wait->kind ||
		    ((held->flags & WS_HOLD_READ) && (wait->flags & WS_WAIT_READ)))
			continue;
		if (wait->kind == WS_KIND_MUTEX &&
		    ws_mutex_owner((const pthread_mutex_t *)wait->object) != inherited[i].tid)
			continue;
		ws_misuse_record(&(struct ws_misused){
			.self = wait->self,
			.what = WS_MISUSE_FORK_HOLDING,
			.kind = wait->kind,
			.object = wait->object,
			.site = wait->site,
			.call = fork_site,
			.holder = { inherited[i].tid, held->site, held->stack },
		});
	}
}
