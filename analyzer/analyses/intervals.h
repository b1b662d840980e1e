/* SPDX-License-Identifier: MIT */
/* intervals.h: each wait that counts, one by one: what a timeline is drawn from.
 *
 * In: the finished waits of the model. Only as many as the setup asks for (`intervals`): unlike all
 * other answers this one takes memory by waits.
 *
 * Out: the waits by thread and begin, each with its shape: object, waiter, holder, waker, end.
 * Shapes are few, so a wait is four numbers and the shape's index.
 *
 * Holder: of owned kinds the last one that is known, where it took the object. Waker: who let the
 * wait go, where.
 *
 * Limit: so many waits are kept one by one. Where there are more, the shortest half goes into
 * sums by thread, kind and span of time, as often as it takes; `short_ns` says which those are. So
 * every wait that counts is in either the list or the sums.
 *
 * Cost: O(1) a wait; 32 bytes each up to the limit, and the sums by threads, kinds and spans.
 */
#ifndef WS_INTERVALS_H
#define WS_INTERVALS_H

#include "analyzer/analyses/setup.h"

/* So many a page asks for: they can be drawn, and written into a file that a browser opens. */
#define WS_INTERVALS_MAX 1250000u
/* Spans that the trace is cut into for the sums, at most. */
#define WS_INTERVAL_SPANS 1024u

/* How a wait ended, beside enum ws_outcome. */
enum ws_interval_end { WS_INTERVAL_OPEN = WS_OUTCOME_COUNT, WS_INTERVAL_LOST };

/* What waits have in common, but for their times and their thread. */
struct ws_interval_shape {
	const struct ws_object *object; /* Weak: owned by the model */
	struct ws_party waiter;
	/* Thread WS_UNKNOWN: nobody is known. */
	struct ws_party holder, waker;
	uint8_t end; /* enum ws_outcome or ws_interval_end */
};

struct ws_interval {
	uint64_t begin_ns, end_ns; /* trace clock */
	uint32_t wake_ns; /* so long before its end it was let go; 0: at its end, or not known */
	uint32_t thread;  /* index in the tables, or WS_UNKNOWN */
	uint32_t shape;   /* index in the shapes */
};

/* Short waits of one thread on one kind of object in one span. */
struct ws_interval_sum {
	uint32_t thread;
	uint32_t span;    /* number of the span, from the trace's begin on */
	uint32_t object;  /* its id, while it is not known which objects count; else WS_UNKNOWN */
	uint8_t kind;     /* enum ws_kind */
	uint32_t waits;   /* that began in it; UINT32_MAX and more: that */
	uint64_t wait_ns; /* of its time */
};

struct ws_intervals_result {
	const struct ws_interval
		*list; /* Owned by the analysis; by thread, begin, end from the last */
	size_t n;
	struct ws_interval_shape *shapes; /* Owned by this; in order of appearance */
	size_t n_shapes;
	uint64_t begin_ns; /* of the trace, or of the first wait: that begins before its record */
	uint64_t short_ns; /* shorter waits are in the sums only; 0: there are none */
	uint64_t span_ns;  /* length of a span */
	const struct ws_interval_sum *sums; /* Owned by the analysis; by thread, span, kind */
	size_t n_sums;
};

#endif
