/* SPDX-License-Identifier: MIT */
/* polling: a thread wants a mutex that another holds for a while.
 *
 * Fault: it tries, sleeps, and tries again. Twin: it waits.
 */
#include "fault.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static volatile int tries;
static volatile bool fault, wants;

static void *want(void *arg)
{
	wants = true;
	if (fault) {
		while (pthread_mutex_trylock(&lock) != 0) { /* mark: try */
			tries++;
			nanosleep(&(struct timespec){ .tv_nsec = 1000 }, NULL);
		}
	} else {
		pthread_mutex_lock(&lock);
	}
	pthread_mutex_unlock(&lock);
	return arg;
}

int main(int argc, char **argv)
{
	pthread_t thread;

	fault = fault_is(argc, argv);
	pthread_mutex_lock(&lock);
	fault_check(pthread_create(&thread, NULL, want, NULL), "pthread_create");
	while (!wants || (fault && tries < 150))
		fault_pause();
	pthread_mutex_unlock(&lock);
	fault_check(pthread_join(thread, NULL), "pthread_join");
	fault_done();
	return 0;
}
