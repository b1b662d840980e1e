/* SPDX-License-Identifier: MIT */
/* call.h: calls of the program as such: which function, with what, from where, and how it ended.
 *
 * In front of each wrapper stands a thunk under the function's own name (thunk.c). As long as
 * nothing needs to know of calls, it jumps on to the wrapper, and return address and arguments stay
 * as they are. Otherwise it goes by ws_call_begin(), calls the wrapper, and goes by ws_call_end():
 * the wrapper's return address is then ws_call_returned, and WS_SITE finds the program's here.
 */
#ifndef WS_CALL_H
#define WS_CALL_H

#include <stdbool.h>
#include <stdint.h>

/* Every intercepted function: its row in functions.def, aliases included. */
enum ws_function {
#define WS_FN(name, version, ret, params, args, family, flags) WS_FUNCTION_##name,
#define WS_ALIAS(name, of) WS_FUNCTION_##name,
#include "preload/functions.def"
#undef WS_FN
#undef WS_ALIAS
	WS_FUNCTION_COUNT
};

#endif
