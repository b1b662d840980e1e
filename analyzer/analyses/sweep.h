/* SPDX-License-Identifier: MIT */
/* sweep.h: goes through a trace from its end to its begin, and knows at each time who waits for whom.
 *
 * At one time a thread runs, or it waits for one other thread, for something that is no thread, or for
 * the scheduler (past.h has the rules). So the threads are a forest: whoever waits follows whom it
 * waits for, and the root says for what the time of all in its tree was spent. A thread before its
 * begin follows who created it. Threads that follow each other in a circle have no root: that is a
 * cause of its own, unless one of them was not there yet as far as is known: it was then, or the others
 * could not have waited for it. Nothing is followed but what was so at that very time, which is why no chain can
 * run into the future.
 *
 * Going backwards, the last end comes first: a wait enters at its end and leaves at its begin. Whenever
 * a thread changes what it does, its own tree is told of the span since the last change.
 *
 * Cost: a heap step for each change of a wait, and a step for each thread in the tree of who changes;
 * memory by live threads and their waits.
 */
#ifndef WS_SWEEP_H
#define WS_SWEEP_H

#include "analyzer/analyses/past.h"
#include "analyzer/decode/tables.h"

/* What-ifs that are worked out in one sweep. */
#define WS_WHAT_IF_MAX 8

/* For what a span of time was spent. */
struct ws_cause {
	uint32_t what;   /* enum ws_cause_class */
	uint32_t thread; /* that ran, or was let go; time, outside, unknown: that waited; WS_UNKNOWN */
	uint32_t site;   /* running: what it did next that others waited for, code index; else where
			  * it waited; or WS_UNKNOWN */
	uint32_t stack;  /* of the same, or WS_UNKNOWN */
	uint32_t object; /* of the last wait on the way there: ws_object.id, or WS_UNKNOWN */
};

/* A wait that is under way at the time of the sweep. */
struct ws_sweep_wait {
	struct ws_past_wait past;
	struct ws_past_piece *pieces; /* Owned by this */
	size_t pieces_size;
	size_t piece;                 /* 1 more than the present one; 0: of one cause */
	bool woken;                   /* it was let go before: the scheduler's */
	bool top;                     /* its thread does nothing within it */
	bool birth;                   /* no wait: its thread had not begun */
	uint32_t whom;                /* thread that it follows now, or WS_UNKNOWN */
	struct ws_sweep_wait *prev, *next; /* of those who follow the same thread */
	struct ws_sweep_wait *outer;  /* that of the thread that this one nests in */
	uint64_t since_ns;            /* told up to here */
	uint64_t change_ns;           /* when it changes next */
	uint64_t order;               /* of two with one time the first */

	/* blame.h: how long its first holder ran, or was ready to, in it. */
	uint64_t busy_ns;

	/* what_if.h: latest time of the end that is reached by way of its waker, and around it. */
	int64_t by_waker[WS_WHAT_IF_MAX], around[WS_WHAT_IF_MAX];
};

struct ws_sweep_thread {
	struct ws_sweep_wait *top;       /* NULL: it runs, or is gone */
	struct ws_sweep_wait *followers; /* who wait for it, by `next` */
	bool gone;                       /* it has ended already */
	bool unborn;                     /* it has not begun */
	int64_t reaches[WS_WHAT_IF_MAX]; /* what_if.h */
};

struct ws_sweep {
	struct ws_past *past;           /* Weak */
	const struct ws_tables *tables; /* Weak */
	uint32_t *origins;              /* Owned by this: who made each thread, or WS_UNKNOWN */
	struct ws_sweep_thread *threads; /* Owned by this: by index in the tables */
	size_t n_active;                /* waits under way */
	uint64_t at_ns;                 /* time of the sweep */
};

/* What becomes of a tree, and of a thread. Each 0 or a negative errno. */
struct ws_sweep_hooks {
	void *context;
	/* `ns` of the wait were spent for that. `blocker`: the wait of the thread that it was for, NULL:
	 * that ran, or there was none. */
	int (*spent)(void *context, const struct ws_sweep *sweep, struct ws_sweep_wait *wait,
		     const struct ws_cause *cause, const struct ws_sweep_wait *blocker, uint64_t ns);
	/* It enters, at its end; it was let go at this time; it leaves, at its begin. All is still as
	 * it was after this time, but that `enter` is told when it is on top already. */
	int (*enter)(void *context, struct ws_sweep *sweep, struct ws_sweep_wait *wait);
	int (*woken)(void *context, struct ws_sweep *sweep, struct ws_sweep_wait *wait);
	int (*leave)(void *context, struct ws_sweep *sweep, struct ws_sweep_wait *wait);
	/* It goes on to an earlier time: all was as it is now since then. */
	int (*reach)(void *context, struct ws_sweep *sweep, uint64_t at_ns);
	/* A change was made. */
	int (*changed)(void *context, struct ws_sweep *sweep);
};

/* Goes through all of it. `hooks` that are NULL are not told. 0 or a negative errno. */
int ws_sweep_run(struct ws_past *past, const struct ws_tables *tables,
		 const struct ws_sweep_hooks *hooks, size_t n_hooks);

/* The thread at the root of this one's tree, and what the time is spent for there. `via` is what this
 * thread is followed by, for the case that it runs; it may be *ret. */
uint32_t ws_sweep_root(const struct ws_sweep *sweep, uint32_t thread, const struct ws_cause *via,
		       struct ws_cause *ret);

/* The same for a thread that is in a circle. */
void ws_sweep_circle(const struct ws_sweep *sweep, uint32_t thread, struct ws_cause *ret);

/* What the time of a wait that is followed no further is spent for. */
void ws_sweep_own_cause(const struct ws_sweep_wait *wait, struct ws_cause *ret);

/* What the thread that the wait is for is followed by. */
void ws_sweep_followed_by(const struct ws_sweep_wait *wait, struct ws_cause *ret);

#endif
