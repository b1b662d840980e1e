/* SPDX-License-Identifier: MIT */
/* shape.h: the wait graph as it is shown: at one instant, or weighted over a span of time; by
 * thread, line of code, pool of threads, process, or with the objects as nodes of their own.
 *
 * In: the graph of one instant (wait_graph.h), or the edges of contention (contention.h).
 *
 * Out: nodes in the order of their first edge, edges in the order of their weight, most first, then
 * of the nodes: the same trace gives the same bytes.
 *
 * Rule: threads that fall together are one node, and what they wait for each other is an edge to
 * itself. A pool is the threads of one name in one process. An edge of an instant weighs what its
 * waiters have waited by then; of a span, what waiters were charged to it. With objects as nodes an
 * edge leads from who waits to the object, and one from the object to who holds it or could let go.
 *
 * Cost: O(edges) memory, O(edges x log edges) time but for looking up nodes. */
#ifndef WS_SHAPE_H
#define WS_SHAPE_H

#include "analyzer/analyses/setup.h"
#include "analyzer/analyses/wait_graph.h"

struct ws_shape_node {
	const char *label; /* Owned by the context */
	uint8_t by;        /* enum ws_graph_by: what it is; an unknown party: `is_unknown` */
	bool is_unknown;
	uint32_t thread;                /* index, if it is one thread; else WS_UNKNOWN */
	uint32_t process;               /* index, if it is of one process; else WS_UNKNOWN */
	const struct ws_object *object; /* by object: that; else NULL */
	uint8_t state;                  /* instant, one thread or process: enum ws_graph_state */
	uint8_t way_out;                /* the same: enum ws_way_out */
	bool blocked;                   /* the same: it can never go on */
	uint32_t knot;                  /* the same: number of its knot, or WS_KNOT_NONE */
};

struct ws_shape_edge {
	uint32_t from, to;              /* nodes */
	const struct ws_object *object; /* Weak: owned by the model */
	const char *object_name;        /* Owned by the context */
	bool needs_all;                 /* AND; false: OR */
	uint64_t waits;
	uint64_t wait_ns;
};

struct ws_shape {
	uint8_t by;                  /* enum ws_graph_by */
	bool instant;                /* at one moment; else over a span */
	uint64_t at_ns;              /* instant: trace clock */
	struct ws_shape_node *nodes; /* Owned by this */
	size_t n_nodes, nodes_size;
	struct ws_shape_edge *edges; /* Owned by this */
	size_t n_edges, edges_size;
};

/* `graph`: of the instant; NULL: of the span, by contention. 0 or -ENOMEM with *ret untouched. */
int ws_shape_make(const struct ws_context *context, const struct ws_wait_graph *graph,
		  struct ws_shape **ret);
void ws_shape_free(struct ws_shape *shape); /* NULL is fine */

const char *ws_graph_by_word(enum ws_graph_by by);
/* 0, or -EINVAL with *ret untouched. */
int ws_graph_by_of_word(const char *word, enum ws_graph_by *ret);

#endif
