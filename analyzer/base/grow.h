/* SPDX-License-Identifier: MIT */
/* grow.h: arrays that grow by doubling, so that appending costs no allocation per element.
 *
 *	struct thing *things = NULL;
 *	size_t n = 0, capacity = 0;
 *	if (ws_grow(&things, &capacity, n + 1))
 *		return -ENOMEM;
 *	things[n++] = …;
 */
#ifndef WS_GROW_H
#define WS_GROW_H

#include <stddef.h>

/* Makes room for `need` elements in *array, whose type gives their size. New elements are zeroed.
 * 0 or -ENOMEM with everything as it was. */
#define ws_grow(array, capacity, need)                                                             \
	((need) <= *(capacity) ? 0 : ws_grow_bytes((array), (capacity), (need), sizeof(**(array))))

/* What ws_grow does when there is no room: `array` points to a pointer to elements of `size`. */
int ws_grow_bytes(void *array, size_t *capacity, size_t need, size_t size);

#endif
