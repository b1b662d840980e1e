/* SPDX-License-Identifier: MIT */
/* wait.c: records waits and wakes, see wait.h.
 *
 * Rules: events only in a quiet section; the count of waiters is right whether or not a session
 * is on, since one may begin at any moment.
 */
#include "preload/wait.h"

#include <errno.h>

#include "preload/call.h"
#include "preload/clock.h"
#include "preload/lifecycle.h"
#include "preload/lock_order.h"
#include "preload/misuse.h"
#include "preload/limits.h"
#include "preload/plain.h"
#include "preload/resource.h"
#include "preload/select.h"
#include "preload/stack.h"
#include "preload/standing.h"

/* The thread's innermost wait is over: nobody waits for its objects any more. */
static const struct ws_open_wait *uncount(struct ws_thread *self)
{
	const struct ws_open_wait *open = &self->open[--self->n_open];

	ws_waiters_sub(open->key, open->shared);
	while (self->n_keys > open->n_keys) {
		const struct ws_open_key *key = &self->keys[--self->n_keys];

		ws_waiters_sub(key->key, key->shared);
	}
	return open;
}

/* Takes back the counts of waits that this thread left by longjmp(): their frames lie deeper
 * than that of the wait that begins now. */
static void drop_stale(struct ws_thread *self, uintptr_t frame)
{
	while (self->n_open > 0 && self->open[self->n_open - 1].frame <= frame)
		uncount(self);
}

/* The place is taken before it is filled: a signal handler that waits uses those above it. */
static void count_others(struct ws_thread *self, const struct ws_wait *wait)
{
	for (size_t i = 0; i < wait->n_others; i++) {
		const struct ws_wait_other *other = &wait->others[i];
		uint32_t at = self->n_keys;

		if (at >= WS_OPEN_KEYS_MAX) {
			ws_limit_reached(WS_LIMIT_open_waits);
			return;
		}
		self->n_keys = at + 1;
		atomic_signal_fence(memory_order_seq_cst);
		self->keys[at] = (struct ws_open_key){
			.key = other->key ? other->key : other->object,
			.shared = other->flags & WS_WAIT_SHARED,
		};
		ws_waiters_add(self->keys[at].key, self->keys[at].shared);
	}
}

size_t ws_wait_holders_noted(const struct ws_wait *wait, struct ws_holder_ref *ret, size_t max)
{
	int32_t tids[WS_HOLDERS_MAX];
	struct ws_held held[WS_HOLDERS_MAX];
	size_t n =
		ws_held_all(wait->object, tids, held, max < WS_HOLDERS_MAX ? max : WS_HOLDERS_MAX);

	for (size_t i = 0; i < n; i++)
		ret[i] = (struct ws_holder_ref){ tids[i], held[i].site, held[i].stack };
	return n;
}

/* Goes before the wait or wake of the same number, in the same section. */
static void emit_range(struct ws_thread *self, uint32_t seq, const struct ws_byte_range *range)
{
	struct ws_section ws_section_here = { .self = self }; /* the caller's section is open */
	struct ws_ev_range event = { .seq = seq, .start = range->start, .length = range->length };

	ws_emit(range, &event);
}

/* Whether the holder of a wait runs while it lasts is known by what it uses until then. */
static void measure_holder(struct ws_wait *wait, int32_t holder, uint64_t now_ns)
{
	struct ws_thread *self = wait->self;

	if (!holder || ws_sandboxed || now_ns - self->measured_ns < WS_CPU_EVERY_NS)
		return;
	self->measured_ns = now_ns;
	ws_cpu_begin(&wait->holder, holder, now_ns);
}

/* `past`: it is over. */
static void record_begin(struct ws_wait *wait, uint64_t begin_ns, bool past)
{
	struct ws_thread *self = wait->self;
	struct ws_holder_ref holders[WS_HOLDERS_MAX] = { { 0 } };
	size_t n = 0;

	WS_SECTION(self);
	ws_definitions();
	if (wait->holders)
		n = wait->holders(wait, holders, WS_HOLDERS_MAX);
	if (!past)
		measure_holder(wait, holders[0].tid, begin_ns);
	wait->stack = ws_stack_take(self, wait->site);

	uint32_t held = ws_standing_record(wait);
	struct ws_ev_wait_begin begin = {
		.seq = wait->seq,
		.held = held,
		.kind = wait->kind,
		.flags = wait->flags,
		.object = wait->object,
		.other = wait->other,
		.site = wait->site,
		.stack = wait->stack,
		.begin_ns = begin_ns,
		.holder = holders[0].tid,
		.holder_site = holders[0].site,
		.holder_stack = holders[0].stack,
	};

	if (wait->range)
		emit_range(self, wait->seq, wait->range);
	ws_emit(wait_begin, &begin);
	wait->begun = true;
	for (size_t i = 1; i < n; i++) {
		struct ws_ev_holder more = {
			.seq = wait->seq,
			.holder = holders[i].tid,
			.holder_site = holders[i].site,
			.holder_stack = holders[i].stack,
		};

		ws_emit(holder, &more);
	}
	for (size_t i = 0; i < wait->n_others && !wait->others_unsaid; i++) {
		const struct ws_wait_other *other = &wait->others[i];
		struct ws_ev_wait_object more = {
			.seq = wait->seq,
			.kind = other->kind,
			.flags = other->flags,
			.object = other->object,
			.other = other->other,
		};

		ws_emit(wait_object, &more);
	}
}

void ws_wait_begin(struct ws_wait *wait)
{
	struct ws_thread *self = wait->self;
	bool shared = wait->flags & WS_WAIT_SHARED;
	uintptr_t key = wait->key ? wait->key : wait->object;
	uint64_t begin_ns;

	drop_stale(self, (uintptr_t)wait);
	ws_plain_drop(self, (uintptr_t)wait);
	self->calm = 0;
	wait->seq = ++self->wait_seq;
	if (ws_unlikely(ws_calls_full))
		ws_call_blocks(self);
	if (ws_unlikely(ws_select_on) &&
	    !ws_select_wait(self, wait->kind, wait->object, wait->other))
		return;
	if (self->n_open < WS_OPEN_WAITS_MAX) {
		self->open[self->n_open++] = (struct ws_open_wait){
			.frame = (uintptr_t)wait,
			.key = key,
			.seq = wait->seq,
			.n_keys = self->n_keys,
			.shared = shared,
		};
		wait->counted = true;
		ws_waiters_add(key, shared);
		count_others(self, wait);
	} else {
		ws_limit_reached(WS_LIMIT_open_waits);
	}

	if (!ws_wanted(wait_begin) || ws_is_tracer_code(wait->site))
		return;

	/* A stack that is new to libunwind takes it up to some milliseconds, which the program
	 * would have been blocked: the wait begins before that. */
	begin_ns = ws_now_ns();
	ws_lock_order_wait(wait);
	ws_misuse_wait(wait);
	record_begin(wait, begin_ns, false);
	if (wait->counted)
		self->open[self->n_open - 1].begun = true;
}

/* The frames of a thread are within this of each other; what is further away is on another stack. */
#define STACK_REACH (UINT64_C(1) << 30)

static bool is_left(uintptr_t frame, uintptr_t to)
{
	return frame < to && to - frame < STACK_REACH;
}

void ws_waits_left(struct ws_thread *self, uintptr_t to)
{
	if (self->plain && is_left(self->plain, to))
		ws_plain_left(self);
	while (self->n_open > 0 && is_left(self->open[self->n_open - 1].frame, to)) {
		const struct ws_open_wait *open = uncount(self);
		struct ws_ev_wait_end end = { .seq = open->seq,
					      .outcome = WS_OUTCOME_INTERRUPTED,
					      .error = EINTR,
					      .index = -1 };

		if (!open->begun)
			continue;
		WS_SECTION(self);
		ws_emit(wait_end, &end);
	}
}

void ws_wait_past(struct ws_wait *wait, uint64_t begin_ns)
{
	wait->seq = ++wait->self->wait_seq;
	if (ws_unlikely(ws_select_on) &&
	    !ws_select_wait(wait->self, wait->kind, wait->object, wait->other))
		return;
	if (ws_wanted(wait_begin))
		record_begin(wait, begin_ns, true);
}

void ws_wait_also(struct ws_wait *wait, uint8_t kind, uintptr_t object, uintptr_t other,
		  uint8_t flags)
{
	if (!wait->begun)
		return;

	struct ws_ev_wait_object event = {
		.seq = wait->seq, .kind = kind, .flags = flags, .object = object, .other = other
	};

	WS_SECTION(wait->self);
	ws_emit(wait_object, &event);
}

void ws_wait_end(struct ws_wait *wait)
{
	struct ws_thread *self = wait->self;

	if (wait->outcome == WS_OUTCOME_NONE)
		wait->outcome = WS_OUTCOME_CANCELLED;

	if (wait->counted) {
		/* Above it there can only be waits that were left by longjmp(). */
		while (self->n_open > 0) {
			if (uncount(self)->seq == wait->seq)
				break;
		}
	}
	if (!wait->begun)
		return;

	struct ws_ev_wait_end end = { .seq = wait->seq,
				      .outcome = wait->outcome,
				      .error = wait->error,
				      .index = wait->which - 1 };
	struct ws_holder_ref holders[WS_HOLDERS_MAX] = { { 0 } };

	WS_SECTION(self);
	if (wait->holders && wait->outcome != WS_OUTCOME_ACQUIRED &&
	    wait->holders(wait, holders, WS_HOLDERS_MAX) > 0) {
		end.holder = holders[0].tid;
		end.holder_site = holders[0].site;
	}
	if (wait->ender)
		end.holder = wait->ender;
	/* Last: what the holder uses until the event has its time is not to be missed. */
	end.ran = ws_cpu_used(&wait->holder);
	ws_emit(wait_end, &end);
}

void ws_wait_result(struct ws_wait *wait, int error)
{
	wait->error = error;
	switch (error) {
	case 0:
		wait->outcome = WS_OUTCOME_ACQUIRED;
		break;
	case EOWNERDEAD: /* the lock of a thread that died: it is ours */
		wait->outcome = WS_OUTCOME_ACQUIRED;
		break;
	case ETIMEDOUT:
		wait->outcome = WS_OUTCOME_TIMEOUT;
		break;
	case EINTR:
		wait->outcome = WS_OUTCOME_INTERRUPTED;
		break;
	case EIDRM:
		wait->outcome = WS_OUTCOME_REMOVED;
		break;
	default:
		wait->outcome = WS_OUTCOME_ERROR;
		break;
	}
}

void ws_wait_errno(struct ws_wait *wait, int result)
{
	ws_wait_result(wait, result == -1 ? errno : 0);
}

/* False: it is not to be recorded (--only, --except). That the object says that somebody waits is not
 * enough: those who do may be left out. */
static bool is_selected(const struct ws_wake *wake)
{
	return ws_select_wake(wake->self, wake->kind, wake->object, wake->other) &&
	       (!wake->sure || !ws_select_by_waiter() ||
		ws_waiters_any(ws_wake_key(wake), wake->shared));
}

static bool holds_a_mutex(const struct ws_thread *self)
{
	uint32_t n = WS_HELD_COUNT(atomic_load_explicit(&self->held_word, memory_order_relaxed));

	while (n > 0) {
		if (self->held[--n].kind == WS_KIND_MUTEX)
			return true;
	}
	return false;
}

void ws_wake_record(struct ws_wake *wake, uint8_t flags)
{
	if (ws_unlikely(ws_select_on) && !is_selected(wake))
		return;
	if (!ws_wanted(wake) || ws_is_tracer_code(wake->site))
		return;

	const struct ws_held *held =
		wake->hold ? wake->hold : ws_held_own(wake->self, wake->object);

	if (held && (held->flags & WS_HOLD_READ))
		flags |= WS_WAKE_READ;
	if (wake->kind == WS_KIND_COND && holds_a_mutex(wake->self))
		flags |= WS_WAKE_LOCKED;

	struct ws_ev_wake event = {
		.seq = ++wake->self->wake_seq,
		.kind = wake->kind,
		.op = wake->op,
		.flags = flags,
		.object = wake->object,
		.other = wake->other,
		.count = wake->count,
		.site = wake->site,
		.hold_site = held ? held->site : 0,
		.hold_stack = held ? held->stack : 0,
	};

	WS_SECTION(wake->self);
	ws_definitions();
	if (wake->range)
		emit_range(wake->self, event.seq, wake->range);
	ws_emit(wake, &event);
	wake->seq = event.seq;
	wake->begun = true;
}

void ws_wake_stack(struct ws_wake *wake)
{
	if (!wake->begun || !ws_wanted(wake_stack))
		return;

	WS_SECTION(wake->self);

	struct ws_ev_wake_stack event = { .seq = wake->seq,
					  .stack = ws_stack_take(wake->self, wake->site) };

	if (event.stack)
		ws_emit(wake_stack, &event);
}

void ws_wake_late(struct ws_wake *wake)
{
	ws_wake_record(wake, WS_WAKE_LATE);
	ws_wake_stack(wake);
}
