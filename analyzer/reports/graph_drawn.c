/* SPDX-License-Identifier: MIT */
/* graph_drawn.c: see graph_drawn.h. */
#include "analyzer/reports/graph_drawn.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/analyses/knots.h"
#include "analyzer/base/words.h"
#include "analyzer/reports/cells.h"
#include "analyzer/reports/graph.h"
#include "analyzer/reports/kind_colours.h"
#include "analyzer/reports/xml.h"

/* cgraph takes strings that it does not change as char *. */
#define S(text) ((char *)(text))

struct drawing {
	const struct ws_report *report; /* Weak */
	const struct ws_shape *shape;   /* Weak */
	Agraph_t *graph;                /* Owned by this until it is handed out */
	Agnode_t **nodes;               /* Owned by this; by node; NULL: not drawn */
	bool *drawn, *blocked;          /* Owned by this; by node */
	size_t n_edges;                 /* that are drawn */
};

/* A text that grows: labels are of any length. */
struct label {
	char *text; /* Owned by this */
	size_t size;
	FILE *to;
};

static int label_open(struct label *label)
{
	*label = (struct label){ .text = NULL };
	label->to = open_memstream(&label->text, &label->size);
	return label->to ? 0 : -ENOMEM;
}

/* Whether graphviz would read an entity here: "&amp;", "&#38;". */
static bool is_entity(const char *c)
{
	size_t n = strspn(c + 1, "#0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ");

	return n > 0 && c[1 + n] == ';';
}

/* A name, so that graphviz shows it as it is: valid UTF-8 as in the JSON, without escapes and
 * entities, control characters as '?'. */
static void label_put(struct label *label, const char *name)
{
	json_t *clean = ws_json_string(name ? name : "");

	for (const char *c = json_string_value(clean); c && *c; c++) {
		size_t lacking = ws_xml_lacks(c);

		if (*c == '\\') {
			fputs("\\\\", label->to);
		} else if (*c == '&' && is_entity(c)) {
			fputs("&amp;", label->to);
		} else if (lacking || (unsigned char)*c < 0x20 || *c == 0x7f) {
			fputc('?', label->to);
			c += lacking ? lacking - 1 : 0;
		} else {
			fputc(*c, label->to);
		}
	}
	json_decref(clean);
}

/* Sets the attribute to the text and gives that back. */
static int label_set(struct label *label, void *of, const char *attribute)
{
	int r = fclose(label->to) == 0 && agsafeset(of, S(attribute), label->text, "") == 0
			? 0
			: -ENOMEM;

	free(label->text);
	return r;
}

static int set(void *of, const char *attribute, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static int set(void *of, const char *attribute, const char *format, ...)
{
	char text[256];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	return agsafeset(of, S(attribute), text, "") == 0 ? 0 : -ENOMEM;
}

static void put_time(struct label *label, uint64_t ns)
{
	struct ws_cell time;

	ws_cell_time(&time, true, ns);
	fputs(time.text, label->to);
}

static void put_noun(struct label *label, uint64_t n, const char *noun)
{
	struct ws_cell cell;

	ws_cell_noun(&cell, n, noun);
	fputs(cell.text, label->to);
}

/* What one knows of a node at a moment, for its tooltip. */
static const char *node_does(const struct ws_shape *shape, const struct ws_shape_node *node,
			     bool blocked)
{
	if (blocked && shape->instant)
		return node->knot == WS_KNOT_NONE ? ": can never go on"
						  : ": can never go on, in a deadlock";
	if (blocked)
		return ": in a deadlock";
	if (!shape->instant || node->object || node->is_unknown)
		return "";
	return node->state == WS_NODE_WAITS  ? ": waits"
	       : node->state == WS_NODE_GONE ? ": has ended"
					     : ": does not wait";
}

/* Whether the node is the thread, or the process, of a step. */
static bool is_of(const struct ws_report *report, const struct ws_shape_node *node,
		  const struct ws_deadlock_step *step)
{
	uint32_t thread = step->want.thread;

	if (node->object || thread >= report->tables->n_threads)
		return false;
	return node->by == WS_GRAPH_BY_PROCESS
		       ? node->process == report->tables->threads[thread].process
		       : node->thread == thread;
}

/* Whether the edge is a step of a deadlock that happened, or leads on from what a step wants. */
static bool is_step(const struct ws_report *report, const struct ws_shape_edge *edge,
		    const struct ws_deadlock_step *step, const struct ws_deadlock_step *next)
{
	const struct ws_shape *shape = report->results->hangs->shape;
	const struct ws_shape_node *from = &shape->nodes[edge->from], *to = &shape->nodes[edge->to];

	if (edge->object != step->wants)
		return false;
	return (from->object || is_of(report, from, step)) &&
	       (to->object || is_of(report, to, next));
}

/* At a moment the graph itself knows who can never go on; over a span it is whoever was in a
 * deadlock that happened. */
static bool is_blocked_edge(const struct ws_report *report, const struct ws_shape_edge *edge)
{
	const struct ws_results *results = report->results;
	const struct ws_shape *shape = results->hangs->shape;

	if (shape->instant)
		return shape->nodes[edge->from].blocked && shape->nodes[edge->to].blocked;
	for (size_t i = 0; i < results->n_deadlocks; i++) {
		const struct ws_deadlock *deadlock = &results->deadlocks[i];

		if (deadlock->verdict != WS_VERDICT_OCCURRED)
			continue;
		for (size_t k = 0; k < deadlock->n_cycle; k++) {
			if (is_step(report, edge, &deadlock->cycle[k],
				    &deadlock->cycle[(k + 1) % deadlock->n_cycle]))
				return true;
		}
	}
	return false;
}

static int dress_node(const struct drawing *drawing, size_t number)
{
	const struct ws_shape *shape = drawing->shape;
	const struct ws_shape_node *node = &shape->nodes[number];
	Agnode_t *to = drawing->nodes[number];
	bool blocked = drawing->blocked[number];
	struct label label;
	int r = label_open(&label);

	if (r < 0)
		return r;
	label_put(&label, node->label);
	r = label_set(&label, to, "label");
	if (r == 0)
		r = label_open(&label);
	if (r < 0)
		return r;
	fprintf(label.to, "%s ", ws_graph_node_word(node));
	label_put(&label, node->label);
	fputs(node_does(shape, node, blocked), label.to);
	r = label_set(&label, to, "tooltip");
	if (r == 0)
		r = set(to, "class", "%s%s%s%s", ws_graph_node_word(node),
			node->object ? " kind_" : "",
			node->object ? ws_kind_word(node->object->key.kind) : "",
			blocked ? " blocked" : "");
	if (r == 0 && node->object)
		r = set(to, "shape", "ellipse") || set(to, "style", "filled") ||
		    set(to, "color", "%s", ws_kind_colour(node->object->key.kind)) ||
		    set(to, "fillcolor", "white") || set(to, "penwidth", "2");
	if (r == 0 && node->is_unknown)
		r = set(to, "style", "dotted");
	if (r == 0 && blocked)
		r = set(to, "color", "#b3261e") || set(to, "penwidth", "3");
	else if (r == 0 && node->state == WS_NODE_GONE)
		r = set(to, "style", "rounded,dashed");
	return r ? -ENOMEM : 0;
}

static int dress_edge(const struct drawing *drawing, const struct ws_shape_edge *edge, Agedge_t *to)
{
	const struct ws_shape *shape = drawing->shape;
	const struct ws_shape_node *from = &shape->nodes[edge->from],
				   *target = &shape->nodes[edge->to];
	bool bad = is_blocked_edge(drawing->report, edge);
	const char *kind = ws_kind_word(edge->object->key.kind);
	struct label label;
	int r = label_open(&label);

	if (r < 0)
		return r;
	if (shape->by != WS_GRAPH_BY_OBJECT) {
		label_put(&label, edge->object_name);
		fputs("\\n", label.to);
	}
	put_time(&label, edge->wait_ns);
	if (!shape->instant) {
		fputs(", ", label.to);
		put_noun(&label, edge->waits, "wait");
	}
	r = label_set(&label, to, "label");
	if (r == 0)
		r = label_open(&label);
	if (r < 0)
		return r;
	label_put(&label, from->label);
	fputs(from->object ? " is held or ended by " : " waits for ", label.to);
	label_put(&label, target->label);
	fputs(", on ", label.to);
	label_put(&label, edge->object_name);
	fputs(": ", label.to);
	put_noun(&label, edge->waits, "wait");
	fputs(", ", label.to);
	put_time(&label, edge->wait_ns);
	fprintf(label.to, "; %s", edge->needs_all ? "needs it (and)" : "one of several (or)");
	r = label_set(&label, to, "tooltip");
	if (r == 0)
		r = set(to, "class", "%s kind_%s%s", edge->needs_all ? "and" : "or", kind,
			bad ? " blocked" : "") ||
		    set(to, "color", "%s",
			bad ? "#b3261e" : ws_kind_colour(edge->object->key.kind)) ||
		    set(to, "penwidth", "%s", bad ? "3" : "1.5");
	/* Any of several could let it go: dashed. */
	if (r == 0 && !edge->needs_all)
		r = set(to, "style", "dashed");
	return r ? -ENOMEM : 0;
}

/* Of when it is, how it is to be read, and what was left out. */
static int dress_graph(const struct drawing *drawing)
{
	const struct ws_shape *shape = drawing->shape;
	const struct ws_tables *tables = drawing->report->tables;
	struct label label;
	int r = label_open(&label);

	if (r < 0)
		return r;
	if (shape->instant) {
		fputs("At ", label.to);
		put_time(&label,
			 shape->at_ns > tables->begin_ns ? shape->at_ns - tables->begin_ns : 0);
		fputs(". ", label.to);
	}
	if (!shape->n_edges)
		fputs("Nobody waits.", label.to);
	else
		fputs("Solid: needs it (and). Dashed: any of several could let it go (or). "
		      "Red: a deadlock, or can never go on.",
		      label.to);
	if (drawing->n_edges < shape->n_edges)
		fprintf(label.to,
			"\\nThe %zu heaviest of %zu edges; --format dot, json or graphml has all.",
			drawing->n_edges, shape->n_edges);
	return label_set(&label, drawing->graph, "label");
}

static int dress_all(Agraph_t *graph)
{
	static const struct {
		int of;
		const char *name, *value;
	} looks[] = {
		{ AGRAPH, "rankdir", "LR" },          { AGRAPH, "fontname", "sans-serif" },
		{ AGRAPH, "fontsize", "11" },         { AGRAPH, "labelloc", "b" },
		{ AGRAPH, "bgcolor", "white" },       { AGRAPH, "linelength", "0" },
		{ AGNODE, "shape", "box" },           { AGNODE, "style", "rounded" },
		{ AGNODE, "fontname", "sans-serif" }, { AGNODE, "fontsize", "13" },
		{ AGEDGE, "fontname", "sans-serif" }, { AGEDGE, "fontsize", "10" },
	};

	for (size_t i = 0; i < sizeof(looks) / sizeof(looks[0]); i++) {
		if (!agattr(graph, looks[i].of, S(looks[i].name), S(looks[i].value)))
			return -ENOMEM;
	}
	return 0;
}

static int add_nodes(struct drawing *drawing)
{
	char name[24];
	int r = 0;

	for (size_t i = 0; i < drawing->shape->n_nodes && r == 0; i++) {
		if (!drawing->drawn[i])
			continue;
		snprintf(name, sizeof(name), "n%zu", i);
		drawing->nodes[i] = agnode(drawing->graph, name, 1);
		r = drawing->nodes[i] ? dress_node(drawing, i) : -ENOMEM;
	}
	return r;
}

static int add_edges(struct drawing *drawing)
{
	char name[24];
	int r = 0;

	for (size_t i = 0; i < drawing->n_edges && r == 0; i++) {
		const struct ws_shape_edge *edge = &drawing->shape->edges[i];
		Agedge_t *made;

		snprintf(name, sizeof(name), "e%zu", i);
		made = agedge(drawing->graph, drawing->nodes[edge->from], drawing->nodes[edge->to],
			      name, 1);
		r = made ? dress_edge(drawing, edge, made) : -ENOMEM;
	}
	return r;
}

/* Which nodes are drawn: all, or those of the edges that are; and which of them are marked. */
static void choose_nodes(struct drawing *drawing)
{
	const struct ws_shape *shape = drawing->shape;

	for (size_t i = 0; i < shape->n_nodes; i++) {
		drawing->drawn[i] = drawing->n_edges == shape->n_edges;
		drawing->blocked[i] = shape->nodes[i].blocked;
	}
	for (size_t i = 0; i < drawing->n_edges; i++) {
		const struct ws_shape_edge *edge = &shape->edges[i];
		bool bad = is_blocked_edge(drawing->report, edge);

		drawing->drawn[edge->from] = drawing->drawn[edge->to] = true;
		drawing->blocked[edge->from] |= bad;
		drawing->blocked[edge->to] |= bad;
	}
}

int ws_graph_drawn(const struct ws_report *report, size_t most, Agraph_t **ret)
{
	const struct ws_shape *shape = report->results->hangs->shape;
	struct drawing drawing = {
		.report = report,
		.shape = shape,
		.graph = agopen(S("who waits for whom"), Agdirected, NULL),
		.nodes = calloc(shape->n_nodes + 1, sizeof(Agnode_t *)),
		.drawn = calloc(shape->n_nodes + 1, sizeof(bool)),
		.blocked = calloc(shape->n_nodes + 1, sizeof(bool)),
		.n_edges = shape->n_edges < most ? shape->n_edges : most,
	};
	int r = -ENOMEM;

	if (drawing.graph && drawing.nodes && drawing.drawn && drawing.blocked) {
		choose_nodes(&drawing);
		r = dress_all(drawing.graph);
	}
	if (r == 0)
		r = add_nodes(&drawing);
	if (r == 0)
		r = add_edges(&drawing);
	if (r == 0)
		r = dress_graph(&drawing);
	free(drawing.nodes);
	free(drawing.drawn);
	free(drawing.blocked);
	if (r == 0)
		*ret = drawing.graph;
	else if (drawing.graph)
		agclose(drawing.graph);
	return r;
}

int ws_graph_dot(const struct ws_report *report, FILE *to, struct ws_error *error)
{
	Agraph_t *graph;
	int r = ws_graph_drawn(report, SIZE_MAX, &graph);

	(void)error;
	if (r < 0)
		return r;
	/* A failed write is the caller's to find, in the file. */
	(void)agwrite(graph, to);
	agclose(graph);
	return 0;
}
