/* SPDX-License-Identifier: MIT */
/* source.h: reads trace folders with libbabeltrace2 and hands out raw events in time order.
 *
 * One graph: source.ctf.fs for each CTF folder found below the given ones, a guard behind each of
 * its streams (guard.h), filter.utils.muxer, and a sink of ours that fills batches (extract.h).
 * What is damaged is left out with a warning and a loss, and the rest is read (salvage.h).
 */
#ifndef WS_SOURCE_H
#define WS_SOURCE_H

#include <stddef.h>

#include "analyzer/base/error.h"
#include "analyzer/source/raw.h"

/* Where empty batches come from and filled ones go. */
struct ws_source_sink {
	void *user; /* Weak: handed back to the callbacks */

	/* An empty batch into *batch, Owned by the source then. 0, or a negative errno that ends
	 * the run. */
	int (*empty)(void *user, struct ws_raw_batch **batch);

	/* Takes over a batch that the source got from `empty`; the last one may hold no event. 0,
	 * or a negative errno that ends the run (the batch is taken over all the same). */
	int (*filled)(void *user, struct ws_raw_batch *batch);
};

/* Reads the `n_dirs` folders, merged by time, into `sink`, in the calling thread. 0, or a negative
 * errno with `error` set (what a callback returned passes through without a text): -ENOENT,
 * -ENOTDIR: no such folder; -EINVAL: no trace in it, or nothing of it can be read; -ENOTSUP: a
 * newer format; -ENOMEM. */
int ws_source_run(const char *const *dirs, size_t n_dirs, const struct ws_source_sink *sink,
		  struct ws_error *error);

#endif
