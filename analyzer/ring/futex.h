/* SPDX-License-Identifier: MIT */
/* futex.h: the two system calls that the ring is made of.
 *
 * What the kernel promises, and all that lock.c and ring.c rely on:
 *   - ws_futex_wait compares the word and falls asleep in one step: no wake comes between the two.
 *   - A store to the word that precedes ws_futex_wake in the program is seen by the comparison of
 *     every thread that this wake does not find asleep. Both calls have a full barrier between
 *     their part of that (the kernel's comment on `waiters--ordering` in kernel/futex), so that
 *     the store needs no order of its own.
 *   - A wait may return for no reason.
 * A wake for a word whose memory was freed meanwhile is an error that is ignored, or wakes somebody
 * for no reason; it never writes.
 */
#ifndef WS_FUTEX_H
#define WS_FUTEX_H

#include <linux/futex.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Macros, so that the site of a wait, where the analyzer itself is traced, is the function that
 * waits. Both change errno. */

/* Sleeps while *word is `value`; may return for no reason (a signal, somebody else's wake), so
 * that the caller must look again. */
#define ws_futex_wait(word, value)                                                                 \
	((void)syscall(SYS_futex, (word), FUTEX_WAIT_PRIVATE, (uint32_t)(value), NULL, NULL, 0))

/* Wakes at most `n` of those that sleep on `word`. */
#define ws_futex_wake(word, n)                                                                     \
	((void)syscall(SYS_futex, (word), FUTEX_WAKE_PRIVATE, (uint32_t)(n), NULL, NULL, 0))

#endif
