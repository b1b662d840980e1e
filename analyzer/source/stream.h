/* SPDX-License-Identifier: MIT */
/* stream.h: the data streams of the traces that are read, and what becomes of each. */
#ifndef WS_STREAM_H
#define WS_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analyzer/base/arena.h"

/* One stream. Found when the source is opened; its last members are written by the one thread that
 * reads it, and read when that has ended. */
struct ws_stream {
	const char *path;   /* folder that libbabeltrace2 reads it from; Weak */
	const char *folder; /* the one that people know, where `path` is a temporary one; Weak */
	const char *port;   /* name of its port there; Weak */
	const char *name;   /* what people know it by, its file where possible; Weak */
	uint32_t origin;    /* index in the origins */
	uint64_t bytes;     /* of its file, or 0 */
	uint64_t packets;   /* in it as its index tells, or 0 */
	uint64_t turns_max; /* libbabeltrace2 must not be asked for more; UINT64_MAX: no limit */
	const char *reason; /* why not; Weak */
	uint32_t group;     /* which thread reads it */

	uint64_t turns;        /* it has been asked so often */
	uint64_t last_ns;      /* time of its last event */
	uint64_t events;       /* of ours */
	uint64_t foreign;      /* of other providers */
	const char *failure;   /* why it ended early; NULL: it did not. In `texts` */
	struct ws_arena texts; /* Owned by this */
};

#endif
