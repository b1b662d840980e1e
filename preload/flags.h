/* SPDX-License-Identifier: MIT */
/* flags.h: what the flags of functions.def mean. */
#ifndef WS_FLAGS_H
#define WS_FLAGS_H

#define WS_BLOCKS 1u  /* the call may block its thread */
#define WS_WAKES 2u   /* the call may let other threads go on */
#define WS_LIFE 4u    /* the call makes, changes or ends an object, a thread, a process, a map */
#define WS_CANCELS 8u /* glibc makes it a cancellation point */

#endif
