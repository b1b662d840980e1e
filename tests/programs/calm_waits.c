/* SPDX-License-Identifier: MIT */
/* calm_waits KIND: threads that have made many calls without waiting, and then wait: for a pipe, a
 * FIFO or an eventfd, as KIND says.
 *
 * Truth: one wait is ended by a write of another process, and one by a thread's; a signal
 * interrupts one, and a thread is cancelled in one. A writer at a full pipe waits for a reader, and
 * sees EPIPE when the last reader closes. What did not block is no wait.
 */
#include "tests/support/truth.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { WAIT_NS = 20000000, CALM = 1000, CAPACITY = 65536, SIZE = sizeof(uint64_t) };

static char path[PATH_MAX];
static struct truth_object object = { "", "*", NULL, 0 };
static int ends[2];
static char full[CAPACITY];
static uint64_t value;

static void make(int fds[2])
{
	if (!strcmp(object.kind, "pipe")) {
		x(pipe(fds));
	} else if (!strcmp(object.kind, "eventfd")) {
		fds[0] = fds[1] = (int)xs(eventfd(0, 0));
	} else {
		x(mkfifo(path, 0600));
		fds[0] = (int)xs(open(path, O_RDONLY | O_NONBLOCK));
		fds[1] = (int)xs(open(path, O_WRONLY));
		x(fcntl(fds[0], F_SETFL, 0));
		x(unlink(path));
	}
}

static void be_calm(void)
{
	uint64_t word = 1;

	for (int i = 0; i < CALM; i++) {
		x_is(SIZE, write(ends[1], &word, SIZE));
		x_is(SIZE, read(ends[0], &word, SIZE));
	}
}

static void take(void *unused)
{
	(void)unused;
	be_calm();
	TRUTH_WAIT(&object, "acquired", x_is(SIZE, read(ends[0], &value, SIZE)));
	be_calm();
}

static void interrupted(void *unused)
{
	(void)unused;
	be_calm();
	TRUTH_WAIT(&object, "interrupted", x_is(-1, read(ends[0], &value, SIZE)));
	x_is(EINTR, errno);
}

static void cancelled(void *unused)
{
	(void)unused;
	be_calm();
	TRUTH_WAIT(&object, "acquired", xs(read(ends[0], &value, SIZE)));
}

static void fill(void *unused)
{
	(void)unused;
	be_calm();
	x_is(CAPACITY, write(ends[1], full, CAPACITY));
	TRUTH_WAIT(&object, "acquired", x_is(1, write(ends[1], full, 1)));
}

static void broken(void *unused)
{
	(void)unused;
	x_is(1, read(ends[0], full, 1));
	be_calm();
	x_is(CAPACITY, write(ends[1], full, CAPACITY));
	TRUTH_WAIT(&object, "error", x_is(-1, write(ends[1], full, 1)));
	x_is(EPIPE, errno);
}

static void end_by(void (*function)(void *), long call, void (*end)(struct truth_thread *))
{
	struct truth_thread thread;

	truth_start(&thread, function, NULL);
	truth_until_in_call(thread.tid, call);
	truth_sleep_ns(WAIT_NS);
	end(&thread);
	truth_join(&thread);
}

static void by_write(struct truth_thread *thread)
{
	(void)thread;
	value = 1;
	TRUTH_RELEASE(&object, 1, x_is(SIZE, write(ends[1], &value, SIZE)));
}

static void by_child(struct truth_thread *thread)
{
	pid_t child = (pid_t)xs(fork());

	(void)thread;
	if (child == 0) {
		value = 1;
		TRUTH_RELEASE(&object, 1, x_is(SIZE, write(ends[1], &value, SIZE)));
		truth_print();
		_exit(0);
	}
	truth_reap(child);
}

static void by_signal(struct truth_thread *thread)
{
	x(pthread_kill(thread->thread, SIGUSR1));
}

static void by_cancel(struct truth_thread *thread)
{
	x(pthread_cancel(thread->thread));
}

static void by_read(struct truth_thread *thread)
{
	(void)thread;
	TRUTH_RELEASE(&object, 1, x_is(CAPACITY, read(ends[0], full, CAPACITY)));
}

static void by_close(struct truth_thread *thread)
{
	(void)thread;
	TRUTH_RELEASE(&object, 1, x(close(ends[0])));
}

static void on_signal(int number)
{
	(void)number;
}

int main(int argc, char **argv)
{
	struct sigaction action = { .sa_handler = on_signal };
	char folder[] = "/tmp/waitscope-calm-XXXXXX";

	if (argc != 2)
		truth_die("usage: calm_waits KIND");
	object.kind = argv[1];
	if (!mkdtemp(folder))
		truth_die("mkdtemp");
	snprintf(path, sizeof(path), "%s/fifo", folder);
	x(sigaction(SIGUSR1, &action, NULL));
	signal(SIGPIPE, SIG_IGN);
	make(ends);
	x(rmdir(folder));
	end_by(take, SYS_read, by_write);
	end_by(take, SYS_read, by_child);
	end_by(interrupted, SYS_read, by_signal);
	end_by(cancelled, SYS_read, by_cancel);
	if (strcmp(object.kind, "eventfd") != 0) {
		end_by(fill, SYS_write, by_read);
		end_by(broken, SYS_write, by_close);
	}
	truth_print();
	return 0;
}
