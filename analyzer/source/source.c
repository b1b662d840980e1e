/* SPDX-License-Identifier: MIT */
/* source.c: see source.h. Here the graph is put together and run. */
#include "analyzer/source/source.h"

#include <babeltrace2/babeltrace.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "analyzer/base/arena.h"
#include "analyzer/source/bt_error.h"
#include "analyzer/source/discover.h"
#include "analyzer/source/guard.h"
#include "analyzer/source/metadata.h"
#include "analyzer/source/notes.h"
#include "analyzer/source/salvage.h"
#include "analyzer/source/sink.h"

/* libbabeltrace2's own words must not get among the report's: its errors come as causes. */
#define QUIET BT_LOGGING_LEVEL_NONE

/* What a run needs; members are Owned by this unless they say otherwise. */
struct source {
	struct ws_error *error; /* Weak */
	struct ws_notes notes;
	struct ws_salvage *salvage; /* NULL: nothing was damaged so far */
	struct ws_arena names;      /* of the streams */
	struct ws_sink sink;

	const bt_plugin *ctf, *utils;
	const bt_component_class_source *fs;          /* Weak: the plugin's */
	const bt_component_class_filter *muxer_class; /* Weak: the plugin's */
	bt_component_class_filter *guard_class;

	bt_graph *graph;
	const bt_component_filter *muxer; /* Weak: the graph's */
	unsigned int n_components;        /* gives each its own name */
	unsigned int n_streams;           /* connected */
};

/* A failure of libbabeltrace2 with its cause. */
static int bt_failed(struct source *s, const char *what)
{
	char cause[512];

	ws_bt_error_take(cause, sizeof(cause));
	return ws_error_set(s->error, -EINVAL, "%s: %s", what, cause);
}

static int find_plugin(struct source *s, const char *name, const bt_plugin **plugin)
{
	if (!bt_plugin_find(name, BT_TRUE, BT_TRUE, BT_TRUE, BT_TRUE, BT_FALSE, plugin))
		return 0;
	bt_current_thread_clear_error();
	return ws_error_set(s->error, -EINVAL,
			    "libbabeltrace2's plugin `%s` is missing: apt-get install "
			    "libbabeltrace2-0",
			    name);
}

static int begin_graph(struct source *s)
{
	int r = find_plugin(s, "ctf", &s->ctf);

	if (!r)
		r = find_plugin(s, "utils", &s->utils);
	if (r)
		return r;
	s->fs = bt_plugin_borrow_source_component_class_by_name_const(s->ctf, "fs");
	s->muxer_class = bt_plugin_borrow_filter_component_class_by_name_const(s->utils, "muxer");
	s->guard_class = ws_guard_class();
	s->graph = bt_graph_create(0);
	if (!s->fs || !s->muxer_class || !s->guard_class || !s->graph ||
	    bt_graph_add_filter_component(s->graph, s->muxer_class, "muxer", NULL, QUIET,
					  &s->muxer))
		return bt_failed(s, "libbabeltrace2 can't be used");
	return 0;
}

/* A component of `graph` that reads the CTF folder `path`; NULL: it can't, and libbabeltrace2 knows
 * why. The graph is of no use then. */
static const bt_component_source *add_reader(struct source *s, bt_graph *graph, const char *path)
{
	const bt_component_source *component = NULL;
	bt_value *params = bt_value_map_create(), *inputs;
	char name[32];

	snprintf(name, sizeof(name), "ctf-%u", s->n_components++);
	if (!params || bt_value_map_insert_empty_array_entry(params, "inputs", &inputs) ||
	    bt_value_array_append_string_element(inputs, path) ||
	    bt_graph_add_source_component(graph, s->fs, name, params, QUIET, &component))
		component = NULL;
	else /* it may have got over a failure (a bad index) and left its cause behind */
		bt_current_thread_clear_error();
	bt_value_put_ref(params);
	return component;
}

/* Can the CTF folder be read? Tried in a graph of its own, since a failure spoils the graph. If
 * not, `cause` of `size` bytes says why. */
static bool can_read(struct source *s, const char *path, char *cause, size_t size)
{
	bt_graph *graph = bt_graph_create(0);
	bool ok = graph && add_reader(s, graph, path);

	if (!ok)
		ws_bt_error_take(cause, size);
	bt_graph_put_ref(graph);
	return ok;
}

/* What to call the stream of a port in a warning: the file, where `label` is one, else the end of
 * the port's name, which is the stream's number. */
static const char *stream_name(struct source *s, const bt_port_output *port, const char *label,
			       bool is_file)
{
	const char *name = bt_port_get_name(bt_port_output_as_port_const(port));
	const char *bar = strrchr(name, '|');
	char text[PATH_MAX + 64];

	if (is_file)
		snprintf(text, sizeof(text), "%s", label);
	else
		snprintf(text, sizeof(text), "stream %s of %s",
			 bar ? bar + strspn(bar, "| ") : name, label);
	return ws_arena_strdup(&s->names, text);
}

/* Connects the output through a guard of its own to the muxer. */
static int connect_stream(struct source *s, const bt_port_output *port, const char *name)
{
	struct ws_guard_params params = { &s->notes, name };
	const bt_component_filter *guard;
	const bt_port_input *free_port;
	char guard_name[32];

	if (!name)
		return ws_error_set(s->error, -ENOMEM, "out of memory");
	snprintf(guard_name, sizeof(guard_name), "guard-%u", s->n_components++);
	if (bt_graph_add_filter_component_with_initialize_method_data(
		    s->graph, s->guard_class, guard_name, NULL, &params, QUIET, &guard))
		return bt_failed(s, "libbabeltrace2 can't be used");
	/* The muxer always has one free input, the last. */
	free_port = bt_component_filter_borrow_input_port_by_index_const(
		s->muxer, bt_component_filter_get_input_port_count(s->muxer) - 1);
	if (bt_graph_connect_ports(s->graph, port,
				   bt_component_filter_borrow_input_port_by_index_const(guard, 0),
				   NULL) ||
	    bt_graph_connect_ports(s->graph,
				   bt_component_filter_borrow_output_port_by_index_const(guard, 0),
				   free_port, NULL))
		return bt_failed(s, "libbabeltrace2 can't be used");
	s->n_streams++;
	return 0;
}

/* Adds a reader of a CTF folder that can be read. `label` is what people know it, or its only
 * file, by. */
static int connect_reader(struct source *s, const char *path, const char *label, bool is_file)
{
	const bt_component_source *reader = add_reader(s, s->graph, path);
	uint64_t n = reader ? bt_component_source_get_output_port_count(reader) : 0;
	int r = reader ? 0 : bt_failed(s, path);

	for (uint64_t i = 0; i < n && !r; i++) {
		const bt_port_output *port =
			bt_component_source_borrow_output_port_by_index_const(reader, i);

		r = connect_stream(s, port, stream_name(s, port, label, is_file));
	}
	return r;
}

/* Adds what can be read of one stream file to the graph, or a warning. */
static int add_damaged_stream(struct source *s, const char *dir, const char *name)
{
	char cause[512], label[PATH_MAX];
	const char *path;
	int r = ws_salvage_stream(s->salvage, dir, name, &s->notes, &path);

	snprintf(label, sizeof(label), "%s/%s", dir, name);
	if (r)
		return ws_error_set(s->error, r, "%s: %s", label, strerror(-r));
	if (can_read(s, path, cause, sizeof(cause)))
		return connect_reader(s, path, label, true);
	ws_notes_add(&s->notes, "%s can't be read and is left out: %s", label, cause);
	s->notes.packets++;
	return 0;
}

/* Adds what can be read of a CTF folder that is refused as a whole because of `cause`. */
static int add_damaged(struct source *s, const char *dir, const char *cause)
{
	struct ws_paths names = { 0 };
	unsigned int before = s->n_streams;
	int r = s->salvage ? 0 : ws_salvage_new(&s->salvage, s->error);

	if (!r && (r = ws_discover_streams(dir, &names)))
		ws_error_set(s->error, r, "%s: %s", dir, strerror(-r));
	for (size_t i = 0; i < names.n && !r; i++)
		r = add_damaged_stream(s, dir, names.paths[i]);
	if (!r && s->n_streams == before)
		ws_notes_add(&s->notes, "%s can't be read: %s", dir, cause);
	ws_paths_free(&names);
	return r;
}

static int add_folder(struct source *s, const char *dir)
{
	char cause[512] = "it was cut off";
	int r = ws_metadata_check(dir);

	if (r) {
		ws_notes_add(&s->notes, "%s/metadata %s: nothing in this folder can be read", dir,
			     r == -EINVAL ? "was cut off or is damaged" : strerror(-r));
		s->notes.packets++;
		return 0;
	}
	if (!ws_salvage_is_needed(dir) && can_read(s, dir, cause, sizeof(cause)))
		return connect_reader(s, dir, dir, false);
	return add_damaged(s, dir, cause);
}

static int run_graph(struct source *s)
{
	const bt_component_sink *sink;
	bt_graph_run_once_status status;

	if (ws_sink_add(&s->sink, s->graph, &sink) ||
	    bt_graph_connect_ports(
		    s->graph, bt_component_filter_borrow_output_port_by_index_const(s->muxer, 0),
		    bt_component_sink_borrow_input_port_by_index_const(sink, 0), NULL))
		return bt_failed(s, "libbabeltrace2 can't be used");
	do {
		/* What a component got over may have left its cause behind: the call would abort.
		 */
		bt_current_thread_clear_error();
		status = bt_graph_run_once(s->graph);
	} while (status == BT_GRAPH_RUN_ONCE_STATUS_OK || status == BT_GRAPH_RUN_ONCE_STATUS_AGAIN);
	if (s->sink.result)
		return s->sink.result;
	if (status != BT_GRAPH_RUN_ONCE_STATUS_END) {
		char cause[512];

		ws_bt_error_take(cause, sizeof(cause));
		if (!s->sink.events)
			return ws_error_set(s->error, -EINVAL, "the trace can't be read: %s",
					    cause);
		ws_notes_add(&s->notes, "the trace can't be read to its end: %s", cause);
		s->notes.packets++;
	}
	return ws_sink_finish(&s->sink);
}

/* An error that holds a callback's or the sink's status must not stay in the thread. */
static void end_graph(struct source *s)
{
	bt_graph_put_ref(s->graph);
	bt_component_class_filter_put_ref(s->guard_class);
	bt_plugin_put_ref(s->ctf);
	bt_plugin_put_ref(s->utils);
	bt_current_thread_clear_error();
}

static int add_folders(struct source *s, const char *const *dirs, size_t n_dirs)
{
	struct ws_paths paths = { 0 };
	int r = 0;

	for (size_t i = 0; i < n_dirs && !r; i++)
		r = ws_discover(dirs[i], &paths, s->error);
	for (size_t i = 0; i < paths.n && !r; i++)
		r = add_folder(s, paths.paths[i]);
	if (!r && !s->n_streams && s->notes.n)
		r = ws_error_set(s->error, -EINVAL, "%s", s->notes.texts[s->notes.n - 1]);
	ws_paths_free(&paths);
	return r;
}

int ws_source_run(const char *const *dirs, size_t n_dirs, const struct ws_source_sink *sink,
		  struct ws_error *error)
{
	struct source s = { .error = error, .sink = { .out = sink, .error = error } };
	int r;

	s.sink.notes = &s.notes;
	r = begin_graph(&s);
	if (!r)
		r = add_folders(&s, dirs, n_dirs);
	if (!r && s.n_streams)
		r = run_graph(&s);
	else if (!r)
		r = ws_sink_finish(&s.sink); /* a trace without a stream: nothing was recorded */
	end_graph(&s);
	ws_sink_free(&s.sink);
	ws_notes_free(&s.notes);
	ws_arena_free(&s.names);
	ws_salvage_free(s.salvage);
	return r;
}
