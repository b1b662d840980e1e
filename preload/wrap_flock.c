/* SPDX-License-Identifier: MIT */
/* wrap_flock.c: flock(): locks of a whole file, owned by the open file description.
 *
 * Rules: see export.h. To take one kind of lock where the other is held lets the old one go first,
 * whether the new one is got or not: that is a release, too, and the kernel does it in a try as
 * well.
 */
#include <errno.h>
#include <sys/file.h>

#include "preload/export.h"
#include "preload/file_lock.h"
#include "preload/file_poll.h"
#include "preload/real.h"

static __attribute__((noinline)) int lock_wait(struct ws_thread *self, int fd, int operation,
					       uintptr_t site, uint32_t *stack)
{
	bool write = (operation & ~LOCK_NB) == LOCK_EX;
	struct ws_file_wait w;

	if (!ws_file_wait_prepare(self, &w, fd, WS_LOCK_FLOCK, write, WS_EXTENT_ALL, site))
		return ws_real.flock(fd, operation);

	WS_FILE_WAITING(WS_LOCK_FLOCK);
	WS_WAIT(wait, .self = self, .object = w.file.ino, .other = w.file.dev,
		.key = ws_waiters_key(WS_KIND_FLOCK, w.file.ino, w.file.dev, false), .site = site,
		.kind = WS_KIND_FLOCK, .context = &w,
		.flags = (uint8_t)(WS_WAIT_SHARED | (write ? 0 : WS_WAIT_READ)),
		.holders = ws_file_wait_holders);
	int r = ws_real.flock(fd, operation);

	ws_wait_errno(&wait, r);
	*stack = wait.stack;
	return r;
}

WS_EXPORT int flock(int fd, int operation)
{
	struct ws_thread *self = ws_thread();
	int wanted = operation & ~LOCK_NB;
	uint32_t stack = 0;

	if (!self || (wanted != LOCK_UN && wanted != LOCK_SH && wanted != LOCK_EX))
		return ws_real.flock(fd, operation);

	struct ws_file_release release = {
		.self = self,
		.site = WS_SITE,
		.extent = WS_EXTENT_ALL,
		.fd = fd,
		.class = WS_LOCK_FLOCK,
		.op = WS_WAKE_UNLOCK,
		.keeps_read = wanted == LOCK_SH,
		.keeps_write = wanted == LOCK_EX,
	};
	int saved = errno;

	ws_file_release_before(&release);
	int r = ws_real.flock(fd, operation | LOCK_NB);

	/* After it, too, where it failed: what was held is gone. Not before it is known which. */
	if (release.seen || wanted == LOCK_UN)
		ws_file_release_after(&release);
	if (r == -1 && errno == EWOULDBLOCK && wanted != LOCK_UN) {
		ws_file_hold_cut(fd, WS_LOCK_FLOCK, WS_EXTENT_ALL);
		if (operation & LOCK_NB) {
			ws_file_poll_failed(self, fd, WS_LOCK_FLOCK, wanted == LOCK_EX,
					    WS_EXTENT_ALL, WS_SITE);
			return r;
		}
		errno = saved;
		r = lock_wait(self, fd, operation, WS_SITE, &stack);
	}
	if (r != 0)
		return r;
	if (ws_unlikely(atomic_load_explicit(&ws_file_holds, memory_order_relaxed) > 0))
		ws_file_look_for_inherited(self, fd, WS_SITE);
	if (wanted == LOCK_UN)
		ws_file_hold_cut(fd, WS_LOCK_FLOCK, WS_EXTENT_ALL);
	else
		ws_file_hold_add(self, fd, WS_LOCK_FLOCK,
				 (uint8_t)((wanted == LOCK_SH ? WS_HOLD_READ : 0) |
					   (operation & LOCK_NB ? WS_HOLD_TRY : 0)),
				 WS_EXTENT_ALL, WS_SITE, stack);
	if (wanted != LOCK_UN)
		ws_file_poll_over();
	return r;
}
