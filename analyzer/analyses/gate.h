/* SPDX-License-Identifier: MIT */
/* gate.h: whether a build may pass: rules for its recorded runs, each kept, broken, or not known.
 *
 * In: digests of runs of one build; a baseline; the limits that the user set.
 *
 * Out: for each rule one entry if it is kept, and one for each thing that breaks it, with what was
 * seen and a line of code.
 *
 * Rules, in the order of WS_GATE_RULES. The structural ones come first: they depend on what the
 * program does, not on how fast; nothing that chance decides breaks them.
 *
 * - complete: no recording lost anything. What is not in it is unknown: the other rules are kept
 *   only as far as is known.
 * - deadlock: no deadlock occurred, and none is predictable. What only takes locks in contradicting
 *   orders is told by lock_order.
 * - finding: there is no finding of severity error.
 * - lock_order: no lock is taken while another is held in an order that the baseline has not.
 * - site: no line blocks on an object for which the baseline has not that line. Chance is: fewer
 *   waits than tolerances.site_waits, or fewer than site_share of a lock's acquisitions; unless they
 *   took site_share of the run. A sleep is no chance.
 * - contended: of no lock a larger part of the acquisitions waits than the baseline has, times
 *   tolerances.contended, and WS_CONTENDED_MORE; by the lower end of Wilson's interval (99 %), for
 *   all runs together.
 * - critical_path: of no object's waits the end of the run depends by a larger part, and
 *   tolerances.critical_path, than the baseline has: by the median of the runs.
 * - max_wait: each limit that the user set (wait_rule.h).
 *
 * Parts may be larger where other programs used the machine (WS_BUSY_MORE).
 *
 * lock_order, site, contended and critical_path need a baseline. A new object's share of contention
 * and path is told by `site`: its lines are new.
 *
 * A deadlock or error that is known and accepted is named by a key, of which the baseline lists
 * globs: the rule's word, the objects without what changes from run to run, and the function.
 */
#ifndef WS_GATE_H
#define WS_GATE_H

#include "analyzer/analyses/baseline.h"
#include "analyzer/analyses/wait_rule.h"

/* X(SYMBOL, word, doc) */
#define WS_GATE_RULES(X)                                                                           \
	X(COMPLETE, complete, "The recording has lost nothing")                                    \
	X(DEADLOCK, deadlock, "No deadlock occurred, and none is predictable")                     \
	X(FINDING, finding, "There is no finding of severity error")                               \
	X(LOCK_ORDER, lock_order, "No lock is taken in an order that is new")                      \
	X(SITE, site, "No line blocks that did not before")                                        \
	X(CONTENDED, contended, "Of no lock more acquisitions wait than before")                   \
	X(CRITICAL_PATH, critical_path, "The run depends on no object's waits more than before")   \
	X(MAX_WAIT, max_wait, "Waits keep the limits that were set")

#define WS_GATE_RULE_ENUM(sym, word, doc) WS_GATE_##sym,
enum ws_gate_rule { WS_GATE_RULES(WS_GATE_RULE_ENUM) WS_GATE_RULE_COUNT };
#undef WS_GATE_RULE_ENUM

enum ws_gate_status { WS_GATE_PASS, WS_GATE_FAIL, WS_GATE_UNKNOWN };

struct ws_gate_entry {
	enum ws_gate_rule rule;
	enum ws_gate_status status;
	const char *subject; /* the object, order or limit; "" for a rule that is kept as a whole */
	const char *message; /* a sentence without a full stop */
	const char *evidence; /* what was seen, the same; "" if the message says it all */
	const char *key;      /* by which it can be accepted; NULL: it cannot */
	const struct ws_digest_site *site; /* Weak: owned by a digest; NULL: nowhere */
};

struct ws_gate_options {
	const struct ws_baseline *baseline; /* Weak; NULL: there is none */
	struct ws_tolerances tolerances;
	const struct ws_wait_rule *limits; /* Weak */
	size_t n_limits;
	bool allow_unknown; /* what is not known does not fail */
};

struct ws_gate_result {
	struct ws_gate_entry *entries; /* Owned by this; by rule, and as they were found */
	size_t n;
	size_t failed, unknown; /* of these */
	bool pass;
	struct ws_arena strings;
};

/* The digests, and the baseline, must outlive the result. 0 or -ENOMEM with *ret untouched. */
int ws_gate_judge(const struct ws_side *runs, const struct ws_gate_options *options,
		  struct ws_gate_result **ret);
void ws_gate_free(struct ws_gate_result *result); /* NULL is fine */

const char *ws_gate_rule_word(enum ws_gate_rule rule);
const char *ws_gate_rule_doc(enum ws_gate_rule rule);
const char *ws_gate_status_word(enum ws_gate_status status); /* pass, fail, unknown */

#endif
