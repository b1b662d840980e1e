/* SPDX-License-Identifier: MIT */
/* extract.c: see extract.h. */
#include "analyzer/source/extract.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/base/grow.h"
#include "analyzer/source/fields.h"
#include "tracepoints/format.h"
#include "tracepoints/functions.h"

#define PREFIX   "waitscope:"
#define NS_PER_S 1000000000

/* How a field of the trace is read. */
enum how {
	HOW_UNSIGNED,
	HOW_SIGNED,
	HOW_ZERO,
	HOW_STRING,
	HOW_SEQ_UNSIGNED,
	HOW_SEQ_SIGNED,
	HOW_FUNCTION
};

/* One field: from which member of the payload to which of struct ws_raw. */
struct step {
	uint64_t member;
	const struct ws_field *field; /* Weak: static */
	uint8_t how;                  /* enum how */
};

/* An event class of the trace. */
struct ws_extract_class {
	const bt_event_class
		*class; /* Owned by this (a reference), so that its address stays its own */
	const struct ws_event_type *type; /* NULL: not an event of ours */
	int64_t shift_ns;                 /* from its clock to the trace's */
	bool is_ns;                       /* its clock counts ns */
	size_t n_steps;
	struct step steps[WS_EVENT_FIELDS_MAX];
	uint16_t *
		functions; /* Owned by this: the trace's numbers of functions to ours; NULL: none */
	size_t n_functions;
};

static bool is(const bt_field_class *class, bt_field_class_type type)
{
	return bt_field_class_type_is(bt_field_class_get_type(class), type);
}

static bool integer_how(const bt_field_class *class, enum how if_unsigned, enum how if_signed,
			uint8_t *how)
{
	if (is(class, BT_FIELD_CLASS_TYPE_UNSIGNED_INTEGER))
		*how = if_unsigned;
	else if (is(class, BT_FIELD_CLASS_TYPE_SIGNED_INTEGER))
		*how = if_signed;
	else
		return false;
	return true;
}

/* How to read `class` as `field`; false: it does not fit. */
static bool choose_how(const struct ws_field *field, const bt_field_class *class, uint8_t *how)
{
	switch (field->form) {
	case WS_FIELD_STR:
		*how = HOW_STRING;
		return is(class, BT_FIELD_CLASS_TYPE_STRING);
	case WS_FIELD_SEQ:
		return is(class, BT_FIELD_CLASS_TYPE_ARRAY) &&
		       integer_how(bt_field_class_array_borrow_element_field_class_const(class),
				   HOW_SEQ_UNSIGNED, HOW_SEQ_SIGNED, how);
	default:
		return integer_how(class, HOW_UNSIGNED, HOW_SIGNED, how);
	}
}

/* What the trace's numbers of functions stand for. 0 or -ENOMEM. */
static int map_functions(struct ws_extract_class *c, const bt_field_class *class)
{
	uint64_t n = bt_field_class_enumeration_get_mapping_count(class);
	const size_t max = UINT16_MAX + 1;

	c->functions = malloc(max * sizeof(*c->functions));
	if (!c->functions)
		return -ENOMEM;
	c->n_functions = max;
	for (size_t i = 0; i < max; i++)
		c->functions[i] = WS_FUNCTION_UNKNOWN;
	for (uint64_t i = 0; i < n; i++) {
		const bt_field_class_enumeration_unsigned_mapping *mapping =
			bt_field_class_enumeration_unsigned_borrow_mapping_by_index_const(class, i);
		const bt_integer_range_set_unsigned *ranges =
			bt_field_class_enumeration_unsigned_mapping_borrow_ranges_const(mapping);
		const char *word = bt_field_class_enumeration_mapping_get_label(
			bt_field_class_enumeration_unsigned_mapping_as_mapping_const(mapping));
		uint64_t number = bt_integer_range_unsigned_get_lower(
			bt_integer_range_set_unsigned_borrow_range_by_index_const(ranges, 0));

		if (number < max)
			c->functions[number] = ws_function_find(word);
	}
	return 0;
}

static int map_fields(struct ws_extract_class *c, const bt_field_class *payload,
		      struct ws_error *error)
{
	uint64_t n = payload ? bt_field_class_structure_get_member_count(payload) : 0;

	for (unsigned int i = 0; i < c->type->n_fields; i++) {
		struct step *step = &c->steps[c->n_steps];
		const bt_field_class *class = NULL;

		step->field = &c->type->fields[i];
		for (step->member = 0; step->member < n; step->member++) {
			const bt_field_class_structure_member *member =
				bt_field_class_structure_borrow_member_by_index_const(payload,
										      step->member);

			if (!strcmp(bt_field_class_structure_member_get_name(member),
				    step->field->name)) {
				class = bt_field_class_structure_member_borrow_field_class_const(
					member);
				break;
			}
		}
		if (!class && step->field->is_optional) {
			step->how = HOW_ZERO;
			c->n_steps++;
			continue;
		}
		if (!class)
			return ws_error_set(
				error, -EINVAL,
				"event " PREFIX
				"%s: it has no field `%s`, so it was not made by waitscope's own "
				"library; record the program anew",
				c->type->name, step->field->name);
		if (!choose_how(step->field, class, &step->how))
			return ws_error_set(error, -EINVAL,
					    "event " PREFIX
					    "%s: its field `%s` has another type than expected; record "
					    "the program anew",
					    c->type->name, step->field->name);
		if (step->field->is_function &&
		    is(class, BT_FIELD_CLASS_TYPE_UNSIGNED_ENUMERATION)) {
			if (map_functions(c, class))
				return ws_error_set(error, -ENOMEM, "memory: there is none left");
			step->how = HOW_FUNCTION;
		}
		c->n_steps++;
	}
	return 0;
}

/* Takes up a new event class at the end of the table. */
static int add_class(struct ws_extract *extract, const bt_event_class *class,
		     struct ws_error *error)
{
	const char *name = bt_event_class_get_name(class);
	struct ws_extract_class *c = calloc(1, sizeof(*c));
	const bt_clock_class *clock;

	if (!c || ws_grow(&extract->classes, &extract->classes_capacity, extract->n_classes + 1) ||
	    ws_map64_put(&extract->by_class, (uintptr_t) class, (uint32_t)extract->n_classes)) {
		free(c);
		return ws_error_set(error, -ENOMEM, "memory: there is none left");
	}
	extract->classes[extract->n_classes++] = c;
	bt_event_class_get_ref(class);
	c->class = class;
	if (!name || strncmp(name, PREFIX, strlen(PREFIX)))
		return 0;
	c->type = ws_event_type_find(name + strlen(PREFIX));
	if (!c->type) /* an event that was added later: allowed by format.h */
		return 0;
	clock = bt_stream_class_borrow_default_clock_class_const(
		bt_event_class_borrow_stream_class_const(class));
	if (!clock)
		return ws_error_set(error, -EINVAL, "trace: its events have no time; record the program anew");
	c->is_ns = bt_clock_class_get_frequency(clock) == NS_PER_S;
	c->shift_ns = ws_origins_shift(extract->origins, clock);
	return map_fields(c, bt_event_class_borrow_payload_field_class_const(class), error);
}

int ws_extract_class(struct ws_extract *extract, const bt_message *message,
		     const struct ws_extract_class **ret, struct ws_error *error)
{
	const bt_event_class *class =
		bt_event_borrow_class_const(bt_message_event_borrow_event_const(message));
	const struct ws_extract_class *found;
	uint32_t index = (uint32_t)extract->n_classes;

	if (!ws_map64_get(&extract->by_class, (uintptr_t) class, &index)) {
		int r = add_class(extract, class, error);

		if (r)
			return r;
	}
	found = extract->classes[index];
	*ret = found->type ? found : NULL;
	return 0;
}

/* Unsigned: a broken clock may wrap, but must not be undefined. */
static uint64_t shifted(uint64_t ns, int64_t shift_ns)
{
	ns += (uint64_t)shift_ns;
	return (int64_t)ns < 0 ? 0 : ns;
}

static uint64_t from_origin(const bt_clock_snapshot *snapshot)
{
	int64_t ns;

	/* No clock of LTTng's: its time since the epoch has to do. */
	return bt_clock_snapshot_get_ns_from_origin(snapshot, &ns) ? 0 : (uint64_t)ns;
}

uint64_t ws_extract_event_time(const struct ws_extract_class *class, const bt_message *message)
{
	const bt_clock_snapshot *snapshot =
		bt_message_event_borrow_default_clock_snapshot_const(message);

	return shifted(class->is_ns ? bt_clock_snapshot_get_value(snapshot) : from_origin(snapshot),
		       class->shift_ns);
}

uint64_t ws_extract_time(const struct ws_extract *extract, const bt_clock_snapshot *snapshot,
			 const bt_clock_class *clock)
{
	bool is_ns = bt_clock_class_get_frequency(clock) == NS_PER_S;

	return shifted(is_ns ? bt_clock_snapshot_get_value(snapshot) : from_origin(snapshot),
		       ws_origins_shift(extract->origins, clock));
}

static void store(void *to, uint64_t value, uint8_t size)
{
	if (size == 1 && value > UINT8_MAX)
		value = UINT8_MAX; /* a word or flag from later: not one of ours */
	memcpy(to, &value, size);  /* little endian: the low bytes come first */
}

static int read_sequence(const bt_field *field, const struct step *step, struct ws_arena *arena,
			 struct ws_raw *event)
{
	uint64_t n = bt_field_array_get_length(field);
	uint32_t count = (uint32_t)n;
	unsigned char *bytes;

	if (n > UINT32_MAX || !(bytes = ws_arena_alloc(arena, (size_t)n * step->field->size)))
		return -ENOMEM;
	for (uint64_t i = 0; i < n; i++) {
		const bt_field *item = bt_field_array_borrow_element_field_by_index_const(field, i);
		uint64_t value = step->how == HOW_SEQ_SIGNED
					 ? (uint64_t)bt_field_integer_signed_get_value(item)
					 : bt_field_integer_unsigned_get_value(item);

		store(bytes + i * step->field->size, value, step->field->size);
	}
	memcpy((char *)event + step->field->offset, &bytes, sizeof(bytes));
	memcpy((char *)event + step->field->count_offset, &count, sizeof(count));
	return 0;
}

static int read_string(const bt_field *field, const struct step *step, struct ws_arena *arena,
		       struct ws_raw *event)
{
	/* babeltrace2 2.0.4 reuses a field and empties it by its length alone: the characters of an
	 * earlier event are still there. */
	const char *value =
		bt_field_string_get_length(field) ? bt_field_string_get_value(field) : "";
	char *copy = ws_arena_strdup(arena, value);

	if (!copy)
		return -ENOMEM;
	memcpy((char *)event + step->field->offset, &copy, sizeof(copy));
	return 0;
}

static int read_payload(const struct ws_extract_class *c, const bt_field *payload,
			struct ws_arena *arena, struct ws_raw *event)
{
	for (size_t i = 0; i < c->n_steps; i++) {
		const struct step *step = &c->steps[i];
		char *to = (char *)event + step->field->offset;
		const bt_field *field;
		int r = 0;

		if (step->how == HOW_ZERO) {
			memset(to, 0, step->field->size);
			continue;
		}
		field = bt_field_structure_borrow_member_field_by_index_const(payload,
									      step->member);
		switch (step->how) {
		case HOW_UNSIGNED:
			store(to, bt_field_integer_unsigned_get_value(field), step->field->size);
			break;
		case HOW_SIGNED:
			store(to, (uint64_t)bt_field_integer_signed_get_value(field),
			      step->field->size);
			break;
		case HOW_FUNCTION:
			store(to,
			      c->functions[bt_field_integer_unsigned_get_value(field) & UINT16_MAX],
			      step->field->size);
			break;
		case HOW_STRING:
			r = read_string(field, step, arena, event);
			break;
		default:
			r = read_sequence(field, step, arena, event);
		}
		if (r)
			return r;
	}
	return 0;
}

int ws_extract_event(const struct ws_extract_class *class, const bt_message *message,
		     uint64_t at_ns, struct ws_arena *arena, struct ws_raw *event,
		     struct ws_error *error)
{
	const bt_event *bt = bt_message_event_borrow_event_const(message);

	event->type = class->type->type;
	event->at_ns = at_ns;
	if (read_payload(class, bt_event_borrow_payload_field_const(bt), arena, event))
		return ws_error_set(error, -ENOMEM, "memory: there is none left");
	/* It is a reading of the same clock as the event's own: on the same scale, then. */
	if (event->type == WS_RAW_wait_begin && event->wait_begin.begin_ns)
		event->wait_begin.begin_ns += (uint64_t) class->shift_ns;
	if (event->type == WS_RAW_process && event->process.begin_ns)
		event->process.begin_ns += (uint64_t) class->shift_ns;
	if (event->type == WS_RAW_call)
		event->call.begin_ns += (uint64_t) class->shift_ns;
	if (event->type == WS_RAW_process && event->process.format > WS_FORMAT_VERSION)
		return ws_error_set(
			error, -ENOTSUP,
			"trace: its format is %u, and this waitscope reads up to %u; use the "
			"waitscope that recorded it, or a newer one",
			event->process.format, (unsigned int)WS_FORMAT_VERSION);
	return 0;
}

void ws_extract_loss(const struct ws_extract *extract, const bt_message *message, bool packets,
		     struct ws_loss *ret)
{
	const bt_stream *stream =
		packets ? bt_message_discarded_packets_borrow_stream_const(message)
			: bt_message_discarded_events_borrow_stream_const(message);
	const bt_stream_class *class = bt_stream_borrow_class_const(stream);
	const bt_clock_class *clock = bt_stream_class_borrow_default_clock_class_const(class);
	uint64_t count = 0;

	*ret = (struct ws_loss){ .until_ns = 0 };
	/* Where the count is not known, 0 says that something was lost. */
	if (packets)
		bt_message_discarded_packets_get_count(message, &count);
	else
		bt_message_discarded_events_get_count(message, &count);
	if (packets)
		ret->packets = count ? count : 1;
	else
		ret->events = count;
	if (packets ? bt_stream_class_discarded_packets_have_default_clock_snapshots(class)
		    : bt_stream_class_discarded_events_have_default_clock_snapshots(class)) {
		const bt_clock_snapshot *end =
			packets ? bt_message_discarded_packets_borrow_end_default_clock_snapshot_const(
					  message)
				: bt_message_discarded_events_borrow_end_default_clock_snapshot_const(
					  message);

		ret->until_ns = ws_extract_time(extract, end, clock);
	}
}

void ws_extract_free(struct ws_extract *extract)
{
	for (size_t i = 0; i < extract->n_classes; i++) {
		bt_event_class_put_ref(extract->classes[i]->class);
		free(extract->classes[i]->functions);
		free(extract->classes[i]);
	}
	free(extract->classes);
	ws_map64_free(&extract->by_class);
}
