/* SPDX-License-Identifier: MIT */
/* herd: five workers wait for jobs, which come one at a time.
 *
 * Fault: a broadcast for each job: four workers find none and go back. Twin: a signal.
 */
#include "sleeper.h"

enum { WORKERS = 5, JOBS = 8 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t came = PTHREAD_COND_INITIALIZER;
static int jobs, done, looks, ended;

static void *work(void *arg)
{
	(void)arg;
	pthread_mutex_lock(&lock);
	for (;;) {
		while (!jobs && !ended) {
			looks++;
			pthread_cond_wait(&came, &lock);
		}
		if (!jobs)
			break;
		jobs--;
		done++;
		pthread_mutex_unlock(&lock);
		pthread_mutex_lock(&lock);
	}
	pthread_mutex_unlock(&lock);
	return NULL;
}

/* Until so many jobs are done, and all have looked for more since. */
static void until(int n_done, int n_looks)
{
	for (bool met = false; !met;) {
		pthread_mutex_lock(&lock);
		met = done >= n_done && looks >= n_looks;
		pthread_mutex_unlock(&lock);
		fault_pause();
	}
}

int main(int argc, char **argv)
{
	bool fault = fault_is(argc, argv);
	pthread_t threads[WORKERS];

	for (int i = 0; i < WORKERS; i++)
		fault_check(pthread_create(&threads[i], NULL, work, NULL), "pthread_create");
	until(0, WORKERS);
	for (int i = 0; i < JOBS; i++) {
		int before = looks;

		pthread_mutex_lock(&lock);
		jobs++;
		pthread_mutex_unlock(&lock);
		if (fault)
			pthread_cond_broadcast(&came); /* mark: broadcast */
		else
			pthread_cond_signal(&came);
		until(i + 1, before + (fault ? WORKERS : 1));
	}
	pthread_mutex_lock(&lock);
	ended = 1;
	pthread_mutex_unlock(&lock);
	pthread_cond_broadcast(&came);
	for (int i = 0; i < WORKERS; i++)
		fault_check(pthread_join(threads[i], NULL), "pthread_join");
	fault_done();
	return 0;
}
