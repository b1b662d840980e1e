/* SPDX-License-Identifier: MIT */
/* test_fed.c: messages that libbabeltrace2's muxer has mixed give the same raw events, in the same
 * order and with the same numbers, as the traces that they come from when source reads them itself.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "analyzer/base/grow.h"
#include "analyzer/source/fed.h"
#include "analyzer/source/source.h"
#include "tests/support/trace_copy.h"

/* What is compared of an event. */
struct seen {
	uint64_t at_ns, a, b;
	uint32_t stream;
	uint16_t origin;
	uint8_t type;
};

struct list {
	struct seen *events; /* Owned by this */
	size_t n, size;
	size_t n_origins;
	uint32_t dirs[8]; /* of the origins */
	bool begun;
	struct ws_fed *fed; /* Weak */
	bt_message_iterator *iterator;
	struct ws_raw_batch batch;
};

static int take(void *user, const struct ws_raw *events, size_t n)
{
	struct list *list = user;

	assert_int_equal(ws_grow(&list->events, &list->size, list->n + n), 0);
	for (size_t i = 0; i < n; i++) {
		const struct ws_raw *raw = &events[i];
		struct seen *seen = &list->events[list->n++];

		*seen = (struct seen){ .at_ns = raw->at_ns,
				       .stream = raw->stream,
				       .origin = raw->origin,
				       .type = raw->type };
		if (raw->type == WS_RAW_LOSS) {
			seen->a = raw->loss.events;
			seen->b = raw->loss.packets;
		} else if (raw->type == WS_RAW_FOREIGN) {
			seen->a = raw->foreign.events;
		} else if (raw->type == WS_RAW_wait_begin) {
			seen->a = raw->wait_begin.seq;
			seen->b = raw->wait_begin.object;
		}
	}
	return 0;
}

/* by source */

static int get_empty(void *user, struct ws_raw_batch **ret)
{
	struct list *list = user;

	list->batch.n = 0;
	ws_arena_reset(&list->batch.arena);
	*ret = &list->batch;
	return 0;
}

static int take_filled(void *user, struct ws_raw_batch *batch)
{
	return take(user, batch->events, batch->n);
}

static void read_by_source(const char *const *dirs, size_t n, struct list *list)
{
	const struct ws_source_sink sink = { list, get_empty, take_filled };
	struct ws_error error = { "" };
	struct ws_source *source;

	assert_int_equal(ws_source_open(dirs, n, 1, NULL, &source, &error), 0);
	assert_int_equal(ws_source_groups(source), 1);
	list->n_origins = ws_source_origins(source);
	for (size_t i = 0; i < list->n_origins; i++) {
		struct ws_source_origin origin;

		ws_source_origin(source, i, &origin);
		list->dirs[i] = origin.dir;
	}
	assert_int_equal(ws_source_read(source, 0, &sink, &error), 0);
	assert_int_equal(ws_source_tell(source, &sink, &error), 0);
	ws_source_free(source);
	ws_arena_free(&list->batch.arena);
}

/* by a graph that is not ours */

static int on_begin(void *user)
{
	struct list *list = user;

	assert_false(list->begun);
	list->begun = true;
	return 0;
}

static int on_origin(void *user, const char *host, uint32_t dir, int64_t shift_ns)
{
	struct list *list = user;

	(void)host;
	(void)shift_ns;
	assert_true(list->begun);
	list->dirs[list->n_origins++] = dir;
	return 0;
}

static int on_events(void *user, const struct ws_raw *events, size_t n)
{
	assert_true(((struct list *)user)->begun);
	return take(user, events, n);
}

static bt_component_class_initialize_method_status
initialize(bt_self_component_sink *self, bt_self_component_sink_configuration *config,
	   const bt_value *params, void *data)
{
	(void)config;
	(void)params;
	bt_self_component_set_data(bt_self_component_sink_as_self_component(self), data);
	return bt_self_component_sink_add_input_port(self, "in", NULL, NULL)
		       ? BT_COMPONENT_CLASS_INITIALIZE_METHOD_STATUS_ERROR
		       : BT_COMPONENT_CLASS_INITIALIZE_METHOD_STATUS_OK;
}

static bt_component_class_sink_graph_is_configured_method_status
configured(bt_self_component_sink *self)
{
	struct list *list =
		bt_self_component_get_data(bt_self_component_sink_as_self_component(self));

	assert_int_equal(bt_message_iterator_create_from_sink_component(
				 self, bt_self_component_sink_borrow_input_port_by_index(self, 0),
				 &list->iterator),
			 0);
	return BT_COMPONENT_CLASS_SINK_GRAPH_IS_CONFIGURED_METHOD_STATUS_OK;
}

static bt_component_class_sink_consume_method_status consume(bt_self_component_sink *self)
{
	struct list *list =
		bt_self_component_get_data(bt_self_component_sink_as_self_component(self));
	struct ws_error error = { "" };
	bt_message_array_const messages;
	uint64_t n;

	switch (bt_message_iterator_next(list->iterator, &messages, &n)) {
	case BT_MESSAGE_ITERATOR_NEXT_STATUS_OK:
		for (uint64_t i = 0; i < n; i++) {
			assert_int_equal(ws_fed_message(list->fed, messages[i], &error), 0);
			bt_message_put_ref(messages[i]);
		}
		return BT_COMPONENT_CLASS_SINK_CONSUME_METHOD_STATUS_OK;
	case BT_MESSAGE_ITERATOR_NEXT_STATUS_END:
		assert_int_equal(ws_fed_end(list->fed, &error), 0);
		return BT_COMPONENT_CLASS_SINK_CONSUME_METHOD_STATUS_END;
	default:
		fail();
		return BT_COMPONENT_CLASS_SINK_CONSUME_METHOD_STATUS_ERROR;
	}
}

static const bt_plugin *find_plugin(const char *name)
{
	const bt_plugin *plugin = NULL;

	assert_int_equal(
		bt_plugin_find(name, BT_TRUE, BT_TRUE, BT_TRUE, BT_TRUE, BT_FALSE, &plugin), 0);
	return plugin;
}

/* Adds source.ctf.fs for the folder, and connects all of its streams to the muxer. */
static void add_source(bt_graph *graph, const bt_plugin *ctf, const bt_component_filter *muxer,
		       const char *dir, size_t number, uint64_t *input)
{
	bt_value *params = bt_value_map_create(), *inputs;
	const bt_component_source *source;
	char name[32], path[128];

	snprintf(name, sizeof(name), "source-%zu", number);
	snprintf(path, sizeof(path), "%s/%s", dir, TRACE_COPY_CTF);
	assert_int_equal(bt_value_map_insert_empty_array_entry(params, "inputs", &inputs), 0);
	assert_int_equal(bt_value_array_append_string_element(inputs, path), 0);
	assert_int_equal(bt_graph_add_source_component(
				 graph,
				 bt_plugin_borrow_source_component_class_by_name_const(ctf, "fs"),
				 name, params, BT_LOGGING_LEVEL_NONE, &source),
			 0);
	bt_value_put_ref(params);
	for (uint64_t i = 0; i < bt_component_source_get_output_port_count(source); i++)
		assert_int_equal(
			bt_graph_connect_ports(
				graph,
				bt_component_source_borrow_output_port_by_index_const(source, i),
				bt_component_filter_borrow_input_port_by_index_const(muxer,
										     (*input)++),
				NULL),
			0);
}

/* `backwards`: the sources are added in the other order; the muxer mixes events of one time
 * otherwise then. */
static void read_by_graph(const char *const *dirs, size_t n, bool backwards, struct list *list)
{
	static const char *const marks[] = { "metadata-of-the-recorder", NULL };
	const struct ws_fed_sink sink = { .user = list,
					  .marks = marks,
					  .begin = on_begin,
					  .origin = on_origin,
					  .events = on_events };
	const bt_plugin *ctf = find_plugin("ctf"), *utils = find_plugin("utils");
	bt_component_class_sink *class = bt_component_class_sink_create("test", consume);
	bt_graph *graph = bt_graph_create(0);
	const bt_component_filter *muxer;
	const bt_component_sink *end;
	uint64_t input = 0;

	assert_int_equal(ws_fed_new(&sink, &list->fed), 0);
	bt_component_class_sink_set_initialize_method(class, initialize);
	bt_component_class_sink_set_graph_is_configured_method(class, configured);
	assert_int_equal(
		bt_graph_add_filter_component(
			graph,
			bt_plugin_borrow_filter_component_class_by_name_const(utils, "muxer"),
			"muxer", NULL, BT_LOGGING_LEVEL_NONE, &muxer),
		0);
	for (size_t i = 0; i < n; i++)
		add_source(graph, ctf, muxer, dirs[backwards ? n - 1 - i : i], i, &input);
	assert_int_equal(bt_graph_add_sink_component_with_initialize_method_data(
				 graph, class, "test", NULL, list, BT_LOGGING_LEVEL_NONE, &end),
			 0);
	assert_int_equal(bt_graph_connect_ports(
				 graph,
				 bt_component_filter_borrow_output_port_by_index_const(muxer, 0),
				 bt_component_sink_borrow_input_port_by_index_const(end, 0), NULL),
			 0);
	assert_int_equal(bt_graph_run(graph), 0);
	assert_int_equal(ws_fed_n_dirs(list->fed), n);
	assert_non_null(ws_fed_clock(list->fed));
	bt_message_iterator_put_ref(list->iterator);
	ws_fed_free(list->fed);
	bt_graph_put_ref(graph);
	bt_component_class_sink_put_ref(class);
	bt_plugin_put_ref(ctf);
	bt_plugin_put_ref(utils);
}

static void assert_same_lists(const struct list *a, const struct list *b)
{
	assert_int_equal(a->n, b->n);
	for (size_t i = 0; i < a->n; i++) {
		if (memcmp(&a->events[i], &b->events[i], sizeof(struct seen)) != 0)
			fail_msg("event %zu: type %d of stream %u, not type %d of stream %u", i,
				 b->events[i].type, b->events[i].stream, a->events[i].type,
				 a->events[i].stream);
	}
	assert_int_equal(a->n_origins, b->n_origins);
	assert_memory_equal(a->dirs, b->dirs, sizeof(a->dirs));
}

static void assert_same(const char *const *dirs, size_t n)
{
	struct list *lists[3];

	for (size_t i = 0; i < 3; i++)
		lists[i] = calloc(1, sizeof(*lists[i]));
	read_by_source(dirs, n, lists[0]);
	read_by_graph(dirs, n, false, lists[1]);
	read_by_graph(dirs, n, true, lists[2]);
	assert_true(lists[0]->n > 100);
	assert_same_lists(lists[0], lists[1]);
	assert_same_lists(lists[0], lists[2]);
	for (size_t i = 0; i < 3; i++) {
		free(lists[i]->events);
		free(lists[i]);
	}
}

/* A folder's name is what streams are numbered by: absolute, and in this order. */
static void copy_two(const char *a, const char *b, char first[static 64], char second[static 64])
{
	char keep[64];

	trace_copy_make(a, first);
	trace_copy_make(b, second);
	if (strcmp(first, second) > 0) {
		strcpy(keep, first);
		strcpy(first, second);
		strcpy(second, keep);
	}
}

static void one_trace(void **state)
{
	static const char *const names[] = { "basic", "lossy" };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		char dir[64];
		const char *dirs[] = { dir };

		trace_copy_make(names[i], dir);
		assert_same(dirs, 1);
		trace_copy_remove(dir);
	}
}

/* Every event comes twice at one time. */
static void events_of_one_time(void **state)
{
	static const char *const names[] = { "basic", "lossy" };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		char first[64], second[64];
		const char *dirs[] = { first, second };

		copy_two(names[i], names[i], first, second);
		assert_same(dirs, 2);
		trace_copy_remove(first);
		trace_copy_remove(second);
	}
}

/* Of two recordings, whose clock is one. */
static void two_recordings(void **state)
{
	char first[64], second[64];
	const char *dirs[] = { first, second };

	(void)state;
	copy_two("basic", "lossy", first, second);
	assert_same(dirs, 2);
	trace_copy_remove(first);
	trace_copy_remove(second);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_trace),
		cmocka_unit_test(events_of_one_time),
		cmocka_unit_test(two_recordings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
