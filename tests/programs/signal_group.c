/* SPDX-License-Identifier: MIT */
/* signal_group: signals that are sent to a group of processes, in which some wait for one.
 *
 * Truth: a child of a group of its own waits in pause(), in sigsuspend(), in sigwaitinfo() and
 * in sigpause(); the parent ends each by a signal to the group, by kill() and by killpg().
 */
#include "tests/support/truth.h"

#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { WAIT_NS = 20000000 };

static struct truth_object object = { "signal", "*", NULL, 0 };

int xpg_sigpause(int s) __asm__("__xpg_sigpause");

static void nothing(int signal)
{
	(void)signal;
}

static void wait_four_times(void)
{
	const struct sigaction action = { .sa_handler = nothing };
	sigset_t none, usr1;

	xs(sigaction(SIGUSR1, &action, NULL));
	sigemptyset(&none);
	sigemptyset(&usr1);
	sigaddset(&usr1, SIGUSR1);
	TRUTH_WAIT(&object, "acquired", x_is(-1, pause()));
	TRUTH_WAIT(&object, "acquired", x_is(-1, sigsuspend(&none)));
	xs(sigprocmask(SIG_BLOCK, &usr1, NULL));
	TRUTH_WAIT(&object, "acquired", x_is(SIGUSR1, sigwaitinfo(&usr1, NULL)));
	TRUTH_WAIT(&object, "acquired", x_is(-1, xpg_sigpause(SIGUSR1)));
	truth_print();
	_exit(0);
}

int main(void)
{
	static const long calls[] = { SYS_pause, SYS_rt_sigsuspend, SYS_rt_sigtimedwait,
				      SYS_rt_sigsuspend };
	pid_t child = (pid_t)xs(fork());

	if (child == 0) {
		x(setpgid(0, 0));
		wait_four_times();
	}
	for (int i = 0; i < 4; i++) {
		truth_until_in_call(child, calls[i]);
		truth_sleep_ns(WAIT_NS);
		if (i % 2)
			TRUTH_RELEASE(&object, 1, x(killpg(child, SIGUSR1)));
		else
			TRUTH_RELEASE(&object, 1, x(kill(-child, SIGUSR1)));
		truth_sleep_ns(WAIT_NS);
	}
	truth_reap(child);
	truth_print();
	return 0;
}
