/* SPDX-License-Identifier: MIT */
/* same_scan: formatted and wide input from pipes, streams that open FIFOs, and programs at the
 * other end of a stream, with something there, before there is, at the end and in failure.
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
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <wchar.h>

/* As the linker knows them, whatever the headers make of their names. */
int x_scanf(const char *p, ...) __asm__("__isoc99_scanf");
int x_fscanf(FILE *f, const char *p, ...) __asm__("__isoc99_fscanf");
int x_vscanf(const char *p, va_list a) __asm__("__isoc99_vscanf");
int x_vfscanf(FILE *f, const char *p, va_list a) __asm__("__isoc99_vfscanf");
int x_wscanf(const wchar_t *p, ...) __asm__("__isoc99_wscanf");
int x_fwscanf(FILE *f, const wchar_t *p, ...) __asm__("__isoc99_fwscanf");
int x_vwscanf(const wchar_t *p, va_list a) __asm__("__isoc99_vwscanf");
int x_vfwscanf(FILE *f, const wchar_t *p, va_list a) __asm__("__isoc99_vfwscanf");
wint_t x_fgetwc(FILE *f) __asm__("fgetwc");
wint_t x_fgetwc_unlocked(FILE *f) __asm__("fgetwc_unlocked");
wint_t x_getwc(FILE *f) __asm__("getwc");
wint_t x_getwc_unlocked(FILE *f) __asm__("getwc_unlocked");
wint_t x_getwchar(void) __asm__("getwchar");
wint_t x_getwchar_unlocked(void) __asm__("getwchar_unlocked");
wchar_t *x_fgetws(wchar_t *p, int n, FILE *f) __asm__("fgetws");
wchar_t *x_fgetws_unlocked(wchar_t *p, int n, FILE *f) __asm__("fgetws_unlocked");
wchar_t *x_fgetws_chk(wchar_t *p, size_t z, int n, FILE *f) __asm__("__fgetws_chk");
wchar_t *x_fgetws_unlocked_chk(wchar_t *p, size_t z, int n,
			       FILE *f) __asm__("__fgetws_unlocked_chk");
FILE *x_fopen(const char *p, const char *m) __asm__("fopen");
FILE *x_fopen64(const char *p, const char *m) __asm__("fopen64");
FILE *x_IO_fopen(const char *p, const char *m) __asm__("_IO_fopen");
FILE *x_freopen(const char *p, const char *m, FILE *f) __asm__("freopen");
FILE *x_freopen64(const char *p, const char *m, FILE *f) __asm__("freopen64");
FILE *x_popen(const char *p, const char *m) __asm__("popen");
FILE *x_IO_popen(const char *p, const char *m) __asm__("_IO_popen");

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

/* Each reads a number and a word, or a character or a line, from stdin, and says what it got. */
static int scan_v(const char *p, ...)
{
	va_list a;

	va_start(a, p);
	int r = x_vscanf(p, a);
	va_end(a);
	return r;
}

static int scan_vf(const char *p, ...)
{
	va_list a;

	va_start(a, p);
	int r = x_vfscanf(stdin, p, a);
	va_end(a);
	return r;
}

static int scan_vw(const wchar_t *p, ...)
{
	va_list a;

	va_start(a, p);
	int r = x_vwscanf(p, a);
	va_end(a);
	return r;
}

static int scan_vfw(const wchar_t *p, ...)
{
	va_list a;

	va_start(a, p);
	int r = x_vfwscanf(stdin, p, a);
	va_end(a);
	return r;
}

static int number;
static char word[32];
static wchar_t wide[32];

#define SCAN(name, call)                                                                           \
	static long get_##name(void)                                                               \
	{                                                                                          \
		number = 0;                                                                        \
		word[0] = '\0';                                                                    \
		wide[0] = L'\0';                                                                   \
		return (long)(call);                                                               \
	}
SCAN(scanf, x_scanf("%d %31s", &number, word))
SCAN(fscanf, x_fscanf(stdin, "%d %31s", &number, word))
SCAN(vscanf, scan_v("%d %31s", &number, word))
SCAN(vfscanf, scan_vf("%d %31s", &number, word))
SCAN(one, x_scanf("%c", word)) /* does not skip what is blank */
SCAN(wscanf, x_wscanf(L"%d %31ls", &number, wide))
SCAN(fwscanf, x_fwscanf(stdin, L"%d %31ls", &number, wide))
SCAN(vwscanf, scan_vw(L"%d %31ls", &number, wide))
SCAN(vfwscanf, scan_vfw(L"%d %31ls", &number, wide))
SCAN(fgetwc, (int)x_fgetwc(stdin))
SCAN(fgetwc_unlocked, (int)x_fgetwc_unlocked(stdin))
SCAN(getwc, (int)x_getwc(stdin))
SCAN(getwc_unlocked, (int)x_getwc_unlocked(stdin))
SCAN(getwchar, (int)x_getwchar())
SCAN(getwchar_unlocked, (int)x_getwchar_unlocked())
SCAN(fgetws, x_fgetws(wide, 32, stdin) ? 1 : EOF)
SCAN(fgetws_unlocked, x_fgetws_unlocked(wide, 32, stdin) ? 1 : EOF)
SCAN(fgetws_chk, x_fgetws_chk(wide, 32, 32, stdin) ? 1 : EOF)
SCAN(fgetws_unlocked_chk, x_fgetws_unlocked_chk(wide, 32, 32, stdin) ? 1 : EOF)

static const struct getter {
	const char *name;
	long (*get)(void);
} getters[] = {
	{ "scanf", get_scanf },
	{ "fscanf", get_fscanf },
	{ "vscanf", get_vscanf },
	{ "vfscanf", get_vfscanf },
	{ "scanf of one character", get_one },
	{ "wscanf", get_wscanf },
	{ "fwscanf", get_fwscanf },
	{ "vwscanf", get_vwscanf },
	{ "vfwscanf", get_vfwscanf },
	{ "fgetwc", get_fgetwc },
	{ "fgetwc_unlocked", get_fgetwc_unlocked },
	{ "getwc", get_getwc },
	{ "getwc_unlocked", get_getwc_unlocked },
	{ "getwchar", get_getwchar },
	{ "getwchar_unlocked", get_getwchar_unlocked },
	{ "fgetws", get_fgetws },
	{ "fgetws_unlocked", get_fgetws_unlocked },
	{ "__fgetws_chk", get_fgetws_chk },
	{ "__fgetws_unlocked_chk", get_fgetws_unlocked_chk },
};
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static long get(const struct getter *g)
{
	errno = ERANGE;

	long r = g->get();
	int error = errno;

	say("%s: %ld %s, %d %s %ls eof %d error %d\n", g->name, r, strerrorname_np(error), number,
	    word, wide, !!feof(stdin), !!ferror(stdin));
	return r;
}

/* A number in the midst of which there is nothing for a while, and the rest of a line as well. */
static void feed(int fd)
{
	static const char *const texts[] = {
		"7 on", "e\n 8 \xc3", "\xa4wo\n", "\n\n", "9 end", NULL
	};

	for (const char *const *text = texts; *text; text++) {
		usleep(10000);
		x_is((long)strlen(*text), write(fd, *text, strlen(*text)));
	}
	_exit(0);
}

static void from_a_writer(const struct getter *g)
{
	int p[2];
	pid_t pid;

	xs(pipe(p));
	pid = (pid_t)xs(fork());
	if (pid == 0)
		feed(p[1]);
	xs(dup2(p[0], STDIN_FILENO));
	xs(close(p[0]));
	xs(close(p[1]));
	while (get(g) != EOF)
		;
	x_is(pid, waitpid(pid, NULL, 0));
}

static void nothing(int signal)
{
	(void)signal;
}

static void failing(const struct getter *g)
{
	int p[2];

	xs(pipe2(p, O_NONBLOCK));
	xs(dup2(p[0], STDIN_FILENO));
	get(g);
	xs(fcntl(STDIN_FILENO, F_SETFL, 0));
	clearerr(stdin);
	xs(ualarm(10000, 10000));
	get(g);
	xs(ualarm(0, 0));
	clearerr(stdin);
	xs(close(STDIN_FILENO));
	get(g);
}

static void child_ended(pid_t pid)
{
	int status;

	x_is(pid, waitpid(pid, &status, 0));
	say("  ended: %d\n", status);
}

static void input(void)
{
	for (size_t i = 0; i < COUNT(getters); i++) {
		for (int failed = 0; failed < 2; failed++) {
			pid_t pid = (pid_t)xs(fork());

			if (pid == 0) {
				(failed ? failing : from_a_writer)(&getters[i]);
				_exit(0);
			}
			child_ended(pid);
		}
	}
}

static FILE *reopen(const char *p, const char *m)
{
	return x_freopen(p, m, x_fopen("/dev/null", "r"));
}

static FILE *reopen64(const char *p, const char *m)
{
	return x_freopen64(p, m, x_fopen("/dev/null", "r"));
}

static void opened(const char *name, const char *mode, FILE *f)
{
	say("%s %s: %s %s\n", name, mode, f ? "open" : "not", f ? "" : strerrorname_np(errno));
}

/* Of a FIFO in both directions, with the other end opened late; with a handler; of nothing. */
static void open_by(const char *name, FILE *(*by)(const char *, const char *), const char *path)
{
	FILE *f;

	for (int writing = 0; writing < 2; writing++) {
		char text[16] = "";
		pid_t pid = (pid_t)xs(fork());

		if (pid == 0) {
			usleep(10000);

			int fd = (int)xs(open(path, writing ? O_RDONLY : O_WRONLY));

			if (!writing)
				xs(write(fd, "from there\n", 11));
			else if (xs(read(fd, text, sizeof(text) - 1)) > 0)
				say("  there: %s", text);
			_exit(0);
		}
		f = by(path, writing ? "w" : "r");
		opened(name, writing ? "w" : "r", f);
		if (writing)
			fputs("from here\n", f);
		else
			say("  here: %s", fgets(text, sizeof(text), f));
		x(fclose(f));
		child_ended(pid);
	}
	opened(name, "r+", f = by(path, "r+"));
	fclose(f);
	xs(ualarm(10000, 10000));
	opened(name, "interrupted", by(path, "r"));
	xs(ualarm(0, 0));
	opened(name, "of nothing", by("/nonexistent/fifo", "r"));
	opened(name, "r", f = by("/dev/null", "r"));
	fclose(f);
	errno = 0;
	opened(name, "bad", by("/dev/null", "bad"));
}

static void opens(void)
{
	char path[64];

	snprintf(path, sizeof(path), "/tmp/waitscope-same-%d", (int)getpid());
	xs(mkfifo(path, 0600));
	open_by("fopen", x_fopen, path);
	open_by("fopen64", x_fopen64, path);
	open_by("_IO_fopen", x_IO_fopen, path);
	open_by("freopen", reopen, path);
	open_by("freopen64", reopen64, path);
	xs(unlink(path));
}

static void program(FILE *(*by)(const char *, const char *))
{
	char text[32] = "";
	FILE *f = by("sleep 0.02; echo word; exit 3", "r");

	say("read: %s", fgets(text, sizeof(text), f));
	say("pclose: %d\n", pclose(f));
	f = by("sleep 0.02; cat >/dev/null; kill -9 $$", "w");
	fputs("into it\n", f);
	say("pclose: %d\n", pclose(f));
	f = by("exit 0", "re");
	usleep(30000);
	say("pclose of one that has ended: %d\n", pclose(f));
	errno = 0;
	say("of a bad mode: %d\n", !!by("true", "rw"));
	say("%s\n", strerrorname_np(errno));
	f = by("sleep 0.2; exit 4", "r"); /* not before the next line */
	xs(signal(SIGCHLD, SIG_IGN) == SIG_ERR ? -1 : 0);
	errno = 0;
	say("pclose of one that is not kept: %d\n", pclose(f));
	say("%s\n", strerrorname_np(errno));
	xs(signal(SIGCHLD, SIG_DFL) == SIG_ERR ? -1 : 0);
	f = x_fopen("/dev/null", "r");
	say("pclose of a file: %d\n", pclose(f));
}

int main(void)
{
	const struct sigaction action = { .sa_handler = nothing };

	setlocale(LC_ALL, "C.UTF-8");
	xs(sigaction(SIGALRM, &action, NULL));
	input();
	opens();
	program(x_popen);
	program(x_IO_popen);
	_exit(4);
}
