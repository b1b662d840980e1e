/* SPDX-License-Identifier: MIT */
/* waiters.h: is anybody waiting here? Counts by address, so that a release with no waiter costs
 * one load.
 *
 * A waiter: failed try, ws_waiters_add() (seq_cst), wait_begin event, block. A waker: look at the
 * count, wake event, release; where it saw none, look again after the release: the waiter may
 * have come in between (late wake). Two objects that share a count cost an event too many, never
 * one too few. The lock word of a mutex says more than its count.
 *
 * Objects that other processes can wait on are counted in tables shared by the recording
 * (WAITSCOPE_SHARED): those in memory by their offset in the page, which is the same wherever they
 * are mapped; those of the kernel by a hash, in a table large enough that one which is used all the
 * time hardly ever shares a count with one that somebody always waits for. Without these tables, a
 * release of such an object is always recorded.
 */
#ifndef WS_WAITERS_H
#define WS_WAITERS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "preload/export.h"
#include "tracepoints/shared.h"

#define WS_WAITERS_PRIVATE 16384 /* counts for this process: 64 KiB */

/* What waiters of a kernel object are counted by, in the recording's table: its kind and numbers,
 * and where it has two sides, which of them waits. */
#define WS_WAITERS_KEY (UINT64_C(1) << 47) /* no address: those of user space are below */
static inline uintptr_t ws_waiters_key(unsigned int kind, uint64_t id, uint64_t device, bool read)
{
	/* The kind is spread, too: many have small numbers, and those of two kinds would be one. */
	uint64_t h = id ^ device * UINT64_C(0x9e3779b97f4a7c15) ^ kind * UINT64_C(0xc2b2ae3d27d4eb4f);

	h = (h ^ h >> 31) * UINT64_C(0xff51afd7ed558ccd);
	return (uintptr_t)(WS_WAITERS_KEY | h >> 20 << 1 | read);
}

extern _Atomic uint32_t ws_waiters_private[WS_WAITERS_PRIVATE];
extern struct ws_shared *ws_waiters_shared; /* NULL: there is no shared memory */
/* Calls that are announced, see plain.h; NULL: none is. And the clock of the recording's beginning. */
extern struct ws_shared_call *ws_shared_calls;
extern const struct ws_shared_clock *ws_waiters_clock;

/* Maps the shared table of the recording. Any failure leaves it absent. */
void ws_waiters_map(const char *path);
/* In a fork child: nobody waits in this process. */
void ws_waiters_forked(void);

static inline _Atomic uint32_t *ws_waiters_count(uintptr_t object, bool shared)
{
	if (ws_unlikely(shared) && !ws_waiters_shared)
		return NULL;
	if (ws_unlikely(shared))
		return object & WS_WAITERS_KEY ? &ws_waiters_shared->keys[object % WS_SHARED_KEYS]
					       : &ws_waiters_shared->counts[object % WS_SHARED_COUNTS];
	/* Locks are at least 4 bytes long, most are 40: the multiplication spreads both. */
	return &ws_waiters_private[(object * UINT64_C(0x9e3779b97f4a7c15)) >> 50];
}

static inline void ws_waiters_add(uintptr_t object, bool shared)
{
	_Atomic uint32_t *count = ws_waiters_count(object, shared);

	if (count) /* seq_cst: before the block; pairs with ws_waiters_any() after the release */
		atomic_fetch_add_explicit(count, 1, memory_order_seq_cst);
}

static inline void ws_waiters_sub(uintptr_t object, bool shared)
{
	_Atomic uint32_t *count = ws_waiters_count(object, shared);

	if (count)
		atomic_fetch_sub_explicit(count, 1, memory_order_relaxed);
}

/* The kernel may move waiters to this object (futex requeue), who counted themselves elsewhere:
 * from now on somebody may always wait here. */
#define WS_WAITERS_MOVED UINT32_C(0x80000000)
static inline void ws_waiters_moved(uintptr_t object, bool shared)
{
	_Atomic uint32_t *count = ws_waiters_count(object, shared);

	if (count) /* seq_cst: as ws_waiters_add() */
		atomic_fetch_or_explicit(count, WS_WAITERS_MOVED, memory_order_seq_cst);
}

/* True if a thread may be waiting for the object. */
static inline bool ws_waiters_any(uintptr_t object, bool shared)
{
	const _Atomic uint32_t *count = ws_waiters_count(object, shared);

	return !count || atomic_load_explicit(count, memory_order_relaxed) != 0;
}

#endif
