/* SPDX-License-Identifier: MIT */
/* board.h: who waits for what at this moment of the trace, who holds what, and who is there.
 *
 * In: what the model says, as it says it. Out: the state after the last of it.
 *
 * Rules, in words.
 *
 * Waits: a thread waits in its innermost open wait.
 *
 * Holds: who holds an owned object is known from three sources, the later one being right: what a
 * wait for it named as it began; who got it by a wait, as that ended; and what a thread said that
 * it holds as it began to wait itself. The last one is complete: as long as the thread waits, it
 * holds that and nothing else; but a mutex that it is named for after it began to wait for a
 * condition variable it holds, since that wait gives up one of its locks only. A release ends a
 * hold, one of bytes of a file those of all ranges that it touches. A wait that names nobody leaves
 * only what waiting threads said themselves.
 *
 * Reach: a process reaches an object if it could operate on it: its own memory; shared memory that
 * it has mapped; what it has made, opened or used; a pipe of which it has the end open; and what
 * its parent reached when it forked: of its pipes both ends, until the child says which it has.
 * What was there before the trace may be reached from outside. What has a name or a key (a queue, a
 * file that is mapped, an object or a segment of System V but a private one) may be reached from
 * outside though it was made in the trace: see `ws_board_lets_go`.
 *
 * Unseen: a child that its parent made, and that has not told of itself, reaches what its parent
 * did then, but for memory if it runs another program. Nothing is known of what it does, until its
 * first event, or until its parent has collected it.
 *
 * Handlers: a thread that lets others go while it waits itself does so in a signal handler.
 *
 * Let go: a wake may have ended a wait of which the end is not recorded yet. Such a wait is not one
 * for WS_LET_GO_NS; a wake of one waiter is used up by the first wait that ends.
 *
 * Loss: what was open when events were lost may be over, and is not told: see `uncertain`. Who has
 * which end of a pipe is not known any more, until it is said again.
 *
 * Cost: O(1) a wait, wake or hold, but for copies as processes fork; memory by live threads and
 * processes, and by objects that were waited for.
 */
#ifndef WS_BOARD_H
#define WS_BOARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analyzer/analyses/reach.h"
#include "analyzer/model/model.h"

/* How long after a wake that may have ended it an open wait is taken to be ending: the woken thread
 * must only get a processor and record its end. */
#define WS_LET_GO_NS 200000000ull

/* Threads that are kept of those who ever woke waiters of one object. What is beyond is not named,
 * which makes no difference to what is found. */
#define WS_WAKERS_MAX 16

/* One who holds an object, or is about to be told to. */
struct ws_board_hold {
	const struct ws_object *object; /* Weak: owned by the model */
	struct ws_holder who;
	uint64_t since_ns; /* trace clock; 0: not known */
	bool shared;       /* as a reader */
	bool by_process;   /* the kernel named the process only: `who` is its main thread */
	bool said;         /* by itself, as it began to wait */
	uint64_t named_ns; /* trace clock: when a wait named it; 0: none did */
};

struct ws_board_object;

/* An open wait. */
struct ws_board_wait {
	struct ws_wait pub; /* as the model told it; the end is not known */
	uint32_t seq;
	uint64_t let_go_ns;         /* the last wake that ends all who wait then; 0: none */
	bool reported;              /* it is part of a deadlock that was found already */
	bool held_known;            /* `held` is all that its thread holds */
	struct ws_board_hold *held; /* Owned by this: what its thread said that it holds */
	size_t n_held;
	struct ws_holder
		hint; /* System V semaphores: who operated on it last, as the kernel says */
	struct ws_board_object *on;        /* Weak */
	struct ws_board_wait *outer;       /* the wait that this one nests in */
	struct ws_board_wait *prev, *next; /* in on->waits */
};

struct ws_board_thread {
	uint32_t index;
	uint32_t process;
	bool gone;                       /* it has ended */
	uint64_t gone_ns;                /* when; 0: it has not */
	uint32_t n_open;                 /* open waits */
	struct ws_board_wait *top;       /* innermost open wait; NULL: it does not wait */
	struct ws_board_hold *next_held; /* Owned by this: said of the wait that is to begin */
	size_t n_next_held, next_held_size;
	uint32_t next_seq;                   /* of that wait */
	struct ws_board_thread *prev, *next; /* of its process */
};

struct ws_board_process {
	uint32_t index;
	bool gone;             /* it has ended, or executed something that is not recorded */
	bool unseen;           /* only its parent told of it: what it does is not known */
	bool made;             /* its parent said so as it made it, with what it has from it */
	int32_t pid;           /* 0: not known */
	uint32_t parent;       /* index; WS_UNKNOWN */
	uint64_t gone_ns;      /* when it ended; 0: it has not */
	bool ends_from_before; /* the ends of pipes in `reaches` are those of its parent, or of the
				* image that it replaces: it has not said its own */
	struct ws_board_thread *threads; /* those that have not ended */
	struct ws_reaches reaches;       /* Owned by this */
};

/* One who let waiters of an object go. */
struct ws_board_waker {
	uint32_t thread;
	uint32_t site; /* code index of its last call, or WS_UNKNOWN */
	uint8_t ends;  /* WS_END_*: what it did, of all its calls; 0: none of a channel or queue */
};

struct ws_board_object {
	const struct ws_object *object; /* Weak: owned by the model; NULL: never met */
	uint64_t value;                 /* its value, as the latest wait found it; 0: not seen */
	struct ws_board_wait *waits;    /* open ones, oldest first */
	size_t n_waits;
	struct ws_board_hold
		*holds; /* Owned by this; others than owned kinds: who said that it took it */
	size_t n_holds, holds_size;
	struct ws_board_waker
		wakers[WS_WAKERS_MAX]; /* distinct threads, in the order of their first */
	uint32_t n_wakers;
	uint32_t tokens;    /* wakes of one waiter each that nobody is known to have used */
	uint64_t tokens_ns; /* when the last of them came */
	bool by_handler;    /* a thread let its waiters go while it waited itself */
	struct ws_board_object *next_range; /* record_lock: in board->ranges */
};

struct ws_board {
	struct ws_board_thread **threads; /* Owned by this, by index; NULL: not seen */
	size_t n_threads;
	struct ws_board_process **processes; /* Owned by this, by index; NULL: not seen */
	size_t n_processes;
	struct ws_board_object **objects; /* Owned by this, by id; NULL: not met */
	size_t n_objects;
	struct ws_board_object *ranges; /* Weak: those that are record locks */
	struct ws_record last; /* the latest that it was told of: as a wait begins, of that */
	uint64_t now_ns;       /* trace clock */
};

void ws_board_free(struct ws_board *board); /* what it owns; one of zeroes is an empty one */

/* The types of records that ws_board_record needs, and the first of each thread. */
#define WS_BOARD_RECORDS                                                                           \
	(WS_RECORD_BIT(WS_RECORD_LOSS) | WS_RECORD_BIT(WS_RECORD_PROCESS) |                        \
	 WS_RECORD_BIT(WS_RECORD_THREAD) | WS_RECORD_BIT(WS_RECORD_HOLDER) |                       \
	 WS_RECORD_BIT(WS_RECORD_OBJECT) | WS_RECORD_BIT(WS_RECORD_WAIT_BEGIN) |                   \
	 WS_RECORD_BIT(WS_RECORD_REACH))

/* What the model's observer is to be told, in this order; `now_ns` is its caller's to keep up with
 * the records. Each 0 or -ENOMEM. */
int ws_board_record(struct ws_board *board, const struct ws_record *record);
int ws_board_held(struct ws_board *board, const struct ws_hold *hold);
int ws_board_woke(struct ws_board *board, const struct ws_wake *wake);
int ws_board_begin(struct ws_board *board, const struct ws_wait *wait);
/* A thread that has ended holds what is waited for: of rwlocks and spinlocks no wait names it. */
int ws_board_left(struct ws_board *board, const struct ws_object *object,
		  const struct ws_holder *who, bool shared);
void ws_board_end(struct ws_board *board, const struct ws_wait *wait);

/* NULL: not seen. */
struct ws_board_thread *ws_board_thread(const struct ws_board *board, uint32_t index);
struct ws_board_process *ws_board_process(const struct ws_board *board, uint32_t index);
struct ws_board_object *ws_board_object(const struct ws_board *board,
					const struct ws_object *object);

/* True if a wake came that may be ending it just now. */
bool ws_board_is_let_go(const struct ws_board *board, const struct ws_board_wait *wait);

/* True if that hold is still believed: its thread does not say otherwise. */
bool ws_board_holds(const struct ws_board *board, const struct ws_board_hold *hold);

/* The hold of a thread on an object; NULL: it is not known to hold it. */
const struct ws_board_hold *ws_board_hold_of(const struct ws_board *board,
					     const struct ws_object *object, uint32_t thread);

/* True if the process has not ended, and descends from that one. */
bool ws_board_descends(const struct ws_board *board, const struct ws_board_process *process,
		       uint32_t from);

/* True if the process can operate on the object; of a pipe at that end (WS_END_*; 0: any). */
bool ws_board_reaches(const struct ws_board_process *process, const struct ws_object *object,
		      uint8_t end);
/* True if all who reach the object are in the trace: it is memory, or was made in the trace. */
bool ws_board_is_closed(const struct ws_board *board, const struct ws_object *object);
/* True if processes outside of the trace can reach it though it was made in the trace: by a name, a
 * path or a key. */
bool ws_board_is_public(const struct ws_board *board, const struct ws_object *object);
/* True if somebody of the trace other than the waiter itself is known to let such waits go: a
 * thread has done so; one says that it took it; one has come to the same barrier; or, of a full
 * queue, another process has opened it. */
bool ws_board_lets_go(const struct ws_board *board, const struct ws_board_wait *wait);

#endif
