/* SPDX-License-Identifier: MIT */
/* pollset.h: the files that a blocked poll(), select() or epoll_wait() is for.
 *
 * Each file that somebody else can make ready is an object of the wait, once for each side that is
 * asked for: who waits to read is let go by a writer, who waits to write by a reader. Files that
 * wait for nobody (terminals, timers of the program's own) are none.
 *
 * Rules: see export.h. Only where the call blocks.
 */
#ifndef WS_POLLSET_H
#define WS_POLLSET_H

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#include "preload/wait.h"

/* Objects of one wait; beyond, a file is not known as one of them (limit `poll_objects`). A wait
 * counts and records each of them, which takes the caller about as long as it takes to block. */
#define WS_POLL_OBJECTS_MAX 64

/* `which` of a wait that was ended by none of its objects. */
#define WS_POLL_OTHER 1

struct ws_pollset {
	struct ws_wait_other objects[WS_POLL_OBJECTS_MAX]; /* the first `n` */
	int fds[WS_POLL_OBJECTS_MAX];                      /* whose each is */
	size_t n;
	uint64_t now_ns; /* when it was begun */
};

/* An empty set. */
void ws_pollset_begin(struct ws_pollset *set);
/* What the file is to a wait for this side of it. False: nobody can be waited for there. `now_ns`
 * is CLOCK_MONOTONIC. */
bool ws_pollset_object(struct ws_thread *self, int fd, bool reading, uintptr_t site,
		       uint64_t now_ns, struct ws_wait_other *ret);
/* The file is asked for `reading`, or else for writing. */
void ws_pollset_add(struct ws_pollset *set, struct ws_thread *self, int fd, bool reading,
		    uintptr_t site);
/* `which` of a wait that ended since this file became ready. */
int32_t ws_pollset_which(const struct ws_pollset *set, int fd, bool reading);

/* Notes in the wait, whose objects are those of the set and all recorded, that this file ended it.
 */
void ws_pollset_ended(const struct ws_pollset *set, struct ws_wait *wait, int fd, bool reading);

/* False: a limit that the kernel refuses, or that is over. glibc reads it itself, so it may be read
 * before the call. */
static inline bool ws_poll_may_wait(const struct timespec *limit)
{
	return !limit || (limit->tv_sec >= 0 && (unsigned long)limit->tv_nsec < 1000000000 &&
			  (limit->tv_sec || limit->tv_nsec));
}

/* The outcome of a call that returned how many files are ready, 0 as its time was over, or -1 with
 * errno. */
void ws_poll_outcome(struct ws_wait *wait, int result);

#endif
