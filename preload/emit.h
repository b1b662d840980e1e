/* SPDX-License-Identifier: MIT */
/* emit.h: the one way to the tracer: a quiet section, and events fired inside it.
 *
 * In a quiet section the thread's own calls are not recorded (LTTng locks and allocates), it
 * cannot be cancelled, and errno is kept. A section never spans a call that blocks.
 */
#ifndef WS_EMIT_H
#define WS_EMIT_H

#include <stdbool.h>
#include <stdint.h>

#include "preload/prototypes.h" /* before LTTng's, whose inline functions use some of them */
#include "preload/thread.h"
#include "tracepoints/waitscope_tp.h"

struct ws_section {
	struct ws_thread *self;
	int saved_errno;
	int cancel_state;
};

/* Opens a section. `self` comes from ws_thread(). */
void ws_section_open(struct ws_section *section, struct ws_thread *self);
void ws_section_close(struct ws_section *section);

/* A section that ends where its block is left. */
#define WS_SECTION(self)                                                                           \
	__attribute__((cleanup(ws_section_close))) struct ws_section ws_section_here;              \
	ws_section_open(&ws_section_here, (self))

/* True if a session wants this event. */
#define ws_wanted(event) lttng_ust_tracepoint_enabled(waitscope, event)

/* Fires `event` with a payload (struct ws_ev_<event>), whose common fields it fills in: the
 * process `pid_` and its thread `tid_`. */
#define ws_emit_as(event, payload, pid_, tid_)                                                     \
	do {                                                                                       \
		if (ws_wanted(event)) {                                                            \
			(payload)->run = ws_run;                                                   \
			(payload)->pid = (pid_);                                                   \
			(payload)->tid = (tid_);                                                   \
			lttng_ust_do_tracepoint(waitscope, event, (payload));                      \
		}                                                                                  \
	} while (0)

/* The same for a thread of this process. */
#define ws_emit_for(event, payload, tid_) ws_emit_as(event, payload, ws_pid, tid_)

/* The same for the thread whose section it is. */
#define ws_emit(event, payload) ws_emit_for(event, payload, ws_section_here.self->tid)

extern uint32_t ws_run;  /* WAITSCOPE_RUN; 0: none */
extern int32_t ws_pid;   /* this process, as it sees itself */

#endif
