/* SPDX-License-Identifier: MIT */
/* stage.c: see stage.h. A thread whose observer fails cancels every ring with its error: the
 * model's next call, and the other threads', return it. */
#include "analyzer/stage.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

#include "analyzer/ring/ring.h"
#include "analyzer/told.h"

/* Batches in all: enough that neither side stops where the other is slow for a moment. */
#define BATCHES 8

/* From how many jobs on there is a processor for each group, beside those for reading and the
 * model. */
#define JOBS_FOR_ALL 4

/* One thread, and whom it tells. */
struct listener {
	struct ws_stage *stage; /* Weak */
	struct ws_model_observer observer;
	struct ws_ring *filled; /* Owned by this */
	pthread_t thread;
	bool started; /* and not joined yet */
	int result;   /* written by its thread, read when that has been joined */
};

struct ws_stage {
	struct ws_model_observer observer; /* the model's */
	struct listener listeners[WS_STAGE_MOST];
	unsigned int n;        /* 0: the model tells the analyses itself */
	struct ws_ring *empty; /* Owned by this */

	/* The model's thread's. */
	struct ws_told *batch; /* Owned by this: the one that is being filled; NULL: none */
	uint64_t now_ns;       /* of the record that the model is at */
};

/* Every ring hands out `status` from now on. */
static void cancel(struct ws_stage *stage, int status)
{
	ws_ring_cancel(stage->empty, status);
	for (unsigned int i = 0; i < stage->n; i++)
		ws_ring_cancel(stage->listeners[i].filled, status);
}

/* So many readers fewer need the batch. True if it was the last. Acquire and release: what they
 * read of it comes before its next use. */
static bool is_done(struct ws_told *batch, uint32_t readers)
{
	return atomic_fetch_sub_explicit(&batch->readers, readers, memory_order_acq_rel) == readers;
}

static void *run(void *arg)
{
	struct listener *self = arg;
	uint64_t now_ns = 0;
	void *ptr;
	int r;

	while (!(r = ws_ring_get(self->filled, &ptr))) {
		struct ws_told *batch = ptr;

		r = ws_told_play(batch, &self->observer, &now_ns);
		if (is_done(batch, 1) && ws_ring_put(self->stage->empty, batch))
			ws_told_free(batch);
		if (r)
			break;
	}
	self->result = r == -ENODATA ? 0 : r;
	if (self->result)
		cancel(self->stage, self->result);
	return NULL;
}

/* The model's thread */

/* Gives the batch to all. 0 or the status of a cancel. */
static int hand_over(struct ws_stage *stage)
{
	struct ws_told *batch = stage->batch;

	stage->batch = NULL;
	/* Relaxed: nobody else has it; the ring's hand-over publishes it. */
	atomic_store_explicit(&batch->readers, stage->n, memory_order_relaxed);
	for (unsigned int i = 0; i < stage->n; i++) {
		int r = ws_ring_put(stage->listeners[i].filled, batch);

		if (r) {
			if (is_done(batch, stage->n - i))
				ws_told_free(batch);
			return r;
		}
	}
	return 0;
}

static int next_batch(struct ws_stage *stage)
{
	void *ptr;
	int r = stage->batch ? hand_over(stage) : 0;

	if (!r)
		r = ws_ring_get(stage->empty, &ptr);
	if (r)
		return r;
	stage->batch = ptr;
	stage->batch->n = 0;
	return 0;
}

/* Adds what was told to the batch, or to the next if that is too full for it. */
#define TELL(what, argument)                                                                       \
	do {                                                                                       \
		struct ws_stage *stage = context;                                                  \
		int r = stage->batch ? 0 : next_batch(stage);                                      \
                                                                                                   \
		if (!r)                                                                            \
			r = ws_told_##what(stage->batch, stage->now_ns, (argument));               \
		if (r != -ENOBUFS)                                                                 \
			return r;                                                                  \
		r = next_batch(stage);                                                             \
		return r ? r : ws_told_##what(stage->batch, stage->now_ns, (argument));            \
	} while (0)

static int tell_time(void *context, uint64_t at_ns)
{
	struct ws_stage *stage = context;

	stage->now_ns = at_ns;
	return 0;
}

static int tell_record(void *context, const struct ws_record *record)
{
	TELL(record, record);
}

static int tell_begin(void *context, const struct ws_wait *wait)
{
	TELL(begin, wait);
}

static int tell_end(void *context, const struct ws_wait *wait)
{
	TELL(end, wait);
}

static int tell_wait(void *context, const struct ws_wait *wait)
{
	TELL(wait, wait);
}

static int tell_held(void *context, const struct ws_hold *hold)
{
	TELL(held, hold);
}

static int tell_woke(void *context, const struct ws_wake *wake)
{
	TELL(woke, wake);
}

static int tell_wake(void *context, const struct ws_wake *wake)
{
	TELL(wake, wake);
}

static int tell_edge(void *context, const struct ws_lock_edge *edge)
{
	TELL(edge, edge);
}

static int tell_misuse(void *context, const struct ws_misuse_seen *misuse)
{
	TELL(misuse, misuse);
}

static int tell_count(void *context, const struct ws_lock_count *count)
{
	TELL(count, count);
}

static int tell_transfer(void *context, const struct ws_transfer *transfer)
{
	TELL(transfer, transfer);
}

static int tell_over(void *context, const struct ws_tables *tables)
{
	TELL(over, tables);
}

/* What the model is to tell: all that anybody wants, since what nobody wants is not copied. */
static struct ws_model_observer observer_of(struct ws_stage *stage)
{
	struct ws_model_observer all = { .context = stage, .time = tell_time, .wait = tell_wait };
	bool any_record = false;

	for (unsigned int i = 0; i < stage->n; i++) {
		const struct ws_model_observer *one = &stage->listeners[i].observer;

		if (one->record) {
			all.record = tell_record;
			all.types |= one->types;
			any_record |= !one->types;
		}
		if (one->begin)
			all.begin = tell_begin;
		if (one->end)
			all.end = tell_end;
		if (one->held)
			all.held = tell_held;
		if (one->woke)
			all.woke = tell_woke;
		if (one->edge)
			all.edge = tell_edge;
		if (one->misuse)
			all.misuse = tell_misuse;
		if (one->count)
			all.count = tell_count;
		if (one->over)
			all.over = tell_over;
		if (one->wake)
			all.wake = tell_wake;
		if (one->transfer)
			all.transfer = tell_transfer;
	}
	if (any_record)
		all.types = 0;
	return all;
}

struct ws_model_observer ws_stage_observer(struct ws_stage *stage)
{
	return stage->observer;
}

/* the whole */

/* Makes the rings and the batches. 0 or -ENOMEM. */
static int make_rings(struct ws_stage *stage, size_t batch_bytes)
{
	stage->empty = ws_ring_new(BATCHES);
	if (!stage->empty)
		return -ENOMEM;
	for (unsigned int i = 0; i < stage->n; i++) {
		stage->listeners[i].filled = ws_ring_new(BATCHES);
		if (!stage->listeners[i].filled)
			return -ENOMEM;
	}
	for (size_t i = 0; i < BATCHES; i++) {
		struct ws_told *batch;

		if (ws_told_new(batch_bytes, &batch) < 0)
			return -ENOMEM;
		ws_ring_put(stage->empty, batch); /* there is room */
	}
	return 0;
}

int ws_stage_new(const struct ws_model_observer *observers, unsigned int n, size_t batch_bytes,
		 struct ws_stage **ret)
{
	struct ws_stage *stage = calloc(1, sizeof(*stage));
	int r;

	if (!stage)
		return -ENOMEM;
	stage->n = n;
	for (unsigned int i = 0; i < n; i++) {
		stage->listeners[i].stage = stage;
		stage->listeners[i].observer = observers[i];
	}
	stage->observer = observer_of(stage);
	r = make_rings(stage, batch_bytes);
	for (unsigned int i = 0; i < n && !r; i++) {
		struct listener *listener = &stage->listeners[i];

		r = -pthread_create(&listener->thread, NULL, run, listener);
		listener->started = !r;
	}
	if (r) {
		ws_stage_free(stage);
		return r;
	}
	*ret = stage;
	return 0;
}

int ws_stage_new_analyses(struct ws_analyses *analyses, unsigned int jobs, struct ws_stage **ret)
{
	struct ws_model_observer all = ws_analyses_observer(analyses);
	struct ws_model_observer groups[WS_ANALYSES_GROUPS];

	if (jobs == 1) {
		struct ws_stage *stage = calloc(1, sizeof(*stage));

		if (!stage)
			return -ENOMEM;
		stage->observer = all;
		*ret = stage;
		return 0;
	}
	if (jobs < JOBS_FOR_ALL)
		return ws_stage_new(&all, 1, WS_STAGE_BATCH_BYTES, ret);
	for (unsigned int i = 0; i < WS_ANALYSES_GROUPS; i++)
		groups[i] = ws_analyses_group(analyses, i);
	return ws_stage_new(groups, WS_ANALYSES_GROUPS, WS_STAGE_BATCH_BYTES, ret);
}

/* Waits for the threads. 0 or the first error. */
static int join(struct ws_stage *stage)
{
	int r = 0;

	for (unsigned int i = 0; i < stage->n; i++) {
		struct listener *listener = &stage->listeners[i];

		if (!listener->started)
			continue;
		pthread_join(listener->thread, NULL);
		listener->started = false;
		if (!r)
			r = listener->result;
	}
	return r;
}

int ws_stage_finish(struct ws_stage *stage)
{
	int r = stage->batch ? hand_over(stage) : 0;
	int joined;

	for (unsigned int i = 0; i < stage->n; i++)
		ws_ring_close(stage->listeners[i].filled, -ENODATA);
	joined = join(stage);
	return joined ? joined : r;
}

void ws_stage_free(struct ws_stage *stage)
{
	void *batch;

	if (!stage)
		return;
	for (unsigned int i = 0; i < stage->n; i++) {
		if (stage->listeners[i].started)
			cancel(stage, -ECANCELED);
	}
	join(stage);
	for (unsigned int i = 0; i < stage->n; i++) {
		struct ws_ring *filled = stage->listeners[i].filled;

		while (filled && (batch = ws_ring_drain(filled))) {
			if (is_done(batch, 1))
				ws_told_free(batch);
		}
		ws_ring_free(filled);
	}
	while (stage->empty && (batch = ws_ring_drain(stage->empty)))
		ws_told_free(batch);
	ws_ring_free(stage->empty);
	ws_told_free(stage->batch);
	free(stage);
}
