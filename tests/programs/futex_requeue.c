/* SPDX-License-Identifier: MIT */
/* futex_requeue: waiters are moved from one futex to another and woken there.
 *
 * Truth: 4 waits began on `first` (2 by REQUEUE, 2 by CMP_REQUEUE: of each pair one is woken at
 * once and one is moved to `second` and woken there); a wait belongs to the object that it asked
 * for.
 */
#include "tests/support/truth.h"

#include <errno.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { PAIR = 2, WAIT_NS = 20000000 };

static volatile uint32_t first, second;
static const struct truth_object first_object = TRUTH_OBJECT("futex", first);

static void waiter(void *unused)
{
	(void)unused;
	TRUTH_WAIT(&first_object, "acquired",
		   x(syscall(SYS_futex, &first, FUTEX_WAIT_PRIVATE, 0, NULL)));
}

int main(void)
{
	struct truth_thread threads[PAIR];

	x_is(-1, syscall(SYS_futex, &first, FUTEX_CMP_REQUEUE_PRIVATE, 1, 1, &second, 5));
	x_is(EAGAIN, errno);
	for (int compare = 0; compare < 2; compare++) {
		for (int i = 0; i < PAIR; i++) {
			truth_start(&threads[i], waiter, NULL);
			truth_until_blocked(threads[i].tid, &first_object);
		}
		truth_sleep_ns(WAIT_NS);
		if (compare)
			TRUTH_RELEASE(&first_object, -1,
				      x_is(2, syscall(SYS_futex, &first, FUTEX_CMP_REQUEUE_PRIVATE,
						      1, 1, &second, 0)));
		else
			TRUTH_RELEASE(&first_object, -1,
				      x_is(2, syscall(SYS_futex, &first, FUTEX_REQUEUE_PRIVATE, 1,
						      1, &second)));
		truth_sleep_ns(WAIT_NS);
		truth_release(&first_object, -1, __func__, __LINE__ + 1);
		x_is(1, syscall(SYS_futex, &second, FUTEX_WAKE_PRIVATE, 1));
		for (int i = 0; i < PAIR; i++)
			truth_join(&threads[i]);
	}
	truth_print();
	return 0;
}
