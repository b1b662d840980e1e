/* SPDX-License-Identifier: MIT */
/* event_text.h: raw events as lines of text, so that a test reads as what happened.
 *
 *	1000 wait_begin pid=7 tid=7 seq=1 kind=mutex object=0x5000 site=0x401000
 *	2000 stack pid=7 tid=7 id=1 frames=0x401000,0x402000
 *	3000 loss events=5
 *
 * A time in ns, an event of tracepoints/events.h, and its fields; those that are left out are 0 or
 * "". Enumerations are words of kinds.h or numbers; strings hold no blanks. Lines that are empty
 * or begin with # mean nothing.
 */
#ifndef WS_EVENT_TEXT_H
#define WS_EVENT_TEXT_H

#include "analyzer/base/arena.h"
#include "analyzer/base/error.h"
#include "analyzer/source/raw.h"

/* Reads one line into *event, whose strings and sequences go to `arena`. 0; -ENODATA if the line
 * means nothing; -EINVAL with `error` set. */
int ws_event_text_parse(const char *line, struct ws_arena *arena, struct ws_raw *event,
			struct ws_error *error);

#endif
