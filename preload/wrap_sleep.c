/* SPDX-License-Identifier: MIT */
/* wrap_sleep.c: sleeps: waits for a time that the program chose, and for nobody, unless it polls
 * for a lock between them (file_poll.h).
 *
 * Rules: see export.h. Nothing here can be tried; what did not sleep (a bad argument, a time that
 * is over) was no wait. The time that remains is for the kernel and libc to say: it is not touched.
 */
#include <errno.h>
#include <threads.h>
#include <time.h>
#include <unistd.h>

#include "preload/copyin.h"
#include "preload/export.h"
#include "preload/file_poll.h"
#include "preload/real.h"
#include "preload/wait.h"

WS_EXPORT int __nanosleep(const struct timespec *t, struct timespec *left);

/* The end of the scope of a sleep, also by cancellation. */
static void sleep_end(struct ws_wait *wait)
{
	ws_wait_end(wait);
	if (ws_unlikely(wait->kind != WS_KIND_SLEEP))
		ws_file_poll_slept(wait);
}

/* Declares `wait`, a sleep of `self`, which begins here. */
#define SLEEP(self_)                                                                               \
	__attribute__((cleanup(sleep_end))) struct ws_wait wait = {                                \
		.self = (self_),                                                                   \
		.object = (uintptr_t)(self_)->tid,                                                 \
		.site = WS_SITE,                                                                   \
		.kind = WS_KIND_SLEEP,                                                             \
		.flags = WS_WAIT_TIMED,                                                            \
	};                                                                                         \
	if (ws_unlikely(ws_file_poll_state))                                                       \
		ws_file_poll_sleeps(&wait);                                                        \
	ws_wait_begin(&wait)

/* No time at all, as those do who only want to give up the processor; or no time that can be. */
static bool is_nothing(const struct timespec *t)
{
	struct timespec copy;

	return ws_copy_in(&copy, t, sizeof(copy)) != 0 || (!copy.tv_sec && !copy.tv_nsec);
}

/* 0: slept to the end. Otherwise an errno value. */
static void slept(struct ws_wait *wait, int error)
{
	wait->error = error;
	if (error == 0)
		wait->outcome = WS_OUTCOME_TIMEOUT;
	else if (error == EINTR)
		wait->outcome = WS_OUTCOME_INTERRUPTED;
	else
		wait->outcome = WS_OUTCOME_NO_WAIT; /* refused */
}

WS_EXPORT int nanosleep(const struct timespec *t, struct timespec *left)
{
	struct ws_thread *self = ws_thread();

	if (!self || is_nothing(t))
		return ws_real.nanosleep(t, left);

	SLEEP(self);
	int r = ws_real.nanosleep(t, left);

	slept(&wait, r == -1 ? errno : 0);
	return r;
}

/* Gives the error itself. */
WS_EXPORT int clock_nanosleep(clockid_t c, int f, const struct timespec *t, struct timespec *left)
{
	struct ws_thread *self = ws_thread();

	if (!self)
		return ws_real.clock_nanosleep(c, f, t, left);

	SLEEP(self);
	int r = ws_real.clock_nanosleep(c, f, t, left);

	slept(&wait, r);
	return r;
}

WS_EXPORT int usleep(useconds_t us)
{
	struct ws_thread *self = us ? ws_thread() : NULL;

	if (!self)
		return ws_real.usleep(us);

	SLEEP(self);
	int r = ws_real.usleep(us);

	slept(&wait, r == -1 ? errno : 0);
	return r;
}

/* Gives the seconds that remain, rounded to 0 or not: interrupted if there are any. */
WS_EXPORT unsigned int sleep(unsigned int seconds)
{
	struct ws_thread *self = seconds ? ws_thread() : NULL;

	if (!self)
		return ws_real.sleep(seconds);

	SLEEP(self);
	unsigned int r = ws_real.sleep(seconds);

	slept(&wait, r ? EINTR : 0);
	return r;
}

/* -1: a signal; below: another error. errno is not part of it. */
WS_EXPORT int thrd_sleep(const struct timespec *t, struct timespec *left)
{
	struct ws_thread *self = ws_thread();

	if (!self || is_nothing(t))
		return ws_real.thrd_sleep(t, left);

	SLEEP(self);
	int r = ws_real.thrd_sleep(t, left);

	slept(&wait, r == 0 ? 0 : r == -1 ? EINTR : EINVAL);
	return r;
}
