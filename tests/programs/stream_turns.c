/* SPDX-License-Identifier: MIT */
/* stream_turns: a writer and a reader in two processes, both by streams.
 *
 * Truth, of one pipe: the reader waits for a number by scanf(), for a line by fgets(), for a wide
 * character and for a block by fread(), each of which the writer sends; the writer waits for
 * room, by fflush(), by fputs(), by printf() and by fclose(), which the reader makes.
 */
#include "tests/support/truth.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <wchar.h>

enum { WAIT_NS = 20000000, CAPACITY = 65536, BUFFER = 4096 };

static const struct truth_object there = { "pipe", "pipe stream_turns\u2192stream_turns", NULL, 0 };
static char bytes[CAPACITY];

/* The writer waits in write(), and has room by this. */
static void make_room(int fd, pid_t writer)
{
	truth_until_in_call(writer, SYS_write);
	truth_sleep_ns(WAIT_NS);
	TRUTH_RELEASE(&there, 1, x_is(BUFFER, read(fd, bytes, BUFFER)));
	truth_sleep_ns(WAIT_NS);
}

static void reader(int fd, pid_t writer)
{
	FILE *f = fdopen(fd, "r"), *wide = fdopen(fd, "r");
	char line[16], block[8];
	int number = 0;

	TRUTH_WAIT(&there, "acquired", x_is(1, fscanf(f, "%d", &number)));
	x_is(17, number);
	x_is('\n', fgetc(f));
	TRUTH_WAIT(&there, "acquired", x(!fgets(line, sizeof(line), f)));
	x(strcmp(line, "line\n"));
	TRUTH_WAIT(&there, "acquired", x_is(L'w', (long)fgetwc(wide)));
	TRUTH_WAIT(&there, "acquired", x_is(4, (long)fread(block, 1, 4, f)));
	for (int i = 0; i < 4; i++)
		make_room(fd, writer);
	truth_print();
	_exit(0);
}

static void send_it(FILE *f, const char *text, pid_t to)
{
	fputs(text, f);
	truth_until_in_call(to, SYS_read);
	truth_sleep_ns(WAIT_NS);
	TRUTH_RELEASE(&there, 1, x(fflush(f)));
}

int main(void)
{
	static char buffer[BUFFER];
	pid_t writer = getpid(), child;
	int fds[2], left = 1;
	FILE *f;

	x(pipe(fds));
	child = (pid_t)xs(fork());
	if (child == 0) {
		x(close(fds[1]));
		reader(fds[0], writer);
	}
	f = fdopen(fds[1], "w");
	x(setvbuf(f, buffer, _IOFBF, BUFFER));
	send_it(f, "17\n", child);
	send_it(f, "line\n", child);
	send_it(f, "w", child);
	send_it(f, "four", child);

	/* The reader makes room for one buffer at a time, and the pipe is full again. */
	while (left) {
		truth_sleep_ns(100000);
		x(ioctl(fds[1], FIONREAD, &left));
	}
	x_is(CAPACITY, write(fds[1], bytes, CAPACITY));
	memset(bytes, 'x', sizeof(bytes));
	bytes[BUFFER - 1] = '\0';
	fputs(bytes, f);
	fputc('x', f);
	TRUTH_WAIT(&there, "acquired", x(fflush(f)));
	fputs(bytes, f);
	TRUTH_WAIT(&there, "acquired", x(fputs("yy", f) < 0));
	fwrite(bytes, 1, BUFFER - 2, f);
	TRUTH_WAIT(&there, "acquired", x(fprintf(f, "%s", "zzz") < 0));
	fwrite(bytes, 1, 100, f);
	TRUTH_WAIT(&there, "acquired", x(fclose(f)));
	truth_reap(child);
	truth_print();
	return 0;
}
