/* SPDX-License-Identifier: MIT */
/* pipe_turns: a writer and a reader in two processes, each of whom waits for the other in turn.
 *
 * Truth, of one pipe that is called by its ends: the reader waits three times on an empty pipe for
 * the writer; the writer waits once for room at all and once with a part of its bytes written, for
 * the reader; the reader waits for the end, which the writer's close() brings.
 */
#include "tests/support/truth.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { ROUNDS = 3, WAIT_NS = 20000000, CAPACITY = 65536 };

static const struct truth_object the_pipe = { "pipe", "pipe pipe_turns\u2192pipe_turns", NULL, 0 };
static char bytes[3 * CAPACITY];

static void take(int fd, size_t size)
{
	while (size)
		size -= (size_t)xs(read(fd, bytes, size < CAPACITY ? size : CAPACITY));
}

/* The writer waits, in this call, and goes on by half of what is in the pipe. */
static void make_room(int fd, pid_t writer, long call)
{
	truth_until_in_call(writer, call);
	truth_sleep_ns(WAIT_NS);
	TRUTH_RELEASE(&the_pipe, 1, x_is(CAPACITY / 2, read(fd, bytes, CAPACITY / 2)));
	truth_sleep_ns(WAIT_NS);
}

static void reader(int fd, pid_t parent)
{
	for (int round = 0; round < ROUNDS; round++)
		TRUTH_WAIT(&the_pipe, "acquired", x_is(1, read(fd, bytes, sizeof(bytes))));
	truth_case("pipe", "turns");
	make_room(fd, parent, SYS_write);
	take(fd, CAPACITY / 2 + 1);
	/* What waits for the rest is the library's poll(), where it is there. */
	make_room(fd, parent, getenv("LD_PRELOAD") ? SYS_poll : SYS_write);
	take(fd, CAPACITY / 2 + 1);
	TRUTH_WAIT(&the_pipe, "acquired", x_is(0, read(fd, bytes, 1)));
	truth_print();
	_exit(0);
}

static void until_reading(pid_t child)
{
	truth_until_in_call(child, SYS_read);
	truth_sleep_ns(WAIT_NS);
}

int main(void)
{
	int fds[2];
	pid_t parent = getpid(), child;

	x(pipe(fds));
	x_is(CAPACITY, fcntl(fds[1], F_GETPIPE_SZ));
	child = (pid_t)xs(fork());
	if (child == 0) {
		x(close(fds[1]));
		reader(fds[0], parent);
	}
	x(close(fds[0]));
	for (int round = 0; round < ROUNDS; round++) {
		until_reading(child);
		TRUTH_RELEASE(&the_pipe, 1, x_is(1, write(fds[1], bytes, 1)));
		truth_sleep_ns(WAIT_NS);
	}
	x_is(CAPACITY, write(fds[1], bytes, CAPACITY));
	TRUTH_WAIT(&the_pipe, "acquired", x_is(1, write(fds[1], bytes, 1)));
	truth_sleep_ns(2 * WAIT_NS); /* it is empty by then */
	TRUTH_WAIT(&the_pipe, "acquired", x_is(CAPACITY + 1, write(fds[1], bytes, CAPACITY + 1)));
	until_reading(child);
	TRUTH_RELEASE(&the_pipe, 1, x(close(fds[1])));
	truth_reap(child);
	truth_print();
	return 0;
}
