/* SPDX-License-Identifier: MIT */
/* report_output.h: where a report goes: standard output, or a file that is whole or not there. */
#ifndef WS_REPORT_OUTPUT_H
#define WS_REPORT_OUTPUT_H

#include <stdio.h>

#include "analyzer/base/error.h"

/* One of zeroes is closed. */
struct ws_report_output {
	FILE *file;       /* Owned by this, unless it is stdout */
	const char *path; /* Weak: as the user gave it; NULL: standard output */
	char *target;     /* Owned by this: `path` with links followed; NULL: there is none yet */
	char *temporary; /* Owned by this: what becomes `path` at the end; NULL: written in place */
};

/* A regular file is written beside `path` and renamed at the end; what is no regular file (a FIFO,
 * /dev/null) is written as it is. 0 or a negative errno with `error` set. */
int ws_report_output_open(struct ws_report_output *output, const char *path,
			  struct ws_error *error);

/* Everything was written: makes it appear under its name. 0 or a negative errno with `error` set
 * and the file of that name as it was. Closes in any case. */
int ws_report_output_commit(struct ws_report_output *output, struct ws_error *error);

/* Drops what was written. Fine after commit, and on one of zeroes. */
void ws_report_output_drop(struct ws_report_output *output);

#endif
