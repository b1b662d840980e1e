/* SPDX-License-Identifier: MIT */
/* signal_wait: a process waits for signals that its child, or another thread, sends.
 *
 * Truth: each wait ended by the call that sent the signal, or by its time limit; what pends already
 * is not waited for. Sleeps are waits for nobody: they end by the time, or by a signal.
 */
#include "tests/support/truth.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <threads.h>
#include <unistd.h>

static char signals_name[64], sleep_name[64];
static const struct truth_object signals = { "signal", signals_name, NULL, 0 };
static const struct truth_object sleeping = { "sleep", sleep_name, NULL, 0 };
static pid_t receiver;
static volatile int last_sleep;

static void on_signal(int signal)
{
	(void)signal;
}

static void child(void)
{
	truth_until_in_call(receiver, SYS_rt_sigtimedwait);
	TRUTH_RELEASE(&signals, 1, x(kill(receiver, SIGUSR1)));
	truth_print();
	_exit(0);
}

static void sender(void *unused)
{
	const union sigval value = { .sival_int = 1 };
	sigset_t set;

	(void)unused;
	/* What is for the process is for that thread only that waits. */
	sigfillset(&set);
	x(pthread_sigmask(SIG_BLOCK, &set, NULL));
	truth_until_in_call(receiver, SYS_rt_sigtimedwait);
	TRUTH_RELEASE(&signals, 1, x(sigqueue(receiver, SIGUSR1, value)));
	truth_until_in_call(receiver, SYS_pause);
	TRUTH_RELEASE(&signals, 1, x(tgkill(receiver, receiver, SIGUSR2)));
	truth_until_in_call(receiver, SYS_rt_sigsuspend);
	TRUTH_RELEASE(&signals, 1, x(kill(receiver, SIGUSR2)));
}

/* The only sleeps of this thread: the truth's own are other threads'. */
static void sleeper(void *unused)
{
	static const struct timespec time = { 0, 20000000 }, longer = { 10, 0 };

	(void)unused;
	snprintf(sleep_name, sizeof(sleep_name), "sleep of signal_wait[%d]", (int)truth_tid());
	TRUTH_WAIT(&sleeping, "timeout", x(nanosleep(&time, NULL)));
	truth_case("sleep", "timeout");
	TRUTH_WAIT(&sleeping, "timeout", x(clock_nanosleep(CLOCK_MONOTONIC, 0, &time, NULL)));
	TRUTH_WAIT(&sleeping, "timeout", x(usleep(20000)));
	TRUTH_WAIT(&sleeping, "timeout", x(thrd_sleep(&time, NULL)));
	TRUTH_WAIT(&sleeping, "timeout", x((int)sleep(1)));
	__atomic_store_n(&last_sleep, 1, __ATOMIC_RELEASE);
	TRUTH_WAIT(&sleeping, "interrupted", x_is(-1, nanosleep(&longer, NULL)));
}

int main(void)
{
	static const struct timespec limit = { 0, 20000000 }, no_time = { 0, 0 };
	struct sigaction action = { .sa_handler = on_signal };
	struct truth_thread thread;
	sigset_t set, none;
	int got, status;
	pid_t pid;

	receiver = getpid();
	snprintf(signals_name, sizeof(signals_name), "signal to signal_wait[%d]", (int)receiver);
	sigemptyset(&none);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	x(sigaction(SIGUSR2, &action, NULL));
	x(sigprocmask(SIG_BLOCK, &set, NULL));
	x(raise(SIGUSR1));
	x_is(SIGUSR1, sigwaitinfo(&set, NULL));
	TRUTH_TRY(&signals, x_is(-1, sigtimedwait(&set, NULL, &no_time)));
	x_is(EAGAIN, errno);
	truth_case("signal", "would_block");
	TRUTH_WAIT(&signals, "timeout", x_is(-1, sigtimedwait(&set, NULL, &limit)));
	truth_case("signal", "timeout");

	pid = (pid_t)xs(fork());
	if (pid == 0)
		child();
	TRUTH_WAIT(&signals, "acquired", x(sigwait(&set, &got)));
	truth_case("signal", "turns");
	x_is(pid, waitpid(pid, &status, 0));

	truth_start(&thread, sender, NULL);
	TRUTH_WAIT(&signals, "acquired", x_is(SIGUSR1, sigwaitinfo(&set, NULL)));
	TRUTH_WAIT(&signals, "acquired", x_is(-1, pause()));
	TRUTH_WAIT(&signals, "acquired", x_is(-1, sigsuspend(&none)));
	truth_join(&thread);

	truth_start(&thread, sleeper, NULL);
	truth_until_at_least(&last_sleep, 1);
	truth_until_in_call(thread.tid, SYS_clock_nanosleep);
	x(pthread_kill(thread.thread, SIGUSR2));
	truth_join(&thread);
	truth_print();
	return 0;
}
