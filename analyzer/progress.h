/* SPDX-License-Identifier: MIT */
/* progress.h: the line on the terminal that tells how far the reading of a trace is. */
#ifndef WS_PROGRESS_H
#define WS_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analyzer/source/watch.h"

/* Work that is over before is not worth a line. */
#define WS_PROGRESS_AFTER_MS 500

struct ws_progress {
	bool wanted;       /* stderr is a terminal */
	bool shown;        /* there is a line, to be taken away */
	uint64_t begin_ms; /* any clock */
};

/* The line, without its end, into `text`: percent and time left where they are known (`bytes_total`
 * not 0), events and events a second. */
void ws_progress_text(uint64_t events, uint64_t bytes, uint64_t bytes_total, uint64_t elapsed_ms,
		      char *text, size_t size);

/* Shows the line anew. */
void ws_progress_show(struct ws_progress *progress, const struct ws_watch *watch, uint64_t now_ms);

/* Takes the line away. */
void ws_progress_hide(struct ws_progress *progress);

#endif
