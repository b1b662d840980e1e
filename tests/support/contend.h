/* SPDX-License-Identifier: MIT */
/* contend.h: one wait that is known to be real, for programs that are about something else. */
#ifndef WS_CONTEND_H
#define WS_CONTEND_H

#ifdef __cplusplus
extern "C" {
#endif

/* A new thread waits for the mutex `contended`, once, while the caller holds it for some 20 ms;
 * both are in the truth. Ends with the thread gone. */
void contend(void);

#ifdef __cplusplus
}
#endif

#endif
