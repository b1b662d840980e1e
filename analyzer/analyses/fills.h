/* SPDX-License-Identifier: MIT */
/* fills.h: how much lay in pipes and message queues, over time: traces of the full mode.
 *
 * In: the records of calls that write to them and read from them, with what they returned.
 *
 * Out: for each pipe, FIFO and queue the most that lay in it, and the most in each of up to
 * WS_FILL_SPANS equal spans of the trace: bytes, or of queues messages.
 *
 * Rule: what was there before the trace is not known, and counts as nothing; nor are writers who
 * were not recorded. `unseen` is by how much more was read than written as far as was seen: where
 * it is not 0, the fill is that much higher at times than told. Of what streams, splice() and the
 * like read or write nothing is told: they do not say how much they moved when. Calls count as they
 * return. Numbers are those of one host: of several recordings nothing is told.
 *
 * Cost: O(1) a call, memory by objects. Prints nothing, reads no clock.
 */
#ifndef WS_FILLS_H
#define WS_FILLS_H

#include <stdbool.h>

#include "analyzer/analyses/setup.h"

#define WS_FILL_SPANS 60

struct ws_fill {
	uint8_t kind;                  /* enum ws_kind */
	uint64_t id;                   /* inode, or id of the queue */
	bool in_messages;              /* queues; else bytes */
	uint64_t last;                 /* at the end */
	uint64_t most;                 /* at one time */
	uint64_t unseen;               /* so much more was read than seen written */
	uint64_t spans[WS_FILL_SPANS]; /* the most in each; from the trace's begin on */
};

struct ws_fills_result {
	struct ws_fill *fills; /* Owned by this; in order of appearance */
	size_t n;              /* 0: it is no trace of the full mode, or there are none */
	uint64_t span_ns;      /* length of a span */
	size_t n_spans;        /* that the trace reaches */
};

struct ws_fills;

/* That of the object; NULL: none is known. */
const struct ws_fill *ws_fill_of(const struct ws_fills_result *result,
				 const struct ws_object *object);

#endif
