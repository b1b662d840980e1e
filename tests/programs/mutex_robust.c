/* SPDX-License-Identifier: MIT */
/* mutex_robust: the owner of a robust mutex ends without unlocking it while another thread waits.
 *
 * Truth: 2 waits on `robust`, both acquired (with EOWNERDEAD, which reaches the program); the
 * holder is the thread that ended.
 */
#include "tests/support/truth.h"

#include <errno.h>

enum { ROUNDS = 2, HOLD_NS = 20000000 };

static pthread_mutex_t robust;
static const struct truth_object robust_object = TRUTH_OBJECT("mutex", robust);
static volatile int owned, waiter_tid;

static void owner(void *unused)
{
	(void)unused;
	TRUTH_TAKE(&robust_object, x(pthread_mutex_lock(&robust)));
	__atomic_store_n(&owned, 1, __ATOMIC_RELEASE);
	truth_until_at_least(&waiter_tid, 1);
	truth_until_blocked(waiter_tid, &robust_object);
	truth_sleep_ns(HOLD_NS);
	truth_hold_end(&robust_object);
}

static void waiter(void *unused)
{
	(void)unused;
	waiter_tid = truth_tid();
	TRUTH_WAIT_TAKE(&robust_object, x_is(EOWNERDEAD, pthread_mutex_lock(&robust)));
	x(pthread_mutex_consistent(&robust));
	TRUTH_RELEASE(&robust_object, 0, x(pthread_mutex_unlock(&robust)));
}

int main(void)
{
	pthread_mutexattr_t attr;

	x(pthread_mutexattr_init(&attr));
	x(pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST));
	x(pthread_mutex_init(&robust, &attr));
	for (int round = 0; round < ROUNDS; round++) {
		struct truth_thread first, second;

		owned = waiter_tid = 0;
		truth_start(&first, owner, NULL);
		truth_until_at_least(&owned, 1);
		truth_start(&second, waiter, NULL);
		truth_join(&first);
		truth_join(&second);
	}
	truth_print();
	return 0;
}
