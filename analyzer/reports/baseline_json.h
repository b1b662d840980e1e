/* SPDX-License-Identifier: MIT */
/* baseline_json.h: a baseline as a file that is kept beside the source: a line for each thing, in a
 * stated order, so that a change of it can be read. docs/check.md describes it.
 */
#ifndef WS_BASELINE_JSON_H
#define WS_BASELINE_JSON_H

#include <stdio.h>

#include "analyzer/analyses/baseline.h"
#include "analyzer/base/error.h"

/* A newer one is refused. */
#define WS_BASELINE_FORMAT_VERSION 1

/* 0 or -ENOMEM; errors of `to` are left to the caller. */
int ws_baseline_write(const struct ws_baseline *baseline, FILE *to);

/* Reads the file at `path`. 0; -ENOENT: there is none; or another negative errno with *error set
 * and *ret untouched. */
int ws_baseline_read(const char *path, struct ws_baseline **ret, struct ws_error *error);

#endif
