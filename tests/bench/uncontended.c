/* SPDX-License-Identifier: MIT */
/* uncontended.c: what a lock and unlock of a free mutex costs, per pair.
 *
 * A second thread is alive all the time: without it glibc takes shortcuts that a process which
 * LTTng's threads have joined no longer has, and the comparison would measure those.
 */
#include <pthread.h>
#include <semaphore.h>

#include "bench.h"

#define PAIRS 20000000u

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static sem_t end;
static volatile uint64_t counter;

static void *idle(void *arg)
{
	(void)arg;
	while (sem_wait(&end) != 0)
		;
	return NULL;
}

int main(void)
{
	pthread_t thread;

	bench_x(sem_init(&end, 0, 0), "sem_init");
	bench_x(pthread_create(&thread, NULL, idle, NULL), "pthread_create");

	uint64_t begin_ns = bench_now_ns();

	for (unsigned int i = 0; i < PAIRS; i++) {
		pthread_mutex_lock(&mutex);
		counter++;
		pthread_mutex_unlock(&mutex);
	}
	bench_result(begin_ns, PAIRS);
	sem_post(&end);
	bench_x(pthread_join(thread, NULL), "pthread_join");
	return 0;
}
