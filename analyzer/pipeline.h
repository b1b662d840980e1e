/* SPDX-License-Identifier: MIT */
/* pipeline.h: reads trace folders and hands every record, in time order, to one consumer.
 *
 * The stages run side by side and exchange batches through ring/: readers (CTF to raw events), each
 * of a group of streams, and decode (which merges their events and makes records of them) in
 * threads of their own, the consumer in the caller's thread. However many readers there are, the
 * records are the same, in the same order. When the run is over, the tables say what the numbers in
 * the records stand for; they are complete then and change no more.
 */
#ifndef WS_PIPELINE_H
#define WS_PIPELINE_H

#include <stddef.h>

#include "analyzer/base/error.h"
#include "analyzer/decode/record.h"
#include "analyzer/decode/tables.h"
#include "analyzer/source/watch.h"

/* Where the records go. */
struct ws_pipeline_sink {
	void *user; /* Weak: handed back to the callback */

	/* The next `n` records (at least one), in time order; borrowed for the call. Called in
	 * the thread that called ws_pipeline_run. 0 to go on, or a negative errno to stop all
	 * stages, with `error` set. NULL: the records are dropped (only the tables are wanted). */
	int (*records)(void *user, const struct ws_record *records, size_t n,
		       struct ws_error *error);
};

/* How to read. */
struct ws_pipeline_options {
	unsigned int readers;   /* threads that read, at most; 0: one for each processor */
	struct ws_watch *watch; /* Weak: see source/watch.h; NULL: nobody watches */
};

/* How many threads that is: `wanted`, or if that is 0, one for each processor that this process may
 * use. */
unsigned int ws_pipeline_jobs(unsigned int wanted);

/* A trace that has been read: the owner of its tables. */
struct ws_trace;

/* Reads the `n_dirs` trace folders `dirs` as one trace, merged by time, into `sink`; `options`
 * NULL: with none of them.
 *
 * 0 with *ret to be freed by ws_trace_free. What could not be read to its end (a truncated packet,
 * a recording that was cut off) is no failure: it is a line in the tables' `warnings`, and what
 * came before is complete. A negative errno with `error` set and *ret untouched where there is
 * nothing to report on:
 *   -ENOENT   a folder is missing
 *   -ENOTDIR  it is no folder
 *   -EINVAL   it holds no trace, or nothing of it can be read
 *   -ENODATA  it is a trace without an event of ours
 *   -ENOTSUP  it was recorded by a newer waitscope
 *   -ENOMEM, or what the sink returned. */
int ws_pipeline_run_as(const struct ws_pipeline_options *options, const char *const *dirs,
		       size_t n_dirs, const struct ws_pipeline_sink *sink, struct ws_trace **ret,
		       struct ws_error *error);

/* The same without options. */
int ws_pipeline_run(const char *const *dirs, size_t n_dirs, const struct ws_pipeline_sink *sink,
		    struct ws_trace **ret, struct ws_error *error);

/* Never NULL; valid until ws_trace_free. */
const struct ws_tables *ws_trace_tables(const struct ws_trace *trace);

/* Frees the tables and all names in them. NULL is fine. */
void ws_trace_free(struct ws_trace *trace);

#endif
