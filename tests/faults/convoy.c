/* SPDX-License-Identifier: MIT */
/* convoy: eight threads that each take a lock forty times.
 *
 * Fault: they work with the lock held, so that all queue for it. Twin: they work outside of it.
 */
#include "fault.h"

enum { THREADS = 8, ROUNDS = 40 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static bool fault;

static void *work(void *arg)
{
	for (int i = 0; i < ROUNDS; i++) {
		pthread_mutex_lock(&lock); /* mark: lock */
		if (fault)
			fault_pause();
		pthread_mutex_unlock(&lock);
		fault_pause();
	}
	return arg;
}

int main(int argc, char **argv)
{
	pthread_t threads[THREADS];

	fault = fault_is(argc, argv);
	for (int i = 0; i < THREADS; i++)
		fault_check(pthread_create(&threads[i], NULL, work, NULL), "pthread_create");
	for (int i = 0; i < THREADS; i++)
		fault_check(pthread_join(threads[i], NULL), "pthread_join");
	fault_done();
	return 0;
}
