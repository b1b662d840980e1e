/* SPDX-License-Identifier: MIT */
/* clock.h: the time in the trace's clock, read by the process itself. */
#ifndef WS_CLOCK_H
#define WS_CLOCK_H

#include <stdint.h>
#include <time.h>

/* CLOCK_MONOTONIC, in ns. No system call where the kernel's vDSO has it; a signal handler may. */
static inline uint64_t ws_now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

#endif
