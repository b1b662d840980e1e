/* SPDX-License-Identifier: MIT */
/* kind_colours.h: the colour of each kind of object, the same in every picture. */
#ifndef WS_KIND_COLOURS_H
#define WS_KIND_COLOURS_H

#include <stdint.h>

/* "#e0542b". Of a number that is no kind: grey. Seen on light and on dark ground alike; text never
 * lies on it. */
const char *ws_kind_colour(uint8_t kind);

#endif
