/* SPDX-License-Identifier: MIT */
/* study.c: see study.h. */
#include "analyzer/study.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/base/arena.h"
#include "analyzer/base/grow.h"
#include "analyzer/base/words.h"
#include "analyzer/decode/symbols.h"
#include "analyzer/model/model.h"
#include "analyzer/pipeline.h"
#include "analyzer/stage.h"

struct ws_study {
	const struct ws_study_options *options; /* Weak; while it is made */
	struct ws_watch *watch;                 /* Weak; NULL: nobody watches */
	const char *dir;                        /* Weak: the first trace folder, for errors */
	struct ws_analyses *analyses;           /* Owned by this, as all but what says otherwise */
	struct ws_stage *stage;
	struct ws_model *model;
	struct ws_trace *trace;
	struct ws_symbols *symbols;
	const struct ws_results *results; /* Owned by the analyses */
	struct ws_arena strings;
	const char **warnings; /* the texts are Owned by others */
	size_t n_warnings, warnings_size;
	struct ws_report report;
};

static int take_records(void *user, const struct ws_record *records, size_t n,
			struct ws_error *error)
{
	struct ws_study *study = user;
	const struct ws_study_options *options = study->options;
	int stopped = options->tick ? options->tick(options->tick_user) : 0;

	if (stopped)
		return ws_error_set(error, stopped, "the reading was ended: %s",
				    strerror(-stopped));
	for (size_t i = 0; i < n; i++) {
		int r = ws_model_record(study->model, &records[i]);

		if (r < 0)
			return ws_error_set(error, r, "%s: cannot be evaluated: %s", study->dir,
					    strerror(-r));
	}
	return 0;
}

static int warn(struct ws_study *study, const char *text)
{
	if (ws_grow(&study->warnings, &study->warnings_size, study->n_warnings + 1))
		return -ENOMEM;
	study->warnings[study->n_warnings++] = text;
	return 0;
}

/* A warning with a number, unless that is 0. */
static int warn_count(struct ws_study *study, uint64_t count, const char *one, const char *many)
{
	char text[256];
	const char *kept;

	if (!count)
		return 0;
	if (count == 1)
		snprintf(text, sizeof(text), "1 %s", one);
	else
		snprintf(text, sizeof(text), "%" PRIu64 " %s", count, many);
	kept = ws_arena_strdup(&study->strings, text);
	return kept ? warn(study, kept) : -ENOMEM;
}

/* Programs that share a System V object by accident. */
static int warn_collisions(struct ws_study *study)
{
	const struct ws_leftovers_result *left = study->results->leftovers;
	const struct ws_key_collision *list = left->collisions;

	for (size_t i = 0; i < left->n_collisions; i++) {
		char text[640];
		const char *kept;
		int r;

		snprintf(text, sizeof(text),
			 "%s %" PRIu64 " is shared by accident? ftok() gave one key for two files, "
			 "%.200s and %.200s",
			 ws_kind_word(list[i].kind), list[i].id, list[i].first, list[i].second);
		kept = ws_arena_strdup(&study->strings, text);
		r = kept ? warn(study, kept) : -ENOMEM;
		if (r < 0)
			return r;
	}
	return 0;
}

/* What a reader must know before believing the rest. */
static int collect_warnings(struct ws_study *study)
{
	const struct ws_tables *tables = ws_trace_tables(study->trace);
	const struct ws_model_counts *counts = ws_model_counts(study->model);
	const char *text;
	int r = 0;

	for (size_t i = 0; r == 0 && i < tables->n_warnings; i++)
		r = warn(study, tables->warnings[i]);
	if (r == 0)
		r = warn_collisions(study);
	text = ws_symbols_warning(study->symbols);
	if (r == 0 && text)
		r = warn(study, text);
	if (r == 0)
		r = warn_count(
			study, counts->uncertain,
			"wait was touched by lost events: what it waited for is unknown",
			"waits were touched by lost events: what they waited for is unknown");
	if (r == 0)
		r = warn_count(study, counts->lost_waits,
			       "wait has no recorded end (lost, or left by longjmp)",
			       "waits have no recorded end (lost, or left by longjmp)");
	if (r == 0)
		r = warn_count(study, counts->orphan_ends, "end of a wait has no recorded begin",
			       "ends of waits have no recorded begin");
	if (r == 0)
		r = warn_count(study, tables->unmatched, "event made no sense where it stood",
			       "events made no sense where they stood");
	if (r == 0)
		r = warn_count(study, counts->nest_given_up,
			       "wait was taken for lost: too many of its thread were open at once",
			       "waits were taken for lost: too many of a thread were open at once");
	return r;
}

int ws_study_begin(const struct ws_study_options *options, struct ws_pipeline_sink *sink,
		   struct ws_study **ret)
{
	struct ws_study *study = calloc(1, sizeof(*study));
	struct ws_model_observer observer;
	int r;

	if (!study)
		return -ENOMEM;
	study->options = options;
	study->dir = options->n_dirs ? options->dirs[0] : "the trace";
	r = ws_analyses_new(&options->setup, &study->analyses);
	if (r == 0)
		r = ws_stage_new_analyses(study->analyses, ws_pipeline_jobs(options->jobs),
					  &study->stage);
	if (r == 0) {
		observer = ws_stage_observer(study->stage);
		r = ws_model_new(&observer, &study->model);
	}
	if (r < 0) {
		ws_study_free(study);
		return r;
	}
	*sink = (struct ws_pipeline_sink){ .user = study, .records = take_records };
	*ret = study;
	return 0;
}

/* The folders, for a report that always has one. */
static void set_paths(struct ws_study *study)
{
	static const char *const unknown[] = { "unknown" };
	const struct ws_study_options *options = study->options;

	study->report.paths = options->n_dirs ? options->dirs : unknown;
	study->report.n_paths = options->n_dirs ? options->n_dirs : 1;
}

static int end(struct ws_study *study, struct ws_trace *trace)
{
	const struct ws_study_options *options = study->options;
	const struct ws_tables *tables = ws_trace_tables(trace);
	int r;

	study->trace = trace;
	r = ws_model_finish(study->model, tables);
	if (r == 0)
		r = ws_stage_finish(study->stage);
	if (r == 0)
		r = ws_symbols_new(tables, options->n_dirs ? options->dirs[0] : NULL,
				   &study->symbols);
	for (size_t i = 1; r == 0 && i < options->n_dirs; i++)
		r = ws_symbols_add(study->symbols, options->dirs[i], (uint32_t)i);
	if (r == 0)
		r = ws_analyses_finish(study->analyses, tables, study->symbols, &study->results);
	if (r == 0)
		r = collect_warnings(study);
	if (r < 0)
		return r;
	study->report = (struct ws_report){
		.tables = tables,
		.results = study->results,
		.counts = ws_model_counts(study->model),
		.filter = &options->setup.filter,
		.warnings = study->warnings,
		.n_warnings = study->n_warnings,
	};
	set_paths(study);
	ws_symbols_counts(study->symbols, &study->report.frames, &study->report.unresolved_frames);
	return 0;
}

int ws_study_end(struct ws_study *study, struct ws_trace *trace)
{
	int r = end(study, trace);

	/* Of a trace that was read, whatever is missing is not the trace. */
	return r == -ENOENT ? -EIO : r;
}

int ws_study_make(const struct ws_study_options *options, struct ws_watch *watch,
		  struct ws_study **ret, struct ws_error *error)
{
	const struct ws_pipeline_options pipeline = { .readers = options->jobs, .watch = watch };
	struct ws_pipeline_sink sink;
	struct ws_trace *trace;
	struct ws_study *study;
	int r = ws_study_begin(options, &sink, &study);

	if (r < 0)
		return r;
	study->watch = watch;
	r = ws_pipeline_run_as(&pipeline, options->dirs, options->n_dirs, &sink, &trace, error);
	if (r == 0)
		r = ws_study_end(study, trace);
	if (r < 0) {
		ws_study_free(study);
		return r;
	}
	*ret = study;
	return 0;
}

void ws_study_free(struct ws_study *study)
{
	if (!study)
		return;
	ws_stage_free(study->stage);
	ws_analyses_free(study->analyses);
	ws_symbols_free(study->symbols);
	ws_model_free(study->model);
	ws_trace_free(study->trace);
	ws_arena_free(&study->strings);
	free(study->warnings);
	free(study);
}

struct ws_watch *ws_study_watch(const struct ws_study *study)
{
	return study->watch;
}

const struct ws_context *ws_study_context(const struct ws_study *study)
{
	return ws_analyses_context(study->analyses);
}

const struct ws_report *ws_study_report(const struct ws_study *study)
{
	return &study->report;
}
