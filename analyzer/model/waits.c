/* SPDX-License-Identifier: MIT */
/* waits.c: the life of waits: begun, ended, kept for what comes late, handed out. */
#include <errno.h>
#include <stdlib.h>

#include "analyzer/base/grow.h"
#include "analyzer/model/private.h"

static bool is_owned(const struct wait *wait)
{
	return ws_kind_is_owned(wait->object->pub.key.kind);
}

void ws_wait_free(struct ws_model *model, struct wait *wait)
{
	if (!wait)
		return;
	ws_wake_unref(model, wait->waker);
	ws_wake_unref(model, wait->first);
	ws_wake_unref(model, wait->last_release);
	free(wait->named);
	free(wait->charges);
	free(wait->pieces);
	free(wait->others);
	wait->next_open = model->spare_waits;
	model->spare_waits = wait;
}

static int wait_new(struct ws_model *model, struct wait **ret)
{
	struct wait *wait = model->spare_waits;

	if (wait) {
		model->spare_waits = wait->next_open;
	} else {
		wait = malloc(sizeof(*wait));
		if (!wait)
			return -ENOMEM;
	}
	*wait = (struct wait){ 0 };
	*ret = wait;
	return 0;
}

/* Takes the wait out of the lists of its object and of where it was moved to. 0 or what the
 * observer returned. */
static int unlink_open(struct ws_model *model, struct wait *wait)
{
	struct object *object = wait->object;

	DL_DELETE2(object->open, wait, prev_open, next_open);
	object->n_open--;
	ws_wakes_trim(model, object);
	for (size_t i = 0; i < wait->n_others; i++) {
		wait->others[i].object->n_open--;
		ws_wakes_trim(model, wait->others[i].object);
	}
	if (wait->moved_to) {
		DL_DELETE2(wait->moved_to->moved, wait, prev_moved, next_moved);
		wait->moved_to->n_open--;
		ws_wakes_trim(model, wait->moved_to);
	}
	return model->observer.end ? model->observer.end(model->observer.context, &wait->pub) : 0;
}

int ws_wait_hand_out(struct ws_model *model, struct wait *wait)
{
	int r;

	wait->pub.charges = wait->charges;
	wait->pub.n_charges = wait->n_charges;
	wait->pub.pieces = wait->pieces;
	wait->pub.n_pieces = wait->n_pieces;
	wait->pub.waker = wait->waker ? &wait->waker->pub : NULL;
	model->counts.waits++;
	model->counts.open_waits += wait->pub.state == WS_WAIT_OPEN;
	model->counts.lost_waits += wait->pub.state == WS_WAIT_LOST;
	model->counts.uncertain += wait->pub.uncertain;
	r = model->observer.wait(model->observer.context, &wait->pub);
	ws_wait_free(model, wait);
	return r;
}

int ws_wait_finish(struct ws_model *model, struct wait *wait, struct wake *waker)
{
	wait->waker = waker;
	if (waker && !waker->complete) {
		DL_APPEND2(waker->ended, wait, prev_state, next_state);
		return 0;
	}
	return ws_wait_hand_out(model, wait);
}

/* An ended wait that nobody claimed is handed out as it is. */
static int give_up_late(struct ws_model *model, struct wait *wait)
{
	int r = 0;

	DL_DELETE2(wait->object->late, wait, prev_state, next_state);
	if (is_owned(wait))
		r = ws_owned_end(wait, NULL);
	return r < 0 ? r : ws_wait_finish(model, wait, NULL);
}

static struct thread *late_thread(struct ws_model *model, const struct wait *wait)
{
	return model->threads[wait->pub.thread];
}

static void forget_late(struct thread *thread, const struct wait *wait)
{
	size_t n = 0;

	for (size_t i = 0; i < thread->n_late; i++) {
		if (thread->late[i] != wait)
			thread->late[n++] = thread->late[i];
	}
	thread->n_late = n;
}

static int keep_late(struct ws_model *model, struct thread *thread, struct wait *wait)
{
	int r = 0;

	/* Not only when the list is full: what is older than the window cannot be claimed. */
	while (thread->n_late == WS_LATE_MAX ||
	       (thread->n_late &&
		thread->late[0]->pub.end_ns + WS_LATE_WINDOW_NS < model->now_ns)) {
		struct wait *oldest = thread->late[0];

		model->counts.late_given_up +=
			oldest->pub.end_ns + WS_LATE_WINDOW_NS >= model->now_ns;
		forget_late(thread, oldest);
		r = give_up_late(model, oldest);
		if (r < 0)
			return r;
	}
	thread->late[thread->n_late++] = wait;
	DL_APPEND2(wait->object->late, wait, prev_state, next_state);
	return 0;
}

int ws_wait_flush_late(struct ws_model *model, struct thread *thread)
{
	int r = 0;

	while (thread->n_late) {
		struct wait *wait = thread->late[0];
		int w;

		forget_late(thread, wait);
		w = give_up_late(model, wait);
		if (r == 0)
			r = w;
	}
	return r;
}

static bool may_claim(const struct ws_model *model, const struct wait *wait,
		      const struct wake *wake, const struct ws_holder *holder)
{
	if (!ws_wake_concerns(wake, wait))
		return false;
	if (wait->pub.end_ns + WS_LATE_WINDOW_NS < model->now_ns)
		return false;
	if (!is_owned(wait) || !wait->n_named)
		return true;
	for (size_t i = 0; i < wait->n_named; i++) {
		if (wait->named[i].who.thread == holder->thread ||
		    wait->named[i].who.thread == wake->owner)
			return true;
	}
	return false;
}

/* A late wake is the waker of an ended wait, which is handed out. */
static int claim(struct ws_model *model, struct wait *wait, struct wake *wake,
		 const struct ws_holder *holder)
{
	int r;

	DL_DELETE2(wait->object->late, wait, prev_state, next_state);
	forget_late(late_thread(model, wait), wait);
	if (is_owned(wait)) {
		r = ws_owned_release(wait, wake, holder, wait->pub.end_ns);
		if (r == 0)
			r = ws_owned_end(wait, NULL);
		if (r < 0)
			return r;
	}
	ws_wake_ref(wake);
	return ws_wait_finish(model, wait, wake);
}

int ws_wait_claim_late(struct ws_model *model, struct object *object, struct wake *wake,
		       const struct ws_holder *holder, uint64_t *claimed_end_ns)
{
	struct wait *wait;

	DL_FOREACH2(object->late, wait, next_state)
	{
		uint64_t end_ns = wait->pub.end_ns;
		int r;

		if (!may_claim(model, wait, wake, holder))
			continue;
		r = claim(model, wait, wake, holder);
		if (r < 0)
			return r;
		*claimed_end_ns = end_ns;
		return 1;
	}
	return 0;
}

int ws_wait_claim_all(struct ws_model *model, struct object *object, struct wake *wake)
{
	struct wait *wait, *next;

	DL_FOREACH_SAFE2(object->late, wait, next, next_state)
	{
		int r;

		if (wait->begin_ord > wake->ord || wait->end_ord < wake->ord)
			continue;
		r = claim(model, wait, wake, NULL);
		if (r < 0)
			return r;
	}
	return 0;
}

/* The innermost wait is over; it is in no list of open ones any more. */
static struct wait *pop(struct thread *thread)
{
	struct wait *wait = thread->top;

	thread->top = wait->outer;
	thread->depth--;
	return wait;
}

/* Ends a wait that has no end of its own. */
static int close_without_end(struct ws_model *model, struct wait *wait, uint64_t at_ns)
{
	int r;

	wait->pub.state = wait->followed ? WS_WAIT_LOST : WS_WAIT_OPEN;
	wait->pub.outcome = WS_OUTCOME_NONE;
	wait->pub.end_ns = wait->followed ? wait->next_event_ns : at_ns;
	if (wait->pub.end_ns < wait->pub.begin_ns)
		wait->pub.end_ns = wait->pub.begin_ns;
	if ((wait->pub.flags & WS_WAIT_ANNOUNCED) &&
	    wait->pub.end_ns - wait->pub.begin_ns < WS_ANNOUNCED_LEAST_NS) {
		r = unlink_open(model, wait);
		ws_wait_free(model, wait);
		return r;
	}
	r = unlink_open(model, wait);
	if (r < 0) {
		ws_wait_free(model, wait);
		return r;
	}
	if (is_owned(wait)) {
		r = ws_owned_end(wait, NULL);
		if (r < 0) {
			ws_wait_free(model, wait);
			return r;
		}
	}
	return ws_wait_finish(model, wait, NULL);
}

int ws_wait_close(struct ws_model *model, struct thread *thread, uint64_t at_ns)
{
	return close_without_end(model, pop(thread), at_ns);
}

/* The outermost wait is taken for lost: its thread nests deeper than signal handlers do. */
static int close_outermost(struct ws_model *model, struct thread *thread)
{
	struct wait **link = &thread->top;
	struct wait *wait;

	while ((*link)->outer)
		link = &(*link)->outer;
	wait = *link;
	*link = NULL;
	thread->depth--;
	model->counts.nest_given_up++;
	return close_without_end(model, wait, model->now_ns);
}

/* The wait began before its record was made, and the object may have been released between. */
static int release_before_record(struct wait *wait)
{
	struct object *object = wait->object;

	if (object->file) { /* of any bytes: is it of these? */
		object = object->file;
		if (object->release &&
		    !ws_range_overlaps(&object->released, &wait->object->pub.key))
			return 0;
	}
	if (!object->release || object->release->pub.at_ns <= wait->pub.begin_ns ||
	    !ws_wake_concerns(object->release, wait))
		return 0;
	wait->last_release = object->release;
	ws_wake_ref(wait->last_release);
	return ws_owned_release(wait, object->release, &object->releaser,
				object->release->pub.at_ns);
}

int ws_wait_begin(struct ws_model *model, struct thread *thread, const struct ws_record *record)
{
	struct object *object;
	struct wait *wait;
	int r;

	/* An end that may have been lost was: a handler that waits just then is far rarer. */
	while (thread->top && thread->top->pub.uncertain) {
		r = ws_wait_close(model, thread, record->at_ns);
		if (r < 0)
			return r;
	}
	if (thread->depth == WS_NEST_MAX) {
		r = close_outermost(model, thread);
		if (r < 0)
			return r;
	}
	r = ws_object_get(model, &record->wait_begin.object, record->wait_begin.data, true,
			  &object);
	if (r < 0)
		return r;
	if (object->pub.first_site == WS_UNKNOWN && object->pub.first_stack == WS_UNKNOWN) {
		object->pub.first_site = record->wait_begin.site;
		object->pub.first_stack = record->wait_begin.stack;
	}
	if (object->pub.id == WS_UNKNOWN)
		object->pub.id = model->next_id++;
	r = ws_end_note(object, record->process, record->wait_begin.end);
	if (r < 0)
		return r;
	r = wait_new(model, &wait);
	if (r < 0)
		return r;
	wait->pub = (struct ws_wait){
		.object = &object->pub,
		.process = record->process,
		.thread = record->thread,
		.site = record->wait_begin.site,
		.stack = record->wait_begin.stack,
		.flags = record->wait_begin.flags,
		.mutex = record->wait_begin.mutex,
		.value = object->pub.value,
		.measured = WS_UNKNOWN,
		.last = record->wait_begin.object.kind == WS_KIND_SYSV_SEM
				? record->wait_begin.holder.thread
				: WS_UNKNOWN,
		.begin_ns =
			record->wait_begin.begin_ns ? record->wait_begin.begin_ns : record->at_ns,
	};
	wait->object = object;
	wait->seq = record->wait_begin.seq;
	wait->end = record->wait_begin.end;
	wait->type = record->wait_begin.type;
	wait->mutex = record->wait_begin.mutex;
	wait->said = WS_UNKNOWN;
	wait->ender = -1;
	wait->begin_ord = model->ord;
	if (is_owned(wait)) {
		wait->pub.measured = record->wait_begin.holder.thread;
		r = ws_owned_begin(wait, &record->wait_begin.holder);
		if (r == 0)
			r = release_before_record(wait);
		if (r < 0) {
			ws_wait_free(model, wait);
			return r;
		}
	}
	DL_APPEND2(object->open, wait, prev_open, next_open);
	object->n_open++;
	ws_wake_look_back(model, wait);
	ws_range_listed(object);
	wait->outer = thread->top;
	thread->top = wait;
	thread->depth++;
	return model->observer.begin ? model->observer.begin(model->observer.context, &wait->pub)
				     : 0;
}

int ws_wait_object(struct ws_model *model, struct thread *thread, const struct ws_record *record)
{
	struct object *object;
	struct wait *wait;
	int r;

	for (wait = thread->top; wait && wait->seq != record->wait_object.seq; wait = wait->outer)
		;
	if (!wait || is_owned(wait))
		return 0;
	r = ws_object_get(model, &record->wait_object.object, record->wait_object.data, true,
			  &object);
	if (r < 0)
		return r;
	if (ws_grow(&wait->others, &wait->others_size, wait->n_others + 1))
		return -ENOMEM;
	if (object->pub.id == WS_UNKNOWN)
		object->pub.id = model->next_id++;
	if (object->pub.first_site == WS_UNKNOWN && object->pub.first_stack == WS_UNKNOWN) {
		object->pub.first_site = wait->pub.site;
		object->pub.first_stack = wait->pub.stack;
	}
	object->n_open++;
	object->polled |= wait->object->pub.key.kind == WS_KIND_POLL;
	wait->others[wait->n_others++] = (struct other){
		.object = object,
		.flags = record->wait_object.flags,
		.end = record->wait_object.end,
	};
	return 0;
}

/* The last arriver at a barrier: what it announced as a wait is what ended the others'. */
static int barrier_arrival(struct ws_model *model, struct wait *wait)
{
	struct ws_record record = {
		.at_ns = wait->pub.begin_ns,
		.process = wait->pub.process,
		.thread = wait->pub.thread,
	};
	struct wake *wake;
	int r;

	r = ws_wake_new(model, wait->object, &record, &wake);
	if (r < 0)
		return r;
	wake->ord = wait->begin_ord;
	wake->pub.site = wait->pub.site;
	wake->pub.stack = wait->pub.stack;
	r = ws_wait_claim_all(model, wait->object, wake);
	if (r == 0) {
		ws_wake_offer(model, wait->object, wake);
		r = ws_wake_complete(model, wake);
	}
	ws_wake_unref(model, wake);
	return r;
}

static int end_owned(struct ws_model *model, struct thread *thread, struct wait *wait,
		     const struct ws_holder *holder)
{
	struct object *object = wait->object;
	struct wake *waker = NULL;
	int r;

	if (wait->pub.outcome == WS_OUTCOME_ACQUIRED) {
		object->acquirer =
			(struct ws_holder){ wait->pub.thread, wait->pub.site, wait->pub.stack };
		object->acquirer_ord = model->ord;
		if (!ws_owned_is_released(wait) && !wait->pub.uncertain)
			return keep_late(model, thread, wait);
		if (!wait->pub.uncertain) {
			waker = wait->last_release;
			wait->last_release = NULL;
		}
	}
	r = ws_owned_end(wait, holder);
	if (r < 0) {
		ws_wake_unref(model, waker);
		ws_wait_free(model, wait);
		return r;
	}
	return ws_wait_finish(model, wait, waker);
}

/* A wait on several objects counts for the one that ended it; that of a poll for polling it. */
static int count_for_ender(struct ws_model *model, struct wait *wait)
{
	const struct other *ender;
	struct object *object;
	int r;

	if (wait->ender <= 0)
		return 0;
	ender = &wait->others[wait->ender - 1];
	object = ender->object;
	if (wait->object->pub.key.kind == WS_KIND_POLL) {
		r = ws_object_get_poll(model, ender->object, &object);
		if (r < 0)
			return r;
		if (object->pub.first_site == WS_UNKNOWN && object->pub.first_stack == WS_UNKNOWN) {
			object->pub.first_site = wait->pub.site;
			object->pub.first_stack = wait->pub.stack;
		}
		/* For wakes that come late. */
		wait->pub.flags &= (uint8_t)~WS_WAIT_READ;
		wait->pub.flags |= ender->flags & WS_WAIT_READ;
		wait->end = ender->end;
	}
	wait->object = ender->object;
	wait->pub.object = &object->pub;
	return 0;
}

/* It was ended by something that nobody is known to wake. */
static bool is_nobodys(const struct wait *wait)
{
	return wait->object->pub.key.kind == WS_KIND_POLL && wait->ender <= 0;
}

/* The other end of a pipe or socket was closed: somebody did that. */
static bool is_closed_for(const struct wait *wait)
{
	return ws_kind_is_channel(wait->object->pub.key.kind) &&
	       wait->pub.outcome == WS_OUTCOME_ERROR &&
	       (wait->pub.error == EPIPE || wait->pub.error == ECONNRESET);
}

int ws_wait_end(struct ws_model *model, struct thread *thread, const struct ws_record *record)
{
	uint8_t outcome = record->wait_end.outcome;
	struct wake *waker = NULL;
	struct wait *wait;
	int r, o;

	for (wait = thread->top; wait && wait->seq != record->wait_end.seq; wait = wait->outer)
		;
	if (!wait) {
		model->counts.orphan_ends++;
		return 0;
	}
	while (thread->top != wait) { /* longjmp out of a handler */
		if (!thread->top->followed) {
			thread->top->followed = true;
			thread->top->next_event_ns = record->at_ns;
		}
		r = ws_wait_close(model, thread, record->at_ns);
		if (r < 0)
			return r;
	}
	pop(thread);
	wait->pub.state = WS_WAIT_ENDED;
	wait->pub.outcome = outcome;
	wait->pub.error = record->wait_end.error;
	wait->pub.ran = record->wait_end.ran;
	wait->pub.end_ns = record->at_ns;
	wait->end_ord = model->ord;
	if (outcome == WS_OUTCOME_NO_WAIT) {
		r = 0;
		if (wait->object->pub.key.kind == WS_KIND_BARRIER)
			r = barrier_arrival(model, wait);
		o = unlink_open(model, wait);
		ws_wait_free(model, wait);
		return r < 0 ? r : o;
	}
	if (is_owned(wait)) {
		r = unlink_open(model, wait);
		if (r < 0) {
			ws_wait_free(model, wait);
			return r;
		}
		return end_owned(model, thread, wait, &record->wait_end.holder);
	}
	if ((outcome == WS_OUTCOME_ACQUIRED || outcome == WS_OUTCOME_REMOVED ||
	     is_closed_for(wait)) &&
	    !wait->pub.uncertain) {
		int32_t index = record->wait_end.index;

		if (index >= 0 && (size_t)index <= wait->n_others)
			wait->ender = index;
		if (wait->object->pub.key.kind == WS_KIND_PROCESS ||
		    wait->object->pub.key.kind == WS_KIND_SIGNAL)
			wait->said = record->wait_end.holder.thread;
		waker = ws_wake_take(model, wait);
		o = unlink_open(model, wait);
		r = count_for_ender(model, wait);
		if (r == 0)
			r = o;
		if (r < 0) {
			ws_wake_unref(model, waker);
			ws_wait_free(model, wait);
			return r;
		}
		if (!waker && !is_nobodys(wait))
			return keep_late(model, thread, wait);
		return ws_wait_finish(model, wait, waker);
	}
	r = unlink_open(model, wait);
	if (r < 0) {
		ws_wait_free(model, wait);
		return r;
	}
	return ws_wait_finish(model, wait, NULL);
}
