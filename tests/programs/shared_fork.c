/* SPDX-License-Identifier: MIT */
/* shared_fork: a process and its child share a mutex and a semaphore in an anonymous mapping.
 *
 * Truth: 3 waits for the mutex and 3 for the semaphore, all by the child, all ended by the parent.
 */
#include "tests/support/truth.h"

#include <semaphore.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ROUNDS = 3, HOLD_NS = 20000000 };

struct shared {
	pthread_mutex_t mutex;
	sem_t sem;
	volatile int turn;
	volatile int waited;
};

static struct truth_object mutex_object = { "mutex", "", NULL, sizeof(pthread_mutex_t) };
static struct truth_object sem_object = { "sem", "", NULL, sizeof(sem_t) };

static void child(struct shared *shared)
{
	for (int round = 1; round <= ROUNDS; round++) {
		truth_until_at_least(&shared->turn, round);
		TRUTH_WAIT_TAKE(&mutex_object, x(pthread_mutex_lock(&shared->mutex)));
		TRUTH_RELEASE(&mutex_object, 0, x(pthread_mutex_unlock(&shared->mutex)));
		TRUTH_WAIT(&sem_object, "acquired", x(sem_wait(&shared->sem)));
		__atomic_store_n(&shared->waited, round, __ATOMIC_RELEASE);
	}
	truth_print();
	_exit(0);
}

int main(void)
{
	pthread_mutexattr_t attr;
	struct shared *shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
				     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int status;
	pid_t pid;

	if (shared == MAP_FAILED)
		truth_die("mmap");
	mutex_object.address = &shared->mutex;
	sem_object.address = &shared->sem;
	x(pthread_mutexattr_init(&attr));
	x(pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED));
	x(pthread_mutex_init(&shared->mutex, &attr));
	x(sem_init(&shared->sem, 1, 0));
	pid = (pid_t)xs(fork());
	if (pid == 0)
		child(shared);
	truth_value("holder", getpid());
	truth_value("waiter", pid);
	for (int round = 1; round <= ROUNDS; round++) {
		TRUTH_TAKE(&mutex_object, x(pthread_mutex_lock(&shared->mutex)));
		__atomic_store_n(&shared->turn, round, __ATOMIC_RELEASE);
		truth_until_blocked(pid, &mutex_object);
		truth_sleep_ns(HOLD_NS);
		TRUTH_RELEASE(&mutex_object, 1, x(pthread_mutex_unlock(&shared->mutex)));
		truth_until_blocked(pid, &sem_object);
		truth_sleep_ns(HOLD_NS);
		TRUTH_RELEASE(&sem_object, 1, x(sem_post(&shared->sem)));
		truth_until_at_least(&shared->waited, round);
	}
	x_is(pid, waitpid(pid, &status, 0));
	x_is(0, status);
	truth_print();
	return 0;
}
