/* SPDX-License-Identifier: MIT */
/* cells.h: text for people in columns: widths as seen, times and counts in human units. */
#ifndef WS_CELLS_H
#define WS_CELLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analyzer/decode/symbols.h"

/* One piece of text. What does not fit in is cut; what is shown is shorter anyway. */
#define WS_CELL_SIZE 1024

struct ws_cell {
	char text[WS_CELL_SIZE];
};

/* Replaces control characters and, unless `utf8`, everything beyond ASCII: names come from
 * programs, and must not move the reader's cursor. Invalid UTF-8 becomes '?' too. */
void ws_cell_set(struct ws_cell *cell, bool utf8, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Columns that the text takes in a terminal: two for what is wide, none for what combines. */
size_t ws_cell_width(const struct ws_cell *cell);

/* Cuts the text to `width` columns, ending in an ellipsis if anything went. */
void ws_cell_cut(struct ws_cell *cell, bool utf8, size_t width);

/* "812 ns", "1.23 us" (with the letter mu in UTF-8), "12.3 ms", "1,240 s": three digits. */
void ws_cell_time(struct ws_cell *cell, bool utf8, uint64_t ns);

/* "1,204,331" */
void ws_cell_count(struct ws_cell *cell, uint64_t count);

/* "3 threads", "1 process". */
void ws_cell_noun(struct ws_cell *cell, uint64_t count, const char *noun);

/* "61 %", "< 1 %"; "-" of nothing. */
void ws_cell_percent(struct ws_cell *cell, uint64_t part, uint64_t whole);

/* "get() cache.c:97" in at most `width` columns: the function gives way, not the line. NULL:
 * "unknown". */
void ws_cell_place(struct ws_cell *cell, bool utf8, const struct ws_frame *frame, size_t width);

#endif
