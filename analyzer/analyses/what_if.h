/* SPDX-License-Identifier: MIT */
/* what_if.h: how long a run would have taken if the waits for an object were gone, or half as long.
 *
 * In: the waits of the trace backwards (sweep.h).
 *
 * Rule: the trace's order of causes is kept, its times are not. What ran takes as long as it took. A
 * wait that somebody ended is over when that thread has got to the same point, plus the time that the
 * scheduler took; it takes no time if that was before it began. What nobody ended (sleeps, timeouts,
 * input from outside, unknown) takes as long as it took, and so does a wait whose wake came before it.
 * A thread begins when who made it has got there. A wait for the object takes no time, or half of it,
 * and is for nobody.
 *
 * The predicted end is the longest way through this graph to the end of the thread, which is found
 * going backwards, with one number a thread: when the end would come if nothing but the way from here
 * counted. Without a change it is the real end.
 *
 * It is a bound and not a promise: the holders' own work is not made shorter, two threads may now be
 * where the lock let only one, and processors are not counted.
 */
#ifndef WS_WHAT_IF_H
#define WS_WHAT_IF_H

#include "analyzer/analyses/setup.h"
#include "analyzer/analyses/sweep.h"

struct ws_what_if {
	const struct ws_object *object; /* Weak; NULL: nothing is changed, a check */
	bool half;
	bool asked;            /* by the user */
	uint64_t duration_ns;  /* of the interval as it was */
	uint64_t predicted_ns; /* and as it would be */
};

struct ws_what_if_result {
	struct ws_what_if list[WS_WHAT_IF_MAX];
	size_t n;
	const char *missing; /* what was asked for and is no object; NULL: nothing. Weak */
};

struct ws_what_ifs;

/* To the end of `thread`, as for the path. 0 or -ENOMEM. */
int ws_what_ifs_new(uint32_t thread, uint64_t from_ns, uint64_t to_ns, size_t n_objects,
		    struct ws_what_ifs **ret);
void ws_what_ifs_free(struct ws_what_ifs *what_ifs); /* NULL is fine */

/* One more question, of waits for this object and polls of it. False: there are WS_WHAT_IF_MAX. */
bool ws_what_ifs_add(struct ws_what_ifs *what_ifs, const struct ws_past *past,
		     const struct ws_object *object, bool half, bool asked);
struct ws_sweep_hooks ws_what_ifs_hooks(struct ws_what_ifs *what_ifs);
/* The answers, for an interval that began at `begin_ns`. 0 or -ENOMEM. */
int ws_what_ifs_finish(struct ws_what_ifs *what_ifs, uint64_t begin_ns,
		       struct ws_what_if_result **ret);

#endif
