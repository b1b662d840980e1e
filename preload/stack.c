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
#include <time.h>

#include "preload/clock.h"
#include "preload/emit.h"
#include "preload/limits.h"
#include "preload/module.h"
#include "preload/raw.h"
#include "preload/resource.h"
#include "tracepoints/format.h"

/* Own frames between the wrapper and the unwinder, at most. */
#define OWN_FRAMES 12

#define TABLE (2 * WS_STACKS_MAX)

enum ws_stack_mode ws_stack_mode = WS_STACKS_FULL;

static _Atomic uint64_t hashes[TABLE]; /* 0: free. The id of a stack is its place + 1 */
static _Atomic uint32_t n_stacks;
static _Atomic uint32_t epoch; /* part of the hash */

/* libunwind has locks, as the loader has that it asks: a child that was forked while another thread
 * had one would wait for it for ever. So threads are counted while they unwind, and who forks waits
 * until none does; those that come meanwhile do without. seq_cst: each side writes its own before it
 * reads the other's. */
static _Atomic uint32_t unwinding, forking;

/* The longest that a fork waits. An unwinding takes microseconds, if its thread has a processor. */
#define FORK_WAITS_NS 1000000000
#define FORK_PAUSE_NS 20000

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
	int n = 0, first = 0;

	atomic_fetch_add_explicit(&unwinding, 1, memory_order_seq_cst);
	/* unw_backtrace() and not a cursor: its cache makes it 200 times cheaper. */
	if (ws_likely(!atomic_load_explicit(&forking, memory_order_seq_cst)))
		n = unw_backtrace((void **)frames, OWN_FRAMES + WS_STACK_DEPTH_MAX);
	atomic_fetch_sub_explicit(&unwinding, 1, memory_order_release);

	while (first < n && first < OWN_FRAMES && frames[first] != site)
		first++;
	if (first == n || first == OWN_FRAMES)
		return intern(self, &site, 1); /* the unwinder did not come as far as the call */

	size_t depth = (size_t)(n - first);

	return intern(self, frames + first,
		      depth < WS_STACK_DEPTH_MAX ? depth : WS_STACK_DEPTH_MAX);
}

void ws_stack_fork_before(void)
{
	uint64_t begin_ns = ws_now_ns();

	atomic_fetch_add_explicit(&forking, 1, memory_order_seq_cst);
	/* acquire: pairs with the release of who has unwound: so libunwind's locks are free. */
	while (atomic_load_explicit(&unwinding, memory_order_seq_cst) &&
	       ws_now_ns() - begin_ns < FORK_WAITS_NS) {
		/* The thread may need this processor. */
		if (!ws_sandboxed)
			ws_raw_syscall(SYS_nanosleep,
				       (long)&(struct timespec){ .tv_nsec = FORK_PAUSE_NS }, 0, 0, 0);
	}
}

void ws_stack_fork_after(bool child)
{
	if (child) {
		/* Those that were counted are the parent's. */
		atomic_store_explicit(&unwinding, 0, memory_order_relaxed);
		atomic_store_explicit(&forking, 0, memory_order_relaxed);
	} else {
		atomic_fetch_sub_explicit(&forking, 1, memory_order_release);
	}
}

void ws_stack_forget(void)
{
	atomic_fetch_add_explicit(&epoch, 1, memory_order_relaxed);
	unw_flush_cache(unw_local_addr_space, 0, 0);
}
