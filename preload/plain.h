/* SPDX-License-Identifier: MIT */
/* plain.h: calls that are made as they are, with no try before them, by threads that do not wait.
 *
 * A try costs more than a plain read() or write() of a pipe: by a third, of a FIFO by half. So a
 * thread that has made many calls without waiting for anything makes the next ones plain, and
 * announces each in the memory that the recording shares (tracepoints/shared.h) while it lasts:
 *
 *  - Whether it slept is seen afterwards: it took long, and the kernel has counted that the thread
 *    gave up its processor. Then a wait is recorded that began in the past.
 *  - Those at the other end look at the announcement before and after their own calls, as they look
 *    at the counts of waiters, and leave their names in it. So who ended the wait is recorded, by
 *    the one who waited; without a stack.
 *  - If the process dies in the call, or hangs, the recorder finds the announcement at the end.
 *
 * A plain call that slept makes the thread try first again, for twice as many calls each time: of
 * all its waits, few are seen in this way. What is announced by one thread is tried by the others.
 *
 * Without shared memory, or a time stamp counter that runs evenly, every call is tried first.
 */
#ifndef WS_PLAIN_H
#define WS_PLAIN_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "preload/export.h"
#include "preload/fdkind.h"
#include "preload/thread.h"
#include "preload/waiters.h"

/* Calls of a thread without a wait, after which the next ones are plain; doubled each time that one
 * of these slept, until there are hardly any. */
#define WS_PLAIN_CALM     64u
#define WS_PLAIN_CALM_MAX (1u << 20)

/* In ticks of the time stamp counter, of which there are one to five in a nanosecond. */
#define WS_PLAIN_SHORT 4096u /* nothing that sleeps is back so soon */

/* One plain call. */
struct ws_plain {
	struct ws_thread *self;
	struct ws_shared_call *entry;
	uint64_t owner; /* as it is announced */
	uint64_t since; /* time stamp counter */
	uintptr_t site;
	uint64_t word; /* of the number, see fdkind.h */
	int fd;
	bool reading;
	bool returned;  /* false: it was cancelled */
	ssize_t result; /* if it returned */
};

/* Announces the call if it is to be a plain one. False: try first. */
bool ws_plain_announce(struct ws_plain *plain);

static inline bool ws_plain_begin(struct ws_plain *plain, struct ws_thread *self, uint64_t word,
				  int fd, bool reading, uintptr_t site)
{
	if (ws_likely(self->calm < self->calm_needed)) {
		self->calm++;
		return false;
	}
	*plain = (struct ws_plain){
		.self = self, .word = word, .fd = fd, .reading = reading, .site = site
	};
	return ws_plain_announce(plain);
}

/* It took long: records a wait if the thread slept. */
void ws_plain_long(struct ws_plain *plain);

/* The call is over. */
static inline void ws_plain_end(struct ws_plain **scope)
{
	struct ws_plain *plain = *scope;

	if (ws_unlikely(__builtin_ia32_rdtsc() - plain->since > WS_PLAIN_SHORT))
		ws_plain_long(plain);
	/* Otherwise it was taken for one that was left by longjmp(). */
	if (ws_likely(plain->self->plain == (uintptr_t)plain)) {
		plain->self->plain = 0;
		/* release: what the entry says is not changed before; pairs with the loads of those
		 * who meet it. */
		atomic_store_explicit(&plain->entry->owner, 0, memory_order_release);
	}
}

/* True if `call` was made plain; `r` is what it returned. */
#define WS_PLAIN(r, call, ...)                                                                     \
	({                                                                                         \
		struct ws_plain plain_;                                                            \
		bool done_ = ws_plain_begin(&plain_, __VA_ARGS__);                                 \
		if (done_) {                                                                       \
			__attribute__((cleanup(ws_plain_end))) struct ws_plain *scope_ = &plain_;  \
			(r) = scope_->result = (call);                                             \
			scope_->returned = true;                                                   \
		}                                                                                  \
		done_;                                                                             \
	})

/* Somebody is in a plain call that this would end; 0: nobody. */
static inline uint64_t ws_plain_owner(uintptr_t key)
{
	if (ws_unlikely(!ws_shared_calls))
		return 0;
	return atomic_load_explicit(&ws_shared_calls[key % WS_SHARED_CALLS].owner,
				    memory_order_relaxed);
}

/* Leaves this thread's name there, if nobody has: its call at `site` may end that one. */
void ws_plain_meet(const struct ws_thread *self, uintptr_t key, uint64_t owner, uint8_t op,
		   uintptr_t site);

/* The thread leaves its plain call by longjmp(): records a wait if it slept. */
void ws_plain_left(struct ws_thread *self);

/* Takes back what the thread announced in a call that it left by longjmp(), if its frame lies
 * deeper than `frame`; UINTPTR_MAX: in any case. */
void ws_plain_drop(struct ws_thread *self, uintptr_t frame);

#endif
