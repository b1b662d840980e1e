/* SPDX-License-Identifier: MIT */
/* existing_objects: a queue, a semaphore and a FIFO that were there before, made and used by
 * programs that are not recorded.
 *
 * Truth: a wait for each, and one to open the FIFO, by the names that they have; who ended them is
 * not known.
 */
#include "tests/support/truth.h"

#include <fcntl.h>
#include <mqueue.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { WAIT_NS = 20000000, SIZE = 16 };

static char name[48], path[64];
static const struct truth_object queue = { "mq", name, NULL, 0 };
static const struct truth_object fifo = { "fifo", path, NULL, 0 };
static struct truth_object sem = { "sem", name, NULL, sizeof(sem_t) };

/* Not recorded: a system call of its own, with an environment of its own. */
static pid_t start(char *self, const char *what, pid_t waiter)
{
	static char *const no_variables[] = { NULL };
	pid_t pid = (pid_t)xs(fork());
	char id[16];

	if (pid)
		return pid;
	snprintf(id, sizeof(id), "%d", waiter);

	char *const argv[] = { self, (char *)(uintptr_t)what, name, path, id, NULL };

	syscall(SYS_execve, self, argv, no_variables);
	_exit(127);
}

static void after(pid_t waiter, long call)
{
	truth_until_in_call(waiter, call);
	truth_sleep_ns(WAIT_NS);
}

static int peer(const char *what, pid_t waiter)
{
	struct mq_attr attr = { .mq_maxmsg = 2, .mq_msgsize = SIZE };

	if (!strcmp(what, "make")) {
		xs(mq_open(name, O_CREAT | O_EXCL | O_RDWR, 0600, &attr));
		if (sem_open(name, O_CREAT | O_EXCL, 0600, 0) == SEM_FAILED)
			truth_die("sem_open");
		x(mkfifo(path, 0600));
	} else if (!strcmp(what, "send")) {
		mqd_t q = (mqd_t)xs(mq_open(name, O_WRONLY));

		after(waiter, SYS_mq_timedreceive);
		x(mq_send(q, "word", 4, 0));
	} else if (!strcmp(what, "post")) {
		sem_t *s = sem_open(name, 0);

		after(waiter, SYS_futex);
		x(sem_post(s));
	} else {
		after(waiter, SYS_openat);
		int fd = (int)xs(open(path, O_WRONLY));

		after(waiter, SYS_read);
		x_is(1, write(fd, "x", 1));
	}
	return 0;
}

int main(int argc, char **argv)
{
	char text[SIZE];
	sem_t *s;
	pid_t child;
	mqd_t q;
	int fd = -1;

	if (argc == 5) {
		snprintf(name, sizeof(name), "%s", argv[2]);
		snprintf(path, sizeof(path), "%s", argv[3]);
		return peer(argv[1], atoi(argv[4]));
	}
	snprintf(name, sizeof(name), "/waitscope-existing-%d", getpid());
	snprintf(path, sizeof(path), "/tmp/waitscope-existing-%d", getpid());
	truth_reap(start(argv[0], "make", getpid()));

	q = (mqd_t)xs(mq_open(name, O_RDONLY));
	child = start(argv[0], "send", getpid());
	TRUTH_WAIT(&queue, "acquired", x_is(4, mq_receive(q, text, sizeof(text), NULL)));
	truth_reap(child);

	s = sem_open(name, 0);
	sem.address = s;
	child = start(argv[0], "post", getpid());
	TRUTH_WAIT(&sem, "acquired", x(sem_wait(s)));
	truth_reap(child);

	child = start(argv[0], "open", getpid());
	TRUTH_WAIT(&fifo, "acquired", fd = (int)xs(open(path, O_RDONLY)));
	TRUTH_WAIT(&fifo, "acquired", x_is(1, read(fd, text, 1)));
	truth_reap(child);

	x(mq_unlink(name));
	x(sem_unlink(name));
	x(unlink(path));
	truth_print();
	return 0;
}
