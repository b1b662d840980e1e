/* SPDX-License-Identifier: MIT */
/* contention.h: on what threads waited, how long, who held it, and who ended the waits.
 *
 * In: the waits of the model, one by one; at the end the tables and the symbols.
 *
 * Out: one entry an object with its waiters, holders and wakers, and the edges waiter -> blocker,
 * in the order that reports show: the same trace gives the same bytes.
 *
 * Rule: a wait counts once for its object, its kind and its thread. For an owned object it counts
 * for each holder with the part that this one is charged with (model.h); the parts of one wait sum
 * up to it, except for several read holders, each of whom it needed. Without an owner it counts in
 * full for its waker. A wait on such an object that is open at the end has an edge to every place
 * that ever released the object: any of them could end it. One that timed out or was interrupted
 * has none: nobody let it go on. What is not known is a party of its own, with thread WS_UNKNOWN.
 *
 * Cost: O(log buckets) a wait; memory by distinct (object, waiter, blocker), threads at sites with
 * stacks, not by waits. Prints nothing, reads no clock.
 */
#ifndef WS_CONTENTION_H
#define WS_CONTENTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analyzer/analyses/filter.h"
#include "analyzer/analyses/histogram.h"
#include "analyzer/decode/symbols.h"
#include "analyzer/model/model.h"

/* A call stack as people read it, innermost first, without the preload library's own frames. */
struct ws_trail {
	const struct ws_frame *frames; /* Owned by the result; NULL if n is 0 */
	size_t n;                      /* 0: not taken, or its definition never came */
};

/* A thread at a place in the code. */
struct ws_party {
	uint32_t thread;              /* index in the tables, or WS_UNKNOWN */
	uint32_t code;                /* code index of the site, or WS_UNKNOWN */
	uint32_t stack;               /* stack index, or WS_UNKNOWN */
	const struct ws_frame *site;  /* first frame outside the runtime; NULL: unknown */
	const struct ws_trail *trail; /* never NULL; Owned by the result */
};

/* What one party has to do with the waits on one object. */
struct ws_share {
	struct ws_party party;
	struct ws_histogram waits; /* of the time that it counts for */
};

/* The same for one line of code, whatever thread and stack led there. */
struct ws_site_share {
	const struct ws_frame *site; /* NULL: unknown */
	size_t n_threads;            /* distinct known threads */
	uint32_t thread;             /* the one with most of the time, or WS_UNKNOWN */
	struct ws_histogram waits;
};

/* Those in one role towards an object. Each order is by time, most first. */
struct ws_role {
	struct ws_share *shares;
	size_t n_shares;
	struct ws_site_share *sites;
	size_t n_sites;
};

/* What one process moved through a pipe, FIFO, socket or eventfd. */
struct ws_flow {
	uint32_t process;             /* index */
	uint64_t bytes_in, bytes_out; /* read, written */
	uint64_t calls_in, calls_out;
	uint32_t priority_low, priority_high; /* mq: of the messages, and one; 0: none */
	bool reads, writes;           /* it did, or waited to */
	uint64_t empty_ns, full_ns;   /* it waited for something to read; for room */
	uint64_t span_ns;             /* from the process's begin to the last that is known of it */
};

struct ws_object_contention {
	const struct ws_object *object; /* Weak: owned by the model */
	const char *name;               /* Owned by the result */
	const uint32_t *processes;      /* indexes of those that met it, ascending */
	size_t n_processes;
	struct ws_histogram waits;
	uint64_t outcomes[WS_OUTCOME_COUNT]; /* by enum ws_outcome */
	uint64_t open;                       /* waits that were open at the end */
	uint64_t lost;                       /* waits whose end was lost */
	uint64_t unknown_ns;                 /* time for which no holder or waker is known */
	struct ws_flow *flows; /* Owned by the result; by process */
	size_t n_flows;
	uint64_t fill, room; /* as in ws_transfer: the most that anybody saw */
	uint64_t empty_ns; /* of the time: waiting for something to read */
	uint64_t full_ns;  /* pipes and the like: waiting for room to write */
	struct ws_role waiters;
	struct ws_role holders; /* owned kinds only */
	struct ws_role wakers;
	struct ws_role last; /* sysv_sem: see `last` in model.h; of waits that nobody is known to have ended */
};

/* A waited for B. */
struct ws_edge {
	struct ws_party waiter;
	struct ws_party blocker;
	size_t object;  /* index in the result's objects */
	bool needs_all; /* the waiter needs all of its blockers (and), not any of them (or) */
	uint64_t waits;
	uint64_t wait_ns;
};

/* The same for lines of code, whatever threads and stacks led there. */
struct ws_site_edge {
	const struct ws_frame *waiter;  /* NULL: unknown */
	const struct ws_frame *blocker; /* NULL: unknown */
	size_t n_waiters;               /* distinct known threads */
	size_t n_blockers;
	uint32_t waiter_thread;  /* if there is just one, else WS_UNKNOWN */
	uint32_t blocker_thread; /* the same */
	size_t object;           /* index in the result's objects */
	bool needs_all;
	uint64_t waits; /* a wait for several of the blockers counts several times */
	uint64_t wait_ns;
};

struct ws_sum {
	uint64_t waits;
	uint64_t wait_ns;
};

struct ws_contention_result {
	struct ws_object_contention *objects; /* by time, most first */
	size_t n_objects;
	struct ws_edge *edges; /* by time, most first */
	size_t n_edges;
	struct ws_site_edge *site_edges; /* by time, most first */
	size_t n_site_edges;
	struct ws_sum *threads; /* by index in the tables */
	size_t n_threads;
	struct ws_sum total;
	struct ws_sum kinds[WS_KIND_COUNT]; /* by enum ws_kind */
	uint64_t open_waits;
	uint64_t lost_waits;
	uint64_t unknown_ns;      /* of the total: no holder or waker is known */
	uint8_t *counted;         /* Owned by this: by object id, 1: the filter's names fit; NULL: all */
	size_t n_counted;
	struct ws_places *places; /* Owned by this: frames and trails */
	struct ws_arena *strings; /* Owned by this: names and lists */
};

struct ws_contention;

/* 0 or -ENOMEM with *ret untouched. The filter is copied. */
int ws_contention_new(const struct ws_filter *filter, struct ws_contention **ret);
void ws_contention_free(struct ws_contention *contention); /* NULL is fine */

/* To be given to ws_model_new. Valid as long as `contention`. */
struct ws_model_observer ws_contention_observer(struct ws_contention *contention);

/* Time of the first record: --from and --to count from there. Before the first wait. */
void ws_contention_begin(struct ws_contention *contention, uint64_t begin_ns);

/* The answer. The model, the tables and the symbols must outlive it.
 * 0 or -ENOMEM with *ret untouched. */
int ws_contention_finish(const struct ws_contention *contention, const struct ws_tables *tables,
			 struct ws_symbols *symbols, struct ws_contention_result **ret);
/* False: a filter by names of objects leaves out this one. Of an object that somebody waited for. */
bool ws_contention_counts(const struct ws_contention_result *result, uint32_t object_id);
void ws_contention_result_free(struct ws_contention_result *result); /* NULL is fine */

#endif
