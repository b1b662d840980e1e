/* SPDX-License-Identifier: MIT */
/* listing.h: every call of a trace of the full mode, a line each.
 *
 * The trace is read a second time: what processes, threads and places in code are called is known
 * only once it was read to its end, and to keep all calls until then would take memory by events.
 * Calls stand in the order in which they returned; those that did not, where it is known that they
 * will not.
 */
#ifndef WS_LISTING_H
#define WS_LISTING_H

#include <stdio.h>

#include "analyzer/base/error.h"
#include "analyzer/study.h"

/* Writes the lines to `to`, whose errors are the caller's to find. `study` was made with the same
 * options. 0 or a negative errno with `error` set unless the errno says it all. */
int ws_list_calls(const struct ws_study_options *options, const struct ws_study *study, FILE *to,
		  struct ws_error *error);

#endif
