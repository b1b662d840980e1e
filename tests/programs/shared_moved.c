/* SPDX-License-Identifier: MIT */
/* shared_moved: a process moves its mapping of shared memory with a mutex in it; another maps the
 * memory anew.
 *
 * Truth: 3 waits by the child for one mutex, all ended by the parent, whose mapping was made longer
 * and moved by mremap() before the first and between the others.
 */
#include "tests/support/truth.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ROUNDS = 3, HOLD_NS = 20000000, WAIT_NS = 1000000, PAGE = 4096, PAGES = 8 };

struct shared {
	pthread_mutex_t mutex;
	volatile int turn, waited;
	void *volatile address; /* of the mutex, where the child has mapped it */
};

static struct truth_object mutex_object = { "mutex", "", NULL, sizeof(pthread_mutex_t) };

static void *map(int fd, size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (p == MAP_FAILED)
		truth_die("mmap");
	return p;
}

static void child(void *fd)
{
	struct shared *shared = map(*(int *)fd, PAGE);

	mutex_object.address = &shared->mutex;
	shared->address = &shared->mutex;
	for (int round = 1; round <= ROUNDS; round++) {
		truth_until_at_least(&shared->turn, round);
		TRUTH_WAIT_TAKE(&mutex_object, x(pthread_mutex_lock(&shared->mutex)));
		TRUTH_RELEASE(&mutex_object, 0, x(pthread_mutex_unlock(&shared->mutex)));
		__atomic_store_n(&shared->waited, round, __ATOMIC_RELEASE);
	}
}

/* To where nothing is, and a page longer. */
static struct shared *moved(void *from, size_t pages)
{
	void *hole = mmap(NULL, (PAGES + 1) * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	void *to =
		mremap(from, pages * PAGE, (pages + 1) * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, hole);

	if (hole == MAP_FAILED || to != hole)
		truth_die("mremap");
	mutex_object.address = to;
	return to;
}

int main(void)
{
	pthread_mutexattr_t attr;
	int fd = (int)xs(memfd_create("shared_moved", 0)), status;
	struct shared *shared;
	pid_t pid;

	x(ftruncate(fd, PAGES * PAGE));
	shared = moved(map(fd, PAGE), 1);
	x(pthread_mutexattr_init(&attr));
	x(pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED));
	x(pthread_mutex_init(&shared->mutex, &attr));
	pid = truth_child(child, &fd);
	truth_value("holder", getpid());
	truth_value("waiter", pid);
	for (int round = 1; round <= ROUNDS; round++) {
		TRUTH_TAKE(&mutex_object, x(pthread_mutex_lock(&shared->mutex)));
		__atomic_store_n(&shared->turn, round, __ATOMIC_RELEASE);
		while (!shared->address)
			truth_sleep_ns(WAIT_NS);
		truth_until_blocked_at(pid, shared->address, sizeof(shared->mutex));
		truth_sleep_ns(HOLD_NS);
		TRUTH_RELEASE(&mutex_object, 1, x(pthread_mutex_unlock(&shared->mutex)));
		truth_until_at_least(&shared->waited, round);
		shared = moved(shared, (size_t)round + 1);
	}
	x_is(pid, waitpid(pid, &status, 0));
	x_is(0, status);
	truth_print();
	return 0;
}
