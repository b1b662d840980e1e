/* SPDX-License-Identifier: MIT */
/* json_writer.c: see json_writer.h. */
#include "analyzer/reports/json_writer.h"

#include <stdlib.h>
#include <string.h>

/* Out of memory is an error like others: what was not added has no table. */
#define HASH_NONFATAL_OOM 1
#include <uthash.h>

#include "analyzer/base/utf8.h"

/* A value that several places show: built once, shared by reference. */
struct ws_json_shared {
	const void *of; /* the frame or the trail */
	json_t *value;  /* Owned by this */
	UT_hash_handle hh;
};

/* jansson takes the reference, also on failure; NULL is a failure like any other. */
void ws_json_set(struct ws_json_writer *writer, json_t *object, const char *key, json_t *value)
{
	if (json_object_set_new(object, key, value) < 0)
		writer->failed = true;
}

void ws_json_append(struct ws_json_writer *writer, json_t *array, json_t *value)
{
	if (json_array_append_new(array, value) < 0)
		writer->failed = true;
}

const char *ws_process_end_word(uint8_t end)
{
	switch (end) {
	case WS_END_RUNNING:
		return "running";
	case WS_END_EXITED:
		return "exited";
	case WS_END_SIGNALED:
		return "signaled";
	case WS_END_EXEC:
		return "exec";
	default:
		return "unknown";
	}
}

json_t *ws_json_integer(uint64_t value)
{
	return json_integer((json_int_t)value);
}

void ws_json_set_integer(struct ws_json_writer *writer, json_t *object, const char *key,
			 uint64_t value)
{
	ws_json_set(writer, object, key, ws_json_integer(value));
}

/* Names come from programs and files, which need not be UTF-8: what is not becomes '?'. */
json_t *ws_json_string(const char *text)
{
	json_t *value;
	char *copy;

	if (!text)
		return json_null();
	value = json_string(text);
	if (value)
		return value;
	copy = strdup(text);
	if (!copy)
		return NULL;
	ws_utf8_clean(copy);
	value = json_string(copy);
	free(copy);
	return value;
}

void ws_json_set_string(struct ws_json_writer *writer, json_t *object, const char *key,
			const char *text)
{
	ws_json_set(writer, object, key, ws_json_string(text));
}

static json_t *share(struct ws_json_writer *writer, const void *of, json_t *value)
{
	struct ws_json_shared *shared = calloc(1, sizeof(*shared));

	if (!shared || !value) {
		free(shared);
		json_decref(value);
		writer->failed = true;
		return NULL;
	}
	shared->of = of;
	shared->value = value;
	HASH_ADD_PTR(writer->shared, of, shared);
	if (!shared->hh.tbl) {
		free(shared);
		json_decref(value);
		writer->failed = true;
		return NULL;
	}
	return json_incref(value);
}

static json_t *find_shared(struct ws_json_writer *writer, const void *of)
{
	struct ws_json_shared *shared;

	HASH_FIND_PTR(writer->shared, &of, shared);
	return shared ? json_incref(shared->value) : NULL;
}

json_t *ws_json_frame(struct ws_json_writer *writer, const struct ws_frame *frame)
{
	json_t *value;

	if (!frame)
		return json_null();
	value = find_shared(writer, frame);
	if (value)
		return value;
	value = json_object();
	ws_json_set_string(writer, value, "function", frame->function);
	ws_json_set_string(writer, value, "file", frame->file);
	ws_json_set(writer, value, "line",
		    frame->line ? ws_json_integer(frame->line) : json_null());
	ws_json_set_string(writer, value, "module", frame->module);
	ws_json_set_integer(writer, value, "offset", frame->offset);
	return share(writer, frame, value);
}

json_t *ws_json_trail(struct ws_json_writer *writer, const struct ws_party *party)
{
	const struct ws_trail *trail = party->trail;
	json_t *value;

	/* No stack was taken: the site is all that is known of it. */
	if (!trail->n) {
		value = json_array();
		if (party->site)
			ws_json_append(writer, value, ws_json_frame(writer, party->site));
		return value;
	}
	value = find_shared(writer, trail);
	if (value)
		return value;
	value = json_array();
	for (size_t i = 0; i < trail->n; i++)
		ws_json_append(writer, value, ws_json_frame(writer, &trail->frames[i]));
	return share(writer, trail, value);
}

void ws_json_set_party(struct ws_json_writer *writer, json_t *object, const struct ws_party *party)
{
	const struct ws_tables *tables = writer->report->tables;
	bool known = party->thread < tables->n_threads;
	const struct ws_task *task = known ? &tables->threads[party->thread] : NULL;

	ws_json_set(writer, object, "thread", known ? ws_json_integer(party->thread) : json_null());
	ws_json_set(writer, object, "pid",
		    known ? json_integer(tables->processes[task->process].pid) : json_null());
	ws_json_set(writer, object, "tid", known ? json_integer(task->tid) : json_null());
	ws_json_set(writer, object, "site", ws_json_frame(writer, party->site));
	ws_json_set(writer, object, "stack", ws_json_trail(writer, party));
}

void ws_json_writer_free(struct ws_json_writer *writer)
{
	struct ws_json_shared *shared, *next;

	HASH_ITER(hh, writer->shared, shared, next) {
		HASH_DEL(writer->shared, shared);
		json_decref(shared->value);
		free(shared);
	}
}
