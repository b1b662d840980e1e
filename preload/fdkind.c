/* SPDX-License-Identifier: MIT */
/* fdkind.c: see fdkind.h. */
#include "preload/fdkind.h"

#include <errno.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/statfs.h>

#include "preload/emit.h"
#include "preload/limits.h"
#include "preload/raw.h"
#include "preload/resource.h"
#include "preload/sockname.h"
#include "preload/waiters.h"

struct ws_fd_entry ws_fds[WS_FDS_MAX];
static _Atomic int top;

static uint64_t make_word(enum ws_fd_kind kind, uint32_t flags, uintptr_t key)
{
	return (uint64_t)kind | (uint64_t)flags << 8 | (uint64_t)key << 16;
}

/* What was found out about a number. */
struct finding {
	enum ws_fd_kind kind;
	uint32_t flags;
	uint64_t object;
	uint64_t other;
	uint64_t inode;
};

uint8_t ws_fd_event_kind(uint64_t word)
{
	switch (WS_FD_KIND(word)) {
	case WS_FD_PIPE:
		return WS_KIND_PIPE;
	case WS_FD_FIFO:
		return WS_KIND_FIFO;
	case WS_FD_STREAM:
	case WS_FD_PACKET:
	case WS_FD_LISTENER:
		return WS_KIND_SOCKET;
	case WS_FD_EVENTFD:
		return WS_KIND_EVENTFD;
	case WS_FD_MQ:
		return WS_KIND_MQ;
	case WS_FD_TIMERFD:
		return WS_KIND_SLEEP;
	case WS_FD_SIGNALFD:
		return WS_KIND_SIGNAL;
	default:
		return WS_KIND_NONE;
	}
}

static void publish(int fd, const struct finding *f, uint64_t *ret)
{
	struct ws_fd_entry *entry = &ws_fds[fd];
	uint8_t kind = ws_fd_event_kind(make_word(f->kind, 0, 0));
	uintptr_t wakes = 0;
	int was = atomic_load_explicit(&top, memory_order_relaxed);

	while (was <= fd && !atomic_compare_exchange_weak(&top, &was, fd + 1))
		;
	atomic_store_explicit(&entry->word, 0, memory_order_relaxed);
	entry->object = f->object;
	entry->other = f->other;
	entry->inode = f->inode;
	entry->verified_ns = 0;
	entry->looked = 0;
	if (kind) {
		/* At a socket, those who wait are at the other end. */
		entry->own_key = ws_waiters_key(kind, f->object, f->other, false);
		wakes = kind == WS_KIND_SOCKET
				? ws_waiters_key(kind, f->object, f->other ^ 1, false)
				: entry->own_key;
	}
	*ret = make_word(f->kind, f->flags, wakes);
	/* release: what is above before the word; pairs with the acquire in ws_fd_word(). */
	atomic_store_explicit(&entry->word, *ret, memory_order_release);
}

/* "/proc/self/fd/N" or the like. */
static void fd_path(const char *folder, int fd, char *ret)
{
	char digits[12];
	size_t n = strlen(folder);
	size_t d = 0;

	memcpy(ret, folder, n);
	for (uint32_t left = (uint32_t)fd; d == 0 || left; left /= 10)
		digits[d++] = (char)('0' + left % 10);
	while (d)
		ret[n++] = digits[--d];
	ret[n] = '\0';
}

ssize_t ws_fd_readlink(int fd, char *buffer, size_t size)
{
	char path[40];

	fd_path("/proc/self/fd/", fd, path);

	ssize_t n = ws_raw_readlink(path, buffer, size - 1);

	buffer[n > 0 ? n : 0] = '\0';
	return n;
}

/* All eventfds share one inode; the kernel numbers them in fdinfo. 0: it does not. */
static uint64_t eventfd_id(int fd)
{
	static const char word[] = "eventfd-id:";
	char path[40], text[512];
	uint64_t id = 0;

	fd_path("/proc/self/fdinfo/", fd, path);

	int info = ws_raw_open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = info < 0 ? info : ws_raw_read(info, text, sizeof(text) - 1);

	if (info >= 0)
		ws_raw_close(info);
	if (n <= 0)
		return 0;
	text[n] = '\0';

	const char *at = strstr(text, word);

	if (!at)
		return 0;
	at += sizeof(word) - 1;
	while (*at == ' ' || *at == '\t')
		at++;
	while (*at >= '0' && *at <= '9')
		id = id * 10 + (uint64_t)(*at++ - '0');
	return id + 1; /* they begin at 0 */
}

static void look_at_anonymous(int fd, enum ws_fd_kind made, struct finding *f)
{
	char link[64];

	if (made == WS_FD_UNKNOWN) {
		ws_fd_readlink(fd, link, sizeof(link));
		if (strcmp(link, "anon_inode:[eventfd]") == 0)
			made = WS_FD_EVENTFD;
		else if (strcmp(link, "anon_inode:[timerfd]") == 0)
			made = WS_FD_TIMERFD;
		else if (strcmp(link, "anon_inode:[signalfd]") == 0)
			made = WS_FD_SIGNALFD;
	}
	if (made == WS_FD_EVENTFD) {
		f->object = eventfd_id(fd);
		if (!f->object)
			made = WS_FD_UNKNOWN;
	}
	if (made == WS_FD_SIGNALFD) /* it is for what is sent to whoever reads it */
		f->object = (uint64_t)ws_pid;
	f->kind = made != WS_FD_UNKNOWN ? made : WS_FD_PLAIN;
}

/* A file of the kernel's file system of message queues: all have one size, so that other files are
 * hardly ever asked. */
static bool is_queue(int fd, const struct stat *st)
{
	enum { QUEUE_SIZE = 80, MQUEUE_MAGIC = 0x19800202 };
	struct statfs fs;

	return st->st_size == QUEUE_SIZE && ws_raw_syscall(SYS_fstatfs, fd, (long)&fs, 0, 0) == 0 &&
	       fs.f_type == MQUEUE_MAGIC;
}

static void look_at(int fd, enum ws_fd_kind made, struct finding *f)
{
	struct statfs fs;
	struct stat st;

	*f = (struct finding){ .kind = WS_FD_PLAIN };
	if (ws_sandboxed || ws_raw_fstat(fd, &st) != 0)
		return;
	f->inode = st.st_ino;
	switch (st.st_mode & S_IFMT) {
	case S_IFIFO:
		f->kind = ws_raw_syscall(SYS_fstatfs, fd, (long)&fs, 0, 0) == 0 &&
					  fs.f_type == PIPEFS_MAGIC
				  ? WS_FD_PIPE
				  : WS_FD_FIFO;
		if (f->kind == WS_FD_FIFO)
			f->flags |= WS_FD_READ_POLL | WS_FD_WRITE_POLL;
		f->object = st.st_ino;
		f->other = st.st_dev;
		return;
	case S_IFSOCK: {
		struct ws_socket socket;

		ws_socket_look(fd, st.st_ino, &socket);
		f->kind = socket.listens   ? WS_FD_LISTENER
			  : socket.packets ? WS_FD_PACKET
					   : WS_FD_STREAM;
		f->object = socket.object;
		f->other = socket.second;
		if (socket.to_address)
			f->flags |= WS_FD_CONNECTED;
		if (atomic_load_explicit(&ws_fds[fd].accepted, memory_order_relaxed))
			f->flags |= WS_FD_ACCEPTED;
		return;
	}
	case S_IFREG:
		if (made != WS_FD_MQ && !is_queue(fd, &st))
			return;
		f->kind = WS_FD_MQ;
		f->object = st.st_ino;
		f->other = st.st_dev;
		return;
	case 0:
		look_at_anonymous(fd, made, f);
		return;
	default:
		return;
	}
}

static void look_at_flags(int fd, struct finding *f)
{
	if (f->kind != WS_FD_PLAIN && ws_raw_fcntl(fd, F_GETFL, 0) & O_NONBLOCK)
		f->flags |= WS_FD_NONBLOCK;
}

uint64_t ws_fd_learn(int fd)
{
	struct finding f;
	uint64_t word;

	if (ws_sandboxed)
		return WS_FD_PLAIN; /* not noted: it was not looked at */
	look_at(fd, WS_FD_UNKNOWN, &f);
	look_at_flags(fd, &f);
	if (f.kind == WS_FD_PLAIN && !f.inode)
		return WS_FD_PLAIN; /* not open */
	publish(fd, &f, &word);
	return word;
}

bool ws_fd_verify(int fd, uint64_t word)
{
	struct stat st;

	if (ws_sandboxed)
		return false;
	if (ws_raw_fstat(fd, &st) == 0 && st.st_ino == ws_fds[fd].inode &&
	    atomic_load_explicit(&ws_fds[fd].word, memory_order_relaxed) == word)
		return true;
	ws_fd_forget(fd);
	ws_fd_learn(fd);
	return false;
}

void ws_fd_set_flags(int fd, uint64_t word, uint32_t flags)
{
	atomic_compare_exchange_strong(&ws_fds[fd].word, &word, word | (uint64_t)flags << 8);
}

bool ws_fd_reads_only(int fd)
{
	int flags = ws_sandboxed ? -1 : ws_raw_fcntl(fd, F_GETFL, 0);

	return flags >= 0 && (flags & O_ACCMODE) == O_RDONLY;
}

bool ws_fd_is_nonblocking(int fd)
{
	int flags = ws_raw_fcntl(fd, F_GETFL, 0);
	uint64_t word = atomic_load_explicit(&ws_fds[fd].word, memory_order_relaxed);

	if (flags < 0 || !(flags & O_NONBLOCK))
		return false;
	if (word)
		ws_fd_set_flags(fd, word, WS_FD_NONBLOCK);
	return true;
}

void ws_fd_blocking_changed(void)
{
	int n = ws_fd_top();

	for (int fd = 0; fd < n; fd++) {
		uint64_t word = atomic_load_explicit(&ws_fds[fd].word, memory_order_relaxed);

		if (WS_FD_FLAGS(word) & WS_FD_NONBLOCK)
			atomic_compare_exchange_strong(&ws_fds[fd].word, &word,
						       word & ~((uint64_t)WS_FD_NONBLOCK << 8));
	}
}

void ws_fd_forget(int fd)
{
	if ((unsigned int)fd >= WS_FDS_MAX)
		return;
	atomic_store_explicit(&ws_fds[fd].word, 0, memory_order_relaxed);
	atomic_store_explicit(&ws_fds[fd].accepted, false, memory_order_relaxed);
	atomic_store_explicit(&ws_fds[fd].in, 0, memory_order_relaxed);
	atomic_store_explicit(&ws_fds[fd].out, 0, memory_order_relaxed);
	atomic_store_explicit(&ws_fds[fd].priorities, 0, memory_order_relaxed);
	atomic_store_explicit(&ws_fds[fd].fill.most, 0, memory_order_relaxed);
}

void ws_fd_forget_range(unsigned int first, unsigned int last)
{
	unsigned int n = (unsigned int)ws_fd_top();

	for (unsigned int fd = first; fd <= last && fd < n; fd++)
		ws_fd_forget((int)fd);
}

void ws_fd_forked(void)
{
	int n = ws_fd_top();

	for (int fd = 0; fd < n; fd++) {
		if (!ws_fd_is_known(fd))
			continue;
		if (WS_FD_KIND(atomic_load_explicit(&ws_fds[fd].word, memory_order_relaxed)) ==
		    WS_FD_SIGNALFD) {
			ws_fd_forget(fd); /* signals to the child are its object now */
			continue;
		}
		atomic_store_explicit(&ws_fds[fd].in, 0, memory_order_relaxed);
		atomic_store_explicit(&ws_fds[fd].out, 0, memory_order_relaxed);
		atomic_store_explicit(&ws_fds[fd].priorities, 0, memory_order_relaxed);
		atomic_store_explicit(&ws_fds[fd].fill.most, 0, memory_order_relaxed);
	}
}

void ws_fd_made_by_accept(int fd)
{
	if ((unsigned int)fd < WS_FDS_MAX)
		atomic_store_explicit(&ws_fds[fd].accepted, true, memory_order_relaxed);
}

int ws_fd_top(void)
{
	return atomic_load_explicit(&top, memory_order_relaxed);
}

void ws_fd_made(int fd, enum ws_fd_kind kind)
{
	struct finding f;
	uint64_t word;

	if (ws_sandboxed || (unsigned int)fd >= WS_FDS_MAX)
		return;
	look_at(fd, kind, &f);
	look_at_flags(fd, &f);
	publish(fd, &f, &word);
}
