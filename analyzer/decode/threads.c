/* SPDX-License-Identifier: MIT */
/* threads.c: which thread a tid means at a time. */
#include <errno.h>
#include <string.h>

#include "analyzer/base/grow.h"
#include "analyzer/decode/state.h"

static uint64_t thread_key(uint32_t process, int32_t tid)
{
	return (uint64_t)process << 32 | (uint32_t)tid;
}

/* Adds a row, and makes it what the tid means from now on. */
static int begin(struct ws_decode *d, uint32_t process, int32_t tid, uint64_t at_ns,
		 uint32_t *thread)
{
	struct ws_store *s = d->store;
	struct ws_tables *t = &s->tables;
	uint32_t index = (uint32_t)t->n_threads;

	if (ws_grow(&t->threads, &s->threads_capacity, t->n_threads + 1) ||
	    ws_grow(&d->threads, &d->threads_capacity, t->n_threads + 1) ||
	    ws_map64_put(&d->by_thread, thread_key(process, tid), index) ||
	    ws_map64_put(&d->by_tid, ws_decode_id(d, tid), index))
		return -ENOMEM;
	memset(&d->threads[index], 0, sizeof(d->threads[index]));
	/* Until it says its own, a thread has the name that its process has: it was copied. */
	t->threads[index] = (struct ws_task){ .tid = tid,
					      .process = process,
					      .creator = WS_UNKNOWN,
					      .start = WS_UNKNOWN,
					      .name = t->processes[process].name,
					      .begin_ns = at_ns };
	t->n_threads++;
	*thread = index;
	return 0;
}

int ws_decode_thread(struct ws_decode *d, uint32_t process, int32_t tid, uint64_t at_ns,
		     uint32_t *thread)
{
	if (ws_map64_get(&d->by_thread, thread_key(process, tid), thread))
		return 0;
	return begin(d, process, tid, at_ns, thread);
}

int ws_decode_holder(struct ws_decode *d, uint32_t process, int32_t tid, bool own, uint64_t at_ns,
		     uint32_t *thread)
{
	*thread = WS_UNKNOWN;
	if (!tid)
		return 0;
	if (ws_map64_get(&d->by_thread, thread_key(process, tid), thread) ||
	    ws_map64_get(&d->by_tid, ws_decode_id(d, tid), thread))
		return 0;
	return own ? begin(d, process, tid, at_ns, thread) : 0;
}

static int on_start(struct ws_decode *d, const struct ws_raw *raw, uint32_t process)
{
	const struct ws_ev_thread *e = &raw->thread;
	struct ws_task *task;
	uint32_t thread, creator = WS_UNKNOWN;
	bool again = false;
	int r;

	if (ws_map64_get(&d->by_thread, thread_key(process, e->tid), &thread))
		again = d->threads[thread].started && !d->threads[thread].ended;
	if (!again && (!ws_map64_get(&d->by_thread, thread_key(process, e->tid), &thread) ||
		       d->threads[thread].ended)) {
		r = begin(d, process, e->tid, raw->at_ns, &thread);
		if (r)
			return r;
	}
	if (e->creator && (r = ws_decode_thread(d, process, e->creator, raw->at_ns, &creator)))
		return r;
	task = &d->store->tables.threads[thread];
	if (creator != WS_UNKNOWN)
		task->creator = creator;
	if (e->start && (r = ws_decode_code(d, process, e->start, &task->start)))
		return r;
	d->threads[thread].started = true;
	return again ? -EALREADY : 0;
}

int ws_decode_thread_event(struct ws_decode *d, const struct ws_raw *raw)
{
	const struct ws_ev_thread *e = &raw->thread;
	struct ws_record *record;
	uint32_t process, thread;
	const char *name;
	int r = ws_decode_process(d, &raw->common, raw->at_ns, &process);
	bool again = false;

	if (!r && e->op == WS_THREAD_START) {
		r = on_start(d, raw, process);
		again = r == -EALREADY;
		if (again)
			r = 0;
	}
	if (!r)
		r = ws_decode_thread(d, process, e->tid, raw->at_ns, &thread);
	if (r)
		return r;
	name = ws_strings_intern(d->store->strings, e->name);
	if (!name)
		return -ENOMEM;
	if (*name)
		d->store->tables.threads[thread].name = name;
	if (*name && e->op == WS_THREAD_NAME && e->tid == raw->common.pid) /* the process is called so, too */
		d->store->tables.processes[process].name = name;
	if (e->op == WS_THREAD_EXIT) {
		d->store->tables.threads[thread].end_ns = raw->at_ns;
		d->threads[thread].ended = true;
	} else if (e->op != WS_THREAD_PRIORITY && e->op != WS_THREAD_JOIN && (e->op != WS_THREAD_START || again)) {
		if (e->op != WS_THREAD_NAME && !again)
			d->store->tables.unmatched++;
		return 0;
	}
	r = ws_decode_record(d, WS_RECORD_THREAD, raw->at_ns, process, thread, &record);
	if (r)
		return r;
	record->thread_step.op = e->op;
	record->thread_step.creator = d->store->tables.threads[thread].creator;
	record->thread_step.joined = WS_UNKNOWN;
	record->thread_step.segment = e->segment;
	/* One that has not ended has a tid that was in use before. */
	if (e->op == WS_THREAD_JOIN &&
	    ws_map64_get(&d->by_thread, thread_key(process, e->joined), &thread) &&
	    d->threads[thread].ended)
		record->thread_step.joined = thread;
	record->thread_step.policy = e->policy;
	record->thread_step.priority = e->priority;
	record->thread_step.nice = e->nice;
	return 0;
}
