/* SPDX-License-Identifier: MIT */
/* same_processes: every way in which a process begins, replaces itself, ends and is collected, with
 * what the program sees of it.
 *
 * Truth: what it prints without recording.
 */
#include "tests/support/truth.h"

#include <errno.h>
#include <pty.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static char *const empty[] = { NULL };

static void collect(const char *what, pid_t pid)
{
	int status = -1;
	pid_t got = waitpid(pid, &status, 0);

	printf("%s: %s, status %x\n", what, got == pid ? "collected" : "lost", (unsigned)status);
	fflush(stdout);
}

static void at_exit(void)
{
	printf("exit handler\n");
}

static int in_clone(void *arg)
{
	printf("in clone: %s\n", (const char *)arg);
	fflush(stdout);
	return 9;
}

static void forks(void)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(3);
	collect("fork", pid);
	pid = fork();
	if (pid == 0)
		exit(4);
	collect("fork and exit", pid);
	pid = fork();
	if (pid == 0)
		quick_exit(2);
	collect("fork and quick_exit", pid);
	pid = fork();
	if (pid == 0) {
		raise(SIGKILL);
		_exit(1);
	}
	collect("fork and die", pid);
	pid = _Fork();
	if (pid == 0) {
		execlp("echo", "echo", "after _Fork", (char *)NULL);
		_exit(1);
	}
	collect("_Fork", pid);
	pid = (pid_t)syscall(SYS_fork);
	if (pid == 0)
		_exit(8);
	collect("bare system call", pid);
}

static void clones(void)
{
	static char stack[256 * 1024] __attribute__((aligned(16)));

	/* Its end is its function's return, and nothing else may keep it alive. */
	collect("clone", clone(in_clone, stack + sizeof(stack), SIGCHLD, "own memory"));
	collect("clone as vfork", clone(in_clone, stack + sizeof(stack),
					SIGCHLD | CLONE_VM | CLONE_VFORK, "parent's memory"));
}

static void vforks(void)
{
	char *const environment[] = { "A=1", NULL };
	char *const argv[] = { "sh", "-c", "echo $A ${B-unset}; exit 6", NULL };
	pid_t pid = vfork();

	if (pid == 0) {
		execl("/bin/echo", "echo", "after vfork", (char *)NULL);
		_exit(1);
	}
	collect("vfork and execl", pid);
	pid = vfork();
	if (pid == 0) {
		execl("/nonexistent", "x", (char *)NULL);
		_exit(errno);
	}
	collect("vfork and nothing to run", pid);
	pid = vfork();
	if (pid == 0) {
		execve("/bin/sh", argv, environment);
		_exit(1);
	}
	collect("vfork and execve", pid);
}

static void spawns(void)
{
	char *const argv[] = { "sh", "-c", "echo spawned; exit 12", NULL };
	pid_t pid;

	x(posix_spawn(&pid, "/bin/sh", NULL, NULL, argv, empty));
	collect("posix_spawn", pid);
	x(posix_spawnp(&pid, "sh", NULL, NULL, argv, NULL));
	collect("posix_spawnp", pid);
	printf("system: %x\n", (unsigned)system("echo in system; exit 7"));

	char line[64] = "";
	FILE *pipe = popen("echo in popen", "r");

	printf("popen: %s", fgets(line, sizeof(line), pipe));
	printf("pclose: %x\n", (unsigned)pclose(pipe));
}

static void terminal(void)
{
	int master;
	char line[64] = "";
	pid_t pid = forkpty(&master, NULL, NULL, NULL);

	if (pid == 0) {
		execle("/bin/sh", "sh", "-c", "echo on a terminal; exit 1", (char *)NULL, empty);
		_exit(2);
	}
	printf("forkpty: %zd bytes, ", read(master, line, sizeof(line) - 1));
	printf("%s", line);
	collect("forkpty", pid);
	close(master);
}

static void execs_that_fail(void)
{
	char *const argv[] = { "x", NULL };
	int r;

	errno = 0;
	r = execve("/nonexistent", argv, empty);
	printf("execve: %d, %s\n", r, strerror(errno));
	errno = 0;
	r = execvp("no-such-program", argv);
	printf("execvp: %d, %s\n", r, strerror(errno));
	errno = 0;
	r = execv("/", argv);
	printf("execv: %d, %s\n", r, strerror(errno));
	errno = 0;
	r = execve("/bin/true", argv, (char *const *)-1L);
	printf("execve with a bad environment: %d, %s\n", r, strerror(errno));
}

static void collecting(void)
{
	siginfo_t info = { 0 };
	pid_t pid = fork();
	int r;

	if (pid == 0)
		_exit(77);
	r = waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT);
	printf("waitid: %d, status %d, code %d\n", r, info.si_status, info.si_code);
	printf("waitid without a place for the answer: %d\n",
	       waitid(P_PID, (id_t)pid, NULL, WEXITED));
	errno = 0;
	r = waitid(P_PID, (id_t)pid, NULL, WEXITED);
	printf("waitid again: %d, %s\n", r, strerror(errno));

	int status = 1234;

	errno = 0;
	pid = wait(&status);
	printf("wait for nobody: %d, %s, status %d\n", (int)pid, strerror(errno), status);
	errno = 0;
	pid = wait(NULL);
	printf("wait: %d, %s\n", (int)pid, strerror(errno));
	pid = fork();
	if (pid == 0)
		_exit(5);
	errno = 0;
	r = waitpid(pid, (int *)1, 0) == pid;
	printf("waitpid to a bad address: %d, %s\n", r, strerror(errno));
}

static void daemons(void)
{
	int ends[2];
	int go[2];
	char line[64] = "";

	xs(pipe(ends));
	xs(pipe(go));

	pid_t pid = fork();

	if (pid == 0) {
		if (daemon(1, 1) != 0)
			_exit(1);
		xs(read(go[0], line, 1));
		xs(write(ends[1], "in the daemon\n", 14));
		exit(0);
	}
	collect("daemon", pid);
	xs(write(go[1], "", 1));
	close(ends[1]);
	/* Printed when the daemon has ended: it prints, too. */
	for (size_t n = 0; n + 1 < sizeof(line);) {
		ssize_t got = read(ends[0], line + n, sizeof(line) - 1 - n);

		if (got <= 0)
			break;
		n += (size_t)got;
	}
	printf("%s", line);
}

static void environments(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		clearenv();
		setenv("X", "y", 1);
		execlp("/bin/sh", "sh", "-c", "echo $X ${HOME-homeless}", (char *)NULL);
		_exit(1);
	}
	collect("an environment of its own", pid);
}

int main(void)
{
	setvbuf(stdout, NULL, _IONBF, 0);
	atexit(at_exit);
	forks();
	clones();
	vforks();
	spawns();
	terminal();
	execs_that_fail();
	collecting();
	daemons();
	environments();
	return 42;
}
