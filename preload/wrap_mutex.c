/* SPDX-License-Identifier: MIT */
/* wrap_mutex.c: pthread mutexes of every type.
 *
 * Rules: see export.h. Try first: whatever trylock answers but EBUSY is what lock would have
 * answered, with two exceptions that are passed on untried: a mutex that its own thread holds
 * (EDEADLK, or for ever, where trylock says EBUSY), and an unknown clock.
 *
 * The plain mutex that is free, by far the commonest case, is taken and released here in the very
 * steps of glibc's: two more calls would cost a third of the pair. The constructor makes sure that
 * glibc takes these steps, and that it is glibc that we would call; otherwise they are not used.
 */
#include "preload/mutex.h"

#include <dlfcn.h>
#include <errno.h>
#include <link.h>
#include <string.h>

#include "preload/export.h"
#include "preload/glibc.h"
#include "preload/lock_counts.h"
#include "preload/misuse.h"
#include "preload/object.h"
#include "preload/raw.h"
#include "preload/real.h"
#include "preload/wait.h"

/* The owner writes its tid after it took the word: a short look finds nobody in a good part of
 * the cases. It is only worth so many looks, since it may have been released, too. */
#define OWNER_LOOKS 100

static size_t mutex_holders(const struct ws_wait *wait, struct ws_holder_ref *ret, size_t max)
{
	const pthread_mutex_t *m = (const pthread_mutex_t *)wait->object;
	struct ws_held held;
	int32_t owner = 0;

	(void)max;
	for (int i = 0; i < OWNER_LOOKS && owner == 0; i++) {
		owner = ws_mutex_owner(m);
		if (owner == 0)
			__builtin_ia32_pause();
	}
	if (owner == 0)
		return 0;

	*ret = (struct ws_holder_ref){ .tid = owner };
	/* What the array says counts only while the owner is still that thread. */
	if (ws_held_find(owner, wait->object, &held) && ws_mutex_owner(m) == owner) {
		ret->site = held.site;
		ret->stack = held.stack;
	}
	return 1;
}

/* The __kind of mutexes that may be taken here; NO_KIND: none may. */
#define NO_KIND (-1)
static int plain_kind = NO_KIND;

/* True if glibc's plain mutex works as take() and give() do: the word is 0, 1 or, with sleepers, 2,
 * and the owner and the number of users are kept beside it. */
static __attribute__((constructor)) void learn_plain(void)
{
	pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
	struct dl_find_object of;

	/* Another interposer behind us is to see every call. */
	if (ws_real.pthread_mutex_trylock(&m) != 0 || !m.__data.__lock)
		return;
	if (_dl_find_object((void *)ws_real.pthread_mutex_trylock, &of) != 0 ||
	    !strstr(of.dlfo_link_map->l_name, "/libc.so.6"))
		return;

	bool as_held = m.__data.__lock == 1 && m.__data.__owner == ws_raw_gettid() &&
		       m.__data.__nusers == 1 && m.__data.__count == 0;

	if (ws_real.pthread_mutex_unlock(&m) != 0)
		return;

	bool as_free = m.__data.__lock == 0 && m.__data.__owner == 0 && m.__data.__nusers == 0;

	if (as_held && as_free && m.__data.__kind == PTHREAD_MUTEX_TIMED_NP)
		plain_kind = PTHREAD_MUTEX_TIMED_NP;
}

/* Takes a plain mutex if it is free. */
static inline bool take(const struct ws_thread *self, pthread_mutex_t *m)
{
	int free = 0;

	if (ws_unlikely(ws_mutex_kind(m) != plain_kind) ||
	    ws_unlikely(!__atomic_compare_exchange_n(&m->__data.__lock, &free, 1, false,
						     __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)))
		return false;
	m->__data.__owner = self->tid;
	m->__data.__nusers++;
	return true;
}

/* Releases a plain mutex that nobody sleeps on. */
static inline bool give(pthread_mutex_t *m)
{
	int held = 1;

	if (ws_unlikely(ws_mutex_kind(m) != plain_kind || ws_peek(m->__data.__lock) != 1))
		return false;

	int owner = m->__data.__owner;

	m->__data.__owner = 0;
	m->__data.__nusers--;
	if (ws_likely(__atomic_compare_exchange_n(&m->__data.__lock, &held, 0, false,
						  __ATOMIC_RELEASE, __ATOMIC_RELAXED)))
		return true;
	/* Somebody has just gone to sleep: glibc wakes it. */
	m->__data.__nusers++;
	m->__data.__owner = owner;
	return false;
}

/* True if lock() fails at once, or never returns, where trylock() says EBUSY. */
static bool is_relock(const struct ws_thread *self, const pthread_mutex_t *m)
{
	return (ws_mutex_kind(m) & WS_MUTEX_TYPE) == PTHREAD_MUTEX_ERRORCHECK_NP &&
	       ws_mutex_owner(m) == self->tid;
}

/* Holds shorter than this are not recorded where their release wakes nobody. In cycles of the time
 * stamp counter, 3 to 5 µs: an event costs a few per cent of it. */
#define SHORT_HOLD 10000

static bool no_stamps; /* the program has forbidden the instruction: PR_SET_TSC */

void ws_mutex_no_stamps(void)
{
	no_stamps = true;
}

/* Taken while others wait: most likely one of them has been woken and is on its way. It will find
 * the mutex taken, and until it has gone back to sleep, releases wake nobody; so this hold may be
 * known by its length only. */
static __attribute__((noinline)) void stamp(struct ws_thread *self)
{
	struct ws_held *held = ws_held_newest(self);

	if (no_stamps || !held)
		return;
	held->since = __builtin_ia32_rdtsc();
	held->flags |= WS_HOLD_STAMPED;
}

static inline void held_add(struct ws_thread *self, pthread_mutex_t *m, bool shared, uint8_t flags,
			    uintptr_t site, uint32_t stack)
{
	ws_held_add(self, (uintptr_t)m, WS_KIND_MUTEX, flags, site, stack);
	if (ws_unlikely(ws_waiters_any((uintptr_t)m, shared)))
		stamp(self);
}

static inline void took(struct ws_thread *self, pthread_mutex_t *m, int r, uint8_t flags,
			uintptr_t site, uint32_t stack)
{
	if (ws_likely(r == 0 || r == EOWNERDEAD))
		held_add(self, m, ws_mutex_is_shared(m), flags, site, stack);
	if (ws_unlikely(r == EOWNERDEAD))
		ws_misuse_owner_died(self, m, site);
}

#define MUTEX_WAIT(self_, m_, site_, flags_)                                                       \
	.self = (self_), .object = (uintptr_t)(m_), .site = (site_), .kind = WS_KIND_MUTEX,        \
	.flags = (uint8_t)((flags_) | (ws_mutex_is_shared(m_) ? WS_WAIT_SHARED : 0) |              \
			   (ws_mutex_inherits(m_) ? WS_WAIT_INHERITS : 0)),                \
	.holders = mutex_holders

static __attribute__((noinline)) int lock_slow(struct ws_thread *self, pthread_mutex_t *m,
					       uintptr_t site)
{
	int r = ws_real.pthread_mutex_trylock(m);

	if (r != EBUSY) {
		took(self, m, r, 0, site, 0);
		return r;
	}
	if (is_relock(self, m))
		return ws_real.pthread_mutex_lock(m);

	WS_WAIT(wait, MUTEX_WAIT(self, m, site, 0));
	r = ws_real.pthread_mutex_lock(m);
	ws_wait_result(&wait, r);
	took(self, m, r, 0, site, wait.stack);
	return r;
}

static inline __attribute__((always_inline)) int lock(struct ws_thread *self, pthread_mutex_t *m,
						      uintptr_t site)
{
	if (ws_unlikely(!take(self, m)))
		return lock_slow(self, m, site);
	held_add(self, m, false, 0, site, 0);
	return 0;
}

int ws_mutex_lock(struct ws_thread *self, pthread_mutex_t *m, uintptr_t site)
{
	return lock(self, m, site);
}

int ws_mutex_trylock(struct ws_thread *self, pthread_mutex_t *m, uintptr_t site)
{
	int r = ws_real.pthread_mutex_trylock(m);

	took(self, m, r, WS_HOLD_TRY, site, 0);
	if (r == EBUSY)
		ws_lock_failed(self, (uintptr_t)m, WS_KIND_MUTEX, site);
	return r;
}

int ws_mutex_timedlock(struct ws_thread *self, pthread_mutex_t *m, const struct timespec *t,
		       uintptr_t site)
{
	int r = ws_real.pthread_mutex_trylock(m);

	if (r == EBUSY) {
		if (is_relock(self, m))
			return ws_real.pthread_mutex_timedlock(m, t);

		WS_WAIT(wait, MUTEX_WAIT(self, m, site, WS_WAIT_TIMED));
		r = ws_real.pthread_mutex_timedlock(m, t);
		ws_wait_result(&wait, r);
		took(self, m, r, WS_HOLD_TIMED, site, wait.stack);
		return r;
	}
	took(self, m, r, WS_HOLD_TIMED, site, 0);
	return r;
}

/* The release of a mutex that somebody sleeps on, or that is not of the plain sort.
 *
 * A release is recorded when the lock word says that it will wake somebody, and when the hold was
 * taken in front of others and was not short. The rest would cost more than the program's own work:
 * with threads that take the mutex again and again while a woken one is on its way, most releases
 * wake nobody. Who held it in short holds is still named in proportion, since it is the sleeper,
 * coming too late, who makes the holder of that moment wake it again. */
static __attribute__((noinline)) int unlock_slow(struct ws_thread *self, pthread_mutex_t *m,
						 uintptr_t site)
{
	int kind = ws_mutex_kind(m);

	/* Refused if it is not ours: then there is no release to record. */
	if (((kind & WS_MUTEX_TYPE) != PTHREAD_MUTEX_TIMED_NP || (kind & WS_MUTEX_ROBUST)) &&
	    ws_mutex_owner(m) != self->tid)
		return ws_real.pthread_mutex_unlock(m); /* unlock() has looked whose it is */

	struct ws_wake wake = { .self = self, .object = (uintptr_t)m, .site = site };

	/* A recursive mutex is released by its last unlock only. */
	if ((kind & WS_MUTEX_TYPE) != PTHREAD_MUTEX_RECURSIVE_NP || ws_peek(m->__data.__count) == 1)
		ws_mutex_wake(&wake, m);

	bool wakes = wake.begun && ws_mutex_has_sleepers(m);
	int r = ws_real.pthread_mutex_unlock(m);

	if (wakes)
		ws_wake_stack(&wake);
	ws_held_remove(self, wake.object);
	return r;
}

static bool was_long(const struct ws_held *held)
{
	return held && (held->flags & WS_HOLD_STAMPED) && !no_stamps &&
	       __builtin_ia32_rdtsc() - held->since > SHORT_HOLD;
}

void ws_mutex_wake(struct ws_wake *wake, const pthread_mutex_t *m)
{
	if (!ws_mutex_has_sleepers(m) && !was_long(ws_held_own(wake->self, wake->object)))
		return;
	wake->kind = WS_KIND_MUTEX;
	wake->sure = true;
	wake->shared = ws_mutex_is_shared(m);
	wake->op = WS_WAKE_UNLOCK;
	wake->count = 1;
	ws_wake_record(wake, 0);
}

static inline __attribute__((always_inline)) int unlock(struct ws_thread *self, pthread_mutex_t *m,
							uintptr_t site)
{
	const struct ws_held *held = ws_held_newest(self);

	if (ws_unlikely(held && held->object != (uintptr_t)m))
		held = ws_held_own(self, (uintptr_t)m);
	if (ws_unlikely(!held))
		ws_misuse_mutex_unlock(self, m, site);
	if (ws_unlikely(held && (held->flags & WS_HOLD_STAMPED)) || ws_unlikely(!give(m)))
		return unlock_slow(self, m, site);
	/* It is released, and may be gone: from here on, its address only. */
	ws_held_remove(self, (uintptr_t)m);
	return 0;
}

int ws_mutex_unlock(struct ws_thread *self, pthread_mutex_t *m, uintptr_t site)
{
	return unlock(self, m, site);
}

WS_EXPORT int pthread_mutex_lock(pthread_mutex_t *m)
{
	struct ws_thread *self = ws_thread();

	if (ws_unlikely(!self))
		return ws_real.pthread_mutex_lock(m);
	return lock(self, m, WS_SITE);
}

WS_EXPORT int pthread_mutex_trylock(pthread_mutex_t *m)
{
	struct ws_thread *self = ws_thread();

	if (!self)
		return ws_real.pthread_mutex_trylock(m);
	return ws_mutex_trylock(self, m, WS_SITE);
}

WS_EXPORT int pthread_mutex_timedlock(pthread_mutex_t *m, const struct timespec *t)
{
	struct ws_thread *self = ws_thread();

	if (!self)
		return ws_real.pthread_mutex_timedlock(m, t);
	return ws_mutex_timedlock(self, m, t, WS_SITE);
}

WS_EXPORT int pthread_mutex_clocklock(pthread_mutex_t *m, clockid_t c, const struct timespec *t)
{
	struct ws_thread *self = ws_thread();

	if (!self || !ws_clock_is_valid(c))
		return ws_real.pthread_mutex_clocklock(m, c, t);

	/* A priority-inheriting mutex has no monotonic limit on older kernels: EINVAL, even when
	 * it is free. */
	if (c != CLOCK_REALTIME && (ws_mutex_kind(m) & WS_MUTEX_PI))
		return ws_real.pthread_mutex_clocklock(m, c, t);

	int r = ws_real.pthread_mutex_trylock(m);
	uint32_t stack = 0;

	if (r == EBUSY) {
		if (is_relock(self, m))
			return ws_real.pthread_mutex_clocklock(m, c, t);

		WS_WAIT(wait, MUTEX_WAIT(self, m, WS_SITE, WS_WAIT_TIMED));
		r = ws_real.pthread_mutex_clocklock(m, c, t);
		ws_wait_result(&wait, r);
		stack = wait.stack;
	}
	took(self, m, r, WS_HOLD_TIMED, WS_SITE, stack);
	return r;
}

WS_EXPORT int pthread_mutex_unlock(pthread_mutex_t *m)
{
	struct ws_thread *self = ws_thread();

	if (ws_unlikely(!self))
		return ws_real.pthread_mutex_unlock(m);
	return unlock(self, m, WS_SITE);
}

WS_EXPORT int pthread_mutex_init(pthread_mutex_t *m, const pthread_mutexattr_t *a)
{
	int r = ws_real.pthread_mutex_init(m, a);
	struct ws_thread *self = r == 0 ? ws_thread() : NULL;

	if (self)
		ws_object_record(self, WS_KIND_MUTEX, WS_OBJECT_INIT, (uintptr_t)m, 0, NULL,
				 WS_SITE);
	return r;
}

WS_EXPORT int pthread_mutex_destroy(pthread_mutex_t *m)
{
	int r = ws_real.pthread_mutex_destroy(m);
	struct ws_thread *self = r == 0 || r == EBUSY ? ws_thread() : NULL;

	if (self && r == EBUSY) /* it is still there */
		ws_misuse_destroy(self, WS_KIND_MUTEX, WS_MISUSE_DESTROY_HELD, (uintptr_t)m,
				  ws_mutex_owner(m), WS_SITE);
	else if (self)
		ws_object_record(self, WS_KIND_MUTEX, WS_OBJECT_DESTROY, (uintptr_t)m, 0, NULL,
				 WS_SITE);
	return r;
}

WS_EXPORT int pthread_mutex_consistent(pthread_mutex_t *m)
{
	int r = ws_real.pthread_mutex_consistent(m);
	struct ws_thread *self = r == 0 ? ws_thread() : NULL;

	if (self)
		ws_object_record(self, WS_KIND_MUTEX, WS_OBJECT_CONSISTENT, (uintptr_t)m, 0, NULL,
				 WS_SITE);
	return r;
}
