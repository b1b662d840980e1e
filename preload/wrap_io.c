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
#include <sys/uio.h>
#include <unistd.h>

#include "preload/channel.h"
#include "preload/export.h"
#include "preload/fdguard.h"
#include "preload/lifecycle.h"
#include "preload/real.h"

/* An fd as the tracer remembers it: one that the program has overwritten is elsewhere by now. */
static inline int tracers(int fd, uintptr_t site)
{
	if (ws_likely(atomic_load_explicit(&ws_fd_aliases, memory_order_relaxed) == 0))
		return fd;
	return ws_is_tracer_code(site) ? ws_fd_actual(fd) : fd;
}

static size_t total(const struct iovec *iov, int n)
{
	size_t size = 0;

	for (int i = 0; i < n; i++)
		size += iov[i].iov_len;
	return size;
}

WS_EXPORT ssize_t read(int fd, void *p, size_t n)
{
	struct ws_channel c;

	if (ws_likely(!ws_channel_open(&c, fd, true, WS_SITE)))
		return ws_real.read(fd, p, n);
	pthread_testcancel();
	ws_channel_before(&c);

	struct iovec iov = { p, n };
	ssize_t r;

	switch (ws_channel_try(&c, &iov, 1, &r)) {
	case WS_TRY_DONE:
		break;
	case WS_TRY_PASS:
		r = ws_real.read(fd, p, n);
		break;
	case WS_TRY_BLOCKS: {
		WS_CHANNEL_WAIT(wait, &c);
		r = ws_real.read(fd, p, n);
		ws_channel_outcome(&c, &wait, r);
		break;
	}
	}
	return ws_channel_after(&c, r);
}

WS_EXPORT ssize_t write(int fd, const void *p, size_t n)
{
	struct ws_channel c;

	fd = tracers(fd, WS_SITE);
	if (ws_likely(!ws_channel_open(&c, fd, false, WS_SITE)))
		return ws_real.write(fd, p, n);
	pthread_testcancel();
	ws_channel_before(&c);

	struct iovec iov = { (void *)(uintptr_t)p, n };
	ssize_t r;

	switch (ws_channel_try(&c, &iov, 1, &r)) {
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
	return ws_channel_after(&c, r);
}

WS_EXPORT ssize_t readv(int fd, const struct iovec *iov, int n)
{
	struct ws_channel c;

	if (ws_likely(!ws_channel_open(&c, fd, true, WS_SITE)))
		return ws_real.readv(fd, iov, n);
	pthread_testcancel();
	ws_channel_before(&c);

	ssize_t r;

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

WS_EXPORT ssize_t writev(int fd, const struct iovec *iov, int n)
{
	struct ws_channel c;

	if (ws_likely(!ws_channel_open(&c, fd, false, WS_SITE)))
		return ws_real.writev(fd, iov, n);
	pthread_testcancel();
	ws_channel_before(&c);

	ssize_t r;

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
