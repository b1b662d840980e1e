/* SPDX-License-Identifier: MIT */
/* setup.h: what every analysis is given: the wishes of the user before the trace, and what the
 * answers are made with after it.
 */
#ifndef WS_SETUP_H
#define WS_SETUP_H

#include "analyzer/analyses/contention.h"
#include "analyzer/analyses/deadlock.h"
#include "analyzer/analyses/findings.h"
#include "analyzer/analyses/mentions.h"
#include "analyzer/analyses/places.h"
#include "analyzer/analyses/wait_class.h"
#include "analyzer/base/arena.h"

/* A wait for a lock that is open at the end for longer is worth a word. */
#define WS_STUCK_NS 10000000000ull

/* X(SYMBOL, word): what a node of the wait graph is, see shape.h. */
#define WS_GRAPH_BYS(X)                                                                            \
	X(THREAD, thread)                                                                          \
	X(SITE, site)                                                                              \
	X(POOL, pool)                                                                              \
	X(PROCESS, process)                                                                        \
	X(OBJECT, object)

#define WS_GRAPH_BY_ENUM(sym, word) WS_GRAPH_BY_##sym,
enum ws_graph_by { WS_GRAPH_BYS(WS_GRAPH_BY_ENUM) WS_GRAPH_BY_COUNT };
#undef WS_GRAPH_BY_ENUM

/* X(SYMBOL, word): what the waits may be summed by, see groupings.h. */
#define WS_GROUPED(X)                                                                              \
	X(SITE, site)                                                                              \
	X(OBJECT, object)                                                                          \
	X(THREAD, thread)                                                                          \
	X(PROCESS, process)                                                                        \
	X(KIND, kind)

#define WS_GROUPED_ENUM(sym, word) WS_GROUPED_##sym,
enum ws_group_by { WS_GROUPED(WS_GROUPED_ENUM) WS_GROUPED_COUNT };
#undef WS_GROUPED_ENUM

/* X(SYMBOL, word): what objects and groups may be in the order of. */
#define WS_SORTS(X)                                                                                \
	X(TIME, time)                                                                              \
	X(WAITS, waits)                                                                            \
	X(MEAN, mean)                                                                              \
	X(P50, p50)                                                                                \
	X(P95, p95)                                                                                \
	X(P99, p99)                                                                                \
	X(MAX, max)                                                                                \
	X(NAME, name)

#define WS_SORT_ENUM(sym, word) WS_SORT_##sym,
enum ws_sort { WS_SORTS(WS_SORT_ENUM) WS_SORT_COUNT };
#undef WS_SORT_ENUM

/* The wait graph that is wanted. */
struct ws_graph_wish {
	bool wanted;
	bool instant;   /* at one moment; else over the span of the filter */
	uint64_t at_ns; /* that moment, since the first record; UINT64_MAX: the end of the trace */
	enum ws_graph_by by;
};

/* What the user wants of the analyses. */
struct ws_setup {
	struct ws_filter filter; /* which waits count */
	struct ws_graph_wish graph;
	int32_t path_tid;        /* whose end the critical path is to; 0: the run's */
	bool slices; /* how evenly waits are spread over the run is wanted: slices.h */
	const char *const *what_ifs; /* Weak: OBJECT, OBJECT=none or OBJECT=half, by id or name */
	size_t n_what_ifs;
	uint64_t stuck_ns;       /* a wait for a lock that was open at the end so long is told; 0:
				  * WS_STUCK_NS */
	const struct ws_class_wish *class_wishes; /* Weak: classes by name, later ones count */
	size_t n_class_wishes;
	bool is_grouped; /* a table by `group_by` is wanted, too */
	enum ws_group_by group_by;
	bool is_sorted; /* objects are wanted in the order of `sort`, not that of time and class */
	enum ws_sort sort;
	size_t intervals; /* so many waits are kept one by one: intervals.h; 0: none */
	bool journal;     /* every wait is kept, with all that is known of it: journal.h */
};

/* What answers are made with, once the trace is over. Everything is Weak, and outlives them. */
struct ws_context {
	const struct ws_setup *setup;
	const struct ws_tables *tables;
	struct ws_symbols *symbols;
	struct ws_places *places;     /* frames and trails of parties */
	struct ws_arena *strings;     /* names and texts of the answers */
	struct ws_findings *findings; /* where an analysis puts what it found */
	struct ws_deadlocks *deadlocks; /* where it puts the deadlocks */
	struct ws_mentions *mentions;   /* objects that answers refer to: see ws_context_mention */
	const struct ws_contention_result *contention;
};

/* What people call the object. *ret is owned by the context. 0 or -ENOMEM. */
int ws_context_object_name(const struct ws_context *context, const struct ws_object *object,
			   const char **ret);

/* The same with its kind before it, where the name does not begin with that: "mutex cache.lock". */
int ws_context_object_words(const struct ws_context *context, const struct ws_object *object,
			    const char **ret);

/* An answer refers to the object by its id: the report is to say what that is, though no wait that
 * counts was for it. Those of findings and deadlocks are mentioned already. 0 or -ENOMEM. */
int ws_context_mention(const struct ws_context *context, const struct ws_object *object);

#endif
