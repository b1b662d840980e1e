/* SPDX-License-Identifier: MIT */
/* ring.h: a bounded queue that hands batches from thread to thread by pointer.
 *
 * Any number of threads put, any number get, first in, first out. One lock (lock.h) covers the
 * ring; a thread that finds it empty or full looks again for a moment, then sleeps on a futex until
 * there is something for it. Nobody makes a system call when nobody sleeps, and at most one wakes
 * each time that somebody slept. No thread is ever left asleep: see ring.c.
 *
 * Which calls exclude which. `put` stands for ws_ring_put and ws_ring_try_put, `get` alike;
 * "lock": they take turns inside the ring's lock, so that any number of threads may call them at
 * the same time; "never": the caller must see to it that they do not overlap.
 *
 *              | new    put    get    close  cancel drain  free
 *       new    | never  never  never  never  never  never  never   (per ring)
 *       put    |        lock   lock   lock   lock   lock   never
 *       get    |               lock   lock   lock   lock   never
 *       close  |                      lock   lock   lock   never
 *       cancel |                             lock   lock   never
 *       drain  |                                    lock   never
 *       free   |                                           never
 *
 * Memory orders. What a thread did before it put a batch is visible to the one that gets it:
 *
 *       what                              release            acquire
 *       the ring's members, the batches   [unlock.1]         [lock.1] [lock.2] [lock.3]
 *       a gate's word                     [admit.2] relaxed  [sleep.3] checked by the kernel
 *
 * The labels are in lock.c and ring.c, where each order is argued; docs/buffers.md has the
 * algorithm and says what checks it.
 *
 * A ring ends in one of two ways. The producers' side closes it: what is inside is still handed
 * out, then every get returns the status of the close. The consumers' side, or whoever gives up,
 * cancels it: every put and get returns that status at once, and what is inside is left to drain.
 */
#ifndef WS_RING_H
#define WS_RING_H

#include <stddef.h>

struct ws_ring;

/* An empty ring that holds up to `capacity` batches (at least 1). NULL when memory is out. */
struct ws_ring *ws_ring_new(size_t capacity);

/* Frees the ring, not the batches in it. NULL is fine. */
void ws_ring_free(struct ws_ring *ring);

/* Hands over `batch`, and waits for room as long as it takes. 0: the ring has it. -EPIPE: the ring
 * is closed; or the status with which it was cancelled: the caller keeps the batch. */
int ws_ring_put(struct ws_ring *ring, void *batch);

/* As ws_ring_put, but -EAGAIN where that would wait. */
int ws_ring_try_put(struct ws_ring *ring, void *batch);

/* The oldest batch into *batch, which the caller owns then; waits for one as long as it takes.
 * 0; or, with *batch untouched, the status of the close once the ring is empty, or of the
 * cancel. */
int ws_ring_get(struct ws_ring *ring, void **batch);

/* As ws_ring_get, but -EAGAIN where that would wait. */
int ws_ring_try_get(struct ws_ring *ring, void **batch);

/* No batch will follow. `status`, a negative errno, is what get returns after the last one:
 * -ENODATA for a good end, or the error that cut the flow (0, no errno, becomes -EINVAL). The
 * first close counts. */
void ws_ring_close(struct ws_ring *ring, int status);

/* No batch is wanted any more: put and get return `status`, a negative errno, from now on. The
 * first cancel counts, and it overrides a close. */
void ws_ring_cancel(struct ws_ring *ring, int status);

/* One of the batches that are left in the ring, whatever its state; NULL: it is empty. */
void *ws_ring_drain(struct ws_ring *ring);

#endif
