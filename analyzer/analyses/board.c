/* SPDX-License-Identifier: MIT */
/* board.c: see board.h. */
#include "analyzer/analyses/board.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <utlist.h>

#include "analyzer/analyses/lock_cycles.h"
#include "analyzer/base/grow.h"

/* Grows an array of pointers that is indexed by a dense number. */
#define RESERVE(array, n, index) ws_grow(&(array), &(n), (size_t)(index) + 1)

struct ws_board_thread *ws_board_thread(const struct ws_board *board, uint32_t index)
{
	return index < board->n_threads ? board->threads[index] : NULL;
}

struct ws_board_process *ws_board_process(const struct ws_board *board, uint32_t index)
{
	return index < board->n_processes ? board->processes[index] : NULL;
}

struct ws_board_object *ws_board_object(const struct ws_board *board,
					const struct ws_object *object)
{
	return object->id < board->n_objects ? board->objects[object->id] : NULL;
}

static int get_process(struct ws_board *board, uint32_t index, struct ws_board_process **ret)
{
	struct ws_board_process *process;

	if (RESERVE(board->processes, board->n_processes, index))
		return -ENOMEM;
	process = board->processes[index];
	if (!process) {
		process = calloc(1, sizeof(*process));
		if (!process)
			return -ENOMEM;
		process->index = index;
		process->parent = WS_UNKNOWN;
		board->processes[index] = process;
	}
	*ret = process;
	return 0;
}

static int get_thread(struct ws_board *board, uint32_t index, uint32_t process,
		      struct ws_board_thread **ret)
{
	struct ws_board_thread *thread;
	struct ws_board_process *of;
	int r;

	if (RESERVE(board->threads, board->n_threads, index))
		return -ENOMEM;
	thread = board->threads[index];
	if (!thread) {
		r = get_process(board, process, &of);
		if (r < 0)
			return r;
		thread = calloc(1, sizeof(*thread));
		if (!thread)
			return -ENOMEM;
		thread->index = index;
		thread->process = process;
		board->threads[index] = thread;
		DL_APPEND(of->threads, thread);
	}
	*ret = thread;
	return 0;
}

static int get_object(struct ws_board *board, const struct ws_object *object,
		      struct ws_board_object **ret)
{
	struct ws_board_object *on;

	if (RESERVE(board->objects, board->n_objects, object->id))
		return -ENOMEM;
	on = board->objects[object->id];
	if (!on) {
		on = calloc(1, sizeof(*on));
		if (!on)
			return -ENOMEM;
		on->object = object;
		board->objects[object->id] = on;
		if (object->key.kind == WS_KIND_RECORD_LOCK)
			LL_PREPEND2(board->ranges, on, next_range);
	}
	*ret = on;
	return 0;
}

static void wait_free(struct ws_board_wait *wait)
{
	free(wait->held);
	free(wait);
}

static void thread_free(struct ws_board_thread *thread)
{
	struct ws_board_wait *wait;

	while ((wait = thread->top)) {
		thread->top = wait->outer;
		wait_free(wait);
	}
	free(thread->next_held);
	free(thread);
}

void ws_board_free(struct ws_board *board)
{
	for (size_t i = 0; i < board->n_threads; i++) {
		if (board->threads[i])
			thread_free(board->threads[i]);
	}
	for (size_t i = 0; i < board->n_processes; i++) {
		if (board->processes[i])
			free(board->processes[i]->reaches.list);
		free(board->processes[i]);
	}
	for (size_t i = 0; i < board->n_objects; i++) {
		if (board->objects[i])
			free(board->objects[i]->holds);
		free(board->objects[i]);
	}
	free(board->threads);
	free(board->processes);
	free(board->objects);
	*board = (struct ws_board){ 0 };
}

static int add_reach(struct ws_board *board, uint32_t process, const struct ws_object_key *key,
		     uint8_t ends, enum ws_reached how)
{
	struct ws_board_process *of;
	struct ws_reach what;
	int r;

	if (!ws_reach_of(key, &what))
		return 0;
	r = get_process(board, process, &of);
	return r < 0 ? r : ws_reaches_add(&of->reaches, &what, ends, how);
}

/* A child has what its parent has; `program`: but for memory, if it runs another one. */
static int inherit(struct ws_board *board, struct ws_board_process *child, uint32_t parent,
		   bool program)
{
	const struct ws_board_process *from = ws_board_process(board, parent);

	if (!from)
		return 0;
	child->ends_from_before = true;
	return ws_reaches_inherit(&child->reaches, &from->reaches, program);
}

/* A process that begins to wait has said which ends of pipes it has open; the others that it got
 * from its parent it has closed. */
static void ends_are_said(struct ws_board *board, uint32_t index)
{
	struct ws_board_process *process = ws_board_process(board, index);

	if (!process || !process->ends_from_before)
		return;
	process->ends_from_before = false;
	ws_reaches_close_inherited(&process->reaches);
}

static void thread_gone(struct ws_board *board, struct ws_board_thread *thread)
{
	struct ws_board_process *process = board->processes[thread->process];

	if (thread->gone)
		return;
	thread->gone = true;
	thread->gone_ns = board->now_ns;
	DL_DELETE(process->threads, thread);
}

static int process_step(struct ws_board *board, const struct ws_record *record)
{
	struct ws_board_thread *thread, *next;
	struct ws_board_process *process;
	int r = get_process(board, record->process, &process);

	if (r < 0)
		return r;
	if (record->process_step.pid)
		process->pid = record->process_step.pid;
	switch (record->process_step.op) {
	case WS_PROCESS_SPAWNED:
		process->unseen = process->made = true;
		process->parent = record->process_step.parent;
		return inherit(board, process, record->process_step.parent,
			       record->process_step.program);
	case WS_PROCESS_FORK:
		process->parent = record->process_step.parent;
		/* Its parent has gone on since it made it. */
		return process->made ? 0
				     : inherit(board, process, record->process_step.parent, false);
	case WS_PROCESS_START:
		/* Without an image before, its parent made it by vfork() or posix_spawn(). */
		process->parent = record->process_step.parent;
		if (process->made) {
			ws_reaches_lose_memory(&process->reaches);
			return 0;
		}
		return inherit(board, process,
			       record->process_step.before != WS_UNKNOWN
				       ? record->process_step.before
				       : record->process_step.parent,
			       true);
	case WS_PROCESS_EXIT:
	case WS_PROCESS_REAPED:
	case WS_PROCESS_EXEC:
		break;
	default:
		return 0;
	}
	if (!process->gone)
		process->gone_ns = board->now_ns;
	process->gone = true;
	DL_FOREACH_SAFE(process->threads, thread, next)
	thread_gone(board, thread);
	return 0;
}

/* Everything that is open may be over. */
static void take_loss(struct ws_board *board)
{
	for (size_t i = 0; i < board->n_threads; i++) {
		if (!board->threads[i])
			continue;
		for (struct ws_board_wait *wait = board->threads[i]->top; wait; wait = wait->outer)
			wait->pub.uncertain = true;
	}
	for (size_t i = 0; i < board->n_objects; i++) {
		if (board->objects[i])
			board->objects[i]->n_holds = 0;
	}
	for (size_t i = 0; i < board->n_processes; i++) {
		if (!board->processes[i])
			continue;
		ws_reaches_open_ends(&board->processes[i]->reaches);
		board->processes[i]->ends_from_before = false; /* it has said them, perhaps */
	}
}

/* What a holder is called where the kernel names processes. */
static bool is_by_process(uint8_t kind)
{
	return kind == WS_KIND_RECORD_LOCK || kind == WS_KIND_FLOCK;
}

static int add_hold(struct ws_board_object *on, const struct ws_board_hold *hold)
{
	for (size_t i = 0; i < on->n_holds; i++) {
		if (on->holds[i].who.thread != hold->who.thread)
			continue;
		/* What it says itself is no less than what others say of it. */
		if (!on->holds[i].said || hold->said)
			on->holds[i] = *hold;
		return 0;
	}
	if (ws_grow(&on->holds, &on->holds_size, on->n_holds + 1))
		return -ENOMEM;
	on->holds[on->n_holds++] = *hold;
	return 0;
}

static void remove_hold(struct ws_board_object *on, uint32_t thread)
{
	size_t n = 0;

	for (size_t i = 0; i < on->n_holds; i++) {
		if (on->holds[i].who.thread != thread)
			on->holds[n++] = on->holds[i];
	}
	on->n_holds = n;
}

/* Only what those who wait say themselves is still believed. */
static void forget_others(const struct ws_board *board, struct ws_board_object *on)
{
	size_t n = 0;

	for (size_t i = 0; i < on->n_holds; i++) {
		const struct ws_board_hold *hold = &on->holds[i];
		const struct ws_board_thread *thread = ws_board_thread(board, hold->who.thread);

		if (hold->said && thread && thread->top && ws_board_holds(board, hold))
			on->holds[n++] = *hold;
	}
	on->n_holds = n;
}

/* A wait names one who holds its object. */
static int named(struct ws_board *board, struct ws_board_object *on, const struct ws_holder *who,
		 bool shared)
{
	struct ws_board_hold hold = {
		.object = on->object,
		.who = *who,
		.shared = shared,
		.by_process = is_by_process(on->object->key.kind),
		.named_ns = board->now_ns,
	};
	const struct ws_board_thread *thread = ws_board_thread(board, who->thread);

	if (who->thread == WS_UNKNOWN)
		return 0;
	/* A thread of which nothing else is known: is it there? */
	if (!thread && !hold.by_process)
		return 0;
	return add_hold(on, &hold);
}

/* One more holder of the wait that has begun. */
static int take_holder(struct ws_board *board, const struct ws_record *record)
{
	const struct ws_board_thread *thread = ws_board_thread(board, record->thread);
	struct ws_board_wait *wait;

	for (wait = thread ? thread->top : NULL; wait; wait = wait->outer) {
		if (wait->seq == record->holder.seq)
			return named(board, wait->on, &record->holder.holder, true);
	}
	return 0;
}

/* The name of an object of System V has its key in brackets, unless it is a private one. */
static void note_key(struct ws_board *board, const struct ws_record *record)
{
	const struct ws_board_process *process = ws_board_process(board, record->process);
	struct ws_reach what, *known;

	if (!ws_kind_has_key(record->object.object.kind) || !process ||
	    !strchr(record->object.name, '(') || !ws_reach_of(&record->object.object, &what))
		return;
	known = ws_reaches_find(&process->reaches, &what);
	if (known)
		known->keyed = true;
}

int ws_board_record(struct ws_board *board, const struct ws_record *record)
{
	struct ws_board_thread *thread;
	int r;

	board->last = *record;
	if (record->type == WS_RECORD_LOSS) {
		take_loss(board);
		return 0;
	}
	if (record->thread != WS_UNKNOWN && record->process != WS_UNKNOWN) {
		r = get_thread(board, record->thread, record->process, &thread);
		if (r < 0)
			return r;
		board->processes[thread->process]->unseen = false;
	}
	switch (record->type) {
	case WS_RECORD_PROCESS:
		return process_step(board, record);
	case WS_RECORD_THREAD:
		if (record->thread_step.op == WS_THREAD_EXIT)
			thread_gone(board, board->threads[record->thread]);
		return 0;
	case WS_RECORD_HOLDER:
		return take_holder(board, record);
	case WS_RECORD_OBJECT:
		if (record->object.op != WS_OBJECT_INIT && record->object.op != WS_OBJECT_OPEN)
			return 0;
		r = add_reach(board, record->process, &record->object.object, UINT8_MAX,
			      record->object.op == WS_OBJECT_INIT ? WS_REACHED_MADE
								  : WS_REACHED_USED);
		if (r == 0)
			note_key(board, record);
		return r;
	case WS_RECORD_WAIT_BEGIN:
		if (record->wait_begin.held)
			ends_are_said(board, record->process);
		return 0;
	case WS_RECORD_REACH:
		if (record->reach.object.kind)
			ends_are_said(board, record->process);
		return add_reach(board, record->process, &record->reach.object, record->reach.ends,
				 WS_REACHED_SAID);
	default:
		return 0;
	}
}

int ws_board_held(struct ws_board *board, const struct ws_hold *hold)
{
	struct ws_board_thread *thread = ws_board_thread(board, hold->thread);

	if (!thread)
		return 0;
	if (thread->next_seq != hold->seq)
		thread->n_next_held = 0;
	thread->next_seq = hold->seq;
	if (ws_grow(&thread->next_held, &thread->next_held_size, thread->n_next_held + 1))
		return -ENOMEM;
	thread->next_held[thread->n_next_held++] = (struct ws_board_hold){
		.object = hold->object,
		.who = { hold->thread, hold->site, hold->stack },
		.shared = hold->flags & WS_HOLD_READ,
		.by_process = is_by_process(hold->object->key.kind),
		.said = true,
	};
	return 0;
}

/* True if the wake is for those who wait on that side of a channel or queue. */
static bool is_for(const struct ws_wake *wake, const struct ws_board_wait *wait)
{
	bool receives = wait->pub.flags & WS_WAIT_READ;

	if (!ws_kind_carries(wait->pub.object->key.kind))
		return true;
	if (wake->op == WS_WAKE_SEND)
		return receives;
	return wake->op != WS_WAKE_RECEIVE || !receives;
}

static uint8_t used_end(const struct ws_wake *wake)
{
	switch (wake->op) {
	case WS_WAKE_SEND:
		return WS_END_WRITES;
	case WS_WAKE_RECEIVE:
		return WS_END_READS;
	default:
		return 0;
	}
}

static void note_waker(struct ws_board_object *on, const struct ws_wake *wake)
{
	uint32_t i;

	for (i = 0; i < on->n_wakers && on->wakers[i].thread != wake->thread; i++)
		;
	if (i == WS_WAKERS_MAX)
		return;
	if (i == on->n_wakers)
		on->n_wakers++;
	on->wakers[i].thread = wake->thread;
	on->wakers[i].site = wake->site;
	on->wakers[i].ends |= used_end(wake);
}

/* True if the thread waits itself: then it was a signal handler that let the others go. Its own
 * call may tell of what it did just before it returns, as that of a reader makes room. */
static bool is_by_handler(const struct ws_board *board, const struct ws_wake *wake)
{
	const struct ws_board_thread *thread = ws_board_thread(board, wake->thread);
	const struct ws_board_wait *top = thread ? thread->top : NULL;

	if (!top)
		return false;
	if (!ws_kind_carries(wake->object->key.kind) || top->pub.object != wake->object)
		return true;
	return used_end(wake) & (top->pub.flags & WS_WAIT_READ ? WS_END_WRITES : WS_END_READS);
}

/* The thread that made the wake holds it no more, nor does its process. */
static void release(const struct ws_board *board, struct ws_board_object *on,
		    const struct ws_wake *wake)
{
	const struct ws_board_thread *thread = ws_board_thread(board, wake->thread);

	remove_hold(on, wake->thread);
	/* The kernel's holder is the process, by its main thread. */
	for (size_t i = on->n_holds; i > 0; i--) {
		const struct ws_board_hold *hold = &on->holds[i - 1];
		const struct ws_board_thread *main = ws_board_thread(board, hold->who.thread);

		if (hold->by_process && thread && main && main->process == thread->process)
			remove_hold(on, hold->who.thread);
	}
}

int ws_board_woke(struct ws_board *board, const struct ws_wake *wake)
{
	struct ws_board_object *on, *range;
	struct ws_board_wait *wait;
	int r = get_object(board, wake->object, &on);

	if (r < 0)
		return r;
	note_waker(on, wake);
	on->by_handler |= is_by_handler(board, wake);
	r = add_reach(board, wake->process, &wake->object->key, used_end(wake), WS_REACHED_USED);
	if (r < 0)
		return r;
	if (wake->object->key.kind == WS_KIND_RECORD_LOCK) {
		LL_FOREACH2(board->ranges, range, next_range)
		{
			if (ws_lock_is_same(range->object, wake->object))
				release(board, range, wake);
		}
	} else if (ws_kind_is_owned(wake->object->key.kind)) {
		release(board, on, wake);
	} else if (wake->count != WS_WAKE_ALL) {
		on->tokens = on->tokens + wake->count < on->tokens ? UINT32_MAX
								   : on->tokens + wake->count;
		on->tokens_ns = wake->at_ns;
		return 0;
	}
	DL_FOREACH(on->waits, wait)
	{
		if (is_for(wake, wait))
			wait->let_go_ns = wake->at_ns;
	}
	return 0;
}

int ws_board_begin(struct ws_board *board, const struct ws_wait *pub)
{
	struct ws_board_thread *thread = ws_board_thread(board, pub->thread);
	const struct ws_record *record = &board->last;
	struct ws_board_object *on;
	struct ws_board_wait *wait;
	int r = get_object(board, pub->object, &on);

	if (r < 0 || !thread)
		return r;
	on->value = pub->value;
	wait = calloc(1, sizeof(*wait));
	if (!wait)
		return -ENOMEM;
	wait->pub = *pub;
	wait->on = on;
	wait->outer = thread->top;
	thread->top = wait;
	DL_APPEND(on->waits, wait);
	on->n_waits++;
	wait->seq = record->wait_begin.seq;
	wait->held_known = record->wait_begin.held > 0;
	if (thread->next_seq == wait->seq && thread->n_next_held) {
		wait->held = thread->next_held;
		wait->n_held = thread->n_next_held;
		thread->next_held = NULL;
		thread->n_next_held = thread->next_held_size = 0;
	}
	/* Some that it said may have been lost. */
	if (wait->held_known && wait->n_held + 1 != record->wait_begin.held)
		wait->held_known = false;
	for (size_t i = 0; i < wait->n_held && r == 0; i++) {
		struct ws_board_object *of;

		r = get_object(board, wait->held[i].object, &of);
		if (r == 0)
			r = add_hold(of, &wait->held[i]);
	}
	if (r == 0)
		r = add_reach(board, pub->process, &pub->object->key,
			      pub->flags & WS_WAIT_READ ? WS_END_READS : WS_END_WRITES,
			      WS_REACHED_USED);
	if (r < 0)
		return r;
	if (ws_kind_is_owned(pub->object->key.kind)) {
		forget_others(board, on);
		return named(board, on, &record->wait_begin.holder,
			     on->object->key.kind == WS_KIND_RWLOCK &&
				     !(pub->flags & WS_WAIT_READ));
	}
	wait->hint = record->wait_begin.holder;
	return 0;
}

int ws_board_left(struct ws_board *board, const struct ws_object *object,
		  const struct ws_holder *who, bool shared)
{
	struct ws_board_object *on;
	int r = get_object(board, object, &on);

	return r < 0 ? r : named(board, on, who, shared);
}

void ws_board_end(struct ws_board *board, const struct ws_wait *pub)
{
	struct ws_board_thread *thread = ws_board_thread(board, pub->thread);
	struct ws_board_wait **link, *wait;

	if (!thread)
		return;
	for (link = &thread->top; *link; link = &(*link)->outer) {
		if ((*link)->pub.object == pub->object && (*link)->pub.begin_ns == pub->begin_ns)
			break;
	}
	wait = *link;
	if (!wait)
		return;
	*link = wait->outer;
	DL_DELETE(wait->on->waits, wait);
	wait->on->n_waits--;
	if (pub->outcome == WS_OUTCOME_ACQUIRED) {
		struct ws_board_object *on = wait->on;

		if (on->tokens)
			on->tokens--;
		if (ws_kind_is_owned(on->object->key.kind)) {
			struct ws_board_hold hold = {
				.object = on->object,
				.who = { pub->thread, pub->site, pub->stack },
				.since_ns = board->now_ns,
				.shared = pub->flags & WS_WAIT_READ,
				.by_process = is_by_process(on->object->key.kind),
			};

			if (!hold.shared)
				on->n_holds = 0;
			(void)add_hold(on, &hold); /* without memory it is not known as a holder */
		}
	}
	/* The last one at a barrier does not wait: it lets the others go. */
	if (pub->outcome == WS_OUTCOME_NO_WAIT && pub->object->key.kind == WS_KIND_BARRIER) {
		struct ws_board_wait *other;

		DL_FOREACH(wait->on->waits, other)
		other->let_go_ns = board->now_ns;
	}
	if (!wait->on->waits)
		wait->on->tokens = 0;
	wait_free(wait);
}

bool ws_board_is_let_go(const struct ws_board *board, const struct ws_board_wait *wait)
{
	const struct ws_board_object *on = wait->on;
	uint64_t let_go_ns = wait->let_go_ns;

	/* A wake may be recorded just before the wait that it is for. */
	if (on->tokens && on->tokens_ns + WS_EARLY_WINDOW_NS >= wait->pub.begin_ns &&
	    on->tokens_ns > let_go_ns)
		let_go_ns = on->tokens_ns;
	return let_go_ns && let_go_ns + WS_LET_GO_NS > board->now_ns;
}

bool ws_board_holds(const struct ws_board *board, const struct ws_board_hold *hold)
{
	const struct ws_board_thread *thread = ws_board_thread(board, hold->who.thread);
	const struct ws_board_wait *wait = thread ? thread->top : NULL;

	/* The process's other threads may hold it. */
	if (!wait || !wait->held_known || hold->by_process)
		return true;
	for (size_t i = 0; i < wait->n_held; i++) {
		if (wait->held[i].object == hold->object)
			return true;
	}
	/* A recursive mutex that it took twice: it gave it up once. One who asked before it did so
	 * at all has got it by now. */
	if (wait->pub.object->key.kind == WS_KIND_COND && !hold->said &&
	    hold->object->key.kind == WS_KIND_MUTEX && hold->named_ns > wait->pub.begin_ns &&
	    hold->named_ns + WS_LET_GO_NS <= board->now_ns)
		return true;
	/* It waits for what it holds itself. */
	return wait->pub.object == hold->object;
}

const struct ws_board_hold *ws_board_hold_of(const struct ws_board *board,
					     const struct ws_object *object, uint32_t index)
{
	const struct ws_board_thread *thread = ws_board_thread(board, index);
	const struct ws_board_wait *wait = thread ? thread->top : NULL;
	const struct ws_board_object *on = ws_board_object(board, object);

	for (size_t i = 0; wait && i < wait->n_held; i++) {
		if (wait->held[i].object == object)
			return &wait->held[i];
	}
	for (size_t i = 0; on && i < on->n_holds; i++) {
		if (on->holds[i].who.thread == index)
			return &on->holds[i];
	}
	return NULL;
}
