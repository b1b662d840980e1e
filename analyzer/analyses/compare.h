/* SPDX-License-Identifier: MIT */
/* compare.h: what became better or worse between two sets of runs of a program.
 *
 * In: digests of the runs before and of those after.
 *
 * Out: each object of either side with its figures, and which of them changed; the lines of code
 * that wait for it; the run as a whole; findings, deadlocks and orders of locks that are on one
 * side only.
 *
 * Rule. What is compared of an object is its waiting a run (or a second); with two runs or more on
 * either side also the number of waits, the part of the acquisitions that waited, and percentiles:
 * one run cannot say by how much these differ from run to run. A figure has changed if the interval
 * of noise.h leaves out "the same", and the difference is at least the floor: what part of the time
 * in which threads ran or waited for others is not worth telling. Waiting that is idle or for input
 * is not compared: it tells of what comes from outside, or of how long the others took.
 *
 * An object is better or worse by the first of its figures that changed, in the order of enum
 * ws_metric, but never by the number of its waits: fewer and longer ones are no gain.
 *
 * An error or deadlock that is after only is worse, whatever the figures say; one that is before only may
 * come again.
 *
 * What else is on one side only: findings that rest on how often something happened (convoys and the
 * like) come and go by chance, and are told as that; so are orders of locks, which depend on which
 * code ran.
 *
 * Order: objects by how much their waiting changed, most first; lines of code the same.
 */
#ifndef WS_COMPARE_H
#define WS_COMPARE_H

#include "analyzer/analyses/matching.h"
#include "analyzer/analyses/noise.h"

/* X(SYMBOL, word): the figures of an object. */
#define WS_METRICS(X)                                                                              \
	X(TIME, wait_ns)                                                                           \
	X(SHARE, contended)                                                                        \
	X(P99, p99_ns)                                                                             \
	X(P95, p95_ns)                                                                             \
	X(P50, p50_ns)                                                                             \
	X(WAITS, waits)

#define WS_METRIC_ENUM(sym, word) WS_METRIC_##sym,
enum ws_metric { WS_METRICS(WS_METRIC_ENUM) WS_METRIC_COUNT };
#undef WS_METRIC_ENUM

/* What may be said. */
enum ws_change {
	WS_CHANGE_UNTESTED, /* nothing: it is not compared, or not known */
	WS_CHANGE_NONE,     /* nothing beyond the noise */
	WS_CHANGE_BETTER,
	WS_CHANGE_WORSE,
};

struct ws_compare_options {
	double least;     /* part of the time of the threads that is worth telling; the floor */
	double run_noise; /* see ws_noise_run */
	bool per_second;  /* figures of a second; else of a run */
};
#define WS_COMPARE_LEAST 0.01

/* One figure. */
struct ws_compared {
	bool known; /* on both sides; else the rest is of no use */
	enum ws_change change;
	struct ws_ratio ratio;
};

/* An object on one side. */
struct ws_compared_side {
	size_t runs;                  /* that had it */
	double waits, wait_ns;        /* means of all runs */
	struct ws_histogram times;    /* of all runs; Owned by this */
	uint64_t acquired, waited;    /* of all runs; acquired 0: not known */
	double share_low, share_high; /* bounds for waited / acquired; of one lock's chance alone */
	double path_share;            /* of the critical path it would save so much at most
				       * without its waits, mean; < 0: not known */
	enum ws_class class;          /* that most of the time is of */
};

struct ws_compared_site {
	uint32_t site;                             /* number in the matching, or WS_UNKNOWN */
	double waits[WS_SIDES], wait_ns[WS_SIDES]; /* means of all runs */
	struct ws_compared time;
};

struct ws_compared_object {
	uint32_t number; /* in the matching */
	struct ws_compared_side sides[WS_SIDES];
	struct ws_compared metrics[WS_METRIC_COUNT];
	enum ws_change change;
	double shorter;                   /* see ws_noise_shorter; < 0: not known */
	struct ws_compared_site *waiters; /* Owned by this */
	size_t n_waiters;
};

/* A finding, a deadlock or an order of locks that is not on both sides. */
struct ws_one_sided {
	int side;            /* that has it */
	uint32_t run, index; /* the first of that side that has it, and which it is there */
	size_t runs;         /* of that side, that have it */
	bool by_chance;      /* it may be there or not without any change */
};

struct ws_one_sided_list {
	struct ws_one_sided *list; /* Owned by this */
	size_t n;
	size_t common; /* so many are on both sides */
};

struct ws_comparison {
	struct ws_side sides[WS_SIDES]; /* Weak */
	struct ws_matching *matching;   /* Owned by this */
	struct ws_compare_options options;
	struct ws_compared_object *objects; /* Owned by this */
	size_t n_objects;
	size_t better, worse, untested; /* of the objects */
	size_t tests;                   /* comparisons that were made */
	double floor_ns;
	struct ws_compared duration; /* of the run; always a run's */
	struct ws_compared time;     /* of all that is compared */
	struct ws_one_sided_list findings, deadlocks, edges;
	size_t new_errors; /* findings of severity error, and deadlocks, that are after only */
	bool lacks[WS_SIDES]; /* a run of it lost something */
};

/* The digests must outlive the result. 0 or -ENOMEM with *ret untouched. */
int ws_compare(const struct ws_side sides[WS_SIDES], const struct ws_compare_options *options,
	       struct ws_comparison **ret);
void ws_comparison_free(struct ws_comparison *comparison); /* NULL is fine */

/* True if waits of this class are compared. */
bool ws_compares_class(enum ws_class class);

const char *ws_metric_word(enum ws_metric metric);
const char *ws_change_word(enum ws_change change); /* unknown, same, better, worse */

#endif
