/* SPDX-License-Identifier: MIT */
/* file_lock.c: the locks on files that this process took, and who holds the others. See
 * file_lock.h. */
#include "preload/file_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "preload/byte_waiters.h"
#include "preload/emit.h"
#include "preload/fdguard.h"
#include "preload/lifecycle.h"
#include "preload/limits.h"
#include "preload/lock_order.h"
#include "preload/misuse.h"
#include "preload/raw.h"
#include "preload/resource.h"
#include "preload/select.h"

/* Files whose names were recorded lately; what falls out is recorded again. */
#define NAMES 64

/* One noted lock. `word` is 0 where free, 1 while it is written, else a number that each change
 * makes new, so that a reader that finds it unchanged has read well. */
struct slot {
	_Atomic uint64_t word;
	struct ws_file_hold hold;
};

static struct slot slots[WS_FILE_HOLDS_MAX];
static _Atomic uint64_t changes = 2;
_Atomic uint32_t ws_file_holds;

static _Atomic uint64_t named[NAMES];

static bool overlap(struct ws_extent a, struct ws_extent b)
{
	return a.start < b.end && b.start < a.end;
}

static bool read_slot(size_t i, struct ws_file_hold *ret);

/* The lock whose mark it is; false: it is noted no more. */
static bool mark_read(uintptr_t mark, struct ws_file_hold *ret)
{
	size_t i = mark >> 1 & 127;
	uint64_t word = mark >> 8;

	return atomic_load_explicit(&slots[i].word, memory_order_acquire) == word &&
	       read_slot(i, ret) &&
	       atomic_load_explicit(&slots[i].word, memory_order_relaxed) == word;
}

static bool read_slot(size_t i, struct ws_file_hold *ret)
{
	/* acquire: the word before the entry; pairs with the release in write_slot() */
	uint64_t word = atomic_load_explicit(&slots[i].word, memory_order_acquire);

	if (word < 2)
		return false;
	*ret = slots[i].hold;
	atomic_thread_fence(memory_order_acquire);
	return atomic_load_explicit(&slots[i].word, memory_order_relaxed) == word;
}

/* Takes the slot, which holds `word`, to write it; false: somebody else did. */
static bool claim_slot(size_t i, uint64_t word)
{
	return atomic_compare_exchange_strong_explicit(&slots[i].word, &word, 1,
						       memory_order_acquire, memory_order_relaxed);
}

/* Returns the mark of what is noted now. */
static uintptr_t write_slot(size_t i, const struct ws_file_hold *hold)
{
	uint64_t word = atomic_fetch_add_explicit(&changes, 1, memory_order_relaxed);

	slots[i].hold = *hold;
	/* release: the entry before the word */
	atomic_store_explicit(&slots[i].word, word, memory_order_release);
	return word << 8 | i << 1 | 1;
}
_Static_assert(WS_FILE_HOLDS_MAX <= 128, "the place in a mark has 7 bits");

/* The thread's held locks have it among them, and no marks that are void. */
static void mark_held(struct ws_thread *self, const struct ws_file_hold *hold, uintptr_t mark)
{
	struct ws_file_hold other;

	for (size_t i = WS_HELD_COUNT(atomic_load_explicit(&self->held_word, memory_order_relaxed));
	     i-- > 0;) {
		uintptr_t object = self->held[i].object;

		if (ws_lock_is_mark(object) && !mark_read(object, &other))
			ws_held_remove(self, object);
	}
	ws_held_add(self, mark, hold->held.kind,
		    (uint8_t)(hold->held.flags | (hold->class == WS_LOCK_OFD ? WS_HOLD_FILE : 0)),
		    hold->held.site, hold->held.stack);
}

static size_t slots_used(void)
{
	return atomic_load_explicit(&ws_file_holds, memory_order_relaxed);
}

static bool file_of(int fd, struct ws_file *ret);
static void record_name(struct ws_thread *self, const struct ws_file *file, uint8_t kind, int fd,
			uintptr_t site, bool first);

/* Which fds were told to lock their files, and in which way. One that is another file's by now is not
 * told again: that would cost a system call for each lock. */
#define USES 256
static _Atomic uint32_t uses[USES];

static void tell_use(struct ws_thread *self, int fd, enum ws_lock_class class, uintptr_t site)
{
	_Atomic uint32_t *place = &uses[(unsigned int)fd % USES];
	uint32_t use = (uint32_t)fd << 2 | ((uint32_t)class + 1);
	struct ws_file file;
	int saved = errno;

	if (ws_likely(atomic_load_explicit(place, memory_order_relaxed) == use) ||
	    !ws_wanted(object))
		return;
	atomic_store_explicit(place, use, memory_order_relaxed);
	if (file_of(fd, &file))
		record_name(self, &file, ws_lock_kind(class), fd, site, true);
	errno = saved;
}

void ws_file_hold_add(struct ws_thread *self, int fd, enum ws_lock_class class, uint8_t flags,
		      struct ws_extent extent, uintptr_t site, uint32_t stack)
{
	struct ws_file_hold hold = {
		.held = { .site = site,
			  .stack = stack,
			  .kind = ws_lock_kind(class),
			  .flags = flags },
		.extent = extent,
		.fd = fd,
		.tid = self->tid,
		.class = (uint8_t) class,
	};
	size_t n = slots_used(), free = WS_FILE_HOLDS_MAX;

	tell_use(self, fd, class, site);
	for (size_t i = 0; i < n; i++) {
		uint64_t word = atomic_load_explicit(&slots[i].word, memory_order_relaxed);
		const struct ws_file_hold *there = &slots[i].hold;

		if (word == 0) {
			if (free == WS_FILE_HOLDS_MAX)
				free = i;
			continue;
		}
		if (word > 1 && there->fd == fd && there->class == class &&
		    there->extent.start >= extent.start && there->extent.end <= extent.end &&
		    claim_slot(i, word)) {
			mark_held(self, &hold, write_slot(i, &hold));
			return;
		}
	}
	if (free < WS_FILE_HOLDS_MAX && claim_slot(free, 0)) {
		mark_held(self, &hold, write_slot(free, &hold));
		return;
	}
	while (n < WS_FILE_HOLDS_MAX) {
		uint32_t was = (uint32_t)n;

		/* Nothing is free below: one more slot, or what another thread has just added. */
		if (claim_slot(n, 0)) {
			uintptr_t mark = write_slot(n, &hold);

			while (was <= n && !atomic_compare_exchange_weak_explicit(
						   &ws_file_holds, &was, (uint32_t)n + 1,
						   memory_order_relaxed, memory_order_relaxed))
				;
			mark_held(self, &hold, mark);
			return;
		}
		n++;
	}
	ws_limit_reached(WS_LIMIT_file_locks);
}

void ws_file_hold_cut(int fd, enum ws_lock_class class, struct ws_extent extent)
{
	size_t n = slots_used(), used = 0;

	for (size_t i = 0; i < n; i++) {
		uint64_t word = atomic_load_explicit(&slots[i].word, memory_order_relaxed);
		struct ws_file_hold hold;

		if (word < 2) {
			used = word ? i + 1 : used;
			continue;
		}
		hold = slots[i].hold;
		if (hold.fd != fd || hold.class != class || !overlap(hold.extent, extent)) {
			used = i + 1;
			continue;
		}
		if (hold.tid && ws_self && hold.tid == ws_self->tid)
			ws_held_remove(ws_self, word << 8 | i << 1 | 1);
		if (!claim_slot(i, word)) {
			used = i + 1;
		} else if (extent.start <= hold.extent.start && extent.end >= hold.extent.end) {
			atomic_store_explicit(&slots[i].word, 0, memory_order_release);
		} else {
			/* A hole in the middle is not noted: both sides have the same site. */
			if (extent.start <= hold.extent.start)
				hold.extent.start = extent.end;
			else if (extent.end >= hold.extent.end)
				hold.extent.end = extent.start;
			write_slot(i, &hold);
			used = i + 1;
		}
	}
	/* Shrinks only from what it was seen to be: another thread may be adding. */
	if (used < n) {
		uint32_t was = (uint32_t)n;

		atomic_compare_exchange_strong_explicit(&ws_file_holds, &was, (uint32_t)used,
							memory_order_relaxed, memory_order_relaxed);
	}
}

static bool file_of(int fd, struct ws_file *ret)
{
	struct stat st;

	if (ws_sandboxed || ws_raw_fstat(fd, &st) != 0)
		return false;
	*ret = (struct ws_file){ st.st_dev, st.st_ino };
	return true;
}

/* True if a noted lock is on that file, by whichever fd. */
static bool is_on(const struct ws_file_hold *hold, int fd, const struct ws_file *file)
{
	struct ws_file other;

	return hold->fd == fd ||
	       (file_of(hold->fd, &other) && other.ino == file->ino && other.dev == file->dev);
}

bool ws_file_hold_marked(uintptr_t mark, struct ws_file_hold *hold, struct ws_file *file)
{
	int saved = errno;
	bool known = mark_read(mark, hold) && file_of(hold->fd, file);

	errno = saved;
	return known;
}

/* True if the flock of this open file is one that the parent had taken, as far as is noted; *holder is
 * where it did. */
static bool hold_inherited(int fd, struct ws_holder_ref *holder)
{
	for (size_t i = 0; i < slots_used(); i++) {
		struct ws_file_hold hold;

		if (!read_slot(i, &hold) || hold.fd != fd || hold.class != WS_LOCK_FLOCK || hold.tid)
			continue;
		*holder = (struct ws_holder_ref){ 0, hold.held.site, hold.held.stack };
		return true;
	}
	return false;
}

/* The lock is the open file's, which a fork child shares: what the child does, it does to the
 * parent's. */
void ws_file_look_for_inherited(struct ws_thread *self, int fd, uintptr_t site)
{
	struct ws_misused misuse = {
		.self = self,
		.what = WS_MISUSE_FLOCK_INHERITED,
		.kind = WS_KIND_FLOCK,
		.site = site,
	};
	struct ws_file file;
	int saved = errno;

	if (hold_inherited(fd, &misuse.holder) && file_of(fd, &file)) {
		record_name(self, &file, WS_KIND_FLOCK, fd, site, false);
		misuse.object = file.ino;
		misuse.other = file.dev;
		ws_misuse_record(&misuse);
	}
	errno = saved;
}

/* "/proc/self/fd" and so on, with the number. */
static void proc_path(const char *folder, int fd, char path[static 40])
{
	char digits[12];
	size_t n = 0, at = strlen(folder);

	memcpy(path, folder, at);
	do {
		digits[n++] = (char)('0' + fd % 10);
		fd /= 10;
	} while (fd > 0);
	while (n > 0)
		path[at++] = digits[--n];
	path[at] = '\0';
}

/* `site`: of the call that is about to wait, or has taken its first lock there (`first`). */
static void record_name(struct ws_thread *self, const struct ws_file *file, uint8_t kind, int fd,
			uintptr_t site, bool first)
{
	uint64_t mark = (ws_waiters_key(kind, file->ino, file->dev, false) | 1) + 2 * first;
	_Atomic uint64_t *place = &named[mark / 2 % NAMES];
	char path[40], name[512];
	ssize_t n;

	if (!ws_wanted(object) || ws_is_tracer_code(site) ||
	    atomic_exchange_explicit(place, mark, memory_order_relaxed) == mark)
		return;
	proc_path("/proc/self/fd/", fd, path);
	n = ws_raw_readlink(path, name, sizeof(name) - 1);
	name[n > 0 ? n : 0] = '\0';

	struct ws_ev_object event = {
		.kind = kind,
		.op = WS_OBJECT_OPEN,
		.object = file->ino,
		.device = file->dev,
		.site = first ? site : 0,
		.name = name,
	};

	if (ws_unlikely(ws_select_on))
		ws_select_name(kind, file->ino, file->dev, name);
	WS_SECTION(self);
	ws_definitions();
	/* A new session: what was recorded before it is not in it. */
	atomic_store_explicit(place, mark, memory_order_relaxed);
	ws_emit(object, &event);
}

void ws_file_names_forget(void)
{
	for (size_t i = 0; i < NAMES; i++)
		atomic_store_explicit(&named[i], 0, memory_order_relaxed);
}

bool ws_file_wait_prepare(struct ws_thread *self, struct ws_file_wait *w, int fd,
			  enum ws_lock_class class, bool write, struct ws_extent extent,
			  uintptr_t site)
{
	*w = (struct ws_file_wait){ .fd = fd, .class = (uint8_t) class, .write = write };
	if (!file_of(fd, &w->file))
		return false;
	w->extent = extent;
	w->range.start = extent.start;
	w->range.length = extent.end == UINT64_MAX ? 0 : extent.end - extent.start;
	record_name(self, &w->file, ws_lock_kind(class), fd, site, false);
	return true;
}

/* Who holds what is wanted, as far as is known. */
struct holders {
	const struct ws_file_wait *want;
	uint64_t dev; /* the file's in /proc/locks; `other_dev` where it is shown as another */
	uint64_t other_dev;
	bool any;
	struct ws_holder_ref *ret;
	size_t n, max;
};

static void add_holder(struct holders *h, const struct ws_holder_ref *holder)
{
	for (size_t i = 0; i < h->n; i++)
		if (h->ret[i].tid == holder->tid)
			return;
	if (h->n < h->max)
		h->ret[h->n++] = *holder;
}

/* What this process has noted: for locks of our own, and those whose owner the kernel does not
 * name. */
static void add_own(struct holders *h, enum ws_lock_class class)
{
	const struct ws_file_wait *want = h->want;

	for (size_t i = 0; i < slots_used(); i++) {
		struct ws_file_hold hold;

		if (read_slot(i, &hold) && hold.class == class && hold.tid &&
		    (want->write || !(hold.held.flags & WS_HOLD_READ)) &&
		    overlap(hold.extent, want->extent) && is_on(&hold, -1, &want->file) &&
		    !(class != WS_LOCK_POSIX && hold.fd == want->fd))
			add_holder(h, &(struct ws_holder_ref){ hold.tid, hold.held.site,
							       hold.held.stack });
	}
}

static void add_lock(struct holders *h, enum ws_lock_class class, int32_t pid)
{
	size_t n = h->n;

	if (pid == ws_pid || (pid < 0 && class == WS_LOCK_OFD))
		add_own(h, class);
	if (h->n == n && pid > 0)
		add_holder(h, &(struct ws_holder_ref){ .tid = pid });
}

static bool each_lock(const struct ws_proc_lock *lock, void *context)
{
	struct holders *h = context;
	const struct ws_file_wait *want = h->want;
	struct ws_extent extent = { lock->start, lock->end };

	if (lock->ino != want->file.ino ||
	    (lock->class == WS_LOCK_FLOCK) != (want->class == WS_LOCK_FLOCK) ||
	    (!lock->write && !want->write) || !overlap(extent, want->extent) ||
	    (lock->class == WS_LOCK_POSIX && want->class == WS_LOCK_POSIX && lock->pid == ws_pid))
		return true;
	if (lock->dev != h->dev) {
		h->other_dev = lock->dev;
		return true;
	}
	h->any = true;
	add_lock(h, lock->class, lock->pid);
	return h->n < h->max;
}

static void add_listed(struct holders *h)
{
	ws_proc_locks_read(each_lock, h);
	if (h->any || !h->other_dev)
		return;
	/* btrfs, overlayfs: the device of the file system, not of the file. */
	h->dev = h->other_dev;
	ws_proc_locks_read(each_lock, h);
}

static int get_lock(int fd, int command, bool write, struct ws_extent extent, struct flock *ret)
{
	*ret = (struct flock){
		.l_type = write ? F_WRLCK : F_RDLCK,
		.l_whence = SEEK_SET,
		.l_start = (off_t)extent.start,
		.l_len = extent.end == UINT64_MAX ? 0 : (off_t)(extent.end - extent.start),
	};
	return ws_raw_fcntl(fd, command, (long)ret);
}

static struct ws_extent extent_of(const struct flock *l)
{
	return (struct ws_extent){ (uint64_t)l->l_start,
				   l->l_len ? (uint64_t)(l->l_start + l->l_len) : UINT64_MAX };
}

size_t ws_file_wait_holders(const struct ws_wait *wait, struct ws_holder_ref *ret, size_t max)
{
	const struct ws_file_wait *want = wait->context;
	struct holders h = { .want = want, .dev = want->file.dev, .ret = ret, .max = max };
	struct flock l;

	if (want->class == WS_LOCK_FLOCK) {
		add_listed(&h);
		return h.n;
	}
	if (get_lock(want->fd, want->class == WS_LOCK_OFD ? F_OFD_GETLK : F_GETLK, want->write,
		     want->extent, &l) < 0 ||
	    l.l_type == F_UNLCK)
		return 0;

	struct ws_extent held = extent_of(&l);

	/* The only one that there can be, unless others hold other parts or share it. */
	if (l.l_type == F_WRLCK && held.start <= want->extent.start &&
	    held.end >= want->extent.end) {
		add_lock(&h, l.l_pid < 0 ? WS_LOCK_OFD : WS_LOCK_POSIX, l.l_pid);
		return h.n;
	}
	add_listed(&h);
	if (h.n == 0)
		add_lock(&h, l.l_pid < 0 ? WS_LOCK_OFD : WS_LOCK_POSIX, l.l_pid);
	return h.n;
}

/* The lock that an fd's open file description holds, by /proc/self/fdinfo. */
struct described {
	const struct ws_file_release *release;
	bool found;
};

static bool each_described(const struct ws_proc_lock *lock, void *context)
{
	struct described *d = context;

	d->found = lock->class == d->release->class &&
		   overlap((struct ws_extent){ lock->start, lock->end }, d->release->extent) &&
		   !(lock->write ? d->release->keeps_write : d->release->keeps_read);
	return !d->found;
}

/* Whether there is anything to release. *extent: what of it is surely held by us, where the kernel
 * says; otherwise what is released. */
static enum {
	NONE,
	OURS,
	SOMEBODYS
} held_by(const struct ws_file_release *release, struct ws_extent *extent)
{
	struct described d = { .release = release };
	struct flock l;
	char path[40];
	int fd;

	if (release->class == WS_LOCK_POSIX) {
		/* To an open file description, our own lock is another's: it is shown. */
		if (get_lock(release->fd, F_OFD_GETLK, !release->keeps_read, release->extent, &l) <
			    0 ||
		    l.l_type == F_UNLCK)
			return NONE;
		if (l.l_pid != ws_pid)
			return SOMEBODYS;
		*extent = extent_of(&l);
		return OURS;
	}
	proc_path("/proc/self/fdinfo/", release->fd, path);
	fd = ws_fd_open(path, O_RDONLY);
	if (fd < 0)
		return SOMEBODYS;
	ws_proc_locks_read_fd(fd, each_described, &d);
	ws_fd_close(fd);
	return d.found ? OURS : NONE;
}

static struct ws_extent within(struct ws_extent a, struct ws_extent b)
{
	return (struct ws_extent){ a.start > b.start ? a.start : b.start,
				   a.end < b.end ? a.end : b.end };
}

static void record_wake(struct ws_file_release *release, const struct ws_file *file,
			struct ws_extent extent, const struct ws_held *held, uint8_t flags)
{
	struct ws_byte_range range = {
		.start = extent.start,
		.length = extent.end == UINT64_MAX ? 0 : extent.end - extent.start,
	};
	static const struct ws_held nothing;

	release->wake = (struct ws_wake){
		.self = release->self,
		.object = file->ino,
		.other = file->dev,
		.site = release->site,
		.kind = ws_lock_kind(release->class),
		.op = release->op,
		.shared = true,
		.count = WS_WAKE_ALL,
		.range = release->class == WS_LOCK_FLOCK ? NULL : &range,
		.hold = held ? held : &nothing,
	};
	ws_wake_record(&release->wake, flags);
	release->wake.range = NULL; /* it is ours, and gone */
	release->wake.hold = NULL;
}

static bool is_waited(const struct ws_file_release *release, const struct ws_file *file)
{
	if (release->class == WS_LOCK_FLOCK)
		return ws_waiters_any(ws_waiters_key(WS_KIND_FLOCK, file->ino, file->dev, false),
				      true);
	return ws_bytes_waited(file, release->extent);
}

/* Records a wake for each lock that is noted there, or for what the kernel says is. */
static void record_wakes(struct ws_file_release *release, bool late)
{
	struct ws_extent extent = release->extent;
	struct ws_file file;
	size_t n = 0;

	if (!ws_wanted(wake) || ws_is_tracer_code(release->site) || !file_of(release->fd, &file) ||
	    !is_waited(release, &file))
		return;

	int by = late ? SOMEBODYS : (int)held_by(release, &extent);

	if (by == NONE)
		return;
	for (size_t i = 0; i < slots_used(); i++) {
		struct ws_file_hold hold;

		if (!read_slot(i, &hold) || hold.class != release->class ||
		    !overlap(hold.extent, release->extent) ||
		    (hold.held.flags & WS_HOLD_READ ? release->keeps_read : release->keeps_write) ||
		    (release->class == WS_LOCK_POSIX ? !is_on(&hold, release->fd, &file)
						     : hold.fd != release->fd))
			continue;
		record_wake(release, &file,
			    within(within(hold.extent, release->extent),
				   by == OURS && n == 0 && overlap(extent, hold.extent)
					   ? within(extent, release->extent)
					   : release->extent),
			    &hold.held, late ? WS_WAKE_LATE : 0);
		n++;
	}
	if (n == 0 && by == OURS)
		record_wake(release, &file, within(extent, release->extent), NULL, 0);
}

void ws_file_release_before_slow(struct ws_file_release *release)
{
	int saved = errno;

	release->seen = true;
	record_wakes(release, false);
	errno = saved;
}

void ws_file_release_after_slow(struct ws_file_release *release)
{
	int saved = errno;

	/* Also where somebody waited before, but for another file. */
	if (!release->wake.begun)
		record_wakes(release, true);
	ws_wake_stack(&release->wake);
	errno = saved;
}

static void closing_one(struct ws_file_release *release, struct ws_thread *self, int fd,
			enum ws_lock_class class, uintptr_t site)
{
	*release = (struct ws_file_release){
		.self = self,
		.site = site,
		.extent = WS_EXTENT_ALL,
		.fd = fd,
		.class = (uint8_t) class,
		.op = WS_WAKE_CLOSE,
	};
	ws_file_release_before(release);
}

/* All record locks of the process on the file go, though they were taken by another fd. */
static void look_for_dropped(struct ws_thread *self, int fd, uintptr_t site)
{
	struct ws_file file, other;
	bool asked = false;
	int saved = errno;

	for (size_t i = 0; i < slots_used(); i++) {
		struct ws_file_hold hold;

		if (!read_slot(i, &hold) || hold.class != WS_LOCK_POSIX || hold.fd == fd)
			continue;
		if (!asked && !file_of(fd, &file))
			break;
		if (!asked)
			record_name(self, &file, WS_KIND_RECORD_LOCK, fd, site, false);
		asked = true;
		if (!file_of(hold.fd, &other) || other.ino != file.ino || other.dev != file.dev)
			continue;
		ws_misuse_record(&(struct ws_misused){
			.self = self,
			.what = WS_MISUSE_CLOSE_DROPS_LOCKS,
			.kind = WS_KIND_RECORD_LOCK,
			.object = file.ino,
			.other = file.dev,
			.site = site,
			.holder = { hold.tid, hold.held.site, hold.held.stack },
		});
		/* By the fd that is closed, it goes with what that one took. */
		ws_file_hold_cut(hold.fd, WS_LOCK_POSIX, WS_EXTENT_ALL);
	}
	errno = saved;
}

void ws_file_close_before(struct ws_thread *self, struct ws_file_closing *closing, int fd,
			  uintptr_t site)
{
	closing_one(&closing->posix, self, fd, WS_LOCK_POSIX, site);
	closing_one(&closing->ofd, self, fd, WS_LOCK_OFD, site);
	closing_one(&closing->flock, self, fd, WS_LOCK_FLOCK, site);
	look_for_dropped(self, fd, site);
}

/* No late wake: the fd may be another's by now. */
static void closed_one(struct ws_file_release *release)
{
	if (release->wake.begun)
		ws_wake_stack(&release->wake);
	ws_file_hold_cut(release->fd, release->class, WS_EXTENT_ALL);
}

void ws_file_close_after(struct ws_file_closing *closing)
{
	closed_one(&closing->posix);
	closed_one(&closing->ofd);
	closed_one(&closing->flock);
}

void ws_file_close_range(struct ws_thread *self, unsigned int first, unsigned int last,
			 uintptr_t site)
{
	for (size_t i = 0; i < slots_used(); i++) {
		struct ws_file_release release;
		struct ws_file_hold hold;

		if (!read_slot(i, &hold) || (unsigned int)hold.fd < first ||
		    (unsigned int)hold.fd > last)
			continue;
		closing_one(&release, self, hold.fd, (enum ws_lock_class)hold.class, site);
		closed_one(&release);
	}
}

void ws_file_locks_end(struct ws_thread *self, bool exec, uintptr_t site)
{
	if (ws_sandboxed)
		return;
	for (size_t i = 0; i < slots_used(); i++) {
		struct ws_file_release release;
		struct ws_file_hold hold;

		if (!read_slot(i, &hold))
			continue;
		if (exec && !(ws_raw_fcntl(hold.fd, F_GETFD, 0) & FD_CLOEXEC))
			continue;
		release = (struct ws_file_release){
			.self = self,
			.site = site,
			.extent = hold.extent,
			.fd = hold.fd,
			.class = hold.class,
			.op = exec ? WS_WAKE_CLOSE : WS_WAKE_EXIT,
		};
		ws_file_release_before(&release);
		if (!exec)
			ws_file_hold_cut(hold.fd, hold.class, hold.extent);
	}
}

void ws_file_locks_forked(void)
{
	for (size_t i = 0; i < USES; i++)
		atomic_store_explicit(&uses[i], 0, memory_order_relaxed);
	for (size_t i = 0; i < slots_used(); i++) {
		uint64_t word = atomic_load_explicit(&slots[i].word, memory_order_relaxed);

		/* Half written by a thread that is not here, or its own process's. */
		if (word == 1 || slots[i].hold.class == WS_LOCK_POSIX)
			atomic_store_explicit(&slots[i].word, 0, memory_order_relaxed);
		else
			slots[i].hold.tid = 0;
	}
}
