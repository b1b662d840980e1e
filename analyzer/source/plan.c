/* SPDX-License-Identifier: MIT */
/* plan.c: see plan.h. */
#include "analyzer/source/plan.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "analyzer/base/grow.h"
#include "analyzer/source/bt_error.h"
#include "analyzer/source/salvage.h"

/* The looking at one folder. */
struct look {
	struct ws_plan *plan;
	struct ws_watch *watch;
	size_t first; /* the folder's streams in the plan, to the end */
	const char *label;
	bool is_file;
	uint32_t dir;
	int result;
};

/* What to call a stream: its file where that is known, else the end of its port's name, which is
 * the stream's number. */
static int name_stream(struct look *l, struct ws_stream *stream, const char *file)
{
	const char *bar = strrchr(stream->port, '|');
	const char *slash = file ? strrchr(file, '/') : NULL;
	char text[2 * PATH_MAX + 64];

	if (l->is_file)
		snprintf(text, sizeof(text), "%s", l->label);
	else if (slash)
		snprintf(text, sizeof(text), "%s%s", l->label, slash);
	else
		snprintf(text, sizeof(text), "stream %s of %s",
			 bar ? bar + strspn(bar, "| ") : stream->port, l->label);
	stream->name = ws_arena_strdup(&l->plan->texts, text);
	return stream->name ? 0 : -ENOMEM;
}

/* What the first message of a stream tells. */
static int learn(struct look *l, struct ws_stream *stream, const bt_message *message)
{
	const bt_clock_class *clock;
	const bt_stream *bt;
	const char *file;
	struct stat st;
	int r;

	if (bt_message_get_type(message) != BT_MESSAGE_TYPE_STREAM_BEGINNING)
		return 0;
	bt = bt_message_stream_beginning_borrow_stream_const(message);
	file = bt_stream_get_name(bt);
	if (file && !stat(file, &st)) {
		stream->bytes = (uint64_t)st.st_size;
		stream->packets = ws_salvage_packets(file);
		r = name_stream(l, stream, file);
		if (r)
			return r;
	}
	r = ws_origin_of(&l->plan->origins, bt_stream_borrow_trace_const(bt), l->dir,
			 &stream->origin);
	clock = bt_stream_class_borrow_default_clock_class_const(bt_stream_borrow_class_const(bt));
	if (!r && clock)
		ws_origins_clock(&l->plan->origins, stream->origin, clock);
	return r;
}

/* Turns to one stream. What is wrong with it, whoever reads it will be told again. */
static int look_at(struct look *l, bt_self_component_sink *self, size_t number)
{
	struct ws_watch_slot *slot = &l->watch->slots[0];
	struct ws_stream *stream = &l->plan->streams[number];
	const enum ws_watch_place around = slot->place;
	const uint32_t what = slot->what;
	const uint64_t item = slot->item;
	bt_message_iterator *iterator = NULL;
	bt_message_array_const messages;
	uint64_t n = 0;
	int r = 0;

	if (!stream->turns_max)
		return 0;
	ws_watch_enter(slot, WS_WATCH_STREAM, (uint32_t)number, 0);
	if (!bt_message_iterator_create_from_sink_component(
		    self,
		    bt_self_component_sink_borrow_input_port_by_index(self, number - l->first),
		    &iterator) &&
	    !bt_message_iterator_next(iterator, &messages, &n)) {
		if (n)
			r = learn(l, stream, messages[0]);
		for (uint64_t i = 0; i < n; i++)
			bt_message_put_ref(messages[i]);
	}
	bt_message_iterator_put_ref(iterator);
	ws_watch_enter(slot, around, what, item); /* back in the folder */
	bt_current_thread_clear_error();
	return r;
}

static bt_component_class_sink_consume_method_status consume(bt_self_component_sink *self)
{
	struct look *l = bt_self_component_get_data(bt_self_component_sink_as_self_component(self));

	for (size_t i = l->first; i < l->plan->n && !l->result; i++)
		l->result = look_at(l, self, i);
	return BT_COMPONENT_CLASS_SINK_CONSUME_METHOD_STATUS_END;
}

static bt_component_class_initialize_method_status
initialize(bt_self_component_sink *self, bt_self_component_sink_configuration *config,
	   const bt_value *values, void *data)
{
	struct look *l = data;

	(void)config;
	(void)values;
	for (size_t i = l->first; i < l->plan->n; i++) {
		char name[32];

		snprintf(name, sizeof(name), "in-%zu", i);
		if (bt_self_component_sink_add_input_port(self, name, NULL, NULL))
			return BT_COMPONENT_CLASS_INITIALIZE_METHOD_STATUS_ERROR;
	}
	bt_self_component_set_data(bt_self_component_sink_as_self_component(self), l);
	return BT_COMPONENT_CLASS_INITIALIZE_METHOD_STATUS_OK;
}

static int by_port(const void *a, const void *b)
{
	return strcmp(((const struct ws_stream *)a)->port, ((const struct ws_stream *)b)->port);
}

/* A row for each port. */
static int add_streams(struct look *l, const bt_component_source *source, const char *path)
{
	uint64_t n = bt_component_source_get_output_port_count(source);
	struct ws_plan *plan = l->plan;
	char *folder;

	folder = ws_arena_strdup(&plan->texts, l->label);
	path = ws_arena_strdup(&plan->texts, path);
	if (folder && l->is_file && strrchr(folder, '/'))
		*strrchr(folder, '/') = 0;
	if (!path || !folder || ws_grow(&plan->streams, &plan->capacity, plan->n + n))
		return -ENOMEM;
	for (uint64_t i = 0; i < n; i++) {
		const bt_port_output *port =
			bt_component_source_borrow_output_port_by_index_const(source, i);
		struct ws_stream *stream = &plan->streams[plan->n];

		*stream = (struct ws_stream){ .path = path,
					      .folder = folder,
					      .turns_max = UINT64_MAX };
		stream->port = ws_arena_strdup(
			&plan->texts, bt_port_get_name(bt_port_output_as_port_const(port)));
		if (!stream->port || name_stream(l, stream, NULL))
			return -ENOMEM;
		plan->n++;
	}
	if (n)
		qsort(plan->streams + l->first, n, sizeof(*plan->streams), by_port);
	for (size_t i = l->first; i < plan->n; i++) {
		const struct ws_avoid *avoid =
			ws_watch_avoids(l->watch, WS_WATCH_STREAM, (uint32_t)i, 0);

		if (avoid) {
			plan->streams[i].turns_max = avoid->item;
			plan->streams[i].reason = ws_avoid_reason(avoid);
		}
	}
	return 0;
}

/* Connects the streams to a sink that looks at them, and lets it. */
static int look_at_all(struct look *l, bt_graph *graph, const bt_component_source *source)
{
	bt_component_class_sink *class = bt_component_class_sink_create("plan", consume);
	const bt_component_sink *sink;
	int r = class ? 0 : -EINVAL;

	if (!r && (bt_component_class_sink_set_initialize_method(class, initialize) ||
		   bt_graph_add_sink_component_with_initialize_method_data(
			   graph, class, "plan", NULL, l, WS_BT_QUIET, &sink)))
		r = -EINVAL;
	for (size_t i = l->first; i < l->plan->n && !r; i++) {
		const bt_port_output *port = bt_component_source_borrow_output_port_by_name_const(
			source, l->plan->streams[i].port);

		if (bt_graph_connect_ports(
			    graph, port,
			    bt_component_sink_borrow_input_port_by_index_const(sink, i - l->first),
			    NULL))
			r = -EINVAL;
	}
	if (!r && bt_graph_run_once(graph) < 0)
		r = -EINVAL;
	bt_component_class_sink_put_ref(class);
	return r ? r : l->result;
}

int ws_plan_folder(struct ws_plan *plan, const struct ws_ctf *ctf, struct ws_watch *watch,
		   const char *path, const char *label, bool is_file, uint32_t dir, char *cause,
		   size_t size)
{
	struct look l = { .plan = plan,
			  .watch = watch,
			  .first = plan->n,
			  .label = label,
			  .is_file = is_file,
			  .dir = dir };
	bt_graph *graph = bt_graph_create(0);
	const bt_component_source *source = graph ? ws_ctf_add(ctf, graph, path) : NULL;
	int r = source ? add_streams(&l, source, path) : -EINVAL;

	if (!r && plan->n > l.first)
		r = look_at_all(&l, graph, source);
	if (r == -EINVAL)
		ws_bt_error_take(cause, size);
	if (r)
		plan->n = l.first;
	bt_graph_put_ref(graph);
	bt_current_thread_clear_error();
	return r;
}

static int by_size(const void *a, const void *b)
{
	const struct ws_stream *const *x = a, *const *y = b;

	if ((*x)->bytes != (*y)->bytes)
		return (*x)->bytes > (*y)->bytes ? -1 : 1;
	return *x < *y ? -1 : *x > *y;
}

uint32_t ws_plan_share(struct ws_plan *plan, uint32_t most)
{
	struct ws_stream **sorted = calloc(plan->n ? plan->n : 1, sizeof(*sorted));
	uint64_t *load = calloc(most, sizeof(*load));
	uint32_t n = plan->n < most ? (uint32_t)plan->n : most;

	if (!sorted || !load)
		n = n ? 1 : 0; /* all are of group 0 */
	for (size_t i = 0; n > 1 && i < plan->n; i++)
		sorted[i] = &plan->streams[i];
	if (n > 1)
		qsort(sorted, plan->n, sizeof(struct ws_stream *), by_size);
	/* The largest first, each to the group that has least. */
	for (size_t i = 0; n > 1 && i < plan->n; i++) {
		uint32_t least = 0;

		for (uint32_t g = 1; g < n; g++)
			if (load[g] < load[least])
				least = g;
		sorted[i]->group = least;
		load[least] += sorted[i]->bytes + 1;
	}
	free(sorted);
	free(load);
	return n;
}

void ws_plan_free(struct ws_plan *plan)
{
	for (size_t i = 0; i < plan->n; i++)
		ws_arena_free(&plan->streams[i].texts);
	free(plan->streams);
	ws_origins_free(&plan->origins);
	ws_arena_free(&plan->texts);
}
