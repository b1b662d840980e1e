/* SPDX-License-Identifier: MIT */
/* object.c: see object.h. */
#include "preload/object.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdatomic.h>
#include <string.h>

#include "preload/emit.h"
#include "preload/lifecycle.h"
#include "preload/raw.h"
#include "preload/resource.h"
#include "preload/select.h"

/* Objects whose names were recorded lately, by a hash. */
#define NAMED 256

static _Atomic uint64_t named[NAMED];

/* For --only and --except. What is known by its address loses its name with its end; a file keeps it,
 * for others may have it open. */
static void note_name(uint8_t kind, uint8_t op, uint64_t object, uint64_t device, const char *name)
{
	if (op != WS_OBJECT_INIT && op != WS_OBJECT_OPEN && op != WS_OBJECT_DESTROY &&
	    op != WS_OBJECT_CLOSE)
		return;
	if (ws_kind_naming(kind) == WS_NAMED_BY_ADDRESS || name)
		ws_select_name(kind, object, device,
			       op == WS_OBJECT_DESTROY || op == WS_OBJECT_CLOSE ? NULL : name);
}

void ws_object_record_at(struct ws_thread *self, uint8_t kind, uint8_t op, uint64_t object,
			 uint64_t device, uint64_t value, const char *name, uintptr_t site)
{
	if (ws_unlikely(ws_select_on))
		note_name(kind, op, object, device, name);
	if (!ws_wanted(object) || ws_is_tracer_code(site))
		return;

	struct ws_ev_object event = {
		.kind = kind,
		.op = op,
		.object = object,
		.device = device,
		.value = value,
		.site = site,
		.name = name ? name : "",
	};

	WS_SECTION(self);
	ws_definitions();
	ws_emit(object, &event);
}

void ws_object_record(struct ws_thread *self, uint8_t kind, uint8_t op, uintptr_t object,
		      uint64_t value, const char *name, uintptr_t site)
{
	ws_object_record_at(self, kind, op, object, 0, value, name, site);
}

bool ws_object_will_be_made(const char *prefix, const char *name, int flags)
{
	char path[sizeof("/dev/shm/sem.") + NAME_MAX] = "/dev/shm/";
	struct stat st;
	size_t n;

	if (!(flags & O_CREAT) || ws_sandboxed)
		return false;
	if (flags & O_EXCL)
		return true;
	strcat(path, prefix);
	n = strlen(path);
	name += strspn(name, "/");
	if (strnlen(name, sizeof(path)) >= sizeof(path) - n)
		return false;
	strcpy(path + n, name);
	return ws_raw_stat(path, &st) == -ENOENT;
}

bool ws_object_is_news(uint8_t kind, uint64_t object, uint64_t device)
{
	uint64_t which = (object ^ device * UINT64_C(0xff51afd7ed558ccd)) + kind;
	_Atomic uint64_t *place = &named[which * UINT64_C(0x9e3779b97f4a7c15) >> 56];

	if (atomic_load_explicit(place, memory_order_relaxed) == which)
		return false;
	atomic_store_explicit(place, which, memory_order_relaxed);
	return true;
}
