/* SPDX-License-Identifier: MIT */
/* lock_polled [flock]: a process that asks for a lock on a file without waiting, closes the file,
 * sleeps, and asks again, as apt does for dpkg's lock; its parent has it.
 *
 * Of five sleeps the first may follow its try by chance; the four others are waits for the parent,
 * who lets go in the last of them. The lock is taken then, and the sleep after that is a sleep.
 */
#include "tests/support/truth.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

enum { SLEEP_NS = 50000000, TRIES = 5 };

static char path[64];
static bool by_flock;
static int gate[2];

static int open_it(void)
{
	return (int)xs(open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600));
}

static int lock(int fd, int operation)
{
	struct flock l = { .l_type = operation == LOCK_UN ? F_UNLCK : F_WRLCK };

	return by_flock ? flock(fd, operation | LOCK_NB) : fcntl(fd, F_SETLK, &l);
}

static void rest(void)
{
	const struct timespec t = { 0, SLEEP_NS };

	x(nanosleep(&t, NULL));
}

static void ask(void)
{
	int fd;

	for (int i = 0; i < TRIES; i++) {
		fd = open_it();
		x_is(-1, lock(fd, LOCK_EX));
		x_is(EAGAIN, errno);
		x(close(fd));
		if (i == TRIES - 1)
			x_is(1, write(gate[1], "", 1));
		rest();
	}
	fd = open_it();
	while (lock(fd, LOCK_EX) != 0)
		sched_yield(); /* the parent has been told, but is slow */
	rest();
}

int main(int argc, char **argv)
{
	char byte;
	pid_t pid;
	int fd;

	by_flock = argc > 1 && !strcmp(argv[1], "flock");
	snprintf(path, sizeof(path), "/tmp/waitscope-polled-%d", (int)getpid());
	x(pipe(gate));
	fd = open_it();
	x(lock(fd, LOCK_EX));
	pid = (pid_t)xs(fork());
	if (pid == 0) {
		x(close(fd)); /* the parent's flock would be ours as well */
		ask();
		_exit(0);
	}
	x_is(1, read(gate[0], &byte, 1));
	x(lock(fd, LOCK_UN));
	truth_reap(pid);
	x(unlink(path));
	return 0;
}
