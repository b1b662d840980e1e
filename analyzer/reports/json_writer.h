/* SPDX-License-Identifier: MIT */
/* json_writer.h: what the parts of the JSON report are built with: values, frames and parties,
 * which are made once and shared by reference.
 *
 * Out of memory is noted in the writer: the values may then be anything, and json.c writes nothing.
 */
#ifndef WS_JSON_WRITER_H
#define WS_JSON_WRITER_H

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include "analyzer/reports/report.h"

struct ws_json_shared;

struct ws_json_writer {
	const struct ws_report *report; /* Weak */
	struct ws_json_shared *shared;  /* Owned by this, see ws_json_writer_free */
	bool failed;                    /* memory ran out: the value is of no use */
};

/* Frees what is shared, not the writer. */
void ws_json_writer_free(struct ws_json_writer *writer);

/* jansson takes the reference, also on failure; NULL is a failure like any other. */
void ws_json_set(struct ws_json_writer *writer, json_t *object, const char *key, json_t *value);
void ws_json_append(struct ws_json_writer *writer, json_t *array, json_t *value);
void ws_json_set_integer(struct ws_json_writer *writer, json_t *object, const char *key,
			 uint64_t value);
/* NULL becomes null; what is not UTF-8 becomes '?'. */
void ws_json_set_string(struct ws_json_writer *writer, json_t *object, const char *key,
			const char *text);
/* How a process ended, of enum ws_process_end, in a word. */
const char *ws_process_end_word(uint8_t end);

json_t *ws_json_integer(uint64_t value);
json_t *ws_json_string(const char *text);

/* null, or an object with function, file, line, module, offset. */
json_t *ws_json_frame(struct ws_json_writer *writer, const struct ws_frame *frame);
/* The frames of a party's stack, or its site alone. */
json_t *ws_json_trail(struct ws_json_writer *writer, const struct ws_party *party);
/* Adds thread, pid, tid, site and stack. */
void ws_json_set_party(struct ws_json_writer *writer, json_t *object, const struct ws_party *party);

#endif
