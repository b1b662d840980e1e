/* SPDX-License-Identifier: MIT */
/* unfair: a thread waits for a mutex that another takes again as soon as it has let it go.
 *
 * Fault: 120 times, the waiter awake and asleep again each time. Twin: it waits for the other's turn
 * before it takes the mutex again.
 */
#include "sleeper.h"

enum { ROUNDS = 120 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static volatile pid_t tid;
static volatile int turns;

static void *want(void *arg)
{
	tid = sleeper_tid();
	pthread_mutex_lock(&lock); /* mark: want */
	turns++;
	pthread_mutex_unlock(&lock);
	return arg;
}

/* True if the waiter was overtaken all the time: it may be lucky. */
static bool overtake(void)
{
	int rounds = 0;
	pthread_t thread;

	tid = 0;
	turns = 0;
	pthread_mutex_lock(&lock); /* mark: first */
	fault_check(pthread_create(&thread, NULL, want, NULL), "pthread_create");
	sleeper_until(&tid, 0);
	while (!turns && rounds < ROUNDS) {
		long slept = sleeper_count(tid);

		pthread_mutex_unlock(&lock);
		pthread_mutex_lock(&lock); /* mark: again */
		/* It has been woken, has found the mutex taken, and sleeps again. */
		while (!turns && sleeper_count(tid) <= slept)
			;
		rounds++;
	}
	pthread_mutex_unlock(&lock);
	fault_check(pthread_join(thread, NULL), "pthread_join");
	return rounds == ROUNDS;
}

static void take_turns(void)
{
	pthread_t thread;

	tid = 0;
	turns = 0;
	pthread_mutex_lock(&lock);
	fault_check(pthread_create(&thread, NULL, want, NULL), "pthread_create");
	sleeper_until(&tid, 0);
	pthread_mutex_unlock(&lock);
	fault_check(pthread_join(thread, NULL), "pthread_join");
	for (int i = 0; i < ROUNDS; i++) {
		pthread_mutex_lock(&lock);
		pthread_mutex_unlock(&lock);
	}
}

int main(int argc, char **argv)
{
	if (fault_is(argc, argv)) {
		for (int tries = 0; !overtake(); tries++) {
			if (tries == 500)
				return 3;
		}
	} else {
		take_turns();
	}
	fault_done();
	return 0;
}
