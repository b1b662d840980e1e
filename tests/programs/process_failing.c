/* SPDX-License-Identifier: MIT */
/* process_failing: waits for signals, times and children that end without, or by what one does not
 * wish, between processes.
 *
 * Truth: a child's wait for one signal and its sleep are interrupted by another signal of the
 * parent's; the parent goes on as its child is killed by another one; where children are not to be
 * collected, it is told that there is none once all have ended. WNOHANG never waits.
 */
#include "tests/support/truth.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { WAIT_NS = 20000000 };

static char own_name[64], child_name[64], any_name[64];
static struct truth_object own = { "", own_name, NULL, 0 };
static const struct truth_object a_child = { "process", child_name, NULL, 0 };
static const struct truth_object any = { "process", any_name, NULL, 0 };
static pid_t parent;

static void waits_for_a_signal(void *unused)
{
	static const struct timespec limit = { 30, 0 };
	sigset_t set;

	(void)unused;
	own.kind = "signal";
	snprintf(own_name, sizeof(own_name), "signal to process_failing[%d]", (int)getpid());
	truth_interrupts(SIGUSR1);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	x(sigprocmask(SIG_BLOCK, &set, NULL));
	TRUTH_WAIT(&own, "interrupted", x_is(-1, sigtimedwait(&set, NULL, &limit)));
	x_is(EINTR, errno);
	truth_case("signal", "interrupted");
}

static void sleeps(void *unused)
{
	static const struct timespec limit = { 30, 0 };

	(void)unused;
	own.kind = "sleep";
	snprintf(own_name, sizeof(own_name), "sleep of process_failing[%d]", (int)getpid());
	truth_interrupts(SIGUSR1);
	TRUTH_WAIT(&own, "interrupted", x_is(-1, nanosleep(&limit, NULL)));
	x_is(EINTR, errno);
	truth_case("sleep", "interrupted");
}

static void interrupt(void (*waiter)(void *), long call)
{
	pid_t pid = truth_child(waiter, NULL);

	truth_until_asleep(pid, call);
	x(kill(pid, SIGUSR1));
	truth_reap(pid);
}

static void idles(void *unused)
{
	(void)unused;
	truth_until_killed();
}

static void kills(void *victim)
{
	truth_until_asleep(parent, SYS_wait4);
	x(kill((pid_t)(intptr_t)victim, SIGKILL));
}

static void killed(void)
{
	pid_t victim = truth_child(idles, NULL), killer;
	int status;

	snprintf(child_name, sizeof(child_name), "process process_failing[%d]", (int)victim);
	TRUTH_TRY(&a_child, x_is(0, waitpid(victim, &status, WNOHANG)));
	truth_case("process", "would_block");
	killer = truth_child(kills, (void *)(intptr_t)victim);
	TRUTH_WAIT(&a_child, "acquired", x_is(victim, waitpid(victim, &status, 0)));
	x_is(SIGKILL, status);
	truth_case("process", "peer_dies");
	truth_reap(killer);
}

static void ends(void *unused)
{
	(void)unused;
	truth_until_asleep(parent, SYS_wait4);
}

/* The children are gone as they end. */
static void not_collected(void)
{
	x(signal(SIGCHLD, SIG_IGN) == SIG_ERR);
	truth_child(ends, NULL);
	TRUTH_WAIT(&any, "error", x_is(-1, wait(NULL)));
	x_is(ECHILD, errno);
	truth_case("process", "removed");
}

int main(void)
{
	parent = getpid();
	snprintf(any_name, sizeof(any_name), "any child of process_failing[%d]", (int)parent);
	interrupt(waits_for_a_signal, SYS_rt_sigtimedwait);
	interrupt(sleeps, SYS_clock_nanosleep);
	killed();
	not_collected();
	truth_print();
	return 0;
}
