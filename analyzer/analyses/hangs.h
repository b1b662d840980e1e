/* SPDX-License-Identifier: MIT */
/* hangs.h: sets of threads that can never go on: deadlocks, also those that something broke,
 * wake-ups that nobody is left to do, holders that have ended.
 *
 * In: what the model says, by the board; the graph at the moments when a set can close or ends.
 *
 * Out: findings, and an `occurred` deadlock for each set.
 *
 * Rules, in words. What a wait needs and who is a candidate is said in wait_graph.h: those who hold
 * an object; those who could let go of it, which are all threads of all processes that reach it;
 * and what is not known is never counted as waiting. A set is proven if everybody in it needs
 * somebody of it, whoever else goes on; that is a knot of the graph.
 *
 * When: owners are looked at whenever a thread begins to wait for one: a set of them is found
 * though it lasts for a moment only, and a time limit does not take away from it. All others are
 * looked at as a process ends, and at the end of the trace, since nothing but that ends them; and
 * as a wait for a pipe ends that nobody is known to have let go, since it may be because a process
 * was killed.
 *
 * Taken back: if a wait of the set ends by getting what it waited for, somebody was not seen, and
 * nothing is said; nor if one of it could go on at the end, by what is known then, though all of it
 * wait still. What ended it otherwise (a time limit, EDEADLK, the end of its process) is; but a
 * signal only if it came WS_SIGNAL_NS or later: it may have been on its way when the set closed.
 *
 * A set grows: a thread that waits for what it holds as a reader can never go on, nor can the next
 * one that does so. The largest is told, with those who wait behind it at the end.
 *
 * deadlock: the set waits for locks, threads, children, pipes, queues, or semaphores that others of
 * it took.
 * self_deadlock: one thread waits for a lock that it holds.
 * missed_wakeup: the set waits for a condition variable, a semaphore, a futex or a barrier; all
 * who could signal, post, wake or come wait themselves, or have ended. So does one thread that
 * waits for a pipe or queue alone. Told with those who took a semaphore, or let such waits go, and
 * have ended. A signal handler that was never seen to do so might still post: the title says so.
 * pipe_end_open: a reader waits for more, or the end, of a pipe whose writing end is open in its
 * own process only, or in one that waits for it to end. dead_holder: a thread waits for a lock
 * whose holder has ended WS_LET_GO_NS ago or earlier: of a robust mutex the kernel may let it go
 * until then, and whatever ended the holder's process may end the waiter's. stuck: a wait for a
 * lock or at a barrier, or one of two processes that open opposite ends of two FIFOs, was open at
 * the end for `stuck_ns` or longer, while those who could end it might still have done so: nothing
 * is proven. So is a set of those that would be proven, if there were not children that only their
 * parents told of, which may run anything (wait_graph.h: WS_GRAPH_SEEN): they are named.
 *
 * A program that ends while its workers wait for more work is none: the thread that ends it runs.
 *
 * Cost: O(length of the chain of holders) a wait; a graph for each process that ends and each chain
 * that closes. Memory by live threads and distinct sets.
 */
#ifndef WS_HANGS_H
#define WS_HANGS_H

#include "analyzer/analyses/setup.h"
#include "analyzer/analyses/shape.h"

/* Distinct sets that are kept; what is beyond is counted. A program that runs into the same lines
 * again and again has one. */
#define WS_HANGS_MAX 1000

struct ws_hangs_result {
	size_t n;               /* sets that were found */
	uint64_t dropped;       /* sets beyond WS_HANGS_MAX */
	struct ws_shape *shape; /* Owned by this: the wait graph; NULL: none was asked for */
};

struct ws_hangs;

#endif
