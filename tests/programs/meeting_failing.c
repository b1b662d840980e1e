/* SPDX-License-Identifier: MIT */
/* meeting_failing: every way in which a wait for a peer to come can end without one: who opens a
 * FIFO for one direction, and who accepts at a socket. usage: meeting_failing fifo|unix|tcp
 *
 * Truth: a signal of the other process interrupts the wait, before and after the path is removed; a
 * time limit of the socket's ends it. With O_NONBLOCK nobody waits. One who connects and is killed
 * before he is accepted has come all the same: that is no wait.
 */
#include "tests/support/truth.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

enum { LIMIT_US = 20000 };

static const char *row;
static char path[64], name[160];
static struct truth_object place = { "", name, NULL, 0 };
static struct sockaddr_storage address;
static socklen_t size;
static int listening = -1;

/* In the line of its user, as the truth has it. */
#define wait_for_peer(flags)                                                                       \
	(listening < 0 ? open(path, (flags) | O_CLOEXEC) : accept(listening, NULL, NULL))

static void interrupted(void *cell)
{
	truth_interrupts(SIGUSR1);
	TRUTH_WAIT(&place, "interrupted", x_is(-1, wait_for_peer(O_RDONLY)));
	x_is(EINTR, errno);
	truth_case(row, cell);
}

static void interrupted_writer(void *cell)
{
	truth_interrupts(SIGUSR1);
	TRUTH_WAIT(&place, "interrupted", x_is(-1, wait_for_peer(O_WRONLY)));
	x_is(EINTR, errno);
	truth_case(row, cell);
}

static void tries(void *unused)
{
	(void)unused;
	if (listening >= 0)
		x(fcntl(listening, F_SETFL, O_NONBLOCK));
	TRUTH_TRY(&place, x_is(-1, wait_for_peer(O_WRONLY | O_NONBLOCK)));
	x_is(listening < 0 ? ENXIO : EAGAIN, errno);
	truth_case(row, "would_block");
	if (listening >= 0)
		x(fcntl(listening, F_SETFL, 0));
}

static void for_a_time(void *unused)
{
	struct timeval limit = { 0, LIMIT_US }, none = { 0, 0 };

	(void)unused;
	x(setsockopt(listening, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)));
	TRUTH_WAIT(&place, "timeout", x_is(-1, accept(listening, NULL, NULL)));
	x_is(EAGAIN, errno);
	truth_case(row, "timeout");
	x(setsockopt(listening, SOL_SOCKET, SO_RCVTIMEO, &none, sizeof(none)));
}

static void interrupt(void (*waiter)(void *), const char *cell)
{
	pid_t pid = truth_child(waiter, (void *)(uintptr_t)cell);

	truth_until_asleep(pid, listening < 0 ? SYS_openat : SYS_accept);
	x(kill(pid, SIGUSR1));
	truth_reap(pid);
}

static void come(void *ready)
{
	int fd = (int)xs(socket(address.ss_family, SOCK_STREAM, 0));

	x(connect(fd, (struct sockaddr *)&address, size));
	__atomic_store_n((int *)ready, 1, __ATOMIC_RELEASE);
	truth_until_killed();
}

static void came_and_died(void)
{
	int *ready = truth_shared(sizeof(*ready)), fd = -1;
	pid_t pid = truth_child(come, ready);
	char byte;

	truth_until_at_least(ready, 1);
	truth_kill(pid);
	TRUTH_TRY(&place, fd = (int)xs(accept(listening, NULL, NULL)));
	x_is(0, read(fd, &byte, 1));
	truth_case(row, "peer_dies");
	x(close(fd));
}

static void make(void)
{
	struct sockaddr_in *in = (struct sockaddr_in *)&address;
	struct sockaddr_un *un = (struct sockaddr_un *)&address;

	snprintf(path, sizeof(path), "/tmp/waitscope-meeting-%d", (int)getpid());
	snprintf(name, sizeof(name), "%s", path);
	if (!strcmp(row, "fifo")) {
		place.kind = "fifo";
		x(mkfifo(path, 0600));
		return;
	}
	place.kind = "socket";
	if (!strcmp(row, "unix")) {
		un->sun_family = AF_UNIX;
		snprintf(un->sun_path, sizeof(un->sun_path), "%s", path);
		size = sizeof(*un);
		snprintf(name, sizeof(name), "unix %s (listening)", path);
	} else if (!strcmp(row, "tcp")) {
		*in = (struct sockaddr_in){ .sin_family = AF_INET,
					    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
		size = sizeof(*in);
	} else {
		truth_die("usage: meeting_failing fifo|unix|tcp");
	}
	listening = (int)xs(socket(address.ss_family, SOCK_STREAM, 0));
	x(bind(listening, (struct sockaddr *)&address, size));
	x(listen(listening, 2));
	x(getsockname(listening, (struct sockaddr *)&address, &size));
	if (address.ss_family == AF_INET)
		snprintf(name, sizeof(name), "tcp 127.0.0.1:%d (listening)", ntohs(in->sin_port));
}

/* The name goes as the other waits. */
static void unlink_while_waiting(void)
{
	pid_t pid = truth_child(interrupted, (void *)(uintptr_t) "unlinked");

	truth_until_asleep(pid, listening < 0 ? SYS_openat : SYS_accept);
	x(unlink(path));
	x(kill(pid, SIGUSR1));
	truth_reap(pid);
}

int main(int argc, char **argv)
{
	row = argc > 1 ? argv[1] : "";
	make();
	interrupt(interrupted, "interrupted");
	if (listening < 0)
		interrupt(interrupted_writer, "interrupted");
	truth_reap(truth_child(tries, NULL));
	if (listening >= 0) {
		truth_reap(truth_child(for_a_time, NULL));
		came_and_died();
	}
	if (strcmp(row, "tcp"))
		unlink_while_waiting();
	truth_value("all_wakes", 1);
	truth_print();
	return 0;
}
