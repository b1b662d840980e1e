/* SPDX-License-Identifier: MIT */
/* lock_counts.h: how often each thread takes which lock, and tries to in vain, without an event for
 * each.
 *
 * Where a lock is noted as held, the place counts as long as it is the same lock's: that costs two
 * instructions. When another lock takes the place, the count moves to a table of the thread, and
 * from there into the trace (`lock_stats`) when the thread ends, when the process does or is
 * replaced, and when too many other locks want its place in the table.
 *
 * Rules: a signal handler may take locks while a count moves: what it counts then may be lost.
 */
#ifndef WS_LOCK_COUNTS_H
#define WS_LOCK_COUNTS_H

#include <stdbool.h>
#include <stdint.h>

#include "preload/thread.h"

/* A call that does not wait found the lock taken. */
void ws_lock_failed(struct ws_thread *self, uintptr_t object, uint8_t kind, uintptr_t site);

/* How often the thread has taken any lock since it began. */
uint64_t ws_lock_counts_sum(const struct ws_thread *self);

/* The thread ends: records what is counted. */
void ws_lock_counts_flush(struct ws_thread *self);
/* The process ends, or its image is to be replaced: the same for all threads. */
void ws_lock_counts_flush_all(struct ws_thread *self);
/* In a fork child: what was counted is the parent's. */
void ws_lock_counts_forget(struct ws_thread *self);

#endif
