/* SPDX-License-Identifier: MIT */
/* origin.h: which recording, host and clock a stream is from, as its metadata says.
 *
 * Pids and addresses of two recordings have nothing to do with each other. Traces of one LTTng
 * session (the same host, name and time of creation) are one recording, in how many folders they
 * may be; without these, what is below one of the given folders is.
 *
 * Time: LTTng tells of each clock its distance to the epoch. The first stream's own time is the
 * trace's; other clocks are shifted by the difference of the distances. A clock with the same uuid
 * (LTTng's is the boot's) is the same clock: it needs no shift, and the distances, each measured
 * anew, would only add their errors.
 */
#ifndef WS_ORIGIN_H
#define WS_ORIGIN_H

#include <babeltrace2/babeltrace.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analyzer/base/arena.h"
#include "analyzer/source/notes.h"

struct ws_origin {
	const char *key;  /* what makes it one; Weak: in the arena */
	const char *host; /* "": not told; Weak: in the arena */
	uint32_t dir;     /* the first of the given folders that has it */
	int64_t shift_ns; /* of its clock */
};

struct ws_origins {
	struct ws_origin *list; /* Owned by this */
	size_t n, capacity;
	struct ws_arena texts;
	bool has_clock; /* the reference is set */
	bool has_uuid;
	uint8_t uuid[16];       /* of the reference clock */
	int64_t offset_ns;      /* of the reference clock from the epoch */
	bool mixed_clocks;      /* another host's clock was seen */
	const char *clock_host; /* the reference's; Weak */
};

/* Which origin the trace is from: the index into *ret. `dir` is the number of the given folder. 0
 * or -ENOMEM. */
int ws_origin_of(struct ws_origins *origins, const bt_trace *trace, uint32_t dir, uint32_t *ret);

/* Makes the clock the reference if it is the first one; notes if it is another host's. */
void ws_origins_clock(struct ws_origins *origins, uint32_t origin, const bt_clock_class *clock);

/* What is to be added to a value of the clock, which counts ns, to be the trace's time. */
int64_t ws_origins_shift(const struct ws_origins *origins, const bt_clock_class *clock);

/* Notes that hosts' clocks are theirs, if there is more than one. */
void ws_origins_note(const struct ws_origins *origins, struct ws_notes *notes);

void ws_origins_free(struct ws_origins *origins);

#endif
