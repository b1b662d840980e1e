/* SPDX-License-Identifier: MIT */
/* fields.h: the events and fields of tracepoints/events.h as tables: name, type and place. */
#ifndef WS_FIELDS_H
#define WS_FIELDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum ws_field_form { WS_FIELD_INT, WS_FIELD_ENUM, WS_FIELD_STR, WS_FIELD_SEQ };

struct ws_word {
	const char *word;
	uint8_t value;
};

struct ws_field {
	const char *name;
	uint8_t form;          /* enum ws_field_form */
	uint8_t size;          /* of the integer, or of one element of a sequence, in bytes */
	bool is_signed;        /* the integer or the element */
	bool is_optional;      /* added to format 1 after traces of it existed: 0 where missing */
	uint16_t offset;       /* of the member in struct ws_raw */
	uint16_t count_offset; /* SEQ: of its uint32_t count */
	const struct ws_word *words; /* ENUM: its words, up to one without a name */
	bool is_function; /* INT: the trace's word for a function; becomes our number of it */
};

struct ws_event_type {
	const char *name; /* without the provider */
	uint8_t type;     /* enum ws_raw_type */
	uint8_t n_fields;
	const struct ws_field *fields;
};

/* No event has more fields. */
#define WS_EVENT_FIELDS_MAX 24

/* The event of enum ws_raw_type `type`; NULL: that is not an event of ours. */
const struct ws_event_type *ws_event_type(unsigned int type);

/* The event of that name; NULL: there is none. */
const struct ws_event_type *ws_event_type_find(const char *name);

#endif
