/* SPDX-License-Identifier: MIT */
/* fed.h: messages of libbabeltrace2 that somebody else's graph hands over, as raw events in the
 * order of ws_raw_before(): what reader.h is for graphs of our own.
 *
 * The messages come from one iterator, in the order of their times, those of many streams mixed.
 * Which of several events of the same time comes first is up to whoever mixed them; here it is up
 * to the streams' numbers, so that the same trace gives the same events whichever way it was read.
 * Streams are numbered by their folders and ports' names, as plan.h does, once the first event
 * comes: sources tell of all of their streams before. One that begins later has the next number.
 */
#ifndef WS_FED_H
#define WS_FED_H

#include <babeltrace2/babeltrace.h>

#include "analyzer/base/error.h"
#include "analyzer/source/origin.h"
#include "analyzer/source/source.h"

/* Who is told. */
struct ws_fed_sink {
	void *user; /* Weak: handed back to the callbacks */
	/* Weak: names of files that the folder of a recording has one of; NULL is the last. */
	const char *const *marks;

	/* Before the first event: all streams that are known so far have been numbered. 0 or a
	 * negative errno. */
	int (*begin)(void *user);
	/* A recording that no event was from so far, as ws_decode_add_origin() wants it; in order
	 * of their numbers, after `begin`. 0 or a negative errno. */
	int (*origin)(void *user, const char *host, uint32_t dir, int64_t shift_ns);
	/* The next events, borrowed for the call. 0 or a negative errno. */
	int (*events)(void *user, const struct ws_raw *events, size_t n);
};

struct ws_fed;

/* 0 with *ret to be freed by ws_fed_free, or -ENOMEM. */
int ws_fed_new(const struct ws_fed_sink *sink, struct ws_fed **ret);

/* Takes a message, whose reference stays the caller's. 0, or a negative errno with `error` set
 * (what a callback returned passes through without a text). */
int ws_fed_message(struct ws_fed *fed, const bt_message *message, struct ws_error *error);

/* There are no more messages: hands out what is left, and what ws_source_tell() tells. As above. */
int ws_fed_end(struct ws_fed *fed, struct ws_error *error);

/* The recordings' folders: those that hold the streams' files and, where there are any, the
 * recorder's; sorted. From `begin` on; streams without a file have none. */
size_t ws_fed_n_dirs(const struct ws_fed *fed);
const char *const *ws_fed_dirs(const struct ws_fed *fed);

/* The clock by which events' times are, and from when on it counts, in ns from its origin. NULL: no
 * stream had one. From `begin` on. */
const bt_clock_class *ws_fed_clock(const struct ws_fed *fed);
int64_t ws_fed_clock_offset_ns(const struct ws_fed *fed);

void ws_fed_free(struct ws_fed *fed); /* NULL is fine */

#endif
