/* SPDX-License-Identifier: MIT */
/* sleeper.h: threads whose going to sleep another thread can wait for, as the kernel tells. */
#ifndef WS_FAULT_SLEEPER_H
#define WS_FAULT_SLEEPER_H

#include <sys/syscall.h>

#include "fault.h"

static inline pid_t sleeper_tid(void)
{
	return (pid_t)syscall(SYS_gettid);
}

/* How often the thread went to sleep so far. */
static inline long sleeper_count(pid_t tid)
{
	char path[64], line[128];
	long n = -1;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/self/task/%d/status", tid);
	file = fopen(path, "r");
	while (file && fgets(line, sizeof(line), file)) {
		if (sscanf(line, "voluntary_ctxt_switches: %ld", &n) == 1)
			break;
	}
	if (file)
		fclose(file);
	return n;
}

/* Until it has gone to sleep more often than `before`, and sleeps. */
static inline void sleeper_until(const volatile pid_t *tid, long before)
{
	char name[32];

	while (!*tid)
		fault_pause();
	snprintf(name, sizeof(name), "%d", *tid);
	while (sleeper_count(*tid) <= before || fault_state(getpid(), name) != 'S')
		;
}

#endif
