/* SPDX-License-Identifier: MIT */
/* lock_cycles.h: the search for cycles in the orders in which locks are taken. The rules are in
 * lock_order.h. */
#ifndef WS_LOCK_CYCLES_H
#define WS_LOCK_CYCLES_H

#include <stddef.h>
#include <stdint.h>

#include "analyzer/analyses/before.h"
#include "analyzer/decode/tables.h"
#include "analyzer/model/model.h"

/* One order that was seen: a possible step of a cycle. */
struct ws_lock_step {
	struct ws_lock_edge edge; /* its `held` is the one below */
	uint32_t node;            /* of the lock that is taken; set by the search */
	uint32_t
		*reach; /* Owned by who made the step: see ws_before_reach(); NULL: not asked for */
	struct ws_lock held[];
};

/* Why it is what it is: the first three count, the rest is suppressed. */
enum ws_cycle_why {
	WS_CYCLE_PREDICTABLE,
	WS_CYCLE_SYNCED,
	WS_CYCLE_REUSED,
	WS_CYCLE_ONE_THREAD,
	WS_CYCLE_TRIED,
	WS_CYCLE_READERS,
	WS_CYCLE_ONE_PROCESS,
	WS_CYCLE_GATE,
	WS_CYCLE_ORDERED,
};

/* Each step takes a lock that the next one holds, the last one that the first holds. */
struct ws_lock_cycle {
	const struct ws_lock_step *const *steps;
	size_t n;
	enum ws_cycle_why why;
	const struct ws_object *gate; /* GATE: which; otherwise NULL */
};

/* True if who holds the one keeps others from taking the other: they are the same, or bytes of one
 * file that overlap. */
bool ws_lock_is_same(const struct ws_object *a, const struct ws_object *b);
/* The lock of the step's held ones that `taken` is, or NULL. */
const struct ws_lock *ws_lock_held_by(const struct ws_lock_step *step, const struct ws_lock *taken);

/* Tells each cycle that explains an order which none before it explained, and then those that are
 * suppressed. `*gave_up` is set to the number of groups of locks that were too many. 0, -ENOMEM or
 * what `tell` returned. */
int ws_lock_cycles_find(struct ws_lock_step **steps, size_t n, const struct ws_tables *tables,
			const struct ws_before *before,
			int (*tell)(void *user, const struct ws_lock_cycle *cycle), void *user,
			size_t *gave_up);

#endif
