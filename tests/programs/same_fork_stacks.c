/* SPDX-License-Identifier: MIT */
/* same_fork_stacks: forks while other threads begin to wait, of which a tracer takes the stacks;
 * the children wait, too.
 *
 * Truth: every child ends by itself. One that was forked while a thread had a lock of the tracer's
 * would wait for that for ever.
 */
#include "tests/support/truth.h"

#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

enum { FORKS = 100, THREADS = 2, DEPTH = 24, WAIT_NS = 100000 };

static sem_t never;
static volatile int over;

static void wait_shortly(void)
{
	struct timespec limit = truth_after_ns(CLOCK_REALTIME, WAIT_NS);

	x_is(-1, sem_timedwait(&never, &limit));
}

/* So many places of calls that an unwinder remembers no more than a part of them. */
#define SITE(n)                                                                                    \
	case n:                                                                                    \
		deep(left - 1, next);                                                              \
		__asm__ volatile("" : : "i"(n));                                                   \
		break;
#define SITES4(n)  SITE(n) SITE((n) + 1) SITE((n) + 2) SITE((n) + 3)
#define SITES16(n) SITES4(n) SITES4((n) + 4) SITES4((n) + 8) SITES4((n) + 12)
#define SITES64(n) SITES16(n) SITES16((n) + 16) SITES16((n) + 32) SITES16((n) + 48)

static void deep(int left, uint32_t place)
{
	uint32_t next = place * 1664525 + 1013904223;

	if (left == 0) {
		wait_shortly();
		return;
	}
	switch (place >> 16 & 511) {
		SITES64(0)
		SITES64(64)
		SITES64(128)
		SITES64(192)
		SITES64(256)
		SITES64(320)
		SITES64(384)
		SITES64(448)
	default:
		break;
	}
}

static void *waits(void *place)
{
	deep(DEPTH, (uint32_t)(uintptr_t)place);
	return NULL;
}

/* A new thread knows nothing of its stack: it is long in taking it the first time. */
static void *churns(void *unused)
{
	pthread_t thread;

	for (uintptr_t place = 1; !over; place += 7919) {
		x(pthread_create(&thread, NULL, waits, (void *)(place << 8)));
		x(pthread_join(thread, NULL));
	}
	return unused;
}

int main(void)
{
	pthread_t threads[THREADS];
	int ended = 0, status;

	x(sem_init(&never, 0, 0));
	for (int t = 0; t < THREADS; t++)
		x(pthread_create(&threads[t], NULL, churns, NULL));
	for (int i = 0; i < FORKS; i++) {
		pid_t pid = (pid_t)xs(fork());

		if (pid == 0) {
			wait_shortly();
			_exit(0);
		}
		x_is(pid, waitpid(pid, &status, 0));
		ended += status == 0;
	}
	over = 1;
	for (int t = 0; t < THREADS; t++)
		x(pthread_join(threads[t], NULL));
	printf("%d children ended\n", ended);
	return 0;
}
