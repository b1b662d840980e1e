/* SPDX-License-Identifier: MIT */
/* process_children: children begin and end in every way that there is; each waits once before.
 *
 * Truth: one wait in each of fork, vfork, posix_spawn, exec and daemon; and how each child ends.
 */
#include "tests/support/contend.h"
#include "tests/support/truth.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static char *self;
static volatile int *waited; /* shared: how many children have had their wait */

/* What every child does before it ends. */
static void be_a_child(void)
{
	contend();
	truth_print();
	__atomic_add_fetch(waited, 1, __ATOMIC_RELEASE);
}

static int reap(pid_t pid)
{
	int status;

	x_is(pid, waitpid(pid, &status, 0));
	return status;
}

static void by_fork(void)
{
	pid_t pid = (pid_t)xs(fork());

	if (pid == 0) {
		be_a_child();
		_exit(3);
	}
	truth_value("fork", pid);
	x_is(3 << 8, reap(pid));
}

static void by_fork_and_exit(void)
{
	pid_t pid = (pid_t)xs(fork());

	if (pid == 0) {
		be_a_child();
		exit(4);
	}
	truth_value("fork_exit", pid);
	x_is(4 << 8, reap(pid));
}

/* In its own function: a vfork child must not return from it. */
static pid_t vfork_and_exec(void)
{
	pid_t pid = vfork();

	if (pid == 0) {
		execl(self, self, "child", "5", NULL);
		_exit(99);
	}
	return pid;
}

static void by_vfork(void)
{
	pid_t pid = (pid_t)xs(vfork_and_exec());

	truth_value("vfork", pid);
	x_is(5 << 8, reap(pid));
	pid = vfork();
	if (pid == 0)
		_exit(6); /* without exec */
	xs(pid);
	x_is(6 << 8, reap(pid));
}

static void by_spawn(void)
{
	char *argv[] = { self, "child", "7", NULL };
	pid_t pid;

	x(posix_spawn(&pid, self, NULL, NULL, argv, environ));
	truth_value("posix_spawn", pid);
	x_is(7 << 8, reap(pid));
	x_is(2, posix_spawn(&pid, "/nonexistent", NULL, NULL, argv, environ)); /* ENOENT */
	x(posix_spawnp(&pid, "true", NULL, NULL, (char *[]){ "true", NULL }, environ));
	x_is(0, reap(pid));
}

static void by_exec(void)
{
	pid_t pid = (pid_t)xs(fork());

	if (pid == 0) {
		char *none[] = { NULL }, *argv[] = { self, "child", "8", NULL };

		execve("/nonexistent", argv, none); /* fails; the child goes on */
		contend();
		truth_print();
		execv(self, argv);
		_exit(99);
	}
	truth_value("exec", pid);
	x_is(8 << 8, reap(pid));
}

static void by_daemon(void)
{
	int status;
	pid_t pid = (pid_t)xs(fork()), orphan;

	if (pid == 0) {
		x(daemon(1, 1));
		be_a_child();
		_exit(9);
	}
	x_is(0, reap(pid));
	orphan = (pid_t)xs(waitpid(-1, &status, 0)); /* ours: see PR_SET_CHILD_SUBREAPER */
	truth_value("daemon", orphan);
	x_is(9 << 8, status);
}

static void by_signal(int number, const char *name)
{
	int before = *waited;
	pid_t pid = (pid_t)xs(fork());

	if (pid == 0) {
		struct rlimit none = { 0, 0 };

		x(setrlimit(RLIMIT_CORE, &none));
		be_a_child();
		if (number == SIGSEGV)
			*(volatile int *)8 = 0;
		for (;;)
			pause();
	}
	truth_value(name, pid);
	if (number != SIGSEGV) {
		truth_until_at_least(waited, before + 1);
		x(kill(pid, number));
	}
	x_is(number, reap(pid) & 0x7f);
}

int main(int argc, char **argv)
{
	self = argv[0];
	waited = mmap(NULL, sizeof(*waited), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		      0);
	if (waited == MAP_FAILED)
		truth_die("mmap");
	if (argc == 3 && !strcmp(argv[1], "child")) {
		be_a_child();
		return atoi(argv[2]);
	}
	x(prctl(PR_SET_CHILD_SUBREAPER, 1));
	by_fork();
	by_fork_and_exit();
	by_vfork();
	by_spawn();
	by_exec();
	by_daemon();
	by_signal(SIGSEGV, "segfault");
	by_signal(SIGKILL, "killed");
	by_signal(SIGTERM, "terminated");
	truth_print();
	return 11;
}
