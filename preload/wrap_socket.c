/* SPDX-License-Identifier: MIT */
/* wrap_socket.c: sockets: made, named, connected. Sent to and received from: wrap_message.c.
 *
 * Rules: see export.h. The tracer's own sockets are moved out of the program's way as they are
 * made, see fdguard.h.
 */
#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>

#include "preload/channel.h"
#include "preload/copyin.h"
#include "preload/export.h"
#include "preload/object.h"
#include "preload/raw.h"
#include "preload/real.h"
#include "preload/resource.h"
#include "preload/sockname.h"
#include "preload/stream.h"

WS_EXPORT int socket(int d, int t, int p)
{
	if (ws_unlikely(ws_is_tracer_code(WS_SITE)))
		return ws_fd_adopt(ws_real.socket(d, t, p));
	return ws_real.socket(d, t, p);
}

/* What is known of their numbers was of files that libc has closed itself. */
WS_EXPORT int socketpair(int d, int t, int p, int v[2])
{
	int r = ws_real.socketpair(d, t, p, v);

	if (r == 0 && ws_thread()) {
		ws_fd_forget(v[0]);
		ws_fd_forget(v[1]);
	}
	return r;
}

/* A name is what a socket for datagrams is known by. */
WS_EXPORT int bind(int fd, const struct sockaddr *a, socklen_t l)
{
	int r = ws_real.bind(fd, a, l);

	if (r == 0 && ws_fd_is_known(fd) && ws_thread())
		ws_fd_forget(fd);
	return r;
}

WS_EXPORT int shutdown(int fd, int how)
{
	fd = ws_tracers_fd(fd, WS_SITE);
	/* Whether it was used before or not: what has no word yet is looked at. */
	if (ws_thread() && !ws_is_tracer_code(WS_SITE) && ws_fd_word(fd))
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
	/* Whoever waits to connect has room then. */
	ws_channel_before(&c);
	if (ws_channel_poll(&c) == WS_TRY_BLOCKS) {
		WS_CHANNEL_WAIT(wait, &c);
		r = real_accept(fd, a, l, flags);
		ws_channel_outcome(&c, &wait, r);
	} else {
		r = real_accept(fd, a, l, flags);
	}
	if (r < 0)
		return r;
	ws_fd_made_by_accept(r);
	ws_channel_after(&c, 0);
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
static void wake_listener(struct ws_thread *self, uint64_t listener, uintptr_t site)
{
	struct ws_wake wake = ws_socket_wake(self, listener, site);

	ws_wake_before(&wake);
	if (wake.begun)
		ws_wake_stack(&wake);
}

/* A connect that may wait for the listener to accept others first. No form of it only tries, so it
 * is announced, and taken back where the thread did not sleep. */
static int connect_block(struct ws_thread *self, int fd, const struct sockaddr *a, socklen_t l,
			 const struct sockaddr_storage *address, uint64_t listener, uintptr_t site)
{
	char name[160];
	long slept = ws_times_slept();

	WS_WAIT(wait, .self = self, .object = listener, .other = 1,
		.key = ws_waiters_key(WS_KIND_SOCKET, listener, 1, false), .site = site,
		.kind = WS_KIND_SOCKET, .flags = WS_WAIT_SHARED);
	int r = ws_real.connect(fd, a, l);
	int error = errno;

	if (slept >= 0 && ws_times_slept() == slept) {
		wait.outcome = WS_OUTCOME_NO_WAIT;
		return r;
	}
	/* A time limit of the socket's own (SO_SNDTIMEO). */
	if (r == -1 && (error == EAGAIN || error == EINPROGRESS))
		error = ETIMEDOUT;
	ws_wait_result(&wait, r == -1 ? error : 0);
	if (ws_wanted(object) && ws_object_is_news(WS_KIND_SOCKET, listener, 0)) {
		ws_socket_listener_name(address, l, name, sizeof(name));
		if (name[0])
			ws_object_record_at(self, WS_KIND_SOCKET, WS_OBJECT_OPEN, listener, 0, 0,
					    name, site);
	}
	return r;
}

WS_EXPORT int connect(int fd, const struct sockaddr *a, socklen_t l)
{
	struct ws_thread *self = ws_thread();
	struct sockaddr_storage address;
	uint64_t listener;

	if (!self || ws_is_tracer_code(WS_SITE))
		return ws_real.connect(fd, a, l);
	/* What it was as yet unconnected. */
	ws_fd_forget(fd);
	memset(&address, 0, sizeof(address));
	if (ws_sandboxed || l > sizeof(address) || ws_copy_in(&address, a, l) != 0 ||
	    !(listener = ws_socket_listener(&address, l)))
		return ws_real.connect(fd, a, l);
	wake_listener(self, listener, WS_SITE);
	if (!ws_socket_connect_waits(fd))
		return ws_real.connect(fd, a, l);
	return connect_block(self, fd, a, l, &address, listener, WS_SITE);
}
