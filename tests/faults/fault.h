/* SPDX-License-Identifier: MIT */
/* fault.h: what the programs with faults share: which of the two they are, and an end for those that
 * hang.
 *
 * A program is called as `PROGRAM fault|twin [VARIANT...]`. The lines that its findings must name end
 * in a comment, see pairs.py. It says that it got as far as it was to, by fault_done().
 */
#ifndef WS_FAULT_H
#define WS_FAULT_H

#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* True if this run is the one with the fault. Ends the program if it is called wrongly. */
static inline bool fault_is(int argc, char **argv)
{
	if (argc < 2 || (strcmp(argv[1], "fault") != 0 && strcmp(argv[1], "twin") != 0)) {
		fprintf(stderr, "usage: %s fault|twin [VARIANT...]\n", argv[0]);
		exit(2);
	}
	return strcmp(argv[1], "fault") == 0;
}

/* The variant that was asked for, from 0; "" if there is none. */
static inline const char *fault_variant(int argc, char **argv, int n)
{
	return 2 + n < argc ? argv[2 + n] : "";
}

/* Only where nothing of it can be a fault itself. */
static inline void fault_check(int r, const char *what)
{
	if (r != 0) {
		fprintf(stderr, "fault: %s: %s\n", what, strerror(r < 0 ? errno : r));
		exit(3);
	}
}

static inline void fault_done(void)
{
	static const char text[] = "fault: done\n";

	if (write(STDOUT_FILENO, text, sizeof(text) - 1) < 0)
		exit(3);
}

static inline void fault_pause(void)
{
	nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
}

/* The state letter of a thread, as /proc says: 'S' while it sleeps. */
static inline char fault_state(pid_t pid, const char *tid)
{
	char path[320], line[512] = "", *after;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/task/%s/stat", pid, tid);
	file = fopen(path, "r");
	if (!file)
		return 0;
	if (!fgets(line, sizeof(line), file))
		line[0] = '\0';
	fclose(file);
	after = strrchr(line, ')');
	return after ? after[2] : '\0';
}

/* True if the thread of this process sleeps in a futex call on that range: it waits for the object
 * there, and is not in what the tracer does. */
static inline bool fault_sleeps_at(pid_t tid, const volatile void *address, size_t size)
{
	unsigned long long number = 0, first = 0;
	char path[64];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/self/task/%d/syscall", (int)tid);
	file = fopen(path, "r");
	if (!file)
		return false;
	if (fscanf(file, "%llu %llx", &number, &first) != 2) /* "running" */
		first = 0;
	fclose(file);
	return number == SYS_futex && first >= (uintptr_t)address &&
	       first < (uintptr_t)address + size;
}

/* True if every thread of the process, the tracer's left out, has been asleep for a while. */
static inline bool fault_all_asleep(pid_t pid)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	for (int look = 0; look < 100; look++) {
		DIR *tasks = opendir(path);

		if (!tasks)
			return true;
		for (struct dirent *task; (task = readdir(tasks));) {
			char state = task->d_name[0] == '.' ? 'S' : fault_state(pid, task->d_name);

			if (state == 'R' || state == 'D') {
				closedir(tasks);
				return false;
			}
		}
		closedir(tasks);
		fault_pause();
	}
	return true;
}

static inline long fault_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Runs `hang` in a child of its own, and kills the child once all of its threads sleep for good;
 * `ready` must be set by then, in shared memory: it hangs where it is meant to. */
static inline void fault_hang(void (*hang)(void), volatile int *ready)
{
	pid_t pid = fork();

	if (pid == 0) {
		/* Its children hang with it, and end with it. */
		setpgid(0, 0);
		hang();
		exit(0);
	}
	setpgid(pid, pid);
	while (!*ready && waitpid(pid, NULL, WNOHANG) == 0)
		fault_pause();
	while (!fault_all_asleep(pid))
		fault_pause();
	/* What was woken less than WS_LET_GO_NS ago may still be on its way, for the report. */
	for (long began = fault_now_ms(); fault_now_ms() < began + 300;)
		fault_pause();
	kill(-pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

#endif
