/* SPDX-License-Identifier: MIT */
/* arena.c: see arena.h. */
#include "analyzer/base/arena.h"

#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

#define ARENA_BLOCK 16384

struct ws_arena_block {
	struct ws_arena_block *next; /* Owned by this: older blocks */
	size_t size;                 /* of `bytes` */
	size_t used;
	alignas(max_align_t) char bytes[];
};

void *ws_arena_alloc(struct ws_arena *arena, size_t size)
{
	struct ws_arena_block *block = arena->blocks;
	size_t room = (size + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
	void *ret;

	if (room < size)
		return NULL;
	if (!block || block->size - block->used < room) {
		size_t want = room > ARENA_BLOCK ? room : ARENA_BLOCK;

		if (want > (size_t)-1 - sizeof(*block))
			return NULL;
		block = malloc(sizeof(*block) + want);
		if (!block)
			return NULL;
		block->size = want;
		block->used = 0;
		block->next = arena->blocks;
		arena->blocks = block;
	}
	ret = block->bytes + block->used;
	block->used += room;
	return ret;
}

char *ws_arena_strdup(struct ws_arena *arena, const char *string)
{
	size_t size = strlen(string) + 1;
	char *copy = ws_arena_alloc(arena, size);

	if (copy)
		memcpy(copy, string, size);
	return copy;
}

void ws_arena_reset(struct ws_arena *arena)
{
	struct ws_arena_block *keep = arena->blocks;

	if (!keep)
		return;
	while (keep->next) {
		struct ws_arena_block *old = keep->next;

		keep->next = old->next;
		free(old);
	}
	keep->used = 0;
}

void ws_arena_free(struct ws_arena *arena)
{
	ws_arena_reset(arena);
	free(arena->blocks);
	arena->blocks = NULL;
}
