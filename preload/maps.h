/* SPDX-License-Identifier: MIT */
/* maps.h: reads /proc/self/maps without stdio or malloc, a line at a time. */
#ifndef WS_MAPS_H
#define WS_MAPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Longest path that is kept, with its NUL; the rest is cut off. */
#define WS_MAPS_PATH 512

/* One mapping. */
struct ws_maps_line {
	uintptr_t start;
	uintptr_t end;
	uint64_t offset; /* in what is mapped, in bytes */
	uint64_t dev;    /* as makedev() packs it */
	uint64_t ino;
	bool shared;             /* MAP_SHARED */
	char path[WS_MAPS_PATH]; /* as the kernel shows it; empty: anonymous and private */
};

/* Calls `each` for every mapping, by ascending address, until it returns false. The fd that it
 * takes is moved high at once and guarded (fdguard.h). 0 or negative errno. */
int ws_maps_read(bool (*each)(const struct ws_maps_line *line, void *context), void *context);

/* The same from an open fd: what the tests read. */
int ws_maps_read_fd(int fd, bool (*each)(const struct ws_maps_line *line, void *context),
		    void *context);

#endif
