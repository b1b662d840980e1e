/* SPDX-License-Identifier: MIT */
/* source.h: reads trace folders with libbabeltrace2 and hands out raw events in time order.
 *
 * The streams of all CTF folders found below the given ones are shared out to groups. Each group is
 * read by a thread of its own (reader.h), so that the reading, which costs most, goes on side by
 * side; each group's events come in the order of ws_raw_before(), and so do all of them once they
 * are merged by it, whatever the number of groups. What is damaged is left out with a warning and a
 * loss, and the rest is read (salvage.h).
 */
#ifndef WS_SOURCE_H
#define WS_SOURCE_H

#include <stddef.h>
#include <stdint.h>

#include "analyzer/base/error.h"
#include "analyzer/source/raw.h"
#include "analyzer/source/watch.h"

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

struct ws_source;

/* Opens the `n_dirs` folders, and shares their streams out to at most `groups` groups (at least 1,
 * at most WS_WATCH_SLOTS). `watch` is told what is done, and says what to avoid; NULL: nobody
 * watches. 0 with *ret to be freed by ws_source_free, or a negative errno with `error` set:
 * -ENOENT, -ENOTDIR: no such folder; -EINVAL: no trace in it, or nothing of it can be read;
 * -ENOMEM. */
int ws_source_open(const char *const *dirs, size_t n_dirs, uint32_t groups, struct ws_watch *watch,
		   struct ws_source **ret, struct ws_error *error);

/* How many groups there are: 0 where there is no stream. */
uint32_t ws_source_groups(const struct ws_source *source);

/* Reads a group, once, into `sink`, in the calling thread; groups may be read at the same time. 0,
 * or a negative errno with `error` set (what a callback returned passes through without a text):
 * -EINVAL: the trace can't be read; -ENOTSUP: a newer format; -ENOMEM. */
int ws_source_read(struct ws_source *source, uint32_t group, const struct ws_source_sink *sink,
		   struct ws_error *error);

/* Once all groups were read: tells what they lost, what went wrong, and how many events are
 * others'. As ws_source_read. */
int ws_source_tell(struct ws_source *source, const struct ws_source_sink *sink,
		   struct ws_error *error);

/* A recording that events are from. */
struct ws_source_origin {
	const char *host; /* "": not told; Weak: lives as long as the source */
	uint32_t dir;     /* number of the given folder, the first one that has it */
	int64_t shift_ns; /* what was added to its clock */
};

/* Which recordings the events' `origin` means, and how many there are. */
size_t ws_source_origins(const struct ws_source *source);
void ws_source_origin(const struct ws_source *source, size_t origin, struct ws_source_origin *ret);

/* Frees it; no thread may be reading. NULL is fine. */
void ws_source_free(struct ws_source *source);

#endif
