/* SPDX-License-Identifier: MIT */
/* fairness.h: who got a lock how often while others waited, and who was overtaken.
 *
 * In: the finished waits on owned objects, and their releases, which are recorded where somebody
 * sleeps on the object or waited through a long hold.
 *
 * Out: for each such object the turns of each thread (holds that it let go in front of waiters), the
 * longest run of turns of one thread, and how often waits were overtaken: another thread took the
 * object after the wait had begun, and let it go before the wait ended. Jain's index over the turns
 * of those that had one or waited, in thousandths: 1000 if all had the same, 1000 / n if one had all.
 *
 * Findings. `unfair_lock`: a wait was overtaken WS_UNFAIR_OVERTAKEN times or more, by whom most.
 * `writer_starvation`: the same of a wait to write an rwlock, from WS_STARVED_OVERTAKEN times on, by
 * readers.
 *
 * Cost: O(1) a wait and a release; memory by objects and threads that met.
 */
#ifndef WS_FAIRNESS_H
#define WS_FAIRNESS_H

#include "analyzer/analyses/setup.h"

#define WS_UNFAIR_OVERTAKEN 100
#define WS_STARVED_OVERTAKEN 20

/* One thread at one object. */
struct ws_turns {
	uint32_t thread;    /* index */
	uint64_t turns;     /* holds that it let go in front of waiters */
	uint64_t waits;     /* its own */
	uint64_t wait_ns;
	uint64_t overtaken; /* how often its waits were, in all */
};

struct ws_fair {
	const struct ws_object *object; /* Weak: owned by the model */
	const struct ws_turns *threads; /* Owned by the result; most turns first, then by thread */
	size_t n_threads;
	uint64_t turns;       /* in all */
	uint64_t longest_run; /* turns of one thread with no other's between */
	uint64_t overtaken;   /* in all */
	uint64_t most;        /* by which one wait was overtaken */
	uint32_t jain;        /* thousandths */
};

struct ws_fairness_result {
	struct ws_fair *list; /* Owned by this; by object id */
	size_t n;
	struct ws_turns *turns; /* Owned by this */
};

struct ws_fairness;

/* That of the object; NULL: nobody let it go in front of waiters. */
const struct ws_fair *ws_fair_of(const struct ws_fairness_result *result,
				 const struct ws_object *object);

#endif
