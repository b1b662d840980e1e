/* SPDX-License-Identifier: MIT */
/* unblocked MECHANISM: calls that never block: one process gives and takes in turn. An operation is
 * one call.
 */
#include <fcntl.h>
#include <mqueue.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/select.h>
#include <sys/sem.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
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

/* Two pipes, of which one can be read from. */
static void make_files(int *empty, int *ready)
{
	int ends[2];

	ok(pipe(ends), "pipe");
	*empty = ends[0];
	ok(pipe(ends), "pipe");
	ok(write(ends[1], "x", 1), "write");
	*ready = ends[0];
}

static void poll_files(void)
{
	struct pollfd list[2] = { { .events = POLLIN }, { .events = POLLIN } };

	make_files(&list[0].fd, &list[1].fd);
	uint64_t begin_ns = bench_now_ns();

	for (int i = 0; i < 2 * PAIRS; i++)
		ok(poll(list, 2, -1), "poll");
	bench_result(begin_ns, 2 * PAIRS);
}

static void select_files(void)
{
	int empty, ready;

	make_files(&empty, &ready);
	uint64_t begin_ns = bench_now_ns();

	for (int i = 0; i < 2 * PAIRS; i++) {
		struct timeval limit = { 1, 0 };
		fd_set reads;

		FD_ZERO(&reads);
		FD_SET(empty, &reads);
		FD_SET(ready, &reads);
		ok(select(ready + 1, &reads, NULL, NULL, &limit), "select");
	}
	bench_result(begin_ns, 2 * PAIRS);
}

static void epoll_files(void)
{
	struct epoll_event event = { .events = EPOLLIN };
	int empty, ready, set = epoll_create1(0);

	ok(set, "epoll_create1");
	make_files(&empty, &ready);
	ok(epoll_ctl(set, EPOLL_CTL_ADD, empty, &event), "epoll_ctl");
	ok(epoll_ctl(set, EPOLL_CTL_ADD, ready, &event), "epoll_ctl");
	uint64_t begin_ns = bench_now_ns();

	for (int i = 0; i < 2 * PAIRS; i++)
		ok(epoll_wait(set, &event, 1, -1), "epoll_wait");
	bench_result(begin_ns, 2 * PAIRS);
}

/* Eight bytes back and forth: an eventfd takes nothing else. */
static void bytes(int out, int in)
{
	uint64_t value = 1;
	uint64_t begin_ns = bench_now_ns();

	for (int i = 0; i < PAIRS; i++) {
		ok(write(out, &value, sizeof(value)), "write");
		ok(read(in, &value, sizeof(value)), "read");
	}
	bench_result(begin_ns, 2 * PAIRS);
}

static void pipe_bytes(void)
{
	int ends[2];

	ok(pipe(ends), "pipe");
	bytes(ends[1], ends[0]);
}

static void fifo_bytes(void)
{
	char name[64];
	int in, out;

	snprintf(name, sizeof(name), "/tmp/waitscope-bench-%d", (int)getpid());
	ok(mkfifo(name, 0600), "mkfifo");
	ok(in = open(name, O_RDONLY | O_NONBLOCK), "open");
	ok(out = open(name, O_WRONLY), "open");
	ok(fcntl(in, F_SETFL, 0), "fcntl");
	ok(unlink(name), "unlink");
	bytes(out, in);
}

static void socket_bytes(void)
{
	int ends[2];

	ok(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), "socketpair");
	bytes(ends[0], ends[1]);
}

static void eventfd_bytes(void)
{
	int fd = eventfd(0, 0);

	ok(fd, "eventfd");
	bytes(fd, fd);
}

/* A regular file, which nobody waits for: what a look at the number costs. */
static void file_bytes(void)
{
	char name[] = "/tmp/waitscope-bench-XXXXXX";
	int fd = mkstemp(name);
	uint64_t value = 1, begin_ns;

	ok(fd, "mkstemp");
	ok(unlink(name), "unlink");
	begin_ns = bench_now_ns();
	for (int i = 0; i < 2 * PAIRS; i++)
		ok(read(fd, &value, sizeof(value)), "read");
	bench_result(begin_ns, 2 * PAIRS);
}

/* A file of our own, which is gone with us. */
static int locked_file(void)
{
	char name[] = "/tmp/waitscope-bench-XXXXXX";
	int fd = mkstemp(name);

	ok(fd, "mkstemp");
	ok(unlink(name), "unlink");
	return fd;
}

static void record_locks(void)
{
	struct flock l = { .l_whence = SEEK_SET, .l_start = 10, .l_len = 10 };
	int fd = locked_file();
	uint64_t begin_ns = bench_now_ns();

	for (int i = 0; i < PAIRS; i++) {
		l.l_type = F_WRLCK;
		ok(fcntl(fd, F_SETLKW, &l), "fcntl");
		l.l_type = F_UNLCK;
		ok(fcntl(fd, F_SETLK, &l), "fcntl");
	}
	bench_result(begin_ns, 2 * PAIRS);
}

static void lockf_locks(void)
{
	int fd = locked_file();
	uint64_t begin_ns = bench_now_ns();

	for (int i = 0; i < PAIRS; i++) {
		ok(lockf(fd, F_LOCK, 0), "lockf");
		ok(lockf(fd, F_ULOCK, 0), "lockf");
	}
	bench_result(begin_ns, 2 * PAIRS);
}

static void flocks(void)
{
	int fd = locked_file();
	uint64_t begin_ns = bench_now_ns();

	for (int i = 0; i < PAIRS; i++) {
		ok(flock(fd, LOCK_EX), "flock");
		ok(flock(fd, LOCK_UN), "flock");
	}
	bench_result(begin_ns, 2 * PAIRS);
}

/* Nothing to collect, and a signal for nobody. */
static void children(void)
{
	uint64_t begin_ns = bench_now_ns();
	int status;

	for (int i = 0; i < PAIRS; i++) {
		if (waitpid(-1, &status, 0) != -1)
			exit(1);
		ok(kill(getpid(), 0), "kill");
	}
	bench_result(begin_ns, 2 * PAIRS);
}

static const struct {
	const char *name;
	void (*run)(void);
} mechanisms[] = {
	{ "pipe", pipe_bytes },
	{ "fifo", fifo_bytes },
	{ "socket", socket_bytes },
	{ "eventfd", eventfd_bytes },
	{ "file", file_bytes },
	{ "mq", mq },
	{ "sysv_msg", sysv_msg },
	{ "sysv_sem", sysv_sem },
	{ "posix_sem", posix_sem },
	{ "poll", poll_files },
	{ "select", select_files },
	{ "epoll", epoll_files },
	{ "record_lock", record_locks },
	{ "lockf", lockf_locks },
	{ "flock", flocks },
	{ "process", children },
};

static void *idle(void *unused)
{
	pause();
	return unused;
}

int main(int argc, char **argv)
{
	pthread_t thread;

	/* Without a second thread the kernel and glibc take shortcuts in each call on a file that a
	 * process which LTTng's threads have joined no longer has: that would be measured. */
	bench_x(pthread_create(&thread, NULL, idle, NULL), "pthread_create");
	for (size_t i = 0; i < sizeof(mechanisms) / sizeof(mechanisms[0]); i++)
		if (argc == 2 && !strcmp(argv[1], mechanisms[i].name)) {
			mechanisms[i].run();
			return 0;
		}
	fprintf(stderr, "usage: %s MECHANISM\n", argv[0]);
	return 2;
}
