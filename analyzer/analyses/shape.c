/* SPDX-License-Identifier: MIT */
/* shape.c: see shape.h. */
#include "analyzer/analyses/shape.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/analyses/knots.h"
#include "analyzer/base/grow.h"

static const char *const by_words[] = {
#define WORD(sym, word) #word,
	WS_GRAPH_BYS(WORD)
#undef WORD
};

const char *ws_graph_by_word(enum ws_graph_by by)
{
	return by_words[by];
}

int ws_graph_by_of_word(const char *word, enum ws_graph_by *ret)
{
	for (int by = 0; by < WS_GRAPH_BY_COUNT; by++) {
		if (strcmp(by_words[by], word) == 0) {
			*ret = (enum ws_graph_by)by;
			return 0;
		}
	}
	return -EINVAL;
}

/* One end of an edge. */
struct end {
	uint32_t thread;                  /* index, or WS_UNKNOWN */
	uint32_t process;                 /* index, or WS_UNKNOWN */
	const struct ws_frame *site;      /* NULL: unknown */
	const struct ws_graph_node *node; /* instant: its node; else NULL */
};

struct builder {
	const struct ws_context *context;
	struct ws_shape *shape;
};

/* What people call the end. 0 or -ENOMEM. */
static int label_of(const struct builder *b, const struct end *end, const char **ret)
{
	const struct ws_tables *tables = b->context->tables;
	const struct ws_process *process =
		end->process < tables->n_processes ? &tables->processes[end->process] : NULL;
	const struct ws_task *task =
		end->thread < tables->n_threads ? &tables->threads[end->thread] : NULL;
	char text[400] = "unknown";

	switch (b->shape->by) {
	case WS_GRAPH_BY_SITE:
		if (end->site && end->site->file)
			snprintf(text, sizeof(text), "%.160s %.120s:%u",
				 end->site->function ? end->site->function : "?",
				 ws_base_name(end->site->file), end->site->line);
		else if (end->site)
			snprintf(text, sizeof(text), "%.160s",
				 end->site->function ? end->site->function : "?");
		break;
	case WS_GRAPH_BY_POOL:
		if (task)
			snprintf(text, sizeof(text), "%.64s of %.64s[%" PRId32 "]", task->name,
				 process->name, process->pid);
		else if (process)
			snprintf(text, sizeof(text), "%.64s[%" PRId32 "]", process->name,
				 process->pid);
		break;
	case WS_GRAPH_BY_PROCESS:
		if (process)
			snprintf(text, sizeof(text), "%.64s[%" PRId32 "]", process->name,
				 process->pid);
		break;
	default:
		if (task)
			snprintf(text, sizeof(text), "%.64s[%" PRId32 "]", task->name, task->tid);
		else if (process)
			snprintf(text, sizeof(text), "any thread of %.64s[%" PRId32 "]",
				 process->name, process->pid);
	}
	*ret = ws_arena_strdup(b->context->strings, text);
	return *ret ? 0 : -ENOMEM;
}

/* The node of an end, or of the object; made if there is none. 0 or -ENOMEM. */
static int node_of(struct builder *b, const struct end *end, const struct ws_object *object,
		   uint32_t *ret)
{
	struct ws_shape *shape = b->shape;
	struct ws_shape_node node = {
		.by = shape->by,
		.thread = WS_UNKNOWN,
		.process = WS_UNKNOWN,
		.knot = WS_KNOT_NONE,
		.object = object,
	};
	int r;

	if (object) {
		r = ws_context_object_words(b->context, object, &node.label);
		if (r == 0)
			r = ws_context_mention(b->context, object);
	} else {
		r = label_of(b, end, &node.label);
		if (shape->by == WS_GRAPH_BY_OBJECT)
			node.by = WS_GRAPH_BY_THREAD;
		if (shape->by != WS_GRAPH_BY_SITE)
			node.process = end->process;
		if (node.by == WS_GRAPH_BY_THREAD)
			node.thread = end->thread;
		node.is_unknown =
			shape->by == WS_GRAPH_BY_SITE ? !end->site : end->process == WS_UNKNOWN;
		if (end->node && node.by == WS_GRAPH_BY_THREAD) {
			node.state = end->node->state;
			node.way_out = end->node->way_out;
			node.blocked = end->node->blocked;
			node.knot = end->node->knot;
		}
	}
	if (r < 0)
		return r;
	for (uint32_t i = 0; i < shape->n_nodes; i++) {
		const struct ws_shape_node *known = &shape->nodes[i];

		/* Sites and pools of one label are one. */
		if (known->object == node.object && known->thread == node.thread &&
		    known->process == node.process && strcmp(known->label, node.label) == 0) {
			*ret = i;
			return 0;
		}
	}
	if (ws_grow(&shape->nodes, &shape->nodes_size, shape->n_nodes + 1))
		return -ENOMEM;
	shape->nodes[shape->n_nodes] = node;
	*ret = (uint32_t)shape->n_nodes++;
	return 0;
}

static int put_edge(struct builder *b, uint32_t from, uint32_t to, struct ws_shape_edge edge)
{
	struct ws_shape *shape = b->shape;
	int r;

	for (size_t i = 0; i < shape->n_edges; i++) {
		struct ws_shape_edge *known = &shape->edges[i];

		if (known->from != from || known->to != to || known->object != edge.object)
			continue;
		known->waits += edge.waits;
		known->wait_ns += edge.wait_ns;
		return 0;
	}
	edge.from = from;
	edge.to = to;
	r = ws_context_object_words(b->context, edge.object, &edge.object_name);
	if (r == 0)
		r = ws_context_mention(b->context, edge.object);
	if (r < 0)
		return r;
	if (ws_grow(&shape->edges, &shape->edges_size, shape->n_edges + 1))
		return -ENOMEM;
	shape->edges[shape->n_edges++] = edge;
	return 0;
}

static int add_edge(struct builder *b, const struct end *from, const struct end *to,
		    struct ws_shape_edge edge)
{
	uint32_t waiter, blocker, object;
	int r = node_of(b, from, NULL, &waiter);

	if (r == 0)
		r = node_of(b, to, NULL, &blocker);
	if (r < 0)
		return r;
	if (b->shape->by != WS_GRAPH_BY_OBJECT)
		return put_edge(b, waiter, blocker, edge);
	r = node_of(b, NULL, edge.object, &object);
	if (r == 0)
		r = put_edge(b, waiter, object, edge);
	return r < 0 ? r : put_edge(b, object, blocker, edge);
}

/* What waits, and for whom, over the span. */
static int add_span(struct builder *b)
{
	const struct ws_contention_result *contention = b->context->contention;
	const struct ws_tables *tables = b->context->tables;
	int r = 0;

	for (size_t i = 0; i < contention->n_edges && r == 0; i++) {
		const struct ws_edge *edge = &contention->edges[i];
		const struct ws_party *parties[] = { &edge->waiter, &edge->blocker };
		struct end ends[2];

		for (int k = 0; k < 2; k++) {
			bool known = parties[k]->thread < tables->n_threads;

			ends[k] = (struct end){
				.thread = parties[k]->thread,
				.process = known ? tables->threads[parties[k]->thread].process
						 : WS_UNKNOWN,
				.site = parties[k]->site,
			};
		}
		r = add_edge(b, &ends[0], &ends[1],
			     (struct ws_shape_edge){
				     .object = contention->objects[edge->object].object,
				     .needs_all = edge->needs_all,
				     .waits = edge->waits,
				     .wait_ns = edge->wait_ns,
			     });
	}
	return r;
}

/* Where a node waits, or, of one that does not, where it took what the other waits for. */
static int end_of(struct builder *b, const struct ws_wait_graph *graph, uint32_t number,
		  const struct ws_graph_edge *by, struct end *ret)
{
	const struct ws_graph_node *node = &graph->nodes[number];
	uint32_t code = by ? by->site : node->wait.site, stack = by ? by->stack : node->wait.stack;
	struct ws_party party;
	int r;

	if (by && by->site == WS_UNKNOWN && node->state == WS_NODE_WAITS) {
		code = node->wait.site;
		stack = node->wait.stack;
	}
	r = ws_places_party(b->context->places, node->thread, code, stack, &party);
	*ret = (struct end){ node->thread, node->process, party.site, node };
	return r;
}

static int add_instant(struct builder *b, const struct ws_wait_graph *graph)
{
	int r = 0;

	for (uint32_t i = 0; i < graph->n_nodes && r == 0; i++) {
		const struct ws_graph_node *node = &graph->nodes[i];
		struct end from, to = { WS_UNKNOWN, WS_UNKNOWN, NULL, NULL };
		struct ws_shape_edge edge = { .object = node->wait.object,
					      .needs_all = node->needs_all,
					      .waits = 1 };

		if (node->state != WS_NODE_WAITS)
			continue;
		if (graph->at_ns > node->wait.begin_ns)
			edge.wait_ns = graph->at_ns - node->wait.begin_ns;
		r = end_of(b, graph, i, NULL, &from);
		if (r == 0 && !node->n)
			r = add_edge(b, &from, &to, edge);
		for (size_t e = node->first; e < node->first + node->n && r == 0; e++) {
			r = end_of(b, graph, graph->edges[e].to, &graph->edges[e], &to);
			if (r == 0)
				r = add_edge(b, &from, &to, edge);
		}
	}
	return r;
}

static int by_weight(const void *a, const void *b)
{
	const struct ws_shape_edge *x = a, *y = b;

	if (x->wait_ns != y->wait_ns)
		return x->wait_ns < y->wait_ns ? 1 : -1;
	if (x->from != y->from)
		return x->from < y->from ? -1 : 1;
	if (x->to != y->to)
		return x->to < y->to ? -1 : 1;
	return (x->object->id > y->object->id) - (x->object->id < y->object->id);
}

int ws_shape_make(const struct ws_context *context, const struct ws_wait_graph *graph,
		  struct ws_shape **ret)
{
	struct builder b = { .context = context, .shape = calloc(1, sizeof(*b.shape)) };
	int r;

	if (!b.shape)
		return -ENOMEM;
	b.shape->by = context->setup->graph.by;
	b.shape->instant = graph != NULL;
	b.shape->at_ns = graph ? graph->at_ns : 0;
	r = graph ? add_instant(&b, graph) : add_span(&b);
	if (r < 0) {
		ws_shape_free(b.shape);
		return r;
	}
	if (b.shape->n_edges)
		qsort(b.shape->edges, b.shape->n_edges, sizeof(*b.shape->edges), by_weight);
	*ret = b.shape;
	return 0;
}

void ws_shape_free(struct ws_shape *shape)
{
	if (!shape)
		return;
	free(shape->nodes);
	free(shape->edges);
	free(shape);
}
