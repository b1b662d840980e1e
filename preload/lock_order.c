/* SPDX-License-Identifier: MIT */
/* lock_order.c: see lock_order.h. */
#include "preload/lock_order.h"

#include <string.h>

#include "preload/emit.h"
#include "preload/file_lock.h"
#include "preload/lifecycle.h"
#include "preload/limits.h"
#include "preload/lock_counts.h"
#include "preload/select.h"
#include "preload/stack.h"
#include "preload/wait.h"
#include "tracepoints/format.h"

/* Of each order: how often it was recorded; of each order, thread and segment: that it was. Open
 * addressing on hashes, by compare-and-swap only; two that share a hash are taken for one. */
static struct {
	_Atomic uint64_t hash; /* 0: free */
	_Atomic uint32_t n;
} orders[WS_ORDERS_MAX];
static _Atomic uint32_t n_orders;
static _Atomic uint32_t generation; /* part of the hash: a fork child begins anew */

_Static_assert(WS_EDGE_HELD_MAX >= WS_HELD_MAX, "an edge can have all locks that are held");

static uint64_t mix(uint64_t h, uint64_t with)
{
	h = (h ^ with) * UINT64_C(0xff51afd7ed558ccd);
	return h ^ h >> 29;
}

/* How often it was asked for before. `*full`: there is no room to know. */
static uint32_t times_before(uint64_t hash, bool *full)
{
	hash |= 1;
	for (size_t i = 0, at = hash >> 20; i < 64; i++, at++) {
		_Atomic uint64_t *place = &orders[at % WS_ORDERS_MAX].hash;
		uint64_t was = atomic_load_explicit(place, memory_order_relaxed);

		if (was == 0 &&
		    atomic_compare_exchange_strong_explicit(place, &was, hash, memory_order_relaxed,
							    memory_order_relaxed))
			atomic_fetch_add_explicit(&n_orders, 1, memory_order_relaxed);
		if (was == 0 || was == hash)
			return atomic_fetch_add_explicit(&orders[at % WS_ORDERS_MAX].n, 1,
							 memory_order_relaxed);
	}
	*full = true;
	return 0;
}

/* A lock as events name it. */
struct lock {
	uint64_t object, other;
	uint64_t start, length;
};

/* False: it is not held any more. */
static bool describe(const struct ws_held *held, struct lock *ret)
{
	struct ws_file_hold hold;
	struct ws_file file;

	*ret = (struct lock){ .object = held->object };
	if (!ws_lock_is_mark(held->object))
		return true;
	if (!ws_file_hold_marked(held->object, &hold, &file))
		return false;
	ret->object = file.ino;
	ret->other = file.dev;
	if (held->kind == WS_KIND_RECORD_LOCK) {
		ret->start = hold.extent.start;
		ret->length = hold.extent.end == UINT64_MAX ? 0 : hold.extent.end - ret->start;
	}
	return true;
}

static uint64_t hash_lock(uint64_t h, const struct ws_held *held)
{
	struct lock lock;

	if (ws_likely(!ws_lock_is_mark(held->object)))
		return mix(h, held->object + (held->flags & WS_HOLD_READ));
	if (!describe(held, &lock))
		return h;
	return mix(mix(mix(h, lock.object), lock.other), lock.start + lock.length * 31);
}

static uint8_t edge_flags(uint8_t hold)
{
	return (uint8_t)((hold & WS_HOLD_TRY ? WS_EDGE_TRY : 0) |
			 (hold & WS_HOLD_TIMED ? WS_EDGE_TIMED : 0) |
			 (hold & WS_HOLD_READ ? WS_EDGE_READ : 0) |
			 (hold & WS_HOLD_FILE ? WS_EDGE_FILE : 0));
}

/* `lock` is taken, or waited for, while the first `n` locks are held. */
static __attribute__((noinline)) void record(struct ws_thread *self, uint32_t n,
					     const struct ws_held *taken, const struct lock *lock,
					     uint8_t flags)
{
	struct ws_ev_lock_edge edge = {
		.seq = ++self->edge_seq,
		.kind = taken->kind,
		.flags = flags | edge_flags(taken->flags),
		.object = lock->object,
		.other = lock->other,
		.start = lock->start,
		.length = lock->length,
		.site = taken->site,
		.stack = taken->stack,
		.segment = self->segment,
		.syncs = self->syncs,
	};
	struct lock held[WS_HELD_MAX];
	bool there[WS_HELD_MAX];
	uint64_t sum = ws_lock_counts_sum(self);
	uint32_t counted = flags & WS_EDGE_WAIT ? 0 : 1; /* the taken one itself */

	if (ws_unlikely(ws_select_on) && !ws_select_object(edge.kind, edge.object, edge.other))
		return;
	for (uint32_t i = 0; i < n; i++) {
		there[i] = describe(&self->held[i], &held[i]) &&
			   (ws_likely(!ws_select_on) ||
			    ws_select_object(self->held[i].kind, held[i].object, held[i].other));
		edge.held += there[i];
		counted++;
	}
	edge.locks = sum > counted ? sum - counted : 0;
	if (edge.held == 0)
		return;

	WS_SECTION(self);
	ws_definitions();
	if (!edge.stack)
		edge.stack = ws_stack_take(self, taken->site);
	ws_emit(lock_edge, &edge);
	for (uint32_t i = 0; i < n; i++) {
		struct ws_ev_lock_held event = {
			.seq = edge.seq,
			.kind = self->held[i].kind,
			.flags = edge_flags(self->held[i].flags),
			.object = held[i].object,
			.other = held[i].other,
			.start = held[i].start,
			.length = held[i].length,
			.site = self->held[i].site,
			.stack = self->held[i].stack,
		};

		if (there[i])
			ws_emit(lock_held, &event);
	}
}

/* `lock` is taken or, with WS_EDGE_WAIT, waited for, as `taken` says. */
static void take(struct ws_thread *self, uint32_t n, const struct ws_held *taken,
		 const struct lock *lock, uint8_t flags)
{
	uint64_t h =
		mix(taken->kind + ((uint64_t)atomic_load_explicit(&generation, memory_order_relaxed)
				   << 8),
		    n);
	uint64_t here;
	bool full = false;

	for (uint32_t i = 0; i < n; i++) {
		/* Taken again, as a recursive lock is: no order. */
		if (taken->object && self->held[i].object == taken->object)
			return;
		h = hash_lock(h, &self->held[i]);
	}
	h = mix(mix(mix(h, lock->object), lock->other), lock->start + lock->length * 31);
	h = mix(h, edge_flags(taken->flags));
	here = mix(h, self->segment);
	if (ws_likely(self->orders[here % WS_LOCK_ORDERS] == here))
		return;
	if (!ws_wanted(lock_edge) || ws_is_tracer_code(taken->site))
		return;
	self->orders[here % WS_LOCK_ORDERS] = here;

	uint64_t mine = mix(h, (uint64_t)self->tid << 32);

	if (times_before(mix(mine, self->segment), &full) > 0)
		return;

	uint32_t of_thread = times_before(mine, &full) + 1;
	uint32_t of_all = times_before(h, &full) + 1;

	if (full) {
		ws_limit_reached(WS_LIMIT_lock_orders);
		return;
	}
	if (of_thread > WS_ORDER_REPEATS_THREAD || of_all > WS_ORDER_REPEATS)
		return;
	if (of_thread == WS_ORDER_REPEATS_THREAD || of_all == WS_ORDER_REPEATS)
		flags |= WS_EDGE_LAST;
	record(self, n, taken, lock, flags);
}

void ws_lock_order(struct ws_thread *self, uint32_t n)
{
	struct lock lock;

	/* The entry itself: a handler that interrupts this leaves the array as it was. */
	if (describe(&self->held[n], &lock))
		take(self, n, &self->held[n], &lock, 0);
}

/* True if what the wait is for is held by those who get it. */
static bool is_lock(const struct ws_wait *wait)
{
	switch (wait->kind) {
	case WS_KIND_MUTEX:
	case WS_KIND_RWLOCK:
	case WS_KIND_SPINLOCK:
	case WS_KIND_ONCE:
	case WS_KIND_RECORD_LOCK:
	case WS_KIND_FLOCK:
		return true;
	default:
		return wait->kind == WS_KIND_FUTEX && wait->holders; /* a PI futex */
	}
}

void ws_lock_order_wait(const struct ws_wait *wait)
{
	struct ws_thread *self = wait->self;
	uint32_t n = WS_HELD_COUNT(atomic_load_explicit(&self->held_word, memory_order_relaxed));
	struct ws_held taken = { .site = wait->site, .kind = wait->kind };
	struct lock lock = { .object = wait->object };

	if (!is_lock(wait)) {
		if (wait->kind != WS_KIND_SLEEP)
			ws_lock_order_sync(self);
		return;
	}
	if (n == 0)
		return;
	if (ws_kind_naming(wait->kind) == WS_NAMED_BY_FILE) {
		lock.other = wait->other;
		lock.start = wait->range ? wait->range->start : 0;
		lock.length = wait->range ? wait->range->length : 0;
	} else {
		taken.object = wait->object;
	}
	taken.flags = (uint8_t)((wait->flags & WS_WAIT_READ ? WS_HOLD_READ : 0) |
				(wait->flags & WS_WAIT_TIMED ? WS_HOLD_TIMED : 0));
	take(self, n, &taken, &lock, WS_EDGE_WAIT);
}

uint32_t ws_segment_next(struct ws_thread *self)
{
	return self->segment++;
}

void ws_lock_orders_forget(struct ws_thread *self)
{
	memset(self->orders, 0, sizeof(self->orders));
}

void ws_lock_orders_forked(void)
{
	/* What the parent has recorded stays in its places as long as there is room. */
	atomic_fetch_add_explicit(&generation, 1, memory_order_relaxed);
	if (atomic_load_explicit(&n_orders, memory_order_relaxed) < WS_ORDERS_MAX / 2)
		return;
	atomic_store_explicit(&n_orders, 0, memory_order_relaxed);
	for (size_t i = 0; i < WS_ORDERS_MAX; i++) {
		if (!atomic_load_explicit(&orders[i].hash, memory_order_relaxed))
			continue;
		atomic_store_explicit(&orders[i].hash, 0, memory_order_relaxed);
		atomic_store_explicit(&orders[i].n, 0, memory_order_relaxed);
	}
}
