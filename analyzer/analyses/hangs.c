/* SPDX-License-Identifier: MIT */
/* hangs.c: finds the sets, see hangs.h; hangs_set.c makes them, hangs_tell.c says what they are. */
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

void ws_hangs_free(struct ws_hangs *hangs)
{
	if (!hangs)
		return;
	for (size_t i = 0; i < hangs->n; i++)
		ws_hang_free(&hangs->list[i]);
	free(hangs->list);
	free(hangs->chain);
	free(hangs->exits);
	ws_wait_graph_free(hangs->snapshot);
	ws_board_free(&hangs->board);
	free(hangs);
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

int ws_hangs_keep(struct ws_hangs *hangs, struct ws_hang *hang)
{
	struct ws_hang *same = hang->n_steps ? find_same(hangs, hang) : NULL;

	if (same && !same->n_left && !ws_hang_is_none(same)) {
		same->times++;
		ws_hang_free(hang);
		return 0;
	}
	if (hangs->n == WS_HANGS_MAX) {
		hangs->beyond++;
		ws_hang_free(hang);
		return 0;
	}
	if (ws_grow(&hangs->list, &hangs->size, hangs->n + 1)) {
		ws_hang_free(hang);
		return -ENOMEM;
	}
	hangs->list[hangs->n++] = *hang;
	hangs->n_open++;
	return 0;
}

/* A knot of those who wait. */
static int take_knot(struct ws_hangs *hangs, const struct ws_wait_graph *graph, uint32_t knot,
		     enum ws_graph_scope scope)
{
	struct ws_hang hang;
	int r = ws_hang_make(hangs, graph, knot, scope, &hang);

	if (r < 0 || !hang.n_members)
		return r; /* nobody of it waits: one that is gone */
	return ws_hangs_keep(hangs, &hang);
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
		.shared = record->misuse.flags & WS_MISUSE_READ,
		.robust = record->misuse.flags & WS_MISUSE_ROBUST,
	};
	return 0;
}

static bool is_same_lock(const struct ws_object_key *a, const struct ws_object_key *b)
{
	return a->kind == b->kind && a->offset == b->offset && a->ino == b->ino &&
	       a->dev == b->dev && a->process == b->process;
}

/* Nobody holds that lock any more who has ended: it is another one, or was given up for them. */
static void forget_exits(struct ws_hangs *hangs, const struct ws_object_key *key)
{
	size_t n = 0;

	for (size_t i = 0; i < hangs->n_exits; i++) {
		if (!is_same_lock(&hangs->exits[i].key, key))
			hangs->exits[n++] = hangs->exits[i];
	}
	hangs->n_exits = n;
}

/* Who waits for a rwlock or spinlock cannot read in it who has it: those who took it to their end
 * have. */
static int name_exits(struct ws_hangs *hangs, const struct ws_object *object)
{
	int r = 0;

	if (object->key.kind != WS_KIND_RWLOCK && object->key.kind != WS_KIND_SPINLOCK)
		return 0;
	for (size_t i = 0; i < hangs->n_exits && r == 0; i++) {
		const struct ws_hang_exit *exit = &hangs->exits[i];
		struct ws_holder who = { exit->thread, exit->site, exit->stack };

		if (is_same_lock(&exit->key, &object->key))
			r = ws_board_left(&hangs->board, object, &who, exit->shared);
	}
	return r;
}

/* Where it had taken it. */
static void find_exit(const struct ws_hangs *hangs, uint32_t thread, const struct ws_object *object,
		      struct ws_graph_edge *ret)
{
	for (size_t i = hangs->n_exits; i > 0; i--) {
		const struct ws_hang_exit *exit = &hangs->exits[i - 1];

		if (exit->thread != thread || !is_same_lock(&exit->key, &object->key))
			continue;
		ret->site = exit->site;
		ret->stack = exit->stack;
		return;
	}
}

/* The lock is in memory that the waiter's process got as a copy, by fork(), while it was held: what
 * the holder does is done to its own. `fork_holding` tells it. */
static bool is_copy(const struct ws_board_thread *holder, const struct ws_wait *wait)
{
	return holder && holder->process != wait->process &&
	       !ws_object_is_shared(&wait->object->key);
}

/* True if the thread said as it ended that it has what the other waits for, and that is let go by
 * nobody for it, however short a while ago that was. */
static bool is_left(const struct ws_hangs *hangs, uint32_t thread,
		    const struct ws_graph_node *waiter)
{
	if (waiter->way_out != WS_WAY_OUT_WOKEN)
		return false;
	for (size_t i = 0; i < hangs->n_exits; i++) {
		if (hangs->exits[i].thread == thread && !hangs->exits[i].robust &&
		    is_same_lock(&hangs->exits[i].key, &waiter->wait.object->key))
			return true;
	}
	return false;
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
		/* A time limit does not make the holder come back. */
		if (!edge || waiter->state != WS_NODE_WAITS || waiter->reported ||
		    (!waiter->blocked && waiter->way_out != WS_WAY_OUT_TIME &&
		     !is_left(hangs, node->thread, waiter)) ||
		    is_copy(thread, &waiter->wait))
			continue;
		hold = *edge;
		if (hold.site == WS_UNKNOWN)
			find_exit(hangs, node->thread, waiter->wait.object, &hold);
		r = ws_hang_add_member(hangs, &hang, waiter);
		if (r == 0)
			r = ws_hang_add_step(&hang, graph, i, &hold, i);
		if (r == 0)
			r = ws_hang_add_behind(&hang, graph, WS_KNOT_NONE, i);
		if (r < 0) {
			ws_hang_free(&hang);
			return r;
		}
		hang.dead = node->thread;
		hang.dead_ns = thread ? thread->gone_ns : 0;
		if (hang.dead_ns > hang.at_ns)
			hang.at_ns = hang.dead_ns;
		r = ws_hangs_keep(hangs, &hang);
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

		r = ws_hang_make(hangs, graph, knot, scope, &hang);
		if (r < 0)
			return r;
		ws_hang_free(known);
		*known = hang;
		return 0;
	}
	return scope == WS_GRAPH_ALL && !known->n_behind
		       ? ws_hang_add_behind(known, graph, knot, WS_UNKNOWN)
		       : 0;
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
		r = ws_hangs_stuck(hangs, graph, ending);
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

	if (hang->refuted)
		return true;
	if (hang->ended == WS_OUTCOME_INTERRUPTED && hang->until_ns &&
	    hang->until_ns < hang->at_ns + WS_SIGNAL_NS)
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
	if (record->type == WS_RECORD_OBJECT &&
	    (record->object.op == WS_OBJECT_INIT || record->object.op == WS_OBJECT_DESTROY))
		forget_exits(hangs, &record->object.object);
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

	if (r == 0)
		r = name_exits(hangs, wait->object);
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

		if (!process || process->gone || !ws_board_reaches(process, wait->object, end))
			continue;
		if (process->unseen)
			return true;
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
	if (wait->outcome == WS_OUTCOME_ACQUIRED && !(wait->flags & WS_WAIT_READ))
		forget_exits(hangs, &wait->object->key);
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
	if (r == 0)
		r = ws_hangs_refute(hangs);
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
