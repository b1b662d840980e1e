/* SPDX-License-Identifier: MIT */
/* wrap_rwlock.c: pthread read-write locks.
 *
 * Rules: see export.h. A lock whose writer is the calling thread is passed on untried: EDEADLK.
 * Readers are known by their held arrays only.
 */
#include <errno.h>
#include <pthread.h>

#include "preload/export.h"
#include "preload/glibc.h"
#include "preload/lock_counts.h"
#include "preload/misuse.h"
#include "preload/object.h"
#include "preload/real.h"
#include "preload/wait.h"

static inline void took(struct ws_thread *self, pthread_rwlock_t *l, int r, bool read,
			uint8_t flags, uintptr_t site, uint32_t stack)
{
	if (ws_likely(r == 0))
		ws_held_add(self, (uintptr_t)l, WS_KIND_RWLOCK,
			    (uint8_t)(flags | (read ? WS_HOLD_READ : 0)), site, stack);
}

/* Where a time limit is given, glibc looks at it before it tries. */
enum form { PLAIN, TIMED, CLOCK };

static inline bool is_refused(const struct ws_thread *self, const pthread_rwlock_t *l,
			      enum form form, clockid_t c, const struct timespec *t)
{
	return (form != PLAIN && !ws_time_is_valid(t)) ||
	       (form == CLOCK && !ws_clock_is_valid(c)) || ws_rwlock_writer(l) == self->tid;
}

static int real_lock(pthread_rwlock_t *l, bool read, enum form form, clockid_t c,
		     const struct timespec *t)
{
	switch (form) {
	case TIMED:
		return read ? ws_real.pthread_rwlock_timedrdlock(l, t)
			    : ws_real.pthread_rwlock_timedwrlock(l, t);
	case CLOCK:
		return read ? ws_real.pthread_rwlock_clockrdlock(l, c, t)
			    : ws_real.pthread_rwlock_clockwrlock(l, c, t);
	default:
		return read ? ws_real.pthread_rwlock_rdlock(l) : ws_real.pthread_rwlock_wrlock(l);
	}
}

/* A reader waits for no reader: for the writer that holds the lock, or for one that is in the
 * queue, which is not known here and shows when it releases. */
static size_t writers(const struct ws_wait *wait, struct ws_holder_ref *ret, size_t max)
{
	int32_t tids[WS_HOLDERS_MAX];
	struct ws_held held[WS_HOLDERS_MAX];
	size_t n = ws_held_all(wait->object, tids, held, WS_HOLDERS_MAX);
	size_t n_ret = 0;

	for (size_t i = 0; i < n && n_ret < max; i++)
		if (!(held[i].flags & WS_HOLD_READ))
			ret[n_ret++] =
				(struct ws_holder_ref){ tids[i], held[i].site, held[i].stack };
	return n_ret;
}

static __attribute__((noinline)) int lock_slow(struct ws_thread *self, pthread_rwlock_t *l,
					       bool read, enum form form, clockid_t c,
					       const struct timespec *t, uintptr_t site)
{
	WS_WAIT(wait, .self = self, .object = (uintptr_t)l, .site = site, .kind = WS_KIND_RWLOCK,
		.flags = (uint8_t)((ws_rwlock_is_shared(l) ? WS_WAIT_SHARED : 0) |
				   (form == PLAIN ? 0 : WS_WAIT_TIMED) | (read ? WS_WAIT_READ : 0)),
		.holders = read ? writers : ws_wait_holders_noted);
	int r = real_lock(l, read, form, c, t);

	ws_wait_result(&wait, r);
	took(self, l, r, read, form == PLAIN ? 0 : WS_HOLD_TIMED, site, wait.stack);
	return r;
}

static inline int lock(pthread_rwlock_t *l, bool read, enum form form, clockid_t c,
		       const struct timespec *t, uintptr_t site)
{
	struct ws_thread *self = ws_thread();

	if (ws_unlikely(!self || is_refused(self, l, form, c, t)))
		return real_lock(l, read, form, c, t);

	int r = read ? ws_real.pthread_rwlock_tryrdlock(l) : ws_real.pthread_rwlock_trywrlock(l);

	if (ws_unlikely(r == EBUSY))
		return lock_slow(self, l, read, form, c, t, site);
	took(self, l, r, read, form == PLAIN ? 0 : WS_HOLD_TIMED, site, 0);
	return r;
}

WS_EXPORT int pthread_rwlock_rdlock(pthread_rwlock_t *l)
{
	return lock(l, true, PLAIN, 0, NULL, WS_SITE);
}

WS_EXPORT int pthread_rwlock_timedrdlock(pthread_rwlock_t *l, const struct timespec *t)
{
	return lock(l, true, TIMED, 0, t, WS_SITE);
}

WS_EXPORT int pthread_rwlock_clockrdlock(pthread_rwlock_t *l, clockid_t c, const struct timespec *t)
{
	return lock(l, true, CLOCK, c, t, WS_SITE);
}

WS_EXPORT int pthread_rwlock_wrlock(pthread_rwlock_t *l)
{
	return lock(l, false, PLAIN, 0, NULL, WS_SITE);
}

WS_EXPORT int pthread_rwlock_timedwrlock(pthread_rwlock_t *l, const struct timespec *t)
{
	return lock(l, false, TIMED, 0, t, WS_SITE);
}

WS_EXPORT int pthread_rwlock_clockwrlock(pthread_rwlock_t *l, clockid_t c, const struct timespec *t)
{
	return lock(l, false, CLOCK, c, t, WS_SITE);
}

static inline int trylock(pthread_rwlock_t *l, bool read, uintptr_t site)
{
	struct ws_thread *self = ws_thread();
	int r = read ? ws_real.pthread_rwlock_tryrdlock(l) : ws_real.pthread_rwlock_trywrlock(l);

	if (self)
		took(self, l, r, read, WS_HOLD_TRY, site, 0);
	if (self && r == EBUSY)
		ws_lock_failed(self, (uintptr_t)l, WS_KIND_RWLOCK, site);
	return r;
}

WS_EXPORT int pthread_rwlock_tryrdlock(pthread_rwlock_t *l)
{
	return trylock(l, true, WS_SITE);
}

WS_EXPORT int pthread_rwlock_trywrlock(pthread_rwlock_t *l)
{
	return trylock(l, false, WS_SITE);
}

WS_EXPORT int pthread_rwlock_unlock(pthread_rwlock_t *l)
{
	struct ws_thread *self = ws_thread();

	if (!self)
		return ws_real.pthread_rwlock_unlock(l);

	struct ws_wake wake = {
		.self = self,
		.object = (uintptr_t)l,
		.site = WS_SITE,
		.kind = WS_KIND_RWLOCK,
		.op = WS_WAKE_UNLOCK,
		.shared = ws_rwlock_is_shared(l),
		.count = WS_WAKE_ALL,
	};

	if (ws_unlikely(!ws_held_own(self, (uintptr_t)l)))
		ws_misuse_rwlock_unlock(self, l, WS_SITE);
	ws_wake_before(&wake);
	int r = ws_real.pthread_rwlock_unlock(l);

	ws_wake_after(&wake);
	ws_held_remove(self, (uintptr_t)l);
	return r;
}

WS_EXPORT int pthread_rwlock_init(pthread_rwlock_t *l, const pthread_rwlockattr_t *a)
{
	int r = ws_real.pthread_rwlock_init(l, a);
	struct ws_thread *self = r == 0 ? ws_thread() : NULL;

	if (self)
		ws_object_record(self, WS_KIND_RWLOCK, WS_OBJECT_INIT, (uintptr_t)l, 0, NULL,
				 WS_SITE);
	return r;
}

WS_EXPORT int pthread_rwlock_destroy(pthread_rwlock_t *l)
{
	if (ws_unlikely(ws_rwlock_is_held(l))) {
		struct ws_thread *before = ws_thread();

		if (before)
			ws_misuse_destroy(before, WS_KIND_RWLOCK, WS_MISUSE_DESTROY_HELD,
					  (uintptr_t)l, ws_rwlock_writer(l), WS_SITE);
	}

	int r = ws_real.pthread_rwlock_destroy(l);
	struct ws_thread *self = r == 0 ? ws_thread() : NULL;

	if (self)
		ws_object_record(self, WS_KIND_RWLOCK, WS_OBJECT_DESTROY, (uintptr_t)l, 0, NULL,
				 WS_SITE);
	return r;
}
