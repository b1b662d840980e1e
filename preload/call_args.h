/* SPDX-License-Identifier: MIT */
/* call_args.h: the arguments of a call as they are recorded: how many there are, as numbers and as
 * text, and what they are about.
 */
#ifndef WS_CALL_ARGS_H
#define WS_CALL_ARGS_H

#include <stddef.h>
#include <stdint.h>

#include "preload/thread.h"
#include "tracepoints/functions.h"

/* Takes the arguments, as the registers and the stack have them, into `call`: those that the
 * function looks at, each extended to 64 bits. `stack` is where those beyond the sixth are. */
void ws_call_take_args(const struct ws_function_info *info, const uint64_t *registers,
		       const uint64_t *stack, struct ws_open_call *call);

/* Writes the texts among the arguments to `to`, of `size` bytes, in the form of the `call` event.
 * Returns the length without the NUL; sets WS_CALL_CUT. The memory is the program's and read with
 * care. */
size_t ws_call_take_texts(const struct ws_function_info *info, struct ws_open_call *call, char *to,
			  size_t size);

/* The file that the call is about: its first descriptor or stream. -1: none. */
int ws_call_file(const struct ws_function_info *info, const struct ws_open_call *call);

/* Finds out what the call is about, as far as the arguments or what the library knows of a file
 * tell, without asking the kernel: kind, object and device. */
void ws_call_take_object(const struct ws_function_info *info, struct ws_open_call *call);

/* The result extended to 64 bits. */
int64_t ws_call_result(const struct ws_function_info *info, uint64_t result);
/* The errno value of a call that returned `result`, before which errno was `before`; 0: it did not
 * fail, or sets none. */
int ws_call_error(const struct ws_function_info *info, int64_t result, int before, int after);

#endif
