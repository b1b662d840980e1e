/* SPDX-License-Identifier: MIT */
/* wrap_socket.c: sockets: made, connected, sent to and received from.
 *
 * Rules: see export.h. MSG_DONTWAIT is the form that only tries, and keeps the boundaries of
 * messages: each is sent or received by one call. Of a stream, the rest of a send that was done in
 * part follows in a call that blocks. The tracer's own sockets are moved out of the program's way
 * as they are made, see fdguard.h.
 */
#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>

#include "preload/channel.h"
#include "preload/copyin.h"
#include "preload/export.h"
#include "preload/raw.h"
#include "preload/real.h"
#include "preload/resource.h"
#include "preload/sockname.h"

/* The fds of a message that the tracer has received: where they cannot be moved they are guarded
 * in their place, since the daemon counts on their being there. */
static void adopt_received(struct msghdr *m)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;

		size_t n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);

		for (size_t i = 0; i < n; i++) {
			int fd;

			memcpy(&fd, CMSG_DATA(c) + i * sizeof(fd), sizeof(fd));
			int high = ws_fd_take(fd);

			if (high < 0) {
				ws_raw_fcntl(fd, F_SETFD, FD_CLOEXEC);
				ws_fd_guard(fd);
				continue;
			}
			memcpy(CMSG_DATA(c) + i * sizeof(high), &high, sizeof(high));
		}
	}
}

WS_EXPORT int socket(int d, int t, int p)
{
	if (ws_unlikely(ws_is_tracer_code(WS_SITE)))
		return ws_fd_adopt(ws_real.socket(d, t, p));
	return ws_real.socket(d, t, p);
}

WS_EXPORT int shutdown(int fd, int how)
{
	fd = ws_tracers_fd(fd, WS_SITE);
	if (ws_fd_is_known(fd))
		ws_channel_close(fd, WS_SITE);
	return ws_real.shutdown(fd, how);
}

/* accept() and accept4() are calls of their own to the kernel: the one that was made is made. */
static int real_accept(int fd, struct sockaddr *a, socklen_t *l, const int *flags)
{
	return flags ? ws_real.accept4(fd, a, l, *flags) : ws_real.accept(fd, a, l);
}

/* Waiting for a connection. `flags` is NULL for accept(). */
static int accept_block(int fd, struct sockaddr *a, socklen_t *l, const int *flags, uintptr_t site)
{
	struct ws_channel c;
	int r;

	if (!ws_channel_open(&c, fd, true, site))
		return real_accept(fd, a, l, flags);
	pthread_testcancel();
	if (ws_channel_poll(&c) == WS_TRY_BLOCKS) {
		WS_CHANNEL_WAIT(wait, &c);
		r = real_accept(fd, a, l, flags);
		ws_channel_outcome(&c, &wait, r);
	} else {
		r = real_accept(fd, a, l, flags);
	}
	if (r >= 0)
		ws_fd_made_by_accept(r);
	return r;
}

WS_EXPORT int accept(int fd, struct sockaddr *a, socklen_t *l)
{
	if (ws_unlikely(ws_is_tracer_code(WS_SITE)))
		return ws_fd_adopt(ws_real.accept(ws_fd_actual(fd), a, l));
	return accept_block(fd, a, l, NULL, WS_SITE);
}

WS_EXPORT int accept4(int fd, struct sockaddr *a, socklen_t *l, int flags)
{
	if (ws_unlikely(ws_is_tracer_code(WS_SITE)))
		return ws_fd_adopt(ws_real.accept4(ws_fd_actual(fd), a, l, flags));
	return accept_block(fd, a, l, &flags, WS_SITE);
}

/* Whoever accepts at that address may go on. Before the call, since the kernel lets it go in it. */
static void wake_listener(struct ws_thread *self, const struct sockaddr_storage *address,
			  socklen_t size, uintptr_t site)
{
	uint64_t listener = ws_sandboxed ? 0 : ws_socket_listener(address, size);
	struct ws_wake wake = {
		.self = self,
		.object = listener,
		.other = 1,
		.key = ws_waiters_key(WS_KIND_SOCKET, listener, 0, true),
		.site = site,
		.kind = WS_KIND_SOCKET,
		.op = WS_WAKE_SEND,
		.shared = true,
		.count = 1,
	};

	if (!listener)
		return;
	ws_wake_before(&wake);
	if (wake.begun)
		ws_wake_stack(&wake);
}

WS_EXPORT int connect(int fd, const struct sockaddr *a, socklen_t l)
{
	struct ws_thread *self = ws_thread();
	struct sockaddr_storage address;

	if (self && !ws_is_tracer_code(WS_SITE)) {
		/* What it was as yet unconnected. */
		ws_fd_forget(fd);
		memset(&address, 0, sizeof(address));
		if (l <= sizeof(address) && ws_copy_in(&address, a, l) == 0)
			wake_listener(self, &address, l, WS_SITE);
	}
	return ws_real.connect(fd, a, l);
}

int __connect(int fd, const struct sockaddr *a, socklen_t l);
/* The try with MSG_DONTWAIT, of whichever call. */
#define TRY(c, flags, r, call)                                                                     \
	(((flags) & (MSG_DONTWAIT | MSG_OOB | MSG_ERRQUEUE)) ||                                    \
			 WS_FD_FLAGS((c)->word) & WS_FD_NONBLOCK                                   \
		 ? WS_TRY_PASS                                                                     \
		 : tried(c, (r), (call)))

static enum ws_try tried(struct ws_channel *c, ssize_t *r, ssize_t result)
{
	*r = result;
	if (result >= 0 || errno != EAGAIN)
		return WS_TRY_DONE;
	return ws_channel_blocks(c);
}

/* The whole of a message that is received: MSG_WAITALL takes what there is and waits for more, so
 * that a try would take a part. */
static ssize_t receive(int fd, void *p, size_t n, int f, struct sockaddr *a, socklen_t *l,
		       uintptr_t site)
{
	struct ws_channel c;
	int saved = errno;
	enum ws_try try;
	ssize_t r = -1;

	if (ws_likely(!ws_channel_open(&c, fd, true, site)))
		return ws_real.recvfrom(fd, p, n, f, a, l);
	pthread_testcancel();
	ws_channel_before(&c);
	if (f & MSG_WAITALL && !(f & MSG_DONTWAIT))
		try = ws_channel_poll(&c);
	else
		try = TRY(&c, f, &r, ws_real.recvfrom(fd, p, n, f | MSG_DONTWAIT, a, l));
	if (try == WS_TRY_BLOCKS) {
		errno = saved;
		WS_CHANNEL_WAIT(wait, &c);
		r = ws_real.recvfrom(fd, p, n, f, a, l);
		ws_channel_outcome(&c, &wait, r);
	} else if (try == WS_TRY_PASS) {
		errno = saved;
		r = ws_real.recvfrom(fd, p, n, f, a, l);
	}
	return f & MSG_PEEK ? r : ws_channel_after(&c, r);
}

WS_EXPORT ssize_t recv(int fd, void *p, size_t n, int f)
{
	return receive(fd, p, n, f, NULL, NULL, WS_SITE);
}

WS_EXPORT ssize_t recvfrom(int fd, void *p, size_t n, int f, struct sockaddr *a, socklen_t *l)
{
	return receive(fd, p, n, f, a, l, WS_SITE);
}

WS_EXPORT ssize_t __recv_chk(int fd, void *p, size_t n, size_t size, int f)
{
	if (ws_unlikely(n > size))
		return ws_real.__recv_chk(fd, p, n, size, f);
	return receive(fd, p, n, f, NULL, NULL, WS_SITE);
}

WS_EXPORT ssize_t __recvfrom_chk(int fd, void *p, size_t n, size_t size, int f, struct sockaddr *a,
				 socklen_t *l)
{
	if (ws_unlikely(n > size))
		return ws_real.__recvfrom_chk(fd, p, n, size, f, a, l);
	return receive(fd, p, n, f, a, l, WS_SITE);
}

static ssize_t receive_message(struct ws_channel *c, int fd, struct msghdr *m, int f)
{
	int saved = errno;
	enum ws_try try;
	ssize_t r = -1;

	pthread_testcancel();
	ws_channel_before(c);
	if (f & MSG_WAITALL && !(f & MSG_DONTWAIT))
		try = ws_channel_poll(c);
	else
		try = TRY(c, f, &r, ws_real.recvmsg(fd, m, f | MSG_DONTWAIT));
	if (try == WS_TRY_BLOCKS) {
		errno = saved;
		WS_CHANNEL_WAIT(wait, c);
		r = ws_real.recvmsg(fd, m, f);
		ws_channel_outcome(c, &wait, r);
	} else if (try == WS_TRY_PASS) {
		errno = saved;
		r = ws_real.recvmsg(fd, m, f);
	}
	return f & MSG_PEEK ? r : ws_channel_after(c, r);
}

WS_EXPORT ssize_t recvmsg(int fd, struct msghdr *m, int f)
{
	struct ws_channel c;

	if (ws_unlikely(ws_is_tracer_code(WS_SITE))) {
		ssize_t n = ws_real.recvmsg(ws_fd_actual(fd), m, f | MSG_CMSG_CLOEXEC);

		if (n > 0)
			adopt_received(m);
		return n;
	}
	if (ws_likely(!ws_channel_open(&c, fd, true, WS_SITE)))
		return ws_real.recvmsg(fd, m, f);
	return receive_message(&c, fd, m, f);
}

static ssize_t send_all(int fd, const void *p, size_t n, int f, const struct sockaddr *a,
			socklen_t l, uintptr_t site)
{
	struct ws_channel c;
	int saved = errno;
	ssize_t r = -1;

	if (ws_likely(!ws_channel_open(&c, fd, false, site)))
		return ws_real.sendto(fd, p, n, f, a, l);
	pthread_testcancel();
	ws_channel_before(&c);

	struct iovec iov = { (void *)(uintptr_t)p, n };

	switch (TRY(&c, f, &r, ws_real.sendto(fd, p, n, f | MSG_DONTWAIT, a, l))) {
	case WS_TRY_DONE:
		if (ws_unlikely(r > 0 && (size_t)r < n && WS_FD_KIND(c.word) == WS_FD_STREAM))
			r = ws_channel_send_rest(&c, &iov, 1, n, (size_t)r, f);
		break;
	case WS_TRY_PASS:
		errno = saved;
		r = ws_real.sendto(fd, p, n, f, a, l);
		break;
	case WS_TRY_BLOCKS: {
		errno = saved;
		WS_CHANNEL_WAIT(wait, &c);
		r = ws_real.sendto(fd, p, n, f, a, l);
		ws_channel_outcome(&c, &wait, r);
		break;
	}
	}
	return ws_channel_after(&c, r);
}

WS_EXPORT ssize_t send(int fd, const void *p, size_t n, int f)
{
	return send_all(ws_tracers_fd(fd, WS_SITE), p, n, f, NULL, 0, WS_SITE);
}

ssize_t __send(int fd, const void *p, size_t n, int f);
WS_EXPORT ssize_t sendto(int fd, const void *p, size_t n, int f, const struct sockaddr *a,
			 socklen_t l)
{
	return send_all(fd, p, n, f, a, l, WS_SITE);
}

static size_t total(const struct msghdr *m)
{
	size_t size = 0;

	for (size_t i = 0; i < m->msg_iovlen; i++)
		size += m->msg_iov[i].iov_len;
	return size;
}

WS_EXPORT ssize_t sendmsg(int fd, const struct msghdr *m, int f)
{
	struct ws_channel c;
	int saved = errno;
	ssize_t r = -1;

	fd = ws_tracers_fd(fd, WS_SITE);
	if (ws_likely(!ws_channel_open(&c, fd, false, WS_SITE)))
		return ws_real.sendmsg(fd, m, f);
	pthread_testcancel();
	ws_channel_before(&c);
	switch (TRY(&c, f, &r, ws_real.sendmsg(fd, m, f | MSG_DONTWAIT))) {
	case WS_TRY_DONE:
		/* The kernel has read the message: it may be looked at. */
		if (r > 0 && WS_FD_KIND(c.word) == WS_FD_STREAM && (size_t)r < total(m))
			r = ws_channel_send_rest(&c, m->msg_iov, (int)m->msg_iovlen, total(m),
						 (size_t)r, f);
		break;
	case WS_TRY_PASS:
		errno = saved;
		r = ws_real.sendmsg(fd, m, f);
		break;
	case WS_TRY_BLOCKS: {
		errno = saved;
		WS_CHANNEL_WAIT(wait, &c);
		r = ws_real.sendmsg(fd, m, f);
		ws_channel_outcome(&c, &wait, r);
		break;
	}
	}
	return ws_channel_after(&c, r);
}
