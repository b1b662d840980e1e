/* SPDX-License-Identifier: MIT */
/* hangs_set.c: makes a set of hangs.h out of a knot of the graph: its members, the way round, those
 * behind it, and who of its kind has ended; and takes it back where it was none. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>

#include "analyzer/analyses/hangs_private.h"
#include "analyzer/analyses/knots.h"
#include "analyzer/base/grow.h"

void ws_hang_free(struct ws_hang *hang)
{
	free(hang->steps);
	free(hang->members);
	free(hang->rest);
	free(hang->behind);
}

/* How much it tells that a thread is waited for because it could let go: one that wants a lock is
 * on the way round, one that waits for an end, as a main thread that joins the others, is mostly
 * behind. */
static int rank_of_waiter(const struct ws_graph_node *node)
{
	uint8_t kind = node->wait.object->key.kind;

	if (ws_kind_is_owned(kind))
		return 2;
	return kind == WS_KIND_THREAD || kind == WS_KIND_PROCESS ? 0 : 1;
}

/* The same of one who is known to have to do with the object: who holds it or took it, or who let
 * such waits go before. */
static int rank_of(const struct ws_graph_edge *edge, const struct ws_graph_node *to)
{
	if (edge->as == WS_HOLD_OWNS || edge->taken)
		return 4;
	return edge->site != WS_UNKNOWN ? 3 : rank_of_waiter(to);
}

/* Of a process that one of the knot needs: its thread that says it has the lock, or the one of the
 * knot that tells most, other than `node`; the process itself: there is none. */
static uint32_t thread_of(const struct ws_wait_graph *graph, const struct ws_graph_edge *edge,
			  uint32_t node, uint32_t knot, bool *itself)
{
	const struct ws_graph_node *process = &graph->nodes[edge->to];
	uint32_t found = edge->to;
	int best = -1;

	for (size_t i = process->first; i < process->first + process->n; i++) {
		uint32_t at = graph->edges[i].to;
		const struct ws_graph_node *member = &graph->nodes[at];
		int rank;

		if (member->knot != knot || member->thread == WS_UNKNOWN ||
		    member->state != WS_NODE_WAITS)
			continue;
		*itself |= at == node;
		rank = member->thread == edge->by ? INT_MAX : rank_of_waiter(member);
		if (at == node || rank <= best)
			continue;
		best = rank;
		found = at;
	}
	return found;
}

/* Who the thread of a knot waits for next on the way round: who tells most, the first of several,
 * and somebody else rather than itself. */
static const struct ws_graph_edge *next_of(const struct ws_wait_graph *graph, uint32_t node,
					   uint32_t *next)
{
	const struct ws_graph_node *from = &graph->nodes[node];
	const struct ws_graph_edge *itself = NULL, *best = NULL;
	int best_rank = -1;

	for (size_t e = from->first; e < from->first + from->n; e++) {
		const struct ws_graph_edge *edge = &graph->edges[e];
		uint32_t to = edge->to;
		bool of_itself = to == node;
		int rank;

		if (graph->nodes[to].knot != from->knot)
			continue;
		if (graph->nodes[to].thread == WS_UNKNOWN)
			to = thread_of(graph, edge, node, from->knot, &of_itself);
		if (of_itself)
			itself = edge;
		if (to == node || graph->nodes[to].thread == WS_UNKNOWN)
			continue;
		rank = graph->nodes[to].state == WS_NODE_WAITS ? rank_of(edge, &graph->nodes[to])
							       : 0;
		if (rank <= best_rank)
			continue;
		best_rank = rank;
		best = edge;
		*next = to;
	}
	if (best)
		return best;
	*next = node;
	return itself;
}

int ws_hang_add_step(struct ws_hang *hang, const struct ws_wait_graph *graph, uint32_t before,
		     const struct ws_graph_edge *edge, uint32_t node)
{
	const struct ws_wait *wait = &graph->nodes[node].wait;
	const struct ws_wait *wanted = &graph->nodes[before].wait;

	if (ws_grow(&hang->steps, &hang->steps_size, hang->n_steps + 1))
		return -ENOMEM;
	hang->steps[hang->n_steps++] = (struct ws_deadlock_call){
		.thread = graph->nodes[node].thread,
		.holds = wanted->object,
		.hold_code = edge ? edge->site : WS_UNKNOWN,
		.hold_stack = edge ? edge->stack : WS_UNKNOWN,
		.hold_as = edge ? edge->as : WS_HOLD_COULD,
		.hold_taken = edge && edge->taken,
		.hold_shared = edge && edge->shared,
		.hold_ns = edge ? edge->since_ns : 0,
		.wants = wait->object,
		.want_code = wait->site,
		.want_stack = wait->stack,
		.want_shared =
			wait->flags & WS_WAIT_READ && ws_kind_is_owned(wait->object->key.kind),
		.want_reads = wait->flags & WS_WAIT_READ,
		.want_ns = wait->begin_ns,
		.needs_all = graph->nodes[node].needs_all,
	};
	return 0;
}

/* Round the knot from its lowest thread, until a thread comes again. */
static int make_cycle(struct ws_hang *hang, const struct ws_wait_graph *graph, uint32_t start)
{
	uint32_t *came = calloc(graph->n_nodes + 1, sizeof(*came)); /* when, from 1 */
	uint32_t *path = calloc(graph->n_nodes + 1, sizeof(*path));
	uint32_t n = 0, node = start, from, length, lowest;
	int r = came && path ? 0 : -ENOMEM;

	while (r == 0 && !came[node]) {
		path[n++] = node;
		came[node] = n;
		(void)next_of(graph, node, &node);
	}
	from = lowest = r == 0 ? came[node] - 1 : 0;
	length = n - from;
	for (uint32_t i = from; i < n; i++) {
		if (graph->nodes[path[i]].thread < graph->nodes[path[lowest]].thread)
			lowest = i;
	}
	for (uint32_t i = 0; i < length && r == 0; i++) {
		uint32_t at = from + (lowest - from + i) % length, next;
		uint32_t before = path[from + (at - from + length - 1) % length];
		const struct ws_graph_edge *edge = next_of(graph, before, &next);

		r = ws_hang_add_step(hang, graph, before, edge, path[at]);
	}
	free(came);
	free(path);
	return r;
}

/* What the waits of a knot are for. */
struct mix {
	size_t owned, ends, carries, signals;
	size_t taken;     /* of `signals`: somebody of the knot took what is waited for */
	size_t end_pipes; /* of `carries`: a reader whose writers wait for an end, or are itself */
};

/* True if all that could write to the pipe are the reader's own process, or wait for an end. */
static bool waits_for_end(const struct ws_wait_graph *graph, const struct ws_graph_node *reader)
{
	if (reader->wait.object->key.kind != WS_KIND_PIPE || !(reader->wait.flags & WS_WAIT_READ))
		return false;
	for (size_t e = reader->first; e < reader->first + reader->n; e++) {
		const struct ws_graph_node *to = &graph->nodes[graph->edges[e].to];

		if (to->process == reader->process)
			continue;
		if (to->thread != WS_UNKNOWN) {
			uint8_t kind = to->wait.object->key.kind;

			if (kind != WS_KIND_PROCESS && kind != WS_KIND_THREAD)
				return false;
			continue;
		}
		for (size_t i = to->first; i < to->first + to->n; i++) {
			const struct ws_graph_node *member = &graph->nodes[graph->edges[i].to];

			if (member->thread == WS_UNKNOWN || member->state != WS_NODE_WAITS ||
			    (member->wait.object->key.kind != WS_KIND_PROCESS &&
			     member->wait.object->key.kind != WS_KIND_THREAD))
				return false;
		}
	}
	return true;
}

static bool is_taken(const struct ws_wait_graph *graph, const struct ws_graph_node *node)
{
	uint8_t kind = node->wait.object->key.kind;

	if (kind != WS_KIND_SEM && kind != WS_KIND_SYSV_SEM)
		return false;
	for (size_t e = node->first; e < node->first + node->n; e++) {
		if (graph->edges[e].taken && graph->nodes[graph->edges[e].to].knot == node->knot)
			return true;
	}
	return false;
}

static void add_to_mix(struct mix *mix, const struct ws_wait_graph *graph,
		       const struct ws_graph_node *node)
{
	uint8_t kind = node->wait.object->key.kind;

	if (ws_kind_is_owned(kind)) {
		mix->owned++;
	} else if (kind == WS_KIND_THREAD || kind == WS_KIND_PROCESS) {
		mix->ends++;
	} else if (ws_kind_carries(kind)) {
		mix->carries++;
		mix->end_pipes += waits_for_end(graph, node);
	} else {
		mix->signals++;
		mix->taken += is_taken(graph, node);
	}
}

static enum ws_rule rule_of(const struct ws_hang *hang, const struct mix *mix)
{
	if (mix->owned && hang->n_steps == 1)
		return WS_RULE_SELF_DEADLOCK;
	if (mix->owned)
		return WS_RULE_DEADLOCK;
	if (mix->carries && mix->end_pipes == mix->carries)
		return WS_RULE_PIPE_END_OPEN;
	if (mix->carries) /* one alone waits for nobody who waits for it */
		return hang->n_members == 1 ? WS_RULE_MISSED_WAKEUP : WS_RULE_DEADLOCK;
	if (mix->signals)
		return mix->taken == mix->signals ? WS_RULE_DEADLOCK : WS_RULE_MISSED_WAKEUP;
	return WS_RULE_DEADLOCK;
}

/* What the kernel does as a process ends may end a wait for it. */
static bool ends_with_process(uint8_t kind)
{
	return kind == WS_KIND_RECORD_LOCK || kind == WS_KIND_FLOCK || kind == WS_KIND_PIPE;
}

int ws_hang_add_member(struct ws_hangs *hangs, struct ws_hang *hang,
		       const struct ws_graph_node *node)
{
	struct ws_board_thread *thread = ws_board_thread(&hangs->board, node->thread);

	if (ws_grow(&hang->members, &hang->members_size, hang->n_members + 1))
		return -ENOMEM;
	hang->members[hang->n_members++] = (struct ws_hang_member){
		.thread = node->thread,
		.seq = node->seq,
		.of_file = ends_with_process(node->wait.object->key.kind),
	};
	hang->n_left++;
	if (thread && thread->top)
		thread->top->reported = true;
	if (node->wait.begin_ns > hang->at_ns)
		hang->at_ns = node->wait.begin_ns;
	return 0;
}

static bool is_for_end(const struct ws_wait *wait)
{
	return wait->object->key.kind == WS_KIND_PROCESS ||
	       wait->object->key.kind == WS_KIND_THREAD;
}

int ws_hang_add_behind(struct ws_hang *hang, const struct ws_wait_graph *graph, uint32_t knot,
		       uint32_t of)
{
	for (size_t i = 0; i < graph->n_nodes; i++) {
		const struct ws_graph_node *node = &graph->nodes[i];
		bool waits = false;

		if (!node->blocked || (knot != WS_KNOT_NONE && node->knot == knot) ||
		    node->thread == WS_UNKNOWN || node->state != WS_NODE_WAITS)
			continue;
		for (size_t e = node->first; e < node->first + node->n && !waits; e++) {
			uint32_t to = graph->edges[e].to;

			waits = to == of || (knot != WS_KNOT_NONE && graph->nodes[to].knot == knot);
		}
		/* One that began just now may be for an end that is there already. */
		if (!waits ||
		    (is_for_end(&node->wait) && node->wait.begin_ns + WS_LET_GO_NS > graph->at_ns))
			continue;
		if (ws_grow(&hang->behind, &hang->behind_size, hang->n_behind + 1))
			return -ENOMEM;
		hang->behind[hang->n_behind++] = node->wait;
	}
	return 0;
}

/* The waits of the knot that the way round leaves out. */
static int add_rest(struct ws_hang *hang, const struct ws_wait_graph *graph, uint32_t knot)
{
	for (size_t i = 0; i < graph->n_nodes; i++) {
		const struct ws_graph_node *node = &graph->nodes[i];
		bool told = false;

		if (node->knot != knot || node->thread == WS_UNKNOWN ||
		    node->state != WS_NODE_WAITS)
			continue;
		for (size_t k = 0; k < hang->n_steps && !told; k++)
			told = hang->steps[k].thread == node->thread;
		if (told)
			continue;
		if (ws_grow(&hang->rest, &hang->rest_size, hang->n_rest + 1))
			return -ENOMEM;
		hang->rest[hang->n_rest++] = node->wait;
	}
	return 0;
}

static void add_ended(struct ws_hangs *hangs, struct ws_hang *hang, const struct ws_object *object,
		      const struct ws_holder *who, bool took, bool by_kernel)
{
	const struct ws_board_thread *thread = ws_board_thread(&hangs->board, who->thread);

	if (!thread || !thread->gone || hang->n_ended == WS_HANG_ENDED_MAX)
		return;
	for (size_t i = 0; i < hang->n_ended; i++) {
		if (hang->ended_ones[i].who.thread == who->thread &&
		    hang->ended_ones[i].object == object)
			return;
	}
	hang->ended_ones[hang->n_ended++] = (struct ws_hang_ended){
		.object = object,
		.who = *who,
		.at_ns = thread->gone_ns,
		.took = took,
		.by_kernel = by_kernel,
	};
}

/* Who took what the thread waits for, or let such waits go before, and has ended. */
static void add_ended_of(struct ws_hangs *hangs, struct ws_hang *hang, uint32_t index)
{
	const struct ws_board_thread *thread = ws_board_thread(&hangs->board, index);
	const struct ws_board_wait *wait = thread ? thread->top : NULL;
	const struct ws_board_object *on;

	if (!wait || ws_kind_is_owned(wait->pub.object->key.kind))
		return;
	on = wait->on;
	for (size_t i = on->n_holds; i > 0; i--)
		add_ended(hangs, hang, on->object, &on->holds[i - 1].who, true, false);
	/* Of a condition variable they are those who went on and did their part. */
	for (uint32_t i = wait->pub.object->key.kind == WS_KIND_COND ? 0 : on->n_wakers; i > 0;
	     i--) {
		const struct ws_board_waker *waker = &on->wakers[i - 1];
		struct ws_holder who = { waker->thread, waker->site, WS_UNKNOWN };

		add_ended(hangs, hang, on->object, &who, false, false);
	}
	add_ended(hangs, hang, on->object, &wait->hint, false, true);
}

static bool goes_on(const struct ws_wait_graph *graph, const struct ws_hang_member *member)
{
	for (size_t i = 0; i < graph->n_nodes; i++) {
		const struct ws_graph_node *node = &graph->nodes[i];

		if (node->thread == member->thread && node->state == WS_NODE_WAITS &&
		    node->seq == member->seq)
			return !node->blocked && !node->wait.uncertain;
	}
	return false;
}

int ws_hangs_refute(struct ws_hangs *hangs)
{
	static const enum ws_graph_scope scopes[] = { WS_GRAPH_OWNERS, WS_GRAPH_ALL };
	int r = 0;

	for (size_t s = 0; s < 2 && r == 0 && hangs->n_open; s++) {
		struct ws_wait_graph *graph;

		r = ws_wait_graph_new(&hangs->board, scopes[s], &graph);
		if (r < 0)
			return r;
		for (size_t i = 0; i < hangs->n; i++) {
			struct ws_hang *hang = &hangs->list[i];

			for (size_t k = 0;
			     k < hang->n_members && hang->scope == scopes[s] &&
			     hang->n_left == hang->n_members && hang->rule != WS_RULE_STUCK &&
			     hang->rule != WS_RULE_DEAD_HOLDER;
			     k++)
				hang->refuted |= goes_on(graph, &hang->members[k]);
		}
		ws_wait_graph_free(graph);
	}
	return r;
}

/* The knot as a set. With no members: nobody of it waits. 0, or -ENOMEM with nothing to free. */
int ws_hang_make(struct ws_hangs *hangs, const struct ws_wait_graph *graph, uint32_t knot,
		 enum ws_graph_scope scope, struct ws_hang *ret)
{
	struct ws_hang hang = { .scope = scope, .times = 1 };
	struct mix mix = { 0 };
	uint32_t start = WS_UNKNOWN;
	int r = 0;

	for (uint32_t i = 0; i < graph->n_nodes && r == 0; i++) {
		const struct ws_graph_node *node = &graph->nodes[i];

		if (node->knot != knot || node->thread == WS_UNKNOWN ||
		    node->state != WS_NODE_WAITS)
			continue;
		if (start == WS_UNKNOWN || node->thread < graph->nodes[start].thread)
			start = i;
		add_to_mix(&mix, graph, node);
		r = ws_hang_add_member(hangs, &hang, node);
		add_ended_of(hangs, &hang, node->thread);
	}
	if (r == 0 && start != WS_UNKNOWN)
		r = make_cycle(&hang, graph, start);
	if (r == 0 && start != WS_UNKNOWN)
		r = add_rest(&hang, graph, knot);
	if (r == 0 && start != WS_UNKNOWN && scope == WS_GRAPH_ALL)
		r = ws_hang_add_behind(&hang, graph, knot, WS_UNKNOWN);
	if (r < 0) {
		ws_hang_free(&hang);
		return r;
	}
	hang.rule = rule_of(&hang, &mix);
	*ret = hang;
	return 0;
}
