/* SPDX-License-Identifier: MIT */
/* reach.h: what one process can operate on beside its private memory: shared memory that it has
 * mapped, what it has made, opened or used, pipes of which it has an end open, and what its parent
 * had of all that when it forked.
 *
 * Here is what is known of one process; what follows for an object, of all of them, is board.h's.
 *
 * Cost: a look is linear in what the process reaches, latest first.
 */
#ifndef WS_REACH_H
#define WS_REACH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analyzer/decode/record.h"

/* One object, or a mapping with all objects in it. */
struct ws_reach {
	uint64_t dev, ino, offset;
	uint8_t kind;   /* enum ws_kind; memory: 0 */
	uint8_t origin; /* memory: enum ws_map_origin */
	uint8_t ends;   /* pipes: WS_END_*; others: all */
	uint8_t had;    /* the same, of all times: what a child may have got */
	bool made;      /* the process, or one that it descends from, made it in the trace */
	bool itself;    /* the process has opened or used it, not only inherited it */
	bool keyed;     /* System V: it has a key */
};

/* All of one process. One of zeroes is none; the list is freed by its owner. */
struct ws_reaches {
	struct ws_reach *list; /* Owned by this */
	size_t n, size;
};

enum ws_reached {
	WS_REACHED_USED,
	WS_REACHED_MADE,
	WS_REACHED_SAID, /* at these ends and no other */
};

/* True for what System V finds by a key, unless it is private. */
static inline bool ws_kind_has_key(uint8_t kind)
{
	return kind == WS_KIND_SYSV_SEM || kind == WS_KIND_SYSV_MSG || kind == WS_KIND_SYSV_SHM;
}

/* What the object is reached by; false: it is in private memory, which only its process reaches. */
bool ws_reach_of(const struct ws_object_key *key, struct ws_reach *ret);

/* The entry for that; NULL: it is not reached. Valid until the next addition. */
struct ws_reach *ws_reaches_find(const struct ws_reaches *reaches, const struct ws_reach *what);

/* Each 0 or -ENOMEM. The heir also reaches what the other does or ever did, none of it itself: a
 * child tells that it is there later than it was made, and its parent may have closed its own ends
 * by then. What the heir has said of itself stays. `program`: it is another program, and memory
 * goes with the image; what the kernel has stays. */
int ws_reaches_add(struct ws_reaches *reaches, const struct ws_reach *what, uint8_t ends,
		   enum ws_reached how);
int ws_reaches_inherit(struct ws_reaches *to, const struct ws_reaches *from, bool program);

/* The process runs another program: what it had from its parent in memory is gone. */
void ws_reaches_lose_memory(struct ws_reaches *reaches);

/* No end of a pipe that was only inherited is open, until it is said. */
void ws_reaches_close_inherited(struct ws_reaches *reaches);

/* What was said of ends of pipes may have been lost: each may be open, until it is said again. */
void ws_reaches_open_ends(struct ws_reaches *reaches);

#endif
