/* SPDX-License-Identifier: MIT */
/* whole_report.h: the whole way from a trace folder to a report, without the command. */
#ifndef WS_WHOLE_REPORT_H
#define WS_WHOLE_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "analyzer/base/error.h"
#include "analyzer/source/watch.h"

/* Reads the folders with at most `readers` threads and writes the report to `to`, as JSON, and as
 * text after it if `text`. `watch` may be NULL. 0, or a negative errno with `error` set. */
int whole_report(const char *const *dirs, size_t n_dirs, unsigned int readers,
		 struct ws_watch *watch, FILE *to, bool text, struct ws_error *error);

#endif
