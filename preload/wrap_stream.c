/* SPDX-License-Identifier: MIT */
/* wrap_stream.c: streams: opened, closed, and with a program at the other end.
 *
 * Rules: see export.h. An open of a FIFO waits for its other end, as that by open() does. A close
 * writes what the buffer holds, and waits where there is no room for it.
 *
 * What popen() starts is started within libc. Which process it is stands in the stream, behind what
 * is public of it; that it is a child of ours is asked of the kernel before it is believed.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "preload/channel.h"
#include "preload/clock.h"
#include "preload/export.h"
#include "preload/fifo.h"
#include "preload/file_lock.h"
#include "preload/lifecycle.h"
#include "preload/raw.h"
#include "preload/real.h"
#include "preload/resource.h"
#include "preload/stream.h"

/* What fopen() makes of its mode; O_RDWR: nothing that waits. */
static int flags_of(const char *mode)
{
	int flags = mode[0] == 'r' ? O_RDONLY : O_WRONLY;

	for (size_t i = 1; mode[i] && mode[i] != ',' && i < 7; i++) {
		if (mode[i] == '+')
			return O_RDWR;
		if (mode[i] == 'x')
			flags |= O_EXCL;
	}
	return flags;
}

/* What is known of the number of a stream that libc has just opened was another file's. */
static FILE *opened(FILE *f)
{
	if (f && f->_fileno >= 0 && ws_fd_is_known(f->_fileno) && ws_thread())
		ws_fd_forget(f->_fileno);
	return f;
}

/* `call` opens the path, and is a wait where that is a FIFO. */
#define OPENING(path, mode, call)                                                                  \
	({                                                                                         \
		struct ws_thread *self_ = ws_thread();                                             \
		struct stat st_;                                                                   \
		FILE *r_;                                                                          \
		if (ws_likely(!self_ || ws_is_tracer_code(WS_SITE) ||                              \
			      !ws_fifo_opens(AT_FDCWD, (path), flags_of(mode), &st_))) {           \
			r_ = (call);                                                               \
		} else {                                                                           \
			struct ws_fifo_opening opening_;                                           \
			ws_fifo_begin(&opening_, self_, (path), flags_of(mode), &st_, WS_SITE);    \
			{                                                                          \
				WS_FIFO_WAIT(wait_, &opening_);                                    \
				r_ = (call);                                                       \
				ws_fifo_opened(&opening_, &wait_, !r_);                            \
			}                                                                          \
			ws_fifo_done(&opening_);                                                   \
		}                                                                                  \
		opened(r_);                                                                        \
	})

WS_EXPORT FILE *fopen(const char *path, const char *mode)
{
	return OPENING(path, mode, ws_real.fopen(path, mode));
}

/* Tells those at the other end, before it is closed: the number may be another's afterwards. True:
 * the close waits, for there is no room for what the stream holds; then *c is what for. */
static bool closing(FILE *f, struct ws_channel *c, uintptr_t site)
{
	int fd = f ? f->_fileno : -1;
	bool blocks = false;

	if (fd < 0)
		return false;
	if (ws_unlikely(ws_stream_pending(f)) && !ws_sandboxed &&
	    ws_channel_open(c, fd, false, site)) {
		if (ws_waiters_any(ws_channel_wakes(c), true)) {
			ws_channel_wake(c, 0);
			ws_channel_wake_stack(c);
		}
		ws_channel_count(c->self, fd, false, ws_stream_pending(f));
		blocks = ws_channel_poll(c) == WS_TRY_BLOCKS;
	}
	if (!blocks)
		ws_channel_gone(fd, site);
	return blocks;
}

/* `call` closes the stream, within a wait if it is one; its success is `good`. */
#define CLOSING(type, f, good, call)                                                               \
	({                                                                                         \
		struct ws_channel c_;                                                              \
		type r_;                                                                           \
		if (ws_likely(!closing((f), &c_, WS_SITE))) {                                      \
			r_ = (call);                                                               \
		} else {                                                                           \
			WS_CHANNEL_WAIT(wait_, &c_);                                               \
			/* What else is told of the number is told now. */                         \
			ws_channel_gone(c_.fd, WS_SITE);                                           \
			r_ = (call);                                                               \
			ws_wait_errno(&wait_, (good) ? 0 : -1);                                    \
		}                                                                                  \
		r_;                                                                                \
	})

/* The locks on the file that go with the stream's fd, as with a close() of it. */
struct stream_locks {
	bool go;
	struct ws_file_closing closing;
};

static void locks_before(struct stream_locks *locks, const FILE *f, uintptr_t site)
{
	struct ws_thread *self;

	locks->go = false;
	if (ws_likely(atomic_load_explicit(&ws_file_holds, memory_order_relaxed) == 0) || !f ||
	    f->_fileno < 0)
		return;
	self = ws_thread();
	if (!self)
		return;
	ws_file_close_before(self, &locks->closing, f->_fileno, site);
	locks->go = true;
}

static void locks_after(struct stream_locks *locks)
{
	if (ws_unlikely(locks->go))
		ws_file_close_after(&locks->closing);
}

WS_EXPORT int fclose(FILE *f)
{
	struct stream_locks locks;

	locks_before(&locks, f, WS_SITE);
	int r = CLOSING(int, f, r_ == 0, ws_real.fclose(f));

	locks_after(&locks);
	return r;
}

WS_EXPORT FILE *freopen(const char *path, const char *mode, FILE *f)
{
	struct stream_locks locks;
	struct ws_channel c;
	FILE *r;

	/* It closes first, and then opens: of two waits in it, that for the open is the longer. */
	locks_before(&locks, f, WS_SITE);
	if (closing(f, &c, WS_SITE))
		ws_channel_gone(c.fd, WS_SITE);
	r = path ? OPENING(path, mode, ws_real.freopen(path, mode, f))
		 : ws_real.freopen(path, mode, f);
	locks_after(&locks);
	return r;
}

/* The child behind a stream of popen()'s that has not been collected; 0: none, or not known. */
static pid_t child_of(const FILE *f)
{
	/* glibc's struct _IO_proc_file: FILE, the table of its functions, the process. */
	enum { AT = sizeof(FILE) + sizeof(void *) };
	siginfo_t info = { 0 };
	pid_t pid;

	memcpy(&pid, (const char *)f + AT, sizeof(pid));
	if (ws_sandboxed || pid <= 0 ||
	    ws_raw_syscall6(SYS_waitid, P_PID, pid, (long)&info, WEXITED | WNOHANG | WNOWAIT, 0,
			    0) != 0)
		return 0;
	return pid;
}

WS_EXPORT FILE *popen(const char *command, const char *mode)
{
	struct ws_thread *self = ws_thread();
	uint64_t begin_ns = self ? ws_now_ns() : 0;
	FILE *f = opened(ws_real.popen(command, mode));

	if (self && f)
		ws_process_spawned(self, child_of(f), begin_ns, true);
	return f;
}

/* Waits for the child, once the pipe is closed. What the stream holds is written first, and where
 * the pipe has no room for it, it is the child, too, that is waited for. */
WS_EXPORT int pclose(FILE *f)
{
	struct ws_thread *self = ws_thread();
	struct ws_channel c;
	pid_t child;
	int r;

	if (!self || !f)
		return ws_real.pclose(f);
	if (closing(f, &c, WS_SITE))
		ws_channel_gone(c.fd, WS_SITE);
	child = child_of(f);
	{
		WS_WAIT(wait, .self = self, .object = (uintptr_t)child,
			.key = ws_waiters_key(WS_KIND_PROCESS, 0, 0, false), .site = WS_SITE,
			.kind = WS_KIND_PROCESS, .flags = WS_WAIT_SHARED);
		long slept = ws_times_slept();

		r = ws_real.pclose(f);
		ws_wait_errno(&wait, r == -1 ? -1 : 0);
		if (r != -1)
			wait.ender = child;
		if (slept >= 0 && ws_times_slept() == slept)
			wait.outcome = WS_OUTCOME_NO_WAIT;
	}
	if (child && r != -1)
		ws_process_reaped(self, child, r);
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
