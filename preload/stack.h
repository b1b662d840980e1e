/* SPDX-License-Identifier: MIT */
/* stack.h: call stacks: unwound by libunwind, each distinct one recorded once per process. */
#ifndef WS_STACK_H
#define WS_STACK_H

#include <stdbool.h>
#include <stdint.h>

#include "preload/thread.h"

/* Distinct stacks per process. Beyond, a stack is recorded as not taken (limit `stacks`). */
#define WS_STACKS_MAX 65536

enum ws_stack_mode { WS_STACKS_NONE, WS_STACKS_CALLER, WS_STACKS_FULL };
extern enum ws_stack_mode ws_stack_mode; /* WAITSCOPE_STACKS; full if it is not set */

/* The id of the calling thread's stack from the frame that `site` returns to outwards, recorded
 * if it is new. Only inside a quiet section. 0: not taken. */
uint32_t ws_stack_take(struct ws_thread *self, uintptr_t site);

/* Around a fork, in the thread that forks, with all signals blocked: the child does not inherit a
 * lock of the unwinder's. Between the two, stacks are taken as their site alone. */
void ws_stack_fork_before(void);
void ws_stack_fork_after(bool child);

/* Makes all stacks new: their addresses may mean other code now (dlclose), or a session began. */
void ws_stack_forget(void);

#endif
