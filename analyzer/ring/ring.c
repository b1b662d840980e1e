/* SPDX-License-Identifier: MIT */
/* ring.c: see ring.h.
 *
 * Why no thread is left asleep. A thread that finds nothing to do notes the gate's word and counts
 * itself among its sleepers under the lock ([sleep.1], [sleep.2]), and sleeps only while the word
 * is unchanged ([sleep.3]). Whoever makes a change that could matter to sleepers looks under the
 * same lock whether there are any that nobody is waking yet, claims as many as the change admits
 * ([admit.1]), changes the word ([admit.2]), and wakes that many once the lock is free. So a
 * sleeper either sees the change, or had counted itself before and is woken or does not fall
 * asleep. One batch admits one thread; close and cancel matter to all and wake all. A woken thread
 * looks again and takes what is there or, when another was faster, counts itself and sleeps again:
 * that other's change of the ring wakes whom it concerns.
 *
 * Why a claim is enough, though the kernel may wake another than was meant, or some thread for no
 * reason: `woken` never exceeds the threads that return from [sleep.3] on their own, or by a wake
 * that somebody is about to make; each that returns takes one claim with it ([sleep.4]), whoever
 * it was meant for. And `woken` is never less than what there is to do for those asleep: as long
 * as there is a batch (room) and a sleeper without a claim to spare, the next change claims one.
 * So there is at most one wake for each time that a thread slept, and none when nobody sleeps.
 *
 * A word would have to change 2^32 times between a thread's giving the lock back and its falling
 * asleep for it to miss the change.
 *
 * Memory orders. All members are guarded by the lock, whose acquire and release order them; that is
 * why the atomic ones among them are written relaxed. They are atomic because they are also looked
 * at without the lock:
 *
 * - a gate's `word`, by the kernel, when a thread falls asleep (ordered by futex.h). The thread's
 *   own [sleep.1] cannot be newer than the kernel's look, which comes later in the same thread, and
 *   an [admit.2] that it has not seen comes later under the lock, so that it finds it counted.
 * - `n` and the two ends, by a thread that spins before it takes the lock. It concludes from them
 *   only that it is time to take the lock, and looks again under it ([put.1], [get.1]); a look
 *   that is late costs time, not truth. So this need not be acquire.
 *
 * What a thread did before it put a batch is visible to the one that gets it by the same lock.
 */
#include "analyzer/ring/ring.h"

#include <assert.h>
#include <errno.h>
#include <stdalign.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "analyzer/ring/futex.h"
#include "analyzer/ring/lock.h"
#include "analyzer/ring/spin.h"

/* What one core writes in it another has to fetch again. */
#define CACHE_LINE 64

/* So that the sum of two indices is one, too. More than memory has room for. */
#define CAPACITY_MOST (UINT32_MAX / 2)

#define ALL UINT32_MAX

/* What waits for the ring to become not empty, or not full. Guarded by the ring's lock, but for
 * the kernel's look at `word`, and `spin`. */
struct gate {
	_Atomic uint32_t word; /* changes when sleepers have to look again */
	uint32_t sleepers;     /* threads that sleep on it or are about to */
	uint32_t woken;        /* how many of them are on their way back; at most `sleepers` */
	struct ws_spin spin;   /* how long is worth waiting before sleeping */
};

/* The lock and what is read or written at each hand-over share one line: a core that has the lock
 * has it all. */
struct ws_ring {
	alignas(CACHE_LINE) struct ws_lock lock; /* guards all below */
	_Atomic int closed;    /* 0: open; otherwise what get returns once the ring is empty */
	_Atomic int cancelled; /* 0: no; otherwise what put and get return */
	_Atomic uint32_t n;    /* batches inside */
	uint32_t first;        /* index of the oldest batch */
	uint32_t capacity;
	struct gate not_empty;               /* for those that get */
	struct gate not_full;                /* for those that put */
	alignas(CACHE_LINE) void *batches[]; /* Weak: in transit, owned by nobody else */
};

static_assert(offsetof(struct ws_ring, batches) == CACHE_LINE, "one line");

struct ws_ring *ws_ring_new(size_t capacity)
{
	struct ws_ring *ring;
	size_t size;

	if (!capacity || capacity > CAPACITY_MOST)
		return NULL;
	/* aligned_alloc wants a multiple of the alignment. */
	size = sizeof(*ring) + capacity * sizeof(void *);
	size = (size + CACHE_LINE - 1) / CACHE_LINE * CACHE_LINE;
	ring = aligned_alloc(CACHE_LINE, size);
	if (!ring)
		return NULL;
	*ring = (struct ws_ring){ .capacity = (uint32_t)capacity };
	return ring;
}

void ws_ring_free(struct ws_ring *ring)
{
	free(ring);
}

/* Under the lock, or for a look that is repeated under it. */
static uint32_t count(struct ws_ring *ring)
{
	return atomic_load_explicit(&ring->n, memory_order_relaxed);
}

static void set_count(struct ws_ring *ring, uint32_t n)
{
	atomic_store_explicit(&ring->n, n, memory_order_relaxed);
}

static int closed(struct ws_ring *ring)
{
	return atomic_load_explicit(&ring->closed, memory_order_relaxed);
}

static int cancelled(struct ws_ring *ring)
{
	return atomic_load_explicit(&ring->cancelled, memory_order_relaxed);
}

static bool must_wait_to_put(struct ws_ring *ring)
{
	return !cancelled(ring) && !closed(ring) && count(ring) == ring->capacity;
}

static bool must_wait_to_get(struct ws_ring *ring)
{
	return !cancelled(ring) && !closed(ring) && count(ring) == 0;
}

/* Under the lock, after a change that matters to at most `most` of the gate's sleepers: how many
 * the caller has to wake after giving it back. */
static uint32_t admit(struct gate *gate, uint32_t most)
{
	uint32_t n = gate->sleepers - gate->woken;

	if (n > most)
		n = most;
	if (!n)
		return 0;
	gate->woken += n; /* [admit.1] */
	/* [admit.2] relaxed, and no read-modify-write: under the lock there is one writer */
	atomic_store_explicit(&gate->word,
			      atomic_load_explicit(&gate->word, memory_order_relaxed) + 1,
			      memory_order_relaxed);
	return n;
}

/* Sleeps until the gate admits somebody, or for no reason. The lock is held before and after, not
 * meanwhile. */
static void sleep_at(struct ws_ring *ring, struct gate *gate)
{
	/* [sleep.1] relaxed: written under the lock */
	uint32_t word = atomic_load_explicit(&gate->word, memory_order_relaxed);

	gate->sleepers++; /* [sleep.2] */
	ws_lock_give(&ring->lock);
	ws_futex_wait(&gate->word, word); /* [sleep.3] */
	ws_lock_take(&ring->lock);
	gate->sleepers--; /* [sleep.4] */
	if (gate->woken)
		gate->woken--; /* [sleep.5] */
}

/* Before the lock is taken: waits a moment for what a sleep would wait for. */
static void spin_at(struct ws_ring *ring, struct gate *gate,
		    bool (*must_wait)(struct ws_ring *ring))
{
	uint32_t limit, turn;

	if (!must_wait(ring))
		return;
	limit = ws_spin_limit(&gate->spin);
	for (turn = 0; turn < limit && must_wait(ring); turn++)
		ws_spin_pause();
	ws_spin_learn(&gate->spin, turn, turn < limit);
}

/* Under the lock; there is room. */
static void add_last(struct ws_ring *ring, void *batch)
{
	uint32_t n = count(ring);
	uint32_t i = ring->first + n;

	ring->batches[i < ring->capacity ? i : i - ring->capacity] = batch;
	set_count(ring, n + 1);
}

/* Under the lock; there is one. */
static void *take_first(struct ws_ring *ring)
{
	void *batch = ring->batches[ring->first];

	ring->first = ring->first + 1 < ring->capacity ? ring->first + 1 : 0;
	set_count(ring, count(ring) - 1);
	return batch;
}

/* What is inlined into the functions of the interface leaves them on the stack, where the analyzer
 * itself is traced: a tail call would take them off. */
#define INTERFACE static inline __attribute__((always_inline))

INTERFACE int put(struct ws_ring *ring, void *batch, bool may_sleep)
{
	uint32_t wake = 0;
	int r = 0;

	if (may_sleep)
		spin_at(ring, &ring->not_full, must_wait_to_put);
	ws_lock_take(&ring->lock);
	while (may_sleep && must_wait_to_put(ring)) /* [put.1] */
		sleep_at(ring, &ring->not_full);
	if (cancelled(ring)) {
		r = cancelled(ring);
	} else if (closed(ring)) {
		r = -EPIPE;
	} else if (count(ring) == ring->capacity) {
		r = -EAGAIN;
	} else {
		add_last(ring, batch); /* [put.2] */
		wake = admit(&ring->not_empty, 1);
	}
	ws_lock_give(&ring->lock);
	if (wake)
		ws_futex_wake(&ring->not_empty.word, wake); /* [put.3] */
	return r;
}

INTERFACE int get(struct ws_ring *ring, void **batch, bool may_sleep)
{
	uint32_t wake = 0;
	int r = 0;

	if (may_sleep)
		spin_at(ring, &ring->not_empty, must_wait_to_get);
	ws_lock_take(&ring->lock);
	while (may_sleep && must_wait_to_get(ring)) /* [get.1] */
		sleep_at(ring, &ring->not_empty);
	if (cancelled(ring)) {
		r = cancelled(ring);
	} else if (count(ring) > 0) {
		*batch = take_first(ring); /* [get.2] */
		wake = admit(&ring->not_full, 1);
	} else {
		r = closed(ring) ? closed(ring) : -EAGAIN;
	}
	ws_lock_give(&ring->lock);
	if (wake)
		ws_futex_wake(&ring->not_full.word, wake); /* [get.3] */
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
INTERFACE void finish(struct ws_ring *ring, _Atomic int *end, int status)
{
	uint32_t getters, putters;

	/* 0 would leave the ring open and everybody asleep: a caller's mistake shows as an error.
	 */
	if (status >= 0)
		status = -EINVAL;
	ws_lock_take(&ring->lock);
	if (!atomic_load_explicit(end, memory_order_relaxed))
		atomic_store_explicit(end, status, memory_order_relaxed); /* [end.1] */
	getters = admit(&ring->not_empty, ALL);
	putters = admit(&ring->not_full, ALL);
	ws_lock_give(&ring->lock);
	if (getters)
		ws_futex_wake(&ring->not_empty.word, getters); /* [end.2] */
	if (putters)
		ws_futex_wake(&ring->not_full.word, putters); /* [end.3] */
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
	uint32_t wake = 0;

	ws_lock_take(&ring->lock);
	if (count(ring) > 0) {
		batch = take_first(ring); /* [drain.1] */
		wake = admit(&ring->not_full, 1);
	}
	ws_lock_give(&ring->lock);
	if (wake)
		ws_futex_wake(&ring->not_full.word, wake); /* [drain.2] */
	return batch;
}
