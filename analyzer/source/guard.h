/* SPDX-License-Identifier: MIT */
/* guard.h: a filter that turns a stream's failure into its end.
 *
 * Without it, one damaged packet would make the muxer fail, and with it the reading of all other
 * streams. The guard passes messages on as they are; where its upstream fails, it notes the cause
 * and ends the stream there.
 */
#ifndef WS_GUARD_H
#define WS_GUARD_H

#include <babeltrace2/babeltrace.h>

#include "analyzer/source/notes.h"

/* The component class, Owned by the caller; NULL when memory is out. */
bt_component_class_filter *ws_guard_class(void);

/* What a guard is made with, as its initialize method data; copied. */
struct ws_guard_params {
	struct ws_notes *notes; /* Weak: outlives the graph */
	const char *stream;     /* what to call the stream in a warning; Weak: outlives the graph */
};

#endif
