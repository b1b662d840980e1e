/* SPDX-License-Identifier: MIT */
/* analysis.c: the public interface's analysis: making it, its traces and options, running it. */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "analyzer/base/grow.h"
#include "analyzer/option.h"
#include "analyzer/public/isolate.h"
#include "analyzer/public/private.h"
#include "analyzer/reading.h"

/* How often the progress callback is called: often enough for a line that moves. */
#define PROGRESS_EVERY_NS 100000000ull

const char *ws_analysis_version(void)
{
	return WS_VERSION;
}

locale_t ws_plain_begin(void)
{
	locale_t plain = newlocale(LC_ALL_MASK, "C", (locale_t)0);

	return plain ? uselocale(plain) : (locale_t)0;
}

void ws_plain_end(locale_t before)
{
	locale_t plain = before ? uselocale(before) : (locale_t)0;

	if (plain)
		freelocale(plain);
}

int ws_analysis_new(struct ws_analysis **ret)
{
	struct ws_analysis *analysis = calloc(1, sizeof(*analysis));

	if (!analysis)
		return -ENOMEM;
	ws_reading_init(&analysis->options);
	analysis->style.top = WS_TEXT_TOP;
	analysis->style.brief = true;
	*ret = analysis;
	return 0;
}

void ws_analysis_free(struct ws_analysis *analysis)
{
	if (!analysis)
		return;
	ws_analysis_tables_free(&analysis->tables);
	ws_study_free(analysis->study);
	ws_arena_free(&analysis->texts);
	free(analysis->own_watch);
	free(analysis->dirs);
	free(analysis);
}

int ws_analysis_fail(struct ws_analysis *analysis, int code, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(analysis->error.text, sizeof(analysis->error.text), format, args);
	va_end(args);
	return code;
}

const char *ws_analysis_error(const struct ws_analysis *analysis)
{
	return analysis->error.text;
}

static int no_memory(struct ws_analysis *analysis)
{
	return ws_analysis_fail(analysis, -ENOMEM, "memory is out");
}

static int was_run(struct ws_analysis *analysis, const char *what)
{
	return ws_analysis_fail(analysis, -EBUSY, "%s: the analysis has been run: make another one",
				what);
}

int ws_analysis_add_trace(struct ws_analysis *analysis, const char *dir)
{
	if (analysis->run)
		return was_run(analysis, dir);
	if (ws_grow(&analysis->dirs, &analysis->dirs_size, analysis->n_dirs + 1))
		return no_memory(analysis);
	dir = ws_arena_strdup(&analysis->texts, dir);
	if (!dir)
		return no_memory(analysis);
	analysis->dirs[analysis->n_dirs] = dir;
	if (ws_reading_twice(analysis->dirs, analysis->n_dirs + 1))
		return ws_analysis_fail(analysis, -EINVAL, "the same folder twice: %s", dir);
	analysis->n_dirs++;
	return 0;
}

/* yes, no */
static int parse_bool(const char *value, bool *ret)
{
	if (strcmp(value, "yes") != 0 && strcmp(value, "no") != 0)
		return -EINVAL;
	*ret = value[0] == 'y';
	return 0;
}

/* The table of that name; -EINVAL: there is none. */
static int set_table(struct ws_analysis *analysis, const char *value)
{
	const char *table;

	for (size_t i = 0; (table = ws_export_csv_table(i)); i++) {
		if (strcmp(table, value) == 0) {
			analysis->wish.table = table;
			return 0;
		}
	}
	return -EINVAL;
}

/* An option of how it is written. 1: it was one; 0: it is none; -EINVAL. */
static int set_style(struct ws_analysis *analysis, const char *name, const char *value)
{
	uint64_t number;
	int r;

	if (strcmp(name, "top") == 0) {
		r = ws_reading_number(value, SIZE_MAX / 2, &number);
		if (r == 0) {
			analysis->style.top = number;
			analysis->style.brief = false;
		}
	} else if (strcmp(name, "width") == 0) {
		r = ws_reading_number(value, WS_TEXT_WIDTH_MAX, &number);
		if (r == 0)
			analysis->style.width = number;
	} else if (strcmp(name, "findings") == 0) {
		r = parse_bool(value, &analysis->style.findings);
	} else if (strcmp(name, "colour") == 0) {
		r = parse_bool(value, &analysis->style.colour);
	} else if (strcmp(name, "stacks") == 0) {
		r = parse_bool(value, &analysis->style.stacks);
	} else if (strcmp(name, "table") == 0) {
		r = set_table(analysis, value);
	} else if (strcmp(name, "utf8") == 0) {
		r = parse_bool(value, &analysis->style.utf8);
	} else {
		return 0;
	}
	return r < 0 ? r : 1;
}

static int set_what_if(struct ws_analysis *analysis, const char *value)
{
	struct ws_setup *setup = &analysis->options.setup;

	if (!*value || *value == '=' || setup->n_what_ifs == WS_WHAT_IF_MAX)
		return -EINVAL;
	analysis->what_ifs[setup->n_what_ifs++] = value;
	setup->what_ifs = analysis->what_ifs;
	return 0;
}

/* An option of what is answered, that not every command has. 1: it was one; 0: it is none; -EINVAL.
 */
static int set_setup(struct ws_analysis *analysis, const char *name, const char *value)
{
	struct ws_setup *setup = &analysis->options.setup;
	uint64_t number;
	int r;

	if (strcmp(name, "critical-path") == 0) {
		r = ws_reading_number(value, INT32_MAX, &number);
		if (r == 0 && number == 0)
			r = -EINVAL;
		if (r == 0)
			setup->path_tid = (int32_t)number;
	} else if (strcmp(name, "what-if") == 0) {
		r = set_what_if(analysis, value);
	} else if (strcmp(name, "stuck-after") == 0) {
		r = ws_option_time(value, &number);
		if (r == 0 && number == 0)
			r = -EINVAL;
		if (r == 0)
			setup->stuck_ns = number;
	} else if (strcmp(name, "at") == 0) {
		r = ws_reading_at(value, &setup->graph);
	} else if (strcmp(name, "sort") == 0) {
		r = ws_sort_of_word(value, &setup->sort);
		setup->is_sorted = r == 0;
	} else if (strcmp(name, "group-by") == 0) {
		r = ws_group_by_of_word(value, &setup->group_by);
		setup->is_grouped = r == 0;
	} else if (strcmp(name, "by") == 0) {
		r = ws_graph_by_of_word(value, &setup->graph.by);
	} else if (strcmp(name, "waits") == 0) {
		r = parse_bool(value, &setup->journal);
	} else if (strcmp(name, "isolate") == 0) {
		r = parse_bool(value, &analysis->isolate);
	} else {
		return 0;
	}
	return r < 0 ? r : 1;
}

/* An option that every command which reads traces has. As above, with *wrong set if it is. */
static int set_reading(struct ws_analysis *analysis, const char *name, char *value,
		       const char **wrong)
{
	static const struct ws_row *const tables[] = { ws_reading_rows, ws_reading_filter_rows,
						       ws_reading_to_rows };

	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
		for (const struct ws_row *row = tables[i]; row->name || row->help; row++) {
			if (row->name && strcmp(row->name, name) == 0)
				return ws_reading_take(row->id, value, &analysis->options, wrong);
		}
	}
	return 0;
}

static int set(struct ws_analysis *analysis, const char *name, const char *value)
{
	const char *wrong = "not what it can be";
	char *copy;
	int r = set_style(analysis, name, value);

	if (r == 0) {
		/* It is kept, and cut to pieces. */
		copy = ws_arena_strdup(&analysis->texts, value);
		if (!copy)
			return no_memory(analysis);
		if (analysis->run)
			return was_run(analysis, name);
		r = set_setup(analysis, name, copy);
		if (r == 0)
			r = set_reading(analysis, name, copy, &wrong);
	}
	if (r < 0)
		return ws_analysis_fail(analysis, r, "option %s=%s: %s", name, value, wrong);
	return r ? 0 : ws_analysis_fail(analysis, -ENOENT, "there is no option %s", name);
}

int ws_analysis_set(struct ws_analysis *analysis, const char *name, const char *value)
{
	locale_t before = ws_plain_begin();
	int r = set(analysis, name, value);

	ws_plain_end(before);
	return r;
}

int ws_analysis_expect(struct ws_analysis *analysis, const char *format)
{
	if (analysis->run)
		return was_run(analysis, format);
	if (ws_analysis_format_expect(format, &analysis->options.setup) < 0)
		return ws_analysis_fail(analysis, -ENOENT, "there is no format %s", format);
	return 0;
}

void ws_analysis_on_progress(struct ws_analysis *analysis, ws_analysis_progress_fn *fn, void *user)
{
	analysis->progress = fn;
	analysis->progress_user = user;
}

void ws_analysis_on_warning(struct ws_analysis *analysis, ws_analysis_warning_fn *fn, void *user)
{
	analysis->warning = fn;
	analysis->warning_user = user;
}

/* Tells how far it is, if it is time to. */
static int tick(void *user)
{
	struct ws_analysis *analysis = user;
	struct ws_analysis_progress progress = { 0 };
	struct timespec now;
	uint64_t now_ns;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	now_ns = (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
	if (now_ns - analysis->told_ns < PROGRESS_EVERY_NS)
		return 0;
	analysis->told_ns = now_ns;
	for (size_t i = 0; i < WS_WATCH_SLOTS; i++) {
		const struct ws_watch_slot *slot = &analysis->watch->slots[i];

		progress.events += atomic_load_explicit(&slot->events, memory_order_relaxed);
		progress.bytes += atomic_load_explicit(&slot->bytes, memory_order_relaxed);
	}
	progress.bytes_total =
		atomic_load_explicit(&analysis->watch->bytes_total, memory_order_relaxed);
	return analysis->progress(analysis->progress_user, &progress) ? -ECANCELED : 0;
}

/* A moment after the end has no graph. */
static int check_moment(struct ws_analysis *analysis, const struct ws_study_options *options)
{
	const struct ws_graph_wish *graph = &options->setup.graph;
	const struct ws_tables *tables = ws_study_report(analysis->study)->tables;
	uint64_t ns = tables->end_ns - tables->begin_ns;

	if (!graph->instant || graph->at_ns == UINT64_MAX || graph->at_ns <= ns)
		return 0;
	return ws_analysis_fail(analysis, -ERANGE,
				"--at: the trace is only %" PRIu64 ".%06" PRIu64
				" s long; give an earlier time, or `end`",
				ns / 1000000000, ns / 1000 % 1000000);
}

/* The options are complete. */
static int complete(struct ws_analysis *analysis)
{
	struct ws_study_options *options = &analysis->options;
	const struct ws_filter *filter = &options->setup.filter;

	if (analysis->taken)
		return 0;
	if (filter->to_ns <= filter->from_ns && filter->to_ns)
		return ws_analysis_fail(analysis, -EINVAL,
					"option until: the end is not later than from");
	options->dirs = analysis->dirs;
	options->n_dirs = analysis->n_dirs;
	return 0;
}

static int run(struct ws_analysis *analysis)
{
	struct ws_study_options *options = &analysis->options;
	int r = complete(analysis);

	if (r < 0)
		return r;
	if (!options->n_dirs)
		return ws_analysis_fail(analysis, -ENOENT, "no trace was added");
	if (!analysis->watch) {
		analysis->watch = analysis->own_watch = calloc(1, sizeof(*analysis->own_watch));
		if (!analysis->watch)
			return -ENOMEM;
	}
	if (analysis->progress) {
		options->tick = tick;
		options->tick_user = analysis;
	}
	if (analysis->isolate) {
		r = ws_isolate(options, analysis->watch, &analysis->error);
		if (r < 0)
			return r;
	}
	r = ws_study_make(options, analysis->watch, &analysis->study, &analysis->error);
	return r < 0 ? r : check_moment(analysis, options);
}

/* It has been run: tells of it, or that it failed. */
static int finish(struct ws_analysis *analysis, int r)
{
	const struct ws_report *report;

	if (r < 0) {
		ws_study_free(analysis->study);
		analysis->study = NULL;
		ws_error_set(&analysis->error, r, "%s: %s",
			     analysis->options.n_dirs ? analysis->options.dirs[0] : "the trace",
			     strerror(-r));
		return r;
	}
	report = ws_study_report(analysis->study);
	for (size_t i = 0; analysis->warning && i < report->n_warnings; i++)
		analysis->warning(analysis->warning_user, report->warnings[i]);
	return 0;
}

int ws_analysis_run(struct ws_analysis *analysis)
{
	locale_t before;
	int r;

	if (analysis->run)
		return was_run(analysis, "run");
	analysis->run = true;
	analysis->error.text[0] = '\0';
	before = ws_plain_begin();
	r = run(analysis);
	ws_plain_end(before);
	return finish(analysis, r);
}

int ws_analysis_feed_begin(struct ws_analysis *analysis, struct ws_pipeline_sink *sink)
{
	int r = complete(analysis);

	analysis->run = true;
	if (r == 0)
		r = ws_study_begin(&analysis->options, sink, &analysis->study);
	return r < 0 ? finish(analysis, r) : 0;
}

int ws_analysis_feed_end(struct ws_analysis *analysis, struct ws_trace *trace)
{
	locale_t before = ws_plain_begin();
	int r = ws_study_end(analysis->study, trace);

	if (r == 0)
		r = check_moment(analysis, &analysis->options);
	ws_plain_end(before);
	return finish(analysis, r);
}

void ws_analysis_take(struct ws_analysis *analysis, const struct ws_study_options *options,
		      struct ws_watch *watch)
{
	analysis->options = *options;
	/* The copies' classes are where they were copied to. */
	if (options->setup.class_wishes == options->class_wishes)
		analysis->options.setup.class_wishes = analysis->options.class_wishes;
	analysis->taken = true;
	analysis->watch = watch;
}

const struct ws_study *ws_analysis_study(const struct ws_analysis *analysis)
{
	return analysis->study;
}

const struct ws_report *ws_analysis_report(const struct ws_analysis *analysis)
{
	const struct ws_report *report = analysis->study ? ws_study_report(analysis->study) : NULL;

	return report && report->results ? report : NULL;
}
