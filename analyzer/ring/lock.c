/* SPDX-License-Identifier: MIT */
/* lock.c: see lock.h.
 *
 * The rule that keeps it alive: whoever sleeps has stored 2 since the last time that the word was
 * 0, and whoever frees the word with a 2 in it wakes one. The one that wakes takes the lock with
 * 2 again, since it cannot know whether it was the last sleeper: at worst that is one wake too
 * many.
 *
 * Memory orders, each weaker than the sequential consistency that the model assumes:
 *
 * - acquire at [lock.1] [lock.2] [lock.3] with release at [unlock.1]: of an acquisition that read
 *   the 0 of a release, all that came before the release happens before it. Nothing between take
 *   and give can move out: not up over an acquire, not down over a release. Steps outside may move
 *   in, which only makes the section longer.
 * - Why that is enough for the sleepers, too: all steps that matter are read-modify-writes of one
 *   word, and these have one order on which all threads agree, each reading what the one before
 *   it wrote. A [lock.3] before an [unlock.1] leaves its 2 for it (or for the [lock.3] of another,
 *   which leaves a 2 as well), a [lock.3] after it reads the 0 and does not sleep. A second word,
 *   for which sequential consistency would be needed, does not take part.
 * - relaxed where [lock.1] and [lock.2] fail, and at the look before [lock.2]: nothing is
 *   concluded from what was read but to try again.
 * - acquire, not acquire and release, at [lock.3]: the store of 2 publishes nothing.
 * - release, not acquire and release, at [unlock.1]: from the 2 follows a system call that is
 *   allowed to be for nothing, and no access to what the next holder writes.
 * - [lock.4] and [unlock.2]: ordered by the kernel (futex.h).
 */
#include "analyzer/ring/lock.h"

#include <stdbool.h>

#include "analyzer/ring/futex.h"

/* Spins for as long as has paid lately. True if it got the lock. */
static bool spin(struct ws_lock *lock)
{
	uint32_t limit = ws_spin_limit(&lock->spin);
	bool got = false;
	uint32_t turn;

	for (turn = 0; turn < limit && !got; turn++) {
		uint32_t zero = 0;

		ws_spin_pause();
		/* Looks before it writes: a failed exchange takes the line away from the holder. */
		got = atomic_load_explicit(&lock->word, memory_order_relaxed) == 0 &&
		      /* [lock.2] 0 -> 1; acquire pairs with [unlock.1] */
		      atomic_compare_exchange_strong_explicit(
			      &lock->word, &zero, 1, memory_order_acquire, memory_order_relaxed);
	}
	ws_spin_learn(&lock->spin, turn, got);
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
