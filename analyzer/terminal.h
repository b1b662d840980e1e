/* SPDX-License-Identifier: MIT */
/* terminal.h: what the reader of a text has before them: how wide, in which letters and colours. */
#ifndef WS_TERMINAL_H
#define WS_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>

enum ws_colour { WS_COLOUR_AUTO, WS_COLOUR_ALWAYS, WS_COLOUR_NEVER };

/* Columns of a line on `fd`: those of the terminal, or 100 where it is none; no more than $COLUMNS
 * in any case. */
size_t ws_terminal_width(int fd);

/* True if colours are to be shown on `fd`: as the user said, else on a terminal that is not dumb,
 * unless $NO_COLOR is set to anything (no-color.org). */
bool ws_terminal_colour(enum ws_colour wish, int fd);

/* True if the locale of the environment has UTF-8. Sets LC_CTYPE. */
bool ws_terminal_utf8(void);

#endif
