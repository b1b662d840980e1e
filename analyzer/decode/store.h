/* SPDX-License-Identifier: MIT */
/* store.h: the tables of tables.h while they grow, and the memory behind them. */
#ifndef WS_STORE_H
#define WS_STORE_H

#include "analyzer/base/strings.h"
#include "analyzer/decode/tables.h"

/* How many warnings a trace keeps; the last one says that there were more. */
#define WS_WARNINGS_MAX 200

struct ws_store {
	struct ws_tables tables;
	size_t recordings_capacity, processes_capacity, threads_capacity, modules_capacity, codes_capacity,
		stacks_capacity, warnings_capacity;
	struct ws_strings *strings; /* Owned by this: all names in the tables */
};

/* Empty tables, or NULL when memory is out. */
struct ws_store *ws_store_new(void);

/* Frees the tables and what they own. NULL is fine. */
void ws_store_free(struct ws_store *store);

/* Adds a line to the warnings. 0 or -ENOMEM. */
int ws_store_warn(struct ws_store *store, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif
