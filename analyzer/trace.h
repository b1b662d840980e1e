/* SPDX-License-Identifier: MIT */
/* trace.h: a trace that has been read, and what of it is told by files beside the CTF: for all who
 * run the decoding, whoever reads.
 */
#ifndef WS_TRACE_H
#define WS_TRACE_H

#include "analyzer/base/error.h"
#include "analyzer/decode/decode.h"
#include "analyzer/pipeline.h"

/* Makes `store` a trace. NULL when memory is out: the store is still the caller's then. */
struct ws_trace *ws_trace_of(struct ws_store *store);

/* How the programs ended, where the recorder tells; at the end. 0 or -ENOMEM. */
int ws_trace_read_ends(const char *const *dirs, size_t n_dirs, struct ws_store *store,
		       struct ws_decode *decode);

/* The calls that never ended, where the recorder tells; before any event, once the recordings are
 * known. A damaged file is spoken of later. 0 or -ENOMEM. */
int ws_trace_read_calls(const char *const *dirs, size_t n_dirs, struct ws_decode *decode);

/* A trace without any event of ours has nothing to report on: -ENODATA, with what may be the reason
 * in *error. `name` is what people know it by. */
int ws_trace_check(const struct ws_store *store, const char *name, struct ws_error *error);

#endif
