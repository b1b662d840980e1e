/* SPDX-License-Identifier: MIT */
/* functions.h: the intercepted functions as the trace names them: what their arguments are, and
 * what they are about. Made from preload/functions.def by way of functions_table.h in the build
 * folder.
 *
 * Numbers are this build's own: a trace says in its metadata what its numbers stand for.
 */
#ifndef WS_FUNCTIONS_H
#define WS_FUNCTIONS_H

#include <stdint.h>

#include "functions_table.h"
#include "kinds.h"

#define WS_FUNCTION_ENUM(name, of, flags, kind, args, result) WS_FUNCTION_##name,
enum ws_function_number { WS_FUNCTIONS(WS_FUNCTION_ENUM) WS_FUNCTION_COUNT };
#undef WS_FUNCTION_ENUM

/* A number that stands for none of this build's functions. */
#define WS_FUNCTION_UNKNOWN UINT16_MAX

/* No function has more arguments. */
#define WS_ARGS_MAX 7

/* In `flags`, of those that readers ask for: more arguments may follow those that are listed. */
#define WS_FUNCTION_ANY_ARGS 64u

struct ws_function_info {
	const char *name;
	/* A letter for each argument, and one for the result: d D signed of 32 and 64 bits, u U
	 * unsigned, x flags (32 bits, in hexadecimal), o a mode, p an address or handle, s a text,
	 * f a file descriptor, F a stream, v no result. */
	const char *args;
	char result;
	uint8_t kind; /* enum ws_kind of what it is about; WS_KIND_NONE: that of its file, if any */
	uint16_t flags; /* of preload/flags.h */
	uint16_t of;    /* number of the function that it is another name of, or its own */
};

extern const struct ws_function_info ws_functions[WS_FUNCTION_COUNT];

/* The number of the function of that name, or WS_FUNCTION_UNKNOWN. */
uint16_t ws_function_find(const char *name);

#endif
