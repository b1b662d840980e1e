/* SPDX-License-Identifier: MIT */
/* model.h: who waited for whom: records in, finished waits out, each with those it waited for.
 *
 * The rules, in words. The functions that carry them out repeat only their names.
 *
 * OBJECTS. One ws_object is one incarnation of a ws_object_key. A `destroy` ends it: the next init
 * or wait at that key is a new object (a wake still belongs to the old one: it may be recorded
 * late). An `init` without a destroy before it starts a new object if the key is private, not in
 * static storage and nobody waits there: initialising a lock twice is not defined, so the memory
 * has been reused. Static and shared objects stay what they are. std::mutex has neither init nor
 * destroy: reused memory then shows as one object, named by its first wait.
 *
 * OPEN WAITS. A thread's waits nest, by signal handlers, last in first out by seq. An end whose seq
 * is below the top closes what lies above it as lost (longjmp out of a handler). A wait whose end
 * never comes is closed at its thread's next event after it began, as WS_WAIT_LOST: the program
 * went on without us seeing how. A wait that nothing follows is open until its thread, its process
 * or the trace ended: WS_WAIT_OPEN.
 *
 * Announced: a call that was under way when its process or the recording ended, and whose announcement
 * is all that is known of it (WS_WAIT_ANNOUNCED), is an open wait if it lasted for
 * WS_ANNOUNCED_LEAST_NS. It takes less than that until a process is collected that was killed in the
 * middle of one that did not block, even on a busy machine.
 *
 * OWNED KINDS (mutex, rwlock, spinlock, once): somebody holds the object, and the wait [t0, t1] is
 * charged to holders piece by piece.
 *
 * Between releases: a release by H at r charges H with the piece from the release before it (or
 * t0) to r. A wait begins before its record is made, for its stack is taken between: the last
 * release of that time counts, too.
 *
 * Hand-over: if the wait acquired the object, the piece after the last release belongs to the last
 * releaser: what waking up cost.
 *
 * Not acquired (timeout, open and so on): that piece belongs to the holder that wait_end names,
 * else to whoever acquired the object by a wait that ended since that release, else to nobody
 * known.
 *
 * No release seen: the holder that wait_begin names, else the one that wait_end names, else nobody
 * known.
 *
 * Several readers: every holder named at the beginning is charged from t0 to its own release, or to
 * t1 if none was seen: the wait needs all of them (AND), so their charges together may exceed the
 * wait. A releaser that was not named is charged from the release before its own.
 *
 * Readers do not wait for readers: the release of a read hold is nothing to a wait for one.
 *
 * Late: a release marked late may follow the wait's end. A wait that acquired the object with no
 * release seen is kept for WS_LATE_WINDOW_NS, WS_LATE_MAX of a thread; a late release claims the
 * oldest one whose named holder, if any, is the releaser.
 *
 * OTHER KINDS have no owner: the wait has a waker.
 *
 * Newest: it is the newest wake on the object that was recorded within the wait and is not used up.
 * A signal, post or futex wake is used up by `count` waits; a broadcast, arrival, exit, unlock,
 * close or removal never.
 *
 * Sides: what has two (a queue, a pipe) is received from by some and sent to by others. A wait to
 * receive is ended by a `send`, the other by a `receive`, both by a close, a removal or an exit; of
 * System V messages by one of the type that is wanted.
 *
 * Early: a waker checks for waiters, records, then releases; a wait may be recorded between. So,
 * with no other wake, one not used up counts if it came at most WS_EARLY_WINDOW_NS before the wait
 * began; the end of a process WS_LATE_WINDOW_NS, for it is recorded before the tracer is taken down.
 *
 * Late: as above; a late wake claims the oldest wait that ended without a waker.
 *
 * Barrier: the last arriver does not wait (outcome no_wait): its wait_begin, or an `arrive`, is the
 * waker of all the others. Join: the joined thread is the waker, whatever else is known. Requeue:
 * waits on the futex may also be ended by wakes on the target from then on.
 *
 * Undo: a process that used SEM_UNDO on a set of System V semaphores wakes, as it ends, those who
 * wait for one of the set.
 *
 * Several objects: the wait counts for the one that ended it, as wait_end says, else for that of
 * its wait_begin; its waker is looked for at the one, or at all of them.
 *
 * Poll: such a wait stays one of kind poll, and counts for the polling of what ended it, an object
 * of its own. It uses no wake up, for it takes nothing away; a wake that has ended one poll is not
 * an early one for the next. One that is ended by none of its objects has no waker.
 *
 * Not acquired: a timeout, an interruption, an open wait has no waker and uses none up.
 *
 * An outcome of no_wait is not a wait, and is not handed out.
 *
 * STACKS of wakes come after the wake, perhaps after the waits that it ended. Such a wait is held
 * back until that stack arrived or the releasing thread has had WS_PENDING_MAX later wakes or
 * ended.
 *
 * First: who waits to read from a pipe, FIFO, socket or eventfd goes on by the first that comes while it
 * waits, not the newest, and each send is the first of one reader. Who waits for room to write goes on
 * by what was read, never by a close: that is what its failure is charged to.
 *
 * ENDS. When a process dies, the kernel closes its ends of the pipes, FIFOs, sockets and eventfds that
 * it was seen to use: a wake of each, `exit`, that is late if all that tells of it is that the parent
 * collected it. A socket is two channels: what happens at one end ends waits at the other only.
 *
 * LOSS. After a LOSS record everything open is uncertain: such a wait's charge is unknown as a
 * whole and it has no waker. If its thread begins another wait, its end was lost: WS_WAIT_LOST.
 *
 * MEMORY is bounded by live threads, objects and their waiters, never by events: at most
 * WS_NEST_MAX open, WS_LATE_MAX late and WS_PENDING_MAX unfinished wakes a thread, and as many
 * unused wakes an object as it has open waits, and one.
 */
#ifndef WS_MODEL_H
#define WS_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analyzer/decode/record.h"
#include "analyzer/decode/tables.h"

/* How long after a wait's end a late wake may still be its. A releaser that is preempted between
 * its release and its record runs again well within this. */
#define WS_LATE_WINDOW_NS 20000000ull
/* How long before a wait's begin a wake may be recorded and still end it: see `early`. */
#define WS_EARLY_WINDOW_NS 100000ull
/* Pieces of one wait. A wait that is overtaken more often than that has one more, which is for nobody
 * known: to keep all would take memory by events. */
#define WS_PIECES_MAX 1024
/* How long a call that is known from its announcement only must have lasted to be a wait: see
 * `announced`. */
#define WS_ANNOUNCED_LEAST_NS 100000000ull
/* Waits of one thread that are kept for late wakes; the oldest goes first. */
#define WS_LATE_MAX 4
/* Wakes of one thread whose stack may still come; the oldest goes first. */
#define WS_PENDING_MAX 4
/* Open waits of one thread, nested by signal handlers; the outermost is taken for lost first. */
#define WS_NEST_MAX 16

/* One incarnation of something that can be waited on. */
struct ws_object {
	struct ws_object_key key;
	uint32_t id;          /* dense from 0 in order of the first wait; WS_UNKNOWN: none yet */
	uint32_t data;        /* code index of its address in static storage, or WS_UNKNOWN */
	uint32_t init_site;   /* code index of its init or open, or WS_UNKNOWN */
	uint64_t value;       /* what its init or open said, see events.h; 0: nothing */
	uint32_t first_site;  /* code index of its first wait, or WS_UNKNOWN */
	uint32_t first_stack; /* stack index of the same, or WS_UNKNOWN */
	uint32_t taken_site;  /* code index of the first call that is known to have taken it in an
			       * order of locks, or WS_UNKNOWN */
	const char *name;     /* Weak: lives as long as the tables; "" if it has none */
	/* record_lock: all bytes of the same file, whose name is the file's; Weak: owned by the
	 * model. NULL: it is that itself, or of another kind. */
	const struct ws_object *file;
	/* poll: what was polled and ended the waits; Weak: owned by the model. NULL: it is of another
	 * kind, or that is not known. */
	const struct ws_object *of;
};

/* What the waits are for: of a poll what is polled, else the object itself. */
static inline const struct ws_object *ws_object_polled(const struct ws_object *object)
{
	return object->of ? object->of : object;
}

/* One operation that may have let waiters go. */
struct ws_wake {
	const struct ws_object *object; /* Weak: owned by the model */
	uint32_t process;
	uint32_t thread;
	uint32_t site;  /* code index, or WS_UNKNOWN */
	uint32_t stack; /* stack index, or WS_UNKNOWN */
	uint8_t op;     /* enum ws_wake_op */
	uint8_t flags;  /* WS_WAKE_* of format.h */
	uint32_t count; /* waiters that may go at most; WS_WAKE_ALL */
	uint64_t at_ns; /* trace clock */
};

/* One of the locks that a thread holds as its next wait begins. */
struct ws_hold {
	const struct ws_object *object; /* Weak: owned by the model */
	uint32_t thread;
	uint32_t seq;   /* number of the wait within its thread */
	uint32_t site;  /* code index of the call that took it, or WS_UNKNOWN */
	uint32_t stack; /* stack index of that call, or WS_UNKNOWN */
	uint8_t flags;  /* WS_HOLD_* of format.h */
};

/* One lock that a thread takes or holds. */
struct ws_lock {
	const struct ws_object *object; /* Weak: owned by the model */
	uint32_t site;  /* code index of the call that takes it, or WS_UNKNOWN */
	uint32_t stack; /* stack index, or WS_UNKNOWN */
	uint8_t flags;  /* WS_EDGE_* of format.h */
};

/* A thread takes a lock while it holds others; see lock_edge in events.h. */
struct ws_lock_edge {
	struct ws_lock taken;
	const struct ws_lock *held; /* in the order in which it took them */
	size_t n_held;              /* at least one */
	uint32_t thread;
	uint32_t segment;
	uint32_t syncs;
	uint64_t locks;
	uint64_t at_ns; /* trace clock */
};

/* A call did what it should not have; see WS_MISUSES in kinds.h. */
struct ws_misuse_seen {
	const struct ws_object *object; /* Weak: owned by the model */
	struct ws_object_key mutex;     /* cond: its mutex; otherwise kind 0 */
	uint32_t process, thread;
	uint8_t what;  /* enum ws_misuse */
	uint8_t flags; /* WS_MISUSE_* of format.h */
	uint32_t site; /* of the call, or WS_UNKNOWN */
	uint32_t stack;
	uint32_t call; /* fork_holding: of the fork; otherwise WS_UNKNOWN */
	struct ws_holder holder; /* thread WS_UNKNOWN: nobody, or not known */
	uint64_t at_ns; /* trace clock */
};

/* How often a thread took a lock, or tried to in vain by calls that do not wait. */
struct ws_lock_count {
	struct ws_object_key key;
	const struct ws_object *object; /* Weak: owned by the model; NULL: nobody waited for it */
	uint32_t process, thread;
	uint32_t site; /* failed: of the call; otherwise WS_UNKNOWN */
	uint64_t acquired, failed; /* since it last said so */
};

/* A part of a wait that one holder is charged with. */
struct ws_charge {
	struct ws_holder holder; /* thread WS_UNKNOWN: nobody is known */
	uint64_t ns;
};

/* A span of a wait, and whom it was for: the wait cut where holders let go. The first begins with the
 * wait, each where the one before ends. Of several holders at once it is for the one that let go
 * last: the others were not what kept it in the end. */
struct ws_piece {
	struct ws_holder holder; /* thread WS_UNKNOWN: nobody is known */
	uint64_t to_ns;          /* trace clock */
};

enum ws_wait_state {
	WS_WAIT_ENDED, /* its end was recorded: see outcome */
	WS_WAIT_OPEN,  /* it lasted to the end of its thread, its process or the trace */
	WS_WAIT_LOST,  /* its thread went on, how is not known */
};

/* One interval in which a thread was blocked on one object. */
struct ws_wait {
	const struct ws_object *object; /* Weak: owned by the model */
	uint32_t process;
	uint32_t thread;
	uint32_t site;   /* code index, or WS_UNKNOWN */
	uint32_t stack;  /* stack index, or WS_UNKNOWN */
	uint8_t flags;   /* WS_WAIT_* of format.h */
	uint8_t state;   /* enum ws_wait_state */
	uint8_t outcome; /* enum ws_outcome; WS_OUTCOME_NONE unless WS_WAIT_ENDED */
	bool uncertain;  /* events were lost while it lasted */
	int32_t error;   /* errno of the call, 0: none */
	struct ws_object_key mutex; /* cond: the mutex that was given up; otherwise kind 0 */
	uint64_t value; /* the object's as the wait began: so many threads a barrier is for; 0: not seen */
	uint64_t begin_ns;
	uint64_t end_ns;
	/* Owned kinds: the holder that its begin named, WS_UNKNOWN: nobody; and how long that had a
	 * processor while the wait lasted, in ns, and one; 0: not measured. */
	uint32_t measured;
	uint64_t ran;
	/* sysv_sem: the main thread of the process that operated on it last as the wait began, a hint
	 * and no owner; otherwise, or if the kernel did not say, WS_UNKNOWN. */
	uint32_t last;
	/* Owned kinds: releases that it saw of holders who took the object while it waited already:
	 * so often it was overtaken. */
	uint32_t overtaken;
	const struct ws_charge *charges; /* Owned by this; owned kinds only, then at least one */
	size_t n_charges;
	const struct ws_piece *pieces; /* Owned by this; in order of time; owned kinds only, and none of
					* a wait that took no time */
	size_t n_pieces;               /* at most WS_PIECES_MAX, of which the last is then nobody's */
	const struct ws_wake *waker; /* Weak: valid in the call; NULL: nobody, or not known */
};

/* What the model met that a reader must know of. */
struct ws_model_counts {
	uint64_t waits;         /* handed out */
	uint64_t open_waits;    /* of these, WS_WAIT_OPEN */
	uint64_t lost_waits;    /* of these, WS_WAIT_LOST */
	uint64_t uncertain;     /* of these, touched by loss */
	uint64_t orphan_ends;   /* ends without a begin */
	uint64_t losses;        /* LOSS records */
	uint64_t late_given_up; /* waits that left the late list because of WS_LATE_MAX */
	uint64_t nest_given_up; /* waits taken for lost because of WS_NEST_MAX */
};

/* What one process has read from an object and written to it. */
struct ws_transfer {
	const struct ws_object *object; /* Weak: owned by the model */
	uint32_t process;
	uint8_t ends;                 /* WS_END_*: what it has it open for */
	uint64_t bytes_in, bytes_out; /* read, written */
	uint64_t calls_in, calls_out;
	uint32_t priority_low, priority_high; /* mq: of the messages, and one; 0: none */
	uint64_t fill, room; /* the most that was in it, and could be: bytes, mq: messages; 0: not known */
	uint64_t at_ns;               /* trace clock: until when */
};

#define WS_RECORD_BIT(type) (1u << (type))
#define WS_RECORD_FIRST WS_RECORD_BIT(0) /* of no type */

/* Who is told. The arguments are valid in the call only, objects as long as the model. Where the
 * observer is told in another thread than the model's, it may read of an object only what never
 * changes once it was told of: key, id, file, of. */
struct ws_model_observer {
	void *context;
	/* WS_RECORD_BIT of the types that `record` needs to hear of, 0: all. It hears of the first
	 * record and of the first of each thread, too, and may hear of others. */
	uint32_t types;
	/* The next record, before the model makes anything of it. NULL: not wanted. */
	int (*record)(void *context, const struct ws_record *record);
	/* Time goes on to that of the next record, before `record`, whatever its type; a time that
	 * nothing follows which it is told, but a later time, may be left out. NULL: not wanted. */
	int (*time)(void *context, uint64_t at_ns);
	/* A wait has begun: how and when it ends, the charges and the waker are not known yet. It is
	 * over: the charges and the waker still are not. In order of records; what is over without its
	 * end being seen is told when that is found out, and no_wait is told here only. NULL: not
	 * wanted. */
	int (*begin)(void *context, const struct ws_wait *wait);
	int (*end)(void *context, const struct ws_wait *wait);
	/* A thread is about to wait and holds this. NULL: not wanted. */
	int (*held)(void *context, const struct ws_hold *hold);
	/* Waiters may go on from now on, in order of records: the stack is not known yet. Also where a
	 * process ends that could let them go. NULL: not wanted. */
	int (*woke)(void *context, const struct ws_wake *wake);
	/* A thread takes a lock while it holds others. NULL: not wanted. */
	int (*edge)(void *context, const struct ws_lock_edge *edge);
	/* A thread did what it should not have. NULL: not wanted. */
	int (*misuse)(void *context, const struct ws_misuse_seen *misuse);
	/* What a thread counted of one lock. NULL: not wanted. */
	int (*count)(void *context, const struct ws_lock_count *count);
	/* The trace is over, and nothing that is open was closed yet. NULL: not wanted. */
	int (*over)(void *context, const struct ws_tables *tables);
	/* One wait is complete. Not in order of time, but the same trace gives the same order.
	 * 0 or a negative errno, which the model returns to its caller. */
	int (*wait)(void *context, const struct ws_wait *wait);
	/* One wake is complete with its stack, whether it ended a wait or not. NULL: not wanted. */
	int (*wake)(void *context, const struct ws_wake *wake);
	/* What a process has moved through an object, since it last said so. NULL: not wanted. */
	int (*transfer)(void *context, const struct ws_transfer *transfer);
};

struct ws_model;

/* 0 or -ENOMEM with *ret untouched. The caller owns *ret. */
int ws_model_new(const struct ws_model_observer *observer, struct ws_model **ret);
void ws_model_free(struct ws_model *model); /* NULL is fine */

/* Takes the next record, in order of time. 0, -ENOMEM or what the observer returned. */
int ws_model_record(struct ws_model *model, const struct ws_record *record);

/* The trace is over: hands out what is open or held back. `tables` says when processes ended.
 * No record may follow. 0, -ENOMEM or what the observer returned. */
int ws_model_finish(struct ws_model *model, const struct ws_tables *tables);

/* Valid as long as the model. */
const struct ws_model_counts *ws_model_counts(const struct ws_model *model);

/* True for the kinds whose waits are charged to holders. */
bool ws_kind_is_owned(enum ws_kind kind);

/* True if a wait on this kind needs every one of those it waits for (AND), false if any one of them
 * can end it (OR). */
bool ws_kind_needs_all(enum ws_kind kind);
/* The same for this object: any child of a process is an OR. */
bool ws_object_needs_all(const struct ws_object *object);

/* True for kinds in which a thread that waits is mostly just idle: it sleeps for a time that it chose,
 * or has nothing to do until its child ends or a signal comes. */
bool ws_kind_is_idle(enum ws_kind kind);

#endif
