/* SPDX-License-Identifier: MIT */
/* shared.h: the memory that all processes of a recording share (the file WAITSCOPE_SHARED).
 *
 * The session makes it, full of zeroes, the programs map it, and the session reads it when the
 * recording ends. All of it lives no longer than the recording, and both sides are built together:
 * it is no format that is kept.
 *
 * CALLS. A call that was not tried first, since its thread has long not had to wait for anything,
 * is announced here while it lasts (preload/plain.h). An entry is chosen by what the call would
 * wait for; who finds it taken makes its call in another way. If the process dies in the call, or
 * hangs, the entry says so for it.
 */
#ifndef WS_SHARED_H
#define WS_SHARED_H

#include <stdatomic.h>
#include <stdint.h>
#include <time.h>

#define WS_SHARED_COUNTS 4096 /* counts of waiters in shared memory: one for each offset in a page */
#define WS_SHARED_KEYS   65536 /* those of waiters for the kernel's objects: by a hash, in a sparse file */
#define WS_SHARED_CALLS  1024

/* What a caller says of its call, and what those say whose own calls may end it. Two cache lines:
 * the second is written by others, and only where they meet. */
struct ws_shared_call {
	_Atomic uint64_t owner; /* number of the call << 32 | tid; 0: nobody */
	_Atomic uint64_t said;  /* the owner whose call the rest of this line tells of */
	uint64_t since;         /* time stamp counter as it began */
	uint64_t object, other; /* as in `wait_begin` */
	uint64_t site;
	int32_t pid;
	uint8_t kind;  /* enum ws_kind */
	uint8_t flags; /* WS_WAIT_* */

	_Alignas(64) _Atomic uint64_t met; /* the owner that the rest is for */
	uint64_t waker_site;
	int32_t waker_pid;
	int32_t waker_tid;
	uint8_t waker_op; /* enum ws_wake_op */
};

/* In `met`: the rest is being written. Numbers of calls do not use this bit. */
#define WS_SHARED_MEETING (UINT64_C(1) << 63)

struct ws_shared {
	_Atomic uint32_t counts[WS_SHARED_COUNTS];
	_Atomic uint32_t keys[WS_SHARED_KEYS];
	/* Of one moment before the recording. Written by the session; 0: the counter does not run
	 * evenly, and nothing is announced. */
	struct ws_shared_clock {
		uint64_t ns;  /* CLOCK_MONOTONIC */
		uint64_t tsc; /* time stamp counter */
	} clock;
	_Alignas(128) struct ws_shared_call calls[WS_SHARED_CALLS];
};

/* Both clocks of this moment. */
static inline void ws_shared_clock_read(struct ws_shared_clock *ret)
{
	for (unsigned int attempt = 0; attempt < 4; attempt++) {
		uint64_t before = __builtin_ia32_rdtsc();
		struct timespec now;

		clock_gettime(CLOCK_MONOTONIC, &now);
		ret->tsc = __builtin_ia32_rdtsc();
		ret->ns = (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
		if (ret->tsc - before < 4096)
			return; /* the processor was not taken away in between */
	}
}

/* CLOCK_MONOTONIC when the counter was at `tsc`, between those two moments. */
static inline uint64_t ws_shared_clock_ns(uint64_t tsc, const struct ws_shared_clock *then,
					  const struct ws_shared_clock *now)
{
	if (tsc <= then->tsc || now->tsc <= then->tsc)
		return then->ns;
	if (tsc >= now->tsc)
		return now->ns;
	return now->ns - (uint64_t)((unsigned __int128)(now->tsc - tsc) * (now->ns - then->ns) /
				    (now->tsc - then->tsc));
}

#endif
