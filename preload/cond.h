/* SPDX-License-Identifier: MIT */
/* cond.h: condition variables as C11's wrappers see them. */
#ifndef WS_COND_H
#define WS_COND_H

#include <pthread.h>
#include <stdint.h>
#include <time.h>

#include "preload/thread.h"

/* How long a wait on a condition variable may last. */
struct ws_cond_limit {
	enum { WS_COND_NONE, WS_COND_TIMED, WS_COND_CLOCK } form;
	clockid_t clock;              /* WS_COND_CLOCK only */
	const struct timespec *until; /* not for WS_COND_NONE */
};

/* pthread_cond_wait() and its timed forms, for the call at `site`. */
int ws_cond_wait(struct ws_thread *self, pthread_cond_t *c, pthread_mutex_t *m,
		 const struct ws_cond_limit *limit, uintptr_t site);
int ws_cond_signal(struct ws_thread *self, pthread_cond_t *c, uintptr_t site);
int ws_cond_broadcast(struct ws_thread *self, pthread_cond_t *c, uintptr_t site);

#endif
