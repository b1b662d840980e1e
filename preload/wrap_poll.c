/* SPDX-License-Identifier: MIT */
/* wrap_poll.c: poll() and ppoll(): a wait for any of several files.
 *
 * Rules: see export.h. The try is the same call with no time to wait, on the program's own list:
 * what it answers but 0 is what the call would have answered at once, with the same signals let
 * in, and the list is as the call would have left it. Only once it has answered 0 is the list read
 * here: the kernel has just done so. Both are cancellation points, and so is the try.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <time.h>

#include "preload/export.h"
#include "preload/pollset.h"
#include "preload/real.h"
#include "preload/wait.h"

/* What a file is asked for, by side. Hang-ups and errors are always told. */
#define WRITE_EVENTS (POLLOUT | POLLWRNORM | POLLWRBAND)

static void collect(struct ws_pollset *set, struct ws_thread *self, const struct pollfd *fds,
		    nfds_t n, uintptr_t site)
{
	ws_pollset_begin(set);
	for (nfds_t i = 0; i < n; i++) {
		if (fds[i].fd < 0)
			continue;
		if (fds[i].events & ~WRITE_EVENTS || !(fds[i].events & WRITE_EVENTS))
			ws_pollset_add(set, self, fds[i].fd, true, site);
		if (fds[i].events & WRITE_EVENTS)
			ws_pollset_add(set, self, fds[i].fd, false, site);
	}
}

/* Notes which object ended the wait: the first in the list that is ready. */
static void note_end(const struct ws_pollset *set, struct ws_wait *wait, const struct pollfd *fds,
		     nfds_t n)
{
	for (nfds_t i = 0; i < n; i++) {
		if (fds[i].fd < 0 || !fds[i].revents)
			continue;
		ws_pollset_ended(set, wait, fds[i].fd, !(fds[i].revents & WRITE_EVENTS));
		return;
	}
}

/* A list without files is a sleep. */
static uint8_t kind_of(const struct pollfd *fds, nfds_t n)
{
	for (nfds_t i = 0; i < n; i++) {
		if (fds[i].fd >= 0)
			return WS_KIND_POLL;
	}
	return WS_KIND_SLEEP;
}

static __attribute__((noinline)) int poll_blocked(struct ws_thread *self, struct pollfd *fds,
						  nfds_t n, int timeout, uintptr_t site)
{
	struct ws_pollset set;

	collect(&set, self, fds, n, site);

	WS_WAIT(wait, .self = self, .site = site, .kind = kind_of(fds, n),
		.flags = timeout > 0 ? WS_WAIT_TIMED : 0, .others = set.objects, .n_others = set.n);
	int r = ws_real.poll(fds, n, timeout);

	ws_poll_outcome(&wait, r);
	if (r > 0)
		note_end(&set, &wait, fds, n);
	return r;
}

WS_EXPORT int poll(struct pollfd *fds, nfds_t n, int timeout)
{
	struct ws_thread *self;

	if (timeout == 0 || ws_unlikely(!(self = ws_thread())))
		return ws_real.poll(fds, n, timeout);

	int r = ws_real.poll(fds, n, 0);

	return ws_likely(r != 0) ? r : poll_blocked(self, fds, n, timeout, WS_SITE);
}

WS_EXPORT int __poll_chk(struct pollfd *fds, nfds_t n, int timeout, size_t size)
{
	struct ws_thread *self;

	if (timeout == 0 || ws_unlikely(!(self = ws_thread())))
		return ws_real.__poll_chk(fds, n, timeout, size);

	int r = ws_real.__poll_chk(fds, n, 0, size);

	return ws_likely(r != 0) ? r : poll_blocked(self, fds, n, timeout, WS_SITE);
}

static const struct timespec no_time;

static __attribute__((noinline)) int ppoll_blocked(struct ws_thread *self, struct pollfd *fds,
						   nfds_t n, const struct timespec *limit,
						   const sigset_t *mask, uintptr_t site)
{
	struct ws_pollset set;

	collect(&set, self, fds, n, site);

	WS_WAIT(wait, .self = self, .site = site, .kind = kind_of(fds, n),
		.flags = limit ? WS_WAIT_TIMED : 0, .others = set.objects, .n_others = set.n);
	int r = ws_real.ppoll(fds, n, limit, mask);

	ws_poll_outcome(&wait, r);
	if (r > 0)
		note_end(&set, &wait, fds, n);
	return r;
}

WS_EXPORT int ppoll(struct pollfd *fds, nfds_t n, const struct timespec *limit,
		    const sigset_t *mask)
{
	struct ws_thread *self;

	if (!ws_poll_may_wait(limit) || ws_unlikely(!(self = ws_thread())))
		return ws_real.ppoll(fds, n, limit, mask);

	int r = ws_real.ppoll(fds, n, &no_time, mask);

	return ws_likely(r != 0) ? r : ppoll_blocked(self, fds, n, limit, mask, WS_SITE);
}

WS_EXPORT int __ppoll_chk(struct pollfd *fds, nfds_t n, const struct timespec *limit,
			  const sigset_t *mask, size_t size)
{
	struct ws_thread *self;

	if (!ws_poll_may_wait(limit) || ws_unlikely(!(self = ws_thread())))
		return ws_real.__ppoll_chk(fds, n, limit, mask, size);

	int r = ws_real.__ppoll_chk(fds, n, &no_time, mask, size);

	return ws_likely(r != 0) ? r : ppoll_blocked(self, fds, n, limit, mask, WS_SITE);
}
