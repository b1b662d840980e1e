/* SPDX-License-Identifier: MIT */
/* wrap_stdio.c: streams, whose reads libc makes without passing our read().
 *
 * Rules: see export.h. Input from a pipe, a FIFO or a socket is a wait where the stream's buffer is
 * empty and poll() says that nothing is there, or less than fread() asks for. It is one wait
 * however often libc reads in it. What a stream writes is seen where a call flushes it, not where
 * its buffer is full or the process ends; nor is what formatted input waits for.
 *
 * getc() and its like, where gcc makes them inline, come here as __uflow().
 */
/* <stdio.h> would define some of these functions inline. */
#define __NO_INLINE__ 1

#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <sys/ioctl.h>

#include "preload/channel.h"
#include "preload/export.h"
#include "preload/raw.h"
#include "preload/real.h"
#include "preload/resource.h"

/* Bytes that the stream holds for its reader. The layout of FILE is part of glibc's ABI: getc() is
 * made inline from it. */
static inline size_t buffered(const FILE *f)
{
	return (size_t)(f->_IO_read_end - f->_IO_read_ptr);
}

/* True if the call that reads `size` bytes waits; then *c is what it waits for. */
static __attribute__((noinline)) bool empty_waits(struct ws_channel *c, FILE *f, size_t size,
						  uintptr_t site)
{
	int fd = f->_fileno; /* -1: no file, as of fmemopen() */
	size_t have = buffered(f);
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
	return ws_unlikely(f && buffered(f) < size) && empty_waits(c, f, size, site);
}

/* `call` within a wait, if it is one. */
#define READING(type, f, size, call)                                                               \
	({                                                                                         \
		struct ws_channel c_;                                                              \
		type r_;                                                                           \
		if (ws_likely(!waits(&c_, (f), (size), WS_SITE))) {                                \
			r_ = (call);                                                               \
		} else {                                                                           \
			int saved_ = errno;                                                        \
			WS_CHANNEL_WAIT(wait_, &c_);                                               \
			errno = 0;                                                                 \
			r_ = (call);                                                               \
			ws_wait_result(&wait_, errno == EINTR ? EINTR : 0);                        \
			if (errno == 0)                                                            \
				errno = saved_;                                                    \
		}                                                                                  \
		r_;                                                                                \
	})

WS_EXPORT size_t fread(void *p, size_t s, size_t n, FILE *f)
{
	return READING(size_t, f, s * n, ws_real.fread(p, s, n, f));
}

WS_EXPORT size_t fread_unlocked(void *p, size_t s, size_t n, FILE *f)
{
	return READING(size_t, f, s * n, ws_real.fread_unlocked(p, s, n, f));
}

size_t _IO_fread(void *p, size_t s, size_t n, FILE *f);
WS_EXPORT size_t _IO_fread(void *p, size_t s, size_t n, FILE *f) __attribute__((alias("fread")));

/* What gcc calls with -D_FORTIFY_SOURCE: too much for `size` ends the program, as it does in libc.
 */
size_t __fread_chk(void *p, size_t size, size_t s, size_t n, FILE *f);
WS_EXPORT size_t __fread_chk(void *p, size_t size, size_t s, size_t n, FILE *f)
{
	return READING(size_t, f, s * n, ws_real.__fread_chk(p, size, s, n, f));
}

size_t __fread_unlocked_chk(void *p, size_t size, size_t s, size_t n, FILE *f);
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

char *_IO_fgets(char *p, int n, FILE *f);
WS_EXPORT char *_IO_fgets(char *p, int n, FILE *f) __attribute__((alias("fgets")));

char *__fgets_chk(char *p, size_t size, int n, FILE *f);
WS_EXPORT char *__fgets_chk(char *p, size_t size, int n, FILE *f)
{
	return READING(char *, f, 1, ws_real.__fgets_chk(p, size, n, f));
}

char *__fgets_unlocked_chk(char *p, size_t size, int n, FILE *f);
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

int _IO_getc(FILE *f);
WS_EXPORT int _IO_getc(FILE *f) __attribute__((alias("getc")));

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

int __uflow(FILE *f);
WS_EXPORT int __uflow(FILE *f)
{
	return READING(int, f, 1, ws_real.__uflow(f));
}

/* What a stream writes when it is told to: who waits to read goes on by it. It waits where there is
 * no room. */
static int flush(FILE *f, int (*real)(FILE *), uintptr_t site)
{
	size_t pending = f ? (size_t)(f->_IO_write_ptr - f->_IO_write_base) : 0;
	struct ws_channel c;
	int r;

	if (ws_likely(!pending) || f->_fileno < 0 || ws_sandboxed ||
	    !ws_channel_open(&c, f->_fileno, false, site))
		return real(f);
	ws_channel_before(&c);
	if (ws_channel_poll(&c) == WS_TRY_BLOCKS) {
		WS_CHANNEL_WAIT(wait, &c);
		r = real(f);
		ws_channel_outcome(&c, &wait, r);
	} else {
		r = real(f);
	}
	ws_channel_after(&c, r == 0 ? (ssize_t)pending : -1);
	return r;
}

WS_EXPORT int fflush(FILE *f)
{
	return flush(f, ws_real.fflush, WS_SITE);
}

WS_EXPORT int fflush_unlocked(FILE *f)
{
	return flush(f, ws_real.fflush_unlocked, WS_SITE);
}

/* What the number stands for is no longer open. Before: it may be another's afterwards. */
static void closing(FILE *f, uintptr_t site)
{
	int fd = f ? f->_fileno : -1;

	if (fd >= 0)
		ws_channel_gone(fd, site);
}

WS_EXPORT int fclose(FILE *f)
{
	closing(f, WS_SITE);
	return ws_real.fclose(f);
}

int _IO_fclose(FILE *f);
WS_EXPORT int _IO_fclose(FILE *f) __attribute__((alias("fclose")));

WS_EXPORT FILE *freopen(const char *path, const char *mode, FILE *f)
{
	closing(f, WS_SITE);
	return ws_real.freopen(path, mode, f);
}

WS_EXPORT FILE *freopen64(const char *path, const char *mode, FILE *f)
	__attribute__((alias("freopen")));

/* The child has most likely ended once its pipe is closed; which one it is, only libc knows. */
WS_EXPORT int pclose(FILE *f)
{
	struct ws_thread *self = ws_thread();

	closing(f, WS_SITE);
	if (!self)
		return ws_real.pclose(f);

	WS_WAIT(wait, .self = self, .key = ws_waiters_key(WS_KIND_PROCESS, 0, 0, false),
		.site = WS_SITE, .kind = WS_KIND_PROCESS, .flags = WS_WAIT_SHARED);
	int r = ws_real.pclose(f);

	ws_wait_errno(&wait, r == -1 ? -1 : 0);
	return r;
}

WS_EXPORT int closedir(DIR *d)
{
	DIR *folder =
		d; /* libc's own answers EINVAL for NULL, although it says that it may not be */

	__asm__("" : "+r"(folder));

	int fd = folder ? dirfd(folder) : -1;

	if (fd >= 0 && ws_fd_is_known(fd))
		ws_fd_forget(fd);
	return ws_real.closedir(d);
}
