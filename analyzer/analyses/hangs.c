/* SPDX-License-Identifier: MIT */
/* hangs.c: finds the sets, see hangs.h; hangs_tell.c says what they are. */
#include "analyzer/analyses/hangs.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <utlist.h>

#include "analyzer/analyses/all.h"
#include "analyzer/analyses/hangs_private.h"
#include "analyzer/analyses/knots.h"
#include "analyzer/base/grow.h"

int ws_hangs_new(const struct ws_setup *setup, struct ws_hangs **ret)
{
	struct ws_hangs *hangs = calloc(1, sizeof(*hangs));

	if (!hangs)
		return -ENOMEM;
	hangs->wish = setup->graph;
	hangs->stuck_ns = setup->stuck_ns ? setup->stuck_ns : WS_STUCK_NS;
	*ret = hangs;
	return 0;
}

static void hang_free(struct ws_hang *hang)
{
	free(hang->steps);
	free(hang->members);
	free(hang->behind);
}

void ws_hangs_free(struct ws_hangs *hangs)
{
	if (!hangs)
		return;
	for (size_t i = 0; i < hangs->n; i++)
		hang_free(&hangs->list[i]);
	free(hangs->list);
	free(hangs->chain);
	free(hangs->exits);
	ws_wait_graph_free(hangs->snapshot);
	ws_board_free(&hangs->board);
	free(hangs);
}

/* Who the thread of a knot waits for next on the way round: those who took the object first, and
 * somebody else rather than itself. */
static const struct ws_graph_edge *next_of(const struct ws_wait_graph *graph, uint32_t node,
					   uint32_t *next)
{
	const struct ws_graph_node *from = &graph->nodes[node];
	const struct ws_graph_edge *itself = NULL;

	for (size_t e = from->first; e < from->first + from->n; e++) {
		const struct ws_graph_edge *edge = &graph->edges[e];
		const struct ws_graph_node *to = &graph->nodes[edge->to];

		if (to->knot != from->knot)
			continue;
		if (to->thread != WS_UNKNOWN && edge->to != node) {
			*next = edge->to;
			return edge;
		}
		if (edge->to == node)
			itself = edge;
		for (size_t i = to->first; to->thread == WS_UNKNOWN && i < to->first + to->n; i++) {
			const struct ws_graph_node *member = &graph->nodes[graph->edges[i].to];

			if (member->knot != from->knot || member->thread == WS_UNKNOWN)
				continue;
			if (graph->edges[i].to == node) {
				itself = edge;
				continue;
			}
			*next = graph->edges[i].to;
			return edge;
		}
	}
	*next = node;
	return itself;
}

static int add_step(struct ws_hang *hang, const struct ws_wait_graph *graph, uint32_t before,
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

		r = add_step(hang, graph, before, edge, path[at]);
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

/* The same lines of code in the same state: told once. */
static struct ws_hang *find_same(struct ws_hangs *hangs, const struct ws_hang *hang)
{
	for (size_t i = 0; i < hangs->n; i++) {
		struct ws_hang *other = &hangs->list[i];
		bool same = other->rule == hang->rule && other->n_steps == hang->n_steps &&
			    !other->behind && !hang->behind;

		for (size_t k = 0; same && k < hang->n_steps; k++) {
			same = other->steps[k].wants == hang->steps[k].wants &&
			       other->steps[k].want_code == hang->steps[k].want_code &&
			       other->steps[k].want_stack == hang->steps[k].want_stack &&
			       other->steps[k].thread == hang->steps[k].thread;
		}
		if (same)
			return other;
	}
	return NULL;
}

/* Keeps it. Takes over what it owns. */
static int keep(struct ws_hangs *hangs, struct ws_hang *hang)
{
	struct ws_hang *same = hang->n_steps ? find_same(hangs, hang) : NULL;

	if (same && !same->n_left && !ws_hang_is_none(same)) {
		same->times++;
		hang_free(hang);
		return 0;
	}
	if (hangs->n == WS_HANGS_MAX) {
		hangs->beyond++;
		hang_free(hang);
		return 0;
	}
	if (ws_grow(&hangs->list, &hangs->size, hangs->n + 1)) {
		hang_free(hang);
		return -ENOMEM;
	}
	hangs->list[hangs->n++] = *hang;
	hangs->n_open++;
	return 0;
}

/* What the kernel does as a process ends may end a wait for it. */
static bool ends_with_process(uint8_t kind)
{
	return kind == WS_KIND_RECORD_LOCK || kind == WS_KIND_FLOCK || kind == WS_KIND_PIPE;
}

static int add_member(struct ws_hangs *hangs, struct ws_hang *hang,
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

/* Threads that wait for one of the knot, and are blocked by it. */
static int add_behind(struct ws_hang *hang, const struct ws_wait_graph *graph, uint32_t knot)
{
	for (size_t i = 0; i < graph->n_nodes; i++) {
		const struct ws_graph_node *node = &graph->nodes[i];
		bool waits = false;

		if (!node->blocked || node->knot == knot || node->thread == WS_UNKNOWN ||
		    node->state != WS_NODE_WAITS)
			continue;
		for (size_t e = node->first; e < node->first + node->n && !waits; e++)
			waits = graph->nodes[graph->edges[e].to].knot == knot;
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

/* The knot as a set. With no members: nobody of it waits. 0, or -ENOMEM with nothing to free. */
static int make_hang(struct ws_hangs *hangs, const struct ws_wait_graph *graph, uint32_t knot,
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
		r = add_member(hangs, &hang, node);
		add_ended_of(hangs, &hang, node->thread);
	}
	if (r == 0 && start != WS_UNKNOWN)
		r = make_cycle(&hang, graph, start);
	if (r == 0 && start != WS_UNKNOWN && scope == WS_GRAPH_ALL)
		r = add_behind(&hang, graph, knot);
	if (r < 0) {
		hang_free(&hang);
		return r;
	}
	hang.rule = rule_of(&hang, &mix);
	*ret = hang;
	return 0;
}

/* A knot of those who wait. */
static int take_knot(struct ws_hangs *hangs, const struct ws_wait_graph *graph, uint32_t knot,
		     enum ws_graph_scope scope)
{
	struct ws_hang hang;
	int r = make_hang(hangs, graph, knot, scope, &hang);

	if (r < 0 || !hang.n_members)
		return r; /* nobody of it waits: one that is gone */
	return keep(hangs, &hang);
}

/* A thread ends, or its process, with a lock in its hands. */
static int take_exit(struct ws_hangs *hangs, const struct ws_record *record)
{
	if (ws_grow(&hangs->exits, &hangs->exits_size, hangs->n_exits + 1))
		return -ENOMEM;
	hangs->exits[hangs->n_exits++] = (struct ws_hang_exit){
		.thread = record->thread,
		.key = record->misuse.object,
		.site = record->misuse.holder.site,
		.stack = record->misuse.holder.stack,
	};
	return 0;
}

/* Where it had taken it. */
static void find_exit(const struct ws_hangs *hangs, uint32_t thread, const struct ws_object *object,
		      struct ws_graph_edge *ret)
{
	for (size_t i = hangs->n_exits; i > 0; i--) {
		const struct ws_hang_exit *exit = &hangs->exits[i - 1];

		if (exit->thread != thread || exit->key.kind != object->key.kind ||
		    exit->key.offset != object->key.offset || exit->key.ino != object->key.ino ||
		    exit->key.dev != object->key.dev)
			continue;
		ret->site = exit->site;
		ret->stack = exit->stack;
		return;
	}
}

static bool is_process_gone(const struct ws_board *board, const struct ws_board_thread *thread)
{
	const struct ws_board_process *process =
		thread ? ws_board_process(board, thread->process) : NULL;

	return process && process->gone && process->gone_ns == thread->gone_ns;
}

/* A holder that has ended, and those who wait for what it held. */
static int take_gone(struct ws_hangs *hangs, const struct ws_wait_graph *graph, uint32_t gone)
{
	const struct ws_graph_node *node = &graph->nodes[gone];
	const struct ws_board_thread *thread = ws_board_thread(&hangs->board, node->thread);

	for (uint32_t i = 0; i < graph->n_nodes; i++) {
		const struct ws_graph_node *waiter = &graph->nodes[i];
		struct ws_hang hang = { .rule = WS_RULE_DEAD_HOLDER, .times = 1 };
		const struct ws_graph_edge *edge = NULL;
		struct ws_graph_edge hold;
		int r;

		for (size_t e = waiter->first; e < waiter->first + waiter->n; e++) {
			if (graph->edges[e].to == gone)
				edge = &graph->edges[e];
		}
		if (!edge || waiter->state != WS_NODE_WAITS || waiter->reported)
			continue;
		hold = *edge;
		if (hold.site == WS_UNKNOWN)
			find_exit(hangs, node->thread, waiter->wait.object, &hold);
		r = add_member(hangs, &hang, waiter);
		if (r == 0)
			r = add_step(&hang, graph, i, &hold, i);
		if (r == 0)
			r = add_behind(&hang, graph, waiter->knot);
		if (r < 0) {
			hang_free(&hang);
			return r;
		}
		hang.dead = node->thread;
		hang.dead_ns = thread ? thread->gone_ns : 0;
		hang.dead_process = is_process_gone(&hangs->board, thread);
		if (hang.dead_ns > hang.at_ns)
			hang.at_ns = hang.dead_ns;
		r = keep(hangs, &hang);
		if (r < 0)
			return r;
	}
	return 0;
}

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

/* Those who waited for long when their process ended. `process`: WS_UNKNOWN: all. */
static int take_stuck(struct ws_hangs *hangs, const struct ws_wait_graph *graph, uint32_t process)
{
	for (uint32_t i = 0; i < graph->n_nodes; i++) {
		const struct ws_graph_node *node = &graph->nodes[i];
		struct ws_hang hang = { .rule = WS_RULE_STUCK, .times = 1 };
		uint32_t next = i;
		uint8_t kind;
		int r;

		if (node->state != WS_NODE_WAITS || node->blocked || node->reported ||
		    (process != WS_UNKNOWN && node->process != process) ||
		    node->wait.begin_ns + hangs->stuck_ns > graph->at_ns ||
		    node->wait.flags & WS_WAIT_TIMED)
			continue;
		kind = node->wait.object->key.kind;
		if (!ws_kind_is_owned(kind) && kind != WS_KIND_BARRIER &&
		    !opens_crosswise(hangs, graph, node))
			continue;
		r = add_member(hangs, &hang, node);
		if (r == 0)
			r = add_step(&hang, graph, i, node->n ? &graph->edges[node->first] : NULL,
				     i);
		if (r < 0) {
			hang_free(&hang);
			return r;
		}
		hang.at_ns = node->wait.begin_ns;
		if (node->n)
			next = graph->edges[node->first].to;
		hang.dead = next != i ? graph->nodes[next].thread : WS_UNKNOWN;
		hang.holder_waits = next != i && graph->nodes[next].state == WS_NODE_WAITS;
		if (hang.holder_waits)
			hang.holder_wait = graph->nodes[next].wait;
		r = keep(hangs, &hang);
		if (r < 0)
			return r;
	}
	return 0;
}

/* What was found of that knot before, as long as nothing of it has ended. */
static struct ws_hang *find_known(struct ws_hangs *hangs, const struct ws_wait_graph *graph,
				  uint32_t knot)
{
	for (size_t i = hangs->n; i > 0; i--) {
		struct ws_hang *hang = &hangs->list[i - 1];

		for (size_t k = 0; k < graph->n_nodes && hang->n_left == hang->n_members; k++) {
			const struct ws_graph_node *node = &graph->nodes[k];

			if (node->knot == knot && node->state == WS_NODE_WAITS &&
			    hang->members[0].thread == node->thread &&
			    hang->members[0].seq == node->seq)
				return hang;
		}
	}
	return NULL;
}

/* Others have joined a set that was found before: a thread that waits for what it holds as a reader
 * can never go on, nor can the next one that does so, and then they wait for each other. As many
 * as there are at the end are told, with those behind them. */
static int take_more(struct ws_hangs *hangs, const struct ws_wait_graph *graph, uint32_t knot,
		     enum ws_graph_scope scope)
{
	struct ws_hang *known = find_known(hangs, graph, knot);
	size_t n = 0;
	int r;

	for (size_t i = 0; i < graph->n_nodes; i++)
		n += graph->nodes[i].knot == knot && graph->nodes[i].state == WS_NODE_WAITS &&
		     graph->nodes[i].thread != WS_UNKNOWN;
	if (!known || known->rule == WS_RULE_DEAD_HOLDER || known->rule == WS_RULE_STUCK)
		return 0;
	if (n > known->n_members) {
		struct ws_hang hang;

		r = make_hang(hangs, graph, knot, scope, &hang);
		if (r < 0)
			return r;
		hang_free(known);
		*known = hang;
		return 0;
	}
	return scope == WS_GRAPH_ALL && !known->n_behind ? add_behind(known, graph, knot) : 0;
}

/* Takes what the graph has that was not found before. */
static int take_all(struct ws_hangs *hangs, const struct ws_wait_graph *graph,
		    enum ws_graph_scope scope)
{
	bool *done = calloc(graph->n_knots + 1, sizeof(*done)); /* by knot */
	bool *known = calloc(graph->n_knots + 1, sizeof(*known));
	int r = done && known ? 0 : -ENOMEM;

	for (size_t i = 0; r == 0 && i < graph->n_nodes; i++) {
		if (graph->nodes[i].knot != WS_KNOT_NONE && graph->nodes[i].reported)
			known[graph->nodes[i].knot] = true;
	}
	for (uint32_t i = 0; r == 0 && i < graph->n_nodes; i++) {
		const struct ws_graph_node *node = &graph->nodes[i];

		if (node->knot == WS_KNOT_NONE || done[node->knot])
			continue;
		done[node->knot] = true;
		if (known[node->knot])
			r = take_more(hangs, graph, node->knot, scope);
		else if (node->state != WS_NODE_GONE)
			r = take_knot(hangs, graph, node->knot, scope);
		else if (node->thread != WS_UNKNOWN && scope == WS_GRAPH_ALL)
			r = take_gone(hangs, graph, i);
	}
	free(done);
	free(known);
	return r;
}

/* No process ends. */
#define NOBODY (WS_UNKNOWN - 1)

/* `ending`: the process that ends; WS_UNKNOWN: all. */
static int look(struct ws_hangs *hangs, enum ws_graph_scope scope, uint32_t ending)
{
	struct ws_wait_graph *graph;
	int r = ws_wait_graph_new(&hangs->board, scope, &graph);

	if (r < 0)
		return r;
	r = take_all(hangs, graph, scope);
	if (r == 0 && scope == WS_GRAPH_ALL && ending != NOBODY)
		r = take_stuck(hangs, graph, ending);
	ws_wait_graph_free(graph);
	return r;
}

static int push(struct ws_hangs *hangs, size_t *n, uint32_t thread)
{
	for (size_t i = 0; i < *n; i++) {
		if (hangs->chain[i] == thread)
			return 0;
	}
	if (ws_grow(&hangs->chain, &hangs->chain_size, *n + 1))
		return -ENOMEM;
	hangs->chain[(*n)++] = thread;
	return 0;
}

static int push_process(struct ws_hangs *hangs, size_t *n, uint32_t index)
{
	const struct ws_board_process *process = ws_board_process(&hangs->board, index);
	const struct ws_board_thread *thread;
	int r = 0;

	if (!process)
		return 0;
	DL_FOREACH(process->threads, thread)
	{
		if (r == 0)
			r = push(hangs, n, thread->index);
	}
	return r;
}

/* All whom the thread's wait needs, as far as owners go. */
static int push_needed(struct ws_hangs *hangs, size_t *n, const struct ws_board_wait *wait)
{
	const struct ws_board *board = &hangs->board;
	const struct ws_object_key *key = &wait->pub.object->key;
	int r = 0;

	if (key->kind == WS_KIND_THREAD)
		return key->process == WS_UNKNOWN ? push(hangs, n, (uint32_t)key->offset) : 0;
	for (size_t i = 0; key->kind == WS_KIND_PROCESS && i < board->n_processes && r == 0; i++) {
		const struct ws_board_process *child = board->processes[i];

		if (child && !child->gone && child->pid &&
		    (key->offset ? child->pid == (int32_t)key->offset
				 : child->parent == wait->pub.process))
			r = push_process(hangs, n, child->index);
	}
	for (size_t i = 0; i < wait->on->n_holds && r == 0; i++) {
		const struct ws_board_hold *hold = &wait->on->holds[i];
		const struct ws_board_thread *thread = ws_board_thread(board, hold->who.thread);

		if (!thread || thread->gone || !ws_kind_is_owned(key->kind))
			continue;
		r = hold->by_process ? push_process(hangs, n, thread->process)
				     : push(hangs, n, hold->who.thread);
	}
	return r;
}

/* The thread has begun to wait: does the chain of those whom it needs come back to it? Then, and
 * only then, it may have closed a set of owners. */
static int look_round(struct ws_hangs *hangs, uint32_t start)
{
	const struct ws_board_thread *thread = ws_board_thread(&hangs->board, start);
	size_t n = 0;
	int r = thread && thread->top ? push_needed(hangs, &n, thread->top) : 0;

	for (size_t i = 0; r == 0 && i < n; i++) {
		if (hangs->chain[i] == start)
			return look(hangs, WS_GRAPH_OWNERS, WS_UNKNOWN);
		thread = ws_board_thread(&hangs->board, hangs->chain[i]);
		if (thread && !thread->gone && thread->top)
			r = push_needed(hangs, &n, thread->top);
	}
	return r;
}

bool ws_hang_is_none(const struct ws_hang *hang)
{
	bool gave_up = false, died = false;

	if (hang->rule == WS_RULE_DEAD_HOLDER && hang->dead_process && hang->until_ns &&
	    hang->ended == WS_OUTCOME_NONE && hang->until_ns < hang->dead_ns + WS_SHUTDOWN_NS)
		return true;
	for (size_t i = 0; i < hang->n_members; i++) {
		const struct ws_hang_member *member = &hang->members[i];

		died |= member->over && member->outcome == WS_OUTCOME_NONE;
		gave_up |= member->over && member->outcome != WS_OUTCOME_NONE &&
			   member->outcome != WS_OUTCOME_ACQUIRED &&
			   member->outcome != WS_OUTCOME_NO_WAIT;
	}
	for (size_t i = 0; i < hang->n_members; i++) {
		const struct ws_hang_member *member = &hang->members[i];

		if (member->over && member->outcome == WS_OUTCOME_ACQUIRED && !gave_up &&
		    !(died && member->of_file))
			return true;
		if (member->over && member->outcome == WS_OUTCOME_NO_WAIT)
			return true;
	}
	return false;
}

/* A wait of a set is over: by what? */
static void note_end(struct ws_hangs *hangs, const struct ws_wait *wait, uint32_t seq)
{
	for (size_t i = hangs->n; i > 0; i--) {
		struct ws_hang *hang = &hangs->list[i - 1];

		for (size_t k = 0; hang->n_left && k < hang->n_members; k++) {
			struct ws_hang_member *member = &hang->members[k];

			if (member->over || member->thread != wait->thread || member->seq != seq)
				continue;
			member->over = true;
			member->outcome = wait->outcome;
			hang->n_left--;
			hangs->n_open -= !hang->n_left;
			if (hang->until_ns)
				continue;
			hang->until_ns = hangs->board.now_ns;
			hang->ended = wait->outcome;
			hang->error = wait->error;
		}
	}
}

/* The moment that was asked for is over: keeps what it was like. */
static int keep_moment(struct ws_hangs *hangs, uint64_t now_ns)
{
	uint64_t at_ns = hangs->begin_ns + hangs->wish.at_ns;

	if (hangs->snapshot || !hangs->wish.wanted || !hangs->wish.instant || now_ns <= at_ns)
		return 0;
	hangs->board.now_ns = at_ns;
	return ws_wait_graph_new(&hangs->board, WS_GRAPH_ALL, &hangs->snapshot);
}

static int take_time(void *context, uint64_t at_ns)
{
	struct ws_hangs *hangs = context;
	int r;

	if (!hangs->begun)
		hangs->begin_ns = at_ns;
	hangs->begun = true;
	r = hangs->wish.at_ns == UINT64_MAX ? 0 : keep_moment(hangs, at_ns);
	if (r == 0)
		hangs->board.now_ns = at_ns;
	return r;
}

static int take_record(void *context, const struct ws_record *record)
{
	struct ws_hangs *hangs = context;
	int r = take_time(hangs, record->at_ns);

	if (r < 0)
		return r;
	if (record->type == WS_RECORD_PROCESS && (record->process_step.op == WS_PROCESS_EXIT ||
						  record->process_step.op == WS_PROCESS_REAPED))
		r = look(hangs, WS_GRAPH_ALL, record->process);
	if (r == 0 && record->type == WS_RECORD_MISUSE &&
	    record->misuse.what == WS_MISUSE_EXIT_HOLDING)
		r = take_exit(hangs, record);
	if (r == 0)
		r = ws_board_record(&hangs->board, record);
	if (r == 0 && record->type == WS_RECORD_HOLDER)
		r = look_round(hangs, record->thread);
	return r;
}

static int take_held(void *context, const struct ws_hold *hold)
{
	return ws_board_held(&((struct ws_hangs *)context)->board, hold);
}

static int take_woke(void *context, const struct ws_wake *wake)
{
	return ws_board_woke(&((struct ws_hangs *)context)->board, wake);
}

static int take_begin(void *context, const struct ws_wait *wait)
{
	struct ws_hangs *hangs = context;
	uint8_t kind = wait->object->key.kind;
	int r = ws_board_begin(&hangs->board, wait);

	if (r == 0 && (ws_kind_is_owned(kind) || kind == WS_KIND_THREAD || kind == WS_KIND_PROCESS))
		r = look_round(hangs, wait->thread);
	return r;
}

/* True if somebody who could have let the thread go does not wait. */
static bool has_running(const struct ws_board *board, const struct ws_wait *wait)
{
	uint8_t end = wait->flags & WS_WAIT_READ ? WS_END_WRITES : WS_END_READS;

	for (size_t i = 0; i < board->n_processes; i++) {
		const struct ws_board_process *process = board->processes[i];
		const struct ws_board_thread *thread;

		if (!process || process->gone ||
		    !ws_board_reaches(board, process, wait->object, end))
			continue;
		DL_FOREACH(process->threads, thread)
		{
			if (!thread->top)
				return true;
		}
	}
	return false;
}

/* A wait for a pipe that nobody is known to have let go: was a process killed that all waited for?
 */
static int look_before_end(struct ws_hangs *hangs, const struct ws_board_wait *wait)
{
	if (wait->pub.object->key.kind != WS_KIND_PIPE || wait->let_go_ns || wait->on->tokens ||
	    wait->reported || wait->pub.begin_ns + WS_KILLED_NS > hangs->board.now_ns ||
	    has_running(&hangs->board, &wait->pub))
		return 0;
	return look(hangs, WS_GRAPH_ALL, NOBODY);
}

static int take_end(void *context, const struct ws_wait *wait)
{
	struct ws_hangs *hangs = context;
	const struct ws_board_thread *thread = ws_board_thread(&hangs->board, wait->thread);
	const struct ws_board_wait *open = thread ? thread->top : NULL;
	int r = 0;

	while (open && (open->pub.object != wait->object || open->pub.begin_ns != wait->begin_ns))
		open = open->outer;
	if (open && !hangs->over) {
		if (wait->outcome == WS_OUTCOME_ACQUIRED)
			r = look_before_end(hangs, open);
		if (hangs->n_open)
			note_end(hangs, wait, open->seq);
	}
	ws_board_end(&hangs->board, wait);
	return r;
}

static int take_over(void *context, const struct ws_tables *tables)
{
	struct ws_hangs *hangs = context;
	int r;

	/* The recorder may have seen the program live on after the last event. */
	if (tables->end_ns > hangs->board.now_ns)
		hangs->board.now_ns = tables->end_ns;
	r = look(hangs, WS_GRAPH_ALL, WS_UNKNOWN);
	/* Also a moment after the last record: nothing has changed since. */
	if (r == 0 && hangs->wish.wanted && hangs->wish.instant && !hangs->snapshot)
		r = ws_wait_graph_new(&hangs->board, WS_GRAPH_ALL, &hangs->snapshot);
	hangs->over = true;
	return r;
}

struct ws_model_observer ws_hangs_observer(struct ws_hangs *hangs)
{
	return (struct ws_model_observer){
		.context = hangs,
		.types = WS_BOARD_RECORDS | WS_RECORD_BIT(WS_RECORD_MISUSE),
		.record = take_record,
		.time = take_time,
		.begin = take_begin,
		.end = take_end,
		.held = take_held,
		.woke = take_woke,
		.over = take_over,
	};
}
