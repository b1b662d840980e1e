/* SPDX-License-Identifier: MIT */
/* graph.h: the wait graph of a report, in each format. */
#ifndef WS_REPORT_GRAPH_H
#define WS_REPORT_GRAPH_H

#include "analyzer/analyses/shape.h"
#include "analyzer/base/error.h"
#include "analyzer/reports/json_writer.h"
#include "analyzer/reports/page.h"

/* null if none was asked for. */
json_t *ws_json_graph(struct ws_json_writer *writer);

/* The section of the text: who waits at that moment, each with the chain of those it waits for;
 * nothing if none was asked for. */
void ws_text_graph(struct ws_page *page, const struct ws_report *report);

/* The graph alone, in one format. */
struct ws_graph_format {
	const char *name;    /* as the user gives it */
	const char *summary; /* for people, a line */
	/* The report must have a graph. To `to`, whose errors are the caller's to look for. 0,
	 * -ENOMEM, or another negative errno with *error set. */
	int (*write)(const struct ws_report *report, FILE *to, struct ws_error *error);
};

/* All of them, the default first; the last has no name. */
extern const struct ws_graph_format ws_graph_formats[];

/* NULL: there is no such format. */
const struct ws_graph_format *ws_graph_format_find(const char *name);

/* What a node is: thread, process, pool, site, object, unknown. */
const char *ws_graph_node_word(const struct ws_shape_node *node);

/* One a file but for JSON. */
int ws_graph_dot(const struct ws_report *report, FILE *to, struct ws_error *error);
int ws_graph_svg(const struct ws_report *report, FILE *to, struct ws_error *error);
int ws_graph_json(const struct ws_report *report, FILE *to, struct ws_error *error);
int ws_graph_graphml(const struct ws_report *report, FILE *to, struct ws_error *error);

#endif
