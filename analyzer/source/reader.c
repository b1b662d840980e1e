/* SPDX-License-Identifier: MIT */
/* reader.c: see reader.h. */
#include "analyzer/source/reader.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/base/grow.h"
#include "analyzer/source/bt_error.h"
#include "analyzer/source/extract.h"
#include "analyzer/source/graph.h"

/* One stream while it is read. */
struct input {
	struct ws_stream *stream;             /* Weak */
	uint32_t number;                      /* of the stream */
	bt_message_iterator *iterator;        /* Owned by this */
	bt_message_array_const messages;      /* Weak: the iterator's, until its next turn */
	uint64_t n, at;                       /* messages in it, and how many were looked at */
	const bt_message *event;              /* the next one, Owned by this; NULL: there is none */
	const struct ws_extract_class *class; /* how to read it */
	uint64_t event_ns;                    /* when it was */
	struct ws_loss *losses;               /* Owned by this: still to be told, by time */
	size_t n_losses, losses_capacity;
	uint64_t packet_bytes; /* what the end of a packet adds to the progress */

	/* Its next event or loss, by which inputs are ordered. */
	uint64_t ns;
	bool is_loss;
};

struct ws_reader {
	struct ws_ctf ctf;
	bt_graph *graph;                /* Owned by this */
	bt_component_class_sink *class; /* Owned by this */
	struct input *inputs;           /* Owned by this */
	size_t n_inputs;
	struct input **heap; /* Owned by this; those that have a next one, the first of all first */
	size_t n_heap;
	struct ws_extract extract;
	uint32_t group;
	struct ws_watch_slot *slot; /* Weak */

	const struct ws_source_sink *out; /* Weak; while it runs */
	struct ws_error *error;           /* Weak; while it runs; may be NULL */
	struct ws_raw_batch *batch;       /* Owned by this; NULL: none yet */
	bool primed;                      /* every input has its first event */
	int result;                       /* 0, or why it ended early */
};

static int no_memory(struct ws_reader *r)
{
	return r->result = ws_error_set(r->error, -ENOMEM, "memory: there is none left");
}

/* one input */

/* The stream ends here, and why. */
static void fail(struct input *in, const char *format, ...)
{
	char text[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	ws_bt_error_rename(text, sizeof(text), in->stream->path, in->stream->folder);
	in->stream->failure = ws_arena_strdup(&in->stream->texts, text);
	if (!in->stream->failure)
		in->stream->failure = "it is damaged";
}

/* Gives the messages back that were not looked at, and the iterator. */
static void end_input(struct input *in)
{
	while (in->at < in->n)
		bt_message_put_ref(in->messages[in->at++]);
	in->n = in->at = 0;
	bt_message_iterator_put_ref(in->iterator);
	in->iterator = NULL;
}

/* The next messages. False: there are none any more. */
static bool turn(struct ws_reader *r, struct input *in)
{
	bt_message_iterator_next_status status;
	char cause[512];

	if (in->stream->turns >= in->stream->turns_max) {
		fail(in, "%s", in->stream->reason);
		return false;
	}
	in->at = in->n = 0;
	do {
		ws_watch_enter(r->slot, WS_WATCH_STREAM, in->number, in->stream->turns);
		status = bt_message_iterator_next(in->iterator, &in->messages, &in->n);
		ws_watch_leave(r->slot);
	} while (status == BT_MESSAGE_ITERATOR_NEXT_STATUS_AGAIN);
	switch (status) {
	case BT_MESSAGE_ITERATOR_NEXT_STATUS_OK:
		/* ctf.fs hands out what it has before it fails, with the cause left in the thread,
		 * where the library's next call would find and abort on it. The failure comes again
		 * at the next turn. */
		bt_current_thread_clear_error();
		in->stream->turns++;
		return true;
	case BT_MESSAGE_ITERATOR_NEXT_STATUS_END:
		in->n = 0;
		return false;
	case BT_MESSAGE_ITERATOR_NEXT_STATUS_MEMORY_ERROR:
		no_memory(r);
		in->n = 0;
		return false;
	default:
		ws_bt_error_take(cause, sizeof(cause));
		fail(in, "%s", cause);
		in->n = 0;
		return false;
	}
}

/* A message about discarded events or packets. */
static void on_discarded(struct ws_reader *r, struct input *in, const bt_message *message,
			 bool packets)
{
	struct ws_loss loss;
	size_t i;

	ws_extract_loss(&r->extract, message, packets, &loss);
	if (loss.until_ns < in->stream->last_ns)
		loss.until_ns = in->stream->last_ns;
	if (ws_grow(&in->losses, &in->losses_capacity, in->n_losses + 1)) {
		no_memory(r);
		return;
	}
	for (i = in->n_losses++; i > 0 && in->losses[i - 1].until_ns > loss.until_ns; i--)
		in->losses[i] = in->losses[i - 1];
	in->losses[i] = loss;
}

/* Looks at a message. True: it is kept, as the input's next event. */
static bool look_at(struct ws_reader *r, struct input *in, const bt_message *message)
{
	switch (bt_message_get_type(message)) {
	case BT_MESSAGE_TYPE_EVENT:
		if (ws_extract_class(&r->extract, message, &in->class, r->error) < 0) {
			r->result = -EINVAL;
			return false;
		}
		if (!in->class) {
			in->stream->foreign++;
			return false;
		}
		in->event = message;
		in->event_ns = ws_extract_event_time(in->class, message);
		return true;
	case BT_MESSAGE_TYPE_DISCARDED_EVENTS:
		on_discarded(r, in, message, false);
		return false;
	case BT_MESSAGE_TYPE_DISCARDED_PACKETS:
		on_discarded(r, in, message, true);
		return false;
	case BT_MESSAGE_TYPE_PACKET_END:
		ws_watch_add(&r->slot->bytes, in->packet_bytes);
		return false;
	default:
		return false;
	}
}

/* Goes on to the next event, if there is one. */
static void find_event(struct ws_reader *r, struct input *in)
{
	while (in->iterator && !in->event && !r->result) {
		if (in->at == in->n && !turn(r, in)) {
			end_input(in);
			break;
		}
		while (in->at < in->n && !in->event && !r->result) {
			const bt_message *message = in->messages[in->at++];

			if (!look_at(r, in, message))
				bt_message_put_ref(message);
		}
	}
	if (in->event && in->event_ns < in->stream->last_ns) {
		fail(in, "its time goes backwards");
		bt_message_put_ref(in->event);
		in->event = NULL;
		end_input(in);
	}
}

/* Finds what comes next of the input. False: nothing does. */
static bool advance(struct ws_reader *r, struct input *in)
{
	if (!in->event)
		find_event(r, in);
	if (r->result || (!in->event && !in->n_losses))
		return false;
	in->is_loss = in->n_losses && (!in->event || in->losses[0].until_ns <= in->event_ns);
	in->ns = in->is_loss ? in->losses[0].until_ns : in->event_ns;
	return true;
}

/* the merge */

static bool before(const struct input *a, const struct input *b)
{
	return ws_raw_before(a->ns, a->is_loss, a->number, b->ns, b->is_loss, b->number);
}

/* Puts the input at `i`, which may be too far in front, where it belongs. */
static void sift_down(struct ws_reader *r, size_t i)
{
	struct input *in = r->heap[i];

	for (size_t child = 2 * i + 1; child < r->n_heap; child = 2 * i + 1) {
		if (child + 1 < r->n_heap && before(r->heap[child + 1], r->heap[child]))
			child++;
		if (!before(r->heap[child], in))
			break;
		r->heap[i] = r->heap[child];
		i = child;
	}
	r->heap[i] = in;
}

static void prime(struct ws_reader *r)
{
	for (size_t i = 0; i < r->n_inputs && !r->result; i++) {
		if (advance(r, &r->inputs[i]))
			r->heap[r->n_heap++] = &r->inputs[i];
	}
	for (size_t i = r->n_heap / 2; i > 0; i--)
		sift_down(r, i - 1);
	r->primed = true;
}

/* Writes the input's next event or loss, and takes it from the input. */
static void write_next(struct ws_reader *r, struct input *in, struct ws_raw *raw)
{
	raw->stream = in->number;
	raw->origin = (uint16_t)in->stream->origin;
	if (in->is_loss) {
		raw->type = WS_RAW_LOSS;
		raw->at_ns = in->ns;
		raw->loss.events = in->losses[0].events;
		raw->loss.packets = in->losses[0].packets;
		memmove(in->losses, in->losses + 1, --in->n_losses * sizeof(*in->losses));
		return;
	}
	r->result = ws_extract_event(in->class, in->event, in->event_ns, &r->batch->arena, raw,
				     r->error);
	bt_message_put_ref(in->event);
	in->event = NULL;
	in->stream->last_ns = in->ns;
	in->stream->events++;
}

/* Fills the batch. False: there is nothing any more, or it failed. */
static bool fill(struct ws_reader *r)
{
	if (!r->primed)
		prime(r);
	while (!r->result && r->n_heap && r->batch->n < WS_RAW_BATCH) {
		struct input *in = r->heap[0];

		write_next(r, in, &r->batch->events[r->batch->n]);
		if (r->result)
			return false;
		r->batch->n++;
		if (!advance(r, in))
			r->heap[0] = r->heap[--r->n_heap];
		if (r->n_heap)
			sift_down(r, 0);
	}
	return !r->result && r->n_heap;
}

/* the sink component */

static bt_component_class_sink_consume_method_status consume(bt_self_component_sink *self)
{
	struct ws_reader *r =
		bt_self_component_get_data(bt_self_component_sink_as_self_component(self));
	struct ws_raw_batch *batch;
	bool more;
	int result;

	if (!r->batch && (r->result = r->out->empty(r->out->user, &r->batch))) {
		r->batch = NULL;
		return BT_COMPONENT_CLASS_SINK_CONSUME_METHOD_STATUS_END;
	}
	more = fill(r);
	ws_watch_add(&r->slot->events, r->batch->n);
	if (!r->result && r->batch->n) {
		batch = r->batch;
		r->batch = NULL;
		result = r->out->filled(r->out->user, batch);
		if (!r->result)
			r->result = result;
	}
	return more && !r->result ? BT_COMPONENT_CLASS_SINK_CONSUME_METHOD_STATUS_OK
				  : BT_COMPONENT_CLASS_SINK_CONSUME_METHOD_STATUS_END;
}

static bt_component_class_initialize_method_status
initialize(bt_self_component_sink *self, bt_self_component_sink_configuration *config,
	   const bt_value *values, void *data)
{
	struct ws_reader *r = data;

	(void)config;
	(void)values;
	for (size_t i = 0; i < r->n_inputs; i++) {
		char name[32];

		snprintf(name, sizeof(name), "in-%zu", i);
		if (bt_self_component_sink_add_input_port(self, name, NULL, NULL))
			return BT_COMPONENT_CLASS_INITIALIZE_METHOD_STATUS_ERROR;
	}
	bt_self_component_set_data(bt_self_component_sink_as_self_component(self), r);
	return BT_COMPONENT_CLASS_INITIALIZE_METHOD_STATUS_OK;
}

static bt_component_class_sink_graph_is_configured_method_status
configured(bt_self_component_sink *self)
{
	struct ws_reader *r =
		bt_self_component_get_data(bt_self_component_sink_as_self_component(self));

	for (size_t i = 0; i < r->n_inputs; i++) {
		struct input *in = &r->inputs[i];
		char cause[512];
		int status;

		if (!in->stream->turns_max) { /* not even this */
			fail(in, "%s", in->stream->reason);
			continue;
		}
		ws_watch_enter(r->slot, WS_WATCH_STREAM, in->number, 0);
		status = bt_message_iterator_create_from_sink_component(
			self, bt_self_component_sink_borrow_input_port_by_index(self, i),
			&in->iterator);
		ws_watch_leave(r->slot);
		if (status) {
			in->iterator = NULL;
			ws_bt_error_take(cause, sizeof(cause));
			fail(in, "%s", cause);
		}
		bt_current_thread_clear_error();
	}
	return BT_COMPONENT_CLASS_SINK_GRAPH_IS_CONFIGURED_METHOD_STATUS_OK;
}

/* the graph */

static const bt_port_output *find_port(const bt_component_source *source, const char *name)
{
	return bt_component_source_borrow_output_port_by_name_const(source, name);
}

/* Connects the streams of one folder, which begin with the input `first`. */
static int connect_folder(struct ws_reader *r, const bt_component_sink *sink, size_t first,
			  struct ws_error *error)
{
	const char *path = r->inputs[first].stream->path;
	const bt_component_source *source = ws_ctf_add(&r->ctf, r->graph, path);

	if (!source)
		return ws_bt_failed(error, path);
	for (size_t i = first; i < r->n_inputs; i++) {
		const bt_port_output *port;

		if (strcmp(r->inputs[i].stream->path, path))
			continue;
		port = find_port(source, r->inputs[i].stream->port);
		if (!port)
			return ws_error_set(error, -EINVAL, "%s: it changed while it was read; try again", path);
		if (bt_graph_connect_ports(
			    r->graph, port,
			    bt_component_sink_borrow_input_port_by_index_const(sink, i), NULL))
			return ws_bt_failed(error, path);
	}
	return 0;
}

static int build(struct ws_reader *r, struct ws_error *error)
{
	const bt_component_sink *sink;
	int result = ws_ctf_load(&r->ctf, error);

	if (result)
		return result;
	r->graph = bt_graph_create(0);
	r->class = bt_component_class_sink_create("reader", consume);
	if (!r->graph || !r->class ||
	    bt_component_class_sink_set_initialize_method(r->class, initialize) ||
	    bt_component_class_sink_set_graph_is_configured_method(r->class, configured) ||
	    bt_graph_add_sink_component_with_initialize_method_data(r->graph, r->class, "reader",
								    NULL, r, WS_BT_QUIET, &sink))
		return ws_bt_failed(error, "libbabeltrace2 can't be used");
	for (size_t i = 0; i < r->n_inputs && !result; i++) {
		size_t same = 0;

		while (same < i && strcmp(r->inputs[same].stream->path, r->inputs[i].stream->path))
			same++;
		if (same == i)
			result = connect_folder(r, sink, i, error);
	}
	return result;
}

int ws_reader_new(struct ws_stream *streams, size_t n, uint32_t group,
		  const struct ws_origins *origins, struct ws_watch *watch, struct ws_reader **ret,
		  struct ws_error *error)
{
	struct ws_reader *r = calloc(1, sizeof(*r));
	int result;

	if (r) {
		r->inputs = calloc(n ? n : 1, sizeof(*r->inputs));
		r->heap = calloc(n ? n : 1, sizeof(struct input *));
	}
	if (!r || !r->inputs || !r->heap) {
		ws_reader_free(r);
		return ws_error_set(error, -ENOMEM, "memory: there is none left");
	}
	r->group = group;
	r->slot = &watch->slots[group];
	r->extract.origins = origins;
	for (size_t i = 0; i < n; i++) {
		struct input *in = &r->inputs[r->n_inputs];

		if (streams[i].group != group)
			continue;
		in->stream = &streams[i];
		in->number = (uint32_t)i;
		in->packet_bytes = streams[i].packets ? streams[i].bytes / streams[i].packets : 0;
		r->n_inputs++;
	}
	result = build(r, error);
	if (result) {
		ws_reader_free(r);
		return result;
	}
	*ret = r;
	return 0;
}

int ws_reader_run(struct ws_reader *r, const struct ws_source_sink *sink, struct ws_error *error)
{
	bt_graph_run_once_status status;

	r->out = sink;
	r->error = error;
	ws_watch_be(r->group);
	do {
		/* What a component got over may have left its cause behind: the call would abort.
		 */
		bt_current_thread_clear_error();
		status = bt_graph_run_once(r->graph);
	} while (status == BT_GRAPH_RUN_ONCE_STATUS_OK || status == BT_GRAPH_RUN_ONCE_STATUS_AGAIN);
	if (status != BT_GRAPH_RUN_ONCE_STATUS_END && !r->result)
		r->result = ws_bt_failed(error, "the trace can't be read");
	bt_current_thread_clear_error();
	if (r->batch) {
		r->batch->n = 0;
		sink->filled(sink->user, r->batch);
		r->batch = NULL;
	}
	return r->result;
}

void ws_reader_free(struct ws_reader *r)
{
	if (!r)
		return;
	for (size_t i = 0; r->inputs && i < r->n_inputs; i++) {
		bt_message_put_ref(r->inputs[i].event);
		end_input(&r->inputs[i]);
		free(r->inputs[i].losses);
	}
	ws_extract_free(&r->extract);
	bt_graph_put_ref(r->graph);
	bt_component_class_sink_put_ref(r->class);
	ws_ctf_free(&r->ctf);
	bt_current_thread_clear_error();
	free(r->inputs);
	free(r->heap);
	free(r);
}
