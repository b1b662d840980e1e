/* SPDX-License-Identifier: MIT */
/* poll_signal: waits by epoll_wait() and poll() for a signalfd and a timerfd, as event loops do; a
 * child sends the signals.
 *
 * Truth: each wait for a signal is ended by the child's kill(); the one for the timer by nobody.
 */
#include "tests/support/truth.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ROUNDS = 3, WAIT_NS = 20000000 };

static char signal_name[64], sleep_name[64];
static const struct truth_object a_signal = { "poll", signal_name, NULL, 0 };
static const struct truth_object a_timer = { "poll", sleep_name, NULL, 0 };
static pid_t waiter;

static void set_latch(void)
{
	TRUTH_RELEASE(&a_signal, 1, x(kill(waiter, SIGUSR1)));
}

static void send_signals(void)
{
	for (int round = 0; round < ROUNDS; round++) {
		truth_until_in_call(waiter, SYS_epoll_wait);
		truth_sleep_ns(WAIT_NS);
		set_latch();
	}
	truth_until_in_call(waiter, SYS_poll);
	truth_sleep_ns(WAIT_NS);
	set_latch();
	truth_print();
	_exit(0);
}

static void take(int latch)
{
	struct signalfd_siginfo info;

	x_is(sizeof(info), read(latch, &info, sizeof(info)));
	x_is(SIGUSR1, info.ssi_signo);
}

int main(void)
{
	struct itimerspec limit = { .it_value = { 0, WAIT_NS } };
	struct epoll_event event = { .events = EPOLLIN };
	struct pollfd list[2];
	int latch, timer, epfd, status;
	sigset_t set;
	pid_t child;

	waiter = getpid();
	snprintf(signal_name, sizeof(signal_name), "signal to poll_signal[%d]", waiter);
	snprintf(sleep_name, sizeof(sleep_name), "sleep of poll_signal[%d]", waiter);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	x(sigprocmask(SIG_BLOCK, &set, NULL));
	latch = (int)xs(signalfd(-1, &set, SFD_CLOEXEC));
	timer = (int)xs(timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC));
	epfd = (int)xs(epoll_create1(EPOLL_CLOEXEC));
	x(epoll_ctl(epfd, EPOLL_CTL_ADD, timer, &event));
	event.data.ptr = &latch;
	x(epoll_ctl(epfd, EPOLL_CTL_ADD, latch, &event));
	child = (pid_t)xs(fork());
	if (child == 0)
		send_signals();
	for (int round = 0; round < ROUNDS; round++) {
		TRUTH_WAIT(&a_signal, "acquired", x_is(1, epoll_wait(epfd, &event, 1, -1)));
		take(*(int *)event.data.ptr);
	}
	list[0] = (struct pollfd){ timer, POLLIN, 0 };
	list[1] = (struct pollfd){ latch, POLLIN, 0 };
	TRUTH_WAIT(&a_signal, "acquired", x_is(1, poll(list, 2, -1)));
	take(latch);
	x(timerfd_settime(timer, 0, &limit, NULL));
	TRUTH_WAIT(&a_timer, "acquired", x_is(1, poll(list, 2, -1)));
	x_is(child, waitpid(child, &status, 0));
	x_is(0, status);
	truth_print();
	return 0;
}
