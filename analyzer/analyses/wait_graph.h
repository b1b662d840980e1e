/* SPDX-License-Identifier: MIT */
/* wait_graph.h: who waits for whom at one moment: threads and processes, and whether each can go
 * on.
 *
 * In: the board. Out: nodes in the order of threads and then of processes, each with its edges.
 *
 * Rules, in words.
 *
 * A thread that waits for an owned object needs all who hold it (AND), of a flock the process that
 * took it or any that descends from it, since the open file has it; for a thread, that thread;
 * for a child, that child, or one of its children (OR). A process goes on if any of its threads
 * can. A reader that waits for a lock which another reader says that it holds is kept by writers that
 * wait: it needs all of them. A barrier needs any one of those who could come: as long as one goes on, it may also make
 * those who are missing.
 *
 * A thread that waits for a semaphore, a condition variable, a futex, a queue or a pipe needs one
 * of those who could let it go (OR). These are all threads of all processes that reach the object
 * (board.h), of a pipe those that have the other end open: whether they ever did so or not.
 * Those who did come first, and those who took what it waits for.
 *
 * A way out, so that the thread may go on whatever the others do: its wait has a time limit; it
 * waits for time, a signal, a file of which the other end may be outside of the trace, or an object
 * that was there before the trace, or one that others can reach by its name or key unless somebody
 * else of the trace is known to let such waits go; a signal handler has let waits for the object
 * go; a wake that may have ended it has come; or what it needs is not known. Unknown is a way out:
 * nothing is concluded from it.
 *
 * A holder that has ended lets nothing go any more, except what the kernel does for it (locks on
 * files, robust mutexes: then the wait ends). Who was woken from a condition for certain, and does
 * not return, waits for who holds its mutex.
 *
 * WS_GRAPH_OWNERS looks at owners alone: a wait that has a time limit is one without, since nothing
 * but the time would end it, and whoever needs one of several has a way out.
 *
 * A child that is not seen (board.h) runs, as far as is known: whoever needs one of several, and
 * one of them is it, may go on. WS_GRAPH_SEEN leaves such children out: who is blocked there, and
 * nowhere else, is so unless one of them lets it go.
 *
 * Cost: O(open waits x processes that reach the object + threads).
 */
#ifndef WS_WAIT_GRAPH_H
#define WS_WAIT_GRAPH_H

#include "analyzer/analyses/board.h"
#include "analyzer/analyses/deadlock.h"

enum ws_graph_scope { WS_GRAPH_OWNERS, WS_GRAPH_ALL, WS_GRAPH_SEEN };

enum ws_graph_state {
	WS_NODE_RUNS, /* or does not wait as far as is known */
	WS_NODE_WAITS,
	WS_NODE_GONE, /* it has ended */
};

/* X(SYMBOL, word): why a thread that waits may go on all the same. */
#define WS_WAYS_OUT(X)                                                                             \
	X(NONE, none)                                                                              \
	X(TIME, time)                                                                              \
	X(OUTSIDE, outside)                                                                        \
	X(WOKEN, woken)                                                                            \
	X(UNKNOWN, unknown)

#define WS_WAY_OUT_ENUM(sym, word) WS_WAY_OUT_##sym,
enum ws_way_out { WS_WAYS_OUT(WS_WAY_OUT_ENUM) WS_WAY_OUT_COUNT };
#undef WS_WAY_OUT_ENUM

/* A node waits for another. */
struct ws_graph_edge {
	uint32_t to;       /* node */
	uint8_t as;        /* enum ws_hold_as: what that has to do with the object */
	uint32_t by;       /* to a process that holds a lock: its thread that says so; WS_UNKNOWN */
	bool taken;        /* OR: it took what the other waits for, as far as is known */
	bool shared;       /* it holds it as a reader */
	uint32_t site;     /* code index: where it took it, or let go last; WS_UNKNOWN */
	uint32_t stack;    /* stack index of the same; WS_UNKNOWN */
	uint64_t since_ns; /* trace clock; 0: not known */
};

struct ws_graph_node {
	uint32_t thread;     /* index; WS_UNKNOWN: a process */
	uint32_t process;    /* index */
	uint8_t state;       /* enum ws_graph_state */
	uint8_t way_out;     /* enum ws_way_out */
	uint32_t need;       /* how many of its edges it needs; a process: one */
	bool needs_all;      /* AND */
	bool blocked;        /* it can never go on */
	uint32_t knot;       /* number of the knot that it is in, or WS_KNOT_NONE */
	struct ws_wait wait; /* state WAITS: the wait */
	uint32_t seq;        /* number of that wait within its thread */
	bool reported;       /* that wait is part of a deadlock that was found before */
	size_t first, n;     /* its edges */
};

struct ws_wait_graph {
	uint64_t at_ns;
	struct ws_graph_node *nodes; /* Owned by this */
	size_t n_nodes, nodes_size;
	struct ws_graph_edge *edges; /* Owned by this */
	size_t n_edges, edges_size;
	size_t n_knots;
};

/* 0 or -ENOMEM with *ret untouched. What it says of objects lives as long as the model. */
int ws_wait_graph_new(const struct ws_board *board, enum ws_graph_scope scope,
		      struct ws_wait_graph **ret);
void ws_wait_graph_free(struct ws_wait_graph *graph); /* NULL is fine */

const char *ws_way_out_word(enum ws_way_out way_out);

#endif
