/* SPDX-License-Identifier: MIT */
/* graph.c: see graph.h. */
#include "analyzer/reports/graph.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/analyses/knots.h"
#include "analyzer/base/words.h"

static const char *state_word(uint8_t state)
{
	switch (state) {
	case WS_NODE_WAITS:
		return "waits";
	case WS_NODE_GONE:
		return "gone";
	default:
		return "runs";
	}
}

const char *ws_graph_node_word(const struct ws_shape_node *node)
{
	if (node->object)
		return "object";
	if (node->is_unknown)
		return "unknown";
	if (node->by == WS_GRAPH_BY_THREAD && node->thread == WS_UNKNOWN)
		return "process"; /* any thread of it */
	return ws_graph_by_word(node->by);
}

static json_t *number_or_null(uint32_t number)
{
	return number == WS_UNKNOWN ? json_null() : ws_json_integer(number);
}

static json_t *node_json(struct ws_json_writer *writer, const struct ws_shape *shape, size_t i)
{
	const struct ws_shape_node *node = &shape->nodes[i];
	const struct ws_tables *tables = writer->report->tables;
	bool is_state = shape->instant && node->by == WS_GRAPH_BY_THREAD && !node->object &&
			!node->is_unknown;
	json_t *value = json_object();

	ws_json_set_integer(writer, value, "id", i);
	ws_json_set_string(writer, value, "what", ws_graph_node_word(node));
	ws_json_set_string(writer, value, "label", node->label);
	ws_json_set(writer, value, "thread", number_or_null(node->thread));
	ws_json_set(writer, value, "process", number_or_null(node->process));
	ws_json_set(writer, value, "pid",
		    node->process < tables->n_processes
			    ? json_integer(tables->processes[node->process].pid)
			    : json_null());
	ws_json_set(writer, value, "tid",
		    node->thread < tables->n_threads
			    ? json_integer(tables->threads[node->thread].tid)
			    : json_null());
	ws_json_set(writer, value, "object",
		    node->object ? ws_json_integer(node->object->id) : json_null());
	ws_json_set(writer, value, "kind",
		    node->object ? ws_json_string(ws_kind_word(node->object->key.kind))
				 : json_null());
	ws_json_set(writer, value, "state",
		    is_state ? ws_json_string(state_word(node->state)) : json_null());
	ws_json_set(writer, value, "way_out",
		    is_state && node->state == WS_NODE_WAITS
			    ? ws_json_string(ws_way_out_word(node->way_out))
			    : json_null());
	ws_json_set(writer, value, "blocked", is_state ? json_boolean(node->blocked) : json_null());
	ws_json_set(writer, value, "knot",
		    node->knot == WS_KNOT_NONE ? json_null() : ws_json_integer(node->knot));
	return value;
}

json_t *ws_json_graph(struct ws_json_writer *writer)
{
	const struct ws_report *report = writer->report;
	const struct ws_shape *shape = report->results->hangs->shape;
	json_t *value, *nodes, *edges;

	if (!shape)
		return json_null();
	value = json_object();
	nodes = json_array();
	edges = json_array();
	ws_json_set_string(writer, value, "by", ws_graph_by_word(shape->by));
	ws_json_set(writer, value, "at_ns",
		    shape->instant ? ws_json_integer(shape->at_ns) : json_null());
	for (size_t i = 0; i < shape->n_nodes; i++)
		ws_json_append(writer, nodes, node_json(writer, shape, i));
	for (size_t i = 0; i < shape->n_edges; i++) {
		const struct ws_shape_edge *edge = &shape->edges[i];
		json_t *one = json_object();

		ws_json_set_integer(writer, one, "from", edge->from);
		ws_json_set_integer(writer, one, "to", edge->to);
		ws_json_set_integer(writer, one, "object", edge->object->id);
		ws_json_set_string(writer, one, "object_name", edge->object_name);
		ws_json_set_string(writer, one, "kind", ws_kind_word(edge->object->key.kind));
		ws_json_set_string(writer, one, "relation", edge->needs_all ? "and" : "or");
		ws_json_set_integer(writer, one, "waits", edge->waits);
		ws_json_set_integer(writer, one, "wait_ns", edge->wait_ns);
		ws_json_append(writer, edges, one);
	}
	ws_json_set(writer, value, "nodes", nodes);
	ws_json_set(writer, value, "edges", edges);
	return value;
}

static int write_file(const char *buffer, size_t size, void *file)
{
	return fwrite(buffer, 1, size, file) == size ? 0 : -1;
}

int ws_graph_json(const struct ws_report *report, FILE *to, struct ws_error *error)
{
	struct ws_json_writer writer = { .report = report };
	json_t *root = ws_json_graph(&writer);

	(void)error;
	ws_json_set_integer(&writer, root, "format_version", WS_REPORT_FORMAT_VERSION);
	if (!writer.failed) {
		/* A failed write is the caller's to find, in the file. */
		(void)json_dump_callback(root, write_file, to, JSON_INDENT(1));
		fputc('\n', to);
	}
	json_decref(root);
	ws_json_writer_free(&writer);
	return writer.failed ? -ENOMEM : 0;
}

const struct ws_graph_format ws_graph_formats[] = {
	{ "dot", "for graphviz", ws_graph_dot },
	{ "svg", "a picture for browsers, in light and dark", ws_graph_svg },
	{ "json", "as `wait_graph` of the JSON report", ws_graph_json },
	{ "graphml", "for networkx, igraph, Gephi, yEd", ws_graph_graphml },
	{ 0 },
};

const struct ws_graph_format *ws_graph_format_find(const char *name)
{
	for (const struct ws_graph_format *f = ws_graph_formats; f->name; f++) {
		if (strcmp(f->name, name) == 0)
			return f;
	}
	return NULL;
}

/* The first edge of a node, which has the most weight; NULL: it does not wait. */
static const struct ws_shape_edge *edge_from(const struct ws_shape *shape, uint32_t node)
{
	for (size_t i = 0; i < shape->n_edges; i++) {
		if (shape->edges[i].from == node)
			return &shape->edges[i];
	}
	return NULL;
}

/* What becomes of one that waits for nobody in the graph. */
static const char *what_of(const struct ws_shape_node *node)
{
	if (node->state == WS_NODE_GONE)
		return ", which has ended";
	if (node->blocked)
		return ", none of which can go on";
	return node->is_unknown ? "" : ", which does not wait";
}

/* "A[1] waits 2.1 s for mutex m", then for each that the one before waits for: "-> B[2], which
 * itself waited 1.9 s of that for pipe p", until one runs, or the chain comes back. */
static void print_chain(struct ws_page *page, const struct ws_shape *shape, uint32_t start)
{
	const struct ws_shape_edge *edge = edge_from(shape, start);
	struct ws_cell cell, time;
	uint64_t span_ns = edge->wait_ns;
	bool *seen = calloc(shape->n_nodes + 1, sizeof(*seen));

	ws_cell_time(&time, page->utf8, edge->wait_ns);
	ws_cell_set(&cell, page->utf8, "%.200s  waits %.60s for %.300s%s",
		    shape->nodes[start].label, time.text, edge->object_name,
		    shape->nodes[start].blocked ? "  (for ever)" : "");
	ws_page_cell(page, &cell, 2);
	ws_page_end(page);
	if (!seen)
		return;
	seen[start] = true;
	while (edge) {
		const struct ws_shape_node *to = &shape->nodes[edge->to];
		const char *arrow = edge->needs_all ? "->" : "~>";
		bool again = seen[edge->to];
		uint32_t next = edge->to;

		seen[next] = true;
		edge = edge_from(shape, next);
		if (again) {
			ws_cell_set(&cell, page->utf8, "%s %.200s again: a circle", arrow,
				    to->label);
			edge = NULL;
		} else if (edge) {
			if (edge->wait_ns < span_ns)
				span_ns = edge->wait_ns;
			ws_cell_time(&time, page->utf8, span_ns);
			ws_cell_set(&cell, page->utf8,
				    "%s %.200s, which of that waited %.60s itself for %.300s",
				    arrow, to->label, time.text, edge->object_name);
		} else {
			ws_cell_set(&cell, page->utf8, "%s %.200s%s", arrow, to->label,
				    what_of(to));
		}
		ws_cell_cut(&cell, page->utf8, page->width - 6);
		ws_page_cell(page, &cell, 6);
		ws_page_end(page);
	}
	free(seen);
}

void ws_text_graph(struct ws_page *page, const struct ws_report *report)
{
	const struct ws_shape *shape = report->results->hangs->shape;
	struct ws_cell cell, time;
	size_t shown = 0;

	if (!shape || !shape->instant)
		return;
	ws_page_end(page);
	ws_cell_time(&time, page->utf8,
		     shape->at_ns > report->tables->begin_ns
			     ? shape->at_ns - report->tables->begin_ns
			     : 0);
	ws_cell_set(&cell, page->utf8, "wait graph at %.60s   (-> needs it, ~> could go on by it)",
		    time.text);
	ws_page_cell(page, &cell, 0);
	ws_page_end(page);
	for (uint32_t i = 0; i < shape->n_nodes; i++) {
		if (shape->nodes[i].object || !edge_from(shape, i))
			continue;
		print_chain(page, shape, i);
		shown++;
	}
	if (!shown) {
		ws_page_text(page, "nobody waits", 2);
		ws_page_end(page);
	}
}
