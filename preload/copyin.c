/* SPDX-License-Identifier: MIT */
/* copyin.c: see copyin.h. */
#include "preload/copyin.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "preload/export.h"
#include "preload/raw.h"
#include "preload/resource.h"

#define PAGE 4096u

/* How far above a frame its callers' variables are looked for. */
#define NEAR (64u * 1024)

/* The page above some frame of this thread that the kernel has read for us. Pages between a live
 * frame and the end of its stack are not unmapped, so it can be read for as long as the thread is
 * below it. */
static __thread uintptr_t known_page;

/* On this thread's stack, in the page of our own frame or in one that was read before. */
static bool is_on_stack(uintptr_t first, uintptr_t last)
{
	uintptr_t frame = (uintptr_t)__builtin_frame_address(0);

	if (first < frame || last - frame > NEAR)
		return false;

	uintptr_t here = frame / PAGE, from = first / PAGE, to = last / PAGE;

	return (from == here || from == known_page) && (to == here || to == known_page);
}

static bool is_in_module(uintptr_t first, uintptr_t last)
{
	struct dl_find_object found;

	/* Takes no lock, and may be called in a signal handler. */
	return _dl_find_object((void *)first, &found) == 0 && last < (uintptr_t)found.dlfo_map_end;
}

/* The kernel reads eight bytes of what it is told to be a set of signals before it refuses the first
 * argument: EFAULT tells that they cannot be read. It costs what the cheapest call does. */
static bool is_readable(uintptr_t address)
{
	enum { NO_SUCH_WAY = -1, SET_BYTES = 8 };

	return ws_raw_syscall(SYS_rt_sigprocmask, NO_SUCH_WAY, (long)(address & ~7ul), 0,
			      SET_BYTES) == -EINVAL;
}

/* Whoever unmaps it between the look and the copy gets a crash where EFAULT was as likely. */
static __attribute__((noinline)) int copy_by_kernel(void *to, const void *from, size_t size)
{
	uintptr_t first = (uintptr_t)from, last = first + size - 1;
	uintptr_t frame = (uintptr_t)__builtin_frame_address(0);

	if (ws_sandboxed)
		return -EPERM;
	for (uintptr_t at = first; at / PAGE <= last / PAGE; at = (at / PAGE + 1) * PAGE)
		if (!is_readable(at))
			return -EFAULT;
	memcpy(to, from, size);
	if (first > frame && last - frame < NEAR)
		known_page = last / PAGE;
	return 0;
}

int ws_copy_in(void *to, const void *from, size_t size)
{
	uintptr_t first = (uintptr_t)from, last = first + size - 1;

	if (ws_unlikely(last < first))
		return -EFAULT;
	if (ws_unlikely(!is_on_stack(first, last) && !is_in_module(first, last)))
		return copy_by_kernel(to, from, size);
	memcpy(to, from, size);
	return 0;
}
