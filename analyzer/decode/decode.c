/* SPDX-License-Identifier: MIT */
/* decode.c: see decode.h. Here events are sent to where they are understood, and waits and wakes
 * become records. */
#include "analyzer/decode/decode.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/base/grow.h"
#include "analyzer/decode/state.h"

struct ws_decode *ws_decode_new(struct ws_store *store, const struct ws_decode_sink *sink)
{
	struct ws_decode *d = calloc(1, sizeof(*d));

	if (d) {
		d->store = store;
		d->sink = sink;
	}
	return d;
}

int ws_decode_add_origin(struct ws_decode *d, const char *host, uint32_t dir, int64_t shift_ns)
{
	struct ws_tables *t = &d->store->tables;
	size_t n = t->n_recordings;
	const char *name = ws_strings_intern(d->store->strings, host);
	uint16_t number = 0;

	if (!name || ws_grow(&t->recordings, &d->store->recordings_capacity, n + 1) ||
	    ws_grow(&d->hosts, &d->hosts_capacity, n + 1) ||
	    ws_grow(&d->shifts_ns, &d->shifts_capacity, n + 1))
		return -ENOMEM;
	/* A host without a name is the host of one folder. */
	for (size_t i = 0; i < n; i++) {
		if (t->recordings[i].host == name && (*name || t->recordings[i].dir == dir)) {
			d->hosts[n] = d->hosts[i];
			break;
		}
		if (d->hosts[i] >= number)
			number = (uint16_t)(d->hosts[i] + 1);
		d->hosts[n] = number;
	}
	d->shifts_ns[n] = shift_ns;
	t->recordings[n] = (struct ws_recording){ .host = name, .dir = dir };
	t->n_recordings++;
	return 0;
}

/* Hands the batch over and gets an empty one. */
static int next_batch(struct ws_decode *d)
{
	struct ws_record_batch *batch = d->batch;
	int r = 0;

	d->batch = NULL;
	if (batch)
		r = d->sink->filled(d->sink->user, batch);
	if (!r)
		r = d->sink->empty(d->sink->user, &batch);
	if (!r)
		d->batch = batch;
	return r;
}

int ws_decode_record(struct ws_decode *d, uint8_t type, uint64_t at_ns, uint32_t process,
		     uint32_t thread, struct ws_record **record)
{
	if (!d->batch || d->batch->n == WS_RECORD_BATCH) {
		int r = next_batch(d);

		if (r)
			return r;
	}
	*record = &d->batch->records[d->batch->n++];
	memset(*record, 0, sizeof(**record));
	(*record)->at_ns = at_ns;
	(*record)->type = type;
	(*record)->process = process;
	(*record)->thread = thread;
	return 0;
}

/* Takes the last record back: it could not be completed. */
static int drop(struct ws_decode *d, int r)
{
	d->batch->n--;
	return r;
}

/* Code and stack of a holder whose thread is known already. */
static int64_t message_type(uint8_t kind, uint64_t other)
{
	return kind == WS_KIND_SYSV_MSG ? (int64_t)other : 0;
}

/* The bytes that a record lock's wait or wake is about: those of the `range` before it. */
static void set_range(struct ws_decode *d, uint32_t thread, uint32_t seq, struct ws_object_key *key)
{
	struct ws_ev_range *range = &d->threads[thread].range;

	if (key->kind != WS_KIND_RECORD_LOCK || range->seq != seq)
		return; /* lost: it may be any */
	key->offset = range->start;
	key->length = range->length;
	range->seq = 0; /* numbers begin at 1 */
}

static int on_range(struct ws_decode *d, const struct ws_raw *raw)
{
	uint32_t process, thread;
	int r = ws_decode_process(d, &raw->common, raw->at_ns, &process);

	if (!r)
		r = ws_decode_thread(d, process, raw->common.tid, raw->at_ns, &thread);
	if (!r)
		d->threads[thread].range = raw->range;
	return r;
}

static int on_wait_begin(struct ws_decode *d, const struct ws_raw *raw, uint32_t process,
			 uint32_t thread, struct ws_record *record)
{
	const struct ws_ev_wait_begin *e = &raw->wait_begin;
	int r;

	record->wait_begin.begin_ns = e->begin_ns < raw->at_ns ? e->begin_ns : raw->at_ns;
	record->wait_begin.seq = e->seq;
	record->wait_begin.flags = e->flags;
	record->wait_begin.end = e->kind == WS_KIND_SOCKET && e->other;
	record->wait_begin.type = message_type(e->kind, e->other);
	r = ws_decode_event_object(d, process, e->kind, e->object, e->other, raw->at_ns,
				   &record->wait_begin.object, &record->wait_begin.data);
	set_range(d, thread, e->seq, &record->wait_begin.object);
	if (e->kind == WS_KIND_SIGNAL && e->other)
		d->processes[process].group = e->other;
	record->wait_begin.held = e->held;
	if (e->kind == WS_KIND_SLEEP)
		record->wait_begin.object.offset = thread;
	if (!r && e->kind == WS_KIND_COND && e->other)
		ws_decode_object(d, process, WS_KIND_MUTEX, e->other, 0, &record->wait_begin.mutex);
	if (!r)
		r = ws_decode_code(d, process, e->site, &record->wait_begin.site);
	if (!r)
		r = ws_decode_stack(d, process, e->stack, &record->wait_begin.stack);
	if (!r)
		r = ws_decode_event_holder(d, process, record->wait_begin.object.process == process,
					   raw->at_ns, e->holder, e->holder_site, e->holder_stack,
					   &record->wait_begin.holder);
	return r;
}

static int on_wake(struct ws_decode *d, const struct ws_raw *raw, uint32_t process, uint32_t thread,
		   struct ws_record *record)
{
	const struct ws_ev_wake *e = &raw->wake;
	int r;

	record->wake.seq = e->seq;
	record->wake.op = e->op;
	record->wake.flags = e->flags;
	record->wake.type = message_type(e->kind, e->other);
	record->wake.count = e->count;
	record->wake.end = e->kind == WS_KIND_SOCKET && e->other;
	r = ws_decode_event_object(d, process, e->kind, e->object,
				   e->kind == WS_KIND_THREAD ? e->object : e->other, raw->at_ns,
				   &record->wake.object, &record->wake.data);
	set_range(d, thread, e->seq, &record->wake.object);
	record->wake.owner = WS_UNKNOWN;
	if (!r && (e->kind == WS_KIND_RECORD_LOCK || e->kind == WS_KIND_FLOCK))
		r = ws_decode_holder(d, process, raw->common.pid, false, raw->at_ns,
				     &record->wake.owner);
	if (!r && e->op == WS_WAKE_FUTEX_REQUEUE && e->other)
		ws_decode_object(d, process, e->kind, e->other, 0, &record->wake.target);
	if (!r)
		r = ws_decode_code(d, process, e->site, &record->wake.site);
	record->wake.hold.thread = thread;
	if (!r)
		r = ws_decode_event_hold(d, process, e->hold_site, e->hold_stack,
					 &record->wake.hold);
	return r;
}

static int on_object(struct ws_decode *d, const struct ws_raw *raw, uint32_t process,
		     struct ws_record *record)
{
	const struct ws_ev_object *e = &raw->object;
	uint64_t other = e->device;
	int r;

	record->object.op = e->op;
	record->object.value = e->value;
	record->object.device = e->op == WS_OBJECT_KEY ? e->device : 0;
	record->object.name = ws_strings_intern(d->store->strings, e->name);
	if (!record->object.name)
		return -ENOMEM;
	if (e->kind == WS_KIND_FIFO && ws_decode_fifo(d, e))
		return -ENOMEM;
	if (e->kind == WS_KIND_THREAD)
		other = e->object;
	else if (e->op == WS_OBJECT_KEY)
		other = UINT64_MAX; /* of the set, where it is one of semaphores */
	r = ws_decode_event_object(d, process, e->kind, e->object, other, raw->at_ns,
				   &record->object.object, &record->object.data);
	return r ? r : ws_decode_code(d, process, e->site, &record->object.site);
}

static int on_pipe_ends(struct ws_decode *d, const struct ws_raw *raw, uint32_t process,
			struct ws_record *record)
{
	const struct ws_ev_pipe_ends *e = &raw->pipe_ends;

	ws_decode_object(d, process, WS_KIND_PIPE, e->object, e->other, &record->reach.object);
	record->reach.ends = e->ends;
	return 0;
}

/* The process can operate on what lies in what it maps. */
static int on_map(struct ws_decode *d, const struct ws_raw *raw, uint32_t process)
{
	struct ws_record *record;
	uint32_t thread;
	int r = ws_decode_map_event(d, process, &raw->map);

	if (!r)
		r = ws_decode_thread(d, process, raw->common.tid, raw->at_ns, &thread);
	if (!r)
		r = ws_decode_record(d, WS_RECORD_REACH, raw->at_ns, process, thread, &record);
	if (r)
		return r;
	record->reach.object.dev = raw->map.dev;
	record->reach.object.ino = raw->map.ino;
	record->reach.object.origin = raw->map.origin;
	record->reach.object.process = WS_UNKNOWN;
	record->reach.ends = UINT8_MAX;
	return 0;
}

static int on_transfer(struct ws_decode *d, const struct ws_raw *raw, uint32_t process,
		       struct ws_record *record)
{
	const struct ws_ev_transfer *e = &raw->transfer;

	ws_decode_object(d, process, e->kind, e->object, e->other, &record->transfer.object);
	record->transfer.end = e->kind == WS_KIND_SOCKET && e->other;
	record->transfer.ends = e->ends;
	record->transfer.bytes_in = e->bytes_in;
	record->transfer.bytes_out = e->bytes_out;
	record->transfer.calls_in = e->calls_in;
	record->transfer.calls_out = e->calls_out;
	record->transfer.priority_low = e->priority_low;
	record->transfer.priority_high = e->priority_high;
	record->transfer.fill = e->fill;
	record->transfer.room = e->room;
	return 0;
}

/* A word from a newer waitscope, whose meaning is not known here; or nobody's, as where a part of
 * the file was overwritten with zeroes. */
static bool is_strange(const struct ws_raw *raw)
{
	if (raw->common.pid <= 0 || raw->common.tid <= 0)
		return true;
	switch (raw->type) {
	case WS_RAW_wait_begin:
		return raw->wait_begin.kind == 0 || raw->wait_begin.kind >= WS_KIND_COUNT;
	case WS_RAW_wait_end:
		return raw->wait_end.outcome == 0 || raw->wait_end.outcome >= WS_OUTCOME_COUNT;
	case WS_RAW_wait_object:
		return raw->wait_object.kind == 0 || raw->wait_object.kind >= WS_KIND_COUNT;
	case WS_RAW_wait_held:
		return raw->wait_held.kind == 0 || raw->wait_held.kind >= WS_KIND_COUNT;
	case WS_RAW_transfer:
		return raw->transfer.kind == 0 || raw->transfer.kind >= WS_KIND_COUNT;
	case WS_RAW_wake:
		return raw->wake.kind == 0 || raw->wake.kind >= WS_KIND_COUNT ||
		       raw->wake.op == 0 || raw->wake.op >= WS_WAKE_COUNT;
	case WS_RAW_lock_edge:
		return raw->lock_edge.kind == 0 || raw->lock_edge.kind >= WS_KIND_COUNT;
	case WS_RAW_lock_held:
		return raw->lock_held.kind == 0 || raw->lock_held.kind >= WS_KIND_COUNT;
	case WS_RAW_lock_stats:
		return raw->lock_stats.kind == 0 || raw->lock_stats.kind >= WS_KIND_COUNT;
	case WS_RAW_misuse:
		return raw->misuse.kind == 0 || raw->misuse.kind >= WS_KIND_COUNT ||
		       raw->misuse.what == 0 || raw->misuse.what >= WS_MISUSE_COUNT;
	case WS_RAW_object:
		return raw->object.kind == 0 || raw->object.kind >= WS_KIND_COUNT ||
		       raw->object.op == 0 || raw->object.op >= WS_OBJECT_COUNT;
	default:
		return false;
	}
}

/* A call is a record of its own, which needs nothing of what the others do. */
static int on_call(struct ws_decode *d, const struct ws_raw *raw)
{
	const struct ws_ev_call *e = &raw->call;
	struct ws_record *record;
	uint32_t process, thread;
	int r = ws_decode_process(d, &raw->common, raw->at_ns, &process);

	if (!r)
		r = ws_decode_thread(d, process, raw->common.tid, raw->at_ns, &thread);
	if (!r)
		r = ws_decode_record(d, WS_RECORD_CALL, raw->at_ns, process, thread, &record);
	if (r)
		return r;
	record->call.begin_ns = e->begin_ns < raw->at_ns ? e->begin_ns : raw->at_ns;
	record->call.duration_ns = e->duration_ns != WS_CALL_LONG
					   ? e->duration_ns
					   : raw->at_ns - record->call.begin_ns;
	record->call.result = e->result;
	record->call.object = e->object;
	record->call.function = e->function;
	record->call.error = e->error;
	record->call.flags = e->flags;
	record->call.kind = e->kind;
	record->call.n_args = (uint8_t)(e->n_args < WS_RECORD_ARGS ? e->n_args : WS_RECORD_ARGS);
	if (e->n_args)
		memcpy(record->call.args, e->args, record->call.n_args * sizeof(*e->args));
	record->call.text = e->text[0] ? ws_arena_strdup(&d->batch->texts, e->text) : "";
	if (!record->call.text)
		return drop(d, -ENOMEM);
	r = ws_decode_code(d, process, e->site, &record->call.site);
	return r ? drop(d, r) : 0;
}

/* Events that become one record each. */
static int on_recorded(struct ws_decode *d, const struct ws_raw *raw, uint8_t type)
{
	struct ws_record *record;
	uint32_t process, thread;
	int r = ws_decode_process(d, &raw->common, raw->at_ns, &process);

	if (!r)
		r = ws_decode_thread(d, process, raw->common.tid, raw->at_ns, &thread);
	if (!r)
		r = ws_decode_record(d, type, raw->at_ns, process, thread, &record);
	if (r)
		return r;
	switch (raw->type) {
	case WS_RAW_wait_begin:
		r = on_wait_begin(d, raw, process, thread, record);
		break;
	case WS_RAW_wait_end:
		record->wait_end.seq = raw->wait_end.seq;
		record->wait_end.outcome = raw->wait_end.outcome;
		record->wait_end.error = raw->wait_end.error;
		record->wait_end.index = raw->wait_end.index;
		record->wait_end.ran = raw->wait_end.ran;
		r = ws_decode_event_holder(d, process, false, raw->at_ns, raw->wait_end.holder,
					   raw->wait_end.holder_site, 0, &record->wait_end.holder);
		break;
	case WS_RAW_wait_object:
		record->wait_object.seq = raw->wait_object.seq;
		record->wait_object.flags = raw->wait_object.flags;
		record->wait_object.end =
			raw->wait_object.kind == WS_KIND_SOCKET && raw->wait_object.other;
		r = ws_decode_event_object(d, process, raw->wait_object.kind,
					   raw->wait_object.object, raw->wait_object.other,
					   raw->at_ns, &record->wait_object.object,
					   &record->wait_object.data);
		if (raw->wait_object.kind == WS_KIND_SLEEP)
			record->wait_object.object.offset = thread;
		break;
	case WS_RAW_holder:
		record->holder.seq = raw->holder.seq;
		r = ws_decode_event_holder(d, process, false, raw->at_ns, raw->holder.holder,
					   raw->holder.holder_site, raw->holder.holder_stack,
					   &record->holder.holder);
		break;
	case WS_RAW_wake:
		r = on_wake(d, raw, process, thread, record);
		break;
	case WS_RAW_transfer:
		r = on_transfer(d, raw, process, record);
		break;
	case WS_RAW_wait_held:
		r = ws_decode_wait_held(d, raw, process, record);
		break;
	case WS_RAW_pipe_ends:
		r = on_pipe_ends(d, raw, process, record);
		break;
	case WS_RAW_lock_edge:
		r = ws_decode_lock_edge(d, raw, process, record);
		break;
	case WS_RAW_lock_held:
		r = ws_decode_lock_held(d, raw, process, record);
		break;
	case WS_RAW_lock_stats:
		r = ws_decode_lock_stats(d, raw, process, record);
		break;
	case WS_RAW_misuse:
		r = ws_decode_misuse(d, raw, process, record);
		break;
	case WS_RAW_wake_stack:
		record->wake_stack.seq = raw->wake_stack.seq;
		r = ws_decode_stack(d, process, raw->wake_stack.stack, &record->wake_stack.stack);
		break;
	default:
		r = on_object(d, raw, process, record);
	}
	return r ? drop(d, r) : 0;
}

/* A signal to a group of processes, or to all (-1), is one to each of those that have waited for
 * one. */
static int on_wake_of_all(struct ws_decode *d, const struct ws_raw *raw)
{
	const struct ws_tables *tables = &d->store->tables;
	struct ws_raw one;
	int r = 0;

	if (raw->wake.kind != WS_KIND_SIGNAL || raw->wake.object)
		return on_recorded(d, raw, WS_RECORD_WAKE);
	one = *raw;
	for (size_t i = 0; i < tables->n_processes && r == 0; i++) {
		int32_t pid = tables->processes[i].pid;

		if (!d->processes[i].group || ws_decode_process_now(d, pid) != i ||
		    (d->processes[i].group != raw->wake.other && raw->wake.other != UINT64_MAX))
			continue;
		one.wake.object = (uint64_t)pid;
		one.wake.other = 0;
		r = on_recorded(d, &one, WS_RECORD_WAKE);
	}
	return r;
}

/* Events that say what the words of the process mean. */
static int on_definition(struct ws_decode *d, const struct ws_raw *raw)
{
	const struct ws_process *p;
	uint32_t process;
	int r = ws_decode_process(d, &raw->common, raw->at_ns, &process);

	if (r)
		return r;
	switch (raw->type) {
	case WS_RAW_map:
		return on_map(d, raw, process);
	case WS_RAW_unmap:
		return ws_decode_unmap_event(d, process, &raw->unmap);
	case WS_RAW_module:
		return ws_decode_module_event(d, process, &raw->module);
	case WS_RAW_stack:
		return ws_decode_stack_event(d, process, &raw->stack);
	default:
		p = &d->store->tables.processes[process];
		return ws_store_warn(d->store, "%s[%d] reached the library's limit `%s` %llu times",
				     *p->name ? p->name : "process", p->pid, raw->limit.name,
				     (unsigned long long)raw->limit.value);
	}
}

static int on_loss(struct ws_decode *d, const struct ws_raw *raw)
{
	struct ws_record *record;
	int r = ws_decode_record(d, WS_RECORD_LOSS, raw->at_ns, WS_UNKNOWN, WS_UNKNOWN, &record);

	if (r)
		return r;
	record->loss.events = raw->loss.events;
	record->loss.packets = raw->loss.packets;
	d->store->tables.lost_events += raw->loss.events;
	d->store->tables.lost_packets += raw->loss.packets;
	return 0;
}

static int on_event(struct ws_decode *d, const struct ws_raw *raw)
{
	struct ws_tables *t = &d->store->tables;

	switch (raw->type) {
	case WS_RAW_LOSS:
		return on_loss(d, raw);
	case WS_RAW_FOREIGN:
		t->foreign += raw->foreign.events;
		return 0;
	case WS_RAW_WARNING:
		return ws_store_warn(d->store, "%s", raw->warning.text);
	default:
		break;
	}
	d->origin = raw->origin;
	if (!t->events++)
		t->begin_ns = raw->at_ns;
	t->end_ns = raw->at_ns;
	if (is_strange(raw)) {
		t->unmatched++;
		return 0;
	}
	switch (raw->type) {
	case WS_RAW_wait_begin:
		return on_recorded(d, raw, WS_RECORD_WAIT_BEGIN);
	case WS_RAW_wait_end:
		return on_recorded(d, raw, WS_RECORD_WAIT_END);
	case WS_RAW_wait_object:
		return on_recorded(d, raw, WS_RECORD_WAIT_OBJECT);
	case WS_RAW_holder:
		return on_recorded(d, raw, WS_RECORD_HOLDER);
	case WS_RAW_wake:
		return on_wake_of_all(d, raw);
	case WS_RAW_transfer:
		return on_recorded(d, raw, WS_RECORD_TRANSFER);
	case WS_RAW_wait_held:
		return on_recorded(d, raw, WS_RECORD_HELD);
	case WS_RAW_pipe_ends:
		return on_recorded(d, raw, WS_RECORD_REACH);
	case WS_RAW_lock_edge:
		return on_recorded(d, raw, WS_RECORD_LOCK_EDGE);
	case WS_RAW_lock_held:
		return on_recorded(d, raw, WS_RECORD_LOCK_HELD);
	case WS_RAW_lock_stats:
		return on_recorded(d, raw, WS_RECORD_LOCK_STATS);
	case WS_RAW_misuse:
		return on_recorded(d, raw, WS_RECORD_MISUSE);
	case WS_RAW_wake_stack:
		return on_recorded(d, raw, WS_RECORD_WAKE_STACK);
	case WS_RAW_object:
		return on_recorded(d, raw, WS_RECORD_OBJECT);
	case WS_RAW_call:
		return on_call(d, raw);
	case WS_RAW_range:
		return on_range(d, raw);
	case WS_RAW_thread:
		return ws_decode_thread_event(d, raw);
	case WS_RAW_process:
		return ws_decode_process_event(d, raw);
	default:
		return on_definition(d, raw);
	}
}

/* The calls that never ended and began by then. */
static int on_calls(struct ws_decode *d, uint64_t before_ns)
{
	const struct ws_raw *call;
	int r = 0;

	while (!r && ws_decode_next_call(d, before_ns, &call))
		r = is_strange(call) ? 0 : on_recorded(d, call, WS_RECORD_WAIT_BEGIN);
	return r;
}

int ws_decode_events(struct ws_decode *d, const struct ws_raw *events, size_t n)
{
	int r = 0;

	for (size_t i = 0; i < n && !r; i++) {
		if (d->next_call < d->n_calls)
			r = on_calls(d, events[i].at_ns);
		if (!r)
			r = on_event(d, &events[i]);
	}
	return r;
}

int ws_decode_finish(struct ws_decode *d)
{
	struct ws_tables *t = &d->store->tables;
	int r = on_calls(d, UINT64_MAX);

	if (r)
		return r;
	for (size_t i = 0; i < t->n_threads; i++) {
		const struct ws_process *p = &t->processes[t->threads[i].process];

		if (!t->threads[i].end_ns && p->end != WS_END_UNKNOWN && p->end != WS_END_RUNNING)
			t->threads[i].end_ns = p->end_ns;
	}
	if (t->unmatched)
		r = ws_store_warn(d->store,
				  "%llu events hold words that this waitscope does not know",
				  (unsigned long long)t->unmatched);
	if (!r && d->batch) {
		struct ws_record_batch *batch = d->batch;

		d->batch = NULL;
		r = d->sink->filled(d->sink->user, batch);
	}
	return r;
}

void ws_decode_free(struct ws_decode *d)
{
	if (!d)
		return;
	if (d->batch) {
		d->batch->n = 0;
		d->sink->filled(d->sink->user, d->batch);
	}
	for (size_t i = 0; i < d->store->tables.n_processes; i++) {
		ws_ranges_free(&d->processes[i].modules);
		ws_ranges_free(&d->processes[i].mappings);
		ws_map64_free(&d->processes[i].stacks);
		ws_map64_free(&d->processes[i].codes);
		ws_ranges_free(&d->processes[i].unloaded);
		ws_map64_free(&d->processes[i].unplaced);
	}
	ws_decode_free_places(d);
	ws_map64_free(&d->by_pid);
	ws_map64_free(&d->reaped);
	ws_map64_free(&d->fifos);
	ws_map64_free(&d->by_thread);
	ws_map64_free(&d->by_tid);
	free(d->processes);
	free(d->threads);
	free(d->backings);
	free(d->hosts);
	free(d->shifts_ns);
	free(d->calls);
	free(d);
}
