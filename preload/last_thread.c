/* SPDX-License-Identifier: MIT */
/* last_thread.c: see last_thread.h.
 *
 * Threads with a slot, and those on their way to one, are known here. Others are not: libc's
 * helpers (timers, asynchronous I/O), and threads that have not called anything recorded. So the
 * kernel is asked as well.
 */
#include "preload/last_thread.h"

#include <fcntl.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <time.h>

#include "preload/emit.h"
#include "preload/lifecycle.h"
#include "preload/raw.h"
#include "preload/resource.h"
#include "preload/start.h"
#include "preload/thread.h"
#include "preload/tracers.h"

/* A thread that has given its slot back is gone for the kernel a moment later. Looked for this
 * often, and after twice the time from look to look: 2 s in all. */
#define LOOKS_MAX  11
#define LOOK_FIRST 1000000 /* ns */

/* As getdents64() gives it. */
struct entry {
	uint64_t inode;
	int64_t offset;
	uint16_t length;
	uint8_t type;
	char name[];
};

static _Atomic int32_t main_ended; /* the process whose main thread has; 0: none */
static _Atomic int32_t ending;     /* the process that is about to end by exit(0) */

static bool any_known(void)
{
	int32_t tids[1];
	bool foreign;

	/* In this order: a thread is on its way until it has its slot. */
	return ws_start_pending(&foreign) || ws_thread_tids(tids, 1) > 0;
}

static int32_t number(const char *digits)
{
	int32_t result = 0;

	for (; *digits >= '0' && *digits <= '9'; digits++)
		result = result * 10 + (*digits - '0');
	return result;
}

/* The main thread stays listed when it has ended. Unknown counts as another one. */
static bool any_listed(int32_t tid)
{
	_Alignas(struct entry) char buffer[2048];
	int fd = ws_raw_open("/proc/self/task", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool any = fd < 0;
	long n;

	while (!any && (n = ws_raw_syscall(SYS_getdents64, fd, (long)buffer, sizeof(buffer), 0))) {
		any = n < 0;
		for (long at = 0; at < n && !any;) {
			const struct entry *entry = (const struct entry *)(buffer + at);
			int32_t other = number(entry->name); /* 0: "." and ".." */

			any = other && other != tid && other != ws_pid && !ws_tracer_is(other);
			at += entry->length;
		}
	}
	if (fd >= 0)
		ws_raw_close(fd);
	return any;
}

static bool is_last(int32_t tid)
{
	struct timespec pause = { .tv_nsec = LOOK_FIRST };

	for (int i = 0; i < LOOKS_MAX; i++) {
		if (any_known())
			return false; /* whoever ends later looks again */
		if (ws_sandboxed || !any_listed(tid))
			return !any_known();
		ws_raw_syscall(SYS_nanosleep, (long)&pause, 0, 0, 0);
		pause.tv_nsec *= 2;
		pause.tv_sec += pause.tv_nsec / 1000000000;
		pause.tv_nsec %= 1000000000;
	}
	return false;
}

void ws_last_thread_check(int32_t tid)
{
	if (tid == ws_pid)
		atomic_store(&main_ended, ws_pid);
	/* Of two that end at one moment, the one that is later here sees the other's slot free. */
	atomic_thread_fence(memory_order_seq_cst);
	if (ws_likely(atomic_load(&main_ended) != ws_pid) || !ws_tracers_alive() || !is_last(tid))
		return;
	if (atomic_exchange(&ending, ws_pid) == ws_pid)
		return; /* two at one moment: the other one does it */
	ws_self = NULL; /* what its exit handlers do is recorded */
	exit(0);
}
