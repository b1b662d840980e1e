/* SPDX-License-Identifier: MIT */
/* map64.h: numbers by 64-bit key: the lookups that decode does for every event.
 *
 * An open-addressing table without an allocation per entry (uthash has one); it grows by doubling.
 * A map of zeroes is an empty one. Not for several threads at a time.
 */
#ifndef WS_MAP64_H
#define WS_MAP64_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ws_map64_slot {
	uint64_t key;
	uint32_t value;
	uint32_t used; /* 0: free, and the end of a probe; 1: holds an entry */
};

struct ws_map64 {
	struct ws_map64_slot *slots; /* Owned by this; NULL: none yet */
	size_t mask;                 /* number of slots - 1, a power of two less one */
	size_t n;                    /* entries */
};

/* True with *value set if the key is there. */
bool ws_map64_get(const struct ws_map64 *map, uint64_t key, uint32_t *value);

/* Sets the key's value, whether it was there or not. 0 or -ENOMEM with the map as it was. */
int ws_map64_put(struct ws_map64 *map, uint64_t key, uint32_t value);

/* Makes `to`, which is empty, a copy. 0 or -ENOMEM with `to` empty. */
int ws_map64_copy(struct ws_map64 *to, const struct ws_map64 *from);

/* Forgets all entries but keeps the memory. */
void ws_map64_clear(struct ws_map64 *map);

/* Frees the memory; the map is empty then. */
void ws_map64_free(struct ws_map64 *map);

#endif
