/* SPDX-License-Identifier: MIT */
/* wrap_io.c: reading and writing by number: what waits is a pipe, a FIFO, a socket or an eventfd.
 *
 * Rules: see export.h. All are cancellation points. The try is one system call with RWF_NOWAIT in
 * place of the plain one; what has no such call is asked by poll() first. libc's own reads and
 * writes (stdio) do not pass here.
 */
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/uio.h>
#include <unistd.h>

#include "preload/channel.h"
#include "preload/export.h"
#include "preload/real.h"

static size_t total(const struct iovec *iov, int n)
{
	size_t size = 0;

	for (int i = 0; i < n; i++)
		size += iov[i].iov_len;
	return size;
}

static inline __attribute__((always_inline)) ssize_t read_at(int fd, void *p, size_t n,
							     uintptr_t site)
{
	struct ws_channel c;

	if (ws_likely(!ws_channel_open(&c, fd, true, site)))
		return ws_real.read(fd, p, n);

	struct iovec iov = { p, n };
	ssize_t r;

	if (WS_CHANNEL_PLAIN(&c, r, ws_real.read(fd, p, n)))
		return ws_channel_after(&c, r);
	pthread_testcancel();
	ws_channel_before(&c);
	switch (ws_channel_try_one(&c, &iov, &r)) {
	case WS_TRY_DONE:
		break;
	case WS_TRY_PASS:
		r = ws_real.read(fd, p, n);
		break;
	case WS_TRY_BLOCKS: {
		WS_CHANNEL_WAIT(wait, &c);
		r = ws_real.read(fd, p, n);
		ws_channel_outcome(&c, &wait, r);
		ws_channel_got(&c, &wait, p, r);
		break;
	}
	}
	return ws_channel_after(&c, r);
}

static inline __attribute__((always_inline)) ssize_t write_at(int fd, const void *p, size_t n,
							      uintptr_t site)
{
	struct ws_channel c;

	fd = ws_tracers_fd(fd, site);
	if (ws_likely(!ws_channel_open(&c, fd, false, site)))
		return ws_real.write(fd, p, n);

	struct iovec iov = { (void *)(uintptr_t)p, n };
	ssize_t r;

	if (WS_CHANNEL_PLAIN(&c, r, ws_real.write(fd, p, n)))
		return ws_channel_after(&c, r);
	pthread_testcancel();
	ws_channel_before(&c);
	/* An empty message is sent by write(), but not by a call with a vector. */
	switch (n ? ws_channel_try_one(&c, &iov, &r) : WS_TRY_PASS) {
	case WS_TRY_DONE:
		if (ws_unlikely(r > 0 && (size_t)r < n))
			r = ws_channel_write_rest(&c, &iov, 1, n, (size_t)r);
		break;
	case WS_TRY_PASS:
		r = ws_real.write(fd, p, n);
		break;
	case WS_TRY_BLOCKS: {
		WS_CHANNEL_WAIT(wait, &c);
		r = ws_real.write(fd, p, n);
		ws_channel_outcome(&c, &wait, r);
		break;
	}
	}
	if (ws_unlikely(WS_FD_KIND(c.word) == WS_FD_EVENTFD && r == sizeof(uint64_t)))
		ws_channel_wrote(&c, p);
	return ws_channel_after(&c, r);
}

static ssize_t readv_at(int fd, const struct iovec *iov, int n, uintptr_t site)
{
	struct ws_channel c;

	if (ws_likely(!ws_channel_open(&c, fd, true, site)))
		return ws_real.readv(fd, iov, n);

	ssize_t r;

	if (WS_CHANNEL_PLAIN(&c, r, ws_real.readv(fd, iov, n)))
		return ws_channel_after(&c, r);
	pthread_testcancel();
	ws_channel_before(&c);
	switch (ws_channel_try(&c, iov, n, &r)) {
	case WS_TRY_DONE:
		break;
	case WS_TRY_PASS:
		r = ws_real.readv(fd, iov, n);
		break;
	case WS_TRY_BLOCKS: {
		WS_CHANNEL_WAIT(wait, &c);
		r = ws_real.readv(fd, iov, n);
		ws_channel_outcome(&c, &wait, r);
		break;
	}
	}
	return ws_channel_after(&c, r);
}

static ssize_t writev_at(int fd, const struct iovec *iov, int n, uintptr_t site)
{
	struct ws_channel c;

	if (ws_likely(!ws_channel_open(&c, fd, false, site)))
		return ws_real.writev(fd, iov, n);

	ssize_t r;

	if (WS_CHANNEL_PLAIN(&c, r, ws_real.writev(fd, iov, n)))
		return ws_channel_after(&c, r);
	pthread_testcancel();
	ws_channel_before(&c);
	switch (ws_channel_try(&c, iov, n, &r)) {
	case WS_TRY_DONE:
		/* The kernel has read the vector: it may be looked at. */
		if (r > 0 && (size_t)r < total(iov, n))
			r = ws_channel_write_rest(&c, iov, n, total(iov, n), (size_t)r);
		break;
	case WS_TRY_PASS:
		r = ws_real.writev(fd, iov, n);
		break;
	case WS_TRY_BLOCKS: {
		WS_CHANNEL_WAIT(wait, &c);
		r = ws_real.writev(fd, iov, n);
		ws_channel_outcome(&c, &wait, r);
		break;
	}
	}
	return ws_channel_after(&c, r);
}

WS_EXPORT ssize_t read(int fd, void *p, size_t n)
{
	return read_at(fd, p, n, WS_SITE);
}

WS_EXPORT ssize_t write(int fd, const void *p, size_t n)
{
	return write_at(fd, p, n, WS_SITE);
}

ssize_t __read(int fd, void *p, size_t n);
ssize_t __write(int fd, const void *p, size_t n);
WS_EXPORT ssize_t readv(int fd, const struct iovec *iov, int n)
{
	return readv_at(fd, iov, n, WS_SITE);
}

WS_EXPORT ssize_t writev(int fd, const struct iovec *iov, int n)
{
	return writev_at(fd, iov, n, WS_SITE);
}

/* Those who read with a size that gcc has checked: a bad one ends the program, as in libc. */
ssize_t __read_chk(int fd, void *p, size_t n, size_t size);
WS_EXPORT ssize_t __read_chk(int fd, void *p, size_t n, size_t size)
{
	if (ws_unlikely(n > size))
		return ws_real.__read_chk(fd, p, n, size);
	return read_at(fd, p, n, WS_SITE);
}

/* eventfd_read() and eventfd_write() call libc's own read() and write(). */
WS_EXPORT int eventfd_read(int fd, eventfd_t *v)
{
	return read_at(fd, v, sizeof(*v), WS_SITE) != sizeof(*v) ? -1 : 0;
}

WS_EXPORT int eventfd_write(int fd, eventfd_t v)
{
	return write_at(fd, &v, sizeof(v), WS_SITE) != sizeof(v) ? -1 : 0;
}

/* With an offset it is a file that can be sought in, which does not wait for others; with flags
 * the program says itself what it will wait for. */
WS_EXPORT ssize_t preadv2(int fd, const struct iovec *iov, int n, off_t o, int f)
{
	if (o == -1 && f == 0)
		return readv_at(fd, iov, n, WS_SITE);
	return ws_real.preadv2(fd, iov, n, o, f);
}

WS_EXPORT ssize_t pwritev2(int fd, const struct iovec *iov, int n, off_t o, int f)
{
	if (o == -1 && f == 0)
		return writev_at(fd, iov, n, WS_SITE);
	return ws_real.pwritev2(fd, iov, n, o, f);
}
