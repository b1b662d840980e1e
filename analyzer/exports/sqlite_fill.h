/* SPDX-License-Identifier: MIT */
/* sqlite_fill.h: what goes into the tables: all that the report knows, and every wait. */
#ifndef WS_SQLITE_FILL_H
#define WS_SQLITE_FILL_H

#include "analyzer/exports/sqlite_rows.h"
#include "analyzer/reports/report.h"

/* Fills all tables, from a study whose setup asked for the journal. Errors are the database's. */
void ws_sqlite_fill(struct ws_sqlite *db, const struct ws_report *report);

/* The part that is answers rather than what was seen: edges, findings, deadlocks, leftovers. */
void ws_sqlite_fill_answers(struct ws_sqlite *db, const struct ws_report *report);

/* A database of the whole report at `path`, as ws_sqlite_open's. 0 or a negative errno with *error
 * set, unless the errno says it all. */
int ws_sqlite_make(const struct ws_report *report, const char *path, struct ws_sqlite **ret,
		   struct ws_error *error);

#endif
