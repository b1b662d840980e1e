/* SPDX-License-Identifier: MIT */
/* frame_ids.h: a number for each distinct frame, in order of appearance. */
#ifndef WS_FRAME_IDS_H
#define WS_FRAME_IDS_H

#include <stdbool.h>
#include <stdint.h>

#include "analyzer/decode/symbols.h"

struct ws_frame_ids;

/* NULL when memory is out. */
struct ws_frame_ids *ws_frame_ids_new(void);
void ws_frame_ids_free(struct ws_frame_ids *ids); /* NULL is fine */

/* The number of the frame, from 0, in *id; *is_new if it was given now. Frames are the same if
 * people can't tell them apart: function, file (or module, where that is not known) and line; where
 * there is no function, module and offset. 0 or -ENOMEM. */
int ws_frame_id(struct ws_frame_ids *ids, const struct ws_frame *frame, uint32_t *id, bool *is_new);

#endif
