/* SPDX-License-Identifier: MIT */
/* case_report.h: from the records of case_trace.h to what a report is made from. */
#ifndef WS_CASE_REPORT_H
#define WS_CASE_REPORT_H

#include "analyzer/reports/report.h"
#include "tests/support/case_trace.h"

/* Everything that a report needs. Free with case_report_free. */
struct case_report {
	struct ws_setup setup;
	struct ws_model *model;
	struct ws_analyses *analyses;
	const struct ws_results *results; /* Owned by the analyses */
	struct ws_symbols *symbols;
	struct ws_report report; /* borrows the others */
};

/* Lines of case_trace.h from a file, from the folder of the running test. Fails the test on errors.
 */
struct case_trace *case_trace_read(const char *path);
/* The same from a text of several lines. */
struct case_trace *case_trace_parse(const char *lines);

/* NULL: all waits count. Fails the test on errors. */
void case_report_make(struct case_trace *trace, const struct ws_filter *filter,
		      struct case_report *ret);
/* The same of another setup, which is copied. */
void case_report_make_as(struct case_trace *trace, const struct ws_setup *setup,
			 struct case_report *ret);
void case_report_free(struct case_report *report);
/* The same in steps: makes the analyses; has the model tell the observer, by which they are to hear of
 * it; and makes the report when they have. */
void case_report_open(const struct ws_setup *setup, struct case_report *ret);
void case_report_tell(struct case_report *report, struct case_trace *trace,
		      const struct ws_model_observer *observer);
void case_report_close(struct case_report *report, struct case_trace *trace);

/* What a report prints; to be freed. */
char *case_report_json(const struct case_report *report);
char *case_report_text(const struct case_report *report, const struct ws_text_style *style);

#endif
