/* SPDX-License-Identifier: MIT */
/* priority.h: how the program wants its threads to be scheduled, as it says so itself: nothing is
 * asked of the kernel, which a sandbox might punish.
 */
#ifndef WS_PRIORITY_H
#define WS_PRIORITY_H

#include <pthread.h>
#include <stdint.h>

#include "preload/thread.h"

#define WS_POLICY_SAME   (-1)
#define WS_PRIORITY_SAME (-1)
#define WS_NICE_SAME     100

/* Records what was chosen for the thread `tid`. */
void ws_priority_set(struct ws_thread *self, int32_t tid, int32_t policy, int32_t priority,
		     int32_t nice);

/* What the attributes of a new thread say; *policy WS_POLICY_SAME: as its creator. */
void ws_priority_of(const pthread_attr_t *attributes, int32_t *policy, int32_t *priority);

#endif
