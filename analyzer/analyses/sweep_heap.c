/* SPDX-License-Identifier: MIT */
/* sweep_heap.c: see sweep_heap.h. */
#include "analyzer/analyses/sweep_heap.h"

#include <errno.h>

#include "analyzer/base/grow.h"

/* True if `a` comes first, going backwards. */
static bool is_later(const struct ws_sweep_wait *a, const struct ws_sweep_wait *b)
{
	if (a->change_ns != b->change_ns)
		return a->change_ns > b->change_ns;
	return a->order < b->order;
}

void ws_sweep_heap_sift(struct ws_sweep_heap *heap, size_t i)
{
	struct ws_sweep_wait *wait = heap->waits[i];

	for (;;) {
		size_t child = 2 * i + 1;

		if (child >= heap->n)
			break;
		if (child + 1 < heap->n && is_later(heap->waits[child + 1], heap->waits[child]))
			child++;
		if (!is_later(heap->waits[child], wait))
			break;
		heap->waits[i] = heap->waits[child];
		i = child;
	}
	heap->waits[i] = wait;
}

int ws_sweep_heap_push(struct ws_sweep_heap *heap, struct ws_sweep_wait *wait)
{
	size_t i = heap->n;

	if (ws_grow(&heap->waits, &heap->size, heap->n + 1))
		return -ENOMEM;
	heap->n++;
	while (i && is_later(wait, heap->waits[(i - 1) / 2])) {
		heap->waits[i] = heap->waits[(i - 1) / 2];
		i = (i - 1) / 2;
	}
	heap->waits[i] = wait;
	return 0;
}

struct ws_sweep_wait *ws_sweep_heap_pop(struct ws_sweep_heap *heap)
{
	struct ws_sweep_wait *first = heap->waits[0];

	heap->waits[0] = heap->waits[--heap->n];
	if (heap->n)
		ws_sweep_heap_sift(heap, 0);
	return first;
}
