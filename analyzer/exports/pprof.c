/* SPDX-License-Identifier: MIT */
/* pprof.c: a contention profile as Go's runtime writes them: contentions/count, delay/nanoseconds,
 * by stack; gzipped protobuf.
 *
 * Labels of a sample: `object`, `kind`, `process`, `tid`. A frame is a location of its own, with
 * one function and line: inlining is resolved already.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* Out of memory is an error like others: what was not added has no table. */
#define HASH_NONFATAL_OOM 1
#include <uthash.h>
#include <zlib.h>

#include "analyzer/base/arena.h"
#include "analyzer/base/grow.h"
#include "analyzer/base/utf8.h"
#include "analyzer/base/words.h"
#include "analyzer/exports/export.h"
#include "analyzer/exports/frame_ids.h"
#include "analyzer/exports/labels.h"
#include "analyzer/exports/samples.h"
#include "profile.pb-c.h"

typedef Waitscope__Pprof__Profile Profile;
typedef Waitscope__Pprof__Sample Sample;
typedef Waitscope__Pprof__Label Label;
typedef Waitscope__Pprof__Location Location;
typedef Waitscope__Pprof__Line Line;
typedef Waitscope__Pprof__Function Function;
typedef Waitscope__Pprof__ValueType ValueType;

/* Of a sample: object, kind, process, tid. */
#define LABELS 4

struct text {
	const char *key; /* Owned by the arena */
	int64_t index;
	UT_hash_handle hh;
};

struct writer {
	const struct ws_report *report;
	struct ws_arena arena; /* all messages and strings */
	struct ws_frame_ids *ids;
	struct text *texts;
	Profile profile;
	size_t strings_size, samples_size, locations_size, functions_size;
	bool failed; /* memory ran out */
};

static void *take_zeroed(struct writer *w, size_t size)
{
	void *memory = ws_arena_alloc(&w->arena, size ? size : 1);

	if (memory)
		memset(memory, 0, size);
	else
		w->failed = true;
	return memory;
}

/* Makes room for one more pointer. False: memory is out. */
static bool room(struct writer *w, void *array, size_t *size, size_t n)
{
	if (ws_grow_bytes(array, size, n + 1, sizeof(void *)))
		w->failed = true;
	return !w->failed;
}

/* The index of the string in the table. What is not UTF-8, which readers refuse, becomes '?'. */
static int64_t string(struct writer *w, const char *value)
{
	char *copy = NULL;
	struct text *text;

	if (!ws_utf8_is_valid(value)) {
		copy = ws_arena_strdup(&w->arena, value);
		if (!copy) {
			w->failed = true;
			return 0;
		}
		ws_utf8_clean(copy);
		value = copy;
	}
	HASH_FIND_STR(w->texts, value, text);
	if (text)
		return text->index;
	text = take_zeroed(w, sizeof(*text));
	if (!copy)
		copy = ws_arena_strdup(&w->arena, value);
	if (!text || !copy ||
	    !room(w, &w->profile.string_table, &w->strings_size, w->profile.n_string_table)) {
		w->failed = true;
		return 0;
	}
	text->key = copy;
	text->index = (int64_t)w->profile.n_string_table;
	HASH_ADD_KEYPTR(hh, w->texts, text->key, strlen(text->key), text);
	if (!text->hh.tbl) {
		w->failed = true;
		return 0;
	}
	w->profile.string_table[w->profile.n_string_table++] = copy;
	return text->index;
}

static void add_location(struct writer *w, const struct ws_frame *frame, uint64_t id)
{
	Function *function = take_zeroed(w, sizeof(*function));
	Location *location = take_zeroed(w, sizeof(*location));
	Line *line = take_zeroed(w, sizeof(*line));
	Line **lines = take_zeroed(w, sizeof(Line *));
	char text[4096];

	if (w->failed ||
	    !room(w, &w->profile.function, &w->functions_size, w->profile.n_function) ||
	    !room(w, &w->profile.location, &w->locations_size, w->profile.n_location))
		return;
	ws_frame_name(frame, text, sizeof(text));
	waitscope__pprof__function__init(function);
	function->id = id;
	function->name = string(w, text);
	function->system_name = function->name;
	function->filename = string(w, frame->file ? frame->file : "");
	waitscope__pprof__line__init(line);
	line->function_id = id;
	line->line = frame->line;
	waitscope__pprof__location__init(location);
	location->id = id;
	location->address = frame->offset;
	lines[0] = line;
	location->line = lines;
	location->n_line = 1;
	w->profile.function[w->profile.n_function++] = function;
	w->profile.location[w->profile.n_location++] = location;
}

/* The id of the frame's location, from 1. */
static uint64_t location(struct writer *w, const struct ws_frame *frame)
{
	uint32_t id = 0;
	bool is_new = false;

	if (ws_frame_id(w->ids, frame, &id, &is_new) < 0)
		w->failed = true;
	else if (is_new)
		add_location(w, frame, id + 1ull);
	return id + 1ull;
}

static void label(struct writer *w, Sample *sample, const char *key, const char *text,
		  int64_t number)
{
	Label *label = take_zeroed(w, sizeof(*label));

	if (!label)
		return;
	waitscope__pprof__label__init(label);
	label->key = string(w, key);
	if (text)
		label->str = string(w, text);
	else
		label->num = number;
	sample->label[sample->n_label++] = label;
}

static int take(void *user, const struct ws_sample *from)
{
	struct writer *w = user;
	Sample *sample = take_zeroed(w, sizeof(*sample));
	const struct ws_frame *frames;
	static const struct ws_frame unknown = { .function = "unknown" };
	char text[4096];
	size_t n;

	frames = ws_sample_frames(from, &n);
	if (!n) {
		frames = &unknown;
		n = 1;
	}
	if (w->failed || !room(w, &w->profile.sample, &w->samples_size, w->profile.n_sample))
		return -ENOMEM;
	waitscope__pprof__sample__init(sample);
	sample->location_id = take_zeroed(w, n * sizeof(uint64_t));
	sample->value = take_zeroed(w, 2 * sizeof(int64_t));
	sample->label = take_zeroed(w, LABELS * sizeof(Label *));
	if (w->failed)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		sample->location_id[sample->n_location_id++] = location(w, &frames[i]);
	sample->value[0] = (int64_t)from->waits;
	sample->value[1] = (int64_t)from->wait_ns;
	sample->n_value = 2;
	label(w, sample, "object", from->object->name, 0);
	label(w, sample, "kind", ws_kind_word(from->object->object->key.kind), 0);
	ws_process_name(w->report, from->process, text, sizeof(text));
	label(w, sample, "process", text, 0);
	if (from->who->thread < w->report->tables->n_threads)
		label(w, sample, "tid", NULL, w->report->tables->threads[from->who->thread].tid);
	w->profile.sample[w->profile.n_sample++] = sample;
	return w->failed ? -ENOMEM : 0;
}

static ValueType *value_type(struct writer *w, const char *type, const char *unit)
{
	ValueType *value = take_zeroed(w, sizeof(*value));

	if (!value)
		return NULL;
	waitscope__pprof__value_type__init(value);
	value->type = string(w, type);
	value->unit = string(w, unit);
	return value;
}

/* gzip, as pprof wants it. 0 or -ENOMEM. */
static int write_zipped(const uint8_t *bytes, size_t n, FILE *to)
{
	z_stream zip = { .next_in = (uint8_t *)(uintptr_t)bytes, .avail_in = (uInt)n };
	uint8_t out[65536];
	int r;

	/* 16 more bits of window: with gzip's header, which holds no time of ours. */
	if (deflateInit2(&zip, Z_DEFAULT_COMPRESSION, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) !=
	    Z_OK)
		return -ENOMEM;
	do {
		zip.next_out = out;
		zip.avail_out = sizeof(out);
		r = deflate(&zip, Z_FINISH);
		/* A failed write is the caller's to find, in the file. */
		(void)!fwrite(out, 1, sizeof(out) - zip.avail_out, to);
	} while (r == Z_OK || (r == Z_BUF_ERROR && !zip.avail_out));
	deflateEnd(&zip);
	return r == Z_STREAM_END ? 0 : -ENOMEM;
}

static int write_profile(struct writer *w, FILE *to)
{
	const struct ws_tables *tables = w->report->tables;
	ValueType *types[2];
	uint8_t *bytes;
	size_t n;
	int r;

	waitscope__pprof__profile__init(&w->profile);
	string(w, ""); /* the first one must be empty */
	types[0] = value_type(w, "contentions", "count");
	types[1] = value_type(w, "delay", "nanoseconds");
	w->profile.sample_type = types;
	w->profile.n_sample_type = 2;
	w->profile.period_type = types[0];
	w->profile.period = 1;
	w->profile.duration_nanos = (int64_t)(tables->end_ns - tables->begin_ns);
	w->profile.default_sample_type = string(w, "delay");
	r = ws_samples_each(w->report, take, w);
	if (r < 0 || w->failed)
		return -ENOMEM;
	n = waitscope__pprof__profile__get_packed_size(&w->profile);
	bytes = malloc(n ? n : 1);
	if (!bytes)
		return -ENOMEM;
	waitscope__pprof__profile__pack(&w->profile, bytes);
	r = write_zipped(bytes, n, to);
	free(bytes);
	return r;
}

int ws_export_pprof(const struct ws_report *report, const struct ws_export_wish *wish, FILE *to,
		    struct ws_error *error)
{
	struct writer w = { .report = report };
	int r = -ENOMEM;

	(void)wish;
	(void)error;
	w.ids = ws_frame_ids_new();
	if (w.ids)
		r = write_profile(&w, to);
	HASH_CLEAR(hh, w.texts);
	free(w.profile.string_table);
	free(w.profile.sample);
	free(w.profile.location);
	free(w.profile.function);
	ws_frame_ids_free(w.ids);
	ws_arena_free(&w.arena);
	return r;
}
