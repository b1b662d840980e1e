/* SPDX-License-Identifier: MIT */
/* speedscope.c: stacks for https://www.speedscope.app: a sampled profile for each process, weights
 * in nanoseconds.
 *
 * The innermost frame is the object that was waited for.
 */
#include <errno.h>
#include <stdlib.h>

#include "analyzer/exports/export.h"
#include "analyzer/exports/frame_ids.h"
#include "analyzer/exports/labels.h"
#include "analyzer/exports/samples.h"
#include "analyzer/reports/json_writer.h"

struct speedscope {
	struct ws_json_writer writer;
	struct ws_frame_ids *ids;
	json_t *frames;
	uint32_t process; /* whose profile is made */
	json_t *samples, *weights;
	uint64_t total_ns;
	bool any; /* it has one */
};

static int add_frame(struct speedscope *s, json_t *stack, const struct ws_frame *frame,
		     const char *name)
{
	json_t *value;
	uint32_t id;
	bool is_new;
	int r = ws_frame_id(s->ids, frame, &id, &is_new);

	if (r < 0)
		return r;
	if (is_new) {
		value = json_object();
		ws_json_set_string(&s->writer, value, "name", name);
		if (frame->file)
			ws_json_set_string(&s->writer, value, "file", frame->file);
		if (frame->line)
			ws_json_set_integer(&s->writer, value, "line", frame->line);
		ws_json_append(&s->writer, s->frames, value);
	}
	ws_json_append(&s->writer, stack, ws_json_integer(id));
	return 0;
}

static int take(void *user, const struct ws_sample *sample)
{
	struct speedscope *s = user;
	const struct ws_frame *frames;
	struct ws_frame object = { 0 };
	char text[4096];
	json_t *stack;
	size_t n;
	int r = 0;

	if (sample->process != s->process || !sample->wait_ns)
		return 0;
	s->any = true;
	stack = json_array();
	frames = ws_sample_frames(sample, &n);
	while (n-- && r == 0) {
		ws_frame_name(&frames[n], text, sizeof(text));
		r = add_frame(s, stack, &frames[n], text);
	}
	if (r == 0) {
		ws_object_label(sample->object->object, sample->object->name, text, sizeof(text));
		object.function = text;
		r = add_frame(s, stack, &object, text);
	}
	ws_json_append(&s->writer, s->samples, stack);
	ws_json_append(&s->writer, s->weights, ws_json_integer(sample->wait_ns));
	s->total_ns += sample->wait_ns;
	return r;
}

/* One process's; nothing if it never waited. */
static int add_profile(struct speedscope *s, json_t *profiles, uint32_t process)
{
	char text[256];
	json_t *value;
	int r;

	s->process = process;
	s->samples = json_array();
	s->weights = json_array();
	s->total_ns = 0;
	s->any = false;
	r = ws_samples_each(s->writer.report, take, s);
	if (r < 0 || !s->any) {
		json_decref(s->samples);
		json_decref(s->weights);
		return r;
	}
	value = json_object();
	ws_process_name(s->writer.report, process, text, sizeof(text));
	ws_json_set_string(&s->writer, value, "type", "sampled");
	ws_json_set_string(&s->writer, value, "name", text);
	ws_json_set_string(&s->writer, value, "unit", "nanoseconds");
	ws_json_set_integer(&s->writer, value, "startValue", 0);
	ws_json_set_integer(&s->writer, value, "endValue", s->total_ns);
	ws_json_set(&s->writer, value, "samples", s->samples);
	ws_json_set(&s->writer, value, "weights", s->weights);
	ws_json_append(&s->writer, profiles, value);
	return 0;
}

int ws_export_speedscope(const struct ws_report *report, const struct ws_export_wish *wish,
			 FILE *to, struct ws_error *error)
{
	struct speedscope s = { .writer.report = report, .frames = json_array() };
	json_t *root = json_object(), *shared = json_object(), *profiles = json_array();
	int r = 0;

	(void)wish;
	(void)error;
	s.ids = ws_frame_ids_new();
	if (!s.ids)
		r = -ENOMEM;
	for (uint32_t i = 0; i < report->tables->n_processes && r == 0; i++)
		r = add_profile(&s, profiles, i);
	if (r == 0)
		r = add_profile(&s, profiles, WS_UNKNOWN);
	ws_json_set_string(&s.writer, root, "$schema",
			   "https://www.speedscope.app/file-format-schema.json");
	ws_json_set_string(&s.writer, root, "exporter", "waitscope");
	ws_json_set_string(&s.writer, root, "name", report->paths[0]);
	ws_json_set(&s.writer, shared, "frames", s.frames);
	ws_json_set(&s.writer, root, "shared", shared);
	ws_json_set(&s.writer, root, "profiles", profiles);
	if (s.writer.failed)
		r = -ENOMEM;
	if (r == 0) {
		/* A failed write is the caller's to find, in the file. */
		(void)json_dumpf(root, to, JSON_INDENT(1));
		fputc('\n', to);
	}
	json_decref(root);
	ws_frame_ids_free(s.ids);
	return r;
}
