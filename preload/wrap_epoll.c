/* SPDX-License-Identifier: MIT */
/* wrap_epoll.c: epoll_wait() and its forms: a wait for any file of a set that the kernel keeps.
 *
 * Rules: see export.h. The try is the same call with no time to wait: what it returns is what the
 * call would have returned at once. A signal that the call would let in is let in by the call that
 * follows. Servers block here for each request, so the set's files are counted as waited for but
 * not recorded, except for the one that ended the wait.
 */
#include <errno.h>
#include <signal.h>
#include <sys/epoll.h>
#include <time.h>

#include "preload/copyin.h"
#include "preload/epollset.h"
#include "preload/export.h"
#include "preload/pollset.h"
#include "preload/real.h"
#include "preload/wait.h"

static inline int made(int epfd)
{
	if (epfd >= 0 && ws_thread())
		ws_epoll_made(epfd);
	return epfd;
}

WS_EXPORT int epoll_create(int size)
{
	return made(ws_real.epoll_create(size));
}

WS_EXPORT int epoll_create1(int flags)
{
	return made(ws_real.epoll_create1(flags));
}

WS_EXPORT int epoll_ctl(int epfd, int op, int fd, struct epoll_event *event)
{
	int r = ws_real.epoll_ctl(epfd, op, fd, event);

	if (r == 0 && ws_thread())
		ws_epoll_changed(epfd, op, fd, event);
	return r;
}

/* A call of the family, as it was made. */
struct call {
	struct ws_thread *self;
	int epfd;
	struct epoll_event *events;
	int n;
	int timeout; /* ms; -1: none. Not of epoll_pwait2() */
	bool timed;
	const struct timespec *limit; /* of epoll_pwait2(); NULL: none */
	const sigset_t *mask;
	uintptr_t site;
};

typedef int call_fn(const struct call *c);

static __attribute__((noinline)) int blocked(const struct call *c, call_fn *real)
{
	struct ws_pollset set;
	struct ws_wait_other ender;

	ws_epoll_collect(&set, c->self, c->epfd, c->site);

	WS_WAIT(wait, .self = c->self, .object = (uintptr_t)(unsigned int)c->epfd + 1,
		.site = c->site, .kind = WS_KIND_POLL, .flags = c->timed ? WS_WAIT_TIMED : 0,
		.others = set.objects, .n_others = set.n, .others_unsaid = true);
	int r = real(c);

	ws_poll_outcome(&wait, r);
	wait.which = WS_POLL_OTHER;
	if (r > 0 && wait.begun &&
	    ws_epoll_ender(&set, c->self, c->epfd, c->events, r, c->site, &ender)) {
		ws_wait_also(&wait, ender.kind, ender.object, ender.other, ender.flags);
		wait.which = WS_POLL_OTHER + 1;
	}
	return r;
}

static int real_wait(const struct call *c)
{
	return ws_real.epoll_wait(c->epfd, c->events, c->n, c->timeout);
}

WS_EXPORT int epoll_wait(int epfd, struct epoll_event *events, int n, int timeout)
{
	struct ws_thread *self;

	if (timeout == 0 || ws_unlikely(!(self = ws_thread())))
		return ws_real.epoll_wait(epfd, events, n, timeout);

	int r = ws_real.epoll_wait(epfd, events, n, 0);

	if (ws_likely(r != 0))
		return r;

	struct call c = {
		.self = self,
		.epfd = epfd,
		.events = events,
		.n = n,
		.timeout = timeout,
		.timed = timeout > 0,
		.site = WS_SITE,
	};

	return blocked(&c, real_wait);
}

static int real_pwait(const struct call *c)
{
	return ws_real.epoll_pwait(c->epfd, c->events, c->n, c->timeout, c->mask);
}

WS_EXPORT int epoll_pwait(int epfd, struct epoll_event *events, int n, int timeout,
			  const sigset_t *mask)
{
	struct ws_thread *self;

	if (timeout == 0 || ws_unlikely(!(self = ws_thread())))
		return ws_real.epoll_pwait(epfd, events, n, timeout, mask);

	int r = ws_real.epoll_pwait(epfd, events, n, 0, mask);

	if (ws_likely(r != 0))
		return r;

	struct call c = {
		.self = self,
		.epfd = epfd,
		.events = events,
		.n = n,
		.timeout = timeout,
		.timed = timeout > 0,
		.mask = mask,
		.site = WS_SITE,
	};

	return blocked(&c, real_pwait);
}

static int real_pwait2(const struct call *c)
{
	return ws_real.epoll_pwait2(c->epfd, c->events, c->n, c->limit, c->mask);
}

/* The kernel reads the limit, and libc does not. */
WS_EXPORT int epoll_pwait2(int epfd, struct epoll_event *events, int n,
			   const struct timespec *limit, const sigset_t *mask)
{
	static const struct timespec no_time;
	struct ws_thread *self;
	struct timespec copy;

	if ((limit && (ws_copy_in(&copy, limit, sizeof(copy)) != 0 || !ws_poll_may_wait(&copy))) ||
	    ws_unlikely(!(self = ws_thread())))
		return ws_real.epoll_pwait2(epfd, events, n, limit, mask);

	int r = ws_real.epoll_pwait2(epfd, events, n, &no_time, mask);

	if (ws_likely(r != 0))
		return r;

	struct call c = {
		.self = self,
		.epfd = epfd,
		.events = events,
		.n = n,
		.timed = limit != NULL,
		.limit = limit,
		.mask = mask,
		.site = WS_SITE,
	};

	return blocked(&c, real_pwait2);
}
