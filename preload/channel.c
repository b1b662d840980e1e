/* SPDX-License-Identifier: MIT */
/* channel.c: see channel.h. */
#include "preload/channel.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>

#include "preload/clock.h"
#include "preload/lifecycle.h"
#include "preload/object.h"
#include "preload/raw.h"
#include "preload/real.h"
#include "preload/resource.h"
#include "preload/select.h"
#include "preload/signals.h"
#include "preload/sockname.h"

/* What makes a count worth an event, at the end of a wait. */
#define FLUSH_CALLS  (64 * WS_CHANNEL_CALLS)
#define FLUSH_BYTES  (1u << 20)
#define BYTES(count) ((count) & (WS_CHANNEL_CALLS - 1))

static void fill_wake(const struct ws_channel *c, struct ws_wake *wake)
{
	const struct ws_fd_entry *entry = &ws_fds[c->fd];

	*wake = (struct ws_wake){
		.self = c->self,
		.object = entry->object,
		.other = entry->other,
		.site = c->site,
		.kind = ws_fd_event_kind(c->word),
		.op = c->reading ? WS_WAKE_RECEIVE : WS_WAKE_SEND,
		.shared = true,
		.count = 1,
		.seq = c->wake_seq,
		.begun = c->wake_seq != 0,
	};
}

void ws_channel_wake(struct ws_channel *c, uint8_t flags)
{
	struct ws_wake wake;

	fill_wake(c, &wake);
	ws_wake_record(&wake, flags);
	if (!wake.begun)
		return;
	c->wake_seq = wake.seq;
	if (flags & WS_WAKE_LATE)
		ws_channel_wake_stack(c);
}

void ws_channel_wake_stack(struct ws_channel *c)
{
	struct ws_wake wake;

	fill_wake(c, &wake);
	ws_wake_stack(&wake);
}

struct ws_wake ws_socket_wake(struct ws_thread *self, uint64_t object, uintptr_t site)
{
	return (struct ws_wake){
		.self = self,
		.object = object,
		.other = 1,
		.key = ws_waiters_key(WS_KIND_SOCKET, object, 0, true),
		.site = site,
		.kind = WS_KIND_SOCKET,
		.op = WS_WAKE_SEND,
		.shared = true,
		.count = 1,
	};
}

/* To ask for the address costs more than the call: only where somebody has waited for a datagram.
 */
void ws_channel_to_address(const struct ws_channel *c)
{
	if (ws_sandboxed || !ws_waiters_any(WS_DATAGRAMS_KEY, true))
		return;

	struct ws_wake wake = ws_socket_wake(c->self, ws_socket_peer_queue(c->fd), c->site);

	if (!wake.object)
		return;
	ws_wake_before(&wake);
	if (wake.begun)
		ws_wake_stack(&wake);
}

void ws_fd_name(struct ws_thread *self, int fd, uint64_t word, uintptr_t site)
{
	struct ws_fd_entry *entry = &ws_fds[fd];
	char path[512] = "";

	if (entry->named == entry->object || !ws_wanted(object))
		return;
	entry->named = entry->object;
	switch (WS_FD_KIND(word)) {
	case WS_FD_FIFO:
		ws_fd_readlink(fd, path, sizeof(path));
		break;
	case WS_FD_STREAM:
	case WS_FD_PACKET:
	case WS_FD_LISTENER:
		ws_socket_name(fd,
			       WS_FD_KIND(word) == WS_FD_LISTENER ||
				       (WS_FD_FLAGS(word) & WS_FD_ACCEPTED),
			       path, sizeof(path) - sizeof(" (listening)"));
		if (path[0] && WS_FD_KIND(word) == WS_FD_LISTENER)
			strcat(path, " (listening)");
		break;
	default:
		break;
	}
	if (!path[0])
		return;
	if (ws_unlikely(ws_select_on))
		ws_select_name(ws_fd_event_kind(word), entry->object, entry->other, path);

	WS_SECTION(self);
	struct ws_ev_object event = {
		.kind = ws_fd_event_kind(word),
		.op = WS_OBJECT_OPEN,
		.object = entry->object,
		.device = entry->other,
		.site = site,
		.name = path,
	};

	ws_definitions();
	ws_emit(object, &event);
}

/* How full it is, in a wait that has read `taken` bytes. A socket has buffers at both ends: only
 * what has come is told. */
static void look_at_fill(const struct ws_channel *c, uint64_t taken)
{
	enum ws_fd_kind kind = WS_FD_KIND(c->word);
	bool piped = kind == WS_FD_PIPE || kind == WS_FD_FIFO;
	struct ws_fill *fill = &ws_fds[c->fd].fill;
	int there = 0;

	if (ws_sandboxed || !(piped || (kind == WS_FD_STREAM && c->reading)))
		return;
	if (!ws_fill_is_due(fill) && taken <= atomic_load_explicit(&fill->most, memory_order_relaxed))
		return;
	if (ws_raw_syscall(SYS_ioctl, c->fd, FIONREAD, (long)&there, 0) != 0 || there < 0)
		return;

	long room = piped ? ws_raw_fcntl(c->fd, F_GETPIPE_SZ, 0) : 0;

	ws_fill_note(fill, taken, (uint64_t)there, room > 0 ? (uint64_t)room : 0);
}

enum ws_try ws_channel_blocks(struct ws_channel *c)
{
	struct ws_fd_entry *entry = &ws_fds[c->fd];

	if (ws_sandboxed || ws_is_tracer_code(c->site))
		return WS_TRY_PASS;

	uint64_t ns = ws_now_ns();

	if (ns - entry->verified_ns > WS_FD_TRUST_NS) {
		if (ws_fd_is_nonblocking(c->fd) || !ws_fd_verify(c->fd, c->word))
			return WS_TRY_PASS;
		entry->verified_ns = ns;
	}
	if (WS_FD_KIND(c->word) == WS_FD_PIPE || WS_FD_KIND(c->word) == WS_FD_FIFO)
		ws_channel_pipe_waits();
	if (WS_FD_KIND(c->word) == WS_FD_PACKET && c->reading)
		ws_waiters_moved(WS_DATAGRAMS_KEY, true);
	if (WS_FD_KIND(c->word) == WS_FD_SIGNALFD)
		entry->other = ws_signals_waiting_in();
	ws_fd_name(c->self, c->fd, c->word, c->site);
	if (!c->reading)
		look_at_fill(c, 0);
	return WS_TRY_BLOCKS;
}

enum ws_try ws_channel_poll(struct ws_channel *c)
{
	struct pollfd fd = { .fd = c->fd, .events = c->reading ? POLLIN : POLLOUT };

	if ((WS_FD_FLAGS(c->word) & WS_FD_NONBLOCK) || ws_sandboxed)
		return WS_TRY_PASS;
	return ws_raw_syscall(SYS_poll, (long)&fd, 1, 0, 0) == 0 ? ws_channel_blocks(c)
								 : WS_TRY_PASS;
}

static long try_vector(struct ws_channel *c, const struct iovec *iov, int n)
{
	/* An offset of -1: the file's own, as read() and write() have it. */
	return ws_raw_syscall6(c->reading ? SYS_preadv2 : SYS_pwritev2, c->fd, (long)iov, n, -1, -1,
			       RWF_NOWAIT);
}

/* A socket's own form of a try costs less: read() is recv() where something is asked for, write()
 * is send() to a stream. To a socket of messages it may also mean the end of one (MSG_EOR). */
static bool has_own_form(const struct ws_channel *c, size_t size)
{
	enum ws_fd_kind kind = WS_FD_KIND(c->word);

	return size && (kind == WS_FD_STREAM || (kind == WS_FD_PACKET && c->reading));
}

/* True if one buffer can be tried in the socket's own form; *result is a negative errno on failure.
 */
static bool try_socket(struct ws_channel *c, const void *p, size_t size, long *result)
{
	if (!has_own_form(c, size))
		return false;
	*result = ws_raw_syscall6(c->reading ? SYS_recvfrom : SYS_sendto, c->fd, (long)(uintptr_t)p,
				  (long)size, MSG_DONTWAIT, 0, 0);
	return true;
}

static enum ws_try try_it(struct ws_channel *c, const struct iovec *iov, int n, bool own,
			  ssize_t *result)
{
	uint32_t flags = WS_FD_FLAGS(c->word);
	uint32_t only_poll = c->reading ? WS_FD_READ_POLL : WS_FD_WRITE_POLL;

	if ((flags & WS_FD_NONBLOCK) || ws_sandboxed)
		return WS_TRY_PASS;
	if (flags & only_poll)
		return ws_channel_poll(c);
	/* A write waits only where the sum of what was written nears 2^64: see ws_channel_wrote().
	 */
	if (WS_FD_KIND(c->word) == WS_FD_EVENTFD && !c->reading)
		return WS_TRY_PASS;

	long r;

	if (!own || !try_socket(c, iov->iov_base, iov->iov_len, &r))
		r = try_vector(c, iov, n);
	switch (r) {
	case -EAGAIN:
		return ws_channel_blocks(c);
	case -EOPNOTSUPP:
	case -ENOSYS:
	case -EPERM:
		ws_fd_set_flags(c->fd, c->word, only_poll);
		return ws_channel_poll(c);
	default:
		break;
	}
	if (r < 0) {
		errno = (int)-r;
		r = -1;
	}
	*result = r;
	return WS_TRY_DONE;
}

enum ws_try ws_channel_try(struct ws_channel *c, const struct iovec *iov, int n, ssize_t *result)
{
	return try_it(c, iov, n, false, result);
}

enum ws_try ws_channel_try_one(struct ws_channel *c, const struct iovec *iov, ssize_t *result)
{
	return try_it(c, iov, 1, true, result);
}

void ws_channel_wrote(struct ws_channel *c, const void *value)
{
	uint64_t written;

	memcpy(&written, value, sizeof(written));
	if (written >> 32)
		ws_fd_set_flags(c->fd, c->word, WS_FD_WRITE_POLL);
}

void ws_channel_outcome(struct ws_channel *c, struct ws_wait *wait, ssize_t result)
{
	if (result < 0 && errno == EAGAIN) {
		/* Another process has made it O_NONBLOCK; or it has a time limit of its own. */
		if (ws_fd_is_nonblocking(c->fd)) {
			wait->outcome = WS_OUTCOME_NO_WAIT;
			return;
		}
		ws_wait_result(wait, ETIMEDOUT);
		return;
	}
	ws_wait_errno(wait, result < 0 ? -1 : 0);
	if (result > 0 && c->reading)
		look_at_fill(c, (uint64_t)result);
	ws_channel_flush(c->self, c->fd, false);
}

void ws_channel_got(const struct ws_channel *c, struct ws_wait *wait, const void *p, ssize_t result)
{
	struct signalfd_siginfo info;

	if (WS_FD_KIND(c->word) != WS_FD_SIGNALFD || result < (ssize_t)sizeof(info))
		return;
	memcpy(&info, p, sizeof(info));
	wait->ender = ws_signals_sender((int)info.ssi_signo, info.ssi_code, (pid_t)info.ssi_pid);
}

/* What is left, after the first `done` bytes, of the buffer in which they end. */
static void first_left(const struct iovec *iov, int n, size_t done, struct iovec *ret)
{
	for (int i = 0; i < n; i++) {
		if (done < iov[i].iov_len) {
			*ret = (struct iovec){ (char *)iov[i].iov_base + done,
					       iov[i].iov_len - done };
			return;
		}
		done -= iov[i].iov_len;
	}
	*ret = (struct iovec){ 0 };
}

/* As the kernel does it: a signal ends it, whether or not its handler restarts calls, for some
 * bytes are through. So the wait is poll()'s, which is never restarted, and a buffer at a time is
 * tried after it. */
ssize_t ws_channel_write_rest(struct ws_channel *c, const struct iovec *iov, int n, size_t size,
			      size_t done)
{
	int saved = errno;

	if (WS_FD_KIND(c->word) == WS_FD_STREAM)
		return ws_channel_send_rest(c, iov, n, size, done, 0);
	if (ws_channel_blocks(c) != WS_TRY_BLOCKS)
		return (ssize_t)done;

	WS_CHANNEL_WAIT(wait, c);

	while (done < size) {
		struct pollfd fd = { .fd = c->fd, .events = POLLOUT };
		struct iovec first;

		if (ws_real.poll(&fd, 1, -1) < 0) {
			ws_wait_result(&wait, errno);
			errno = saved;
			return (ssize_t)done;
		}

		first_left(iov, n, done, &first);
		ws_channel_before(c);

		long r = try_vector(c, &first, 1);

		if (r < 0 && r != -EAGAIN) {
			ws_wait_result(&wait, (int)-r);
			return (ssize_t)done;
		}
		done += r > 0 ? (size_t)r : 0;
	}
	ws_wait_result(&wait, 0);
	return (ssize_t)done;
}

/* poll() says that a socket has room only when much of it has: the rest is sent by calls that
 * block. A handler that restarts calls is thus not seen by the program, as if it had run before. */
ssize_t ws_channel_send_rest(struct ws_channel *c, const struct iovec *iov, int n, size_t size,
			     size_t done, int flags)
{
	int saved = errno;

	if (ws_channel_blocks(c) != WS_TRY_BLOCKS)
		return (ssize_t)done;

	WS_CHANNEL_WAIT(wait, c);

	while (done < size) {
		struct iovec first;

		first_left(iov, n, done, &first);

		ssize_t r = ws_real.sendto(c->fd, first.iov_base, first.iov_len, flags, NULL, 0);

		if (r < 0) {
			ws_channel_outcome(c, &wait, r);
			errno = saved;
			return (ssize_t)done;
		}
		done += (size_t)r;
	}
	ws_wait_result(&wait, 0);
	return (ssize_t)done;
}

void ws_channel_flush(struct ws_thread *self, int fd, bool all)
{
	struct ws_fd_entry *entry = &ws_fds[fd];
	uint64_t in = atomic_load_explicit(&entry->in, memory_order_relaxed);
	uint64_t out = atomic_load_explicit(&entry->out, memory_order_relaxed);

	if (!in && !out)
		return;
	if (!all && in < FLUSH_CALLS && out < FLUSH_CALLS && BYTES(in) < FLUSH_BYTES &&
	    BYTES(out) < FLUSH_BYTES)
		return;
	in = atomic_exchange(&entry->in, 0);
	out = atomic_exchange(&entry->out, 0);

	uint64_t priorities = atomic_exchange(&entry->priorities, 0);

	uint8_t kind = ws_fd_event_kind(atomic_load_explicit(&entry->word, memory_order_relaxed));
	struct ws_ev_transfer event = {
		.kind = kind,
		.object = entry->object,
		.other = entry->other,
		.bytes_in = BYTES(in),
		.bytes_out = BYTES(out),
		.calls_in = (uint32_t)(in / WS_CHANNEL_CALLS),
		.calls_out = (uint32_t)(out / WS_CHANNEL_CALLS),
		.ends = (uint8_t)((in ? WS_END_READS : 0) | (out ? WS_END_WRITES : 0)),
		.priority_low = (uint32_t)priorities,
		.priority_high = (uint32_t)(priorities >> 32),
	};

	ws_fill_take(&entry->fill, &event.fill, &event.room);
	if (kind == WS_KIND_NONE || !ws_wanted(transfer))
		return;
	if (ws_unlikely(ws_select_on) && !ws_select_object(kind, entry->object, entry->other))
		return;
	WS_SECTION(self);
	ws_definitions();
	ws_emit(transfer, &event);
}

/* The standard streams write when the process ends, and libc closes what it used: that it was at
 * the other end is all that tells those who waited there. */
static void record_standard(struct ws_thread *self, int fd)
{
	uint64_t word = ws_fd_word(fd);
	uint8_t kind = ws_fd_event_kind(word);
	struct ws_ev_transfer event = {
		.kind = kind,
		.object = ws_fds[fd].object,
		.other = ws_fds[fd].other,
		.ends = fd == 0 ? WS_END_READS : WS_END_WRITES,
	};

	if (!ws_kind_is_channel(kind) || kind == WS_KIND_SOCKET || !ws_wanted(transfer))
		return;
	if (ws_unlikely(ws_select_on) && !ws_select_object(kind, event.object, event.other))
		return;
	WS_SECTION(self);
	ws_definitions();
	ws_emit(transfer, &event);
}

void ws_channels_end(struct ws_thread *self)
{
	ws_channels_flush(self);
	for (int fd = 0; fd <= 2 && !ws_sandboxed; fd++)
		record_standard(self, fd);
}

/* Of those that nobody waits for nothing is asked. */
void ws_channels_exec(struct ws_thread *self, uintptr_t site)
{
	int n = ws_sandboxed ? 0 : ws_fd_top();

	ws_channels_flush(self);
	for (int fd = 0; fd < n; fd++) {
		uint64_t word = atomic_load_explicit(&ws_fds[fd].word, memory_order_acquire);

		if (WS_FD_KIND(word) <= WS_FD_MQ || (!ws_waiters_any(WS_FD_KEY(word), true) &&
						     !ws_waiters_any(WS_FD_KEY(word) | 1, true)))
			continue;

		int flags = ws_raw_fcntl(fd, F_GETFD, 0);

		if (flags >= 0 && (flags & FD_CLOEXEC))
			ws_channel_close(fd, site);
	}
}

void ws_channels_flush(struct ws_thread *self)
{
	int n = ws_fd_top();

	for (int fd = 0; fd < n; fd++)
		ws_channel_flush(self, fd, true);
}

/* Whom it concerns that the number is closed, a bit each: 1 those who write, 2 those who read. An
 * end of a pipe is for those at the other: a reader that waits is not let go by a reading end. */
static unsigned int concerned(int fd, uint64_t word)
{
	bool piped = WS_FD_KIND(word) == WS_FD_PIPE || WS_FD_KIND(word) == WS_FD_FIFO;
	int flags = piped && !ws_sandboxed ? ws_raw_fcntl(fd, F_GETFL, 0) : -1;

	if (flags >= 0 && (flags & O_ACCMODE) == O_RDONLY)
		return 1;
	return flags >= 0 && (flags & O_ACCMODE) == O_WRONLY ? 2 : 3;
}

void ws_channel_close(int fd, uintptr_t site)
{
	struct ws_thread *self = ws_thread();
	struct ws_fd_entry *entry = &ws_fds[fd];
	uint64_t word = atomic_load_explicit(&entry->word, memory_order_acquire);

	if (!self || WS_FD_KIND(word) == WS_FD_PLAIN || WS_FD_KIND(word) == WS_FD_UNKNOWN)
		return;
	ws_channel_flush(self, fd, true);

	uint64_t owners[2];
	unsigned int waited = 0, plain = 0;

	for (unsigned int side = 0; side <= 1; side++) {
		owners[side] = ws_plain_owner(WS_FD_KEY(word) | side);
		plain |= (owners[side] != 0) << side;
		waited |= (unsigned int)ws_waiters_any(WS_FD_KEY(word) | side, true) << side;
	}
	if (ws_likely(!(plain | waited)))
		return;

	unsigned int mask = concerned(fd, word);

	for (unsigned int side = 0; side <= 1; side++) {
		if (plain & mask & 1u << side)
			ws_plain_meet(self, WS_FD_KEY(word) | side, owners[side], WS_WAKE_CLOSE,
				      site);
	}
	if (!(waited & mask))
		return;

	struct ws_wake wake = {
		.self = self,
		.object = entry->object,
		.other = entry->other,
		.site = site,
		.kind = ws_fd_event_kind(word),
		.op = WS_WAKE_CLOSE,
		.shared = true,
		.count = WS_WAKE_ALL,
	};

	ws_wake_record(&wake, 0);
	ws_wake_stack(&wake);
}

/* In a vfork child the numbers are a copy, and what is known of them is its parent's. */
static bool in_vfork_child(void)
{
	const struct ws_thread *self = ws_self;

	return self && self->quiet == WS_QUIET_VFORK && !ws_thread();
}

/* Sockets are not looked at: to find out which one it is costs much more than the close. */
void ws_channel_unused_gone(int fd, uintptr_t site)
{
	struct stat st;

	if (!ws_wanted(wake) || ws_sandboxed || in_vfork_child() || !ws_thread() ||
	    ws_is_tracer_code(site) || ws_raw_fstat(fd, &st) != 0 || !S_ISFIFO(st.st_mode))
		return;
	ws_fd_word(fd);
	ws_channel_gone(fd, site);
}

void ws_channel_gone(int fd, uintptr_t site)
{
	if (!ws_fd_is_known(fd) || in_vfork_child())
		return;
	ws_channel_close(fd, site);
	ws_fd_forget(fd);
}
