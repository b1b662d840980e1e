/* SPDX-License-Identifier: MIT */
/* arena.h: memory that is taken in small pieces and given back all at once.
 *
 * Not for several threads at a time.
 */
#ifndef WS_ARENA_H
#define WS_ARENA_H

#include <stddef.h>

/* One piece of memory that the arena hands out from its front. */
struct ws_arena_block;

struct ws_arena {
	struct ws_arena_block *blocks; /* Owned by this; the one in use first; NULL: none yet */
};

/* `size` bytes, aligned for any type, not zeroed; NULL when memory is out. They last until
 * ws_arena_reset or ws_arena_free. An arena of zeroes is an empty one. */
void *ws_arena_alloc(struct ws_arena *arena, size_t size);

/* A copy of the string. NULL when memory is out. */
char *ws_arena_strdup(struct ws_arena *arena, const char *string);

/* Gives everything back but keeps one block, so that filling it again allocates nothing. */
void ws_arena_reset(struct ws_arena *arena);

/* Gives everything back. */
void ws_arena_free(struct ws_arena *arena);

#endif
