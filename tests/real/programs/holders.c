/* SPDX-License-Identifier: MIT */
/* holders: four threads that sleep while they hold a mutex: `one` for all of them, or each its `own`. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define THREADS 4
#define ROUNDS 8
#define HOLD_NS 60000000

static pthread_mutex_t locks[THREADS] = { PTHREAD_MUTEX_INITIALIZER, PTHREAD_MUTEX_INITIALIZER,
					  PTHREAD_MUTEX_INITIALIZER, PTHREAD_MUTEX_INITIALIZER };

static void hold(pthread_mutex_t *lock)
{
	const struct timespec time = { .tv_nsec = HOLD_NS };

	if (pthread_mutex_lock(lock) != 0)
		abort();
	nanosleep(&time, NULL);
	pthread_mutex_unlock(lock);
}

static void *work(void *lock)
{
	for (int i = 0; i < ROUNDS; i++)
		hold(lock);
	return NULL;
}

int main(int argc, char **argv)
{
	pthread_t threads[THREADS];
	size_t step = argc > 1 && strcmp(argv[1], "own") == 0;

	for (size_t i = 0; i < THREADS; i++) {
		if (pthread_create(&threads[i], NULL, work, &locks[i * step]) != 0)
			abort();
	}
	for (size_t i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	return 0;
}
