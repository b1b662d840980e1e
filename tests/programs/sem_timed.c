/* SPDX-License-Identifier: MIT */
/* sem_timed: waits for a semaphore with a limit, by both clocks, passed and not passed.
 *
 * Truth: on `items` 4 waits that end with a timeout, and 2 that acquire; failed tries are none.
 */
#include "tests/support/truth.h"

#include <errno.h>
#include <semaphore.h>

enum { ROUNDS = 2, LIMIT_NS = 25000000, WAIT_NS = 20000000 };

static sem_t items;
static const struct truth_object items_object = TRUTH_OBJECT("sem", items);
static volatile int patient;

/* -1 with this errno. */
static void timed_out(int result)
{
	x_is(-1, result);
	x_is(ETIMEDOUT, errno);
}

static void waiter(void *unused)
{
	struct timespec limit;

	(void)unused;
	for (int round = 0; round < ROUNDS; round++) {
		limit = truth_after_ns(CLOCK_REALTIME, LIMIT_NS);
		TRUTH_WAIT(&items_object, "timeout", timed_out(sem_timedwait(&items, &limit)));
		limit = truth_after_ns(CLOCK_MONOTONIC, LIMIT_NS);
		TRUTH_WAIT(&items_object, "timeout",
			   timed_out(sem_clockwait(&items, CLOCK_MONOTONIC, &limit)));
	}
	for (int i = 0; i < 100; i++)
		x_is(-1, sem_trywait(&items));
	patient = 1;
	limit = truth_after_ns(CLOCK_REALTIME, 100000000000);
	TRUTH_WAIT(&items_object, "acquired", x(sem_timedwait(&items, &limit)));
	patient = 2;
	limit = truth_after_ns(CLOCK_MONOTONIC, 100000000000);
	TRUTH_WAIT(&items_object, "acquired", x(sem_clockwait(&items, CLOCK_MONOTONIC, &limit)));
}

int main(void)
{
	struct truth_thread thread;

	x(sem_init(&items, 0, 0));
	truth_start(&thread, waiter, NULL);
	for (int round = 1; round <= 2; round++) {
		truth_until_at_least(&patient, round);
		truth_until_blocked(thread.tid, &items_object);
		truth_sleep_ns(WAIT_NS);
		TRUTH_RELEASE(&items_object, 1, x(sem_post(&items)));
	}
	truth_join(&thread);
	truth_print();
	return 0;
}
