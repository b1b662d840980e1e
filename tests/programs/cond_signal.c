/* SPDX-License-Identifier: MIT */
/* cond_signal: a thread waits for a condition variable that main signals.
 *
 * Truth: 3 waits on `ready`, each ended by main's signal; the mutex is never waited for.
 */
#include "tests/support/truth.h"

#include <stdbool.h>

enum { ROUNDS = 3, WAIT_NS = 20000000 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t ready = PTHREAD_COND_INITIALIZER;
static const struct truth_object ready_object = TRUTH_OBJECT("cond", ready);
static bool flag;

static void waiter(void *unused)
{
	(void)unused;
	x(pthread_mutex_lock(&lock));
	while (!flag)
		TRUTH_WAIT(&ready_object, "acquired", x(pthread_cond_wait(&ready, &lock)));
	flag = false;
	x(pthread_mutex_unlock(&lock));
}

int main(void)
{
	struct truth_thread thread;

	for (int round = 0; round < ROUNDS; round++) {
		truth_start(&thread, waiter, NULL);
		truth_until_blocked(thread.tid, &ready_object);
		truth_sleep_ns(WAIT_NS);
		x(pthread_mutex_lock(&lock));
		flag = true;
		x(pthread_mutex_unlock(&lock));
		TRUTH_RELEASE(&ready_object, 1, x(pthread_cond_signal(&ready)));
		truth_join(&thread);
	}
	x(pthread_cond_signal(&ready)); /* nobody waits */
	truth_print();
	return 0;
}
