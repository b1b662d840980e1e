/* SPDX-License-Identifier: MIT */
/* wakeups.h: which wake-ups of condition variables were for nothing.
 *
 * In: the finished waits, and the releases of mutexes.
 *
 * Out: for each condition variable how many of its waits ended by being let go, and of these
 *   - in vain: the thread went back to wait by the same call without having let the mutex go. What it
 *     waits for had not come, or another was faster. (A thread that does its work under the mutex
 *     and then waits again looks the same.)
 *   - spurious: in vain, and nobody was seen to wake it.
 *   - false: who signalled still held the mutex, so that the woken thread had to wait again, inside
 *     the call, until that was released; and for how long.
 *   - broadcasts that let several go, and how many of these went back.
 *
 * Findings, each with its counts: `thundering_herd`: broadcasts woke WS_HERD_WOKEN threads or more
 * each, on average, and at least half of these went back, WS_WAKEUPS_MIN or more in all.
 * `signal_under_mutex`: WS_WAKEUPS_MIN or more false wake-ups, a tenth of all.
 *
 * Rule for `false`: the waker held a mutex as it signalled, and a release of that mutex by it is
 * recorded after its wake, and at most at the wait's end. It is recorded only where somebody sleeps
 * on the mutex: the woken thread. (Who signals without it, and takes it again before the woken
 * thread has come so far, has done nothing wrong.)
 *
 * Cost: O(1) a wait; memory by objects and threads.
 */
#ifndef WS_WAKEUPS_H
#define WS_WAKEUPS_H

#include "analyzer/analyses/setup.h"

#define WS_HERD_WOKEN 3
#define WS_WAKEUPS_MIN 10

struct ws_wakeup {
	const struct ws_object *object; /* Weak: owned by the model */
	uint64_t woken;                 /* waits that ended by being let go */
	uint64_t in_vain;
	uint64_t spurious;
	uint64_t false_waits;
	uint64_t false_ns;         /* how long these waited for the mutex */
	uint64_t broadcasts;       /* that let two threads or more go */
	uint64_t broadcast_woken;  /* threads that they let go */
	uint64_t broadcast_vain;   /* of these, in vain */
};

struct ws_wakeups_result {
	struct ws_wakeup *list; /* Owned by this; by object id */
	size_t n;
};

struct ws_wakeups;

/* That of the object; NULL: it is no condition variable, or nobody was let go. */
const struct ws_wakeup *ws_wakeup_of(const struct ws_wakeups_result *result,
				     const struct ws_object *object);

#endif
