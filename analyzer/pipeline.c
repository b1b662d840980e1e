/* SPDX-License-Identifier: MIT */
/* pipeline.c: see pipeline.h. The stages, in order:
 *
 *   readers   each reads a group of streams and makes raw events of them, by time.
 *   decode    merges the groups, makes typed records of raw events, and fills the tables.
 *   consumer  gets the records: the caller's sink.
 *
 * Between a reader and decode, and decode and the consumer, are two rings: one takes filled batches
 * onward, the other brings the empty ones back, so that memory is bounded and nothing is allocated
 * on the way. A stage that ends closes the ring in front of it; one that fails cancels both rings
 * of its neighbours, whose next call tells them to stop. The first failure in the order of the
 * stages is the one reported, but for a stage that only stopped because another had.
 */
#include "analyzer/pipeline.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/decode/decode.h"
#include "analyzer/ring/lock.h"
#include "analyzer/ring/ring.h"
#include "analyzer/source/source.h"
#include "analyzer/trace.h"

/* Batches between two stages: enough that a stage which is slow for a moment (a new stack, a
 * flushed page) does not stop its neighbour; a few hundred kB each. */
#define BATCHES 8

/* The batches between two stages. */
struct link {
	struct ws_ring *filled; /* Owned by this; onward */
	struct ws_ring *empty;  /* Owned by this; back */
};

struct pipeline;

/* One reader, and what decode has of it. */
struct reader {
	struct pipeline *pipeline; /* Weak */
	uint32_t group;
	struct link raw;
	pthread_t thread;
	bool started;
	int result; /* written by its thread, read when that has been joined */
	struct ws_error error;

	/* Decode's: the batch that it is at; NULL: the group is at its end. */
	struct ws_raw_batch *batch;
	size_t at;
};

struct pipeline {
	const char *const *dirs; /* Weak */
	size_t n_dirs;
	const struct ws_pipeline_sink *sink; /* Weak */
	struct ws_store *store;              /* Weak: becomes the trace's */
	struct ws_source *source;            /* Weak */
	struct reader *readers;              /* Owned by this */
	uint32_t n_readers;
	struct link records;
	/* Each stage's outcome: written by its thread, read when that has been joined. */
	int decode_result, consumer_result;
	struct ws_error consumer_error;
};

/* What a stage returns that was told to stop by a neighbour. */
#define STOPPED (-ECANCELED)

static void link_cancel(struct link *link)
{
	ws_ring_cancel(link->filled, STOPPED);
	ws_ring_cancel(link->empty, STOPPED);
}

static void stop_readers(struct pipeline *p)
{
	for (uint32_t i = 0; i < p->n_readers; i++)
		link_cancel(&p->readers[i].raw);
}

/* readers */

static int raw_empty(void *user, struct ws_raw_batch **ret)
{
	struct reader *reader = user;
	void *batch;
	int r = ws_ring_get(reader->raw.empty, &batch);

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
	struct reader *reader = user;
	int r = ws_ring_put(reader->raw.filled, batch);

	if (r)
		raw_free(batch);
	return r;
}

static void *run_reader(void *arg)
{
	struct reader *reader = arg;
	const struct ws_source_sink sink = { reader, raw_empty, raw_filled };

	reader->result =
		ws_source_read(reader->pipeline->source, reader->group, &sink, &reader->error);
	if (reader->result)
		link_cancel(&reader->raw);
	else
		ws_ring_close(reader->raw.filled, -ENODATA);
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
	ws_arena_reset(&(*ret)->texts);
	return 0;
}

static void free_record_batch(void *ptr)
{
	struct ws_record_batch *batch = ptr;

	if (batch)
		ws_arena_free(&batch->texts);
	free(batch);
}

static int record_filled(void *user, struct ws_record_batch *batch)
{
	struct pipeline *p = user;
	int r = ws_ring_put(p->records.filled, batch);

	if (r)
		free_record_batch(batch);
	return r;
}

/* Gives the reader's batch back, and gets its next one that has events. 0, with `batch` NULL at the
 * group's end; or a negative errno. */
static int next_raw(struct reader *reader)
{
	int r;

	do {
		void *batch;

		/* A reader that has ended takes no empty batch: that is no failure. */
		if (reader->batch && ws_ring_put(reader->raw.empty, reader->batch))
			raw_free(reader->batch);
		reader->batch = NULL;
		r = ws_ring_get(reader->raw.filled, &batch);
		if (r)
			return r == -ENODATA ? 0 : r;
		reader->batch = batch;
		reader->at = 0;
	} while (!reader->batch->n);
	return 0;
}

static const struct ws_raw *head(const struct reader *reader)
{
	return &reader->batch->events[reader->at];
}

static bool before(const struct ws_raw *a, const struct ws_raw *b)
{
	return ws_raw_before(a->at_ns, a->type == WS_RAW_LOSS, a->stream, b->at_ns,
			     b->type == WS_RAW_LOSS, b->stream);
}

/* The readers whose next events are the first and the second of all; NULL: there is none. */
static void find_first_two(struct pipeline *p, struct reader **first, struct reader **second)
{
	*first = *second = NULL;
	for (uint32_t i = 0; i < p->n_readers; i++) {
		struct reader *reader = &p->readers[i];

		if (!reader->batch)
			continue;
		if (!*first || before(head(reader), head(*first))) {
			*second = *first;
			*first = reader;
		} else if (!*second || before(head(reader), head(*second))) {
			*second = reader;
		}
	}
}

/* Decodes all groups' events, merged. */
static int decode_merged(struct pipeline *p, struct ws_decode *decode)
{
	int r = 0;

	for (uint32_t i = 0; i < p->n_readers && !r; i++)
		r = next_raw(&p->readers[i]);
	while (!r) {
		struct reader *first, *second;
		const struct ws_raw *end;
		size_t n;

		find_first_two(p, &first, &second);
		if (!first)
			break;
		/* As many as come before the next reader's, at once. */
		end = second ? head(second) : NULL;
		for (n = first->at + 1; n < first->batch->n; n++)
			if (end && !before(&first->batch->events[n], end))
				break;
		r = ws_decode_events(decode, head(first), n - first->at);
		first->at = n;
		if (!r && first->at == first->batch->n)
			r = next_raw(first);
	}
	return r;
}

/* What the source tells when all was read: batches that go to decode at once. */
struct last_words {
	struct ws_decode *decode; /* Weak */
	struct ws_raw_batch batch;
};

static int last_empty(void *user, struct ws_raw_batch **ret)
{
	struct last_words *last = user;

	last->batch.n = 0;
	*ret = &last->batch;
	return 0;
}

static int last_filled(void *user, struct ws_raw_batch *batch)
{
	struct last_words *last = user;

	return ws_decode_events(last->decode, batch->events, batch->n);
}

static int decode_last_words(struct pipeline *p, struct ws_decode *decode)
{
	struct last_words *last = calloc(1, sizeof(*last));
	const struct ws_source_sink sink = { last, last_empty, last_filled };
	int r;

	if (!last)
		return -ENOMEM;
	last->decode = decode;
	r = ws_source_tell(p->source, &sink, NULL);
	ws_arena_free(&last->batch.arena);
	free(last);
	return r;
}

static int decode_all(struct pipeline *p, struct ws_decode *decode)
{
	int r = 0;

	for (size_t i = 0; i < ws_source_origins(p->source) && !r; i++) {
		struct ws_source_origin origin;

		ws_source_origin(p->source, i, &origin);
		r = ws_decode_add_origin(decode, origin.host, origin.dir, origin.shift_ns);
	}
	if (!r)
		r = ws_trace_read_calls(p->dirs, p->n_dirs, decode);
	if (!r)
		r = decode_merged(p, decode);
	if (!r)
		r = decode_last_words(p, decode);
	if (!r)
		r = ws_trace_read_ends(p->dirs, p->n_dirs, p->store, decode);
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
		stop_readers(p);
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
			free_record_batch(batch);
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
		stop_readers(p);
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

/* Makes the readers. 0 or -ENOMEM. */
static int make_readers(struct pipeline *p)
{
	uint32_t n = ws_source_groups(p->source);

	p->readers = calloc(n ? n : 1, sizeof(*p->readers));
	if (!p->readers)
		return -ENOMEM;
	for (p->n_readers = 0; p->n_readers < n; p->n_readers++) {
		struct reader *reader = &p->readers[p->n_readers];

		reader->pipeline = p;
		reader->group = p->n_readers;
		if (link_new(&reader->raw, sizeof(struct ws_raw_batch))) {
			p->n_readers++; /* to be freed */
			return -ENOMEM;
		}
	}
	return 0;
}

static void free_readers(struct pipeline *p)
{
	for (uint32_t i = 0; i < p->n_readers; i++) {
		raw_free(p->readers[i].batch);
		link_free(&p->readers[i].raw, free_raw_batch);
	}
	free(p->readers);
}

/* Runs the stages. 0 if their threads could be made; what they came to is in `p`. */
static int run_stages(struct pipeline *p)
{
	pthread_t decode;
	int r = 0;

	for (uint32_t i = 0; i < p->n_readers && !r; i++) {
		r = pthread_create(&p->readers[i].thread, NULL, run_reader, &p->readers[i]);
		p->readers[i].started = !r;
	}
	if (!r)
		r = pthread_create(&decode, NULL, run_decode, p);
	if (r) {
		stop_readers(p);
	} else {
		run_consumer(p);
		pthread_join(decode, NULL);
	}
	for (uint32_t i = 0; i < p->n_readers; i++)
		if (p->readers[i].started)
			pthread_join(p->readers[i].thread, NULL);
	return -r;
}

/* The cause among the stages' outcomes, with its text. */
static int outcome(const struct pipeline *p, struct ws_error *error)
{
	for (uint32_t i = 0; i < p->n_readers; i++) {
		const struct reader *reader = &p->readers[i];

		if (reader->result && reader->result != STOPPED)
			return ws_error_set(error, reader->result, "%s",
					    reader->error.text[0] ? reader->error.text
								  : strerror(-reader->result));
	}
	if (p->decode_result && p->decode_result != STOPPED)
		return ws_error_set(error, p->decode_result, "%s: cannot be decoded: %s",
				    p->dirs[0], strerror(-p->decode_result));
	if (p->consumer_result)
		return ws_error_set(error, p->consumer_result, "%s",
				    p->consumer_error.text[0] ? p->consumer_error.text
							      : strerror(-p->consumer_result));
	return 0;
}

unsigned int ws_pipeline_jobs(unsigned int wanted)
{
	cpu_set_t set;

	if (wanted)
		return wanted;
	/* What the user allowed this process, as nproc counts. */
	return sched_getaffinity(0, sizeof(set), &set) ? 1 : (unsigned int)CPU_COUNT(&set);
}

/* libbabeltrace2 keeps a list of its plugins, and loads them, for one thread at a time. */
static struct ws_lock opening;

static int open_source(struct pipeline *p, uint32_t groups, struct ws_watch *watch,
		       struct ws_error *error)
{
	int r;

	ws_lock_take(&opening);
	r = ws_source_open(p->dirs, p->n_dirs, groups, watch, &p->source, error);
	ws_lock_give(&opening);
	return r;
}

static void close_source(struct pipeline *p)
{
	ws_lock_take(&opening);
	ws_source_free(p->source);
	ws_lock_give(&opening);
}

/* Reads into p->store. */
static int read_all(struct pipeline *p, const struct ws_pipeline_options *options,
		    struct ws_error *error)
{
	uint32_t groups = ws_pipeline_jobs(options ? options->readers : 0);
	int r = open_source(p, groups, options ? options->watch : NULL, error);

	if (r)
		return r;
	r = make_readers(p);
	if (!r)
		r = link_new(&p->records, sizeof(struct ws_record_batch));
	if (!r)
		r = run_stages(p);
	if (r)
		ws_error_set(error, r, "%s: cannot be read: %s", p->dirs[0], strerror(-r));
	else
		r = outcome(p, error);
	free_readers(p);
	link_free(&p->records, free_record_batch);
	close_source(p);
	return r;
}

int ws_pipeline_run_as(const struct ws_pipeline_options *options, const char *const *dirs,
		       size_t n_dirs, const struct ws_pipeline_sink *sink, struct ws_trace **ret,
		       struct ws_error *error)
{
	struct pipeline p = { .dirs = dirs, .n_dirs = n_dirs, .sink = sink };
	struct ws_trace *trace = NULL;
	int r;

	p.store = ws_store_new();
	r = p.store ? read_all(&p, options, error) : -ENOMEM;
	if (!r)
		r = ws_trace_check(p.store, dirs[0], error);
	if (!r && !(trace = ws_trace_of(p.store)))
		r = -ENOMEM;
	if (r) {
		ws_store_free(p.store);
		return ws_error_set(error, r, "%s", strerror(-r));
	}
	*ret = trace;
	return 0;
}

int ws_pipeline_run(const char *const *dirs, size_t n_dirs, const struct ws_pipeline_sink *sink,
		    struct ws_trace **ret, struct ws_error *error)
{
	return ws_pipeline_run_as(NULL, dirs, n_dirs, sink, ret, error);
}
