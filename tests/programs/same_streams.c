/* SPDX-License-Identifier: MIT */
/* same_streams: streams that read from pipes, with something to read, before there is, at the end
 * and in failure, by all names of the functions; and calls by libc's other names for them.
 *
 * Truth: what it prints without recording, by write(): the streams are what is tried.
 */
#include "tests/support/truth.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

/* Exported by glibc; declared nowhere, or made inline by its headers. */
int close_name(int fd) __asm__("__close");
int connect_name(int fd, const struct sockaddr *a, socklen_t l) __asm__("__connect");
int dup2_name(int a, int b) __asm__("__dup2");
int open_name(const char *p, int f, ...) __asm__("__open");
int open64_name(const char *p, int f, ...) __asm__("__open64");
int pipe_name(int p[2]) __asm__("__pipe");
ssize_t read_name(int fd, void *p, size_t n) __asm__("__read");
ssize_t send_name(int fd, const void *p, size_t n, int f) __asm__("__send");
ssize_t write_name(int fd, const void *p, size_t n) __asm__("__write");

int io_fclose(FILE *f) __asm__("_IO_fclose");
char *io_fgets(char *p, int n, FILE *f) __asm__("_IO_fgets");
size_t io_fread(void *p, size_t s, size_t n, FILE *f) __asm__("_IO_fread");
int io_getc(FILE *f) __asm__("_IO_getc");
int plain_fgetc(FILE *f) __asm__("fgetc");
int plain_getc(FILE *f) __asm__("getc");
int fgetc_unlocked_name(FILE *f) __asm__("fgetc_unlocked");
int getc_unlocked_name(FILE *f) __asm__("getc_unlocked");
int getchar_name(void) __asm__("getchar");
int getchar_unlocked_name(void) __asm__("getchar_unlocked");
char *plain_fgets(char *p, int n, FILE *f) __asm__("fgets");
char *fgets_unlocked_name(char *p, int n, FILE *f) __asm__("fgets_unlocked");
char *fgets_chk(char *p, size_t z, int n, FILE *f) __asm__("__fgets_chk");
char *fgets_unlocked_chk(char *p, size_t z, int n, FILE *f) __asm__("__fgets_unlocked_chk");
size_t plain_fread(void *p, size_t s, size_t n, FILE *f) __asm__("fread");
size_t fread_unlocked_name(void *p, size_t s, size_t n, FILE *f) __asm__("fread_unlocked");
size_t fread_chk(void *p, size_t z, size_t s, size_t n, FILE *f) __asm__("__fread_chk");
size_t fread_unlocked_chk(void *p, size_t z, size_t s, size_t n,
			  FILE *f) __asm__("__fread_unlocked_chk");

static const struct timespec late = { 0, 20000000 };

static __attribute__((format(printf, 1, 2))) void say(const char *format, ...)
{
	char line[256];
	va_list args;

	va_start(args, format);
	int n = vsnprintf(line, sizeof(line), format, args);

	va_end(args);
	if (write(STDOUT_FILENO, line, (size_t)n) != n)
		abort();
}

static int get_stdin(FILE *f)
{
	(void)f;
	return getchar_name();
}

static int get_stdin_unlocked(FILE *f)
{
	(void)f;
	return getchar_unlocked_name();
}

static char *fgets_checked(char *p, int n, FILE *f)
{
	return fgets_chk(p, 64, n, f);
}

static char *fgets_unlocked_checked(char *p, int n, FILE *f)
{
	return fgets_unlocked_chk(p, 64, n, f);
}

static size_t fread_checked(void *p, size_t s, size_t n, FILE *f)
{
	return fread_chk(p, 64, s, n, f);
}

static size_t fread_unlocked_checked(void *p, size_t s, size_t n, FILE *f)
{
	return fread_unlocked_chk(p, 64, s, n, f);
}

static const struct {
	const char *name;
	int (*get)(FILE *f);
} getters[] = {
	{ "fgetc", plain_fgetc },
	{ "getc", plain_getc },
	{ "_IO_getc", io_getc },
	{ "fgetc_unlocked", fgetc_unlocked_name },
	{ "getc_unlocked", getc_unlocked_name },
	{ "getchar", get_stdin },
	{ "getchar_unlocked", get_stdin_unlocked },
};

static const struct {
	const char *name;
	char *(*get)(char *p, int n, FILE *f);
} line_getters[] = {
	{ "fgets", plain_fgets },
	{ "_IO_fgets", io_fgets },
	{ "fgets_unlocked", fgets_unlocked_name },
	{ "__fgets_chk", fgets_checked },
	{ "__fgets_unlocked_chk", fgets_unlocked_checked },
};

static const struct {
	const char *name;
	size_t (*read)(void *p, size_t s, size_t n, FILE *f);
} readers[] = {
	{ "fread", plain_fread },
	{ "_IO_fread", io_fread },
	{ "fread_unlocked", fread_unlocked_name },
	{ "__fread_chk", fread_checked },
	{ "__fread_unlocked_chk", fread_unlocked_checked },
};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* Makes stdin a new pipe, into which a child writes each of the texts, late: "" is time only. */
static pid_t feed(const char *const *texts)
{
	int p[2];

	xs(pipe(p));
	clearerr(stdin);

	pid_t pid = xs(fork());

	if (pid == 0) {
		for (; *texts; texts++) {
			nanosleep(&late, NULL);
			xs(write(p[1], *texts, strlen(*texts)));
		}
		_exit(0);
	}
	xs(dup2(p[0], STDIN_FILENO));
	xs(close(p[0]));
	xs(close(p[1]));
	return pid;
}

static void ended(pid_t pid)
{
	int status;

	xs(waitpid(pid, &status, 0));
	say("the writer: %d\n", status);
}

static void state_of(FILE *f)
{
	say(" eof %d error %d errno %s\n", !!feof(f), !!ferror(f), strerrorname_np(errno));
}

static void characters(void)
{
	static const char *const texts[] = { "ab", "c", NULL };

	for (size_t i = 0; i < COUNT(getters); i++) {
		pid_t pid = feed(texts);

		say("%s:", getters[i].name);
		errno = ERANGE;
		for (int c = 0; c != EOF;) {
			c = getters[i].get(stdin);
			say(" %d", c);
		}
		state_of(stdin);
		ended(pid);
	}
}

static void lines(void)
{
	static const char *const texts[] = { "one\ntw", "o\n", "no end", NULL };

	for (size_t i = 0; i < COUNT(line_getters); i++) {
		pid_t pid = feed(texts);
		char line[64] = "";

		say("%s:", line_getters[i].name);
		errno = ERANGE;
		while (line_getters[i].get(line, sizeof(line), stdin))
			say(" %zu", strlen(line));
		state_of(stdin);
		ended(pid);
	}
}

static void blocks(void)
{
	static const char *const texts[] = { "0123456789", "abcdefghij", "rest", NULL };

	for (size_t i = 0; i < COUNT(readers); i++) {
		pid_t pid = feed(texts);
		char block[64] = "";
		size_t n;

		say("%s:", readers[i].name);
		errno = ERANGE;
		while ((n = readers[i].read(block, 4, 4, stdin)) > 0)
			say(" %zu %.16s", n, block);
		state_of(stdin);
		ended(pid);
	}
}

static void nothing(int signal)
{
	(void)signal;
}

/* An empty pipe that does not block, a handler without SA_RESTART, and no file at all. */
static void failures(void)
{
	struct sigaction action = { .sa_handler = nothing };
	char text[64];
	int p[2];

	xs(sigaction(SIGALRM, &action, NULL));
	for (size_t i = 0; i < COUNT(getters); i++) {
		xs(pipe2(p, O_NONBLOCK));
		xs(dup2(p[0], STDIN_FILENO));
		clearerr(stdin);
		errno = 0;
		say("%s of nothing: %d", getters[i].name, getters[i].get(stdin));
		state_of(stdin);

		xs(fcntl(STDIN_FILENO, F_SETFL, 0));
		clearerr(stdin);
		errno = 0;
		/* Again and again: the first may come before it reads. */
		xs(ualarm(20000, 20000));

		int c = getters[i].get(stdin);
		int error = errno;

		xs(ualarm(0, 0));
		errno = error;
		say("%s interrupted: %d", getters[i].name, c);
		state_of(stdin);
		xs(close(p[0]));
		xs(close(p[1]));

		clearerr(stdin);
		xs(close(STDIN_FILENO));
		errno = 0;
		say("%s of no file: %d", getters[i].name, getters[i].get(stdin));
		state_of(stdin);
		xs(open("/dev/null", O_RDONLY)); /* stdin's number is taken again */
	}
	xs(close(STDIN_FILENO));
	for (size_t i = 0; i < COUNT(line_getters); i++) {
		clearerr(stdin);
		errno = 0;
		say("%s of no file: %d", line_getters[i].name,
		    !!line_getters[i].get(text, 64, stdin));
		state_of(stdin);
	}
	for (size_t i = 0; i < COUNT(readers); i++) {
		clearerr(stdin);
		errno = 0;
		say("%s of no file: %zu", readers[i].name, readers[i].read(text, 1, 64, stdin));
		state_of(stdin);
	}
	clearerr(stdin);
	xs(open("/dev/null", O_RDONLY));
}

/* More than the object has room for: the program ends with a word of libc's. */
static void overflows(void)
{
	static const char *const texts[] = { "a line that is longer than that\n", NULL };
	static char text[16];
	int status;

	for (int i = 0; i < 4; i++) {
		pid_t writer = feed(texts);
		pid_t pid = xs(fork());

		if (pid == 0) {
			const struct rlimit no_core = { 0, 0 };

			xs(setrlimit(RLIMIT_CORE, &no_core));
			if (i == 0)
				fgets_chk(text, sizeof(text), 64, stdin);
			else if (i == 1)
				fgets_unlocked_chk(text, sizeof(text), 64, stdin);
			else if (i == 2)
				fread_chk(text, sizeof(text), 1, 64, stdin);
			else
				fread_unlocked_chk(text, sizeof(text), 1, 64, stdin);
			_exit(0);
		}
		xs(waitpid(pid, &status, 0));
		say("overflow %d: %d\n", i, status);
		ended(writer);
	}
}

static void result(const char *what, long r)
{
	say("%s: %ld %s\n", what, r, r == -1 ? strerrorname_np(errno) : "");
}

static void files_by_other_names(void)
{
	char text[8] = "";
	int p[2] = { -1, -1 };

	result("__pipe", pipe_name(p));
	say("%d %d\n", p[0], p[1]);
	result("__write", write_name(p[1], "four", 4));
	result("__read", read_name(p[0], text, sizeof(text)));
	say("%s\n", text);
	result("__dup2", dup2_name(p[0], 30));
	result("__dup2 of no fd", dup2_name(-1, 30));
	result("__close", close_name(30));
	result("__close", close_name(p[1]));
	result("__read at the end", read_name(p[0], text, sizeof(text)));
	result("__close", close_name(p[0]));
	result("__close again", close_name(p[0]));
	result("__read of no fd", read_name(p[0], text, 1));
	result("__write to no fd", write_name(p[1], text, 1));

	int fd = open_name("/dev/null", O_RDWR);

	result("__open", fd);
	result("__open64", open64_name("/dev/null", O_RDONLY));
	result("__open of nothing", open_name("/dev/null/x", O_RDONLY));
	close(fd);
	close(fd + 1);

	FILE *file = fopen("/dev/null", "r");

	result("_IO_fclose", io_fclose(file));
	result("the next number", open("/dev/null", O_RDONLY));
}

static void sockets_by_other_names(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	socklen_t size = sizeof(sa_family_t); /* the kernel chooses a name */
	int listener = xs(socket(AF_UNIX, SOCK_STREAM, 0));
	int client = xs(socket(AF_UNIX, SOCK_STREAM, 0));

	result("__connect to nobody", connect_name(client, (struct sockaddr *)&address, size));
	xs(bind(listener, (struct sockaddr *)&address, size));
	xs(listen(listener, 1));
	size = sizeof(address);
	xs(getsockname(listener, (struct sockaddr *)&address, &size));
	result("__connect", connect_name(client, (struct sockaddr *)&address, size));
	result("__send", send_name(client, "word", 4, 0));
	result("__send to no fd", send_name(-1, "word", 4, 0));
	close(client);
	close(listener);
}

int main(void)
{
	characters();
	lines();
	blocks();
	failures();
	overflows();
	files_by_other_names();
	sockets_by_other_names();
	_exit(6);
}
