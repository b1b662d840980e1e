/* SPDX-License-Identifier: MIT */
/* same_points_files.c: of same_points, what waits for files by their numbers: pipes, FIFOs,
 * sockets, record locks, polls. */
#include "tests/programs/same_points.h"
#include "tests/support/truth.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/un.h>

static char bytes[2 * ROOM];
static struct iovec few = { bytes, 8 }, many = { bytes, sizeof(bytes) };

static void pipe_state(bool undone)
{
	(void)undone;
	say("%d bytes in it", in_pipe(ends[0]));
	x(close(ends[0]));
	x(close(ends[1]));
}
static const struct fixture empty = { empty_pipe, pipe_state, write_line, NULL, 0 };
static const struct fixture full = { full_pipe, pipe_state, read_page, NULL, 0 };

/* With room for less than is written: what fits is there, whatever becomes of the call. */
static void half_full_pipe(bool blocked)
{
	full_pipe(false);
	/* Two pages have no room in one, one would. */
	many.iov_len = blocked ? sizeof(bytes) : 8;
}
static const struct fixture half = { half_full_pipe, pipe_state, read_page, NULL, 0 };

static void closed_state(bool undone)
{
	(void)undone;
	say("open %d", fcntl(ends[0], F_GETFD) == 0);
	close(ends[0]);
	x(close(ends[1]));
}
static const struct fixture closed = { empty_pipe, closed_state, NULL, NULL, NEVER_WAITS };

/* From one pipe into another. */
static int other[2];

static void make_two(bool blocked)
{
	x(pipe(other));
	empty_pipe(blocked);
}

static void two_state(bool undone)
{
	say("%d bytes in the other, ", in_pipe(other[0]));
	pipe_state(undone);
	x(close(other[0]));
	x(close(other[1]));
}
static const struct fixture two = { make_two, two_state, write_line, NULL, 0 };

/* An eventfd that is 0, or that is as high as it goes. */
static int event;
static eventfd_t value;

static void make_zero(bool blocked)
{
	event = (int)xs(eventfd(blocked ? 0 : 5, 0));
}

static void make_highest(bool blocked)
{
	event = (int)xs(eventfd(0, 0));
	if (blocked)
		x(eventfd_write(event, 0xfffffffffffffffeu));
}

static void event_state(bool undone)
{
	(void)undone;
	value = 0;
	x(fcntl(event, F_SETFL, O_NONBLOCK));
	eventfd_read(event, &value);
	say("value %llx", (unsigned long long)value);
	x(close(event));
}

static void add_five(void)
{
	x(eventfd_write(event, 5));
}

static void take_all(void)
{
	eventfd_t all;

	x(eventfd_read(event, &all));
}

static const struct fixture zero = { make_zero, event_state, add_five, NULL, 0 };
static const struct fixture highest = { make_highest, event_state, take_all, NULL, 0 };

/* Sets of one pipe. */
static struct pollfd set;
static fd_set readable;
static int epoll;
static struct epoll_event happened;

static void make_set(bool blocked)
{
	empty_pipe(blocked);
	set = (struct pollfd){ ends[0], POLLIN, 0 };
	FD_ZERO(&readable);
	FD_SET(ends[0], &readable);
	epoll = (int)xs(epoll_create1(0));
	happened = (struct epoll_event){ .events = EPOLLIN };
	x(epoll_ctl(epoll, EPOLL_CTL_ADD, ends[0], &happened));
	happened.events = 0;
}

static void set_state(bool undone)
{
	say("revents %d, set %d, happened %u, ", set.revents, FD_ISSET(ends[0], &readable) != 0,
	    happened.events);
	x(close(epoll));
	pipe_state(undone);
}
static const struct fixture polled = { make_set, set_state, write_line, NULL, 0 };

/* Connections. */
static struct sockaddr_un address = { .sun_family = AF_UNIX };
static socklen_t address_size;
static int listener, client;

static void make_listener(void)
{
	/* An abstract name, which takes no file. */
	address_size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 +
				   (size_t)snprintf(address.sun_path + 1, 32, "ws-points-%d",
						    (int)getpid()));
	listener = (int)xs(socket(AF_UNIX, SOCK_STREAM, 0));
	x(bind(listener, (struct sockaddr *)&address, address_size));
	x(listen(listener, 0));
	client = (int)xs(socket(AF_UNIX, SOCK_STREAM, 0));
}

static void connect_client(void)
{
	x(connect(client, (struct sockaddr *)&address, address_size));
}

static void make_nobody(bool blocked)
{
	make_listener();
	if (!blocked)
		connect_client();
}

static int crowd[8], crowd_n;

static void make_crowd(bool blocked)
{
	make_listener();
	crowd_n = 0;
	while (blocked && crowd_n < 8) {
		int fd = (int)xs(socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0));

		crowd[crowd_n++] = fd;
		if (connect(fd, (struct sockaddr *)&address, address_size) != 0)
			break; /* as many as it takes */
	}
}

static void connection_state(bool undone)
{
	socklen_t size = 0;
	int n = 0, fd;

	(void)undone;
	say("peer %d, ", getpeername(client, (struct sockaddr *)bytes, &size));
	x(fcntl(listener, F_SETFL, O_NONBLOCK));
	while ((fd = accept(listener, NULL, NULL)) >= 0) {
		n++;
		x(close(fd));
	}
	say("%d to accept", n);
	for (int i = 0; i < crowd_n; i++)
		x(close(crowd[i]));
	crowd_n = 0;
	x(close(client));
	x(close(listener));
}

static void accept_one(void)
{
	x(close((int)xs(accept(listener, NULL, NULL))));
}

static const struct fixture nobody = { make_nobody, connection_state, connect_client, NULL, 0 };
static const struct fixture crowded = { make_crowd, connection_state, accept_one, NULL, 0 };

/* A connected pair: nothing to receive, or no room to send. */
static struct msghdr header;
static struct mmsghdr headers;
static int before;

static void make_pair(bool blocked)
{
	x(socketpair(AF_UNIX, SOCK_STREAM, 0, ends));
	header = (struct msghdr){ .msg_iov = &few, .msg_iovlen = 1 };
	headers = (struct mmsghdr){ header, 0 };
	if (!blocked)
		x_is(16, send(ends[1], bytes, 16, 0));
	before = in_pipe(ends[0]);
}

static void make_full_pair(bool blocked)
{
	make_pair(true);
	while (blocked && send(ends[1], bytes, sizeof(bytes), MSG_DONTWAIT) > 0)
		;
	while (blocked && send(ends[1], bytes, 1, MSG_DONTWAIT) > 0)
		;
	before = in_pipe(ends[0]);
}

static void pair_state(bool undone)
{
	(void)undone;
	say("%d bytes more in it, length %u", in_pipe(ends[0]) - before, headers.msg_len);
	x(close(ends[0]));
	x(close(ends[1]));
}

static void send_some(void)
{
	x_is(16, send(ends[1], bytes, 16, 0));
}

static void receive_all(void)
{
	static char much[1 << 20];

	before -= (int)xs(recv(ends[0], much, sizeof(much), 0));
}

static const struct fixture quiet = { make_pair, pair_state, send_some, NULL, 0 };
static const struct fixture busy = { make_full_pair, pair_state, receive_all, NULL, 0 };

/* A FIFO that nobody else has open, or that is open both ways. */
static char path[64];
static int opened;

static void make_fifo(bool blocked)
{
	snprintf(path, sizeof(path), "/tmp/ws-points-%d", (int)getpid());
	unlink(path);
	x(mkfifo(path, 0600));
	opened = blocked ? -1 : (int)xs(open(path, O_RDWR));
}

static void fifo_state(bool undone)
{
	char byte;
	int fd, writer;

	(void)undone;
	if (opened >= 0)
		x(close(opened));
	/* Is there still somebody who reads, or who writes? */
	fd = open(path, O_WRONLY | O_NONBLOCK);
	say("reader %d, ", fd >= 0);
	if (fd >= 0)
		x(close(fd));
	fd = (int)xs(open(path, O_RDONLY | O_NONBLOCK));
	writer = read(fd, &byte, 1) == -1 && errno == EAGAIN;
	say("writer %d", writer);
	x(close(fd));
	x(unlink(path));
}

static void open_other(void)
{
	opened = (int)xs(open(path, O_RDWR));
}

static const struct fixture fifo = { make_fifo, fifo_state, open_other, NULL, 0 };

/* Tells whether it was opened, and closes it again. */
static int opens(int fd)
{
	return fd >= 0 ? close(fd) : fd;
}

/* A file that a child has locked, or nobody. */
static int file;
static pid_t holder;
static struct flock whole = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

static void make_locked(bool blocked)
{
	char byte;

	snprintf(path, sizeof(path), "/tmp/ws-points-%d", (int)getpid());
	file = (int)xs(open(path, O_RDWR | O_CREAT, 0600));
	if (!blocked)
		return;
	x(pipe(ends));
	holder = (pid_t)xs(fork());
	if (holder == 0) {
		x(prctl(PR_SET_PDEATHSIG, SIGKILL));
		x(fcntl(file, F_SETLK, &whole));
		x_is(1, write(ends[1], "", 1));
		pause();
		_exit(1);
	}
	x_is(1, read(ends[0], &byte, 1));
	x(close(ends[0]));
	x(close(ends[1]));
}

/* Whoever could lock it now is not kept from it by the caller. */
static void locked_state(bool undone)
{
	int status;
	pid_t pid;

	(void)undone;
	if (holder) {
		kill(holder, SIGKILL);
		x_is(holder, waitpid(holder, &status, 0));
		holder = 0;
	}
	pid = (pid_t)xs(fork());
	if (pid == 0)
		_exit(fcntl(file, F_SETLK, &whole) == 0 ? 0 : errno);
	x_is(pid, waitpid(pid, &status, 0));
	say("another gets %d", WEXITSTATUS(status));
	x(close(file));
	x(unlink(path));
}

static void end_holder(void)
{
	x(kill(holder, SIGKILL));
}

static const struct fixture locked = { make_locked, locked_state, end_holder, NULL, 0 };

static int others_file;

static void make_flocked(bool blocked)
{
	make_locked(false);
	others_file = (int)xs(open(path, O_RDWR));
	if (blocked)
		x(flock(others_file, LOCK_EX));
}

static void unlock_flock(void)
{
	x(flock(others_file, LOCK_UN));
}

static void flocked_state(bool undone)
{
	(void)undone;
	say("another gets %d", flock(others_file, LOCK_EX | LOCK_NB));
	x(close(others_file));
	x(close(file));
	x(unlink(path));
}
static const struct fixture flocked = { make_flocked, flocked_state, unlock_flock, NULL, STAYS };

static void make_from_file(bool blocked)
{
	make_locked(false);
	x_is(8, write(file, bytes, 8));
	x_is(0, lseek(file, 0, SEEK_SET));
	full_pipe(blocked);
}

static void from_file_state(bool undone)
{
	pipe_state(undone);
	x(close(file));
	x(unlink(path));
}
static const struct fixture from_file = { make_from_file, from_file_state, read_page, NULL, STAYS };

#define TO_CLIENT (struct sockaddr *)&address, address_size
#define POINTS(C)                                                                                  \
	C(lockf, locked, x_lockf(file, F_LOCK, 0))                                                 \
	C(fcntl, locked, x_fcntl(file, F_SETLKW, &whole))                                          \
	C(close, closed, x_close(ends[0]))                                                         \
	C(read, empty, x_read(ends[0], bytes, 8))                                                  \
	C(readv, empty, x_readv(ends[0], &few, 1))                                                 \
	C(__read_chk, empty, x___read_chk(ends[0], bytes, 8, sizeof(bytes)))                       \
	C(preadv2, empty, x_preadv2(ends[0], &few, 1, -1, 0))                                      \
	C(write, full, x_write(ends[1], bytes, 8))                                                 \
	C(writev, half, x_writev(ends[1], &many, 1))                                               \
	C(pwritev2, half, x_pwritev2(ends[1], &many, 1, -1, 0))                                    \
	C(eventfd_read, zero, x_eventfd_read(event, &value))                                       \
	C(eventfd_write, highest, x_eventfd_write(event, 1))                                       \
	C(poll, polled, x_poll(&set, 1, -1))                                                       \
	C(__poll_chk, polled, x___poll_chk(&set, 1, -1, sizeof(set)))                              \
	C(ppoll, polled, x_ppoll(&set, 1, NULL, NULL))                                             \
	C(__ppoll_chk, polled, x___ppoll_chk(&set, 1, NULL, NULL, sizeof(set)))                    \
	C(select, polled, x_select(ends[0] + 1, &readable, NULL, NULL, NULL))                      \
	C(pselect, polled, x_pselect(ends[0] + 1, &readable, NULL, NULL, NULL, NULL))              \
	C(epoll_wait, polled, x_epoll_wait(epoll, &happened, 1, -1))                               \
	C(epoll_pwait, polled, x_epoll_pwait(epoll, &happened, 1, -1, NULL))                       \
	C(epoll_pwait2, polled, x_epoll_pwait2(epoll, &happened, 1, NULL, NULL))                   \
	C(accept, nobody, opens(x_accept(listener, NULL, NULL)))                                   \
	C(accept4, nobody, opens(x_accept4(listener, NULL, NULL, SOCK_CLOEXEC)))                   \
	C(connect, crowded, x_connect(client, TO_CLIENT))                                          \
	C(recv, quiet, x_recv(ends[0], bytes, 8, 0))                                               \
	C(__recv_chk, quiet, x___recv_chk(ends[0], bytes, 8, sizeof(bytes), 0))                    \
	C(recvfrom, quiet, x_recvfrom(ends[0], bytes, 8, 0, NULL, NULL))                           \
	C(__recvfrom_chk, quiet,                                                                   \
	  x___recvfrom_chk(ends[0], bytes, 8, sizeof(bytes), 0, NULL, NULL))                       \
	C(recvmsg, quiet, x_recvmsg(ends[0], &header, 0))                                          \
	C(recvmmsg, quiet, x_recvmmsg(ends[0], &headers, 1, 0, NULL))                              \
	C(send, busy, x_send(ends[1], bytes, 8, 0))                                                \
	C(sendto, busy, x_sendto(ends[1], bytes, 8, 0, NULL, 0))                                   \
	C(sendmsg, busy, x_sendmsg(ends[1], &header, 0))                                           \
	C(sendmmsg, busy, x_sendmmsg(ends[1], &headers, 1, 0))                                     \
	C(open, fifo, opens(x_open(path, O_RDONLY, 0)))                                            \
	C(__open_2, fifo, opens(x___open_2(path, O_WRONLY)))                                       \
	C(openat, fifo, opens(x_openat(AT_FDCWD, path, O_WRONLY, 0)))                              \
	C(__openat_2, fifo, opens(x___openat_2(AT_FDCWD, path, O_RDONLY)))                         \
	C(creat, fifo, opens(x_creat(path, 0600)))                                                 \
	C(splice, two, x_splice(ends[0], NULL, other[1], NULL, 8, 0))                              \
	C(tee, two, x_tee(ends[0], other[1], 8, 0))                                                \
	C(vmsplice, full, x_vmsplice(ends[1], &few, 1, 0))                                         \
	C(sendfile, from_file, x_sendfile(ends[1], file, NULL, 8))                                 \
	C(flock, flocked, x_flock(file, LOCK_EX))

POINTS(POINT_CALL)
const struct point file_points[] = { POINTS(POINT_ROW) };
const size_t file_points_n = sizeof(file_points) / sizeof(file_points[0]);
