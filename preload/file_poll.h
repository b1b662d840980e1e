/* SPDX-License-Identifier: MIT */
/* file_poll.h: who waits for a lock on a file by asking for it again and again, with sleeps
 * between, as apt does for dpkg's lock: the sleeps are waits for the lock.
 *
 * One try that failed, and a sleep, may have nothing to do with each other. So it takes a try that
 * failed, a sleep and another try that failed: the sleep that follows is a wait for what the last
 * try asked for, charged to those who held it then, and so is each later one that follows such a
 * try. Until then nothing is asked of the kernel. A lock that is taken ends it.
 *
 * Whoever asks has mostly closed the file when it sleeps: what file it is, and who has it, is asked
 * at the try.
 */
#ifndef WS_FILE_POLL_H
#define WS_FILE_POLL_H

#include "preload/file_lock.h"

/* Holders that are remembered from a try to the sleep. */
#define WS_FILE_POLL_HOLDERS 4

/* How far the calling thread has got; 0: no try of its has failed. */
extern __thread uint8_t ws_file_poll_state __attribute__((tls_model("initial-exec")));

/* A call that does not wait, and asks for these bytes, found them taken. errno stays. */
void ws_file_poll_failed(struct ws_thread *self, int fd, enum ws_lock_class class, bool write,
			 struct ws_extent extent, uintptr_t site);

/* A lock was taken. */
static inline void ws_file_poll_over(void)
{
	if (ws_unlikely(ws_file_poll_state))
		ws_file_poll_state = 0;
}

/* The wait, a sleep, is about to begin: makes it one for the lock, if that is what it is. */
void ws_file_poll_sleeps(struct ws_wait *wait);
/* It is over. */
void ws_file_poll_slept(const struct ws_wait *wait);

#endif
