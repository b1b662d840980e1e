/* SPDX-License-Identifier: MIT */
/* plain.c: see plain.h.
 *
 * Rules: no lock and no malloc; errno stays. Another process may be killed at any line of this:
 * what it leaves in an entry is never waited for.
 */
#include "preload/plain.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "preload/call.h"
#include "preload/channel.h"
#include "preload/emit.h"
#include "preload/raw.h"
#include "preload/resource.h"
#include "preload/select.h"
#include "preload/wait.h"
#include "preload/waiters.h"

/* How long a look is good for, in ticks of the time stamp counter: a few milliseconds. What was not
 * used for twice as long is tried first: looking costs more than trying. */
#define THREAD_LOOK (UINT64_C(1) << 22)
#define FD_LOOK     (UINT64_C(1) << 24)

/* How often the thread has given up its processor, or -1. */
static int64_t times_slept(void)
{
	struct rusage usage;

	return ws_raw_syscall(SYS_getrusage, RUSAGE_THREAD, (long)&usage, 0, 0) == 0
		       ? usage.ru_nvcsw
		       : -1;
}

/* True if it was looked at a moment ago. *again: it is worth being looked at now. */
static bool is_fresh(uint64_t *looked, uint64_t now, uint64_t good, bool *again)
{
	uint64_t age = now - *looked;

	*again = false;
	if (ws_likely(age < good))
		return true;
	*again = age < 2 * good;
	*looked = *again ? now : now - good;
	return false;
}

/* The number is still what it was, and its name is recorded: as ws_channel_blocks() does it. */
static bool look_at_fd(const struct ws_plain *plain)
{
	if (ws_fd_is_nonblocking(plain->fd) || !ws_fd_verify(plain->fd, plain->word))
		return false;
	ws_fd_name(plain->self, plain->fd, plain->word, plain->site);
	return true;
}

static bool may_be_plain(uint64_t word, bool reading)
{
	if (WS_FD_FLAGS(word) & WS_FD_NONBLOCK)
		return false;
	switch (WS_FD_KIND(word)) {
	case WS_FD_PIPE:
	case WS_FD_FIFO:
		return true;
	case WS_FD_EVENTFD:
		return reading; /* the others are not tried either */
	default:
		return false;
	}
}

bool ws_plain_announce(struct ws_plain *plain)
{
	struct ws_thread *self = plain->self;
	struct ws_fd_entry *fd = &ws_fds[plain->fd];
	uint64_t nobody = 0, now;
	bool again;

	/* What is recorded of each call, or of some, is so before it blocks. */
	if (!ws_shared_calls || ws_sandboxed || ws_calls_full || ws_select_on ||
	    !may_be_plain(plain->word, plain->reading))
		return false;
	if (ws_unlikely(self->plain)) {
		ws_plain_drop(self, (uintptr_t)plain);
		if (self->plain)
			return false; /* a signal handler within a plain call */
	}
	now = __builtin_ia32_rdtsc();
	if (!is_fresh(&self->looked, now, THREAD_LOOK, &again)) {
		if (!again)
			return false;
		self->slept = times_slept();
	}
	if (!is_fresh(&fd->looked, now, FD_LOOK, &again) && (!again || !look_at_fd(plain)))
		return false;

	struct ws_shared_call *entry =
		&ws_shared_calls[(fd->own_key | (uintptr_t)plain->reading) % WS_SHARED_CALLS];
	uint64_t owner = (uint64_t)(++self->plain_seq & INT32_MAX) << 32 | (uint32_t)self->tid;

	/* Before it is ours: a signal handler may leave this by longjmp() at any line. */
	self->plain_entry = entry;
	self->plain_owner = owner;
	self->plain = (uintptr_t)plain;
	atomic_signal_fence(memory_order_seq_cst);
	/* seq_cst: before the call; pairs with the loads of ws_plain_owner() after the others'. */
	if (!atomic_compare_exchange_strong(&entry->owner, &nobody, owner)) {
		self->plain = 0;
		return false;
	}
	entry->since = now;
	entry->object = fd->object;
	entry->other = fd->other;
	entry->site = plain->site;
	entry->pid = ws_pid;
	entry->kind = ws_fd_event_kind(plain->word);
	entry->flags = (uint8_t)(WS_WAIT_SHARED | (plain->reading ? WS_WAIT_READ : 0));
	/* release: after what is above; pairs with the acquire of the recorder. */
	atomic_store_explicit(&entry->said, owner, memory_order_release);
	plain->entry = entry;
	plain->owner = owner;
	plain->since = now;
	return true;
}

/* When the counter was at `tsc`. */
static uint64_t monotonic_ns(uint64_t tsc)
{
	struct ws_shared_clock now;

	ws_shared_clock_read(&now);
	return ws_shared_clock_ns(tsc, ws_waiters_clock, &now);
}

/* Records the wake of those who left their name in the entry. Its stack is not known. */
static void record_waker(const struct ws_plain *plain, const struct ws_wait *wait)
{
	const struct ws_shared_call *entry = plain->entry;

	/* acquire: before the rest; pairs with the release in ws_plain_meet(). */
	if (!wait->begun || atomic_load_explicit(&entry->met, memory_order_acquire) != plain->owner)
		return;

	struct ws_ev_wake event = {
		.kind = wait->kind,
		.op = entry->waker_op,
		.object = wait->object,
		.other = wait->other,
		.count = entry->waker_op == WS_WAKE_CLOSE ? WS_WAKE_ALL : 1,
		.site = entry->waker_site,
	};

	WS_SECTION(plain->self);
	ws_emit_as(wake, &event, entry->waker_pid, entry->waker_tid);
}

/* The call was a wait, from its beginning to now. */
static void record_wait(const struct ws_plain *plain)
{
	const struct ws_fd_entry *fd = &ws_fds[plain->fd];
	struct ws_channel c = {
		.self = plain->self,
		.word = plain->word,
		.site = plain->site,
		.fd = plain->fd,
		.reading = plain->reading,
	};
	struct ws_wait wait = {
		.self = plain->self,
		.object = fd->object,
		.other = fd->other,
		.site = plain->site,
		.kind = ws_fd_event_kind(plain->word),
		.flags = (uint8_t)(WS_WAIT_SHARED | (plain->reading ? WS_WAIT_READ : 0)),
	};

	ws_wait_past(&wait, monotonic_ns(plain->since));
	record_waker(plain, &wait);
	if (plain->returned)
		ws_channel_outcome(&c, &wait, plain->result);
	ws_wait_end(&wait);
}

void ws_plain_long(struct ws_plain *plain)
{
	struct ws_thread *self = plain->self;
	uint64_t now = __builtin_ia32_rdtsc();
	size_t bytes = plain->returned && plain->result > 0 ? (size_t)plain->result : 0;
	int64_t slept;

	/* A byte takes less than a tick to copy. */
	if (now - plain->since <= WS_PLAIN_SHORT + bytes)
		return;
	slept = times_slept();
	self->looked = now;
	if (slept == self->slept)
		return;
	self->slept = slept;
	self->calm = 0;
	if (self->calm_needed < WS_PLAIN_CALM_MAX)
		self->calm_needed *= 2;
	if (!ws_is_tracer_code(plain->site)) {
		int saved = errno;

		record_wait(plain);
		errno = saved;
	}
}

void ws_plain_left(struct ws_thread *self)
{
	const struct ws_shared_call *entry = self->plain_entry;
	struct ws_wait wait = {
		.self = self,
		.object = entry->object,
		.other = entry->other,
		.site = entry->site,
		.kind = entry->kind,
		.flags = entry->flags,
	};
	uint64_t since = entry->since;

	if (__builtin_ia32_rdtsc() - since > WS_PLAIN_SHORT && times_slept() != self->slept &&
	    atomic_load_explicit(&entry->said, memory_order_relaxed) == self->plain_owner) {
		ws_wait_past(&wait, monotonic_ns(since));
		ws_wait_result(&wait, EINTR);
		ws_wait_end(&wait);
	}
	self->calm = 0;
	ws_plain_drop(self, UINTPTR_MAX);
}

void ws_plain_meet(const struct ws_thread *self, uintptr_t key, uint64_t owner, uint8_t op,
		   uintptr_t site)
{
	struct ws_shared_call *entry = &ws_shared_calls[key % WS_SHARED_CALLS];
	uint64_t met = atomic_load_explicit(&entry->met, memory_order_relaxed);

	/* The first who comes is who ends it. Whoever was killed in here left the number of a call
	 * that is over. */
	if ((met & ~WS_SHARED_MEETING) == owner ||
	    !atomic_compare_exchange_strong(&entry->met, &met, owner | WS_SHARED_MEETING))
		return;
	entry->waker_pid = ws_pid;
	entry->waker_tid = self->tid;
	entry->waker_site = site;
	entry->waker_op = op;
	/* release: after the rest; pairs with the acquire in record_waker(). */
	atomic_store_explicit(&entry->met, owner, memory_order_release);
}

void ws_plain_drop(struct ws_thread *self, uintptr_t frame)
{
	uint64_t owner = self->plain_owner;

	if (!self->plain || self->plain > frame)
		return;
	self->plain = 0;
	atomic_compare_exchange_strong(&self->plain_entry->owner, &owner, 0);
}
