/* SPDX-License-Identifier: MIT */
/* calls.c: calls that never ended and that the recorder tells of, put among the events as waits that
 * began at their time. */
#include <errno.h>
#include <stdlib.h>

#include "analyzer/base/grow.h"
#include "analyzer/decode/state.h"

/* Their waits are the last of their threads. */
#define LAST_SEQ UINT32_MAX

static int by_time(const void *a, const void *b)
{
	const struct ws_raw *x = a, *y = b;

	if (x->at_ns != y->at_ns)
		return x->at_ns < y->at_ns ? -1 : 1;
	return x->common.tid < y->common.tid ? -1 : x->common.tid > y->common.tid;
}

static int add(struct ws_decode *d, uint16_t origin, const struct ws_run_call *call,
	       int64_t shift_ns)
{
	uint64_t at_ns = call->begin_ns + (uint64_t)shift_ns;

	if (ws_grow(&d->calls, &d->calls_capacity, d->n_calls + 1))
		return -ENOMEM;
	d->calls[d->n_calls++] = (struct ws_raw){
		.at_ns = at_ns,
		.type = WS_RAW_wait_begin,
		.origin = origin,
		.wait_begin = {
			.pid = call->pid,
			.tid = call->tid,
			.seq = LAST_SEQ,
			.kind = call->kind,
			.flags = call->flags | WS_WAIT_ANNOUNCED,
			.object = call->object,
			.other = call->other,
			.site = call->site,
			.begin_ns = at_ns,
		},
	};
	return 0;
}

int ws_decode_add_calls(struct ws_decode *d, uint32_t dir, const struct ws_run_call *calls,
			size_t n)
{
	const struct ws_tables *t = &d->store->tables;
	int r = 0;

	for (size_t i = 0; i < n && !r; i++) {
		if (!t->n_recordings && dir == 0)
			r = add(d, 0, &calls[i], 0);
		for (size_t o = 0; o < t->n_recordings && !r; o++)
			if (t->recordings[o].dir == dir)
				r = add(d, (uint16_t)o, &calls[i], d->shifts_ns[o]);
	}
	if (d->n_calls)
		qsort(d->calls, d->n_calls, sizeof(*d->calls), by_time);
	return r;
}

bool ws_decode_next_call(struct ws_decode *d, uint64_t before_ns, const struct ws_raw **ret)
{
	while (d->next_call < d->n_calls && d->calls[d->next_call].at_ns <= before_ns) {
		const struct ws_raw *call = &d->calls[d->next_call++];

		/* Only a process that is alive then: it may have been another's number before. */
		d->origin = call->origin;
		if (ws_decode_process_now(d, call->common.pid) == WS_UNKNOWN)
			continue;
		*ret = call;
		return true;
	}
	return false;
}
