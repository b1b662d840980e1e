/* SPDX-License-Identifier: MIT */
/* wrap_sem.c: POSIX semaphores, unnamed and named.
 *
 * Rules: see export.h. The waits are cancellation points even where they need not block, and a bad
 * time limit is refused even then: both come before the try.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdarg.h>

#include "preload/emit.h"
#include "preload/export.h"
#include "preload/glibc.h"
#include "preload/lifecycle.h"
#include "preload/lock_counts.h"
#include "preload/lock_order.h"
#include "preload/misuse.h"
#include "preload/object.h"
#include "preload/real.h"
#include "preload/resource.h"
#include "preload/taken.h"
#include "preload/tracers.h"
#include "preload/wait.h"

enum form { PLAIN, TIMED, CLOCK };

static int real_wait(sem_t *s, enum form form, clockid_t c, const struct timespec *t)
{
	switch (form) {
	case TIMED:
		return ws_real.sem_timedwait(s, t);
	case CLOCK:
		return ws_real.sem_clockwait(s, c, t);
	default:
		return ws_real.sem_wait(s);
	}
}

/* LTTng's start waits until its threads have registered the process: not if they never will. */
static int start_wait(sem_t *s, enum form form, clockid_t c, const struct timespec *t)
{
	int r;

	ws_tracers_awaited(s);
	if (atomic_load(&ws_tracers_lack)) {
		errno = ETIMEDOUT;
		return -1;
	}
	r = real_wait(s, form, c, t);
	ws_tracers_awaited(NULL);
	return r;
}

static int sem_block(sem_t *s, enum form form, clockid_t c, const struct timespec *t,
		     uintptr_t site)
{
	struct ws_thread *self = ws_thread();

	if (!self && ws_is_tracer_code(site))
		return start_wait(s, form, c, t);
	if (!self || (form != PLAIN && !ws_time_is_valid(t)) ||
	    (form == CLOCK && !ws_clock_is_valid(c)))
		return real_wait(s, form, c, t);

	/* glibc's sem_clockwait takes what is there in spite of a cancellation. */
	if (form != CLOCK)
		pthread_testcancel();

	int saved = errno;

	if (ws_likely(ws_real.sem_trywait(s) == 0)) {
		ws_taken_add(WS_KIND_SEM, (uintptr_t)s, 0, 1, site, ws_pid);
		ws_lock_order_sync(self);
		return 0;
	}
	errno = saved;
	if (ws_is_tracer_code(site))
		return start_wait(s, form, c, t);

	WS_WAIT(wait, .self = self, .object = (uintptr_t)s, .site = site, .kind = WS_KIND_SEM,
		.flags = (uint8_t)((ws_sem_is_shared(s) ? WS_WAIT_SHARED : 0) |
				   (form == PLAIN ? 0 : WS_WAIT_TIMED)));
	int r = real_wait(s, form, c, t);

	if (r == 0)
		ws_taken_add(WS_KIND_SEM, (uintptr_t)s, 0, 1, site, ws_pid);
	ws_wait_errno(&wait, r);
	return r;
}

WS_EXPORT int sem_wait(sem_t *s)
{
	return sem_block(s, PLAIN, 0, NULL, WS_SITE);
}

WS_EXPORT int sem_timedwait(sem_t *s, const struct timespec *t)
{
	return sem_block(s, TIMED, 0, t, WS_SITE);
}

WS_EXPORT int sem_clockwait(sem_t *s, clockid_t c, const struct timespec *t)
{
	return sem_block(s, CLOCK, c, t, WS_SITE);
}

WS_EXPORT int sem_trywait(sem_t *s)
{
	int r = ws_real.sem_trywait(s);
	struct ws_thread *self = ws_thread();

	if (self && r == 0) {
		ws_taken_add(WS_KIND_SEM, (uintptr_t)s, 0, 1, WS_SITE, ws_pid);
		ws_lock_order_sync(self);
	} else if (self && errno == EAGAIN) {
		ws_lock_failed(self, (uintptr_t)s, WS_KIND_SEM, WS_SITE);
	}
	return r;
}

WS_EXPORT int sem_post(sem_t *s)
{
	struct ws_thread *self = ws_thread();

	if (!self)
		return ws_real.sem_post(s);

	struct ws_wake wake = {
		.self = self,
		.object = (uintptr_t)s,
		.site = WS_SITE,
		.kind = WS_KIND_SEM,
		.op = WS_WAKE_POST,
		.shared = ws_sem_is_shared(s),
		.sure = ws_sem_waiters(s) > 0,
		.count = 1,
	};

	ws_taken_back(WS_KIND_SEM, (uintptr_t)s, 0, 1);
	ws_wake_before(&wake);
	int r = ws_real.sem_post(s);

	ws_wake_after(&wake);
	return r;
}

WS_EXPORT int sem_getvalue(sem_t *s, int *v)
{
	return ws_real.sem_getvalue(s, v);
}

WS_EXPORT int sem_init(sem_t *s, int shared, unsigned int v)
{
	int r = ws_real.sem_init(s, shared, v);
	struct ws_thread *self = r == 0 ? ws_thread() : NULL;

	if (self)
		ws_object_record(self, WS_KIND_SEM, WS_OBJECT_INIT, (uintptr_t)s, v, NULL, WS_SITE);
	return r;
}

WS_EXPORT int sem_destroy(sem_t *s)
{
	int r = ws_real.sem_destroy(s);
	struct ws_thread *self = r == 0 ? ws_thread() : NULL;

	if (self)
		ws_object_record(self, WS_KIND_SEM, WS_OBJECT_DESTROY, (uintptr_t)s, 0, NULL,
				 WS_SITE);
	return r;
}

WS_EXPORT sem_t *sem_open(const char *n, int f, ...)
{
	mode_t mode = 0;
	unsigned int value = 0;

	if (f & O_CREAT) {
		va_list args;

		va_start(args, f);
		mode = va_arg(args, mode_t);
		value = va_arg(args, unsigned int);
		va_end(args);
	}

	struct ws_thread *self = ws_thread();
	bool made = self && ws_object_will_be_made("sem.", n, f);
	sem_t *s = ws_real.sem_open(n, f, mode, value);

	if (s == SEM_FAILED)
		return s;

	if (self && ws_wanted(object)) {
		/* libc maps it by a call of its own, which no wrapper sees. */
		{
			WS_SECTION(self);
			ws_definitions();
			ws_map_record_at((uintptr_t)s, n);
		}
		ws_object_record(self, WS_KIND_SEM, made ? WS_OBJECT_INIT : WS_OBJECT_OPEN,
				 (uintptr_t)s, value, n, WS_SITE);
	}
	return s;
}

WS_EXPORT int sem_close(sem_t *s)
{
	struct ws_thread *self = ws_thread();

	/* Before: afterwards the address may be another's. */
	if (self)
		ws_object_record(self, WS_KIND_SEM, WS_OBJECT_CLOSE, (uintptr_t)s, 0, NULL,
				 WS_SITE);
	return ws_real.sem_close(s);
}

WS_EXPORT int sem_unlink(const char *n)
{
	int r = ws_real.sem_unlink(n);
	struct ws_thread *self = r == 0 ? ws_thread() : NULL;

	if (self)
		ws_object_record(self, WS_KIND_SEM, WS_OBJECT_UNLINK, 0, 0, n, WS_SITE);
	return r;
}
