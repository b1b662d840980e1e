/* SPDX-License-Identifier: MIT */
/* sink.h: the end of the graph: messages into raw events, batch by batch. */
#ifndef WS_SINK_H
#define WS_SINK_H

#include <babeltrace2/babeltrace.h>

#include "analyzer/source/extract.h"
#include "analyzer/source/notes.h"
#include "analyzer/source/source.h"

/* Events that a stream lost somewhere up to a time: told once that time has come. */
struct ws_sink_loss {
	uint64_t until_ns;
	uint64_t events;
	uint64_t packets;
};

/* All members start as zero but those that say otherwise. */
struct ws_sink {
	const struct ws_source_sink *out; /* Weak; set by the creator */
	struct ws_notes *notes;           /* Weak; set by the creator */
	struct ws_error *error;           /* Weak; set by the creator; may be NULL */
	struct ws_extract extract;
	struct ws_raw_batch *batch;  /* Owned by this; NULL: none yet */
	struct ws_sink_loss *losses; /* Owned by this: those still to be told */
	size_t n_losses, losses_capacity;
	uint64_t foreign; /* events of other providers */
	uint64_t last_ns; /* time of the last event */
	uint64_t events;  /* of ours */
	int result;       /* 0, or why it ended early */
};

/* Adds the sink to the graph. 0, or a negative errno with the error left to libbabeltrace2. */
int ws_sink_add(struct ws_sink *sink, bt_graph *graph, const bt_component_sink **component);

/* Tells what is left (losses, warnings, events of others) and hands the last batch over. 0 or a
 * negative errno; to be called only when `result` is 0. */
int ws_sink_finish(struct ws_sink *sink);

/* Frees what the sink holds; a batch that was not handed over goes out empty. */
void ws_sink_free(struct ws_sink *sink);

#endif
