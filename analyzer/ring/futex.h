/* SPDX-License-Identifier: MIT */
/* futex.h: the two system calls that the ring is made of. */
#ifndef WS_FUTEX_H
#define WS_FUTEX_H

#include <linux/futex.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Sleeps while *word is `value`; may return for no reason (a signal, somebody else's wake), so
 * that the caller must look again. */
static inline void ws_futex_wait(_Atomic uint32_t *word, uint32_t value)
{
	syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, value, NULL, NULL, 0);
}

/* Wakes at most `n` of those that sleep on `word`. */
static inline void ws_futex_wake(_Atomic uint32_t *word, int n)
{
	syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, n, NULL, NULL, 0);
}

#endif
