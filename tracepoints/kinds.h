/* SPDX-License-Identifier: MIT */
/* kinds.h: the words of the trace: what can be waited on, how a wait ends, what ends it.
 *
 * Each list is the one source for the C enumeration, the CTF enumeration that babeltrace2 and
 * Trace Compass show, and the words of reports and options. A value, once released, keeps its
 * number: add at the end, and see format.h.
 */
#ifndef WS_KINDS_H
#define WS_KINDS_H

#include <stdbool.h>

/* X(SYMBOL, word, number). What the object is. */
#define WS_KINDS(X)                                                                                \
	X(MUTEX, mutex, 1)                                                                         \
	X(RWLOCK, rwlock, 2)                                                                       \
	X(COND, cond, 3)                                                                           \
	X(BARRIER, barrier, 4)                                                                     \
	X(SPINLOCK, spinlock, 5)                                                                   \
	X(ONCE, once, 6)                                                                           \
	X(THREAD, thread, 7)                                                                       \
	X(SEM, sem, 8)                                                                             \
	X(FUTEX, futex, 9)                                                                         \
	X(MQ, mq, 10)                                                                              \
	X(PIPE, pipe, 11)                                                                          \
	X(FIFO, fifo, 12)                                                                          \
	X(SYSV_MSG, sysv_msg, 13)                                                                  \
	X(SYSV_SEM, sysv_sem, 14)                                                                  \
	X(RECORD_LOCK, record_lock, 15)                                                            \
	X(FLOCK, flock, 16)                                                                        \
	X(SOCKET, socket, 17)                                                                      \
	X(EVENTFD, eventfd, 18)                                                                    \
	X(POLL, poll, 19)                                                                          \
	X(PROCESS, process, 20)                                                                    \
	X(SIGNAL, signal, 21)                                                                      \
	X(SLEEP, sleep, 22)                                                                        \
	X(POSIX_SHM, posix_shm, 23)                                                                \
	X(SYSV_SHM, sysv_shm, 24)

/* X(SYMBOL, word, number). How a wait ended.
 *
 * no_wait: the call was announced as a wait, since it has no form that only tries, but it turned
 * out not to block (the last thread at a barrier, a futex word that had changed already). Such an
 * interval is not a wait and is not counted as one. */
#define WS_OUTCOMES(X)                                                                             \
	X(ACQUIRED, acquired, 1)                                                                   \
	X(TIMEOUT, timeout, 2)                                                                     \
	X(INTERRUPTED, interrupted, 3)                                                             \
	X(CANCELLED, cancelled, 4)                                                                 \
	X(REMOVED, removed, 5)                                                                     \
	X(ERROR, error, 6)                                                                         \
	X(NO_WAIT, no_wait, 7)

/* X(SYMBOL, word, number). What a waker did. */
#define WS_WAKE_OPS(X)                                                                             \
	X(UNLOCK, unlock, 1)                                                                       \
	X(POST, post, 2)                                                                           \
	X(SIGNAL, signal, 3)                                                                       \
	X(BROADCAST, broadcast, 4)                                                                 \
	X(FUTEX_WAKE, futex_wake, 5)                                                               \
	X(FUTEX_REQUEUE, futex_requeue, 6)                                                         \
	X(ARRIVE, arrive, 7)                                                                       \
	X(DONE, done, 8)                                                                           \
	X(EXIT, exit, 9)                                                                           \
	X(SEND, send, 10)                                                                          \
	X(RECEIVE, receive, 11)                                                                    \
	X(CLOSE, close, 12)                                                                        \
	X(REMOVE, remove, 13)

/* X(SYMBOL, word, number). What happened in an object's life.
 *
 * init:  it was made; open: the process got at it.
 * key:   System V: ftok() made its key of the file `name`, of device `device` and inode `value`.
 * undo:  System V semaphores: the kernel takes back what the process did to the set as it ends.
 * notify: POSIX message queue: the process is to be told of the next message, as `name` says.
 * resize: memory: it has `value` bytes from now on. */
#define WS_OBJECT_OPS(X)                                                                           \
	X(INIT, init, 1)                                                                           \
	X(OPEN, open, 2)                                                                           \
	X(CLOSE, close, 3)                                                                         \
	X(DESTROY, destroy, 4)                                                                     \
	X(UNLINK, unlink, 5)                                                                       \
	X(CONSISTENT, consistent, 6)                                                               \
	X(KEY, key, 7)                                                                             \
	X(UNDO, undo, 8)                                                                           \
	X(NOTIFY, notify, 9)                                                                       \
	X(RESIZE, resize, 10)

/* X(SYMBOL, word, number). What happened in a thread's life.
 *
 * priority: the program chose how it is scheduled. A thread that nobody chose it for is scheduled as
 * the one that made it. */
#define WS_THREAD_OPS(X)                                                                           \
	X(START, start, 1)                                                                         \
	X(NAME, name, 2)                                                                           \
	X(EXIT, exit, 3)                                                                           \
	X(JOIN, join, 4)                                                                           \
	X(PRIORITY, priority, 5)

/* X(SYMBOL, word, number). What a call did that it should not have, as far as only the library can
 * see it.
 *
 * unlock_not_owner: it released a lock that another thread holds, or nobody.
 * destroy_held, destroy_waited: it destroyed an object that is held, or waited for.
 * exit_holding:     the thread, or with a shared lock the process, ended with it in its hands.
 * owner_died:       it took a robust mutex whose owner had died.
 * wait_without_mutex: it waited on a condition variable without holding its mutex.
 * nobody_waits:     it signalled a condition variable that nobody waited on; only the first such
 *                   since the last wait on it is recorded.
 * fork_holding:     it waits, in a forked child, for a lock that another thread of the parent held.
 * close_drops_locks: it closed an fd, and with it went the record locks that were taken by another.
 * flock_inherited:  it changed a flock that its parent had taken, and so the parent's. */
#define WS_MISUSES(X)                                                                              \
	X(UNLOCK_NOT_OWNER, unlock_not_owner, 1)                                                   \
	X(DESTROY_HELD, destroy_held, 2)                                                           \
	X(DESTROY_WAITED, destroy_waited, 3)                                                       \
	X(EXIT_HOLDING, exit_holding, 4)                                                           \
	X(OWNER_DIED, owner_died, 5)                                                               \
	X(WAIT_WITHOUT_MUTEX, wait_without_mutex, 6)                                               \
	X(NOBODY_WAITS, nobody_waits, 7)                                                           \
	X(FORK_HOLDING, fork_holding, 8)                                                           \
	X(CLOSE_DROPS_LOCKS, close_drops_locks, 9)                                                 \
	X(FLOCK_INHERITED, flock_inherited, 10)

/* X(SYMBOL, word, number). What happened in a process's life.
 *
 * start:    the library was loaded: a new program image.
 * fork:     this process is a new child with a copy of its parent's memory.
 * exec:     the image is about to be replaced; a `start` of the same pid follows.
 * exec_failed: it was not: the image goes on.
 * exit:     it ends with `status` as exit status.
 * reaped:   it collected its child `child`, whose wait(2) status is `status`.
 * defs:     the definitions follow again, for a session that began later.
 * spawned:  it made the child `child`, which may never tell of itself. `status` is 1 if that runs
 *           another program by now, or has ended before (vfork, posix_spawn, popen), and 0 if it is
 *           a copy of this process. */
#define WS_PROCESS_OPS(X)                                                                          \
	X(START, start, 1)                                                                         \
	X(FORK, fork, 2)                                                                           \
	X(EXEC, exec, 3)                                                                           \
	X(EXEC_FAILED, exec_failed, 4)                                                             \
	X(EXIT, exit, 5)                                                                           \
	X(REAPED, reaped, 6)                                                                       \
	X(DEFS, defs, 7)                                                                           \
	X(SPAWNED, spawned, 8)

/* What an object of a kind is named by in events.
 *
 * WS_NAMED_BY_ADDRESS: memory: its address; the mappings tell whether it is shared.
 * WS_NAMED_BY_FILE:    a file of any sort: `object` is the inode, `other` or `device` the device.
 * WS_NAMED_BY_ID:      `object` is an id that holds for the whole machine (shmid, msqid, semid, pid).
 * WS_NAMED_BY_TASK:    no object but the waiting process itself (a sleep, a signal, a poll). */
enum ws_naming { WS_NAMED_BY_ADDRESS, WS_NAMED_BY_FILE, WS_NAMED_BY_ID, WS_NAMED_BY_TASK };

#define WS_KIND_ENUM(sym, word, n) WS_KIND_##sym = (n),
enum ws_kind { WS_KIND_NONE = 0, WS_KINDS(WS_KIND_ENUM) WS_KIND_COUNT };
#undef WS_KIND_ENUM

static inline enum ws_naming ws_kind_naming(unsigned int kind)
{
	switch (kind) {
	case WS_KIND_MQ:
	case WS_KIND_PIPE:
	case WS_KIND_FIFO:
	case WS_KIND_RECORD_LOCK:
	case WS_KIND_FLOCK:
	case WS_KIND_SOCKET:
	case WS_KIND_EVENTFD:
	case WS_KIND_POSIX_SHM:
		return WS_NAMED_BY_FILE;
	case WS_KIND_THREAD:
	case WS_KIND_SYSV_MSG:
	case WS_KIND_SYSV_SEM:
	case WS_KIND_SYSV_SHM:
	case WS_KIND_PROCESS:
		return WS_NAMED_BY_ID;
	case WS_KIND_POLL:
	case WS_KIND_SIGNAL:
	case WS_KIND_SLEEP:
		return WS_NAMED_BY_TASK;
	default:
		return WS_NAMED_BY_ADDRESS;
	}
}

/* True if it carries bytes between two sides, one of which may wait for the other. */
static inline bool ws_kind_is_channel(unsigned int kind)
{
	return kind == WS_KIND_PIPE || kind == WS_KIND_FIFO || kind == WS_KIND_SOCKET ||
	       kind == WS_KIND_EVENTFD;
}

/* True if something goes through it that is counted: bytes or messages. */
static inline bool ws_kind_carries(unsigned int kind)
{
	return ws_kind_is_channel(kind) || kind == WS_KIND_MQ || kind == WS_KIND_SYSV_MSG;
}

#define WS_OUTCOME_ENUM(sym, word, n) WS_OUTCOME_##sym = (n),
enum ws_outcome { WS_OUTCOME_NONE = 0, WS_OUTCOMES(WS_OUTCOME_ENUM) WS_OUTCOME_COUNT };
#undef WS_OUTCOME_ENUM

#define WS_WAKE_ENUM(sym, word, n) WS_WAKE_##sym = (n),
enum ws_wake_op { WS_WAKE_NONE = 0, WS_WAKE_OPS(WS_WAKE_ENUM) WS_WAKE_COUNT };
#undef WS_WAKE_ENUM

#define WS_OBJECT_ENUM(sym, word, n) WS_OBJECT_##sym = (n),
enum ws_object_op { WS_OBJECT_NONE = 0, WS_OBJECT_OPS(WS_OBJECT_ENUM) WS_OBJECT_COUNT };
#undef WS_OBJECT_ENUM

#define WS_THREAD_ENUM(sym, word, n) WS_THREAD_##sym = (n),
enum ws_thread_op { WS_THREAD_NONE = 0, WS_THREAD_OPS(WS_THREAD_ENUM) WS_THREAD_COUNT };
#undef WS_THREAD_ENUM

#define WS_MISUSE_ENUM(sym, word, n) WS_MISUSE_##sym = (n),
enum ws_misuse { WS_MISUSE_NONE = 0, WS_MISUSES(WS_MISUSE_ENUM) WS_MISUSE_COUNT };
#undef WS_MISUSE_ENUM

#define WS_PROCESS_ENUM(sym, word, n) WS_PROCESS_##sym = (n),
enum ws_process_op { WS_PROCESS_NONE = 0, WS_PROCESS_OPS(WS_PROCESS_ENUM) WS_PROCESS_COUNT };
#undef WS_PROCESS_ENUM

#endif
