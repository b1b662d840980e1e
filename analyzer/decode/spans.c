/* SPDX-License-Identifier: MIT */
/* spans.c: see spans.h. */
#include "spans.h"

#include <errno.h>
#include <stdlib.h>

#include "analyzer/base/grow.h"

int ws_spans_add(struct ws_spans *spans, uint64_t start, uint64_t end, uint32_t value)
{
	if (start >= end)
		return 0;
	if (ws_grow(&spans->items, &spans->capacity, spans->n + 1))
		return -ENOMEM;
	spans->items[spans->n++] = (struct ws_span){ .start = start, .end = end, .value = value };
	return 0;
}

static int compare(const void *left, const void *right)
{
	const struct ws_span *a = left, *b = right;

	if (a->start != b->start)
		return a->start < b->start ? -1 : 1;
	return a->value < b->value ? -1 : a->value > b->value;
}

void ws_spans_sort(struct ws_spans *spans)
{
	uint64_t reach = 0;

	if (spans->n)
		qsort(spans->items, spans->n, sizeof(*spans->items), compare);
	for (size_t i = 0; i < spans->n; i++) {
		if (spans->items[i].end > reach)
			reach = spans->items[i].end;
		spans->items[i].reach = reach;
	}
}

const struct ws_span *ws_spans_find(const struct ws_spans *spans, uint64_t address)
{
	const struct ws_span *found = NULL;
	size_t low = 0, high = spans->n;

	while (low < high) { /* ends at the first span that begins after the address */
		size_t middle = low + (high - low) / 2;

		if (spans->items[middle].start <= address)
			low = middle + 1;
		else
			high = middle;
	}
	for (size_t i = low; i-- > 0;) {
		const struct ws_span *span = &spans->items[i];

		if (span->reach <= address || (found && span->start < found->start))
			break;
		if (span->end > address)
			found = span;
	}
	return found;
}

void ws_spans_clear(struct ws_spans *spans)
{
	free(spans->items);
	*spans = (struct ws_spans){ 0 };
}
