/* SPDX-License-Identifier: MIT */
/* shared_workers: three workers, forked and never exec'd, take turns at one process-shared mutex.
 *
 * Truth: as in mutex_barging, each worker's holds cut with the others' waits; one object for all.
 */
#include "tests/support/truth.h"

#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { WORKERS = 3, TURNS = 20 };

static struct truth_object gate_object = { "mutex", "", NULL, 0 };

static void work(pthread_mutex_t *gate, int me)
{
	for (int turn = 0; turn < TURNS; turn++) {
		TRUTH_WAIT(&gate_object, "maybe", x(pthread_mutex_lock(gate)));
		truth_hold_begin(&gate_object, __func__, __LINE__ - 1);
		truth_sleep_ns(2000000u + 1000000u * (unsigned)me);
		truth_release(&gate_object, -1, __func__, __LINE__ + 1);
		x(pthread_mutex_unlock(gate));
		if (turn % 3 == 0)
			truth_sleep_ns(1000000);
	}
	truth_print();
	_exit(0);
}

int main(void)
{
	pthread_mutexattr_t attr;
	pthread_mutex_t *gate = mmap(NULL, sizeof(*gate), PROT_READ | PROT_WRITE,
				     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t pids[WORKERS];
	int status;

	if (gate == MAP_FAILED)
		truth_die("mmap");
	x(pthread_mutexattr_init(&attr));
	x(pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED));
	x(pthread_mutex_init(gate, &attr));
	for (int i = 0; i < WORKERS; i++) {
		pids[i] = (pid_t)xs(fork());
		if (pids[i] == 0)
			work(gate, i);
	}
	for (int i = 0; i < WORKERS; i++) {
		x_is(pids[i], waitpid(pids[i], &status, 0));
		x_is(0, status);
	}
	return 0;
}
