/* SPDX-License-Identifier: MIT */
/* lock.c: see lock.h.
 *
 * The rule that keeps it alive: whoever sleeps has stored 2 since the last time that the word was
 * 0, and whoever frees the word with a 2 in it wakes one. The one that wakes takes the lock with
 * 2 again, since it cannot know whether it was the last sleeper: at worst that is one wake too
 * many.
 */
#include "analyzer/ring/lock.h"

#include "analyzer/ring/futex.h"

/* The most turns that a taker spins before it sleeps. What the lock protects takes some tens of
 * nanoseconds, and a futex call takes a microsecond, about thirty pauses. */
#define SPIN_MAX 100

static inline void pause_cpu(void)
{
	__builtin_ia32_pause();
}

/* Spins at most twice as long as has paid lately. Nonzero if it got the lock. */
static int spin(struct ws_lock *lock)
{
	uint32_t mean = atomic_load_explicit(&lock->spins, memory_order_relaxed);
	uint32_t limit = mean * 2 + 10 < SPIN_MAX ? mean * 2 + 10 : SPIN_MAX;
	uint32_t turn;
	int got = 0;

	for (turn = 0; turn < limit && !got; turn++) {
		uint32_t zero = 0;

		pause_cpu();
		/* [lock.2] take it if it looks free; acquire pairs with [unlock.1] */
		got = atomic_load_explicit(&lock->word, memory_order_relaxed) == 0 &&
		      atomic_compare_exchange_strong_explicit(
			      &lock->word, &zero, 1, memory_order_acquire, memory_order_relaxed);
	}
	/* Only a hint: lost updates do no harm. */
	atomic_store_explicit(&lock->spins,
			      (uint32_t)((int32_t)mean + ((int32_t)turn - (int32_t)mean) / 8),
			      memory_order_relaxed);
	return got;
}

void ws_lock_take(struct ws_lock *lock)
{
	uint32_t zero = 0;

	/* [lock.1] 0 -> 1; acquire pairs with [unlock.1] */
	if (atomic_compare_exchange_strong_explicit(&lock->word, &zero, 1, memory_order_acquire,
						    memory_order_relaxed))
		return;
	if (spin(lock))
		return;
	/* [lock.3] any -> 2: taken if it was 0, announced otherwise; acquire pairs with
	 * [unlock.1] */
	while (atomic_exchange_explicit(&lock->word, 2, memory_order_acquire) != 0)
		ws_futex_wait(&lock->word, 2); /* [lock.4] */
}

void ws_lock_give(struct ws_lock *lock)
{
	/* [unlock.1] any -> 0; release pairs with [lock.1], [lock.2] and [lock.3] */
	if (atomic_exchange_explicit(&lock->word, 0, memory_order_release) == 2)
		ws_futex_wake(&lock->word, 1); /* [unlock.2] */
}
