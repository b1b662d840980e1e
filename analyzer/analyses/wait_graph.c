/* SPDX-License-Identifier: MIT */
/* wait_graph.c: see wait_graph.h. */
#include "analyzer/analyses/wait_graph.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <utlist.h>

#include "analyzer/analyses/knots.h"
#include "analyzer/base/grow.h"

#define NO_NODE UINT32_MAX

struct builder {
	const struct ws_board *board;
	enum ws_graph_scope scope;
	struct ws_wait_graph *graph;
	uint32_t *thread_nodes;  /* by index of the thread: its node, or NO_NODE */
	uint32_t *process_nodes; /* the same of processes */
	bool failed;             /* memory ran out */
};

const char *ws_way_out_word(enum ws_way_out way_out)
{
	static const char *const words[] = {
#define WORD(sym, word) #word,
		WS_WAYS_OUT(WORD)
#undef WORD
	};

	return words[way_out];
}

static uint32_t add_node(struct builder *b, struct ws_graph_node node)
{
	struct ws_wait_graph *graph = b->graph;

	if (ws_grow(&graph->nodes, &graph->nodes_size, graph->n_nodes + 1)) {
		b->failed = true;
		return NO_NODE;
	}
	graph->nodes[graph->n_nodes] = node;
	return (uint32_t)graph->n_nodes++;
}

/* The node of a thread. A thread that the board has not met is one that runs. */
static uint32_t thread_node(struct builder *b, uint32_t index)
{
	const struct ws_board_thread *thread = ws_board_thread(b->board, index);
	struct ws_graph_node node = { .thread = index, .state = WS_NODE_RUNS };

	if (!thread)
		return NO_NODE;
	if (b->thread_nodes[index] != NO_NODE)
		return b->thread_nodes[index];
	node.process = thread->process;
	if (thread->gone) {
		node.state = WS_NODE_GONE;
		node.need = 1;
	} else if (thread->top) {
		node.state = WS_NODE_WAITS;
		node.wait = thread->top->pub;
		node.seq = thread->top->seq;
		node.reported = thread->top->reported;
	}
	return b->thread_nodes[index] = add_node(b, node);
}

/* The node of a process that has not ended. */
static uint32_t process_node(struct builder *b, uint32_t index)
{
	struct ws_graph_node node = {
		.thread = WS_UNKNOWN,
		.process = index,
		.state = WS_NODE_RUNS,
		.need = 1,
	};

	if (b->process_nodes[index] != NO_NODE)
		return b->process_nodes[index];
	return b->process_nodes[index] = add_node(b, node);
}

/* The process could let the node go. */
static struct ws_graph_edge edge_to_process(struct builder *b, uint32_t index)
{
	return (struct ws_graph_edge){ .to = process_node(b, index),
				       .as = WS_HOLD_COULD,
				       .by = WS_UNKNOWN,
				       .site = WS_UNKNOWN,
				       .stack = WS_UNKNOWN };
}

/* One more edge of the node whose edges are being made, unless it has it: then the one that names a
 * thread says more. */
static void add_edge(struct builder *b, struct ws_graph_node *node, struct ws_graph_edge edge)
{
	struct ws_wait_graph *graph = b->graph;

	if (edge.to == NO_NODE)
		return;
	for (size_t i = node->first; i < node->first + node->n; i++) {
		if (graph->edges[i].to != edge.to)
			continue;
		if (graph->edges[i].by == WS_UNKNOWN && edge.by != WS_UNKNOWN)
			graph->edges[i] = edge;
		return;
	}
	if (ws_grow(&graph->edges, &graph->edges_size, graph->n_edges + 1)) {
		b->failed = true;
		return;
	}
	graph->edges[graph->n_edges++] = edge;
	node->n++;
}

/* True if it has not ended; and is not one that is to be left out. */
static bool is_there(const struct builder *b, const struct ws_board_process *process)
{
	return !process->gone && (b->scope != WS_GRAPH_SEEN || !process->unseen);
}

static bool has_heirs(const struct builder *b, uint32_t process)
{
	const struct ws_board *board = b->board;

	for (size_t i = 0; i < board->n_processes; i++) {
		if (board->processes[i] && is_there(b, board->processes[i]) &&
		    ws_board_descends(board, board->processes[i], process))
			return true;
	}
	return false;
}

/* A flock belongs to the open file: the process that took it may let it go, or any that may have
 * got the file from it by fork(). */
static void add_heirs(struct builder *b, struct ws_graph_node *node,
		      const struct ws_board_hold *hold, uint32_t process)
{
	struct ws_graph_edge edge = {
		.to = process_node(b, process),
		.as = WS_HOLD_OWNS,
		.by = hold->said ? hold->who.thread : WS_UNKNOWN,
		.shared = hold->shared,
		.site = hold->who.site,
		.stack = hold->who.stack,
		.since_ns = hold->since_ns,
	};

	add_edge(b, node, edge);
	for (size_t i = 0; i < b->board->n_processes; i++) {
		const struct ws_board_process *heir = b->board->processes[i];

		if (heir && is_there(b, heir) && ws_board_descends(b->board, heir, process))
			add_edge(b, node, edge_to_process(b, heir->index));
	}
	node->need = 1;
}

/* A reader that waits for a lock which another reader is known to hold: it is of the sort that lets
 * writers go first, and it needs all of those who wait. */
static void add_writers(struct builder *b, struct ws_graph_node *node,
			const struct ws_board_object *on)
{
	const struct ws_board_wait *wait;

	DL_FOREACH(on->waits, wait)
	{
		if (!(wait->pub.flags & WS_WAIT_READ))
			add_edge(b, node,
				 (struct ws_graph_edge){ .to = thread_node(b, wait->pub.thread),
							 .as = WS_HOLD_COULD,
							 .by = WS_UNKNOWN,
							 .site = WS_UNKNOWN,
							 .stack = WS_UNKNOWN });
	}
}

/* Those who hold an owned object. */
static void add_holders(struct builder *b, struct ws_graph_node *node,
			const struct ws_board_object *on)
{
	bool lasting = on->object->key.kind != WS_KIND_RECORD_LOCK &&
		       on->object->key.kind != WS_KIND_FLOCK;
	const struct ws_board_hold *left = NULL; /* that others than its process may let go */
	bool is_read = false;                    /* a reader has it for certain: no writer has */

	for (size_t i = 0; i < on->n_holds; i++) {
		const struct ws_board_hold *hold = &on->holds[i];
		const struct ws_board_thread *thread = ws_board_thread(b->board, hold->who.thread);
		struct ws_graph_edge edge = {
			.as = WS_HOLD_OWNS,
			.by = hold->said ? hold->who.thread : WS_UNKNOWN,
			.shared = hold->shared,
			.site = hold->who.site,
			.stack = hold->who.stack,
			.since_ns = hold->since_ns,
		};

		if (!thread || !ws_board_holds(b->board, hold))
			continue;
		if (hold->shared && node->wait.flags & WS_WAIT_READ) {
			/* Readers do not wait for readers, but for writers that wait for them. */
			is_read |= hold->said && thread->top;
			continue;
		}
		if (thread->gone && !lasting)
			continue; /* the kernel has let it go */
		if (thread->gone && thread->gone_ns + WS_LET_GO_NS > b->board->now_ns)
			node->way_out = WS_WAY_OUT_WOKEN; /* a robust mutex is let go, too */
		if (on->object->key.kind == WS_KIND_FLOCK && has_heirs(b, thread->process)) {
			left = left ? left : hold;
			continue;
		}
		edge.to = hold->by_process && !thread->gone ? process_node(b, thread->process)
							    : thread_node(b, hold->who.thread);
		add_edge(b, node, edge);
	}
	if (!node->n && left) {
		add_heirs(b, node, left, ws_board_thread(b->board, left->who.thread)->process);
		return;
	}
	if (!node->n && is_read)
		add_writers(b, node, on);
	if (!node->n)
		node->way_out = WS_WAY_OUT_UNKNOWN;
	node->needs_all = true;
	node->need = (uint32_t)node->n;
}

/* Who took what the thread waits for, as far as is known, or has let others go before. */
static void add_hints(struct builder *b, struct ws_graph_node *node,
		      const struct ws_board_object *on, const struct ws_holder *last)
{
	struct ws_graph_edge edge = { .as = WS_HOLD_COULD, .by = WS_UNKNOWN, .taken = true };

	for (size_t i = 0; i < on->n_holds; i++) {
		const struct ws_board_hold *hold = &on->holds[i];
		const struct ws_board_thread *thread = ws_board_thread(b->board, hold->who.thread);

		/* Only as long as it says so: others may have given it back for it. */
		if (!thread || thread->gone || !thread->top || thread->index == node->thread ||
		    !ws_board_holds(b->board, hold))
			continue;
		edge.site = hold->who.site;
		edge.stack = hold->who.stack;
		edge.to = thread_node(b, thread->index);
		add_edge(b, node, edge);
	}
	edge.taken = false;
	edge.stack = WS_UNKNOWN;
	if (last->thread != WS_UNKNOWN && last->thread != node->thread) {
		const struct ws_board_thread *thread = ws_board_thread(b->board, last->thread);

		edge.site = last->site;
		if (thread && !thread->gone) {
			edge.to = thread_node(b, last->thread);
			add_edge(b, node, edge);
		}
	}
	for (uint32_t i = 0; i < on->n_wakers; i++) {
		const struct ws_board_thread *thread =
			ws_board_thread(b->board, on->wakers[i].thread);

		if (!thread || thread->gone || thread->index == node->thread)
			continue;
		edge.site = on->wakers[i].site;
		edge.to = thread_node(b, thread->index);
		add_edge(b, node, edge);
	}
}

/* The side of a channel from which the thread is let go. */
static uint8_t other_end(const struct ws_wait *wait)
{
	if (wait->object->key.kind != WS_KIND_PIPE)
		return 0;
	return wait->flags & WS_WAIT_READ ? WS_END_WRITES : WS_END_READS;
}

/* True if processes outside of the trace may let the thread go, as far as is known. */
static bool is_for_others(const struct ws_board *board, const struct ws_board_wait *wait)
{
	return !ws_board_is_closed(board, wait->on->object) ||
	       (ws_board_is_public(board, wait->on->object) && !ws_board_lets_go(board, wait));
}

/* Those who could let it go: any of them. */
static void add_candidates(struct builder *b, struct ws_graph_node *node,
			   const struct ws_board_wait *wait)
{
	const struct ws_board *board = b->board;
	const struct ws_board_object *on = wait->on;
	bool reached = false;

	node->need = 1;
	if (on->by_handler || is_for_others(board, wait))
		node->way_out = WS_WAY_OUT_OUTSIDE;
	add_hints(b, node, on, &wait->hint);
	for (size_t i = 0; i < board->n_processes; i++) {
		const struct ws_board_process *process = board->processes[i];

		if (process && is_there(b, process) && (process->threads || process->unseen) &&
		    ws_board_reaches(process, on->object, other_end(&node->wait))) {
			reached = true;
			add_edge(b, node, edge_to_process(b, process->index));
		}
	}
	/* Of a pipe whose other end nobody has open the kernel would have told it: somebody has it
	 * who is not seen, as the child of a vfork() that runs a static program. */
	if (!reached && on->object->key.kind == WS_KIND_PIPE)
		node->way_out = WS_WAY_OUT_OUTSIDE;
}

/* A barrier: any of all who could come, for whoever goes on may also make those who are missing. */
static void add_arrivers(struct builder *b, struct ws_graph_node *node,
			 const struct ws_board_wait *wait)
{
	const struct ws_board *board = b->board;
	const struct ws_board_object *on = wait->on;

	node->needs_all = true;
	node->need = 1;
	if (is_for_others(board, wait))
		node->way_out = WS_WAY_OUT_OUTSIDE;
	if (on->value <= on->n_waits) {
		node->way_out = WS_WAY_OUT_UNKNOWN; /* of how many it is was not seen */
		return;
	}
	for (size_t i = 0; i < board->n_processes; i++) {
		const struct ws_board_process *process = board->processes[i];
		const struct ws_board_thread *thread;

		if (!process || !is_there(b, process) || !ws_board_reaches(process, on->object, 0))
			continue;
		if (process->unseen)
			add_edge(b, node, edge_to_process(b, process->index));
		DL_FOREACH(process->threads, thread)
		{
			if (thread->top && thread->top->on == on)
				continue;
			add_edge(b, node,
				 (struct ws_graph_edge){ .to = thread_node(b, thread->index),
							 .as = WS_HOLD_COULD,
							 .by = WS_UNKNOWN,
							 .site = WS_UNKNOWN,
							 .stack = WS_UNKNOWN });
		}
	}
}

/* A child, or any of them. */
static void add_children(struct builder *b, struct ws_graph_node *node)
{
	const struct ws_board *board = b->board;
	const struct ws_object_key *key = &node->wait.object->key;
	const struct ws_board_process *parent = ws_board_process(board, node->process);

	node->needs_all = ws_object_needs_all(node->wait.object);
	node->need = 1;
	for (size_t i = board->n_processes; i > 0; i--) {
		const struct ws_board_process *child = board->processes[i - 1], *of;

		if (!child || !child->pid)
			continue;
		if (!child->gone && !is_there(b, child))
			continue;
		of = ws_board_process(board, child->parent);
		if (key->offset ? child->pid != (int32_t)key->offset
				: !of || !parent || of->pid != parent->pid)
			continue;
		if (child->gone) {
			if (child->gone_ns + WS_LET_GO_NS > board->now_ns)
				node->way_out = WS_WAY_OUT_WOKEN;
			continue;
		}
		add_edge(b, node,
			 (struct ws_graph_edge){ .to = process_node(b, child->index),
						 .as = WS_HOLD_OWNS,
						 .by = WS_UNKNOWN,
						 .site = WS_UNKNOWN,
						 .stack = WS_UNKNOWN });
		if (key->offset)
			break;
	}
	if (!node->n)
		node->way_out = WS_WAY_OUT_UNKNOWN;
}

static void add_joined(struct builder *b, struct ws_graph_node *node)
{
	const struct ws_object_key *key = &node->wait.object->key;
	const struct ws_board_thread *joined =
		key->process == WS_UNKNOWN ? ws_board_thread(b->board, (uint32_t)key->offset)
					   : NULL;

	node->needs_all = true;
	node->need = 1;
	if (!joined) {
		node->way_out = WS_WAY_OUT_UNKNOWN;
	} else if (joined->gone) {
		node->way_out = WS_WAY_OUT_WOKEN;
	} else {
		add_edge(b, node,
			 (struct ws_graph_edge){ .to = thread_node(b, joined->index),
						 .as = WS_HOLD_OWNS,
						 .by = WS_UNKNOWN,
						 .site = WS_UNKNOWN,
						 .stack = WS_UNKNOWN });
	}
}

/* True if the way out is there whoever else waits. */
static enum ws_way_out way_out_of(const struct builder *b, const struct ws_board_wait *wait)
{
	uint8_t kind = wait->pub.object->key.kind;

	if (wait->pub.uncertain)
		return WS_WAY_OUT_UNKNOWN;
	switch (kind) {
	case WS_KIND_SLEEP:
		return WS_WAY_OUT_TIME;
	case WS_KIND_SIGNAL:
	case WS_KIND_POLL:
	case WS_KIND_SOCKET:
	case WS_KIND_FIFO:
	case WS_KIND_EVENTFD:
		return WS_WAY_OUT_OUTSIDE;
	default:
		break;
	}
	if (wait->pub.flags & WS_WAIT_TIMED &&
	    !(b->scope == WS_GRAPH_OWNERS && ws_kind_is_owned(kind)))
		return WS_WAY_OUT_TIME;
	return ws_board_is_let_go(b->board, wait) && !ws_kind_is_owned(kind) ? WS_WAY_OUT_WOKEN
									     : WS_WAY_OUT_NONE;
}

/* True if it was woken for certain: by a broadcast, or since there was a signal for each who waits.
 */
static bool is_woken(const struct ws_board_wait *wait)
{
	const struct ws_board_object *on = wait->on;

	return wait->let_go_ns ||
	       (on->tokens >= on->n_waits && on->tokens_ns >= wait->pub.begin_ns);
}

/* The mutex that a thread wants back which has been woken from a wait for a condition variable;
 * NULL: it has not been, or nobody who waits holds that mutex. */
static const struct ws_board_object *wanted_back(const struct ws_board *board,
						 const struct ws_board_wait *wait)
{
	const struct ws_object_key *key = &wait->pub.mutex;

	if (wait->pub.object->key.kind != WS_KIND_COND || !key->kind || wait->pub.uncertain ||
	    !is_woken(wait))
		return NULL;
	for (size_t i = board->n_objects; i > 0; i--) {
		const struct ws_board_object *on = board->objects[i - 1];

		if (!on || !on->object || memcmp(&on->object->key, key, sizeof(*key)) != 0)
			continue;
		for (size_t k = 0; k < on->n_holds; k++) {
			const struct ws_board_hold *hold = &on->holds[k];

			if (hold->said && hold->who.thread != wait->pub.thread &&
			    ws_board_holds(board, hold))
				return on;
		}
		break; /* older ones were at that address before */
	}
	return NULL;
}

/* The edges of a thread that waits. `i`: its node, since nodes move as others are added. */
static void add_wait_edges(struct builder *b, size_t i)
{
	struct ws_graph_node node = b->graph->nodes[i];
	const struct ws_board_wait *wait = ws_board_thread(b->board, node.thread)->top;
	const struct ws_board_object *back = wanted_back(b->board, wait);
	uint8_t kind = wait->pub.object->key.kind;

	node.way_out = back ? WS_WAY_OUT_NONE : way_out_of(b, wait);
	node.first = b->graph->n_edges;
	if (back) {
		node.wait.object = back->object;
		add_holders(b, &node, back);
	} else if (ws_kind_is_owned(kind)) {
		add_holders(b, &node, wait->on);
	} else if (kind == WS_KIND_THREAD) {
		add_joined(b, &node);
	} else if (kind == WS_KIND_PROCESS) {
		add_children(b, &node);
	} else if (node.way_out == WS_WAY_OUT_OUTSIDE || kind == WS_KIND_SLEEP) {
		node.need = 1;
	} else if (b->scope == WS_GRAPH_OWNERS) {
		node.way_out = WS_WAY_OUT_UNKNOWN; /* it is not asked for */
	} else if (kind == WS_KIND_BARRIER) {
		add_arrivers(b, &node, wait);
	} else {
		add_candidates(b, &node, wait);
	}
	b->graph->nodes[i] = node;
}

static void add_process_edges(struct builder *b, size_t i)
{
	struct ws_graph_node node = b->graph->nodes[i];
	const struct ws_board_thread *thread;

	node.first = b->graph->n_edges;
	DL_FOREACH(ws_board_process(b->board, node.process)->threads, thread)
	add_edge(b, &node,
		 (struct ws_graph_edge){ .to = thread_node(b, thread->index),
					 .as = WS_HOLD_OWNS,
					 .by = WS_UNKNOWN,
					 .site = WS_UNKNOWN,
					 .stack = WS_UNKNOWN });
	/* Threads of which nothing was seen. */
	if (!node.n)
		node.need = 0;
	b->graph->nodes[i] = node;
}

/* Marks who is blocked, and the knots. */
static int find_knots(struct ws_wait_graph *graph)
{
	size_t n = graph->n_nodes;
	size_t *first = calloc(n + 1, sizeof(*first));
	uint32_t *targets = calloc(graph->n_edges + 1, sizeof(*targets));
	uint32_t *need = calloc(n + 1, sizeof(*need)), *knot = calloc(n + 1, sizeof(*knot));
	bool *blocked = calloc(n + 1, sizeof(*blocked));
	struct ws_knot_graph given = { n, first, targets, need };
	size_t at = 0;
	int r = -ENOMEM;

	if (first && targets && need && knot && blocked) {
		for (size_t i = 0; i < n; i++) {
			const struct ws_graph_node *node = &graph->nodes[i];

			first[i] = at;
			for (size_t e = node->first; e < node->first + node->n; e++)
				targets[at++] = graph->edges[e].to;
			need[i] = node->way_out ? 0 : node->need;
		}
		first[n] = at;
		r = ws_knots_find(&given, blocked, knot, &graph->n_knots);
	}
	for (size_t i = 0; r == 0 && i < n; i++) {
		graph->nodes[i].blocked = blocked[i];
		graph->nodes[i].knot = knot[i];
	}
	free(first);
	free(targets);
	free(need);
	free(knot);
	free(blocked);
	return r;
}

static void fill(uint32_t *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		list[i] = NO_NODE;
}

int ws_wait_graph_new(const struct ws_board *board, enum ws_graph_scope scope,
		      struct ws_wait_graph **ret)
{
	struct builder b = {
		.board = board,
		.scope = scope,
		.graph = calloc(1, sizeof(*b.graph)),
		.thread_nodes = malloc((board->n_threads + 1) * sizeof(uint32_t)),
		.process_nodes = malloc((board->n_processes + 1) * sizeof(uint32_t)),
	};
	int r = -ENOMEM;

	if (b.graph && b.thread_nodes && b.process_nodes) {
		fill(b.thread_nodes, board->n_threads);
		fill(b.process_nodes, board->n_processes);
		b.graph->at_ns = board->now_ns;
		for (size_t i = 0; i < board->n_threads; i++) {
			if (board->threads[i] && !board->threads[i]->gone && board->threads[i]->top)
				thread_node(&b, (uint32_t)i);
		}
		/* Nodes are added as edges lead to them. */
		for (size_t i = 0; i < b.graph->n_nodes && !b.failed; i++) {
			if (b.graph->nodes[i].thread == WS_UNKNOWN)
				add_process_edges(&b, i);
			else if (b.graph->nodes[i].state == WS_NODE_WAITS)
				add_wait_edges(&b, i);
		}
		if (!b.failed)
			r = find_knots(b.graph);
	}
	free(b.thread_nodes);
	free(b.process_nodes);
	if (r < 0) {
		ws_wait_graph_free(b.graph);
		return r;
	}
	*ret = b.graph;
	return 0;
}

void ws_wait_graph_free(struct ws_wait_graph *graph)
{
	if (!graph)
		return;
	free(graph->nodes);
	free(graph->edges);
	free(graph);
}
