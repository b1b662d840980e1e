/* SPDX-License-Identifier: MIT */
/* misuse.h: calls that did what they should not have: with whose lock, and where.
 *
 * In:  what the library saw (the model's misuses), the waits as they begin and end, which files are
 *      locked how (records), and, for lost signals, the findings of `hangs`.
 *
 * Out: findings; see docs/findings.md for each rule.
 *
 * Rules that need more than the event:
 *   - destroy_waited names those who wait then.
 *   - robust_abandoned gathers, for one mutex, who ended with it and who found it so.
 *   - cond_two_mutexes: a wait begins while another on the same condition lasts, with another
 *     mutex.
 *   - flock_inherited counts only while the parent that took the lock lives.
 *   - signal_lost: `hangs` says that nobody is left to let a wait on a condition go; a signal went
 *     to nobody before that wait began, and no wait on the condition began in between.
 *   - locks_mixed: one process locks a file by flock() only, another one by record locks only. Who
 *     takes both excludes both.
 * Of several calls that do the same wrong to one object, each call is told once.
 *
 * Memory by distinct misuses, by waits that are open, and by files and the processes that lock
 * them.
 */
#ifndef WS_MISUSE_ANALYSIS_H
#define WS_MISUSE_ANALYSIS_H

#include <stddef.h>

#include "analyzer/analyses/setup.h"

struct ws_mistakes_result {
	size_t seen; /* distinct ones that the library told of */
};

struct ws_mistakes;

#endif
