/* SPDX-License-Identifier: MIT */
/* same_points_streams.c: of same_points, streams on pipes, FIFOs and children. Formats are such
 * that take no arguments. */
#include "tests/programs/same_points.h"
#include "tests/support/truth.h"

#include <stdlib.h>
#include <string.h>

static FILE *file;
static char line[64];
static wchar_t wide[16];
static char *grown;
static size_t grown_size;
static va_list nothing; /* what the formats here take */

static void make_input(bool blocked)
{
	empty_pipe(blocked);
	file = fdopen(ends[0], "r");
	stdin = file;
}

/* Neither is its lock kept, nor what was in it lost. */
static void stream_state(int pipe_end)
{
	say("%d bytes in the pipe, locked %d, error %d", in_pipe(ends[pipe_end]),
	    ftrylockfile(file), ferror(file));
	funlockfile(file);
	x(close(ends[!pipe_end]));
	fclose(file);
}

static void input_state(bool undone)
{
	(void)undone;
	stream_state(0);
}
static const struct fixture input = { make_input, input_state, write_line, NULL, 0 };

static void make_output(bool blocked)
{
	full_pipe(blocked);
	file = fdopen(ends[1], "w");
	x(setvbuf(file, NULL, _IONBF, 0));
	stdout = file;
}

static void output_state(bool undone)
{
	(void)undone;
	stream_state(1);
}
static const struct fixture output = { make_output, output_state, read_page, NULL, 0 };

static void make_unwritten(bool blocked)
{
	full_pipe(blocked);
	file = fdopen(ends[1], "w");
	x_is(3, fwrite("abc", 1, 3, file));
}
static const struct fixture unwritten = { make_unwritten, output_state, read_page, NULL, 0 };

/* A stream that was being closed is not touched again. */
static void closed_state(bool undone)
{
	(void)undone;
	say("%d bytes in the pipe", in_pipe(ends[0]));
	x(close(ends[0]));
	close(ends[1]);
}
static const struct fixture closing = { make_unwritten, closed_state, read_page, NULL, 0 };

/* dprintf() makes a stream on its stack, which a cancellation leaves in glibc's list of streams. */
static const struct fixture number = { full_pipe, closed_state, read_page, NULL, SPOILS };

static char path[64];
static int opened;

static void make_fifo(bool blocked)
{
	snprintf(path, sizeof(path), "/tmp/ws-points-%d", (int)getpid());
	unlink(path);
	x(mkfifo(path, 0600));
	opened = blocked ? -1 : (int)xs(open(path, O_RDWR));
	file = fopen("/dev/null", "r");
}

static void fifo_state(bool undone)
{
	int fd;

	(void)undone;
	if (opened >= 0)
		x(close(opened));
	fd = open(path, O_WRONLY | O_NONBLOCK);
	say("reader %d", fd >= 0);
	if (fd >= 0)
		x(close(fd));
	x(unlink(path));
}

static void open_other(void)
{
	opened = (int)xs(open(path, O_RDWR));
}

static const struct fixture fifo = { make_fifo, fifo_state, open_other, NULL, 0 };

/* Tells whether it was opened, and closes it again. */
static int opens(FILE *f)
{
	return f ? fclose(f) : -1;
}

/* A child that lives, or that ends with its words. */
static pid_t child;

static void make_child(bool blocked)
{
	file = popen(blocked ? "echo $$; exec sleep 1000" : "echo $$", "r");
	child = fgets(line, sizeof(line), file) ? atoi(line) : -1;
}

static void end_child(void)
{
	x(kill(child, SIGKILL));
}

static void child_state(bool undone)
{
	say("%s", undone ? "to be collected" : "collected");
	/* Whoever did not collect it: nobody else knows the child any more. */
	if (undone)
		x_is(child, waitpid(child, NULL, 0));
}
static const struct fixture command = { make_child, child_state, end_child, NULL, STAYS };

#define POINTS(C)                                                                                  \
	C(fread, input, x_fread(line, 1, 8, file))                                                 \
	C(fread_unlocked, input, x_fread_unlocked(line, 1, 8, file))                               \
	C(__fread_chk, input, x___fread_chk(line, sizeof(line), 1, 8, file))                       \
	C(__fread_unlocked_chk, input, x___fread_unlocked_chk(line, sizeof(line), 1, 8, file))     \
	C(fgets, input, x_fgets(line, 64, file) == line)                                           \
	C(fgets_unlocked, input, x_fgets_unlocked(line, 64, file) == line)                         \
	C(__fgets_chk, input, x___fgets_chk(line, 64, 64, file) == line)                           \
	C(__fgets_unlocked_chk, input, x___fgets_unlocked_chk(line, 64, 64, file) == line)         \
	C(getline, input, x_getline(&grown, &grown_size, file))                                    \
	C(getdelim, input, x_getdelim(&grown, &grown_size, '\n', file))                            \
	C(__getdelim, input, x___getdelim(&grown, &grown_size, '\n', file))                        \
	C(fgetc, input, x_fgetc(file))                                                             \
	C(fgetc_unlocked, input, x_fgetc_unlocked(file))                                           \
	C(getc, input, x_getc(file))                                                               \
	C(getc_unlocked, input, x_getc_unlocked(file))                                             \
	C(getchar, input, x_getchar())                                                             \
	C(getchar_unlocked, input, x_getchar_unlocked())                                           \
	C(__uflow, input, x___uflow(file))                                                         \
	C(__isoc99_scanf, input, x___isoc99_scanf("%*d %*s"))                                      \
	C(__isoc99_fscanf, input, x___isoc99_fscanf(file, "%*d %*s"))                              \
	C(__isoc99_vscanf, input, x___isoc99_vscanf("%*d %*s", nothing))                           \
	C(__isoc99_vfscanf, input, x___isoc99_vfscanf(file, "%*d %*s", nothing))                   \
	C(fgetwc, input, x_fgetwc(file))                                                           \
	C(fgetwc_unlocked, input, x_fgetwc_unlocked(file))                                         \
	C(getwchar, input, x_getwchar())                                                           \
	C(getwchar_unlocked, input, x_getwchar_unlocked())                                         \
	C(fgetws, input, x_fgetws(wide, 16, file) == wide)                                         \
	C(fgetws_unlocked, input, x_fgetws_unlocked(wide, 16, file) == wide)                       \
	C(__fgetws_chk, input, x___fgetws_chk(wide, 16, 16, file) == wide)                         \
	C(__fgetws_unlocked_chk, input, x___fgetws_unlocked_chk(wide, 16, 16, file) == wide)       \
	C(__isoc99_wscanf, input, x___isoc99_wscanf(L"%*d %*s"))                                   \
	C(__isoc99_fwscanf, input, x___isoc99_fwscanf(file, L"%*d %*s"))                           \
	C(__isoc99_vwscanf, input, x___isoc99_vwscanf(L"%*d %*s", nothing))                        \
	C(__isoc99_vfwscanf, input, x___isoc99_vfwscanf(file, L"%*d %*s", nothing))                \
	C(fwrite, output, x_fwrite("abc", 1, 3, file))                                             \
	C(fwrite_unlocked, output, x_fwrite_unlocked("abc", 1, 3, file))                           \
	C(fputs, output, x_fputs("abc", file))                                                     \
	C(fputs_unlocked, output, x_fputs_unlocked("abc", file))                                   \
	C(puts, output, x_puts("abc"))                                                             \
	C(fputc, output, x_fputc('a', file))                                                       \
	C(fputc_unlocked, output, x_fputc_unlocked('a', file))                                     \
	C(putc, output, x_putc('a', file))                                                         \
	C(putc_unlocked, output, x_putc_unlocked('a', file))                                       \
	C(putchar, output, x_putchar('a'))                                                         \
	C(putchar_unlocked, output, x_putchar_unlocked('a'))                                       \
	C(__overflow, output, x___overflow(file, 'a'))                                             \
	C(putw, output, x_putw(7, file))                                                           \
	C(printf, output, x_printf("abc"))                                                         \
	C(fprintf, output, x_fprintf(file, "abc"))                                                 \
	C(vprintf, output, x_vprintf("abc", nothing))                                              \
	C(vfprintf, output, x_vfprintf(file, "abc", nothing))                                      \
	C(dprintf, number, x_dprintf(ends[1], "abc"))                                              \
	C(vdprintf, number, x_vdprintf(ends[1], "abc", nothing))                                   \
	C(__printf_chk, output, x___printf_chk(1, "abc"))                                          \
	C(__fprintf_chk, output, x___fprintf_chk(file, 1, "abc"))                                  \
	C(__vprintf_chk, output, x___vprintf_chk(1, "abc", nothing))                               \
	C(__vfprintf_chk, output, x___vfprintf_chk(file, 1, "abc", nothing))                       \
	C(__dprintf_chk, number, x___dprintf_chk(ends[1], 1, "abc"))                               \
	C(__vdprintf_chk, number, x___vdprintf_chk(ends[1], 1, "abc", nothing))                    \
	C(fputwc, output, x_fputwc(L'a', file))                                                    \
	C(fputwc_unlocked, output, x_fputwc_unlocked(L'a', file))                                  \
	C(putwc, output, x_putwc(L'a', file))                                                      \
	C(putwc_unlocked, output, x_putwc_unlocked(L'a', file))                                    \
	C(putwchar, output, x_putwchar(L'a'))                                                      \
	C(putwchar_unlocked, output, x_putwchar_unlocked(L'a'))                                    \
	C(fputws, output, x_fputws(L"abc", file))                                                  \
	C(fputws_unlocked, output, x_fputws_unlocked(L"abc", file))                                \
	C(wprintf, output, x_wprintf(L"abc"))                                                      \
	C(fwprintf, output, x_fwprintf(file, L"abc"))                                              \
	C(vwprintf, output, x_vwprintf(L"abc", nothing))                                           \
	C(vfwprintf, output, x_vfwprintf(file, L"abc", nothing))                                   \
	C(__wprintf_chk, output, x___wprintf_chk(1, L"abc"))                                       \
	C(__fwprintf_chk, output, x___fwprintf_chk(file, 1, L"abc"))                               \
	C(__vwprintf_chk, output, x___vwprintf_chk(1, L"abc", nothing))                            \
	C(__vfwprintf_chk, output, x___vfwprintf_chk(file, 1, L"abc", nothing))                    \
	C(fflush, unwritten, x_fflush(file))                                                       \
	C(fflush_unlocked, unwritten, x_fflush_unlocked(file))                                     \
	C(fopen, fifo, opens(x_fopen(path, "r")))                                                  \
	C(freopen, fifo, opens(x_freopen(path, "r", file)))                                        \
	C(fclose, closing, x_fclose(file))                                                         \
	C(pclose, command, x_pclose(file))

POINTS(POINT_CALL)
const struct point stream_points[] = { POINTS(POINT_ROW) };
const size_t stream_points_n = sizeof(stream_points) / sizeof(stream_points[0]);
