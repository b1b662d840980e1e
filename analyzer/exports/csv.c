/* SPDX-License-Identifier: MIT */
/* csv.c: a table as text (RFC 4180): a line of column names, then a row a line; a wait each, unless
 * another table is wished for.
 *
 * The tables are those of the database, which is made for it and thrown away: so both formats say
 * the same. Not known is an empty field, an empty text is "".
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "analyzer/exports/export.h"
#include "analyzer/exports/sqlite_fill.h"

const char *ws_export_csv_table(size_t i)
{
	if (i == 0)
		return WS_SQLITE_WAIT_LIST;
	return i <= WS_SQLITE_TABLE_COUNT ? ws_sqlite_table_name((unsigned int)i - 1) : NULL;
}

/* A text: in quotes where it needs them, with those in it doubled. */
static void put_text(const char *text, FILE *to)
{
	if (*text && !text[strcspn(text, "\",\r\n")] && text[0] != ' ' &&
	    text[strlen(text) - 1] != ' ') {
		fputs(text, to);
		return;
	}
	fputc('"', to);
	for (; *text; text++) {
		if (*text == '"')
			fputc('"', to);
		fputc(*text, to);
	}
	fputc('"', to);
}

static void put_value(sqlite3_stmt *query, int column, FILE *to)
{
	switch (sqlite3_column_type(query, column)) {
	case SQLITE_NULL:
		break;
	case SQLITE_INTEGER:
		fprintf(to, "%" PRId64, (int64_t)sqlite3_column_int64(query, column));
		break;
	default:
		put_text((const char *)sqlite3_column_text(query, column), to);
	}
}

/* The end of a line, as the RFC has it. */
static void end_line(FILE *to)
{
	fputs("\r\n", to);
}

static int put_rows(sqlite3_stmt *query, FILE *to)
{
	int n = sqlite3_column_count(query), code;

	for (int i = 0; i < n; i++) {
		if (i)
			fputc(',', to);
		put_text(sqlite3_column_name(query, i), to);
	}
	end_line(to);
	while ((code = sqlite3_step(query)) == SQLITE_ROW) {
		for (int i = 0; i < n; i++) {
			if (i)
				fputc(',', to);
			put_value(query, i, to);
		}
		end_line(to);
	}
	return code == SQLITE_DONE ? 0 : code == SQLITE_NOMEM ? -ENOMEM : -EIO;
}

int ws_export_csv(const struct ws_report *report, const struct ws_export_wish *wish, FILE *to,
		  struct ws_error *error)
{
	const char *table = wish->table ? wish->table : WS_SQLITE_WAIT_LIST;
	sqlite3_stmt *query = NULL;
	struct ws_sqlite *db;
	char sql[128];
	int r = ws_sqlite_make(report, "", &db, error);

	if (r < 0)
		return r;
	/* Tables come in the order of their keys, the view in that of the waits. */
	snprintf(sql, sizeof(sql), "SELECT * FROM %s%s", table,
		 strcmp(table, WS_SQLITE_WAIT_LIST) == 0 ? " ORDER BY wait" : "");
	r = sqlite3_prepare_v2(ws_sqlite_handle(db), sql, -1, &query, NULL) == SQLITE_OK ? 0 : -EIO;
	if (r == 0)
		r = put_rows(query, to);
	if (r < 0)
		ws_error_set(error, r, "table %s could not be read: %s", table,
			     sqlite3_errmsg(ws_sqlite_handle(db)));
	sqlite3_finalize(query);
	ws_sqlite_close(db);
	return r;
}
