/* SPDX-License-Identifier: MIT */
/* channel.h: a call that reads from or writes to something with another end: a pipe, a FIFO, a
 * socket, an eventfd. What it lets go on, what it waits for, and how much went through.
 *
 * A wrapper opens a channel; if that says no, the call is none of ours and is passed through.
 * Otherwise: ws_channel_before(), the try, where that would block a WS_CHANNEL_WAIT and the real
 * call, and ws_channel_after() with the result.
 */
#ifndef WS_CHANNEL_H
#define WS_CHANNEL_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>

#include "preload/fdguard.h"
#include "preload/fdkind.h"
#include "preload/lifecycle.h"
#include "preload/plain.h"
#include "preload/wait.h"

/* An fd as the tracer remembers it: one that the program has overwritten is elsewhere by now. */
static inline int ws_tracers_fd(int fd, uintptr_t site)
{
	if (ws_likely(atomic_load_explicit(&ws_fd_aliases, memory_order_relaxed) == 0))
		return fd;
	return ws_is_tracer_code(site) ? ws_fd_actual(fd) : fd;
}

struct ws_channel {
	struct ws_thread *self;
	uint64_t word; /* of the number, see fdkind.h */
	uintptr_t site;
	int fd;
	bool reading;
	bool waited; /* of streams: somebody waited before the call, who may be gone after it */
	uint32_t wake_seq; /* number of the wake that was recorded; 0: none */
};

/* False: nothing on this number waits for anybody, or the call is not the program's. */
static inline bool ws_channel_open(struct ws_channel *c, int fd, bool reading, uintptr_t site)
{
	struct ws_thread *self = ws_thread();

	if (ws_unlikely(!self))
		return false;

	uint64_t word = ws_fd_word(fd);

	if (ws_likely(WS_FD_KIND(word) <= WS_FD_MQ))
		return false;
	*c = (struct ws_channel){
		.self = self, .word = word, .site = site, .fd = fd, .reading = reading
	};
	self->syncs += reading; /* it goes on by what another wrote: see lock_order.h */
	return true;
}

/* Those who may go on after this call: who wants to write if it reads, and the other way round. */
static inline uintptr_t ws_channel_wakes(const struct ws_channel *c)
{
	return WS_FD_KEY(c->word) | (uintptr_t)!c->reading;
}

/* Records how the number's file is called, when it is first waited for in this process. */
void ws_fd_name(struct ws_thread *self, int fd, uint64_t word, uintptr_t site);

/* Records the wake. */
void ws_channel_wake(struct ws_channel *c, uint8_t flags);
/* Records the stack of the wake. */
void ws_channel_wake_stack(struct ws_channel *c);

/* Whoever waits for what comes to the socket `object`: a listener, or one for datagrams. */
struct ws_wake ws_socket_wake(struct ws_thread *self, uint64_t object, uintptr_t site);

/* The number is WS_FD_CONNECTED: records the wake of who waits at that address, if anybody does. */
void ws_channel_to_address(const struct ws_channel *c);

/* Somebody is in a plain call, that this call may end: it is told who we are. */
static inline void ws_channel_meet(const struct ws_channel *c)
{
	uint64_t owner = ws_plain_owner(ws_channel_wakes(c));

	if (ws_unlikely(owner))
		ws_plain_meet(c->self, ws_channel_wakes(c), owner,
			      c->reading ? WS_WAKE_RECEIVE : WS_WAKE_SEND, c->site);
}

/* Before a call that may let somebody go on. */
static inline void ws_channel_before(struct ws_channel *c)
{
	if (ws_unlikely(ws_waiters_any(ws_channel_wakes(c), true)))
		ws_channel_wake(c, 0);
	if (!c->reading && ws_unlikely(WS_FD_FLAGS(c->word) & WS_FD_CONNECTED))
		ws_channel_to_address(c);
	ws_channel_meet(c);
}

/* Records what went through since the last time, if it is worth an event by now, or `all`. */
void ws_channel_flush(struct ws_thread *self, int fd, bool all);

/* A count of this size is recorded at the end of the next wait: a process that is killed takes
 * less than this with it. */
#define WS_CHANNEL_CALLS (UINT64_C(1) << 40) /* one call, in the counters of ws_fd_entry */
#define WS_CHANNEL_MUCH  (UINT64_C(1) << 62) /* and one that is about to overflow */

/* Counts a call that read or wrote `bytes` through a number. */
static inline void ws_channel_count(struct ws_thread *self, int fd, bool reading, size_t bytes)
{
	struct ws_fd_entry *entry = &ws_fds[fd];
	uint64_t was =
		atomic_fetch_add_explicit(reading ? &entry->in : &entry->out,
					  WS_CHANNEL_CALLS + (uint64_t)bytes, memory_order_relaxed);

	if (ws_unlikely(was & WS_CHANNEL_MUCH || (was & (WS_CHANNEL_CALLS / 2))))
		ws_channel_flush(self, fd, true);
}

/* After it, with its result. */
static inline ssize_t ws_channel_after(struct ws_channel *c, ssize_t result)
{
	if (result > 0)
		ws_channel_count(c->self, c->fd, c->reading, (size_t)result);
	if (ws_unlikely(c->wake_seq))
		ws_channel_wake_stack(c);
	else if (ws_unlikely(ws_waiters_any(ws_channel_wakes(c), true)) && result >= 0)
		ws_channel_wake(c, WS_WAKE_LATE);
	if (result >= 0)
		ws_channel_meet(c);
	return result;
}

/* How a call that only tries went. */
enum ws_try {
	WS_TRY_DONE,   /* *result is what the call returns; errno is set where it is -1 */
	WS_TRY_BLOCKS, /* it would block: the number is what we took it for */
	WS_TRY_PASS,   /* make the real call: it will not block, or that is not for us to know */
};

/* The tries of calls with a vector of buffers. A write may be done in part. */
enum ws_try ws_channel_try(struct ws_channel *c, const struct iovec *iov, int n, ssize_t *result);
/* The same with a vector of one buffer that is our own: it may be looked at. */
enum ws_try ws_channel_try_one(struct ws_channel *c, const struct iovec *iov, ssize_t *result);
/* Asks poll() whether a call would block. */
enum ws_try ws_channel_poll(struct ws_channel *c);

/* The rest of a write of `size` bytes in all, of which the first `done` were taken. */
ssize_t ws_channel_write_rest(struct ws_channel *c, const struct iovec *iov, int n, size_t size,
			      size_t done);

/* The same of a send to a stream socket, with its flags: the rest is one call that blocks. */
ssize_t ws_channel_send_rest(struct ws_channel *c, const struct iovec *iov, int n, size_t size,
			     size_t done, int flags);

/* A try has said that it would block: whether it is a wait. WS_TRY_BLOCKS or WS_TRY_PASS. */
enum ws_try ws_channel_blocks(struct ws_channel *c);

/* The program has written this to an eventfd (8 bytes): if it is much, later writes may wait. */
void ws_channel_wrote(struct ws_channel *c, const void *value);

/* The outcome of the real call in a wait, by its result and errno. */
void ws_channel_outcome(struct ws_channel *c, struct ws_wait *wait, ssize_t result);

/* What a wait's read() has brought, from the beginning of its buffer: a signal says who sent it. */
void ws_channel_got(const struct ws_channel *c, struct ws_wait *wait, const void *p, ssize_t result);

/* The call blocks in the rest of this block. */
#define WS_CHANNEL_WAIT(name, c)                                                                   \
	WS_WAIT(name, .self = (c)->self, .object = ws_fds[(c)->fd].object,                         \
		.other = ws_fds[(c)->fd].other,                                                    \
		.key = ws_fds[(c)->fd].own_key | (uintptr_t)(c)->reading, .site = (c)->site,       \
		.kind = ws_fd_event_kind((c)->word),                                               \
		.flags = (uint8_t)(WS_WAIT_SHARED | ((c)->reading ? WS_WAIT_READ : 0)))

/* True if the call was made without a try, see plain.h. In place of ws_channel_before() and the rest;
 * ws_channel_after() follows. */
#define WS_CHANNEL_PLAIN(c, r, call)                                                               \
	WS_PLAIN(r, (ws_channel_before(c), (call)), (c)->self, (c)->word, (c)->fd,            \
		 (c)->reading, (c)->site)

/* Before the number is closed or replaced: those who wait at its other end may go on, and what went
 * through is recorded. */
void ws_channel_close(int fd, uintptr_t site);
/* The same, and the number is forgotten: it is closed, or another file is put on it. */
void ws_channel_gone(int fd, uintptr_t site);
/* Pipes and FIFOs that are waited at are counted by this, too, from the first wait in the recording on:
 * what a number is that the process closes and never used is looked at only then. */
#define WS_PIPES_KEY ws_waiters_key(WS_KIND_PIPE, 0, 0, false)

/* Somebody waits at a pipe or FIFO from now on. */
static inline void ws_channel_pipe_waits(void)
{
	if (ws_unlikely(!ws_waiters_any(WS_PIPES_KEY, true)))
		ws_waiters_moved(WS_PIPES_KEY, true);
}

/* ws_channel_gone() of a number of which nothing is known yet: it may be an end of a pipe. */
void ws_channel_unused_gone(int fd, uintptr_t site);

/* Records what went through all numbers. */
void ws_channels_flush(struct ws_thread *self);
/* The same as another program takes its place, by the call at `site`: what is close-on-exec is closed
 * by that. */
void ws_channels_exec(struct ws_thread *self, uintptr_t site);
/* The same as the process ends, with what is at its standard numbers. */
void ws_channels_end(struct ws_thread *self);

#endif
