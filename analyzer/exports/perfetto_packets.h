/* SPDX-License-Identifier: MIT */
/* perfetto_packets.h: the packets of Perfetto's trace format, one after the other: nothing of what
 * was written is kept but the texts, each of which is written once.
 *
 * An event is made by ws_packets_event, whatever it has beside, and ws_packets_write. Out of memory
 * is noted, and told at the end.
 */
#ifndef WS_PERFETTO_PACKETS_H
#define WS_PERFETTO_PACKETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* TrackEvent.Type */
enum ws_packets_type {
	WS_PACKETS_BEGIN = 1,
	WS_PACKETS_END,
	WS_PACKETS_INSTANT,
	WS_PACKETS_COUNTER,
};

/* What a text is for: each has numbers of its own. */
enum ws_packets_text { WS_PACKETS_CATEGORY, WS_PACKETS_NAME, WS_PACKETS_VALUE, WS_PACKETS_TEXTS };

struct ws_packets;

/* Begins the trace, whose clock is CLOCK_MONOTONIC. `to` must outlive it. NULL: memory is out. */
struct ws_packets *ws_packets_new(FILE *to, uint64_t begin_ns);

/* 0 or -ENOMEM: then the trace is of no use. NULL is fine. */
int ws_packets_free(struct ws_packets *packets);

/* What a track counts: CounterDescriptor.Unit. */
enum ws_packets_unit { WS_PACKETS_NO_COUNTER, WS_PACKETS_NUMBER = 2, WS_PACKETS_BYTES };

/* A track of a process; of a thread; any other, below `parent` (0: none). */
void ws_packets_process(struct ws_packets *packets, uint64_t uuid, int32_t pid, const char *name,
			uint64_t begin_ns);
void ws_packets_thread(struct ws_packets *packets, uint64_t uuid, int32_t pid, int32_t tid,
		       const char *name);
void ws_packets_track(struct ws_packets *packets, uint64_t uuid, uint64_t parent, const char *name,
		      enum ws_packets_unit unit);

/* The text's number, never 0, from now on; 0 if memory is out. What is not UTF-8 becomes '?'. */
uint64_t ws_packets_text(struct ws_packets *packets, enum ws_packets_text of, const char *text);

/* Begins an event. `category` and `name`: numbers; 0: none. */
void ws_packets_event(struct ws_packets *packets, enum ws_packets_type type, uint64_t at_ns,
		      uint64_t track, uint64_t category, uint64_t name);
void ws_packets_count(struct ws_packets *packets, int64_t value);
void ws_packets_flow(struct ws_packets *packets, uint64_t id, bool ends);

/* An argument of the event; `key` is a literal. Between _open and _close: a member of one more
 * entry of the list `key`; _item is one that is a text. The entries of a list follow each other. */
void ws_packets_arg_text(struct ws_packets *packets, const char *key, uint64_t text);
void ws_packets_arg_number(struct ws_packets *packets, const char *key, uint64_t value);
void ws_packets_arg_true(struct ws_packets *packets, const char *key);
void ws_packets_arg_item(struct ws_packets *packets, const char *key, uint64_t text);
void ws_packets_arg_open(struct ws_packets *packets, const char *key);
void ws_packets_arg_close(struct ws_packets *packets);

/* Writes the event, and the texts that are new in it. */
void ws_packets_write(struct ws_packets *packets);

#endif
