/* SPDX-License-Identifier: MIT */
/* past.c: see past.h. */
#include "analyzer/analyses/past.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/base/grow.h"
#include "analyzer/base/spill.h"

/* What is known of an object for its waits that nobody is known to have ended. */
struct about {
	const struct ws_object *object; /* Weak: owned by the model; NULL: in no wait so far */
	uint32_t waker;   /* thread of its first wake, or WS_UNKNOWN */
	uint32_t process; /* first that moved something through it, or WS_UNKNOWN */
	bool wakers;      /* more threads woke there */
	bool processes;   /* more processes moved something through it */
};

struct ws_past {
	struct ws_filter filter;
	uint64_t first_ns; /* time of the first record */
	bool begun;
	uint64_t latest_ns; /* the latest end so far */
	struct ws_spill *spill; /* Owned by this */
	struct about *objects;  /* Owned by this: by id */
	size_t n_objects, objects_size;
	int error; /* the waits could not be kept */
	struct ws_past_wait popped;
};

/* Decided only when all is known; see ws_past_pop. */
#define MAYBE_OUTSIDE WS_CAUSE_COUNT

_Static_assert(sizeof(struct ws_past_wait) + (WS_PIECES_MAX + 1) * sizeof(struct ws_past_piece) <
		       WS_SPILL_ENTRY_MAX, "an entry of the stack holds any wait");

int ws_past_new(const struct ws_filter *filter, struct ws_past **ret)
{
	struct ws_past *past = calloc(1, sizeof(*past));

	if (!past || ws_spill_new(&past->spill) < 0) {
		free(past);
		return -ENOMEM;
	}
	past->filter = *filter;
	*ret = past;
	return 0;
}

void ws_past_free(struct ws_past *past)
{
	if (!past)
		return;
	ws_spill_free(past->spill);
	free(past->objects);
	free(past);
}

static int about(struct ws_past *past, const struct ws_object *object, struct about **ret)
{
	uint32_t id = object->id;

	if (id >= past->n_objects) {
		if (ws_grow(&past->objects, &past->objects_size, (size_t)id + 1))
			return -ENOMEM;
		while (past->n_objects <= id)
			past->objects[past->n_objects++] =
				(struct about){ NULL, WS_UNKNOWN, WS_UNKNOWN, false, false };
	}
	*ret = &past->objects[id];
	return 0;
}

static int take_record(void *context, const struct ws_record *record)
{
	struct ws_past *past = context;

	if (!past->begun)
		past->first_ns = record->at_ns;
	past->begun = true;
	return 0;
}

/* Those who would have to be seen at the other side, if they were recorded. */
static bool can_be_outside(const struct ws_wait *wait)
{
	uint8_t kind = ws_object_polled(wait->object)->key.kind;

	if (kind == WS_KIND_SIGNAL || kind == WS_KIND_PROCESS)
		return wait->state == WS_WAIT_ENDED;
	return ws_kind_is_channel(kind);
}

static uint8_t cause_without_waker(const struct ws_wait *wait)
{
	if (wait->uncertain || wait->state == WS_WAIT_LOST)
		return WS_CAUSE_UNKNOWN;
	if (wait->object->key.kind == WS_KIND_SLEEP || wait->outcome == WS_OUTCOME_TIMEOUT)
		return WS_CAUSE_TIME;
	if (wait->outcome == WS_OUTCOME_INTERRUPTED || wait->outcome == WS_OUTCOME_CANCELLED)
		return WS_CAUSE_UNKNOWN;
	return can_be_outside(wait) ? MAYBE_OUTSIDE : WS_CAUSE_UNKNOWN;
}

/* The thread that a join is for that never returned, or WS_UNKNOWN. */
static uint32_t open_join(const struct ws_wait *wait)
{
	const struct ws_object_key *key = &wait->object->key;

	if (key->kind != WS_KIND_THREAD || key->process != WS_UNKNOWN || wait->uncertain ||
	    wait->state != WS_WAIT_OPEN || key->offset >= WS_UNKNOWN)
		return WS_UNKNOWN;
	return (uint32_t)key->offset;
}

static uint64_t within(const struct ws_wait *wait, uint64_t at_ns)
{
	if (at_ns < wait->begin_ns)
		return wait->begin_ns;
	return at_ns > wait->end_ns ? wait->end_ns : at_ns;
}

/* The pieces of the wait up to where it was let go. Returns how many. */
static size_t cut_pieces(const struct ws_wait *wait, uint64_t woken_ns, struct ws_past_piece *to)
{
	size_t n = 0;

	for (size_t i = 0; i < wait->n_pieces; i++) {
		uint64_t to_ns = wait->pieces[i].to_ns;

		to[n++] = (struct ws_past_piece){ to_ns < woken_ns ? to_ns : woken_ns,
						  wait->pieces[i].holder, 0 };
		if (to_ns >= woken_ns)
			break;
	}
	return n;
}

static bool passes(const struct ws_past *past, const struct ws_wait *wait)
{
	const struct ws_filter *filter = &past->filter;

	if (wait->end_ns - wait->begin_ns < filter->min_wait_ns)
		return false;
	if (filter->kinds && !(filter->kinds & (1u << wait->object->key.kind)))
		return false;
	if (filter->from_ns && wait->end_ns - past->first_ns <= filter->from_ns)
		return false;
	return wait->begin_ns - past->first_ns < filter->to_ns;
}

static int take_wait(void *context, const struct ws_wait *wait)
{
	struct ws_past *past = context;
	bool owned = ws_kind_is_owned(wait->object->key.kind);
	uint32_t joined = open_join(wait);
	size_t n_pieces = owned ? wait->n_pieces : wait->waker || joined != WS_UNKNOWN ? 1 : 0;
	struct ws_past_piece *pieces;
	struct ws_past_wait *kept;
	struct about *object;
	void *entry;
	int r;

	if (past->error)
		return 0;
	r = about(past, wait->object, &object);
	if (r < 0)
		return r;
	object->object = wait->object;
	if (wait->end_ns <= wait->begin_ns)
		return 0;
	if (wait->uncertain)
		n_pieces = 0;
	r = ws_spill_push(past->spill, n_pieces * sizeof(*pieces) + sizeof(*kept), &entry);
	if (r < 0) {
		past->error = r;
		return 0;
	}
	pieces = entry;
	kept = (struct ws_past_wait *)(pieces + n_pieces);
	if (wait->end_ns > past->latest_ns)
		past->latest_ns = wait->end_ns;
	*kept = (struct ws_past_wait){
		.latest_ns = past->latest_ns,
		.begin_ns = wait->begin_ns,
		.end_ns = wait->end_ns,
		.woken_ns = wait->waker ? within(wait, wait->waker->at_ns) : wait->end_ns,
		.thread = wait->thread,
		.object = wait->object->id,
		.site = wait->site,
		.stack = wait->stack,
		.flags = wait->flags,
		.counts = passes(past, wait),
		.cut = owned && wait->n_pieces == WS_PIECES_MAX,
		.by_itself = owned && wait->state == WS_WAIT_ENDED &&
			     wait->outcome != WS_OUTCOME_ACQUIRED,
	};
	if (!n_pieces) {
		kept->cause = cause_without_waker(wait);
		kept->woken_ns = wait->end_ns;
	} else if (owned) {
		kept->n_pieces = (uint32_t)cut_pieces(wait, kept->woken_ns, pieces);
		/* They stand right before it. */
		memmove(pieces + (n_pieces - kept->n_pieces), pieces,
			kept->n_pieces * sizeof(*pieces));
		if (pieces[n_pieces - kept->n_pieces].whom.thread == wait->measured)
			kept->ran = wait->ran;
	} else if (joined != WS_UNKNOWN) {
		pieces[0] = (struct ws_past_piece){
			wait->end_ns, { joined, WS_UNKNOWN, WS_UNKNOWN }, 0
		};
		kept->n_pieces = 1;
	} else {
		pieces[0] = (struct ws_past_piece){
			kept->woken_ns,
			{ wait->waker->thread, wait->waker->site, wait->waker->stack },
			0,
		};
		kept->n_pieces = 1;
		/* Its own signal handler's doing: what sent the signal is not known. */
		if (wait->waker->thread == wait->thread) {
			kept->n_pieces = 0;
			kept->cause = WS_CAUSE_UNKNOWN;
			kept->woken_ns = wait->end_ns;
		}
	}
	return 0;
}

static int take_wake(void *context, const struct ws_wake *wake)
{
	struct about *object;
	int r = about(context, wake->object, &object);

	if (r < 0)
		return r;
	if (object->waker == WS_UNKNOWN)
		object->waker = wake->thread;
	else if (object->waker != wake->thread)
		object->wakers = true;
	return 0;
}

static int take_transfer(void *context, const struct ws_transfer *transfer)
{
	struct about *object;
	int r = about(context, transfer->object, &object);

	if (r < 0)
		return r;
	if (object->process == WS_UNKNOWN)
		object->process = transfer->process;
	else if (object->process != transfer->process)
		object->processes = true;
	return 0;
}

struct ws_model_observer ws_past_observer(struct ws_past *past)
{
	return (struct ws_model_observer){
		.context = past,
		.types = WS_RECORD_FIRST,
		.record = take_record,
		.wait = take_wait,
		.wake = take_wake,
		.transfer = take_transfer,
	};
}

int ws_past_error(const struct ws_past *past)
{
	return past->error;
}

/* Nobody else of those that are recorded was ever seen there. */
static bool is_outside(const struct ws_past *past, const struct ws_past_wait *wait)
{
	const struct about *object = &past->objects[wait->object];
	const struct ws_object *polled = ws_object_polled(object->object);

	if (polled != object->object && polled->id < past->n_objects)
		object = &past->objects[polled->id];
	if (object->processes || object->wakers)
		return false;
	return object->waker == WS_UNKNOWN || object->waker == wait->thread;
}

int ws_past_pop(struct ws_past *past, const struct ws_past_wait **ret,
		const struct ws_past_piece **pieces)
{
	const char *entry;
	const void *popped;
	size_t size;
	int r = ws_spill_pop(past->spill, &popped, &size);

	if (r <= 0)
		return r;
	entry = popped;
	*ret = &past->popped;
	memcpy(&past->popped, entry + size - sizeof(past->popped), sizeof(past->popped));
	*pieces = (const struct ws_past_piece *)(const void *)(entry + size - sizeof(past->popped)) -
		  past->popped.n_pieces;
	if (past->popped.cause == MAYBE_OUTSIDE)
		past->popped.cause =
			is_outside(past, &past->popped) ? WS_CAUSE_OUTSIDE : WS_CAUSE_UNKNOWN;
	return 1;
}

const struct ws_object *ws_past_object(const struct ws_past *past, uint32_t id)
{
	return id < past->n_objects ? past->objects[id].object : NULL;
}

size_t ws_past_n_objects(const struct ws_past *past)
{
	return past->n_objects;
}
