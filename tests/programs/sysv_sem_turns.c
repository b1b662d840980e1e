/* SPDX-License-Identifier: MIT */
/* sysv_sem_turns: a producer and a consumer on a set of System V semaphores, as in the textbooks;
 * then every way in which a wait on one can end, and several operations at once.
 *
 * Truth: each wait is on one semaphore of the set and ended by the other process: by an operation
 * that raises it, by one that brings it to zero, by SETVAL, by SETALL, by what the kernel undoes as
 * a process ends; a time limit, a signal and IPC_RMID end the others.
 */
#include "tests/support/truth.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/ipc.h>
#include <sys/sem.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ROUNDS = 3, WAIT_NS = 20000000 };
enum { SPACE, ITEMS, ZERO, SET, ALL, UNDONE, FIRST, SECOND, VAIN, REMOVED, SEMAPHORES };

static char names[SEMAPHORES][64];
static struct truth_object objects[SEMAPHORES];
static int set;

static struct sembuf op(int number, int by, int flags)
{
	return (struct sembuf){ (unsigned short)number, (short)by, (short)flags };
}

static int change(int number, int by, int flags)
{
	struct sembuf one = op(number, by, flags);

	return semop(set, &one, 1);
}

/* Returns once that process sleeps on the set. */
static void until_blocked(pid_t pid)
{
	truth_until_in_call(pid, SYS_semtimedop);
	truth_sleep_ns(WAIT_NS);
}

static void consumer(void)
{
	struct sembuf take = op(ITEMS, -1, 0);

	for (int round = 0; round < ROUNDS; round++) {
		TRUTH_WAIT(&objects[ITEMS], "acquired", x(semop(set, &take, 1)));
		truth_case("sysv_sem", "turns");
		x(change(SPACE, 1, 0));
	}
	truth_print();
	_exit(0);
}

static void produce(pid_t pid)
{
	struct sembuf give = op(ITEMS, 1, 0);

	for (int round = 0; round < ROUNDS; round++) {
		until_blocked(pid);
		x(change(SPACE, -1, 0));
		TRUTH_RELEASE(&objects[ITEMS], 1, x(semop(set, &give, 1)));
	}
}

/* One waiter, who goes on each time that the parent has done what ends its wait. */
static void other_ways(int told)
{
	struct sembuf zero = op(ZERO, 0, 0), two = op(SET, -2, 0), all = op(ALL, -1, 0);
	struct sembuf undone = op(UNDONE, -1, 0);
	struct sembuf both[2] = { op(FIRST, -1, 0), op(SECOND, -1, 0) };
	struct sembuf vain = op(VAIN, -1, 0), removed = op(REMOVED, -1, 0);
	struct timespec limit = { 0, WAIT_NS };

	TRUTH_TRY(&objects[VAIN], x_is(-1, change(VAIN, -1, IPC_NOWAIT)));
	x_is(EAGAIN, errno);
	truth_case("sysv_sem", "would_block");
	TRUTH_WAIT(&objects[VAIN], "timeout", x_is(-1, semtimedop(set, &vain, 1, &limit)));
	x_is(EAGAIN, errno);
	truth_case("sysv_sem", "timeout");
	x_is(1, write(told, "", 1));
	TRUTH_WAIT(&objects[ZERO], "acquired", x(semop(set, &zero, 1)));
	TRUTH_WAIT(&objects[SET], "acquired", x(semop(set, &two, 1)));
	TRUTH_WAIT(&objects[UNDONE], "acquired", x(semop(set, &undone, 1)));
	truth_case("sysv_sem", "peer_dies");
	TRUTH_WAIT(&objects[ALL], "acquired", x(semop(set, &all, 1)));
	/* The first is there, so that it is the second that is missing. */
	TRUTH_WAIT(&objects[SECOND], "acquired", x(semop(set, both, 2)));
	TRUTH_WAIT(&objects[VAIN], "interrupted", x_is(-1, semop(set, &vain, 1)));
	x_is(EINTR, errno);
	truth_case("sysv_sem", "interrupted");
	TRUTH_WAIT(&objects[REMOVED], "removed", x_is(-1, semop(set, &removed, 1)));
	x_is(EIDRM, errno);
	truth_case("sysv_sem", "removed");
	truth_print();
	_exit(0);
}

/* Takes one, and ends when it is told to: the kernel gives back what it took. */
static void take_and_end(int told, int go)
{
	char byte;

	x(change(UNDONE, -1, SEM_UNDO));
	x_is(1, write(told, "", 1));
	x_is(1, read(go, &byte, 1));
	_exit(0);
}

static void on_signal(int number)
{
	(void)number;
}

/* It has gone on, and sleeps again. */
static void until_next(pid_t pid)
{
	truth_sleep_ns(WAIT_NS);
	until_blocked(pid);
}

static void end_each(pid_t waiter)
{
	struct sembuf down = op(ZERO, -1, 0), second = op(SECOND, 1, 0);
	unsigned short values[SEMAPHORES];
	int told[2], go[2], status;
	char byte;
	pid_t taker;

	x(pipe(told));
	x(pipe(go));
	taker = (pid_t)xs(fork());
	if (taker == 0)
		take_and_end(told[1], go[0]);
	x_is(1, read(told[0], &byte, 1));
	truth_value("taker", taker);

	until_blocked(waiter);
	TRUTH_RELEASE(&objects[ZERO], 1, x(semop(set, &down, 1)));
	until_next(waiter);
	TRUTH_RELEASE(&objects[SET], 1, x(semctl(set, SET, SETVAL, 2)));
	until_next(waiter);
	x_is(1, write(go[1], "", 1));
	x_is(taker, waitpid(taker, &status, 0));
	x_is(0, status);
	until_next(waiter);
	x(semctl(set, 0, GETALL, values));
	values[ALL] = 1;
	TRUTH_RELEASE(&objects[ALL], 1, x(semctl(set, 0, SETALL, values)));
	until_next(waiter);
	TRUTH_RELEASE(&objects[SECOND], 1, x(semop(set, &second, 1)));
	until_next(waiter);
	x(kill(waiter, SIGUSR1));
	until_next(waiter);
	TRUTH_RELEASE(&objects[REMOVED], 1, x(semctl(set, 0, IPC_RMID)));
}

int main(void)
{
	struct sigaction action = { .sa_handler = on_signal };
	int told[2], status;
	char byte;
	pid_t pid;

	set = (int)xs(semget(IPC_PRIVATE, SEMAPHORES, IPC_CREAT | 0600));
	for (int i = 0; i < SEMAPHORES; i++) {
		snprintf(names[i], sizeof(names[i]), "%d[%d]", set, i);
		objects[i] = (struct truth_object){ "sysv_sem", names[i], NULL, 0 };
	}
	x(change(SPACE, ROUNDS, 0));
	pid = (pid_t)xs(fork());
	if (pid == 0)
		consumer();
	produce(pid);
	x_is(pid, waitpid(pid, &status, 0));
	x_is(0, status);

	x(sigaction(SIGUSR1, &action, NULL));
	x(change(ZERO, 1, 0));
	x(change(FIRST, 1, 0));
	x(change(UNDONE, 1, 0));
	x(pipe(told));
	pid = (pid_t)xs(fork());
	if (pid == 0)
		other_ways(told[1]);
	x_is(1, read(told[0], &byte, 1));
	end_each(pid);
	x_is(pid, waitpid(pid, &status, 0));
	x_is(0, status);
	truth_print();
	return 0;
}
