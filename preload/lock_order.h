/* SPDX-License-Identifier: MIT */
/* lock_order.h: in which order threads take locks: what one holds when it takes the next.
 *
 * Recorded (`lock_edge`, `lock_held`) the first time that a thread does so, and again in each of
 * its segments: what it did before it created a thread cannot meet what that thread does, but what
 * it does after that can. Some times for each order; the last record says that it is. Each record
 * has all the locks that were held: one that two threads have in common keeps them from meeting.
 *
 * Locks on files belong to processes, yet are taken by threads: they are among a thread's held
 * locks as marks that say where they are noted (file_lock.h). A mark whose note is gone is no lock.
 *
 * Rules: where a thread holds nothing else, no line of this runs; where it does, what it holds is
 * hashed, and looked up in a table of its own.
 */
#ifndef WS_LOCK_ORDER_H
#define WS_LOCK_ORDER_H

#include <stdint.h>

#include "preload/thread.h"

/* Orders that one process is remembered to have recorded, with the threads and segments in which it
 * did: what real programs have, many times over (limit `lock_orders`). */
#define WS_ORDERS_MAX 65536
/* So often an order is recorded for one thread, and so often for one process. */
#define WS_ORDER_REPEATS_THREAD 4
#define WS_ORDER_REPEATS        16

struct ws_wait;

/* The thread is about to wait for a lock. */
void ws_lock_order_wait(const struct ws_wait *wait);

/* True for a held lock that is a mark. Locks in memory are aligned. */
static inline bool ws_lock_is_mark(uintptr_t object)
{
	return object & 1;
}

/* A new segment of the thread begins: returns the one that ends. */
uint32_t ws_segment_next(struct ws_thread *self);

/* It goes on by what another thread did, other than by a lock. */
static inline void ws_lock_order_sync(struct ws_thread *self)
{
	self->syncs++;
}

/* A new thread: it has taken no locks yet. In a fork child all that is known is the parent's. */
void ws_lock_orders_forget(struct ws_thread *self);
void ws_lock_orders_forked(void);

#endif
