/* SPDX-License-Identifier: MIT */
/* plan.h: which streams a CTF folder has, before they are shared out and read.
 *
 * Each stream is turned to once, for its file, its recording and its clock.
 */
#ifndef WS_PLAN_H
#define WS_PLAN_H

#include "analyzer/base/error.h"
#include "analyzer/source/graph.h"
#include "analyzer/source/origin.h"
#include "analyzer/source/stream.h"
#include "analyzer/source/watch.h"

/* All that is to be read. Streams are numbered in the order of the folders, and within one of the
 * names of libbabeltrace2's ports: the same traces always have the same numbers. */
struct ws_plan {
	struct ws_stream *streams; /* Owned by this */
	size_t n, capacity;
	struct ws_origins origins;
	struct ws_arena texts; /* the streams' */
};

/* Adds the streams of the folder `path`, which is below the given folder number `dir`. `label` is
 * what people know it by; with `is_file` it is a temporary folder for one file of that name. 0; or
 * a negative errno: -EINVAL: it can't be read, `cause` of `size` bytes says why; -ENOMEM. */
int ws_plan_folder(struct ws_plan *plan, const struct ws_ctf *ctf, struct ws_watch *watch,
		   const char *path, const char *label, bool is_file, uint32_t dir, char *cause,
		   size_t size);

/* Shares the streams out to at most `most` groups of about the same size; how many it made. */
uint32_t ws_plan_share(struct ws_plan *plan, uint32_t most);

void ws_plan_free(struct ws_plan *plan);

#endif
