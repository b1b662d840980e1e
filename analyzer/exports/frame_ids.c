/* SPDX-License-Identifier: MIT */
/* frame_ids.c: see frame_ids.h. */
#include "analyzer/exports/frame_ids.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* Out of memory is an error like others: what was not added has no table. */
#define HASH_NONFATAL_OOM 1
#include <uthash.h>

struct entry {
	char *key; /* Owned by this */
	uint32_t id;
	UT_hash_handle hh;
};

struct ws_frame_ids {
	struct entry *entries;
};

struct ws_frame_ids *ws_frame_ids_new(void)
{
	return calloc(1, sizeof(struct ws_frame_ids));
}

void ws_frame_ids_free(struct ws_frame_ids *ids)
{
	struct entry *entry, *next;

	if (!ids)
		return;
	HASH_ITER(hh, ids->entries, entry, next) {
		HASH_DEL(ids->entries, entry);
		free(entry->key);
		free(entry);
	}
	free(ids);
}

int ws_frame_id(struct ws_frame_ids *ids, const struct ws_frame *frame, uint32_t *id, bool *is_new)
{
	struct entry *entry;
	char *key;
	int n;

	if (frame->function)
		n = asprintf(&key, "%s\n%s\n%" PRIu32 "\n%s", frame->function,
			     frame->file ? frame->file : "", frame->line,
			     !frame->file && frame->module ? frame->module : "");
	else
		n = asprintf(&key, "\n%s\n%" PRIx64, frame->module ? frame->module : "",
			     frame->offset);
	if (n < 0)
		return -ENOMEM;
	HASH_FIND_STR(ids->entries, key, entry);
	*is_new = !entry;
	if (entry) {
		free(key);
		*id = entry->id;
		return 0;
	}
	entry = calloc(1, sizeof(*entry));
	if (!entry) {
		free(key);
		return -ENOMEM;
	}
	entry->key = key;
	entry->id = HASH_COUNT(ids->entries);
	HASH_ADD_KEYPTR(hh, ids->entries, entry->key, (size_t)n, entry);
	if (!entry->hh.tbl) {
		free(key);
		free(entry);
		return -ENOMEM;
	}
	*id = entry->id;
	return 0;
}
