/* SPDX-License-Identifier: MIT */
/* lifecycle.h: start, fork, exec and end of the process, as far as other files take part. */
#ifndef WS_LIFECYCLE_H
#define WS_LIFECYCLE_H

#include <stdbool.h>
#include <stdint.h>

#include "preload/thread.h"

/* True once the constructor has run and until the library steps aside. */
extern bool ws_active;
/* False: children are not to be recorded (WAITSCOPE_FOLLOW=0). */
extern bool ws_follow;

/* True if the address lies in LTTng's or libunwind's code: such a call is not the program's. */
bool ws_is_tracer_code(uintptr_t address);

/* Inside a quiet section, before the first events: records the process, its modules, threads and
 * mappings, if a session has begun since they were last recorded. */
void ws_definitions(void);

/* In a fork child, before it runs on. */
void ws_process_forked(struct ws_thread *self, int32_t parent);

/* Stops recording in this process for good: every wrapper passes through from now on. */
void ws_step_aside(void);

#endif
