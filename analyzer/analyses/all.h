/* SPDX-License-Identifier: MIT */
/* all.h: the analyses that a report is made of, run as one.
 *
 * To add an analysis NAME: write its file with the functions that WS_ANALYSIS_DECLARE lists, and
 * add a row to WS_ANALYSES. It hears of what the model says by its observer, and answers once the
 * trace is over. Those that are further down may use the answers of those above.
 */
#ifndef WS_ALL_H
#define WS_ALL_H

#include "analyzer/analyses/acquisitions.h"
#include "analyzer/analyses/blame.h"
#include "analyzer/analyses/calls.h"
#include "analyzer/analyses/classes.h"
#include "analyzer/analyses/fairness.h"
#include "analyzer/analyses/fills.h"
#include "analyzer/analyses/groupings.h"
#include "analyzer/analyses/inversions.h"
#include "analyzer/analyses/hangs.h"
#include "analyzer/analyses/intervals.h"
#include "analyzer/analyses/journal.h"
#include "analyzer/analyses/leftovers.h"
#include "analyzer/analyses/lock_order.h"
#include "analyzer/analyses/misuse.h"
#include "analyzer/analyses/queues.h"
#include "analyzer/analyses/setup.h"
#include "analyzer/analyses/slices.h"
#include "analyzer/analyses/wakeups.h"

/* X(name): ws_<name>_new and so on, its answer is struct ws_<name>_result. */
#define WS_ANALYSES(X) X(leftovers) X(hangs) X(lock_order) X(mistakes) X(queues) X(fairness) X(wakeups) X(acquisitions) X(slices) X(classes) X(inversions) \
	X(blame) X(intervals) X(journal) X(groupings) X(calls) X(fills)

/* What every analysis has: the contract of its header's functions. The observer is valid as long as
 * the analysis, the answer as long as both the analysis and the context. Each 0 or -ENOMEM with
 * *ret untouched; free takes NULL. */
#define WS_ANALYSIS_DECLARE(name)                                                                  \
	int ws_##name##_new(const struct ws_setup *setup, struct ws_##name **ret);                 \
	void ws_##name##_free(struct ws_##name *name);                                             \
	struct ws_model_observer ws_##name##_observer(struct ws_##name *name);                     \
	int ws_##name##_finish(struct ws_##name *name, const struct ws_context *context,           \
			       struct ws_##name##_result **ret);                                   \
	void ws_##name##_result_free(struct ws_##name##_result *result);
#define WS_ANALYSIS_TYPES(name)                                                                    \
	struct ws_##name;                                                                          \
	struct ws_##name##_result;
WS_ANALYSES(WS_ANALYSIS_TYPES)
WS_ANALYSES(WS_ANALYSIS_DECLARE)

/* The answers. Owned by the analyses. */
struct ws_results {
	const struct ws_contention_result *contention;
#define WS_RESULT_MEMBER(name) struct ws_##name##_result *name;
	WS_ANALYSES(WS_RESULT_MEMBER)
#undef WS_RESULT_MEMBER
	const struct ws_finding *findings; /* in the order that reports show */
	size_t n_findings;
	const struct ws_deadlock *deadlocks; /* in the order that reports show */
	size_t n_deadlocks;
	const struct ws_mention *mentions; /* objects that answers refer to beside those of
					    * `contention`, by id */
	size_t n_mentions;
};

struct ws_analyses;

/* The setup is copied. 0 or -ENOMEM with *ret untouched. */
int ws_analyses_new(const struct ws_setup *setup, struct ws_analyses **ret);
void ws_analyses_free(struct ws_analyses *analyses); /* NULL is fine; the answers go with it */

/* To be given to ws_model_new: everybody hears everything. Valid as long as `analyses`. */
struct ws_model_observer ws_analyses_observer(struct ws_analyses *analyses);

/* The analyses in groups that may be told in threads of their own: no two groups share anything. To
 * be told all of what ws_analyses_observer's is, in the same order. `group` is below
 * WS_ANALYSES_GROUPS. Use this or ws_analyses_observer. */
#define WS_ANALYSES_GROUPS 2
struct ws_model_observer ws_analyses_group(struct ws_analyses *analyses, unsigned int group);

/* The answers, valid until the analyses are freed. The model, the tables and the symbols must
 * outlive them. Once only. 0 or -ENOMEM with *ret untouched. */
int ws_analyses_finish(struct ws_analyses *analyses, const struct ws_tables *tables,
		       struct ws_symbols *symbols, const struct ws_results **ret);

/* What the answers were made with, once they are there: valid as long as they are. */
const struct ws_context *ws_analyses_context(const struct ws_analyses *analyses);

#endif
