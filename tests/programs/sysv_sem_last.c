/* SPDX-License-Identifier: MIT */
/* sysv_sem_last: waits for semaphores of System V that nobody ends, after another process has
 * operated on them.
 *
 * Truth: a child waits for one that its parent has raised by too little, until its time is over;
 * and for one that its sister has taken and never gives back, until it is killed. The kernel knows
 * both, and says nothing of the third, on which nobody has operated yet. The ids are printed as
 * values.
 */
#include "tests/support/truth.h"

#include <errno.h>
#include <stdio.h>
#include <sys/ipc.h>
#include <sys/sem.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { RAISED, TAKEN, UNTOUCHED, SEMAPHORES };
enum { LIMIT_NS = 20000000 };

static char names[SEMAPHORES][32];
static struct truth_object objects[SEMAPHORES];
static int set;
static volatile int *stage; /* 1: it is taken; 2: the last wait is to come */

static void takes(void *unused)
{
	struct sembuf take = { TAKEN, -1, 0 };

	(void)unused;
	x(semop(set, &take, 1));
	__atomic_store_n(stage, 1, __ATOMIC_RELEASE);
}

static void waits(void *unused)
{
	struct sembuf two = { RAISED, -2, 0 }, one = { UNTOUCHED, -1, 0 }, last = { TAKEN, -1, 0 };
	struct timespec limit = { 0, LIMIT_NS };

	(void)unused;
	TRUTH_WAIT(&objects[RAISED], "timeout", x_is(-1, semtimedop(set, &two, 1, &limit)));
	x_is(EAGAIN, errno);
	TRUTH_WAIT(&objects[UNTOUCHED], "timeout", x_is(-1, semtimedop(set, &one, 1, &limit)));
	x_is(EAGAIN, errno);
	truth_print();
	__atomic_store_n(stage, 2, __ATOMIC_RELEASE);
	x(semop(set, &last, 1)); /* for ever */
}

int main(void)
{
	struct sembuf raise = { RAISED, 1, 0 };
	pid_t taker, waiter;

	set = (int)xs(semget(IPC_PRIVATE, SEMAPHORES, 0600));
	for (int i = 0; i < SEMAPHORES; i++) {
		snprintf(names[i], sizeof(names[i]), "%d[%d]", set, i);
		objects[i] = (struct truth_object){ "sysv_sem", names[i], NULL, 0 };
	}
	stage = truth_shared(sizeof(*stage));
	x(semop(set, &raise, 1));
	x(semctl(set, TAKEN, SETVAL, 1));
	taker = truth_child(takes, NULL);
	truth_until_at_least(stage, 1);
	truth_reap(taker);
	waiter = truth_child(waits, NULL);
	truth_until_at_least(stage, 2);
	truth_until_asleep(waiter, SYS_semtimedop);
	truth_kill(waiter);
	x(semctl(set, 0, IPC_RMID));
	truth_value("set", set);
	truth_value("parent", getpid());
	truth_value("taker", taker);
	truth_value("waiter", waiter);
	truth_print();
	return 0;
}
