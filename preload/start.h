/* SPDX-License-Identifier: MIT */
/* start.h: what a new thread finds at its first line, on the way from its creator to it. */
#ifndef WS_START_H
#define WS_START_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct ws_start {
	_Atomic bool taken;
	bool foreign;      /* made by LTTng: not to be recorded */
	int32_t creator;   /* tid */
	uint32_t segment;  /* of the creator, see lock_edge in events.h */
	uintptr_t routine; /* the program's start routine */
	void *arg;         /* its argument */
	int32_t policy;    /* SCHED_*, as its attributes say; -1: as its creator's */
	int32_t priority;
};

/* A place for the thread that the call at `site` is about to make. NULL: start it plainly. */
struct ws_start *ws_start_claim(uintptr_t routine, void *arg, uintptr_t site);
/* True if a thread of the program is between pthread_create() and its slot, or may be: its start
 * could not be followed. `foreign`: one of LTTng's is. */
bool ws_start_pending(bool *foreign);
/* In a fork child: the threads that were on their way are not. */
void ws_starts_forked(void);
/* Gives it back: the thread was not made. */
void ws_start_release(struct ws_start *start);
/* In the new thread: records its start, gives the place back, returns what to run. */
struct ws_start ws_start_begin(struct ws_start *start);

#endif
