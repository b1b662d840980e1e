/* SPDX-License-Identifier: MIT */
/* sem_named: a forked child waits for a named semaphore that it opens itself and the parent posts.
 *
 * Truth: 3 waits by the child on one semaphore, called by its name, each ended by the parent.
 */
#include "tests/support/truth.h"

#include <fcntl.h>
#include <semaphore.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ROUNDS = 3, WAIT_NS = 20000000 };

static char name[64];
static struct truth_object named_object = { "sem", name, NULL, 0 };

static void child(void)
{
	sem_t *sem = sem_open(name, O_RDWR);

	if (sem == SEM_FAILED)
		truth_die("sem_open");
	for (int round = 0; round < ROUNDS; round++)
		TRUTH_WAIT(&named_object, "acquired", x(sem_wait(sem)));
	x(sem_close(sem));
	truth_print();
	_exit(0);
}

int main(void)
{
	int status;
	pid_t pid;
	sem_t *sem, *done;
	char done_name[80];

	snprintf(name, sizeof(name), "/waitscope-test-%d", (int)getpid());
	snprintf(done_name, sizeof(done_name), "%s-done", name);
	sem = sem_open(name, O_CREAT | O_EXCL | O_RDWR, 0600, 0);
	done = sem_open(done_name, O_CREAT | O_EXCL, 0600, 0);
	if (sem == SEM_FAILED || done == SEM_FAILED)
		truth_die("sem_open");
	/* The child's sem_open() gives the mapping that it inherited. */
	named_object.address = sem;
	named_object.size = sizeof(*sem);
	pid = (pid_t)xs(fork());
	if (pid == 0)
		child();
	for (int round = 0; round < ROUNDS; round++) {
		truth_until_blocked(pid, &named_object);
		truth_sleep_ns(WAIT_NS);
		TRUTH_RELEASE(&named_object, 1, x(sem_post(sem)));
		/* Blocked again, not still: the kernel keeps the waker's word until it has run. */
		for (int value = 1; value; truth_sleep_ns(100000))
			x(sem_getvalue(sem, &value));
	}
	x_is(pid, waitpid(pid, &status, 0));
	x_is(0, status);
	x(sem_unlink(name));
	x(sem_unlink(done_name));
	truth_value("child", pid);
	truth_print();
	return 0;
}
