/* SPDX-License-Identifier: MIT */
/* fdguard.h: keeps the tracer's file descriptors out of the program's way.
 *
 * LTTng holds sockets, pipes and shared memory files in the traced process, and libunwind a pipe.
 * Each is moved to a high number as it is made, so that the program's own numbers are as without
 * us, and noted here as guarded: to the program it is not open. A program that closes all that it
 * does not know gets EBADF for these, and the recording goes on. A program that dup2()s onto one
 * gets the number: what was there moves once more, and since LTTng remembers the old number, its
 * later calls with it are led to the new one (an alias).
 *
 * Where they go: beyond the soft limit of the process if the hard limit leaves room, where the
 * program can neither open nor dup2() nor count them; so not into the range of select() either.
 *
 * Rules: no lock, no malloc; errno stays. What it cannot hide: /proc/self/fd, the system calls
 * made without libc, and the moment in which LTTng's new fd still has a low number.
 */
#ifndef WS_FDGUARD_H
#define WS_FDGUARD_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "preload/export.h"

/* Numbers that can be guarded: 8 KiB of bits. Beyond, the tracer gets none (limit `tracer_fds`). */
#define WS_FD_MAX 65536

extern _Atomic uint64_t ws_fd_bits[WS_FD_MAX / 64];
/* How many guarded fds the program has taken the number of, see ws_fd_yield(). */
extern _Atomic uint32_t ws_fd_aliases;

/* True if the number is the tracer's. */
static inline bool ws_fd_is_guarded(int fd)
{
	return (unsigned int)fd < WS_FD_MAX &&
	       (atomic_load_explicit(&ws_fd_bits[fd / 64], memory_order_relaxed) >> (fd % 64)) & 1;
}

/* Moves a new fd of the tracer's to a high number, close-on-exec, and guards it. Returns that
 * number; or, with `fd` open as it was, -EMFILE where the program's numbers would be used up. */
int ws_fd_take(int fd);

/* The same for the result of a call that made it: -1 with errno, and closed, where it cannot. */
int ws_fd_adopt(int fd);

/* Guards an fd where it is. */
void ws_fd_guard(int fd);

/* The tracer closes `fd`, a number that it remembers: what is really to be closed is returned, and
 * no longer guarded. -1: it is gone already. */
int ws_fd_release(int fd);

/* The program is about to put a file of its own on this guarded number: moves the tracer's away,
 * or gives it up where there is no other number. 0 or negative errno; then it is still there. */
int ws_fd_yield(int fd);

/* Where the file is by now that the tracer remembers as `fd`; -1: it is gone. */
int ws_fd_actual_slow(int fd);
static inline int ws_fd_actual(int fd)
{
	if (ws_likely(atomic_load_explicit(&ws_fd_aliases, memory_order_relaxed) == 0))
		return fd;
	return ws_fd_actual_slow(fd);
}

/* The lowest guarded number in [first, last]; -1: there is none. */
int ws_fd_next(unsigned int first, unsigned int last);

/* Opens a file for our own short use, guarded; -1: failed. */
int ws_fd_open(const char *path, int flags);
void ws_fd_close(int fd);

#endif
