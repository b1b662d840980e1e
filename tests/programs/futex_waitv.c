/* SPDX-License-Identifier: MIT */
/* futex_waitv: a thread waits for any of two futexes at once; main wakes the second.
 *
 * Truth: 2 waits of kind futex that acquire and 1 timeout; a list with another value is no wait.
 */
#include "tests/support/truth.h"

#include <errno.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { ROUNDS = 2, WAIT_NS = 25000000, LIMIT_NS = 25000000 };

static volatile uint32_t first, second;
static const struct truth_object any_object = { "futex", "*", NULL, 0 };
static volatile int step;

static long wait_any(uint32_t expected, struct timespec *limit, const char *outcome)
{
	struct futex_waitv list[] = {
		{ .val = 0, .uaddr = (uintptr_t)&first, .flags = FUTEX_32 | FUTEX_PRIVATE_FLAG },
		{ .val = expected,
		  .uaddr = (uintptr_t)&second,
		  .flags = FUTEX_32 | FUTEX_PRIVATE_FLAG },
	};
	long result;

	TRUTH_WAIT(&any_object, outcome,
		   result = syscall(SYS_futex_waitv, list, 2, 0, limit, CLOCK_MONOTONIC));
	return result;
}

static void waiter(void *unused)
{
	struct timespec limit;

	(void)unused;
	x_is(-1, wait_any(3, NULL, "error"));
	x_is(EAGAIN, errno);
	truth_wait_forget();
	limit = truth_after_ns(CLOCK_MONOTONIC, LIMIT_NS);
	x_is(-1, wait_any(0, &limit, "timeout"));
	x_is(ETIMEDOUT, errno);
	for (int round = 0; round < ROUNDS; round++) {
		step = round + 1;
		x_is(1, wait_any(0, NULL, "acquired"));
	}
}

int main(void)
{
	struct truth_thread thread;

	truth_start(&thread, waiter, NULL);
	for (int round = 0; round < ROUNDS; round++) {
		truth_until_at_least(&step, round + 1);
		truth_until_blocked(thread.tid, &any_object);
		truth_sleep_ns(WAIT_NS);
		x_is(1, syscall(SYS_futex, &second, FUTEX_WAKE_PRIVATE, 1));
	}
	truth_join(&thread);
	truth_print();
	return 0;
}
