/* SPDX-License-Identifier: MIT */
/* wrap_thread.c: threads: made, named, joined, gone.
 *
 * Rules: see export.h. A new thread starts in a routine of ours, so that it is known from its first
 * moment, and LTTng's own threads are told apart by who made them. Its end is noticed by a
 * thread-specific destructor, in its second round: after those of the program.
 */
#include "preload/call.h"
#include "preload/priority.h"
#include "preload/start.h"

#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <string.h>
#include <sys/prctl.h>

#include "preload/emit.h"
#include "preload/export.h"
#include "preload/glibc.h"
#include "preload/last_thread.h"
#include "preload/lifecycle.h"
#include "preload/lock_counts.h"
#include "preload/lock_order.h"
#include "preload/misuse.h"
#include "preload/mutex.h"
#include "preload/real.h"
#include "preload/resource.h"
#include "preload/tracers.h"
#include "preload/wait.h"

/* Threads between pthread_create() and their first line. More at one moment start without our
 * routine, and are known from their first recorded call. */
#define STARTS_MAX 256

static struct ws_start starts[STARTS_MAX];
static _Atomic bool untracked; /* a thread was started plainly: its start was not seen */

bool ws_start_pending(bool *foreign)
{
	bool pending = atomic_load(&untracked);

	*foreign = false;
	for (size_t i = 0; i < STARTS_MAX; i++) {
		if (!atomic_load_explicit(&starts[i].taken, memory_order_acquire))
			continue;
		if (starts[i].foreign)
			*foreign = true;
		else
			pending = true;
	}
	return pending;
}

void ws_starts_forked(void)
{
	for (size_t i = 0; i < STARTS_MAX; i++)
		atomic_store_explicit(&starts[i].taken, false, memory_order_relaxed);
	atomic_store_explicit(&untracked, false, memory_order_relaxed);
}

struct ws_start *ws_start_claim(uintptr_t routine, void *arg, uintptr_t site)
{
	struct ws_thread *self = ws_thread();
	bool foreign =
		ws_is_tracer_code(site) || (!self && ws_self && ws_self->quiet == WS_QUIET_FOREIGN);

	if (!self && !foreign) {
		atomic_store_explicit(&untracked, true, memory_order_relaxed);
		return NULL;
	}
	for (size_t i = 0; i < STARTS_MAX; i++) {
		struct ws_start *start = &starts[i];
		bool taken = false;

		if (!atomic_compare_exchange_strong(&start->taken, &taken, true))
			continue;
		start->routine = routine;
		start->arg = arg;
		start->foreign = foreign;
		start->creator = self ? self->tid : 0;
		start->segment = self ? ws_segment_next(self) : 0;
		start->policy = -1;
		return start;
	}
	atomic_store_explicit(&untracked, true, memory_order_relaxed);
	return NULL;
}

void ws_start_release(struct ws_start *start)
{
	atomic_store(&start->taken, false);
}

struct ws_start ws_start_begin(struct ws_start *start)
{
	struct ws_start copy;

	copy.routine = start->routine;
	copy.arg = start->arg;
	copy.foreign = start->foreign;
	copy.creator = start->creator;
	copy.segment = start->segment;
	copy.policy = start->policy;
	copy.priority = start->priority;
	if (copy.foreign) {
		ws_thread_foreign();
		ws_tracer_begin();
		ws_start_release(start);
		return copy;
	}

	struct ws_thread *self = ws_thread();

	/* Not before: a thread is pending or has its slot, see ws_start_pending(). */
	ws_start_release(start);
	if (!self)
		return copy;
	atomic_store(&self->handle, (uintptr_t)pthread_self());
	if (ws_wanted(thread)) {
		char name[16] = "";

		WS_SECTION(self);
		ws_definitions();
		ws_real.prctl(PR_GET_NAME, (unsigned long)name, 0, 0, 0);

		struct ws_ev_thread event = { .op = WS_THREAD_START,
					      .creator = copy.creator,
					      .segment = copy.segment,
					      .start = copy.routine,
					      .name = name };

		ws_emit(thread, &event);
	}
	if (copy.policy >= 0)
		ws_priority_set(self, self->tid, copy.policy, copy.priority, WS_NICE_SAME);
	return copy;
}

static pthread_key_t key;
static bool have_key;

/* The end of a thread: its own destructors have run. */
static void gone(void *arg)
{
	struct ws_thread *self = arg;

	if (ws_self != self)
		return;
	if (!self->leaving) {
		self->leaving = true;
		if (pthread_setspecific(key, self) == 0)
			return;
	}
	if (self->quiet == WS_QUIET_NOT) {
		struct ws_wake wake = {
			.self = self,
			.object = (uintptr_t)self->tid,
			.kind = WS_KIND_THREAD,
			.op = WS_WAKE_EXIT,
			.count = 1,
		};

		ws_calls_left(self);
		ws_misuse_ends(self, false, 0);
		ws_lock_counts_flush(self);
		ws_wake_before(&wake);
		if (ws_wanted(thread)) {
			WS_SECTION(self);

			struct ws_ev_thread event = { .op = WS_THREAD_EXIT, .name = "" };

			ws_emit(thread, &event);
		}
	}

	int32_t tid = self->tid;

	ws_thread_gone(self);
	ws_last_thread_check(tid);
}

/* Early, so that the key is one of the first 32, whose values need no allocation. */
static __attribute__((constructor)) void make_key(void)
{
	have_key = pthread_key_create(&key, gone) == 0 && key < 32;
	/* Whoever locked before this, in a constructor or in malloc, has its slot already. */
	if (ws_self && ws_self->slot >= 0 && ws_self->tid > 0)
		ws_thread_arm(ws_self);
}

void ws_thread_arm(struct ws_thread *self)
{
	if (have_key)
		pthread_setspecific(key, self);
}

static void tracer_ended(void *unused)
{
	(void)unused;
	ws_tracer_end();
}

static void *start_routine(void *arg)
{
	struct ws_start start = ws_start_begin(arg);

	if (start.foreign) {
		void *result;

		/* LTTng cancels its threads. */
		pthread_cleanup_push(tracer_ended, NULL);
		result = ((void *(*)(void *))start.routine)(start.arg);
		pthread_cleanup_pop(1);
		return result;
	}
	return ((void *(*)(void *))start.routine)(start.arg);
}

WS_EXPORT int pthread_create(pthread_t *t, const pthread_attr_t *a, void *(*f)(void *), void *p)
{
	struct ws_start *start = ws_start_claim((uintptr_t)f, p, WS_SITE);

	if (!start)
		return ws_real.pthread_create(t, a, f, p);

	ws_priority_of(a, &start->policy, &start->priority);

	int r = ws_real.pthread_create(t, a, start_routine, start);

	if (r != 0) {
		if (start->foreign)
			ws_tracers_lack_one();
		ws_start_release(start);
	}
	return r;
}

/* LTTng does not look whether its threads could be made. It would cancel what never was. */
WS_EXPORT int pthread_cancel(pthread_t t)
{
	if (ws_unlikely(ws_tracers_lacking()) && ws_is_tracer_code(WS_SITE))
		return ESRCH;
	return ws_real.pthread_cancel(t);
}

enum form { PLAIN, TIMED, CLOCK };

/* All that the other thread did is before what this one does from now on. */
static void joined(struct ws_thread *self, pthread_t t)
{
	struct ws_ev_thread event = { .op = WS_THREAD_JOIN, .name = "" };

	event.joined = ws_thread_joined(t);
	event.segment = ws_segment_next(self);
	if (!event.joined || !ws_wanted(thread))
		return;

	WS_SECTION(self);
	ws_definitions();
	ws_emit(thread, &event);
}

static int join(pthread_t t, void **result, enum form form, clockid_t c,
		const struct timespec *limit, uintptr_t site)
{
	struct ws_thread *self = ws_thread();
	bool refused = pthread_equal(t, pthread_self()) ||
		       (form == CLOCK && !ws_clock_is_valid(c)) ||
		       (form != PLAIN && limit && !ws_time_is_valid(limit));
	int r = EBUSY;

	if (self && !refused) {
		r = ws_real.pthread_tryjoin_np(t, result);
		if (r == 0)
			joined(self, t);
		if (r != EBUSY)
			return r;
	}

	int32_t tid = self && !refused ? ws_thread_tid_of(t) : 0;
	bool wait_here = self && !refused;

	if (wait_here) {
		WS_WAIT(wait, .self = self, .object = tid ? (uintptr_t)tid : (uintptr_t)t,
			.other = (uintptr_t)tid, .site = site, .kind = WS_KIND_THREAD,
			.flags = form == PLAIN ? 0 : WS_WAIT_TIMED);
		r = form == PLAIN   ? ws_real.pthread_join(t, result)
		    : form == TIMED ? ws_real.pthread_timedjoin_np(t, result, limit)
				    : ws_real.pthread_clockjoin_np(t, result, c, limit);
		ws_wait_result(&wait, r);
		if (r == 0)
			joined(self, t);
		return r;
	}
	return form == PLAIN   ? ws_real.pthread_join(t, result)
	       : form == TIMED ? ws_real.pthread_timedjoin_np(t, result, limit)
			       : ws_real.pthread_clockjoin_np(t, result, c, limit);
}

WS_EXPORT int pthread_join(pthread_t t, void **r)
{
	return join(t, r, PLAIN, 0, NULL, WS_SITE);
}

WS_EXPORT int pthread_timedjoin_np(pthread_t t, void **r, const struct timespec *a)
{
	return join(t, r, TIMED, 0, a, WS_SITE);
}

WS_EXPORT int pthread_clockjoin_np(pthread_t t, void **r, clockid_t c, const struct timespec *a)
{
	return join(t, r, CLOCK, c, a, WS_SITE);
}

WS_EXPORT int pthread_tryjoin_np(pthread_t t, void **r)
{
	int e = ws_real.pthread_tryjoin_np(t, r);
	struct ws_thread *self = e == 0 ? ws_thread() : NULL;

	if (self)
		joined(self, t);
	return e;
}

static void named(struct ws_thread *self, int32_t tid, const char *name)
{
	if (!ws_wanted(thread))
		return;

	WS_SECTION(self);
	ws_definitions();

	struct ws_ev_thread event = { .op = WS_THREAD_NAME, .name = name };

	ws_emit_for(thread, &event, tid);
}

WS_EXPORT int pthread_setname_np(pthread_t t, const char *n)
{
	int r = ws_real.pthread_setname_np(t, n);
	struct ws_thread *self = r == 0 ? ws_thread() : NULL;
	int32_t tid = !self                              ? 0
		      : pthread_equal(t, pthread_self()) ? self->tid
							 : ws_thread_tid_of(t);

	if (tid)
		named(self, tid, n);
	return r;
}

WS_EXPORT int prctl(int o, ...)
{
	unsigned long a, b, c, d;
	va_list args;

	va_start(args, o);
	a = va_arg(args, unsigned long);
	b = va_arg(args, unsigned long);
	c = va_arg(args, unsigned long);
	d = va_arg(args, unsigned long);
	va_end(args);

	if (o == PR_SET_TSC && a == PR_TSC_SIGSEGV)
		ws_mutex_no_stamps();

	int r = ws_real.prctl(o, a, b, c, d);

	if (o == PR_SET_SECCOMP && r == 0)
		ws_sandboxed = true;
	if (o == PR_SET_NAME && r == 0) {
		struct ws_thread *self = ws_thread();
		char name[16];

		if (self && ws_real.prctl(PR_GET_NAME, (unsigned long)name, 0, 0, 0) == 0)
			named(self, self->tid, name);
	}
	return r;
}
