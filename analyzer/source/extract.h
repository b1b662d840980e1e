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
#include "analyzer/source/origin.h"
#include "analyzer/source/raw.h"

struct ws_extract_class;

/* How messages are read; of one thread. */
struct ws_extract {
	const struct ws_origins *origins;  /* Weak; set by the creator */
	struct ws_extract_class **classes; /* Owned by this, each and all */
	size_t n_classes, classes_capacity;
	struct ws_map64 by_class; /* address of the event class -> index in `classes` */
};

/* How the events of the message's class are read, into *ret, which lives as long as `extract`;
 * NULL: it is no event of ours. 0, or a negative errno with `error` set: -EINVAL: a field is
 * missing or of another type; -ENOMEM. */
int ws_extract_class(struct ws_extract *extract, const bt_message *message,
		     const struct ws_extract_class **ret, struct ws_error *error);

/* When the event was, as trace time in ns. */
uint64_t ws_extract_event_time(const struct ws_extract_class *class, const bt_message *message);

/* Reads an event message of that class, whose time is `at_ns`, into *event, whose strings and
 * sequences go to `arena`. 0, or a negative errno with `error` set: -ENOTSUP: a newer format;
 * -ENOMEM. */
int ws_extract_event(const struct ws_extract_class *class, const bt_message *message,
		     uint64_t at_ns, struct ws_arena *arena, struct ws_raw *event,
		     struct ws_error *error);

/* A clock snapshot as trace time in ns. */
uint64_t ws_extract_time(const struct ws_extract *extract, const bt_clock_snapshot *snapshot,
			 const bt_clock_class *clock);

/* What the tracer has lost of a stream. */
struct ws_loss {
	uint64_t until_ns; /* trace time: somewhere up to then; 0: not told */
	uint64_t events;   /* 0 where they were not counted */
	uint64_t packets;
};

/* Reads a message about discarded events, or discarded packets. */
void ws_extract_loss(const struct ws_extract *extract, const bt_message *message, bool packets,
		     struct ws_loss *ret);

/* Frees what `extract` holds. */
void ws_extract_free(struct ws_extract *extract);

#endif
