/* SPDX-License-Identifier: MIT */
/* listing.c: see listing.h. */
#include "analyzer/listing.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/analyses/calls.h"
#include "analyzer/analyses/places.h"
#include "analyzer/base/grow.h"
#include "analyzer/pipeline.h"
#include "analyzer/reports/calls.h"

struct listing {
	const struct ws_filter *filter;
	const struct ws_tables *tables; /* of the first reading: complete */
	struct ws_places *places;
	struct ws_record *open; /* calls that have begun and not ended; Owned by this, and so are */
	size_t n_open, open_size; /* their texts */
	bool begun;
	uint64_t begin_ns; /* of the first record */
	FILE *to;
};

static int print(struct listing *listing, const struct ws_record *call)
{
	struct ws_party party;
	int r;

	if (!ws_call_counts(listing->filter, listing->begin_ns, call) ||
	    !ws_filter_thread(listing->filter, listing->tables, call->thread))
		return 0;
	r = ws_places_party(listing->places, call->thread, call->call.site, WS_UNKNOWN, &party);
	if (r == 0)
		ws_report_call(listing->to, listing->tables, call, party.site);
	return r;
}

static void close_at(struct listing *listing, size_t i)
{
	free((char *)(uintptr_t)listing->open[i].call.text);
	memmove(&listing->open[i], &listing->open[i + 1],
		(listing->n_open - i - 1) * sizeof(*listing->open));
	listing->n_open--;
}

static int open_call(struct listing *listing, const struct ws_record *call)
{
	char *text = strdup(call->call.text);

	if (!text || ws_grow(&listing->open, &listing->open_size, listing->n_open + 1)) {
		free(text);
		return -ENOMEM;
	}
	listing->open[listing->n_open] = *call;
	listing->open[listing->n_open++].call.text = text;
	return 0;
}

/* The open calls of a thread, or of a process where `thread` is WS_UNKNOWN, will not return. */
static int give_up(struct listing *listing, uint32_t process, uint32_t thread)
{
	int r = 0;

	for (size_t i = 0; i < listing->n_open && r == 0;) {
		const struct ws_record *call = &listing->open[i];

		if (thread != WS_UNKNOWN ? call->thread != thread
					 : process != WS_UNKNOWN && call->process != process) {
			i++;
			continue;
		}
		r = print(listing, call);
		close_at(listing, i);
	}
	return r;
}

static int take_call(struct listing *listing, const struct ws_record *call)
{
	if (call->call.flags & WS_CALL_ENTERED)
		return open_call(listing, call);
	for (size_t i = listing->n_open; call->call.flags & WS_CALL_RETURNED && i-- > 0;) {
		const struct ws_record *open = &listing->open[i];

		if (open->thread != call->thread || open->call.begin_ns != call->call.begin_ns)
			continue;
		close_at(listing, i);
		break;
	}
	return print(listing, call);
}

static int take(struct listing *listing, const struct ws_record *record)
{
	if (!listing->begun) {
		listing->begun = true;
		listing->begin_ns = record->at_ns;
	}
	switch (record->type) {
	case WS_RECORD_CALL:
		return take_call(listing, record);
	case WS_RECORD_THREAD:
		return record->thread_step.op == WS_THREAD_EXIT
			       ? give_up(listing, record->process, record->thread)
			       : 0;
	case WS_RECORD_PROCESS:
		return record->process_step.op == WS_PROCESS_EXIT ||
				       record->process_step.op == WS_PROCESS_EXEC ||
				       record->process_step.op == WS_PROCESS_REAPED
			       ? give_up(listing, record->process, WS_UNKNOWN)
			       : 0;
	default:
		return 0;
	}
}

static int take_records(void *user, const struct ws_record *records, size_t n,
			struct ws_error *error)
{
	struct listing *listing = user;
	int r = 0;

	for (size_t i = 0; i < n && r == 0; i++)
		r = take(listing, &records[i]);
	return r < 0 ? ws_error_set(error, r, "--calls: they cannot be listed: %s", strerror(-r)) : 0;
}

int ws_list_calls(const struct ws_study_options *options, const struct ws_study *study, FILE *to,
		  struct ws_error *error)
{
	const struct ws_report *report = ws_study_report(study);
	struct listing listing = {
		.filter = &options->setup.filter,
		.tables = report->tables,
		.places = report->results->contention->places,
		.to = to,
	};
	const struct ws_pipeline_options how = { .readers = options->jobs,
						 .watch = ws_study_watch(study) };
	const struct ws_pipeline_sink sink = { .user = &listing, .records = take_records };
	struct ws_trace *trace = NULL;
	int r = ws_pipeline_run_as(&how, options->dirs, options->n_dirs, &sink, &trace, error);

	if (r == 0)
		r = give_up(&listing, WS_UNKNOWN, WS_UNKNOWN);
	while (listing.n_open)
		close_at(&listing, 0);
	free(listing.open);
	ws_trace_free(trace);
	return r;
}
