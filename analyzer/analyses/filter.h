/* SPDX-License-Identifier: MIT */
/* filter.h: which waits count. */
#ifndef WS_FILTER_H
#define WS_FILTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analyzer/decode/tables.h"
#include "analyzer/model/model.h"

/* Patterns for names of objects at most. */
#define WS_FILTER_OBJECTS_MAX 16

struct ws_filter {
	uint64_t min_wait_ns; /* shorter ones do not; 0: all do */
	int32_t pid;          /* of the waiter; 0: any */
	int32_t tid;          /* of the waiter; 0: any */
	uint32_t kinds;       /* bit 1 << enum ws_kind each; 0: all */
	/* Any of these patterns, or ids, as ws_filter_object says; Weak */
	const char *objects[WS_FILTER_OBJECTS_MAX];
	size_t n_objects; /* 0: all */
	uint64_t from_ns; /* since the first record: what had ended by then does not count */
	uint64_t to_ns;   /* same: what began then or later does not; UINT64_MAX: no limit */
};
_Static_assert(WS_KIND_COUNT <= 32, "a kind is a bit of ws_filter.kinds");

/* By length, kind and time. `begin_ns`: of the first record. */
bool ws_filter_wait(const struct ws_filter *filter, uint64_t begin_ns, const struct ws_wait *wait);

/* By the waiter, an index in the tables or WS_UNKNOWN, which are known once the trace is over. */
bool ws_filter_thread(const struct ws_filter *filter, const struct ws_tables *tables,
		      uint32_t thread);

/* By the object and its name as reports show it, which is known once the trace is over. A pattern
 * is for the name, or for the kind and the name ("mutex cache*"); a number also an id. */
bool ws_filter_object(const struct ws_filter *filter, const struct ws_object *object,
		      const char *name);

#endif
