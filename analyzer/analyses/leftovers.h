/* SPDX-License-Identifier: MIT */
/* leftovers.h: what the program made in the kernel's name spaces and has not removed: POSIX queues,
 * named semaphores and shared memory, and System V objects, which outlive all processes.
 *
 * In: the records of objects, in order; at the end the places of a contention result.
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

#include "analyzer/analyses/contention.h"

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

struct ws_leftovers;

/* 0 or -ENOMEM with *ret untouched. */
int ws_leftovers_new(struct ws_leftovers **ret);
void ws_leftovers_free(struct ws_leftovers *leftovers); /* NULL is fine */

/* Takes the next record; all but those of objects are passed over. 0 or -ENOMEM. */
int ws_leftovers_record(struct ws_leftovers *leftovers, const struct ws_record *record);

/* The answers, owned by `leftovers`; no record may follow. Who made each is worked out by `places`,
 * which must outlive them. 0 or -ENOMEM. */
int ws_leftovers_finish(struct ws_leftovers *leftovers, struct ws_places *places,
			const struct ws_leftover **ret, size_t *n);
const struct ws_key_collision *ws_leftovers_collisions(const struct ws_leftovers *leftovers,
						       size_t *n);

#endif
