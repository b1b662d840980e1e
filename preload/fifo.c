/* SPDX-License-Identifier: MIT */
/* fifo.c: see fifo.h. */
#include "preload/fifo.h"

#include <fcntl.h>

#include "preload/object.h"
#include "preload/raw.h"
#include "preload/resource.h"
#include "preload/stream.h"

_Atomic bool ws_fifos;

bool ws_fifo_opens(int folder, const char *path, int flags, struct stat *ret)
{
	if (flags & (O_NONBLOCK | O_DIRECTORY | O_PATH | O_EXCL) || (flags & O_ACCMODE) == O_RDWR)
		return false;
	return !ws_sandboxed &&
	       ws_raw_syscall(SYS_newfstatat, folder, (long)path, (long)ret, 0) == 0 &&
	       S_ISFIFO(ret->st_mode);
}

void ws_fifo_begin(struct ws_fifo_opening *opening, struct ws_thread *self, const char *path,
		   int flags, const struct stat *st, uintptr_t site)
{
	bool reading = (flags & O_ACCMODE) == O_RDONLY;
	uintptr_t key = ws_waiters_key(WS_KIND_FIFO, st->st_ino, st->st_dev, false);

	*opening = (struct ws_fifo_opening){
		.wake = {
			.self = self,
			.object = st->st_ino,
			.other = st->st_dev,
			.key = key | !reading,
			.site = site,
			.kind = WS_KIND_FIFO,
			.op = reading ? WS_WAKE_RECEIVE : WS_WAKE_SEND,
			.shared = true,
			.count = WS_WAKE_ALL,
		},
		.reading = reading,
		.key = key,
	};
	atomic_store_explicit(&ws_fifos, true, memory_order_relaxed);
	ws_wake_before(&opening->wake);
	if (path[0] == '/' && ws_object_is_news(WS_KIND_FIFO, st->st_ino, st->st_dev))
		ws_object_record_at(self, WS_KIND_FIFO, WS_OBJECT_OPEN, st->st_ino, st->st_dev, 0,
				    path, site);
	opening->slept = ws_times_slept();
}

void ws_fifo_opened(const struct ws_fifo_opening *opening, struct ws_wait *wait, bool failed)
{
	ws_wait_errno(wait, failed ? -1 : 0);
	if (opening->slept >= 0 && ws_times_slept() == opening->slept)
		wait->outcome = WS_OUTCOME_NO_WAIT;
}

void ws_fifo_done(struct ws_fifo_opening *opening)
{
	ws_wake_after(&opening->wake);
}
