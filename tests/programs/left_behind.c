/* SPDX-License-Identifier: MIT */
/* left_behind: makes one object of each kind that outlives it, and a second that it removes; and
 * gets one System V queue by keys of two different files.
 *
 * usage: left_behind [killed]: by a child that is killed then
 *
 * Truth: printed as values: the names and ids of what is left, and its sizes. The test that records
 * it removes them.
 */
#include "tests/support/keys.h"
#include "tests/support/truth.h"

#include <fcntl.h>
#include <mqueue.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SIZE = 12288 };

static char names[2][64];

static void posix_objects(void)
{
	struct mq_attr attr = { .mq_maxmsg = 3, .mq_msgsize = 100 };

	for (int i = 0; i < 2; i++) {
		snprintf(names[i], sizeof(names[i]), "/waitscope-left-%d-%d", (int)getpid(), i);
		mqd_t queue = (mqd_t)xs(mq_open(names[i], O_CREAT | O_RDWR, 0600, &attr));
		int memory = (int)xs(shm_open(names[i], O_CREAT | O_RDWR, 0600));
		sem_t *semaphore = sem_open(names[i], O_CREAT, 0600, 1);

		if (semaphore == SEM_FAILED)
			truth_die("sem_open");
		x(i ? ftruncate64(memory, SIZE) : ftruncate(memory, SIZE));
		/* What is there already is not made anew. */
		x(close((int)xs(shm_open(names[i] + 1, O_CREAT | O_RDWR, 0600))));
		x(sem_close(semaphore));
		x(mq_close(queue));
		x(close(memory));
	}
	/* The process that removes one need not be the one that made it. */
	pid_t pid = (pid_t)xs(fork());

	if (pid == 0) {
		x(mq_unlink(names[1]));
		x(shm_unlink(names[1] + 1));
		x(sem_unlink(names[1]));
		_exit(0);
	}
	x_is(pid, waitpid(pid, NULL, 0));
	truth_text("name", names[0]);
}

static void system_v_objects(void)
{
	int queues[2], sets[2], segments[2];

	for (int i = 0; i < 2; i++) {
		queues[i] = (int)xs(msgget(IPC_PRIVATE, 0600));
		sets[i] = (int)xs(semget(IPC_PRIVATE, 5, 0600));
		segments[i] = (int)xs(shmget(IPC_PRIVATE, SIZE, 0600));
	}
	x(msgctl(queues[1], IPC_RMID, NULL));
	x(semctl(sets[1], 0, IPC_RMID));
	x(shmctl(segments[1], IPC_RMID, NULL));
	truth_value("msg", queues[0]);
	truth_value("sem", sets[0]);
	truth_value("shm", segments[0]);
}

static void collision(void)
{
	char folder[64], paths[2][64];

	truth_files_of_one_key(folder, paths);

	int queue = (int)xs(msgget((key_t)xs(ftok(paths[0], 'x')), IPC_CREAT | 0600));

	x_is(queue, msgget((key_t)xs(ftok(paths[1], 'x')), IPC_CREAT | 0600));
	x(msgctl(queue, IPC_RMID, NULL));
	truth_value("queue", queue);
	truth_remove_files(folder, paths);
}

/* Makes all of them, says so, and ends by nobody's wish. */
static void is_killed(void *made)
{
	posix_objects();
	system_v_objects();
	truth_print();
	__atomic_store_n((int *)made, 1, __ATOMIC_RELEASE);
	truth_until_killed();
}

int main(int argc, char **argv)
{
	if (argc > 1 && !strcmp(argv[1], "killed")) {
		int *made = truth_shared(sizeof(*made));
		pid_t maker = truth_child(is_killed, made);

		truth_until_at_least(made, 1);
		truth_kill(maker);
		return 0;
	}
	posix_objects();
	system_v_objects();
	collision();
	truth_print();
	return 0;
}
