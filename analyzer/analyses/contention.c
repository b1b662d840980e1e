/* SPDX-License-Identifier: MIT */
/* contention.c: collects the waits by who waited where, and for whom. */
#include "analyzer/analyses/contention.h"

#include <errno.h>
#include <stdlib.h>

#include "analyzer/analyses/groups.h"

int ws_contention_new(const struct ws_filter *filter, struct ws_contention **ret)
{
	struct ws_contention *contention = calloc(1, sizeof(*contention));

	if (!contention)
		return -ENOMEM;
	contention->filter = *filter;
	*ret = contention;
	return 0;
}

void ws_contention_free(struct ws_contention *contention)
{
	struct waiter *waiter, *next_waiter;
	struct link *link, *next_link;
	struct releaser *releaser, *next_releaser;
	struct flow *flow, *next_flow;

	if (!contention)
		return;
	HASH_ITER(hh, contention->waiters, waiter, next_waiter) {
		HASH_DEL(contention->waiters, waiter);
		ws_histogram_free(&waiter->waits);
		ws_histogram_free(&waiter->unended);
		free(waiter);
	}
	HASH_ITER(hh, contention->links, link, next_link) {
		HASH_DEL(contention->links, link);
		ws_histogram_free(&link->waits);
		free(link);
	}
	HASH_ITER(hh, contention->flows, flow, next_flow) {
		HASH_DEL(contention->flows, flow);
		free(flow);
	}
	HASH_ITER(hh, contention->releasers, releaser, next_releaser) {
		HASH_DEL(contention->releasers, releaser);
		free(releaser);
	}
	free(contention);
}

void ws_contention_begin(struct ws_contention *contention, uint64_t begin_ns)
{
	contention->begin_ns = begin_ns;
}

static int get_waiter(struct ws_contention *contention, const struct ws_wait *wait,
		      struct waiter **ret)
{
	struct waiter_key key = { wait->object->id, wait->thread, wait->site, wait->stack };
	struct waiter *waiter;

	HASH_FIND(hh, contention->waiters, &key, sizeof(key), waiter);
	if (!waiter) {
		waiter = calloc(1, sizeof(*waiter));
		if (!waiter)
			return -ENOMEM;
		waiter->key = key;
		waiter->id = contention->n_waiters++;
		waiter->process = wait->process;
		waiter->object = wait->object;
		waiter->reads = wait->flags & WS_WAIT_READ;
		waiter->opens = wait->flags & WS_WAIT_OPENS;
		HASH_ADD(hh, contention->waiters, key, sizeof(waiter->key), waiter);
		if (!waiter->hh.tbl) {
			free(waiter);
			return -ENOMEM;
		}
	}
	*ret = waiter;
	return 0;
}

static int add_link(struct ws_contention *contention, const struct waiter *waiter, enum role role,
		    const struct ws_holder *who, uint64_t ns)
{
	struct link_key key = { waiter->id, role, who->thread, who->site, who->stack };
	struct link *link;

	HASH_FIND(hh, contention->links, &key, sizeof(key), link);
	if (!link) {
		link = calloc(1, sizeof(*link));
		if (!link)
			return -ENOMEM;
		link->key = key;
		link->waiter = waiter;
		HASH_ADD(hh, contention->links, key, sizeof(link->key), link);
		if (!link->hh.tbl) {
			free(link);
			return -ENOMEM;
		}
	}
	return ws_histogram_add(&link->waits, ns);
}

static int add_charges(struct ws_contention *contention, const struct waiter *waiter,
		       const struct ws_wait *wait)
{
	for (size_t i = 0; i < wait->n_charges; i++) {
		const struct ws_charge *charge = &wait->charges[i];
		int r;

		/* A holder for no time at all says nothing, unless it is all there is. */
		if (!charge->ns && wait->n_charges > 1)
			continue;
		r = add_link(contention, waiter, ROLE_HOLDER, &charge->holder, charge->ns);
		if (r < 0)
			return r;
	}
	return 0;
}

/* True if the wait ended by what somebody did, known or not. */
static bool was_ended(const struct ws_wait *wait)
{
	return wait->state == WS_WAIT_LOST ||
	       (wait->state == WS_WAIT_ENDED &&
		(wait->outcome == WS_OUTCOME_ACQUIRED || wait->outcome == WS_OUTCOME_REMOVED));
}

static int take_wait(void *context, const struct ws_wait *wait)
{
	struct ws_contention *contention = context;
	uint64_t ns = wait->end_ns - wait->begin_ns;
	struct ws_holder who = { WS_UNKNOWN, WS_UNKNOWN, WS_UNKNOWN };
	bool owned = ws_kind_is_owned(wait->object->key.kind);
	struct waiter *waiter;
	int r;

	if (!ws_filter_wait(&contention->filter, contention->begin_ns, wait))
		return 0;
	r = get_waiter(contention, wait, &waiter);
	if (r == 0)
		r = ws_histogram_add(&waiter->waits, ns);
	if (r < 0)
		return r;
	if (wait->state == WS_WAIT_OPEN)
		waiter->open++;
	else if (wait->state == WS_WAIT_LOST)
		waiter->lost++;
	else if (wait->outcome < WS_OUTCOME_COUNT)
		waiter->outcomes[wait->outcome]++;
	if (owned)
		r = add_charges(contention, waiter, wait);
	if (r < 0)
		return r;
	if (wait->last != WS_UNKNOWN && !wait->waker) {
		who.thread = wait->last;
		r = add_link(contention, waiter, ROLE_LAST, &who, ns);
		who.thread = WS_UNKNOWN;
		if (r < 0)
			return r;
	}
	if (wait->waker) {
		who = (struct ws_holder){ wait->waker->thread, wait->waker->site,
					  wait->waker->stack };
		return add_link(contention, waiter, ROLE_WAKER, &who, ns);
	}
	if (owned || wait->object->key.kind == WS_KIND_SLEEP)
		return 0;
	if (was_ended(wait) || wait->uncertain)
		return add_link(contention, waiter, ROLE_WAKER, &who, ns);
	/* A timeout, a signal, an error: nobody let it go on. */
	return wait->state == WS_WAIT_OPEN ? ws_histogram_add(&waiter->unended, ns) : 0;
}

static int take_wake(void *context, const struct ws_wake *wake)
{
	struct ws_contention *contention = context;
	struct waiter_key key = { wake->object->id, wake->thread, wake->site, wake->stack };
	struct releaser *releaser;

	if (ws_kind_is_owned(wake->object->key.kind))
		return 0; /* its waits are charged to holders, open or not */
	HASH_FIND(hh, contention->releasers, &key, sizeof(key), releaser);
	if (releaser)
		return 0;
	releaser = calloc(1, sizeof(*releaser));
	if (!releaser)
		return -ENOMEM;
	releaser->key = key;
	releaser->process = wake->process;
	HASH_ADD(hh, contention->releasers, key, sizeof(releaser->key), releaser);
	if (!releaser->hh.tbl) {
		free(releaser);
		return -ENOMEM;
	}
	return 0;
}

static int take_transfer(void *context, const struct ws_transfer *transfer)
{
	struct ws_contention *contention = context;
	struct flow_key key = { transfer->object->id, transfer->process };
	struct flow *flow;

	HASH_FIND(hh, contention->flows, &key, sizeof(key), flow);
	if (!flow) {
		flow = calloc(1, sizeof(*flow));
		if (!flow)
			return -ENOMEM;
		flow->key = key;
		HASH_ADD(hh, contention->flows, key, sizeof(flow->key), flow);
		if (!flow->hh.tbl) {
			free(flow);
			return -ENOMEM;
		}
	}
	flow->ends |= transfer->ends;
	flow->bytes_in += transfer->bytes_in;
	flow->bytes_out += transfer->bytes_out;
	flow->calls_in += transfer->calls_in;
	flow->calls_out += transfer->calls_out;
	if (transfer->priority_low &&
	    (!flow->priority_low || transfer->priority_low < flow->priority_low))
		flow->priority_low = transfer->priority_low;
	if (transfer->priority_high > flow->priority_high)
		flow->priority_high = transfer->priority_high;
	if (transfer->fill > flow->fill)
		flow->fill = transfer->fill;
	if (transfer->room > flow->room)
		flow->room = transfer->room;
	flow->until_ns = transfer->at_ns;
	return 0;
}

struct ws_model_observer ws_contention_observer(struct ws_contention *contention)
{
	return (struct ws_model_observer){
		.context = contention,
		.wait = take_wait,
		.wake = take_wake,
		.transfer = take_transfer,
	};
}
