/* SPDX-License-Identifier: MIT */
/* ranges.h: which thing lies at an address of one process: modules, mappings of shared memory.
 *
 * Ranges never overlap: a new one replaces what it covers and cuts what it touches, as mmap does.
 */
#ifndef WS_RANGES_H
#define WS_RANGES_H

#include <stddef.h>
#include <stdint.h>

struct ws_range {
	uint64_t begin;  /* first address */
	uint64_t end;    /* first address behind it */
	uint64_t offset; /* place within the thing that `begin` is */
	uint32_t thing;  /* the caller's number for it */
};

/* One of zeroes is empty. */
struct ws_ranges {
	struct ws_range *ranges; /* Owned by this; sorted by address */
	size_t n, capacity;
};

/* Puts `thing`, from `offset` in it, at the `size` bytes from `begin`; nothing if that is empty or
 * beyond the end of the address space. 0 or -ENOMEM with the ranges as they were. */
int ws_ranges_set(struct ws_ranges *ranges, uint64_t begin, uint64_t size, uint64_t offset,
		  uint32_t thing);

/* Removes whatever lies in the `size` bytes from `begin`. 0 or -ENOMEM, as above. */
int ws_ranges_clear(struct ws_ranges *ranges, uint64_t begin, uint64_t size);

/* The range that holds `address`, or NULL. Valid until the next change. */
const struct ws_range *ws_ranges_find(const struct ws_ranges *ranges, uint64_t address);

/* Makes `to`, which is empty, a copy. 0 or -ENOMEM with `to` empty. */
int ws_ranges_copy(struct ws_ranges *to, const struct ws_ranges *from);

/* Frees the memory; empty then. */
void ws_ranges_free(struct ws_ranges *ranges);

#endif
