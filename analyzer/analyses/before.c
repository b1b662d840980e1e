/* SPDX-License-Identifier: MIT */
/* before.c: see before.h. */
#include "analyzer/analyses/before.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/base/grow.h"

/* All of `from` up to a segment is before `to` from a segment on. */
struct order {
	uint32_t to, to_segment;
	uint32_t from, from_segment; /* from WS_UNKNOWN: all threads of `process` */
	uint32_t process;
};

struct ws_before {
	struct order *orders; /* Owned by this; by `to` once finished */
	size_t n, size;
	size_t *first; /* Owned by this: of each thread, its first order; one more at the end */
	size_t n_threads;
	const struct ws_tables *tables; /* Weak */
};

int ws_before_new(struct ws_before **ret)
{
	struct ws_before *before = calloc(1, sizeof(*before));

	if (!before)
		return -ENOMEM;
	*ret = before;
	return 0;
}

void ws_before_free(struct ws_before *before)
{
	if (!before)
		return;
	free(before->orders);
	free(before->first);
	free(before);
}

static int add(struct ws_before *before, struct order order)
{
	if (ws_grow(&before->orders, &before->size, before->n + 1))
		return -ENOMEM;
	before->orders[before->n++] = order;
	return 0;
}

static int take_thread(struct ws_before *before, const struct ws_record *record)
{
	uint32_t segment = record->thread_step.segment;

	if (!segment)
		return 0;
	if (record->thread_step.op == WS_THREAD_START && record->thread_step.creator != WS_UNKNOWN)
		return add(before, (struct order){ .to = record->thread,
						   .to_segment = 1,
						   .from = record->thread_step.creator,
						   .from_segment = segment });
	if (record->thread_step.op == WS_THREAD_JOIN && record->thread_step.joined != WS_UNKNOWN)
		return add(before, (struct order){ .to = record->thread,
						   .to_segment = segment + 1,
						   .from = record->thread_step.joined,
						   .from_segment = WS_SEGMENT_LAST });
	return 0;
}

static int take_process(struct ws_before *before, const struct ws_record *record)
{
	uint32_t segment = record->process_step.segment;
	uint32_t by = record->process_step.by;

	if (!segment || by == WS_UNKNOWN)
		return 0;
	if (record->process_step.op == WS_PROCESS_FORK)
		return add(before, (struct order){ .to = record->thread,
						   .to_segment = 1,
						   .from = by,
						   .from_segment = segment });
	if (record->process_step.op == WS_PROCESS_REAPED)
		return add(before, (struct order){ .to = by,
						   .to_segment = segment + 1,
						   .from = WS_UNKNOWN,
						   .from_segment = WS_SEGMENT_LAST,
						   .process = record->process });
	return 0;
}

int ws_before_record(struct ws_before *before, const struct ws_record *record)
{
	if (record->type == WS_RECORD_THREAD)
		return take_thread(before, record);
	if (record->type == WS_RECORD_PROCESS)
		return take_process(before, record);
	return 0;
}

static int by_to(const void *a, const void *b)
{
	const struct order *x = a, *y = b;

	if (x->to != y->to)
		return x->to < y->to ? -1 : 1;
	return x->to_segment < y->to_segment ? -1 : x->to_segment > y->to_segment;
}

int ws_before_finish(struct ws_before *before, const struct ws_tables *tables)
{
	size_t at = 0;

	before->tables = tables;
	before->n_threads = tables->n_threads;
	before->first = calloc(tables->n_threads + 1, sizeof(*before->first));
	if (!before->first)
		return -ENOMEM;
	if (before->n)
		qsort(before->orders, before->n, sizeof(*before->orders), by_to);
	for (size_t i = 0; i < tables->n_threads; i++) {
		before->first[i] = at;
		while (at < before->n && before->orders[at].to == i)
			at++;
	}
	before->first[tables->n_threads] = at;
	return 0;
}

/* Threads whose reach has grown, and are to be followed. */
struct work {
	const struct ws_before *before;
	uint32_t *reach;
	uint32_t *list; /* each thread at most once */
	bool *listed;
	size_t n;
};

static void reached(struct work *work, uint32_t thread, uint32_t segment)
{
	if (thread >= work->before->n_threads || work->reach[thread] >= segment)
		return;
	work->reach[thread] = segment;
	if (!work->listed[thread]) {
		work->listed[thread] = true;
		work->list[work->n++] = thread;
	}
}

static void follow(struct work *work, uint32_t thread, uint32_t segment)
{
	const struct ws_before *before = work->before;

	for (size_t i = before->first[thread]; i < before->first[thread + 1]; i++) {
		const struct order *order = &before->orders[i];

		if (order->to_segment > segment)
			break;
		if (order->from != WS_UNKNOWN) {
			reached(work, order->from, order->from_segment);
			continue;
		}
		for (uint32_t t = 0; t < before->n_threads; t++)
			if (before->tables->threads[t].process == order->process)
				reached(work, t, order->from_segment);
	}
}

int ws_before_reach(const struct ws_before *before, uint32_t thread, uint32_t segment,
		    uint32_t **ret)
{
	size_t n = before->n_threads;
	struct work work = {
		.before = before,
		.reach = calloc(n + 1, sizeof(uint32_t)),
		.list = calloc(n + 1, sizeof(uint32_t)),
		.listed = calloc(n + 1, sizeof(bool)),
	};
	int r = -ENOMEM;

	if (work.reach && work.list && work.listed) {
		if (thread < n)
			follow(&work, thread, segment);
		while (work.n > 0) {
			uint32_t next = work.list[--work.n];

			work.listed[next] = false;
			follow(&work, next, work.reach[next]);
		}
		r = 0;
	}
	free(work.list);
	free(work.listed);
	if (r < 0) {
		free(work.reach);
		return r;
	}
	*ret = work.reach;
	return 0;
}
