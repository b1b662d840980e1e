/* SPDX-License-Identifier: MIT */
/* wedge: a thread that waits behind those who wait, because of how the object serves them: a reader
 * behind a writer that waits for it, and who destroys a barrier behind those who have come. In the
 * twins it serves them otherwise, or they have gone.
 *
 * Each hangs in a process of its own, which is killed when all of it sleeps. */
#include <pthread.h>
#include <stdatomic.h>
#include <sys/mman.h>

#include "fault.h"

static volatile int *ready; /* in shared memory */
static bool fault;
static pthread_rwlock_t rwlock;
static pthread_barrier_t barrier;
static atomic_int other; /* thread id of who waits first */

/* It has nothing else to sleep for: it waits once it sleeps on. */
static void await_other(void)
{
	char tid[16];

	while (atomic_load(&other) == 0)
		fault_pause();
	snprintf(tid, sizeof(tid), "%d", atomic_load(&other));
	for (int asleep = 0; asleep < 50; fault_pause())
		asleep = fault_state(getpid(), tid) == 'S' ? asleep + 1 : 0;
}

static void *reads(void *unused)
{
	fault_check(pthread_rwlock_rdlock(&rwlock), "rdlock"); /* mark: reads_first */
	await_other();
	*ready = 1;
	fault_check(pthread_rwlock_rdlock(&rwlock), "rdlock"); /* mark: reads_again */
	pthread_rwlock_unlock(&rwlock);
	pthread_rwlock_unlock(&rwlock);
	return unused;
}

static void *writes(void *unused)
{
	atomic_store(&other, gettid());
	fault_check(pthread_rwlock_wrlock(&rwlock), "wrlock"); /* mark: writes */
	pthread_rwlock_unlock(&rwlock);
	return unused;
}

/* reader: by default glibc lets readers pass a writer that waits. */
static void comes_again(void)
{
	pthread_rwlockattr_t attr;
	pthread_t reader, late;

	pthread_rwlockattr_init(&attr);
	if (fault)
		pthread_rwlockattr_setkind_np(&attr, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
	pthread_rwlock_init(&rwlock, &attr);
	fault_check(pthread_create(&reader, NULL, reads, NULL), "create");
	while (pthread_rwlock_trywrlock(&rwlock) == 0) {
		pthread_rwlock_unlock(&rwlock);
		fault_pause();
	}
	fault_check(pthread_create(&late, NULL, writes, NULL), "create");
	pthread_join(reader, NULL);
	pthread_join(late, NULL);
}

/* barrier: one is missing when it is destroyed. */
static void *arrives(void *unused)
{
	atomic_store(&other, gettid());
	pthread_barrier_wait(&barrier); /* mark: arrives */
	return unused;
}

static void destroys(void)
{
	pthread_t thread;

	pthread_barrier_init(&barrier, NULL, 2);
	fault_check(pthread_create(&thread, NULL, arrives, NULL), "create");
	await_other();
	*ready = 1;
	if (!fault)
		pthread_barrier_wait(&barrier);
	pthread_barrier_destroy(&barrier); /* mark: destroys */
	pthread_join(thread, NULL);
}

int main(int argc, char **argv)
{
	fault = fault_is(argc, argv);
	ready = mmap(NULL, sizeof(*ready), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		     0);
	fault_check(ready == MAP_FAILED ? -1 : 0, "mmap");
	fault_hang(strcmp(fault_variant(argc, argv, 0), "reader") == 0 ? comes_again : destroys,
		   ready);
	fault_done();
	return 0;
}
