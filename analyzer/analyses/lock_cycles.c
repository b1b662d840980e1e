/* SPDX-License-Identifier: MIT */
/* lock_cycles.c: see lock_cycles.h.
 *
 * The locks are the nodes of a graph with an edge from each held lock to the one taken after it.
 * What is in no strongly connected group can be in no cycle. In each group, every step that is not
 * explained yet is tried as the beginning of a cycle: how far it is from each lock back to what the
 * step holds is found by breadth first, and the steps are then chosen depth first, never farther
 * than that allows.
 */
#include "analyzer/analyses/lock_cycles.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/analyses/lock_order.h"
#include "analyzer/base/grow.h"
#include "analyzer/base/map64.h"

#define NONE UINT32_MAX
/* A cycle may be so much longer than the shortest way round: where that one is suppressed, another
 * thread's may not be. */
#define DETOUR 3

/* Lists of steps, one for each node. */
struct lists {
	size_t *first;   /* Owned by this; one more at the end */
	uint32_t *items; /* Owned by this */
};

struct search {
	struct ws_lock_step **steps;
	size_t n_steps;
	const struct ws_tables *tables;
	const struct ws_before *before;
	int (*tell)(void *user, const struct ws_lock_cycle *cycle);
	void *user;

	size_t n_nodes;
	uint32_t *held_nodes; /* of all steps, in their order */
	size_t *held_first;   /* of each step, in `held_nodes`; one more at the end */
	uint32_t *group;      /* of each node */
	uint32_t n_groups;
	struct lists by_held;    /* of each node: steps that hold it; by certainty */
	struct lists by_taken;   /* of each node: steps that take it */
	struct ws_map64 covered; /* pairs of nodes that a cycle explains */

	/* Of the start. */
	uint32_t *distance; /* of each node: steps that it takes to get to what the start holds */
	uint32_t *queue;
	uint32_t *chain; /* steps chosen */
	size_t n_chain;
	size_t left; /* of the group's budget */
};

bool ws_lock_is_same(const struct ws_object *a, const struct ws_object *b)
{
	const struct ws_object_key *x = &a->key, *y = &b->key;

	if (a == b)
		return true;
	if (x->kind != WS_KIND_RECORD_LOCK || y->kind != WS_KIND_RECORD_LOCK || x->dev != y->dev ||
	    x->ino != y->ino || x->host != y->host)
		return false;
	return (!y->length || x->offset < y->offset + y->length) &&
	       (!x->length || y->offset < x->offset + x->length);
}

const struct ws_lock *ws_lock_held_by(const struct ws_lock_step *step, const struct ws_lock *taken)
{
	for (size_t i = 0; i < step->edge.n_held; i++)
		if (ws_lock_is_same(step->held[i].object, taken->object))
			return &step->held[i];
	return NULL;
}

static bool is_certain(const struct ws_object *object)
{
	return object->init_site != WS_UNKNOWN || object->data != WS_UNKNOWN ||
	       ws_object_is_shared(&object->key);
}

static bool is_free(const struct ws_lock_step *step)
{
	return step->edge.syncs == 0 && step->edge.locks == 0;
}

static uint32_t process_of(const struct search *s, const struct ws_lock_step *step)
{
	return step->edge.thread < s->tables->n_threads
		       ? s->tables->threads[step->edge.thread].process
		       : WS_UNKNOWN;
}

/* True if what the one holds keeps the other from it. */
static bool excludes(const struct search *s, const struct ws_lock_step *a, const struct ws_lock *x,
		     const struct ws_lock_step *b, const struct ws_lock *y, enum ws_cycle_why *why)
{
	if (!ws_lock_is_same(x->object, y->object))
		return false;
	if ((x->flags & WS_EDGE_READ) && (y->flags & WS_EDGE_READ)) {
		*why = WS_CYCLE_READERS;
		return false;
	}
	if (x->object->key.kind == WS_KIND_RECORD_LOCK && process_of(s, a) == process_of(s, b) &&
	    !((x->flags | y->flags) & WS_EDGE_FILE)) {
		*why = WS_CYCLE_ONE_PROCESS;
		return false;
	}
	return true;
}

static int reach_of(struct search *s, struct ws_lock_step *step)
{
	return step->reach ? 0
			   : ws_before_reach(s->before, step->edge.thread, step->edge.segment,
					     &step->reach);
}

/* True if `a` is over before `b` begins, in any run. */
static bool is_before(const struct ws_lock_step *a, const struct ws_lock_step *b)
{
	uint32_t until = a->edge.taken.flags & WS_EDGE_LAST ? WS_SEGMENT_LAST : a->edge.segment;

	return b->reach[a->edge.thread] >= until;
}

/* Whether the two may be in one cycle. 0: yes; 1: no, *why says why not; or -ENOMEM. */
static int apart(struct search *s, struct ws_lock_step *a, struct ws_lock_step *b,
		 enum ws_cycle_why *why, const struct ws_object **gate)
{
	enum ws_cycle_why unused;
	int r;

	if (a->edge.thread == b->edge.thread) {
		*why = WS_CYCLE_ONE_THREAD;
		return 1;
	}
	for (size_t i = 0; i < a->edge.n_held; i++) {
		for (size_t k = 0; k < b->edge.n_held; k++) {
			if (!excludes(s, a, &a->held[i], b, &b->held[k], &unused))
				continue;
			*why = WS_CYCLE_GATE;
			*gate = a->held[i].object;
			return 1;
		}
	}
	r = reach_of(s, a);
	if (r == 0)
		r = reach_of(s, b);
	if (r < 0)
		return r;
	if (is_before(a, b) || is_before(b, a)) {
		*why = WS_CYCLE_ORDERED;
		return 1;
	}
	return 0;
}

/* Whether `a` would wait for `b`. The same results. */
static int waits(struct search *s, struct ws_lock_step *a, struct ws_lock_step *b,
		 enum ws_cycle_why *why)
{
	*why = WS_CYCLE_READERS;
	for (size_t i = 0; i < b->edge.n_held; i++)
		if (excludes(s, a, &a->edge.taken, b, &b->held[i], why))
			return 0;
	return 1;
}

static int new_lists(struct lists *lists, size_t n_nodes, size_t n_items)
{
	lists->first = calloc(n_nodes + 1, sizeof(*lists->first));
	lists->items = calloc(n_items + 1, sizeof(*lists->items));
	return lists->first && lists->items ? 0 : -ENOMEM;
}

static void free_lists(struct lists *lists)
{
	free(lists->first);
	free(lists->items);
}

static int by_certainty(const void *a, const void *b)
{
	const struct ws_lock_step *x = *(struct ws_lock_step *const *)a;
	const struct ws_lock_step *y = *(struct ws_lock_step *const *)b;

	if (is_free(x) != is_free(y))
		return is_free(x) ? -1 : 1;
	if (x->edge.at_ns != y->edge.at_ns)
		return x->edge.at_ns < y->edge.at_ns ? -1 : 1;
	return x->edge.thread < y->edge.thread ? -1 : x->edge.thread > y->edge.thread;
}

/* Record locks, which may be one node though they are several objects: their bytes overlap. */
struct ranges {
	const struct ws_object **objects; /* Owned by this */
	uint32_t *nodes;                  /* Owned by this; of each */
	size_t n, size, nodes_size;
};

static int add_range(struct ranges *ranges, const struct ws_object *object, uint32_t node)
{
	if (ws_grow(&ranges->objects, &ranges->size, ranges->n + 1) ||
	    ws_grow(&ranges->nodes, &ranges->nodes_size, ranges->n + 1))
		return -ENOMEM;
	ranges->objects[ranges->n] = object;
	ranges->nodes[ranges->n++] = node;
	return 0;
}

static int node_of(struct search *s, struct ws_map64 *nodes, struct ranges *ranges,
		   const struct ws_object *object, uint32_t *ret)
{
	bool is_range = object->key.kind == WS_KIND_RECORD_LOCK;
	int r;

	if (ws_map64_get(nodes, object->id, ret))
		return 0;
	for (size_t i = 0; is_range && i < ranges->n; i++) {
		if (!ws_lock_is_same(ranges->objects[i], object))
			continue;
		*ret = ranges->nodes[i];
		r = add_range(ranges, object, *ret);
		return r < 0 ? r : ws_map64_put(nodes, object->id, *ret);
	}
	*ret = (uint32_t)s->n_nodes++;
	r = is_range ? add_range(ranges, object, *ret) : 0;
	return r < 0 ? r : ws_map64_put(nodes, object->id, *ret);
}

static int number_nodes(struct search *s)
{
	struct ws_map64 nodes = { 0 };
	struct ranges ranges = { 0 };
	size_t n_held = 0, at = 0;
	int r = 0;

	for (size_t i = 0; i < s->n_steps; i++)
		n_held += s->steps[i]->edge.n_held;
	s->held_nodes = calloc(n_held + 1, sizeof(*s->held_nodes));
	s->held_first = calloc(s->n_steps + 1, sizeof(*s->held_first));
	if (!s->held_nodes || !s->held_first)
		return -ENOMEM;
	for (size_t i = 0; i < s->n_steps && r == 0; i++) {
		struct ws_lock_step *step = s->steps[i];

		s->held_first[i] = at;
		r = node_of(s, &nodes, &ranges, step->edge.taken.object, &step->node);
		for (size_t k = 0; k < step->edge.n_held && r == 0; k++)
			r = node_of(s, &nodes, &ranges, step->held[k].object, &s->held_nodes[at++]);
	}
	s->held_first[s->n_steps] = at;
	ws_map64_free(&nodes);
	free(ranges.objects);
	free(ranges.nodes);
	if (r == 0)
		r = new_lists(&s->by_held, s->n_nodes, at);
	if (r == 0)
		r = new_lists(&s->by_taken, s->n_nodes, s->n_steps);
	return r;
}

/* Counting sort: the items keep the order of the steps. */
static void fill_lists(struct search *s)
{
	for (size_t i = 0; i < s->n_steps; i++) {
		s->by_taken.first[s->steps[i]->node + 1]++;
		for (size_t k = s->held_first[i]; k < s->held_first[i + 1]; k++)
			s->by_held.first[s->held_nodes[k] + 1]++;
	}
	for (size_t i = 0; i < s->n_nodes; i++) {
		s->by_taken.first[i + 1] += s->by_taken.first[i];
		s->by_held.first[i + 1] += s->by_held.first[i];
	}
	for (size_t i = s->n_steps; i-- > 0;) {
		s->by_taken.items[--s->by_taken.first[s->steps[i]->node + 1]] = (uint32_t)i;
		for (size_t k = s->held_first[i + 1]; k-- > s->held_first[i];)
			s->by_held.items[--s->by_held.first[s->held_nodes[k] + 1]] = (uint32_t)i;
	}
	/* Each first[i + 1] is now where the list of i begins. */
	memmove(s->by_taken.first, s->by_taken.first + 1, s->n_nodes * sizeof(size_t));
	memmove(s->by_held.first, s->by_held.first + 1, s->n_nodes * sizeof(size_t));
	s->by_taken.first[s->n_nodes] = s->n_steps;
	s->by_held.first[s->n_nodes] = s->held_first[s->n_steps];
}

/* Tarjan's strongly connected components, without recursion. */
struct tarjan {
	uint32_t *index, *low, *stack, *path;
	size_t *next;
	uint32_t n_index;
	size_t n_stack, n_path;
};

static void visit(struct search *s, struct tarjan *t, uint32_t node)
{
	t->index[node] = t->low[node] = ++t->n_index;
	t->stack[t->n_stack++] = node;
	t->path[t->n_path++] = node;
	t->next[node] = s->by_held.first[node];
}

static void leave(struct search *s, struct tarjan *t)
{
	uint32_t node = t->path[--t->n_path], member;

	if (t->low[node] == t->index[node]) {
		do {
			member = t->stack[--t->n_stack];
			s->group[member] = s->n_groups;
		} while (member != node);
		s->n_groups++;
	}
	if (t->n_path) {
		uint32_t outer = t->path[t->n_path - 1];

		if (t->low[node] < t->low[outer])
			t->low[outer] = t->low[node];
	}
}

static void walk(struct search *s, struct tarjan *t, uint32_t root)
{
	visit(s, t, root);
	while (t->n_path) {
		uint32_t node = t->path[t->n_path - 1], to;

		if (t->next[node] == s->by_held.first[node + 1]) {
			leave(s, t);
			continue;
		}
		to = s->steps[s->by_held.items[t->next[node]++]]->node;
		if (!t->index[to])
			visit(s, t, to);
		else if (s->group[to] == NONE && t->index[to] < t->low[node])
			t->low[node] = t->index[to];
	}
}

static int group_nodes(struct search *s)
{
	size_t n = s->n_nodes + 1;
	struct tarjan t = {
		.index = calloc(n, sizeof(uint32_t)),
		.low = calloc(n, sizeof(uint32_t)),
		.stack = calloc(n, sizeof(uint32_t)),
		.path = calloc(n, sizeof(uint32_t)),
		.next = calloc(n, sizeof(size_t)),
	};
	int r = -ENOMEM;

	s->group = malloc(n * sizeof(*s->group));
	if (t.index && t.low && t.stack && t.path && t.next && s->group) {
		memset(s->group, 0xff, n * sizeof(*s->group));
		for (uint32_t node = 0; node < s->n_nodes; node++)
			if (!t.index[node])
				walk(s, &t, node);
		r = 0;
	}
	free(t.index);
	free(t.low);
	free(t.stack);
	free(t.path);
	free(t.next);
	return r;
}

static uint64_t pair(uint32_t from, uint32_t to)
{
	return (uint64_t)from << 32 | to;
}

/* True if one of the step's orders within its group is not explained yet. */
static bool is_open(const struct search *s, uint32_t i)
{
	uint32_t to = s->steps[i]->node, unused;

	for (size_t k = s->held_first[i]; k < s->held_first[i + 1]; k++)
		if (s->group[s->held_nodes[k]] == s->group[to] && s->held_nodes[k] != to &&
		    !ws_map64_get(&s->covered, pair(s->held_nodes[k], to), &unused))
			return true;
	return false;
}

/* How many steps it takes from wanting each node to what `start` holds, in its group. */
static void measure(struct search *s, uint32_t start)
{
	uint32_t group = s->group[s->steps[start]->node];
	size_t head = 0, tail = 0;

	memset(s->distance, 0xff, s->n_nodes * sizeof(*s->distance));
	for (size_t k = s->held_first[start]; k < s->held_first[start + 1]; k++) {
		uint32_t node = s->held_nodes[k];

		if (s->group[node] != group || s->distance[node] != NONE)
			continue;
		s->distance[node] = 0;
		s->queue[tail++] = node;
	}
	while (head < tail) {
		uint32_t to = s->queue[head++];

		for (size_t i = s->by_taken.first[to]; i < s->by_taken.first[to + 1]; i++) {
			uint32_t step = s->by_taken.items[i];

			for (size_t k = s->held_first[step]; k < s->held_first[step + 1]; k++) {
				uint32_t from = s->held_nodes[k];

				if (s->group[from] != group || s->distance[from] != NONE)
					continue;
				s->distance[from] = s->distance[to] + 1;
				s->queue[tail++] = from;
			}
		}
	}
}

static int tell_chain(struct search *s, enum ws_cycle_why why, const struct ws_object *gate)
{
	const struct ws_lock_step **steps = calloc(s->n_chain, sizeof(*steps));
	struct ws_lock_cycle cycle = { .n = s->n_chain, .why = why, .gate = gate };
	int r = 0;

	if (!steps)
		return -ENOMEM;
	for (size_t i = 0; i < s->n_chain; i++) {
		uint32_t before = s->chain[(i + s->n_chain - 1) % s->n_chain];
		uint32_t node = s->steps[before]->node;

		steps[i] = s->steps[s->chain[i]];
		if (r == 0)
			r = ws_map64_put(&s->covered, pair(node, steps[i]->node), 1);
	}
	cycle.steps = steps;
	if (r == 0)
		r = s->tell(s->user, &cycle);
	free(steps);
	return r;
}

static enum ws_cycle_why certainty(const struct search *s)
{
	enum ws_cycle_why why = WS_CYCLE_PREDICTABLE;

	for (size_t i = 0; i < s->n_chain; i++) {
		if (!is_certain(s->steps[s->chain[i]]->edge.taken.object))
			return WS_CYCLE_REUSED;
		if (!is_free(s->steps[s->chain[i]]))
			why = WS_CYCLE_SYNCED;
	}
	return why;
}

/* Whether the step may be the next of the chain. 1: no. */
static int fits(struct search *s, uint32_t i)
{
	struct ws_lock_step *step = s->steps[i];
	const struct ws_object *gate;
	enum ws_cycle_why why;
	int r = 0;

	if (step->edge.taken.flags & (WS_EDGE_TRY | WS_EDGE_TIMED))
		return 1;
	if (s->n_chain)
		r = waits(s, s->steps[s->chain[s->n_chain - 1]], step, &why);
	for (size_t k = 0; k < s->n_chain && r == 0; k++)
		r = s->steps[s->chain[k]]->node == step->node
			    ? 1
			    : apart(s, s->steps[s->chain[k]], step, &why, &gate);
	return r;
}

/* Makes the chain `length` steps long, and a cycle. 0: it is one; 1: there is none. */
static int extend(struct search *s, size_t length)
{
	struct ws_lock_step *last = s->steps[s->chain[s->n_chain - 1]];
	enum ws_cycle_why why;
	int r;

	if (s->n_chain == length)
		return waits(s, last, s->steps[s->chain[0]], &why);
	for (size_t i = s->by_held.first[last->node]; i < s->by_held.first[last->node + 1]; i++) {
		uint32_t step = s->by_held.items[i], node = s->steps[step]->node;

		if (s->distance[node] == NONE || s->distance[node] + s->n_chain + 1 > length)
			continue;
		if (s->left == 0)
			return 1;
		s->left--;
		r = fits(s, step);
		if (r < 0)
			return r;
		if (r > 0)
			continue;
		s->chain[s->n_chain++] = step;
		r = extend(s, length);
		if (r <= 0)
			return r;
		s->n_chain--;
	}
	return 1;
}

/* A cycle that begins with the step: told, if there is one. */
static int explain(struct search *s, uint32_t start)
{
	size_t shortest;
	int r = fits(s, start);

	if (r != 0)
		return r < 0 ? r : 0;
	measure(s, start);
	if (s->distance[s->steps[start]->node] == NONE)
		return 0;
	shortest = s->distance[s->steps[start]->node] + 1;
	for (size_t length = shortest < 2 ? 2 : shortest; length <= shortest + DETOUR; length++) {
		s->chain[0] = start;
		s->n_chain = 1;
		r = extend(s, length);
		if (r == 0)
			r = tell_chain(s, certainty(s), NULL);
		s->n_chain = r == 1 ? 0 : s->n_chain;
		if (r <= 0)
			break;
	}
	s->n_chain = 0;
	return r < 0 ? r : 0;
}

/* The next step of a shortest way, by another thread if one is there. */
static uint32_t nearest(const struct search *s, uint32_t node)
{
	uint32_t best = NONE;

	for (size_t i = s->by_held.first[node]; i < s->by_held.first[node + 1]; i++) {
		uint32_t step = s->by_held.items[i];
		bool other = true;

		if (s->distance[s->steps[step]->node] + 1 != s->distance[node])
			continue;
		for (size_t k = 0; k < s->n_chain; k++)
			other &= s->steps[s->chain[k]]->edge.thread != s->steps[step]->edge.thread;
		if (best == NONE)
			best = step;
		if (other)
			return step;
	}
	return best;
}

/* Why the chain is no deadlock. */
static int why_not(struct search *s, enum ws_cycle_why *why, const struct ws_object **gate)
{
	int r = 0;

	*gate = NULL;
	for (size_t i = 0; i < s->n_chain && r == 0; i++)
		for (size_t k = 0; k < i && r == 0; k++)
			r = apart(s, s->steps[s->chain[k]], s->steps[s->chain[i]], why, gate);
	for (size_t i = 0; i < s->n_chain && r == 0; i++) {
		struct ws_lock_step *step = s->steps[s->chain[i]];

		if (step->edge.taken.flags & (WS_EDGE_TRY | WS_EDGE_TIMED)) {
			*why = WS_CYCLE_TRIED;
			r = 1;
		} else {
			r = waits(s, step, s->steps[s->chain[(i + 1) % s->n_chain]], why);
		}
	}
	return r;
}

static int suppress(struct search *s, uint32_t start)
{
	const struct ws_object *gate;
	enum ws_cycle_why why;
	uint32_t node = s->steps[start]->node;
	int r;

	measure(s, start);
	if (s->distance[node] == NONE)
		return 0;
	s->chain[0] = start;
	s->n_chain = 1;
	while (s->distance[node] > 0) {
		uint32_t step = nearest(s, node);

		if (step == NONE)
			break;
		s->chain[s->n_chain++] = step;
		node = s->steps[step]->node;
	}
	r = why_not(s, &why, &gate);
	/* 0: the search gave up before it came to this one; that is counted. */
	if (r == 1)
		r = tell_chain(s, why, gate);
	s->n_chain = 0;
	return r;
}

static int search_group(struct search *s, uint32_t group, size_t *gave_up)
{
	size_t told = 0;
	int r = 0;

	s->left = WS_LOCK_ORDER_STEPS;
	for (uint32_t i = 0; i < s->n_steps && r == 0 && s->left; i++)
		if (s->group[s->steps[i]->node] == group && is_open(s, i))
			r = explain(s, i);
	if (!s->left)
		++*gave_up;
	for (uint32_t i = 0; i < s->n_steps && r == 0 && told < WS_LOCK_ORDER_SUPPRESSED_MAX; i++) {
		if (s->group[s->steps[i]->node] != group || !is_open(s, i))
			continue;
		r = suppress(s, i);
		told++;
	}
	return r;
}

/* Groups with more than one lock: in the others nothing is taken in two orders. */
static int search_groups(struct search *s, size_t *gave_up)
{
	uint32_t *sizes = calloc(s->n_groups + 1, sizeof(*sizes));
	int r = 0;

	if (!sizes)
		return -ENOMEM;
	for (size_t i = 0; i < s->n_nodes; i++)
		sizes[s->group[i]]++;
	for (size_t i = 0; i < s->n_steps && r == 0; i++) {
		uint32_t group = s->group[s->steps[i]->node];

		if (sizes[group] < 2)
			continue;
		r = search_group(s, group, gave_up);
		sizes[group] = 0;
	}
	free(sizes);
	return r;
}

int ws_lock_cycles_find(struct ws_lock_step **steps, size_t n, const struct ws_tables *tables,
			const struct ws_before *before,
			int (*tell)(void *user, const struct ws_lock_cycle *cycle), void *user,
			size_t *gave_up)
{
	struct search s = {
		.steps = steps,
		.n_steps = n,
		.tables = tables,
		.before = before,
		.tell = tell,
		.user = user,
	};
	int r;

	if (n)
		qsort(steps, n, sizeof(*steps), by_certainty);
	r = number_nodes(&s);
	if (r == 0) {
		fill_lists(&s);
		r = group_nodes(&s);
	}
	if (r == 0) {
		s.distance = calloc(s.n_nodes + 1, sizeof(*s.distance));
		s.queue = calloc(s.n_nodes + 1, sizeof(*s.queue));
		s.chain = calloc(s.n_nodes + DETOUR + 2, sizeof(*s.chain));
		r = s.distance && s.queue && s.chain ? search_groups(&s, gave_up) : -ENOMEM;
	}
	free(s.held_nodes);
	free(s.held_first);
	free(s.group);
	free_lists(&s.by_held);
	free_lists(&s.by_taken);
	ws_map64_free(&s.covered);
	free(s.distance);
	free(s.queue);
	free(s.chain);
	return r;
}
