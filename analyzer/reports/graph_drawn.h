/* SPDX-License-Identifier: MIT */
/* graph_drawn.h: the wait graph as graphviz's library has it, dressed for people: what dot and SVG
 * are written from. */
#ifndef WS_GRAPH_DRAWN_H
#define WS_GRAPH_DRAWN_H

#include <graphviz/cgraph.h>

#include "analyzer/reports/report.h"

/* Of nodes and edges, besides what they look like: a class, by which a style can choose them
 * (thread, process, object, unknown; and, or; the kind; blocked), and a tooltip with all that is
 * known of them. Edges are the `most` heaviest; what else there is stands below the graph. 0, or
 * -ENOMEM with *ret untouched. The caller closes it by agclose(). */
int ws_graph_drawn(const struct ws_report *report, size_t most, Agraph_t **ret);

#endif
