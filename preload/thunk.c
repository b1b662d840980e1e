/* SPDX-License-Identifier: MIT */
/* thunk.c: what the program runs into: under each function's name a jump to its wrapper, or, where
 * somebody wants to know of calls, a way round it (call.h).
 *
 * In assembly, since functions with any number of arguments and those that return twice must find
 * their arguments, their return address and their stack as the program left them.
 */
#include "preload/call.h"

#include <stddef.h>

#include "preload/export.h"

bool ws_calls_on;

/* The numbers of the rows, as enum ws_function has them: the file uses __COUNTER__ for nothing
 * else. */
#define TEXT(x)  #x
#define VALUE(x) TEXT(x)
#define THUNK(name, of, n)                                                                         \
	__asm__(".text\n"                                                                          \
		".globl " #name "\n"                                                               \
		".type " #name ", @function\n"                                                     \
		".p2align 4\n" #name ":\n"                                                         \
		"	.cfi_startproc\n"                                                          \
		"	cmpb $0, ws_calls_on(%rip)\n"                                              \
		"	jne 1f\n"                                                                  \
		"	jmp ws_wrap_" #of "\n"                                                     \
		"1:	movl $" VALUE(n) ", %r11d\n"                                               \
		"	jmp ws_call\n"                                                             \
		"	.cfi_endproc\n"                                                            \
		".size " #name ", . - " #name "\n");
#define WS_FN(name, version, ret, params, args, family, flags) THUNK(name, name, __COUNTER__)
#define WS_ALIAS(name, of)                                     THUNK(name, of, __COUNTER__)
#include "preload/functions.def"
#undef WS_FN
#undef WS_ALIAS
_Static_assert(__COUNTER__ == WS_FUNCTION_COUNT, "a number for each row");

/* TEMPORARY */
__asm__(".text\n.hidden ws_call\n.globl ws_call\nws_call: ud2\n");
uintptr_t ws_call_site(uintptr_t return_address) { return return_address; }
