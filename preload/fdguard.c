/* SPDX-License-Identifier: MIT */
/* fdguard.c: see fdguard.h. */
#include "preload/fdguard.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <sys/resource.h>

#include "preload/limits.h"
#include "preload/raw.h"

/* Lowest number for the tracer's fds: beyond what select() can name (FD_SETSIZE). */
#define HIGH 1024
/* How far up they go for a larger soft limit: each fork copies the table of fds up to the highest
 * one, 8 bytes a number. */
#define HIGH_MAX 4096
/* Numbers that LTTng may need: two channels of one fd for the memory and one for the wake-ups of
 * each CPU make 512 for 128 CPUs. */
#define ROOM 512

/* Programs that dup2() onto a number beyond their limit, or just below a small one, are rare; one
 * that does it in a loop meets as many as LTTng has fds. */
#define ALIASES 256

/* Looks at the limit of fds, while other threads change it. */
#define TRIES 8

/* In place of the actual number: there was no other to move to. The tracer's calls with it fail
 * with EBADF; LTTng then connects anew if it was a socket, and needs the others no more. */
#define GONE (-1)

_Atomic uint64_t ws_fd_bits[WS_FD_MAX / 64];
_Atomic uint32_t ws_fd_aliases;

/* remembered + 1 in the upper half, actual number in the lower; 0: free. Only LTTng's threads and
 * the rare dup2() onto a guarded number come here. */
static _Atomic uint64_t aliases[ALIASES];

/* The hard limit as it was at first: LTTng's own table of fds has that size, and an fd beyond it
 * fails an assertion. 0: not yet asked. */
static _Atomic rlim_t hard_first;

static uint64_t alias_of(int remembered, int actual)
{
	return ((uint64_t)remembered + 1) << 32 | (uint32_t)actual;
}

static bool remembers(uint64_t alias, int fd)
{
	return alias != 0 && (alias >> 32) == (uint64_t)fd + 1;
}

static int actual(uint64_t alias)
{
	return (int)(uint32_t)alias;
}

/* The entry with which the tracer remembers `fd`; NULL: there is none. */
static _Atomic uint64_t *find_remembered(int fd)
{
	for (size_t i = 0; i < ALIASES; i++)
		if (remembers(atomic_load_explicit(&aliases[i], memory_order_relaxed), fd))
			return &aliases[i];
	return NULL;
}

static rlim_t lowest_number(rlim_t soft, rlim_t hard)
{
	if (hard >= HIGH + ROOM) {
		if (soft > HIGH && soft <= HIGH_MAX && hard >= soft + ROOM)
			return soft;
		return HIGH;
	}
	/* Little room: the upper end, and at most half, so that the program keeps its own. */
	return hard >= 2 * ROOM ? hard - ROOM : hard / 2;
}

/* A copy of `fd` at `low` or above, beyond the soft limit: for that the limit is raised for a
 * moment. What another thread sets it to at that moment stays. LTTng has locked its own table of
 * fds meanwhile, and does so across fork(), too: no child begins with the limit raised, except by
 * vfork() and posix_spawn() in that moment. */
static int dup_beyond_limit(int fd, rlim_t low, struct rlimit limit)
{
	struct rlimit raised = { .rlim_cur = limit.rlim_max, .rlim_max = limit.rlim_max };
	struct rlimit was;
	int high = ws_raw_nofile(&raised, NULL);

	if (high == 0)
		high = ws_raw_fcntl(fd, F_DUPFD_CLOEXEC, (long)low);
	if (ws_raw_nofile(&limit, &was) == 0 &&
	    (was.rlim_cur != raised.rlim_cur || was.rlim_max != raised.rlim_max))
		ws_raw_nofile(&was, NULL);
	return high;
}

/* A copy of `fd` with a high number; negative errno. */
static int dup_high(int fd)
{
	struct rlimit limit;
	int high = -EINVAL;
	rlim_t hard;

	/* Again where another thread has changed the limit in between. */
	for (int tries = 0; tries < TRIES && high == -EINVAL; tries++) {
		if (ws_raw_nofile(NULL, &limit) < 0)
			return -EMFILE;
		hard = 0;
		atomic_compare_exchange_strong_explicit(&hard_first, &hard, limit.rlim_max,
							memory_order_relaxed, memory_order_relaxed);
		if (hard == 0 || hard > limit.rlim_max)
			hard = limit.rlim_max;

		rlim_t low = lowest_number(limit.rlim_cur, hard);

		if (low < limit.rlim_cur)
			high = ws_raw_fcntl(fd, F_DUPFD_CLOEXEC, (long)low);
		else
			high = dup_beyond_limit(fd, low, limit);
	}
	/* The limit may not be raised: the upper half of what there is. */
	if (high < 0 && high != -EMFILE && limit.rlim_cur > 1)
		high = ws_raw_fcntl(fd, F_DUPFD_CLOEXEC, (long)limit.rlim_cur / 2);
	if (high >= 0 && ((rlim_t)high >= hard || high >= WS_FD_MAX)) {
		ws_raw_close(high);
		high = -EMFILE;
	}
	return high;
}

/* Like dup_high(), but never a number under which the tracer remembers another file. */
static int dup_unambiguous(int fd)
{
	int high = dup_high(fd);

	while (high >= 0 && ws_fd_actual(high) != high) {
		int higher = ws_raw_fcntl(fd, F_DUPFD_CLOEXEC, high + 1);

		ws_raw_close(high);
		high = higher;
	}
	return high;
}

void ws_fd_guard(int fd)
{
	if ((unsigned int)fd < WS_FD_MAX)
		atomic_fetch_or_explicit(&ws_fd_bits[fd / 64], UINT64_C(1) << (fd % 64),
					 memory_order_relaxed);
}

static void unguard(int fd)
{
	if ((unsigned int)fd < WS_FD_MAX)
		atomic_fetch_and_explicit(&ws_fd_bits[fd / 64], ~(UINT64_C(1) << (fd % 64)),
					  memory_order_relaxed);
}

void ws_fd_close(int fd)
{
	unguard(fd);
	ws_raw_close(fd);
}

int ws_fd_take(int fd)
{
	int high = dup_unambiguous(fd);

	if (high < 0) {
		ws_limit_reached(WS_LIMIT_tracer_fds);
		return -EMFILE;
	}
	ws_fd_guard(high);
	ws_raw_close(fd);
	return high;
}

int ws_fd_adopt(int fd)
{
	if (fd < 0)
		return fd;

	int high = ws_fd_take(fd);

	if (high < 0) {
		ws_raw_close(fd);
		errno = -high;
		return -1;
	}
	return high;
}

int ws_fd_release(int fd)
{
	if (ws_unlikely(atomic_load_explicit(&ws_fd_aliases, memory_order_relaxed) != 0)) {
		_Atomic uint64_t *entry = find_remembered(fd);

		if (entry) {
			fd = actual(atomic_exchange_explicit(entry, 0, memory_order_relaxed));
			atomic_fetch_sub_explicit(&ws_fd_aliases, 1, memory_order_relaxed);
		}
	}
	unguard(fd);
	return fd;
}

/* Notes that what was at `from` is now at `to`. False: no entry is free. */
static bool add_alias(int from, int to)
{
	/* Moved a second time: the tracer remembers the number before. */
	for (size_t i = 0; i < ALIASES; i++) {
		uint64_t alias = atomic_load_explicit(&aliases[i], memory_order_relaxed);

		if (alias != 0 && actual(alias) == from) {
			atomic_store_explicit(&aliases[i],
					      (alias & ~UINT64_C(0xffffffff)) | (uint32_t)to,
					      memory_order_relaxed);
			return true;
		}
	}
	for (size_t i = 0; i < ALIASES; i++) {
		uint64_t free = 0;

		if (atomic_compare_exchange_strong_explicit(&aliases[i], &free, alias_of(from, to),
							    memory_order_relaxed,
							    memory_order_relaxed)) {
			atomic_fetch_add_explicit(&ws_fd_aliases, 1, memory_order_relaxed);
			return true;
		}
	}
	ws_limit_reached(WS_LIMIT_fd_aliases);
	return false;
}

int ws_fd_yield(int fd)
{
	int moved = dup_unambiguous(fd);

	if (moved < 0)
		moved = GONE;
	ws_fd_guard(moved);
	if (!add_alias(fd, moved)) {
		if (moved >= 0)
			ws_fd_close(moved);
		return -EMFILE;
	}
	unguard(fd);
	return 0;
}

int ws_fd_actual_slow(int fd)
{
	for (size_t i = 0; i < ALIASES; i++) {
		uint64_t alias = atomic_load_explicit(&aliases[i], memory_order_relaxed);

		if (remembers(alias, fd))
			return actual(alias);
	}
	return fd;
}

int ws_fd_next(unsigned int first, unsigned int last)
{
	if (last >= WS_FD_MAX)
		last = WS_FD_MAX - 1;
	for (unsigned int word = first / 64; word <= last / 64 && first <= last; word++) {
		uint64_t bits = atomic_load_explicit(&ws_fd_bits[word], memory_order_relaxed);

		if (word == first / 64)
			bits &= ~UINT64_C(0) << (first % 64);
		if (bits != 0) {
			unsigned int fd = word * 64 + (unsigned int)__builtin_ctzll(bits);

			return fd <= last ? (int)fd : -1;
		}
	}
	return -1;
}

int ws_fd_open(const char *path, int flags)
{
	struct rlimit limit;
	int fd = ws_raw_open(path, flags | O_CLOEXEC);

	if (fd < 0)
		return -1;
	/* Inside the limit, which is not worth touching for so short a use. */
	if (ws_raw_nofile(NULL, &limit) == 0 && limit.rlim_cur > 1) {
		rlim_t low = limit.rlim_cur > HIGH ? HIGH : limit.rlim_cur / 2;
		int high = ws_raw_fcntl(fd, F_DUPFD_CLOEXEC, (long)low);

		if (high >= 0) {
			ws_raw_close(fd);
			fd = high;
		}
	}
	ws_fd_guard(fd);
	return fd;
}
