/* SPDX-License-Identifier: MIT */
/* events.h: the one list of events and their fields.
 *
 * The payload structs, the LTTng-UST provider (waitscope_tp.h), the analyzer's field tables and
 * docs/tracepoints.md are all made from it.
 *
 * A field is one of
 *   INT(type, name, doc)          an integer, shown in decimal
 *   HEX(type, name, doc)          an integer, shown in hexadecimal (addresses)
 *   ENUM(list, name, doc)         one byte, shown as a word of kinds.h
 *   STR(name, doc)                a C string
 *   SEQ(type, name, count, doc)   `count` integers, shown in hexadecimal
 *
 * Every event begins with WS_FIELDS_COMMON: LTTng's contexts would cost more than the fields.
 */
#ifndef WS_EVENTS_H
#define WS_EVENTS_H

#include <stdint.h>

#include "kinds.h"

#define WS_FIELDS_COMMON(INT, HEX, ENUM, STR, SEQ)                                                 \
	INT(uint32_t, run, "the recording that this event belongs to; 0 outside `waitscope record`") \
	INT(int32_t, pid, "process id, as the process sees it")                                    \
	INT(int32_t, tid, "thread id, as the process sees it")

#define WS_FIELDS_wait_begin(INT, HEX, ENUM, STR, SEQ)                                             \
	INT(uint32_t, seq, "number of this wait within its thread")                                \
	ENUM(ws_kind, kind, "what is waited on")                                                   \
	INT(uint8_t, flags, "WS_WAIT_*: 1 process-shared, 2 has a time limit, 4 shared (read) hold wanted, 8 cond: the mutex has been held since the last wait of this very call returned, 16 mutex: it has a priority protocol, 32 FIFO: it opens one end and waits for somebody to open the other") \
	HEX(uint64_t, object, "address of the object, or its id where the kind has one; poll: 0, or the number of the epoll set and one") \
	HEX(uint64_t, other, "cond: address of the mutex; thread: tid of the thread that is joined; futex: the expected value; kinds that are a file: its device number; sysv_sem: number of the semaphore, all ones if not known; sysv_msg: the type wanted or sent; signal: the group of the process") \
	HEX(uint64_t, site, "return address of the call that waits")                               \
	INT(uint32_t, stack, "id of the stack, see `stack`; 0: not taken")                         \
	INT(int32_t, holder, "tid of the thread that holds the object; 0: none or not known")      \
	HEX(uint64_t, holder_site, "return address of the call with which the holder took it; 0: not known") \
	INT(uint32_t, holder_stack, "id of the stack with which the holder took it; 0: not taken") \
	INT(uint64_t, begin_ns, "when the wait began, in the trace's clock (CLOCK_MONOTONIC): before its stack was unwound") \
	INT(uint32_t, held, "1 and how many `wait_held` came before it, which are all that the thread holds; 0: not known")

#define WS_FIELDS_wait_held(INT, HEX, ENUM, STR, SEQ)                                              \
	INT(uint32_t, seq, "number of the wait that follows within its thread")                    \
	ENUM(ws_kind, kind, "what is held; a semaphore: what the thread took and has not given back") \
	INT(uint8_t, flags, "WS_HOLD_*: 1 the hold is shared (read)")                              \
	HEX(uint64_t, object, "its address, or its id where the kind has one")                     \
	HEX(uint64_t, other, "kinds that are a file: its device number; sysv_sem: number of the semaphore") \
	INT(uint64_t, start, "record_lock: first byte")                                            \
	INT(uint64_t, length, "record_lock: how many bytes; 0: to the end of the file")            \
	HEX(uint64_t, site, "return address of the call that took it")                             \
	INT(uint32_t, stack, "id of the stack of that call; 0: not taken")

#define WS_FIELDS_pipe_ends(INT, HEX, ENUM, STR, SEQ)                                              \
	HEX(uint64_t, object, "inode of the pipe")                                                 \
	HEX(uint64_t, other, "its device number")                                                  \
	INT(uint8_t, ends, "WS_END_*, which the process has open: 1 reading, 2 writing; 0: none any more")

#define WS_FIELDS_wait_end(INT, HEX, ENUM, STR, SEQ)                                               \
	INT(uint32_t, seq, "number of this wait within its thread")                                \
	ENUM(ws_outcome, outcome, "how it ended")                                                  \
	INT(int32_t, error, "errno value of the call that waited; 0: none")                        \
	INT(int32_t, holder, "tid of the holder now, where the wait did not acquire; process: pid of the child that ended it; signal: pid of the sender; 0: none or not known") \
	HEX(uint64_t, holder_site, "where that holder took it; 0: not known")                      \
	INT(int32_t, index, "a wait on several objects: which of them ended it, from 0 in the order of their events; -1: none of them, or there is one only") \
	INT(uint64_t, ran, "processor time in ns, and one, that the holder which wait_begin names used while it lasted; of a holder in another process, what that process used in all; 0: not measured")

#define WS_FIELDS_wait_object(INT, HEX, ENUM, STR, SEQ)                                            \
	INT(uint32_t, seq, "number of the wait within its thread")                                 \
	ENUM(ws_kind, kind, "what it is")                                                          \
	INT(uint8_t, flags, "as in wait_begin")                                                    \
	HEX(uint64_t, object, "address of one more object that could end the wait, or its id where the kind has one") \
	HEX(uint64_t, other, "kinds that are a file: its device number")

#define WS_FIELDS_holder(INT, HEX, ENUM, STR, SEQ)                                                 \
	INT(uint32_t, seq, "number of the wait within its thread")                                 \
	INT(int32_t, holder, "tid of one more thread that holds the object")                       \
	HEX(uint64_t, holder_site, "where it took it; 0: not known")                               \
	INT(uint32_t, holder_stack, "id of the stack with which it took it; 0: not taken")

#define WS_FIELDS_wake(INT, HEX, ENUM, STR, SEQ)                                                   \
	INT(uint32_t, seq, "number of this wake within its thread")                                \
	ENUM(ws_kind, kind, "what is released")                                                    \
	ENUM(ws_wake_op, op, "how")                                                                \
	INT(uint8_t, flags, "WS_WAKE_*: 1 recorded after the release, 2 a shared (read) hold is released, 4 cond: the thread holds a mutex as it signals")                             \
	HEX(uint64_t, object, "address of the object, or its id where the kind has one")           \
	HEX(uint64_t, other, "futex_requeue: address that the rest is moved to; kinds that are a file, sysv_sem, sysv_msg: as in wait_begin; signal, where `object` is 0: the group that it is sent to, all ones: everybody")                   \
	INT(uint32_t, count, "how many waiters may go at most; 0xffffffff: all")                   \
	HEX(uint64_t, site, "return address of the call that releases")                            \
	HEX(uint64_t, hold_site, "where the releaser took what it releases; 0: not known or nothing held") \
	INT(uint32_t, hold_stack, "id of the stack with which it took it; 0: not taken")

#define WS_FIELDS_wake_stack(INT, HEX, ENUM, STR, SEQ)                                             \
	INT(uint32_t, seq, "number of the wake within its thread")                                 \
	INT(uint32_t, stack, "id of the releaser's stack, taken after the release")

#define WS_FIELDS_range(INT, HEX, ENUM, STR, SEQ)                                                  \
	INT(uint32_t, seq, "number of the wait or wake that follows")                              \
	INT(uint64_t, start, "first byte")                                                         \
	INT(uint64_t, length, "how many bytes; 0: to the end of the file, however far that grows")

#define WS_FIELDS_object(INT, HEX, ENUM, STR, SEQ)                                                 \
	ENUM(ws_kind, kind, "what it is")                                                          \
	ENUM(ws_object_op, op, "what happened to it")                                              \
	HEX(uint64_t, object, "address of the object, or its id where the kind has one; 0: unlink by name") \
	INT(uint64_t, value, "sem: initial value; barrier: how many threads it is for; memory: bytes; sysv_sem: how many semaphores; mq: how many messages at most << 32 | bytes of each; key: inode of the file") \
	HEX(uint64_t, site, "return address of the call")                                          \
	STR(name, "its name, where it has one; empty otherwise")                                   \
	HEX(uint64_t, device, "kinds that are a file, and key: its device number; sysv_sem: number of the semaphore, all ones for the set; otherwise 0")

#define WS_FIELDS_transfer(INT, HEX, ENUM, STR, SEQ)                                               \
	ENUM(ws_kind, kind, "what it went through")                                                \
	HEX(uint64_t, object, "its id")                                                            \
	HEX(uint64_t, other, "its device number; socket: which end, 0 or 1")                       \
	INT(uint64_t, bytes_in, "bytes that the process read since its last such event")           \
	INT(uint64_t, bytes_out, "bytes that it wrote")                                            \
	INT(uint32_t, calls_in, "calls that read them")                                            \
	INT(uint32_t, calls_out, "calls that wrote them")                                          \
	INT(uint8_t, ends, "WS_END_*: what it has it open for: 1 reading, 2 writing; also where nothing was counted, as by streams") \
	INT(uint32_t, priority_low, "mq: lowest priority of these messages, and one; 0: none")      \
	INT(uint32_t, priority_high, "mq: highest priority of them, and one; 0: none")             \
	INT(uint64_t, fill, "most that the process saw in it at once, where it waited: bytes, mq: messages; 0: not seen") \
	INT(uint64_t, room, "what it holds at most, in the same unit; 0: not known")

#define WS_FIELDS_map(INT, HEX, ENUM, STR, SEQ)                                                    \
	INT(uint8_t, origin, "WS_MAP_*: 1 file, POSIX shared memory or memfd; 2 anonymous; 3 System V") \
	HEX(uint64_t, address, "where the mapping begins")                                         \
	INT(uint64_t, size, "its length in bytes")                                                 \
	HEX(uint64_t, dev, "device number (st_dev) of what is mapped")                             \
	INT(uint64_t, ino, "its inode, or the shmid")                                              \
	INT(uint64_t, offset, "where in it the mapping begins, in bytes")                          \
	STR(name, "its path or name, where known; empty otherwise")

#define WS_FIELDS_unmap(INT, HEX, ENUM, STR, SEQ)                                                  \
	HEX(uint64_t, address, "where the range begins")                                           \
	INT(uint64_t, size, "its length in bytes")

#define WS_FIELDS_module(INT, HEX, ENUM, STR, SEQ)                                                 \
	HEX(uint64_t, base, "lowest address of the loaded object, page aligned")                   \
	INT(uint64_t, size, "length of its loaded address range in bytes; 0: it was unloaded")     \
	HEX(uint64_t, bias, "what is added to its ELF virtual addresses")                          \
	SEQ(uint8_t, build_id, build_id_size, "its GNU build id; empty: it has none")              \
	STR(path, "its path; empty: unknown")

#define WS_FIELDS_stack(INT, HEX, ENUM, STR, SEQ)                                                  \
	INT(uint32_t, id, "id within the process, from 1; a forked child keeps its parent's")      \
	SEQ(uint64_t, frames, depth, "return addresses, innermost first")

#define WS_FIELDS_thread(INT, HEX, ENUM, STR, SEQ)                                                 \
	ENUM(ws_thread_op, op, "what happened")                                                    \
	INT(int32_t, creator, "start: tid of the thread that created it; 0: not known")            \
	HEX(uint64_t, start, "start: address of its start routine; 0: not known")                  \
	STR(name, "its name (comm)")                                                               \
	INT(uint32_t, segment, "start: the creator's segment (see lock_edge) in which it was created; join: the last segment of this thread before it had the other joined; 0: not known") \
	INT(int32_t, joined, "join: tid of the thread that had ended")                             \
	INT(int32_t, policy, "priority: SCHED_* of sched(7); -1: as before")                       \
	INT(int32_t, priority, "priority: from 1 to 99 for SCHED_FIFO and SCHED_RR, else 0; -1: as before") \
	INT(int32_t, nice, "priority: from -20 to 19; 100: as before")

#define WS_FIELDS_process(INT, HEX, ENUM, STR, SEQ)                                                \
	ENUM(ws_process_op, op, "what happened")                                                   \
	INT(uint32_t, format, "WS_FORMAT_VERSION of the library")                                  \
	INT(int32_t, parent, "pid of the parent")                                                  \
	INT(int32_t, child, "reaped, spawned: pid of the child; otherwise 0")                               \
	INT(int32_t, status, "exit: exit status; reaped: wait(2) status; exec_failed: errno; spawned: 1 if the child runs another program")      \
	STR(name, "its name (comm); spawned: the child's")                                          \
	STR(exe, "path of its executable; exec: of the one to be run; spawned: the child's, empty if not known") \
	INT(int32_t, parent_tid, "fork: tid of the parent's thread that forked; 0: not known")      \
	INT(uint32_t, segment, "fork: that thread's segment (see lock_edge) in which it forked; reaped: the last segment of this thread before; 0: not known") \
	INT(uint64_t, begin_ns, "spawned: when the call that made the child began, in the trace's clock (CLOCK_MONOTONIC); otherwise 0")

#define WS_FIELDS_lock_edge(INT, HEX, ENUM, STR, SEQ)                                               \
	INT(uint32_t, seq, "number of this edge within its thread")                                \
	ENUM(ws_kind, kind, "what is taken, or waited for")                                        \
	INT(uint8_t, flags, "WS_EDGE_*: 1 it is only tried, 2 it has a time limit, 4 a shared (read) hold, 8 it is not held yet: the thread is about to wait for it, 16 from now on it is not recorded when this thread does the same again, 32 a record lock that belongs to the open file") \
	HEX(uint64_t, object, "its address, or its id where the kind has one")                     \
	HEX(uint64_t, other, "kinds that are a file: its device number")                           \
	INT(uint64_t, start, "record_lock: first byte")                                            \
	INT(uint64_t, length, "record_lock: how many bytes; 0: to the end of the file")            \
	HEX(uint64_t, site, "return address of the call that takes it")                            \
	INT(uint32_t, stack, "id of the stack of that call; 0: not taken")                         \
	INT(uint32_t, held, "how many locks the thread holds then, each of which follows as `lock_held`") \
	INT(uint32_t, segment, "segment of the thread, from 1: a new one begins when it creates a thread, joins one, forks or collects a child") \
	INT(uint32_t, syncs, "how often the thread has waited for, or been let go on by, others before, other than by locks") \
	INT(uint64_t, locks, "how many locks it took before those that it holds, and released")

#define WS_FIELDS_lock_held(INT, HEX, ENUM, STR, SEQ)                                               \
	INT(uint32_t, seq, "number of the edge within its thread")                                 \
	ENUM(ws_kind, kind, "what is held")                                                        \
	INT(uint8_t, flags, "WS_EDGE_*: 1 it was taken by a try, 2 with a time limit, 4 the hold is shared (read), 32 a record lock that belongs to the open file") \
	HEX(uint64_t, object, "its address, or its id where the kind has one")                     \
	HEX(uint64_t, other, "kinds that are a file: its device number")                           \
	INT(uint64_t, start, "record_lock: first byte")                                            \
	INT(uint64_t, length, "record_lock: how many bytes; 0: to the end of the file")            \
	HEX(uint64_t, site, "return address of the call that took it")                             \
	INT(uint32_t, stack, "id of the stack of that call; 0: not taken")

#define WS_FIELDS_lock_stats(INT, HEX, ENUM, STR, SEQ)                                              \
	ENUM(ws_kind, kind, "what it is about")                                                    \
	HEX(uint64_t, object, "its address")                                                       \
	HEX(uint64_t, site, "failed: return address of the call that tried; otherwise 0")          \
	INT(uint64_t, acquired, "how often the thread took it since it last said so")              \
	INT(uint64_t, failed, "how often it tried in vain by a call that does not wait")

#define WS_FIELDS_misuse(INT, HEX, ENUM, STR, SEQ)                                                  \
	ENUM(ws_misuse, what, "what was done")                                                     \
	ENUM(ws_kind, kind, "to what")                                                             \
	INT(uint8_t, flags,                                                                        \
	    "WS_MISUSE_*: 1 the object is process-shared, 2 a robust mutex, 4 held as a reader")   \
	HEX(uint64_t, object, "its address, or its id where the kind has one")                     \
	HEX(uint64_t, other, "kinds that are a file: its device number; cond: address of the mutex; otherwise 0") \
	HEX(uint64_t, site, "return address of the call; 0: not known")                            \
	INT(uint32_t, stack, "id of its stack; 0: not taken")                                      \
	INT(int32_t, holder, "tid of the thread that holds the object, or its lock; 0: none or not known") \
	HEX(uint64_t, holder_site, "return address of the call with which it took it; 0: not known") \
	INT(uint32_t, holder_stack, "id of the stack of that call; 0: not taken")                  \
	HEX(uint64_t, call, "fork_holding: return address of the call that forked; otherwise 0")

#define WS_FIELDS_limit(INT, HEX, ENUM, STR, SEQ)                                                  \
	INT(uint64_t, value, "how often it was reached")                                           \
	STR(name, "which limit of the library was reached, see docs/architecture.md")

#define WS_FIELDS_call(INT, HEX, ENUM, STR, SEQ)                                                   \
	INT(ws_function, function, "which function, as a word: the trace's metadata says what the numbers stand for") \
	INT(uint8_t, flags, "WS_CALL_*: 1 recorded as it began, 2 the rest of such a call, 4 it never returned, 8 a text was cut") \
	ENUM(ws_kind, kind, "what the call is about; 0: nothing that has a kind")                  \
	INT(int16_t, error, "errno value of a call that failed, however it returned it; 0: none")  \
	INT(uint64_t, begin_ns, "when it began, in the trace's clock (CLOCK_MONOTONIC)")           \
	INT(uint32_t, duration_ns, "how long it took; 0xffffffff: as long or longer, it ended at the event's time") \
	INT(int64_t, result, "what it returned; an address as a number")                           \
	HEX(uint64_t, site, "return address of the call")                                          \
	HEX(uint64_t, object, "address of the object, or its id where the kind has one; 0: not known") \
	SEQ(uint64_t, args, n_args, "its arguments; of numbers below 64 bits, extended by sign")   \
	STR(text, "its texts, in the order of the arguments, with a tabulator between; \\ and what cannot be printed as in C; \\? stands for one that cannot be read")

/* X(event, list of fields, channel, doc). The channel is `waits` or `defs`: definitions have one
 * of their own, so that a flood of waits cannot lose them. */
#define WS_EVENTS(X)                                                                               \
	X(wait_begin, WS_FIELDS_wait_begin, waits,                                                 \
	  "A thread is about to block: its attempt to go on without waiting failed.")              \
	X(wait_end, WS_FIELDS_wait_end, waits, "That wait is over.")                               \
	X(wait_object, WS_FIELDS_wait_object, waits,                                               \
	  "One more object of the wait that has just begun: any one of them ends it (futex_waitv, poll). Of an epoll set only the one that ended the wait is recorded, with its end.") \
	X(holder, WS_FIELDS_holder, waits,                                                         \
	  "One more holder of the object of the wait that has just begun (read locks).")           \
	X(wake, WS_FIELDS_wake, waits,                                                             \
	  "An operation that may let a waiter go on; recorded before it is carried out, only where somebody waits.") \
	X(wake_stack, WS_FIELDS_wake_stack, waits,                                                 \
	  "The stack of the wake with the same number; recorded after it, so as not to lengthen it.") \
	X(range, WS_FIELDS_range, waits,                                                           \
	  "record_lock: the bytes that the wait or wake which follows is about; without it, the whole file.") \
	X(object, WS_FIELDS_object, defs, "A step in the life of an object.")                      \
	X(wait_held, WS_FIELDS_wait_held, waits, "One of the locks that the thread holds as its next wait begins.") \
	X(pipe_ends, WS_FIELDS_pipe_ends, waits,                                                   \
	  "The ends of a pipe that the process has open; recorded before a wait, the first time and after changes.") \
	X(transfer, WS_FIELDS_transfer, waits,                                                     \
	  "What a process has read from a pipe, FIFO, socket, eventfd or message queue and written to it since it last said so; recorded at close, exec, exit and now and then at the end of a wait.") \
	X(call, WS_FIELDS_call, waits,                                                             \
	  "A call of an intercepted function, recorded as it returns. Only in full mode (WAITSCOPE_MODE=full).") \
	X(lock_edge, WS_FIELDS_lock_edge, defs,                                                    \
	  "A thread takes a lock while it holds others: recorded the first time in each of its segments, some times at most.") \
	X(lock_held, WS_FIELDS_lock_held, defs, "One of the locks that it holds then, in the order in which it took them.") \
	X(lock_stats, WS_FIELDS_lock_stats, defs,                                                  \
	  "How often a thread took a lock, or tried to in vain: recorded when it ends, when the process ends or is replaced, and where its table is full.") \
	X(misuse, WS_FIELDS_misuse, defs,                                                          \
	  "A call did what it should not have. Recorded once for each such call and object, about.") \
	X(map, WS_FIELDS_map, defs, "Shared memory was mapped: objects in it are shared.")         \
	X(unmap, WS_FIELDS_unmap, defs, "An address range was unmapped or replaced.")              \
	X(module, WS_FIELDS_module, defs, "Code was loaded or unloaded.")                          \
	X(stack, WS_FIELDS_stack, defs, "A stack was seen for the first time in this process.")    \
	X(thread, WS_FIELDS_thread, defs, "A step in the life of a thread.")                       \
	X(process, WS_FIELDS_process, defs, "A step in the life of a process.")                    \
	X(limit, WS_FIELDS_limit, defs, "At exit: a limit of the library was reached.")

/* A number of functions.h; in a trace, shown as a word. */
typedef uint16_t ws_function;

/* The payloads: struct ws_ev_<event>. Strings and sequences are borrowed for the call. */
#define WS_STRUCT_INT(type, name, doc) type name;
#define WS_STRUCT_HEX(type, name, doc) type name;
#define WS_STRUCT_ENUM(list, name, doc) uint8_t name;
#define WS_STRUCT_STR(name, doc) const char *name;
#define WS_STRUCT_SEQ(type, name, count, doc)                                                      \
	const type *name;                                                                          \
	uint32_t count;
#define WS_EVENT_STRUCT(event, fields, channel, doc)                                               \
	struct ws_ev_##event {                                                                     \
		WS_FIELDS_COMMON(WS_STRUCT_INT, WS_STRUCT_HEX, WS_STRUCT_ENUM, WS_STRUCT_STR,      \
				 WS_STRUCT_SEQ)                                                    \
		fields(WS_STRUCT_INT, WS_STRUCT_HEX, WS_STRUCT_ENUM, WS_STRUCT_STR, WS_STRUCT_SEQ) \
	};
WS_EVENTS(WS_EVENT_STRUCT)
#undef WS_EVENT_STRUCT

#endif
