/* SPDX-License-Identifier: MIT */
/* journal.h: every wait that counts, with all that is known of it, in the order of its begin: what
 * exports of single waits are made from.
 *
 * In: the finished waits of the model, and where events were lost; only if the setup asks for it
 * (`journal`): unlike other answers this one takes room by waits. It is on disk where it is large
 * (runs.h): 104 bytes a wait, and 24 for each holder and each piece.
 *
 * Out: a way through all of them, as often as one likes. Waits that begin at the same time are in
 * the order in which the model knew them to be over, which is the same each time. The filter is
 * that of the report: the waits here are those that the totals count, one by one.
 *
 * Cost: O(log waits) a wait; memory does not grow with them, but for a thousandth.
 */
#ifndef WS_JOURNAL_H
#define WS_JOURNAL_H

#include "analyzer/analyses/setup.h"

/* How a wait ended, beside enum ws_outcome. */
enum ws_journal_end { WS_JOURNAL_OPEN = WS_OUTCOME_COUNT, WS_JOURNAL_LOST };

/* "acquired" and so on, "open", or "unknown" for one whose end was lost: as the report's outcomes.
 */
const char *ws_journal_end_word(uint8_t end);

struct ws_journal_wait {
	uint64_t begin_ns, end_ns; /* trace clock */
	uint64_t woken_ns;         /* when it was let go, as recorded; 0: nobody is known to have */
	const struct ws_object *object; /* Weak: owned by the model */
	uint32_t process;               /* index, or WS_UNKNOWN */
	uint32_t thread;                /* index, or WS_UNKNOWN */
	uint32_t site, stack;           /* code and stack index, or WS_UNKNOWN */
	struct ws_holder waker;         /* where it let go; thread WS_UNKNOWN: nobody is known */
	uint32_t overtaken;             /* as in ws_wait */
	int32_t error;                  /* errno of the call, 0: none */
	uint32_t n_charges, n_pieces;   /* that follow: see ws_wait */
	uint8_t end;                    /* enum ws_outcome or ws_journal_end */
	uint8_t wake_op;                /* enum ws_wake_op; WS_WAKE_NONE: nobody is known */
	uint8_t flags;                  /* WS_WAIT_* */
	bool uncertain;                 /* events were lost while it lasted */
};

/* Here events were lost. */
struct ws_journal_loss {
	uint64_t at_ns;
	uint64_t events;  /* as far as the tracer counted */
	uint64_t packets; /* whole ones */
};

/* Who is told. The arguments are valid in the call only. A result other than 0 ends it. */
struct ws_journal_reader {
	void *user;
	/* `id` counts from 0. */
	int (*wait)(void *user, uint64_t id, const struct ws_journal_wait *wait,
		    const struct ws_charge *charges, const struct ws_piece *pieces);
	/* In order of time with the waits. NULL: not wanted. */
	int (*loss)(void *user, const struct ws_journal_loss *loss);
};

struct ws_journal;

struct ws_journal_result {
	bool kept;                                     /* the setup asked for it */
	struct ws_journal *journal;                    /* Weak */
	const struct ws_tables *tables;                /* Weak */
	const struct ws_contention_result *contention; /* Weak */
};

/* 0, the first other result of the reader's, or the negative errno for which the waits could not be
 * kept or read again (say, -ENOSPC in TMPDIR). */
int ws_journal_each(const struct ws_journal_result *result, const struct ws_journal_reader *reader);

/* Who waited, let go or held it, where: of the indexes in a wait. 0 or -ENOMEM. */
int ws_journal_party(const struct ws_journal_result *result, const struct ws_holder *who,
		     struct ws_party *ret);

#endif
