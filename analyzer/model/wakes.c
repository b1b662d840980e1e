/* SPDX-License-Identifier: MIT */
/* wakes.c: the life of wakes, and which of them ended a wait; the rules are in model.h. */
#include <errno.h>
#include <stdlib.h>

#include "analyzer/model/private.h"

void ws_wake_ref(struct wake *wake)
{
	wake->refs++;
}

int ws_wake_tell(struct ws_model *model, const struct wake *wake)
{
	return model->observer.woke ? model->observer.woke(model->observer.context, &wake->pub) : 0;
}

/* The sides of queues, pipes and the like: who waits to receive needs a sender, and the other way
 * round. What is of no side ends both. */
enum side { BOTH, SENT, RECEIVED, N_SIDES };

static enum side side_of(const struct wake *wake)
{
	switch (wake->pub.op) {
	case WS_WAKE_SEND:
		return SENT;
	case WS_WAKE_RECEIVE:
		return RECEIVED;
	default:
		return BOTH;
	}
}

/* True if msgrcv(2) for `wanted` takes a message of type `sent`; 0 is one that is not known. */
static bool type_matches(int64_t wanted, int64_t sent)
{
	if (wanted == 0 || sent == 0)
		return true;
	return wanted > 0 ? sent == wanted : sent <= -wanted;
}

/* A write goes on when something was read, and fails when the other end was closed. */
static bool is_right_for_writer(const struct wake *wake, const struct wait *wait)
{
	if (!ws_kind_is_channel(wait->object->pub.key.kind) || (wait->pub.flags & WS_WAIT_READ))
		return true;
	switch (wait->pub.outcome) {
	case WS_OUTCOME_ACQUIRED:
		return side_of(wake) == RECEIVED;
	case WS_OUTCOME_ERROR:
		return side_of(wake) == BOTH;
	default:
		return true; /* it is not over yet */
	}
}

/* False if it cannot be what a wait on this object was for. */
static bool concerns(const struct wake *wake, const struct wait *wait, const struct other *on)
{
	bool receives = on->flags & WS_WAIT_READ;

	/* A socket is two channels: who waits at one end is let go from the other. */
	if (on->object->pub.key.kind == WS_KIND_SOCKET && wake->end == on->end)
		return false;
	if (!is_right_for_writer(wake, wait))
		return false;
	switch (side_of(wake)) {
	case SENT:
		return receives && type_matches(wait->type, wake->type);
	case RECEIVED:
		return !receives;
	default:
		break;
	}

	/* A thread does not wait for itself: this is a handler's own, within the wait. */
	if (ws_kind_is_owned(on->object->pub.key.kind) && wake->pub.thread == wait->pub.thread)
		return false;
	return !(wake->read && receives);
}

/* The object of a wait's beginning, as one of all its objects. */
static struct other own(const struct wait *wait)
{
	return (struct other){ wait->object, wait->pub.flags, wait->end };
}

bool ws_wake_concerns(const struct wake *wake, const struct wait *wait)
{
	const struct other on = own(wait);

	return concerns(wake, wait, &on);
}

void ws_wake_unref(struct ws_model *model, struct wake *wake)
{
	if (!wake || --wake->refs)
		return;
	wake->next = model->spare_wakes;
	model->spare_wakes = wake;
}

/* How many waits an operation ends at most. */
static uint32_t wake_limit(uint8_t op, uint32_t count)
{
	switch (op) {
	case WS_WAKE_BROADCAST:
	case WS_WAKE_ARRIVE:
	case WS_WAKE_UNLOCK:
	case WS_WAKE_DONE:
	case WS_WAKE_EXIT:
	case WS_WAKE_CLOSE:
	case WS_WAKE_REMOVE:
		return WS_WAKE_ALL;
	case WS_WAKE_FUTEX_WAKE:
	case WS_WAKE_FUTEX_REQUEUE:
		return count; /* none is a fair number here: all may be moved */
	default:
		return count ? count : 1;
	}
}

int ws_wake_new(struct ws_model *model, struct object *object, const struct ws_record *record,
		struct wake **ret)
{
	struct wake *wake = model->spare_wakes;

	if (wake) {
		model->spare_wakes = wake->next;
	} else {
		wake = malloc(sizeof(*wake));
		if (!wake)
			return -ENOMEM;
	}
	*wake = (struct wake){
		.pub = {
			.object = &object->pub,
			.process = record->process,
			.thread = record->thread,
			.site = WS_UNKNOWN,
			.stack = WS_UNKNOWN,
			.op = WS_WAKE_ARRIVE,
			.count = WS_WAKE_ALL,
			.at_ns = record->at_ns,
		},
		.ord = model->ord,
		.left = WS_WAKE_ALL,
		.owner = WS_UNKNOWN,
		.refs = 1,
	};
	if (record->type == WS_RECORD_WAKE) {
		wake->pub.op = record->wake.op;
		wake->pub.flags = record->wake.flags;
		wake->pub.site = record->wake.site;
		wake->seq = record->wake.seq;
		wake->end = record->wake.end;
		wake->type = record->wake.type;
		wake->read = record->wake.flags & WS_WAKE_READ;
		if (object->pub.key.kind == WS_KIND_RECORD_LOCK ||
		    object->pub.key.kind == WS_KIND_FLOCK)
			wake->owner = record->wake.owner;
		wake->left = wake_limit(record->wake.op, record->wake.count);
		wake->pub.count = wake->left;
	}
	if (object->pub.id == WS_UNKNOWN)
		object->pub.id = model->next_id++;
	*ret = wake;
	return 0;
}

static void drop(struct ws_model *model, struct object *object, struct wake *wake)
{
	DL_DELETE(object->wakes, wake);
	ws_wake_unref(model, wake);
}

void ws_wakes_trim(struct ws_model *model, struct object *object)
{
	size_t kept[N_SIDES] = { 0 };
	struct wake *wake, *older, *oldest = object->wakes;

	if (!oldest)
		return;
	/* Waits take the newest first and each takes one: older ones of their side are never
	 * reached. The one more than that is for a wait whose begin is recorded just after its
	 * wake. */
	for (wake = oldest->prev; wake; wake = older) { /* utlist: the head's prev is the tail */
		older = wake == oldest ? NULL : wake->prev;
		if (++kept[side_of(wake)] > object->n_open + 1)
			drop(model, object, wake);
	}
}

/* True if the wait is one for something to read, and nothing has come so far. */
static bool is_empty_for(const struct wait *wait)
{
	return ws_kind_is_channel(wait->object->pub.key.kind) && (wait->pub.flags & WS_WAIT_READ) &&
	       !wait->first;
}

static void give_first(struct wake *wake, struct wait *wait)
{
	wait->first = wake;
	ws_wake_ref(wake);
	if (wake->left != WS_WAKE_ALL)
		wake->left--;
}

/* What comes first to an empty pipe is what its reader waits for: what follows finds it going on,
 * even if its record of that comes later. The longest waiting reader is the first. */
static void give_to_readers(const struct object *object, struct wake *wake)
{
	struct wait *wait;

	DL_FOREACH2(object->open, wait, next_open)
	{
		if (wake->left && is_empty_for(wait) && ws_wake_concerns(wake, wait))
			give_first(wake, wait);
	}
}

/* A wake that is used up may still be what polls of the object were ended by. */
static bool is_done_with(const struct object *object, const struct wake *wake)
{
	return !wake->left && !object->polled;
}

void ws_wake_look_back(struct ws_model *model, struct wait *wait)
{
	struct object *object = wait->object;
	struct wake *wake, *next;

	DL_FOREACH_SAFE(object->wakes, wake, next)
	{
		if (!is_empty_for(wait) || wake->pub.at_ns < wait->pub.begin_ns || !wake->left ||
		    !ws_wake_concerns(wake, wait))
			continue;
		give_first(wake, wait);
		if (is_done_with(object, wake))
			drop(model, object, wake);
	}
}

/* True if the newer wake, which ends everybody, ends all that the older one could. A close of a pipe
 * does not let writers go on: what was read before it does. */
static bool is_covered_by(const struct object *object, const struct wake *older,
			  const struct wake *newer)
{
	if (side_of(newer) == BOTH)
		return !ws_kind_is_channel(object->pub.key.kind) || side_of(older) != RECEIVED;
	return side_of(older) == side_of(newer);
}

void ws_wake_offer(struct ws_model *model, struct object *object, struct wake *wake)
{
	struct wake *older, *next;

	give_to_readers(object, wake);
	if (is_done_with(object, wake))
		return;
	if (wake->left == WS_WAKE_ALL) {
		/* It ends everybody that an older one of its side could. */
		DL_FOREACH_SAFE(object->wakes, older, next)
		{
			if (is_covered_by(object, older, wake))
				drop(model, object, older);
		}
	}
	DL_APPEND(object->wakes, wake);
	ws_wake_ref(wake);
	ws_wakes_trim(model, object);
}

static bool is_poll(const struct wait *wait)
{
	return wait->object->pub.key.kind == WS_KIND_POLL;
}

/* The newest wake of the object that can have ended the wait, or NULL. */
static struct wake *newest(const struct other *on, const struct wait *wait, bool early)
{
	const struct object *object = on->object;
	struct wake *wake = object->wakes ? object->wakes->prev : NULL; /* utlist: the tail */

	while (wake && (!concerns(wake, wait, on) || (!wake->left && !is_poll(wait))))
		wake = wake == object->wakes ? NULL : wake->prev;
	if (!wake)
		return NULL;
	if (wake->ord > wait->begin_ord)
		return wake;
	if (early && wake->pub.thread != wait->pub.thread && !(is_poll(wait) && wake->polled) &&
	    wake->pub.at_ns + (wake->pub.op == WS_WAKE_EXIT ? WS_LATE_WINDOW_NS : WS_EARLY_WINDOW_NS) >=
		    wait->pub.begin_ns)
		return wake;
	return NULL;
}

/* A joined thread is the waker whether its exit was recorded or not. */
static bool is_exit_of(const struct wake *wake, const struct object *object)
{
	return wake->pub.thread == (uint32_t)object->pub.key.offset;
}

/* What was not recorded, but is known: by whom. NULL: out of memory, or it is not known. */
static struct wake *known_by(struct ws_model *model, struct object *object, uint32_t thread,
			     uint8_t op)
{
	struct ws_record record = { .at_ns = model->now_ns,
				    .process = WS_UNKNOWN,
				    .thread = thread };
	struct wake *wake;

	if (thread == WS_UNKNOWN || ws_wake_new(model, object, &record, &wake) < 0)
		return NULL;
	wake->pub.op = op;
	wake->complete = true;
	return wake;
}

static struct wake *take_exit(struct ws_model *model, struct object *object)
{
	struct wake *wake = object->wakes ? object->wakes->prev : NULL;

	if (wake && is_exit_of(wake, object)) {
		ws_wake_ref(wake);
		return wake;
	}
	return known_by(model, object, (uint32_t)object->pub.key.offset, WS_WAKE_EXIT);
}

/* Keeps the newer one of *best and what the object has for the wait, with whose it is. */
static void newer(const struct other *on, const struct wait *wait, bool early, struct wake **best,
		  struct object **owner)
{
	struct wake *wake = newest(on, wait, early);

	if (wake && (!*best || wake->ord > (*best)->ord)) {
		*best = wake;
		*owner = on->object;
	}
}

/* The newest wake of all the wait's objects, or of the one that ended it. */
static struct wake *newest_of_all(const struct wait *wait, bool early, struct object **owner)
{
	const struct other on = own(wait);
	struct wake *wake = NULL;

	if (wait->ender > 0) {
		newer(&wait->others[wait->ender - 1], wait, early, &wake, owner);
		return wake;
	}
	newer(&on, wait, early, &wake, owner);
	if (wait->moved_to) {
		const struct other moved = { wait->moved_to, wait->pub.flags, wait->end };

		newer(&moved, wait, early, &wake, owner);
	}
	for (size_t i = 0; i < wait->n_others && wait->ender < 0; i++)
		newer(&wait->others[i], wait, early, &wake, owner);
	return wake;
}

struct wake *ws_wake_take(struct ws_model *model, struct wait *wait)
{
	struct object *object = wait->object;
	struct wake *wake = NULL;

	if (object->pub.key.kind == WS_KIND_THREAD)
		return take_exit(model, object);
	if (object->pub.key.kind == WS_KIND_PROCESS)
		return known_by(model, object, wait->said, WS_WAKE_EXIT);
	if (wait->first) {
		ws_wake_ref(wait->first);
		return wait->first;
	}
	wake = newest_of_all(wait, false, &object);
	if (!wake)
		wake = newest_of_all(wait, true, &object);
	if (!wake)
		return known_by(model, object, wait->said, WS_WAKE_SEND);
	ws_wake_ref(wake);
	if (is_poll(wait))
		wake->polled = true;
	else if (wake->left != WS_WAKE_ALL && --wake->left == 0 && !object->polled)
		drop(model, object, wake);
	return wake;
}

int ws_wake_complete(struct ws_model *model, struct wake *wake)
{
	struct wait *wait, *next;
	int r = 0;

	if (wake->complete)
		return 0;
	wake->complete = true;
	if (model->observer.wake)
		r = model->observer.wake(model->observer.context, &wake->pub);
	ws_wake_ref(wake); /* the last wait may hold the last reference */
	DL_FOREACH_SAFE2(wake->ended, wait, next, next_state)
	{
		int w;

		DL_DELETE2(wake->ended, wait, prev_state, next_state);
		w = ws_wait_hand_out(model, wait);
		if (r == 0)
			r = w;
	}
	ws_wake_unref(model, wake);
	return r;
}

int ws_wake_pend(struct ws_model *model, struct thread *thread, struct wake *wake)
{
	int r = 0;

	if (thread->n_pending == WS_PENDING_MAX) {
		struct wake *oldest = thread->pending[0];

		for (size_t i = 1; i < WS_PENDING_MAX; i++)
			thread->pending[i - 1] = thread->pending[i];
		thread->n_pending--;
		r = ws_wake_complete(model, oldest);
		ws_wake_unref(model, oldest);
	}
	ws_wake_ref(wake);
	thread->pending[thread->n_pending++] = wake;
	return r;
}
