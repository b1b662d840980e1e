/* SPDX-License-Identifier: MIT */
/* ranges.c: record locks: waits and releases name bytes of a file, and meet where these overlap. */
#include "analyzer/model/private.h"

/* Byte after the last one. */
static uint64_t end_of(const struct ws_object_key *key)
{
	return key->length && key->offset + key->length > key->offset ? key->offset + key->length
								      : UINT64_MAX;
}

bool ws_range_overlaps(const struct ws_object_key *a, const struct ws_object_key *b)
{
	return a->offset < end_of(b) && b->offset < end_of(a);
}

void ws_range_listed(struct object *object)
{
	if (!object->file || object->listed)
		return;
	DL_APPEND2(object->file->ranges, object, prev_range, next_range);
	object->listed = true;
}

int ws_ranges_each(struct object *object, int (*each)(struct object *object, void *context),
		   void *context)
{
	struct object *file = object->file, *other, *next;

	DL_FOREACH_SAFE2(file->ranges, other, next, next_range)
	{
		int r;

		if (!other->open && !other->late) {
			DL_DELETE2(file->ranges, other, prev_range, next_range);
			other->listed = false;
			continue;
		}
		if (!ws_range_overlaps(&other->pub.key, &object->pub.key))
			continue;
		r = each(other, context);
		if (r < 0)
			return r;
	}
	return 0;
}

void ws_range_released(struct ws_model *model, struct object *object, struct wake *wake,
		       const struct ws_holder *holder)
{
	struct object *file = object->file;

	ws_wake_ref(wake);
	ws_wake_unref(model, file->release);
	file->release = wake;
	file->releaser = *holder;
	file->released = object->pub.key;
}
