/* SPDX-License-Identifier: MIT */
/* mutex_kinds: every type of mutex, held by main while a thread waits for it.
 *
 * Truth: 2 waits on each of `normal`, `recursive`, `errorcheck`, `adaptive`, `inherit` (priority
 * inheritance) and `robust`; the recursive one is given up by the second unlock only.
 */
#include "tests/support/truth.h"

#include <errno.h>

enum { ROUNDS = 2, HOLD_NS = 15000000 };

static pthread_mutex_t normal, recursive, errorcheck, adaptive, inherit, robust;

static const struct kind {
	pthread_mutex_t *mutex;
	int type;
	int protocol;
	int robustness;
	struct truth_object object;
} kinds[] = {
	{ &normal, PTHREAD_MUTEX_NORMAL, PTHREAD_PRIO_NONE, PTHREAD_MUTEX_STALLED,
	  TRUTH_OBJECT("mutex", normal) },
	{ &recursive, PTHREAD_MUTEX_RECURSIVE, PTHREAD_PRIO_NONE, PTHREAD_MUTEX_STALLED,
	  TRUTH_OBJECT("mutex", recursive) },
	{ &errorcheck, PTHREAD_MUTEX_ERRORCHECK, PTHREAD_PRIO_NONE, PTHREAD_MUTEX_STALLED,
	  TRUTH_OBJECT("mutex", errorcheck) },
	{ &adaptive, PTHREAD_MUTEX_ADAPTIVE_NP, PTHREAD_PRIO_NONE, PTHREAD_MUTEX_STALLED,
	  TRUTH_OBJECT("mutex", adaptive) },
	{ &inherit, PTHREAD_MUTEX_NORMAL, PTHREAD_PRIO_INHERIT, PTHREAD_MUTEX_STALLED,
	  TRUTH_OBJECT("mutex", inherit) },
	{ &robust, PTHREAD_MUTEX_NORMAL, PTHREAD_PRIO_NONE, PTHREAD_MUTEX_ROBUST,
	  TRUTH_OBJECT("mutex", robust) },
};

static void waiter(void *argument)
{
	const struct kind *kind = argument;

	TRUTH_WAIT_TAKE(&kind->object, x(pthread_mutex_lock(kind->mutex)));
	TRUTH_RELEASE(&kind->object, 0, x(pthread_mutex_unlock(kind->mutex)));
}

static void hand_over(const struct kind *kind)
{
	struct truth_thread thread;

	TRUTH_TAKE(&kind->object, x(pthread_mutex_lock(kind->mutex)));
	if (kind->type == PTHREAD_MUTEX_RECURSIVE)
		x(pthread_mutex_lock(kind->mutex));
	if (kind->type == PTHREAD_MUTEX_ERRORCHECK)
		x_is(EDEADLK, pthread_mutex_lock(kind->mutex));
	truth_start(&thread, waiter, (void *)kind);
	truth_until_blocked(thread.tid, &kind->object);
	truth_sleep_ns(HOLD_NS);
	if (kind->type == PTHREAD_MUTEX_RECURSIVE)
		x(pthread_mutex_unlock(kind->mutex));
	TRUTH_RELEASE(&kind->object, 1, x(pthread_mutex_unlock(kind->mutex)));
	truth_join(&thread);
}

int main(void)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		pthread_mutexattr_t attr;

		x(pthread_mutexattr_init(&attr));
		x(pthread_mutexattr_settype(&attr, kinds[i].type));
		x(pthread_mutexattr_setprotocol(&attr, kinds[i].protocol));
		x(pthread_mutexattr_setrobust(&attr, kinds[i].robustness));
		x(pthread_mutex_init(kinds[i].mutex, &attr));
		x(pthread_mutexattr_destroy(&attr));
		for (int round = 0; round < ROUNDS; round++)
			hand_over(&kinds[i]);
		x(pthread_mutex_destroy(kinds[i].mutex));
	}
	truth_print();
	return 0;
}
