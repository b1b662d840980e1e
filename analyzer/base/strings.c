/* SPDX-License-Identifier: MIT */
/* strings.c: see strings.h. A uthash table whose entries live in an arena. */
#include "analyzer/base/strings.h"

#include <stdlib.h>
#include <string.h>

/* Memory that runs out inside uthash leaves the entry out, with `hh.tbl` NULL, instead of ending
 * the program. */
#define HASH_NONFATAL_OOM 1
#include <uthash.h>

#include "analyzer/base/arena.h"

struct entry {
	UT_hash_handle hh;
	char text[];
};

struct ws_strings {
	struct ws_arena arena; /* the entries */
	struct entry *table;   /* uthash head */
};

struct ws_strings *ws_strings_new(void)
{
	return calloc(1, sizeof(struct ws_strings));
}

const char *ws_strings_intern(struct ws_strings *strings, const char *string)
{
	size_t len = strlen(string);
	struct entry *entry;

	HASH_FIND(hh, strings->table, string, len, entry);
	if (entry)
		return entry->text;
	entry = ws_arena_alloc(&strings->arena, sizeof(*entry) + len + 1);
	if (!entry)
		return NULL;
	memset(entry, 0, sizeof(*entry));
	memcpy(entry->text, string, len + 1);
	HASH_ADD(hh, strings->table, text[0], len, entry);
	return entry->hh.tbl ? entry->text : NULL;
}

void ws_strings_free(struct ws_strings *strings)
{
	if (!strings)
		return;
	HASH_CLEAR(hh, strings->table);
	ws_arena_free(&strings->arena);
	free(strings);
}
