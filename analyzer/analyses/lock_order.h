/* SPDX-License-Identifier: MIT */
/* lock_order.h: locks that threads take in contradicting orders, and what may come of it.
 *
 * In:  what a thread held when it took one more lock (the model's edges), the first time in each of
 *      its segments; which thread made, joined, forked or collected which, and in which segments.
 *
 * Out: deadlocks that did not happen, each with the calls that took and would wait for every lock;
 *      and a finding `lock_order` for each that is not suppressed; and every order of two locks, in
 *      a cycle or not.
 *
 * Rules. A cycle is a chain of threads in which each takes a lock that the next one holds, the last
 * one that the first holds. It counts if all of this holds, and is suppressed, with the reason, if
 * not:
 *   - they are different threads;
 *   - no two of them hold a common lock (a gate), unless both only read it;
 *   - none of the locks is only tried, or taken with a time limit: such a call does not block for
 *     ever;
 *   - a reader does not wait for a reader. (One that waits behind a queued writer waits for that
 *     one, which is a step of its own. By glibc's default, readers pass it.)
 *   - threads of one process do not exclude each other by record locks, unless by those of open
 *     files;
 *   - nothing that the threads did before, between and after being created, joined, forked and
 *     collected puts one step before another. Semaphores, conditions and the like do not count:
 * that they ordered the threads this time does not mean that they always do.
 *
 * Verdicts: it occurred, as `hangs` says, and is not told again; predictable: each lock is certain
 * to be the same one all the time (it was initialised, or is static or shared), and none of the
 * threads had been let go on by another, or had taken and released other locks, before it took
 * these: then nothing keeps each from getting as far as its first lock before any gets to its
 * second; order_only: the rest.
 *
 * Each order of two locks is explained by one cycle, a short one. The search gives up after so many
 * steps (WS_LOCK_ORDER_STEPS) with a group of locks, which is counted.
 *
 * Memory by distinct orders of locks, and by threads. Prints nothing, reads no clock.
 */
#ifndef WS_LOCK_ORDER_ANALYSIS_H
#define WS_LOCK_ORDER_ANALYSIS_H

#include <stddef.h>
#include <stdint.h>

#include "analyzer/analyses/setup.h"

/* Steps of the search in one group of locks that depend on each other. */
#define WS_LOCK_ORDER_STEPS 2000000
/* Suppressed cycles that are told, of each group. */
#define WS_LOCK_ORDER_SUPPRESSED_MAX 32

/* One lock was taken while another was held, by a call that waits without a limit: two different
 * objects, and how that came first. */
struct ws_lock_pair {
	struct ws_lock held, taken;
	struct ws_party hold, take; /* the thread, and the calls that took the one and the other */
	uint64_t times;             /* that it was seen: each order some times at most */
};

struct ws_lock_order_result {
	size_t edges;               /* orders that were seen */
	struct ws_lock_pair *pairs; /* Owned by this; distinct by objects, in order of appearance */
	size_t n_pairs;
	size_t gave_up; /* groups of locks in which the search gave up */
};

struct ws_lock_order;

#endif
