/* SPDX-License-Identifier: MIT */
/* ranges.h: which address ranges are shared mappings, so that a munmap() of anything else costs a
 * look at one counter. Lock-free; may be used in signal handlers.
 *
 * Who asks about a range owns it, that is, no other thread maps or unmaps the same addresses at
 * the same time. A range that changes elsewhere may then be seen half changed, which costs a
 * needless event at most. */
#ifndef WS_RANGES_H
#define WS_RANGES_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "preload/export.h"

/* Shared mappings known at once. Beyond (limit `shared_maps`), every munmap is recorded. */
#define WS_RANGES_MAX 1024

extern _Atomic uint32_t ws_ranges_high; /* slots that may be in use: 0 to WS_RANGES_MAX */
extern _Atomic uintptr_t ws_ranges_lowest, ws_ranges_highest; /* all ranges lie within */
extern _Atomic bool ws_ranges_overflowed;

bool ws_ranges_touch_slow(uintptr_t start, uintptr_t end);

/* True if a shared mapping may lie in [start, end). */
static inline bool ws_ranges_touch(uintptr_t start, uintptr_t end)
{
	if (ws_likely(atomic_load_explicit(&ws_ranges_high, memory_order_relaxed) == 0 ||
		      end <= atomic_load_explicit(&ws_ranges_lowest, memory_order_relaxed) ||
		      start >= atomic_load_explicit(&ws_ranges_highest, memory_order_relaxed)))
		return ws_unlikely(
			atomic_load_explicit(&ws_ranges_overflowed, memory_order_relaxed));
	return ws_ranges_touch_slow(start, end);
}

/* Notes [start, end) as a shared mapping, in place of what was there. */
void ws_ranges_add(uintptr_t start, uintptr_t end);
/* Nothing in [start, end) is a shared mapping any more. */
void ws_ranges_cut(uintptr_t start, uintptr_t end);
/* The end of the shared mapping that begins at `start`; 0: there is none. */
uintptr_t ws_ranges_end(uintptr_t start);

#endif
