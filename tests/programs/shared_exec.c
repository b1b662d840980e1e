/* SPDX-License-Identifier: MIT */
/* shared_exec: two programs, each started by exec, share a mutex and a semaphore through shm_open()
 * and map them at different addresses.
 *
 * Truth: 3 waits for the mutex and 3 for the semaphore, all by the second program, all ended by the
 * first. Each is one object, in two processes.
 */
#include "tests/support/truth.h"

#include <fcntl.h>
#include <semaphore.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ROUNDS = 3, HOLD_NS = 20000000 };

struct shared {
	pthread_mutex_t mutex;
	sem_t sem;
	volatile int waiter;   /* tid of the second program */
	uintptr_t waiter_base; /* where it mapped this */
	uintptr_t holder_base; /* where the first did */
	volatile int turn;     /* in which round the mutex is held */
	volatile int waited;   /* after which round the waiter is done */
};

static struct truth_object mutex_object = { "mutex", "", NULL, sizeof(pthread_mutex_t) };
static struct truth_object sem_object = { "sem", "", NULL, sizeof(sem_t) };

static struct shared *map(const char *name, void *where)
{
	int fd = (int)xs(shm_open(name, O_RDWR, 0));
	struct shared *shared = mmap(where, sizeof(*shared), PROT_READ | PROT_WRITE,
				     MAP_SHARED | (where ? MAP_FIXED_NOREPLACE : 0), fd, 0);

	if (shared == MAP_FAILED || (where && shared != where))
		truth_die("mmap");
	x(close(fd));
	return shared;
}

static void hold(const char *name)
{
	struct shared *shared = map(name, (void *)0x500000000000);

	shared->holder_base = (uintptr_t)shared;
	truth_until_at_least(&shared->waiter, 1);
	for (int round = 1; round <= ROUNDS; round++) {
		TRUTH_TAKE(&mutex_object, x(pthread_mutex_lock(&shared->mutex)));
		__atomic_store_n(&shared->turn, round, __ATOMIC_RELEASE);
		truth_until_blocked_at(shared->waiter, (void *)shared->waiter_base,
				       sizeof(pthread_mutex_t));
		truth_sleep_ns(HOLD_NS);
		TRUTH_RELEASE(&mutex_object, 1, x(pthread_mutex_unlock(&shared->mutex)));
		truth_until_blocked_at(shared->waiter,
				       (char *)shared->waiter_base + offsetof(struct shared, sem),
				       sizeof(sem_t));
		truth_sleep_ns(HOLD_NS);
		TRUTH_RELEASE(&sem_object, 1, x(sem_post(&shared->sem)));
		truth_until_at_least(&shared->waited, round);
	}
}

static void wait_for_holder(const char *name)
{
	struct shared *shared = map(name, (void *)0x600000000000);

	shared->waiter_base = (uintptr_t)shared;
	__atomic_store_n(&shared->waiter, truth_tid(), __ATOMIC_RELEASE);
	for (int round = 1; round <= ROUNDS; round++) {
		truth_until_at_least(&shared->turn, round);
		TRUTH_WAIT_TAKE(&mutex_object, x(pthread_mutex_lock(&shared->mutex)));
		TRUTH_RELEASE(&mutex_object, 0, x(pthread_mutex_unlock(&shared->mutex)));
		TRUTH_WAIT(&sem_object, "acquired", x(sem_wait(&shared->sem)));
		__atomic_store_n(&shared->waited, round, __ATOMIC_RELEASE);
	}
	if (shared->holder_base == shared->waiter_base)
		truth_die("both mapped it at the same address");
}

static pid_t start(char *self, const char *role, char *name)
{
	pid_t pid = (pid_t)xs(fork());

	if (pid == 0) {
		execl(self, self, role, name, NULL);
		truth_die("exec");
	}
	return pid;
}

int main(int argc, char **argv)
{
	char name[64];
	pthread_mutexattr_t attr;
	struct shared *shared;
	pid_t pids[2];
	int fd, status;

	if (argc == 3) {
		if (!strcmp(argv[1], "hold"))
			hold(argv[2]);
		else
			wait_for_holder(argv[2]);
		truth_print();
		return 0;
	}
	snprintf(name, sizeof(name), "/waitscope-test-%d", (int)getpid());
	fd = (int)xs(shm_open(name, O_RDWR | O_CREAT | O_EXCL, 0600));
	x(ftruncate(fd, sizeof(*shared)));
	x(close(fd));
	shared = map(name, NULL);
	x(pthread_mutexattr_init(&attr));
	x(pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED));
	x(pthread_mutex_init(&shared->mutex, &attr));
	x(sem_init(&shared->sem, 1, 0));
	pids[0] = start(argv[0], "hold", name);
	pids[1] = start(argv[0], "wait", name);
	truth_value("holder", pids[0]);
	truth_value("waiter", pids[1]);
	for (int i = 0; i < 2; i++) {
		x_is(pids[i], waitpid(pids[i], &status, 0));
		x_is(0, status);
	}
	x(shm_unlink(name));
	truth_print();
	return 0;
}
