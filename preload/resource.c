/* SPDX-License-Identifier: MIT */
/* resource.c: records shared mappings, see resource.h. */
#include "preload/resource.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>

#include "preload/emit.h"
#include "preload/fdguard.h"
#include "preload/lifecycle.h"
#include "preload/maps.h"
#include "preload/ranges.h"
#include "preload/raw.h"
#include "preload/select.h"
#include "preload/waiters.h"
#include "tracepoints/format.h"

bool ws_sandboxed;

static bool starts_with(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

/* Not LTTng's ring buffers and wait pages, nor devices, which hold no locks. */
static bool is_of_interest(const struct ws_maps_line *line)
{
	static const char *const lttng[] = { "/dev/shm/shm-ust-", "/dev/shm/ust-shm-",
					     "/dev/shm/shm-event-notifier-",
					     "/dev/shm/lttng-ust-" };
	const char *path = line->path;

	for (size_t i = 0; i < sizeof(lttng) / sizeof(lttng[0]); i++)
		if (starts_with(path, lttng[i]))
			return false;
	if (path[0] != '/')
		return false;
	if (ws_waiters_shared && (uintptr_t)ws_waiters_shared >= line->start &&
	    (uintptr_t)ws_waiters_shared < line->end)
		return false;
	return !starts_with(path, "/dev/") || starts_with(path, "/dev/shm/") ||
	       starts_with(path, "/dev/zero") || starts_with(path, "/dev/hugepages/");
}

static void emit(uint8_t origin, uintptr_t address, size_t size, uint64_t dev, uint64_t ino,
		 uint64_t offset, const char *name)
{
	struct ws_section ws_section_here = { .self = ws_self }; /* the caller's, for ws_emit() */
	struct ws_ev_map event = {
		.origin = origin,
		.address = address,
		.size = size,
		.dev = dev,
		.ino = ino,
		.offset = offset,
		.name = name,
	};

	ws_ranges_add(address, address + size);
	if (ws_unlikely(ws_select_on))
		ws_select_map(address, address + size, name);
	ws_emit(map, &event);
}

/* "/SYSV0000162e (deleted)" -> "key 0x0000162e"; a private segment, key 0, has no name. */
static void sysv_name(uint32_t key, char name[static 16])
{
	static const char digits[] = "0123456789abcdef";

	name[0] = '\0';
	if (key == 0)
		return;
	memcpy(name, "key 0x", 6);
	for (int i = 0; i < 8; i++)
		name[6 + i] = digits[(key >> (28 - 4 * i)) & 15];
	name[14] = '\0';
}

/* The kernel's name of a System V segment: "/SYSV", eight digits, " (deleted)". */
static bool is_sysv(const char *path, uint32_t *key)
{
	if (!starts_with(path, "/SYSV"))
		return false;
	*key = 0;
	for (int i = 5; i < 13; i++) {
		char c = path[i];

		if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f')))
			return false;
		*key = *key << 4 | (uint32_t)(c <= '9' ? c - '0' : c - 'a' + 10);
	}
	return strcmp(path + 13, " (deleted)") == 0;
}

static void record_line(const struct ws_maps_line *line, const char *name)
{
	uint8_t origin = WS_MAP_FILE;
	uint64_t dev = line->dev;
	const char *shown = line->path;
	char key_name[16];
	uint32_t key;
	struct stat st;

	if (is_sysv(line->path, &key)) {
		origin = WS_MAP_SYSV;
		dev = 0;
		sysv_name(key, key_name);
		shown = key_name;
	} else if (strcmp(line->path, "/dev/zero (deleted)") == 0 ||
		   strcmp(line->path, "/anon_hugepage (deleted)") == 0) {
		origin = WS_MAP_ANON;
		shown = "";
	} else if (ws_raw_stat(line->path, &st) == 0 && st.st_ino == line->ino) {
		dev = st.st_dev; /* btrfs and overlayfs show another device in maps than in stat */
	}
	emit(origin, line->start, line->end - line->start, dev, line->ino, line->offset,
	     name && name[0] ? name : shown);
}

struct looking_for {
	uintptr_t address;
	const char *name;
};

static bool record_if_at(const struct ws_maps_line *line, void *context)
{
	const struct looking_for *wanted = context;

	if (line->end <= wanted->address)
		return true;
	if (line->start <= wanted->address && line->shared && is_of_interest(line))
		record_line(line, wanted->name);
	return false;
}

void ws_map_record_at(uintptr_t address, const char *name)
{
	struct looking_for wanted = { .address = address, .name = name };

	if (!ws_sandboxed)
		ws_maps_read(record_if_at, &wanted);
}

static bool record_if_shared(const struct ws_maps_line *line, void *context)
{
	(void)context;
	if (line->shared && is_of_interest(line))
		record_line(line, NULL);
	return true;
}

void ws_map_record_all(void)
{
	if (!ws_sandboxed)
		ws_maps_read(record_if_shared, NULL);
}

/* "/proc/self/fd/N" */
static void fd_path(int fd, char path[static 32])
{
	static const char prefix[] = "/proc/self/fd/";
	char digits[12];
	size_t n = 0, at = sizeof(prefix) - 1;

	memcpy(path, prefix, at);
	do {
		digits[n++] = (char)('0' + fd % 10);
		fd /= 10;
	} while (fd > 0);
	while (n > 0)
		path[at++] = digits[--n];
	path[at] = '\0';
}

void ws_map_made(struct ws_thread *self, uintptr_t address, size_t size, int fd, off_t offset)
{
	struct stat st;

	if (ws_sandboxed)
		return;

	WS_SECTION(self);
	ws_definitions();
	if (fd < 0) {
		ws_map_record_at(address, NULL);
		return;
	}
	if (ws_raw_fstat(fd, &st) != 0)
		return; /* another thread has closed it: the mapping stays unknown */
	if (S_ISREG(st.st_mode)) {
		char path[32], name[WS_MAPS_PATH];
		ssize_t length = 0;

		if (ws_wanted(map)) {
			fd_path(fd, path);
			length = ws_raw_readlink(path, name, sizeof(name) - 1);
		}
		name[length > 0 ? length : 0] = '\0';
		emit(WS_MAP_FILE, address, size, st.st_dev, st.st_ino, (uint64_t)offset, name);
	} else if (S_ISCHR(st.st_mode) && st.st_rdev == makedev(1, 5)) {
		ws_map_record_at(address, NULL); /* /dev/zero: anonymous in another way */
	}
}

void ws_map_attached(struct ws_thread *self, uintptr_t address, int shmid)
{
	struct shmid_ds segment;
	char name[16];

	if (ws_sandboxed)
		return;

	WS_SECTION(self);
	ws_definitions();
	if (ws_raw_syscall(SYS_shmctl, shmid, IPC_STAT, (long)&segment, 0) < 0) {
		ws_map_record_at(address, NULL); /* may be attached to, but not looked at */
		return;
	}
	sysv_name((uint32_t)segment.shm_perm.__key, name);
	emit(WS_MAP_SYSV, address, (segment.shm_segsz + 4095) & ~(size_t)4095, 0, (uint64_t)shmid,
	     0, name);
}

void ws_map_going(struct ws_thread *self, uintptr_t address, size_t size)
{
	struct ws_ev_unmap event = { .address = address, .size = size };

	ws_ranges_cut(address, address + size);
	if (ws_unlikely(ws_select_on))
		ws_select_map(address, address + size, NULL);

	WS_SECTION(self);
	ws_definitions();
	ws_emit(unmap, &event);
}

void ws_map_stayed(struct ws_thread *self, uintptr_t address)
{
	WS_SECTION(self);
	ws_definitions();
	ws_map_record_at(address, NULL);
}
