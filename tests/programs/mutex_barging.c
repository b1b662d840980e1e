/* SPDX-License-Identifier: MIT */
/* mutex_barging: four threads take one mutex in turns that nobody plans, some barging in again.
 *
 * Truth: each thread's own hold intervals, cut with the others' wait intervals, give the waiting
 * that it caused. Whether one call waited is not known from outside: the calls are listed as
 * "maybe", which bounds their number from above.
 */
#include "tests/support/truth.h"

enum { THREADS = 4, TURNS = 20 };

static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
static const struct truth_object gate_object = TRUTH_OBJECT("mutex", gate);

/* A site each, so that sites are told apart too. */
static void take_first(void)
{
	TRUTH_WAIT(&gate_object, "maybe", x(pthread_mutex_lock(&gate)));
	truth_hold_begin(&gate_object, __func__, __LINE__ - 1);
}

static void take_second(void)
{
	TRUTH_WAIT(&gate_object, "maybe", x(pthread_mutex_lock(&gate)));
	truth_hold_begin(&gate_object, __func__, __LINE__ - 1);
}

static void turns(void *argument)
{
	int me = (int)(intptr_t)argument;

	for (int turn = 0; turn < TURNS; turn++) {
		if (me % 2)
			take_first();
		else
			take_second();
		truth_sleep_ns(2000000u + 1000000u * (unsigned)me);
		truth_release(&gate_object, -1, __func__, __LINE__ + 1);
		x(pthread_mutex_unlock(&gate));
		if (turn % 3 == 0) /* every third time somebody else gets a chance for sure */
			truth_sleep_ns(1000000);
	}
}

int main(void)
{
	struct truth_thread threads[THREADS];

	for (int i = 0; i < THREADS; i++)
		truth_start(&threads[i], turns, (void *)(intptr_t)i);
	for (int i = 0; i < THREADS; i++)
		truth_join(&threads[i]);
	truth_print();
	return 0;
}
