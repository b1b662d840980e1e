/* SPDX-License-Identifier: MIT */
/* compare.h: holds a report against the truth that the program measured itself.
 *
 * What must agree, for every object of the truth:
 *   waits       their number, exactly, and the number of each outcome
 *   totals      within 5 % of the clock around the calls, and never above it
 *   waiters     thread, function and line of each, with number and total as above
 *   holders     thread, function and line of each, with the time that others waited for them:
 *               the holds that the program measured, cut with its waits, within 5 %
 *   wakers      thread, function and line of each, and how many waits each ended
 *   tries       calls that must not wait: they are no waits
 * and for every kind of lock: no waits but those of the truth, none left open, nothing lost.
 *
 * Noise does not fail a test. Where a thread was kept from running inside the measured call but
 * outside its wait, the clock around the call is too wide by that much; the kernel says how much
 * (truth.h, `least`), and that and no more is added to the 5 %. On a quiet machine it is nothing.
 *
 * Special words of the truth:
 *   name "*"          all objects of this kind together
 *   outcome "maybe"   the call waited or not: the number of waits is bounded, not known
 *   outcome "jumped"  a wait left by longjmp(): how it ends is for the report to say
 *   value any_frame   1: the function may be anywhere in the stack (inlined library code)
 *   value all_wakes   1: the report has no wakers of an object of which the truth has none
 *   value holders_together  1: of all holders' time in the trace 5 % may be misplaced. Who takes a
 *                     mutex again before the one that it woke has run is seen only by chance
 *   value others      1: objects beside those of the truth may be waited for (an allocator's)
 *   value by_process  1: an object of the truth is one of its process, whatever has its name elsewhere
 *   value open_waits  how many waits are open at the end of the trace
 */
#ifndef WS_COMPARE_H
#define WS_COMPARE_H

#include "tests/support/e2e.h"

/* Fails, with every difference printed, unless the report agrees with the truth. */
void ws_assert_truth(const struct ws_run *run);

/* The same without failing: how many differences there are. They are printed if `loud`. */
int ws_truth_differences(const struct ws_run *run, bool loud);

#endif
