/* SPDX-License-Identifier: MIT */
/* past.h: keeps all waits of a trace, small, to be gone through from the last to the first.
 *
 * Who is to blame for a wait, and what the end of a run depended on, is asked backwards in time, when
 * the whole trace is known: no wake is late any more then. So each finished wait is put on a stack
 * (spill.h) which is a file when it is large: memory does not grow with events, at about 100 bytes of disk
 * a wait. The model hands waits out late, but never before their end: whoever takes them from the last
 * to the first has all that ended at a time or later once what comes next is known to have ended
 * before, and has to hold back no more of them than the model had.
 *
 * RULES: what a wait is for, in time order. A wait [b, e] that somebody ended at r is for that thread
 * up to r, and for the scheduler from r to e: it could go on, and did not run yet. A wake that came
 * before the wait, or after its end, counts as at b, or e. Owned kinds are for holder after holder, as
 * the model's pieces say, up to r. A join that never returned is for the joined thread. Waits that nobody ended, and those that lost events touched, are of
 * one cause as a whole:
 *   time     a sleep; a timeout of a kind without owner
 *   outside  a pipe, socket, FIFO, eventfd, poll, signal or child of which no other recorded thread was
 *            ever seen to be at the other side
 *   unknown  all others: lost, interrupted, cancelled, open, or ended by nobody known
 */
#ifndef WS_PAST_H
#define WS_PAST_H

#include "analyzer/analyses/contention.h"

/* What time is spent for. */
enum ws_cause_class {
	WS_CAUSE_RUNNING,   /* a thread ran, or was ready to where that was not measured */
	WS_CAUSE_PREEMPTED, /* a holder was ready to run and had no processor: of waits of which it was
			     * measured */
	WS_CAUSE_SCHEDULER, /* a thread was let go, and did not run yet */
	WS_CAUSE_TIME,      /* the program chose to wait so long */
	WS_CAUSE_OUTSIDE,   /* something came from outside of what is recorded */
	WS_CAUSE_CYCLE,     /* threads waited for each other */
	WS_CAUSE_GONE,      /* a thread that had ended, or had not begun and nobody known made it */
	WS_CAUSE_UNKNOWN,
	WS_CAUSE_COUNT,
};

/* A span of a wait, up to a time, that was for one thread. */
struct ws_past_piece {
	uint64_t to_ns;
	struct ws_holder whom; /* thread WS_UNKNOWN: nobody known */
	uint32_t padding;
};

/* A wait. In the stack its pieces stand before it. */
struct ws_past_wait {
	uint64_t latest_ns; /* no wait below it in the stack ended after this */
	uint64_t begin_ns, end_ns;
	uint64_t woken_ns; /* from here on it was for the scheduler; end_ns: it never was */
	uint64_t ran; /* ns, and one, that the thread of its first piece had a processor while it
		       * lasted, at most; 0: not measured */
	uint32_t thread;
	uint32_t object; /* ws_object.id */
	uint32_t site;   /* code index, or WS_UNKNOWN */
	uint32_t stack;  /* stack index, or WS_UNKNOWN */
	uint32_t n_pieces; /* up to woken_ns, in order of time; 0: of one cause as a whole */
	uint8_t cause;     /* enum ws_cause_class, if n_pieces is 0 */
	uint8_t flags;     /* WS_WAIT_* */
	bool counts;       /* it passes the filter, as far as that needs no tables */
	bool cut;          /* it had more pieces than the model keeps */
	bool by_itself;    /* it followed somebody, but a timeout or a signal ended it */
};

struct ws_past;

/* The filter is copied. 0 or -ENOMEM with *ret untouched. */
int ws_past_new(const struct ws_filter *filter, struct ws_past **ret);
void ws_past_free(struct ws_past *past); /* NULL is fine */

struct ws_model_observer ws_past_observer(struct ws_past *past);

/* 0, or the negative errno for which the waits could not be kept: there are none then. */
int ws_past_error(const struct ws_past *past);

/* Takes the last wait with its pieces, valid until the next call. 1; 0: no more; or a negative errno. */
int ws_past_pop(struct ws_past *past, const struct ws_past_wait **ret,
		const struct ws_past_piece **pieces);

/* The object of an id that was in a wait; NULL: there is none. */
const struct ws_object *ws_past_object(const struct ws_past *past, uint32_t id);
/* One more than the largest id. */
size_t ws_past_n_objects(const struct ws_past *past);

#endif
