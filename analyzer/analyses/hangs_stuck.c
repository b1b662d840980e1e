/* SPDX-License-Identifier: MIT */
/* hangs_stuck.c: waits that lasted to the end though those who could end them were alive, see
 * hangs.h.
 */
#include <errno.h>
#include <stdlib.h>

#include "analyzer/analyses/hangs_private.h"
#include "analyzer/analyses/knots.h"

/* True if the thread opens one end of a FIFO that was made in the trace, and one of another process
 * the opposite end of another one: each may have been meant for the other. */
static bool opens_crosswise(const struct ws_hangs *hangs, const struct ws_wait_graph *graph,
			    const struct ws_graph_node *node)
{
	const struct ws_wait *wait = &node->wait;

	if (!(wait->flags & WS_WAIT_OPENS) || !ws_board_is_closed(&hangs->board, wait->object))
		return false;
	for (size_t i = 0; i < graph->n_nodes; i++) {
		const struct ws_graph_node *other = &graph->nodes[i];

		if (other->state == WS_NODE_WAITS && other->process != node->process &&
		    other->wait.flags & WS_WAIT_OPENS && other->wait.object != wait->object &&
		    (other->wait.flags ^ wait->flags) & WS_WAIT_READ &&
		    ws_board_is_closed(&hangs->board, other->wait.object))
			return true;
	}
	return false;
}

/* True if its wait is part of something that was found before, or just now. */
static bool is_told(const struct ws_hangs *hangs, const struct ws_graph_node *node)
{
	const struct ws_board_thread *thread = ws_board_thread(&hangs->board, node->thread);

	return thread && thread->top && thread->top->reported;
}

/* Those who waited for long, and who may have been let go all the same. */
static int take_long(struct ws_hangs *hangs, const struct ws_wait_graph *graph, uint32_t process)
{
	for (uint32_t i = 0; i < graph->n_nodes; i++) {
		const struct ws_graph_node *node = &graph->nodes[i];
		struct ws_hang hang = { .rule = WS_RULE_STUCK, .times = 1 };
		uint32_t next = i;
		uint8_t kind;
		int r;

		if (node->state != WS_NODE_WAITS || node->blocked || is_told(hangs, node) ||
		    (process != WS_UNKNOWN && node->process != process) ||
		    node->wait.begin_ns + hangs->stuck_ns > graph->at_ns ||
		    node->wait.flags & WS_WAIT_TIMED)
			continue;
		kind = node->wait.object->key.kind;
		if (!ws_kind_is_owned(kind) && kind != WS_KIND_BARRIER &&
		    !opens_crosswise(hangs, graph, node))
			continue;
		r = ws_hang_add_member(hangs, &hang, node);
		if (r == 0)
			r = ws_hang_add_step(&hang, graph, i,
					     node->n ? &graph->edges[node->first] : NULL, i);
		if (r < 0) {
			ws_hang_free(&hang);
			return r;
		}
		hang.at_ns = node->wait.begin_ns;
		if (node->n)
			next = graph->edges[node->first].to;
		hang.dead = next != i ? graph->nodes[next].thread : WS_UNKNOWN;
		hang.holder_waits = next != i && graph->nodes[next].state == WS_NODE_WAITS;
		if (hang.holder_waits)
			hang.holder_wait = graph->nodes[next].wait;
		r = ws_hangs_keep(hangs, &hang);
		if (r < 0)
			return r;
	}
	return 0;
}

static bool has_unseen(const struct ws_board *board)
{
	for (size_t i = 0; i < board->n_processes; i++) {
		if (board->processes[i] && board->processes[i]->unseen &&
		    !board->processes[i]->gone)
			return true;
	}
	return false;
}

static bool is_unseen(const struct ws_hangs *hangs, const struct ws_graph_node *node)
{
	const struct ws_board_process *process = ws_board_process(&hangs->board, node->process);

	return node->thread == WS_UNKNOWN && process && process->unseen;
}

/* Names the children in the set that could still let it go: those that the waits of `node` lead to.
 * 0 or -ENOMEM. */
static int name_unseen(const struct ws_hangs *hangs, const struct ws_wait_graph *graph,
		       uint32_t node, struct ws_hang *hang)
{
	bool *met = calloc(graph->n_nodes + 1, sizeof(*met));
	uint32_t *queue = calloc(graph->n_nodes + 1, sizeof(*queue));
	size_t n = 0;

	if (!met || !queue) {
		free(met);
		free(queue);
		return -ENOMEM;
	}
	met[node] = true;
	queue[n++] = node;
	for (size_t i = 0; i < n; i++) {
		const struct ws_graph_node *at = &graph->nodes[queue[i]];

		if (is_unseen(hangs, at)) {
			if (hang->n_unseen < WS_HANG_UNSEEN_MAX)
				hang->unseen[hang->n_unseen] = at->process;
			hang->n_unseen++;
		}
		for (size_t e = at->first; e < at->first + at->n; e++) {
			uint32_t to = graph->edges[e].to;

			if (!met[to])
				queue[n++] = to;
			met[to] = true;
		}
	}
	free(met);
	free(queue);
	return 0;
}

/* The node of a thread that waits; false: it has none. */
static bool find_node(const struct ws_wait_graph *graph, uint32_t thread, uint32_t *ret)
{
	for (uint32_t i = 0; i < graph->n_nodes; i++) {
		if (graph->nodes[i].thread == thread && graph->nodes[i].state == WS_NODE_WAITS) {
			*ret = i;
			return true;
		}
	}
	return false;
}

/* True if all who wait in the knot did so for long, all in the process that ends, and it was not
 * told. */
static bool is_long(const struct ws_hangs *hangs, const struct ws_wait_graph *seen, uint32_t knot,
		    uint32_t process)
{
	for (size_t i = 0; i < seen->n_nodes; i++) {
		const struct ws_graph_node *node = &seen->nodes[i];

		if (node->knot != knot || node->state != WS_NODE_WAITS)
			continue;
		if (is_told(hangs, node) || node->wait.begin_ns + hangs->stuck_ns > seen->at_ns ||
		    (process != WS_UNKNOWN && node->process != process))
			return false;
	}
	return true;
}

/* A knot of those who are seen. */
static int take_unless(struct ws_hangs *hangs, const struct ws_wait_graph *graph,
		       const struct ws_wait_graph *seen, uint32_t knot)
{
	struct ws_hang hang;
	uint32_t node;
	int r = ws_hang_make(hangs, seen, knot, WS_GRAPH_SEEN, &hang);

	if (r < 0 || !hang.n_members)
		return r;
	hang.rule = WS_RULE_STUCK;
	hang.dead = WS_UNKNOWN;
	hang.at_ns = hang.steps[0].want_ns;
	if (find_node(graph, hang.steps[0].thread, &node))
		r = name_unseen(hangs, graph, node, &hang);
	if (r < 0) {
		ws_hang_free(&hang);
		return r;
	}
	return ws_hangs_keep(hangs, &hang);
}

/* Those who would be a set, were it not for children that are not seen. */
static int take_unseen(struct ws_hangs *hangs, const struct ws_wait_graph *graph, uint32_t process)
{
	struct ws_wait_graph *seen;
	bool *done;
	int r;

	if (!has_unseen(&hangs->board))
		return 0;
	r = ws_wait_graph_new(&hangs->board, WS_GRAPH_SEEN, &seen);
	if (r < 0)
		return r;
	done = calloc(seen->n_knots + 1, sizeof(*done)); /* by knot */
	if (!done)
		r = -ENOMEM;
	for (size_t i = 0; r == 0 && i < seen->n_nodes; i++) {
		uint32_t knot = seen->nodes[i].knot;

		if (knot == WS_KNOT_NONE || done[knot])
			continue;
		done[knot] = true;
		if (is_long(hangs, seen, knot, process))
			r = take_unless(hangs, graph, seen, knot);
	}
	free(done);
	ws_wait_graph_free(seen);
	return r;
}

int ws_hangs_stuck(struct ws_hangs *hangs, const struct ws_wait_graph *graph, uint32_t process)
{
	int r = take_unseen(hangs, graph, process);

	return r < 0 ? r : take_long(hangs, graph, process);
}
