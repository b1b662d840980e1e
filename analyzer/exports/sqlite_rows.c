/* SPDX-License-Identifier: MIT */
/* sqlite_rows.c: see sqlite_rows.h. */
#include "analyzer/exports/sqlite_rows.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/base/map64.h"
#include "analyzer/base/utf8.h"
#include "analyzer/exports/frame_ids.h"
#include "analyzer/exports/labels.h"

struct ws_sqlite {
	sqlite3 *handle;                             /* Owned by this, as all that follow */
	sqlite3_stmt *insert[WS_SQLITE_TABLE_COUNT]; /* NULL: no row yet */
	struct ws_frame_ids *frames;
	struct ws_map64 stacks; /* index -> 1 if it has a row, 0 if nothing is known of it */
	int error;              /* a negative errno; 0: none */
};

/* As an errno, for people who read the text of it. */
static int errno_of(int code)
{
	switch (code & 0xff) {
	case SQLITE_OK:
	case SQLITE_DONE:
	case SQLITE_ROW:
		return 0;
	case SQLITE_NOMEM:
		return -ENOMEM;
	case SQLITE_FULL:
		return -ENOSPC;
	case SQLITE_TOOBIG:
		return -E2BIG;
	default:
		return -EIO;
	}
}

void ws_sqlite_fail(struct ws_sqlite *db, int r)
{
	if (!db->error)
		db->error = r;
}

int ws_sqlite_error(const struct ws_sqlite *db)
{
	return db->error;
}

sqlite3 *ws_sqlite_handle(struct ws_sqlite *db)
{
	return db->handle;
}

/* A code of SQLite's that is an error is the database's. */
static bool works(struct ws_sqlite *db, int code)
{
	int r = errno_of(code);

	if (r < 0)
		ws_sqlite_fail(db, r);
	return !db->error;
}

static void run(struct ws_sqlite *db, const char *sql)
{
	if (!db->error)
		works(db, sqlite3_exec(db->handle, sql, NULL, NULL, NULL));
}

/* What is wrong, in a line. */
static int tell(struct ws_sqlite *db, struct ws_error *error)
{
	const char *why = sqlite3_errmsg(db->handle);

	if (!db->error)
		return 0;
	/* An error of ours, or one that SQLite has forgotten by now. */
	if (sqlite3_errcode(db->handle) == SQLITE_OK || db->error == -ENOMEM)
		why = strerror(-db->error);
	return ws_error_set(error, db->error, "the database could not be made in TMPDIR: %s", why);
}

int ws_sqlite_open(const char *path, struct ws_sqlite **ret, struct ws_error *error)
{
	struct ws_sqlite *db = calloc(1, sizeof(*db));
	char version[64];
	int r;

	if (!db)
		return -ENOMEM;
	db->frames = ws_frame_ids_new();
	if (!db->frames || !works(db, sqlite3_open(path, &db->handle))) {
		r = db->handle ? tell(db, error) : -ENOMEM;
		ws_sqlite_close(db);
		return r;
	}
	/* It is thrown away whole if anything fails: there is nothing to roll back. */
	run(db, "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; "
		"PRAGMA locking_mode = EXCLUSIVE; PRAGMA cache_size = -16384; "
		"PRAGMA encoding = 'UTF-8'; BEGIN");
	snprintf(version, sizeof(version), "PRAGMA user_version = %d", WS_SQLITE_VERSION);
	run(db, version);
	run(db, ws_sqlite_schema);
	r = tell(db, error);
	if (r < 0) {
		ws_sqlite_close(db);
		return r;
	}
	*ret = db;
	return 0;
}

int ws_sqlite_finish(struct ws_sqlite *db, struct ws_error *error)
{
	run(db, ws_sqlite_indexes);
	run(db, "COMMIT");
	return tell(db, error);
}

void ws_sqlite_close(struct ws_sqlite *db)
{
	if (!db)
		return;
	for (size_t i = 0; i < WS_SQLITE_TABLE_COUNT; i++)
		sqlite3_finalize(db->insert[i]);
	sqlite3_close(db->handle);
	ws_frame_ids_free(db->frames);
	ws_map64_free(&db->stacks);
	free(db);
}

#define COLUMNS(sym, name, columns) columns,
static const int columns[] = { WS_SQLITE_TABLES(COLUMNS) };

/* The table's statement; NULL: there is none, which is an error. */
static sqlite3_stmt *statement(struct ws_sqlite *db, unsigned int table)
{
	char sql[256];
	int n;

	if (db->insert[table] || db->error)
		return db->error ? NULL : db->insert[table];
	n = snprintf(sql, sizeof(sql), "INSERT INTO %s VALUES (", ws_sqlite_table_name(table));
	for (int i = 0; i < columns[table]; i++)
		n += snprintf(sql + n, sizeof(sql) - (size_t)n, i ? ", ?" : "?");
	snprintf(sql + n, sizeof(sql) - (size_t)n, ")");
	works(db, sqlite3_prepare_v3(db->handle, sql, -1, SQLITE_PREPARE_PERSISTENT,
				     &db->insert[table], NULL));
	return db->error ? NULL : db->insert[table];
}

/* Runs it and makes it ready for the next row. */
static void step(struct ws_sqlite *db, sqlite3_stmt *insert)
{
	works(db, sqlite3_step(insert));
	/* Repeats the code of the step. */
	sqlite3_reset(insert);
}

static void bind_text(struct ws_sqlite *db, sqlite3_stmt *insert, int at, const char *text)
{
	char *copy;

	if (!text || ws_utf8_is_valid(text)) {
		works(db, sqlite3_bind_text(insert, at, text, -1, SQLITE_TRANSIENT));
		return;
	}
	copy = strdup(text);
	if (!copy) {
		ws_sqlite_fail(db, -ENOMEM);
		return;
	}
	ws_utf8_clean(copy);
	works(db, sqlite3_bind_text(insert, at, copy, -1, free));
}

static void bind_index(struct ws_sqlite *db, sqlite3_stmt *insert, int at, uint32_t index)
{
	if (index == WS_UNKNOWN)
		works(db, sqlite3_bind_null(insert, at));
	else
		works(db, sqlite3_bind_int64(insert, at, index));
}

/* The frame's id, WS_UNKNOWN for NULL; it has a row then. */
static uint32_t frame_id(struct ws_sqlite *db, const struct ws_frame *frame)
{
	bool is_new = false;
	uint32_t id = 0;
	int r;

	if (!frame || db->error)
		return WS_UNKNOWN;
	r = ws_frame_id(db->frames, frame, &id, &is_new);
	if (r < 0)
		ws_sqlite_fail(db, r);
	else if (is_new)
		ws_sqlite_put(db, WS_SQLITE_FRAMES, "uttztu", (uint64_t)id, frame->function,
			      frame->file, (uint64_t)frame->line, frame->module, frame->offset);
	return id;
}

/* "outermost;...;innermost", as FlameGraph's. NULL: memory is out. */
static char *fold(const struct ws_trail *trail)
{
	char *text = NULL, name[WS_LABEL_SIZE];
	size_t size;
	FILE *to = open_memstream(&text, &size);

	if (!to)
		return NULL;
	for (size_t i = trail->n; i-- > 0;) {
		ws_frame_name(&trail->frames[i], name, sizeof(name));
		ws_label_fold(name);
		fprintf(to, "%s%s", name, i ? ";" : "");
	}
	if (fclose(to) != 0) {
		free(text);
		return NULL;
	}
	return text;
}

/* The stack's id; WS_UNKNOWN: none was taken, or nothing is known of it. */
static uint32_t stack_id(struct ws_sqlite *db, const struct ws_party *party)
{
	uint64_t id = party->stack;
	uint32_t known;
	char *folded;

	if (party->stack == WS_UNKNOWN || !party->trail->n || db->error)
		return WS_UNKNOWN;
	if (ws_map64_get(&db->stacks, id, &known))
		return party->stack;
	folded = fold(party->trail);
	if (!folded || ws_map64_put(&db->stacks, id, 1) < 0) {
		free(folded);
		ws_sqlite_fail(db, -ENOMEM);
		return WS_UNKNOWN;
	}
	ws_sqlite_put(db, WS_SQLITE_STACKS, "ut", id, folded);
	free(folded);
	for (size_t i = 0; i < party->trail->n && !db->error; i++)
		ws_sqlite_put(db, WS_SQLITE_STACK_FRAMES, "uux", id, (uint64_t)i,
			      frame_id(db, &party->trail->frames[i]));
	return party->stack;
}

/* One value, or those of a party. Returns how many. */
static int bind(struct ws_sqlite *db, sqlite3_stmt *insert, int at, char type, va_list *values)
{
	const struct ws_party *party;
	uint64_t number;
	int n = 0;

	switch (type) {
	case 'u':
		works(db, sqlite3_bind_int64(insert, at, (sqlite3_int64)va_arg(*values, uint64_t)));
		return 1;
	case 'i':
		works(db, sqlite3_bind_int64(insert, at, va_arg(*values, int32_t)));
		return 1;
	case 'b':
		works(db, sqlite3_bind_int64(insert, at, va_arg(*values, int) != 0));
		return 1;
	case 'z':
		number = va_arg(*values, uint64_t);
		if (number)
			works(db, sqlite3_bind_int64(insert, at, (sqlite3_int64)number));
		else
			works(db, sqlite3_bind_null(insert, at));
		return 1;
	case 'x':
		bind_index(db, insert, at, va_arg(*values, uint32_t));
		return 1;
	case 't':
		bind_text(db, insert, at, va_arg(*values, const char *));
		return 1;
	default: /* 'p', 's' */
		party = va_arg(*values, const struct ws_party *);
		if (type == 'p')
			bind_index(db, insert, at + n++, party->thread);
		bind_index(db, insert, at + n, frame_id(db, party->site));
		bind_index(db, insert, at + n + 1, stack_id(db, party));
		return n + 2;
	}
}

void ws_sqlite_put(struct ws_sqlite *db, enum ws_sqlite_table table, const char *types, ...)
{
	sqlite3_stmt *insert = statement(db, table);
	va_list values;
	int at = 1;

	if (!insert)
		return;
	va_start(values, types);
	for (const char *type = types; *type; type++)
		at += bind(db, insert, at, *type, &values);
	va_end(values);
	if (!db->error)
		step(db, insert);
}
