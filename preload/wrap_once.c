/* SPDX-License-Identifier: MIT */
/* wrap_once.c: pthread_once() and C11's call_once().
 *
 * Rules: see export.h. A control that is done costs one load. Otherwise the call is announced as a
 * wait; if it turns out that this thread runs the routine itself, that was none (no_wait), and the
 * thread holds the control until the routine is done.
 */
#include <pthread.h>
#include <threads.h>

#include "preload/export.h"
#include "preload/glibc.h"
#include "preload/real.h"
#include "preload/wait.h"

/* The routine has no argument, so its wrapper finds what to run here. */
struct ws_once_call {
	void (*routine)(void);
	uintptr_t control;
	uintptr_t site;
	struct ws_wait *wait;      /* Weak: in the frame of the call */
	struct ws_once_call *outer; /* Weak: a routine may call pthread_once() for another control */
};

static void release(struct ws_wake *wake)
{
	ws_wake_before(wake);
	ws_wake_after(wake);
	ws_held_remove(wake->self, wake->object);
}

/* Runs in the one thread that libc chose. */
static void run(void)
{
	struct ws_thread *self = ws_self;
	struct ws_once_call *call = self->once;

	self->once = call->outer;
	call->wait->outcome = WS_OUTCOME_NO_WAIT;
	ws_wait_end(call->wait);
	ws_held_add(self, call->control, WS_KIND_ONCE, 0, call->site, call->wait->stack);

	/* Also where the routine is cancelled: then libc lets the next thread run it. */
	__attribute__((cleanup(release), unused)) struct ws_wake wake = {
		.self = self,
		.object = call->control,
		.site = call->site,
		.kind = WS_KIND_ONCE,
		.op = WS_WAKE_DONE,
		.count = WS_WAKE_ALL,
	};

	call->routine();
}

/* This thread did not run the routine: it waited for the one that did. */
static void end_unless_run(struct ws_once_call *call)
{
	if (call->wait->outcome == WS_OUTCOME_NO_WAIT)
		return;
	call->wait->self->once = call->outer;
	ws_wait_end(call->wait);
}

static int once(pthread_once_t *control, void (*routine)(void), uintptr_t site)
{
	/* acquire: as glibc's own fast path, the routine's effects are seen behind it. */
	if (ws_likely(__atomic_load_n(control, __ATOMIC_ACQUIRE) & WS_ONCE_DONE))
		return 0;

	struct ws_thread *self = ws_thread();

	if (!self)
		return ws_real.pthread_once(control, routine);

	struct ws_wait wait = {
		.self = self,
		.object = (uintptr_t)control,
		.site = site,
		.kind = WS_KIND_ONCE,
		.holders = ws_wait_holders_noted,
	};
	__attribute__((cleanup(end_unless_run), unused)) struct ws_once_call call = {
		routine, (uintptr_t)control, site, &wait, self->once};

	ws_wait_begin(&wait);
	self->once = &call;
	int r = ws_real.pthread_once(control, run);

	if (wait.outcome != WS_OUTCOME_NO_WAIT)
		ws_wait_result(&wait, r);
	return r;
}

WS_EXPORT int pthread_once(pthread_once_t *control, void (*routine)(void))
{
	return once(control, routine, WS_SITE);
}

WS_EXPORT void call_once(once_flag *flag, void (*routine)(void))
{
	once((pthread_once_t *)flag, routine, WS_SITE);
}
