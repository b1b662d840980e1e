/* SPDX-License-Identifier: MIT */
/* futex_pi: hand-made priority-inheriting locks: LOCK_PI, LOCK_PI2, and the move to one by
 * CMP_REQUEUE_PI.
 *
 * Truth: on `lock` 2 waits (LOCK_PI, LOCK_PI2) that acquire and 1 timeout, caused by main; on
 * `queue` 1 wait (WAIT_REQUEUE_PI), which ends when main gives `lock` up.
 */
#include "tests/support/truth.h"

#include <errno.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef FUTEX_LOCK_PI2_PRIVATE
#define FUTEX_LOCK_PI2_PRIVATE (13 | FUTEX_PRIVATE_FLAG)
#endif

enum { HOLD_NS = 20000000, LIMIT_NS = 25000000 };

static volatile uint32_t lock, queue;
static const struct truth_object lock_object = TRUTH_OBJECT("futex", lock);
static const struct truth_object queue_object = TRUTH_OBJECT("futex", queue);
static volatile int step;

static void fails(int error, long result)
{
	x_is(-1, result);
	x_is(error, errno);
}

static void give_up(void)
{
	x(syscall(SYS_futex, &lock, FUTEX_UNLOCK_PI_PRIVATE));
}

static void waiter(void *unused)
{
	struct timespec limit = truth_after_ns(CLOCK_REALTIME, LIMIT_NS);

	(void)unused;
	TRUTH_WAIT(&lock_object, "timeout",
		   fails(ETIMEDOUT, syscall(SYS_futex, &lock, FUTEX_LOCK_PI_PRIVATE, 0, &limit)));
	step = 1;
	TRUTH_WAIT(&lock_object, "acquired",
		   x(syscall(SYS_futex, &lock, FUTEX_LOCK_PI_PRIVATE, 0, NULL)));
	give_up();
	step = 2;
	truth_until_at_least(&step, 3);
	TRUTH_WAIT(&lock_object, "acquired",
		   x(syscall(SYS_futex, &lock, FUTEX_LOCK_PI2_PRIVATE, 0, NULL)));
	give_up();
	step = 4;
	truth_until_at_least(&step, 5);
	TRUTH_WAIT(&queue_object, "acquired",
		   x(syscall(SYS_futex, &queue, FUTEX_WAIT_REQUEUE_PI_PRIVATE, 0, NULL, &lock)));
	give_up();
}

int main(void)
{
	struct truth_thread thread;

	x(syscall(SYS_futex, &lock, FUTEX_LOCK_PI_PRIVATE, 0, NULL));
	truth_start(&thread, waiter, NULL);
	truth_until_at_least(&step, 1);
	truth_until_blocked(thread.tid, &lock_object);
	truth_sleep_ns(HOLD_NS);
	give_up();

	truth_until_at_least(&step, 2);
	x(syscall(SYS_futex, &lock, FUTEX_LOCK_PI_PRIVATE, 0, NULL));
	step = 3;
	truth_until_blocked(thread.tid, &lock_object);
	truth_sleep_ns(HOLD_NS);
	give_up();

	truth_until_at_least(&step, 4);
	x(syscall(SYS_futex, &lock, FUTEX_LOCK_PI_PRIVATE, 0, NULL));
	step = 5;
	truth_until_blocked(thread.tid, &queue_object);
	truth_sleep_ns(HOLD_NS);
	/* The lock is main's: the waiter is moved to it and gets it when main gives it up. */
	x_is(1, syscall(SYS_futex, &queue, FUTEX_CMP_REQUEUE_PI_PRIVATE, 1, 0, &lock, 0));
	truth_sleep_ns(HOLD_NS);
	give_up();
	truth_join(&thread);
	truth_print();
	return 0;
}
