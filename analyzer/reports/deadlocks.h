/* SPDX-License-Identifier: MIT */
/* deadlocks.h: the deadlocks of a report, in each format. */
#ifndef WS_REPORT_DEADLOCKS_H
#define WS_REPORT_DEADLOCKS_H

#include "analyzer/reports/json_writer.h"
#include "analyzer/reports/page.h"

/* The list of deadlocks. */
json_t *ws_json_deadlocks(struct ws_json_writer *writer);

/* The section of the text, at most `top` deadlocks (0: all); nothing if there is none. Those that
 * are suppressed are in the JSON only. */
void ws_text_deadlocks(struct ws_page *page, const struct ws_report *report,
		       const struct ws_text_style *style);

#endif
