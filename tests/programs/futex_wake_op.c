/* SPDX-License-Identifier: MIT */
/* futex_wake_op: one call sets a second word and wakes the waiters of both.
 *
 * Truth: 2 waits on `first` and 2 on `second`, ended by main's WAKE_OP.
 */
#include "tests/support/truth.h"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { ROUNDS = 2, WAIT_NS = 25000000 };

static volatile uint32_t first, second;
static const struct truth_object first_object = TRUTH_OBJECT("futex", first);
static const struct truth_object second_object = TRUTH_OBJECT("futex", second);

static void wait_first(void *unused)
{
	(void)unused;
	TRUTH_WAIT(&first_object, "acquired",
		   x(syscall(SYS_futex, &first, FUTEX_WAIT_PRIVATE, 0, NULL)));
}

static void wait_second(void *unused)
{
	(void)unused;
	TRUTH_WAIT(&second_object, "acquired",
		   x(syscall(SYS_futex, &second, FUTEX_WAIT_PRIVATE, 0, NULL)));
}

int main(void)
{
	struct truth_thread one, two;

	for (int round = 0; round < ROUNDS; round++) {
		second = 0;
		truth_start(&one, wait_first, NULL);
		truth_start(&two, wait_second, NULL);
		truth_until_blocked(one.tid, &first_object);
		truth_until_blocked(two.tid, &second_object);
		truth_sleep_ns(WAIT_NS);
		/* second = 7, and since it was 0, its waiters wake too */
		TRUTH_RELEASE(
			&first_object, 1,
			x_is(2, syscall(SYS_futex, &first, FUTEX_WAKE_OP_PRIVATE, 1, 1, &second,
					FUTEX_OP(FUTEX_OP_SET, 7, FUTEX_OP_CMP_EQ, 0))));
		x_is(7, second);
		truth_join(&one);
		truth_join(&two);
	}
	truth_print();
	return 0;
}
