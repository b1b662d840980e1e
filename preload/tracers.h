/* SPDX-License-Identifier: MIT */
/* tracers.h: LTTng's own threads: which they are, and how they follow when the program changes its
 * user, its groups or its capabilities.
 *
 * To the kernel these belong to each thread. glibc changes users in all threads of a process, and
 * ends the process if a thread's answer is not the caller's. LTTng's threads would be such: what
 * the program does for its own thread alone before (PR_SET_KEEPCAPS, capset, secure bits, a system
 * call filter) is not so in them. So the program's thread is the one that counts, and LTTng's do as
 * it did, in a signal handler: nobody is left with privileges that the program has given up.
 */
#ifndef WS_TRACERS_H
#define WS_TRACERS_H

#include <semaphore.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* LTTng 2.13 has two; what is beyond does not follow. */
#define WS_TRACERS_MAX 16

/* The calling thread is one of LTTng's, from its first moment; and: it ends. */
void ws_tracer_begin(void);
void ws_tracer_end(void);
/* In a fork child: they are gone. */
void ws_tracers_forked(void);

/* One could not be made, or has no buffers, since the process may have no more threads or memory:
 * it will not be recorded. LTTng takes no notice, and neither is it to wait, nor to cancel what
 * never was. */
void ws_tracers_lack_one(void);
/* What LTTng's start is about to wait on: posted when one lacks. */
void ws_tracers_awaited(sem_t *start);
extern _Atomic bool ws_tracers_lack;
static inline bool ws_tracers_lacking(void)
{
	return atomic_load_explicit(&ws_tracers_lack, memory_order_relaxed);
}

/* A system call of at most three arguments. */
struct ws_call {
	long number; /* 0 or more; WS_CALL_NONE */
	long args[3];
};
#define WS_CALL_NONE (-1)

/* True if `tid` is one of them. */
bool ws_tracer_is(int32_t tid);
/* True if any is alive, or about to run. */
bool ws_tracers_alive(void);

/* One change at a time. False: this thread's own is under way, and a signal handler has come in
 * between. */
bool ws_tracers_lock(int32_t tid);
void ws_tracers_unlock(void);

/* The functions below are called with it locked.
 *
 * Notes what the calling thread may do, as LTTng's threads are to have it when they follow. */
void ws_tracers_note(void);
/* Each of LTTng's threads takes over what was noted, and then makes the call; its answer does not
 * matter. Returns when all have, or after a second. */
void ws_tracers_follow(const struct ws_call *call);
/* From now on, and until _end: each takes over what was noted before it does as glibc tells it. */
void ws_tracers_with_libc_begin(void);
void ws_tracers_with_libc_end(void);

#endif
