/* SPDX-License-Identifier: MIT */
/* whole_report.c: see whole_report.h. */
#include "tests/support/whole_report.h"

#include <errno.h>
#include <string.h>

#include "analyzer/analyses/all.h"
#include "analyzer/decode/symbols.h"
#include "analyzer/model/model.h"
#include "analyzer/pipeline.h"
#include "analyzer/reports/report.h"
#include "analyzer/stage.h"

static int take(void *user, const struct ws_record *records, size_t n, struct ws_error *error)
{
	struct ws_model *model = user;
	int r = 0;

	for (size_t i = 0; i < n && !r; i++)
		r = ws_model_record(model, &records[i]);
	return r ? ws_error_set(error, r, "%s", strerror(-r)) : 0;
}

int whole_report(const char *const *dirs, size_t n_dirs, unsigned int readers,
		 struct ws_watch *watch, FILE *to, bool text, struct ws_error *error)
{
	const struct ws_pipeline_options options = { .readers = readers, .watch = watch };
	const struct ws_setup setup = { .filter = { .to_ns = UINT64_MAX } };
	struct ws_report report = { .paths = dirs, .n_paths = n_dirs, .filter = &setup.filter };
	struct ws_analyses *analyses = NULL;
	struct ws_symbols *symbols = NULL;
	struct ws_model_observer observer;
	struct ws_pipeline_sink sink = { .records = take };
	struct ws_stage *stage = NULL;
	struct ws_model *model = NULL;
	struct ws_trace *trace = NULL;
	int r = ws_analyses_new(&setup, &analyses);

	if (!r)
		r = ws_stage_new_analyses(analyses, ws_pipeline_jobs(readers), &stage);
	if (!r) {
		observer = ws_stage_observer(stage);
		r = ws_model_new(&observer, &model);
	}
	sink.user = model;
	if (!r)
		r = ws_pipeline_run_as(&options, dirs, n_dirs, &sink, &trace, error);
	if (!r) {
		report.tables = ws_trace_tables(trace);
		report.warnings = (const char *const *)report.tables->warnings;
		report.n_warnings = report.tables->n_warnings;
		r = ws_model_finish(model, report.tables);
	}
	if (!r)
		r = ws_stage_finish(stage);
	if (!r)
		r = ws_symbols_new(report.tables, NULL, &symbols);
	if (!r)
		r = ws_analyses_finish(analyses, report.tables, symbols, &report.results);
	if (!r) {
		report.counts = ws_model_counts(model);
		ws_symbols_counts(symbols, &report.frames, &report.unresolved_frames);
		r = ws_report_json(&report, to);
	}
	if (!r && text) {
		const struct ws_text_style style = { .utf8 = true, .stacks = true };

		r = ws_report_text(&report, &style, to);
	}
	if (r && error && !error->text[0])
		ws_error_set(error, r, "%s", strerror(-r));
	ws_stage_free(stage);
	ws_analyses_free(analyses);
	ws_symbols_free(symbols);
	ws_model_free(model);
	ws_trace_free(trace);
	return r;
}
