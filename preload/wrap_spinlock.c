/* SPDX-License-Identifier: MIT */
/* wrap_spinlock.c: pthread spinlocks.
 *
 * Rules: see export.h. A spinlock tells nothing of itself: its holder is known by the held array;
 * and since it may be process-shared, its waiters are counted in the recording's table where there
 * is one. (Without it only those of this process are: to record every release would be too much.)
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

static inline bool maybe_shared(void)
{
	return ws_waiters_shared != NULL;
}

WS_EXPORT int pthread_spin_lock(pthread_spinlock_t *l)
{
	struct ws_thread *self = ws_thread();

	if (!self)
		return ws_real.pthread_spin_lock(l);

	int r = ws_real.pthread_spin_trylock(l);
	uint32_t stack = 0;

	if (ws_unlikely(r == EBUSY)) {
		WS_WAIT(wait, .self = self, .object = (uintptr_t)l, .site = WS_SITE,
			.kind = WS_KIND_SPINLOCK,
			.flags = (uint8_t)(maybe_shared() ? WS_WAIT_SHARED : 0),
			.holders = ws_wait_holders_noted);
		r = ws_real.pthread_spin_lock(l);
		ws_wait_result(&wait, r);
		stack = wait.stack;
	}
	if (r == 0)
		ws_held_add(self, (uintptr_t)l, WS_KIND_SPINLOCK, 0, WS_SITE, stack);
	return r;
}

WS_EXPORT int pthread_spin_trylock(pthread_spinlock_t *l)
{
	struct ws_thread *self = ws_thread();
	int r = ws_real.pthread_spin_trylock(l);

	if (self && r == 0)
		ws_held_add(self, (uintptr_t)l, WS_KIND_SPINLOCK, WS_HOLD_TRY, WS_SITE, 0);
	else if (self)
		ws_lock_failed(self, (uintptr_t)l, WS_KIND_SPINLOCK, WS_SITE);
	return r;
}

WS_EXPORT int pthread_spin_unlock(pthread_spinlock_t *l)
{
	struct ws_thread *self = ws_thread();

	if (!self)
		return ws_real.pthread_spin_unlock(l);

	struct ws_wake wake = {
		.self = self,
		.object = (uintptr_t)l,
		.site = WS_SITE,
		.kind = WS_KIND_SPINLOCK,
		.op = WS_WAKE_UNLOCK,
		.shared = maybe_shared(),
		.count = 1,
	};

	if (ws_unlikely(!ws_held_own(self, (uintptr_t)l)))
		ws_misuse_spin_unlock(self, l, WS_SITE);
	ws_wake_before(&wake);
	int r = ws_real.pthread_spin_unlock(l);

	ws_wake_after(&wake);
	ws_held_remove(self, (uintptr_t)l);
	return r;
}

WS_EXPORT int pthread_spin_init(pthread_spinlock_t *l, int shared)
{
	int r = ws_real.pthread_spin_init(l, shared);
	struct ws_thread *self = r == 0 ? ws_thread() : NULL;

	if (self)
		ws_object_record(self, WS_KIND_SPINLOCK, WS_OBJECT_INIT, (uintptr_t)l, 0, NULL,
				 WS_SITE);
	return r;
}

WS_EXPORT int pthread_spin_destroy(pthread_spinlock_t *l)
{
	if (ws_unlikely(!ws_spin_is_free(l))) {
		struct ws_thread *before = ws_thread();

		if (before)
			ws_misuse_destroy(before, WS_KIND_SPINLOCK, WS_MISUSE_DESTROY_HELD,
					  (uintptr_t)l, 0, WS_SITE);
	}

	int r = ws_real.pthread_spin_destroy(l);
	struct ws_thread *self = r == 0 ? ws_thread() : NULL;

	if (self)
		ws_object_record(self, WS_KIND_SPINLOCK, WS_OBJECT_DESTROY, (uintptr_t)l, 0, NULL,
				 WS_SITE);
	return r;
}
