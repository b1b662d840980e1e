/* SPDX-License-Identifier: MIT */
/* baseline_json.c: see baseline_json.h. */
#include "analyzer/reports/baseline_json.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "analyzer/base/words.h"
#include "analyzer/reports/cells.h"
#include "analyzer/reports/json_writer.h"

#define FORMAT "waitscope-baseline"

/* --- writing --- */

/* Rounded up: what was seen is allowed. */
static json_t *part(double value)
{
	return json_real(ceil(value * 1000) / 1000);
}

static void set_text(struct ws_json_writer *writer, json_t *object, const char *key,
		     const char *text)
{
	if (text[0])
		ws_json_set_string(writer, object, key, text);
}

static json_t *site_json(struct ws_json_writer *writer, const struct ws_digest_site *site)
{
	json_t *value = json_object();

	set_text(writer, value, "function", site->function);
	set_text(writer, value, "file", ws_base_name(site->file));
	if (site->line)
		ws_json_set_integer(writer, value, "line", site->line);
	set_text(writer, value, "module", site->module);
	if (!site->line || !site->function[0])
		ws_json_set_integer(writer, value, "offset", site->offset);
	return value;
}

/* The objects in the order of their keys, and the lines of one. */
static const struct ws_digest *ordered;

static int by_key(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	int c = ws_digest_object_compare(ordered, &ordered->objects[x], ordered,
					 &ordered->objects[y]);

	return c ? c : (x > y) - (x < y);
}

static int by_line(const void *a, const void *b)
{
	const struct ws_digest_use *x = a, *y = b;

	if (x->site == y->site)
		return 0;
	if (x->site == WS_UNKNOWN || y->site == WS_UNKNOWN)
		return x->site == WS_UNKNOWN ? 1 : -1;
	return ws_digest_site_compare(&ordered->sites[x->site], &ordered->sites[y->site]);
}

/* What orders call the object: its name, with a number if others before it have the same. */
static const char *id_of(const struct ws_digest *digest, const uint32_t *order, uint32_t place,
			 struct ws_cell *cell)
{
	const char *name = digest->objects[order[place]].name;
	size_t before = 0;

	for (uint32_t i = 0; i < place; i++)
		before += strcmp(digest->objects[order[i]].name, name) == 0;
	if (!before)
		return name;
	ws_cell_set(cell, true, "%s (%zu)", name, before + 1);
	return cell->text;
}

static json_t *object_json(struct ws_json_writer *writer, const struct ws_baseline *baseline,
			   uint32_t i, const char *id)
{
	const struct ws_digest *digest = baseline->digest;
	const struct ws_digest_object *object = &digest->objects[i];
	const struct ws_allowed *allowed = &baseline->allowed[i];
	json_t *value = json_object(), *blocks = json_array();

	ws_json_set_string(writer, value, "name", id);
	ws_json_set_string(writer, value, "kind", ws_kind_word(object->kind));
	ws_json_set_string(writer, value, "known_by", ws_identity_word(object->how));
	set_text(writer, value, "module", object->module);
	set_text(writer, value, "label", object->label);
	if (object->site != WS_UNKNOWN)
		ws_json_set(writer, value, "at", site_json(writer, &digest->sites[object->site]));
	if (allowed->contended >= 0)
		ws_json_set(writer, value, "contended", part(allowed->contended));
	if (allowed->critical_path > 0)
		ws_json_set(writer, value, "critical_path", part(allowed->critical_path));
	if (object->n_waiters)
		qsort(object->waiters, object->n_waiters, sizeof(*object->waiters), by_line);
	for (size_t k = 0; k < object->n_waiters; k++) {
		uint32_t site = object->waiters[k].site;

		ws_json_append(writer, blocks,
			       site == WS_UNKNOWN ? json_null()
						  : site_json(writer, &digest->sites[site]));
	}
	ws_json_set(writer, value, "blocks", blocks);
	return value;
}

/* By the places of their objects. */
static int by_places(const void *a, const void *b)
{
	const struct ws_digest_edge *x = a, *y = b;

	if (x->held != y->held)
		return x->held < y->held ? -1 : 1;
	return (x->taken > y->taken) - (x->taken < y->taken);
}

static json_t *edges_json(struct ws_json_writer *writer, const struct ws_digest *digest,
			  const uint32_t *place, const uint32_t *order)
{
	struct ws_digest_edge *edges = calloc(digest->n_edges + 1, sizeof(*edges));
	json_t *list = json_array();

	if (!edges) {
		writer->failed = true;
		return list;
	}
	for (size_t i = 0; i < digest->n_edges; i++) {
		edges[i].held = place[digest->edges[i].held];
		edges[i].taken = place[digest->edges[i].taken];
	}
	qsort(edges, digest->n_edges, sizeof(*edges), by_places);
	for (size_t i = 0; i < digest->n_edges; i++) {
		json_t *value = json_object();
		struct ws_cell cell;

		ws_json_set_string(writer, value, "held",
				   id_of(digest, order, edges[i].held, &cell));
		ws_json_set_string(writer, value, "taken",
				   id_of(digest, order, edges[i].taken, &cell));
		ws_json_append(writer, list, value);
	}
	free(edges);
	return list;
}

static json_t *tolerances_json(struct ws_json_writer *writer, const struct ws_tolerances *t)
{
	json_t *value = json_object();

	ws_json_set(writer, value, "contended", json_real(t->contended));
	ws_json_set(writer, value, "critical_path", json_real(t->critical_path));
	ws_json_set_integer(writer, value, "site_waits", t->site_waits);
	ws_json_set(writer, value, "site_share", json_real(t->site_share));
	return value;
}

static json_t *root_json(struct ws_json_writer *writer, const struct ws_baseline *baseline,
			 const uint32_t *place, const uint32_t *order)
{
	const struct ws_digest *digest = baseline->digest;
	json_t *root = json_object(), *accepted = json_array(), *programs = json_array(),
	       *objects = json_array();

	ws_json_set_string(writer, root, "format", FORMAT);
	ws_json_set_integer(writer, root, "format_version", WS_BASELINE_FORMAT_VERSION);
	ws_json_set(writer, root, "tolerances", tolerances_json(writer, &baseline->tolerances));
	for (size_t i = 0; i < baseline->n_accepted; i++)
		ws_json_append(writer, accepted, ws_json_string(baseline->accepted[i]));
	ws_json_set(writer, root, "accepted", accepted);
	for (size_t i = 0; i < digest->n_modules; i++)
		ws_json_append(writer, programs, ws_json_string(digest->modules[i].name));
	ws_json_set(writer, root, "programs", programs);
	for (uint32_t i = 0; i < digest->n_objects; i++) {
		struct ws_cell cell;

		ws_json_append(
			writer, objects,
			object_json(writer, baseline, order[i], id_of(digest, order, i, &cell)));
	}
	ws_json_set(writer, root, "objects", objects);
	ws_json_set(writer, root, "lock_orders", edges_json(writer, digest, place, order));
	return root;
}

int ws_baseline_write(const struct ws_baseline *baseline, FILE *to)
{
	struct ws_json_writer writer = { 0 };
	size_t n = baseline->digest->n_objects;
	uint32_t *order = calloc(n + 1, sizeof(*order)), *place = calloc(n + 1, sizeof(*place));
	json_t *root;
	int r = -ENOMEM;

	if (order && place) {
		for (uint32_t i = 0; i < n; i++)
			order[i] = i;
		ordered = baseline->digest;
		qsort(order, n, sizeof(*order), by_key);
		for (uint32_t i = 0; i < n; i++)
			place[order[i]] = i;
		root = root_json(&writer, baseline, place, order);
		r = writer.failed ? -ENOMEM : 0;
		if (r == 0 && json_dumpf(root, to, JSON_INDENT(1) | JSON_REAL_PRECISION(4)) == 0)
			fputc('\n', to);
		json_decref(root);
		ws_json_writer_free(&writer);
	}
	free(order);
	free(place);
	return r;
}

/* --- reading --- */

/* While it is read. What is wrong is said once, with where it is. */
struct reader {
	const char *path;
	struct ws_baseline *baseline;
	struct ws_error *error;
	int failed; /* 0 or a negative errno */
};

static void wrong(struct reader *reader, const char *where, size_t i, const char *what)
{
	if (reader->failed)
		return;
	reader->failed = ws_error_set(reader->error, -EINVAL, "%s: not a baseline: %s %zu: %s",
				      reader->path, where, i, what);
}

static void out_of_memory(struct reader *reader)
{
	if (!reader->failed)
		reader->failed =
			ws_error_set(reader->error, -ENOMEM, "%s: out of memory", reader->path);
}

/* The text of that key, "" where there is none. */
static const char *text_of(struct reader *reader, const json_t *object, const char *key,
			   const char *where, size_t i)
{
	const json_t *value = json_object_get(object, key);
	const char *kept;

	if (value && !json_is_string(value))
		wrong(reader, where, i, "a text is expected in it");
	kept = ws_arena_strdup(&reader->baseline->digest->strings,
			       json_is_string(value) ? json_string_value(value) : "");
	if (!kept)
		out_of_memory(reader);
	return kept ? kept : "";
}

static uint64_t number_of(struct reader *reader, const json_t *object, const char *key,
			  const char *where, size_t i)
{
	const json_t *value = json_object_get(object, key);

	if (value && (!json_is_integer(value) || json_integer_value(value) < 0))
		wrong(reader, where, i, "a number is expected in it");
	return json_is_integer(value) ? (uint64_t)json_integer_value(value) : 0;
}

/* A number from 0 on, or `missing`. */
static double real_of(struct reader *reader, const json_t *object, const char *key, double missing,
		      const char *where, size_t i)
{
	const json_t *value = json_object_get(object, key);

	if (!value)
		return missing;
	if (!json_is_number(value) || json_number_value(value) < 0)
		wrong(reader, where, i, "a number from 0 on is expected in it");
	return json_number_value(value);
}

/* Adds a line, equal ones once. WS_UNKNOWN for null. */
static uint32_t read_site(struct reader *reader, const json_t *from, size_t i)
{
	struct ws_digest *digest = reader->baseline->digest;
	struct ws_digest_site site;

	if (json_is_null(from))
		return WS_UNKNOWN;
	if (!json_is_object(from))
		wrong(reader, "object", i, "a line of code is expected in it");
	site = (struct ws_digest_site){
		.module = text_of(reader, from, "module", "object", i),
		.function = text_of(reader, from, "function", "object", i),
		.file = text_of(reader, from, "file", "object", i),
		.line = (uint32_t)number_of(reader, from, "line", "object", i),
		.offset = number_of(reader, from, "offset", "object", i),
	};
	for (uint32_t k = 0; k < digest->n_sites; k++)
		if (ws_digest_site_compare(&digest->sites[k], &site) == 0)
			return k;
	digest->sites[digest->n_sites] = site; /* there is room, see read_objects */
	return (uint32_t)digest->n_sites++;
}

static void read_object(struct reader *reader, const json_t *from, size_t i)
{
	struct ws_digest *digest = reader->baseline->digest;
	const json_t *at = json_object_get(from, "at"), *blocks = json_object_get(from, "blocks");
	struct ws_digest_object *to = &digest->objects[digest->n_objects];

	*to = (struct ws_digest_object){
		.kind = ws_kind_of_word(text_of(reader, from, "kind", "object", i)),
		.module = text_of(reader, from, "module", "object", i),
		.label = text_of(reader, from, "label", "object", i),
		.name = text_of(reader, from, "name", "object", i),
		.site = at ? read_site(reader, at, i) : WS_UNKNOWN,
		.members = 1,
	};
	reader->baseline->allowed[digest->n_objects++] = (struct ws_allowed){
		.contended = real_of(reader, from, "contended", -1, "object", i),
		.critical_path = real_of(reader, from, "critical_path", 0, "object", i),
	};
	if (!to->kind)
		wrong(reader, "object", i, "there is no such kind");
	if (ws_identity_of_word(text_of(reader, from, "known_by", "object", i), &to->how) < 0)
		wrong(reader, "object", i, "known_by is name, role, data, init or use");
	if (!json_is_array(blocks))
		wrong(reader, "object", i, "its lines (blocks) are missing");
	to->waiters = calloc(json_array_size(blocks) + 1, sizeof(*to->waiters));
	if (!to->waiters)
		out_of_memory(reader);
	for (size_t k = 0; to->waiters && k < json_array_size(blocks); k++)
		to->waiters[to->n_waiters++].site = read_site(reader, json_array_get(blocks, k), i);
}

static void read_objects(struct reader *reader, const json_t *from)
{
	struct ws_digest *digest = reader->baseline->digest;
	size_t lines = 0, i;
	const json_t *object;

	if (!json_is_array(from))
		wrong(reader, "objects", 0, "the list is missing");
	json_array_foreach(from, i, object)
		lines += 1 + json_array_size(json_object_get(object, "blocks"));
	digest->sites = calloc(lines + 1, sizeof(*digest->sites));
	digest->objects = calloc(json_array_size(from) + 1, sizeof(*digest->objects));
	reader->baseline->allowed =
		calloc(json_array_size(from) + 1, sizeof(*reader->baseline->allowed));
	if (!digest->sites || !digest->objects || !reader->baseline->allowed) {
		out_of_memory(reader);
		return;
	}
	json_array_foreach(from, i, object)
		read_object(reader, object, i);
}

/* The object of that name, or WS_UNKNOWN. */
static uint32_t object_at(const struct reader *reader, const char *name)
{
	const struct ws_digest *digest = reader->baseline->digest;

	for (uint32_t i = 0; i < digest->n_objects; i++)
		if (strcmp(digest->objects[i].name, name) == 0)
			return i;
	return WS_UNKNOWN;
}

static void read_edges(struct reader *reader, const json_t *from)
{
	struct ws_digest *digest = reader->baseline->digest;
	const json_t *value;
	size_t i;

	if (!json_is_array(from))
		wrong(reader, "lock_orders", 0, "the list is missing");
	digest->edges = calloc(json_array_size(from) + 1, sizeof(*digest->edges));
	if (!digest->edges) {
		out_of_memory(reader);
		return;
	}
	json_array_foreach(from, i, value) {
		struct ws_digest_edge edge = {
			.held = object_at(reader, text_of(reader, value, "held", "lock order", i)),
			.taken =
				object_at(reader, text_of(reader, value, "taken", "lock order", i)),
			.held_site = WS_UNKNOWN,
			.taken_site = WS_UNKNOWN,
		};

		if (edge.held == WS_UNKNOWN || edge.taken == WS_UNKNOWN)
			wrong(reader, "lock order", i, "there is no object of such a name");
		else
			digest->edges[digest->n_edges++] = edge;
	}
}

static void read_rest(struct reader *reader, const json_t *root)
{
	struct ws_baseline *to = reader->baseline;
	const json_t *t = json_object_get(root, "tolerances");
	const json_t *accepted = json_object_get(root, "accepted");
	const json_t *programs = json_object_get(root, "programs");
	const struct ws_tolerances standard = WS_TOLERANCES_DEFAULT;

	to->tolerances = (struct ws_tolerances){
		.contended = real_of(reader, t, "contended", standard.contended, "tolerances", 0),
		.critical_path = real_of(reader, t, "critical_path", standard.critical_path,
					 "tolerances", 0),
		.site_waits = json_object_get(t, "site_waits")
				      ? number_of(reader, t, "site_waits", "tolerances", 0)
				      : standard.site_waits,
		.site_share =
			real_of(reader, t, "site_share", standard.site_share, "tolerances", 0),
	};
	to->accepted = calloc(json_array_size(accepted) + 1, sizeof(*to->accepted));
	to->digest->modules = calloc(json_array_size(programs) + 1, sizeof(*to->digest->modules));
	if (!to->accepted || !to->digest->modules) {
		out_of_memory(reader);
		return;
	}
	for (size_t i = 0; i < json_array_size(accepted); i++) {
		const char *text = json_string_value(json_array_get(accepted, i));
		const char *kept = text ? ws_arena_strdup(&to->digest->strings, text) : NULL;

		if (!text)
			wrong(reader, "accepted", i, "a text is expected");
		else if (!kept)
			out_of_memory(reader);
		else
			to->accepted[to->n_accepted++] = kept;
	}
	for (size_t i = 0; i < json_array_size(programs); i++) {
		const char *text = json_string_value(json_array_get(programs, i));
		const char *kept = text ? ws_arena_strdup(&to->digest->strings, text) : NULL;

		if (!text)
			wrong(reader, "programs", i, "a text is expected");
		else if (!kept)
			out_of_memory(reader);
		else
			to->digest->modules[to->digest->n_modules++] =
				(struct ws_digest_module){ kept, "", true };
	}
}

int ws_baseline_read(const char *path, struct ws_baseline **ret, struct ws_error *error)
{
	struct reader reader = { .path = path, .error = error };
	json_error_t bad;
	json_t *root;

	if (access(path, F_OK) < 0)
		return errno == ENOENT
			       ? -ENOENT
			       : ws_error_set(error, -errno, "%s: %s", path, strerror(errno));
	root = json_load_file(path, JSON_REJECT_DUPLICATES, &bad);
	if (!root)
		return ws_error_set(error, -EINVAL, "%s: not a baseline: line %d: %s", path,
				    bad.line, bad.text);
	if (!json_is_string(json_object_get(root, "format")) ||
	    strcmp(json_string_value(json_object_get(root, "format")), FORMAT) != 0) {
		json_decref(root);
		return ws_error_set(error, -EINVAL, "%s: not a baseline: \"format\" is not \"%s\"",
				    path, FORMAT);
	}
	reader.baseline = ws_baseline_new();
	if (!reader.baseline) {
		out_of_memory(&reader);
	} else if (json_integer_value(json_object_get(root, "format_version")) !=
		   WS_BASELINE_FORMAT_VERSION) {
		reader.failed = ws_error_set(error, -EINVAL,
					     "%s: its format_version is not %d: another waitscope "
					     "made it",
					     path, WS_BASELINE_FORMAT_VERSION);
	} else {
		reader.baseline->digest->path = path;
		read_rest(&reader, root);
		read_objects(&reader, json_object_get(root, "objects"));
		if (!reader.failed)
			read_edges(&reader, json_object_get(root, "lock_orders"));
	}
	json_decref(root);
	if (reader.failed) {
		ws_baseline_free(reader.baseline);
		return reader.failed;
	}
	*ret = reader.baseline;
	return 0;
}
