/* SPDX-License-Identifier: MIT */
/* calls.h: calls of functions as people read them: a line each, and how often and how long each
 * function was called.
 */
#ifndef WS_REPORT_CALLS_H
#define WS_REPORT_CALLS_H

#include <stdio.h>

#include "analyzer/reports/json_writer.h"
#include "analyzer/reports/page.h"
#include "analyzer/reports/report.h"

/* One call as strace would show it: seconds since the trace began, process and thread, the call,
 * its result and the time that it took, and where it was made (NULL: not known). */
void ws_report_call(FILE *to, const struct ws_tables *tables, const struct ws_record *call,
		    const struct ws_frame *site);

/* The functions; nothing of a trace without calls. At most `top` of them; 0: all. */
void ws_text_calls(struct ws_page *page, const struct ws_report *report, size_t top);
json_t *ws_json_calls(struct ws_json_writer *writer);

#endif
