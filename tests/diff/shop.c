/* SPDX-License-Identifier: MIT */
/* shop: a program in variants that are known to be better or worse: threads share a cache, an array
 * of locks that one loop initialises, and a count.
 *
 * HOLD_US    for how long the cache's lock is held in refill(); it sleeps so long, so that the
 *            processors' load does not matter
 * SPLIT      the cache has a lock for each thread: nobody waits in refill()
 * ORDER      count() takes another lock within the first
 * CYCLE      and one thread takes the two the other way round
 * NEW_LOCK   a second lock is held for long, in audit()
 * UNLOCK     main unlocks what it does not hold: an error
 * ROUNDS     how often each thread goes round
 */
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

#ifndef HOLD_US
#define HOLD_US 4000
#endif
#ifndef ROUNDS
#define ROUNDS 25
#endif

enum { THREADS = 4, BUCKETS = 4 };

#ifdef SPLIT
static pthread_mutex_t cache_locks[THREADS] = { PTHREAD_MUTEX_INITIALIZER,
						PTHREAD_MUTEX_INITIALIZER,
						PTHREAD_MUTEX_INITIALIZER,
						PTHREAD_MUTEX_INITIALIZER };
#else
static pthread_mutex_t cache_lock = PTHREAD_MUTEX_INITIALIZER;
#endif
static pthread_mutex_t count_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t log_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t *buckets;
static long sold;

static void nap(long us)
{
	struct timespec t = { us / 1000000, us % 1000000 * 1000 };

	nanosleep(&t, NULL);
}

static void refill(int self)
{
#ifdef SPLIT
	pthread_mutex_t *lock = &cache_locks[self];
#else
	pthread_mutex_t *lock = &cache_lock;
	(void)self;
#endif
	pthread_mutex_lock(lock);
	nap(HOLD_US);
	pthread_mutex_unlock(lock);
}

/* All threads begin with it: they meet at each of the locks. */
static void stock(void)
{
	for (int i = 0; i < BUCKETS; i++) {
		pthread_mutex_lock(&buckets[i]);
		nap(1000);
		pthread_mutex_unlock(&buckets[i]);
	}
}

static void count(void)
{
	pthread_mutex_lock(&count_lock);
#ifdef ORDER
	pthread_mutex_lock(&log_lock);
#endif
	sold++;
#ifdef ORDER
	pthread_mutex_unlock(&log_lock);
#endif
	pthread_mutex_unlock(&count_lock);
}

static void audit(void)
{
#ifdef NEW_LOCK
	pthread_mutex_lock(&log_lock);
	nap(2 * HOLD_US);
	pthread_mutex_unlock(&log_lock);
#endif
}

static void *work(void *arg)
{
	int self = (int)(intptr_t)arg;

	stock();
	for (int i = 0; i < ROUNDS; i++) {
		refill(self);
		count();
		audit();
	}
	return NULL;
}

#ifdef CYCLE
static void *contradict(void *arg)
{
	pthread_mutex_lock(&log_lock);
	pthread_mutex_lock(&count_lock);
	pthread_mutex_unlock(&count_lock);
	pthread_mutex_unlock(&log_lock);
	return arg;
}
#endif

int main(void)
{
	pthread_t threads[THREADS];

	buckets = calloc(BUCKETS, sizeof(*buckets));
	if (!buckets)
		return 1;
	for (int i = 0; i < BUCKETS; i++)
		pthread_mutex_init(&buckets[i], NULL);
	for (intptr_t i = 0; i < THREADS; i++)
		if (pthread_create(&threads[i], NULL, work, (void *)i))
			return 1;
#ifdef CYCLE
	pthread_t other;

	if (pthread_create(&other, NULL, contradict, NULL) || pthread_join(other, NULL))
		return 1;
#endif
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
#ifdef UNLOCK
	pthread_mutex_unlock(&log_lock);
#endif
	free(buckets);
	return 0;
}
