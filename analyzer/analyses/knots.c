/* SPDX-License-Identifier: MIT */
/* knots.c: see knots.h. */
#include "analyzer/analyses/knots.h"

#include <errno.h>
#include <stdlib.h>

/* What the two passes work with; each array is one for each node. */
struct work {
	const struct ws_knot_graph *graph;
	bool *blocked;   /* Weak: the caller's */
	uint32_t *knot;  /* Weak: the caller's */
	size_t *into;    /* n + 1: the edges to a node are from[into[i]] and so on */
	uint32_t *from;  /* one for each edge: the node that it comes from */
	uint32_t *need;  /* how many more it needs */
	uint32_t *queue; /* nodes that can go on; later the stack of the walk */
	uint32_t *order; /* when the walk came to the node, from 1; 0: not yet */
	uint32_t *low;   /* the earliest node that it reaches */
	uint32_t *path;  /* nodes whose component is not closed */
	size_t *next;    /* the next edge to walk */
	bool *open;      /* it is on `path` */
};

static int work_new(struct work *work, const struct ws_knot_graph *graph)
{
	size_t n = graph->n + 1, edges = graph->first[graph->n] + 1;

	*work = (struct work){
		.graph = graph,
		.into = calloc(n + 1, sizeof(*work->into)),
		.from = calloc(edges, sizeof(*work->from)),
		.need = calloc(n, sizeof(*work->need)),
		.queue = calloc(n, sizeof(*work->queue)),
		.order = calloc(n, sizeof(*work->order)),
		.low = calloc(n, sizeof(*work->low)),
		.path = calloc(n, sizeof(*work->path)),
		.next = calloc(n, sizeof(*work->next)),
		.open = calloc(n, sizeof(*work->open)),
	};
	return work->into && work->from && work->need && work->queue && work->order && work->low &&
			       work->path && work->next && work->open
		       ? 0
		       : -ENOMEM;
}

static void work_free(struct work *work)
{
	free(work->into);
	free(work->from);
	free(work->need);
	free(work->queue);
	free(work->order);
	free(work->low);
	free(work->path);
	free(work->next);
	free(work->open);
}

/* The edges by the node that they lead to. */
static void turn_edges(struct work *work)
{
	const struct ws_knot_graph *graph = work->graph;

	for (size_t e = 0; e < graph->first[graph->n]; e++)
		work->into[graph->targets[e] + 2]++;
	for (size_t i = 2; i <= graph->n; i++)
		work->into[i] += work->into[i - 1];
	for (size_t i = 0; i < graph->n; i++) {
		for (size_t e = graph->first[i]; e < graph->first[i + 1]; e++)
			work->from[work->into[graph->targets[e] + 1]++] = (uint32_t)i;
	}
}

/* Lets go on whoever can, until nobody is left who can. */
static void reduce(struct work *work)
{
	const struct ws_knot_graph *graph = work->graph;
	size_t head = 0, tail = 0;

	for (size_t i = 0; i < graph->n; i++) {
		work->need[i] = graph->need[i];
		work->blocked[i] = graph->need[i] > 0;
		if (!work->blocked[i])
			work->queue[tail++] = (uint32_t)i;
	}
	while (head < tail) {
		uint32_t free_one = work->queue[head++];

		for (size_t e = work->into[free_one]; e < work->into[free_one + 1]; e++) {
			uint32_t waiter = work->from[e];

			if (!work->blocked[waiter] || --work->need[waiter])
				continue;
			work->blocked[waiter] = false;
			work->queue[tail++] = waiter;
		}
	}
}

/* The nodes from `top` of the path on are one component, whose root is `root`: is it a knot? */
static void close_component(struct work *work, size_t top, size_t n_path, uint32_t root)
{
	const struct ws_knot_graph *graph = work->graph;
	bool is_knot = n_path - top > 1, waits = false;

	for (size_t e = graph->first[root]; !is_knot && e < graph->first[root + 1]; e++) {
		is_knot = graph->targets[e] == root;
		waits |= work->blocked[graph->targets[e]];
	}
	is_knot |= !waits;
	for (size_t i = top; i < n_path; i++) {
		work->open[work->path[i]] = false;
		/* Numbered later, by the lowest node: until then by the root. */
		work->knot[work->path[i]] = is_knot ? root : WS_KNOT_NONE;
	}
}

/* Tarjan's walk over the blocked nodes, without recursion: chains may be long. */
static void walk(struct work *work, uint32_t start, uint32_t *clock)
{
	const struct ws_knot_graph *graph = work->graph;
	uint32_t *stack = work->queue;
	size_t depth = 0, n_path = 0;

	stack[depth++] = start;
	while (depth) {
		uint32_t node = stack[depth - 1];

		if (!work->order[node]) {
			work->order[node] = work->low[node] = ++*clock;
			work->next[node] = graph->first[node];
			work->path[n_path++] = node;
			work->open[node] = true;
		}
		while (work->next[node] < graph->first[node + 1]) {
			uint32_t target = graph->targets[work->next[node]];

			if (work->blocked[target] && !work->order[target])
				break;
			if (work->open[target] && work->low[target] < work->low[node])
				work->low[node] = work->low[target];
			work->next[node]++;
		}
		if (work->next[node] < graph->first[node + 1]) {
			stack[depth++] = graph->targets[work->next[node]];
			continue;
		}
		depth--;
		if (work->low[node] == work->order[node]) {
			size_t top = n_path;

			while (work->path[--top] != node)
				;
			close_component(work, top, n_path, node);
			n_path = top;
		}
	}
}

/* From roots to numbers by the lowest node. */
static size_t number_knots(struct work *work)
{
	uint32_t *number = work->low; /* by root, from 1 */
	size_t n = 0;

	for (size_t i = 0; i < work->graph->n; i++)
		number[i] = 0;
	for (size_t i = 0; i < work->graph->n; i++) {
		uint32_t root = work->knot[i];

		if (root == WS_KNOT_NONE)
			continue;
		if (!number[root])
			number[root] = (uint32_t)++n;
		work->knot[i] = number[root] - 1;
	}
	return n;
}

int ws_knots_find(const struct ws_knot_graph *graph, bool *blocked, uint32_t *knot, size_t *n_knots)
{
	uint32_t clock = 0;
	struct work work;

	if (work_new(&work, graph) < 0) {
		work_free(&work);
		return -ENOMEM;
	}
	work.blocked = blocked;
	work.knot = knot;
	turn_edges(&work);
	reduce(&work);
	for (size_t i = 0; i < graph->n; i++)
		knot[i] = WS_KNOT_NONE;
	for (size_t i = 0; i < graph->n; i++) {
		if (blocked[i] && !work.order[i])
			walk(&work, (uint32_t)i, &clock);
	}
	*n_knots = number_knots(&work);
	work_free(&work);
	return 0;
}
