/* SPDX-License-Identifier: MIT */
/* summary.h: the answer in four sentences: what cost most, who caused it, what to change, and what
 * the trace lacks. Every number in it is one of the report's.
 *
 * Rules, the first that fits:
 *
 *   1. Threads that can never go on come before everything: a deadlock that happened, or another
 *      finding that the program hangs by.
 *   2. Of the waiting that matters (contention and hand-overs), the object with most of it. Who
 * caused it is who held it or let go, what they did meanwhile, and who they waited for in the end.
 * The cure is that of a finding about the object, or follows from what it is and what its holders
 * did; the what-if says what it is worth.
 *   3. If no waiting matters, what the end of the run depended on.
 */
#ifndef WS_REPORT_SUMMARY_H
#define WS_REPORT_SUMMARY_H

#include "analyzer/reports/cells.h"
#include "analyzer/reports/json_writer.h"
#include "analyzer/reports/report.h"

struct ws_summary {
	bool hangs;
	const struct ws_object *object; /* Weak: that it is about; NULL: none */
	/* Sentences without a full stop; "": nothing to say. */
	struct ws_cell cost, cause, change, lacks;
};

void ws_summary_make(const struct ws_report *report, bool utf8, struct ws_summary *ret);

/* The same as an object of four texts. */
json_t *ws_json_summary(struct ws_json_writer *writer);

/* What to do about findings of the rule, in a line. */
const char *ws_rule_cure(enum ws_rule rule);

#endif
