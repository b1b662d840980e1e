/* SPDX-License-Identifier: MIT */
/* sem_cancel: a thread is cancelled while it waits for a semaphore, or before it would.
 *
 * Truth: 2 waits on `items`, both cancelled. A thread with a cancellation pending does not get
 * past sem_wait() although the semaphore is free: its value is untouched.
 */
#include "tests/support/truth.h"

#include <semaphore.h>

enum { ROUNDS = 2, WAIT_NS = 20000000 };

static sem_t items;
static const struct truth_object items_object = TRUTH_OBJECT("sem", items);
static volatile int cancelled;

static void waiter(void *unused)
{
	(void)unused;
	TRUTH_WAIT(&items_object, "acquired", x(sem_wait(&items)));
}

static void pending(void *unused)
{
	(void)unused;
	x(pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL));
	truth_until_at_least(&cancelled, 1);
	x(pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, NULL));
	x(sem_wait(&items));
	truth_die("sem_wait() returned although a cancellation was pending");
}

int main(void)
{
	struct truth_thread thread;
	int value;

	x(sem_init(&items, 0, 0));
	for (int round = 0; round < ROUNDS; round++) {
		truth_start(&thread, waiter, NULL);
		truth_until_blocked(thread.tid, &items_object);
		truth_sleep_ns(WAIT_NS);
		x(pthread_cancel(thread.thread));
		truth_join(&thread);
	}
	x(sem_post(&items));
	truth_start(&thread, pending, NULL);
	x(pthread_cancel(thread.thread));
	__atomic_store_n(&cancelled, 1, __ATOMIC_RELEASE);
	truth_join(&thread);
	x(sem_getvalue(&items, &value));
	x_is(1, value);
	truth_print();
	return 0;
}
