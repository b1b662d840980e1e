/* SPDX-License-Identifier: MIT */
/* class_pool: five workers parked on a queue that gets a job now and then, and two threads that
 * compete for a lock.
 *
 * Truth: the workers' waiting is far longer in all, and idle; the sleeps between the jobs are
 * pacing; the lock is contention; what main waits for when its threads are done is idle, too.
 */
#include "tests/support/truth.h"

#include <pthread.h>

enum { WORKERS = 5, JOBS = 6 };

static pthread_mutex_t queue_lock = PTHREAD_MUTEX_INITIALIZER,
		       busy_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t queue_changed = PTHREAD_COND_INITIALIZER;
static int jobs, ended;
static const struct truth_object busy = TRUTH_OBJECT("mutex", busy_lock);

static void worker(void *arg)
{
	(void)arg;
	x(pthread_mutex_lock(&queue_lock));
	while (!ended || jobs) {
		if (jobs)
			jobs--;
		else
			x(pthread_cond_wait(&queue_changed, &queue_lock));
	}
	x(pthread_mutex_unlock(&queue_lock));
}

static void competitor(void *arg)
{
	(void)arg;
	x(pthread_mutex_lock(&busy_lock));
	x(pthread_mutex_unlock(&busy_lock));
}

int main(void)
{
	struct truth_thread workers[WORKERS], other;

	for (int i = 0; i < WORKERS; i++)
		truth_start(&workers[i], worker, NULL);
	x(pthread_mutex_lock(&busy_lock));
	truth_start(&other, competitor, NULL);
	truth_until_blocked(other.tid, &busy);
	for (int i = 0; i < JOBS; i++) {
		truth_sleep_ns(5000000);
		x(pthread_mutex_lock(&queue_lock));
		jobs++;
		x(pthread_mutex_unlock(&queue_lock));
		x(pthread_cond_signal(&queue_changed));
	}
	x(pthread_mutex_unlock(&busy_lock));
	truth_join(&other);
	x(pthread_mutex_lock(&queue_lock));
	ended = 1;
	x(pthread_mutex_unlock(&queue_lock));
	x(pthread_cond_broadcast(&queue_changed));
	for (int i = 0; i < WORKERS; i++)
		truth_join(&workers[i]);
	return 0;
}
