/* SPDX-License-Identifier: MIT */
/* dine.c: philosophers who each take their left fork, then their right one: cc -g -pthread dine.c
 */
#include <pthread.h>

enum { SEATS = 3 };
static pthread_mutex_t fork_[SEATS];
static pthread_barrier_t seated;

static void *dine(void *seat)
{
	pthread_mutex_lock(seat);
	pthread_barrier_wait(&seated); /* who is slow to take the first fork meets nobody */
	pthread_mutex_lock(seat == &fork_[SEATS - 1] ? fork_ : (pthread_mutex_t *)seat + 1);
	pthread_mutex_unlock(seat == &fork_[SEATS - 1] ? fork_ : (pthread_mutex_t *)seat + 1);
	pthread_mutex_unlock(seat);
	return NULL;
}

int main(void)
{
	pthread_t philosophers[SEATS];

	pthread_barrier_init(&seated, NULL, SEATS);
	for (int i = 0; i < SEATS; i++)
		pthread_create(&philosophers[i], NULL, dine, &fork_[i]);
	for (int i = 0; i < SEATS; i++)
		pthread_join(philosophers[i], NULL);
	return 0;
}
