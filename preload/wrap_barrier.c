/* SPDX-License-Identifier: MIT */
/* wrap_barrier.c: pthread barriers.
 *
 * Rules: see export.h. There is no form that only tries: every arrival is announced as a wait, and
 * that of the last thread of a round, which glibc marks by PTHREAD_BARRIER_SERIAL_THREAD, turns out
 * to be none (no_wait): it is what the others waited for.
 */
#include <pthread.h>

#include "preload/export.h"
#include "preload/glibc.h"
#include "preload/misuse.h"
#include "preload/object.h"
#include "preload/real.h"
#include "preload/wait.h"

/* Those who have come to a round that is not complete; of one that is, they are on their way. */
static unsigned int come(const pthread_barrier_t *b)
{
	const struct ws_glibc_barrier *g = (const struct ws_glibc_barrier *)b;
	unsigned int n = ws_peek(g->in) - ws_peek(g->current_round);

	return n < g->count ? n : 0;
}

/* True if this arrival would end the round, should no other thread arrive before it. */
static bool is_last(const pthread_barrier_t *b)
{
	const struct ws_glibc_barrier *g = (const struct ws_glibc_barrier *)b;

	return ws_peek(g->in) + 1 - ws_peek(g->current_round) == g->count;
}

WS_EXPORT int pthread_barrier_wait(pthread_barrier_t *b)
{
	struct ws_thread *self = ws_thread();

	if (!self)
		return ws_real.pthread_barrier_wait(b);

	/* glibc: 0 is private, 128 shared. */
	bool shared = ((const struct ws_glibc_barrier *)b)->shared != 0;
	struct ws_wake wake = {
		.self = self,
		.object = (uintptr_t)b,
		.site = WS_SITE,
		.kind = WS_KIND_BARRIER,
		.op = WS_WAKE_ARRIVE,
		.shared = shared,
		.count = WS_WAKE_ALL,
	};

	/* Before the wait begins: it would count itself. */
	if (is_last(b))
		ws_wake_before(&wake);

	int r;

	{
		WS_WAIT(wait, .self = self, .object = (uintptr_t)b, .site = WS_SITE,
			.kind = WS_KIND_BARRIER, .flags = (uint8_t)(shared ? WS_WAIT_SHARED : 0));
		r = ws_real.pthread_barrier_wait(b);
		ws_wait_result(&wait, r == PTHREAD_BARRIER_SERIAL_THREAD ? 0 : r);
		if (r == PTHREAD_BARRIER_SERIAL_THREAD)
			wait.outcome = WS_OUTCOME_NO_WAIT;
	}
	if (r == PTHREAD_BARRIER_SERIAL_THREAD || wake.begun)
		ws_wake_after(&wake);
	return r;
}

WS_EXPORT int pthread_barrier_init(pthread_barrier_t *b, const pthread_barrierattr_t *a,
				   unsigned int n)
{
	int r = ws_real.pthread_barrier_init(b, a, n);
	struct ws_thread *self = r == 0 ? ws_thread() : NULL;

	if (self)
		ws_object_record(self, WS_KIND_BARRIER, WS_OBJECT_INIT, (uintptr_t)b, n, NULL,
				 WS_SITE);
	return r;
}

WS_EXPORT int pthread_barrier_destroy(pthread_barrier_t *b)
{
	/* It waits for those who have come, and they for those who have not. */
	if (ws_unlikely(come(b) > 0)) {
		struct ws_thread *before = ws_thread();

		if (before)
			ws_misuse_destroy(before, WS_KIND_BARRIER, WS_MISUSE_DESTROY_WAITED,
					  (uintptr_t)b, 0, WS_SITE);
	}

	int r = ws_real.pthread_barrier_destroy(b);
	struct ws_thread *self = r == 0 ? ws_thread() : NULL;

	if (self)
		ws_object_record(self, WS_KIND_BARRIER, WS_OBJECT_DESTROY, (uintptr_t)b, 0, NULL,
				 WS_SITE);
	return r;
}
