/* SPDX-License-Identifier: MIT */
/* diff.h: how a comparison is shown: as text and as JSON, one file each. */
#ifndef WS_DIFF_H
#define WS_DIFF_H

#include <stdio.h>

#include "analyzer/analyses/compare.h"
#include "analyzer/reports/report.h"

/* The version of the JSON's shape, which docs/diff.schema.json describes. */
#define WS_DIFF_FORMAT_VERSION 1

/* Each writes to `to` and leaves checking it for errors to the caller. 0 or -ENOMEM. */
int ws_diff_text(const struct ws_comparison *comparison, const struct ws_text_style *style,
		 FILE *to);
int ws_diff_json(const struct ws_comparison *comparison, FILE *to);

/* The verdict in one word: better, worse, mixed (some of both) or same. */
const char *ws_diff_verdict(const struct ws_comparison *comparison);

/* A line of code as reports show it. */
struct ws_frame ws_diff_frame(const struct ws_digest_site *site);

#endif
