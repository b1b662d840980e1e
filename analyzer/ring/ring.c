/* SPDX-License-Identifier: MIT */
/* ring.c: see ring.h.
 *
 * Why no thread is left asleep: a thread that finds nothing to do counts itself as a sleeper and
 * notes the word under the lock, and sleeps only while the word is unchanged. Whoever makes a
 * change that could matter to sleepers, and sees under the same lock that there are any, changes
 * the word before it gives the lock back, and wakes one afterwards. So the sleeper either sees
 * the change, or has counted itself before it and is woken or does not fall asleep. One change
 * admits one thread, so one is woken; close and cancel matter to all and wake all. A woken thread
 * takes what is there or, when another was faster, counts and sleeps again; that other one's
 * change of the ring wakes whom it concerns.
 *
 * A word would have to change 2^32 times between a thread's giving the lock back and its falling
 * asleep for it to miss the change.
 */
#include "analyzer/ring/ring.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>

#include "analyzer/ring/futex.h"
#include "analyzer/ring/lock.h"

/* What waits for the ring to become not empty, or not full. Guarded by the ring's lock, but for
 * the kernel's look at `word`. */
struct gate {
	_Atomic uint32_t word; /* changes when a sleeper may be needed */
	uint32_t sleepers;     /* threads that sleep on it or are about to */
};

struct ws_ring {
	struct ws_lock lock; /* guards all below */
	int closed;          /* 0: open; otherwise what get returns once the ring is empty */
	int cancelled;       /* 0: no; otherwise what put and get return */
	size_t capacity;
	size_t first; /* index of the oldest batch */
	size_t n;     /* batches inside */
	struct gate not_empty;
	struct gate not_full;
	void *batches[]; /* Weak: in transit, owned by nobody else */
};

struct ws_ring *ws_ring_new(size_t capacity)
{
	struct ws_ring *ring;

	if (!capacity || capacity > (SIZE_MAX - sizeof(*ring)) / sizeof(void *))
		return NULL;
	ring = calloc(1, sizeof(*ring) + capacity * sizeof(void *));
	if (ring)
		ring->capacity = capacity;
	return ring;
}

void ws_ring_free(struct ws_ring *ring)
{
	free(ring);
}

/* Announces a change to the gate's sleepers, under the lock. True: wake one after giving it. */
static bool announce(struct gate *gate)
{
	if (!gate->sleepers)
		return false;
	atomic_fetch_add_explicit(&gate->word, 1, memory_order_relaxed);
	return true;
}

/* Sleeps until the gate is announced. The lock is held before and after, not meanwhile. */
static void sleep_at(struct ws_ring *ring, struct gate *gate)
{
	uint32_t word = atomic_load_explicit(&gate->word, memory_order_relaxed);

	gate->sleepers++;
	ws_lock_give(&ring->lock);
	ws_futex_wait(&gate->word, word);
	ws_lock_take(&ring->lock);
	gate->sleepers--;
}

static int put(struct ws_ring *ring, void *batch, bool may_sleep)
{
	bool wake = false;
	int r = 0;

	ws_lock_take(&ring->lock); /* [put.1] */
	while (!ring->cancelled && !ring->closed && ring->n == ring->capacity && may_sleep)
		sleep_at(ring, &ring->not_full); /* [put.3] */
	if (ring->cancelled) {
		r = ring->cancelled;
	} else if (ring->closed) {
		r = -EPIPE;
	} else if (ring->n == ring->capacity) {
		r = -EAGAIN;
	} else {
		ring->batches[(ring->first + ring->n) % ring->capacity] = batch;
		ring->n++;
		wake = announce(&ring->not_empty); /* [put.2] */
	}
	ws_lock_give(&ring->lock);
	if (wake)
		ws_futex_wake(&ring->not_empty.word, 1); /* [put.4] */
	return r;
}

/* Takes the oldest batch out, under the lock; there is one. */
static void *take_first(struct ws_ring *ring)
{
	void *batch = ring->batches[ring->first];

	ring->first = (ring->first + 1) % ring->capacity;
	ring->n--;
	return batch;
}

static int get(struct ws_ring *ring, void **batch, bool may_sleep)
{
	bool wake = false;
	int r = 0;

	ws_lock_take(&ring->lock); /* [get.1] */
	while (!ring->cancelled && !ring->closed && ring->n == 0 && may_sleep)
		sleep_at(ring, &ring->not_empty); /* [get.3] */
	if (ring->cancelled) {
		r = ring->cancelled;
	} else if (ring->n > 0) {
		*batch = take_first(ring);
		wake = announce(&ring->not_full); /* [get.2] */
	} else {
		r = ring->closed ? ring->closed : -EAGAIN;
	}
	ws_lock_give(&ring->lock);
	if (wake)
		ws_futex_wake(&ring->not_full.word, 1); /* [get.4] */
	return r;
}

int ws_ring_put(struct ws_ring *ring, void *batch)
{
	return put(ring, batch, true);
}

int ws_ring_try_put(struct ws_ring *ring, void *batch)
{
	return put(ring, batch, false);
}

int ws_ring_get(struct ws_ring *ring, void **batch)
{
	return get(ring, batch, true);
}

int ws_ring_try_get(struct ws_ring *ring, void **batch)
{
	return get(ring, batch, false);
}

/* Sets `*end` to `status` unless it is set, and wakes everybody: all have to look again. */
static void finish(struct ws_ring *ring, int *end, int status)
{
	bool getters, putters;

	ws_lock_take(&ring->lock); /* [end.1] */
	if (!*end)
		*end = status;
	getters = announce(&ring->not_empty); /* [end.2] */
	putters = announce(&ring->not_full);  /* [end.2] */
	ws_lock_give(&ring->lock);
	if (getters)
		ws_futex_wake(&ring->not_empty.word, INT_MAX); /* [end.3] */
	if (putters)
		ws_futex_wake(&ring->not_full.word, INT_MAX); /* [end.3] */
}

void ws_ring_close(struct ws_ring *ring, int status)
{
	finish(ring, &ring->closed, status);
}

void ws_ring_cancel(struct ws_ring *ring, int status)
{
	finish(ring, &ring->cancelled, status);
}

void *ws_ring_drain(struct ws_ring *ring)
{
	void *batch = NULL;
	bool wake = false;

	ws_lock_take(&ring->lock);
	if (ring->n > 0) {
		batch = take_first(ring);
		wake = announce(&ring->not_full); /* [get.2] */
	}
	ws_lock_give(&ring->lock);
	if (wake)
		ws_futex_wake(&ring->not_full.word, 1); /* [get.4] */
	return batch;
}
