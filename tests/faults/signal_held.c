/* SPDX-License-Identifier: MIT */
/* signal_held: a thread is told that something came, twelve times.
 *
 * Fault: the mutex is held until the woken thread sleeps on it. Twin: it is released before the signal.
 */
#include "sleeper.h"

enum { ROUNDS = 12 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t came = PTHREAD_COND_INITIALIZER;
static volatile pid_t tid;
static int given, taken;

static void *take(void *arg)
{
	(void)arg;
	pthread_mutex_lock(&lock);
	while (taken < ROUNDS) {
		while (given == taken) {
			tid = sleeper_tid();
			pthread_cond_wait(&came, &lock);
		}
		taken++;
		pthread_mutex_unlock(&lock);
		pthread_mutex_lock(&lock);
	}
	pthread_mutex_unlock(&lock);
	return NULL;
}

int main(int argc, char **argv)
{
	bool fault = fault_is(argc, argv);
	pthread_t thread;

	fault_check(pthread_create(&thread, NULL, take, NULL), "pthread_create");
	for (int i = 0; i < ROUNDS; i++) {
		long slept;

		for (bool waits = false; !waits;) {
			pthread_mutex_lock(&lock);
			waits = tid && taken == i;
			pthread_mutex_unlock(&lock);
		}
		sleeper_until(&tid, 0);
		slept = sleeper_count(tid);
		pthread_mutex_lock(&lock);
		given++;
		if (fault) {
			pthread_cond_signal(&came); /* mark: signal */
			sleeper_until(&tid, slept);
			pthread_mutex_unlock(&lock);
		} else {
			pthread_mutex_unlock(&lock);
			pthread_cond_signal(&came);
		}
	}
	fault_check(pthread_join(thread, NULL), "pthread_join");
	fault_done();
	return 0;
}
