/* SPDX-License-Identifier: MIT */
/* wrap_message.c: what is sent to sockets and received from them.
 *
 * Rules: see export.h. MSG_DONTWAIT is the form that only tries, and keeps the boundaries of
 * messages: each is sent or received by one call. Of a stream, the rest of a send that was done in
 * part follows in a call that blocks.
 *
 * A datagram that is sent to an address lets whoever waits there go on. To look for that costs more
 * than the call: it is done only once somebody has waited for a datagram in this recording.
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

/* A datagram that is sent to an address: what gets it is known by that. */
struct datagram {
	struct ws_wake wake;
	uint64_t queue; /* 0: not known, or nobody has ever waited for one */
};

static bool has_address(const struct ws_channel *c, const void *a)
{
	return ws_unlikely(a && WS_FD_KIND(c->word) == WS_FD_PACKET) && !ws_sandboxed;
}

static void datagram_begin(struct datagram *d, const struct ws_channel *c, const void *a,
			   socklen_t l)
{
	struct sockaddr_storage address;

	d->queue = 0;
	memset(&address, 0, sizeof(address));
	if (l <= sizeof(address) && ws_copy_in(&address, a, l) == 0)
		d->queue = ws_socket_queue(&address, l);
	d->wake = ws_socket_wake(c->self, d->queue, c->site);
	if (d->queue)
		ws_wake_before(&d->wake);
}

/* It would block: what gets it is full, or it has no name and it is the socket itself. */
#define DATAGRAM_WAIT(name, c, d)                                                                  \
	WS_WAIT(name, .self = (c)->self,                                                           \
		.object = (d)->queue ? (d)->queue : ws_fds[(c)->fd].object,                        \
		.other = (d)->queue ? 1 : ws_fds[(c)->fd].other,                                   \
		.key = (d)->queue ? ws_waiters_key(WS_KIND_SOCKET, (d)->queue, 1, false)           \
				  : ws_fds[(c)->fd].own_key,                                       \
		.site = (c)->site, .kind = WS_KIND_SOCKET, .flags = WS_WAIT_SHARED)

static void datagram_end(struct datagram *d, const struct ws_channel *c, ssize_t r)
{
	/* The first that it sends gives a socket a name of its own. */
	if (r >= 0 && ws_fds[c->fd].object == ws_fds[c->fd].inode)
		ws_fd_forget(c->fd);
	if (d->queue && (r >= 0 || d->wake.begun))
		ws_wake_after(&d->wake);
}

/* True where the address is looked at: somebody has waited for datagrams. */
static bool are_datagrams_waited_for(void)
{
	return ws_waiters_any(WS_DATAGRAMS_KEY, true);
}

/* By sendmsg() where there is an `m`, else by sendto(). */
static ssize_t real_send(const struct ws_channel *c, const struct msghdr *m, const void *p,
			 size_t n, int f, const struct sockaddr *a, socklen_t l)
{
	return m ? ws_real.sendmsg(c->fd, m, f) : ws_real.sendto(c->fd, p, n, f, a, l);
}

static ssize_t send_datagram(struct ws_channel *c, const struct msghdr *m, const void *p, size_t n,
			     int f, const struct sockaddr *a, socklen_t l)
{
	struct datagram d = { .queue = 0 };
	int saved = errno;
	ssize_t r = -1;
	bool looked = are_datagrams_waited_for();

	if (looked)
		datagram_begin(&d, c, a, l);
	switch (TRY(c, f, &r, real_send(c, m, p, n, f | MSG_DONTWAIT, a, l))) {
	case WS_TRY_DONE:
		break;
	case WS_TRY_PASS:
		errno = saved;
		r = real_send(c, m, p, n, f, a, l);
		break;
	case WS_TRY_BLOCKS: {
		errno = saved;
		if (!looked)
			datagram_begin(&d, c, a, l);
		DATAGRAM_WAIT(wait, c, &d);
		r = real_send(c, m, p, n, f, a, l);
		ws_channel_outcome(c, &wait, r);
		break;
	}
	}
	datagram_end(&d, c, r);
	return r;
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
	if (has_address(&c, a))
		return send_datagram(&c, NULL, p, n, f, a, l);
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
	if (WS_FD_KIND(c.word) == WS_FD_PACKET && are_datagrams_waited_for()) {
		struct msghdr copy;

		if (ws_copy_in(&copy, m, sizeof(copy)) == 0 && has_address(&c, copy.msg_name))
			return send_datagram(&c, m, NULL, 0, f, copy.msg_name, copy.msg_namelen);
	}
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

/* A time limit that is over. The kernel has accepted it, and written what remains. */
static bool is_over(const struct timespec *t)
{
	return t && !t->tv_sec && !t->tv_nsec;
}

/* After a call with several messages, of which `n` were moved: the kernel says how long each is. */
static ssize_t messages_after(struct ws_channel *c, const struct mmsghdr *m, ssize_t n, int f)
{
	size_t bytes = 0;

	if (n <= 0 || f & MSG_PEEK)
		return n;
	for (ssize_t i = 0; i < n; i++)
		bytes += m[i].msg_len;
	ws_channel_after(c, (ssize_t)bytes);
	return n;
}

/* Several messages by one call. What it gets without waiting it has got; it waits for the rest,
 * unless one is enough (MSG_WAITFORONE). Of a time limit the kernel takes note after each message
 * only, and leaves what remains of it. */
WS_EXPORT int recvmmsg(int fd, struct mmsghdr *m, unsigned int n, int f, struct timespec *t)
{
	struct ws_channel c;
	int saved = errno, got = 0;
	ssize_t r = -1;

	if (ws_likely(!ws_channel_open(&c, fd, true, WS_SITE)))
		return ws_real.recvmmsg(fd, m, n, f, t);
	pthread_testcancel();
	ws_channel_before(&c);
	switch (f & MSG_WAITALL ? ws_channel_poll(&c)
				: TRY(&c, f, &r, ws_real.recvmmsg(fd, m, n, f | MSG_DONTWAIT, t))) {
	case WS_TRY_DONE:
		if (r <= 0 || (unsigned int)r >= n || (f & MSG_WAITFORONE) || is_over(t) ||
		    ws_channel_blocks(&c) != WS_TRY_BLOCKS)
			break;
		got = (int)r;
		__attribute__((fallthrough));
	case WS_TRY_BLOCKS: {
		errno = saved;
		WS_CHANNEL_WAIT(wait, &c);
		r = ws_real.recvmmsg(fd, m + got, n - (unsigned int)got, f, t);
		ws_channel_outcome(&c, &wait, r);
		if (got) {
			r = r > 0 ? r + got : got;
			errno = saved;
		}
		break;
	}
	case WS_TRY_PASS:
		errno = saved;
		r = ws_real.recvmmsg(fd, m, n, f, t);
		break;
	}
	return (int)messages_after(&c, m, r, f);
}

/* The same of sending: the first that would block is waited for, with those after it. One to an
 * address of its own is not known to those who wait there. */
WS_EXPORT int sendmmsg(int fd, struct mmsghdr *m, unsigned int n, int f)
{
	struct ws_channel c;
	int saved = errno, sent = 0;
	enum ws_try try;
	ssize_t r = -1;

	if (ws_likely(!ws_channel_open(&c, fd, false, WS_SITE)))
		return ws_real.sendmmsg(fd, m, n, f);
	pthread_testcancel();
	ws_channel_before(&c);
	/* Of a stream a message may be taken in part, and the kernel is to go on with it. */
	if (WS_FD_KIND(c.word) != WS_FD_PACKET)
		try = f & MSG_DONTWAIT ? WS_TRY_PASS : ws_channel_poll(&c);
	else
		try = TRY(&c, f, &r, ws_real.sendmmsg(fd, m, n, f | MSG_DONTWAIT));
	switch (try) {
	case WS_TRY_DONE:
		if (r <= 0 || (unsigned int)r >= n || ws_channel_blocks(&c) != WS_TRY_BLOCKS)
			break;
		sent = (int)r;
		__attribute__((fallthrough));
	case WS_TRY_BLOCKS: {
		errno = saved;
		WS_CHANNEL_WAIT(wait, &c);
		r = ws_real.sendmmsg(fd, m + sent, n - (unsigned int)sent, f);
		ws_channel_outcome(&c, &wait, r);
		if (sent) {
			r = r > 0 ? r + sent : sent;
			errno = saved;
		}
		break;
	}
	case WS_TRY_PASS:
		errno = saved;
		r = ws_real.sendmmsg(fd, m, n, f);
		break;
	}
	return (int)messages_after(&c, m, r, f);
}
