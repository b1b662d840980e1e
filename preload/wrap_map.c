/* SPDX-License-Identifier: MIT */
/* wrap_map.c: mappings of shared memory, which give the objects in them their identity.
 *
 * Rules: see export.h. Private mappings, which allocators make all the time, cost a look at the
 * arguments and at one counter. The tracer's own mappings are not recorded.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "preload/export.h"
#include "preload/fdguard.h"
#include "preload/lifecycle.h"
#include "preload/object.h"
#include "preload/ranges.h"
#include "preload/raw.h"
#include "preload/real.h"
#include "preload/resource.h"
#include "preload/thread.h"
#include "preload/tracers.h"
#include "tracepoints/kinds.h"

#define PAGE 4096u

static size_t pages(size_t size)
{
	return (size + PAGE - 1) & ~(size_t)(PAGE - 1);
}

/* The calling thread, if what it does at `site` is the program's doing. */
static struct ws_thread *program_thread(uintptr_t site)
{
	struct ws_thread *self = ws_thread();

	return self && !ws_is_tracer_code(site) ? self : NULL;
}

static __attribute__((noinline)) void *mmap_slow(void *a, size_t l, int p, int f, int fd, off_t o,
						 uintptr_t site)
{
	struct ws_thread *self = program_thread(site);
	uintptr_t at = (uintptr_t)a;

	if (!self) {
		void *tracers = ws_real.mmap(a, l, p, f, fd, o);

		/* No room for LTTng's buffers: its start would wait for what never comes. */
		if (tracers == MAP_FAILED && ws_self && ws_self->quiet == WS_QUIET_FOREIGN)
			ws_tracers_lack_one();
		return tracers;
	}

	bool replaces = (f & MAP_FIXED) && ws_ranges_touch(at, at + l);

	if (replaces)
		ws_map_going(self, at, pages(l));
	void *made = ws_real.mmap(a, l, p, f, fd, o);

	if (made == MAP_FAILED) {
		if (replaces)
			ws_map_stayed(self, at);
	} else if ((f & MAP_TYPE) != MAP_PRIVATE) {
		ws_map_made(self, (uintptr_t)made, pages(l), (f & MAP_ANONYMOUS) ? -1 : fd, o);
	}
	return made;
}

WS_EXPORT void *mmap(void *a, size_t l, int p, int f, int fd, off_t o)
{
	uintptr_t at = (uintptr_t)a;

	if (ws_likely((f & MAP_TYPE) == MAP_PRIVATE &&
		      !((f & MAP_FIXED) && ws_ranges_touch(at, at + l))))
		return ws_real.mmap(a, l, p, f, fd, o);
	return mmap_slow(a, l, p, f, fd, o, WS_SITE);
}

static __attribute__((noinline)) int munmap_slow(void *a, size_t l, uintptr_t site)
{
	struct ws_thread *self = program_thread(site);

	if (!self)
		return ws_real.munmap(a, l);

	ws_map_going(self, (uintptr_t)a, pages(l));
	int r = ws_real.munmap(a, l);

	if (r != 0)
		ws_map_stayed(self, (uintptr_t)a);
	return r;
}

WS_EXPORT int munmap(void *a, size_t l)
{
	uintptr_t at = (uintptr_t)a;

	if (ws_likely(!ws_ranges_touch(at, at + l)))
		return ws_real.munmap(a, l);
	return munmap_slow(a, l, WS_SITE);
}

static __attribute__((noinline)) void *mremap_slow(void *a, size_t o, size_t n, int f, void *t,
						   uintptr_t site)
{
	struct ws_thread *self = program_thread(site);
	uintptr_t from = (uintptr_t)a, to = (uintptr_t)t;

	if (!self)
		return ws_real.mremap(a, o, n, f, t);

	/* An old size of 0 makes a second mapping of the same memory, and leaves the first. */
	bool shared = ws_ranges_touch(from, from + (o ? o : 1));
	bool replaces = (f & MREMAP_FIXED) && ws_ranges_touch(to, to + n);

	if (shared && o != 0)
		ws_map_going(self, from, pages(o));
	if (replaces)
		ws_map_going(self, to, pages(n));
	void *made = ws_real.mremap(a, o, n, f, t);

	if (shared)
		ws_map_stayed(self, made == MAP_FAILED ? from : (uintptr_t)made);
	if (shared && made != MAP_FAILED && (f & MREMAP_DONTUNMAP))
		ws_map_stayed(self, from);
	if (replaces && made == MAP_FAILED)
		ws_map_stayed(self, to);
	return made;
}

WS_EXPORT void *mremap(void *a, size_t o, size_t n, int f, ...)
{
	void *t = NULL;

	if (f & (MREMAP_FIXED | MREMAP_DONTUNMAP)) {
		va_list args;

		va_start(args, f);
		t = va_arg(args, void *);
		va_end(args);
	}

	uintptr_t from = (uintptr_t)a, to = (uintptr_t)t;

	if (ws_likely(!ws_ranges_touch(from, from + (o ? o : 1)) &&
		      !((f & MREMAP_FIXED) && ws_ranges_touch(to, to + n))))
		return ws_real.mremap(a, o, n, f, t);
	return mremap_slow(a, o, n, f, t, WS_SITE);
}

/* Inodes of the shared memory that the program has opened lately: of others, no change of size is
 * recorded. */
#define MEMORIES 16
static _Atomic uint64_t memories[MEMORIES];
static _Atomic uint32_t n_memories;

/* Records that the program has opened or made shared memory with this fd. */
static void record_memory(int fd, uint8_t op, const char *prefix, const char *name, uintptr_t site)
{
	struct ws_thread *self = program_thread(site);
	int saved = errno;
	struct stat st;
	char shown[272]; /* NAME_MAX and a prefix */
	size_t n = strlen(prefix);

	if (!self || ws_sandboxed || ws_raw_fstat(fd, &st) != 0)
		return;
	memcpy(shown, prefix, n);
	strncpy(shown + n, name, sizeof(shown) - n - 1);
	shown[sizeof(shown) - 1] = '\0';
	memories[atomic_fetch_add(&n_memories, 1) % MEMORIES] = st.st_ino;
	ws_object_record(self, WS_KIND_POSIX_SHM, op, st.st_ino, (uint64_t)st.st_size, shown, site);
	errno = saved;
}

static bool is_memory(uint64_t ino)
{
	for (size_t i = 0; i < MEMORIES; i++)
		if (atomic_load_explicit(&memories[i], memory_order_relaxed) == ino)
			return true;
	return false;
}

/* Shared memory is made empty and then given its size. Files are none of ours: where the program
 * has opened no shared memory, they are not looked at. */
WS_EXPORT int ftruncate(int fd, off_t size)
{
	int r = ws_real.ftruncate(fd, size);
	struct stat st;

	if (r != 0 || ws_likely(atomic_load_explicit(&n_memories, memory_order_relaxed) == 0))
		return r;

	struct ws_thread *self = program_thread(WS_SITE);

	if (self && !ws_sandboxed && ws_raw_fstat(fd, &st) == 0 && is_memory(st.st_ino))
		ws_object_record(self, WS_KIND_POSIX_SHM, WS_OBJECT_RESIZE, st.st_ino,
				 (uint64_t)size, NULL, WS_SITE);
	return r;
}

WS_EXPORT int shm_open(const char *n, int f, mode_t m)
{
	if (ws_unlikely(ws_is_tracer_code(WS_SITE)))
		return ws_fd_adopt(ws_real.shm_open(n, f, m));

	bool made = program_thread(WS_SITE) && ws_object_will_be_made("", n, f);
	int fd = ws_real.shm_open(n, f, m);

	if (fd >= 0)
		record_memory(fd, made ? WS_OBJECT_INIT : WS_OBJECT_OPEN, "", n, WS_SITE);
	return fd;
}

WS_EXPORT int shm_unlink(const char *n)
{
	int r = ws_real.shm_unlink(n);
	struct ws_thread *self = r == 0 ? ws_thread() : NULL;

	if (self)
		ws_object_record(self, WS_KIND_POSIX_SHM, WS_OBJECT_UNLINK, 0, 0, n, WS_SITE);
	return r;
}

WS_EXPORT int memfd_create(const char *n, unsigned int f)
{
	int fd = ws_real.memfd_create(n, f);

	if (fd >= 0)
		record_memory(fd, WS_OBJECT_INIT, "memfd:", n, WS_SITE);
	return fd;
}
