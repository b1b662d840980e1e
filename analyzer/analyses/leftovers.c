/* SPDX-License-Identifier: MIT */
/* leftovers.c: see leftovers.h. */
#include "analyzer/analyses/leftovers.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HASH_NONFATAL_OOM 1
#include <uthash.h>

#include "analyzer/analyses/all.h"
#include "analyzer/base/grow.h"
#include "analyzer/base/words.h"

/* An object that exists, by its kind and its name or id. */
struct entry {
	UT_hash_handle hh;
	struct ws_leftover pub;
	uint32_t thread;
	uint32_t site;
	char key[]; /* Owned by this */
};

/* The first file that a key was made of. */
struct key_file {
	uint8_t kind;
	uint64_t id;
	uint64_t dev, ino;
	const char *name;
};

struct ws_leftovers {
	struct entry *entries; /* in the order of their making */
	struct key_file *files;
	size_t n_files, files_size;
	struct ws_key_collision *collisions;
	size_t n_collisions, collisions_size;
};

int ws_leftovers_new(const struct ws_setup *setup, struct ws_leftovers **ret)
{
	struct ws_leftovers *leftovers = calloc(1, sizeof(*leftovers));

	(void)setup;
	if (!leftovers)
		return -ENOMEM;
	*ret = leftovers;
	return 0;
}

static void forget(struct ws_leftovers *leftovers, struct entry *entry)
{
	HASH_DEL(leftovers->entries, entry);
	free(entry);
}

void ws_leftovers_free(struct ws_leftovers *leftovers)
{
	struct entry *entry, *next;

	if (!leftovers)
		return;
	HASH_ITER(hh, leftovers->entries, entry, next)
		forget(leftovers, entry);
	free(leftovers->files);
	free(leftovers->collisions);
	free(leftovers);
}

/* True for kinds whose objects outlive all processes. */
static bool is_lasting(const struct ws_record *record)
{
	switch (record->object.object.kind) {
	case WS_KIND_SYSV_MSG:
	case WS_KIND_SYSV_SHM:
		return true;
	case WS_KIND_SYSV_SEM:
		return record->object.object.ino == 0; /* the set, not one of it */
	case WS_KIND_MQ:
	case WS_KIND_SEM:
		return record->object.name[0] != '\0';
	case WS_KIND_POSIX_SHM:
		return record->object.name[0] && strncmp(record->object.name, "memfd:", 6) != 0;
	default:
		return false;
	}
}

/* What finds it again: "13 32768", or "10 name" without the slashes that it may begin with. */
static int key_of(const struct ws_record *record, char **ret)
{
	const struct ws_object_key *object = &record->object.object;
	const char *name = record->object.name;
	int n;

	if (ws_kind_naming(object->kind) == WS_NAMED_BY_ID)
		n = asprintf(ret, "%u %llu", object->kind, (unsigned long long)object->offset);
	else
		n = asprintf(ret, "%u %s", object->kind, name + strspn(name, "/"));
	return n < 0 ? -ENOMEM : 0;
}

static uint64_t bytes_of(uint8_t kind, uint64_t value)
{
	switch (kind) {
	case WS_KIND_MQ: /* messages and bytes of each */
		return (value >> 32) * (value & UINT32_MAX);
	case WS_KIND_POSIX_SHM:
	case WS_KIND_SYSV_SHM:
		return value;
	default:
		return 0;
	}
}

static int made(struct ws_leftovers *leftovers, const struct ws_record *record, const char *key)
{
	const struct ws_object_key *object = &record->object.object;
	struct entry *entry = calloc(1, sizeof(*entry) + strlen(key) + 1);

	if (!entry)
		return -ENOMEM;
	strcpy(entry->key, key);
	entry->pub.kind = object->kind;
	entry->pub.name = record->object.name;
	entry->pub.id = object->kind == WS_KIND_SEM ? 0 : object->offset;
	entry->pub.bytes = bytes_of(object->kind, record->object.value);
	entry->pub.created_ns = record->at_ns;
	entry->thread = record->thread;
	entry->site = record->object.site;
	HASH_ADD_STR(leftovers->entries, key, entry);
	if (!entry->hh.tbl) {
		free(entry);
		return -ENOMEM;
	}
	return 0;
}

/* Known by its inode: what has the size changed is an open file, not a name. */
static void resize(struct ws_leftovers *leftovers, const struct ws_record *record)
{
	const struct ws_object_key *object = &record->object.object;
	struct entry *entry, *next;

	HASH_ITER(hh, leftovers->entries, entry, next) {
		if (entry->pub.kind == object->kind && entry->pub.id == object->offset)
			entry->pub.bytes = bytes_of(object->kind, record->object.value);
	}
}

/* A key was made of a file: of the same one as before? */
static int take_key(struct ws_leftovers *leftovers, const struct ws_record *record)
{
	const struct ws_object_key *object = &record->object.object;
	struct key_file file = {
		.kind = object->kind,
		.id = object->offset,
		.dev = record->object.device,
		.ino = record->object.value,
		.name = record->object.name,
	};
	bool known = false;

	for (size_t i = 0; i < leftovers->n_files; i++) {
		const struct key_file *other = &leftovers->files[i];

		if (other->kind != file.kind || other->id != file.id)
			continue;
		if (other->dev == file.dev && other->ino == file.ino)
			return 0;
		if (known)
			continue;
		known = true;
		if (ws_grow(&leftovers->collisions, &leftovers->collisions_size,
			    leftovers->n_collisions + 1))
			return -ENOMEM;
		leftovers->collisions[leftovers->n_collisions++] = (struct ws_key_collision){
			.kind = file.kind,
			.id = file.id,
			.first = other->name,
			.second = file.name,
		};
	}
	if (ws_grow(&leftovers->files, &leftovers->files_size, leftovers->n_files + 1))
		return -ENOMEM;
	leftovers->files[leftovers->n_files++] = file;
	return 0;
}

static int take_record(void *context, const struct ws_record *record)
{
	struct ws_leftovers *leftovers = context;
	struct entry *entry;
	char *key;
	int r = 0;

	if (record->type != WS_RECORD_OBJECT)
		return 0;
	if (record->object.op == WS_OBJECT_KEY)
		return take_key(leftovers, record);
	if (record->object.op == WS_OBJECT_RESIZE) {
		resize(leftovers, record);
		return 0;
	}
	if (!is_lasting(record) ||
	    (record->object.op != WS_OBJECT_INIT && record->object.op != WS_OBJECT_DESTROY &&
	     record->object.op != WS_OBJECT_UNLINK))
		return 0;
	if (key_of(record, &key) < 0)
		return -ENOMEM;
	HASH_FIND_STR(leftovers->entries, key, entry);
	if (entry)
		forget(leftovers, entry);
	if (record->object.op == WS_OBJECT_INIT)
		r = made(leftovers, record, key);
	free(key);
	return r;
}

struct ws_model_observer ws_leftovers_observer(struct ws_leftovers *leftovers)
{
	return (struct ws_model_observer){
		.context = leftovers,
		.types = WS_RECORD_BIT(WS_RECORD_OBJECT),
		.record = take_record,
	};
}

/* The same as a finding. */
static int report_one(const struct ws_context *context, const struct entry *entry)
{
	struct ws_finding *finding;

	finding = ws_findings_add(context->findings, WS_RULE_LEFT_BEHIND,
				  "%s %s still exists when all is over",
				  ws_kind_word(entry->pub.kind), entry->pub.name);
	if (!finding)
		return -ENOMEM;
	return ws_finding_evidence(context->findings, finding, entry->pub.created_ns, entry->thread,
				   entry->site, WS_UNKNOWN, "made here, and removed by nobody");
}

int ws_leftovers_finish(struct ws_leftovers *leftovers, const struct ws_context *context,
			struct ws_leftovers_result **ret)
{
	struct ws_leftovers_result *result = calloc(1, sizeof(*result));
	struct entry *entry, *next;

	if (!result)
		return -ENOMEM;
	result->list = calloc(HASH_COUNT(leftovers->entries) + 1, sizeof(*result->list));
	if (!result->list) {
		free(result);
		return -ENOMEM;
	}
	HASH_ITER(hh, leftovers->entries, entry, next) {
		int r = ws_places_party(context->places, entry->thread, entry->site, WS_UNKNOWN,
					&entry->pub.creator);

		if (r < 0) {
			ws_leftovers_result_free(result);
			return r;
		}
		result->list[result->n++] = entry->pub;
		r = report_one(context, entry);
		if (r < 0) {
			ws_leftovers_result_free(result);
			return r;
		}
	}
	result->collisions = leftovers->collisions;
	result->n_collisions = leftovers->n_collisions;
	*ret = result;
	return 0;
}

void ws_leftovers_result_free(struct ws_leftovers_result *result)
{
	if (!result)
		return;
	free(result->list);
	free(result);
}
