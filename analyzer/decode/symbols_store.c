/* SPDX-License-Identifier: MIT */
/* symbols_store.c: see symbols_store.h. */

/* A table that cannot grow answers NULL rather than exit(). */
#define HASH_NONFATAL_OOM            1
#define uthash_nonfatal_oom(element) ((element)->lost = 1)
#include "symbols_store.h"

#include <errno.h>
#include <jansson.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define STORE_FORMAT 1

struct ws_found *ws_store_find(const struct ws_store *store, uint32_t module, enum ws_lookup what,
			       uint64_t offset)
{
	struct ws_lookup_key key = { .module = module, .what = what, .offset = offset };
	struct ws_found *found;

	HASH_FIND(hh, store->table, &key, sizeof(key), found);
	return found;
}

struct ws_found *ws_store_add(struct ws_store *store, uint32_t module, enum ws_lookup what,
			      uint64_t offset)
{
	struct ws_found *found = calloc(1, sizeof(*found));

	if (!found)
		return NULL;
	found->key = (struct ws_lookup_key){ .module = module, .what = what, .offset = offset };
	HASH_ADD(hh, store->table, key, sizeof(found->key), found);
	if (found->lost) {
		free(found);
		return NULL;
	}
	return found;
}

/* Forgets what the last load has added. */
static void unload(struct ws_store *store)
{
	struct ws_found *found, *next;

	HASH_ITER (hh, store->table, found, next) {
		if (found->load != store->loads)
			continue;
		HASH_DEL(store->table, found);
		free(found->frames);
		free(found);
	}
}

void ws_store_clear(struct ws_store *store)
{
	struct ws_found *found, *next;

	HASH_ITER (hh, store->table, found, next) {
		HASH_DEL(store->table, found);
		free(found->frames);
		free(found);
	}
}

static void build_id_text(const struct ws_module *module, char *text)
{
	text[0] = '\0';
	for (uint32_t i = 0; i < module->build_id_size && i < WS_BUILD_ID_MAX; i++)
		sprintf(text + 2 * i, "%02x", module->build_id[i]);
}

/* --- reading ------------------------------------------------------------------------------- */

/* 0 with *ret NULL for null and for what is not there; -EINVAL for anything but a string. */
static int get_text(struct ws_strings *strings, const json_t *object, const char *key,
		    const char **ret)
{
	const json_t *value = json_object_get(object, key);

	*ret = NULL;
	if (!value || json_is_null(value))
		return 0;
	if (!json_is_string(value))
		return -EINVAL;
	*ret = ws_strings_intern(strings, json_string_value(value));
	return *ret ? 0 : -ENOMEM;
}

static int get_number(const json_t *object, const char *key, uint64_t max, uint64_t *ret)
{
	const json_t *value = json_object_get(object, key);

	if (!json_is_integer(value) || json_integer_value(value) < 0 ||
	    (uint64_t)json_integer_value(value) > max)
		return -EINVAL;
	*ret = (uint64_t)json_integer_value(value);
	return 0;
}

static int load_frame(struct ws_strings *strings, const json_t *object,
		      const struct ws_module *module, uint64_t offset, struct ws_frame *frame)
{
	uint64_t line = 0;
	int r = get_text(strings, object, "function", &frame->function);

	if (!r)
		r = get_text(strings, object, "file", &frame->file);
	if (!r)
		r = get_number(object, "line", UINT32_MAX, &line);
	frame->line = (uint32_t)line;
	frame->inlined = json_is_true(json_object_get(object, "inlined"));
	frame->module = module->path[0] ? module->path : NULL;
	frame->offset = offset;
	return r;
}

static int load_code(struct ws_store *store, struct ws_strings *strings,
		     const struct ws_tables *tables, uint32_t module, const json_t *entry)
{
	const json_t *frames = json_object_get(entry, "frames"),
		     *is_return = json_object_get(entry, "return"), *frame;
	size_t n = json_array_size(frames), i; /* 0 for what is no array */
	struct ws_found *found;
	enum ws_lookup what;
	uint64_t offset;

	if (!n || !json_is_boolean(is_return) || get_number(entry, "offset", INT64_MAX, &offset))
		return -EINVAL;
	what = json_is_true(is_return) ? WS_LOOKUP_RETURN : WS_LOOKUP_CODE;
	found = ws_store_find(store, module, what, offset);
	if (found) /* twice in one file is a damage, and in two files the same */
		return found->load == store->loads ? -EINVAL : 0;
	found = ws_store_add(store, module, what, offset);
	if (!found)
		return -ENOMEM;
	found->load = store->loads;
	found->frames = calloc(n, sizeof(*found->frames));
	if (!found->frames)
		return -ENOMEM;
	found->n_frames = n;
	found->resolved = true;
	json_array_foreach(frames, i, frame)
	{
		int r = load_frame(strings, frame, &tables->modules[module], offset,
				   &found->frames[i]);
		if (r)
			return r;
	}
	return 0;
}

static int load_data(struct ws_store *store, struct ws_strings *strings, uint32_t module,
		     const json_t *entry)
{
	struct ws_found *found;
	const char *name;
	uint64_t offset, into;
	int r = get_text(strings, entry, "name", &name);

	if (r)
		return r;
	if (!name || get_number(entry, "offset", INT64_MAX, &offset) ||
	    get_number(entry, "into", INT64_MAX, &into))
		return -EINVAL;
	found = ws_store_find(store, module, WS_LOOKUP_DATA, offset);
	if (found)
		return found->load == store->loads ? -EINVAL : 0;
	found = ws_store_add(store, module, WS_LOOKUP_DATA, offset);
	if (!found)
		return -ENOMEM;
	found->load = store->loads;
	found->name = name;
	found->into = into;
	found->resolved = true;
	return 0;
}

/* Is the module one of the folder's? One with a build id is the same in each. */
static bool is_of(const struct ws_tables *tables, const struct ws_module *module, uint32_t number)
{
	return module->build_id_size || module->recording >= tables->n_recordings ||
	       tables->recordings[module->recording].dir == number;
}

/* WS_UNKNOWN: the folder's trace does not have it. */
static uint32_t find_module(const struct ws_tables *tables, uint32_t number, const char *path,
			    const char *id)
{
	char text[2 * WS_BUILD_ID_MAX + 1];

	for (size_t i = 0; i < tables->n_modules; i++) {
		build_id_text(&tables->modules[i], text);
		if (!strcmp(tables->modules[i].path, path) && !strcmp(text, id) &&
		    is_of(tables, &tables->modules[i], number))
			return (uint32_t)i;
	}
	return WS_UNKNOWN;
}

static int load_module(struct ws_store *store, struct ws_strings *strings,
		       const struct ws_tables *tables, uint32_t number, const json_t *object)
{
	const char *path = json_string_value(json_object_get(object, "path")),
		   *id = json_string_value(json_object_get(object, "build_id"));
	const json_t *code = json_object_get(object, "code"),
		     *data = json_object_get(object, "data"), *entry;
	uint32_t module;
	size_t i;
	int r = 0;

	if (!path || !id || !json_is_array(code) || !json_is_array(data))
		return -EINVAL;
	module = find_module(tables, number, path, id);
	if (module == WS_UNKNOWN)
		return 0;
	json_array_foreach(code, i, entry) if (!r) r =
		load_code(store, strings, tables, module, entry);
	json_array_foreach(data, i, entry) if (!r) r = load_data(store, strings, module, entry);
	return r;
}

int ws_store_load(struct ws_store *store, struct ws_strings *strings,
		  const struct ws_tables *tables, const char *dir, uint32_t number)
{
	char path[PATH_MAX];
	const json_t *modules, *format, *module;
	json_t *root;
	FILE *file;
	size_t i;
	int r = 0;

	if (snprintf(path, sizeof(path), "%s/" WS_SYMBOLS_FILE, dir) >= (int)sizeof(path))
		return -ENAMETOOLONG;
	file = fopen(path, "re");
	if (!file)
		return errno == ENOENT ? -ENOENT : -EINVAL;
	root = json_loadf(file, 0, NULL);
	fclose(file);
	store->loads++;

	format = json_object_get(root, "format");
	modules = json_object_get(root, "modules");
	if (json_is_integer(format) && json_integer_value(format) > STORE_FORMAT)
		r = -EPROTO;
	else if (!json_is_integer(format) || !json_is_array(modules))
		r = -EINVAL;
	json_array_foreach(modules, i, module) if (!r) r =
		load_module(store, strings, tables, number, module);
	json_decref(root);
	if (r)
		unload(store);
	return r;
}

/* --- writing ------------------------------------------------------------------------------- */

/* null for what is not known, and for what is no UTF-8: JSON could not carry it. */
static json_t *text_or_null(const char *text)
{
	json_t *value = text ? json_string(text) : NULL;

	return value ? value : json_null();
}

static json_t *frames_json(const struct ws_found *found)
{
	json_t *array = json_array();

	for (size_t i = 0; i < found->n_frames; i++) {
		const struct ws_frame *frame = &found->frames[i];
		json_t *object = json_object();
		int bad = json_object_set_new(object, "function", text_or_null(frame->function));

		bad |= json_object_set_new(object, "file", text_or_null(frame->file));
		bad |= json_object_set_new(object, "line", json_integer(frame->line));
		if (frame->inlined)
			bad |= json_object_set_new(object, "inlined", json_true());
		if (json_array_append_new(array, object) || bad) {
			json_decref(array);
			return NULL;
		}
	}
	return array;
}

static int append_entry(json_t *module, const struct ws_found *found)
{
	json_t *object = json_object();
	int bad =
		json_object_set_new(object, "offset", json_integer((json_int_t)found->key.offset));

	if (found->key.what == WS_LOOKUP_DATA) {
		bad |= json_object_set_new(object, "name", text_or_null(found->name));
		bad |= json_object_set_new(object, "into", json_integer((json_int_t)found->into));
	} else {
		bad |= json_object_set_new(object, "return",
					   json_boolean(found->key.what == WS_LOOKUP_RETURN));
		bad |= json_object_set_new(object, "frames", frames_json(found));
	}
	bad |= json_array_append_new(
		json_object_get(module, found->key.what == WS_LOOKUP_DATA ? "data" : "code"),
		object);
	return bad ? -ENOMEM : 0;
}

/* NULL: no memory, or *r is 0 and the module's path is no UTF-8. */
static json_t *module_json(const struct ws_module *module, int *r)
{
	char id[2 * WS_BUILD_ID_MAX + 1];
	json_t *path = json_string(module->path), *object;

	*r = 0;
	if (!path)
		return NULL;
	build_id_text(module, id);
	object = json_pack("{s:o, s:s, s:[], s:[]}", "path", path, "build_id", id, "code", "data");
	if (!object)
		*r = -ENOMEM;
	return object;
}

/* True if the file should have it: found, of a known module, and expressible. */
static bool worth_saving(const struct ws_found *found)
{
	if (!found->resolved || found->key.module == WS_UNKNOWN || found->key.offset > INT64_MAX)
		return false;
	if (found->key.what == WS_LOOKUP_DATA)
		return found->name && found->into <= INT64_MAX;
	for (size_t i = 0; i < found->n_frames; i++)
		if (found->frames[i].function)
			return true;
	return false;
}

static int compare_found(const void *left, const void *right)
{
	const struct ws_lookup_key *a = &(*(struct ws_found *const *)left)->key,
				   *b = &(*(struct ws_found *const *)right)->key;

	if (a->module != b->module)
		return a->module < b->module ? -1 : 1;
	if (a->offset != b->offset)
		return a->offset < b->offset ? -1 : 1;
	return (int)a->what - (int)b->what;
}

static int build_modules(const struct ws_store *store, const struct ws_tables *tables,
			 json_t *modules)
{
	struct ws_found **sorted, *found, *next;
	size_t n = 0;
	json_t *module = NULL;
	uint32_t current = WS_UNKNOWN;
	int r = 0;

	sorted = calloc(HASH_COUNT(store->table) + 1, sizeof(*sorted));
	if (!sorted)
		return -ENOMEM;
	HASH_ITER (hh, store->table, found, next)
		if (worth_saving(found))
			sorted[n++] = found;
	qsort(sorted, n, sizeof(*sorted), compare_found);
	for (size_t i = 0; i < n && !r; i++) {
		if (sorted[i]->key.module != current) {
			current = sorted[i]->key.module;
			module = module_json(&tables->modules[current], &r);
			if (module && json_array_append_new(modules, module))
				r = -ENOMEM;
		}
		if (module && !r)
			r = append_entry(module, sorted[i]);
	}
	free(sorted);
	return r;
}

static int write_whole(int fd, const char *text, size_t size)
{
	while (size) {
		ssize_t done = write(fd, text, size);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return -errno;
		text += done;
		size -= (size_t)done;
	}
	return 0;
}

int ws_store_save(const struct ws_store *store, const struct ws_tables *tables, const char *dir)
{
	char path[PATH_MAX], fresh[PATH_MAX];
	json_t *modules = json_array(), *root;
	char *text = NULL;
	int r, fd;

	if (snprintf(path, sizeof(path), "%s/" WS_SYMBOLS_FILE, dir) >= (int)sizeof(path) ||
	    snprintf(fresh, sizeof(fresh), "%s/." WS_SYMBOLS_FILE ".XXXXXX", dir) >=
		    (int)sizeof(fresh)) {
		json_decref(modules);
		return -ENAMETOOLONG;
	}
	r = modules ? build_modules(store, tables, modules) : -ENOMEM;
	root = json_pack("{s:i, s:o}", "format", STORE_FORMAT, "modules", modules);
	if (!r) {
		text = json_dumps(root, JSON_INDENT(1));
		r = text ? 0 : -ENOMEM;
	}
	json_decref(root);
	if (r)
		return r;

	fd = mkstemp(fresh);
	if (fd < 0) {
		r = -errno;
	} else {
		mode_t mask = umask(0);

		umask(mask);
		r = write_whole(fd, text, strlen(text));
		if (!r && fchmod(fd, 0666 & ~mask))
			r = -errno;
		if (close(fd) && !r)
			r = -errno;
		if (!r && rename(fresh, path))
			r = -errno;
		if (r)
			unlink(fresh);
	}
	free(text);
	return r;
}
