/* SPDX-License-Identifier: MIT */
/* reader.h: a group of streams, read by one thread into raw events, merged by time.
 *
 * A graph of libbabeltrace2's own: source.ctf.fs for each folder that has streams of the group, and
 * a sink of ours with an iterator for each of them. The merging is ours: without filter.utils.muxer
 * a message is passed on once less, and a stream that fails ends alone. Where its time goes
 * backwards, a stream is damaged and ends, too.
 */
#ifndef WS_READER_H
#define WS_READER_H

#include "analyzer/base/error.h"
#include "analyzer/source/origin.h"
#include "analyzer/source/source.h"
#include "analyzer/source/stream.h"
#include "analyzer/source/watch.h"

struct ws_reader;

/* Makes the graph for the streams of `group` among the `n`, in the calling thread: to be called by
 * one thread at a time, since libbabeltrace2 keeps a list of its plugins. What is given must
 * outlive the reader. 0 with *ret to be freed by ws_reader_free, or a negative errno with `error`
 * set. */
int ws_reader_new(struct ws_stream *streams, size_t n, uint32_t group,
		  const struct ws_origins *origins, struct ws_watch *watch, struct ws_reader **ret,
		  struct ws_error *error);

/* Reads all, in any thread. 0, or a negative errno with `error` set, or what a callback returned.
 * Streams that fail say so in their `failure`; that is none of the run's. */
int ws_reader_run(struct ws_reader *reader, const struct ws_source_sink *sink,
		  struct ws_error *error);

/* By one thread at a time, as ws_reader_new. NULL is fine. */
void ws_reader_free(struct ws_reader *reader);

#endif
