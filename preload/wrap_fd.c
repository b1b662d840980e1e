/* SPDX-License-Identifier: MIT */
/* wrap_fd.c: file descriptors: the tracer's are moved out of the program's way as they are made,
 * and are not there for the program that closes or overwrites them. See fdguard.h.
 *
 * Rules: see export.h. For the program's own calls that make an fd, or write to one, it all comes
 * to one look at the return address or at one counter, and a jump.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <unistd.h>

#include "preload/channel.h"
#include "preload/export.h"
#include "preload/fdguard.h"
#include "preload/file_lock.h"
#include "preload/lifecycle.h"
#include "preload/raw.h"
#include "preload/real.h"
#include "preload/resource.h"
#include "preload/thread.h"
#include "preload/wrap_record_lock.h"
#include "preload/standing.h"

/* A vfork child shares our memory but not our fds: what it does to them must not be noted. */
static bool in_vfork_child(void)
{
	const struct ws_thread *self = ws_self;

	return self && self->quiet == WS_QUIET_VFORK;
}

static inline bool may_hold_locks(void)
{
	return atomic_load_explicit(&ws_file_holds, memory_order_relaxed) != 0;
}

static void locks_go(unsigned int first, unsigned int last, uintptr_t site)
{
	struct ws_thread *self = ws_unlikely(may_hold_locks()) ? ws_thread() : NULL;

	if (self)
		ws_file_close_range(self, first, last, site);
}

/* The program closes the number, or puts another file on it. */
static inline void gone(int fd, uintptr_t site)
{
	ws_standing_closed(fd);
	if (ws_unlikely(ws_fd_is_known(fd)))
		ws_channel_gone(fd, site);
	else if (ws_unlikely(ws_waiters_any(WS_PIPES_KEY, true)))
		ws_channel_unused_gone(fd, site);
}

/* Numbers that were never used are looked at up to here, where a whole range is closed. */
#define UNUSED_MAX 256u

static void gone_range(unsigned int first, unsigned int last, uintptr_t site)
{
	unsigned int top = (unsigned int)ws_fd_top();

	if (top < UNUSED_MAX && ws_unlikely(ws_waiters_any(WS_PIPES_KEY, true)))
		top = UNUSED_MAX;

	for (unsigned int fd = first; fd <= last && fd < top; fd++)
		gone((int)fd, site);
}

/* An fd that the program names, to which the tracer's are not there. */
static inline int seen(int fd, uintptr_t site)
{
	if (ws_likely(!ws_fd_is_guarded(fd)))
		return ws_tracers_fd(fd, site);
	return ws_is_tracer_code(site) ? ws_fd_actual(fd) : -1;
}

/* Shells ask in this way whether a number is in use, and then save what is there. */
WS_EXPORT int fcntl(int fd, int c, ...)
{
	va_list args;

	va_start(args, c);
	void *a = va_arg(args, void *);

	va_end(args);
	if (ws_unlikely(ws_is_record_lock(c)))
		return ws_record_lock(seen(fd, WS_SITE), c, a, WS_SITE);

	int r = ws_real.fcntl(seen(fd, WS_SITE), c, a);

	/* The flag is of what is open, which other numbers may stand for, too. */
	if (ws_unlikely(c == F_SETFL && r == 0) && !in_vfork_child())
		ws_fd_blocking_changed();
	return r;
}

WS_EXPORT int dup(int fd)
{
	return ws_real.dup(seen(fd, WS_SITE));
}

static __attribute__((noinline)) int close_slow(int fd, uintptr_t site)
{
	if (ws_is_tracer_code(site)) {
		/* One that the program has got rid of by a system call of its own is closed as
		 * well: LTTng has an assertion on the result. */
		int r = ws_real.close(ws_fd_release(fd));

		return r < 0 && errno == EBADF ? 0 : r;
	}
	if (ws_fd_is_guarded(fd))
		fd = -1; /* EBADF, and a cancellation point */
	gone(fd, site);

	struct ws_thread *self = ws_thread();
	struct ws_file_closing closing;

	if (!self || !may_hold_locks())
		return ws_real.close(fd);
	ws_file_close_before(self, &closing, fd, site);
	int r = ws_real.close(fd);

	ws_file_close_after(&closing);
	return r;
}

WS_EXPORT int close(int fd)
{
	if (ws_unlikely(ws_fd_is_known(fd) || ws_fd_is_guarded(fd) ||
			atomic_load_explicit(&ws_fd_aliases, memory_order_relaxed) != 0 ||
			may_hold_locks() || ws_waiters_any(WS_PIPES_KEY, true)))
		return close_slow(fd, WS_SITE);
	return ws_real.close(fd);
}

int __close(int fd);
/* Closes [first, last], in which nothing is guarded, where the kernel has no close_range(). */
static void close_each(unsigned int first, unsigned int last)
{
	for (unsigned int fd = first; fd <= last; fd++)
		ws_raw_close((int)fd);
}

WS_EXPORT int close_range(unsigned int a, unsigned int b, int f)
{
	int guarded = -1;

	if (!(f & CLOSE_RANGE_CLOEXEC)) {
		gone_range(a, b, WS_SITE);
		locks_go(a, b, WS_SITE);
	}
	/* Ours are close-on-exec as it is. */
	if (a <= b && !(f & CLOSE_RANGE_CLOEXEC))
		guarded = ws_fd_next(a, b);
	if (ws_likely(guarded < 0))
		return ws_real.close_range(a, b, f);

	/* The first piece brings the flags, and the errors; if it is empty, a number that cannot
	 * be open stands for it. */
	unsigned int first = a, last = (unsigned int)guarded - 1;

	if (a == (unsigned int)guarded)
		first = last = ~0u;
	int r = ws_real.close_range(first, last, f);

	while (r == 0 && guarded >= 0) {
		first = (unsigned int)guarded + 1;
		if (first > b)
			break;
		guarded = ws_fd_next(first, b);
		last = guarded >= 0 ? (unsigned int)guarded - 1 : b;
		if (guarded < 0 || (unsigned int)guarded > first)
			r = ws_real.close_range(first, last, f & ~CLOSE_RANGE_UNSHARE);
	}
	return r;
}

WS_EXPORT void closefrom(int fd)
{
	int saved = errno;
	unsigned int first = fd > 0 ? (unsigned int)fd : 0;
	int guarded;

	gone_range(first, ~0u, WS_SITE);
	locks_go(first, ~0u, WS_SITE);
	while ((guarded = ws_fd_next(first, ~0u)) >= 0) {
		if ((unsigned int)guarded > first &&
		    ws_real.close_range(first, (unsigned int)guarded - 1, 0) != 0)
			close_each(first, (unsigned int)guarded - 1);
		first = (unsigned int)guarded + 1;
	}
	errno = saved;
	ws_real.closefrom((int)first);
}

/* Before the program puts its fd `a` on the guarded number `b`. Returns the fd to be copied: -1 in
 * place of one that is not the program's to name. */
static __attribute__((noinline)) int make_way(int a, int b)
{
	if (ws_fd_is_guarded(a))
		return -1;
	if (!in_vfork_child() && ws_raw_fcntl(a, F_GETFD, 0) >= 0 && ws_fd_yield(b) != 0)
		return -1;
	return a;
}

/* Puts `a` on `b` (`f` -1: dup2()), where this process may hold locks on files. */
static __attribute__((noinline)) int dup_over_locks(int a, int b, int f, uintptr_t site)
{
	struct ws_thread *self = ws_thread();
	struct ws_file_closing closing;
	bool closes = self && a != b && !ws_sandboxed && ws_raw_fcntl(b, F_GETFD, 0) >= 0 &&
		      ws_raw_fcntl(a, F_GETFD, 0) >= 0;

	if (closes)
		ws_file_close_before(self, &closing, b, site);
	int r = f == -1 ? ws_real.dup2(a, b) : ws_real.dup3(a, b, f);

	if (closes)
		ws_file_close_after(&closing);
	return r;
}

WS_EXPORT int dup2(int a, int b)
{
	if (ws_unlikely(ws_fd_is_guarded(a) || ws_fd_is_guarded(b)))
		a = make_way(a, b);
	if (a != b)
		gone(b, WS_SITE);
	if (ws_unlikely(may_hold_locks()))
		return dup_over_locks(a, b, -1, WS_SITE);
	return ws_real.dup2(a, b);
}

int __dup2(int a, int b) __THROW;
WS_EXPORT int dup3(int a, int b, int f)
{
	if (ws_unlikely(ws_fd_is_guarded(a) || ws_fd_is_guarded(b)))
		a = make_way(a, b);
	if (a != b)
		gone(b, WS_SITE);
	if (ws_unlikely(f != -1 && may_hold_locks()))
		return dup_over_locks(a, b, f, WS_SITE);
	return ws_real.dup3(a, b, f);
}
