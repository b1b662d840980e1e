/* SPDX-License-Identifier: MIT */
/* source.c: see source.h. Here the folders are opened, damaged ones too, and shared out. */
#include "analyzer/source/source.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/source/bt_error.h"
#include "analyzer/source/discover.h"
#include "analyzer/source/graph.h"
#include "analyzer/source/metadata.h"
#include "analyzer/source/notes.h"
#include "analyzer/source/plan.h"
#include "analyzer/source/reader.h"
#include "analyzer/source/salvage.h"

/* So many files of one folder that libbabeltrace2 crashes on are tried one by one; with more, the
 * folder's metadata is what it can't stand, and the folder is given up. */
#define CRASHING_FILES_MAX 3

struct ws_source {
	struct ws_watch *watch;  /* Weak, or `nobody` */
	struct ws_watch *nobody; /* Owned by this; NULL: somebody watches */
	struct ws_notes notes;
	struct ws_salvage *salvage; /* Owned by this; NULL: nothing was damaged so far */
	struct ws_ctf ctf;
	struct ws_plan plan;
	struct ws_reader **readers; /* Owned by this; one for each group */
	uint32_t n_groups;

	/* While it is opened. */
	struct ws_error *error;  /* Weak */
	uint32_t dir;            /* number of the given folder */
	uint32_t folder;         /* number of the CTF folder */
	const char *folder_name; /* Weak; of a damaged one */
};

/* Adds the CTF folder `path` to the plan, if libbabeltrace2 can read it. 0; -EINVAL: it can't, and
 * `cause` says why; -ENOMEM. */
static int plan(struct ws_source *s, enum ws_watch_place place, uint32_t file, const char *path,
		const char *label, char *cause, size_t size)
{
	struct ws_watch_slot *slot = &s->watch->slots[0];
	const struct ws_avoid *avoid = ws_watch_avoids(s->watch, place, s->folder, file);
	int r;

	if (avoid) {
		snprintf(cause, size, "%s", ws_avoid_reason(avoid));
		return -EINVAL;
	}
	ws_watch_enter(slot, place, s->folder, file);
	r = ws_plan_folder(&s->plan, &s->ctf, s->watch, path, label, place == WS_WATCH_FILE, s->dir,
			   cause, size);
	ws_watch_leave(slot);
	if (r == -EINVAL && place == WS_WATCH_FILE)
		ws_bt_error_rename(cause, size, path, s->folder_name);
	return r;
}

/* Adds what can be read of one stream file, or a warning. */
static int add_damaged_stream(struct ws_source *s, const char *dir, const char *name, uint32_t file)
{
	char cause[512], label[PATH_MAX];
	const char *path;
	int r = ws_salvage_stream(s->salvage, dir, name, &s->notes, &path);

	snprintf(label, sizeof(label), "%s/%s", dir, name);
	if (r)
		return ws_error_set(s->error, r, "%s: %s", label, strerror(-r));
	s->folder_name = dir;
	r = plan(s, WS_WATCH_FILE, file, path, label, cause, sizeof(cause));
	if (r != -EINVAL)
		return r;
	ws_notes_add(&s->notes, "%s can't be read and is left out: %s", label, cause);
	s->notes.packets++;
	return 0;
}

static uint32_t crashing_files(const struct ws_source *s)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < s->watch->n_avoid; i++)
		n += s->watch->avoid[i].place == WS_WATCH_FILE &&
		     s->watch->avoid[i].what == s->folder;
	return n;
}

/* Adds what can be read of a CTF folder that is refused as a whole because of `cause`. */
static int add_damaged(struct ws_source *s, const char *dir, const char *cause)
{
	struct ws_paths names = { 0 };
	size_t before = s->plan.n;
	int r = 0;

	if (!s->salvage) {
		r = ws_salvage_new(&s->salvage, s->error);
		if (!r)
			snprintf(s->watch->folder, sizeof(s->watch->folder), "%s",
				 ws_salvage_root(s->salvage));
	}
	if (!r && crashing_files(s) < CRASHING_FILES_MAX && (r = ws_discover_streams(dir, &names)))
		ws_error_set(s->error, r, "%s: %s", dir, strerror(-r));
	for (size_t i = 0; i < names.n && !r; i++)
		r = add_damaged_stream(s, dir, names.paths[i], (uint32_t)i);
	if (!r && s->plan.n == before)
		ws_notes_add(&s->notes, "%s can't be read: %s", dir, cause);
	ws_paths_free(&names);
	return r;
}

static int add_folder(struct ws_source *s, const char *dir)
{
	char cause[512] = "it was cut off";
	int r = ws_metadata_check(dir);

	if (r) {
		ws_notes_add(&s->notes, "%s/metadata %s: nothing in this folder can be read", dir,
			     r == -EINVAL ? "was cut off or is damaged" : strerror(-r));
		s->notes.packets++;
		return 0;
	}
	if (!ws_salvage_is_needed(dir)) {
		r = plan(s, WS_WATCH_FOLDER, 0, dir, dir, cause, sizeof(cause));
		if (r != -EINVAL)
			return r;
	}
	return add_damaged(s, dir, cause);
}

static int add_dir(struct ws_source *s, const char *dir)
{
	struct ws_paths paths = { 0 };
	int r = ws_discover(dir, &paths, s->error);

	for (size_t i = 0; i < paths.n && !r; i++) {
		r = add_folder(s, paths.paths[i]);
		s->folder++;
	}
	ws_paths_free(&paths);
	if (r == -ENOMEM)
		ws_error_set(s->error, r, "memory: there is none left");
	return r;
}

static int make_readers(struct ws_source *s, uint32_t groups)
{
	int r = 0;

	s->n_groups = ws_plan_share(&s->plan, groups < WS_WATCH_SLOTS ? groups : WS_WATCH_SLOTS);
	s->readers = calloc(s->n_groups ? s->n_groups : 1, sizeof(struct ws_reader *));
	if (!s->readers)
		return ws_error_set(s->error, -ENOMEM, "memory: there is none left");
	for (uint32_t i = 0; i < s->n_groups && !r; i++)
		r = ws_reader_new(s->plan.streams, s->plan.n, i, &s->plan.origins, s->watch,
				  &s->readers[i], s->error);
	return r;
}

int ws_source_open(const char *const *dirs, size_t n_dirs, uint32_t groups, struct ws_watch *watch,
		   struct ws_source **ret, struct ws_error *error)
{
	struct ws_source *s = calloc(1, sizeof(*s));
	uint64_t bytes = 0;
	bool known = true;
	int r;

	if (s && !watch)
		s->nobody = watch = calloc(1, sizeof(*watch));
	if (!s || !watch) {
		free(s);
		return ws_error_set(error, -ENOMEM, "memory: there is none left");
	}
	s->watch = watch;
	s->error = error;
	r = ws_ctf_load(&s->ctf, error);
	for (size_t i = 0; i < n_dirs && !r; i++) {
		s->dir = (uint32_t)i;
		r = add_dir(s, dirs[i]);
	}
	if (!r && !s->plan.n && s->notes.n)
		r = ws_error_set(error, -EINVAL, "%s", s->notes.texts[s->notes.n - 1]);
	if (!r) {
		ws_origins_note(&s->plan.origins, &s->notes);
		r = make_readers(s, groups);
	}
	if (r) {
		ws_source_free(s);
		return r;
	}
	for (size_t i = 0; i < s->plan.n; i++) {
		bytes += s->plan.streams[i].bytes;
		known &= s->plan.streams[i].packets || !s->plan.streams[i].bytes;
	}
	atomic_store_explicit(&watch->bytes_total, known ? bytes : 0, memory_order_relaxed);
	atomic_store_explicit(&watch->reading, 1, memory_order_relaxed);
	*ret = s;
	return 0;
}

uint32_t ws_source_groups(const struct ws_source *s)
{
	return s->n_groups;
}

int ws_source_read(struct ws_source *s, uint32_t group, const struct ws_source_sink *sink,
		   struct ws_error *error)
{
	return ws_reader_run(s->readers[group], sink, error);
}

/* What is told at the end, one event after the other. */
struct telling {
	const struct ws_source_sink *sink; /* Weak */
	struct ws_raw_batch *batch;        /* Owned by this; NULL: none yet */
	uint64_t at_ns;
	int result;
};

static struct ws_raw *tell(struct telling *t, uint8_t type)
{
	struct ws_raw *raw;

	if (!t->result && t->batch && t->batch->n == WS_RAW_BATCH) {
		t->result = t->sink->filled(t->sink->user, t->batch);
		t->batch = NULL;
	}
	if (!t->result && !t->batch)
		t->result = t->sink->empty(t->sink->user, &t->batch);
	if (t->result)
		return NULL;
	raw = &t->batch->events[t->batch->n++];
	raw->type = type;
	raw->at_ns = t->at_ns;
	raw->origin = 0;
	raw->stream = 0;
	return raw;
}

static void tell_warning(struct telling *t, const char *text)
{
	struct ws_raw *raw = tell(t, WS_RAW_WARNING);

	if (raw && !(raw->warning.text = ws_arena_strdup(&t->batch->arena, text))) {
		t->batch->n--;
		t->result = -ENOMEM;
	}
}

int ws_source_tell(struct ws_source *s, const struct ws_source_sink *sink, struct ws_error *error)
{
	struct telling t = { .sink = sink };
	uint64_t foreign = 0;
	struct ws_raw *raw;

	(void)error;
	atomic_store_explicit(&s->watch->reading, 0, memory_order_relaxed);
	for (size_t i = 0; i < s->plan.n; i++) {
		const struct ws_stream *stream = &s->plan.streams[i];

		foreign += stream->foreign;
		if (stream->last_ns > t.at_ns)
			t.at_ns = stream->last_ns;
		if (!stream->failure)
			continue;
		ws_notes_add(&s->notes, "%s is damaged, what follows in it is lost: %s",
			     stream->name, stream->failure);
		s->notes.packets++;
	}
	if (s->notes.packets && (raw = tell(&t, WS_RAW_LOSS))) {
		raw->loss.events = 0;
		raw->loss.packets = s->notes.packets;
	}
	for (size_t i = 0; i < s->notes.n; i++)
		tell_warning(&t, s->notes.texts[i]);
	if (s->notes.dropped)
		tell_warning(&t, "there are more warnings than are shown");
	if ((raw = tell(&t, WS_RAW_FOREIGN)))
		raw->foreign.events = foreign;
	if (t.batch) {
		int r;

		if (t.result)
			t.batch->n = 0;
		r = sink->filled(sink->user, t.batch);
		if (!t.result)
			t.result = r;
	}
	return t.result;
}

size_t ws_source_origins(const struct ws_source *s)
{
	return s->plan.origins.n;
}

void ws_source_origin(const struct ws_source *s, size_t origin, struct ws_source_origin *ret)
{
	const struct ws_origin *o = &s->plan.origins.list[origin];

	*ret = (struct ws_source_origin){ .host = o->host, .dir = o->dir, .shift_ns = o->shift_ns };
}

void ws_source_free(struct ws_source *s)
{
	if (!s)
		return;
	for (uint32_t i = 0; s->readers && i < s->n_groups; i++)
		ws_reader_free(s->readers[i]);
	free(s->readers);
	ws_ctf_free(&s->ctf);
	ws_plan_free(&s->plan);
	ws_notes_free(&s->notes);
	ws_salvage_free(s->salvage);
	s->watch->folder[0] = 0;
	free(s->nobody);
	free(s);
}
