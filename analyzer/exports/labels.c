/* SPDX-License-Identifier: MIT */
/* labels.c: see labels.h. */
#include "analyzer/exports/labels.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/analyses/places.h"
#include "analyzer/base/utf8.h"
#include "analyzer/base/words.h"

void ws_frame_name(const struct ws_frame *frame, char *text, size_t size)
{
	const char *module = ws_base_name(frame->module);

	if (frame->function)
		snprintf(text, size, "%s", frame->function);
	else
		snprintf(text, size, "%s+0x%" PRIx64, module ? module : "unknown", frame->offset);
}

void ws_frame_place(const struct ws_frame *frame, char *text, size_t size)
{
	size_t n;

	if (!frame) {
		snprintf(text, size, "unknown");
		return;
	}
	ws_frame_name(frame, text, size);
	n = strlen(text);
	if (frame->file && frame->line)
		snprintf(text + n, size - n, " %s:%" PRIu32, frame->file, frame->line);
}

void ws_object_label(const struct ws_object *object, const char *name, char *text, size_t size)
{
	const char *kind = ws_kind_word(object->key.kind);
	size_t n = strlen(kind);

	/* A name that is made from the kind does not need it twice. */
	if (strncmp(name, kind, n) == 0 && name[n] == ' ')
		snprintf(text, size, "%s", name);
	else
		snprintf(text, size, "%s %s", kind, name);
}

void ws_process_name(const struct ws_report *report, uint32_t process, char *text, size_t size)
{
	const struct ws_tables *tables = report->tables;

	if (process < tables->n_processes)
		snprintf(text, size, "%s[%" PRId32 "]", tables->processes[process].name,
			 tables->processes[process].pid);
	else
		snprintf(text, size, "unknown");
}

void ws_thread_name(const struct ws_report *report, uint32_t thread, char *text, size_t size)
{
	const struct ws_tables *tables = report->tables;

	if (thread < tables->n_threads)
		snprintf(text, size, "%s[%" PRId32 "]", tables->threads[thread].name,
			 tables->threads[thread].tid);
	else
		snprintf(text, size, "unknown");
}

void ws_label_fold(char *text)
{
	ws_utf8_clean(text);
	for (; *text; text++) {
		if (*text == ';')
			*text = ',';
		else if ((unsigned char)*text < ' ' || *text == 0x7f)
			*text = ' ';
	}
}

int ws_named_objects(const struct ws_report *report, struct ws_named_object **ret, size_t *n)
{
	const struct ws_contention_result *contention = report->results->contention;
	const struct ws_results *results = report->results;
	struct ws_named_object *list;
	size_t size = 0;

	for (size_t i = 0; i < contention->n_objects; i++) {
		if (contention->objects[i].object->id >= size)
			size = (size_t)contention->objects[i].object->id + 1;
	}
	for (size_t i = 0; i < results->n_mentions; i++) {
		if (results->mentions[i].object->id >= size)
			size = (size_t)results->mentions[i].object->id + 1;
	}
	list = calloc(size ? size : 1, sizeof(*list));
	if (!list)
		return -ENOMEM;
	for (size_t i = 0; i < contention->n_objects; i++) {
		const struct ws_object_contention *object = &contention->objects[i];

		list[object->object->id] =
			(struct ws_named_object){ object->object, object->name, object };
	}
	for (size_t i = 0; i < results->n_mentions; i++) {
		const struct ws_mention *mention = &results->mentions[i];

		if (!list[mention->object->id].object)
			list[mention->object->id] =
				(struct ws_named_object){ mention->object, mention->name, NULL };
	}
	*ret = list;
	*n = size;
	return 0;
}
