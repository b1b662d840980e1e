/* SPDX-License-Identifier: MIT */
/* report.h: what a report is made from, and the formats there are, one file each.
 *
 * Reports only render: every number comes from an analysis, every order too.
 */
#ifndef WS_REPORT_H
#define WS_REPORT_H

#include <stdbool.h>
#include <stdio.h>

#include "analyzer/analyses/all.h"
#include "analyzer/model/model.h"

/* The version of the JSON's shape: raised when a key changes its meaning, which keys do not. */
#define WS_REPORT_FORMAT_VERSION 1

/* Everything is borrowed for the call. */
struct ws_report {
	const char *const *paths; /* trace folders, as they were given */
	size_t n_paths;           /* at least 1 */
	const struct ws_tables *tables;
	const struct ws_results *results;
	const struct ws_model_counts *counts;
	const struct ws_filter *filter;
	uint64_t frames;             /* code locations that were looked up */
	uint64_t unresolved_frames;  /* of these, those without a function name */
	const char *const *warnings; /* one line each, the most important first */
	size_t n_warnings;
};

/* So many objects and pairs of threads the text has, unless the user says otherwise. */
#define WS_TEXT_TOP 10

/* How the text looks. */
struct ws_text_style {
	bool utf8;     /* the reader's terminal shows UTF-8; else plain ASCII */
	bool colour;   /* and colours */
	bool stacks;   /* call stacks, too */
	bool findings; /* all that is known of findings and deadlocks */
	bool brief;    /* a first look: in full only what cost most */
	size_t top;    /* how many objects and edges at most; 0: all */
	size_t width;  /* columns of a line; 0: 100 */
};

/* Each writes to `to` and leave checking it for errors to the caller. 0 or -ENOMEM. */
int ws_report_json(const struct ws_report *report, FILE *to);
/* A page for browsers; of a study whose setup asked for `intervals`. */
int ws_report_html(const struct ws_report *report, FILE *to);
int ws_report_text(const struct ws_report *report, const struct ws_text_style *style, FILE *to);

#endif
