/* SPDX-License-Identifier: MIT */
/* knots.h: who can never go on in a wait-for graph, and in which knots.
 *
 * In: nodes, each with those that it waits for and how many of them it needs: all of them (AND),
 * any one (OR), or some number (a barrier). One that needs none goes on by itself.
 *
 * Out: the nodes that are blocked for ever, and the knots among them.
 *
 * Rule: a node can go on if it needs none, or if as many as it needs of those that it waits for can
 * go on. Who cannot by any order of doing so is blocked. A knot is a set of blocked nodes each of
 * which waits, by way of others of them, for every one of the set, or a node that waits for
 * itself; and also a single blocked node that waits for nobody who is blocked: it needs somebody
 * who is not there. The other blocked nodes are behind a knot, not part of one.
 *
 * Cost: O(nodes + edges) time and memory. Prints nothing, reads no clock.
 */
#ifndef WS_KNOTS_H
#define WS_KNOTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ws_knot_graph {
	size_t n;                /* nodes */
	const size_t *first;     /* n + 1: the targets of node i are first[i] to first[i + 1] */
	const uint32_t *targets; /* nodes; the same one may come several times, and counts so */
	const uint32_t *need;    /* how many of its targets a node needs; 0: it goes on anyway */
};

/* A node that is in no knot. */
#define WS_KNOT_NONE UINT32_MAX

/* For each node: whether it is blocked, and the number of its knot or WS_KNOT_NONE. Knots are
 * numbered from 0 by their lowest node. 0 or -ENOMEM. */
int ws_knots_find(const struct ws_knot_graph *graph, bool *blocked, uint32_t *knot,
		  size_t *n_knots);

#endif
