/* SPDX-License-Identifier: MIT */
/* objects.c: the objects of the model: which incarnation a key stands for, and what it is called.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/model/private.h"

/* Copies member by member: the hash is over all bytes, so padding must be zero. */
static void key_copy(struct ws_object_key *to, const struct ws_object_key *from)
{
	memset(to, 0, sizeof(*to));
	to->dev = from->dev;
	to->ino = from->ino;
	to->offset = from->offset;
	to->length = from->length;
	to->process = from->process;
	to->kind = from->kind;
	to->origin = from->origin;
	to->host = from->host;
}

static bool key_is_private(const struct ws_object_key *key)
{
	return key->origin == 0 && key->process != WS_UNKNOWN;
}

static void object_free(struct object *object)
{
	free(object->users);
	free(object);
}

struct object *ws_object_find(struct ws_model *model, const struct ws_object_key *key)
{
	struct ws_object_key clean;
	struct object *object;

	key_copy(&clean, key);
	HASH_FIND(hh, model->objects, &clean, sizeof(clean), object);
	return object;
}

/* A record lock's bytes are those of a file, which has the name. */
static int set_file(struct ws_model *model, struct object *object)
{
	struct ws_object_key key = object->pub.key;
	int r;

	if (key.kind != WS_KIND_RECORD_LOCK)
		return 0;
	if (!key.offset && !key.length) {
		object->file = object;
		return 0;
	}
	key.offset = key.length = 0;
	r = ws_object_get(model, &key, WS_UNKNOWN, false, &object->file);
	if (r == 0)
		object->pub.file = &object->file->pub;
	return r;
}

static int object_new(struct ws_model *model, const struct ws_object_key *key, uint32_t data,
		      struct object **ret)
{
	struct object *object = calloc(1, sizeof(*object));
	int r;

	if (!object)
		return -ENOMEM;
	key_copy(&object->pub.key, key);
	object->pub.id = WS_UNKNOWN;
	object->pub.data = data;
	object->pub.init_site = WS_UNKNOWN;
	object->pub.first_site = WS_UNKNOWN;
	object->pub.first_stack = WS_UNKNOWN;
	object->pub.taken_site = WS_UNKNOWN;
	object->pub.name = "";
	object->acquirer.thread = WS_UNKNOWN;
	object->acquirer.site = WS_UNKNOWN;
	object->acquirer.stack = WS_UNKNOWN;
	r = set_file(model, object);
	if (r < 0) {
		object_free(object);
		return r;
	}
	HASH_ADD(hh, model->objects, pub.key, sizeof(object->pub.key), object);
	if (!object->hh.tbl) {
		object_free(object);
		return -ENOMEM;
	}
	*ret = object;
	return 0;
}

static void drop_wakes(struct ws_model *model, struct object *object)
{
	struct wake *wake, *next;

	DL_FOREACH_SAFE(object->wakes, wake, next)
	{
		DL_DELETE(object->wakes, wake);
		ws_wake_unref(model, wake);
	}
	ws_wake_unref(model, object->release);
	object->release = NULL;
}

/* Takes the live incarnation out of the table. One that had waits is kept: others refer to it. */
static void object_retire(struct ws_model *model, struct object *object)
{
	HASH_DEL(model->objects, object);
	drop_wakes(model, object);
	object->next = model->retired;
	model->retired = object;
}

int ws_object_get(struct ws_model *model, const struct ws_object_key *key, uint32_t data,
		  bool fresh, struct object **ret)
{
	struct object *object = ws_object_find(model, key);

	if (object && fresh && object->destroyed) {
		object_retire(model, object);
		object = NULL;
	}
	if (!object)
		return object_new(model, key, data, ret);
	if (object->pub.data == WS_UNKNOWN)
		object->pub.data = data;
	*ret = object;
	return 0;
}

int ws_object_get_poll(struct ws_model *model, struct object *of, struct object **ret)
{
	struct ws_object_key key = of->pub.key;
	struct object *object;
	int r;

	key.length = key.kind; /* numbers of different kinds may be the same */
	key.kind = WS_KIND_POLL;
	object = ws_object_find(model, &key);
	if (object && object->pub.of != &of->pub)
		object->destroyed = true; /* that was for an earlier incarnation */
	r = ws_object_get(model, &key, WS_UNKNOWN, true, &object);
	if (r < 0)
		return r;
	/* Not again once others know it: they may read it at this moment. */
	if (object->pub.of != &of->pub)
		object->pub.of = &of->pub;
	if (object->pub.id == WS_UNKNOWN)
		object->pub.id = model->next_id++;
	*ret = object;
	return 0;
}

/* True if nothing outside of the table can refer to the object. */
static bool object_is_unused(const struct object *object)
{
	return object->pub.id == WS_UNKNOWN && !object->wakes && !object->open && !object->moved;
}

int ws_object_event(struct ws_model *model, const struct ws_record *record)
{
	const struct ws_object_key *key = &record->object.object;
	uint8_t op = record->object.op;
	struct object *object;
	int r;

	if (!key->kind ||
	    (!key->offset && !key->ino && ws_kind_naming(key->kind) != WS_NAMED_BY_ID))
		return 0; /* unlink by name: the object itself lives on */
	object = ws_object_find(model, key);
	switch (op) {
	case WS_OBJECT_UNDO:
		return ws_undo_note(model, record);
	case WS_OBJECT_DESTROY:
		if (!object)
			return 0;
		if (object_is_unused(object)) {
			HASH_DEL(model->objects, object);
			object_free(object);
		} else {
			object->destroyed = true;
		}
		return 0;
	case WS_OBJECT_INIT:
		if (object && !object->destroyed && key_is_private(key) &&
		    record->object.data == WS_UNKNOWN && object->pub.data == WS_UNKNOWN &&
		    !object->open && !object->moved) {
			if (object_is_unused(object)) {
				HASH_DEL(model->objects, object);
				object_free(object);
			} else {
				object->destroyed = true;
			}
		}
		break;
	case WS_OBJECT_OPEN:
		break;
	default:
		return 0;
	}
	r = ws_object_get(model, key, record->object.data, true, &object);
	if (r < 0)
		return r;
	if (object->pub.init_site == WS_UNKNOWN)
		object->pub.init_site = record->object.site;
	if (!object->pub.value)
		object->pub.value = record->object.value;
	if (!object->pub.name[0] && record->object.name)
		object->pub.name = record->object.name;
	return 0;
}

void ws_objects_free(struct ws_model *model)
{
	struct object *object, *next;

	HASH_ITER(hh, model->objects, object, next) {
		HASH_DEL(model->objects, object);
		drop_wakes(model, object);
		object_free(object);
	}
	for (object = model->retired; object; object = next) {
		next = object->next;
		object_free(object);
	}
	model->retired = NULL;
}
