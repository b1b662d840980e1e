/* SPDX-License-Identifier: MIT */
/* thread.h: what the library knows of each thread: who it is, what it holds, whether it is quiet.
 *
 * A slot is never unmapped, so that a blocked thread can read what another one holds. A thread
 * finds its own slot in one load of initial-exec TLS.
 */
#ifndef WS_THREAD_H
#define WS_THREAD_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "preload/export.h"
#include "preload/limits.h"

/* Locks that one thread can hold at once and still be known as their holder: real programs stay
 * below ten. What goes beyond is counted (limit `held_locks`). */
#define WS_HELD_MAX 128

/* Waits that can be open in one thread: one, and one more for each signal handler that
 * interrupted a blocked one and blocks itself. */
#define WS_OPEN_WAITS_MAX 8

/* Threads alive at once. Beyond, a thread is not recorded (limit `threads`). */
#define WS_THREADS_MAX 32768

/* Why a thread is quiet: its calls go straight to the real functions. Any other value of
 * `quiet` is the frame address of the wrapper that is at work. */
enum ws_quiet {
	WS_QUIET_NOT = 0,
	WS_QUIET_FOREIGN = 1, /* one of LTTng's own threads */
	WS_QUIET_FORK = 2,    /* inside fork() */
	WS_QUIET_VFORK = 3,   /* a vfork child may be running in this memory */
	WS_QUIET_ASIDE = 4,   /* the library has stepped aside in this process */
	WS_QUIET_LAST = WS_QUIET_ASIDE,
};

/* Flags of our own use, never in a `holder` event: it was taken by a call that only tries, or by one
 * with a time limit; a record lock of the open file, not the process; it was taken while others
 * waited: `since` is set. */
#define WS_HOLD_TRY     0x10u
#define WS_HOLD_TIMED   0x20u
#define WS_HOLD_FILE    0x40u
#define WS_HOLD_STAMPED 0x80u

/* One lock that a thread holds. Each store before a locked instruction counts: `since` is written
 * only where it is needed. */
struct ws_held {
	uintptr_t object;
	uintptr_t site; /* return address of the call that took it */
	union {
		struct {
			uint32_t stack; /* id of the stack of that call; 0: it did not block, none
					 * was taken */
			uint8_t kind;   /* enum ws_kind */
			uint8_t flags;  /* WS_HOLD_* */
			uint16_t count; /* how often this object was taken in this place, not yet
					 * told: lock_counts.h */
		};
		uint64_t how; /* all of it: written at once */
	};
	uint64_t since; /* time stamp counter when it was taken; only with WS_HOLD_STAMPED */
};

/* A wait of this thread that has begun: kept here, not in the waiting frame alone, so that one
 * that was left by longjmp() can be recognised and taken back. */
struct ws_open_wait {
	uintptr_t frame; /* frame address of the waiting call */
	uintptr_t key;   /* what it is counted by, see waiters.h */
	uint32_t seq;
	uint32_t n_keys; /* of the thread's `keys`, those of the waits outside of it */
	bool shared;
	bool begun; /* its wait_begin was recorded */
};

/* More objects that the open waits of one thread are for (the files of a poll()). */
#define WS_OPEN_KEYS_MAX 128
struct ws_open_key {
	uintptr_t key; /* what it is counted by, see waiters.h */
	bool shared;
};

/* Calls that are followed (call.h) and open in one thread: one, and one more for each callback and
 * signal handler that calls again. Beyond, they are not recorded (limit `open_calls`). */
#define WS_OPEN_CALLS_MAX 16
#define WS_CALL_ARGS_MAX 7
/* Bytes for the texts of a thread's open calls. */
#define WS_CALL_TEXTS 1024
struct ws_open_call {
	uintptr_t frame; /* address of its return address */
	uintptr_t site;
	uint64_t begin_ns; /* CLOCK_MONOTONIC */
	uint64_t object;   /* what it is about, see events.h */
	uint64_t device;   /* of that, where it is a file */
	uint64_t args[WS_CALL_ARGS_MAX];
	int32_t pid;       /* a fork child finds its parent's call open */
	uint16_t function; /* number of functions.h */
	uint16_t text;     /* where its texts begin among the thread's */
	uint8_t n_args;
	uint8_t kind;      /* enum ws_kind */
	uint8_t flags;     /* WS_CALL_* */
	bool recorded;     /* it is one of those that are recorded */
	int saved_errno;   /* as it was before the call */
};

/* What one thread knows of how often it took which locks, and tried to in vain (lock_counts.h). */
#define WS_LOCK_COUNTS 1024
#define WS_LOCK_FAILS  256
struct ws_lock_count {
	uintptr_t object;
	uint32_t n;     /* 0: the place is free */
	uint8_t kind;   /* enum ws_kind */
	uint8_t others; /* how often another object would have had its place */
};
struct ws_lock_fail {
	uintptr_t object;
	uintptr_t site;
	uint64_t n; /* 0: the place is free */
	uint8_t kind;
	uint8_t others;
};

/* The orders that one thread took locks in lately, by a hash (lock_order.h). */
#define WS_LOCK_ORDERS 64

/* Calls of vfork() under way in one thread: one, and one more for a signal handler that comes just
 * before or after the call itself. Beyond, they are as without the library. */
#define WS_VFORKS_MAX 2
struct ws_vfork {
	uintptr_t stack; /* the caller's stack pointer after the call; 0: the place is free */
	uintptr_t site;  /* where it returns to */
	uint64_t begin_ns; /* CLOCK_MONOTONIC */
};

struct ws_once_call;
struct ws_shared_call;

struct ws_thread {
	/* Owner only. */
	uintptr_t quiet; /* enum ws_quiet, or a frame address */
	bool leaving;    /* its destructors are running */
	int32_t tid;
	int32_t slot;
	uint32_t wait_seq;
	uint64_t measured_ns; /* when a wait of it last looked whether its holder runs, see cpu.h */
	uint32_t wake_seq;
	uint32_t n_open;
	struct ws_open_wait open[WS_OPEN_WAITS_MAX];
	uint32_t n_keys;
	struct ws_open_key keys[WS_OPEN_KEYS_MAX];
	uint32_t n_calls;
	struct ws_open_call calls[WS_OPEN_CALLS_MAX];
	uint32_t n_texts; /* bytes of `texts` in use */
	char texts[WS_CALL_TEXTS + 1]; /* the last is always 0 */
	struct ws_once_call *once; /* Weak: innermost pthread_once() under way, see wrap_once.c */
	struct ws_vfork vforks[WS_VFORKS_MAX]; /* see wrap_process.c */

	/* Plain calls, see plain.h. */
	uint32_t calm;        /* calls since the thread has waited, up to `calm_needed` */
	uint32_t calm_needed; /* so many before one is plain */
	uint32_t plain_seq;
	uintptr_t plain;                    /* frame address of the one under way; 0: none */
	struct ws_shared_call *plain_entry; /* Weak: where it is announced, */
	uint64_t plain_owner;               /* and as what */
	uint64_t looked; /* time stamp counter when `slept` was last looked at */
	int64_t slept;   /* how often the thread has given up its processor */

	/* Written by the owner, read by blocked threads: how many entries (low half) and a number
	 * that each change makes new (high half). A new entry is written where no reader looks, and
	 * then published by one store of this word; a reader that finds the word unchanged after
	 * it has read has read well. Pairs: ws_held_add/ws_held_remove with held_read(). */
	_Atomic uint64_t held_word;
	struct ws_held held[WS_HELD_MAX];

	_Atomic uintptr_t handle; /* pthread_t; 0: not made by pthread_create() */

	/* Owner only. Those of counts also by who ends the process. */
	uint32_t segment;  /* see lock_edge in events.h */
	uint32_t syncs;    /* the same */
	uint32_t edge_seq;
	uint64_t orders[WS_LOCK_ORDERS];
	bool counted;      /* something is in the tables below */
	uint64_t told;     /* of all acquisitions, those that are in no table any more */
	struct ws_lock_count counts[WS_LOCK_COUNTS];
	struct ws_lock_fail fails[WS_LOCK_FAILS];
};

extern __thread struct ws_thread *ws_self __attribute__((tls_model("initial-exec")));

/* The slot of this thread, made if need be; NULL when the call is not to be recorded. */
struct ws_thread *ws_thread_slow(void) __attribute__((cold));

/* The slot of the calling thread; NULL: our own call, or a thread that is not recorded. */
static inline struct ws_thread *ws_thread(void)
{
	struct ws_thread *self = ws_self;

	if (ws_likely(self != NULL && self->quiet == WS_QUIET_NOT))
		return self;
	return ws_thread_slow();
}

/* Called for each new slot, so that the thread's end is noticed: see wrap_thread.c. */
void ws_thread_arm(struct ws_thread *self);

/* Makes the calling thread one of LTTng's: nothing that it does is recorded, ever. */
void ws_thread_foreign(void);
/* Frees the slot of the calling thread: the last thing that it does. */
void ws_thread_gone(struct ws_thread *self);
/* In a fork child: the other threads are gone, and this one has a new tid. */
void ws_thread_forked(struct ws_thread *self);

/* The tid of the thread with this handle, which may have ended but was not joined; 0: not known. */
int32_t ws_thread_tid_of(pthread_t handle);

/* The tid of a thread that has just been joined; 0: not known. */
int32_t ws_thread_joined(pthread_t handle);

/* Calls `each` for every recorded thread that is alive. */
void ws_threads_each(void (*each)(struct ws_thread *thread));

/* True if a recorded thread of this process that is alive has this tid. */
bool ws_thread_known(int32_t tid);

/* The tids of the recorded threads that are alive, at most `max`; returns how many. */
size_t ws_thread_tids(int32_t *tids, size_t max);

#define WS_HELD_COUNT(word) ((uint32_t)(word))
#define WS_HELD_CHANGE (UINT64_C(1) << 32)

/* Forgets an entry that is not the newest, or does not exist. */
void ws_held_remove_slow(struct ws_thread *self, uintptr_t object);

/* Another object was counted in this place, or the count is full: see lock_counts.h. */
void ws_lock_count(struct ws_thread *self, struct ws_held *entry);
/* It took the newest while it holds others: see lock_order.h. */
void ws_lock_order(struct ws_thread *self, uint32_t n);

/* The thread holds others, or its first place was another object's. */
void ws_held_add_slow(struct ws_thread *self, uintptr_t object, uint8_t kind, uint8_t flags,
		      uintptr_t site, uint32_t stack);
/* A signal handler used the place that is being filled. */
void ws_held_refill(struct ws_thread *self, uint32_t n, uintptr_t object, uint8_t kind,
		    uint8_t flags, uintptr_t site, uint32_t stack);

/* The count in `how`: all of its bits, and one. */
#define WS_HELD_COUNTED UINT64_C(0xffff000000000000)
#define WS_HELD_ONCE    UINT64_C(0x0001000000000000)
_Static_assert(offsetof(struct ws_held, count) - offsetof(struct ws_held, how) == 6 &&
		       offsetof(struct ws_held, flags) - offsetof(struct ws_held, how) == 5 &&
		       sizeof(struct ws_held) == 32,
	       "the parts of `how` are where ws_held_add() puts them");

/* Notes that the thread has taken the object. By far the commonest case, that it takes again what it
 * took last and holds nothing else, is done in place. */
static inline void ws_held_add(struct ws_thread *self, uintptr_t object, uint8_t kind,
			       uint8_t flags, uintptr_t site, uint32_t stack)
{
	uint64_t word = atomic_load_explicit(&self->held_word, memory_order_relaxed);
	struct ws_held *entry = &self->held[0];

	uint64_t counted = entry->how & WS_HELD_COUNTED;

	if (ws_unlikely(WS_HELD_COUNT(word) > 0 || entry->object != object ||
			counted == WS_HELD_COUNTED)) {
		ws_held_add_slow(self, object, kind, flags, site, stack);
		return;
	}
	entry->site = site;
	entry->how = (counted + WS_HELD_ONCE) | (uint64_t)flags << 40 | (uint64_t)kind << 32 | stack;
	/* release: the entry before the word; pairs with the acquire in held_read(). */
	atomic_store_explicit(&self->held_word, word + WS_HELD_CHANGE + 1, memory_order_release);
	/* A signal handler that came before that store used the same place for locks of its own. */
	atomic_signal_fence(memory_order_seq_cst);
	if (ws_unlikely(*(volatile uintptr_t *)&entry->object != object))
		ws_held_refill(self, 0, object, kind, flags, site, stack);
}

/* The newest entry; NULL: the thread holds nothing. */
static inline struct ws_held *ws_held_newest(struct ws_thread *self)
{
	uint32_t n = WS_HELD_COUNT(atomic_load_explicit(&self->held_word, memory_order_relaxed));

	return n ? &self->held[n - 1] : NULL;
}

/* Forgets it. */
static inline void ws_held_remove(struct ws_thread *self, uintptr_t object)
{
	uint64_t word = atomic_load_explicit(&self->held_word, memory_order_relaxed);
	uint32_t n = WS_HELD_COUNT(word);

	if (ws_likely(n > 0 && self->held[n - 1].object == object))
		atomic_store_explicit(&self->held_word, word + WS_HELD_CHANGE - 1,
				      memory_order_release);
	else
		ws_held_remove_slow(self, object);
}

/* What this thread noted when it took the object; NULL: it did not. */
const struct ws_held *ws_held_own(const struct ws_thread *self, uintptr_t object);
/* What the live thread `tid` of this process noted. False: nothing, or it changed too fast. */
bool ws_held_find(int32_t tid, uintptr_t object, struct ws_held *ret);
/* All the threads of this process that hold the object, at most `max`; returns how many. */
size_t ws_held_all(uintptr_t object, int32_t *tids, struct ws_held *held, size_t max);

#endif
