/* SPDX-License-Identifier: MIT */
/* call.h: calls of the program as such: which function, with what, from where, and how it ended.
 *
 * In front of each wrapper stands a thunk under the function's own name (thunk.c). As long as
 * nobody needs to know of calls, it jumps on to the wrapper, and return address and arguments stay
 * as they are. Otherwise it goes by ws_call_begin(), calls the wrapper, and goes by ws_call_end():
 * the wrapper's return address is then ws_call_returned, and WS_SITE finds the program's here.
 *
 * What returns twice, and what has any number of arguments, is jumped to all the same: of the first
 * only the beginning is recorded, the others say themselves how they ended (WS_CALL_DONE).
 *
 * A call that is left without a return (longjmp, cancellation, an exception, the thread's end) is
 * noticed at the thread's next call, as waits are, and recorded then.
 */
#ifndef WS_CALL_H
#define WS_CALL_H

#include <stdbool.h>
#include <stdint.h>

#include "preload/export.h"
#include "preload/thread.h"
#include "tracepoints/functions.h"

/* True: calls are recorded (WAITSCOPE_MODE=full). Else, with ws_calls_on, they are only followed:
 * what is recorded depends on the function that does it. */
extern bool ws_calls_full;

/* Begins to follow calls, and with `full` to record them. The constructor calls it. */
void ws_calls_start(bool full);

/* What a thunk puts on the stack, by assembly in thunk.c: 16 bytes aligned. */
struct ws_call_frame {
	uint64_t args[6];  /* rdi rsi rdx rcx r8 r9 */
	uint64_t function; /* number of functions.h */
	uint64_t target;   /* out: the wrapper */
	uint64_t n_stack;  /* out: words of arguments on the stack that it is to find there */
	uint64_t rax;      /* in: how many vector registers hold arguments */
	uint64_t vector[8][2];
};

/* The function that the calling thread is in, of those that the program has called; or
 * WS_FUNCTION_UNKNOWN. */
static inline uint16_t ws_call_function(const struct ws_thread *self)
{
	return self->n_calls ? self->calls[self->n_calls - 1].function : WS_FUNCTION_UNKNOWN;
}

/* The thread's call is about to block: it is recorded as one that has not returned yet. */
void ws_call_blocks(struct ws_thread *self);
/* The thread ends, or its image is replaced: what is open never returns. */
void ws_calls_left(struct ws_thread *self);

/* By a wrapper with any number of arguments, as it returns `result`: the call is over. `slot` is
 * the address of its return address. */
void ws_call_done(uintptr_t slot, int64_t result);
#define WS_CALL_DONE(result)                                                                       \
	do {                                                                                       \
		if (ws_unlikely(ws_calls_on))                                                      \
			ws_call_done((uintptr_t)__builtin_frame_address(0) + sizeof(uintptr_t),    \
				     (result));                                                    \
	} while (0)

#endif
