/* SPDX-License-Identifier: MIT */
/* deadlock.h: the deadlocks that the analyses found, those that happened and those that could, in
 * one list.
 *
 * An analysis adds a deadlock and then its steps, each of which wants what the next one holds, the
 * last what the first holds. The list puts all of them in order: by verdict, time, and the steps.
 * The same trace gives the same bytes.
 *
 * Objects: every object of a step has an id (model.h: whatever the model hands out has one). Those
 * that no counted wait was for are among the report's other objects: see ws_context_mention.
 */
#ifndef WS_DEADLOCK_H
#define WS_DEADLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analyzer/analyses/findings.h"
#include "analyzer/analyses/places.h"

struct ws_context;

/* X(SYMBOL, word): how sure it is.
 *
 * occurred:    it happened in this trace.
 * predictable: another order of the same events leads there; `evidence` is that order.
 * order_only:  locks were taken in contradicting orders; whether they can meet is not known.
 * suppressed:  it looks like one, and `reason` says why it is none. */
#define WS_VERDICTS(X)                                                                             \
	X(OCCURRED, occurred)                                                                      \
	X(PREDICTABLE, predictable)                                                                \
	X(ORDER_ONLY, order_only)                                                                  \
	X(SUPPRESSED, suppressed)

#define WS_VERDICT_ENUM(sym, word) WS_VERDICT_##sym,
enum ws_verdict { WS_VERDICTS(WS_VERDICT_ENUM) WS_VERDICT_COUNT };
#undef WS_VERDICT_ENUM

/* What the thread of a step has to do with what the step before wants. */
enum ws_hold_as {
	WS_HOLD_OWNS,  /* it took it, or is it (a thread that is joined): nobody else can let go of
			  it */
	WS_HOLD_COULD, /* it is one of those that could post, signal, write or read */
};

/* One thread of the cycle. */
struct ws_deadlock_step {
	const struct ws_object *holds; /* Weak: owned by the model */
	const struct ws_object *wants; /* Weak: owned by the model */
	const char *holds_name;        /* Owned by the context */
	const char *wants_name;        /* Owned by the context */
	uint8_t hold_as;               /* enum ws_hold_as */
	bool hold_taken;               /* could: since it took it itself, as a semaphore */
	bool hold_shared, want_shared; /* as a reader */
	bool needs_all;       /* `wants`: it needs all of those who hold it (AND), else any */
	uint64_t hold_ns;     /* trace clock: since when it has held it; 0: not known */
	uint64_t want_ns;     /* trace clock: when it began to wait, or would; 0: not at one time */
	struct ws_party hold; /* the thread, and the call that took `holds` */
	struct ws_party want; /* the same thread, and the call that waits for `wants` */
};

struct ws_deadlock {
	enum ws_verdict verdict;
	const char *reason; /* one sentence without a full stop; Owned by the list */
	uint64_t at_ns;     /* trace clock: when it was closed; 0: at no certain time */
	uint64_t until_ns;  /* when something broke it; 0: nothing did, or it never happened */
	struct ws_deadlock_step *cycle; /* Owned by this */
	size_t n_cycle, cycle_size;
	struct ws_evidence *evidence; /* Owned by this; in the order of the story */
	size_t n_evidence, evidence_size;
};

struct ws_deadlocks;

/* 0 or -ENOMEM with *ret untouched. */
int ws_deadlocks_new(struct ws_deadlocks **ret);
void ws_deadlocks_free(struct ws_deadlocks *deadlocks); /* NULL is fine */

/* A new one, described by what follows; NULL when memory is out. Valid until the next one. */
struct ws_deadlock *ws_deadlocks_add(struct ws_deadlocks *deadlocks, enum ws_verdict verdict,
				     uint64_t at_ns, const char *reason, ...)
	__attribute__((format(printf, 4, 5)));

/* What a step is made of. Codes and stacks may be WS_UNKNOWN. */
struct ws_deadlock_call {
	uint32_t thread;               /* index; known */
	const struct ws_object *holds; /* known, as `wants` */
	uint32_t hold_code, hold_stack;
	const struct ws_object *wants;
	uint32_t want_code, want_stack;
	uint8_t hold_as; /* enum ws_hold_as */
	bool hold_taken; /* could: since it took it itself, as a semaphore */
	bool hold_shared, want_shared;
	bool want_reads; /* of a channel or queue: it waits for something to come */
	bool needs_all;
	uint64_t hold_ns, want_ns;
};

/* The next step of its cycle. 0 or -ENOMEM. */
int ws_deadlock_step(const struct ws_context *context, struct ws_deadlock *deadlock,
		     const struct ws_deadlock_call *call);
/* One more fact of its story. `thread`, `code` and `stack` may be WS_UNKNOWN. 0 or -ENOMEM. */
int ws_deadlock_evidence(const struct ws_context *context, struct ws_deadlock *deadlock,
			 uint64_t at_ns, uint32_t thread, uint32_t code, uint32_t stack,
			 const char *text, ...) __attribute__((format(printf, 7, 8)));

/* All of them in order; valid until the list is freed or added to. */
const struct ws_deadlock *ws_deadlocks_sorted(struct ws_deadlocks *deadlocks, size_t *n);

const char *ws_verdict_word(enum ws_verdict verdict);

/* What is known of where a party was: "stack", "site", or "unknown". */
const char *ws_party_known(const struct ws_party *party);

#endif
