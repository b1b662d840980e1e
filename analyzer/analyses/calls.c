/* SPDX-License-Identifier: MIT */
/* calls.c: see calls.h. */
#include "analyzer/analyses/calls.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/analyses/all.h"
#include "analyzer/base/grow.h"
#include "analyzer/base/map64.h"
#include "tracepoints/functions.h"

/* What one thread did by one function. */
struct entry {
	uint32_t thread;
	struct ws_called called;
};

struct ws_calls {
	struct ws_filter filter;
	bool begun;
	uint64_t begin_ns;
	struct ws_map64 by_thread; /* thread << 16 | function -> index in `entries` */
	struct entry *entries;     /* Owned by this */
	size_t n_entries, entries_size;
};

const char *ws_called_name(uint16_t function)
{
	return function < WS_FUNCTION_COUNT ? ws_functions[function].name : "unknown";
}

bool ws_call_counts(const struct ws_filter *filter, uint64_t begin_ns,
		    const struct ws_record *record)
{
	uint64_t from = record->call.begin_ns, to = from + record->call.duration_ns;

	if (filter->kinds && !(filter->kinds & UINT32_C(1) << record->call.kind))
		return false;
	if (record->call.duration_ns < filter->min_wait_ns)
		return false;
	if (filter->from_ns && to <= begin_ns + filter->from_ns)
		return false;
	return filter->to_ns == UINT64_MAX || from < begin_ns + filter->to_ns;
}

int ws_calls_new(const struct ws_setup *setup, struct ws_calls **ret)
{
	struct ws_calls *calls = calloc(1, sizeof(*calls));

	if (!calls)
		return -ENOMEM;
	calls->filter = setup->filter;
	*ret = calls;
	return 0;
}

void ws_calls_free(struct ws_calls *calls)
{
	if (!calls)
		return;
	ws_map64_free(&calls->by_thread);
	free(calls->entries);
	free(calls);
}

static int get(struct ws_calls *calls, const struct ws_record *record, struct ws_called **ret)
{
	uint64_t key = (uint64_t)record->thread << 16 | record->call.function;
	uint32_t at;

	if (!ws_map64_get(&calls->by_thread, key, &at)) {
		if (ws_grow(&calls->entries, &calls->entries_size, calls->n_entries + 1) ||
		    ws_map64_put(&calls->by_thread, key, (uint32_t)calls->n_entries))
			return -ENOMEM;
		at = (uint32_t)calls->n_entries++;
		calls->entries[at] = (struct entry){ .thread = record->thread,
						     .called.function = record->call.function };
	}
	*ret = &calls->entries[at].called;
	return 0;
}

/* One is counted by what is recorded last of it; what began and did not end, by the difference. */
static int take_record(void *context, const struct ws_record *record)
{
	struct ws_calls *calls = context;
	struct ws_called *called;
	int r;

	if (!calls->begun) {
		calls->begun = true;
		calls->begin_ns = record->at_ns;
	}
	if (record->type != WS_RECORD_CALL)
		return 0;
	/* The beginning of one that returns counts as its end does, or else not at all. */
	if (record->call.flags & WS_CALL_ENTERED) {
		r = get(calls, record, &called);
		if (r == 0 && ws_call_counts(&calls->filter, calls->begin_ns, record))
			called->unfinished++;
		return r;
	}
	if (record->call.flags & WS_CALL_RETURNED) {
		struct ws_record entered = *record;

		entered.call.duration_ns = 0;
		r = get(calls, record, &called);
		if (r < 0)
			return r;
		if (called->unfinished && ws_call_counts(&calls->filter, calls->begin_ns, &entered))
			called->unfinished--;
	}
	if (!ws_call_counts(&calls->filter, calls->begin_ns, record))
		return 0;
	r = get(calls, record, &called);
	if (r < 0)
		return r;
	if (record->call.flags & WS_CALL_LEFT) {
		called->unfinished++;
		return 0;
	}
	called->calls++;
	called->errors += record->call.error != 0;
	called->total_ns += record->call.duration_ns;
	if (called->max_ns < record->call.duration_ns)
		called->max_ns = record->call.duration_ns;
	return 0;
}

struct ws_model_observer ws_calls_observer(struct ws_calls *calls)
{
	return (struct ws_model_observer){
		.context = calls,
		.types = WS_RECORD_BIT(WS_RECORD_CALL),
		.record = take_record,
	};
}

static int compare(const void *a, const void *b)
{
	const struct ws_called *x = a, *y = b;

	if (x->total_ns != y->total_ns)
		return x->total_ns < y->total_ns ? 1 : -1;
	return strcmp(ws_called_name(x->function), ws_called_name(y->function));
}

int ws_calls_finish(struct ws_calls *calls, const struct ws_context *context,
		    struct ws_calls_result **ret)
{
	struct ws_calls_result *result = calloc(1, sizeof(*result));
	struct ws_called *all = calloc(WS_FUNCTION_COUNT + 1, sizeof(*all));

	if (!result || !all) {
		free(result);
		free(all);
		return -ENOMEM;
	}
	for (size_t i = 0; i < calls->n_entries; i++) {
		const struct ws_called *from = &calls->entries[i].called;
		struct ws_called *to = &all[from->function < WS_FUNCTION_COUNT ? from->function
									       : WS_FUNCTION_COUNT];

		if (!ws_filter_thread(&calls->filter, context->tables,
					   calls->entries[i].thread))
			continue;
		to->function = from->function;
		to->calls += from->calls + from->unfinished;
		to->errors += from->errors;
		to->unfinished += from->unfinished;
		to->total_ns += from->total_ns;
		if (to->max_ns < from->max_ns)
			to->max_ns = from->max_ns;
	}
	for (size_t i = 0; i <= WS_FUNCTION_COUNT; i++) {
		if (!all[i].calls)
			continue;
		result->calls += all[i].calls;
		result->errors += all[i].errors;
		result->total_ns += all[i].total_ns;
		all[result->n++] = all[i];
	}
	qsort(all, result->n, sizeof(*all), compare);
	result->list = all;
	*ret = result;
	return 0;
}

void ws_calls_result_free(struct ws_calls_result *result)
{
	if (!result)
		return;
	free(result->list);
	free(result);
}
