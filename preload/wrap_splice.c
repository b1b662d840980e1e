/* SPDX-License-Identifier: MIT */
/* wrap_splice.c: what moves between two numbers, or between memory and a pipe, without a copy.
 *
 * Rules: see export.h. A call may wait at either end: poll() is asked of both before it. That it
 * waits once more when a part is through (sendfile() to a full socket) is not seen.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/sendfile.h>

#include "preload/channel.h"
#include "preload/export.h"
#include "preload/real.h"

/* The two ends of a call; one that is no channel has no `self`. */
struct ends {
	struct ws_channel in, out;
};

/* Which of them it would wait at; NULL: it will not, or that is not for us to know. */
static struct ws_channel *open_ends(struct ends *e, int in, int out, bool nonblocking,
				    uintptr_t site)
{
	if (in < 0 || !ws_channel_open(&e->in, in, true, site))
		e->in.self = NULL;
	if (out < 0 || !ws_channel_open(&e->out, out, false, site))
		e->out.self = NULL;
	if (e->in.self)
		ws_channel_before(&e->in);
	if (e->out.self)
		ws_channel_before(&e->out);
	if (nonblocking)
		return NULL;
	if (e->in.self && ws_channel_poll(&e->in) == WS_TRY_BLOCKS)
		return &e->in;
	if (e->out.self && ws_channel_poll(&e->out) == WS_TRY_BLOCKS)
		return &e->out;
	return NULL;
}

static ssize_t moved(struct ends *e, ssize_t result)
{
	if (e->in.self)
		ws_channel_after(&e->in, result);
	if (e->out.self)
		ws_channel_after(&e->out, result);
	return result;
}

/* `call` with all of that around it. */
#define MOVE(in, out, nonblocking, call)                                                           \
	({                                                                                         \
		struct ends e_ = { 0 };                                                            \
		struct ws_channel *c_ = open_ends(&e_, (in), (out), (nonblocking), WS_SITE);       \
		ssize_t r_;                                                                        \
		if (c_) {                                                                          \
			WS_CHANNEL_WAIT(wait_, c_);                                                \
			r_ = (call);                                                               \
			ws_channel_outcome(c_, &wait_, r_);                                        \
		} else {                                                                           \
			r_ = (call);                                                               \
		}                                                                                  \
		moved(&e_, r_);                                                                    \
	})

WS_EXPORT ssize_t splice(int in, off64_t *in_at, int out, off64_t *out_at, size_t n, unsigned int f)
{
	return MOVE(in, out, f & SPLICE_F_NONBLOCK, ws_real.splice(in, in_at, out, out_at, n, f));
}

WS_EXPORT ssize_t tee(int in, int out, size_t n, unsigned int f)
{
	/* What is read stays there: nobody who waits to write goes on by it. */
	return MOVE(in, out, f & SPLICE_F_NONBLOCK, ws_real.tee(in, out, n, f));
}

/* To a pipe, or from one: what its end is decides, not the call. */
WS_EXPORT ssize_t vmsplice(int fd, const struct iovec *v, size_t n, unsigned int f)
{
	bool reads = ws_fd_reads_only(fd);

	return MOVE(reads ? fd : -1, reads ? -1 : fd, f & SPLICE_F_NONBLOCK,
		    ws_real.vmsplice(fd, v, n, f));
}

WS_EXPORT ssize_t sendfile(int out, int in, off_t *at, size_t n)
{
	return MOVE(in, out, false, ws_real.sendfile(out, in, at, n));
}

