/* SPDX-License-Identifier: MIT */
/* export.h: the results in the formats of other tools, one format a file.
 *
 * Exports only render, as reports do. A profile holds the time that threads waited, by their
 * stacks; a trace or a table the waits one by one. Either way the total is that of the report, to
 * the nanosecond. docs/exports.md says what each of them holds.
 *
 * To add a format NAME: write its file, with ws_export_NAME; declare that below and add a row to
 * ws_exporters; say in docs/exports.md what it is for and what carries what; and have a test in
 * tests/exports read it by a reader that is not ours.
 */
#ifndef WS_EXPORT_H
#define WS_EXPORT_H

#include <stdbool.h>
#include <stdio.h>

#include "analyzer/base/error.h"
#include "analyzer/reports/report.h"

/* What the user wants of an export beside its format. */
struct ws_export_wish {
	const char *table; /* csv: which one, see ws_export_csv_table; NULL: the list of waits */
};

struct ws_exporter {
	const char *name;    /* as the user gives it */
	const char *summary; /* for people, a line */
	bool binary;         /* no text */
	bool journal;        /* it is of single waits: the setup must ask for them (journal.h) */
	bool tables;         /* it has several: the wish may name one */
	/* Writes to `to` and leaves checking it for errors to the caller. 0 or a negative errno
	 * with *error set, unless the errno says it all. */
	int (*write)(const struct ws_report *report, const struct ws_export_wish *wish, FILE *to,
		     struct ws_error *error);
};

/* All of them, by name; the last has no name. */
extern const struct ws_exporter ws_exporters[];

/* NULL: there is no such format. */
const struct ws_exporter *ws_exporter_find(const char *name);

/* Why there is none of this name, for people; NULL: nothing is known of it. */
const char *ws_exporter_why_not(const char *name);

/* The tables that csv has, by number; NULL: there are no more. */
const char *ws_export_csv_table(size_t i);

#define WS_EXPORT_DECLARE(name)                                                                    \
	int ws_export_##name(const struct ws_report *report, const struct ws_export_wish *wish,    \
			     FILE *to, struct ws_error *error);
WS_EXPORT_DECLARE(csv)
WS_EXPORT_DECLARE(folded)
WS_EXPORT_DECLARE(perfetto)
WS_EXPORT_DECLARE(pprof)
WS_EXPORT_DECLARE(speedscope)
WS_EXPORT_DECLARE(sqlite)
#undef WS_EXPORT_DECLARE

#endif
