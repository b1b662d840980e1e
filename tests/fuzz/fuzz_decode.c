/* SPDX-License-Identifier: MIT */
/* fuzz_decode.c: any events in any order, of two recordings, through decode and on to a report.
 *
 * Events are filled in by the field tables, so that a new event is covered as soon as it is listed.
 */
#include <stdlib.h>
#include <string.h>

#include "analyzer/decode/decode.h"
#include "analyzer/source/fields.h"
#include "tests/fuzz/fuzz.h"

/* Longest sequence or text. */
#define LENGTH_MAX 15

static int get_empty(void *user, struct ws_record_batch **batch)
{
	(void)user;
	*batch = calloc(1, sizeof(**batch));
	return *batch ? 0 : -1;
}

static int take_filled(void *user, struct ws_record_batch *batch)
{
	for (size_t i = 0; i < batch->n; i++)
		fuzz_report_record(user, &batch->records[i]);
	ws_arena_free(&batch->texts);
	free(batch);
	return 0;
}

static void fill_field(struct fuzz_input *in, const struct ws_field *field, struct ws_arena *arena,
		       struct ws_raw *event)
{
	char *to = (char *)event + field->offset;
	uint32_t count = 0;
	uint64_t value;
	char *bytes;

	switch (field->form) {
	case WS_FIELD_STR:
	case WS_FIELD_SEQ:
		count = fuzz_byte(in) % (LENGTH_MAX + 1);
		bytes = ws_arena_alloc(arena, (size_t)LENGTH_MAX * 8 + 8);
		if (!bytes)
			abort();
		memset(bytes, 0, (size_t)LENGTH_MAX * 8 + 8);
		for (uint32_t i = 0; i < count; i++) {
			value = field->form == WS_FIELD_STR ? (uint64_t)'a' + fuzz_byte(in) % 26
							    : fuzz_number(in, field->size);
			memcpy(bytes + i * (field->size ? field->size : 1), &value,
			       field->size ? field->size : 1);
		}
		memcpy(to, &bytes, sizeof(bytes));
		if (field->form == WS_FIELD_SEQ)
			memcpy((char *)event + field->count_offset, &count, sizeof(count));
		break;
	default:
		value = fuzz_number(in, field->size);
		memcpy(to, &value, field->size);
	}
}

static void fill_event(struct fuzz_input *in, struct ws_arena *arena, struct ws_raw *event)
{
	uint8_t type = (uint8_t)(1 + fuzz_byte(in) % (WS_RAW_COUNT - 1));
	const struct ws_event_type *fields = ws_event_type(type);

	event->type = type;
	event->origin = fuzz_byte(in) % 3; /* 2: one that nobody told of */
	for (size_t i = 0; fields && i < fields->n_fields; i++)
		fill_field(in, &fields->fields[i], arena, event);
	if (type == WS_RAW_LOSS) {
		event->loss.events = fuzz_number(in, 8);
		event->loss.packets = fuzz_number(in, 8);
	} else if (type == WS_RAW_FOREIGN) {
		event->foreign.events = fuzz_number(in, 4);
	} else if (type == WS_RAW_WARNING) {
		event->warning.text = "a warning";
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct fuzz_input in = { .bytes = bytes, .size = size };
	struct fuzz_report *report = fuzz_report_new();
	const struct ws_decode_sink sink = { report, get_empty, take_filled };
	struct ws_store *store = ws_store_new();
	struct ws_decode *decode = store ? ws_decode_new(store, &sink) : NULL;
	struct ws_arena arena = { 0 };
	uint64_t now_ns = 0;

	if (!decode || ws_decode_add_origin(decode, "one", 0, 0) ||
	    ws_decode_add_origin(decode, "two", 1, 1000))
		abort();
	while (in.at < in.size) {
		struct ws_raw event = { 0 };

		now_ns += fuzz_number(&in, 8) % ((uint64_t)1 << 40);
		event.at_ns = now_ns;
		fill_event(&in, &arena, &event);
		if (ws_decode_events(decode, &event, 1))
			abort();
		ws_arena_reset(&arena); /* nothing of it may be needed later */
	}
	ws_decode_set_end(decode, fuzz_byte(&in) % 2, fuzz_byte(&in), false, fuzz_byte(&in),
			  now_ns);
	if (ws_decode_finish(decode))
		abort();
	ws_decode_free(decode);
	fuzz_report_finish(report, &store->tables);
	ws_store_free(store);
	ws_arena_free(&arena);
	return 0;
}
