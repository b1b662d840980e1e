/* SPDX-License-Identifier: MIT */
/* lock_graph.h: locks as nodes, with an edge from each that is held to the one taken after it, and
 * which of them may be in one cycle.
 *
 * Of bytes of a file, what is held are all nodes of which it has bytes: whoever takes one of those
 * waits for it. Each range that is taken is a node by itself.
 *
 * Cost: O(steps + edges), and of record locks O(distinct held x distinct taken).
 */
#ifndef WS_LOCK_GRAPH_H
#define WS_LOCK_GRAPH_H

#include <stddef.h>
#include <stdint.h>

#include "analyzer/analyses/lock_cycles.h"

/* Lists of steps, one for each node. */
struct ws_lock_lists {
	size_t *first;   /* Owned by this; one more at the end */
	uint32_t *items; /* Owned by this: indexes of steps, in their order */
};

struct ws_lock_graph {
	struct ws_lock_step **steps; /* Weak */
	size_t n_steps;
	const struct ws_object **objects; /* Owned by this; of each node */
	size_t n_nodes, objects_size;
	uint32_t *held_nodes; /* Owned by this: of all steps, in their order */
	size_t n_held, held_size;
	size_t *held_first; /* Owned by this: of each step, in `held_nodes`; one more at the end */
	uint32_t *group;    /* Owned by this; of each node: its strongly connected component */
	uint32_t n_groups;
	struct ws_lock_lists by_held;  /* of each node: steps that hold it */
	struct ws_lock_lists by_taken; /* of each node: steps that take it */
};

/* Sets `node` of the steps, which live as long as the graph. 0 or -ENOMEM; to be freed in any case.
 */
int ws_lock_graph_make(struct ws_lock_graph *graph, struct ws_lock_step **steps, size_t n);
void ws_lock_graph_free(struct ws_lock_graph *graph); /* what it owns */

#endif
