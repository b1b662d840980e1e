/* SPDX-License-Identifier: MIT */
/* queues.c: see queues.h. */
#include "analyzer/analyses/queues.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/analyses/all.h"
#include "analyzer/analyses/by_object.h"
#include "analyzer/base/grow.h"
#include "analyzer/base/words.h"

/* The first length of a span: short traces are not longer than a few of them. */
#define SPAN_NS 1024ull

/* One object. Entries are by its id. */
struct queue {
	struct ws_queue pub; /* object NULL: none of that id yet */
	uint32_t length;     /* now */
	uint32_t readers;    /* of these, those who wait to read */
	uint64_t since_ns;   /* when that began */
	uint64_t waits;
	uint32_t site, thread; /* of its first wait */
};

struct ws_queues {
	uint32_t kinds; /* as in ws_filter */
	bool begun;
	uint64_t begin_ns;
	uint64_t span_ns;
	struct queue *queues; /* Owned by this; by object id */
	size_t n, size;
};

int ws_queues_new(const struct ws_setup *setup, struct ws_queues **ret)
{
	struct ws_queues *queues = calloc(1, sizeof(*queues));

	if (!queues)
		return -ENOMEM;
	queues->kinds = setup->filter.kinds;
	queues->span_ns = SPAN_NS;
	*ret = queues;
	return 0;
}

void ws_queues_free(struct ws_queues *queues)
{
	if (!queues)
		return;
	free(queues->queues);
	free(queues);
}

static void halve(uint64_t *spans)
{
	for (size_t k = 0; k < WS_QUEUE_SPANS / 2; k++)
		spans[k] = spans[2 * k] + spans[2 * k + 1];
	memset(spans + WS_QUEUE_SPANS / 2, 0, WS_QUEUE_SPANS / 2 * sizeof(*spans));
}

/* Two spans become one, until `at_ns` is in one of them. */
static void widen(struct ws_queues *queues, uint64_t at_ns)
{
	while ((at_ns - queues->begin_ns) / queues->span_ns >= WS_QUEUE_SPANS) {
		for (size_t i = 0; i < queues->n; i++) {
			halve(queues->queues[i].pub.spans);
			halve(queues->queues[i].pub.read_spans);
		}
		queues->span_ns *= 2;
	}
}

/* Accounts for the time up to `at_ns`, in which the length did not change. */
static void advance(struct ws_queues *queues, struct queue *queue, uint64_t at_ns)
{
	uint64_t from_ns = queue->since_ns;

	/* A wait begins a little before its record, perhaps before an end that was recorded first.
	 */
	if (at_ns <= from_ns)
		return;
	queue->since_ns = at_ns;
	if (!queue->length)
		return;
	widen(queues, at_ns);
	queue->pub.busy_ns += at_ns - from_ns;
	queue->pub.wait_ns += queue->length * (at_ns - from_ns);
	while (from_ns < at_ns) {
		uint64_t span = (from_ns - queues->begin_ns) / queues->span_ns;
		uint64_t to_ns = queues->begin_ns + (span + 1) * queues->span_ns;

		if (to_ns > at_ns)
			to_ns = at_ns;
		queue->pub.spans[span] += queue->length * (to_ns - from_ns);
		queue->pub.read_spans[span] += queue->readers * (to_ns - from_ns);
		from_ns = to_ns;
	}
}

static bool counts(const struct ws_queues *queues, const struct ws_wait *wait)
{
	uint8_t kind = wait->object->key.kind;

	return ws_kind_naming(kind) != WS_NAMED_BY_TASK &&
	       (!queues->kinds || (queues->kinds & (1u << kind)));
}

static int take_record(void *context, const struct ws_record *record)
{
	struct ws_queues *queues = context;

	if (!queues->begun)
		queues->begin_ns = record->at_ns;
	queues->begun = true;
	return 0;
}

static int take_begin(void *context, const struct ws_wait *wait)
{
	struct ws_queues *queues = context;
	uint32_t id = wait->object->id;
	struct queue *queue;

	if (!counts(queues, wait))
		return 0;
	if (ws_grow(&queues->queues, &queues->size, (size_t)id + 1))
		return -ENOMEM;
	if (id >= queues->n)
		queues->n = (size_t)id + 1;
	queue = &queues->queues[id];
	if (!queue->pub.object) {
		queue->pub.object = wait->object;
		queue->since_ns = queues->begin_ns;
		queue->site = wait->site;
		queue->thread = wait->thread;
	}
	advance(queues, queue, wait->begin_ns);
	queue->length++;
	queue->readers += wait->flags & WS_WAIT_READ ? 1 : 0;
	return 0;
}

static int take_end(void *context, const struct ws_wait *wait)
{
	struct ws_queues *queues = context;
	struct queue *queue;

	if (!counts(queues, wait) || wait->object->id >= queues->n)
		return 0;
	queue = &queues->queues[wait->object->id];
	if (!queue->length)
		return 0;
	advance(queues, queue, wait->end_ns);
	if (wait->outcome != WS_OUTCOME_NO_WAIT) {
		queue->waits++;
		if (queue->length > queue->pub.longest)
			queue->pub.longest = queue->length;
	}
	queue->length--;
	if (wait->flags & WS_WAIT_READ && queue->readers)
		queue->readers--;
	return 0;
}

struct ws_model_observer ws_queues_observer(struct ws_queues *queues)
{
	return (struct ws_model_observer){
		.context = queues,
		.types = WS_RECORD_FIRST,
		.record = take_record,
		.begin = take_begin,
		.end = take_end,
	};
}

static bool is_convoy(const struct queue *queue, const struct ws_tables *tables)
{
	return ws_kind_is_owned(queue->pub.object->key.kind) && queue->waits >= WS_CONVOY_WAITS &&
	       queue->pub.busy_ns >= (tables->end_ns - tables->begin_ns) / 2 &&
	       queue->pub.wait_ns >= WS_CONVOY_LENGTH * queue->pub.busy_ns;
}

static int report_convoy(const struct ws_context *context, const struct queue *queue)
{
	const struct ws_tables *tables = context->tables;
	uint64_t tenths = queue->pub.wait_ns / (queue->pub.busy_ns / 10 + 1);
	struct ws_finding *finding;
	const char *name;
	int r;

	r = ws_context_object_words(context, queue->pub.object, &name);
	if (r < 0)
		return r;
	finding = ws_findings_add(context->findings, WS_RULE_LOCK_CONVOY,
				  "threads queue for %s one behind the other: %" PRIu64
				  ".%" PRIu64 " wait on average, at most %" PRIu32,
				  name, tenths / 10, tenths % 10, queue->pub.longest);
	if (!finding)
		return -ENOMEM;
	r = ws_finding_object(finding, queue->pub.object);
	if (r < 0)
		return r;
	return ws_finding_evidence(context->findings, finding, 0, queue->thread, queue->site,
				   WS_UNKNOWN,
				   "somebody waits for it in %" PRIu64 " %% of the time",
				   queue->pub.busy_ns * 100 / (tables->end_ns - tables->begin_ns));
}

int ws_queues_finish(struct ws_queues *queues, const struct ws_context *context,
		     struct ws_queues_result **ret)
{
	struct ws_queues_result *result = calloc(1, sizeof(*result));
	uint64_t length_ns = context->tables->end_ns - context->tables->begin_ns;
	int r = 0;

	if (!result)
		return -ENOMEM;
	result->queues = calloc(queues->n + 1, sizeof(*result->queues));
	result->span_ns = queues->span_ns;
	result->n_spans = (size_t)((length_ns + queues->span_ns - 1) / queues->span_ns);
	if (result->n_spans > WS_QUEUE_SPANS)
		result->n_spans = WS_QUEUE_SPANS;
	if (!result->queues)
		r = -ENOMEM;
	for (size_t i = 0; i < queues->n && r == 0; i++) {
		struct queue *queue = &queues->queues[i];

		if (!queue->pub.object)
			continue;
		result->queues[result->n++] = queue->pub;
		if (is_convoy(queue, context->tables))
			r = report_convoy(context, queue);
	}
	if (r < 0) {
		ws_queues_result_free(result);
		return r;
	}
	*ret = result;
	return 0;
}

void ws_queues_result_free(struct ws_queues_result *result)
{
	if (!result)
		return;
	free(result->queues);
	free(result);
}

const struct ws_queue *ws_queue_of(const struct ws_queues_result *result,
				   const struct ws_object *object)
{
	return ws_by_object(result->queues, result->n, sizeof(*result->queues), object);
}
