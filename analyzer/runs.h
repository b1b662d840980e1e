/* SPDX-License-Identifier: MIT */
/* runs.h: reads recordings one by one and keeps a digest of each: what the commands that compare
 * begin with.
 */
#ifndef WS_RUNS_H
#define WS_RUNS_H

#include "analyzer/analyses/digest.h"
#include "analyzer/study.h"

/* More are refused. */
#define WS_RUNS_MAX 64

/* The folder is a run of its own, read in a supervised process of its own; `options` say how, but not
 * which folders. `failed`: what there is not if it cannot be read. An exit status: WS_EXIT_OK with
 * *ret set to the digest, which the caller frees; what is wrong is said. */
int ws_run_read(const char *failed, const struct ws_study_options *options, const char *dir,
		struct ws_digest **ret);

#endif
