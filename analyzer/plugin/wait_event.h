/* SPDX-License-Identifier: MIT */
/* wait_event.h: a wait as an event of libbabeltrace2: its classes, and how it is filled.
 * docs/babeltrace.md documents the fields.
 */
#ifndef WS_PLUGIN_WAIT_EVENT_H
#define WS_PLUGIN_WAIT_EVENT_H

#include <babeltrace2/babeltrace.h>

#include "analyzer/public/waitscope/analysis.h"

/* Its name in the trace: not one of the library's own events. */
#define WS_WAIT_EVENT "waitscope_analysis:wait"

/* A stream of such events. */
struct ws_wait_stream {
	const bt_event_class *event_class; /* Owned by this, as all */
	const bt_stream *stream;
};

/* Makes one in a trace of its own, by the clock. 0, or -ENOMEM: libbabeltrace2 knows why. */
int ws_wait_stream_make(bt_self_component *self, const bt_clock_class *clock,
			struct ws_wait_stream *ret);
void ws_wait_stream_free(struct ws_wait_stream *stream);

/* Writes the wait into the event. 0 or -ENOMEM. */
int ws_wait_event_fill(struct ws_analysis *analysis, const struct ws_analysis_wait *wait,
		       bt_event *event);

#endif
