/* SPDX-License-Identifier: MIT */
/* wait.h: the interval in which a thread is blocked, and the release that may end it.
 *
 * A wait is a scope: it ends where its block is left, be it by return, by cancellation or by
 * pthread_exit(). Left by longjmp(), it stays open; the analyzer closes it, and this library takes
 * its count back at the thread's next wait.
 */
#ifndef WS_WAIT_H
#define WS_WAIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "preload/cpu.h"
#include "preload/emit.h"
#include "preload/thread.h"
#include "preload/waiters.h"
#include "tracepoints/format.h"
#include "tracepoints/kinds.h"

/* Read holders of one lock that a wait can name; the rest are the analyzer's to find. */
#define WS_HOLDERS_MAX 16

/* What is known of a holder. Zeroes: nothing. */
struct ws_holder_ref {
	int32_t tid;
	uintptr_t site;
	uint32_t stack;
};

/* The bytes of a file that a record lock is about. */
struct ws_byte_range {
	uint64_t start;
	uint64_t length; /* 0: to the end of the file, however far that grows */
};

/* One more object that could end a wait: the files of a poll(). */
struct ws_wait_other {
	uintptr_t object;
	uintptr_t other; /* see `other` in events.h */
	uintptr_t key;   /* what its waiters are counted by; 0: the object */
	uint8_t kind;    /* enum ws_kind */
	uint8_t flags;   /* WS_WAIT_* */
};

struct ws_wait {
	/* Filled by the caller. */
	struct ws_thread *self;
	uintptr_t object;
	uintptr_t other; /* see `other` in events.h */
	uintptr_t key;   /* what its waiters are counted by; 0: the object. See ws_waiters_key() */
	uintptr_t site;
	uint8_t kind;  /* enum ws_kind */
	uint8_t flags; /* WS_WAIT_* */
	/* Who holds the object: called as the wait begins, and again where it ended without
	 * acquiring. Returns how many it found, at most `max`. NULL: nobody can be named. */
	size_t (*holders)(const struct ws_wait *wait, struct ws_holder_ref *ret, size_t max);
	const void *context;               /* for `holders`; Weak */
	const struct ws_byte_range *range; /* record_lock; Weak; NULL otherwise */
	/* More objects that could end it: they are counted as waited for until it ends, and recorded
	 * as it begins unless `others_unsaid`. Weak; NULL if there are none. */
	const struct ws_wait_other *others;
	size_t n_others;
	bool others_unsaid;

	/* Set by the caller after the real call: until then, leaving the scope means that the
	 * thread was cancelled. */
	uint8_t outcome; /* enum ws_outcome */
	int32_t error;   /* errno value */
	/* Which of several objects ended it, counted from 1; 0: not known, or there is one only. */
	int32_t which;
	int32_t ender; /* pid of the process that ended it, where the kernel says; 0: it does not */

	/* Own. */
	uint32_t seq;
	uint32_t stack; /* the waiter's stack id; 0: not taken */
	bool begun;     /* wait_begin was recorded */
	bool counted;
	struct ws_cpu_clock holder; /* of the first holder's processor time; see cpu.h */
};

void ws_wait_begin(struct ws_wait *wait);
void ws_wait_end(struct ws_wait *wait);
/* The thread jumps to where its stack pointer is `to`: the waits of deeper frames are over. */
void ws_waits_left(struct ws_thread *self, uintptr_t to);
/* In place of ws_wait_begin(), of a wait that is over: it began at `begin_ns` (CLOCK_MONOTONIC). */
void ws_wait_past(struct ws_wait *wait, uint64_t begin_ns);
/* One more object that could end the wait that has just begun. Until the wait ends, each of them
 * is to be counted as waited for (ws_waiters_add) by the caller. */
void ws_wait_also(struct ws_wait *wait, uint8_t kind, uintptr_t object, uintptr_t other,
		  uint8_t flags);

/* The holders that the threads of this process have noted in their held arrays. */
size_t ws_wait_holders_noted(const struct ws_wait *wait, struct ws_holder_ref *ret, size_t max);

/* Declares `name` as a wait that begins here and ends with its block. The rest of the arguments
 * are designated initialisers of struct ws_wait. */
#define WS_WAIT(name, ...)                                                                         \
	__attribute__((cleanup(ws_wait_end))) struct ws_wait name = { __VA_ARGS__ };               \
	ws_wait_begin(&name)

/* Outcome and error from the result of a call that returns an error number. */
void ws_wait_result(struct ws_wait *wait, int error);
/* The same from a result of 0 or -1 with errno. */
void ws_wait_errno(struct ws_wait *wait, int result);

struct ws_wake {
	/* Filled by the caller. */
	struct ws_thread *self;
	uintptr_t object;
	uintptr_t other; /* see `other` in events.h */
	uintptr_t key;   /* what its waiters are counted by; 0: the object. See ws_waiters_key() */
	uintptr_t site;
	uint8_t kind; /* enum ws_kind */
	uint8_t op;   /* enum ws_wake_op */
	bool shared;
	bool sure;      /* the object itself says that somebody waits */
	uint32_t count; /* how many may go */
	const struct ws_byte_range *range; /* record_lock; Weak; NULL otherwise */
	/* The hold that ends, where it is not in the thread's array; Weak; NULL: it is, or is not
	 * known. */
	const struct ws_held *hold;

	/* Own. */
	uint32_t seq;
	bool begun;
};

static inline uintptr_t ws_wake_key(const struct ws_wake *wake)
{
	return wake->key ? wake->key : wake->object;
}

/* Records the wake, before the release or, with WS_WAKE_LATE, after it. */
void ws_wake_record(struct ws_wake *wake, uint8_t flags);
/* After the release: records the stack of a wake that was recorded. */
void ws_wake_stack(struct ws_wake *wake);
/* After the release: it was not recorded, but now somebody waits who may have come before it. */
void ws_wake_late(struct ws_wake *wake);

/* Before the release: records the wake if somebody waits. */
static inline void ws_wake_before(struct ws_wake *wake)
{
	if (ws_unlikely(wake->sure || ws_waiters_any(ws_wake_key(wake), wake->shared)))
		ws_wake_record(wake, 0);
}

/* After it: the stack of what was recorded; or the wake of a waiter that came in between. */
static inline void ws_wake_after(struct ws_wake *wake)
{
	if (ws_unlikely(wake->begun))
		ws_wake_stack(wake);
	else if (ws_unlikely(ws_waiters_any(ws_wake_key(wake), wake->shared)))
		ws_wake_late(wake);
}

#endif
