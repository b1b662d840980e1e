/* SPDX-License-Identifier: MIT */
/* fdkind.h: what each file descriptor of the program is, as far as calls on it may wait.
 *
 * A number is looked up in one load. What it is, is learned at its first use (fstat), or where one
 * of our wrappers makes it, and forgotten when it is closed or replaced. libc's own close and open
 * (stdio) are not seen, so before a wait is recorded the number is looked at again.
 *
 * Rules: no lock, no malloc, errno stays. Nothing is learned in a vfork child, whose numbers are
 * not ours, nor in a program that has locked itself into a sandbox of system calls.
 */
#ifndef WS_FDKIND_H
#define WS_FDKIND_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "preload/export.h"
#include "preload/fill.h"
#include "preload/limits.h"
#include "tracepoints/kinds.h"

/* Numbers that are kept; calls on higher ones are not looked at (limit `fds`). Some MiB, of which only
 * what is used is touched. */
#define WS_FDS_MAX 65536

/* How long what is known of a number is trusted without looking at it again: libc may have closed
 * it, and looking costs as much as the call itself. */
#define WS_FD_TRUST_NS 10000000u

enum ws_fd_kind {
	WS_FD_UNKNOWN = 0,
	WS_FD_PLAIN, /* calls on it do not wait for other processes, or cannot be told */
	WS_FD_MQ,    /* POSIX message queue: read() and write() are not how it is used */
	WS_FD_PIPE,
	WS_FD_FIFO,
	WS_FD_STREAM,   /* socket, a stream of bytes */
	WS_FD_PACKET,   /* socket with message boundaries */
	WS_FD_LISTENER, /* socket from which connections are accepted */
	WS_FD_EVENTFD,
	WS_FD_TIMERFD,
	WS_FD_SIGNALFD,
};

/* Flags beside the kind. */
#define WS_FD_ACCEPTED   1u /* socket: made by accept(): its own address is the name of it */
#define WS_FD_NONBLOCK   2u /* it was O_NONBLOCK when we last looked: it never waits */
#define WS_FD_READ_POLL  4u /* no call that only tries to read: ask poll() first */
#define WS_FD_WRITE_POLL 8u
#define WS_FD_CONNECTED  16u /* UDP: it sends to an address, where one may wait that is not connected */

/* kind | flags << 8 | key << 16. `key` is ws_waiters_key() of those whom a call on this number may
 * let go on, without the side. 0: unknown. */
struct ws_fd_entry {
	_Atomic uint64_t word;
	/* Written before `word`; what they say is good while `word` is the same. */
	uint64_t object; /* identity in events */
	uint64_t other;  /* the same: device; socket: which end */
	uint64_t inode;  /* of the number itself; anonymous inodes: their id */
	uintptr_t own_key;
	/* Bytes (low 40 bits) and calls (high 24) since they were last recorded. */
	_Atomic uint64_t in, out;
	/* Message queue: lowest and highest priority of these, each and one: low | high << 32. 0:
	 * none.
	 */
	_Atomic uint64_t priorities;
	_Atomic bool
		accepted; /* the number was made by accept(); kept while nothing is known of it */
	uint64_t named;   /* the object that this process has recorded the name of */
	uint64_t verified_ns; /* when it was last looked at (CLOCK_MONOTONIC) */
	uint64_t looked;      /* the same by the time stamp counter, see plain.c */
	struct ws_fill fill;  /* how full it was */
};

extern struct ws_fd_entry ws_fds[WS_FDS_MAX];

#define WS_FD_KIND(word)  ((enum ws_fd_kind)((word)&0xff))
#define WS_FD_FLAGS(word) ((uint32_t)((word) >> 8 & 0xff))
#define WS_FD_KEY(word)   ((uintptr_t)((word) >> 16))

/* Learns what the number is; never 0. The caller is not in a vfork child. */
uint64_t ws_fd_learn(int fd);
/* True if the number is still what the word says. False: it has been learned anew. */
bool ws_fd_verify(int fd, uint64_t word);
/* Looks whether it is O_NONBLOCK, and notes it. */
bool ws_fd_is_nonblocking(int fd);
/* The program has changed O_NONBLOCK somewhere: nobody is known to have it. */
void ws_fd_blocking_changed(void);
/* Sets flags (WS_FD_*) in the number's word if it is still `word`. */
void ws_fd_set_flags(int fd, uint64_t word, uint32_t flags);

/* True if it was opened for reading only. */
bool ws_fd_reads_only(int fd);

/* Where /proc says that the number leads to: "pipe:[N]", a path; empty: not known. */
ssize_t ws_fd_readlink(int fd, char *buffer, size_t size);

/* What it is: one load where it is known. */
static inline uint64_t ws_fd_word(int fd)
{
	if (ws_unlikely((unsigned int)fd >= WS_FDS_MAX)) {
		if (fd >= 0)
			ws_limit_reached(WS_LIMIT_fds);
		return WS_FD_PLAIN;
	}

	uint64_t word = atomic_load_explicit(&ws_fds[fd].word, memory_order_acquire);

	return ws_likely(word != 0) ? word : ws_fd_learn(fd);
}

/* True if there is something to forget. */
static inline bool ws_fd_is_known(int fd)
{
	return (unsigned int)fd < WS_FDS_MAX &&
	       atomic_load_explicit(&ws_fds[fd].word, memory_order_relaxed) != 0;
}

/* The number is closed, or is about to be another file's. */
void ws_fd_forget(int fd);
/* The same of all from `first` to `last`. */
void ws_fd_forget_range(unsigned int first, unsigned int last);
/* The numbers that a child of fork() has are the same; what was counted is its parent's. */
void ws_fd_forked(void);
/* One past the highest number that was ever learned. */
int ws_fd_top(void);

/* The number has just been made by accept(). */
void ws_fd_made_by_accept(int fd);
/* The number has just been made, and is such a file (eventfd, timerfd, signalfd). */
void ws_fd_made(int fd, enum ws_fd_kind kind);

/* enum ws_kind of events. */
uint8_t ws_fd_event_kind(uint64_t word);

#endif
