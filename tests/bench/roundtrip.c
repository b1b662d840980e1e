/* SPDX-License-Identifier: MIT */
/* roundtrip MECHANISM: two processes hand a token to each other and back, each blocked while the
 * other has it. An operation is one round trip; the figure is the median of many short stretches,
 * since the machine's other work, and on a virtual machine its host's, slows some of them down several
 * times.
 *
 * A mechanism is a row of the table at the end: how it is made, and how a process gives the token
 * and takes it, in one of two directions.
 *
 * Each process has a processor of its own: whether the scheduler puts them on one or on two makes a
 * difference of several times, and it decides anew with each run.
 */
#include <fcntl.h>
#include <mqueue.h>
#include <sched.h>
#include <semaphore.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/bench/bench.h"

enum { STRETCHES = 100, TRIPS = 200, WARM_UP = 10, SIZE = 64 };

struct mechanism {
	const char *name;
	void (*make)(void);
	void (*give)(int direction); /* 0: to the child, 1: to the parent */
	void (*take)(int direction);
	void (*end)(void);
};

static void ok(int result, const char *what)
{
	if (result < 0) {
		perror(what);
		exit(1);
	}
}

static mqd_t queues[2];

static void mq_make(void)
{
	struct mq_attr attr = { .mq_maxmsg = 1, .mq_msgsize = SIZE };
	char name[64];

	for (int i = 0; i < 2; i++) {
		snprintf(name, sizeof(name), "/waitscope-bench-%d-%d", (int)getpid(), i);
		queues[i] = mq_open(name, O_RDWR | O_CREAT | O_EXCL, 0600, &attr);
		ok(queues[i], "mq_open");
		mq_unlink(name);
	}
}

static void mq_give(int direction)
{
	ok(mq_send(queues[direction], "", 1, 0), "mq_send");
}

static void mq_take(int direction)
{
	char message[SIZE];

	ok((int)mq_receive(queues[direction], message, SIZE, NULL), "mq_receive");
}

static int id;

static void msg_make(void)
{
	ok(id = msgget(IPC_PRIVATE, 0600), "msgget");
}

static void msg_give(int direction)
{
	struct {
		long type;
		char text[1];
	} message = { direction + 1, "" };

	ok(msgsnd(id, &message, 1, 0), "msgsnd");
}

static void msg_take(int direction)
{
	struct {
		long type;
		char text[SIZE];
	} message;

	ok((int)msgrcv(id, &message, SIZE, direction + 1, 0), "msgrcv");
}

static void msg_end(void)
{
	ok(msgctl(id, IPC_RMID, NULL), "msgctl");
}

static void sem_set_make(void)
{
	ok(id = semget(IPC_PRIVATE, 2, 0600), "semget");
}

static void change(int direction, int by)
{
	struct sembuf op = { (unsigned short)direction, (short)by, 0 };

	ok(semop(id, &op, 1), "semop");
}

static void sem_set_give(int direction)
{
	change(direction, 1);
}

static void sem_set_take(int direction)
{
	change(direction, -1);
}

static void sem_set_end(void)
{
	ok(semctl(id, 0, IPC_RMID), "semctl");
}

static sem_t *semaphores;

static void sem_make(void)
{
	semaphores = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ok(semaphores == MAP_FAILED ? -1 : 0, "mmap");
	for (int i = 0; i < 2; i++)
		ok(sem_init(&semaphores[i], 1, 0), "sem_init");
}

static void sem_give(int direction)
{
	ok(sem_post(&semaphores[direction]), "sem_post");
}

static void sem_take(int direction)
{
	ok(sem_wait(&semaphores[direction]), "sem_wait");
}

static int ends[2][2]; /* of each direction: where it is read, where it is written */

static void pipe_make(void)
{
	ok(pipe(ends[0]), "pipe");
	ok(pipe(ends[1]), "pipe");
}

static void fifo_make(void)
{
	char name[64];

	for (int i = 0; i < 2; i++) {
		snprintf(name, sizeof(name), "/tmp/waitscope-bench-%d-%d", (int)getpid(), i);
		ok(mkfifo(name, 0600), "mkfifo");
		ok(ends[i][0] = open(name, O_RDONLY | O_NONBLOCK), "open");
		ok(ends[i][1] = open(name, O_WRONLY), "open");
		ok(fcntl(ends[i][0], F_SETFL, 0), "fcntl");
		ok(unlink(name), "unlink");
	}
}

static void socket_make(void)
{
	int pair[2];

	ok(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), "socketpair");
	ends[0][1] = ends[1][0] = pair[0];
	ends[0][0] = ends[1][1] = pair[1];
}

static void eventfd_make(void)
{
	for (int i = 0; i < 2; i++)
		ok(ends[i][0] = ends[i][1] = eventfd(0, 0), "eventfd");
}

/* Eight bytes: an eventfd takes nothing else. */
static void bytes_give(int direction)
{
	uint64_t one = 1;

	ok((int)write(ends[direction][1], &one, sizeof(one)), "write");
}

static void bytes_take(int direction)
{
	uint64_t one;

	ok((int)read(ends[direction][0], &one, sizeof(one)), "read");
}

static const struct mechanism mechanisms[] = {
	{ "pipe", pipe_make, bytes_give, bytes_take, NULL },
	{ "fifo", fifo_make, bytes_give, bytes_take, NULL },
	{ "socket", socket_make, bytes_give, bytes_take, NULL },
	{ "eventfd", eventfd_make, bytes_give, bytes_take, NULL },
	{ "mq", mq_make, mq_give, mq_take, NULL },
	{ "sysv_msg", msg_make, msg_give, msg_take, msg_end },
	{ "sysv_sem", sem_set_make, sem_set_give, sem_set_take, sem_set_end },
	{ "posix_sem", sem_make, sem_give, sem_take, NULL },
};

/* To the n-th of the processors that this process may use, if it has so many. */
static void stay_on(int n)
{
	cpu_set_t all, one;

	ok(sched_getaffinity(0, sizeof(all), &all), "sched_getaffinity");
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		if (!CPU_ISSET(cpu, &all) || n-- > 0)
			continue;
		CPU_ZERO(&one);
		CPU_SET(cpu, &one);
		ok(sched_setaffinity(0, sizeof(one), &one), "sched_setaffinity");
		return;
	}
}

int main(int argc, char **argv)
{
	const struct mechanism *m = NULL;
	uint64_t begin_ns, took_ns[STRETCHES];
	pid_t child;

	for (size_t i = 0; i < sizeof(mechanisms) / sizeof(mechanisms[0]); i++)
		if (argc == 2 && !strcmp(argv[1], mechanisms[i].name))
			m = &mechanisms[i];
	if (!m) {
		fprintf(stderr, "usage: %s MECHANISM\n", argv[0]);
		return 2;
	}
	m->make();
	child = fork();
	ok(child, "fork");
	stay_on(child == 0);
	for (int stretch = -WARM_UP; stretch < STRETCHES; stretch++) {
		begin_ns = bench_now_ns();
		for (int trip = 0; trip < TRIPS; trip++) {
			if (child == 0) {
				m->take(0);
				m->give(1);
			} else {
				m->give(0);
				m->take(1);
			}
		}
		if (stretch >= 0)
			took_ns[stretch] = bench_now_ns() - begin_ns;
	}
	if (child == 0)
		_exit(0);
	bench_median(took_ns, STRETCHES, TRIPS);
	ok(waitpid(child, NULL, 0), "waitpid");
	if (m->end)
		m->end();
	return 0;
}
