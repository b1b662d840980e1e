/* SPDX-License-Identifier: MIT */
/* sqlite_rows.h: the database as rows are put into it: one statement a table, frames and stacks
 * once each.
 *
 * The first error is kept, and all that follows does nothing: it is told by ws_sqlite_finish.
 */
#ifndef WS_SQLITE_ROWS_H
#define WS_SQLITE_ROWS_H

#include <sqlite3.h>

#include "analyzer/analyses/journal.h"
#include "analyzer/base/error.h"
#include "analyzer/exports/sqlite_schema.h"

struct ws_sqlite;

/* An empty database with all tables. `path` is a new file; "": one of its own in TMPDIR (or where
 * SQLite looks), that is gone at the end. 0 or a negative errno with *error set. */
int ws_sqlite_open(const char *path, struct ws_sqlite **ret, struct ws_error *error);

/* All is there: makes it lasting. 0 or a negative errno with *error set. */
int ws_sqlite_finish(struct ws_sqlite *db, struct ws_error *error);
void ws_sqlite_close(struct ws_sqlite *db); /* NULL is fine */

/* Something else failed, with a negative errno: there will be no database. */
void ws_sqlite_fail(struct ws_sqlite *db, int r);
/* 0, or a negative errno: something has failed, and the rest need not be tried. */
int ws_sqlite_error(const struct ws_sqlite *db);

/* The library's, for queries. */
sqlite3 *ws_sqlite_handle(struct ws_sqlite *db);

/* A row: `types` has a letter for each value.
 *   u  uint64_t
 *   i  int32_t
 *   b  int: 0 or 1
 *   z  uint64_t of which 0 is not known: NULL
 *   x  uint32_t index, of which WS_UNKNOWN is not known: NULL
 *   t  text; NULL: NULL; what is not UTF-8 becomes '?'
 *   p  const struct ws_party *: three values, thread, site and stack
 *   s  the same: two values, site and stack */
void ws_sqlite_put(struct ws_sqlite *db, enum ws_sqlite_table table, const char *types, ...);

#endif
