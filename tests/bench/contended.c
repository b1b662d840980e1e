/* SPDX-License-Identifier: MIT */
/* contended.c: 16 threads take turns on 2 mutexes, with about as much work inside as outside; what
 * one turn costs in elapsed time. */
#include <pthread.h>

#include "bench.h"

#define THREADS 16
#define TURNS 20000u
#define WORK 1500 /* additions, inside and outside: about half a microsecond each */

static struct {
	pthread_mutex_t mutex;
	uint64_t value;
	char pad[64];
} shared[2] = {{PTHREAD_MUTEX_INITIALIZER, 0, ""}, {PTHREAD_MUTEX_INITIALIZER, 0, ""}};

static void work(volatile uint64_t *value)
{
	for (int i = 0; i < WORK; i++)
		*value += (uint64_t)i;
}

static void *run(void *arg)
{
	unsigned int first = *(unsigned int *)arg;
	uint64_t own = 0;

	for (unsigned int i = 0; i < TURNS; i++) {
		unsigned int which = (first + i) % 2;

		pthread_mutex_lock(&shared[which].mutex);
		work(&shared[which].value);
		pthread_mutex_unlock(&shared[which].mutex);
		work(&own);
	}
	return NULL;
}

int main(void)
{
	pthread_t threads[THREADS];
	unsigned int numbers[THREADS];
	uint64_t begin_ns = bench_now_ns();

	for (unsigned int i = 0; i < THREADS; i++) {
		numbers[i] = i;
		bench_x(pthread_create(&threads[i], NULL, run, &numbers[i]), "pthread_create");
	}
	for (unsigned int i = 0; i < THREADS; i++)
		bench_x(pthread_join(threads[i], NULL), "pthread_join");
	bench_result(begin_ns, (uint64_t)THREADS * TURNS);
	return 0;
}
