/* SPDX-License-Identifier: MIT */
/* mutex.h: mutexes as the other families see them: condition variables and C11. */
#ifndef WS_MUTEX_H
#define WS_MUTEX_H

#include <pthread.h>
#include <stdint.h>

#include "preload/thread.h"
#include "preload/wait.h"

/* pthread_mutex_lock() and so on, for the call at `site`. `self` comes from ws_thread(). */
int ws_mutex_lock(struct ws_thread *self, pthread_mutex_t *m, uintptr_t site);
int ws_mutex_trylock(struct ws_thread *self, pthread_mutex_t *m, uintptr_t site);
int ws_mutex_timedlock(struct ws_thread *self, pthread_mutex_t *m, const struct timespec *t,
		       uintptr_t site);
int ws_mutex_unlock(struct ws_thread *self, pthread_mutex_t *m, uintptr_t site);

/* The program has forbidden the time stamp counter: it is not to be read any more. */
void ws_mutex_no_stamps(void);

/* Records the release of the mutex that is about to happen, if it will wake somebody. Thread, object
 * and site of `wake` are set by the caller; afterwards ws_wake_stack(). */
void ws_mutex_wake(struct ws_wake *wake, const pthread_mutex_t *m);

#endif
