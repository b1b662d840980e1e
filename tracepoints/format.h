/* SPDX-License-Identifier: MIT */
/* format.h: the version of the trace format, and the rule for changing it.
 *
 * Every `process` event carries WS_FORMAT_VERSION. A reader accepts its own version and older
 * ones, and refuses a newer one by name: it could misread it.
 *
 * Without a new version one may: add an event; add a field at the end of an event, if a trace
 * without it still reads as before; add a word at the end of a list in kinds.h.
 * Everything else (a changed meaning, unit, width or order) takes a new version, the docs, and a
 * kept trace of the old one in the same commit.
 */
#ifndef WS_FORMAT_H
#define WS_FORMAT_H

#include <stdint.h>

#define WS_FORMAT_VERSION 1

/* Longest stack that is recorded, in frames: what is deeper is cut at the outer end. */
#define WS_STACK_DEPTH_MAX 64

/* `count` of a wake that lets every waiter go. */
#define WS_WAKE_ALL 0xffffffffu

/* Flags of `wait_begin`. */
#define WS_WAIT_SHARED 1u /* the object is process-shared: other processes may end the wait */
#define WS_WAIT_TIMED 2u  /* the call has a time limit */
#define WS_WAIT_READ 4u   /* the waiter asks for a shared (read) hold */
#define WS_WAIT_OPENS 32u /* FIFO: it opens one end, and waits for somebody to open the other */
/* Not in events: the call was under way when its process or the recording ended, and was not tried
 * before: that it blocked is known by how long it lasted only. */
#define WS_WAIT_ANNOUNCED 128u
#define WS_WAIT_INHERITS 16u /* mutex: its holder is scheduled as its waiters, by a priority protocol */
#define WS_WAIT_AGAIN 8u  /* cond: the mutex has been held since the last wait of this call returned */

/* Flags of `wake`. */
#define WS_WAKE_LATE 1u /* recorded after the release: it may follow the end of the wait */
#define WS_WAKE_READ 2u /* what is released is a shared (read) hold: no reader waited for it */
#define WS_WAKE_LOCKED 4u /* cond: the thread holds a mutex as it signals */

/* `ends` of `transfer`. */
#define WS_END_READS 1u  /* it reads there */
#define WS_END_WRITES 2u /* it writes there */

/* Flags of `holder` events and of held locks. */
#define WS_HOLD_READ 1u /* the hold is shared (read) */

/* Flags of `call`. A call that may never return, or that blocks, is recorded as it begins; if it
 * returns, the rest follows. */
#define WS_CALL_ENTERED 1u  /* as it begins: there is no result yet */
#define WS_CALL_RETURNED 2u /* the result of one that was recorded as it began */
#define WS_CALL_LEFT 4u     /* it never returned, or that cannot be seen: vfork, longjmp out of it,
			     * the end of its thread */
#define WS_CALL_CUT 8u      /* a text is longer than what is recorded of it */

/* Bytes of the texts of a call that are recorded, as they are in the event. */
#define WS_CALL_TEXT_MAX 255

/* `duration_ns` of a call that took as long or longer: it ended at the event's time. */
#define WS_CALL_LONG UINT32_MAX

/* Flags of `lock_edge` and `lock_held`. */
#define WS_EDGE_TRY 1u   /* it cannot block there: it only tried */
#define WS_EDGE_TIMED 2u /* it has a time limit: it does not block for ever */
#define WS_EDGE_READ 4u  /* a shared (read) hold */
#define WS_EDGE_WAIT 8u  /* it is not held yet: the thread is about to wait */
#define WS_EDGE_LAST 16u /* the thread may do the same again, unrecorded */
#define WS_EDGE_FILE 32u /* record_lock: the open file owns it, not the process */

/* Locks that one `lock_edge` can have been taken after: as many as the library keeps for a thread. */
#define WS_EDGE_HELD_MAX 128

/* Flags of `misuse`. */
#define WS_MISUSE_SHARED 1u /* the object is process-shared */
#define WS_MISUSE_ROBUST 2u /* it is a robust mutex */
#define WS_MISUSE_READ 4u   /* exit_holding: it is held shared (read) */

/* What a `map` event's `origin` says. */
enum ws_map_origin {
	WS_MAP_FILE = 1, /* a file, a POSIX shared memory object or a memfd: (dev, ino) */
	WS_MAP_ANON = 2, /* anonymous MAP_SHARED: (dev, ino) of the kernel's own shmem file */
	WS_MAP_SYSV = 3, /* System V segment: `ino` is the shmid, `dev` is 0 */
};

#endif
