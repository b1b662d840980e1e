/* SPDX-License-Identifier: MIT */
/* notes.h: what the parts of source find wrong with a trace, until the sink passes it on. */
#ifndef WS_NOTES_H
#define WS_NOTES_H

#include <stddef.h>
#include <stdint.h>

#include "analyzer/base/arena.h"

/* How many warnings one trace can have; what is beyond is one more line that says how many. */
#define WS_NOTES_MAX 100

struct ws_notes {
	struct ws_arena arena;           /* the texts */
	const char *texts[WS_NOTES_MAX]; /* Weak: in the arena */
	size_t n;
	size_t dropped;   /* beyond WS_NOTES_MAX, or out of memory */
	uint64_t packets; /* lost with streams that were cut, as far as known */
};

/* Adds a line. */
void ws_notes_add(struct ws_notes *notes, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Frees the texts. */
void ws_notes_free(struct ws_notes *notes);

#endif
