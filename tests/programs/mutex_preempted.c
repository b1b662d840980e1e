/* SPDX-License-Identifier: MIT */
/* mutex_preempted: main waits for a mutex whose holder computes on a processor that it has to share.
 *
 * Argument: `threads`: the holder is a thread of main's process; `processes`: a child that shares the
 * mutex.
 *
 * Truth: one wait, by main. From when it was seen to sleep until it was let go the holder was in no wait
 * (`held_ns`) and had a processor for `ran_ns`. In all of the wait it had one for `used_ns` at most.
 */
#include "tests/support/truth.h"

#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { RIVALS = 3, WORK_NS = 30000000 };

static struct truth_object lock_object = { "mutex", "", NULL, sizeof(pthread_mutex_t) };

static struct {
	pthread_mutex_t lock;
	volatile int held;
	volatile int begun; /* rivals compute */
	pid_t waiter;
	clockid_t clock; /* of the holder */
} *shared;

static uint64_t used_ns(clockid_t clock)
{
	struct timespec time;

	x(clock_gettime(clock, &time));
	return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

/* Computes beside the holder from when that begins to compute until it is killed. */
static pid_t rival(void)
{
	pid_t pid = (pid_t)xs(fork());

	if (pid != 0)
		return pid;
	while (!__atomic_load_n(&shared->begun, __ATOMIC_ACQUIRE))
		sched_yield();
	for (;;)
		;
}

static void hold(void *unused)
{
	pid_t rivals[RIVALS];
	cpu_set_t one;
	uint64_t first_ns, begin_ns, begun_ns, ran_ns;

	(void)unused;
	CPU_ZERO(&one);
	CPU_SET(sched_getcpu(), &one);
	x(sched_setaffinity(0, sizeof(one), &one)); /* the rivals', too */
	for (int i = 0; i < RIVALS; i++)
		rivals[i] = rival();
	first_ns = used_ns(shared->clock);
	TRUTH_TAKE(&lock_object, x(pthread_mutex_lock(&shared->lock)));
	__atomic_store_n(&shared->held, 1, __ATOMIC_RELEASE);
	truth_until_blocked(shared->waiter, &lock_object);
	__atomic_store_n(&shared->begun, 1, __ATOMIC_RELEASE);
	begin_ns = truth_now_ns();
	begun_ns = used_ns(shared->clock);
	do
		ran_ns = used_ns(shared->clock) - begun_ns;
	while (ran_ns < WORK_NS);
	begin_ns = truth_now_ns() - begin_ns;
	TRUTH_RELEASE(&lock_object, 1, x(pthread_mutex_unlock(&shared->lock)));
	truth_until_at_least(&shared->held, 2);
	truth_value("used_ns", (int64_t)(used_ns(shared->clock) - first_ns));
	truth_value("held_ns", (int64_t)begin_ns);
	truth_value("ran_ns", (int64_t)ran_ns);
	for (int i = 0; i < RIVALS; i++) {
		x(kill(rivals[i], SIGKILL));
		waitpid(rivals[i], NULL, 0);
	}
}

static void wait_for_it(void)
{
	truth_until_at_least(&shared->held, 1);
	TRUTH_WAIT_TAKE(&lock_object, x(pthread_mutex_lock(&shared->lock)));
	__atomic_store_n(&shared->held, 2, __ATOMIC_RELEASE);
	TRUTH_RELEASE(&lock_object, 0, x(pthread_mutex_unlock(&shared->lock)));
}

int main(int argc, char **argv)
{
	pthread_mutexattr_t attr;
	struct truth_thread holder;

	if (argc != 2)
		truth_die("usage: mutex_preempted threads|processes");
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED)
		truth_die("mmap");
	x(pthread_mutexattr_init(&attr));
	x(pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED));
	x(pthread_mutex_init(&shared->lock, &attr));
	lock_object.address = &shared->lock;
	shared->waiter = truth_tid();
	if (strcmp(argv[1], "threads") == 0) {
		shared->clock = CLOCK_THREAD_CPUTIME_ID;
		truth_start(&holder, hold, NULL);
		wait_for_it();
		truth_join(&holder);
	} else {
		pid_t child;

		shared->clock = CLOCK_PROCESS_CPUTIME_ID;
		child = (pid_t)xs(fork());
		if (child == 0) {
			hold(NULL);
			truth_print();
			_exit(0);
		}
		wait_for_it();
		truth_reap(child);
	}
	truth_print();
	return 0;
}
