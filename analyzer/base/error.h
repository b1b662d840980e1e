/* SPDX-License-Identifier: MIT */
/* error.h: an error as one line for people: what failed, on which file or option, what to do.
 *
 * Rooms fill it and return a negative errno; only cmd_* prints it, once.
 */
#ifndef WS_ERROR_H
#define WS_ERROR_H

#include <stddef.h>

struct ws_error {
	char text[1024]; /* "" if nothing failed; no newline at its end */
};

/* Sets the text if `error` is not NULL and holds none yet: the first cause is what counts.
 * Returns `code`, which must be a negative errno, so that `return ws_error_set(…)` reads well. */
int ws_error_set(struct ws_error *error, int code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif
