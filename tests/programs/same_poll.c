/* SPDX-License-Identifier: MIT */
/* same_poll: poll, select, epoll and their forms: every function in success and in each documented
 * failure, with what it leaves in its arguments; signals let in by masks; cancellation.
 *
 * Truth: the same text with and without tracing.
 */
#include "tests/support/show.h"
#include "tests/support/truth.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE 4096

static const struct timespec no_time, soon = { 0, 2000000 }, bad_low = { 0, -1 },
				      bad_high = { 0, 1000000000 }, negative = { -1, 0 };
static int empty[2], full[2], ready[2];
static sigset_t none, usr1;
static volatile int minus_one = -1; /* what the compiler must not know */

/* The same. */
static void *bad_address(void)
{
	static void *volatile address = (void *)8;

	return address;
}

static void *page(int protection)
{
	return mmap(NULL, PAGE, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static void show_list(const struct pollfd *list, int n)
{
	for (int i = 0; i < n; i++)
		printf("  %x %x\n", list[i].events, list[i].revents);
}

static void polls(void)
{
	struct pollfd list[4] = { { empty[0], POLLIN, 77 },
				  { -5, POLLIN, 77 },
				  { ready[0], POLLIN | POLLPRI, 77 },
				  { full[1], POLLOUT, 77 } };
	struct pollfd *protected = page(PROT_READ);
	struct pollfd many[21] = { { 0 } };
	struct rlimit limit, few;

	for (int timeout = -1; timeout <= 3; timeout += 2) {
		SHOW(poll(list, 4, timeout));
		show_list(list, 4);
	}
	SHOW(poll(list, 4, 0));
	SHOW(poll(list, 2, 0));
	SHOW(poll(list, 2, 3));
	show_list(list, 2);
	SHOW(poll(NULL, 0, 3));
	SHOW(poll(NULL, 0, 0));
	SHOW(poll(bad_address(), 1, 3));
	SHOW(poll(bad_address(), 1, 0));
	SHOW(poll(protected, 1, 0)); /* fd 0, no events; the answer cannot be written */
	SHOW(poll(protected, 1, 3));
	list[0].fd = 1000;
	SHOW(poll(list, 1, -1)); /* POLLNVAL */
	show_list(list, 1);
	x(getrlimit(RLIMIT_NOFILE, &limit));
	few = (struct rlimit){ 20, limit.rlim_max };
	x(setrlimit(RLIMIT_NOFILE, &few));
	SHOW(poll(many, 21, 3));
	SHOW(poll(many, 21, 0));
	SHOW(ppoll(many, 21, &soon, NULL));
	x(setrlimit(RLIMIT_NOFILE, &limit));
	list[0].fd = empty[0];
	SHOW(ppoll(list, 4, NULL, NULL));
	show_list(list, 4);
	SHOW(ppoll(list, 2, &soon, &none));
	SHOW(ppoll(list, 2, &no_time, &none));
	SHOW(ppoll(list, 2, &bad_low, &none));
	SHOW(ppoll(list, 2, &bad_high, NULL));
	SHOW(ppoll(list, 4, &negative, NULL));
	SHOW(ppoll(list, 4, &soon, bad_address()));
	SHOW(ppoll(bad_address(), 1, &soon, NULL));
	SHOW(ppoll(NULL, 0, &soon, NULL));
	munmap(protected, PAGE);
}

/* Exported by glibc, declared where nobody looks. */
int poll_name(struct pollfd *list, nfds_t n, int timeout) __asm__("__poll");
int select_name(int n, fd_set *reads, fd_set *writes, fd_set *excepts,
		struct timeval *limit) __asm__("__select");
int poll_checked(struct pollfd *list, nfds_t n, int timeout, size_t size) __asm__("__poll_chk");
int ppoll_checked(struct pollfd *list, nfds_t n, const struct timespec *limit, const sigset_t *mask,
		  size_t size) __asm__("__ppoll_chk");

/* A list that is longer than its memory ends the program. */
static void overflows(bool by_ppoll, int timeout)
{
	struct pollfd list = { ready[0], POLLIN, 0 };
	struct timespec limit = { 0, timeout * 1000000L };
	int status;

	fflush(stdout);
	if (xs(fork()) == 0) {
		x(setenv("LIBC_FATAL_STDERR_", "1", 1));
		x_is(2, dup2((int)xs(open("/dev/null", O_WRONLY)), 2));
		if (by_ppoll)
			ppoll_checked(&list, 2, &limit, NULL, sizeof(list));
		else
			poll_checked(&list, 2, timeout, sizeof(list));
		_exit(0);
	}
	xs(wait(&status));
	printf("overflow: %s\n", WIFSIGNALED(status) ? strsignal(WTERMSIG(status)) : "none");
}

static void other_names(void)
{
	struct pollfd list[2] = { { empty[0], POLLIN, 77 }, { ready[0], POLLIN, 77 } };
	struct timeval limit = { 0, 2000 };
	fd_set reads;

	FD_ZERO(&reads);
	FD_SET(empty[0], &reads);
	SHOW(poll_name(list, 2, -1));
	SHOW(poll_name(list, 1, 3));
	SHOW(poll_name(list, 1, 0));
	SHOW(select_name(FD_SETSIZE, &reads, NULL, NULL, &limit));
	SHOW(poll_checked(list, 2, -1, sizeof(list)));
	SHOW(poll_checked(list, 1, 3, sizeof(list)));
	SHOW(poll_checked(list, 1, 0, sizeof(list)));
	SHOW(ppoll_checked(list, 2, NULL, &none, sizeof(list)));
	SHOW(ppoll_checked(list, 1, &soon, &none, sizeof(list)));
	SHOW(ppoll_checked(list, 1, &no_time, &none, sizeof(list)));
	SHOW(ppoll_checked(list, 1, &bad_high, &none, sizeof(list)));
	for (int timeout = -1; timeout <= 1; timeout++)
		overflows(false, timeout);
	for (int timeout = 0; timeout <= 1; timeout++)
		overflows(true, timeout);
}

static void show_set(const char *name, const fd_set *set)
{
	printf("  %s %d%d%d\n", name, FD_ISSET(empty[0], set) != 0, FD_ISSET(ready[0], set) != 0,
	       FD_ISSET(full[1], set) != 0);
}

static fd_set set_of(int a, int b)
{
	fd_set set;

	FD_ZERO(&set);
	FD_SET(a, &set);
	FD_SET(b, &set);
	return set;
}

/* How much is left is a matter of time: whether it is less, and not by much. */
static void show_left(const struct timeval *left, long begin_us)
{
	long us = left->tv_sec * 1000000 + left->tv_usec;

	printf("  left %d %d\n", us < begin_us, left->tv_usec >= 0 && left->tv_usec < 1000000);
	if (begin_us - us > 500000)
		printf("  %ld us are gone\n", begin_us - us);
}

static void selects(void)
{
	static const struct timespec long_time = { 5, 0 };
	struct timeval left = { 5, 0 };
	fd_set reads = set_of(empty[0], ready[0]), writes = set_of(full[1], full[1]);
	fd_set sets[4], excepts = reads, *heap = page(PROT_READ | PROT_WRITE);
	fd_set *constant = page(PROT_READ | PROT_WRITE);

	SHOW(select(FD_SETSIZE, &reads, &writes, &excepts, &left));
	show_left(&left, 5000000);
	show_set("reads", &reads);
	show_set("writes", &writes);
	show_set("excepts", &excepts);
	left = (struct timeval){ 3, 2500000 };
	SHOW(select(FD_SETSIZE, &reads, NULL, NULL, &left));
	show_left(&left, 5500000);
	left = (struct timeval){ 0, 2000 };
	reads = set_of(empty[0], empty[0]);
	writes = set_of(full[1], full[1]);
	SHOW(select(FD_SETSIZE, &reads, &writes, NULL, &left));
	printf("  left %ld %ld\n", (long)left.tv_sec, (long)left.tv_usec);
	show_set("reads", &reads);
	show_set("writes", &writes);
	left = (struct timeval){ 0, 0 };
	reads = set_of(empty[0], empty[0]);
	SHOW(select(FD_SETSIZE, &reads, NULL, NULL, &left));
	show_set("reads", &reads);
	left = (struct timeval){ -1, 0 };
	reads = set_of(empty[0], ready[0]);
	SHOW(select(FD_SETSIZE, &reads, NULL, NULL, &left));
	show_set("reads", &reads);
	left = (struct timeval){ 1, -1 };
	SHOW(select(FD_SETSIZE, &reads, NULL, NULL, &left));
	SHOW(select(-1, &reads, NULL, NULL, NULL));
	left = (struct timeval){ 1, 0 };
	SHOW(select(-1, &reads, NULL, NULL, &left));
	SHOW(select(0, NULL, NULL, NULL, &(struct timeval){ 0, 2000 }));
	SHOW(select(FD_SETSIZE, NULL, NULL, NULL, &(struct timeval){ 0, 0 }));
	SHOW(select(FD_SETSIZE, bad_address(), NULL, NULL, &(struct timeval){ 0, 2000 }));
	SHOW(select(FD_SETSIZE, NULL, bad_address(), NULL, &(struct timeval){ 0, 0 }));
	SHOW(select(FD_SETSIZE, &reads, bad_address(), NULL, NULL));
	show_set("reads", &reads);
	reads = set_of(empty[0], 60);
	SHOW(select(FD_SETSIZE, &reads, NULL, NULL, NULL)); /* EBADF */
	/* The kernel reads no more of a set than the process can have files open. */
	memset(sets, 0xff, sizeof(sets));
	sets[1] = set_of(empty[1], ready[1]);
	SHOW(select(FD_SETSIZE * 64, NULL, &sets[1], NULL, &(struct timeval){ 0, 2000 }));
	sets[1] = set_of(empty[0], ready[0]);
	SHOW(select(FD_SETSIZE * 64, &sets[1], NULL, NULL, NULL));
	SHOW(select(FD_SETSIZE * 64, &sets[1], NULL, NULL, &(struct timeval){ 0, 0 }));
	printf("  behind it %d\n", memcmp(&sets[2], &sets[3], sizeof(sets[2])));
	*heap = set_of(empty[0], ready[0]);
	SHOW(select(FD_SETSIZE, heap, NULL, NULL, NULL));
	show_set("heap", heap);
	*heap = set_of(empty[0], empty[0]);
	SHOW(select(FD_SETSIZE, heap, NULL, NULL, &(struct timeval){ 0, 2000 }));
	show_set("heap", heap);
	*constant = set_of(empty[0], empty[0]);
	x(mprotect(constant, PAGE, PROT_READ));
	SHOW(select(FD_SETSIZE, constant, NULL, NULL, &(struct timeval){ 0, 2000 }));
	show_set("constant", constant);
	/* A set that ends with its page, and a number that no set has. */
	heap = (fd_set *)((char *)heap + PAGE - 8);
	memset(heap, 0, 8);
	SHOW(select(64, heap, NULL, NULL, &(struct timeval){ 0, 2000 }));
	FD_SET(ready[0], heap);
	SHOW(select(64, heap, NULL, NULL, NULL));

	reads = set_of(empty[0], ready[0]);
	SHOW(pselect(FD_SETSIZE, &reads, NULL, NULL, NULL, NULL));
	show_set("reads", &reads);
	reads = set_of(empty[0], ready[0]);
	SHOW(pselect(FD_SETSIZE, &reads, NULL, NULL, &long_time, &none));
	reads = set_of(empty[0], empty[0]);
	writes = set_of(full[1], full[1]);
	SHOW(pselect(FD_SETSIZE, &reads, &writes, NULL, &soon, &none));
	show_set("reads", &reads);
	reads = set_of(empty[0], ready[0]);
	SHOW(pselect(FD_SETSIZE, &reads, NULL, NULL, &bad_low, NULL));
	SHOW(pselect(FD_SETSIZE, &reads, NULL, NULL, &bad_high, NULL));
	SHOW(pselect(FD_SETSIZE, &reads, NULL, NULL, &negative, NULL));
	SHOW(pselect(FD_SETSIZE, &reads, NULL, NULL, &soon, bad_address()));
	SHOW(pselect(-1, &reads, NULL, NULL, &soon, NULL));
	show_set("reads", &reads);
	SHOW(pselect(0, NULL, NULL, NULL, &soon, &usr1));
}

static void attach(int epfd, int fd, uint32_t events, uint64_t data)
{
	struct epoll_event event = { .events = events, .data.u64 = data };

	x(epoll_ctl(epfd, EPOLL_CTL_ADD, fd, &event));
}

/* Of the `n` events, in a set whose files are attached by these small numbers. */
static void show_events(const struct epoll_event *events, int n)
{
	for (int i = 0; i < n; i++)
		printf("  %x %llu\n", events[i].events, (unsigned long long)events[i].data.u64);
}

static void epolls(void)
{
	struct epoll_event events[4], event = { .events = EPOLLIN, .data.u64 = 5 };
	int epfd, other, file = (int)xs(open("/dev/null", O_RDONLY)), n;

	SHOW(epoll_create(0));
	SHOW(epoll_create(-1));
	SHOW(epoll_create1(~0));
	epfd = (int)xs(epoll_create1(EPOLL_CLOEXEC));
	other = (int)xs(epoll_create(9));
	SHOW(epoll_ctl(epfd, EPOLL_CTL_ADD, empty[0], &event));
	SHOW(epoll_ctl(epfd, EPOLL_CTL_ADD, empty[0], &event)); /* EEXIST */
	SHOW(epoll_ctl(epfd, EPOLL_CTL_ADD, file, &event));     /* EPERM */
	SHOW(epoll_ctl(epfd, EPOLL_CTL_ADD, epfd, &event));     /* EINVAL */
	SHOW(epoll_ctl(epfd, EPOLL_CTL_ADD, 900, &event));
	SHOW(epoll_ctl(900, EPOLL_CTL_ADD, empty[0], &event));
	SHOW(epoll_ctl(file, EPOLL_CTL_ADD, empty[0], &event));
	SHOW(epoll_ctl(epfd, EPOLL_CTL_ADD, ready[0], bad_address()));
	SHOW(epoll_ctl(epfd, EPOLL_CTL_MOD, ready[0], &event)); /* ENOENT */
	SHOW(epoll_ctl(epfd, EPOLL_CTL_DEL, ready[0], NULL));
	SHOW(epoll_ctl(epfd, 77, empty[0], &event));
	SHOW(epoll_wait(epfd, events, 4, 0));
	SHOW(epoll_wait(epfd, events, 4, 3));
	SHOW(epoll_wait(epfd, events, 0, 3));
	SHOW(epoll_wait(epfd, events, minus_one, -1));
	SHOW(epoll_wait(900, events, 4, -1));
	SHOW(epoll_wait(file, events, 4, -1));
	SHOW(epoll_pwait(epfd, events, 4, 3, &none));
	SHOW(epoll_pwait(epfd, events, 4, 3, bad_address()));
	SHOW(epoll_pwait2(epfd, events, 4, &soon, NULL));
	SHOW(epoll_pwait2(epfd, events, 4, &no_time, &none));
	SHOW(epoll_pwait2(epfd, events, 4, &bad_low, NULL));
	SHOW(epoll_pwait2(epfd, events, 4, &bad_high, NULL));
	SHOW(epoll_pwait2(epfd, events, 4, &negative, NULL));
	SHOW(epoll_pwait2(epfd, events, 4, bad_address(), NULL));
	attach(epfd, ready[0], EPOLLIN, 6);
	SHOW(epoll_pwait2(epfd, events, 4, bad_address(), NULL));
	SHOW(epoll_pwait2(epfd, events, 4, &bad_high, NULL));
	SHOW(n = epoll_wait(epfd, events, 4, -1));
	show_events(events, n);
	SHOW(n = epoll_pwait(epfd, events, 4, -1, &none));
	show_events(events, n);
	SHOW(n = epoll_pwait2(epfd, events, 4, NULL, &none));
	show_events(events, n);
	SHOW(epoll_wait(epfd, bad_address(), 4, -1)); /* nothing of it can be written */
	SHOW(epoll_wait(epfd, bad_address(), 4, 0));
	event.events = EPOLLIN | EPOLLET;
	SHOW(epoll_ctl(epfd, EPOLL_CTL_MOD, ready[0], &event));
	SHOW(epoll_wait(epfd, events, 4, -1));
	SHOW(epoll_wait(epfd, events, 4, 3)); /* told once */
	event.events = EPOLLIN | EPOLLONESHOT;
	SHOW(epoll_ctl(epfd, EPOLL_CTL_MOD, ready[0], &event));
	SHOW(epoll_wait(epfd, events, 4, -1));
	SHOW(epoll_wait(epfd, events, 4, 3));
	SHOW(epoll_ctl(epfd, EPOLL_CTL_DEL, ready[0], NULL));
	attach(other, epfd, EPOLLIN, 1); /* a set in a set */
	attach(epfd, ready[0], EPOLLIN, 6);
	SHOW(n = epoll_wait(other, events, 4, -1));
	show_events(events, n);
	SHOW(poll(&(struct pollfd){ epfd, POLLIN, 0 }, 1, -1));
	SHOW(close(epfd));
	SHOW(epoll_wait(epfd, events, 4, 3));
	x(close(other));
	x(close(file));
}

/* What becomes ready while it is waited for. */
static void ended_waits(void)
{
	struct timespec time = { 0, 3000000 };
	struct itimerspec limit = { .it_value = time };
	struct epoll_event event;
	int timer = (int)xs(timerfd_create(CLOCK_MONOTONIC, 0)), pair[2], ends[2], status;
	int epfd = (int)xs(epoll_create1(0));
	struct pollfd list[2];
	fd_set reads;

	x(timerfd_settime(timer, 0, &limit, NULL));
	list[0] = (struct pollfd){ timer, POLLIN, 0 };
	SHOW(poll(list, 1, -1));
	show_list(list, 1);
	x(socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
	x(pipe(ends));
	if (xs(fork()) == 0) {
		x(close(ends[0]));
		x(close(pair[0]));
		for (int i = 0; i < 4; i++) {
			truth_sleep_ns(5000000);
			x_is(1, write(pair[1], "x", 1));
			char c;
			x_is(1, read(pair[1], &c, 1)); /* until it was seen */
		}
		truth_sleep_ns(5000000);
		_exit(0); /* hangs up */
	}
	x(close(ends[1]));
	x(close(pair[1]));
	attach(epfd, pair[0], EPOLLIN, 1);
	attach(epfd, ends[0], EPOLLIN, 2);
	for (int i = 0; i < 4; i++) {
		char c;

		switch (i) {
		case 0:
			list[0] = (struct pollfd){ ends[0], POLLIN, 0 };
			list[1] = (struct pollfd){ pair[0], POLLIN, 0 };
			SHOW(ppoll(list, 2, NULL, &none));
			show_list(list, 2);
			break;
		case 1:
			reads = set_of(ends[0], pair[0]);
			SHOW(select(FD_SETSIZE, &reads, NULL, NULL, NULL));
			printf("  %d%d\n", FD_ISSET(ends[0], &reads) != 0,
			       FD_ISSET(pair[0], &reads) != 0);
			break;
		case 2:
			reads = set_of(ends[0], pair[0]);
			SHOW(pselect(FD_SETSIZE, &reads, NULL, NULL, NULL, &none));
			printf("  %d%d\n", FD_ISSET(ends[0], &reads) != 0,
			       FD_ISSET(pair[0], &reads) != 0);
			break;
		default:
			SHOW(epoll_wait(epfd, &event, 1, -1));
			show_events(&event, 1);
			break;
		}
		x_is(1, read(pair[0], &c, 1));
		x_is(1, write(pair[0], &c, 1));
	}
	list[0] = (struct pollfd){ ends[0], POLLIN, 0 };
	SHOW(poll(list, 1, -1));
	show_list(list, 1);
	xs(wait(&status));
	printf("status %d\n", status);
	x(close(epfd));
	x(close(timer));
	x(close(ends[0]));
	x(close(pair[0]));
}

static volatile int caught;
static sigjmp_buf away;
static volatile bool jumps;

static void on_signal(int number)
{
	(void)number;
	caught++;
	if (jumps)
		siglongjmp(away, 1);
}

static void send_itself(int number)
{
	x(pthread_kill(pthread_self(), number));
}

static void *send_soon(void *thread)
{
	truth_sleep_ns(10000000);
	pthread_kill(*(pthread_t *)thread, SIGUSR1);
	return NULL;
}

/* Each call with a signal that comes while it waits. */
#define INTERRUPTED(call)                                                                          \
	do {                                                                                       \
		pthread_t self = pthread_self(), sender;                                           \
		caught = 0;                                                                        \
		x(pthread_create(&sender, NULL, send_soon, &self));                                \
		SHOW(call);                                                                        \
		x(pthread_join(sender, NULL));                                                     \
		printf("  caught %d\n", caught);                                                   \
	} while (0)

/* Each call with a signal that is pending, blocked but for the call. */
#define PENDING(call)                                                                              \
	do {                                                                                       \
		caught = 0;                                                                        \
		send_itself(SIGUSR1);                                                              \
		SHOW(call);                                                                        \
		printf("  caught %d\n", caught);                                                   \
		x(pthread_sigmask(SIG_UNBLOCK, &usr1, NULL));                                      \
		printf("  then %d\n", caught);                                                     \
		x(pthread_sigmask(SIG_BLOCK, &usr1, NULL));                                        \
	} while (0)

static void signals(int flags)
{
	struct sigaction action = { .sa_handler = on_signal, .sa_flags = flags };
	struct pollfd list[2] = { { empty[0], POLLIN, 77 }, { full[1], POLLOUT, 77 } };
	struct pollfd is_ready = { ready[0], POLLIN, 0 };
	fd_set reads = set_of(empty[0], empty[0]);
	struct epoll_event event;
	int epfd = (int)xs(epoll_create1(0)), now = (int)xs(epoll_create1(0));

	x(sigaction(SIGUSR1, &action, NULL));
	attach(epfd, empty[0], EPOLLIN, 1);
	attach(now, ready[0], EPOLLIN, 2);
	INTERRUPTED(poll(list, 2, -1));
	show_list(list, 2);
	INTERRUPTED(ppoll(list, 2, NULL, NULL));
	INTERRUPTED(select(FD_SETSIZE, &reads, NULL, NULL, NULL));
	show_set("reads", &reads);
	INTERRUPTED(pselect(FD_SETSIZE, &reads, NULL, NULL, NULL, NULL));
	show_set("reads", &reads);
	INTERRUPTED(epoll_wait(epfd, &event, 1, -1));
	INTERRUPTED(epoll_pwait(epfd, &event, 1, -1, NULL));
	INTERRUPTED(epoll_pwait2(epfd, &event, 1, NULL, NULL));
	INTERRUPTED(select(0, NULL, NULL, NULL, &(struct timeval){ 10, 0 }));
	INTERRUPTED(poll(NULL, 0, 10000));

	x(pthread_sigmask(SIG_BLOCK, &usr1, NULL));
	PENDING(ppoll(list, 2, NULL, &none));
	PENDING(ppoll(list, 2, &soon, &usr1));
	PENDING(ppoll(list, 2, &no_time, &none));
	PENDING(ppoll(&is_ready, 1, NULL, &none));
	PENDING(poll(list, 2, 3));
	PENDING(pselect(FD_SETSIZE, &reads, NULL, NULL, NULL, &none));
	show_set("reads", &reads);
	PENDING(pselect(FD_SETSIZE, &reads, NULL, NULL, &no_time, &none));
	reads = set_of(ready[0], ready[0]);
	PENDING(pselect(FD_SETSIZE, &reads, NULL, NULL, NULL, &none));
	PENDING(epoll_pwait(epfd, &event, 1, -1, &none));
	PENDING(epoll_pwait(epfd, &event, 1, 3, &usr1));
	PENDING(epoll_pwait(epfd, &event, 1, 0, &none));
	PENDING(epoll_pwait(now, &event, 1, -1, &none));
	PENDING(epoll_pwait2(epfd, &event, 1, NULL, &none));
	PENDING(epoll_pwait2(epfd, &event, 1, &no_time, &none));
	PENDING(epoll_pwait2(now, &event, 1, NULL, &none));
	x(pthread_sigmask(SIG_UNBLOCK, &usr1, NULL));

	jumps = true;
	if (sigsetjmp(away, 1) == 0)
		INTERRUPTED(poll(list, 2, -1));
	printf("jumped out of poll, caught %d\n", caught);
	jumps = false;
	SHOW(poll(list, 2, 3));
	x(close(epfd));
	x(close(now));
}

struct cancelled {
	int call;
	int epfd;
	volatile int cleaned;
};

static void cleanup(void *argument)
{
	((struct cancelled *)argument)->cleaned = 1;
}

static void *wait_for_ever(void *argument)
{
	struct cancelled *c = argument;
	struct pollfd list = { empty[0], POLLIN, 0 };
	fd_set reads = set_of(empty[0], empty[0]);
	struct epoll_event event;

	pthread_cleanup_push(cleanup, c);
	switch (c->call) {
	case 0:
		poll(&list, 1, -1);
		break;
	case 1:
		ppoll(&list, 1, NULL, &none);
		break;
	case 2:
		select(FD_SETSIZE, &reads, NULL, NULL, NULL);
		break;
	case 3:
		pselect(FD_SETSIZE, &reads, NULL, NULL, NULL, &none);
		break;
	case 4:
		epoll_wait(c->epfd, &event, 1, -1);
		break;
	case 5:
		epoll_pwait(c->epfd, &event, 1, -1, &none);
		break;
	case 6:
		epoll_pwait2(c->epfd, &event, 1, NULL, &none);
		break;
	default: /* ready at once, or without time: points of cancellation all the same */
		pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
		pthread_cancel(pthread_self());
		pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, NULL);
		list.fd = ready[0];
		if (c->call == 7)
			poll(&list, 1, -1);
		else if (c->call == 8)
			poll(&list, 1, 0);
		else if (c->call == 9)
			select(0, NULL, NULL, NULL, &(struct timeval){ 0, 0 });
		else
			epoll_wait(c->epfd, &event, 1, 0);
	}
	pthread_cleanup_pop(0);
	return NULL;
}

static void cancellation(void)
{
	int epfd = (int)xs(epoll_create1(0));

	attach(epfd, empty[0], EPOLLIN, 1);
	for (int call = 0; call <= 10; call++) {
		struct cancelled c = { call, epfd, 0 };
		pthread_t thread;
		void *result;

		x(pthread_create(&thread, NULL, wait_for_ever, &c));
		truth_sleep_ns(3000000);
		pthread_cancel(thread);
		x(pthread_join(thread, &result));
		printf("call %d: cancelled %d, cleaned %d\n", call, result == PTHREAD_CANCELED,
		       c.cleaned);
	}
	x(close(epfd));
}

int main(void)
{
	static const char block[1024];

	sigemptyset(&none);
	sigemptyset(&usr1);
	sigaddset(&usr1, SIGUSR1);
	x(pipe(empty));
	x(pipe(ready));
	x(pipe2(full, O_NONBLOCK));
	x_is(1, write(ready[1], "x", 1));
	while (write(full[1], block, sizeof(block)) > 0)
		;
	polls();
	other_names();
	selects();
	epolls();
	ended_waits();
	signals(0);
	signals(SA_RESTART);
	cancellation();
	return 0;
}
