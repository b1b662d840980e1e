/* SPDX-License-Identifier: MIT */
/* by_object.h: finds the entry of an object in a list that is sorted by object id.
 *
 * The first member of an entry is `const struct ws_object *object`.
 */
#ifndef WS_BY_OBJECT_H
#define WS_BY_OBJECT_H

#include <stddef.h>

#include "analyzer/model/model.h"

/* NULL: there is none of that object. */
static inline const void *ws_by_object(const void *list, size_t n, size_t size,
				       const struct ws_object *object)
{
	size_t low = 0, high = n;

	while (low < high) {
		size_t middle = (low + high) / 2;
		const struct ws_object *const *entry =
			(const void *)((const char *)list + middle * size);

		if (*entry == object)
			return entry;
		if ((*entry)->id < object->id)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

#endif
