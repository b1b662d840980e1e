/* SPDX-License-Identifier: MIT */
/* wrap_cond.c: pthread condition variables.
 *
 * Rules: see export.h. There is no form that only tries: every call is a wait. It lasts until the
 * call returns, so the time in which libc takes the mutex back is in it. The mutex is released
 * inside libc and taken back inside libc: the first is recorded here before the call, and the
 * array of held locks says afterwards that this call took it.
 */
#include "preload/cond.h"

#include <errno.h>

#include "preload/export.h"
#include "preload/glibc.h"
#include "preload/misuse.h"
#include "preload/mutex.h"
#include "preload/object.h"
#include "preload/real.h"
#include "preload/wait.h"

/* The mutex is ours again, whichever way the wait ends: also where the thread is cancelled, since
 * libc takes it back before any cleanup runs. */
struct retake {
	struct ws_thread *self;
	uintptr_t mutex;
	uintptr_t site;
	bool held; /* it was noted as held before the call */
};

static void retaken(struct retake *r)
{
	if (!r->held)
		return;
	ws_held_remove(r->self, r->mutex);
	ws_held_add(r->self, r->mutex, WS_KIND_MUTEX, 0, r->site, 0);
}

int ws_cond_wait(struct ws_thread *self, pthread_cond_t *c, pthread_mutex_t *m,
		 const struct ws_cond_limit *limit, uintptr_t site)
{
	const struct ws_held *hold = ws_held_own(self, (uintptr_t)m);
	bool held = hold != NULL;
	/* retaken() notes the wait as the call that took it: nothing has let it go since. */
	bool again = held && hold->site == site;

	if (ws_unlikely(!held))
		ws_misuse_cond_wait(self, c, m, site);
	ws_misuse_cond_waits(c);

	__attribute__((cleanup(retaken), unused)) struct retake retake = { self, (uintptr_t)m, site,
									   held };

	WS_WAIT(wait, .self = self, .object = (uintptr_t)c, .other = (uintptr_t)m, .site = site,
		.kind = WS_KIND_COND,
		.flags = (uint8_t)((ws_cond_is_shared(c) ? WS_WAIT_SHARED : 0) |
				   (limit->form == WS_COND_NONE ? 0 : WS_WAIT_TIMED) |
				   (again ? WS_WAIT_AGAIN : 0)));

	if (held) {
		struct ws_wake release = { .self = self, .object = (uintptr_t)m, .site = site };

		ws_mutex_wake(&release, m);
	}

	int r;

	if (limit->form == WS_COND_NONE)
		r = ws_real.pthread_cond_wait(c, m);
	else if (limit->form == WS_COND_TIMED)
		r = ws_real.pthread_cond_timedwait(c, m, limit->until);
	else
		r = ws_real.pthread_cond_clockwait(c, m, limit->clock, limit->until);
	ws_wait_result(&wait, r);
	return r;
}

static struct ws_wake cond_wake(struct ws_thread *self, pthread_cond_t *c, uint8_t op,
				uint32_t count, uintptr_t site)
{
	return (struct ws_wake){
		.self = self,
		.object = (uintptr_t)c,
		.site = site,
		.kind = WS_KIND_COND,
		.op = op,
		.shared = ws_cond_is_shared(c),
		.sure = ws_cond_waiters(c) > 0,
		.count = count,
	};
}

int ws_cond_signal(struct ws_thread *self, pthread_cond_t *c, uintptr_t site)
{
	struct ws_wake wake = cond_wake(self, c, WS_WAKE_SIGNAL, 1, site);

	ws_wake_before(&wake);
	int r = ws_real.pthread_cond_signal(c);

	ws_wake_after(&wake);
	if (!wake.begun)
		ws_misuse_nobody_waits(self, c, site);
	return r;
}

int ws_cond_broadcast(struct ws_thread *self, pthread_cond_t *c, uintptr_t site)
{
	struct ws_wake wake = cond_wake(self, c, WS_WAKE_BROADCAST, WS_WAKE_ALL, site);

	ws_wake_before(&wake);
	int r = ws_real.pthread_cond_broadcast(c);

	ws_wake_after(&wake);
	if (!wake.begun)
		ws_misuse_nobody_waits(self, c, site);
	return r;
}

WS_EXPORT int pthread_cond_wait(pthread_cond_t *c, pthread_mutex_t *m)
{
	struct ws_thread *self = ws_thread();

	if (!self)
		return ws_real.pthread_cond_wait(c, m);
	return ws_cond_wait(self, c, m, &(struct ws_cond_limit){ WS_COND_NONE, 0, NULL }, WS_SITE);
}

WS_EXPORT int pthread_cond_timedwait(pthread_cond_t *c, pthread_mutex_t *m,
				     const struct timespec *t)
{
	struct ws_thread *self = ws_thread();

	/* Refused at once: nobody waits. */
	if (!self || !ws_time_is_valid(t))
		return ws_real.pthread_cond_timedwait(c, m, t);
	return ws_cond_wait(self, c, m, &(struct ws_cond_limit){ WS_COND_TIMED, 0, t }, WS_SITE);
}

WS_EXPORT int pthread_cond_clockwait(pthread_cond_t *c, pthread_mutex_t *m, clockid_t k,
				     const struct timespec *t)
{
	struct ws_thread *self = ws_thread();

	if (!self || !ws_time_is_valid(t) || !ws_clock_is_valid(k))
		return ws_real.pthread_cond_clockwait(c, m, k, t);
	return ws_cond_wait(self, c, m, &(struct ws_cond_limit){ WS_COND_CLOCK, k, t }, WS_SITE);
}

WS_EXPORT int pthread_cond_signal(pthread_cond_t *c)
{
	struct ws_thread *self = ws_thread();

	if (!self)
		return ws_real.pthread_cond_signal(c);
	return ws_cond_signal(self, c, WS_SITE);
}

WS_EXPORT int pthread_cond_broadcast(pthread_cond_t *c)
{
	struct ws_thread *self = ws_thread();

	if (!self)
		return ws_real.pthread_cond_broadcast(c);
	return ws_cond_broadcast(self, c, WS_SITE);
}

WS_EXPORT int pthread_cond_init(pthread_cond_t *c, const pthread_condattr_t *a)
{
	int r = ws_real.pthread_cond_init(c, a);
	struct ws_thread *self = r == 0 ? ws_thread() : NULL;

	if (self)
		ws_object_record(self, WS_KIND_COND, WS_OBJECT_INIT, (uintptr_t)c, 0, NULL,
				 WS_SITE);
	return r;
}

WS_EXPORT int pthread_cond_destroy(pthread_cond_t *c)
{
	unsigned int waiters = ws_cond_waiters(c);

	/* Those that were signalled are on their way, and waited for; others are for ever. */
	if (ws_unlikely(waiters > 0)) {
		struct ws_thread *before = ws_thread();

		if (before)
			ws_misuse_destroy(before, WS_KIND_COND, WS_MISUSE_DESTROY_WAITED,
					  (uintptr_t)c, 0, WS_SITE);
	}

	int r = ws_real.pthread_cond_destroy(c);
	struct ws_thread *self = r == 0 ? ws_thread() : NULL;

	if (self)
		ws_object_record(self, WS_KIND_COND, WS_OBJECT_DESTROY, (uintptr_t)c, 0, NULL,
				 WS_SITE);
	return r;
}
