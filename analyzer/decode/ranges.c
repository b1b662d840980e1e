/* SPDX-License-Identifier: MIT */
/* ranges.c: see ranges.h. A sorted array: processes have tens of modules and mappings, thousands at
 * the very most, and look them up far more often than they change. */
#include "analyzer/decode/ranges.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/base/grow.h"

/* Index of the first range that ends behind `address`. */
static size_t first_behind(const struct ws_ranges *ranges, uint64_t address)
{
	size_t low = 0, high = ranges->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (ranges->ranges[middle].end <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Replaces the `n_old` ranges from `at` by the `n_new` of `new`; there is room. */
static void replace(struct ws_ranges *ranges, size_t at, size_t n_old, const struct ws_range *new,
		    size_t n_new)
{
	memmove(&ranges->ranges[at + n_new], &ranges->ranges[at + n_old],
		(ranges->n - at - n_old) * sizeof(*new));
	memcpy(&ranges->ranges[at], new, n_new * sizeof(*new));
	ranges->n += n_new - n_old;
}

/* Empties the bytes from `begin` to `end`, and puts `middle` there unless it is NULL. */
static int punch(struct ws_ranges *ranges, uint64_t begin, uint64_t end,
		 const struct ws_range *middle)
{
	size_t first, behind, n = 0;
	struct ws_range new[3]; /* what is left before, the new one, what is left behind */

	if (ws_grow(&ranges->ranges, &ranges->capacity, ranges->n + 2))
		return -ENOMEM;
	first = first_behind(ranges, begin);
	for (behind = first; behind < ranges->n && ranges->ranges[behind].begin < end; behind++)
		;
	if (first < behind && ranges->ranges[first].begin < begin) {
		new[n] = ranges->ranges[first];
		new[n++].end = begin;
	}
	if (middle)
		new[n++] = *middle;
	if (first < behind && ranges->ranges[behind - 1].end > end) {
		new[n] = ranges->ranges[behind - 1];
		new[n].offset += end - new[n].begin;
		new[n++].begin = end;
	}
	replace(ranges, first, behind - first, new, n);
	return 0;
}

int ws_ranges_set(struct ws_ranges *ranges, uint64_t begin, uint64_t size, uint64_t offset,
		  uint32_t thing)
{
	struct ws_range range = { begin, begin + size, offset, thing };

	if (!size || range.end < begin)
		return 0;
	return punch(ranges, begin, range.end, &range);
}

int ws_ranges_clear(struct ws_ranges *ranges, uint64_t begin, uint64_t size)
{
	uint64_t end = begin + size < begin ? UINT64_MAX : begin + size;

	return size && ranges->n ? punch(ranges, begin, end, NULL) : 0;
}

const struct ws_range *ws_ranges_find(const struct ws_ranges *ranges, uint64_t address)
{
	size_t i = ranges->n ? first_behind(ranges, address) : 0;

	return i < ranges->n && ranges->ranges[i].begin <= address ? &ranges->ranges[i] : NULL;
}

int ws_ranges_copy(struct ws_ranges *to, const struct ws_ranges *from)
{
	if (from->n) {
		if (ws_grow(&to->ranges, &to->capacity, from->n))
			return -ENOMEM;
		memcpy(to->ranges, from->ranges, from->n * sizeof(*from->ranges));
	}
	to->n = from->n;
	return 0;
}

void ws_ranges_free(struct ws_ranges *ranges)
{
	free(ranges->ranges);
	*ranges = (struct ws_ranges){ 0 };
}
