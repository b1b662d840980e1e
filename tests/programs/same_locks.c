/* SPDX-License-Identifier: MIT */
/* same_locks: every lock function, in success and in each documented failure; prints what it gave.
 *
 * Truth: the same text with and without tracing. A second thread gives what needs another owner.
 */
#include "tests/support/show.h"
#include "tests/support/truth.h"

#include <string.h>

static const struct timespec past = { 1, 0 }, bad_low = { 1, -1 }, bad_high = { 1, 1000000000 };
static const clockid_t bad_clock = CLOCK_PROCESS_CPUTIME_ID;

/* Runs a function in a thread of its own, to the end. */
static void elsewhere(void (*function)(void *), void *argument)
{
	struct truth_thread thread;

	truth_start(&thread, function, argument);
	truth_join(&thread);
}

static void mutex_try(void *m)
{
	SHOW(pthread_mutex_trylock(m));
}

static void mutex_while_held(void *m)
{
	struct timespec soon = truth_after_ns(CLOCK_REALTIME, 2000000);

	SHOW(pthread_mutex_trylock(m));
	SHOW(pthread_mutex_timedlock(m, &past));
	SHOW(pthread_mutex_timedlock(m, &bad_low));
	SHOW(pthread_mutex_timedlock(m, &bad_high));
	SHOW(pthread_mutex_timedlock(m, &soon));
	SHOW(pthread_mutex_clocklock(m, CLOCK_MONOTONIC, &past));
	SHOW(pthread_mutex_clocklock(m, CLOCK_MONOTONIC, &bad_high));
	SHOW(pthread_mutex_clocklock(m, CLOCK_REALTIME, &past));
	SHOW(pthread_mutex_clocklock(m, bad_clock, &past));
	SHOW(pthread_mutex_clocklock(m, 999, &past));
}

static void mutex_unlock_not_owner(void *m)
{
	SHOW(pthread_mutex_unlock(m));
}

static void mutex_of(int type, int protocol, int robust)
{
	pthread_mutexattr_t attr;
	pthread_mutex_t m;

	printf("type %d protocol %d robust %d\n", type, protocol, robust);
	pthread_mutexattr_init(&attr);
	SHOW(pthread_mutexattr_settype(&attr, type));
	SHOW(pthread_mutexattr_setprotocol(&attr, protocol));
	SHOW(pthread_mutexattr_setrobust(&attr, robust));
	SHOW(pthread_mutex_init(&m, &attr));
	SHOW(pthread_mutex_consistent(&m));
	SHOW(pthread_mutex_lock(&m));
	if (type != PTHREAD_MUTEX_NORMAL && type != PTHREAD_MUTEX_ADAPTIVE_NP) {
		SHOW(pthread_mutex_lock(&m)); /* EDEADLK, or counted */
		SHOW(pthread_mutex_timedlock(&m, &past));
		SHOW(pthread_mutex_clocklock(&m, CLOCK_MONOTONIC, &past));
	}
	SHOW(pthread_mutex_trylock(&m));
	elsewhere(mutex_while_held, &m);
	if (type == PTHREAD_MUTEX_ERRORCHECK || robust == PTHREAD_MUTEX_ROBUST)
		elsewhere(mutex_unlock_not_owner, &m);
	SHOW(pthread_mutex_destroy(&m)); /* EBUSY */
	SHOW(pthread_mutex_unlock(&m));
	if (type == PTHREAD_MUTEX_RECURSIVE)
		for (int i = 0; i < 4; i++)
			SHOW(pthread_mutex_unlock(&m)); /* the last ones are too many: EPERM */
	if (type == PTHREAD_MUTEX_ERRORCHECK)
		SHOW(pthread_mutex_unlock(&m));
	SHOW(pthread_mutex_timedlock(&m, &bad_low)); /* free: the time is not looked at */
	SHOW(pthread_mutex_unlock(&m));
	SHOW(pthread_mutex_clocklock(&m, bad_clock, &past)); /* the clock is */
	SHOW(pthread_mutex_clocklock(&m, CLOCK_MONOTONIC, &past));
	SHOW(pthread_mutex_unlock(&m));
	if (robust == PTHREAD_MUTEX_ROBUST) {
		elsewhere(mutex_try, &m); /* it ends as the owner */
		SHOW(pthread_mutex_lock(&m));
		SHOW(pthread_mutex_consistent(&m));
		SHOW(pthread_mutex_unlock(&m));
		elsewhere(mutex_try, &m);
		SHOW(pthread_mutex_trylock(&m));
		SHOW(pthread_mutex_unlock(&m)); /* without making it consistent */
		SHOW(pthread_mutex_lock(&m));
		SHOW(pthread_mutex_trylock(&m));
		SHOW(pthread_mutex_timedlock(&m, &past));
	}
	SHOW(pthread_mutex_destroy(&m));
	pthread_mutexattr_destroy(&attr);
}

static void mutexes(void)
{
	static const int types[] = { PTHREAD_MUTEX_NORMAL, PTHREAD_MUTEX_RECURSIVE,
				     PTHREAD_MUTEX_ERRORCHECK, PTHREAD_MUTEX_ADAPTIVE_NP };
	pthread_mutexattr_t attr;
	pthread_mutex_t m;
	int old;

	for (int i = 0; i < 4; i++)
		for (int robust = 0; robust < 2; robust++)
			for (int inherit = 0; inherit < 2; inherit++)
				mutex_of(types[i],
					 inherit ? PTHREAD_PRIO_INHERIT : PTHREAD_PRIO_NONE,
					 robust ? PTHREAD_MUTEX_ROBUST : PTHREAD_MUTEX_STALLED);
	pthread_mutexattr_init(&attr);
	SHOW(pthread_mutexattr_setprotocol(&attr, PTHREAD_PRIO_PROTECT));
	SHOW(pthread_mutexattr_setprioceiling(&attr, 10));
	SHOW(pthread_mutex_init(&m, &attr));
	SHOW(pthread_mutex_lock(&m));
	SHOW(pthread_mutex_trylock(&m));
	SHOW(pthread_mutex_unlock(&m));
	SHOW(pthread_mutex_setprioceiling(&m, 5, &old));
	SHOW(pthread_mutex_destroy(&m));
}

static void cond_not_owner(void *argument)
{
	pthread_cond_t cond = PTHREAD_COND_INITIALIZER;

	SHOW(pthread_cond_wait(&cond, argument)); /* EPERM */
	SHOW(pthread_cond_timedwait(&cond, argument, &past));
}

static void conds(void)
{
	pthread_mutexattr_t attr;
	pthread_condattr_t cond_attr;
	pthread_mutex_t m;
	pthread_cond_t cond;

	pthread_mutexattr_init(&attr);
	pthread_mutexattr_settype(&attr, PTHREAD_MUTEX_ERRORCHECK);
	pthread_mutex_init(&m, &attr);
	pthread_condattr_init(&cond_attr);
	SHOW(pthread_condattr_setclock(&cond_attr, CLOCK_MONOTONIC));
	SHOW(pthread_cond_init(&cond, &cond_attr));
	SHOW(pthread_cond_signal(&cond));
	SHOW(pthread_cond_broadcast(&cond));
	SHOW(pthread_mutex_lock(&m));
	SHOW(pthread_cond_timedwait(&cond, &m, &past));
	SHOW(pthread_cond_timedwait(&cond, &m, &bad_low));
	SHOW(pthread_cond_timedwait(&cond, &m, &bad_high));
	SHOW(pthread_cond_clockwait(&cond, &m, CLOCK_REALTIME, &past));
	SHOW(pthread_cond_clockwait(&cond, &m, CLOCK_MONOTONIC, &past));
	SHOW(pthread_cond_clockwait(&cond, &m, bad_clock, &past));
	SHOW(pthread_mutex_lock(&m)); /* still the owner: EDEADLK */
	elsewhere(cond_not_owner, &m);
	SHOW(pthread_mutex_unlock(&m));
	SHOW(pthread_cond_destroy(&cond));
}

static void rwlock_while_write_held(void *lock)
{
	SHOW(pthread_rwlock_tryrdlock(lock));
	SHOW(pthread_rwlock_trywrlock(lock));
	SHOW(pthread_rwlock_timedrdlock(lock, &past));
	SHOW(pthread_rwlock_timedwrlock(lock, &past));
	SHOW(pthread_rwlock_timedrdlock(lock, &bad_low));
	SHOW(pthread_rwlock_timedwrlock(lock, &bad_high));
	SHOW(pthread_rwlock_clockrdlock(lock, CLOCK_MONOTONIC, &past));
	SHOW(pthread_rwlock_clockwrlock(lock, CLOCK_MONOTONIC, &past));
	SHOW(pthread_rwlock_clockrdlock(lock, bad_clock, &past));
	SHOW(pthread_rwlock_clockwrlock(lock, bad_clock, &past));
}

static void rwlock_while_read_held(void *lock)
{
	SHOW(pthread_rwlock_tryrdlock(lock));
	SHOW(pthread_rwlock_unlock(lock));
	SHOW(pthread_rwlock_trywrlock(lock));
	SHOW(pthread_rwlock_timedwrlock(lock, &past));
	SHOW(pthread_rwlock_timedrdlock(lock, &past));
	SHOW(pthread_rwlock_unlock(lock));
	SHOW(pthread_rwlock_rdlock(lock));
	SHOW(pthread_rwlock_unlock(lock));
}

static void rwlock_of(int kind)
{
	pthread_rwlockattr_t attr;
	pthread_rwlock_t lock;

	printf("kind %d\n", kind);
	pthread_rwlockattr_init(&attr);
	SHOW(pthread_rwlockattr_setkind_np(&attr, kind));
	SHOW(pthread_rwlock_init(&lock, &attr));
	SHOW(pthread_rwlock_wrlock(&lock));
	SHOW(pthread_rwlock_wrlock(&lock)); /* EDEADLK */
	SHOW(pthread_rwlock_rdlock(&lock));
	SHOW(pthread_rwlock_timedwrlock(&lock, &past));
	SHOW(pthread_rwlock_timedrdlock(&lock, &past));
	elsewhere(rwlock_while_write_held, &lock);
	SHOW(pthread_rwlock_unlock(&lock));
	SHOW(pthread_rwlock_rdlock(&lock));
	elsewhere(rwlock_while_read_held, &lock);
	SHOW(pthread_rwlock_unlock(&lock));
	SHOW(pthread_rwlock_timedrdlock(&lock, &bad_low)); /* looked at although it is free */
	SHOW(pthread_rwlock_timedwrlock(&lock, &bad_high));
	SHOW(pthread_rwlock_clockrdlock(&lock, bad_clock, &past));
	SHOW(pthread_rwlock_timedrdlock(&lock, &past));
	SHOW(pthread_rwlock_unlock(&lock));
	SHOW(pthread_rwlock_timedwrlock(&lock, &past));
	SHOW(pthread_rwlock_unlock(&lock));
	SHOW(pthread_rwlock_clockwrlock(&lock, CLOCK_MONOTONIC, &past));
	SHOW(pthread_rwlock_unlock(&lock));
	SHOW(pthread_rwlock_destroy(&lock));
}

static void barriers_and_spinlocks(void)
{
	pthread_barrier_t barrier;
	pthread_spinlock_t spin;

	SHOW(pthread_barrier_init(&barrier, NULL, 0));
	SHOW(pthread_barrier_init(&barrier, NULL, 1));
	SHOW(pthread_barrier_wait(&barrier));
	SHOW(pthread_barrier_wait(&barrier));
	SHOW(pthread_barrier_destroy(&barrier));
	SHOW(pthread_spin_init(&spin, PTHREAD_PROCESS_SHARED));
	SHOW(pthread_spin_lock(&spin));
	SHOW(pthread_spin_trylock(&spin));
	SHOW(pthread_spin_unlock(&spin));
	SHOW(pthread_spin_trylock(&spin));
	SHOW(pthread_spin_unlock(&spin));
	SHOW(pthread_spin_destroy(&spin));
}

/* With a cancellation pending: what is no cancellation point returns, what is one does not. */
static void with_cancellation_pending(void *argument)
{
	pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
	pthread_rwlock_t lock = PTHREAD_RWLOCK_INITIALIZER;
	pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
	volatile int *cancelled = argument;

	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
	__atomic_store_n(cancelled, 1, __ATOMIC_RELEASE);
	truth_until_at_least(cancelled, 2);
	/* printf() is a cancellation point: show afterwards. */
	pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, NULL);
	int results[] = {
		pthread_mutex_lock(&m),
		pthread_mutex_trylock(&m),
		pthread_mutex_timedlock(&m, &past),
		pthread_mutex_unlock(&m),
		pthread_rwlock_wrlock(&lock),
		pthread_rwlock_tryrdlock(&lock),
		pthread_rwlock_unlock(&lock),
		pthread_cond_signal(&cond),
	};
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
	for (size_t i = 0; i < sizeof(results) / sizeof(results[0]); i++)
		printf("no cancellation point %zu: %d\n", i, results[i]);
	pthread_mutex_lock(&m);
	pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, NULL);
	pthread_cond_wait(&cond, &m);
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
	printf("pthread_cond_wait was no cancellation point\n");
}

int main(void)
{
	volatile int cancelled = 0;
	struct truth_thread thread;

	mutexes();
	conds();
	rwlock_of(PTHREAD_RWLOCK_PREFER_READER_NP);
	rwlock_of(PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
	barriers_and_spinlocks();
	truth_start(&thread, with_cancellation_pending, (void *)&cancelled);
	truth_until_at_least(&cancelled, 1);
	SHOW(pthread_cancel(thread.thread));
	__atomic_store_n(&cancelled, 2, __ATOMIC_RELEASE);
	truth_join(&thread);
	return 0;
}
