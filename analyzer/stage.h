/* SPDX-License-Identifier: MIT */
/* stage.h: observers of the model, as a stage of their own: in threads beside the model's.
 *
 * What the model tells is copied into a batch (told.h), which goes to every thread through a ring
 * of its own, and back to be filled again by one that they share, once the last has read it: memory
 * is bounded, whatever the trace. Each thread tells its observer all that it wants in the model's
 * order. The analyses are split so that no two threads have one in common, which makes the answers
 * the same for any number of threads.
 */
#ifndef WS_STAGE_H
#define WS_STAGE_H

#include <stddef.h>

#include "analyzer/analyses/all.h"

/* A good size of a batch: some hundred items, little enough to stay in a core's cache. */
#define WS_STAGE_BATCH_BYTES ((size_t)128 << 10)

struct ws_stage;

/* Threads of one stage, at most. */
#define WS_STAGE_MOST WS_ANALYSES_GROUPS

/* Starts a thread for each of the `n` observers (1 to WS_STAGE_MOST), whose contexts must outlive
 * the stage, as must the model. 0 or a negative errno with *ret untouched. */
int ws_stage_new(const struct ws_model_observer *observers, unsigned int n, size_t batch_bytes,
		 struct ws_stage **ret);

/* The same for analyses, in as many threads as are worth their while where `jobs` (at least 1) may
 * run at once; none, so that the model tells them itself, for 1. */
int ws_stage_new_analyses(struct ws_analyses *analyses, unsigned int jobs, struct ws_stage **ret);

/* To be given to ws_model_new. Its functions return the error of an observer as soon as it is
 * known. Valid as long as the stage. */
struct ws_model_observer ws_stage_observer(struct ws_stage *stage);

/* The model has told all. Returns when all observers have heard it: what they have is the caller's
 * again. 0 or the error of one. */
int ws_stage_finish(struct ws_stage *stage);

/* Stops what still runs. NULL is fine. */
void ws_stage_free(struct ws_stage *stage);

#endif
