/* SPDX-License-Identifier: MIT */
/* pushed.h: the stages that follow the reading, in the caller's thread, for events that somebody
 * else reads: what pipeline.h is for whoever hands events over rather than being handed records.
 */
#ifndef WS_PUSHED_H
#define WS_PUSHED_H

#include "analyzer/pipeline.h"
#include "analyzer/source/raw.h"

struct ws_pushed;

/* The records go to `sink` from within ws_pushed_events and ws_pushed_end. The folders, of which
 * there may be none, must outlive the result. 0 with *ret to be freed by ws_pushed_free, or -ENOMEM
 * with *ret untouched. */
int ws_pushed_new(const char *const *dirs, size_t n_dirs, const struct ws_pipeline_sink *sink,
		  struct ws_pushed **ret);

/* One more recording, as ws_decode_add_origin() wants it. 0 or -ENOMEM. */
int ws_pushed_origin(struct ws_pushed *pushed, const char *host, uint32_t dir, int64_t shift_ns);

/* The next events, in the order of ws_raw_before(). 0, -ENOMEM, or what the sink returned, whose
 * error goes to *error. */
int ws_pushed_events(struct ws_pushed *pushed, const struct ws_raw *events, size_t n,
		     struct ws_error *error);

/* There are no more. 0 with *ret as ws_pipeline_run_as() has it, or -ENODATA with *error set, or as
 * ws_pushed_events. */
int ws_pushed_end(struct ws_pushed *pushed, struct ws_trace **ret, struct ws_error *error);

void ws_pushed_free(struct ws_pushed *pushed); /* NULL is fine */

#endif
