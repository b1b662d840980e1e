/* SPDX-License-Identifier: MIT */
/* fds_handed: a pipe that comes to its reader by another way than being inherited as it was.
 *
 * rights: a child that was there before the pipe gets its reading end in a message (SCM_RIGHTS).
 * copies: the reader reads by copies of the number (dup, dup2, dup3, F_DUPFD, F_DUPFD_CLOEXEC) with
 *         the first closed by close_range(), and then by one that has become an eventfd's.
 * exec:   the reader is a new program that was given the number; a socket's other end is
 *         close-on-exec, and closed by that.
 *
 * Truth: the reader waits for one pipe, however it came by it, and the writer ends each wait; the
 * end of the socket is brought by the exec. usage: fds_handed rights|copies|exec
 */
#include "tests/support/truth.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { ROUNDS = 3, COPIES = 5, WAIT_NS = 20000000 };

static const struct truth_object the_pipe = { "pipe", "pipe fds_handed\u2192fds_handed", NULL, 0 };
static const struct truth_object carrier = { "socket", "*", NULL, 0 };
static const struct truth_object event = { "eventfd", "*", NULL, 0 };
static char byte;

static void read_one(int fd)
{
	TRUTH_WAIT(&the_pipe, "acquired", x_is(1, read(fd, &byte, 1)));
}

static void write_one(int fd, pid_t reader)
{
	truth_until_in_call(reader, SYS_read);
	truth_sleep_ns(WAIT_NS);
	TRUTH_RELEASE(&the_pipe, 1, x_is(1, write(fd, "x", 1)));
	truth_sleep_ns(WAIT_NS);
}

/* A message with room for one number. */
struct parcel {
	char word[2];
	struct iovec iov;
	char control[CMSG_SPACE(sizeof(int))];
	struct msghdr m;
};

static void wrap(struct parcel *p)
{
	memset(p, 0, sizeof(*p));
	p->iov = (struct iovec){ p->word, 1 };
	p->m = (struct msghdr){ .msg_iov = &p->iov,
				.msg_iovlen = 1,
				.msg_control = p->control,
				.msg_controllen = sizeof(p->control) };
}

static void rights(void)
{
	struct parcel parcel;
	int way[2], p[2], fd;
	pid_t child;

	x(socketpair(AF_UNIX, SOCK_STREAM, 0, way));
	child = (pid_t)xs(fork());
	wrap(&parcel);
	if (child == 0) {
		TRUTH_WAIT(&carrier, "acquired", x_is(1, recvmsg(way[1], &parcel.m, 0)));
		memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&parcel.m)), sizeof(fd));
		for (int round = 0; round < ROUNDS; round++)
			read_one(fd);
		truth_print();
		_exit(0);
	}
	truth_until_in_call(child, SYS_recvmsg);
	truth_sleep_ns(WAIT_NS);
	x(pipe(p));

	struct cmsghdr *c = CMSG_FIRSTHDR(&parcel.m);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &p[0], sizeof(int));
	TRUTH_RELEASE(&carrier, 1, x_is(1, sendmsg(way[0], &parcel.m, 0)));
	x(close(p[0]));
	for (int round = 0; round < ROUNDS; round++)
		write_one(p[1], child);
	truth_reap(child);
}

static void copies(void)
{
	int p[2], copy[COPIES], wakes = (int)xs(eventfd(0, 0));
	uint64_t value = 1;
	pid_t child;

	x(pipe(p));
	child = (pid_t)xs(fork());
	if (child == 0) {
		x(close(p[1]));
		copy[0] = (int)xs(dup(p[0]));
		copy[1] = (int)xs(dup2(p[0], 40));
		copy[2] = (int)xs(dup3(p[0], 41, O_CLOEXEC));
		copy[3] = (int)xs(fcntl(p[0], F_DUPFD, 50));
		copy[4] = (int)xs(fcntl(p[0], F_DUPFD_CLOEXEC, 60));
		x(close_range((unsigned int)p[0], (unsigned int)p[0], 0));
		for (int i = 0; i < COPIES; i++)
			read_one(copy[i]);
		/* The number is another file's from now on. */
		xs(dup2(wakes, copy[1]));
		TRUTH_WAIT(&event, "acquired", x_is(8, read(copy[1], &value, sizeof(value))));
		truth_print();
		_exit(0);
	}
	x(close(p[0]));
	for (int i = 0; i < COPIES; i++)
		write_one(p[1], child);
	truth_until_in_call(child, SYS_read);
	truth_sleep_ns(WAIT_NS);
	TRUTH_RELEASE(&event, 1, x_is(8, write(wakes, &value, sizeof(value))));
	truth_reap(child);
}

/* The list of what was done is lost with the program that did it. */
#define EXEC(self, number) (truth_print(), execl((self), (self), "reader", (number), NULL))

static void exec(char *self)
{
	pid_t child, parent = getpid();
	int p[2], ends[2], there = 0;
	char number[16];

	x(pipe(p));
	x(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends));
	child = (pid_t)xs(fork());
	if (child == 0) {
		x(close(p[1]));
		x(close(ends[0]));
		snprintf(number, sizeof(number), "%d", p[0]);
		x_is(1, write(ends[1], "x", 1));
		truth_until_in_call(parent, SYS_read);
		truth_sleep_ns(WAIT_NS);
		TRUTH_RELEASE(&carrier, 1, EXEC(self, number));
		truth_die("exec");
	}
	x(close(p[0]));
	x(close(ends[1]));
	while (!there) {
		truth_sleep_ns(100000);
		x(ioctl(ends[0], FIONREAD, &there));
	}
	x_is(1, read(ends[0], &byte, 1));
	TRUTH_WAIT(&carrier, "acquired", x_is(0, read(ends[0], &byte, 1)));
	for (int round = 0; round < ROUNDS; round++)
		write_one(p[1], child);
	truth_reap(child);
}

int main(int argc, char **argv)
{
	const char *how = argc > 1 ? argv[1] : "";

	if (!strcmp(how, "rights")) {
		rights();
	} else if (!strcmp(how, "copies")) {
		copies();
	} else if (!strcmp(how, "exec")) {
		exec(argv[0]);
	} else if (!strcmp(how, "reader") && argc == 3) {
		for (int round = 0; round < ROUNDS; round++)
			read_one(atoi(argv[2]));
	} else {
		truth_die("usage: fds_handed rights|copies|exec");
	}
	truth_print();
	return 0;
}
