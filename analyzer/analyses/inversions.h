/* SPDX-License-Identifier: MIT */
/* inversions.h: threads that waited for a lock held by one that is scheduled after them.
 *
 * In: what the program chose for its threads, and the finished waits on owned objects.
 *
 * Rule: a thread is scheduled as the program chose for it, else as the thread that made it was when
 * it did, else by default. SCHED_DEADLINE comes before SCHED_FIFO and SCHED_RR by their priority,
 * these before the rest by nice value, SCHED_IDLE comes last. A part of a wait that is charged to a
 * holder that comes after the waiter is an inversion; among the rest the nice values must differ by
 * WS_INVERSION_NICE or more. A mutex with a priority protocol schedules its holder as its waiters:
 * it has none. What an untraced program chose before (chrt, nice) is the same for all, and not
 * known.
 *
 * Finding `priority_inversion`: an object with WS_INVERSION_NS or more of such waiting.
 *
 * Cost: O(holders) a wait; memory by threads and objects.
 */
#ifndef WS_INVERSIONS_H
#define WS_INVERSIONS_H

#include "analyzer/analyses/setup.h"

#define WS_INVERSION_NICE 5
#define WS_INVERSION_NS   1000000ull

/* The findings are all that there is to tell. */
struct ws_inversions_result;
struct ws_inversions;

#endif
