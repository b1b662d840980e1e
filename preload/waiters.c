/* SPDX-License-Identifier: MIT */
/* waiters.c: the tables behind waiters.h. */
#include "preload/waiters.h"

#include <sys/mman.h>

#include "preload/raw.h"

_Atomic uint32_t ws_waiters_private[WS_WAITERS_PRIVATE];
struct ws_shared *ws_waiters_shared;
struct ws_shared_call *ws_shared_calls;
const struct ws_shared_clock *ws_waiters_clock;

void ws_waiters_map(const char *path)
{
	size_t size = sizeof(struct ws_shared);
	struct stat st;
	int fd = ws_raw_open(path, O_RDWR | O_CLOEXEC);

	if (fd < 0)
		return;

	/* A shorter file would kill the program with SIGBUS. */
	long map = ws_raw_fstat(fd, &st) == 0 && st.st_size >= (off_t)size
			   ? ws_raw_mmap(size, PROT_READ | PROT_WRITE, MAP_SHARED, fd)
			   : -1;

	ws_raw_close(fd);
	if (map <= 0)
		return;

	struct ws_shared *shared = (struct ws_shared *)map;

	ws_waiters_shared = shared;
	ws_waiters_clock = &shared->clock;
	if (shared->clock.tsc)
		ws_shared_calls = shared->calls;
}

void ws_waiters_forked(void)
{
	for (size_t i = 0; i < WS_WAITERS_PRIVATE; i++)
		if (atomic_load_explicit(&ws_waiters_private[i], memory_order_relaxed))
			atomic_store_explicit(&ws_waiters_private[i], 0, memory_order_relaxed);
}
