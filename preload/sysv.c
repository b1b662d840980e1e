/* SPDX-License-Identifier: MIT */
/* sysv.c: see sysv.h.
 *
 * Rules: no malloc, no stdio, no lock. Keys and names are looked at where an object is made, got or
 * waited for, never where a call goes on at once.
 */
#include "preload/sysv.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>

#include "preload/emit.h"
#include "preload/fdguard.h"
#include "preload/lifecycle.h"
#include "preload/object.h"
#include "preload/raw.h"
#include "preload/resource.h"
#include "tracepoints/kinds.h"

/* Keys of ftok() that are remembered: programs have a handful. The oldest goes first. */
#define KEYS 32
/* A path beyond is cut off. */
#define PATH_LENGTH 192
/* "-2147483648[32000] (key 0x12345678, PATH id 255)" */
#define NAME_LENGTH (PATH_LENGTH + 80)

/* Beside the numbers of semaphores: which sets this process has used SEM_UNDO on. */
#define UNDO_OF_PROCESS (UINT64_C(1) << 62)

struct ftok_key {
	_Atomic uint32_t version; /* odd: being written */
	uint32_t order;           /* by which it was made */
	key_t key;
	int project;
	uint64_t dev, ino; /* of the file */
	char path[PATH_LENGTH];
};

static struct ftok_key keys[KEYS];
static _Atomic uint32_t next_key;

/* A name under construction, always with its NUL. */
struct text {
	char *at, *end;
};

static void put(struct text *t, const char *text)
{
	while (*text && t->at < t->end)
		*t->at++ = *text++;
	*t->at = '\0';
}

static void put_number(struct text *t, uint64_t n)
{
	char digits[24];
	size_t i = sizeof(digits);

	digits[--i] = '\0';
	do
		digits[--i] = (char)('0' + n % 10);
	while (n /= 10);
	put(t, digits + i);
}

static void put_key(struct text *t, key_t key)
{
	char digits[9];

	for (int i = 0; i < 8; i++)
		digits[i] = "0123456789abcdef"[((uint32_t)key >> (28 - 4 * i)) & 15];
	digits[8] = '\0';
	put(t, "key 0x");
	put(t, digits);
}

/* Copies what is remembered of a key: the last time that it was made, since what a program got by
 * ftok() it uses next. False: nothing, or it is being written just now. */
static bool find_key(key_t key, struct ftok_key *ret)
{
	bool found = false;

	for (size_t i = 0; i < KEYS; i++) {
		struct ftok_key *k = &keys[i];
		uint32_t version = atomic_load_explicit(&k->version, memory_order_acquire);
		struct ftok_key copy;

		if (version == 0 || (version & 1) || k->key != key)
			continue;
		copy.order = k->order;
		copy.key = k->key;
		copy.project = k->project;
		copy.dev = k->dev;
		copy.ino = k->ino;
		memcpy(copy.path, k->path, sizeof(copy.path));
		/* The copy before the second look at the version. */
		atomic_thread_fence(memory_order_acquire);
		if (atomic_load_explicit(&k->version, memory_order_relaxed) != version ||
		    (found && copy.order < ret->order))
			continue;
		*ret = copy;
		found = true;
	}
	return found;
}

/* The path without "." and links, as far as the kernel tells. */
static void full_path(const char *path, char *to, size_t size)
{
	int fd = path[0] == '/' ? -1 : ws_fd_open(path, O_PATH);
	ssize_t n = -1;

	if (fd >= 0) {
		char link[32];
		struct text t = { link, link + sizeof(link) - 1 };

		put(&t, "/proc/self/fd/");
		put_number(&t, (uint64_t)fd);
		n = ws_raw_readlink(link, to, size - 1);
		ws_fd_close(fd);
	}
	if (n > 0) {
		to[n] = '\0';
		return;
	}
	struct text t = { to, to + size - 1 };

	put(&t, path);
}

void ws_sysv_key(key_t key, const char *path, int project)
{
	struct ftok_key made;
	struct stat st;
	uint32_t even;

	if (ws_sandboxed || ws_raw_stat(path, &st) != 0)
		return;
	project &= 0xff; /* all that ftok() uses of it */
	if (find_key(key, &made) && made.project == project && made.dev == st.st_dev &&
	    made.ino == st.st_ino)
		return;

	uint32_t order = atomic_fetch_add(&next_key, 1);
	struct ftok_key *k = &keys[order % KEYS];

	even = atomic_load_explicit(&k->version, memory_order_relaxed) & ~1u;
	if (!atomic_compare_exchange_strong(&k->version, &even, even + 1))
		return; /* another thread is just at this place */
	k->order = order;
	k->key = key;
	k->project = project;
	k->dev = st.st_dev;
	k->ino = st.st_ino;
	full_path(path, k->path, sizeof(k->path));
	atomic_store_explicit(&k->version, even + 2, memory_order_release);
}

bool ws_sysv_exists(long get, key_t key)
{
	/* msgget() has no size: its second argument are the flags, and 0 there as well. */
	return ws_raw_syscall(get, key, 0, 0, 0) != -ENOENT;
}

/* The key of an object that was not got here; 0: none, or it may not be looked at. */
static key_t key_of(uint8_t kind, int id)
{
	union {
		struct msqid_ds msg;
		struct semid_ds sem;
		struct shmid_ds shm;
	} ds;

	if (ws_sandboxed)
		return 0;
	switch (kind) {
	case WS_KIND_SYSV_MSG:
		return ws_raw_syscall(SYS_msgctl, id, IPC_STAT, (long)&ds.msg, 0) < 0
			       ? 0
			       : ds.msg.msg_perm.__key;
	case WS_KIND_SYSV_SEM:
		return ws_raw_syscall(SYS_semctl, id, 0, IPC_STAT, (long)&ds.sem) < 0
			       ? 0
			       : ds.sem.sem_perm.__key;
	default:
		return ws_raw_syscall(SYS_shmctl, id, IPC_STAT, (long)&ds.shm, 0) < 0
			       ? 0
			       : ds.shm.shm_perm.__key;
	}
}

/* "32768[3] (key 0x0000162e, /etc/app.conf id 1)" */
static void make_name(char name[static NAME_LENGTH], int id, uint64_t number, key_t key,
		      const struct ftok_key *from)
{
	struct text t = { name, name + NAME_LENGTH - 1 };

	put_number(&t, (uint32_t)id);
	if (number != WS_SYSV_WHOLE) {
		put(&t, "[");
		put_number(&t, number);
		put(&t, "]");
	}
	if (key == IPC_PRIVATE)
		return;
	put(&t, " (");
	put_key(&t, key);
	if (from) {
		put(&t, ", ");
		put(&t, from->path);
		put(&t, " id ");
		put_number(&t, (uint64_t)from->project);
	}
	put(&t, ")");
}

/* What the device field says of an object of System V: which semaphore of the set. */
static uint64_t device_of(uint8_t kind, uint64_t number)
{
	return kind == WS_KIND_SYSV_SEM ? number : 0;
}

void ws_sysv_got(struct ws_thread *self, uint8_t kind, int id, key_t key, bool made, uint64_t size,
		 uintptr_t site)
{
	char name[NAME_LENGTH];
	struct ftok_key from;

	if (!ws_wanted(object) || ws_is_tracer_code(site))
		return;

	bool known = key != IPC_PRIVATE && find_key(key, &from);

	make_name(name, id, WS_SYSV_WHOLE, key, known ? &from : NULL);
	ws_object_record_at(self, kind, made ? WS_OBJECT_INIT : WS_OBJECT_OPEN, (uint32_t)id,
			    device_of(kind, WS_SYSV_WHOLE), size, name, site);
	if (known) {
		struct text t = { name, name + sizeof(name) - 1 };

		put(&t, from.path);
		put(&t, " id ");
		put_number(&t, (uint64_t)from.project);
		ws_object_record_at(self, kind, WS_OBJECT_KEY, (uint32_t)id, from.dev, from.ino,
				    name, site);
	}
}

void ws_sysv_removed(struct ws_thread *self, uint8_t kind, int id, uintptr_t site)
{
	ws_object_record_at(self, kind, WS_OBJECT_DESTROY, (uint32_t)id,
			    device_of(kind, WS_SYSV_WHOLE), 0, NULL, site);
}

void ws_sysv_undo(struct ws_thread *self, int id, uintptr_t site)
{
	/* Once a process: a child of fork() has nothing to undo, but a copy of the table. */
	if (ws_wanted(object) && !ws_is_tracer_code(site) &&
	    ws_object_is_news(WS_KIND_SYSV_SEM, (uint32_t)id, UNDO_OF_PROCESS | (uint32_t)ws_pid))
		ws_object_record_at(self, WS_KIND_SYSV_SEM, WS_OBJECT_UNDO, (uint32_t)id,
				    WS_SYSV_WHOLE, 0, NULL, site);
}

void ws_sysv_waited(struct ws_thread *self, uint8_t kind, int id, uint64_t number, uintptr_t site)
{
	char name[NAME_LENGTH];
	struct ftok_key from;

	if (!ws_wanted(object) || ws_is_tracer_code(site) ||
	    !ws_object_is_news(kind, (uint32_t)id, number))
		return;

	key_t key = key_of(kind, id);
	bool known = key != IPC_PRIVATE && find_key(key, &from);

	make_name(name, id, number, key, known ? &from : NULL);
	ws_object_record_at(self, kind, WS_OBJECT_OPEN, (uint32_t)id, device_of(kind, number), 0,
			    name, site);
}
