/* SPDX-License-Identifier: MIT */
/* glibc.h: what glibc's objects tell of themselves: who owns them, are they shared, does somebody
 * wait. Layouts of glibc 2.34 and later on x86_64 (bits/struct_mutex.h, bits/struct_rwlock.h,
 * nptl's internaltypes.h); they are part of its ABI, since programs contain these objects.
 */
#ifndef WS_GLIBC_H
#define WS_GLIBC_H

#include <linux/futex.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

/* Bits of pthread_mutex_t.__data.__kind. */
enum {
	WS_MUTEX_TYPE = 3,       /* PTHREAD_MUTEX_TIMED_NP and so on */
	WS_MUTEX_ROBUST = 16,
	WS_MUTEX_PI = 32,
	WS_MUTEX_PP = 64,
	WS_MUTEX_PSHARED = 128,
	WS_MUTEX_ELISION = 256,
};

#define ws_peek(lvalue) __atomic_load_n(&(lvalue), __ATOMIC_RELAXED)

static inline int ws_mutex_kind(const pthread_mutex_t *m)
{
	return ws_peek(m->__data.__kind);
}

/* Its holder is scheduled as its waiters: by inheritance, or by a ceiling. */
static inline bool ws_mutex_inherits(const pthread_mutex_t *m)
{
	return ws_mutex_kind(m) & (WS_MUTEX_PI | WS_MUTEX_PP);
}

static inline bool ws_mutex_is_shared(const pthread_mutex_t *m)
{
	return ws_mutex_kind(m) & WS_MUTEX_PSHARED;
}

/* The tid of the owner; 0: none, or it has not said so yet. */
static inline int32_t ws_mutex_owner(const pthread_mutex_t *m)
{
	if (ws_mutex_kind(m) & (WS_MUTEX_ROBUST | WS_MUTEX_PI))
		return ws_peek(m->__data.__lock) & FUTEX_TID_MASK;
	return ws_peek(m->__data.__owner);
}

/* True if the lock word says that a thread may be asleep on it: also one that was requeued there
 * or takes the mutex back at the end of pthread_cond_wait(), which nobody counts. */
static inline bool ws_mutex_has_sleepers(const pthread_mutex_t *m)
{
	int kind = ws_mutex_kind(m);
	unsigned int word = (unsigned int)ws_peek(m->__data.__lock);

	if (kind & (WS_MUTEX_ROBUST | WS_MUTEX_PI))
		return word & FUTEX_WAITERS;
	if (kind & WS_MUTEX_PP)
		return (word & 3) > 1;
	return word > 1;
}

static inline bool ws_rwlock_is_shared(const pthread_rwlock_t *l)
{
	return ws_peek(l->__data.__shared) != 0;
}

/* The tid of the writer that holds it; 0: none. */
static inline int32_t ws_rwlock_writer(const pthread_rwlock_t *l)
{
	return ws_peek(l->__data.__cur_writer);
}

/* True if somebody holds it, or, as a reader, is about to. */
static inline bool ws_rwlock_is_held(const pthread_rwlock_t *l)
{
	return ws_rwlock_writer(l) != 0 || ws_peek(l->__data.__readers) >> 3 != 0;
}

/* x86_64: 1 is free. */
static inline bool ws_spin_is_free(const pthread_spinlock_t *l)
{
	return ws_peek(*l) > 0;
}

static inline bool ws_cond_is_shared(const pthread_cond_t *c)
{
	return ws_peek(c->__data.__wrefs) & 1;
}

/* Threads inside a wait on it, in any process. */
static inline unsigned int ws_cond_waiters(const pthread_cond_t *c)
{
	return ws_peek(c->__data.__wrefs) >> 3;
}

/* nptl's struct new_sem on 64-bit. */
struct ws_glibc_sem {
	uint64_t data; /* value below, number of waiters in the upper half */
	int private;   /* 0: private to the process */
	int pad;
};

static inline bool ws_sem_is_shared(const sem_t *s)
{
	return ws_peek(((const struct ws_glibc_sem *)s)->private) != 0;
}

/* Threads asleep on it, in any process. */
static inline uint32_t ws_sem_waiters(const sem_t *s)
{
	return (uint32_t)(ws_peek(((const struct ws_glibc_sem *)s)->data) >> 32);
}

/* nptl's struct pthread_barrier. */
struct ws_glibc_barrier {
	unsigned int in;
	unsigned int current_round;
	unsigned int count;
	int shared;
	unsigned int out;
};

/* Bits of a pthread_once_t. */
enum { WS_ONCE_IN_PROGRESS = 1, WS_ONCE_DONE = 2 };

/* glibc looks at the time of these calls before it tries, so a bad one must not succeed. */
static inline bool ws_time_is_valid(const struct timespec *t)
{
	return t->tv_nsec >= 0 && t->tv_nsec < 1000000000;
}

static inline bool ws_clock_is_valid(clockid_t c)
{
	return c == CLOCK_REALTIME || c == CLOCK_MONOTONIC;
}

#endif
