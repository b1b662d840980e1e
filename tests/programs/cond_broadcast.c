/* SPDX-License-Identifier: MIT */
/* cond_broadcast: four threads wait for a condition variable; one broadcast lets them all go.
 *
 * Truth: 4 waits on `ready`, all ended by main's broadcast. That they take the mutex again one
 * after the other, inside the C library, belongs to these waits and is no wait for the mutex.
 */
#include "tests/support/truth.h"

#include <stdbool.h>

enum { THREADS = 4, WAIT_NS = 30000000 };

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
	x(pthread_mutex_unlock(&lock));
}

int main(void)
{
	struct truth_thread threads[THREADS];

	for (int i = 0; i < THREADS; i++) {
		truth_start(&threads[i], waiter, NULL);
		truth_until_blocked(threads[i].tid, &ready_object);
	}
	truth_sleep_ns(WAIT_NS);
	x(pthread_mutex_lock(&lock));
	flag = true;
	x(pthread_mutex_unlock(&lock));
	TRUTH_RELEASE(&ready_object, THREADS, x(pthread_cond_broadcast(&ready)));
	for (int i = 0; i < THREADS; i++)
		truth_join(&threads[i]);
	truth_print();
	return 0;
}
