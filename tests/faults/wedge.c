/* SPDX-License-Identifier: MIT */
/* wedge: a thread that waits behind one that waits for it, because of the order in which a lock
 * serves those who wait; in the twin it serves them otherwise.
 *
 * It hangs in a process of its own, which is killed when all of it sleeps. */
#include <pthread.h>
#include <stdatomic.h>
#include <sys/mman.h>

#include "fault.h"

static volatile int *ready; /* in shared memory */
static bool fault;
static pthread_rwlock_t rwlock;
static atomic_int writer; /* its thread id */

/* The writer has nothing else to sleep for: it waits once it sleeps on. */
static void await_writer(void)
{
	char tid[16];

	while (atomic_load(&writer) == 0)
		fault_pause();
	snprintf(tid, sizeof(tid), "%d", atomic_load(&writer));
	for (int asleep = 0; asleep < 50; fault_pause())
		asleep = fault_state(getpid(), tid) == 'S' ? asleep + 1 : 0;
}

static void *reads(void *unused)
{
	fault_check(pthread_rwlock_rdlock(&rwlock), "rdlock"); /* mark: reads_first */
	await_writer();
	*ready = 1;
	fault_check(pthread_rwlock_rdlock(&rwlock), "rdlock"); /* mark: reads_again */
	pthread_rwlock_unlock(&rwlock);
	pthread_rwlock_unlock(&rwlock);
	return unused;
}

static void *writes(void *unused)
{
	atomic_store(&writer, gettid());
	fault_check(pthread_rwlock_wrlock(&rwlock), "wrlock"); /* mark: writes */
	pthread_rwlock_unlock(&rwlock);
	return unused;
}

/* By default glibc lets readers pass a writer that waits. */
static void hang(void)
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

int main(int argc, char **argv)
{
	fault = fault_is(argc, argv);
	ready = mmap(NULL, sizeof(*ready), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		     0);
	fault_check(ready == MAP_FAILED ? -1 : 0, "mmap");
	fault_hang(hang, ready);
	fault_done();
	return 0;
}
