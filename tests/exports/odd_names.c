/* SPDX-License-Identifier: MIT */
/* odd_names: waits whose process, threads, object and function have names that formats trip over.
 *
 * Truth: one thread waits, once, for a named semaphore that main posts; every name has a semicolon,
 * a blank, a comma and a quote in it; those of tasks and the semaphore also a backslash, a line
 * break and a byte that is not UTF-8.
 */
#include <fcntl.h>
#include <semaphore.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "tests/support/truth.h"

/* The assembler takes such a name in quotes; clang's does not. */
#ifdef __clang__
#define ODD
#else
#define ODD __asm__("\"odd;na me, 'q' <&>\"")
#endif

static sem_t *sem;

void odd(void) ODD;
void odd(void)
{
	x(sem_wait(sem));
}

static void waiter(void *unused)
{
	(void)unused;
	xs(prctl(PR_SET_NAME, "t;\"1\", \\\n\xff"));
	odd();
}

int main(void)
{
	struct truth_thread thread;
	char name[64];

	snprintf(name, sizeof(name), "/ws;\"odd\", \\\n\xff-%d", (int)getpid());
	xs(prctl(PR_SET_NAME, "p;\"0\", \\\n\xff"));
	sem = sem_open(name, O_CREAT | O_EXCL, 0600, 0);
	if (sem == SEM_FAILED)
		truth_die("sem_open");
	truth_start(&thread, waiter, NULL);
	truth_until_blocked_at(thread.tid, sem, sizeof(*sem));
	x(sem_post(sem));
	truth_join(&thread);
	x(sem_unlink(name));
	return 0;
}
