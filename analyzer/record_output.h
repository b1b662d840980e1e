/* SPDX-License-Identifier: MIT */
/* record_output.h: the trace folder that `record` writes, and what it notes there about the run.
 */
#ifndef WS_RECORD_OUTPUT_H
#define WS_RECORD_OUTPUT_H

#include <stddef.h>
#include <stdint.h>

#include "analyzer/base/error.h"
#include "analyzer/record_run.h"
#include "tracepoints/session.h"

/* In the trace folder: what `record` knows of the run. Written at its start, so that the folder is
 * known as ours, and again at its end with what is known then. */
#define WS_RUN_FILE "waitscope-run.json"

/* Makes the folder `dir`. One of ours that is there already becomes DIR.old, and one of ours that
 * was DIR.old is removed; anything else in their place is left alone and refused. `*absolute` is
 * to be freed. 0, or a negative errno with `error` set and nothing changed. */
int ws_output_make(const char *dir, char **absolute, struct ws_error *error);

/* Removes a folder that ws_output_make made and that holds nothing to keep. */
void ws_output_remove(const char *absolute);

/* Writes WS_RUN_FILE; `result` is NULL while the run goes on. `calls` are those that never ended. 0, or
 * a negative errno with `error` set. */
int ws_output_note(const char *absolute, uint32_t run, char *const *argv,
		   const struct ws_run_result *result, const struct ws_session_call *calls,
		   size_t n_calls, struct ws_error *error);

/* Bytes of all files in the folder; 0 if unknown. */
uint64_t ws_output_bytes(const char *absolute);

#endif
