/* SPDX-License-Identifier: MIT */
/* functions.c: see functions.h. */
#include "functions.h"

#include <string.h>

#define INFO(name, of, flags, kind, args, result)                                                  \
	{ #name, args, result, kind, flags, WS_FUNCTION_##of },
const struct ws_function_info ws_functions[WS_FUNCTION_COUNT] = { WS_FUNCTIONS(INFO) };

#define CHECK(name, of, flags, kind, args, result)                                                 \
	_Static_assert(sizeof(args) - 1 <= WS_ARGS_MAX, "WS_ARGS_MAX is too low for " #name);
WS_FUNCTIONS(CHECK)
_Static_assert(WS_FUNCTION_COUNT < WS_FUNCTION_UNKNOWN, "numbers have 16 bits");

uint16_t ws_function_find(const char *name)
{
	for (uint16_t i = 0; i < WS_FUNCTION_COUNT; i++)
		if (strcmp(ws_functions[i].name, name) == 0)
			return i;
	return WS_FUNCTION_UNKNOWN;
}
