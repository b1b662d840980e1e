/* SPDX-License-Identifier: MIT */
/* lock_graph.c: see lock_graph.h. */
#include "analyzer/analyses/lock_graph.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/base/grow.h"
#include "analyzer/base/map64.h"

#define NONE UINT32_MAX

static int new_lists(struct ws_lock_lists *lists, size_t n_nodes, size_t n_items)
{
	lists->first = calloc(n_nodes + 1, sizeof(*lists->first));
	lists->items = calloc(n_items + 1, sizeof(*lists->items));
	return lists->first && lists->items ? 0 : -ENOMEM;
}

static void free_lists(struct ws_lock_lists *lists)
{
	free(lists->first);
	free(lists->items);
}

static int node_of(struct ws_lock_graph *g, struct ws_map64 *nodes, const struct ws_object *object,
		   uint32_t *ret)
{
	if (ws_map64_get(nodes, object->id, ret))
		return 0;
	if (ws_grow(&g->objects, &g->objects_size, g->n_nodes + 1))
		return -ENOMEM;
	*ret = (uint32_t)g->n_nodes++;
	g->objects[*ret] = object;
	return ws_map64_put(nodes, object->id, *ret);
}

static int add_node(uint32_t **list, size_t *n, size_t *size, uint32_t node)
{
	if (ws_grow(list, size, *n + 1))
		return -ENOMEM;
	(*list)[(*n)++] = node;
	return 0;
}

/* Record locks: which nodes have bytes in common with one that is held. */
struct ranges {
	uint32_t *taken; /* Owned by this: nodes that are record locks */
	size_t n_taken, taken_size;
	struct ws_map64 lists; /* of an object: where its list begins */
	uint32_t *items;       /* Owned by this: lists of nodes, NONE at the end of each */
	size_t n_items, items_size;
};

static int add_overlapping(struct ws_lock_graph *g, struct ranges *ranges,
			   const struct ws_object *held)
{
	uint32_t at;
	int r = 0;

	if (!ws_map64_get(&ranges->lists, held->id, &at)) {
		at = (uint32_t)ranges->n_items;
		r = ws_map64_put(&ranges->lists, held->id, at);
		for (size_t i = 0; i < ranges->n_taken && r == 0; i++)
			if (ws_lock_is_same(g->objects[ranges->taken[i]], held))
				r = add_node(&ranges->items, &ranges->n_items, &ranges->items_size,
					     ranges->taken[i]);
		if (r == 0)
			r = add_node(&ranges->items, &ranges->n_items, &ranges->items_size, NONE);
	}
	for (; r == 0 && ranges->items[at] != NONE; at++)
		r = add_node(&g->held_nodes, &g->n_held, &g->held_size, ranges->items[at]);
	return r;
}

/* The nodes of what is taken. */
static int number_taken(struct ws_lock_graph *g, struct ws_map64 *nodes, struct ranges *ranges)
{
	int r = 0;

	for (size_t i = 0; i < g->n_steps && r == 0; i++) {
		const struct ws_object *taken = g->steps[i]->edge.taken.object;
		size_t before = g->n_nodes;

		r = node_of(g, nodes, taken, &g->steps[i]->node);
		if (r == 0 && g->n_nodes > before && taken->key.kind == WS_KIND_RECORD_LOCK)
			r = add_node(&ranges->taken, &ranges->n_taken, &ranges->taken_size,
				     g->steps[i]->node);
	}
	return r;
}

/* The nodes of what each step holds. */
static int number_held(struct ws_lock_graph *g, struct ws_map64 *nodes, struct ranges *ranges)
{
	uint32_t node;
	int r = 0;

	for (size_t i = 0; i < g->n_steps && r == 0; i++) {
		struct ws_lock_step *step = g->steps[i];

		for (size_t k = 0; k < step->edge.n_held && r == 0; k++) {
			const struct ws_object *held = step->held[k].object;

			if (held->key.kind == WS_KIND_RECORD_LOCK) {
				r = add_overlapping(g, ranges, held);
				continue;
			}
			r = node_of(g, nodes, held, &node);
			if (r == 0)
				r = add_node(&g->held_nodes, &g->n_held, &g->held_size, node);
		}
		g->held_first[i + 1] = g->n_held;
	}
	return r;
}

static int number_nodes(struct ws_lock_graph *g)
{
	struct ws_map64 nodes = { 0 };
	struct ranges ranges = { 0 };
	int r = -ENOMEM;

	g->held_first = calloc(g->n_steps + 1, sizeof(*g->held_first));
	if (g->held_first)
		r = number_taken(g, &nodes, &ranges);
	if (r == 0)
		r = number_held(g, &nodes, &ranges);
	ws_map64_free(&nodes);
	ws_map64_free(&ranges.lists);
	free(ranges.taken);
	free(ranges.items);
	if (r == 0)
		r = new_lists(&g->by_held, g->n_nodes, g->n_held);
	if (r == 0)
		r = new_lists(&g->by_taken, g->n_nodes, g->n_steps);
	return r;
}

/* Counting sort: the items keep the order of the steps. */
static void fill_lists(struct ws_lock_graph *g)
{
	for (size_t i = 0; i < g->n_steps; i++) {
		g->by_taken.first[g->steps[i]->node + 1]++;
		for (size_t k = g->held_first[i]; k < g->held_first[i + 1]; k++)
			g->by_held.first[g->held_nodes[k] + 1]++;
	}
	for (size_t i = 0; i < g->n_nodes; i++) {
		g->by_taken.first[i + 1] += g->by_taken.first[i];
		g->by_held.first[i + 1] += g->by_held.first[i];
	}
	for (size_t i = g->n_steps; i-- > 0;) {
		g->by_taken.items[--g->by_taken.first[g->steps[i]->node + 1]] = (uint32_t)i;
		for (size_t k = g->held_first[i + 1]; k-- > g->held_first[i];)
			g->by_held.items[--g->by_held.first[g->held_nodes[k] + 1]] = (uint32_t)i;
	}
	/* Each first[i + 1] is now where the list of i begins. */
	memmove(g->by_taken.first, g->by_taken.first + 1, g->n_nodes * sizeof(size_t));
	memmove(g->by_held.first, g->by_held.first + 1, g->n_nodes * sizeof(size_t));
	g->by_taken.first[g->n_nodes] = g->n_steps;
	g->by_held.first[g->n_nodes] = g->held_first[g->n_steps];
}

/* Tarjan's strongly connected components, without recursion. */
struct tarjan {
	uint32_t *index, *low, *stack, *path;
	size_t *next;
	uint32_t n_index;
	size_t n_stack, n_path;
};

static void visit(struct ws_lock_graph *g, struct tarjan *t, uint32_t node)
{
	t->index[node] = t->low[node] = ++t->n_index;
	t->stack[t->n_stack++] = node;
	t->path[t->n_path++] = node;
	t->next[node] = g->by_held.first[node];
}

static void leave(struct ws_lock_graph *g, struct tarjan *t)
{
	uint32_t node = t->path[--t->n_path], member;

	if (t->low[node] == t->index[node]) {
		do {
			member = t->stack[--t->n_stack];
			g->group[member] = g->n_groups;
		} while (member != node);
		g->n_groups++;
	}
	if (t->n_path) {
		uint32_t outer = t->path[t->n_path - 1];

		if (t->low[node] < t->low[outer])
			t->low[outer] = t->low[node];
	}
}

static void walk(struct ws_lock_graph *g, struct tarjan *t, uint32_t root)
{
	visit(g, t, root);
	while (t->n_path) {
		uint32_t node = t->path[t->n_path - 1], to;

		if (t->next[node] == g->by_held.first[node + 1]) {
			leave(g, t);
			continue;
		}
		to = g->steps[g->by_held.items[t->next[node]++]]->node;
		if (!t->index[to])
			visit(g, t, to);
		else if (g->group[to] == NONE && t->index[to] < t->low[node])
			t->low[node] = t->index[to];
	}
}

static int find_groups(struct ws_lock_graph *g)
{
	size_t n = g->n_nodes + 1;
	struct tarjan t = {
		.index = calloc(n, sizeof(uint32_t)),
		.low = calloc(n, sizeof(uint32_t)),
		.stack = calloc(n, sizeof(uint32_t)),
		.path = calloc(n, sizeof(uint32_t)),
		.next = calloc(n, sizeof(size_t)),
	};
	int r = -ENOMEM;

	g->group = malloc(n * sizeof(*g->group));
	if (t.index && t.low && t.stack && t.path && t.next && g->group) {
		memset(g->group, 0xff, n * sizeof(*g->group));
		for (uint32_t node = 0; node < g->n_nodes; node++)
			if (!t.index[node])
				walk(g, &t, node);
		r = 0;
	}
	free(t.index);
	free(t.low);
	free(t.stack);
	free(t.path);
	free(t.next);
	return r;
}

int ws_lock_graph_make(struct ws_lock_graph *g, struct ws_lock_step **steps, size_t n)
{
	int r;

	*g = (struct ws_lock_graph){ .steps = steps, .n_steps = n };
	r = number_nodes(g);
	if (r < 0)
		return r;
	fill_lists(g);
	return find_groups(g);
}

void ws_lock_graph_free(struct ws_lock_graph *g)
{
	free(g->objects);
	free(g->held_nodes);
	free(g->held_first);
	free(g->group);
	free_lists(&g->by_held);
	free_lists(&g->by_taken);
}
