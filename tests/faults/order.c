/* SPDX-License-Identifier: MIT */
/* order: locks taken in contradicting orders, by threads that happen not to meet.
 *
 * Variants: KIND [N]: two threads (N: so many) take N locks in a circle. Each is over before the next
 * begins to lock, by a semaphore that the locks know nothing of; so it never hangs. Twin: all take them
 * in the order of their numbers.
 */
#include <fcntl.h>
#include <semaphore.h>
#include <sys/file.h>
#include <sys/mman.h>

#include "fault.h"

#define MAX 80

enum kind { MUTEX, RECURSIVE, ERRORCHECK, INHERIT, SHARED, RDLOCK, WRLOCK, SPIN };

union lock {
	pthread_mutex_t mutex;
	pthread_rwlock_t rwlock;
	pthread_spinlock_t spin;
};

static union lock *locks;
static enum kind kind;
static int n = 2;
static bool fault;

static void init(union lock *lock)
{
	pthread_mutexattr_t a;

	if (kind == RDLOCK || kind == WRLOCK) {
		fault_check(pthread_rwlock_init(&lock->rwlock, NULL), "init");
		return;
	}
	if (kind == SPIN) {
		fault_check(pthread_spin_init(&lock->spin, 0), "init");
		return;
	}
	pthread_mutexattr_init(&a);
	if (kind == RECURSIVE)
		pthread_mutexattr_settype(&a, PTHREAD_MUTEX_RECURSIVE);
	if (kind == ERRORCHECK)
		pthread_mutexattr_settype(&a, PTHREAD_MUTEX_ERRORCHECK);
	if (kind == INHERIT)
		pthread_mutexattr_setprotocol(&a, PTHREAD_PRIO_INHERIT);
	if (kind == SHARED)
		pthread_mutexattr_setpshared(&a, PTHREAD_PROCESS_SHARED);
	fault_check(pthread_mutex_init(&lock->mutex, &a), "init");
}

static void take_first(union lock *lock)
{
	if (kind == WRLOCK || kind == RDLOCK)
		pthread_rwlock_wrlock(&lock->rwlock); /* mark: first_rwlock */
	else if (kind == SPIN)
		pthread_spin_lock(&lock->spin); /* mark: first_spin */
	else
		pthread_mutex_lock(&lock->mutex); /* mark: first_mutex */
}

static void take_second(union lock *lock)
{
	if (kind == RDLOCK)
		pthread_rwlock_rdlock(&lock->rwlock); /* mark: second_read */
	else if (kind == WRLOCK)
		pthread_rwlock_wrlock(&lock->rwlock); /* mark: second_write */
	else if (kind == SPIN)
		pthread_spin_lock(&lock->spin); /* mark: second_spin */
	else
		pthread_mutex_lock(&lock->mutex); /* mark: second_mutex */
}

static void give(union lock *lock)
{
	if (kind == WRLOCK || kind == RDLOCK)
		pthread_rwlock_unlock(&lock->rwlock);
	else if (kind == SPIN)
		pthread_spin_unlock(&lock->spin);
	else
		pthread_mutex_unlock(&lock->mutex);
}

static volatile int turn;

/* Takes its lock and the next one. Nothing that libc knows of orders the threads: so it is only by
 * chance, as far as anybody can tell, that they do not meet. */
static void *circle(void *arg)
{
	int i = (int)(intptr_t)arg, next = (i + 1) % n;
	bool first_is_lower = i < next;

	while (__atomic_load_n(&turn, __ATOMIC_ACQUIRE) != i)
		fault_pause();
	take_first(&locks[fault || first_is_lower ? i : next]);
	take_second(&locks[fault || first_is_lower ? next : i]);
	give(&locks[next]);
	give(&locks[i]);
	__atomic_store_n(&turn, i + 1, __ATOMIC_RELEASE);
	return NULL;
}

int main(int argc, char **argv)
{
	static const char *const words[] = { "mutex",  "recursive", "errorcheck", "inherit",
					     "shared", "rdlock",    "wrlock",     "spin" };
	const char *word = fault_variant(argc, argv, 0), *count = fault_variant(argc, argv, 1);
	pthread_t threads[MAX];

	fault = fault_is(argc, argv);
	fault_pause(); /* a wait for certain */
	while (strcmp(words[kind], word) != 0)
		kind++;
	if (*count)
		n = atoi(count);
	locks = mmap(NULL, MAX * sizeof(*locks), PROT_READ | PROT_WRITE,
		     (kind == SHARED ? MAP_SHARED : MAP_PRIVATE) | MAP_ANONYMOUS, -1, 0);
	for (int i = 0; i < n; i++)
		init(&locks[i]);
	for (int i = 0; i < n; i++)
		fault_check(pthread_create(&threads[i], NULL, circle, (void *)(intptr_t)i),
			    "create");
	for (int i = 0; i < n; i++)
		pthread_join(threads[i], NULL);
	fault_done();
	return 0;
}
