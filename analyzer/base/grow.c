/* SPDX-License-Identifier: MIT */
/* grow.c: see grow.h. */
#include "analyzer/base/grow.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define GROW_FIRST 16

int ws_grow_bytes(void *array, size_t *capacity, size_t need, size_t size)
{
	size_t n = *capacity ? *capacity : GROW_FIRST;
	size_t bytes;
	void *old, *new;

	while (n < need) {
		if (__builtin_mul_overflow(n, 2, &n))
			return -ENOMEM;
	}
	if (__builtin_mul_overflow(n, size, &bytes))
		return -ENOMEM;
	memcpy(&old, array, sizeof(old)); /* any object pointer type: they look alike here */
	new = realloc(old, bytes);
	if (!new)
		return -ENOMEM;
	memset((char *)new + *capacity *size, 0, (n - *capacity) * size);
	memcpy(array, &new, sizeof(new));
	*capacity = n;
	return 0;
}
