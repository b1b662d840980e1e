/* SPDX-License-Identifier: MIT */
/* limits.h: the library's limits: each has a name and a counter for what went over it, recorded
 * as `limit` events when the process ends. */
#ifndef WS_LIMITS_H
#define WS_LIMITS_H

#include <stdatomic.h>
#include <stdint.h>

/* X(name, reason). */
#define WS_LIMITS(X)                                                                               \
	X(threads, "more threads at once than WS_THREADS_MAX: the rest is not recorded")           \
	X(held_locks, "more locks held by one thread than WS_HELD_MAX: not known as their holder") \
	X(open_waits, "more nested waits than WS_OPEN_WAITS_MAX: not counted as waiting")          \
	X(stacks, "more distinct stacks than WS_STACKS_MAX: recorded without a stack")             \
	X(shared_maps, "more shared mappings than the table holds: every munmap is recorded")      \
	X(modules, "more loaded objects than the table holds: their code stays unresolved") \
	X(fds, "calls on numbers beyond WS_FDS_MAX: what they wait for is not seen")                \
	X(tracer_fds, "fds of LTTng's that found no number beside the program's: it does without")  \
	X(file_locks, "more locks on files held at once than WS_FILE_HOLDS_MAX: where is not known") \
	X(fd_aliases, "more fds of LTTng's overwritten by dup2() than are kept: it fails with EBADF") \
	X(poll_objects, "files of one poll() beyond WS_POLL_OBJECTS_MAX: not known as what it is for") \
	X(open_calls, "calls within calls beyond WS_OPEN_CALLS_MAX: not recorded as calls")         \
	X(lock_orders, "orders of locks beyond WS_ORDERS_MAX in one process: not recorded")          \
	X(lock_counts, "locks taken, or tried, whose place in the table was another's: not counted") \
	X(misuses, "calls that did wrong beyond WS_MISUSES_MAX: not recorded")                      \
	X(names, "names of objects and mappings beyond what --only and --except can look for")     \
	X(pipe_ends, "pipes beyond WS_ENDS_MAX in one process: who has their ends open is not known") \
	X(environment, "longer variables of the recorder than are kept: children may go unrecorded")

#define WS_LIMIT_ENUM(name, reason) WS_LIMIT_##name,
enum ws_limit { WS_LIMITS(WS_LIMIT_ENUM) WS_LIMIT_COUNT };
#undef WS_LIMIT_ENUM

extern _Atomic uint64_t ws_limits[WS_LIMIT_COUNT];

static inline void ws_limit_reached(enum ws_limit limit)
{
	atomic_fetch_add_explicit(&ws_limits[limit], 1, memory_order_relaxed);
}

#endif
