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

/* Sleeps while *word is `value`; may return for no reason (a signal, somebody else's wake), so
 * that the caller must look again. Changes errno. */
static inline void ws_futex_wait(_Atomic uint32_t *word, uint32_t value)
{
	syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, value, NULL, NULL, 0);
}

/* Wakes at most `n` of those that sleep on `word`. Changes errno. */
static inline void ws_futex_wake(_Atomic uint32_t *word, uint32_t n)
{
	syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, n, NULL, NULL, 0);
}

#endif
