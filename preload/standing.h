/* SPDX-License-Identifier: MIT */
/* standing.h: what a thread brings along into a wait: what it holds (`wait_held`), and which ends
 * of pipes its process has open (`pipe_ends`). Who waits for each other for ever is known by these.
 *
 * The ends are looked for (fstat) before the first wait of a process, and again after a pipe was
 * made or an end of one closed; in a program without pipes, once. Only numbers below WS_ENDS_FDS
 * are looked at, and WS_ENDS_MAX pipes are kept. What libc closes by itself is seen the next time.
 *
 * Rules: no malloc, no stdio, no lock; errno stays. Nothing is looked for in a sandbox.
 */
#ifndef WS_STANDING_H
#define WS_STANDING_H

#include <stdbool.h>
#include <stdint.h>

#include "preload/thread.h"
#include "preload/wait.h"

/* Numbers that are looked at: an end that is left open by mistake has a low one. */
#define WS_ENDS_FDS 256
#define WS_ENDS_MAX 64

/* Records it, in the caller's section, before `wait_begin`. Returns 1 and how many `wait_held` it
 * recorded; 0: there may be more. */
uint32_t ws_standing_record(const struct ws_wait *wait);

/* The program has made a pipe: its two numbers. */
void ws_standing_pipe(const int fds[2], uintptr_t site);
/* A number is closed, or gets another file. */
void ws_standing_closed(int fd);

#endif
