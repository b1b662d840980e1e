/* SPDX-License-Identifier: MIT */
/* leftovers.h: what the program made in the kernel's name spaces and has not removed: POSIX queues,
 * named semaphores and shared memory, and System V objects, which outlive all processes.
 *
 * In: the records of objects, in order.
 *
 * Out: what still exists at the end as far as the trace shows, in the order of its making.
 *
 * Rule: an object is made by an `init` with a name (an id, for System V) and removed by the
 * `unlink` of that name, or by the `destroy` of that id, in whatever process. What a program
 * removes by other means (unlink(2) in /dev/shm) or an untraced one removes still counts. An object
 * that was there before the trace never does.
 *
 * System V keys: where ftok() made one key of two different files, who got the object by one of
 * them may not mean to share it with who got it by the other.
 *
 * Memory by objects that exist at one time. Prints nothing, reads no clock.
 */
#ifndef WS_LEFTOVERS_H
#define WS_LEFTOVERS_H

#include <stddef.h>
#include <stdint.h>

#include "analyzer/analyses/setup.h"

/* One object that was left behind. */
struct ws_leftover {
	uint8_t kind;            /* enum ws_kind */
	const char *name;        /* Weak: lives as long as the tables */
	uint64_t id;             /* System V: its id; others: its inode, 0 if not known */
	uint64_t bytes;          /* memory, or what a queue holds at most; 0: none, or not known */
	uint64_t created_ns;     /* trace clock */
	struct ws_party creator; /* Owned by the places that it was made of */
};

/* One key, two files. The strings live as long as the tables. */
struct ws_key_collision {
	uint8_t kind;
	uint64_t id;
	const char *first; /* "PATH id N" */
	const char *second;
};

struct ws_leftovers_result {
	struct ws_leftover *list; /* Owned by this; in the order of making */
	size_t n;
	const struct ws_key_collision *collisions; /* Owned by the analysis */
	size_t n_collisions;
};

struct ws_leftovers;

#endif
