/* SPDX-License-Identifier: MIT */
/* extract.h: one libbabeltrace2 message into one raw event: fields are found by name.
 *
 * Which member of the payload a field is, is looked up once for each event class of the trace.
 */
#ifndef WS_EXTRACT_H
#define WS_EXTRACT_H

#include <babeltrace2/babeltrace.h>
#include <stdbool.h>

#include "analyzer/base/arena.h"
#include "analyzer/base/error.h"
#include "analyzer/base/map64.h"
#include "analyzer/source/raw.h"

struct ws_extract_class;

struct ws_extract {
	struct ws_extract_class *classes; /* Owned by this */
	size_t n_classes, classes_capacity;
	struct ws_map64 by_class; /* address of the event class -> index in `classes` */
	bool has_offset;
	int64_t offset_ns; /* of the first clock seen: its own time is the trace's time */
};

/* Reads an event message into *event, whose strings and sequences go to `arena`. 1: done; 0: it is
 * no event of ours; a negative errno with `error` set: -EINVAL: a field is missing or of another
 * type; -ENOTSUP: a newer format; -ENOMEM. */
int ws_extract_event(struct ws_extract *extract, const bt_message *message, struct ws_arena *arena,
		     struct ws_raw *event, struct ws_error *error);

/* A clock snapshot as trace time in ns. */
uint64_t ws_extract_time(struct ws_extract *extract, const bt_clock_snapshot *snapshot,
			 const bt_clock_class *clock);

/* Frees what `extract` holds. */
void ws_extract_free(struct ws_extract *extract);

#endif
