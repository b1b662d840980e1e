/* SPDX-License-Identifier: MIT */
/* symbols_store.h: what has been looked up, and its file in the trace folder.
 *
 * The file is JSON: {"format": 1, "modules": [{"path", "build_id", "code": [{"offset", "return",
 * "frames": [{"function", "file", "line", "inlined"}]}], "data": [{"offset", "name", "into"}]}]}.
 * It holds only what was found, so that a machine that knows more than the file may add to it.
 */
#ifndef WS_SYMBOLS_STORE_H
#define WS_SYMBOLS_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <uthash.h>

#include "analyzer/base/strings.h"
#include "record.h"
#include "symbols.h"

enum ws_lookup { WS_LOOKUP_CODE, WS_LOOKUP_RETURN, WS_LOOKUP_DATA };

struct ws_lookup_key {
	uint32_t module; /* index, or WS_UNKNOWN */
	uint32_t what;   /* enum ws_lookup */
	uint64_t offset;
};

/* What one lookup found. */
struct ws_found {
	UT_hash_handle hh;
	struct ws_lookup_key key;
	struct ws_frame *frames; /* code: at least one once resolved; Owned by this */
	size_t n_frames;
	const char *name; /* data: Weak, owned by the strings; NULL: there is none */
	uint64_t into;    /* data: bytes from the symbol's beginning */
	bool resolved;    /* false: just made */
	bool counted;     /* code: is in the counts */
	uint32_t load;    /* which load it is from; 0: none */
	int lost;         /* could not be added: no memory */
};

struct ws_store {
	struct ws_found *table; /* Owned by this */
	uint32_t loads;         /* files that were loaded, also in vain */
};

/* NULL: not looked up yet. */
struct ws_found *ws_store_find(const struct ws_store *store, uint32_t module, enum ws_lookup what,
			       uint64_t offset);

/* A new, unresolved one. NULL: no memory. */
struct ws_found *ws_store_add(struct ws_store *store, uint32_t module, enum ws_lookup what,
			      uint64_t offset);
void ws_store_clear(struct ws_store *store);

/* Adds what the file in `dir`, the folder number `number` of the trace, knows, to what the store
 * knows. A module without build id is the folder's own. 0, -ENOENT if there is no file, -ENOMEM,
 * -EPROTO for a newer format, -EINVAL for what is not such a file: nothing of it is used. */
int ws_store_load(struct ws_store *store, struct ws_strings *strings,
		  const struct ws_tables *tables, const char *dir, uint32_t number);

/* Writes the file whole or not at all. 0 or a negative errno. */
int ws_store_save(const struct ws_store *store, const struct ws_tables *tables, const char *dir);

#endif
