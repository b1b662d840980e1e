/* SPDX-License-Identifier: MIT */
/* ends_unused: a reader gets to the end as the last other end goes, through which nothing ever
 * went.
 *
 * Truth: the child waits at a pipe whose writing end the parent closes, replaces by dup2() or
 * closes by close_range(); and at a socket whose other end the parent shuts down. The parent is the
 * waker.
 */
#include "tests/support/truth.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

static const struct truth_object a_pipe = { "pipe", "*", NULL, 0 };
static const struct truth_object a_socket = { "socket", "*", NULL, 0 };
static int ends[2];

static void reads(void *object)
{
	char byte;

	x(close(ends[1]));
	TRUTH_WAIT((const struct truth_object *)object, "acquired",
		   x_is(0, read(ends[0], &byte, 1)));
}

static pid_t start(const struct truth_object *object)
{
	pid_t pid;

	x(object == &a_pipe ? pipe(ends) : socketpair(AF_UNIX, SOCK_STREAM, 0, ends));
	pid = truth_child(reads, (void *)(uintptr_t)object);
	x(close(ends[0]));
	truth_until_asleep(pid, SYS_read);
	return pid;
}

int main(void)
{
	pid_t pid = start(&a_pipe);

	TRUTH_RELEASE(&a_pipe, 1, x(close(ends[1])));
	truth_reap(pid);
	pid = start(&a_pipe);
	TRUTH_RELEASE(&a_pipe, 1, x_is(ends[1], dup2(STDIN_FILENO, ends[1])));
	truth_reap(pid);
	x(close(ends[1]));
	pid = start(&a_pipe);
	TRUTH_RELEASE(&a_pipe, 1, x(close_range((unsigned int)ends[1], (unsigned int)ends[1], 0)));
	truth_reap(pid);
	pid = start(&a_socket);
	TRUTH_RELEASE(&a_socket, 1, x(shutdown(ends[1], SHUT_WR)));
	truth_reap(pid);
	x(close(ends[1]));
	truth_print();
	return 0;
}
