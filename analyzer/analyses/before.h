/* SPDX-License-Identifier: MIT */
/* before.h: what threads did for certain before what others did: by creating and joining threads,
 * by forking and collecting processes.
 *
 * A thread's life is cut into segments, from 1, at each such call (see lock_edge in events.h). All
 * of a segment is before another one, or nothing is said.
 */
#ifndef WS_BEFORE_H
#define WS_BEFORE_H

#include <stdbool.h>
#include <stdint.h>

#include "analyzer/decode/record.h"
#include "analyzer/decode/tables.h"

/* The last segment of a thread, whatever its number. */
#define WS_SEGMENT_LAST UINT32_MAX

struct ws_before;

/* 0 or -ENOMEM with *ret untouched. */
int ws_before_new(struct ws_before **ret);
void ws_before_free(struct ws_before *before); /* NULL is fine */

/* A THREAD or PROCESS record; others are ignored. 0 or -ENOMEM. */
int ws_before_record(struct ws_before *before, const struct ws_record *record);

/* Nothing more comes. 0 or -ENOMEM. */
int ws_before_finish(struct ws_before *before, const struct ws_tables *tables);

/* How far other threads had come for certain: *ret has for each thread its last segment that is
 * before the given one, 0 if none is. The caller frees it. 0 or -ENOMEM. */
int ws_before_reach(const struct ws_before *before, uint32_t thread, uint32_t segment,
		    uint32_t **ret);

#endif
