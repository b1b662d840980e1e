/* SPDX-License-Identifier: MIT */
/* file_lock.h: what record locks and flock have in common: which file, which of our calls took the
 * lock, who holds it, and a release that others may wait for.
 *
 * Where nobody waits for any lock of the kind, a release costs one look at the recording's table:
 * each waiter is counted twice, for its file and for its kind (ws_file_lock_waited()). Only then is
 * the kernel asked what file it is, and whether this process holds a lock there at all.
 *
 * What this process has taken is noted (a fixed table, lock-free), to say where. It is never
 * believed for more than that: an fd may be closed inside libc, and a lock be inherited by exec.
 *
 * Rules: no malloc, no stdio, no lock; errno stays.
 */
#ifndef WS_FILE_LOCK_H
#define WS_FILE_LOCK_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "preload/export.h"
#include "preload/proc_locks.h"
#include "preload/thread.h"
#include "preload/wait.h"
#include "preload/waiters.h"

/* Locks on files that one process can hold at once and still be known where it took them (limit
 * `file_locks`). */
#define WS_FILE_HOLDS_MAX 128

/* A file, as fstat() has it. */
struct ws_file {
	uint64_t dev;
	uint64_t ino;
};

/* Bytes of a file. */
struct ws_extent {
	uint64_t start;
	uint64_t end; /* byte after the last; UINT64_MAX: to the end of the file */
};
#define WS_EXTENT_ALL ((struct ws_extent){ 0, UINT64_MAX })

/* A lock that was taken. */
struct ws_file_hold {
	struct ws_held held; /* where; its object is the inode once that was asked for, else 0 */
	struct ws_extent extent;
	int fd;
	int32_t tid;   /* of the thread that took it; 0: it was our parent's */
	uint8_t class; /* enum ws_lock_class */
};

static inline uint8_t ws_lock_kind(enum ws_lock_class class)
{
	return class == WS_LOCK_FLOCK ? WS_KIND_FLOCK : WS_KIND_RECORD_LOCK;
}

/* What a held lock's mark (lock_order.h) stands for. False: it is not held any more, or what file it
 * is cannot be known. */
bool ws_file_hold_marked(uintptr_t mark, struct ws_file_hold *hold, struct ws_file *file);
/* By this call, an open file's flock was changed: it may be one that the parent had taken. */
void ws_file_look_for_inherited(struct ws_thread *self, int fd, uintptr_t site);

/* True if somebody may be waiting for a lock of this kind, on whatever file. */
static inline bool ws_file_lock_waited(uint8_t kind)
{
	return ws_waiters_any(ws_waiters_key(kind, 0, 0, false), true);
}

/* Upper bound of the locks that are noted. */
extern _Atomic uint32_t ws_file_holds;

/* Notes a lock that the caller has just taken, in place of what was noted of these bytes. `flags`:
 * WS_HOLD_READ, WS_HOLD_TRY. */
void ws_file_hold_add(struct ws_thread *self, int fd, enum ws_lock_class class, uint8_t flags,
		      struct ws_extent extent, uintptr_t site, uint32_t stack);
/* It is released. */
void ws_file_hold_cut(int fd, enum ws_lock_class class, struct ws_extent extent);

/* A wait for a lock: its scope. Filled by ws_file_wait_prepare(). */
struct ws_file_wait {
	struct ws_file file;
	struct ws_byte_range range;
	struct ws_extent extent;
	int fd;
	uint8_t class; /* enum ws_lock_class */
	bool write;
};

/* False: what file it is cannot be known, the wait cannot be recorded. Records the file's name,
 * once.
 */
bool ws_file_wait_prepare(struct ws_thread *self, struct ws_file_wait *w, int fd,
			  enum ws_lock_class class, bool write, struct ws_extent extent,
			  uintptr_t site);
/* For struct ws_wait. */
size_t ws_file_wait_holders(const struct ws_wait *wait, struct ws_holder_ref *ret, size_t max);

/* Counts the wait for its kind while the block lasts. */
static inline void ws_file_waiting_end(const uint8_t *kind)
{
	ws_waiters_sub(ws_waiters_key(*kind, 0, 0, false), true);
}
#define WS_FILE_WAITING(class)                                                                     \
	__attribute__((cleanup(ws_file_waiting_end))) uint8_t ws_file_waiting_here =               \
		ws_lock_kind(class);                                                               \
	ws_waiters_add(ws_waiters_key(ws_file_waiting_here, 0, 0, false), true)

/* A call that may release locks. */
struct ws_file_release {
	/* Filled by the caller. */
	struct ws_thread *self;
	uintptr_t site;
	struct ws_extent extent;
	int fd;
	uint8_t class;    /* enum ws_lock_class */
	uint8_t op;       /* enum ws_wake_op */
	bool keeps_read;  /* a read hold goes on: what ends is a write hold */
	bool keeps_write; /* the same the other way round */

	/* Own. */
	bool seen; /* somebody waited before the release */
	struct ws_wake wake;
};

/* Before and after the call; or after it alone, where before nobody waited. */
void ws_file_release_before_slow(struct ws_file_release *release);
void ws_file_release_after_slow(struct ws_file_release *release);

static inline void ws_file_release_before(struct ws_file_release *release)
{
	if (ws_unlikely(ws_file_lock_waited(ws_lock_kind(release->class))))
		ws_file_release_before_slow(release);
}

static inline void ws_file_release_after(struct ws_file_release *release)
{
	if (ws_unlikely(release->seen || ws_file_lock_waited(ws_lock_kind(release->class))))
		ws_file_release_after_slow(release);
}

/* An fd of the program's is about to be closed, or overwritten: its locks go, and with any fd of a
 * file all record locks on it. Only where ws_file_holds is not 0. */
struct ws_file_closing {
	struct ws_file_release posix, ofd, flock;
};
void ws_file_close_before(struct ws_thread *self, struct ws_file_closing *closing, int fd,
			  uintptr_t site);
void ws_file_close_after(struct ws_file_closing *closing);
/* All fds from `first` to `last` are: the locks that were taken by them go. */
void ws_file_close_range(struct ws_thread *self, unsigned int first, unsigned int last,
			 uintptr_t site);

/* The process ends by the call at `site`, or its image does: what it holds goes, or in an exec what
 * is close-on-exec. */
void ws_file_locks_end(struct ws_thread *self, bool exec, uintptr_t site);
/* In a fork child: record locks are the parent's alone. */
void ws_file_locks_forked(void);
/* Names are to be recorded again: a session began. */
void ws_file_names_forget(void);

#endif
