/* SPDX-License-Identifier: MIT */
/* one_sided.h: the findings, deadlocks and orders of locks that only one side of a comparison has.
 *
 * They are the same if rule (or verdict) and objects are; findings without objects if the line is,
 * too.
 *
 * Cost: (those of one side) * (those of both).
 */
#ifndef WS_ONE_SIDED_H
#define WS_ONE_SIDED_H

#include "analyzer/analyses/compare.h"

/* 0 or -ENOMEM. */
int ws_one_sided_findings(const struct ws_side sides[WS_SIDES], const struct ws_matching *matching,
			  struct ws_one_sided_list *ret);
int ws_one_sided_deadlocks(const struct ws_side sides[WS_SIDES], const struct ws_matching *matching,
			   struct ws_one_sided_list *ret);
int ws_one_sided_edges(const struct ws_side sides[WS_SIDES], const struct ws_matching *matching,
		       struct ws_one_sided_list *ret);

/* How many findings of severity error, and deadlocks that occurred or are predictable, of the lists of
 * the comparison only the side after has. */
size_t ws_one_sided_errors(const struct ws_comparison *comparison);

#endif
