/* SPDX-License-Identifier: MIT */
/* cond_timed: waits for a condition variable with a limit, by both clocks, passed and not passed.
 *
 * Truth: on `ready` 4 waits that end with a timeout, and 2 that end with main's signal.
 */
#include "tests/support/truth.h"

#include <errno.h>

enum { ROUNDS = 2, LIMIT_NS = 25000000, WAIT_NS = 20000000 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t ready = PTHREAD_COND_INITIALIZER;
static const struct truth_object ready_object = TRUTH_OBJECT("cond", ready);
static volatile int patient;

static void waiter(void *unused)
{
	struct timespec limit;

	(void)unused;
	x(pthread_mutex_lock(&lock));
	for (int round = 0; round < ROUNDS; round++) {
		limit = truth_after_ns(CLOCK_REALTIME, LIMIT_NS);
		TRUTH_WAIT(&ready_object, "timeout",
			   x_is(ETIMEDOUT, pthread_cond_timedwait(&ready, &lock, &limit)));
		limit = truth_after_ns(CLOCK_MONOTONIC, LIMIT_NS);
		TRUTH_WAIT(&ready_object, "timeout",
			   x_is(ETIMEDOUT,
				pthread_cond_clockwait(&ready, &lock, CLOCK_MONOTONIC, &limit)));
	}
	patient = 1;
	limit = truth_after_ns(CLOCK_REALTIME, 100000000000);
	TRUTH_WAIT(&ready_object, "acquired", x(pthread_cond_timedwait(&ready, &lock, &limit)));
	patient = 2;
	limit = truth_after_ns(CLOCK_MONOTONIC, 100000000000);
	TRUTH_WAIT(&ready_object, "acquired",
		   x(pthread_cond_clockwait(&ready, &lock, CLOCK_MONOTONIC, &limit)));
	x(pthread_mutex_unlock(&lock));
}

int main(void)
{
	struct truth_thread thread;

	truth_start(&thread, waiter, NULL);
	for (int round = 1; round <= 2; round++) {
		truth_until_at_least(&patient, round);
		truth_until_blocked(thread.tid, &ready_object);
		truth_sleep_ns(WAIT_NS);
		TRUTH_RELEASE(&ready_object, 1, x(pthread_cond_signal(&ready)));
	}
	truth_join(&thread);
	truth_print();
	return 0;
}
