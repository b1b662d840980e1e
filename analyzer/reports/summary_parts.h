/* SPDX-License-Identifier: MIT */
/* summary_parts.h: what the files of the summary share. */
#ifndef WS_SUMMARY_PARTS_H
#define WS_SUMMARY_PARTS_H

#include "analyzer/reports/summary.h"

/* Columns for a place in the code. */
#define WS_SUMMARY_PLACE 60

/* One more piece of the sentence. */
void ws_summary_add(struct ws_cell *cell, bool utf8, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Tells of the object with most of the waiting that matters. False: none does, and nothing is told.
 */
bool ws_summary_waits(const struct ws_report *report, bool utf8, struct ws_summary *ret);

#endif
