/* SPDX-License-Identifier: MIT */
/* pipeline.c: see pipeline.h. The stages, in order:
 *
 *   source    reads the trace folders and makes raw events of them, by time.
 *   decode    makes typed records of raw events, and fills the tables.
 *   consumer  gets the records: the caller's sink.
 *
 * Between two stages are two rings: one takes filled batches onward, the other brings the empty
 * ones back, so that memory is bounded and nothing is allocated on the way. A stage that ends
 * closes the ring in front of it; one that fails cancels both rings of its neighbours, whose next
 * call tells them to stop. The first failure in the order of the stages is the one reported, but
 * for a stage that only stopped because another had.
 */
#include "analyzer/pipeline.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/decode/decode.h"
#include "analyzer/decode/run_file.h"
#include "analyzer/ring/ring.h"
#include "analyzer/source/source.h"

/* Batches between two stages: enough that a stage which is slow for a moment (a new stack, a
 * flushed page) does not stop its neighbour; a few hundred kB each. */
#define BATCHES 8

struct ws_trace {
	struct ws_store *store; /* Owned by this */
};

/* The batches between two stages. */
struct link {
	struct ws_ring *filled; /* Owned by this; onward */
	struct ws_ring *empty;  /* Owned by this; back */
};

struct pipeline {
	const char *const *dirs; /* Weak */
	size_t n_dirs;
	const struct ws_pipeline_sink *sink; /* Weak */
	struct ws_store *store;              /* Weak: becomes the trace's */
	struct link raw, records;
	/* Each stage's outcome: written by its thread, read when that has been joined. */
	int source_result, decode_result, consumer_result;
	struct ws_error source_error, consumer_error;
};

/* What a stage returns that was told to stop by a neighbour. */
#define STOPPED (-ECANCELED)

static void link_cancel(struct link *link)
{
	ws_ring_cancel(link->filled, STOPPED);
	ws_ring_cancel(link->empty, STOPPED);
}

/* source */

static int raw_empty(void *user, struct ws_raw_batch **ret)
{
	struct pipeline *p = user;
	void *batch;
	int r = ws_ring_get(p->raw.empty, &batch);

	if (r)
		return r;
	*ret = batch;
	(*ret)->n = 0;
	ws_arena_reset(&(*ret)->arena);
	return 0;
}

static void raw_free(struct ws_raw_batch *batch)
{
	if (batch)
		ws_arena_free(&batch->arena);
	free(batch);
}

static int raw_filled(void *user, struct ws_raw_batch *batch)
{
	struct pipeline *p = user;
	int r = ws_ring_put(p->raw.filled, batch);

	if (r)
		raw_free(batch);
	return r;
}

static void *run_source(void *arg)
{
	struct pipeline *p = arg;
	const struct ws_source_sink sink = { p, raw_empty, raw_filled };

	p->source_result = ws_source_run(p->dirs, p->n_dirs, &sink, &p->source_error);
	if (p->source_result)
		link_cancel(&p->raw);
	else
		ws_ring_close(p->raw.filled, -ENODATA);
	return NULL;
}

/* decode */

static int record_empty(void *user, struct ws_record_batch **ret)
{
	struct pipeline *p = user;
	void *batch;
	int r = ws_ring_get(p->records.empty, &batch);

	if (r)
		return r;
	*ret = batch;
	(*ret)->n = 0;
	return 0;
}

static int record_filled(void *user, struct ws_record_batch *batch)
{
	struct pipeline *p = user;
	int r = ws_ring_put(p->records.filled, batch);

	if (r)
		free(batch);
	return r;
}

/* How the program ended, where the recorder tells. */
static int read_run_files(struct pipeline *p, struct ws_decode *decode)
{
	int r = 0;

	for (size_t i = 0; i < p->n_dirs && !r; i++) {
		struct ws_run run;

		switch (ws_run_file_read(p->dirs[i], &run)) {
		case 0:
			ws_decode_set_end(decode, run.pid, run.running, run.status, run.end_ns);
			break;
		case -ENOENT:
			break;
		default:
			r = ws_store_warn(p->store,
					  "%s/" WS_RUN_FILE " is damaged and was not used",
					  p->dirs[i]);
		}
	}
	return r;
}

static int decode_all(struct pipeline *p, struct ws_decode *decode)
{
	void *batch;
	int r, sent;

	while (!(r = ws_ring_get(p->raw.filled, &batch))) {
		r = ws_decode_batch(decode, batch);
		sent = r ? r : ws_ring_put(p->raw.empty, batch);
		if (sent)
			raw_free(batch);
		/* A source that has ended takes no empty batch: that is no failure. */
		if (r)
			return r;
	}
	if (r != -ENODATA)
		return r;
	r = read_run_files(p, decode);
	return r ? r : ws_decode_finish(decode);
}

static void *run_decode(void *arg)
{
	struct pipeline *p = arg;
	const struct ws_decode_sink sink = { p, record_empty, record_filled };
	struct ws_decode *decode = ws_decode_new(p->store, &sink);

	p->decode_result = decode ? decode_all(p, decode) : -ENOMEM;
	ws_decode_free(decode);
	if (p->decode_result) {
		link_cancel(&p->raw);
		link_cancel(&p->records);
	} else {
		ws_ring_close(p->records.filled, -ENODATA);
	}
	return NULL;
}

/* consumer */

static int consume_all(struct pipeline *p)
{
	void *ptr;
	int r;

	while (!(r = ws_ring_get(p->records.filled, &ptr))) {
		struct ws_record_batch *batch = ptr;

		if (batch->n && p->sink->records)
			r = p->sink->records(p->sink->user, batch->records, batch->n,
					     &p->consumer_error);
		if (r || ws_ring_put(p->records.empty, batch))
			free(batch);
		if (r)
			return r;
	}
	return r == -ENODATA ? 0 : r;
}

static void run_consumer(struct pipeline *p)
{
	p->consumer_result = consume_all(p);
	if (p->consumer_result) {
		link_cancel(&p->records);
		link_cancel(&p->raw);
	}
}

/* the whole */

static void link_free(struct link *link, void (*free_batch)(void *batch))
{
	struct ws_ring *rings[] = { link->filled, link->empty };

	for (size_t i = 0; i < 2; i++) {
		void *batch;

		while (rings[i] && (batch = ws_ring_drain(rings[i])))
			free_batch(batch);
		ws_ring_free(rings[i]);
	}
}

/* Makes the rings and BATCHES zeroed batches of `size` bytes. 0 or -ENOMEM. */
static int link_new(struct link *link, size_t size)
{
	link->filled = ws_ring_new(BATCHES);
	link->empty = ws_ring_new(BATCHES);
	if (!link->filled || !link->empty)
		return -ENOMEM;
	for (size_t i = 0; i < BATCHES; i++) {
		void *batch = calloc(1, size);

		if (!batch)
			return -ENOMEM;
		ws_ring_put(link->empty, batch); /* there is room */
	}
	return 0;
}

static void free_raw_batch(void *batch)
{
	raw_free(batch);
}

/* Runs the stages. 0 if their threads could be made; what they came to is in `p`. */
static int run_stages(struct pipeline *p)
{
	pthread_t source, decode;
	int r = pthread_create(&source, NULL, run_source, p);

	if (r)
		return -r;
	r = pthread_create(&decode, NULL, run_decode, p);
	if (r) {
		link_cancel(&p->raw);
	} else {
		run_consumer(p);
		pthread_join(decode, NULL);
	}
	pthread_join(source, NULL);
	return -r;
}

/* The cause among the stages' outcomes, with its text. */
static int outcome(const struct pipeline *p, struct ws_error *error)
{
	if (p->source_result && p->source_result != STOPPED)
		return ws_error_set(error, p->source_result, "%s",
				    p->source_error.text[0] ? p->source_error.text
							    : strerror(-p->source_result));
	if (p->decode_result && p->decode_result != STOPPED)
		return ws_error_set(error, p->decode_result, "the trace can't be decoded: %s",
				    strerror(-p->decode_result));
	if (p->consumer_result)
		return ws_error_set(error, p->consumer_result, "%s",
				    p->consumer_error.text[0] ? p->consumer_error.text
							      : strerror(-p->consumer_result));
	return 0;
}

/* A trace without any event of ours has nothing to report on: says what may be the reason. */
static int check_not_empty(const struct pipeline *p, struct ws_error *error)
{
	const struct ws_tables *t = &p->store->tables;

	if (t->events)
		return 0;
	return ws_error_set(error, -ENODATA, "%s holds no event of waitscope's%s%s", p->dirs[0],
			    t->n_warnings ? ": " : "; was the program recorded with it?",
			    t->n_warnings ? t->warnings[0] : "");
}

int ws_pipeline_run(const char *const *dirs, size_t n_dirs, const struct ws_pipeline_sink *sink,
		    struct ws_trace **ret, struct ws_error *error)
{
	struct pipeline p = { .dirs = dirs, .n_dirs = n_dirs, .sink = sink };
	struct ws_trace *trace = calloc(1, sizeof(*trace));
	int r = -ENOMEM;

	p.store = ws_store_new();
	if (trace && p.store && !link_new(&p.raw, sizeof(struct ws_raw_batch)) &&
	    !link_new(&p.records, sizeof(struct ws_record_batch)))
		r = run_stages(&p);
	if (r)
		ws_error_set(error, r, "the trace can't be read: %s", strerror(-r));
	else
		r = outcome(&p, error);
	if (!r)
		r = check_not_empty(&p, error);
	link_free(&p.raw, free_raw_batch);
	link_free(&p.records, free);
	if (r) {
		ws_store_free(p.store);
		free(trace);
		return r;
	}
	trace->store = p.store;
	*ret = trace;
	return 0;
}

const struct ws_tables *ws_trace_tables(const struct ws_trace *trace)
{
	return &trace->store->tables;
}

void ws_trace_free(struct ws_trace *trace)
{
	if (!trace)
		return;
	ws_store_free(trace->store);
	free(trace);
}
