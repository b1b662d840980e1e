/* SPDX-License-Identifier: MIT */
/* graph.h: the wait graph of a report, in each format. */
#ifndef WS_REPORT_GRAPH_H
#define WS_REPORT_GRAPH_H

#include "analyzer/reports/json_writer.h"
#include "analyzer/reports/page.h"

/* null if none was asked for. */
json_t *ws_json_graph(struct ws_json_writer *writer);

/* The section of the text: who waits at that moment, each with the chain of those it waits for;
 * nothing if none was asked for. */
void ws_text_graph(struct ws_page *page, const struct ws_report *report);

/* The graph alone; the report must have one. To `to`, whose errors are the caller's to look for. 0
 * or -ENOMEM. */
int ws_graph_dot(const struct ws_report *report, FILE *to);
int ws_graph_json(const struct ws_report *report, FILE *to);

#endif
