/* SPDX-License-Identifier: MIT */
/* wait_rule.h: a limit for waits as people write it: which waits, and what they may take.
 *
 *     rule   = term { "," term }                      at least one limit
 *     term   = "kind=" KIND { "|" KIND }              only waits for objects of these kinds
 *            | "object=" GLOB                         of such a name, with or without the kind
 *            | "site=" GLOB                           at such a line: "f", "a.c:12" or "f() a.c:12"
 *            | field "<" value                        a limit
 *     field  = "p50" | "p95" | "p99" | "max" | "total"   value: a time such as 2ms, 1.5s
 *            | "waits"                                   value: a number
 *
 *     kind=mutex,p99<2ms     object=cache*,site=refill,total<1s,waits<100
 *
 * Of several runs, each is to keep it. No waits keep every limit.
 */
#ifndef WS_WAIT_RULE_H
#define WS_WAIT_RULE_H

#include "analyzer/analyses/digest.h"
#include "analyzer/base/error.h"

/* X(SYMBOL, word) */
#define WS_LIMITS(X)                                                                               \
	X(P50, p50)                                                                                \
	X(P95, p95)                                                                                \
	X(P99, p99)                                                                                \
	X(MAX, max)                                                                                \
	X(TOTAL, total)                                                                            \
	X(WAITS, waits)

#define WS_LIMIT_ENUM(sym, word) WS_LIMIT_##sym,
enum ws_limit { WS_LIMITS(WS_LIMIT_ENUM) WS_LIMIT_COUNT };
#undef WS_LIMIT_ENUM

struct ws_wait_rule {
	const char *text; /* Weak: as it was written */
	uint32_t kinds;   /* bits of 1 << enum ws_kind; 0: all */
	char object[256]; /* "": all */
	char site[256];   /* "": all */
	bool limited[WS_LIMIT_COUNT];
	uint64_t limits[WS_LIMIT_COUNT]; /* nanoseconds, or waits */
};

/* `text` must outlive the rule. 0, or -EINVAL with *error saying what is wrong and with which part.
 */
int ws_wait_rule_parse(const char *text, struct ws_wait_rule *ret, struct ws_error *error);

/* What one run has of the waits that the rule is for. */
struct ws_wait_seen {
	struct ws_histogram waits; /* Owned by this */
	uint32_t longest_object;   /* that has the longest of them, an index, or WS_UNKNOWN */
	uint32_t longest_site;     /* where, an index, or WS_UNKNOWN */
};

/* 0 or -ENOMEM; free the histogram in any case. */
int ws_wait_rule_see(const struct ws_wait_rule *rule, const struct ws_digest *run,
		     struct ws_wait_seen *ret);

/* What the waits have of that. */
uint64_t ws_limit_value(enum ws_limit limit, const struct ws_histogram *waits);

const char *ws_limit_word(enum ws_limit limit);

#endif
