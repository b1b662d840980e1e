/* SPDX-License-Identifier: MIT */
/* fuzz_report.c: records to a report, for the fuzz targets. */
#include <stdio.h>
#include <stdlib.h>

#include "analyzer/analyses/all.h"
#include "analyzer/decode/symbols.h"
#include "analyzer/exports/export.h"
#include "analyzer/model/model.h"
#include "analyzer/reports/report.h"
#include "tests/fuzz/fuzz.h"

struct fuzz_report {
	struct ws_analyses *analyses; /* Owned by this */
	struct ws_model *model;       /* Owned by this */
};

static const struct ws_setup setup = { .filter = { .to_ns = UINT64_MAX }, .journal = true };
/* Databases are slow to make: only some are. */
#define DATABASES_ONE_OF 16

static void need(int result)
{
	if (result)
		abort();
}

static void export_all(const struct ws_report *report, FILE *nowhere)
{
	static const struct ws_export_wish wish;
	static unsigned int n;
	struct ws_error error;
	bool tables = n++ % DATABASES_ONE_OF == 0;

	for (const struct ws_exporter *e = ws_exporters; e->name; e++) {
		if (tables || (e->write != ws_export_csv && e->write != ws_export_sqlite))
			need(e->write(report, &wish, nowhere, &error));
	}
}

struct fuzz_report *fuzz_report_new(void)
{
	struct fuzz_report *r = calloc(1, sizeof(*r));
	struct ws_model_observer observer;

	need(!r);
	need(ws_analyses_new(&setup, &r->analyses));
	observer = ws_analyses_observer(r->analyses);
	need(ws_model_new(&observer, &r->model));
	return r;
}

void fuzz_report_record(struct fuzz_report *r, const struct ws_record *record)
{
	need(ws_model_record(r->model, record));
}

void fuzz_report_finish(struct fuzz_report *r, const struct ws_tables *tables)
{
	static const char *const paths[] = { "one", "two" };
	static FILE *nowhere;
	struct ws_report report = {
		.paths = paths, .n_paths = 2, .tables = tables, .filter = &setup.filter
	};
	const struct ws_text_style style = { .stacks = true };
	struct ws_symbols *symbols;

	if (!nowhere)
		nowhere = fopen("/dev/null", "we");
	need(!nowhere);
	need(ws_model_finish(r->model, tables));
	need(ws_symbols_new(tables, NULL, &symbols));
	need(ws_analyses_finish(r->analyses, tables, symbols, &report.results));
	report.counts = ws_model_counts(r->model);
	need(ws_report_json(&report, nowhere));
	need(ws_report_text(&report, &style, nowhere));
	export_all(&report, nowhere);
	ws_analyses_free(r->analyses);
	ws_symbols_free(symbols);
	ws_model_free(r->model);
	free(r);
}
