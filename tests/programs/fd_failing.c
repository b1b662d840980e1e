/* SPDX-License-Identifier: MIT */
/* fd_failing: every way in which a read of an eventfd, a signalfd or a timerfd, or one of a socket
 * for datagrams, can end without, between two processes. usage: fd_failing
 * eventfd|signalfd|timerfd|udp|unix_datagram
 *
 * Truth: a signal of the other process interrupts the read, and the socket's time limit ends one; a
 * full eventfd's writer is interrupted, too. With O_NONBLOCK nobody waits. What the read is for
 * comes at last: a value, a signal, the time, a datagram; of the Unix socket after its path was
 * removed.
 */
#include "tests/support/truth.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <unistd.h>

enum { LIMIT_US = 20000, LIMIT_NS = 1000 * LIMIT_US };

static const char *row;
static char name[160];
static struct truth_object object = { "", name, NULL, 0 };
static int fd, peer = -1; /* a socket that is connected to `fd` */
static struct sockaddr_storage address;
static socklen_t size;
static volatile int *stage; /* how many waits without a limit the child has begun */
static char bytes[256];

static bool is(const char *which)
{
	return !strcmp(row, which);
}

static void next_stage(void)
{
	__atomic_add_fetch(stage, 1, __ATOMIC_RELEASE);
}

static void writer_interrupted(void)
{
	uint64_t most = UINT64_MAX - 1;

	x_is(8, write(fd, &most, sizeof(most)));
	TRUTH_WAIT(&object, "interrupted", x_is(-1, write(fd, &most, sizeof(most))));
	x_is(EINTR, errno);
	truth_case(row, "interrupted");
	x_is(8, read(fd, &most, sizeof(most)));
}

static void for_a_time(void)
{
	struct timeval limit = { 0, LIMIT_US }, none = { 0, 0 };

	x(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)));
	TRUTH_WAIT(&object, "timeout", x_is(-1, recv(fd, bytes, sizeof(bytes), 0)));
	x_is(EAGAIN, errno);
	truth_case(row, "timeout");
	x(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &none, sizeof(none)));
}

static void reads(void *unused)
{
	struct itimerspec limit = { .it_value = { 0, LIMIT_NS } };

	(void)unused;
	if (is("signalfd") || is("timerfd")) /* the wait is this process's own */
		snprintf(name, sizeof(name), "%s fd_failing[%d]",
			 is("timerfd") ? "sleep of" : "signal to", (int)getpid());
	truth_interrupts(SIGUSR1);
	x(fcntl(fd, F_SETFL, O_NONBLOCK));
	TRUTH_TRY(&object, x_is(-1, read(fd, bytes, sizeof(bytes))));
	x_is(EAGAIN, errno);
	truth_case(row, "would_block");
	x(fcntl(fd, F_SETFL, 0));
	next_stage();
	TRUTH_WAIT(&object, "interrupted", x_is(-1, read(fd, bytes, sizeof(bytes))));
	x_is(EINTR, errno);
	truth_case(row, "interrupted");
	next_stage();
	if (is("eventfd"))
		writer_interrupted();
	else if (size)
		for_a_time();
	next_stage();
	if (is("timerfd"))
		x(timerfd_settime(fd, 0, &limit, NULL));
	TRUTH_WAIT(&object, "acquired", xs(read(fd, bytes, sizeof(bytes))));
	truth_case(row, "turns");
	if (is("unix_datagram"))
		truth_case(row, "unlinked");
}

static void make_socket(sa_family_t family)
{
	struct sockaddr_in *in = (struct sockaddr_in *)&address;
	struct sockaddr_un *un = (struct sockaddr_un *)&address;

	address.ss_family = family;
	fd = (int)xs(socket(family, SOCK_DGRAM, 0));
	size = family == AF_UNIX ? sizeof(*un) : sizeof(*in);
	if (family == AF_UNIX)
		snprintf(un->sun_path, sizeof(un->sun_path), "/tmp/waitscope-fd-%d", (int)getpid());
	else
		in->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	x(bind(fd, (struct sockaddr *)&address, size));
	x(getsockname(fd, (struct sockaddr *)&address, &size));
	peer = (int)xs(socket(family, SOCK_DGRAM, 0));
	x(connect(peer, (struct sockaddr *)&address, size));
	if (family == AF_UNIX)
		snprintf(name, sizeof(name), "unix %s", un->sun_path);
	else
		snprintf(name, sizeof(name), "udp 127.0.0.1:%d", ntohs(in->sin_port));
}

static void make(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	object.kind = is("eventfd") ? "eventfd" : is("signalfd") ? "signal" : "sleep";
	snprintf(name, sizeof(name), "*");
	if (is("eventfd")) {
		fd = (int)xs(eventfd(0, 0));
	} else if (is("signalfd")) {
		x(sigprocmask(SIG_BLOCK, &set, NULL));
		fd = (int)xs(signalfd(-1, &set, 0));
	} else if (is("timerfd")) {
		fd = (int)xs(timerfd_create(CLOCK_MONOTONIC, 0));
	} else if (is("udp") || is("unix_datagram")) {
		object.kind = "socket";
		make_socket(is("udp") ? AF_INET : AF_UNIX);
	} else {
		truth_die("usage: fd_failing eventfd|signalfd|timerfd|udp|unix_datagram");
	}
}

static void until_waiting(pid_t pid, int wanted, long call)
{
	truth_until_at_least(stage, wanted);
	truth_until_asleep(pid, call);
}

/* What the child waits for at last. */
static void bring(pid_t pid)
{
	static char child_name[96];
	static struct truth_object signals = { "signal", child_name, NULL, 0 };
	uint64_t one = 1;

	snprintf(child_name, sizeof(child_name), "signal to fd_failing[%d]", (int)pid);
	if (is("eventfd"))
		TRUTH_RELEASE(&object, 1, x_is(8, write(fd, &one, sizeof(one))));
	else if (is("signalfd"))
		TRUTH_RELEASE(&signals, 1, x(kill(pid, SIGUSR2)));
	else if (peer >= 0)
		TRUTH_RELEASE(&object, 1, x_is(4, send(peer, "word", 4, 0)));
}

int main(int argc, char **argv)
{
	pid_t pid;

	row = argc > 1 ? argv[1] : "";
	make();
	stage = truth_shared(sizeof(*stage));
	pid = truth_child(reads, NULL);
	until_waiting(pid, 1, SYS_read);
	x(kill(pid, SIGUSR1));
	if (is("eventfd")) {
		until_waiting(pid, 2, SYS_write);
		x(kill(pid, SIGUSR1));
	}
	until_waiting(pid, 3, SYS_read);
	if (is("unix_datagram"))
		x(unlink(((struct sockaddr_un *)&address)->sun_path));
	bring(pid);
	truth_reap(pid);
	truth_print();
	return 0;
}
