/* SPDX-License-Identifier: MIT */
/* generated: programs made from a seed: threads, locks, holds, limits and pauses are all its
 * choice.
 *
 * usage: generated FIRST [COUNT]: one process a seed, one after the other.
 *
 * Truth: the clock around every call that may wait, with what the kernel says the thread slept in
 * it. Whether a call waited is not for this program to say ("maybe"), but both bounds hold: no wait
 * is longer than its call, and what was slept in a call was waited (compare.h). A call that passed
 * its limit waited for certain.
 *
 * Holders are compared for mutexes. Readers that join others while a writer waits leave no trace of
 * when they did (it costs nothing, so it is not recorded); a report can only say when they left.
 *
 * A thread holds at most two locks, the second of a higher number than the first: no deadlock.
 */
#include "tests/support/truth.h"

#include <errno.h>
#include <semaphore.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { THREADS_MAX = 8, LOCKS_MAX = 5 };

enum lock_kind { MUTEX, RWLOCK, SEM, KINDS };

/* A variable each, so that each has a name. */
static pthread_mutex_t mutex_0 = PTHREAD_MUTEX_INITIALIZER, mutex_1 = PTHREAD_MUTEX_INITIALIZER,
		       mutex_2 = PTHREAD_MUTEX_INITIALIZER, mutex_3 = PTHREAD_MUTEX_INITIALIZER,
		       mutex_4 = PTHREAD_MUTEX_INITIALIZER;
static pthread_rwlock_t rwlock_0 = PTHREAD_RWLOCK_INITIALIZER,
			rwlock_1 = PTHREAD_RWLOCK_INITIALIZER,
			rwlock_2 = PTHREAD_RWLOCK_INITIALIZER,
			rwlock_3 = PTHREAD_RWLOCK_INITIALIZER,
			rwlock_4 = PTHREAD_RWLOCK_INITIALIZER;
static sem_t sem_0, sem_1, sem_2, sem_3, sem_4;

static pthread_mutex_t *const mutexes[LOCKS_MAX] = { &mutex_0, &mutex_1, &mutex_2, &mutex_3,
						     &mutex_4 };
static pthread_rwlock_t *const rwlocks[LOCKS_MAX] = { &rwlock_0, &rwlock_1, &rwlock_2, &rwlock_3,
						      &rwlock_4 };
static sem_t *const sems[LOCKS_MAX] = { &sem_0, &sem_1, &sem_2, &sem_3, &sem_4 };

static const struct truth_object objects[KINDS][LOCKS_MAX] = {
	[MUTEX] = { TRUTH_OBJECT("mutex", mutex_0), TRUTH_OBJECT("mutex", mutex_1),
		    TRUTH_OBJECT("mutex", mutex_2), TRUTH_OBJECT("mutex", mutex_3),
		    TRUTH_OBJECT("mutex", mutex_4) },
	[RWLOCK] = { TRUTH_OBJECT("rwlock", rwlock_0), TRUTH_OBJECT("rwlock", rwlock_1),
		     TRUTH_OBJECT("rwlock", rwlock_2), TRUTH_OBJECT("rwlock", rwlock_3),
		     TRUTH_OBJECT("rwlock", rwlock_4) },
	[SEM] = { TRUTH_OBJECT("sem", sem_0), TRUTH_OBJECT("sem", sem_1),
		  TRUTH_OBJECT("sem", sem_2), TRUTH_OBJECT("sem", sem_3),
		  TRUTH_OBJECT("sem", sem_4) },
};

/* What a seed makes. */
struct scenario {
	uint64_t random; /* state of the generator; a thread's own in its copy */
	int n_threads;   /* 2 to THREADS_MAX */
	int n_locks;     /* 1 to LOCKS_MAX */
	enum lock_kind kinds[LOCKS_MAX];
	int turns; /* of each thread */
};

/* How a lock is asked for. */
struct request {
	int lock;
	bool read;         /* rwlock: shared */
	uint64_t limit_ns; /* 0: none */
};

/* 0 to below - 1 (xorshift64*). */
static unsigned pick(struct scenario *s, unsigned below)
{
	s->random ^= s->random >> 12;
	s->random ^= s->random << 25;
	s->random ^= s->random >> 27;
	return (unsigned)(s->random * 0x2545f4914f6cdd1dull >> 33) % below;
}

static const char *outcome(int error)
{
	if (error != 0 && error != ETIMEDOUT)
		truth_die("error %d", error);
	return error ? "timeout" : "maybe";
}

static int take_mutex(const struct truth_object *object, const struct request *r)
{
	pthread_mutex_t *m = mutexes[r->lock];
	struct timespec limit = truth_after_ns(CLOCK_REALTIME, r->limit_ns);
	int e;

	if (r->limit_ns)
		TRUTH_WAIT(object, outcome(e), e = pthread_mutex_timedlock(m, &limit));
	else
		TRUTH_WAIT(object, outcome(e), e = pthread_mutex_lock(m));
	if (e == 0)
		truth_hold_begin(object, __func__, __LINE__ - (r->limit_ns ? 4 : 2));
	return e;
}

static int take_read(const struct truth_object *object, const struct request *r)
{
	pthread_rwlock_t *l = rwlocks[r->lock];
	struct timespec limit = truth_after_ns(CLOCK_REALTIME, r->limit_ns);
	int e;

	if (r->limit_ns)
		TRUTH_WAIT(object, outcome(e), e = pthread_rwlock_timedrdlock(l, &limit));
	else
		TRUTH_WAIT(object, outcome(e), e = pthread_rwlock_rdlock(l));
	return e;
}

static int take_write(const struct truth_object *object, const struct request *r)
{
	pthread_rwlock_t *l = rwlocks[r->lock];
	struct timespec limit = truth_after_ns(CLOCK_REALTIME, r->limit_ns);
	int e;

	if (r->limit_ns)
		TRUTH_WAIT(object, outcome(e), e = pthread_rwlock_timedwrlock(l, &limit));
	else
		TRUTH_WAIT(object, outcome(e), e = pthread_rwlock_wrlock(l));
	return e;
}

static int take_sem(const struct truth_object *object, const struct request *r)
{
	sem_t *s = sems[r->lock];
	struct timespec limit = truth_after_ns(CLOCK_REALTIME, r->limit_ns);
	int e;

	if (r->limit_ns)
		TRUTH_WAIT(object, outcome(e), e = sem_timedwait(s, &limit) ? errno : 0);
	else
		TRUTH_WAIT(object, outcome(e), e = sem_wait(s) ? errno : 0);
	return e;
}

static int take(const struct scenario *s, const struct request *r)
{
	enum lock_kind kind = s->kinds[r->lock];
	const struct truth_object *object = &objects[kind][r->lock];

	switch (kind) {
	case MUTEX:
		return take_mutex(object, r);
	case RWLOCK:
		return r->read ? take_read(object, r) : take_write(object, r);
	default:
		return take_sem(object, r);
	}
}

static void release(const struct scenario *s, const struct request *r)
{
	enum lock_kind kind = s->kinds[r->lock];

	if (kind == MUTEX)
		truth_hold_end(&objects[kind][r->lock]);
	switch (kind) {
	case MUTEX:
		x(pthread_mutex_unlock(mutexes[r->lock]));
		break;
	case RWLOCK:
		x(pthread_rwlock_unlock(rwlocks[r->lock]));
		break;
	default:
		x(sem_post(sems[r->lock]));
		break;
	}
}

static void pass_time(struct scenario *s, unsigned most_ns)
{
	uint64_t ns = pick(s, most_ns);

	if (pick(s, 3) == 0)
		truth_work_ns(ns / 4); /* there may be less processors than threads */
	else
		truth_sleep_ns(ns);
}

static struct request ask(struct scenario *s, int lock)
{
	struct request r = { lock, pick(s, 2), 0 };

	if (pick(s, 4) == 0)
		r.limit_ns = 500000 + pick(s, 4000000);
	return r;
}

static void run(void *argument)
{
	struct scenario *s = argument;

	for (int turn = 0; turn < s->turns; turn++) {
		struct request first = ask(s, (int)pick(s, (unsigned)s->n_locks)), second;
		bool nested = pick(s, 4) == 0 && first.lock + 1 < s->n_locks;

		if (take(s, &first) == 0) {
			pass_time(s, 3000000);
			if (nested) {
				second = ask(s, first.lock + 1);
				if (take(s, &second) == 0) {
					pass_time(s, 1500000);
					release(s, &second);
				}
			}
			release(s, &first);
		}
		if (pick(s, 2))
			pass_time(s, 1000000);
	}
}

static void run_seed(uint64_t seed)
{
	struct scenario s = { .random = seed * 0x9e3779b97f4a7c15ull + 1 };
	struct scenario copies[THREADS_MAX];
	struct truth_thread threads[THREADS_MAX];

	s.n_threads = 2 + (int)pick(&s, THREADS_MAX - 1);
	s.n_locks = 1 + (int)pick(&s, LOCKS_MAX);
	s.turns = 6 + (int)pick(&s, 10);
	for (int i = 0; i < s.n_locks; i++) {
		s.kinds[i] = (enum lock_kind)pick(&s, KINDS);
		if (s.kinds[i] == SEM)
			x(sem_init(sems[i], 0, 1 + pick(&s, 2)));
	}
	for (int i = 0; i < s.n_threads; i++) {
		copies[i] = s;
		copies[i].random += (uint64_t)i * 0xbf58476d1ce4e5b9ull;
		truth_start(&threads[i], run, &copies[i]);
	}
	for (int i = 0; i < s.n_threads; i++)
		truth_join(&threads[i]);
	truth_value("by_process", 1);
	truth_value("holders_together", 1);
	truth_value("seed", (int64_t)seed);
	truth_print();
}

int main(int argc, char **argv)
{
	uint64_t first = argc > 1 ? strtoull(argv[1], NULL, 10) : 0;
	uint64_t count = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;

	for (uint64_t seed = first; seed < first + count; seed++) {
		int status;
		pid_t pid = (pid_t)xs(fork());

		if (pid == 0) {
			run_seed(seed);
			_exit(0);
		}
		x_is(pid, waitpid(pid, &status, 0));
		x_is(0, status);
	}
	return 0;
}
