/* SPDX-License-Identifier: MIT */
/* sqlite_schema.h: the tables of the database, which docs/exports.md describes.
 *
 * Tables and columns are only ever added; a column that changes its meaning raises the version.
 */
#ifndef WS_SQLITE_SCHEMA_H
#define WS_SQLITE_SCHEMA_H

/* PRAGMA user_version */
#define WS_SQLITE_VERSION 1

/* X(SYMBOL, name, columns): the tables, and how many values a row has. */
#define WS_SQLITE_TABLES(X)                                                                        \
	X(TRACE, trace, 22)                                                                        \
	X(WARNINGS, warnings, 2)                                                                   \
	X(RECORDINGS, recordings, 3)                                                               \
	X(PROCESSES, processes, 10)                                                                \
	X(THREADS, threads, 8)                                                                     \
	X(FRAMES, frames, 6)                                                                       \
	X(STACKS, stacks, 2)                                                                       \
	X(STACK_FRAMES, stack_frames, 3)                                                           \
	X(OBJECTS, objects, 15)                                                                    \
	X(OBJECT_OUTCOMES, object_outcomes, 3)                                                     \
	X(OBJECT_PROCESSES, object_processes, 2)                                                   \
	X(OBJECT_PARTIES, object_parties, 12)                                                      \
	X(QUEUE_SPANS, queue_spans, 4)                                                             \
	X(FILL_SPANS, fill_spans, 5)                                                               \
	X(TRANSFERS, transfers, 9)                                                                 \
	X(WAITS, waits, 19)                                                                        \
	X(WAIT_HOLDERS, wait_holders, 6)                                                           \
	X(WAIT_PIECES, wait_pieces, 7)                                                             \
	X(LOSSES, losses, 4)                                                                       \
	X(WAITS_FOR, waits_for, 11)                                                                \
	X(LOCK_ORDERS, lock_orders, 9)                                                             \
	X(FINDINGS, findings, 4)                                                                   \
	X(FINDING_OBJECTS, finding_objects, 2)                                                     \
	X(FINDING_EVIDENCE, finding_evidence, 7)                                                   \
	X(DEADLOCKS, deadlocks, 5)                                                                 \
	X(DEADLOCK_STEPS, deadlock_steps, 16)                                                      \
	X(DEADLOCK_EVIDENCE, deadlock_evidence, 7)                                                 \
	X(LEFTOVERS, leftovers, 9)

#define WS_SQLITE_ENUM(sym, name, columns) WS_SQLITE_##sym,
enum ws_sqlite_table { WS_SQLITE_TABLES(WS_SQLITE_ENUM) WS_SQLITE_TABLE_COUNT };
#undef WS_SQLITE_ENUM

/* The wide list of waits: a view. */
#define WS_SQLITE_WAIT_LIST "wait_list"

/* What makes the tables, before they are filled; what is quicker made after that. */
extern const char ws_sqlite_schema[];
extern const char ws_sqlite_indexes[];

/* The name of a table; NULL: `table` is WS_SQLITE_TABLE_COUNT. */
const char *ws_sqlite_table_name(unsigned int table);

#endif
