/* SPDX-License-Identifier: MIT */
/* eventfd_turns: a child waits for an eventfd that it inherited, while another one is used, too.
 *
 * Truth: three waits by the child on one eventfd, each ended by the parent's write to it, and one
 * by the parent on the other, ended by the child: all eventfds share an inode, and are told apart.
 */
#include "tests/support/truth.h"

#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { ROUNDS = 3, WAIT_NS = 20000000 };

static const struct truth_object any = { "eventfd", "*", NULL, 0 };

int main(void)
{
	int there = (int)xs(eventfd(0, 0)), back = (int)xs(eventfd(0, EFD_SEMAPHORE));
	pid_t parent = getpid(), child;
	uint64_t value = 0;

	child = (pid_t)xs(fork());
	if (child == 0) {
		for (int round = 0; round < ROUNDS; round++) {
			TRUTH_WAIT(&any, "acquired", x_is(8, read(there, &value, sizeof(value))));
			x_is(round + 1, (long)value);
		}
		truth_until_in_call(parent, SYS_read);
		truth_sleep_ns(WAIT_NS);
		TRUTH_RELEASE(&any, 1, x(eventfd_write(back, 2)));
		truth_print();
		_exit(0);
	}
	for (int round = 0; round < ROUNDS; round++) {
		truth_until_in_call(child, SYS_read);
		truth_sleep_ns(WAIT_NS);
		TRUTH_RELEASE(&any, 1, x(eventfd_write(there, (eventfd_t)round + 1)));
		truth_sleep_ns(WAIT_NS);
	}
	TRUTH_WAIT(&any, "acquired", x(eventfd_read(back, &value)));
	x_is(1, (long)value);
	x(eventfd_read(back, &value)); /* there is one more */
	truth_reap(child);
	truth_print();
	return 0;
}
