/* SPDX-License-Identifier: MIT */
/* patterns.h: how threads shared an object: how often they took it, its queue, the turns, and wake-ups for nothing. */
#ifndef WS_REPORT_PATTERNS_H
#define WS_REPORT_PATTERNS_H

#include "analyzer/reports/json_writer.h"
#include "analyzer/reports/page.h"

/* Adds `acquisitions`, `queue`, `fairness` and `wakeups`, each where it is known. */
void ws_json_set_patterns(struct ws_json_writer *writer, json_t *to,
			  const struct ws_object *object);

/* A line for each that says something. `label` and `indent`: columns of labels and texts. */
void ws_text_patterns(struct ws_page *page, const struct ws_report *report,
		      const struct ws_object *object, size_t label, size_t indent);

#endif
