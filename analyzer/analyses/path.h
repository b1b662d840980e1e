/* SPDX-License-Identifier: MIT */
/* path.h: the critical path: what the end of a thread depended on, back to the begin.
 *
 * Rule: backwards from the thread's end. While a thread runs, the path is in it. Where it waited, the
 * path goes to the thread that let it go, at the moment when it did, and never comes back to the wait;
 * the time from there to where it went on is the scheduler's, and on the path. A wait that nobody ended
 * is on the path as a whole: time, outside, unknown. At a thread's begin the path goes to who made it.
 * So the parts add up to the whole interval.
 *
 * Running time is told by what the thread did at its end: it woke the next on the path, let go a lock
 * that it took there, or began a wait that is on the path.
 *
 * Bound: were one wait on the path gone, the end would come earlier by at most what the path would save
 * there: from the wait's begin to its end, as far as it lies in the interval.
 */
#ifndef WS_PATH_H
#define WS_PATH_H

#include "analyzer/analyses/setup.h"
#include "analyzer/analyses/sweep.h"

/* One part of the path, of all spans with the same cause. */
struct ws_path_part {
	uint32_t what; /* enum ws_cause_class */
	struct ws_party party;
	const struct ws_object *object; /* that it waited for, or by which the path came to it; NULL */
	uint64_t ns;
};

/* The waits for one object that the path went through. */
struct ws_path_object {
	const struct ws_object *object;
	uint64_t waits;
	uint64_t bound_ns; /* sum of the bounds of its waits */
	uint64_t longest_ns; /* the largest */
};

struct ws_path_result {
	bool known;      /* there is such a thread */
	uint32_t thread; /* whose end it is */
	uint64_t begin_ns, end_ns; /* trace clock; where it ended going back, and where it began */
	uint64_t causes[WS_CAUSE_COUNT]; /* they add up to end_ns - begin_ns */
	struct ws_path_part *parts; /* Owned by this; by time, most first */
	size_t n_parts;
	struct ws_path_object *objects; /* Owned by this; by bound, largest first */
	size_t n_objects;
	uint64_t steps; /* how often the path went to another thread */
};

struct ws_path;

/* Between `from_ns` and `to_ns` (trace clock) to the end of `thread`. 0 or -ENOMEM. */
int ws_path_new(uint32_t thread, uint64_t from_ns, uint64_t to_ns, struct ws_path **ret);
void ws_path_free(struct ws_path *path); /* NULL is fine */
struct ws_sweep_hooks ws_path_hooks(struct ws_path *path);
int ws_path_finish(struct ws_path *path, struct ws_past *past, const struct ws_context *context,
		   struct ws_path_result **ret);
void ws_path_result_free(struct ws_path_result *result); /* NULL is fine */

#endif
