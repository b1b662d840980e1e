/* SPDX-License-Identifier: MIT */
/* fifo_turns: a server and a client at a FIFO.
 *
 * Truth, of one FIFO called by its path: the server waits for the client to open it, then three
 * times for what the client writes, then for its end; the client waits once on it when it is full.
 */
#include "tests/support/truth.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { ROUNDS = 3, WAIT_NS = 20000000, CAPACITY = 65536 };

static char path[PATH_MAX];
static struct truth_object fifo = { "fifo", path, NULL, 0 };
static char bytes[CAPACITY];

static void serve(pid_t client)
{
	int fd = -1;

	TRUTH_WAIT(&fifo, "acquired", fd = (int)xs(open(path, O_RDONLY)));
	for (int round = 0; round < ROUNDS; round++)
		TRUTH_WAIT(&fifo, "acquired", x_is(1, read(fd, bytes, sizeof(bytes))));
	truth_case("fifo", "turns");
	truth_until_in_call(client, SYS_write);
	truth_sleep_ns(WAIT_NS);
	TRUTH_RELEASE(&fifo, 1, x_is(CAPACITY / 2, read(fd, bytes, CAPACITY / 2)));
	truth_sleep_ns(WAIT_NS);
	for (size_t left = CAPACITY / 2 + 1; left;)
		left -= (size_t)xs(read(fd, bytes, left));
	TRUTH_WAIT(&fifo, "acquired", x_is(0, read(fd, bytes, 1)));
	truth_print();
	_exit(0);
}

int main(void)
{
	char folder[] = "/tmp/waitscope-fifo-XXXXXX";
	pid_t client = getpid(), server;
	int fd = -1;

	if (!mkdtemp(folder))
		truth_die("mkdtemp");
	snprintf(path, sizeof(path), "%s/requests", folder);
	x(mkfifo(path, 0600));
	server = (pid_t)xs(fork());
	if (server == 0)
		serve(client);
	truth_until_in_call(server, SYS_openat);
	truth_sleep_ns(WAIT_NS);
	TRUTH_RELEASE(&fifo, 1, fd = (int)xs(open(path, O_WRONLY)));
	for (int round = 0; round < ROUNDS; round++) {
		truth_until_in_call(server, SYS_read);
		truth_sleep_ns(WAIT_NS);
		TRUTH_RELEASE(&fifo, 1, x_is(1, write(fd, bytes, 1)));
		truth_sleep_ns(WAIT_NS);
	}
	x_is(CAPACITY, write(fd, bytes, CAPACITY));
	TRUTH_WAIT(&fifo, "acquired", x_is(1, write(fd, bytes, 1)));
	truth_until_in_call(server, SYS_read);
	truth_sleep_ns(WAIT_NS);
	TRUTH_RELEASE(&fifo, 1, x(close(fd)));
	truth_reap(server);
	x(unlink(path));
	x(rmdir(folder));
	truth_print();
	return 0;
}
