/* SPDX-License-Identifier: MIT */
/* wrap_print.c: streams, whose writes libc makes without passing our write().
 *
 * Rules: see export.h. A call that finds room in the stream's buffer is none of ours. One that may
 * have to write asks poll() whether there is room behind it, and is a wait where there is none; it
 * is taken back where the thread did not sleep after all. What formatted output comes to is not
 * known before: it is asked from the last PRINT_MAX bytes of the buffer on. What a call has
 * written is known by what the stream held before and holds after it.
 *
 * What is still in a buffer as the process ends is written by libc's exit(), unseen.
 *
 * putc() and its like, where gcc makes them inline, come here as __overflow().
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <wchar.h>

#include "preload/call.h"
#include "preload/channel.h"
#include "preload/export.h"
#include "preload/raw.h"
#include "preload/real.h"
#include "preload/resource.h"
#include "preload/stream.h"

/* Formatted output that is longer than this, and just then flushes the buffer, may wait unseen. */
#define PRINT_MAX 512

enum how {
	NOT_OURS, /* nothing of it waits, or is waited for */
	ROOM,
	FULL, /* it waits */
};

/* True if this much does not fit into the pipe behind the number. poll() promises room for a page
 * only. */
static bool exceeds_pipe(const struct ws_channel *c, size_t size)
{
	int held = 0;

	if (size <= PIPE_BUF ||
	    (WS_FD_KIND(c->word) != WS_FD_PIPE && WS_FD_KIND(c->word) != WS_FD_FIFO))
		return false;

	long capacity = ws_raw_fcntl(c->fd, F_GETPIPE_SZ, 0);

	return capacity > 0 && ws_raw_syscall(SYS_ioctl, c->fd, FIONREAD, (long)&held, 0) == 0 &&
	       size > (size_t)(capacity - held);
}

/* Before a call that may write `size` bytes to the number (0: not known), or does, if it is `sure`.
 */
static __attribute__((noinline)) enum how begin(struct ws_channel *c, int fd, size_t size,
						bool sure, uintptr_t site)
{
	if (fd < 0 || ws_sandboxed || ws_is_tracer_code(site) ||
	    !ws_channel_open(c, fd, false, site))
		return NOT_OURS;
	c->waited = ws_waiters_any(ws_channel_wakes(c), true);
	ws_channel_meet(c);
	if (ws_unlikely(c->waited) && sure)
		ws_channel_wake(c, 0);
	if (ws_channel_poll(c) == WS_TRY_BLOCKS)
		return FULL;
	if (!(WS_FD_FLAGS(c->word) & WS_FD_NONBLOCK) && exceeds_pipe(c, size) &&
	    ws_channel_blocks(c) == WS_TRY_BLOCKS)
		return FULL;
	return ROOM;
}

/* After it: `bytes` were written, as far as they can be counted, or just something was. */
static __attribute__((noinline)) void end(struct ws_channel *c, size_t bytes, bool something)
{
	if (!something)
		return;
	if (c->waited && !c->wake_seq) {
		/* Whoever waited before may be gone by now. */
		if (bytes)
			ws_channel_count(c->self, c->fd, false, bytes);
		ws_channel_wake(c, WS_WAKE_LATE);
		return;
	}
	ws_channel_after(c, (ssize_t)bytes);
}

/* `call` within a wait, if it is one: `opened` is begin() on c_. `failed`, and `told`, which is
 * done after it, may use its result r_. */
#define WRITING(type, opened, failed, told, call)                                                  \
	({                                                                                         \
		struct ws_channel c_;                                                              \
		type r_;                                                                           \
		enum how how_ = (opened);                                                          \
		if (ws_likely(how_ == NOT_OURS)) {                                                 \
			r_ = (call);                                                               \
		} else {                                                                           \
			if (how_ == FULL) {                                                        \
				WS_CHANNEL_WAIT(wait_, &c_);                                       \
				long slept_ = ws_times_slept();                                    \
				r_ = (call);                                                       \
				ws_wait_errno(&wait_, (failed) ? -1 : 0);                          \
				if (slept_ >= 0 && ws_times_slept() == slept_)                     \
					wait_.outcome = WS_OUTCOME_NO_WAIT;                        \
			} else {                                                                   \
				r_ = (call);                                                       \
			}                                                                          \
			int saved_ = errno;                                                        \
			told;                                                                      \
			errno = saved_;                                                            \
		}                                                                                  \
		r_;                                                                                \
	})

/* Of a stream that `count` bytes went into, by its result r_; in a call that may write if `may`.
 * One of more bytes than there is room for in a buffer does. */
#define PUTTING(type, f, may, size, failed, count, call)                                           \
	({                                                                                         \
		size_t pending_ = ws_stream_pending(f);                                            \
		WRITING(type,                                                                      \
			ws_unlikely(may) ? begin(&c_, (f)->_fileno, (size),                        \
						 (size) && ws_stream_room(f), WS_SITE)             \
					 : NOT_OURS,                                               \
			failed, told(&c_, (f), pending_, (failed) ? 0 : (size_t)(count)), call);   \
	})

/* The difference between what it held and holds is what it has written. */
static void told(struct ws_channel *c, const FILE *f, size_t pending, size_t count)
{
	size_t written = pending + count - ws_stream_pending(f);

	/* Another thread may have written to it meanwhile. */
	if ((ssize_t)written > 0)
		end(c, written, true);
}

WS_EXPORT size_t fwrite(const void *p, size_t s, size_t n, FILE *f)
{
	size_t size = s * n;

	return PUTTING(size_t, f, ws_stream_room(f) < size, pending_ + size, r_ < n, r_ * s,
		       ws_real.fwrite(p, s, n, f));
}

WS_EXPORT size_t fwrite_unlocked(const void *p, size_t s, size_t n, FILE *f)
{
	size_t size = s * n;

	return PUTTING(size_t, f, ws_stream_room(f) < size, pending_ + size, r_ < n, r_ * s,
		       ws_real.fwrite_unlocked(p, s, n, f));
}

/* True if the string is longer than what there is room for. */
static inline bool is_longer(const char *s, size_t room)
{
	return !room || strnlen(s, room + 1) > room;
}

WS_EXPORT int fputs(const char *s, FILE *f)
{
	return PUTTING(int, f, is_longer(s, ws_stream_room(f)), pending_ + strlen(s), r_ < 0,
		       strlen(s), ws_real.fputs(s, f));
}

WS_EXPORT int fputs_unlocked(const char *s, FILE *f)
{
	return PUTTING(int, f, is_longer(s, ws_stream_room(f)), pending_ + strlen(s), r_ < 0,
		       strlen(s), ws_real.fputs_unlocked(s, f));
}

/* One more for the end of the line. */
WS_EXPORT int puts(const char *s)
{
	size_t room = ws_stream_room(stdout);

	return PUTTING(int, stdout, is_longer(s, room ? room - 1 : 0), pending_ + strlen(s) + 1,
		       r_ < 0, strlen(s) + 1, ws_real.puts(s));
}

#define PUTTING_ONE(f, call) PUTTING(int, f, !ws_stream_room(f), pending_ + 1, r_ == EOF, 1, call)

WS_EXPORT int fputc(int ch, FILE *f)
{
	return PUTTING_ONE(f, ws_real.fputc(ch, f));
}

WS_EXPORT int fputc_unlocked(int ch, FILE *f)
{
	return PUTTING_ONE(f, ws_real.fputc_unlocked(ch, f));
}

WS_EXPORT int putc(int ch, FILE *f)
{
	return PUTTING_ONE(f, ws_real.putc(ch, f));
}

WS_EXPORT int putc_unlocked(int ch, FILE *f)
{
	return PUTTING_ONE(f, ws_real.putc_unlocked(ch, f));
}

WS_EXPORT int putchar(int ch)
{
	return PUTTING_ONE(stdout, ws_real.putchar(ch));
}

WS_EXPORT int putchar_unlocked(int ch)
{
	return PUTTING_ONE(stdout, ws_real.putchar_unlocked(ch));
}

WS_EXPORT int __overflow(FILE *f, int ch)
{
	return PUTTING_ONE(f, ws_real.__overflow(f, ch));
}

WS_EXPORT int putw(int w, FILE *f)
{
	return PUTTING(int, f, ws_stream_room(f) < sizeof(w), pending_ + sizeof(w), r_ != 0,
		       sizeof(w), ws_real.putw(w, f));
}

/* What a stream writes when it is told to. */
#define FLUSHING(f, call) PUTTING(int, f, ws_stream_pending(f) != 0, pending_, r_ != 0, 0, call)

WS_EXPORT int fflush(FILE *f)
{
	return f ? FLUSHING(f, ws_real.fflush(f)) : ws_real.fflush(f);
}

WS_EXPORT int fflush_unlocked(FILE *f)
{
	return f ? FLUSHING(f, ws_real.fflush_unlocked(f)) : ws_real.fflush_unlocked(f);
}

#define PRINTING(f, call) PUTTING(int, f, ws_stream_room(f) < PRINT_MAX, 0, r_ < 0, r_, call)

WS_EXPORT int vfprintf(FILE *f, const char *format, va_list args)
{
	return PRINTING(f, ws_real.vfprintf(f, format, args));
}

WS_EXPORT int vprintf(const char *format, va_list args)
{
	return PRINTING(stdout, ws_real.vprintf(format, args));
}

WS_EXPORT int fprintf(FILE *f, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	int r = PRINTING(f, ws_real.vfprintf(f, format, args));
	va_end(args);
	WS_CALL_DONE(r);
	return r;
}

WS_EXPORT int printf(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	int r = PRINTING(stdout, ws_real.vprintf(format, args));
	va_end(args);
	WS_CALL_DONE(r);
	return r;
}

/* What gcc calls with -D_FORTIFY_SOURCE. */
WS_EXPORT int __vfprintf_chk(FILE *f, int flag, const char *format, va_list args)
{
	return PRINTING(f, ws_real.__vfprintf_chk(f, flag, format, args));
}

WS_EXPORT int __vprintf_chk(int flag, const char *format, va_list args)
{
	return PRINTING(stdout, ws_real.__vprintf_chk(flag, format, args));
}

WS_EXPORT int __fprintf_chk(FILE *f, int flag, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	int r = PRINTING(f, ws_real.__vfprintf_chk(f, flag, format, args));
	va_end(args);
	WS_CALL_DONE(r);
	return r;
}

WS_EXPORT int __printf_chk(int flag, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	int r = PRINTING(stdout, ws_real.__vprintf_chk(flag, format, args));
	va_end(args);
	WS_CALL_DONE(r);
	return r;
}

/* Without a buffer: each call writes. */
#define PRINTING_TO(fd, call)                                                                      \
	WRITING(int, begin(&c_, (fd), 0, false, WS_SITE), r_ < 0,                                  \
		end(&c_, r_ > 0 ? (size_t)r_ : 0, r_ > 0), call)

WS_EXPORT int vdprintf(int fd, const char *format, va_list args)
{
	return PRINTING_TO(fd, ws_real.vdprintf(fd, format, args));
}

WS_EXPORT int dprintf(int fd, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	int r = PRINTING_TO(fd, ws_real.vdprintf(fd, format, args));
	va_end(args);
	WS_CALL_DONE(r);
	return r;
}

WS_EXPORT int __vdprintf_chk(int fd, int flag, const char *format, va_list args)
{
	return PRINTING_TO(fd, ws_real.__vdprintf_chk(fd, flag, format, args));
}

WS_EXPORT int __dprintf_chk(int fd, int flag, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	int r = PRINTING_TO(fd, ws_real.__vdprintf_chk(fd, flag, format, args));
	va_end(args);
	WS_CALL_DONE(r);
	return r;
}

/* Wide streams write what the bytes of their characters come to: that they did is known, not how
 * much. */
#define PUTTING_WIDE(type, f, may, failed, count, call)                                            \
	({                                                                                         \
		size_t pending_ = ws_stream_wide_pending(f);                                       \
		WRITING(type,                                                                      \
			ws_unlikely(may) ? begin(&c_, (f)->_fileno, 0, false, WS_SITE) : NOT_OURS, \
			failed,                                                                    \
			end(&c_, 0,                                                                \
			    pending_ + ((failed) ? 0 : (size_t)(count)) !=                         \
				    ws_stream_wide_pending(f)),                                    \
			call);                                                                     \
	})

#define PUTTING_WIDE_ONE(f, call)                                                                  \
	PUTTING_WIDE(wint_t, f, !ws_stream_wide_room(f), r_ == WEOF, 1, call)

WS_EXPORT wint_t fputwc(wchar_t ch, FILE *f)
{
	return PUTTING_WIDE_ONE(f, ws_real.fputwc(ch, f));
}

WS_EXPORT wint_t fputwc_unlocked(wchar_t ch, FILE *f)
{
	return PUTTING_WIDE_ONE(f, ws_real.fputwc_unlocked(ch, f));
}

WS_EXPORT wint_t putwc(wchar_t ch, FILE *f)
{
	return PUTTING_WIDE_ONE(f, ws_real.putwc(ch, f));
}

WS_EXPORT wint_t putwc_unlocked(wchar_t ch, FILE *f)
{
	return PUTTING_WIDE_ONE(f, ws_real.putwc_unlocked(ch, f));
}

WS_EXPORT wint_t putwchar(wchar_t ch)
{
	return PUTTING_WIDE_ONE(stdout, ws_real.putwchar(ch));
}

WS_EXPORT wint_t putwchar_unlocked(wchar_t ch)
{
	return PUTTING_WIDE_ONE(stdout, ws_real.putwchar_unlocked(ch));
}

static inline bool is_longer_wide(const wchar_t *s, size_t room)
{
	return !room || wcsnlen(s, room + 1) > room;
}

WS_EXPORT int fputws(const wchar_t *s, FILE *f)
{
	return PUTTING_WIDE(int, f, is_longer_wide(s, ws_stream_wide_room(f)), r_ < 0, wcslen(s),
			    ws_real.fputws(s, f));
}

WS_EXPORT int fputws_unlocked(const wchar_t *s, FILE *f)
{
	return PUTTING_WIDE(int, f, is_longer_wide(s, ws_stream_wide_room(f)), r_ < 0, wcslen(s),
			    ws_real.fputws_unlocked(s, f));
}

#define PRINTING_WIDE(f, call)                                                                     \
	PUTTING_WIDE(int, f, ws_stream_wide_room(f) < PRINT_MAX, r_ < 0, r_, call)

WS_EXPORT int vfwprintf(FILE *f, const wchar_t *format, va_list args)
{
	return PRINTING_WIDE(f, ws_real.vfwprintf(f, format, args));
}

WS_EXPORT int vwprintf(const wchar_t *format, va_list args)
{
	return PRINTING_WIDE(stdout, ws_real.vwprintf(format, args));
}

WS_EXPORT int fwprintf(FILE *f, const wchar_t *format, ...)
{
	va_list args;

	va_start(args, format);
	int r = PRINTING_WIDE(f, ws_real.vfwprintf(f, format, args));
	va_end(args);
	WS_CALL_DONE(r);
	return r;
}

WS_EXPORT int wprintf(const wchar_t *format, ...)
{
	va_list args;

	va_start(args, format);
	int r = PRINTING_WIDE(stdout, ws_real.vwprintf(format, args));
	va_end(args);
	WS_CALL_DONE(r);
	return r;
}

WS_EXPORT int __vfwprintf_chk(FILE *f, int flag, const wchar_t *format, va_list args)
{
	return PRINTING_WIDE(f, ws_real.__vfwprintf_chk(f, flag, format, args));
}

WS_EXPORT int __vwprintf_chk(int flag, const wchar_t *format, va_list args)
{
	return PRINTING_WIDE(stdout, ws_real.__vwprintf_chk(flag, format, args));
}

WS_EXPORT int __fwprintf_chk(FILE *f, int flag, const wchar_t *format, ...)
{
	va_list args;

	va_start(args, format);
	int r = PRINTING_WIDE(f, ws_real.__vfwprintf_chk(f, flag, format, args));
	va_end(args);
	WS_CALL_DONE(r);
	return r;
}

WS_EXPORT int __wprintf_chk(int flag, const wchar_t *format, ...)
{
	va_list args;

	va_start(args, format);
	int r = PRINTING_WIDE(stdout, ws_real.__vwprintf_chk(flag, format, args));
	va_end(args);
	WS_CALL_DONE(r);
	return r;
}
