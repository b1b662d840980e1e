/* SPDX-License-Identifier: MIT */
/* queues.h: how many threads waited for an object at once, over time.
 *
 * In: begins and ends of waits, in order of records.
 *
 * Out: for each object that was waited for the longest queue, how long anybody waited, the sum of
 * all waits, and the mean length in each of up to WS_QUEUE_SPANS equal spans of the trace; of
 * these, the part of those who wait to read: of what carries data it is empty then, and full where
 * the others wait.
 *
 * Rule: a thread is in the queue from the begin of its wait to its end. Sleeps, signals and polls
 * are in no queue. Waits are not filtered but by kind. An announced wait that did not block counts
 * for the short time of its call, but never for the longest queue.
 *
 * Finding `lock_convoy`: a lock for which somebody waits half of the time or more, on average
 * WS_CONVOY_LENGTH threads or more while anybody does, in WS_CONVOY_WAITS waits or more: the
 * threads queue behind each other, and who lets it go is last in line again.
 *
 * Cost: O(1) an event, memory by objects.
 */
#ifndef WS_QUEUES_H
#define WS_QUEUES_H

#include "analyzer/analyses/setup.h"

#define WS_QUEUE_SPANS   60
#define WS_CONVOY_LENGTH 3
#define WS_CONVOY_WAITS  100

struct ws_queue {
	const struct ws_object *object; /* Weak: owned by the model */
	uint32_t longest;               /* threads at once */
	uint64_t busy_ns;               /* anybody waited */
	uint64_t wait_ns;               /* sum over the threads: mean length is this by busy_ns */
	uint64_t spans[WS_QUEUE_SPANS]; /* the same sum, by span; from the trace's begin on */
	uint64_t read_spans[WS_QUEUE_SPANS]; /* of these, of those who wait to read */
};

struct ws_queues_result {
	struct ws_queue *queues; /* Owned by this; by object id */
	size_t n;
	uint64_t span_ns; /* length of a span */
	size_t n_spans;   /* that the trace reaches */
};

struct ws_queues;

/* That of the object; NULL: none is known. */
const struct ws_queue *ws_queue_of(const struct ws_queues_result *result,
				   const struct ws_object *object);

#endif
