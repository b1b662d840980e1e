/* SPDX-License-Identifier: MIT */
/* flags.h: what the flags of functions.def mean. */
#ifndef WS_FLAGS_H
#define WS_FLAGS_H

#define WS_BLOCKS 1u  /* the call may block its thread */
#define WS_WAKES 2u   /* the call may let other threads go on */
#define WS_LIFE 4u    /* the call makes, changes or ends an object, a thread, a process, a map */
#define WS_CANCELS 8u /* glibc makes it a cancellation point */

/* How the call is recorded as such (call.c). */
#define WS_LEAVES 16u   /* it may not return: it is recorded as it begins, too */
#define WS_TWICE 32u    /* it returns twice on the program's own stack: only as it begins */
#define WS_ANY_ARGS 64u /* any number of arguments: its wrapper tells how it ended */
#define WS_NO_CALL 128u /* no call of the program's */
#define WS_ERROR 256u   /* it returns an error number, and not by errno */
#define WS_EOF 512u     /* a failure may be the end of the file, which sets no errno */

#endif
