/* SPDX-License-Identifier: MIT */
/* lock_cycles.c: see lock_cycles.h.
 *
 * The locks are the nodes of a graph with an edge from each held lock to the one taken after it. Of
 * a file, what is held are all nodes of which it has bytes: whoever takes one of them waits for it.
 * What is in no strongly connected group can be in no cycle. In each group, every step that is not
 * explained yet is tried as the beginning of a cycle: how far it is from each lock back to what the
 * step holds is found by breadth first, and the steps are then chosen depth first, never farther
 * than that allows.
 */
#include "analyzer/analyses/lock_cycles.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/analyses/lock_graph.h"
#include "analyzer/analyses/lock_order.h"
#include "analyzer/base/map64.h"

#define NONE UINT32_MAX
/* A cycle may be so much longer than the shortest way round: where that one is suppressed, another
 * thread's may not be. */
#define DETOUR 3

struct search {
	struct ws_lock_graph g; /* its steps by certainty */
	const struct ws_tables *tables;
	const struct ws_before *before;
	int (*tell)(void *user, const struct ws_lock_cycle *cycle);
	void *user;
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

static uint64_t pair(uint32_t from, uint32_t to)
{
	return (uint64_t)from << 32 | to;
}

/* True if the order of what the step takes after `held` may be of a cycle, and is not explained
 * yet. What it takes may have bytes of what it holds: that is no order. */
static bool is_open_order(const struct search *s, uint32_t held, uint32_t i)
{
	uint32_t to = s->g.steps[i]->node, unused;

	return s->g.group[held] == s->g.group[to] && held != to &&
	       !ws_map64_get(&s->covered, pair(held, to), &unused);
}

/* True if one of the step's orders is not explained yet. */
static bool is_open(const struct search *s, uint32_t i)
{
	for (size_t k = s->g.held_first[i]; k < s->g.held_first[i + 1]; k++)
		if (is_open_order(s, s->g.held_nodes[k], i))
			return true;
	return false;
}

/* How many steps it takes from wanting each node to what `start` holds and has not explained yet,
 * in its group: from what `start` takes there is a way, since the two are in one group. */
static void measure(struct search *s, uint32_t start)
{
	uint32_t group = s->g.group[s->g.steps[start]->node];
	size_t head = 0, tail = 0;

	memset(s->distance, 0xff, s->g.n_nodes * sizeof(*s->distance));
	for (size_t k = s->g.held_first[start]; k < s->g.held_first[start + 1]; k++) {
		uint32_t node = s->g.held_nodes[k];

		if (!is_open_order(s, node, start) || s->distance[node] != NONE)
			continue;
		s->distance[node] = 0;
		s->queue[tail++] = node;
	}
	while (head < tail) {
		uint32_t to = s->queue[head++];

		for (size_t i = s->g.by_taken.first[to]; i < s->g.by_taken.first[to + 1]; i++) {
			uint32_t step = s->g.by_taken.items[i];

			for (size_t k = s->g.held_first[step]; k < s->g.held_first[step + 1]; k++) {
				uint32_t from = s->g.held_nodes[k];

				if (s->g.group[from] != group || s->distance[from] != NONE)
					continue;
				s->distance[from] = s->distance[to] + 1;
				s->queue[tail++] = from;
			}
		}
	}
}

/* The order of the lock that `i` holds and `before` wants, and of what it takes, is explained. */
static int cover(struct search *s, uint32_t before, uint32_t i)
{
	const struct ws_lock *hold =
		ws_lock_held_by(s->g.steps[i], &s->g.steps[before]->edge.taken);
	int r = 0;

	for (size_t k = s->g.held_first[i]; k < s->g.held_first[i + 1] && r == 0; k++)
		if (ws_lock_is_same(s->g.objects[s->g.held_nodes[k]], hold->object))
			r = ws_map64_put(&s->covered, pair(s->g.held_nodes[k], s->g.steps[i]->node),
					 1);
	return r;
}

static int tell_chain(struct search *s, enum ws_cycle_why why, const struct ws_object *gate)
{
	const struct ws_lock_step **steps = calloc(s->n_chain, sizeof(*steps));
	struct ws_lock_cycle cycle = { .n = s->n_chain, .why = why, .gate = gate };
	int r = 0;

	if (!steps)
		return -ENOMEM;
	for (size_t i = 0; i < s->n_chain && r == 0; i++)
		r = cover(s, s->chain[(i + s->n_chain - 1) % s->n_chain], s->chain[i]);
	for (size_t i = 0; i < s->n_chain; i++)
		steps[i] = s->g.steps[s->chain[i]];
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
		if (!is_certain(s->g.steps[s->chain[i]]->edge.taken.object))
			return WS_CYCLE_REUSED;
		if (!is_free(s->g.steps[s->chain[i]]))
			why = WS_CYCLE_SYNCED;
	}
	return why;
}

/* Whether the step may be the next of the chain. 1: no. */
static int fits(struct search *s, uint32_t i)
{
	struct ws_lock_step *step = s->g.steps[i];
	const struct ws_object *gate;
	enum ws_cycle_why why;
	int r = 0;

	if (step->edge.taken.flags & (WS_EDGE_TRY | WS_EDGE_TIMED))
		return 1;
	if (s->n_chain)
		r = waits(s, s->g.steps[s->chain[s->n_chain - 1]], step, &why);
	for (size_t k = 0; k < s->n_chain && r == 0; k++)
		r = s->g.steps[s->chain[k]]->node == step->node
			    ? 1
			    : apart(s, s->g.steps[s->chain[k]], step, &why, &gate);
	return r;
}

/* Makes the chain `length` steps long, and a cycle. 0: it is one; 1: there is none. */
static int extend(struct search *s, size_t length)
{
	struct ws_lock_step *last = s->g.steps[s->chain[s->n_chain - 1]];
	enum ws_cycle_why why;
	int r;

	if (s->n_chain == length)
		return waits(s, last, s->g.steps[s->chain[0]], &why);
	for (size_t i = s->g.by_held.first[last->node]; i < s->g.by_held.first[last->node + 1];
	     i++) {
		uint32_t step = s->g.by_held.items[i], node = s->g.steps[step]->node;

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

/* A cycle that begins with the step and explains one of its orders. 0: it is told; 1: there is
 * none.
 */
static int explain(struct search *s, uint32_t start)
{
	size_t shortest;
	int r = fits(s, start);

	if (r != 0)
		return r;
	measure(s, start);
	shortest = s->distance[s->g.steps[start]->node] + 1;
	for (size_t length = shortest; length <= shortest + DETOUR; length++) {
		s->chain[0] = start;
		s->n_chain = 1;
		r = extend(s, length);
		if (r == 0)
			r = tell_chain(s, certainty(s), NULL);
		if (r <= 0)
			break;
	}
	s->n_chain = 0;
	return r;
}

/* The next step of a shortest way, by another thread if one is there. */
static uint32_t nearest(const struct search *s, uint32_t node)
{
	uint32_t best = NONE;

	for (size_t i = s->g.by_held.first[node]; i < s->g.by_held.first[node + 1]; i++) {
		uint32_t step = s->g.by_held.items[i];
		bool other = true;

		if (s->distance[s->g.steps[step]->node] + 1 != s->distance[node])
			continue;
		for (size_t k = 0; k < s->n_chain; k++)
			other &= s->g.steps[s->chain[k]]->edge.thread !=
				 s->g.steps[step]->edge.thread;
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
			r = apart(s, s->g.steps[s->chain[k]], s->g.steps[s->chain[i]], why, gate);
	for (size_t i = 0; i < s->n_chain && r == 0; i++) {
		struct ws_lock_step *step = s->g.steps[s->chain[i]];

		if (step->edge.taken.flags & (WS_EDGE_TRY | WS_EDGE_TIMED)) {
			*why = WS_CYCLE_TRIED;
			r = 1;
		} else {
			r = waits(s, step, s->g.steps[s->chain[(i + 1) % s->n_chain]], why);
		}
	}
	return r;
}

/* Why one of the step's orders is no deadlock. 0: it is told; 1: it may be one. */
static int suppress(struct search *s, uint32_t start)
{
	const struct ws_object *gate;
	enum ws_cycle_why why;
	uint32_t node = s->g.steps[start]->node;
	int r;

	measure(s, start);
	s->chain[0] = start;
	s->n_chain = 1;
	while (s->distance[node] > 0) {
		s->chain[s->n_chain] = nearest(s, node);
		node = s->g.steps[s->chain[s->n_chain++]]->node;
	}
	r = why_not(s, &why, &gate);
	/* 0: the search gave up before it came to this one; that is counted. */
	if (r == 1)
		r = tell_chain(s, why, gate);
	else if (r == 0)
		r = 1;
	s->n_chain = 0;
	return r;
}

static int search_group(struct search *s, uint32_t group, size_t *gave_up)
{
	size_t told = 0;
	int r = 0;

	s->left = WS_LOCK_ORDER_STEPS;
	for (uint32_t i = 0; i < s->g.n_steps && r >= 0 && s->left; i++)
		for (r = 0; r == 0 && s->g.group[s->g.steps[i]->node] == group && is_open(s, i);)
			r = explain(s, i);
	if (!s->left)
		++*gave_up;
	for (uint32_t i = 0; i < s->g.n_steps && r >= 0; i++)
		for (r = 0; r == 0 && told < WS_LOCK_ORDER_SUPPRESSED_MAX &&
			    s->g.group[s->g.steps[i]->node] == group && is_open(s, i);
		     told++)
			r = suppress(s, i);
	return r < 0 ? r : 0;
}

/* Groups with more than one lock: in the others nothing is taken in two orders. */
static int search_groups(struct search *s, size_t *gave_up)
{
	uint32_t *sizes = calloc(s->g.n_groups + 1, sizeof(*sizes));
	int r = 0;

	if (!sizes)
		return -ENOMEM;
	for (size_t i = 0; i < s->g.n_nodes; i++)
		sizes[s->g.group[i]]++;
	for (size_t i = 0; i < s->g.n_steps && r == 0; i++) {
		uint32_t group = s->g.group[s->g.steps[i]->node];

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
		.tables = tables,
		.before = before,
		.tell = tell,
		.user = user,
	};
	int r;

	if (n)
		qsort(steps, n, sizeof(*steps), by_certainty);
	r = ws_lock_graph_make(&s.g, steps, n);
	if (r == 0) {
		s.distance = calloc(s.g.n_nodes + 1, sizeof(*s.distance));
		s.queue = calloc(s.g.n_nodes + 1, sizeof(*s.queue));
		s.chain = calloc(s.g.n_nodes + DETOUR + 2, sizeof(*s.chain));
		r = s.distance && s.queue && s.chain ? search_groups(&s, gave_up) : -ENOMEM;
	}
	ws_lock_graph_free(&s.g);
	ws_map64_free(&s.covered);
	free(s.distance);
	free(s.queue);
	free(s.chain);
	return r;
}
