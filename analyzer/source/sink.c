/* SPDX-License-Identifier: MIT */
/* sink.c: see sink.h. */
#include "analyzer/source/sink.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/base/grow.h"
#include "analyzer/source/bt_error.h"

/* Hands the batch over and gets an empty one. */
static int next_batch(struct ws_sink *s)
{
	struct ws_raw_batch *batch = s->batch;
	int r = 0;

	s->batch = NULL;
	if (batch)
		r = s->out->filled(s->out->user, batch);
	if (!r)
		r = s->out->empty(s->out->user, &batch);
	if (r)
		return r;
	s->batch = batch;
	return 0;
}

/* Room for one more event, which counts only when `n` is raised. NULL: `result` says why. */
static struct ws_raw *room(struct ws_sink *s)
{
	if ((!s->batch || s->batch->n == WS_RAW_BATCH) && (s->result = next_batch(s)))
		return NULL;
	return &s->batch->events[s->batch->n];
}

static int tell_loss(struct ws_sink *s, uint64_t at_ns, uint64_t events, uint64_t packets)
{
	struct ws_raw *raw = room(s);

	if (!raw)
		return s->result;
	raw->type = WS_RAW_LOSS;
	raw->at_ns = at_ns;
	raw->loss.events = events;
	raw->loss.packets = packets;
	s->batch->n++;
	return 0;
}

/* Tells the losses whose time has come, the earliest first. */
static int tell_losses(struct ws_sink *s, uint64_t now_ns)
{
	for (;;) {
		size_t first = s->n_losses;
		struct ws_sink_loss loss;

		for (size_t i = 0; i < s->n_losses; i++) {
			if (s->losses[i].until_ns <= now_ns &&
			    (first == s->n_losses ||
			     s->losses[i].until_ns < s->losses[first].until_ns))
				first = i;
		}
		if (first == s->n_losses)
			return 0;
		loss = s->losses[first];
		memmove(&s->losses[first], &s->losses[first + 1],
			(--s->n_losses - first) * sizeof(loss));
		if (tell_loss(s, loss.until_ns, loss.events, loss.packets))
			return s->result;
	}
}

static int tell_warning(struct ws_sink *s, const char *text)
{
	struct ws_raw *raw = room(s);

	if (!raw)
		return s->result;
	raw->type = WS_RAW_WARNING;
	raw->at_ns = s->last_ns;
	raw->warning.text = ws_arena_strdup(&s->batch->arena, text);
	if (!raw->warning.text)
		return s->result = ws_error_set(s->error, -ENOMEM, "out of memory");
	s->batch->n++;
	return 0;
}

static int on_event(struct ws_sink *s, const bt_message *message)
{
	struct ws_raw *raw = room(s);
	int r;

	if (!raw)
		return s->result;
	r = ws_extract_event(&s->extract, message, &s->batch->arena, raw, s->error);
	if (r > 0 && s->n_losses) {
		/* What was lost before it comes before it; so it is read again into its place. */
		if (tell_losses(s, raw->at_ns) || !(raw = room(s)))
			return s->result;
		r = ws_extract_event(&s->extract, message, &s->batch->arena, raw, s->error);
	}
	if (r < 0)
		return s->result = r;
	if (!r) {
		s->foreign++;
		return 0;
	}
	s->last_ns = raw->at_ns;
	s->events++;
	s->batch->n++;
	return 0;
}

/* A message about discarded events or packets. */
static int on_discarded(struct ws_sink *s, const bt_message *message, bool packets)
{
	const bt_stream *stream =
		packets ? bt_message_discarded_packets_borrow_stream_const(message)
			: bt_message_discarded_events_borrow_stream_const(message);
	const bt_stream_class *class = bt_stream_borrow_class_const(stream);
	const bt_clock_class *clock = bt_stream_class_borrow_default_clock_class_const(class);
	struct ws_sink_loss loss = { .until_ns = s->last_ns };
	uint64_t count = 0;

	/* Where the count is not known, 0 says that something was lost. */
	if (packets)
		bt_message_discarded_packets_get_count(message, &count);
	else
		bt_message_discarded_events_get_count(message, &count);
	if (packets)
		loss.packets = count ? count : 1;
	else
		loss.events = count;
	if (packets ? bt_stream_class_discarded_packets_have_default_clock_snapshots(class)
		    : bt_stream_class_discarded_events_have_default_clock_snapshots(class)) {
		const bt_clock_snapshot *end =
			packets ? bt_message_discarded_packets_borrow_end_default_clock_snapshot_const(
					  message)
				: bt_message_discarded_events_borrow_end_default_clock_snapshot_const(
					  message);

		loss.until_ns = ws_extract_time(&s->extract, end, clock);
	}
	if (ws_grow(&s->losses, &s->losses_capacity, s->n_losses + 1))
		return s->result = ws_error_set(s->error, -ENOMEM, "out of memory");
	s->losses[s->n_losses++] = loss;
	return 0;
}

static int on_message(struct ws_sink *s, const bt_message *message)
{
	switch (bt_message_get_type(message)) {
	case BT_MESSAGE_TYPE_EVENT:
		return on_event(s, message);
	case BT_MESSAGE_TYPE_DISCARDED_EVENTS:
		return on_discarded(s, message, false);
	case BT_MESSAGE_TYPE_DISCARDED_PACKETS:
		return on_discarded(s, message, true);
	default:
		return 0;
	}
}

static bt_graph_simple_sink_component_consume_func_status consume(bt_message_iterator *iterator,
								  void *user)
{
	struct ws_sink *s = user;
	bt_message_array_const messages;
	char cause[512];
	uint64_t n;

	switch (bt_message_iterator_next(iterator, &messages, &n)) {
	case BT_MESSAGE_ITERATOR_NEXT_STATUS_OK:
		break;
	case BT_MESSAGE_ITERATOR_NEXT_STATUS_AGAIN:
		return BT_GRAPH_SIMPLE_SINK_COMPONENT_CONSUME_FUNC_STATUS_AGAIN;
	case BT_MESSAGE_ITERATOR_NEXT_STATUS_END:
		return BT_GRAPH_SIMPLE_SINK_COMPONENT_CONSUME_FUNC_STATUS_END;
	case BT_MESSAGE_ITERATOR_NEXT_STATUS_MEMORY_ERROR:
		s->result = ws_error_set(s->error, -ENOMEM, "out of memory");
		return BT_GRAPH_SIMPLE_SINK_COMPONENT_CONSUME_FUNC_STATUS_MEMORY_ERROR;
	default:
		/* The guards let no stream's failure through: it concerns the merging. */
		ws_bt_error_take(cause, sizeof(cause));
		if (!s->events)
			s->result = ws_error_set(s->error, -EINVAL, "the trace can't be read: %s",
						 cause);
		ws_notes_add(s->notes, "the trace can't be read to its end: %s", cause);
		s->notes->packets++;
		return BT_GRAPH_SIMPLE_SINK_COMPONENT_CONSUME_FUNC_STATUS_END;
	}
	for (uint64_t i = 0; i < n; i++) {
		if (!s->result)
			on_message(s, messages[i]);
		bt_message_put_ref(messages[i]);
	}
	return s->result ? BT_GRAPH_SIMPLE_SINK_COMPONENT_CONSUME_FUNC_STATUS_END
			 : BT_GRAPH_SIMPLE_SINK_COMPONENT_CONSUME_FUNC_STATUS_OK;
}

int ws_sink_add(struct ws_sink *sink, bt_graph *graph, const bt_component_sink **component)
{
	return bt_graph_add_simple_sink_component(graph, "sink", NULL, consume, NULL, sink,
						  component)
		       ? -EINVAL
		       : 0;
}

int ws_sink_finish(struct ws_sink *s)
{
	struct ws_raw *raw;
	int r = 0;

	if (tell_losses(s, UINT64_MAX) ||
	    (s->notes->packets && tell_loss(s, s->last_ns, 0, s->notes->packets)))
		return s->result;
	for (size_t i = 0; i < s->notes->n && !s->result; i++)
		tell_warning(s, s->notes->texts[i]);
	if (!s->result && s->notes->dropped)
		tell_warning(s, "there are more warnings than are shown");
	if (s->result || !(raw = room(s)))
		return s->result;
	raw->type = WS_RAW_FOREIGN;
	raw->at_ns = s->last_ns;
	raw->foreign.events = s->foreign;
	s->batch->n++;
	r = s->out->filled(s->out->user, s->batch);
	s->batch = NULL;
	return r;
}

void ws_sink_free(struct ws_sink *s)
{
	if (s->batch) {
		s->batch->n = 0;
		s->out->filled(s->out->user, s->batch);
	}
	free(s->losses);
	ws_extract_free(&s->extract);
}
