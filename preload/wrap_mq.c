/* SPDX-License-Identifier: MIT */
/* wrap_mq.c: POSIX message queues. A queue's identity is that of its file in the kernel's mqueue
 * file system, in every process that has it open.
 *
 * Rules: see export.h. The try is the timed call with a limit that has passed: ETIMEDOUT says that
 * it would block, EAGAIN that the queue is O_NONBLOCK, which is the program's business. A limit of
 * the program's is looked at first, as the kernel does: a bad one is rejected though nothing
 * blocks.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <mqueue.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>

#include "preload/channel.h"
#include "preload/copyin.h"
#include "preload/emit.h"
#include "preload/export.h"
#include "preload/fdguard.h"
#include "preload/fdkind.h"
#include "preload/glibc.h"
#include "preload/lifecycle.h"
#include "preload/object.h"
#include "preload/raw.h"
#include "preload/real.h"
#include "preload/resource.h"
#include "preload/wait.h"
#include "tracepoints/kinds.h"

/* A call under way. */
struct transfer {
	struct ws_thread *self;
	uint64_t word; /* what the descriptor is, see fdkind.h */
	mqd_t queue;
	bool reading;
	bool timed;
	char *message; /* only the kernel looks into it */
	size_t size;
	unsigned int priority;  /* to send with */
	unsigned int *received; /* where the priority of what is received goes; may be NULL */
	const struct timespec *limit;
	uintptr_t site;
};

static const struct timespec past = { 0, 0 };

static ssize_t call(const struct transfer *t, const struct timespec *limit)
{
	if (t->reading)
		return ws_real.mq_timedreceive(t->queue, t->message, t->size, t->received, limit);
	return ws_real.mq_timedsend(t->queue, t->message, t->size, t->priority, limit);
}

static ssize_t real_call(const struct transfer *t)
{
	if (t->timed)
		return call(t, t->limit);
	if (t->reading)
		return ws_real.mq_receive(t->queue, t->message, t->size, t->received);
	return ws_real.mq_send(t->queue, t->message, t->size, t->priority);
}

/* How many messages it holds at most, and of how many bytes: `value` of its object event. */
static uint64_t limits_of(mqd_t queue)
{
	struct mq_attr attr;

	if (ws_raw_syscall(SYS_mq_getsetattr, queue, 0, (long)&attr, 0) != 0)
		return 0;
	return (uint64_t)attr.mq_maxmsg << 32 | (uint32_t)attr.mq_msgsize;
}

/* Records the name of a queue that this process did not open, or opened unrecorded. */
static void name_it(const struct transfer *t)
{
	const struct ws_fd_entry *entry = &ws_fds[t->queue];
	static const char gone[] = " (deleted)";
	char name[NAME_MAX + 32];
	ssize_t n;

	if (!ws_wanted(object) || ws_sandboxed ||
	    !ws_object_is_news(WS_KIND_MQ, entry->object, entry->other))
		return;
	n = ws_fd_readlink(t->queue, name, sizeof(name));
	if (n > (ssize_t)sizeof(gone) - 1 && strcmp(name + n - (sizeof(gone) - 1), gone) == 0)
		name[n - (ssize_t)(sizeof(gone) - 1)] = '\0';
	ws_object_record_at(t->self, WS_KIND_MQ, WS_OBJECT_OPEN, entry->object, entry->other,
			    limits_of(t->queue), n > 0 ? name : NULL, t->site);
}

/* How full it is, in a wait that has taken so many messages. */
static void look_at_fill(mqd_t queue, uint64_t taken)
{
	struct ws_fill *fill = &ws_fds[queue].fill;
	struct mq_attr attr;

	if (!ws_sandboxed && ws_fill_is_due(fill) &&
	    ws_raw_syscall(SYS_mq_getsetattr, queue, 0, (long)&attr, 0) == 0)
		ws_fill_note(fill, taken, (uint64_t)attr.mq_curmsgs, (uint64_t)attr.mq_maxmsg);
}

static __attribute__((noinline)) ssize_t block(struct transfer *t)
{
	const struct ws_fd_entry *entry;

	/* The number may be another queue's by now, closed inside libc or by a system call. */
	if (!ws_fd_verify(t->queue, t->word))
		t->word = ws_fd_word(t->queue);
	if (WS_FD_KIND(t->word) != WS_FD_MQ)
		return real_call(t);
	entry = &ws_fds[t->queue];
	name_it(t);
	if (!t->reading)
		look_at_fill(t->queue, 0);

	WS_WAIT(wait, .self = t->self, .object = entry->object, .other = entry->other,
		.key = entry->own_key | t->reading, .site = t->site, .kind = WS_KIND_MQ,
		.flags = (uint8_t)(WS_WAIT_SHARED | (t->reading ? WS_WAIT_READ : 0) |
				   (t->timed && t->limit ? WS_WAIT_TIMED : 0)));
	ssize_t r = real_call(t);

	ws_wait_errno(&wait, r < 0 ? -1 : 0);
	if (t->reading && r >= 0)
		look_at_fill(t->queue, 1);
	ws_channel_flush(t->self, t->queue, false);
	return r;
}

/* Notes that a message of this priority went through. */
static void note_priority(mqd_t queue, unsigned int priority)
{
	_Atomic uint64_t *seen = &ws_fds[queue].priorities;
	uint64_t was = atomic_load_explicit(seen, memory_order_relaxed), now;
	uint64_t p = (uint64_t)priority + 1;

	do {
		uint64_t low = was & UINT32_MAX, high = was >> 32;

		if (was && low <= p && p <= high)
			return;
		now = (was && low < p ? low : p) | (high > p ? high : p) << 32;
	} while (!atomic_compare_exchange_weak_explicit(seen, &was, now, memory_order_relaxed,
							memory_order_relaxed));
}

/* A limit that can be looked at, and that the kernel would accept. */
static bool is_good(const struct timespec *limit)
{
	struct timespec copy;

	return ws_copy_in(&copy, limit, sizeof(copy)) == 0 && copy.tv_sec >= 0 &&
	       ws_time_is_valid(&copy) && (copy.tv_sec || copy.tv_nsec);
}

static inline ssize_t transfer(struct transfer *t)
{
	unsigned int priority;
	int saved = errno;

	t->self = ws_thread();
	if (!t->self || (t->limit && !is_good(t->limit)))
		return real_call(t);
	t->word = ws_fd_word(t->queue);
	if (WS_FD_KIND(t->word) != WS_FD_MQ)
		return real_call(t);

	t->self->syncs++;
	if (!t->received)
		t->received = &priority;

	struct ws_wake wake = {
		.self = t->self,
		.object = ws_fds[t->queue].object,
		.other = ws_fds[t->queue].other,
		.key = WS_FD_KEY(t->word) | !t->reading,
		.site = t->site,
		.kind = WS_KIND_MQ,
		.op = t->reading ? WS_WAKE_RECEIVE : WS_WAKE_SEND,
		.shared = true,
		.count = 1,
	};

	ws_wake_before(&wake);
	ssize_t r = call(t, &past);

	if (ws_unlikely(r < 0 && errno == ETIMEDOUT)) {
		wake.begun = false; /* it did not happen yet */
		errno = saved;
		r = block(t);
	}
	if (r >= 0 || wake.begun)
		ws_wake_after(&wake);
	if (r >= 0 && WS_FD_KIND(t->word) == WS_FD_MQ) {
		/* The kernel has written it: it may be looked at. */
		note_priority(t->queue, t->reading ? *t->received : t->priority);
		ws_channel_count(t->self, t->queue, t->reading, t->reading ? (size_t)r : t->size);
	}
	return r;
}

WS_EXPORT int mq_send(mqd_t q, const char *p, size_t n, unsigned int priority)
{
	struct transfer t = { .queue = q,
			      .message = (char *)(uintptr_t)p,
			      .size = n,
			      .priority = priority,
			      .site = WS_SITE };

	return (int)transfer(&t);
}

WS_EXPORT int mq_timedsend(mqd_t q, const char *p, size_t n, unsigned int priority,
			   const struct timespec *limit)
{
	struct transfer t = { .queue = q,
			      .message = (char *)(uintptr_t)p,
			      .size = n,
			      .priority = priority,
			      .timed = true,
			      .limit = limit,
			      .site = WS_SITE };

	return (int)transfer(&t);
}

WS_EXPORT ssize_t mq_receive(mqd_t q, char *p, size_t n, unsigned int *priority)
{
	struct transfer t = { .queue = q,
			      .reading = true,
			      .message = p,
			      .size = n,
			      .received = priority,
			      .site = WS_SITE };

	return transfer(&t);
}

WS_EXPORT ssize_t mq_timedreceive(mqd_t q, char *restrict p, size_t n,
				  unsigned int *restrict priority,
				  const struct timespec *restrict limit)
{
	struct transfer t = { .queue = q,
			      .reading = true,
			      .message = p,
			      .size = n,
			      .received = priority,
			      .timed = true,
			      .limit = limit,
			      .site = WS_SITE };

	return transfer(&t);
}

/* True if opening it will make it: it is not there yet. */
static bool will_make(const char *name, int flags)
{
	long fd;

	if (!(flags & O_CREAT) || name[0] != '/')
		return false;
	if (flags & O_EXCL)
		return true;
	fd = ws_raw_syscall(SYS_mq_open, (long)(name + 1), O_RDONLY | O_NONBLOCK | O_CLOEXEC, 0, 0);
	if (fd >= 0)
		ws_raw_close((int)fd);
	return fd == -ENOENT;
}

static void record_open(mqd_t q, bool made, const char *name, uintptr_t site)
{
	struct ws_thread *self = ws_thread();
	int saved = errno;

	ws_fd_made(q, WS_FD_MQ);
	if (self && ws_wanted(object) && WS_FD_KIND(ws_fd_word(q)) == WS_FD_MQ) {
		const struct ws_fd_entry *entry = &ws_fds[q];

		ws_object_is_news(WS_KIND_MQ, entry->object, entry->other);
		ws_object_record_at(self, WS_KIND_MQ, made ? WS_OBJECT_INIT : WS_OBJECT_OPEN,
				    entry->object, entry->other, limits_of(q), name, site);
	}
	errno = saved;
}

WS_EXPORT mqd_t mq_open(const char *n, int f, ...)
{
	struct ws_thread *self = ws_thread();
	struct mq_attr *attr = NULL;
	mode_t mode = 0;

	if (f & O_CREAT) {
		va_list args;

		va_start(args, f);
		mode = va_arg(args, mode_t);
		attr = va_arg(args, struct mq_attr *);
		va_end(args);
	}
	if (!self || ws_sandboxed)
		return ws_real.mq_open(n, f, mode, attr);

	bool made = will_make(n, f);
	mqd_t q = ws_real.mq_open(n, f, mode, attr);

	if (q >= 0)
		record_open(q, made, n, WS_SITE);
	return q;
}

WS_EXPORT mqd_t __mq_open_2(const char *n, int f)
{
	mqd_t q = ws_real.__mq_open_2(n, f);

	if (q >= 0 && !ws_sandboxed && ws_thread())
		record_open(q, false, n, WS_SITE);
	return q;
}

WS_EXPORT int mq_close(mqd_t q)
{
	struct ws_thread *self = ws_thread();

	/* To the program the tracer's numbers are not open. */
	if (ws_unlikely(ws_fd_is_guarded(q)))
		return ws_real.mq_close(-1);
	if (self && ws_fd_is_known(q)) {
		const struct ws_fd_entry *entry = &ws_fds[q];

		ws_channel_flush(self, q, true);
		if (WS_FD_KIND(ws_fd_word(q)) == WS_FD_MQ)
			ws_object_record_at(self, WS_KIND_MQ, WS_OBJECT_CLOSE, entry->object,
					    entry->other, 0, NULL, WS_SITE);
		ws_fd_forget(q);
	}
	return ws_real.mq_close(q);
}

WS_EXPORT int mq_unlink(const char *n)
{
	int r = ws_real.mq_unlink(n);
	struct ws_thread *self = r == 0 ? ws_thread() : NULL;

	if (self)
		ws_object_record(self, WS_KIND_MQ, WS_OBJECT_UNLINK, 0, 0, n, WS_SITE);
	return r;
}

/* Recorded as a step in the queue's life: whoever is notified is not blocked meanwhile. */
WS_EXPORT int mq_notify(mqd_t q, const struct sigevent *e)
{
	/* glibc looks into it as well, before it calls the kernel. */
	int how = e ? e->sigev_notify : SIGEV_NONE;
	int number = how == SIGEV_SIGNAL ? e->sigev_signo : 0;
	int r = ws_real.mq_notify(q, e);
	struct ws_thread *self = r == 0 ? ws_thread() : NULL;
	int saved = errno;

	if (self && WS_FD_KIND(ws_fd_word(q)) == WS_FD_MQ)
		ws_object_record_at(self, WS_KIND_MQ, WS_OBJECT_NOTIFY, ws_fds[q].object,
				    ws_fds[q].other, (uint64_t)number,
				    !e                    ? "no more"
				    : how == SIGEV_THREAD ? "by a thread"
				    : how == SIGEV_SIGNAL ? "by a signal"
							  : "not at all",
				    WS_SITE);
	errno = saved;
	return r;
}

WS_EXPORT int mq_getattr(mqd_t q, struct mq_attr *a)
{
	return ws_real.mq_getattr(q, a);
}

WS_EXPORT int mq_setattr(mqd_t q, const struct mq_attr *restrict a, struct mq_attr *restrict was)
{
	return ws_real.mq_setattr(q, a, was);
}
