/* SPDX-License-Identifier: MIT */
/* session_trace.h: the LTTng session itself: channels, events, start, stop, counts.
 *
 * Buffers. Channel `waits` has 8 sub-buffers per CPU, channel `defs` 4 that together are a
 * quarter of it. Unless the caller says otherwise, `waits` gets WS_BUFFER_TOTAL_BYTES divided by
 * the number of CPUs, within WS_BUFFER_MIN_BYTES and WS_BUFFER_MAX_BYTES per CPU: at a million
 * events a second (about 75 bytes each) 16 MiB bridge 0.2 s in which one CPU's consumer does not
 * get to run. Buffers live in /dev/shm, and one user's processes share them; at most half of
 * what is free there is taken, since LTTng fills them all at the start.
 */
#ifndef WS_SESSION_TRACE_H
#define WS_SESSION_TRACE_H

#include "session.h"

#define WS_BUFFER_TOTAL_BYTES (128ull << 20)
#define WS_BUFFER_MAX_BYTES   (16ull << 20)
#define WS_BUFFER_MIN_BYTES   (64ull << 10)

/* Creates and starts the session in the daemon that liblttng-ctl finds. `filter` keeps other
 * recordings' events out, where the daemon is shared. 0, or a negative errno with `reason` set
 * and no session left; -EAGAIN: the daemon could not start its consumer, another one may. */
int ws_trace_session_start(const struct ws_session_options *options, bool filter, char *reason);

/* Stops the session, waits until all data is on disk and counts losses.
 * 0, or a negative errno with `reason` set. */
int ws_trace_session_stop(uint32_t run, char *reason, struct ws_session_result *result);

/* Takes the session out of a daemon that lives on. It takes half a second, which a daemon that
 * ends right away saves. */
void ws_trace_session_destroy(uint32_t run);

/* How many sessions of anybody the daemon has; negative: it does not answer. */
int ws_trace_session_count(void);

#endif
