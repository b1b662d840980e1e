/* SPDX-License-Identifier: MIT */
/* machine.h: how busy the machine's processors are: what a comparison of times must know of. */
#ifndef WS_MACHINE_H
#define WS_MACHINE_H

#include <stdint.h>

/* Time that all processors together have been busy since the machine started, as /proc/stat tells
 * it in steps of some milliseconds; 0: not known. */
uint64_t ws_machine_busy_ns(void);

/* How many processors there are to be busy; at least 1. */
unsigned int ws_machine_processors(void);

#endif
