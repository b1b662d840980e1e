/* SPDX-License-Identifier: MIT */
/* export.h: how a wrapper is declared, and what every file of the preload library must obey.
 *
 * Rules of this room, which runs inside somebody else's program:
 *  - No malloc, no stdio, no lock of our own: any wrapper may run in a signal handler, inside an
 *    allocator, before any constructor and after any destructor.
 *  - errno, the signal mask and the cancellation state leave as they came.
 *  - What the real function returns is returned; what it would reject is left to it to reject.
 *  - Memory of the program is read only where glibc's function reads it too, before the call, or
 *    where the kernel has just accepted it. After a release the object may be gone: use its
 *    address only.
 *  - Where nothing blocks: no event, no clock, no system call.
 */
#ifndef WS_EXPORT_H
#define WS_EXPORT_H

#include <stdbool.h>
#include <stdint.h>

/* A wrapper. What is exported is the thunk in front of it, see prototypes.h. */
#define WS_EXPORT __attribute__((visibility("hidden")))

#define ws_likely(x) __builtin_expect(!!(x), 1)
#define ws_unlikely(x) __builtin_expect(!!(x), 0)

/* Somebody wants to know of every call: the thunks go by call.h. */
extern bool ws_calls_on __attribute__((visibility("hidden")));
/* The program's return address, where this one may be that of the thunks. */
uintptr_t ws_call_site(uintptr_t return_address);

/* The call that the program made: the site of what happens now. */
#define WS_SITE                                                                                    \
	(ws_likely(!ws_calls_on) ? (uintptr_t)__builtin_return_address(0)                          \
				 : ws_call_site((uintptr_t)__builtin_return_address(0)))

#endif
