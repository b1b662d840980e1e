/* SPDX-License-Identifier: MIT */
/* wrap_record_lock.c: record locks: fcntl() (whose wrapper is in wrap_fd.c) and lockf().
 *
 * Rules: see export.h. The struct flock is read only once the kernel has accepted it: after the
 * try. What a lock waits for is whoever holds a part of its bytes, and that is a process: threads
 * of one process do not exclude each other, and closing any fd of the file lets all of it go.
 */
#include "preload/wrap_record_lock.h"

#include <errno.h>
#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

#include "preload/byte_waiters.h"
#include "preload/copyin.h"
#include "preload/file_lock.h"
#include "preload/file_poll.h"
#include "preload/raw.h"
#include "preload/real.h"
#include "preload/resource.h"

/* The bytes that are meant. Where they count from the file's position or end, these are asked for;
 * or, `cheaply`, all bytes are meant. */
static struct ws_extent extent_of(int fd, const struct flock *l, bool cheaply)
{
	int64_t base = 0, start, end;
	struct stat st;

	if (l->l_whence != SEEK_SET) {
		if (cheaply || ws_sandboxed)
			return WS_EXTENT_ALL;
		if (l->l_whence == SEEK_CUR)
			base = ws_raw_syscall(SYS_lseek, fd, 0, SEEK_CUR, 0);
		else if (ws_raw_fstat(fd, &st) == 0)
			base = st.st_size;
	}
	start = base + l->l_start;
	end = start + l->l_len;
	if (l->l_len < 0) {
		end = start;
		start += l->l_len;
	}
	if (start < 0)
		return WS_EXTENT_ALL; /* the kernel refuses it */
	return (struct ws_extent){ (uint64_t)start, l->l_len ? (uint64_t)end : UINT64_MAX };
}

/* One call on locks, by fcntl() or lockf(). */
struct call {
	int fd;
	int command;     /* of fcntl(); lockf(): F_SETLKW */
	struct flock *l; /* the program's; lockf(): our own */
	bool lockf;
	enum ws_lock_class class;
	uintptr_t site;
};

static int real_call(const struct call *c)
{
	if (c->lockf)
		return ws_real.lockf(c->fd, F_LOCK, c->l->l_len);
	return ws_real.fcntl(c->fd, c->command, c->l);
}

/* The same, without waiting. */
static int try(const struct call *c)
{
	if (c->lockf)
		return ws_real.lockf(c->fd, F_TLOCK, c->l->l_len);
	if (c->class == WS_LOCK_OFD)
		return ws_real.fcntl(c->fd, F_OFD_SETLK, c->l);
	return ws_real.fcntl(c->fd, F_SETLK, c->l);
}

/* The try said that somebody holds it: the struct was accepted. */
static __attribute__((noinline)) int lock_wait(struct ws_thread *self, const struct call *c,
					       uint32_t *stack)
{
	struct flock l = *c->l;
	struct ws_wait_other bytes[WS_BYTE_KEYS];
	struct ws_file_wait w;
	size_t n;

	if (!ws_file_wait_prepare(self, &w, c->fd, c->class, l.l_type == F_WRLCK,
				  extent_of(c->fd, &l, false), c->site))
		return real_call(c);

	n = ws_byte_waiters(&w.file, w.extent, bytes);
	WS_FILE_WAITING(c->class);
	WS_WAIT(wait, .self = self, .object = w.file.ino, .other = w.file.dev,
		.key = ws_waiters_key(WS_KIND_RECORD_LOCK, w.file.ino, w.file.dev, false),
		.site = c->site, .kind = WS_KIND_RECORD_LOCK, .range = &w.range, .context = &w,
		.flags = (uint8_t)(WS_WAIT_SHARED | (w.write ? 0 : WS_WAIT_READ)),
		.holders = ws_file_wait_holders, .others = bytes, .n_others = n,
		.others_unsaid = true);
	int r = real_call(c);

	ws_wait_errno(&wait, r);
	*stack = wait.stack;
	return r;
}

/* A call that may release or weaken what is held, while somebody waits for a lock. */
static __attribute__((noinline)) bool release_begin(struct ws_thread *self, const struct call *c,
						    struct ws_file_release *release)
{
	struct flock l;

	if (ws_copy_in(&l, c->l, sizeof(l)) != 0 || (l.l_type != F_UNLCK && l.l_type != F_RDLCK))
		return false;
	*release = (struct ws_file_release){
		.self = self,
		.site = c->site,
		.extent = extent_of(c->fd, &l, false),
		.fd = c->fd,
		.class = (uint8_t)c->class,
		.op = WS_WAKE_UNLOCK,
		.keeps_read = l.l_type == F_RDLCK,
	};
	ws_file_release_before(release);
	return true;
}

/* It was carried out, and nobody was seen to wait before: somebody may have come in between. */
static __attribute__((noinline)) void release_late(struct ws_thread *self, const struct call *c)
{
	struct ws_file_release release = {
		.self = self,
		.site = c->site,
		.extent = extent_of(c->fd, c->l, false),
		.fd = c->fd,
		.class = (uint8_t)c->class,
		.op = WS_WAKE_UNLOCK,
	};

	ws_file_release_after(&release);
}

static int set_lock(struct ws_thread *self, const struct call *c, bool waits)
{
	struct ws_file_release release;
	bool begun = false;
	uint32_t stack = 0;
	int saved = errno;

	if (ws_unlikely(ws_file_lock_waited(WS_KIND_RECORD_LOCK)))
		begun = release_begin(self, c, &release);

	int r = try(c);

	if (ws_unlikely(r == -1)) {
		if (errno != EAGAIN && errno != EACCES)
			return r;
		if (!waits) {
			ws_file_poll_failed(self, c->fd, c->class, c->l->l_type == F_WRLCK,
					    extent_of(c->fd, c->l, false), c->site);
			return r;
		}
		errno = saved;
		r = lock_wait(self, c, &stack);
		if (r == -1)
			return r;
	}
	if (c->l->l_type == F_UNLCK) {
		if (ws_unlikely(begun))
			ws_file_release_after(&release);
		else if (ws_unlikely(ws_file_lock_waited(WS_KIND_RECORD_LOCK)))
			release_late(self, c);
		ws_file_hold_cut(c->fd, c->class, extent_of(c->fd, c->l, true));
	} else {
		if (ws_unlikely(begun))
			ws_file_release_after(&release);
		ws_file_poll_over();
		ws_file_hold_add(self, c->fd, c->class,
				 (uint8_t)((c->l->l_type == F_RDLCK ? WS_HOLD_READ : 0) |
					   (waits ? 0 : WS_HOLD_TRY)),
				 extent_of(c->fd, c->l, true), c->site, stack);
	}
	return r;
}

int ws_record_lock(int fd, int command, void *argument, uintptr_t site)
{
	struct ws_thread *self = ws_thread();
	bool waits = command == F_SETLKW || command == F_OFD_SETLKW;
	struct call c = {
		.fd = fd,
		.command = command,
		.l = argument,
		.class = command == F_OFD_SETLK || command == F_OFD_SETLKW ? WS_LOCK_OFD
									   : WS_LOCK_POSIX,
		.site = site,
	};

	if (!self)
		return ws_real.fcntl(fd, command, argument);
	if (waits)
		pthread_testcancel();
	return set_lock(self, &c, waits);
}

WS_EXPORT int lockf(int fd, int command, off_t length)
{
	struct ws_thread *self = ws_thread();
	struct flock l = { .l_type = F_WRLCK, .l_whence = SEEK_CUR, .l_len = length };
	struct call c = {
		.fd = fd,
		.command = F_SETLKW,
		.l = &l,
		.lockf = true,
		.class = WS_LOCK_POSIX,
		.site = WS_SITE,
	};

	if (!self || command == F_TEST)
		return ws_real.lockf(fd, command, length);
	switch (command) {
	case F_LOCK:
		pthread_testcancel();
		return set_lock(self, &c, true);
	case F_TLOCK:
		return set_lock(self, &c, false);
	case F_ULOCK:
		/* fcntl() says the same of it, errors and all. */
		l.l_type = F_UNLCK;
		c.lockf = false;
		c.command = F_SETLK;
		return set_lock(self, &c, false);
	default:
		return ws_real.lockf(fd, command, length);
	}
}

