/* SPDX-License-Identifier: MIT */
/* wrap_priority.c: calls by which a program chooses how its threads are scheduled.
 *
 * Rules: see export.h. Recorded after the call, if that succeeded.
 */
#include "preload/priority.h"

#include <errno.h>
#include <sched.h>
#include <sys/resource.h>

#include "preload/emit.h"
#include "preload/export.h"
#include "preload/lifecycle.h"
#include "preload/real.h"

/* Or'ed to a policy: children get the default. */
#ifndef SCHED_RESET_ON_FORK
#define SCHED_RESET_ON_FORK 0x40000000
#endif

void ws_priority_set(struct ws_thread *self, int32_t tid, int32_t policy, int32_t priority,
		     int32_t nice)
{
	if (!ws_wanted(thread))
		return;

	WS_SECTION(self);
	ws_definitions();

	struct ws_ev_thread event = {
		.op = WS_THREAD_PRIORITY,
		.name = "",
		.policy = policy < 0 ? policy : policy & ~SCHED_RESET_ON_FORK,
		.priority = priority,
		.nice = nice,
	};

	ws_emit_for(thread, &event, tid);
}

void ws_priority_of(const pthread_attr_t *attributes, int32_t *policy, int32_t *priority)
{
	struct sched_param param;
	int inherits, chosen;

	*policy = WS_POLICY_SAME;
	*priority = WS_PRIORITY_SAME;
	if (!attributes || pthread_attr_getinheritsched(attributes, &inherits) != 0 ||
	    inherits != PTHREAD_EXPLICIT_SCHED ||
	    pthread_attr_getschedpolicy(attributes, &chosen) != 0 ||
	    pthread_attr_getschedparam(attributes, &param) != 0)
		return;
	*policy = chosen;
	*priority = param.sched_priority;
}

/* The call succeeded for the thread `tid` (0: the caller): records it if that is one of this
 * process. */
static void chosen(int32_t tid, int32_t policy, int32_t priority, int32_t nice)
{
	struct ws_thread *self = ws_thread();

	if (!self)
		return;
	if (!tid)
		tid = self->tid;
	if (!ws_thread_known(tid))
		return;
	ws_priority_set(self, tid, policy, priority, nice);
}

static int32_t tid_of(pthread_t t)
{
	return pthread_equal(t, pthread_self()) ? 0 : ws_thread_tid_of(t);
}

/* The same by a handle. Threads that are not known are not recorded. */
static void chosen_for(pthread_t t, int32_t policy, int32_t priority)
{
	int32_t tid = tid_of(t);

	if (tid || pthread_equal(t, pthread_self()))
		chosen(tid, policy, priority, WS_NICE_SAME);
}

WS_EXPORT int pthread_setschedparam(pthread_t t, int policy, const struct sched_param *p)
{
	int r = ws_real.pthread_setschedparam(t, policy, p);

	if (r == 0)
		chosen_for(t, policy, p->sched_priority);
	return r;
}

WS_EXPORT int pthread_setschedprio(pthread_t t, int priority)
{
	int r = ws_real.pthread_setschedprio(t, priority);

	if (r == 0)
		chosen_for(t, WS_POLICY_SAME, priority);
	return r;
}

WS_EXPORT int sched_setscheduler(pid_t pid, int policy, const struct sched_param *p)
{
	int r = ws_real.sched_setscheduler(pid, policy, p);

	if (r == 0)
		chosen(pid, policy, p->sched_priority, WS_NICE_SAME);
	return r;
}

WS_EXPORT int sched_setparam(pid_t pid, const struct sched_param *p)
{
	int r = ws_real.sched_setparam(pid, p);

	if (r == 0)
		chosen(pid, WS_POLICY_SAME, p->sched_priority, WS_NICE_SAME);
	return r;
}

/* The kernel cuts the value off at both ends. */
static int32_t nice_of(int value)
{
	return value < -20 ? -20 : value > 19 ? 19 : value;
}

/* Of a process it is that of one thread, to Linux. */
WS_EXPORT int setpriority(__priority_which_t which, id_t who, int value)
{
	int r = ws_real.setpriority(which, who, value);

	if (r == 0 && which == PRIO_PROCESS)
		chosen((int32_t)who, WS_POLICY_SAME, WS_PRIORITY_SAME, nice_of(value));
	return r;
}

WS_EXPORT int nice(int inc)
{
	int saved = errno, r;

	errno = 0;
	r = ws_real.nice(inc);
	if (r != -1 || errno == 0) {
		errno = saved;
		chosen(0, WS_POLICY_SAME, WS_PRIORITY_SAME, nice_of(r));
	}
	return r;
}
