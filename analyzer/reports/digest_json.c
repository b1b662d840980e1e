/* SPDX-License-Identifier: MIT */
/* digest_json.c: see digest_json.h. */
#include "analyzer/reports/digest_json.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/reports/json_writer.h"

/* Numbers of 64 bits, as jansson has them. */
static json_int_t number(uint64_t value)
{
	return (json_int_t)value;
}

/* WS_UNKNOWN, too. */
static json_int_t index_of(uint32_t value)
{
	return value == WS_UNKNOWN ? -1 : (json_int_t)value;
}

static json_t *histogram_json(const struct ws_histogram *from)
{
	json_t *buckets = json_array();

	for (size_t i = 0; i < from->n_buckets; i++) {
		json_array_append_new(buckets, json_integer(from->buckets[i].index));
		json_array_append_new(buckets, json_integer(number(from->buckets[i].count)));
	}
	return json_pack("[I,I,I,I,o]", number(from->count), number(from->total), number(from->min),
			 number(from->max), buckets);
}

static json_t *uses_json(const struct ws_digest_use *uses, size_t n)
{
	json_t *list = json_array();

	for (size_t i = 0; i < n; i++)
		json_array_append_new(list, json_pack("[I,o]", index_of(uses[i].site),
						      histogram_json(&uses[i].waits)));
	return list;
}

static json_t *object_json(const struct ws_digest_object *object)
{
	json_t *classes = json_array();

	for (size_t i = 0; i < WS_CLASS_COUNT; i++)
		json_array_append_new(classes, json_integer(number(object->by_class[i])));
	return json_pack("[i,i,o,o,o,I,i,o,o,I,I,I,I,I,f,o,o,I,I]", object->kind, object->how,
			 ws_json_string(object->module), ws_json_string(object->label),
			 ws_json_string(object->name), index_of(object->site), (int)object->members,
			 histogram_json(&object->waits), classes, number(object->open),
			 number(object->unknown_ns), number(object->acquired),
			 number(object->waited), number(object->path_ns), object->variance,
			 uses_json(object->waiters, object->n_waiters),
			 uses_json(object->holders, object->n_holders), number(object->running_ns),
			 number(object->scheduler_ns));
}

static json_t *objects_json(const struct ws_digest *digest)
{
	json_t *list = json_array();

	for (size_t i = 0; i < digest->n_objects; i++)
		json_array_append_new(list, object_json(&digest->objects[i]));
	return list;
}

static json_t *sites_json(const struct ws_digest *digest)
{
	json_t *list = json_array();

	for (size_t i = 0; i < digest->n_sites; i++) {
		const struct ws_digest_site *site = &digest->sites[i];

		json_array_append_new(
			list, json_pack("[o,o,o,I,I]", ws_json_string(site->module),
					ws_json_string(site->function), ws_json_string(site->file),
					(json_int_t)site->line, number(site->offset)));
	}
	return list;
}

static json_t *modules_json(const struct ws_digest *digest)
{
	json_t *list = json_array();

	for (size_t i = 0; i < digest->n_modules; i++)
		json_array_append_new(
			list, json_pack("[o,s,b]", ws_json_string(digest->modules[i].name),
					digest->modules[i].build_id, digest->modules[i].program));
	return list;
}

static json_t *edges_json(const struct ws_digest *digest)
{
	json_t *list = json_array();

	for (size_t i = 0; i < digest->n_edges; i++) {
		const struct ws_digest_edge *edge = &digest->edges[i];

		json_array_append_new(
			list, json_pack("[I,I,I,I]", index_of(edge->held), index_of(edge->taken),
					index_of(edge->held_site), index_of(edge->taken_site)));
	}
	return list;
}

static json_t *findings_json(const struct ws_digest *digest)
{
	json_t *list = json_array();

	for (size_t i = 0; i < digest->n_findings; i++) {
		const struct ws_digest_finding *finding = &digest->findings[i];
		json_t *objects = json_array();

		for (size_t k = 0; k < finding->n_objects; k++)
			json_array_append_new(objects, json_integer(finding->objects[k]));
		json_array_append_new(list, json_pack("[i,o,o,I,o]", finding->rule,
						      ws_json_string(finding->title), objects,
						      index_of(finding->site),
						      ws_json_string(finding->evidence)));
	}
	return list;
}

static json_t *deadlocks_json(const struct ws_digest *digest)
{
	json_t *list = json_array();

	for (size_t i = 0; i < digest->n_deadlocks; i++) {
		const struct ws_digest_deadlock *deadlock = &digest->deadlocks[i];
		json_t *cycle = json_array();

		for (size_t k = 0; k < deadlock->n_cycle; k++) {
			const struct ws_digest_step *step = &deadlock->cycle[k];

			json_array_append_new(cycle, json_pack("[I,I,I,I]", index_of(step->holds),
							       index_of(step->wants),
							       index_of(step->hold_site),
							       index_of(step->want_site)));
		}
		json_array_append_new(list, json_pack("[i,o,o]", deadlock->verdict,
						      ws_json_string(deadlock->reason), cycle));
	}
	return list;
}

int ws_digest_write(const struct ws_digest *digest, FILE *to)
{
	json_t *root = json_pack(
		"{s:o,s:[I,I,I,I,I,I,I,I,I,I],s:[b,I],s:f,s:o,s:o,s:o,s:o,s:o,s:o}", "path",
		ws_json_string(digest->path), "counts", number(digest->duration_ns),
		number(digest->active_ns), number(digest->events), number(digest->lost_events),
		number(digest->lost_packets), number(digest->uncertain_waits),
		number(digest->lost_waits), number(digest->open_waits), number(digest->frames),
		number(digest->unresolved_frames), "critical_path", digest->path_known,
		number(digest->path_ns), "busy", digest->busy, "modules", modules_json(digest),
		"sites", sites_json(digest), "objects", objects_json(digest), "edges",
		edges_json(digest), "findings", findings_json(digest), "deadlocks",
		deadlocks_json(digest));
	int r;

	if (!root)
		return -ENOMEM;
	r = json_dumpf(root, to, JSON_COMPACT) < 0 ? -EIO : 0;
	json_decref(root);
	return r < 0 || fflush(to) != 0 ? -EIO : 0;
}

/* While it is read: what is wrong is found out at the end. */
struct reader {
	struct ws_digest *digest;
	int failed; /* 0 or a negative errno */
};

static void fail(struct reader *reader, int code)
{
	if (!reader->failed)
		reader->failed = code;
}

static const char *text_of(struct reader *reader, const json_t *value)
{
	const char *text = json_string_value(value);
	const char *kept = text ? ws_arena_strdup(&reader->digest->strings, text) : NULL;

	if (!kept)
		fail(reader, text ? -ENOMEM : -EINVAL);
	return kept ? kept : "";
}

static uint64_t number_at(struct reader *reader, const json_t *list, size_t i)
{
	const json_t *value = json_array_get(list, i);

	if (!json_is_integer(value))
		fail(reader, -EINVAL);
	return (uint64_t)json_integer_value(value);
}

/* An index below `n`, or WS_UNKNOWN. */
static uint32_t index_at(struct reader *reader, const json_t *list, size_t i, size_t n)
{
	int64_t value = (int64_t)number_at(reader, list, i);

	if (value < -1 || value >= (int64_t)n)
		fail(reader, -EINVAL);
	return value < 0 || value >= (int64_t)n ? WS_UNKNOWN : (uint32_t)value;
}

/* One that must be known. */
static uint32_t known_at(struct reader *reader, const json_t *list, size_t i, size_t n)
{
	uint32_t value = index_at(reader, list, i, n);

	if (value == WS_UNKNOWN)
		fail(reader, -EINVAL);
	return value == WS_UNKNOWN ? 0 : value;
}

/* Memory for the elements of a list; one more than it has. */
static void *room(struct reader *reader, const json_t *list, size_t size)
{
	void *memory = calloc(json_array_size(list) + 1, size);

	if (!json_is_array(list))
		fail(reader, -EINVAL);
	if (!memory)
		fail(reader, -ENOMEM);
	return memory;
}

static void read_histogram(struct reader *reader, const json_t *from, struct ws_histogram *to)
{
	const json_t *buckets = json_array_get(from, 4);

	to->count = number_at(reader, from, 0);
	to->total = number_at(reader, from, 1);
	to->min = number_at(reader, from, 2);
	to->max = number_at(reader, from, 3);
	to->buckets = room(reader, buckets, sizeof(*to->buckets));
	to->buckets_size = json_array_size(buckets) + 1;
	for (size_t i = 0; to->buckets && i + 1 < json_array_size(buckets); i += 2)
		to->buckets[to->n_buckets++] = (struct ws_bucket){
			.index = (uint32_t)number_at(reader, buckets, i),
			.count = number_at(reader, buckets, i + 1),
		};
}

static struct ws_digest_use *read_uses(struct reader *reader, const json_t *from, size_t *n)
{
	struct ws_digest_use *uses = room(reader, from, sizeof(*uses));

	for (size_t i = 0; uses && i < json_array_size(from); i++) {
		const json_t *use = json_array_get(from, i);

		uses[i].site = index_at(reader, use, 0, reader->digest->n_sites);
		read_histogram(reader, json_array_get(use, 1), &uses[i].waits);
		(*n)++;
	}
	return uses;
}

static void read_object(struct reader *reader, const json_t *from, struct ws_digest_object *to)
{
	const json_t *classes = json_array_get(from, 8);

	to->kind = (uint8_t)number_at(reader, from, 0);
	to->how = (uint8_t)number_at(reader, from, 1);
	to->module = text_of(reader, json_array_get(from, 2));
	to->label = text_of(reader, json_array_get(from, 3));
	to->name = text_of(reader, json_array_get(from, 4));
	to->site = index_at(reader, from, 5, reader->digest->n_sites);
	to->members = (uint32_t)number_at(reader, from, 6);
	read_histogram(reader, json_array_get(from, 7), &to->waits);
	for (size_t i = 0; i < WS_CLASS_COUNT; i++)
		to->by_class[i] = number_at(reader, classes, i);
	to->open = number_at(reader, from, 9);
	to->unknown_ns = number_at(reader, from, 10);
	to->acquired = number_at(reader, from, 11);
	to->waited = number_at(reader, from, 12);
	to->path_ns = number_at(reader, from, 13);
	to->variance = json_number_value(json_array_get(from, 14));
	to->waiters = read_uses(reader, json_array_get(from, 15), &to->n_waiters);
	to->holders = read_uses(reader, json_array_get(from, 16), &to->n_holders);
	to->running_ns = number_at(reader, from, 17);
	to->scheduler_ns = number_at(reader, from, 18);
}

static void read_sites(struct reader *reader, const json_t *from)
{
	struct ws_digest *digest = reader->digest;

	digest->sites = room(reader, from, sizeof(*digest->sites));
	for (size_t i = 0; digest->sites && i < json_array_size(from); i++) {
		const json_t *site = json_array_get(from, i);

		digest->sites[digest->n_sites++] = (struct ws_digest_site){
			.module = text_of(reader, json_array_get(site, 0)),
			.function = text_of(reader, json_array_get(site, 1)),
			.file = text_of(reader, json_array_get(site, 2)),
			.line = (uint32_t)number_at(reader, site, 3),
			.offset = number_at(reader, site, 4),
		};
	}
}

static void read_objects(struct reader *reader, const json_t *from)
{
	struct ws_digest *digest = reader->digest;

	digest->objects = room(reader, from, sizeof(*digest->objects));
	for (size_t i = 0; digest->objects && i < json_array_size(from); i++)
		read_object(reader, json_array_get(from, i), &digest->objects[digest->n_objects++]);
}

static void read_modules(struct reader *reader, const json_t *from)
{
	struct ws_digest *digest = reader->digest;

	digest->modules = room(reader, from, sizeof(*digest->modules));
	for (size_t i = 0; digest->modules && i < json_array_size(from); i++) {
		const json_t *module = json_array_get(from, i);

		digest->modules[digest->n_modules++] = (struct ws_digest_module){
			.name = text_of(reader, json_array_get(module, 0)),
			.build_id = text_of(reader, json_array_get(module, 1)),
			.program = json_is_true(json_array_get(module, 2)),
		};
	}
}

static void read_edges(struct reader *reader, const json_t *from)
{
	struct ws_digest *digest = reader->digest;

	digest->edges = room(reader, from, sizeof(*digest->edges));
	for (size_t i = 0; digest->edges && i < json_array_size(from); i++) {
		const json_t *edge = json_array_get(from, i);

		digest->edges[digest->n_edges++] = (struct ws_digest_edge){
			.held = known_at(reader, edge, 0, digest->n_objects),
			.taken = known_at(reader, edge, 1, digest->n_objects),
			.held_site = index_at(reader, edge, 2, digest->n_sites),
			.taken_site = index_at(reader, edge, 3, digest->n_sites),
		};
	}
}

static void read_findings(struct reader *reader, const json_t *from)
{
	struct ws_digest *digest = reader->digest;

	digest->findings = room(reader, from, sizeof(*digest->findings));
	for (size_t i = 0; digest->findings && i < json_array_size(from); i++) {
		const json_t *value = json_array_get(from, i), *objects = json_array_get(value, 2);
		struct ws_digest_finding *to = &digest->findings[digest->n_findings++];

		to->rule = (uint8_t)number_at(reader, value, 0);
		to->title = text_of(reader, json_array_get(value, 1));
		to->objects = room(reader, objects, sizeof(*to->objects));
		for (size_t k = 0; to->objects && k < json_array_size(objects); k++)
			to->objects[to->n_objects++] =
				known_at(reader, objects, k, digest->n_objects);
		to->site = index_at(reader, value, 3, digest->n_sites);
		to->evidence = text_of(reader, json_array_get(value, 4));
	}
}

static void read_deadlocks(struct reader *reader, const json_t *from)
{
	struct ws_digest *digest = reader->digest;

	digest->deadlocks = room(reader, from, sizeof(*digest->deadlocks));
	for (size_t i = 0; digest->deadlocks && i < json_array_size(from); i++) {
		const json_t *value = json_array_get(from, i), *cycle = json_array_get(value, 2);
		struct ws_digest_deadlock *to = &digest->deadlocks[digest->n_deadlocks++];

		to->verdict = (uint8_t)number_at(reader, value, 0);
		to->reason = text_of(reader, json_array_get(value, 1));
		to->cycle = room(reader, cycle, sizeof(*to->cycle));
		for (size_t k = 0; to->cycle && k < json_array_size(cycle); k++) {
			const json_t *step = json_array_get(cycle, k);

			to->cycle[to->n_cycle++] = (struct ws_digest_step){
				.holds = known_at(reader, step, 0, digest->n_objects),
				.wants = known_at(reader, step, 1, digest->n_objects),
				.hold_site = index_at(reader, step, 2, digest->n_sites),
				.want_site = index_at(reader, step, 3, digest->n_sites),
			};
		}
	}
}

static void read_root(struct reader *reader, const json_t *root)
{
	struct ws_digest *digest = reader->digest;
	const json_t *counts = json_object_get(root, "counts");
	const json_t *path = json_object_get(root, "critical_path");
	uint64_t *to[] = { &digest->duration_ns,  &digest->active_ns,
			   &digest->events,       &digest->lost_events,
			   &digest->lost_packets, &digest->uncertain_waits,
			   &digest->lost_waits,   &digest->open_waits,
			   &digest->frames,       &digest->unresolved_frames };

	digest->path = text_of(reader, json_object_get(root, "path"));
	for (size_t i = 0; i < sizeof(to) / sizeof(to[0]); i++)
		*to[i] = number_at(reader, counts, i);
	digest->path_known = json_is_true(json_array_get(path, 0));
	digest->path_ns = number_at(reader, path, 1);
	digest->busy = json_number_value(json_object_get(root, "busy"));
	read_modules(reader, json_object_get(root, "modules"));
	read_sites(reader, json_object_get(root, "sites"));
	read_objects(reader, json_object_get(root, "objects"));
	read_edges(reader, json_object_get(root, "edges"));
	read_findings(reader, json_object_get(root, "findings"));
	read_deadlocks(reader, json_object_get(root, "deadlocks"));
}

int ws_digest_read(FILE *from, struct ws_digest **ret)
{
	struct reader reader = { .digest = ws_digest_new() };
	json_error_t wrong;
	json_t *root;

	if (!reader.digest)
		return -ENOMEM;
	root = json_loadf(from, 0, &wrong);
	if (root)
		read_root(&reader, root);
	else
		reader.failed =
			json_error_code(&wrong) == json_error_out_of_memory ? -ENOMEM : -EINVAL;
	json_decref(root);
	if (reader.failed) {
		ws_digest_free(reader.digest);
		return reader.failed;
	}
	*ret = reader.digest;
	return 0;
}
