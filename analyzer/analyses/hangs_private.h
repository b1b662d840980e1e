/* SPDX-License-Identifier: MIT */
/* hangs_private.h: the sets as they were found, for the files of hangs only. */
#ifndef WS_HANGS_PRIVATE_H
#define WS_HANGS_PRIVATE_H

#include "analyzer/analyses/board.h"
#include "analyzer/analyses/hangs.h"
#include "analyzer/analyses/wait_graph.h"

/* A wait for a pipe that ended after less than this was a short one: who let it go need not have
 * been seen. */
#define WS_KILLED_NS 50000000ull

/* A signal that interrupts one of the set so soon after it closed may have been sent before. */
#define WS_SIGNAL_NS WS_LET_GO_NS

/* Those that have ended and could have let a set go, as far as they are told: the latest say it
 * all. */
#define WS_HANG_ENDED_MAX 8

/* One who could have let go a thread of a set, and has ended. */
struct ws_hang_ended {
	const struct ws_object *object; /* Weak: owned by the model */
	struct ws_holder who;
	uint64_t at_ns; /* trace clock: when it ended */
	bool took;      /* it took the object; else it let others go, or changed it last */
	bool by_kernel; /* the kernel says that it changed it last */
};

/* Children that are not seen and could let a set go, as far as they are named. */
#define WS_HANG_UNSEEN_MAX 4

/* A wait of a set. */
struct ws_hang_member {
	uint32_t thread;
	uint32_t seq;
	bool over;       /* the wait has ended... */
	uint8_t outcome; /* ...like this; NONE: its thread ended first */
	bool of_file;    /* it is for a lock that the kernel lets go as its holder ends */
};

/* One set, or one wait that hangs. */
struct ws_hang {
	enum ws_rule rule;
	enum ws_graph_scope scope;      /* how it was found */
	uint64_t at_ns;                 /* trace clock: when it was closed */
	uint64_t until_ns;              /* when the first of its waits ended; 0: none did */
	uint8_t ended;                  /* by what: enum ws_outcome; NONE: its thread ended */
	int32_t error;                  /* the errno of that */
	size_t n_left;                  /* of its waits, those that have not ended */
	uint64_t times;                 /* the same set at the same lines */
	struct ws_deadlock_call *steps; /* Owned by this */
	size_t n_steps, steps_size;
	struct ws_hang_member *members; /* Owned by this */
	size_t n_members, members_size;
	struct ws_wait *rest; /* Owned by this: of those of the set that are not on the way round */
	size_t n_rest, rest_size;
	struct ws_wait *behind; /* Owned by this: of threads that wait for one of the set */
	size_t n_behind, behind_size;
	struct ws_hang_ended ended_ones[WS_HANG_ENDED_MAX];
	size_t n_ended;
	uint32_t dead; /* dead_holder: the thread that ended; stuck: who holds, or WS_UNKNOWN */
	uint64_t dead_ns;
	uint32_t unseen[WS_HANG_UNSEEN_MAX]; /* stuck: processes that could end it, and that only
					      * their parents told of */
	size_t n_unseen;                     /* of them, all */
	bool refuted;               /* at the end it was seen that somebody could go on after all */
	bool holder_waits;          /* stuck: the holder waits, too */
	struct ws_wait holder_wait; /* then, for what */
};

/* A lock that a thread had in its hands as it ended. */
struct ws_hang_exit {
	uint32_t thread;
	struct ws_object_key key;
	uint32_t site;  /* code index of the call that took it, or WS_UNKNOWN */
	uint32_t stack; /* stack index of the same, or WS_UNKNOWN */
	bool shared;    /* as a reader */
	bool robust;    /* a mutex whose next owner is told of it */
};

struct ws_hangs {
	struct ws_board board;
	uint64_t stuck_ns;
	bool over;            /* the model has come to its end */
	struct ws_hang *list; /* Owned by this; in the order of finding */
	size_t n, size;
	size_t n_open;   /* of them, those of which a wait has not ended */
	uint64_t beyond; /* WS_HANGS_MAX */
	uint32_t *chain; /* Owned by this: threads that were come by */
	size_t chain_size;
	struct ws_graph_wish wish;
	bool begun;        /* the first record was seen */
	uint64_t begin_ns; /* trace clock: its time */
	struct ws_wait_graph
		*snapshot;          /* Owned by this: of the moment that was asked for; or NULL */
	struct ws_hang_exit *exits; /* Owned by this */
	size_t n_exits, exits_size;
};

/* True if a wait of it got what it waited for though nobody of it gave up, or whatever ended the
 * holder ended the waiter, too: it was none. */
bool ws_hang_is_none(const struct ws_hang *hang);

/* Keeps it. Takes over what it owns. 0 or -ENOMEM. */
int ws_hangs_keep(struct ws_hangs *hangs, struct ws_hang *hang);

/* Takes those who waited for long when the process ended (WS_UNKNOWN: all), by the graph of that
 * moment, and are in no set (hangs_stuck.c). 0 or -ENOMEM. */
int ws_hangs_stuck(struct ws_hangs *hangs, const struct ws_wait_graph *graph, uint32_t process);

/* What follows makes a set out of a graph (hangs_set.c). Each int: 0 or -ENOMEM. */

void ws_hang_free(struct ws_hang *hang); /* what it owns */

/* The knot as a set. With no members: nobody of it waits. On -ENOMEM there is nothing to free. */
int ws_hang_make(struct ws_hangs *hangs, const struct ws_wait_graph *graph, uint32_t knot,
		 enum ws_graph_scope scope, struct ws_hang *ret);

/* The thread of `node` waits in it. */
int ws_hang_add_member(struct ws_hangs *hangs, struct ws_hang *hang,
		       const struct ws_graph_node *node);

/* One more on the way round: the thread of `node`, for which that of `before` waits by `edge`
 * (NULL: it is not known how). */
int ws_hang_add_step(struct ws_hang *hang, const struct ws_wait_graph *graph, uint32_t before,
		     const struct ws_graph_edge *edge, uint32_t node);

/* At the end, by what is known then: a set of which all wait still, and one could go on, was none.
 * Somebody whom it could wait for was seen later only, as a child that told late that it is there.
 */
int ws_hangs_refute(struct ws_hangs *hangs);

/* Threads that wait for one of the knot (WS_KNOT_NONE: of none), or for `node` (WS_UNKNOWN: for
 * none), and are blocked by it. */
int ws_hang_add_behind(struct ws_hang *hang, const struct ws_wait_graph *graph, uint32_t knot,
		       uint32_t node);

#endif
