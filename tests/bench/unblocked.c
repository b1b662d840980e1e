/* SPDX-License-Identifier: MIT */
/* unblocked MECHANISM: calls that never block: one process gives and takes in turn. An operation is
 * one call.
 */
#include <fcntl.h>
#include <mqueue.h>
#include <semaphore.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <unistd.h>

#include "tests/bench/bench.h"

enum { PAIRS = 300000, SIZE = 64 };

static void ok(long result, const char *what)
{
	if (result < 0) {
		perror(what);
		exit(1);
	}
}

static void mq(void)
{
	struct mq_attr attr = { .mq_maxmsg = 8, .mq_msgsize = SIZE };
	char name[64], message[SIZE];

	snprintf(name, sizeof(name), "/waitscope-bench-%d", (int)getpid());
	mqd_t queue = mq_open(name, O_RDWR | O_CREAT | O_EXCL, 0600, &attr);

	ok(queue, "mq_open");
	mq_unlink(name);
	uint64_t begin_ns = bench_now_ns();

	for (int i = 0; i < PAIRS; i++) {
		ok(mq_send(queue, "", 1, 0), "mq_send");
		ok(mq_receive(queue, message, SIZE, NULL), "mq_receive");
	}
	bench_result(begin_ns, 2 * PAIRS);
}

static void sysv_msg(void)
{
	struct {
		long type;
		char text[SIZE];
	} message = { 1, "" };
	int id = msgget(IPC_PRIVATE, 0600);

	ok(id, "msgget");
	uint64_t begin_ns = bench_now_ns();

	for (int i = 0; i < PAIRS; i++) {
		ok(msgsnd(id, &message, 1, 0), "msgsnd");
		ok(msgrcv(id, &message, SIZE, 0, 0), "msgrcv");
	}
	bench_result(begin_ns, 2 * PAIRS);
	ok(msgctl(id, IPC_RMID, NULL), "msgctl");
}

/* The operations on the stack, and in static storage, as programs have them. */
static void sysv_sem(void)
{
	static struct sembuf take = { 0, -1, 0 };
	struct sembuf give = { 0, 1, 0 };
	int id = semget(IPC_PRIVATE, 1, 0600);

	ok(id, "semget");
	uint64_t begin_ns = bench_now_ns();

	for (int i = 0; i < PAIRS; i++) {
		ok(semop(id, &give, 1), "semop");
		ok(semop(id, &take, 1), "semop");
	}
	bench_result(begin_ns, 2 * PAIRS);
	ok(semctl(id, 0, IPC_RMID), "semctl");
}

static void posix_sem(void)
{
	sem_t semaphore;

	ok(sem_init(&semaphore, 1, 0), "sem_init");
	uint64_t begin_ns = bench_now_ns();

	for (int i = 0; i < 10 * PAIRS; i++) {
		ok(sem_post(&semaphore), "sem_post");
		ok(sem_wait(&semaphore), "sem_wait");
	}
	bench_result(begin_ns, 20 * PAIRS);
}

static const struct {
	const char *name;
	void (*run)(void);
} mechanisms[] = {
	{ "mq", mq },
	{ "sysv_msg", sysv_msg },
	{ "sysv_sem", sysv_sem },
	{ "posix_sem", posix_sem },
};

int main(int argc, char **argv)
{
	for (size_t i = 0; i < sizeof(mechanisms) / sizeof(mechanisms[0]); i++)
		if (argc == 2 && !strcmp(argv[1], mechanisms[i].name)) {
			mechanisms[i].run();
			return 0;
		}
	fprintf(stderr, "usage: %s MECHANISM\n", argv[0]);
	return 2;
}
