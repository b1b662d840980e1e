/* SPDX-License-Identifier: MIT */
/* bytes_failing: every way in which a wait for bytes, or for room for them, can end without,
 * between two processes. usage: bytes_failing pipe|fifo|pair|unix|tcp
 *
 * Truth: a signal interrupts the reader and the writer, and a time limit of a socket's ends their
 * waits; the reader goes on as the only writer is killed, and gets the end; the writer as the only
 * reader is killed, and gets EPIPE or ECONNRESET. With O_NONBLOCK neither waits at all. What has a
 * path has it removed before: it is the same object, by the same name.
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

enum { LIMIT_US = 20000, BUFFER = 4096, CHANNELS = 8, SETTLED = 10 };

/* What has a reader's end and a writer's, and a name of its own where there are names. */
struct channel {
	int reading, writing;
	char name[160];
	struct truth_object object;
};

static const char *sort, *row, *kind;
static struct channel channels[CHANNELS];
static volatile int *ready; /* shared by all processes: how many have told that they are */
static char bytes[65536];

static void connect_to(struct channel *c, struct sockaddr *address, socklen_t size)
{
	int listening = (int)xs(socket(address->sa_family, SOCK_STREAM, 0));

	x(bind(listening, address, size));
	x(listen(listening, 1));
	x(getsockname(listening, address, &size));
	c->writing = (int)xs(socket(address->sa_family, SOCK_STREAM, 0));
	x(connect(c->writing, address, size));
	c->reading = (int)xs(accept(listening, NULL, NULL));
	x(close(listening));
}

static void open_fifo(struct channel *c)
{
	x(mkfifo(c->name, 0600));
	c->reading = (int)xs(open(c->name, O_RDONLY | O_NONBLOCK));
	c->writing = (int)xs(open(c->name, O_WRONLY));
	x(fcntl(c->reading, F_SETFL, 0));
	x(unlink(c->name));
}

static void open_unix(struct channel *c, const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	connect_to(c, (struct sockaddr *)&address, sizeof(address));
	snprintf(c->name, sizeof(c->name), "unix %s", path);
	x(unlink(path));
}

static void open_tcp(struct channel *c)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };

	connect_to(c, (struct sockaddr *)&address, sizeof(address));
	snprintf(c->name, sizeof(c->name), "tcp 127.0.0.1:%d", ntohs(address.sin_port));
}

/* A new one, of which the caller has both ends. */
static struct channel *open_channel(void)
{
	static int n;
	struct channel *c = &channels[n++];
	int fds[2], small = BUFFER;
	char path[64];

	snprintf(path, sizeof(path), "/tmp/waitscope-bytes-%d-%d", (int)getpid(), n);
	c->object = (struct truth_object){ kind, c->name, NULL, 0 };
	snprintf(c->name, sizeof(c->name), "%s", strcmp(sort, "fifo") ? "*" : path);
	if (!strcmp(sort, "fifo")) {
		open_fifo(c);
	} else if (!strcmp(sort, "unix")) {
		open_unix(c, path);
	} else if (!strcmp(sort, "tcp")) {
		open_tcp(c);
	} else {
		x(strcmp(sort, "pipe") ? socketpair(AF_UNIX, SOCK_STREAM, 0, fds) : pipe(fds));
		c->reading = fds[0];
		c->writing = fds[1];
	}
	if (strcmp(kind, "socket"))
		return c;
	x(setsockopt(c->writing, SOL_SOCKET, SO_SNDBUF, &small, sizeof(small)));
	x(setsockopt(c->reading, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small)));
	return c;
}

/* Until nothing more goes in, however long one waits: a connection moves on what it has. */
static void fill(int fd)
{
	x(fcntl(fd, F_SETFL, O_NONBLOCK));
	for (int refused = 0; refused < SETTLED;) {
		if (write(fd, bytes, refused ? 1 : sizeof(bytes)) >= 0)
			continue;
		x_is(EAGAIN, errno);
		refused++;
		truth_sleep_ns(1000000);
	}
	x(fcntl(fd, F_SETFL, 0));
}

/* Each process has the end that it uses only: its peer's end is the last one's. */
static void be_reader(struct channel *c)
{
	x(close(c->writing));
	__atomic_add_fetch(ready, 1, __ATOMIC_RELEASE);
}

static void be_writer(struct channel *c)
{
	x(close(c->reading));
	__atomic_add_fetch(ready, 1, __ATOMIC_RELEASE);
}

static void idle_reader(void *c)
{
	be_reader(c);
	truth_until_killed();
}

static void idle_writer(void *c)
{
	be_writer(c);
	truth_until_killed();
}

static void reads_until_interrupted(void *argument)
{
	struct channel *c = argument;

	be_reader(c);
	truth_interrupts(SIGUSR1);
	TRUTH_WAIT(&c->object, "interrupted", x_is(-1, read(c->reading, bytes, 1)));
	x_is(EINTR, errno);
	truth_case(row, "interrupted");
}

static void writes_until_interrupted(void *argument)
{
	struct channel *c = argument;

	be_writer(c);
	fill(c->writing);
	truth_interrupts(SIGUSR1);
	TRUTH_WAIT(&c->object, "interrupted", x_is(-1, write(c->writing, bytes, 1)));
	x_is(EINTR, errno);
	truth_case(row, "interrupted");
}

static void reads_to_the_end(void *argument)
{
	struct channel *c = argument;

	be_reader(c);
	TRUTH_WAIT(&c->object, "acquired", x_is(0, read(c->reading, bytes, 1)));
	truth_case(row, "peer_dies");
	if (!strcmp(sort, "fifo") || !strcmp(sort, "unix"))
		truth_case(row, "unlinked");
}

static void writes_in_vain(void *argument)
{
	struct channel *c = argument;

	be_writer(c);
	fill(c->writing);
	x(signal(SIGPIPE, SIG_IGN) == SIG_ERR);
	TRUTH_WAIT(&c->object, "error", x_is(-1, write(c->writing, bytes, 1)));
	x_is(1, errno == EPIPE || errno == ECONNRESET);
	truth_case(row, "peer_dies");
}

static void tries(void *argument)
{
	struct channel *c = argument;

	x(fcntl(c->reading, F_SETFL, O_NONBLOCK));
	x(fcntl(c->writing, F_SETFL, O_NONBLOCK));
	TRUTH_TRY(&c->object, x_is(-1, read(c->reading, bytes, 1)));
	x_is(EAGAIN, errno);
	truth_case(row, "would_block");
	fill(c->writing);
	x(fcntl(c->writing, F_SETFL, O_NONBLOCK));
	TRUTH_TRY(&c->object, x_is(-1, write(c->writing, bytes, 1)));
	x_is(EAGAIN, errno);
	truth_case(row, "would_block");
}

static void reads_for_a_time(void *argument)
{
	struct channel *c = argument;
	struct timeval limit = { 0, LIMIT_US };

	x(setsockopt(c->reading, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)));
	TRUTH_WAIT(&c->object, "timeout", x_is(-1, read(c->reading, bytes, 1)));
	x_is(EAGAIN, errno);
	truth_case(row, "timeout");
}

static void writes_for_a_time(void *argument)
{
	struct channel *c = argument;
	struct timeval limit = { 0, LIMIT_US };

	fill(c->writing);
	x(setsockopt(c->writing, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)));
	TRUTH_WAIT(&c->object, "timeout", x_is(-1, write(c->writing, bytes, 1)));
	x_is(EAGAIN, errno);
	truth_case(row, "timeout");
}

/* `waiter` waits in `call`, and `peer` is at the other end: it is killed, or, if it is to live, the
 * waiter gets a signal. */
static void two(void (*waiter)(void *), long call, void (*peer)(void *), bool kills)
{
	struct channel *c = open_channel();
	pid_t waits, other;

	*ready = 0;
	waits = truth_child(waiter, c);
	other = truth_child(peer, c);
	x(close(c->reading));
	x(close(c->writing));
	truth_until_at_least(ready, 2);
	truth_until_asleep(waits, call);
	if (kills)
		truth_kill(other);
	else
		x(kill(waits, SIGUSR1));
	truth_reap(waits);
	if (!kills)
		truth_kill(other);
}

/* Nobody does anything at the other end, which the parent has. */
static void one(void (*waiter)(void *))
{
	struct channel *c = open_channel();

	truth_reap(truth_child(waiter, c));
	x(close(c->reading));
	x(close(c->writing));
}

int main(int argc, char **argv)
{
	sort = argc > 1 ? argv[1] : "";
	row = strcmp(sort, "pair") ? sort : "unix";
	kind = strcmp(row, "unix") && strcmp(row, "tcp") ? row : "socket";
	if (argc != 2 || (kind == sort && strcmp(sort, "pipe") && strcmp(sort, "fifo")))
		truth_die("usage: bytes_failing pipe|fifo|pair|unix|tcp");
	ready = truth_shared(sizeof(*ready));
	two(reads_until_interrupted, SYS_read, idle_writer, false);
	two(writes_until_interrupted, SYS_write, idle_reader, false);
	two(reads_to_the_end, SYS_read, idle_writer, true);
	two(writes_in_vain, SYS_write, idle_reader, true);
	one(tries);
	if (!strcmp(kind, "socket")) {
		one(reads_for_a_time);
		one(writes_for_a_time);
	}
	truth_print();
	return 0;
}
