/* SPDX-License-Identifier: MIT */
/* proc_locks.h: who holds a lock on a file, as /proc/locks says, without stdio or malloc.
 *
 * The list is the whole machine's: it is read only where a thread is about to block for a lock.
 */
#ifndef WS_PROC_LOCKS_H
#define WS_PROC_LOCKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum ws_lock_class {
	WS_LOCK_POSIX, /* fcntl() and lockf(): the process is the owner */
	WS_LOCK_OFD,   /* the open file description is */
	WS_LOCK_FLOCK, /* the same, by flock(): the whole file */
};

/* One lock that is held. */
struct ws_proc_lock {
	enum ws_lock_class class;
	bool write;
	int32_t pid; /* -1: an open file description; 0: in another pid namespace */
	uint64_t
		dev; /* as makedev() packs it: of the file system, which btrfs and overlayfs hide */
	uint64_t ino;
	uint64_t start; /* first byte */
	uint64_t end;   /* byte after the last; UINT64_MAX: to the end of the file */
};

/* One line. False: it is no lock that is held (somebody waits there), or of another class. */
bool ws_proc_locks_parse(const char *line, struct ws_proc_lock *ret);

/* Calls `each` for every lock that is held, until it returns false. 0 or negative errno. */
int ws_proc_locks_read(bool (*each)(const struct ws_proc_lock *lock, void *context), void *context);
/* The same from an open fd: what the tests read, and the lines of a /proc/PID/fdinfo file. */
int ws_proc_locks_read_fd(int fd, bool (*each)(const struct ws_proc_lock *lock, void *context),
			  void *context);

#endif
