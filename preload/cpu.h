/* SPDX-License-Identifier: MIT */
/* cpu.h: how much processor time another thread uses in a span of time.
 *
 * A lock's holder that is in no wait either runs or is ready to run and has no processor: the kernel
 * alone can tell, and tells it of any thread of the process, and of whole other processes.
 *
 * Rules: no malloc, no lock, errno kept; a system call each, so none where a filter of the program's
 * may forbid it (ws_sandboxed: the caller looks).
 */
#ifndef WS_CPU_H
#define WS_CPU_H

#include <stdint.h>
#include <time.h>

#include "preload/clock.h"
#include "preload/raw.h"

/* A reading is worth its system call for a wait that is not short: one begins at most this often,
 * so that it costs a contended thread one or two hundredths of its time; and only a wait that took
 * this long is asked for the second. */
#define WS_CPU_EVERY_NS 300000
#define WS_CPU_LEAST_NS 100000

/* A clock that was read once. Zeroes: none. */
struct ws_cpu_clock {
	int32_t id;         /* clockid_t; 0, which is no such clock: none */
	uint64_t since_ns;  /* trace clock: from when it is asked what was used */
	uint64_t unread_ns; /* from then until it was read: all of this counts as used */
	uint64_t ns;        /* what it said */
};

/* Numbers of CPU clocks as the kernel makes them, see include/linux/posix-timers.h there: a thread's
 * is readable in its own process only, a process's everywhere. */
#define WS_CPU_OF_THREAD 6
#define WS_CPU_OF_PROCESS 2

static inline int32_t ws_cpu_clock_id(int32_t tid, uint32_t of)
{
	return (int32_t)(~(uint32_t)tid << 3 | of);
}

/* 0, or a negative errno with *ret untouched. */
static inline int ws_cpu_read(int32_t id, uint64_t *ret)
{
	struct timespec time;
	int r = (int)ws_raw_syscall(SYS_clock_gettime, id, (long)&time, 0, 0);

	if (r == 0)
		*ret = (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
	return r;
}

/* Begins to measure the thread, or the process whose first thread it is, from `since_ns` on, a moment
 * ago; *clock is none where neither can be read. */
static inline void ws_cpu_begin(struct ws_cpu_clock *clock, int32_t tid, uint64_t since_ns)
{
	int32_t id = ws_cpu_clock_id(tid, WS_CPU_OF_THREAD);

	*clock = (struct ws_cpu_clock){ .since_ns = since_ns };
	if (ws_cpu_read(id, &clock->ns) < 0) {
		id = ws_cpu_clock_id(tid, WS_CPU_OF_PROCESS);
		if (ws_cpu_read(id, &clock->ns) < 0)
			return;
	}
	clock->id = id;
	/* An order of locks may have been recorded since then, with a stack that took its time. */
	clock->unread_ns = ws_now_ns() - since_ns;
}

/* What it used since then at most, and one; 0: too short a time, or not known: it has ended. */
static inline uint64_t ws_cpu_used(const struct ws_cpu_clock *clock)
{
	uint64_t ns = 0;

	if (!clock->id || ws_now_ns() - clock->since_ns < WS_CPU_LEAST_NS ||
	    ws_cpu_read(clock->id, &ns) < 0 || ns < clock->ns)
		return 0;
	return ns - clock->ns + clock->unread_ns + 1;
}

#endif
