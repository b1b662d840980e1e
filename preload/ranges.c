/* SPDX-License-Identifier: MIT */
/* ranges.c: see ranges.h. */
#include "preload/ranges.h"

#include "preload/limits.h"

/* `start` 0: free. A slot is taken by setting `start` to BUSY, which no mapping begins at. */
#define BUSY 1

struct range {
	_Atomic uintptr_t start;
	_Atomic uintptr_t end;
};

static struct range ranges[WS_RANGES_MAX];

_Atomic uint32_t ws_ranges_high;
_Atomic uintptr_t ws_ranges_lowest = UINTPTR_MAX, ws_ranges_highest;
_Atomic bool ws_ranges_overflowed;

static uint32_t slots(void)
{
	return atomic_load_explicit(&ws_ranges_high, memory_order_relaxed);
}

/* False: the slot is free, or being filled. */
static bool load(const struct range *r, uintptr_t *start, uintptr_t *end)
{
	*start = atomic_load_explicit(&r->start, memory_order_acquire); /* pairs with put() */
	*end = atomic_load_explicit(&r->end, memory_order_relaxed);
	return *start > BUSY;
}

bool ws_ranges_touch_slow(uintptr_t start, uintptr_t end)
{
	uintptr_t s, e;

	for (uint32_t i = 0, n = slots(); i < n; i++)
		if (load(&ranges[i], &s, &e) && s < end && e > start)
			return true;
	return atomic_load_explicit(&ws_ranges_overflowed, memory_order_relaxed);
}

/* Only ever widened: what is cut may leave them too wide, which costs a look at the slots. */
static void widen(uintptr_t start, uintptr_t end)
{
	uintptr_t now = atomic_load_explicit(&ws_ranges_lowest, memory_order_relaxed);

	while (start < now &&
	       !atomic_compare_exchange_weak_explicit(&ws_ranges_lowest, &now, start,
						      memory_order_relaxed, memory_order_relaxed))
		;
	now = atomic_load_explicit(&ws_ranges_highest, memory_order_relaxed);
	while (end > now &&
	       !atomic_compare_exchange_weak_explicit(&ws_ranges_highest, &now, end,
						      memory_order_relaxed, memory_order_relaxed))
		;
}

/* Puts the range into a free slot. */
static void put(uintptr_t start, uintptr_t end)
{
	for (uint32_t i = 0; i < WS_RANGES_MAX; i++) {
		uintptr_t free = 0;
		uint32_t high = slots();

		if (!atomic_compare_exchange_strong_explicit(&ranges[i].start, &free, BUSY,
							     memory_order_relaxed,
							     memory_order_relaxed))
			continue;
		atomic_store_explicit(&ranges[i].end, end, memory_order_relaxed);
		/* Pairs with load(): who sees the start sees the end. */
		atomic_store_explicit(&ranges[i].start, start, memory_order_release);
		while (high <= i && !atomic_compare_exchange_weak_explicit(
					    &ws_ranges_high, &high, i + 1, memory_order_relaxed,
					    memory_order_relaxed))
			;
		return;
	}
	ws_limit_reached(WS_LIMIT_shared_maps);
	atomic_store_explicit(&ws_ranges_overflowed, true, memory_order_relaxed);
}

void ws_ranges_add(uintptr_t start, uintptr_t end)
{
	if (start <= BUSY || end <= start)
		return;
	if (ws_ranges_touch(start, end))
		ws_ranges_cut(start, end);
	widen(start, end);
	put(start, end);
}

void ws_ranges_cut(uintptr_t start, uintptr_t end)
{
	uintptr_t s, e;

	for (uint32_t i = 0, n = slots(); i < n; i++) {
		if (!load(&ranges[i], &s, &e) || s >= end || e <= start)
			continue;
		if (s < start) { /* its beginning stays */
			atomic_store_explicit(&ranges[i].end, start, memory_order_relaxed);
			if (e > end)
				put(end, e);
		} else if (e > end) { /* its end stays */
			atomic_store_explicit(&ranges[i].start, end, memory_order_relaxed);
		} else {
			atomic_store_explicit(&ranges[i].start, 0, memory_order_relaxed);
		}
	}
}

uintptr_t ws_ranges_end(uintptr_t start)
{
	uintptr_t s, e;

	for (uint32_t i = 0, n = slots(); i < n; i++)
		if (load(&ranges[i], &s, &e) && s == start)
			return e;
	return 0;
}
