/* SPDX-License-Identifier: MIT */
/* chain: a circle of five kinds over two processes: a mutex, a System V semaphore, a record lock, a join
 * and a pipe. In the twin one thread lets the mutex go before it waits, and all of them end.
 *
 *	writes   waits for the mutex of      locks
 *	locks    waits for the semaphore of  takes      (in the other process)
 *	takes    waits for the record lock of  joins's process
 *	joins    joins                       reads
 *	reads    reads what                  writes     would write
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/sem.h>

#include "fault.h"

static struct shared {
	volatile int ready;
	atomic_int step;
	int set;
} *shared;

static bool fault;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static int ends[2], file;
static pthread_t reader;

/* They come one after the other, so that each has what the one before will wait for. */
static void come(int step)
{
	while (atomic_load(&shared->step) < step)
		sched_yield();
}

static void go(int step)
{
	atomic_store(&shared->step, step);
}

#define operate(by)                                                                                \
	fault_check(semop(shared->set, &(struct sembuf){ 0, (by), 0 }, 1), "semop")

#define lock_file(command, how)                                                                    \
	fault_check(fcntl(file, (command), &(struct flock){ .l_type = (how), .l_len = 10 }), "fcntl")

static void *reads(void *unused)
{
	char byte;

	fault_check(read(ends[0], &byte, 1) == 1 ? 0 : -1, "read"); /* mark: reads */
	return unused;
}

static void *joins(void *unused)
{
	lock_file(F_SETLK, F_WRLCK); /* mark: takes_lock */
	go(1);
	pthread_join(reader, NULL); /* mark: joins */
	lock_file(F_SETLK, F_UNLCK);
	return unused;
}

static void takes(void)
{
	come(1);
	operate(-1); /* mark: takes_sem */
	go(2);
	lock_file(F_SETLKW, F_WRLCK); /* mark: wants_lock */
	operate(1);
	lock_file(F_SETLK, F_UNLCK);
}

static void *locks(void *unused)
{
	come(2);
	pthread_mutex_lock(&mutex); /* mark: takes_mutex */
	go(3);
	if (!fault)
		pthread_mutex_unlock(&mutex);
	operate(-1); /* mark: wants_sem */
	operate(1);
	if (fault)
		pthread_mutex_unlock(&mutex);
	return unused;
}

static void writes(void)
{
	come(3);
	pthread_mutex_lock(&mutex); /* mark: wants_mutex */
	fault_check(write(ends[1], "x", 1) == 1 ? 0 : -1, "write");
	pthread_mutex_unlock(&mutex);
}

static void hang(void)
{
	char path[] = "/tmp/chain.XXXXXX";
	pthread_t joiner, locker;
	pid_t child;

	file = mkstemp(path);
	fault_check(file < 0 ? -1 : 0, "mkstemp");
	unlink(path);
	shared->set = semget(IPC_PRIVATE, 1, 0600);
	fault_check(shared->set < 0 ? -1 : 0, "semget");
	operate(1);
	child = fork();
	if (child == 0) {
		takes();
		_exit(0);
	}
	fault_check(pipe(ends), "pipe");
	shared->ready = 1;
	fault_check(pthread_create(&reader, NULL, reads, NULL), "create");
	fault_check(pthread_create(&joiner, NULL, joins, NULL), "create");
	fault_check(pthread_create(&locker, NULL, locks, NULL), "create");
	writes();
	pthread_join(joiner, NULL);
	pthread_join(locker, NULL);
	waitpid(child, NULL, 0);
}

int main(int argc, char **argv)
{
	fault = fault_is(argc, argv);
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	fault_check(shared == MAP_FAILED ? -1 : 0, "mmap");
	fault_hang(hang, &shared->ready);
	semctl(shared->set, 0, IPC_RMID);
	fault_done();
	return 0;
}
