/* SPDX-License-Identifier: MIT */
/* sweep_heap.h: waits by the time of their next change, the latest first: a heap. */
#ifndef WS_SWEEP_HEAP_H
#define WS_SWEEP_HEAP_H

#include "analyzer/analyses/sweep.h"

/* One of zeroes is an empty one. */
struct ws_sweep_heap {
	struct ws_sweep_wait **waits; /* Owned by this, the waits by whoever has them; the latest first */
	size_t n, size;
};

/* 0 or -ENOMEM with the heap as it was. */
int ws_sweep_heap_push(struct ws_sweep_heap *heap, struct ws_sweep_wait *wait);
/* Takes the first; there is one. */
struct ws_sweep_wait *ws_sweep_heap_pop(struct ws_sweep_heap *heap);
/* The one at `i` has become an earlier one. */
void ws_sweep_heap_sift(struct ws_sweep_heap *heap, size_t i);

#endif
