/* SPDX-License-Identifier: MIT */
/* signals.h: how those who wait for signals to their process are counted, and who sent one.
 *
 * Rules: no malloc, no lock, errno stays.
 */
#ifndef WS_SIGNALS_H
#define WS_SIGNALS_H

#include <signal.h>
#include <stdint.h>
#include <sys/types.h>

#include "preload/waiters.h"
#include "tracepoints/kinds.h"

/* Who waits for a signal to that process. */
static inline uintptr_t ws_signals_key(pid_t pid)
{
	return ws_waiters_key(WS_KIND_SIGNAL, (uint64_t)pid, 0, true);
}

/* Those who wait for one are counted by this, too, from the first wait in the recording on: one
 * that is sent to a group, or to all, may be for them. */
#define WS_SIGNALS_KEY ws_signals_key(0)

/* The process's group. 0: it may not be asked for. */
uintptr_t ws_signals_group(void);

/* The same of a process that waits, by which signals to the group are known to be for it. */
uintptr_t ws_signals_waiting_in(void);

/* The process that sent the signal, by its number, code and sender; 0: none did. */
int32_t ws_signals_sender(int number, int code, pid_t pid);

#endif
