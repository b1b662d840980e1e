/* SPDX-License-Identifier: MIT */
/* filter_waits.c: filter.waitscope.waits: passes on what comes in, with an event for each wait
 * added at its end.
 *
 * Who ended a wait, and what its object is called, is known when the trace is over. So what comes
 * in is read twice, by an iterator each: the first is for the analysis, the second is passed on.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/base/grow.h"
#include "analyzer/plugin/feed.h"
#include "analyzer/plugin/plugin.h"
#include "analyzer/plugin/wait_event.h"

/* An event that is to come. */
struct due {
	int64_t at_ns; /* from its clock's origin, as other messages' times are told */
	size_t number; /* of the wait, by begin */
	const struct ws_analysis_wait *wait; /* in `copies` */
};

struct waits {
	bt_self_message_iterator *self;     /* Weak */
	bt_self_component_port_input *port; /* Weak */
	struct ws_feed *feed;               /* Owned by this, as all that follow */
	bt_message_iterator *first;         /* for the analysis; NULL: it is done */
	bt_message_iterator *second;     /* to be passed on; NULL: not yet, or it is at its end */
	bt_message_array_const messages; /* Weak: the second's, until its next turn */
	uint64_t n, at;                  /* messages in it, and how many were passed on */
	bool has_stream;
	struct ws_wait_stream stream;
	struct ws_arena copies; /* of the waits: events would take ten times as much */
	struct due *due;        /* by time */
	size_t n_due, due_size, next;
	bool begun, ended; /* the beginning and the end of our stream were passed on */
};

/* the component */

static void append_to_component(bt_self_component_filter *self, const struct ws_error *error)
{
	BT_CURRENT_THREAD_ERROR_APPEND_CAUSE_FROM_COMPONENT(
		bt_self_component_filter_as_self_component(self), "%s", error->text);
}

/* The parameters are the component's data; here they are only tried. */
bt_component_class_initialize_method_status
ws_filter_initialize(bt_self_component_filter *self, bt_self_component_filter_configuration *config,
		     const bt_value *params, void *data)
{
	struct ws_error error = { "" };
	struct ws_feed *feed = NULL;
	int r = ws_feed_new(&feed, &error);

	(void)config;
	(void)data;
	if (r == 0)
		r = ws_feed_set(feed, params, NULL, NULL, &error);
	ws_feed_free(feed);
	if (r < 0) {
		append_to_component(self, &error);
		return BT_COMPONENT_CLASS_INITIALIZE_METHOD_STATUS_ERROR;
	}
	if (bt_self_component_filter_add_input_port(self, "in", NULL, NULL) ||
	    bt_self_component_filter_add_output_port(self, "out", NULL, NULL))
		return BT_COMPONENT_CLASS_INITIALIZE_METHOD_STATUS_ERROR;
	bt_value_get_ref(params);
	bt_self_component_set_data(bt_self_component_filter_as_self_component(self),
				   (void *)params);
	return BT_COMPONENT_CLASS_INITIALIZE_METHOD_STATUS_OK;
}

void ws_filter_finalize(bt_self_component_filter *self)
{
	const bt_value *params =
		bt_self_component_get_data(bt_self_component_filter_as_self_component(self));

	bt_value_put_ref(params);
}

/* the iterator */

static bt_self_component *component_of(const struct waits *waits)
{
	return bt_self_message_iterator_borrow_component(waits->self);
}

static int append(const struct waits *waits, const struct ws_error *error, int r)
{
	BT_CURRENT_THREAD_ERROR_APPEND_CAUSE_FROM_MESSAGE_ITERATOR(waits->self, "%s", error->text);
	return r;
}

static void free_waits(struct waits *waits)
{
	bt_message_iterator_put_ref(waits->first);
	while (waits->at < waits->n)
		bt_message_put_ref(waits->messages[waits->at++]);
	bt_message_iterator_put_ref(waits->second);
	if (waits->has_stream)
		ws_wait_stream_free(&waits->stream);
	ws_feed_free(waits->feed);
	ws_arena_free(&waits->copies);
	free(waits->due);
	free(waits);
}

bt_message_iterator_class_initialize_method_status
ws_filter_iterator_initialize(bt_self_message_iterator *self,
			      bt_self_message_iterator_configuration *config,
			      bt_self_component_port_output *port)
{
	struct waits *waits = calloc(1, sizeof(*waits));
	struct ws_error error = { "" };
	int r;

	(void)config;
	(void)port;
	if (!waits)
		return BT_MESSAGE_ITERATOR_CLASS_INITIALIZE_METHOD_STATUS_MEMORY_ERROR;
	waits->self = self;
	waits->port = bt_self_component_filter_borrow_input_port_by_name(
		(bt_self_component_filter *)component_of(waits), "in");
	r = ws_feed_new(&waits->feed, &error);
	if (r == 0)
		r = ws_feed_set(waits->feed, bt_self_component_get_data(component_of(waits)), NULL,
				NULL, &error);
	if (r == 0)
		r = ws_analysis_set(ws_feed_analysis(waits->feed), "waits", "yes");
	if (r < 0)
		append(waits, &error, r);
	else if (bt_message_iterator_create_from_message_iterator(self, waits->port, &waits->first))
		r = -EINVAL;
	if (r < 0) {
		free_waits(waits);
		return BT_MESSAGE_ITERATOR_CLASS_INITIALIZE_METHOD_STATUS_ERROR;
	}
	bt_self_message_iterator_set_data(self, waits);
	return BT_MESSAGE_ITERATOR_CLASS_INITIALIZE_METHOD_STATUS_OK;
}

void ws_filter_iterator_finalize(bt_self_message_iterator *self)
{
	free_waits(bt_self_message_iterator_get_data(self));
}

/* What a wait is told with. */
struct maker {
	struct waits *waits;
	int64_t offset_ns; /* of the clock from its origin */
};

static int take_wait(void *user, const struct ws_analysis_wait *wait)
{
	struct maker *maker = user;
	struct waits *waits = maker->waits;
	const size_t n_charges = wait->n_charges;
	struct ws_analysis_wait *copy = ws_arena_alloc(&waits->copies, sizeof(*copy));
	struct ws_analysis_charge *charges =
		n_charges ? ws_arena_alloc(&waits->copies, n_charges * sizeof(*charges)) : NULL;

	if (!copy || (n_charges && !charges) ||
	    ws_grow(&waits->due, &waits->due_size, waits->n_due + 1))
		return -ENOMEM;
	*copy = *wait;
	copy->charges = charges;
	for (size_t i = 0; i < n_charges; i++)
		charges[i] = wait->charges[i];
	waits->due[waits->n_due] =
		(struct due){ .at_ns = (int64_t)(wait->end_ns + (uint64_t)maker->offset_ns),
			      .number = waits->n_due,
			      .wait = copy };
	waits->n_due++;
	return 0;
}

static int by_time(const void *a, const void *b)
{
	const struct due *x = a, *y = b;

	if (x->at_ns != y->at_ns)
		return x->at_ns < y->at_ns ? -1 : 1;
	return (x->number > y->number) - (x->number < y->number);
}

/* The analysis is done: keeps the waits, and turns to the second reading. */
static int finish_first(struct waits *waits, struct ws_error *error)
{
	const struct ws_fed *fed = ws_feed_fed(waits->feed);
	struct maker maker = { .waits = waits };
	int r;

	bt_message_iterator_put_ref(waits->first);
	waits->first = NULL;
	r = ws_feed_end(waits->feed, error);
	if (r == -ENODATA) { /* nothing of ours: nothing to add */
		waits->ended = waits->begun = true;
		error->text[0] = '\0';
		r = 0;
	} else if (r == 0) {
		maker.offset_ns = ws_fed_clock_offset_ns(fed);
		r = ws_wait_stream_make(component_of(waits), ws_fed_clock(fed), &waits->stream);
		waits->has_stream = r == 0;
		if (r == 0)
			r = ws_analysis_each_wait(ws_feed_analysis(waits->feed), take_wait, &maker);
		if (waits->n_due)
			qsort(waits->due, waits->n_due, sizeof(*waits->due), by_time);
	}
	if (r == 0 && bt_message_iterator_create_from_message_iterator(waits->self, waits->port,
								       &waits->second))
		r = -EINVAL;
	return r < 0 ? ws_error_set(error, r, "the waits can't be added: %s", strerror(-r)) : 0;
}

/* One step of the first reading. */
static bt_message_iterator_class_next_method_status read_first(struct waits *waits)
{
	struct ws_error error = { "" };
	bt_message_array_const messages;
	bt_message_iterator_next_status status;
	uint64_t n;
	int r = 0;

	status = bt_message_iterator_next(waits->first, &messages, &n);
	if (status == BT_MESSAGE_ITERATOR_NEXT_STATUS_END) {
		r = finish_first(waits, &error);
	} else if (status == BT_MESSAGE_ITERATOR_NEXT_STATUS_OK) {
		for (uint64_t i = 0; i < n; i++) {
			if (r == 0)
				r = ws_feed_message(waits->feed, messages[i], &error);
			bt_message_put_ref(messages[i]);
		}
	} else {
		return (bt_message_iterator_class_next_method_status)status;
	}
	if (r < 0) {
		append(waits, &error, r);
		return BT_MESSAGE_ITERATOR_CLASS_NEXT_METHOD_STATUS_ERROR;
	}
	return BT_MESSAGE_ITERATOR_CLASS_NEXT_METHOD_STATUS_OK;
}

static const bt_clock_snapshot *snapshot_of(const bt_message *message)
{
	const bt_stream_class *class;

	switch (bt_message_get_type(message)) {
	case BT_MESSAGE_TYPE_EVENT:
		class = bt_stream_borrow_class_const(
			bt_event_borrow_stream_const(bt_message_event_borrow_event_const(message)));
		return bt_stream_class_borrow_default_clock_class_const(class)
			       ? bt_message_event_borrow_default_clock_snapshot_const(message)
			       : NULL;
	case BT_MESSAGE_TYPE_PACKET_BEGINNING:
		class = bt_stream_borrow_class_const(bt_packet_borrow_stream_const(
			bt_message_packet_beginning_borrow_packet_const(message)));
		return bt_stream_class_packets_have_beginning_default_clock_snapshot(class)
			       ? bt_message_packet_beginning_borrow_default_clock_snapshot_const(
					 message)
			       : NULL;
	case BT_MESSAGE_TYPE_PACKET_END:
		class = bt_stream_borrow_class_const(bt_packet_borrow_stream_const(
			bt_message_packet_end_borrow_packet_const(message)));
		return bt_stream_class_packets_have_end_default_clock_snapshot(class)
			       ? bt_message_packet_end_borrow_default_clock_snapshot_const(message)
			       : NULL;
	case BT_MESSAGE_TYPE_DISCARDED_EVENTS:
		class = bt_stream_borrow_class_const(
			bt_message_discarded_events_borrow_stream_const(message));
		return bt_stream_class_discarded_events_have_default_clock_snapshots(class)
			       ? bt_message_discarded_events_borrow_beginning_default_clock_snapshot_const(
					 message)
			       : NULL;
	case BT_MESSAGE_TYPE_DISCARDED_PACKETS:
		class = bt_stream_borrow_class_const(
			bt_message_discarded_packets_borrow_stream_const(message));
		return bt_stream_class_discarded_packets_have_default_clock_snapshots(class)
			       ? bt_message_discarded_packets_borrow_beginning_default_clock_snapshot_const(
					 message)
			       : NULL;
	case BT_MESSAGE_TYPE_MESSAGE_ITERATOR_INACTIVITY:
		return bt_message_message_iterator_inactivity_borrow_clock_snapshot_const(message);
	default: /* streams' beginnings and ends of CTF have no time */
		return NULL;
	}
}

/* Must the next of our events come before the message? */
static bool is_before(const struct waits *waits, const bt_message *message)
{
	const bt_clock_snapshot *snapshot = snapshot_of(message);
	int64_t ns;

	if (!snapshot || bt_clock_snapshot_get_ns_from_origin(snapshot, &ns))
		return false;
	return waits->due[waits->next].at_ns < ns;
}

/* The next message of the second reading, looked at only: OK with *ret, or what the iterator says.
 */
static bt_message_iterator_class_next_method_status peek(struct waits *waits,
							 const bt_message **ret)
{
	while (waits->second && waits->at == waits->n) {
		bt_message_iterator_next_status status;

		waits->at = waits->n = 0;
		status = bt_message_iterator_next(waits->second, &waits->messages, &waits->n);
		if (status != BT_MESSAGE_ITERATOR_NEXT_STATUS_OK) {
			waits->n = 0;
			if (status == BT_MESSAGE_ITERATOR_NEXT_STATUS_END) {
				bt_message_iterator_put_ref(waits->second);
				waits->second = NULL;
			}
			return (bt_message_iterator_class_next_method_status)status;
		}
	}
	if (!waits->second)
		return BT_MESSAGE_ITERATOR_CLASS_NEXT_METHOD_STATUS_END;
	*ret = waits->messages[waits->at];
	return BT_MESSAGE_ITERATOR_CLASS_NEXT_METHOD_STATUS_OK;
}

static const bt_message *make_event(struct waits *waits, const struct ws_analysis_wait *wait)
{
	bt_message *message = bt_message_event_create_with_default_clock_snapshot(
		waits->self, waits->stream.event_class, waits->stream.stream, wait->end_ns);

	if (message && ws_wait_event_fill(ws_feed_analysis(waits->feed), wait,
					  bt_message_event_borrow_event(message)) < 0) {
		bt_message_put_ref(message);
		message = NULL;
	}
	return message;
}

/* The next message of ours, if it is its turn; NULL: it is not. *failed: memory is out. */
static const bt_message *next_of_ours(struct waits *waits, const bt_message *theirs, bool *failed)
{
	const bt_message *message = NULL;

	if (!waits->begun) {
		message = bt_message_stream_beginning_create(waits->self, waits->stream.stream);
		waits->begun = true;
	} else if (waits->next < waits->n_due) {
		if (theirs && !is_before(waits, theirs))
			return NULL;
		message = make_event(waits, waits->due[waits->next++].wait);
	} else if (!theirs && !waits->ended) {
		message = bt_message_stream_end_create(waits->self, waits->stream.stream);
		waits->ended = true;
	} else {
		return NULL;
	}
	*failed = !message;
	return message;
}

bt_message_iterator_class_next_method_status
ws_filter_iterator_next(bt_self_message_iterator *self, bt_message_array_const messages,
			uint64_t capacity, uint64_t *count)
{
	struct waits *waits = bt_self_message_iterator_get_data(self);
	bt_message_iterator_class_next_method_status status =
		BT_MESSAGE_ITERATOR_CLASS_NEXT_METHOD_STATUS_OK;

	while (waits->first && status == BT_MESSAGE_ITERATOR_CLASS_NEXT_METHOD_STATUS_OK)
		status = read_first(waits);
	if (status != BT_MESSAGE_ITERATOR_CLASS_NEXT_METHOD_STATUS_OK)
		return status;
	for (*count = 0; *count < capacity; ++*count) {
		const bt_message *theirs = NULL, *ours;
		bool failed = false;

		status = peek(waits, &theirs);
		if (status != BT_MESSAGE_ITERATOR_CLASS_NEXT_METHOD_STATUS_OK &&
		    status != BT_MESSAGE_ITERATOR_CLASS_NEXT_METHOD_STATUS_END)
			break;
		ours = next_of_ours(waits, theirs, &failed);
		if (failed)
			status = BT_MESSAGE_ITERATOR_CLASS_NEXT_METHOD_STATUS_MEMORY_ERROR;
		if (failed || (!ours && !theirs))
			break;
		messages[*count] = ours ? ours : theirs;
		if (!ours)
			waits->at++;
	}
	if (status < 0) { /* errors */
		while (*count)
			bt_message_put_ref(messages[--*count]);
		return status;
	}
	return *count ? BT_MESSAGE_ITERATOR_CLASS_NEXT_METHOD_STATUS_OK : status;
}
