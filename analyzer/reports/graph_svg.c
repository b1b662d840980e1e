/* SPDX-License-Identifier: MIT */
/* graph_svg.c: the wait graph as a picture, laid out by graphviz, in the reader's light or dark.
 *
 * graphviz writes fixed colours. A style that is put behind the svg element's begin overrides them
 * in the dark scheme: viewers that know no styles show the light one.
 */
#include <errno.h>
#include <graphviz/gvc.h>
#include <string.h>

#include "analyzer/reports/graph.h"
#include "analyzer/reports/graph_drawn.h"

/* More edges than that nobody reads, and the layout's time grows with their square: a few seconds
 * for so many. */
#define EDGES_MAX 300

static const char style[] = "<style>\n"
			    "text { fill: #1b1f26; }\n"
			    ".node.thread path, .node.process path, .node.pool path, .node.site "
			    "path { fill: #eceff4; }\n"
			    "a:hover path, a:hover ellipse { stroke-width: 4; }\n"
			    "@media (prefers-color-scheme: dark) {\n"
			    "svg { background: #14171c; }\n"
			    ".graph > polygon { fill: #14171c; }\n"
			    "text { fill: #e6e9ee; }\n"
			    ".node path, .node polyline { stroke: #a2abb9; }\n"
			    ".node.thread path, .node.process path, .node.pool path, .node.site "
			    "path { fill: #252b34; }\n"
			    ".node.object ellipse { fill: #1c2027; }\n"
			    ".blocked path, .blocked ellipse { stroke: #ff8f85 !important; }\n"
			    ".edge.blocked polygon { stroke: #ff8f85; fill: #ff8f85; }\n"
			    "}\n"
			    "</style>\n";

/* What graphviz says instead of printing it; the first line that matters. */
static char said[256];

static int hear(char *text)
{
	size_t n = strcspn(text, "\n");

	if (!said[0] && n && strncmp(text, "Warning", 7) != 0)
		snprintf(said, sizeof(said), "%.*s", (int)n, text);
	return 0;
}

static void put_svg(const char *svg, size_t size, FILE *to)
{
	const char *begin = strstr(svg, "<svg"), *end = begin ? strchr(begin, '>') : NULL;
	size_t n = end ? (size_t)(end - svg) + 1 : 0;

	fwrite(svg, 1, n, to);
	fputc('\n', to);
	fputs(style, to);
	fwrite(svg + n, 1, size - n, to);
}

/* One for the process, and never freed: graphviz's plugin for text keeps the name of the last font,
 * which a freed context would take away from the next one. NULL: out of memory. */
static GVC_t *context_of_process(void)
{
	static GVC_t *context;

	if (!context)
		context = gvContext();
	return context;
}

int ws_graph_svg(const struct ws_report *report, FILE *to, struct ws_error *error)
{
	GVC_t *graphviz = context_of_process();
	Agraph_t *graph = NULL;
	char *svg = NULL;
	unsigned int size = 0;
	int r;

	if (!graphviz)
		return -ENOMEM;
	agseterrf(hear);
	r = ws_graph_drawn(report, EDGES_MAX, &graph);
	if (r == 0 && (gvLayout(graphviz, graph, "dot") != 0 ||
		       gvRenderData(graphviz, graph, "svg", &svg, &size) != 0 || !svg))
		r = ws_error_set(error, -EIO,
				 "graphviz: it cannot draw the graph (%s); check `dot -v`, or take "
				 "--format dot",
				 said[0] ? said : "no reason given");
	if (r == 0)
		put_svg(svg, size, to);
	gvFreeRenderData(svg);
	if (graph) {
		gvFreeLayout(graphviz, graph);
		agclose(graph);
	}
	return r;
}
