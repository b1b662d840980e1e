/* SPDX-License-Identifier: MIT */
/* rules.h: the rules that findings are named by, each with its severity.
 *
 * docs/findings.md has a section a rule, with an example and the cure: a test compares the two.
 */
#ifndef WS_RULES_H
#define WS_RULES_H

/* How bad it is. error: the program can hang, or its data can be wrong. warning: it costs time or
 * may do harm in another run. note: worth knowing. */
enum ws_severity { WS_SEVERITY_ERROR, WS_SEVERITY_WARNING, WS_SEVERITY_NOTE };

/* X(SYMBOL, word, severity, doc). Add at the end of the rule's group. */
#define WS_RULES(X)                                                                                \
	X(DEADLOCK, deadlock, ERROR, "threads wait for each other, and can never go on")           \
	X(SELF_DEADLOCK, self_deadlock, ERROR, "a thread waits for a lock that it holds itself")   \
	X(MISSED_WAKEUP, missed_wakeup, ERROR,                                                     \
	  "threads wait for a signal, a post or an arrival, and nobody is left to do it")          \
	X(PIPE_END_OPEN, pipe_end_open, ERROR,                                                     \
	  "a reader waits for the end of a pipe of which it, or who waits for it, can still write") \
	X(DEAD_HOLDER, dead_holder, ERROR,                                                         \
	  "a thread waits for a lock whose holder has ended without letting go of it")             \
	X(UNLOCK_NOT_OWNER, unlock_not_owner, ERROR,                                               \
	  "a lock is unlocked by a thread that does not hold it")                                  \
	X(DESTROY_HELD, destroy_held, ERROR, "a lock is destroyed while it is held")               \
	X(DESTROY_WAITED, destroy_waited, ERROR,                                                   \
	  "an object is destroyed while threads wait for it")                                      \
	X(EXIT_HOLDING, exit_holding, ERROR, "a thread ends and still holds a lock")               \
	X(WAIT_WITHOUT_MUTEX, wait_without_mutex, ERROR,                                           \
	  "a condition is waited on without holding its mutex")                                    \
	X(COND_TWO_MUTEXES, cond_two_mutexes, ERROR,                                               \
	  "a condition is waited on with two mutexes at the same time")                            \
	X(SIGNAL_LOST, signal_lost, ERROR,                                                         \
	  "a condition was signalled before it was waited on, and never after")                    \
	X(FORK_HOLDING, fork_holding, ERROR,                                                       \
	  "a forked child waits for a lock that another thread of its parent held")                \
	X(CLOSE_DROPS_LOCKS, close_drops_locks, ERROR,                                             \
	  "a close drops the record locks that were taken by another descriptor")                  \
	X(LOCK_ORDER, lock_order, WARNING,                                                         \
	  "threads take the same locks in contradicting orders")                                   \
	X(ROBUST_ABANDONED, robust_abandoned, WARNING,                                             \
	  "the owner of a robust mutex ended with it in its hands")                                \
	X(FLOCK_INHERITED, flock_inherited, WARNING,                                               \
	  "a child changes a flock that it shares with its parent, who took it")                   \
	X(LOCKS_MIXED, locks_mixed, WARNING,                                                       \
	  "a file is locked by flock() and by record locks, which do not exclude each other")      \
	X(STUCK, stuck, WARNING, "a thread waited for a lock to the very end, and for long")       \
	X(PRIORITY_INVERSION, priority_inversion, WARNING,                                         \
	  "a thread waits for a lock held by one that is scheduled after it")                      \
	X(SLEEP_POLLING, sleep_polling, WARNING,                                                   \
	  "a thread tries to take a lock again and again instead of waiting for it")               \
	X(LOCK_CONVOY, lock_convoy, WARNING,                                                       \
	  "threads queue for a lock one behind the other, most of the time")                       \
	X(WRITER_STARVATION, writer_starvation, WARNING,                                           \
	  "a writer waits while readers take the rwlock again and again")                          \
	X(UNFAIR_LOCK, unfair_lock, WARNING,                                                       \
	  "a thread waits while others take the lock again and again")                             \
	X(THUNDERING_HERD, thundering_herd, WARNING,                                               \
	  "broadcasts wake many threads of which few find what they wait for")                     \
	X(SIGNAL_UNDER_MUTEX, signal_under_mutex, WARNING,                                         \
	  "a cond is signalled with its mutex held: the woken thread has to wait again")           \
	X(LEFT_BEHIND, left_behind, NOTE,                                                          \
	  "an object outlives the processes that made it: nobody unlinked or removed it")

#define WS_RULE_ENUM(sym, word, severity, doc) WS_RULE_##sym,
enum ws_rule { WS_RULES(WS_RULE_ENUM) WS_RULE_COUNT };
#undef WS_RULE_ENUM

#endif
