/* SPDX-License-Identifier: MIT */
/* misuse.h: calls that did what they should not have, as far as only this library can see it.
 *
 * What is wrong with a call shows in paths that a right call does not take, or in what is read
 * there anyway; it never changes what the call does. Each call and object is recorded once: a
 * program may do the same a million times.
 */
#ifndef WS_MISUSE_H
#define WS_MISUSE_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "preload/thread.h"
#include "preload/wait.h"

/* Distinct calls and objects that one process records (limit `misuses`). */
#define WS_MISUSES_MAX 1024

/* What was done, see `misuse` in events.h. */
struct ws_misused {
	struct ws_thread *self;
	uint64_t object, other;
	uintptr_t site; /* 0: no call */
	uintptr_t call;
	uint8_t what;  /* enum ws_misuse */
	uint8_t kind;  /* enum ws_kind */
	uint8_t flags; /* WS_MISUSE_* */
	struct ws_holder_ref holder;
};

/* Records it, unless it was. */
void ws_misuse_record(const struct ws_misused *misuse);

/* The thread unlocks something that it has not noted as held. */
void ws_misuse_mutex_unlock(struct ws_thread *self, const pthread_mutex_t *m, uintptr_t site);
void ws_misuse_rwlock_unlock(struct ws_thread *self, const pthread_rwlock_t *l, uintptr_t site);
void ws_misuse_spin_unlock(struct ws_thread *self, const pthread_spinlock_t *l, uintptr_t site);

/* It destroys an object that is held, or waited for; `what` is enum ws_misuse. */
void ws_misuse_destroy(struct ws_thread *self, uint8_t kind, uint8_t what, uintptr_t object,
		       int32_t holder, uintptr_t site);

/* It waits on a condition variable with a mutex that it has not noted as held. */
void ws_misuse_cond_wait(struct ws_thread *self, const pthread_cond_t *c, const pthread_mutex_t *m,
			 uintptr_t site);
/* It signals one that nobody waits on; or waits, so that the next such signal is worth recording.
 */
void ws_misuse_nobody_waits(struct ws_thread *self, const pthread_cond_t *c, uintptr_t site);
void ws_misuse_cond_waits(const pthread_cond_t *c);

/* It took a robust mutex whose owner had died. */
void ws_misuse_owner_died(struct ws_thread *self, const pthread_mutex_t *m, uintptr_t site);

/* The thread ends, or with it the process: what it still holds. */
void ws_misuse_ends(struct ws_thread *self, bool process, uintptr_t site);

/* In a fork child, before what the parent's threads hold is forgotten: `site` is the call. */
void ws_misuse_forked(struct ws_thread *self, int32_t parent_tid, uintptr_t site);
/* A wait begins: for a lock that is held for ever, since its holder is not in this process? */
void ws_misuse_wait_slow(const struct ws_wait *wait);
extern uint32_t ws_misuse_inherited;
static inline void ws_misuse_wait(const struct ws_wait *wait)
{
	if (ws_unlikely(ws_misuse_inherited > 0))
		ws_misuse_wait_slow(wait);
}

#endif
