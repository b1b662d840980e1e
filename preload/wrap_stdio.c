/* SPDX-License-Identifier: MIT */
/* wrap_stdio.c: streams, whose reads libc makes without passing our read().
 *
 * Rules: see export.h. Input from a pipe, a FIFO or a socket is a wait where the stream's buffer is
 * empty and poll() says that nothing is there, or less than fread() asks for. It is one wait
 * however often libc reads in it. Formatted input skips the blanks that a stream still holds: it
 * waits where there is nothing else, and that is taken back if the thread did not sleep after all.
 * What it waits for in the midst of a number or a word is not seen. What streams write:
 * wrap_print.c.
 *
 * getc() and its like, where gcc makes them inline, come here as __uflow().
 */
#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <wchar.h>

#include "preload/call.h"
#include "preload/channel.h"
#include "preload/export.h"
#include "preload/raw.h"
#include "preload/real.h"
#include "preload/resource.h"
#include "preload/stream.h"

/* True if the call that reads `size` bytes waits; then *c is what it waits for. */
static __attribute__((noinline)) bool empty_waits(struct ws_channel *c, FILE *f, size_t size,
						  uintptr_t site)
{
	int fd = f->_fileno; /* -1: no file, as of fmemopen() */
	size_t have = ws_stream_held(f);
	int there = 0;

	if (fd < 0 || ws_sandboxed || !ws_channel_open(c, fd, true, site))
		return false;

	struct pollfd p = { .fd = fd, .events = POLLIN };
	long r = ws_raw_syscall(SYS_poll, (long)&p, 1, 0, 0);

	ws_channel_before(c);
	if (r > 0 && (p.revents & (POLLHUP | POLLERR) || size <= have + 1 ||
		      ws_raw_syscall(SYS_ioctl, fd, FIONREAD, (long)&there, 0) != 0 ||
		      have + (size_t)there >= size))
		return false;
	if (WS_FD_FLAGS(c->word) & WS_FD_NONBLOCK)
		return false;
	return ws_channel_blocks(c) == WS_TRY_BLOCKS;
}

static inline bool waits(struct ws_channel *c, FILE *f, size_t size, uintptr_t site)
{
	return ws_unlikely(f && ws_stream_held(f) < size) && empty_waits(c, f, size, site);
}

static inline bool is_blank(unsigned int ch)
{
	return ch == ' ' || (ch >= '\t' && ch <= '\r');
}

/* What formatted input leaves of a line is its end, which the next skips: true if the stream holds
 * no more than such. */
static bool holds_blanks(const FILE *f)
{
	const char *p = f->_IO_read_ptr;

	while (p < f->_IO_read_end && is_blank((unsigned char)*p))
		p++;
	return p >= f->_IO_read_end;
}

static inline bool formatted_waits(struct ws_channel *c, FILE *f, uintptr_t site)
{
	return f && holds_blanks(f) && empty_waits(c, f, ws_stream_held(f) + 1, site);
}

static inline bool wide_waits(struct ws_channel *c, FILE *f, uintptr_t site)
{
	return ws_unlikely(f && !ws_stream_holds_wide(f)) && empty_waits(c, f, 1, site);
}

static bool wide_formatted_waits(struct ws_channel *c, FILE *f, uintptr_t site)
{
	const struct ws_wide *wide = f ? ws_stream_wide(f) : NULL;

	for (const wchar_t *p = wide ? wide->read_ptr : NULL; p && p < wide->read_end; p++) {
		if (!is_blank((unsigned int)*p))
			return false;
	}
	return formatted_waits(c, f, site);
}

/* `call` within a wait on c_, if `test` says that it is one. */
#define READING_IF(type, test, call)                                                               \
	({                                                                                         \
		struct ws_channel c_;                                                              \
		type r_;                                                                           \
		if (ws_likely(!(test))) {                                                          \
			r_ = (call);                                                               \
		} else {                                                                           \
			int saved_ = errno;                                                        \
			WS_CHANNEL_WAIT(wait_, &c_);                                               \
			long slept_ = ws_times_slept();                                            \
			errno = 0;                                                                 \
			r_ = (call);                                                               \
			ws_wait_result(&wait_, errno == EINTR ? EINTR : 0);                        \
			if (slept_ >= 0 && ws_times_slept() == slept_)                             \
				wait_.outcome = WS_OUTCOME_NO_WAIT;                                \
			if (errno == 0)                                                            \
				errno = saved_;                                                    \
		}                                                                                  \
		r_;                                                                                \
	})
#define READING(type, f, size, call) READING_IF(type, waits(&c_, (f), (size), WS_SITE), call)

WS_EXPORT size_t fread(void *p, size_t s, size_t n, FILE *f)
{
	return READING(size_t, f, s * n, ws_real.fread(p, s, n, f));
}

WS_EXPORT size_t fread_unlocked(void *p, size_t s, size_t n, FILE *f)
{
	return READING(size_t, f, s * n, ws_real.fread_unlocked(p, s, n, f));
}

/* What gcc calls with -D_FORTIFY_SOURCE: too much for `size` ends the program, as it does in libc.
 */
WS_EXPORT size_t __fread_chk(void *p, size_t size, size_t s, size_t n, FILE *f)
{
	return READING(size_t, f, s * n, ws_real.__fread_chk(p, size, s, n, f));
}

WS_EXPORT size_t __fread_unlocked_chk(void *p, size_t size, size_t s, size_t n, FILE *f)
{
	return READING(size_t, f, s * n, ws_real.__fread_unlocked_chk(p, size, s, n, f));
}

WS_EXPORT char *fgets(char *p, int n, FILE *f)
{
	return READING(char *, f, 1, ws_real.fgets(p, n, f));
}

WS_EXPORT char *fgets_unlocked(char *p, int n, FILE *f)
{
	return READING(char *, f, 1, ws_real.fgets_unlocked(p, n, f));
}

char *__fgets_chk(char *p, size_t size, int n, FILE *f);
WS_EXPORT char *__fgets_chk(char *p, size_t size, int n, FILE *f)
{
	return READING(char *, f, 1, ws_real.__fgets_chk(p, size, n, f));
}

WS_EXPORT char *__fgets_unlocked_chk(char *p, size_t size, int n, FILE *f)
{
	return READING(char *, f, 1, ws_real.__fgets_unlocked_chk(p, size, n, f));
}

WS_EXPORT ssize_t getline(char **p, size_t *n, FILE *f)
{
	return READING(ssize_t, f, 1, ws_real.getline(p, n, f));
}

WS_EXPORT ssize_t getdelim(char **p, size_t *n, int d, FILE *f)
{
	return READING(ssize_t, f, 1, ws_real.getdelim(p, n, d, f));
}

WS_EXPORT ssize_t __getdelim(char **p, size_t *n, int d, FILE *f)
{
	return READING(ssize_t, f, 1, ws_real.__getdelim(p, n, d, f));
}

WS_EXPORT int fgetc(FILE *f)
{
	return READING(int, f, 1, ws_real.fgetc(f));
}

WS_EXPORT int getc(FILE *f)
{
	return READING(int, f, 1, ws_real.getc(f));
}

WS_EXPORT int fgetc_unlocked(FILE *f)
{
	return READING(int, f, 1, ws_real.fgetc_unlocked(f));
}

WS_EXPORT int getc_unlocked(FILE *f)
{
	return READING(int, f, 1, ws_real.getc_unlocked(f));
}

WS_EXPORT int getchar(void)
{
	return READING(int, stdin, 1, ws_real.getchar());
}

WS_EXPORT int getchar_unlocked(void)
{
	return READING(int, stdin, 1, ws_real.getchar_unlocked());
}

WS_EXPORT int __uflow(FILE *f)
{
	return READING(int, f, 1, ws_real.__uflow(f));
}

#define SCANNING(f, call) READING_IF(int, formatted_waits(&c_, (f), WS_SITE), call)

/* Programs have scanf() and its kin under these names since C99. */
WS_EXPORT int __isoc99_vfscanf(FILE *f, const char *format, va_list args)
{
	return SCANNING(f, ws_real.__isoc99_vfscanf(f, format, args));
}

WS_EXPORT int __isoc99_vscanf(const char *format, va_list args)
{
	return SCANNING(stdin, ws_real.__isoc99_vscanf(format, args));
}

WS_EXPORT int __isoc99_fscanf(FILE *f, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	int r = SCANNING(f, ws_real.__isoc99_vfscanf(f, format, args));
	va_end(args);
	WS_CALL_DONE(r);
	return r;
}

WS_EXPORT int __isoc99_scanf(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	int r = SCANNING(stdin, ws_real.__isoc99_vscanf(format, args));
	va_end(args);
	WS_CALL_DONE(r);
	return r;
}

#define READING_WIDE(type, f, call) READING_IF(type, wide_waits(&c_, (f), WS_SITE), call)

WS_EXPORT wint_t fgetwc(FILE *f)
{
	return READING_WIDE(wint_t, f, ws_real.fgetwc(f));
}

WS_EXPORT wint_t fgetwc_unlocked(FILE *f)
{
	return READING_WIDE(wint_t, f, ws_real.fgetwc_unlocked(f));
}

WS_EXPORT wint_t getwchar(void)
{
	return READING_WIDE(wint_t, stdin, ws_real.getwchar());
}

WS_EXPORT wint_t getwchar_unlocked(void)
{
	return READING_WIDE(wint_t, stdin, ws_real.getwchar_unlocked());
}

WS_EXPORT wchar_t *fgetws(wchar_t *p, int n, FILE *f)
{
	return READING_WIDE(wchar_t *, f, ws_real.fgetws(p, n, f));
}

WS_EXPORT wchar_t *fgetws_unlocked(wchar_t *p, int n, FILE *f)
{
	return READING_WIDE(wchar_t *, f, ws_real.fgetws_unlocked(p, n, f));
}

WS_EXPORT wchar_t *__fgetws_chk(wchar_t *p, size_t size, int n, FILE *f)
{
	return READING_WIDE(wchar_t *, f, ws_real.__fgetws_chk(p, size, n, f));
}

WS_EXPORT wchar_t *__fgetws_unlocked_chk(wchar_t *p, size_t size, int n, FILE *f)
{
	return READING_WIDE(wchar_t *, f, ws_real.__fgetws_unlocked_chk(p, size, n, f));
}

#define SCANNING_WIDE(f, call) READING_IF(int, wide_formatted_waits(&c_, (f), WS_SITE), call)

WS_EXPORT int __isoc99_vfwscanf(FILE *f, const wchar_t *format, va_list args)
{
	return SCANNING_WIDE(f, ws_real.__isoc99_vfwscanf(f, format, args));
}

WS_EXPORT int __isoc99_vwscanf(const wchar_t *format, va_list args)
{
	return SCANNING_WIDE(stdin, ws_real.__isoc99_vwscanf(format, args));
}

WS_EXPORT int __isoc99_fwscanf(FILE *f, const wchar_t *format, ...)
{
	va_list args;

	va_start(args, format);
	int r = SCANNING_WIDE(f, ws_real.__isoc99_vfwscanf(f, format, args));
	va_end(args);
	WS_CALL_DONE(r);
	return r;
}

WS_EXPORT int __isoc99_wscanf(const wchar_t *format, ...)
{
	va_list args;

	va_start(args, format);
	int r = SCANNING_WIDE(stdin, ws_real.__isoc99_vwscanf(format, args));
	va_end(args);
	WS_CALL_DONE(r);
	return r;
}
