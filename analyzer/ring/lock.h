/* SPDX-License-Identifier: MIT */
/* lock.h: the three-state futex mutex under the ring.
 *
 * `word` is 0 when it is free, 1 when it is held, 2 when it is held and somebody may sleep on it.
 * Without contention, taking it and giving it back is one atomic operation each and no system
 * call. It is not recursive, not fair, and private to the process.
 *
 * Each atomic step has a label, [lock.N] or [unlock.N], in lock.c; docs/buffers.md says what is
 * proven of them and how.
 */
#ifndef WS_LOCK_H
#define WS_LOCK_H

#include <stdatomic.h>
#include <stdint.h>

#include "analyzer/ring/spin.h"

/* A lock of zeroes is free. */
struct ws_lock {
	_Atomic uint32_t word; /* 0, 1 or 2, as above */
	struct ws_spin spin;
};

/* Returns with the lock held. What earlier holders wrote is visible then. */
void ws_lock_take(struct ws_lock *lock);

/* Gives the lock, which the caller holds, back. */
void ws_lock_give(struct ws_lock *lock);

#endif
