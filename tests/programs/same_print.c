/* SPDX-License-Identifier: MIT */
/* same_print: streams that write into pipes: with room, into a full one, with nobody to read, in
 * one that does not block, interrupted, and to no file, by all names of the functions.
 *
 * Truth: what it prints without recording, by write(): the streams are what is tried.
 */
#include "tests/support/truth.h"

#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <wchar.h>

enum { CAPACITY = 65536, REPORT = 20 };

/* As the linker knows them, whatever the headers make of their names. */
size_t x_fwrite(const void *p, size_t s, size_t n, FILE *f) __asm__("fwrite");
size_t x_IO_fwrite(const void *p, size_t s, size_t n, FILE *f) __asm__("_IO_fwrite");
size_t x_fwrite_unlocked(const void *p, size_t s, size_t n, FILE *f) __asm__("fwrite_unlocked");
int x_fputs(const char *p, FILE *f) __asm__("fputs");
int x_IO_fputs(const char *p, FILE *f) __asm__("_IO_fputs");
int x_fputs_unlocked(const char *p, FILE *f) __asm__("fputs_unlocked");
int x_puts(const char *p) __asm__("puts");
int x_IO_puts(const char *p) __asm__("_IO_puts");
int x_fputc(int c, FILE *f) __asm__("fputc");
int x_fputc_unlocked(int c, FILE *f) __asm__("fputc_unlocked");
int x_putc(int c, FILE *f) __asm__("putc");
int x_IO_putc(int c, FILE *f) __asm__("_IO_putc");
int x_putc_unlocked(int c, FILE *f) __asm__("putc_unlocked");
int x_putchar(int c) __asm__("putchar");
int x_putchar_unlocked(int c) __asm__("putchar_unlocked");
int x_overflow(FILE *f, int c) __asm__("__overflow");
int x_putw(int w, FILE *f) __asm__("putw");
int x_printf(const char *p, ...) __asm__("printf");
int x_IO_printf(const char *p, ...) __asm__("_IO_printf");
int x_fprintf(FILE *f, const char *p, ...) __asm__("fprintf");
int x_IO_fprintf(FILE *f, const char *p, ...) __asm__("_IO_fprintf");
int x_vprintf(const char *p, va_list a) __asm__("vprintf");
int x_vfprintf(FILE *f, const char *p, va_list a) __asm__("vfprintf");
int x_IO_vfprintf(FILE *f, const char *p, va_list a) __asm__("_IO_vfprintf");
int x_dprintf(int fd, const char *p, ...) __asm__("dprintf");
int x_vdprintf(int fd, const char *p, va_list a) __asm__("vdprintf");
int x_printf_chk(int i, const char *p, ...) __asm__("__printf_chk");
int x_fprintf_chk(FILE *f, int i, const char *p, ...) __asm__("__fprintf_chk");
int x_vprintf_chk(int i, const char *p, va_list a) __asm__("__vprintf_chk");
int x_vfprintf_chk(FILE *f, int i, const char *p, va_list a) __asm__("__vfprintf_chk");
int x_dprintf_chk(int fd, int i, const char *p, ...) __asm__("__dprintf_chk");
int x_vdprintf_chk(int fd, int i, const char *p, va_list a) __asm__("__vdprintf_chk");
wint_t x_fputwc(wchar_t c, FILE *f) __asm__("fputwc");
wint_t x_fputwc_unlocked(wchar_t c, FILE *f) __asm__("fputwc_unlocked");
wint_t x_putwc(wchar_t c, FILE *f) __asm__("putwc");
wint_t x_putwc_unlocked(wchar_t c, FILE *f) __asm__("putwc_unlocked");
wint_t x_putwchar(wchar_t c) __asm__("putwchar");
wint_t x_putwchar_unlocked(wchar_t c) __asm__("putwchar_unlocked");
int x_fputws(const wchar_t *p, FILE *f) __asm__("fputws");
int x_fputws_unlocked(const wchar_t *p, FILE *f) __asm__("fputws_unlocked");
int x_wprintf(const wchar_t *p, ...) __asm__("wprintf");
int x_fwprintf(FILE *f, const wchar_t *p, ...) __asm__("fwprintf");
int x_vwprintf(const wchar_t *p, va_list a) __asm__("vwprintf");
int x_vfwprintf(FILE *f, const wchar_t *p, va_list a) __asm__("vfwprintf");
int x_wprintf_chk(int i, const wchar_t *p, ...) __asm__("__wprintf_chk");
int x_fwprintf_chk(FILE *f, int i, const wchar_t *p, ...) __asm__("__fwprintf_chk");
int x_vwprintf_chk(int i, const wchar_t *p, va_list a) __asm__("__vwprintf_chk");
int x_vfwprintf_chk(FILE *f, int i, const wchar_t *p, va_list a) __asm__("__vfwprintf_chk");
int x_fflush(FILE *f) __asm__("fflush");
int x_fflush_unlocked(FILE *f) __asm__("fflush_unlocked");

static const char text[] = "a line of some length, that is more than what a buffer here may hold\n";
static const wchar_t wide[] = L"a line of some length, with \u00e4\u00f6\u00fc and \u20ac\n";
enum { LENGTH = sizeof(text) - 1 };

/* %m: errno must come to it as it was. */
#define ARGS  "%d %.3f %s %m\n", 7, 2.5, text
#define WARGS L"%d %.3f %ls %m\n", 7, 2.5, wide

/* A call of each on stdout. Those with a va_list go through a function of their own. */
#define PUT(name, call)                                                                            \
	static long put_##name(void)                                                               \
	{                                                                                          \
		return (long)(call);                                                               \
	}
#define PUT_V(name, type, call)                                                                    \
	static long v_##name(const type *p, ...)                                                   \
	{                                                                                          \
		va_list a;                                                                         \
		va_start(a, p);                                                                    \
		long r = (call);                                                                   \
		va_end(a);                                                                         \
		return r;                                                                          \
	}

PUT(fwrite, x_fwrite(text, 1, LENGTH, stdout))
PUT(_IO_fwrite, x_IO_fwrite(text, LENGTH, 1, stdout))
PUT(fwrite_unlocked, x_fwrite_unlocked(text, 3, 20, stdout))
PUT(fputs, x_fputs(text, stdout))
PUT(_IO_fputs, x_IO_fputs(text, stdout))
PUT(fputs_unlocked, x_fputs_unlocked(text, stdout))
PUT(puts, x_puts(text))
PUT(_IO_puts, x_IO_puts(text))
PUT(fputc, x_fputc('\n', stdout))
PUT(fputc_unlocked, x_fputc_unlocked('\n', stdout))
PUT(putc, x_putc(255, stdout))
PUT(_IO_putc, x_IO_putc('x', stdout))
PUT(putc_unlocked, x_putc_unlocked('\n', stdout))
PUT(putchar, x_putchar('\n'))
PUT(putchar_unlocked, x_putchar_unlocked('\n'))
PUT(__overflow, x_overflow(stdout, '\n'))
PUT(putw, x_putw(0x0a0a0a0a, stdout))
PUT(printf, x_printf(ARGS))
PUT(_IO_printf, x_IO_printf(ARGS))
PUT(fprintf, x_fprintf(stdout, ARGS))
PUT(_IO_fprintf, x_IO_fprintf(stdout, ARGS))
PUT_V(vprintf, char, x_vprintf(p, a))
PUT(vprintf, v_vprintf(ARGS))
PUT_V(vfprintf, char, x_vfprintf(stdout, p, a))
PUT(vfprintf, v_vfprintf(ARGS))
PUT_V(_IO_vfprintf, char, x_IO_vfprintf(stdout, p, a))
PUT(_IO_vfprintf, v__IO_vfprintf(ARGS))
PUT(dprintf, x_dprintf(STDOUT_FILENO, ARGS))
PUT_V(vdprintf, char, x_vdprintf(STDOUT_FILENO, p, a))
PUT(vdprintf, v_vdprintf(ARGS))
PUT(__printf_chk, x_printf_chk(1, ARGS))
PUT(__fprintf_chk, x_fprintf_chk(stdout, 1, ARGS))
PUT_V(__vprintf_chk, char, x_vprintf_chk(1, p, a))
PUT(__vprintf_chk, v___vprintf_chk(ARGS))
PUT_V(__vfprintf_chk, char, x_vfprintf_chk(stdout, 1, p, a))
PUT(__vfprintf_chk, v___vfprintf_chk(ARGS))
PUT(__dprintf_chk, x_dprintf_chk(STDOUT_FILENO, 1, ARGS))
PUT_V(__vdprintf_chk, char, x_vdprintf_chk(STDOUT_FILENO, 1, p, a))
PUT(__vdprintf_chk, v___vdprintf_chk(ARGS))
PUT(fputwc, x_fputwc(L'\u20ac', stdout))
PUT(fputwc_unlocked, x_fputwc_unlocked(L'\u20ac', stdout))
PUT(putwc, x_putwc(L'\n', stdout))
PUT(putwc_unlocked, x_putwc_unlocked(L'\n', stdout))
PUT(putwchar, x_putwchar(L'\u00e4'))
PUT(putwchar_unlocked, x_putwchar_unlocked(L'\n'))
PUT(fputws, x_fputws(wide, stdout))
PUT(fputws_unlocked, x_fputws_unlocked(wide, stdout))
PUT(wprintf, x_wprintf(WARGS))
PUT(fwprintf, x_fwprintf(stdout, WARGS))
PUT_V(vwprintf, wchar_t, x_vwprintf(p, a))
PUT(vwprintf, v_vwprintf(WARGS))
PUT_V(vfwprintf, wchar_t, x_vfwprintf(stdout, p, a))
PUT(vfwprintf, v_vfwprintf(WARGS))
PUT(__wprintf_chk, x_wprintf_chk(1, WARGS))
PUT(__fwprintf_chk, x_fwprintf_chk(stdout, 1, WARGS))
PUT_V(__vwprintf_chk, wchar_t, x_vwprintf_chk(1, p, a))
PUT(__vwprintf_chk, v___vwprintf_chk(WARGS))
PUT_V(__vfwprintf_chk, wchar_t, x_vfwprintf_chk(stdout, 1, p, a))
PUT(__vfwprintf_chk, v___vfwprintf_chk(WARGS))

struct writer {
	const char *name;
	long (*put)(void);
	bool wide;
};
#define ROW(name)                                                                                  \
	{                                                                                          \
#name, put_##name, false                                                           \
	}
#define WIDE(name)                                                                                 \
	{                                                                                          \
#name, put_##name, true                                                            \
	}

static const struct writer writers[] = {
	ROW(fwrite),
	ROW(_IO_fwrite),
	ROW(fwrite_unlocked),
	ROW(fputs),
	ROW(_IO_fputs),
	ROW(fputs_unlocked),
	ROW(puts),
	ROW(_IO_puts),
	ROW(fputc),
	ROW(fputc_unlocked),
	ROW(putc),
	ROW(_IO_putc),
	ROW(putc_unlocked),
	ROW(putchar),
	ROW(putchar_unlocked),
	ROW(__overflow),
	ROW(putw),
	ROW(printf),
	ROW(_IO_printf),
	ROW(fprintf),
	ROW(_IO_fprintf),
	ROW(vprintf),
	ROW(vfprintf),
	ROW(_IO_vfprintf),
	ROW(dprintf),
	ROW(vdprintf),
	ROW(__printf_chk),
	ROW(__fprintf_chk),
	ROW(__vprintf_chk),
	ROW(__vfprintf_chk),
	ROW(__dprintf_chk),
	ROW(__vdprintf_chk),
	WIDE(fputwc),
	WIDE(fputwc_unlocked),
	WIDE(putwc),
	WIDE(putwc_unlocked),
	WIDE(putwchar),
	WIDE(putwchar_unlocked),
	WIDE(fputws),
	WIDE(fputws_unlocked),
	WIDE(wprintf),
	WIDE(fwprintf),
	WIDE(vwprintf),
	WIDE(vfwprintf),
	WIDE(__wprintf_chk),
	WIDE(__fwprintf_chk),
	WIDE(__vwprintf_chk),
	WIDE(__vfwprintf_chk),
	{ NULL, NULL, false },
};

static __attribute__((format(printf, 1, 2))) void say(const char *format, ...)
{
	char line[256];
	va_list args;

	va_start(args, format);
	int n = vsnprintf(line, sizeof(line), format, args);

	va_end(args);
	if (write(REPORT, line, (size_t)n) != n)
		abort();
}

static void put(const struct writer *w, const char *how)
{
	errno = ERANGE;

	long r = w->put();

	say("%s %s: %ld %s error %d\n", w->name, how, r, strerrorname_np(errno), !!ferror(stdout));
}

/* stdout is a new pipe, full or not; its reading end is given. */
static int new_pipe(bool full)
{
	static const char bytes[CAPACITY];
	int p[2];

	if (fcntl(STDOUT_FILENO, F_GETFD) < 0)
		x_is(STDOUT_FILENO, open("/dev/null", O_WRONLY)); /* not to be the pipe's own */
	xs(pipe(p));
	xs(dup2(p[1], STDOUT_FILENO));
	xs(close(p[1]));
	if (full)
		x_is(CAPACITY, write(STDOUT_FILENO, bytes, CAPACITY));
	clearerr(stdout);
	__fpurge(stdout);
	return p[0];
}

/* A child that reads all, late, and says what came. */
static pid_t reader(int fd, size_t skip)
{
	pid_t pid = (pid_t)xs(fork());
	unsigned int sum = 0;
	size_t size = 0;
	ssize_t n;

	if (pid)
		return pid;
	close(STDOUT_FILENO);
	usleep(10000);

	static unsigned char bytes[CAPACITY];

	while ((n = read(fd, bytes, sizeof(bytes))) > 0) {
		for (ssize_t i = 0; i < n; i++)
			sum = sum * 31 + (size + (size_t)i >= skip ? bytes[i] : 0);
		size += (size_t)n;
	}
	say("  read %zu bytes, %u\n", size, sum);
	_exit(0);
}

static void to_a_reader(const struct writer *w, int mode, bool full)
{
	static char buffer[64];
	int fd = new_pipe(full), status;
	pid_t pid = reader(fd, full ? CAPACITY : 0);

	close(fd);
	/* Small, so that it is written out in the midst of a call; wide ones have theirs behind it.
	 */
	setvbuf(stdout, mode == _IONBF || w->wide ? NULL : buffer, mode, sizeof(buffer));
	for (int i = 0; i < 3; i++)
		put(w, full ? "to a full pipe" : "to a pipe");
	errno = 0;
	say("fflush: %d\n", mode == _IOLBF ? x_fflush_unlocked(stdout) : x_fflush(stdout));
	xs(close(STDOUT_FILENO));
	x_is(pid, waitpid(pid, &status, 0));
}

static void nothing(int signal)
{
	(void)signal;
}

static void failing(const struct writer *w)
{
	int fd;

	setvbuf(stdout, NULL, _IONBF, 0);
	xs(close(new_pipe(false)));
	put(w, "with nobody to read");

	fd = new_pipe(true);
	xs(fcntl(STDOUT_FILENO, F_SETFL, O_NONBLOCK));
	put(w, "that does not block");
	xs(close(fd));

	fd = new_pipe(true);
	/* Again and again: the first may come before it writes. */
	xs(ualarm(10000, 10000));
	put(w, "interrupted");
	xs(ualarm(0, 0));
	xs(close(fd));

	xs(close(STDOUT_FILENO));
	clearerr(stdout);
	__fpurge(stdout);
	put(w, "to no file");
}

/* In a process of its own each: what a stream has done to its buffers stays with it. */
static void try_one(const struct writer *w)
{
	static const struct {
		int mode;
		bool full;
	} cases[] = { { _IOFBF, false }, { _IOFBF, true }, { _IOLBF, true }, { _IONBF, true } };
	enum { N = sizeof(cases) / sizeof(cases[0]) };

	for (int i = 0; i <= N; i++) {
		int status;
		pid_t pid = (pid_t)xs(fork());

		if (pid == 0) {
			if (i < N)
				to_a_reader(w, cases[i].mode, cases[i].full);
			else
				failing(w);
			_exit(0);
		}
		x_is(pid, waitpid(pid, &status, 0));
		x(status);
	}
}

/* What is in a stream as it is closed, and as its process ends. */
static void at_the_end(bool exits)
{
	int fd = new_pipe(true), status;
	pid_t pid = reader(fd, CAPACITY), child;

	close(fd);
	child = (pid_t)xs(fork());
	if (child == 0) {
		setvbuf(stdout, NULL, _IOFBF, 4096);
		x_fputs(text, stdout);
		if (exits)
			exit(5);
		_exit(fclose(stdout) == 0 ? 0 : 9);
	}
	xs(close(STDOUT_FILENO));
	x_is(child, waitpid(child, &status, 0));
	x_is(pid, waitpid(pid, NULL, 0));
	say("the writer: %d\n", status);
}

int main(void)
{
	const struct sigaction action = { .sa_handler = nothing };
	const struct sigaction ignore = { .sa_handler = SIG_IGN };

	setlocale(LC_ALL, "C.UTF-8");
	xs(dup2(STDOUT_FILENO, REPORT));
	xs(sigaction(SIGALRM, &action, NULL));
	xs(sigaction(SIGPIPE, &ignore, NULL));
	for (const struct writer *w = writers; w->name; w++)
		try_one(w);
	at_the_end(false);
	at_the_end(true);
	_exit(3);
}
