/* SPDX-License-Identifier: MIT */
/* barrier_rounds: two threads wait at a barrier for main, which always arrives last.
 *
 * Truth: 2 waits a round on `meeting`, ended by main's arrival; main itself never waits there.
 */
#include "tests/support/truth.h"

enum { ROUNDS = 3, THREADS = 2, WAIT_NS = 15000000 };

static pthread_barrier_t meeting;
static const struct truth_object meeting_object = TRUTH_OBJECT("barrier", meeting);
static volatile int through;

static void visitor(void *unused)
{
	(void)unused;
	for (int round = 0; round < ROUNDS; round++) {
		TRUTH_WAIT(&meeting_object, "acquired", x(pthread_barrier_wait(&meeting)));
		__atomic_add_fetch(&through, 1, __ATOMIC_RELEASE);
		truth_until_at_least(&through, (round + 1) * THREADS);
	}
}

int main(void)
{
	struct truth_thread threads[THREADS];

	x(pthread_barrier_init(&meeting, NULL, THREADS + 1));
	for (int i = 0; i < THREADS; i++)
		truth_start(&threads[i], visitor, NULL);
	for (int round = 0; round < ROUNDS; round++) {
		truth_until_at_least(&through, round * THREADS);
		for (int i = 0; i < THREADS; i++)
			truth_until_blocked(threads[i].tid, &meeting_object);
		truth_sleep_ns(WAIT_NS);
		TRUTH_RELEASE(&meeting_object, THREADS,
			      x_is(PTHREAD_BARRIER_SERIAL_THREAD, pthread_barrier_wait(&meeting)));
	}
	for (int i = 0; i < THREADS; i++)
		truth_join(&threads[i]);
	x(pthread_barrier_destroy(&meeting));
	truth_print();
	return 0;
}
