/* SPDX-License-Identifier: MIT */
/* wrap_pipe.c: pipes, FIFOs, eventfds and their like: made, opened, removed.
 *
 * Rules: see export.h. Opening a FIFO waits for somebody to open the other end, and has no form
 * that only tries: O_NONBLOCK opens it for reading at once. So it is announced, and taken back
 * where the thread did not sleep. That a path is a FIFO's is asked before (stat), of the opens only
 * that could wait for a peer.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>

#include "preload/channel.h"
#include "preload/export.h"
#include "preload/fifo.h"
#include "preload/object.h"
#include "preload/raw.h"
#include "preload/real.h"
#include "preload/resource.h"
#include "preload/standing.h"

static int adopt_pair(int result, int p[2])
{
	if (result != 0)
		return result;

	int read_end = ws_fd_adopt(p[0]);
	int write_end = ws_fd_adopt(p[1]);

	if (read_end < 0 || write_end < 0) {
		if (read_end >= 0)
			ws_fd_close(read_end);
		if (write_end >= 0)
			ws_fd_close(write_end);
		errno = EMFILE;
		return -1;
	}
	p[0] = read_end;
	p[1] = write_end;
	return 0;
}

WS_EXPORT int pipe(int p[2])
{
	if (ws_unlikely(ws_is_tracer_code(WS_SITE)))
		return adopt_pair(ws_real.pipe(p), p);

	int r = ws_real.pipe(p);

	if (r == 0)
		ws_standing_pipe(p, WS_SITE);
	return r;
}

int __pipe(int p[2]) __THROW;
WS_EXPORT int pipe2(int p[2], int f)
{
	if (ws_unlikely(ws_is_tracer_code(WS_SITE)))
		return adopt_pair(ws_real.pipe2(p, f), p);

	int r = ws_real.pipe2(p, f);

	if (r == 0)
		ws_standing_pipe(p, WS_SITE);
	return r;
}

static int real_open(int folder, const char *path, int flags, mode_t mode, bool at)
{
	return at ? ws_real.openat(folder, path, flags, mode) : ws_real.open(path, flags, mode);
}

static int open_fifo(struct ws_thread *self, int folder, const char *path, int flags, mode_t mode,
		     bool at, const struct stat *st, uintptr_t site)
{
	struct ws_fifo_opening opening;
	int r;

	ws_fifo_begin(&opening, self, path, flags, st, site);
	{
		WS_FIFO_WAIT(wait, &opening);
		r = real_open(folder, path, flags, mode, at);
		ws_fifo_opened(&opening, &wait, r < 0);
	}
	ws_fifo_done(&opening);
	return r;
}

static int open_at(int folder, const char *path, int flags, mode_t mode, bool at, uintptr_t site)
{
	struct ws_thread *self;
	struct stat st;

	if (ws_unlikely(ws_is_tracer_code(site)))
		return ws_fd_adopt(real_open(folder, path, flags, mode, at));
	self = ws_thread();
	if (ws_unlikely(self && ws_fifo_opens(folder, path, flags, &st)))
		return open_fifo(self, folder, path, flags, mode, at, &st, site);
	return real_open(folder, path, flags, mode, at);
}

#define MODE(flags)                                                                                \
	({                                                                                         \
		mode_t mode_ = 0;                                                                  \
		if (__OPEN_NEEDS_MODE(flags)) {                                                    \
			va_list args_;                                                             \
			va_start(args_, flags);                                                    \
			mode_ = va_arg(args_, mode_t);                                             \
			va_end(args_);                                                             \
		}                                                                                  \
		mode_;                                                                             \
	})

WS_EXPORT int open(const char *p, int f, ...)
{
	return open_at(AT_FDCWD, p, f, MODE(f), false, WS_SITE);
}

int __open(const char *p, int f, ...) __nonnull((1));
int __open64(const char *p, int f, ...) __nonnull((1));
WS_EXPORT int openat(int folder, const char *p, int f, ...)
{
	return open_at(folder, p, f, MODE(f), true, WS_SITE);
}

WS_EXPORT int creat(const char *p, mode_t m)
{
	return open_at(AT_FDCWD, p, O_CREAT | O_WRONLY | O_TRUNC, m, false, WS_SITE);
}

/* What gcc calls with -D_FORTIFY_SOURCE: a missing mode ends the program, as it does in libc. */
int __open_2(const char *p, int f);
WS_EXPORT int __open_2(const char *p, int f)
{
	if (__OPEN_NEEDS_MODE(f))
		return ws_real.__open_2(p, f);
	return open_at(AT_FDCWD, p, f, 0, false, WS_SITE);
}

int __open64_2(const char *p, int f);
int __openat_2(int folder, const char *p, int f);
WS_EXPORT int __openat_2(int folder, const char *p, int f)
{
	if (__OPEN_NEEDS_MODE(f))
		return ws_real.__openat_2(folder, p, f);
	return open_at(folder, p, f, 0, true, WS_SITE);
}

int __openat64_2(int folder, const char *p, int f);
static int made_fifo(int result, int folder, const char *p, uintptr_t site)
{
	struct ws_thread *self = result == 0 ? ws_thread() : NULL;
	struct stat st;

	if (!self)
		return result;
	atomic_store_explicit(&ws_fifos, true, memory_order_relaxed);
	if (!ws_sandboxed && ws_wanted(object) &&
	    ws_raw_syscall(SYS_newfstatat, folder, (long)p, (long)&st, 0) == 0)
		ws_object_record_at(self, WS_KIND_FIFO, WS_OBJECT_INIT, st.st_ino, st.st_dev, 0, p,
				    site);
	return result;
}

WS_EXPORT int mkfifo(const char *p, mode_t m)
{
	return made_fifo(ws_real.mkfifo(p, m), AT_FDCWD, p, WS_SITE);
}

WS_EXPORT int mkfifoat(int folder, const char *p, mode_t m)
{
	return made_fifo(ws_real.mkfifoat(folder, p, m), folder, p, WS_SITE);
}

WS_EXPORT int mknod(const char *p, mode_t m, dev_t d)
{
	int r = ws_real.mknod(p, m, d);

	return S_ISFIFO(m) ? made_fifo(r, AT_FDCWD, p, WS_SITE) : r;
}

WS_EXPORT int mknodat(int folder, const char *p, mode_t m, dev_t d)
{
	int r = ws_real.mknodat(folder, p, m, d);

	return S_ISFIFO(m) ? made_fifo(r, folder, p, WS_SITE) : r;
}

/* The file of that name, if it is a FIFO. */
static bool is_fifo(int folder, const char *p, struct stat *ret)
{
	return ws_unlikely(atomic_load_explicit(&ws_fifos, memory_order_relaxed)) &&
	       !ws_sandboxed &&
	       ws_raw_syscall(SYS_newfstatat, folder, (long)p, (long)ret, AT_SYMLINK_NOFOLLOW) ==
		       0 &&
	       S_ISFIFO(ret->st_mode);
}

static int unlinked(int result, const struct stat *st, const char *p, uintptr_t site)
{
	struct ws_thread *self = result == 0 ? ws_thread() : NULL;

	if (self)
		ws_object_record_at(self, WS_KIND_FIFO, WS_OBJECT_UNLINK, st->st_ino, st->st_dev, 0,
				    p, site);
	return result;
}

WS_EXPORT int unlink(const char *p)
{
	struct stat st;

	if (ws_likely(!is_fifo(AT_FDCWD, p, &st)))
		return ws_real.unlink(p);
	return unlinked(ws_real.unlink(p), &st, p, WS_SITE);
}

WS_EXPORT int unlinkat(int folder, const char *p, int f)
{
	struct stat st;

	if (ws_likely(!is_fifo(folder, p, &st)))
		return ws_real.unlinkat(folder, p, f);
	return unlinked(ws_real.unlinkat(folder, p, f), &st, p, WS_SITE);
}

static int made(int fd, enum ws_fd_kind kind, uintptr_t site)
{
	if (ws_unlikely(ws_is_tracer_code(site)))
		return ws_fd_adopt(fd);
	if (fd >= 0 && ws_thread())
		ws_fd_made(fd, kind);
	return fd;
}

WS_EXPORT int eventfd(unsigned int n, int f)
{
	return made(ws_real.eventfd(n, f), WS_FD_EVENTFD, WS_SITE);
}

WS_EXPORT int timerfd_create(clockid_t c, int f)
{
	return made(ws_real.timerfd_create(c, f), WS_FD_TIMERFD, WS_SITE);
}

WS_EXPORT int signalfd(int fd, const sigset_t *m, int f)
{
	int r = ws_real.signalfd(fd, m, f);

	return fd == -1 ? made(r, WS_FD_SIGNALFD, WS_SITE) : r;
}
