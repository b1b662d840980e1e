/* SPDX-License-Identifier: MIT */
/* owned.c: charges waits for owned objects to their holders; the rules are in model.h. */
#include <errno.h>
#include <stdlib.h>

#include "analyzer/base/grow.h"
#include "analyzer/model/private.h"

static const struct ws_holder nobody = { WS_UNKNOWN, WS_UNKNOWN, WS_UNKNOWN };

static bool holder_is_same(const struct ws_holder *a, const struct ws_holder *b)
{
	return a->thread == b->thread && a->site == b->site && a->stack == b->stack;
}

/* Where the wait's last piece ends. */
static uint64_t pieces_end(const struct wait *wait)
{
	return wait->n_pieces ? wait->pieces[wait->n_pieces - 1].to_ns : wait->pub.begin_ns;
}

/* The span is for that holder, and nobody else: what was said of it before is forgotten. */
static int piece(struct wait *wait, const struct ws_holder *holder, uint64_t from_ns, uint64_t to_ns)
{
	struct ws_piece *last;

	while (pieces_end(wait) > from_ns) {
		uint64_t before_ns = wait->n_pieces > 1 ? wait->pieces[wait->n_pieces - 2].to_ns
							: wait->pub.begin_ns;

		if (before_ns < from_ns) {
			wait->pieces[wait->n_pieces - 1].to_ns = from_ns;
			break;
		}
		wait->n_pieces--;
	}
	if (to_ns <= pieces_end(wait))
		return 0;
	last = wait->n_pieces ? &wait->pieces[wait->n_pieces - 1] : NULL;
	if (last && holder_is_same(&last->holder, holder)) {
		last->to_ns = to_ns;
		return 0;
	}
	if (wait->n_pieces == WS_PIECES_MAX) {
		last->holder = nobody;
		last->to_ns = to_ns;
		return 0;
	}
	if (ws_grow(&wait->pieces, &wait->pieces_size, wait->n_pieces + 1))
		return -ENOMEM;
	wait->pieces[wait->n_pieces++] = (struct ws_piece){ *holder, to_ns };
	return 0;
}

/* Adds to the charge of that holder, so that a wait has as many charges as distinct holders. */
static int charge(struct wait *wait, const struct ws_holder *holder, uint64_t from_ns, uint64_t to_ns)
{
	uint64_t ns = to_ns - from_ns;

	if (piece(wait, holder, from_ns, to_ns) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < wait->n_charges; i++) {
		if (holder_is_same(&wait->charges[i].holder, holder)) {
			wait->charges[i].ns += ns;
			return 0;
		}
	}
	if (wait->n_charges == wait->charges_size) {
		size_t size = wait->charges_size ? 2 * wait->charges_size : 4;
		struct ws_charge *grown = realloc(wait->charges, size * sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		wait->charges = grown;
		wait->charges_size = size;
	}
	wait->charges[wait->n_charges++] = (struct ws_charge){ *holder, ns };
	return 0;
}

/* What one source does not know of the same hold, the other may. */
static struct ws_holder merged(const struct ws_holder *first, const struct ws_holder *second)
{
	struct ws_holder holder = *first;

	if (first->thread != second->thread)
		return holder;
	if (holder.site == WS_UNKNOWN)
		holder.site = second->site;
	if (holder.stack == WS_UNKNOWN && holder.site == second->site)
		holder.stack = second->stack;
	return holder;
}

int ws_owned_named(struct wait *wait, const struct ws_holder *holder)
{
	struct named_holder *grown;

	if (holder->thread == WS_UNKNOWN)
		return 0;
	for (size_t i = 0; i < wait->n_named; i++) {
		if (wait->named[i].who.thread == holder->thread)
			return 0; /* one thread may hold a read lock several times */
	}
	grown = realloc(wait->named, (wait->n_named + 1) * sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	wait->named = grown;
	wait->named[wait->n_named++] = (struct named_holder){ *holder, false };
	return 0;
}

int ws_owned_begin(struct wait *wait, const struct ws_holder *holder)
{
	wait->cursor_ns = wait->pub.begin_ns;
	wait->last_releaser = nobody;
	return ws_owned_named(wait, holder);
}

static struct named_holder *find_named(struct wait *wait, uint32_t thread)
{
	for (size_t i = 0; i < wait->n_named; i++) {
		if (wait->named[i].who.thread == thread)
			return &wait->named[i];
	}
	return NULL;
}

int ws_owned_release(struct wait *wait, struct wake *wake, const struct ws_holder *holder,
		     uint64_t at_ns)
{
	struct named_holder *named = find_named(wait, holder->thread);
	uint64_t from_ns = wait->cursor_ns;
	struct ws_holder who = *holder;

	/* Locks of processes: the kernel names the process, the release its thread. */
	if (!named && wake->owner != WS_UNKNOWN)
		named = find_named(wait, wake->owner);

	if (at_ns < from_ns)
		at_ns = from_ns;
	/* The first release is of who held it when the wait began, named or not. */
	if (wait->n_named ? !named || named->released : wait->last_release_ord != 0)
		wait->pub.overtaken++;
	/* The hold that was named is the one that ends only at this thread's first release. */
	if (named && !named->released) {
		if (named->who.thread == holder->thread)
			who = merged(holder, &named->who);
		if (wait->n_named > 1)
			from_ns = wait->pub.begin_ns; /* several readers */
		named->released = true;
	}
	wait->last_releaser = who;
	wait->cursor_ns = at_ns;
	wait->last_release_ord = wake->ord;
	return charge(wait, &who, from_ns, at_ns);
}

/* Several readers: those whose release was not seen hold to the end. */
static int charge_unreleased(struct wait *wait, bool *any)
{
	*any = false;
	if (wait->n_named < 2)
		return 0;
	for (size_t i = 0; i < wait->n_named; i++) {
		const struct named_holder *named = &wait->named[i];
		int r;

		if (named->released)
			continue;
		*any = true;
		r = charge(wait, &named->who, wait->pub.begin_ns, wait->pub.end_ns);
		if (r < 0)
			return r;
	}
	return 0;
}

bool ws_owned_is_released(const struct wait *wait)
{
	if (!wait->last_release_ord)
		return false;
	/* Released before its record was made, and held by somebody else when it was. */
	return wait->last_release_ord > wait->begin_ord || !wait->n_named ||
	       wait->named[0].released;
}

static int charge_rest(struct wait *wait, const struct ws_holder *end_holder)
{
	bool acquired = wait->pub.outcome == WS_OUTCOME_ACQUIRED;
	const struct object *object = wait->object;
	const struct ws_holder *who = &nobody;

	if (!ws_owned_is_released(wait)) {
		if (wait->n_named)
			who = &wait->named[0].who;
		else if (end_holder->thread != WS_UNKNOWN)
			who = end_holder;
	} else if (acquired) {
		who = &wait->last_releaser;
	} else if (end_holder->thread != WS_UNKNOWN) {
		who = end_holder;
	} else if (object->acquirer.thread != WS_UNKNOWN &&
		   object->acquirer_ord > wait->last_release_ord) {
		who = &object->acquirer;
	}
	return charge(wait, who, wait->cursor_ns, wait->pub.end_ns);
}

int ws_owned_end(struct wait *wait, const struct ws_holder *holder)
{
	bool any;
	int r;

	if (wait->pub.end_ns < wait->cursor_ns)
		wait->pub.end_ns = wait->cursor_ns;
	if (wait->pub.uncertain || wait->pub.state == WS_WAIT_LOST) {
		wait->n_charges = 0;
		wait->n_pieces = 0;
		return charge(wait, &nobody, wait->pub.begin_ns, wait->pub.end_ns);
	}
	r = charge_unreleased(wait, &any);
	if (r < 0 || any)
		return r;
	return charge_rest(wait, holder ? holder : &nobody);
}
