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

#define WS_EXPORT __attribute__((visibility("default")))

/* The call that the program made: the site of what happens now. */
#define WS_SITE ((uintptr_t)__builtin_return_address(0))

#define ws_likely(x) __builtin_expect(!!(x), 1)
#define ws_unlikely(x) __builtin_expect(!!(x), 0)

#endif
