/* SPDX-License-Identifier: MIT */
/* wrap_c11.c: C11's threads, mutexes and condition variables.
 *
 * Rules: see export.h. glibc's mtx_t, cnd_t and thrd_t are pthread objects, and its functions call
 * the pthread ones without the PLT; so each wrapper does what those wrappers do, and turns the
 * result into C11's.
 */
#include <errno.h>
#include <threads.h>

#include "preload/cond.h"
#include "preload/export.h"
#include "preload/glibc.h"
#include "preload/mutex.h"
#include "preload/object.h"
#include "preload/real.h"
#include "preload/start.h"
#include "preload/wait.h"

_Static_assert(sizeof(mtx_t) == sizeof(pthread_mutex_t), "mtx_t is a pthread mutex");
_Static_assert(sizeof(cnd_t) == sizeof(pthread_cond_t), "cnd_t is a pthread condition variable");

/* As glibc's thrd_err_map(). */
static int c11_result(int error)
{
	switch (error) {
	case 0:
		return thrd_success;
	case ENOMEM:
		return thrd_nomem;
	case ETIMEDOUT:
		return thrd_timedout;
	case EBUSY:
		return thrd_busy;
	default:
		return thrd_error;
	}
}

WS_EXPORT int mtx_lock(mtx_t *m)
{
	struct ws_thread *self = ws_thread();

	if (!self)
		return ws_real.mtx_lock(m);
	return c11_result(ws_mutex_lock(self, (pthread_mutex_t *)m, WS_SITE));
}

WS_EXPORT int mtx_trylock(mtx_t *m)
{
	struct ws_thread *self = ws_thread();

	if (!self)
		return ws_real.mtx_trylock(m);
	return c11_result(ws_mutex_trylock(self, (pthread_mutex_t *)m, WS_SITE));
}

WS_EXPORT int mtx_timedlock(mtx_t *m, const struct timespec *t)
{
	struct ws_thread *self = ws_thread();

	if (!self)
		return ws_real.mtx_timedlock(m, t);
	return c11_result(ws_mutex_timedlock(self, (pthread_mutex_t *)m, t, WS_SITE));
}

WS_EXPORT int mtx_unlock(mtx_t *m)
{
	struct ws_thread *self = ws_thread();

	if (!self)
		return ws_real.mtx_unlock(m);
	return c11_result(ws_mutex_unlock(self, (pthread_mutex_t *)m, WS_SITE));
}

WS_EXPORT int cnd_wait(cnd_t *c, mtx_t *m)
{
	struct ws_thread *self = ws_thread();

	if (!self)
		return ws_real.cnd_wait(c, m);
	return c11_result(ws_cond_wait(self, (pthread_cond_t *)c, (pthread_mutex_t *)m,
				       &(struct ws_cond_limit){WS_COND_NONE, 0, NULL}, WS_SITE));
}

WS_EXPORT int cnd_timedwait(cnd_t *c, mtx_t *m, const struct timespec *t)
{
	struct ws_thread *self = ws_thread();

	if (!self || !ws_time_is_valid(t))
		return ws_real.cnd_timedwait(c, m, t);
	return c11_result(ws_cond_wait(self, (pthread_cond_t *)c, (pthread_mutex_t *)m,
				       &(struct ws_cond_limit){WS_COND_TIMED, 0, t}, WS_SITE));
}

WS_EXPORT int cnd_signal(cnd_t *c)
{
	struct ws_thread *self = ws_thread();

	if (!self)
		return ws_real.cnd_signal(c);
	return c11_result(ws_cond_signal(self, (pthread_cond_t *)c, WS_SITE));
}

WS_EXPORT int cnd_broadcast(cnd_t *c)
{
	struct ws_thread *self = ws_thread();

	if (!self)
		return ws_real.cnd_broadcast(c);
	return c11_result(ws_cond_broadcast(self, (pthread_cond_t *)c, WS_SITE));
}

static void record(uint8_t kind, uint8_t op, void *object, uintptr_t site)
{
	struct ws_thread *self = ws_thread();

	if (self)
		ws_object_record(self, kind, op, (uintptr_t)object, 0, NULL, site);
}

WS_EXPORT int mtx_init(mtx_t *m, int type)
{
	int r = ws_real.mtx_init(m, type);

	if (r == thrd_success)
		record(WS_KIND_MUTEX, WS_OBJECT_INIT, m, WS_SITE);
	return r;
}

WS_EXPORT void mtx_destroy(mtx_t *m)
{
	ws_real.mtx_destroy(m);
	record(WS_KIND_MUTEX, WS_OBJECT_DESTROY, m, WS_SITE);
}

WS_EXPORT int cnd_init(cnd_t *c)
{
	int r = ws_real.cnd_init(c);

	if (r == thrd_success)
		record(WS_KIND_COND, WS_OBJECT_INIT, c, WS_SITE);
	return r;
}

WS_EXPORT void cnd_destroy(cnd_t *c)
{
	ws_real.cnd_destroy(c);
	record(WS_KIND_COND, WS_OBJECT_DESTROY, c, WS_SITE);
}

static int start_routine(void *arg)
{
	struct ws_start start = ws_start_begin(arg);

	return ((thrd_start_t)start.routine)(start.arg);
}

WS_EXPORT int thrd_create(thrd_t *t, thrd_start_t f, void *p)
{
	struct ws_start *start = ws_start_claim((uintptr_t)f, p, WS_SITE);

	if (!start)
		return ws_real.thrd_create(t, f, p);

	int r = ws_real.thrd_create(t, start_routine, start);

	if (r != thrd_success)
		ws_start_release(start);
	return r;
}

WS_EXPORT int thrd_join(thrd_t t, int *result)
{
	struct ws_thread *self = ws_thread();
	void *value;

	if (!self || thrd_equal(t, thrd_current()))
		return ws_real.thrd_join(t, result);

	int r = ws_real.pthread_tryjoin_np(t, &value);

	if (r == EBUSY) {
		int32_t tid = ws_thread_tid_of(t);

		WS_WAIT(wait, .self = self, .object = tid ? (uintptr_t)tid : (uintptr_t)t,
			.other = (uintptr_t)tid, .site = WS_SITE, .kind = WS_KIND_THREAD);
		r = ws_real.pthread_join(t, &value);
		ws_wait_result(&wait, r);
	}
	if (r == 0 && result)
		*result = (int)(intptr_t)value; /* as glibc's thrd_join() */
	return c11_result(r);
}
