/* SPDX-License-Identifier: MIT */
/* keys_collide: two processes, each with a file of its own for ftok(), that happen to have one key,
 * and so one queue, one set of semaphores and one segment.
 *
 * Truth: the child waits for a message, a semaphore of the set, and one in the segment; each is
 * ended by the parent, which came by another path. The ids are printed as values.
 */
#include "tests/support/keys.h"
#include "tests/support/truth.h"

#include <semaphore.h>
#include <stdio.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { SIZE = 4096, PROJECT = 'x' };

struct message {
	long type;
	char text[8];
};

static char folder[64], paths[2][64], queue_name[128], set_name[128];
static const struct truth_object queue_object = { "sysv_msg", queue_name, NULL, 0 };
static const struct truth_object set_object = { "sysv_sem", set_name, NULL, 0 };
static const struct truth_object sem_object = { "sem", "", NULL, 0 };
static volatile int *stage;

/* What a process gets at by its own file. */
struct things {
	int queue, set, segment;
	sem_t *sem;
};

static struct things get(const char *path)
{
	key_t key = (key_t)xs(ftok(path, PROJECT));
	struct things t;

	t.queue = (int)xs(msgget(key, IPC_CREAT | 0600));
	t.set = (int)xs(semget(key, 1, IPC_CREAT | 0600));
	t.segment = (int)xs(shmget(key, SIZE, IPC_CREAT | 0600));
	t.sem = shmat(t.segment, NULL, 0);
	/* The queue is called by who made it, the semaphore by who first waits for it. */
	snprintf(queue_name, sizeof(queue_name), "%d (key 0x%08x, %s id %d)", t.queue,
		 (unsigned int)key, paths[0], PROJECT);
	snprintf(set_name, sizeof(set_name), "%d[0] (key 0x%08x, %s id %d)", t.set,
		 (unsigned int)key, paths[1], PROJECT);
	return t;
}

static void waits(void *unused)
{
	struct things t = get(paths[1]);
	struct sembuf take = { 0, -1, 0 };
	struct message m;

	(void)unused;
	__atomic_store_n(stage, 1, __ATOMIC_RELEASE);
	TRUTH_WAIT(&queue_object, "acquired", xs(msgrcv(t.queue, &m, sizeof(m.text), 0, 0)));
	truth_case("sysv_msg", "collision");
	TRUTH_WAIT(&set_object, "acquired", x(semop(t.set, &take, 1)));
	truth_case("sysv_sem", "collision");
	TRUTH_WAIT(&sem_object, "acquired", x(sem_wait(t.sem)));
	truth_case("sysv_shm", "collision");
}

int main(void)
{
	struct sembuf give = { 0, 1, 0 };
	struct message m = { .type = 1 };
	struct things t;
	pid_t child;

	truth_files_of_one_key(folder, paths);
	t = get(paths[0]);
	x(sem_init(t.sem, 1, 0));
	stage = truth_shared(sizeof(*stage));
	child = truth_child(waits, NULL);
	truth_until_at_least(stage, 1);
	truth_until_asleep(child, SYS_msgrcv);
	TRUTH_RELEASE(&queue_object, 1, x(msgsnd(t.queue, &m, sizeof(m.text), 0)));
	truth_until_asleep(child, SYS_semtimedop);
	TRUTH_RELEASE(&set_object, 1, x(semop(t.set, &give, 1)));
	truth_until_asleep(child, SYS_futex);
	TRUTH_RELEASE(&sem_object, 1, x(sem_post(t.sem)));
	truth_reap(child);
	x(msgctl(t.queue, IPC_RMID, NULL));
	x(semctl(t.set, 0, IPC_RMID));
	x(shmctl(t.segment, IPC_RMID, NULL));
	truth_remove_files(folder, paths);
	truth_value("queue", t.queue);
	truth_value("set", t.set);
	truth_value("segment", t.segment);
	truth_print();
	return 0;
}
