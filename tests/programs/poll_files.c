/* SPDX-License-Identifier: MIT */
/* poll_files CALL: waits for any of two FIFOs by that call (poll, select, epoll_wait and their
 * forms); a child makes one of them ready. Then what else can end such a wait.
 *
 * Truth: each wait counts for the polling of the FIFO that was written to, and is ended by the
 * child's write; one for room in a full FIFO by its read. A time limit and a signal, let in by the
 * call's mask where it has one, end waits without a waker. What is ready, or has no time to wait,
 * is no wait.
 */
#include "tests/support/truth.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef SYS_epoll_pwait2
#define SYS_epoll_pwait2 441
#endif

enum { ROUNDS = 3, WAIT_NS = 20000000, LIMIT_MS = 20, FOR_EVER = -1 };

enum how { POLL, PPOLL, SELECT, PSELECT, EPOLL_WAIT, EPOLL_PWAIT, EPOLL_PWAIT2, N_HOWS };

static const struct {
	const char *name;
	long number;
	bool masks;
} calls[N_HOWS] = {
	[POLL] = { "poll", SYS_poll, false },
	[PPOLL] = { "ppoll", SYS_ppoll, true },
	[SELECT] = { "select", SYS_pselect6, false },
	[PSELECT] = { "pselect", SYS_pselect6, true },
	[EPOLL_WAIT] = { "epoll_wait", SYS_epoll_wait, false },
	[EPOLL_PWAIT] = { "epoll_pwait", SYS_epoll_pwait, true },
	[EPOLL_PWAIT2] = { "epoll_pwait2", SYS_epoll_pwait2, true },
};

static enum how how;
static pid_t waiter;
static char folder[] = "/tmp/waitscope-poll-XXXXXX";

enum { N_FILES = 5, HANGS_UP = 4 }; /* the two before the last are full */
static char paths[N_FILES][sizeof(folder) + 8], set_name[64];
static const struct truth_object first = { "poll", paths[0], NULL, 0 };
static const struct truth_object second = { "poll", paths[1], NULL, 0 };
static const struct truth_object third = { "poll", paths[2], NULL, 0 };
static const struct truth_object last = { "poll", paths[HANGS_UP], NULL, 0 };
static volatile int *stage; /* 1: the last one has its writer */
static const struct truth_object set = { "poll", set_name, NULL, 0 };

/* What epoll_wait() answers with: it need not be the number. */
static struct {
	int fd;
} attached[2];

static int new_set(const int *fds, bool writing)
{
	int epfd = (int)xs(epoll_create1(0));

	for (int i = 0; i < 2; i++) {
		struct epoll_event event = { .events = writing ? EPOLLOUT : EPOLLIN };

		attached[i].fd = fds[i];
		if (how == EPOLL_WAIT)
			event.data.fd = fds[i];
		else
			event.data.ptr = &attached[i];
		x(epoll_ctl(epfd, EPOLL_CTL_ADD, fds[i], &event));
	}
	return epfd;
}

/* The call, on two files. Gives the ready one's number; 0: none; -1 with errno. */
static int any(const struct truth_object *object, const char *outcome, const int *fds, bool writing,
	       int limit_ms)
{
	struct pollfd list[2] = { { fds[0], writing ? POLLOUT : POLLIN, 0 },
				  { fds[1], writing ? POLLOUT : POLLIN, 0 } };
	struct timespec limit = { 0, limit_ms * 1000000L }, *time = limit_ms < 0 ? NULL : &limit;
	struct timeval old_limit = { 0, limit_ms * 1000L };
	int end = (fds[0] > fds[1] ? fds[0] : fds[1]) + 1, epfd = -1, r = 0;
	struct epoll_event event = { 0 };
	sigset_t none;
	fd_set files;

	sigemptyset(&none);
	FD_ZERO(&files);
	FD_SET(fds[0], &files);
	FD_SET(fds[1], &files);
	if (how >= EPOLL_WAIT)
		epfd = new_set(fds, writing);
	switch (how) {
	case POLL:
		TRUTH_WAIT(object, outcome, r = poll(list, 2, limit_ms));
		break;
	case PPOLL:
		TRUTH_WAIT(object, outcome, r = ppoll(list, 2, time, &none));
		break;
	case SELECT:
		TRUTH_WAIT(object, outcome,
			   r = select(end, writing ? NULL : &files, writing ? &files : NULL, NULL,
				      time ? &old_limit : NULL));
		break;
	case PSELECT:
		TRUTH_WAIT(object, outcome,
			   r = pselect(end, writing ? NULL : &files, writing ? &files : NULL, NULL,
				       time, &none));
		break;
	case EPOLL_WAIT:
		TRUTH_WAIT(object, outcome, r = epoll_wait(epfd, &event, 1, limit_ms));
		break;
	case EPOLL_PWAIT:
		TRUTH_WAIT(object, outcome, r = epoll_pwait(epfd, &event, 1, limit_ms, &none));
		break;
	case EPOLL_PWAIT2:
		TRUTH_WAIT(object, outcome, r = epoll_pwait2(epfd, &event, 1, time, &none));
		break;
	default:
		break;
	}
	if (epfd >= 0) {
		int error = errno;

		x(close(epfd));
		errno = error;
	}
	if (r <= 0)
		return r;
	x_is(1, r);
	if (how <= PPOLL)
		return list[0].revents ? fds[0] : fds[1];
	if (how <= PSELECT)
		return FD_ISSET(fds[0], &files) ? fds[0] : fds[1];
	return how == EPOLL_WAIT ? event.data.fd : ((int *)event.data.ptr)[0];
}

static void until_waiting(void)
{
	truth_until_in_call(waiter, calls[how].number);
	truth_sleep_ns(WAIT_NS);
}

static void write_to(const struct truth_object *object, int fd)
{
	TRUTH_RELEASE(object, 1, x_is(1, write(fd, "x", 1)));
}

static void read_from(const struct truth_object *object, int fd)
{
	static char all[1 << 20];

	TRUTH_RELEASE(object, 1, xs(read(fd, all, sizeof(all))));
}

/* The only writer of the last FIFO, until it is killed. */
static void writer(void *fds)
{
	xs(open(paths[HANGS_UP], O_WRONLY));
	x(close(((int *)fds)[HANGS_UP]));
	__atomic_store_n(stage, 1, __ATOMIC_RELEASE);
	truth_until_killed();
}

/* What the child does to end the waits, in their order. */
static void help(const int *fds, pid_t victim)
{
	for (int round = 0; round < ROUNDS; round++) {
		until_waiting();
		write_to(&second, fds[1]);
	}
	until_waiting();
	write_to(&first, fds[0]);
	until_waiting();
	read_from(&third, fds[2]);
	until_waiting();
	x(kill(waiter, SIGUSR1));
	until_waiting();
	x(kill(victim, SIGKILL));
	truth_print();
	_exit(0);
}

static void on_signal(int number)
{
	(void)number;
}

static void no_waits(const int *fds)
{
	char c;

	x_is(1, write(fds[1], "x", 1));
	x_is(fds[1], any(&set, "none", fds, false, FOR_EVER));
	truth_wait_forget();
	x_is(fds[1], any(&set, "none", fds, false, LIMIT_MS));
	truth_wait_forget();
	x_is(1, read(fds[1], &c, 1));
	x_is(0, any(&set, "none", fds, false, 0));
	truth_wait_forget();
	truth_tried(&set, __func__, __LINE__ - 2);
	truth_case(calls[how].name, "would_block");
}

int main(int argc, char **argv)
{
	struct sigaction action = { .sa_handler = on_signal };
	int fds[N_FILES], status, epfd;
	sigset_t blocked;
	pid_t child, victim;
	char c;

	for (how = 0; how < N_HOWS; how++) {
		if (argc == 2 && !strcmp(argv[1], calls[how].name))
			break;
	}
	if (how == N_HOWS)
		truth_die("usage: %s CALL", argv[0]);
	if (!mkdtemp(folder))
		truth_die("%s: %s", folder, strerror(errno));
	stage = truth_shared(sizeof(*stage));
	for (int i = 0; i < N_FILES; i++) {
		snprintf(paths[i], sizeof(paths[i]), "%s/%d", folder, i);
		x(mkfifo(paths[i], 0600));
		fds[i] = (int)xs(open(paths[i], O_RDWR | O_CLOEXEC)); /* so this does not block */
	}
	waiter = getpid();
	if (how >= EPOLL_WAIT) { /* the lowest number that is free */
		epfd = (int)xs(epoll_create(1));
		snprintf(set_name, sizeof(set_name), "epoll set %d of poll_files[%d]", epfd,
			 waiter);
		x(close(epfd));
	} else {
		snprintf(set_name, sizeof(set_name), "poll by poll_files[%d]", waiter);
	}
	x(sigaction(SIGUSR1, &action, NULL));
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGUSR1);
	if (calls[how].masks)
		x(sigprocmask(SIG_BLOCK, &blocked, NULL));
	for (int i = 2; i < HANGS_UP; i++) {
		x(fcntl(fds[i], F_SETFL, O_NONBLOCK));
		while (write(fds[i], paths, sizeof(paths)) > 0)
			;
	}

	no_waits(fds);
	x(close(fds[HANGS_UP]));
	fds[HANGS_UP] = (int)xs(open(paths[HANGS_UP], O_RDONLY | O_NONBLOCK | O_CLOEXEC));
	victim = truth_child(writer, fds);
	truth_until_at_least(stage, 1);
	child = (pid_t)xs(fork());
	if (child == 0)
		help(fds, victim);
	for (int round = 0; round < ROUNDS; round++) {
		x_is(fds[1], any(&second, "acquired", fds, false, FOR_EVER));
		truth_case(calls[how].name, "turns");
		x_is(1, read(fds[1], &c, 1));
	}
	x_is(fds[0], any(&first, "acquired", fds, false, FOR_EVER));
	x_is(1, read(fds[0], &c, 1));
	x_is(fds[2], any(&third, "acquired", fds + 2, true, FOR_EVER));
	x_is(-1, any(&set, "interrupted", fds, false, FOR_EVER));
	x_is(EINTR, errno);
	truth_case(calls[how].name, "interrupted");
	x(unlink(paths[HANGS_UP]));
	x_is(fds[HANGS_UP],
	     any(&last, "acquired", (int[]){ fds[HANGS_UP], fds[0] }, false, FOR_EVER));
	truth_case(calls[how].name, "peer_dies");
	truth_case(calls[how].name, "unlinked");
	truth_kill(victim);
	x_is(0, any(&set, "timeout", fds, false, LIMIT_MS));
	truth_case(calls[how].name, "timeout");
	x_is(child, waitpid(child, &status, 0));
	x_is(0, status);
	for (int i = 0; i < HANGS_UP; i++)
		x(unlink(paths[i]));
	x(rmdir(folder));
	truth_print();
	return 0;
}
