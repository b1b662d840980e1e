/* SPDX-License-Identifier: MIT */
/* wrap_select.c: select() and pselect(): a wait for any of several files.
 *
 * Rules: see export.h. The try is the same call with no time to wait, on the program's own sets: an
 * error leaves them as they are, and what is ready at once is answered as the call would have. If
 * nothing is, it has cleared them, and they are put back from a copy that was made before, without
 * a fault (copyin.h). Where no copy can be had, the call is passed on, and is no wait to us.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/select.h>
#include <time.h>

#include "preload/copyin.h"
#include "preload/export.h"
#include "preload/fdguard.h"
#include "preload/pollset.h"
#include "preload/raw.h"
#include "preload/real.h"
#include "preload/resource.h"
#include "preload/wait.h"

enum { READS, WRITES, EXCEPTS, N_SETS };

/* How long sets for higher numbers are that fd_set has room for is not known. Those that are are
 * passed on. */
#define WORDS (FD_SETSIZE / 64)

struct call {
	struct ws_thread *self;
	int n;
	fd_set *sets[N_SETS];
	uint64_t copies[N_SETS][WORDS]; /* as they were before the call */
	uintptr_t site;
};

/* One past the program's highest open number; `n` if that cannot be said. */
static int end_of_files(int n)
{
	char entries[2048];
	int fd, end = 0;
	long got = -1;

	if (ws_sandboxed)
		return n;
	fd = ws_fd_open("/proc/self/fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return n;
	while ((got = ws_raw_syscall(SYS_getdents64, fd, (long)entries, sizeof(entries), 0)) > 0) {
		const struct dirent64 *entry;

		for (long at = 0; at < got; at += entry->d_reclen) {
			int number = 0;

			entry = (const struct dirent64 *)(entries + at);
			for (const char *c = entry->d_name; *c >= '0' && *c <= '9'; c++)
				number = number * 10 + (*c - '0');
			if (number >= end && !ws_fd_is_guarded(number))
				end = number + 1;
		}
	}
	ws_fd_close(fd);
	return got < 0 ? n : end;
}

/* Programs that ask for all numbers that they could have (getdtablesize()) give sets that are
 * shorter: the kernel looks at no more than its own table of the process's files has room for. The
 * tracer's high numbers make that longer; the program's sets would be overrun. */
static __attribute__((noinline)) int clamp(int n)
{
	int end = end_of_files(n);

	end = (end + 63) / 64 * 64; /* as short as the kernel's may be */
	return n < end ? n : end;
}

/* The kernel reads and writes whole words. */
static size_t size_of(int n)
{
	return ((size_t)n + 63) / 64 * 8;
}

/* False: pass the call on. */
static inline bool take_copies(struct call *c)
{
	if (c->n < 0 || c->n > FD_SETSIZE)
		return false;
	for (int i = 0; i < N_SETS; i++) {
		if (c->sets[i] && c->n > 0 &&
		    ws_copy_in(c->copies[i], c->sets[i], size_of(c->n)) != 0)
			return false;
	}
	return true;
}

static inline bool has(const uint64_t *set, int fd)
{
	return set[fd / 64] >> (fd % 64) & 1;
}

/* Undoes a try that found nothing: it has just cleared the sets, so they can be written. */
static void put_back(const struct call *c)
{
	for (int i = 0; i < N_SETS; i++) {
		if (c->sets[i])
			memcpy(c->sets[i], c->copies[i], size_of(c->n));
	}
}

static void collect(const struct call *c, struct ws_pollset *set, bool *any)
{
	*any = false;
	ws_pollset_begin(set);
	for (int fd = 0; fd < c->n; fd++) {
		bool read = (c->sets[READS] && has(c->copies[READS], fd)) ||
			    (c->sets[EXCEPTS] && has(c->copies[EXCEPTS], fd));
		bool write = c->sets[WRITES] && has(c->copies[WRITES], fd);

		*any |= read || write;
		if (read)
			ws_pollset_add(set, c->self, fd, true, c->site);
		if (write)
			ws_pollset_add(set, c->self, fd, false, c->site);
	}
}

/* Notes which object ended the wait: the lowest number that is ready. */
static void note_end(const struct call *c, const struct ws_pollset *set, struct ws_wait *wait)
{
	for (int fd = 0; fd < c->n; fd++) {
		for (int i = 0; i < N_SETS; i++) {
			if (!c->sets[i] || !FD_ISSET(fd, c->sets[i]))
				continue;
			ws_pollset_ended(set, wait, fd, i != WRITES);
			return;
		}
	}
}

/* What is left of a limit when the call returned at once: as the kernel counts, some of the last
 * microsecond is gone. */
static void note_left(struct timeval *limit)
{
	if (limit->tv_usec >= 1000000) {
		limit->tv_sec += limit->tv_usec / 1000000;
		limit->tv_usec %= 1000000;
	}
	if (limit->tv_usec-- == 0) {
		limit->tv_usec = 999999;
		limit->tv_sec--;
	}
}

static __attribute__((noinline)) int select_blocked(struct call *c, struct timeval *limit)
{
	struct ws_pollset set;
	bool any;

	put_back(c);
	collect(c, &set, &any);

	WS_WAIT(wait, .self = c->self, .site = c->site, .kind = any ? WS_KIND_POLL : WS_KIND_SLEEP,
		.flags = limit ? WS_WAIT_TIMED : 0, .others = set.objects, .n_others = set.n);
	int r = ws_real.select(c->n, c->sets[READS], c->sets[WRITES], c->sets[EXCEPTS], limit);

	ws_poll_outcome(&wait, r);
	if (r > 0)
		note_end(c, &set, &wait);
	return r;
}

WS_EXPORT int select(int n, fd_set *reads, fd_set *writes, fd_set *excepts, struct timeval *limit)
{
	struct call c;

	if (ws_unlikely(n > FD_SETSIZE))
		n = clamp(n);
	/* glibc reads the limit itself. One that it refuses, or that is over, is no wait. */
	if ((limit &&
	     (limit->tv_sec < 0 || limit->tv_usec < 0 || (!limit->tv_sec && !limit->tv_usec))) ||
	    ws_unlikely(!(c.self = ws_thread())))
		return ws_real.select(n, reads, writes, excepts, limit);
	c.n = n;
	c.sets[READS] = reads;
	c.sets[WRITES] = writes;
	c.sets[EXCEPTS] = excepts;
	c.site = WS_SITE;
	if (ws_unlikely(!take_copies(&c)))
		return ws_real.select(n, reads, writes, excepts, limit);

	struct timeval no_time = { 0, 0 };
	int r = ws_real.select(n, reads, writes, excepts, &no_time);

	if (ws_unlikely(r == 0))
		return select_blocked(&c, limit);
	if (limit)
		note_left(limit);
	return r;
}

static __attribute__((noinline)) int pselect_blocked(struct call *c, const struct timespec *limit,
						     const sigset_t *mask)
{
	struct ws_pollset set;
	bool any;

	put_back(c);
	collect(c, &set, &any);

	WS_WAIT(wait, .self = c->self, .site = c->site, .kind = any ? WS_KIND_POLL : WS_KIND_SLEEP,
		.flags = limit ? WS_WAIT_TIMED : 0, .others = set.objects, .n_others = set.n);
	int r = ws_real.pselect(c->n, c->sets[READS], c->sets[WRITES], c->sets[EXCEPTS], limit,
				mask);

	ws_poll_outcome(&wait, r);
	if (r > 0)
		note_end(c, &set, &wait);
	return r;
}

WS_EXPORT int pselect(int n, fd_set *reads, fd_set *writes, fd_set *excepts,
		      const struct timespec *limit, const sigset_t *mask)
{
	static const struct timespec no_time;
	struct call c;

	if (ws_unlikely(n > FD_SETSIZE))
		n = clamp(n);
	if (!ws_poll_may_wait(limit) || ws_unlikely(!(c.self = ws_thread())))
		return ws_real.pselect(n, reads, writes, excepts, limit, mask);
	c.n = n;
	c.sets[READS] = reads;
	c.sets[WRITES] = writes;
	c.sets[EXCEPTS] = excepts;
	c.site = WS_SITE;
	if (ws_unlikely(!take_copies(&c)))
		return ws_real.pselect(n, reads, writes, excepts, limit, mask);

	int r = ws_real.pselect(n, reads, writes, excepts, &no_time, mask);

	return ws_likely(r != 0) ? r : pselect_blocked(&c, limit, mask);
}
