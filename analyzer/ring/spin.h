/* SPDX-License-Identifier: MIT */
/* spin.h: how long to spin before sleeping, learned from how it went before.
 *
 * A sleeper costs two system calls and a switch, some microseconds; what it waits for may be there
 * after some nanoseconds. So a waiter looks again for a while first: twice as long as it took on
 * the average when it was worth it, and less each time that it was not, down to a few turns where
 * waits are long or there is no processor for the other thread to run on.
 */
#ifndef WS_SPIN_H
#define WS_SPIN_H

#include <stdatomic.h>
#include <stdint.h>

/* Turns that are always tried: without them, nothing would ever be learned again. */
#define WS_SPIN_LEAST 10

/* The most turns, about what a sleep and a wake cost (a turn takes 10 to 40 ns): so nobody spends
 * more than twice the cost of the better choice. */
#define WS_SPIN_MOST 200

/* Zeroes are a good start. */
struct ws_spin {
	/* Running mean of the turns after which spinning succeeded. Relaxed: a hint of its own,
	 * which orders nothing and guards nothing; a lost update does no harm. */
	_Atomic uint32_t mean;
};

static inline void ws_spin_pause(void)
{
	__builtin_ia32_pause();
}

/* How many turns to spin now. */
static inline uint32_t ws_spin_limit(struct ws_spin *spin)
{
	uint32_t limit = 2 * atomic_load_explicit(&spin->mean, memory_order_relaxed);

	limit += WS_SPIN_LEAST;
	return limit < WS_SPIN_MOST ? limit : WS_SPIN_MOST;
}

/* Learns from a try that succeeded after `turns`, or did not (`success` is 0). */
static inline void ws_spin_learn(struct ws_spin *spin, uint32_t turns, int success)
{
	uint32_t mean = atomic_load_explicit(&spin->mean, memory_order_relaxed);
	uint32_t target = success ? turns : 0;
	/* An eighth of the way, at least one turn, so that it arrives. */
	uint32_t next =
		target > mean ? mean + (target - mean + 7) / 8 : mean - (mean - target + 7) / 8;

	if (next != mean)
		atomic_store_explicit(&spin->mean, next, memory_order_relaxed);
}

#endif
