/* SPDX-License-Identifier: MIT */
/* export.h: the results in the formats of other tools, one format a file.
 *
 * Exports only render, as reports do. A profile holds the time that threads waited, by their
 * stacks; a trace or a table the waits one by one. Either way the total is that of the report, to
 * the nanosecond. docs/exports.md says what each of them holds.
 */
#ifndef WS_EXPORT_H
#define WS_EXPORT_H

#include <stdbool.h>
#include <stdio.h>

#include "analyzer/reports/report.h"

struct ws_exporter {
	const char *name;    /* as the user gives it */
	const char *summary; /* for people, a line */
	bool binary;         /* no text */
	bool journal;        /* it is of single waits: the setup must ask for them (journal.h) */
	/* Writes to `to` and leaves checking it for errors to the caller. 0 or a negative errno. */
	int (*write)(const struct ws_report *report, FILE *to);
};

/* All of them, by name; the last has no name. */
extern const struct ws_exporter ws_exporters[];

/* NULL: there is no such format. */
const struct ws_exporter *ws_exporter_find(const char *name);

int ws_export_folded(const struct ws_report *report, FILE *to);
int ws_export_perfetto(const struct ws_report *report, FILE *to);
int ws_export_speedscope(const struct ws_report *report, FILE *to);
int ws_export_pprof(const struct ws_report *report, FILE *to);

#endif
