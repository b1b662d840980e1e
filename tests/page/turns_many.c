/* SPDX-License-Identifier: MIT */
/* turns_many: pairs of threads that let each other go, so often that there are ever so many waits.
 *
 *	turns_many ROUNDS
 *
 * Truth: each round is two posts; a thread whose partner was quicker does not wait. */
#include <pthread.h>
#include <semaphore.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define PAIRS 4

static sem_t turn[2 * PAIRS];
static long rounds;

static void *player(void *argument)
{
	uintptr_t me = (uintptr_t)argument;

	for (long i = 0; i < rounds; i++) {
		while (sem_wait(&turn[me]) != 0)
			;
		sem_post(&turn[me ^ 1]);
	}
	return NULL;
}

int main(int argc, char **argv)
{
	pthread_t threads[2 * PAIRS];

	rounds = argc > 1 ? atol(argv[1]) : 0;
	if (rounds < 1) {
		fprintf(stderr, "usage: turns_many ROUNDS\n");
		return 2;
	}
	for (uintptr_t i = 0; i < 2 * PAIRS; i++)
		if (sem_init(&turn[i], 0, 0) != 0 ||
		    pthread_create(&threads[i], NULL, player, (void *)i) != 0)
			return 1;
	for (int i = 0; i < 2 * PAIRS; i += 2)
		sem_post(&turn[i]);
	for (int i = 0; i < 2 * PAIRS; i++)
		pthread_join(threads[i], NULL);
	return 0;
}
