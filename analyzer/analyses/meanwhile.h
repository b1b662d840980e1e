/* SPDX-License-Identifier: MIT */
/* meanwhile.h: what those who were waited for did at that time, one step far.
 *
 * In: spans of waits, from blame's sweep. Out: for each object the time by what they did, by the place
 * where they came to be waited for.
 */
#ifndef WS_MEANWHILE_H
#define WS_MEANWHILE_H

#include "analyzer/analyses/blame.h"

struct ws_context;
struct ws_meanwhiles;

struct ws_meanwhile_key {
	uint32_t object; /* that was waited for */
	uint32_t site;   /* of whom it was waited for */
	uint32_t what;
	uint32_t for_object; /* that this one waited for, or WS_UNKNOWN */
	uint32_t at;         /* where */
	uint32_t reads;
};

/* 0 or -ENOMEM with *ret untouched. */
int ws_meanwhiles_new(struct ws_meanwhiles **ret);
void ws_meanwhiles_free(struct ws_meanwhiles *all); /* NULL is fine */

/* So long they did that. 0 or -ENOMEM. */
int ws_meanwhiles_add(struct ws_meanwhiles *all, const struct ws_meanwhile_key *key, uint64_t ns);

/* Of what was added as running, for that object and place, so much was measured, and of this they were
 * ready for so long, without a processor. 0 or -ENOMEM. */
int ws_meanwhiles_measured(struct ws_meanwhiles *all, uint32_t object, uint32_t site,
			   uint64_t measured_ns, uint64_t ready_ns);

/* Fills `meanwhile`, `for_thread_ns` and `measured_ns` of the objects, object id i's being
 * result->objects[at[i]]. 0 or -ENOMEM. */
int ws_meanwhiles_finish(const struct ws_meanwhiles *all, const struct ws_past *past,
			 const struct ws_context *context, const uint32_t *at,
			 struct ws_blame_result *result);

#endif
