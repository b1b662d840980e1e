/* SPDX-License-Identifier: MIT */
/* spinlock_wait: a thread spins for a lock that main holds.
 *
 * Truth: 3 waits on `spin`, caused by main. The kernel cannot say who spins; the lock word can: on
 * x86-64 it is 1 when free, 0 when held, and every failed attempt takes one more from it.
 */
#include "tests/support/truth.h"

#include <errno.h>

enum { ROUNDS = 3, HOLD_NS = 20000000 };

static pthread_spinlock_t spin;
static const struct truth_object spin_object = TRUTH_OBJECT("spinlock", spin);

static void waiter(void *unused)
{
	(void)unused;
	x_is(EBUSY, pthread_spin_trylock(&spin));
	TRUTH_WAIT_TAKE(&spin_object, x(pthread_spin_lock(&spin)));
	TRUTH_RELEASE(&spin_object, 0, x(pthread_spin_unlock(&spin)));
}

int main(void)
{
	struct truth_thread thread;

	x(pthread_spin_init(&spin, PTHREAD_PROCESS_PRIVATE));
	for (int round = 0; round < ROUNDS; round++) {
		TRUTH_TAKE(&spin_object, x(pthread_spin_lock(&spin)));
		truth_start(&thread, waiter, NULL);
		while (spin >= 0)
			truth_sleep_ns(100000);
		truth_sleep_ns(HOLD_NS);
		TRUTH_RELEASE(&spin_object, 1, x(pthread_spin_unlock(&spin)));
		truth_join(&thread);
	}
	x(pthread_spin_destroy(&spin));
	truth_print();
	return 0;
}
