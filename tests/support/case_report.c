/* SPDX-License-Identifier: MIT */
/* case_report.c: see case_report.h. */
#include "tests/support/case_report.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void take_line(struct case_trace *trace, char *line)
{
	const char *error;

	line[strcspn(line, "\n")] = 0;
	if (!line[0] || line[0] == '#')
		return;
	error = case_trace_line(trace, line);
	if (error)
		fail_msg("%s: %s", error, line);
}

struct case_trace *case_trace_read(const char *path)
{
	struct case_trace *trace = case_trace_new();
	FILE *file = fopen(path, "r");
	char line[1024];

	assert_non_null(file);
	while (fgets(line, sizeof(line), file))
		take_line(trace, line);
	fclose(file);
	return trace;
}

struct case_trace *case_trace_parse(const char *lines)
{
	struct case_trace *trace = case_trace_new();
	char *copy = strdup(lines), *rest = copy, *line;

	assert_non_null(copy);
	while ((line = strsep(&rest, "\n")))
		take_line(trace, line);
	free(copy);
	return trace;
}

void case_report_open(const struct ws_setup *setup, struct case_report *ret)
{
	*ret = (struct case_report){ .setup = *setup };
	assert_int_equal(ws_analyses_new(&ret->setup, &ret->analyses), 0);
}

void case_report_tell(struct case_report *report, struct case_trace *trace,
		      const struct ws_model_observer *observer)
{
	const struct ws_record *records;
	size_t n;

	assert_int_equal(ws_model_new(observer, &report->model), 0);
	records = case_trace_records(trace, &n);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(ws_model_record(report->model, &records[i]), 0);
	assert_int_equal(ws_model_finish(report->model, case_trace_tables(trace)), 0);
}

void case_report_close(struct case_report *report, struct case_trace *trace)
{
	static const char *const paths[] = { "waitscope.trace" };

	assert_int_equal(ws_symbols_new(case_trace_tables(trace), NULL, &report->symbols), 0);
	assert_int_equal(ws_analyses_finish(report->analyses, case_trace_tables(trace),
					    report->symbols, &report->results),
			 0);
	report->report = (struct ws_report){
		.paths = paths,
		.n_paths = 1,
		.tables = case_trace_tables(trace),
		.results = report->results,
		.counts = ws_model_counts(report->model),
		.filter = &report->setup.filter,
	};
	ws_symbols_counts(report->symbols, &report->report.frames,
			  &report->report.unresolved_frames);
}

void case_report_make(struct case_trace *trace, const struct ws_filter *filter,
		      struct case_report *ret)
{
	struct ws_setup setup = { .filter = { .to_ns = UINT64_MAX } };

	if (filter)
		setup.filter = *filter;
	case_report_make_as(trace, &setup, ret);
}

void case_report_make_as(struct case_trace *trace, const struct ws_setup *setup,
			 struct case_report *ret)
{
	struct ws_model_observer observer;

	case_report_open(setup, ret);
	observer = ws_analyses_observer(ret->analyses);
	case_report_tell(ret, trace, &observer);
	case_report_close(ret, trace);
}

void case_report_free(struct case_report *report)
{
	ws_analyses_free(report->analyses);
	ws_symbols_free(report->symbols);
	ws_model_free(report->model);
}

char *case_report_json(const struct case_report *report)
{
	char *text = NULL;
	size_t size;
	FILE *file = open_memstream(&text, &size);

	assert_non_null(file);
	assert_int_equal(ws_report_json(&report->report, file), 0);
	fclose(file);
	return text;
}

char *case_report_text(const struct case_report *report, const struct ws_text_style *style)
{
	char *text = NULL;
	size_t size;
	FILE *file = open_memstream(&text, &size);

	assert_non_null(file);
	assert_int_equal(ws_report_text(&report->report, style, file), 0);
	fclose(file);
	return text;
}
