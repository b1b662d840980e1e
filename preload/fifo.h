/* SPDX-License-Identifier: MIT */
/* fifo.h: opening a FIFO, which waits for somebody to open the other end.
 *
 * It has no form that only tries: O_NONBLOCK opens it for reading at once. So it is announced, and
 * taken back where the thread did not sleep. That a path is a FIFO's is asked before (stat), of the
 * opens only that could wait for a peer.
 */
#ifndef WS_FIFO_H
#define WS_FIFO_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "preload/wait.h"

/* Any FIFO was made or opened in this process: unlink() looks what it removes. */
extern _Atomic bool ws_fifos;

/* A FIFO that is opened for one direction, by a call that waits for the other: for `stat` at
 * `folder`. */
bool ws_fifo_opens(int folder, const char *path, int flags, struct stat *ret);

/* An open of a FIFO under way. Between these two the call is made, in a wait:
 *   WS_FIFO_WAIT(wait, &opening);
 *   ... the call ...
 *   ws_fifo_opened(&opening, &wait, failed);
 * and after the block of the wait ws_fifo_done(). */
struct ws_fifo_opening {
	struct ws_wake wake; /* whoever waits for the other end */
	bool reading;
	uintptr_t key;
	long slept; /* times that the thread had slept before; -1: not known */
};

void ws_fifo_begin(struct ws_fifo_opening *opening, struct ws_thread *self, const char *path,
		   int flags, const struct stat *st, uintptr_t site);
void ws_fifo_opened(const struct ws_fifo_opening *opening, struct ws_wait *wait, bool failed);
void ws_fifo_done(struct ws_fifo_opening *opening);

#define WS_FIFO_WAIT(name, opening)                                                                \
	WS_WAIT(name, .self = (opening)->wake.self, .object = (opening)->wake.object,              \
		.other = (opening)->wake.other, .key = (opening)->key | (opening)->reading,        \
		.site = (opening)->wake.site, .kind = WS_KIND_FIFO,                                \
		.flags = (uint8_t)(WS_WAIT_SHARED | WS_WAIT_OPENS |                                \
				   ((opening)->reading ? WS_WAIT_READ : 0)))

#endif
