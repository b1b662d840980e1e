/* SPDX-License-Identifier: MIT */
/* event_text.c: see event_text.h. */
#include "tests/support/event_text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/source/fields.h"

static void store(void *to, uint64_t value, uint8_t size)
{
	memcpy(to, &value, size); /* little endian: the low bytes come first */
}

static bool number(const char *text, uint64_t *value)
{
	char *end;

	errno = 0;
	*value = *text == '-' ? (uint64_t)strtoll(text, &end, 0) : strtoull(text, &end, 0);
	return !errno && end != text && !*end;
}

static bool word(const struct ws_field *field, const char *text, uint64_t *value)
{
	for (const struct ws_word *w = field->words; w && w->word; w++) {
		if (!strcmp(w->word, text)) {
			*value = w->value;
			return true;
		}
	}
	return number(text, value);
}

static bool sequence(const struct ws_field *field, char *text, struct ws_arena *arena,
		     struct ws_raw *event)
{
	unsigned char *bytes = ws_arena_alloc(arena, strlen(text) * 8 + 8);
	uint32_t count = 0;
	char *save, *item;

	for (item = strtok_r(text, ",", &save); item; item = strtok_r(NULL, ",", &save)) {
		uint64_t value;

		if (!number(item, &value))
			return false;
		store(bytes + (size_t)count++ * field->size, value, field->size);
	}
	memcpy((char *)event + field->offset, &bytes, sizeof(bytes));
	store((char *)event + field->count_offset, count, sizeof(count));
	return true;
}

static bool set(const struct ws_field *field, char *text, struct ws_arena *arena,
		struct ws_raw *event)
{
	void *to = (char *)event + field->offset;
	uint64_t value;
	char *copy;

	switch (field->form) {
	case WS_FIELD_SEQ:
		return sequence(field, text, arena, event);
	case WS_FIELD_STR:
		copy = ws_arena_strdup(arena, text);
		memcpy(to, &copy, sizeof(copy));
		return true;
	case WS_FIELD_ENUM:
		if (!word(field, text, &value))
			return false;
		break;
	default:
		if (!number(text, &value))
			return false;
	}
	store(to, value, field->size);
	return true;
}

/* Strings that were left out are "". */
static void defaults(const struct ws_event_type *type, struct ws_raw *event)
{
	static const char *empty = "";

	for (unsigned int i = 0; i < type->n_fields; i++) {
		if (type->fields[i].form == WS_FIELD_STR)
			memcpy((char *)event + type->fields[i].offset, &empty, sizeof(empty));
	}
}

static int parse_loss(char *save, struct ws_raw *event, struct ws_error *error)
{
	char *item;

	event->type = WS_RAW_LOSS;
	while ((item = strtok_r(NULL, " \t\n", &save))) {
		if (sscanf(item, "events=%" SCNu64, &event->loss.events) != 1 &&
		    sscanf(item, "packets=%" SCNu64, &event->loss.packets) != 1)
			return ws_error_set(error, -EINVAL, "loss: what is %s?", item);
	}
	return 0;
}

int ws_event_text_parse(const char *line, struct ws_arena *arena, struct ws_raw *event,
			struct ws_error *error)
{
	char *text = ws_arena_strdup(arena, line), *save = NULL, *item;
	const struct ws_event_type *type;

	memset(event, 0, sizeof(*event));
	item = strtok_r(text, " \t\n", &save);
	if (!item || *item == '#')
		return -ENODATA;
	if (!number(item, &event->at_ns))
		return ws_error_set(error, -EINVAL, "%s is no time: %s", item, line);
	item = strtok_r(NULL, " \t\n", &save);
	if (item && !strcmp(item, "loss"))
		return parse_loss(save, event, error);
	type = item ? ws_event_type_find(item) : NULL;
	if (!type)
		return ws_error_set(error, -EINVAL, "no such event: %s", line);
	event->type = type->type;
	defaults(type, event);
	while ((item = strtok_r(NULL, " \t\n", &save))) {
		char *value = strchr(item, '=');
		unsigned int i;

		if (!value)
			return ws_error_set(error, -EINVAL, "%s is no field=value: %s", item, line);
		*value++ = '\0';
		for (i = 0; i < type->n_fields && strcmp(type->fields[i].name, item); i++)
			;
		if (i == type->n_fields)
			return ws_error_set(error, -EINVAL, "%s has no field %s", type->name, item);
		if (!set(&type->fields[i], value, arena, event))
			return ws_error_set(error, -EINVAL, "%s is no value of %s.%s", value,
					    type->name, item);
	}
	return 0;
}
