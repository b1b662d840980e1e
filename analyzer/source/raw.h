/* SPDX-License-Identifier: MIT */
/* raw.h: events as the trace has them, in time order, in batches: what source hands to decode.
 *
 * The payloads are the structs of tracepoints/events.h, found by field name whatever the trace's
 * layout; their strings and sequences live in the batch.
 */
#ifndef WS_RAW_H
#define WS_RAW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analyzer/base/arena.h"
#include "tracepoints/events.h"

/* Which event: WS_RAW_<event>, and what is not one. */
#define WS_RAW_ENUM(event, fields, channel, doc) WS_RAW_##event,
enum ws_raw_type {
	WS_RAW_NONE,
	WS_EVENTS(WS_RAW_ENUM) /* as in events.h */
	WS_RAW_LOSS,           /* the tracer lost events */
	WS_RAW_FOREIGN,        /* so many events of other providers since the last of these */
	WS_RAW_WARNING,        /* something about the trace that people must know */
	WS_RAW_COUNT
};
#undef WS_RAW_ENUM

/* What every event of ours begins with. */
struct ws_ev_common {
	WS_FIELDS_COMMON(WS_STRUCT_INT, WS_STRUCT_HEX, WS_STRUCT_ENUM, WS_STRUCT_STR, WS_STRUCT_SEQ)
};

#define WS_RAW_MEMBER(event, fields, channel, doc) struct ws_ev_##event event;
struct ws_raw {
	uint64_t at_ns;  /* CLOCK_MONOTONIC of the traced host */
	uint8_t type;    /* enum ws_raw_type */
	uint16_t origin; /* which recording it is from: index in the source's origins */
	uint32_t stream; /* which stream it is from */
	union {
		struct ws_ev_common common; /* of every event of ours */
		WS_EVENTS(WS_RAW_MEMBER)
		struct {
			uint64_t events;  /* as far as the tracer counted */
			uint64_t packets; /* whole packets */
		} loss;
		struct {
			uint64_t events;
		} foreign;
		struct {
			const char *text; /* one line; Weak: lives in the batch */
		} warning;
	};
};
#undef WS_RAW_MEMBER

/* Is `a` before `b`? The order of all events, however the streams are shared out: by time; what was
 * lost is told before what happened at the same time; then by stream. */
static inline bool ws_raw_before(uint64_t a_ns, bool a_is_loss, uint32_t a_stream, uint64_t b_ns,
				 bool b_is_loss, uint32_t b_stream)
{
	if (a_ns != b_ns)
		return a_ns < b_ns;
	if (a_is_loss != b_is_loss)
		return a_is_loss;
	return a_stream < b_stream;
}

/* How many events a batch holds: some 100 kB, so that handing one over costs next to nothing an
 * event and what is in transit stays in the cache. */
#define WS_RAW_BATCH 1024

struct ws_raw_batch {
	size_t n;              /* events in it */
	struct ws_arena arena; /* their strings and sequences */
	struct ws_raw events[WS_RAW_BATCH];
};

#endif
