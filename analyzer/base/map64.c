/* SPDX-License-Identifier: MIT */
/* map64.c: see map64.h. Linear probing; at most three quarters of the slots are used. */
#include "analyzer/base/map64.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define MAP64_FIRST 16

/* Mixes all bits of the key into the low ones: the finalizer of splitmix64. */
static uint64_t hash(uint64_t key)
{
	key ^= key >> 30;
	key *= 0xbf58476d1ce4e5b9u;
	key ^= key >> 27;
	key *= 0x94d049bb133111ebu;
	return key ^ key >> 31;
}

/* The slot that holds the key, or the free one where it would go. */
static struct ws_map64_slot *probe(struct ws_map64_slot *slots, size_t mask, uint64_t key)
{
	size_t i = hash(key) & mask;

	while (slots[i].used && slots[i].key != key)
		i = (i + 1) & mask;
	return &slots[i];
}

bool ws_map64_get(const struct ws_map64 *map, uint64_t key, uint32_t *value)
{
	const struct ws_map64_slot *slot;

	if (!map->n)
		return false;
	slot = probe(map->slots, map->mask, key);
	if (!slot->used)
		return false;
	*value = slot->value;
	return true;
}

static int grow(struct ws_map64 *map)
{
	size_t n = map->slots ? (map->mask + 1) * 2 : MAP64_FIRST;
	struct ws_map64_slot *slots = calloc(n, sizeof(*slots));

	if (!slots)
		return -ENOMEM;
	for (size_t i = 0; map->slots && i <= map->mask; i++) {
		if (map->slots[i].used)
			*probe(slots, n - 1, map->slots[i].key) = map->slots[i];
	}
	free(map->slots);
	map->slots = slots;
	map->mask = n - 1;
	return 0;
}

int ws_map64_put(struct ws_map64 *map, uint64_t key, uint32_t value)
{
	struct ws_map64_slot *slot;

	if (!map->slots || (map->n + 1) * 4 > (map->mask + 1) * 3) {
		if (grow(map))
			return -ENOMEM;
	}
	slot = probe(map->slots, map->mask, key);
	if (!slot->used)
		map->n++;
	*slot = (struct ws_map64_slot){ .key = key, .value = value, .used = 1 };
	return 0;
}

int ws_map64_copy(struct ws_map64 *to, const struct ws_map64 *from)
{
	struct ws_map64_slot *slots = NULL;

	if (from->slots) {
		slots = malloc((from->mask + 1) * sizeof(*slots));
		if (!slots)
			return -ENOMEM;
		memcpy(slots, from->slots, (from->mask + 1) * sizeof(*slots));
	}
	*to = *from;
	to->slots = slots;
	return 0;
}

void ws_map64_clear(struct ws_map64 *map)
{
	if (map->slots)
		memset(map->slots, 0, (map->mask + 1) * sizeof(*map->slots));
	map->n = 0;
}

void ws_map64_free(struct ws_map64 *map)
{
	free(map->slots);
	*map = (struct ws_map64){ 0 };
}
