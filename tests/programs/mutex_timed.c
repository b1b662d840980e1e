/* SPDX-License-Identifier: MIT */
/* mutex_timed: locks with a time limit that pass it, one that does not, and tries, which never
 * wait.
 *
 * Truth: on `gate` 4 waits that end with a timeout and 1 that acquires; 1000 failed tries are none.
 */
#include "tests/support/truth.h"

#include <errno.h>

enum { ROUNDS = 2, LIMIT_NS = 25000000, HOLD_NS = 25000000 };

static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
static const struct truth_object gate_object = TRUTH_OBJECT("mutex", gate);
static volatile int tried;

static void waiter(void *unused)
{
	struct timespec limit;

	(void)unused;
	for (int round = 0; round < ROUNDS; round++) {
		limit = truth_after_ns(CLOCK_REALTIME, LIMIT_NS);
		TRUTH_WAIT(&gate_object, "timeout",
			   x_is(ETIMEDOUT, pthread_mutex_timedlock(&gate, &limit)));
		limit = truth_after_ns(CLOCK_MONOTONIC, LIMIT_NS);
		TRUTH_WAIT(
			&gate_object, "timeout",
			x_is(ETIMEDOUT, pthread_mutex_clocklock(&gate, CLOCK_MONOTONIC, &limit)));
	}
	for (int i = 0; i < 1000; i++)
		x_is(EBUSY, pthread_mutex_trylock(&gate));
	__atomic_store_n(&tried, 1, __ATOMIC_RELEASE);
	limit = truth_after_ns(CLOCK_REALTIME, 100000000000);
	TRUTH_WAIT_TAKE(&gate_object, x(pthread_mutex_timedlock(&gate, &limit)));
	TRUTH_RELEASE(&gate_object, 0, x(pthread_mutex_unlock(&gate)));
}

int main(void)
{
	struct truth_thread thread;

	TRUTH_TAKE(&gate_object, x(pthread_mutex_trylock(&gate)));
	truth_start(&thread, waiter, NULL);
	truth_until_at_least(&tried, 1);
	truth_until_blocked(thread.tid, &gate_object);
	truth_sleep_ns(HOLD_NS);
	TRUTH_RELEASE(&gate_object, 1, x(pthread_mutex_unlock(&gate)));
	truth_join(&thread);
	truth_print();
	return 0;
}
