/* SPDX-License-Identifier: MIT */
/* cond_cancel: a thread is cancelled while it waits for a condition variable.
 *
 * Truth: 2 waits on `ready`, both cancelled, and no wait open at the end.
 */
#include "tests/support/truth.h"

enum { ROUNDS = 2, WAIT_NS = 20000000 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t ready = PTHREAD_COND_INITIALIZER;
static const struct truth_object ready_object = TRUTH_OBJECT("cond", ready);

static void unlock(void *unused)
{
	(void)unused;
	x(pthread_mutex_unlock(&lock)); /* cancelled waits hold it, as POSIX demands */
}

static void waiter(void *unused)
{
	(void)unused;
	x(pthread_mutex_lock(&lock));
	pthread_cleanup_push(unlock, NULL);
	for (;;)
		TRUTH_WAIT(&ready_object, "acquired", x(pthread_cond_wait(&ready, &lock)));
	pthread_cleanup_pop(1);
}

int main(void)
{
	struct truth_thread thread;

	for (int round = 0; round < ROUNDS; round++) {
		truth_start(&thread, waiter, NULL);
		truth_until_blocked(thread.tid, &ready_object);
		truth_sleep_ns(WAIT_NS);
		x(pthread_cancel(thread.thread));
		truth_join(&thread);
		x(pthread_mutex_trylock(&lock));
		x(pthread_mutex_unlock(&lock));
	}
	truth_print();
	return 0;
}
