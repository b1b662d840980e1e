/* SPDX-License-Identifier: MIT */
/* process_wait: a parent waits for its children by every function there is.
 *
 * Truth: one wait on each child that is named, ended by it or, the second time, by a signal; and
 * those for any child, which are one object. What has ended before is not waited for.
 */
#include "tests/support/truth.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { WORK_NS = 30000000 };

static char any_name[64], names[4][64];
static const struct truth_object any = { "process", any_name, NULL, 0 };
static const struct truth_object named[4] = { { "process", names[0], NULL, 0 },
					      { "process", names[1], NULL, 0 },
					      { "process", names[2], NULL, 0 },
					      { "process", names[3], NULL, 0 } };

static void on_alarm(int signal)
{
	(void)signal;
}

/* A child that ends some time after its parent waits for it, in that system call; before that it
 * interrupts the wait, if it is to. */
static pid_t start(int n, long call, bool interrupt)
{
	pid_t parent = getpid(), pid = (pid_t)xs(fork());

	if (pid == 0) {
		if (interrupt) {
			truth_until_in_call(parent, call);
			truth_sleep_ns(WORK_NS);
			x(kill(parent, SIGALRM));
			truth_sleep_ns(WORK_NS);
		}
		truth_until_in_call(parent, call);
		truth_sleep_ns(WORK_NS);
		truth_print();
		_exit(0);
	}
	if (n >= 0)
		snprintf(names[n], sizeof(names[n]), "process process_wait[%d]", (int)pid);
	return pid;
}

/* Becomes another program, which is what it is called by then. */
static pid_t start_other(int n)
{
	pid_t parent = getpid(), pid = (pid_t)xs(fork());

	if (pid == 0) {
		truth_until_in_call(parent, SYS_wait4);
		execlp("sleep", "sleep", "0.05", (char *)NULL);
		_exit(1);
	}
	snprintf(names[n], sizeof(names[n]), "process sleep[%d]", (int)pid);
	return pid;
}

int main(void)
{
	struct sigaction action = { .sa_handler = on_alarm };
	struct rusage usage;
	siginfo_t info;
	int status;
	pid_t pid;

	snprintf(any_name, sizeof(any_name), "any child of process_wait[%d]", (int)getpid());
	x(sigaction(SIGALRM, &action, NULL));

	pid = start(0, SYS_wait4, false);
	TRUTH_WAIT(&named[0], "acquired", x_is(pid, waitpid(pid, &status, 0)));
	truth_case("process", "turns");
	pid = start(1, SYS_wait4, true);
	TRUTH_WAIT(&named[1], "interrupted", x_is(-1, wait4(pid, &status, 0, &usage)));
	truth_case("process", "interrupted");
	TRUTH_WAIT(&named[1], "acquired", x_is(pid, wait4(pid, &status, 0, &usage)));
	pid = start(2, SYS_waitid, false);
	TRUTH_WAIT(&named[2], "acquired", x(waitid(P_PID, (id_t)pid, &info, WEXITED)));
	pid = start_other(3);
	TRUTH_WAIT(&named[3], "acquired", x_is(pid, waitpid(pid, NULL, 0)));

	pid = start(-1, SYS_wait4, false);
	TRUTH_WAIT(&any, "acquired", x_is(pid, wait(&status)));
	pid = start(-1, SYS_wait4, false);
	TRUTH_WAIT(&any, "acquired", x_is(pid, wait3(&status, 0, &usage)));
	pid = start(-1, SYS_waitid, false);
	TRUTH_WAIT(&any, "acquired", x(waitid(P_ALL, 0, &info, WEXITED)));
	pid = (pid_t)xs(fork());
	if (pid == 0)
		_exit(0);
	x(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT | WNOHANG));
	while (info.si_pid != pid) {
		truth_sleep_ns(1000000);
		info.si_pid = 0;
		x(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT | WNOHANG));
	}
	x_is(pid, waitpid(pid, &status, 0));
	x_is(-1, waitpid(-1, &status, 0));
	truth_print();
	return 0;
}
