/* SPDX-License-Identifier: MIT */
/* pipe_peer_dies: the only writers of two pipes die, one by a signal and one by _exit().
 *
 * Truth: the reader waits for the end of each, and gets it.
 */
#include "tests/support/truth.h"

#include <signal.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { WAIT_NS = 50000000 };

static const struct truth_object any_pipe = { "pipe", "*", NULL, 0 };

static void read_to_the_end(bool killed)
{
	int ends[2], there = 0;
	char byte = 'x';
	pid_t child;

	x(pipe(ends));
	child = (pid_t)xs(fork());
	if (child == 0) {
		x(close(ends[0]));
		x_is(1, write(ends[1], &byte, 1));
		truth_sleep_ns(WAIT_NS);
		if (killed)
			raise(SIGKILL);
		_exit(0);
	}
	x(close(ends[1]));
	while (!there) {
		truth_sleep_ns(100000);
		x(ioctl(ends[0], FIONREAD, &there));
	}
	x_is(1, read(ends[0], &byte, 1));
	TRUTH_WAIT(&any_pipe, "acquired", x_is(0, read(ends[0], &byte, 1)));
	while (xs(waitpid(child, NULL, WNOHANG)) == 0)
		truth_sleep_ns(100000);
	x(close(ends[0]));
}

int main(void)
{
	read_to_the_end(true);
	read_to_the_end(false);
	truth_print();
	return 0;
}
