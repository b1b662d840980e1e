/* SPDX-License-Identifier: MIT */
/* stack.c: unwinds, interns and records call stacks, see stack.h.
 *
 * Rules: inside a quiet section; the table is open addressing on a 64-bit hash, written by
 * compare-and-swap only. That two stacks share a hash is taken as impossible: with 65,536 stacks
 * the odds are below 1 in 10^9.
 */
#define UNW_LOCAL_ONLY
#include "preload/stack.h"

#include <libunwind.h>
#include <stdatomic.h>

#include "preload/emit.h"
#include "preload/limits.h"
#include "preload/module.h"
#include "tracepoints/format.h"

/* Own frames between the wrapper and the unwinder, at most. */
#define OWN_FRAMES 12

#define TABLE (2 * WS_STACKS_MAX)

enum ws_stack_mode ws_stack_mode = WS_STACKS_FULL;

static _Atomic uint64_t hashes[TABLE]; /* 0: free. The id of a stack is its place + 1 */
static _Atomic uint32_t n_stacks;
static _Atomic uint32_t epoch; /* part of the hash */

static uint64_t hash_of(const uintptr_t *frames, size_t n)
{
	uint64_t h = 0x9e3779b97f4a7c15 + atomic_load_explicit(&epoch, memory_order_relaxed);

	for (size_t i = 0; i < n; i++) {
		h = (h ^ frames[i]) * UINT64_C(0xff51afd7ed558ccd);
		h ^= h >> 32;
	}
	return h ? h : 1;
}

static void record(struct ws_thread *self, uint32_t id, const uintptr_t *frames, size_t n)
{
	struct ws_section ws_section_here = {.self = self}; /* the caller's section is open */
	struct ws_ev_stack event = {.id = id, .frames = frames, .depth = (uint32_t)n};

	ws_module_ensure(frames, n);
	ws_emit(stack, &event);
}

static uint32_t intern(struct ws_thread *self, const uintptr_t *frames, size_t n)
{
	uint64_t h = hash_of(frames, n);

	for (size_t i = 0, at = h % TABLE; i < TABLE; i++, at = (at + 1) % TABLE) {
		uint64_t was = atomic_load_explicit(&hashes[at], memory_order_relaxed);

		if (was == h)
			return (uint32_t)at + 1;
		if (was)
			continue;
		if (atomic_load_explicit(&n_stacks, memory_order_relaxed) >= WS_STACKS_MAX)
			break;
		/* The winner records the stack; whoever finds it may use its id before that, and
		 * the analyzer knows that a definition can come late. */
		if (atomic_compare_exchange_strong_explicit(&hashes[at], &was, h,
							    memory_order_relaxed,
							    memory_order_relaxed)) {
			atomic_fetch_add_explicit(&n_stacks, 1, memory_order_relaxed);
			record(self, (uint32_t)at + 1, frames, n);
			return (uint32_t)at + 1;
		}
		if (was == h)
			return (uint32_t)at + 1;
	}
	ws_limit_reached(WS_LIMIT_stacks);
	return 0;
}

uint32_t ws_stack_take(struct ws_thread *self, uintptr_t site)
{
	if (ws_stack_mode == WS_STACKS_NONE || !ws_wanted(stack))
		return 0;
	if (ws_stack_mode == WS_STACKS_CALLER)
		return intern(self, &site, 1);

	uintptr_t frames[OWN_FRAMES + WS_STACK_DEPTH_MAX];
	/* unw_backtrace() and not a cursor: its cache makes it 200 times cheaper. */
	int n = unw_backtrace((void **)frames, OWN_FRAMES + WS_STACK_DEPTH_MAX);
	int first = 0;

	while (first < n && first < OWN_FRAMES && frames[first] != site)
		first++;
	if (first == n || first == OWN_FRAMES)
		return intern(self, &site, 1); /* the unwinder did not come as far as the call */

	size_t depth = (size_t)(n - first);

	return intern(self, frames + first,
		      depth < WS_STACK_DEPTH_MAX ? depth : WS_STACK_DEPTH_MAX);
}

void ws_stack_forget(void)
{
	atomic_fetch_add_explicit(&epoch, 1, memory_order_relaxed);
	unw_flush_cache(unw_local_addr_space, 0, 0);
}
