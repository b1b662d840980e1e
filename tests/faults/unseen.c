/* SPDX-License-Identifier: MIT */
/* unseen: a reader of a pipe whose writing end its own process has open, and a child that is not
 * recorded had, too.
 *
 * Variants, by how the child was made: spawned, vforked. In the fault the child has been collected:
 * nobody can write any more. In the twin it is there, with the writing end, and may write.
 */
#include <spawn.h>
#include <sys/mman.h>

#include "fault.h"

static bool fault;
static const char *variant;
static char program[4096];
static volatile int *ready;

static pid_t start(char **argv)
{
	pid_t pid;

	if (strcmp(variant, "vforked") == 0) {
		pid = vfork();
		if (pid == 0) {
			execv(program, argv);
			_exit(127);
		}
		fault_check(pid < 0 ? -1 : 0, "vfork");
		return pid;
	}
	fault_check(posix_spawn(&pid, program, NULL, NULL, argv, environ), "posix_spawn");
	return pid;
}

static void hang(void)
{
	char *ends[] = { program, "end", NULL }, *sleeps[] = { program, NULL };
	int pipe_ends[2], status;
	char byte;
	pid_t pid;

	fault_check(pipe(pipe_ends), "pipe");
	pid = start(fault ? ends : sleeps);
	if (fault) {
		fault_check(waitpid(pid, &status, 0) == pid ? 0 : -1, "waitpid");
		fault_check(status, "static_sleeper");
	}
	*ready = 1;
	fault_check(read(pipe_ends[0], &byte, 1) < 0 ? -1 : 0, "read"); /* mark: reads */
}

int main(int argc, char **argv)
{
	ssize_t n =
		readlink("/proc/self/exe", program, sizeof(program) - sizeof("/static_sleeper"));

	fault = fault_is(argc, argv);
	variant = fault_variant(argc, argv, 0);
	fault_check(n > 0 ? 0 : -1, "readlink");
	program[n] = '\0';
	strcpy(strrchr(program, '/'), "/static_sleeper");
	ready = mmap(NULL, sizeof(*ready), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		     0);
	fault_check(ready == MAP_FAILED ? -1 : 0, "mmap");
	fault_hang(hang, ready);
	fault_done();
	return 0;
}
