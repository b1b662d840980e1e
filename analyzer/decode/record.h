/* SPDX-License-Identifier: MIT */
/* record.h: the typed records that decode hands to the model, in time order.
 *
 * Processes, threads, code and stacks are numbers here: indexes into the tables of tables.h,
 * dense from 0, given in the order of first appearance. An index stands for one incarnation: a
 * reused pid or tid, and a process after exec, have a new one. The tables may be read once the
 * pipeline has ended; before, the numbers are all that a later stage needs.
 */
#ifndef WS_RECORD_H
#define WS_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tracepoints/format.h"
#include "tracepoints/kinds.h"

/* An index, a code location or a stack that is not known. Shown as unknown, never as none. */
#define WS_UNKNOWN UINT32_MAX

/* Who an object is, in every process. Compared as a whole; unused members are 0. */
struct ws_object_key {
	uint64_t dev;     /* shared: device of what is mapped; private: 0 */
	uint64_t ino;     /* shared: inode or shmid of what is mapped; private: 0 */
	uint64_t offset;  /* shared: byte offset in it; private: address; thread: index of the thread,
	                   * or with a process its handle: which thread it is is not known;
	                   * record_lock: first byte of the range; sleep: index of the thread;
	                   * signal: pid of `process`; process: pid of the child, with in `ino` how
	                   * many of that pid were collected before, or 0: any child of `process`;
	                   * fifo: its inode, with in `ino` how many with it were made before */
	uint64_t length;  /* record_lock: bytes of the range, 0: to the end; otherwise 0 */
	uint32_t process; /* private: index of the process; shared and known thread: WS_UNKNOWN */
	uint8_t kind;     /* enum ws_kind */
	uint8_t origin;   /* shared: enum ws_map_origin; private: 0 */
	uint16_t host;    /* shared: which host's it is, from 0; process, signal: which recording's;
	                   * private, thread, sleep: 0 */
};

/* True if other processes can wait for the object, too: it is in shared memory or the kernel's. */
static inline bool ws_object_is_shared(const struct ws_object_key *key)
{
	return key->origin != 0 || (key->process == WS_UNKNOWN && key->kind != WS_KIND_THREAD);
}

/* A thread that holds something, and how it came by it. */
struct ws_holder {
	uint32_t thread; /* index, or WS_UNKNOWN */
	uint32_t site;   /* code index of the call that took it, or WS_UNKNOWN */
	uint32_t stack;  /* stack index of that call, or WS_UNKNOWN */
};

/* Arguments of a call, at most. */
#define WS_RECORD_ARGS 7

enum ws_record_type {
	WS_RECORD_WAIT_BEGIN = 1,
	WS_RECORD_WAIT_END,
	WS_RECORD_HOLDER,     /* one more holder of the thread's wait `seq` */
	WS_RECORD_WAKE,
	WS_RECORD_WAKE_STACK, /* the stack of the thread's wake `seq` */
	WS_RECORD_OBJECT,
	WS_RECORD_THREAD,     /* START, EXIT, PRIORITY: tables.h has the rest */
	WS_RECORD_PROCESS,    /* a step of `process`: START, FORK, EXIT; REAPED: its parent collected
	                       * it (thread WS_UNKNOWN); EXEC: its image was replaced by the one
	                       * whose START follows (thread WS_UNKNOWN); SPAWNED: its parent made
	                       * it, and it has not told of itself (thread WS_UNKNOWN) */
	WS_RECORD_LOSS,       /* events were lost before this record: what is open is uncertain */
	WS_RECORD_TRANSFER,    /* what a process has read from an object and written to it */
	WS_RECORD_WAIT_OBJECT, /* one more object that could end the thread's wait `seq` */
	WS_RECORD_HELD,  /* one of the locks that the thread holds as its wait `seq`, which follows,
			  * begins */
	WS_RECORD_REACH, /* the process can operate on something: it has it mapped or open */
	WS_RECORD_LOCK_EDGE,  /* the thread takes a lock while it holds others... */
	WS_RECORD_LOCK_HELD,  /* ...of which this is one: they follow */
	WS_RECORD_LOCK_STATS, /* how often the thread took a lock, or tried to in vain */
	WS_RECORD_MISUSE,     /* the thread did what it should not have */
	WS_RECORD_CALL,        /* a call of a function, or its beginning; full mode only */
};

/* One record. What is not in its type's member is 0. */
struct ws_record {
	uint64_t at_ns; /* trace clock (CLOCK_MONOTONIC of the traced host) */
	uint8_t type;   /* enum ws_record_type */
	uint32_t process;
	uint32_t thread; /* WS_UNKNOWN for LOSS */
	union {
		struct {
			uint64_t begin_ns;           /* before the stack was taken: at most
			                              * at_ns; 0: at_ns */
			uint32_t seq;
			uint8_t flags;               /* WS_WAIT_* */
			uint8_t end;                 /* socket: at which end it waits, 0 or 1 */
			int64_t type;                /* sysv_msg: the type wanted or sent; else 0 */
			struct ws_object_key object; /* kind WS_KIND_THREAD: the joined thread */
			struct ws_object_key mutex;  /* cond: its mutex; otherwise kind 0 */
			uint32_t data;               /* code index of the object's address, when it
			                              * lies in a module (static storage); else
			                              * WS_UNKNOWN */
			uint32_t site;
			uint32_t stack;
			struct ws_holder holder; /* thread WS_UNKNOWN: not known or none */
			uint32_t held; /* 1 and how many HELD records belong to it; 0: not known */
		} wait_begin;
		struct {
			uint32_t seq;
			uint8_t outcome; /* enum ws_outcome */
			int32_t error;   /* errno, 0: none */
			int32_t index;   /* which of several objects ended it: 0 the one of
			                  * WAIT_BEGIN, 1 the first WAIT_OBJECT; -1: not known, or
			                  * there is one only */
			struct ws_holder holder;
			uint64_t ran;    /* ns, and one, that the holder which WAIT_BEGIN names had
			                  * a processor meanwhile; 0: not measured */
		} wait_end;
		struct {
			uint32_t seq;
			struct ws_object_key object;
			uint32_t data; /* as in wait_begin */
			uint8_t flags; /* WS_WAIT_* */
			uint8_t end;   /* socket: at which end, 0 or 1 */
		} wait_object;
		struct {
			uint32_t seq;
			struct ws_holder holder;
		} holder;
		struct {
			uint32_t seq;
			uint8_t op;    /* enum ws_wake_op */
			uint8_t flags; /* WS_WAKE_* */
			uint8_t end;   /* socket: from which end, 0 or 1 */
			int64_t type;  /* sysv_msg: the type sent; else 0 */
			struct ws_object_key object;
			struct ws_object_key target; /* futex_requeue: where the rest went; else
			                              * kind 0 */
			uint32_t count;              /* waiters that may go; WS_WAKE_ALL */
			uint32_t data;               /* as in wait_begin */
			uint32_t site;
			struct ws_holder hold; /* thread: the releaser; site, stack: where it
			                        * took it */
			uint32_t owner; /* record_lock, flock: the releasing process's main
			                 * thread, by which the kernel names holders, or
			                 * WS_UNKNOWN; other kinds: unused */
		} wake;
		struct {
			uint32_t seq;
			uint32_t stack;
		} wake_stack;
		struct {
			uint8_t op; /* enum ws_object_op */
			struct ws_object_key object;
			uint64_t value;
			uint64_t device;  /* key: of the file that it was made of; else 0 */
			uint32_t data;    /* as in wait_begin */
			uint32_t site;
			const char *name; /* Weak: lives as long as the tables; "" when it has none */
		} object;
		struct {
			struct ws_object_key object;
			uint8_t end;                 /* socket: by which end, 0 or 1 */
			uint8_t ends;                /* WS_END_*: what it is open for */
			uint64_t bytes_in, bytes_out; /* read, written, since its last one */
			uint64_t calls_in, calls_out; /* the calls that did */
			uint32_t priority_low;  /* mq: lowest priority, and one; 0: none */
			uint32_t priority_high; /* mq: highest priority, and one; 0: none */
			uint64_t fill; /* most that was seen in it: bytes, mq: messages; 0: not seen */
			uint64_t room; /* what it holds at most, in the same unit; 0: not known */
		} transfer;
		struct {
			uint8_t op;       /* enum ws_thread_op */
			uint32_t creator; /* START: index of the thread that made it, or
			                   * WS_UNKNOWN */
			int32_t policy, priority, nice; /* PRIORITY: see events.h */
			uint32_t joined;  /* JOIN: index of the thread that had ended, or
			                   * WS_UNKNOWN */
			uint32_t segment; /* START: the creator's in which it was made; JOIN: the
			                   * joiner's that ends with it; 0: not known */
		} thread_step;
		struct {
			uint32_t seq;
			uint8_t flags; /* WS_HOLD_* */
			struct ws_object_key object;
			uint32_t data; /* as in wait_begin */
			uint32_t site; /* of the call that took it, or WS_UNKNOWN */
			uint32_t stack;
		} held;
		struct {
			struct ws_object_key object; /* memory: kind 0; a pipe, of which it has... */
			uint8_t ends;                /* ...these ends open: WS_END_*; 0: none any more */
		} reach;
		struct {
			uint8_t op; /* enum ws_process_op */
			bool program; /* SPAWNED: it runs another program than its parent */
			int32_t pid;
			uint32_t parent; /* index, or WS_UNKNOWN */
			uint32_t before; /* START: the image that this one replaces, or WS_UNKNOWN */
			uint32_t by;      /* FORK: the parent's thread that forked; REAPED: that
			                   * which collected it; or WS_UNKNOWN */
			uint32_t segment; /* of `by`, that ends with it; 0: not known */
		} process_step;
		struct {
			uint32_t seq;   /* number of the edge within its thread */
			uint8_t flags;  /* WS_EDGE_* */
			struct ws_object_key object; /* that is taken, or held */
			uint32_t data;  /* as in wait_begin */
			uint32_t site;
			uint32_t stack;
			/* LOCK_EDGE: see events.h; otherwise 0. */
			uint32_t held; /* how many LOCK_HELD follow */
			uint32_t segment;
			uint32_t syncs;
			uint64_t locks;
		} lock;
		struct {
			struct ws_object_key object;
			uint32_t data; /* as in wait_begin */
			uint32_t site; /* failed: of the call; otherwise WS_UNKNOWN */
			uint64_t acquired, failed; /* since its last one */
		} lock_stats;
		struct {
			uint8_t what;  /* enum ws_misuse */
			uint8_t flags; /* WS_MISUSE_* */
			struct ws_object_key object;
			struct ws_object_key mutex; /* cond: of its mutex; otherwise kind 0 */
			uint32_t data; /* as in wait_begin */
			uint32_t site; /* or WS_UNKNOWN */
			uint32_t stack;
			uint32_t call; /* fork_holding: code index of the fork; else WS_UNKNOWN */
			struct ws_holder holder;
		} misuse;
		struct {
			uint64_t begin_ns;
			uint64_t duration_ns;
			int64_t result;
			uint64_t object;  /* its address or id, as the process names it; 0: unknown */
			uint64_t args[WS_RECORD_ARGS];
			const char *text; /* Weak: lives in the batch, there may be any number of
			                   * them; as in events.h */
			uint32_t site;
			uint16_t function; /* number of tracepoints/functions.h, or _UNKNOWN */
			int16_t error;     /* errno value; 0: none */
			uint8_t flags;     /* WS_CALL_* */
			uint8_t kind;      /* enum ws_kind, 0: none */
			uint8_t n_args;
		} call;
		struct {
			uint64_t events;  /* how many, as far as the tracer counted */
			uint64_t packets; /* whole packets lost, in the same place */
		} loss;
	};
};

#endif
