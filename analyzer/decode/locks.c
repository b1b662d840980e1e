/* SPDX-License-Identifier: MIT */
/* locks.c: events of locks that threads hold, take in an order, take so often, or misuse. */
#include "analyzer/decode/state.h"

/* A lock as an event describes it: which, of a record lock which bytes, and where it is taken. */
struct described {
	uint8_t kind;
	uint64_t object, other, start, length, site;
	uint32_t stack;
};

static int describe(struct ws_decode *d, const struct ws_raw *raw, uint32_t process,
		    const struct described *from, struct ws_object_key *object, uint32_t *data,
		    uint32_t *site, uint32_t *stack)
{
	int r = ws_decode_event_object(d, process, from->kind, from->object, from->other,
				       raw->at_ns, object, data);

	if (from->kind == WS_KIND_RECORD_LOCK) {
		object->offset = from->start;
		object->length = from->length;
	}
	if (!r)
		r = ws_decode_code(d, process, from->site, site);
	return r ? r : ws_decode_stack(d, process, from->stack, stack);
}

/* The three events name these alike. */
#define DESCRIBED(e)                                                                               \
	&(struct described)                                                                        \
	{                                                                                          \
		(e)->kind, (e)->object, (e)->other, (e)->start, (e)->length, (e)->site, (e)->stack \
	}

int ws_decode_wait_held(struct ws_decode *d, const struct ws_raw *raw, uint32_t process,
			struct ws_record *record)
{
	const struct ws_ev_wait_held *e = &raw->wait_held;

	record->held.seq = e->seq;
	record->held.flags = e->flags;
	return describe(d, raw, process, DESCRIBED(e), &record->held.object, &record->held.data,
			&record->held.site, &record->held.stack);
}

int ws_decode_lock_edge(struct ws_decode *d, const struct ws_raw *raw, uint32_t process,
			struct ws_record *record)
{
	const struct ws_ev_lock_edge *e = &raw->lock_edge;

	record->lock.seq = e->seq;
	record->lock.flags = e->flags;
	record->lock.held = e->held;
	record->lock.segment = e->segment;
	record->lock.syncs = e->syncs;
	record->lock.locks = e->locks;
	return describe(d, raw, process, DESCRIBED(e), &record->lock.object, &record->lock.data,
			&record->lock.site, &record->lock.stack);
}

int ws_decode_lock_held(struct ws_decode *d, const struct ws_raw *raw, uint32_t process,
			struct ws_record *record)
{
	const struct ws_ev_lock_held *e = &raw->lock_held;

	record->lock.seq = e->seq;
	record->lock.flags = e->flags;
	return describe(d, raw, process, DESCRIBED(e), &record->lock.object, &record->lock.data,
			&record->lock.site, &record->lock.stack);
}

int ws_decode_lock_stats(struct ws_decode *d, const struct ws_raw *raw, uint32_t process,
			 struct ws_record *record)
{
	const struct ws_ev_lock_stats *e = &raw->lock_stats;
	int r = ws_decode_event_object(d, process, e->kind, e->object, 0, raw->at_ns,
				       &record->lock_stats.object, &record->lock_stats.data);

	record->lock_stats.acquired = e->acquired;
	record->lock_stats.failed = e->failed;
	return r ? r : ws_decode_code(d, process, e->site, &record->lock_stats.site);
}

int ws_decode_misuse(struct ws_decode *d, const struct ws_raw *raw, uint32_t process,
		     struct ws_record *record)
{
	const struct ws_ev_misuse *e = &raw->misuse;
	int r;

	record->misuse.what = e->what;
	record->misuse.flags = e->flags;
	r = ws_decode_event_object(d, process, e->kind, e->object, e->other, raw->at_ns,
				   &record->misuse.object, &record->misuse.data);
	if (!r && e->kind == WS_KIND_COND && e->other)
		ws_decode_object(d, process, WS_KIND_MUTEX, e->other, 0, &record->misuse.mutex);
	if (!r)
		r = ws_decode_code(d, process, e->site, &record->misuse.site);
	if (!r)
		r = ws_decode_stack(d, process, e->stack, &record->misuse.stack);
	if (!r)
		r = ws_decode_code(d, process, e->call, &record->misuse.call);
	return r ? r
		 : ws_decode_event_holder(d, process,
					  record->misuse.object.process == process &&
						  e->what != WS_MISUSE_FORK_HOLDING,
					  raw->at_ns, e->holder, e->holder_site, e->holder_stack,
					  &record->misuse.holder);
}
