/* SPDX-License-Identifier: MIT */
/* select.c: see select.h.
 *
 * Rules: no lock, no malloc, errno stays; any line may be interrupted by a handler that asks, too.
 */
#include "preload/select.h"

#include <limits.h>
#include <stdatomic.h>
#include <string.h>

#include "preload/call.h"
#include "preload/fdkind.h"
#include "preload/limits.h"
#include "tracepoints/format.h"
#include "tracepoints/selection.h"

bool ws_select_on;
static struct ws_selection selection;

/* A hash of the object and, in the low bits, NAMED and WS_NAME_*. 0: free. */
#define NAMED 4u
#define BITS  7u
static _Atomic uint64_t names[WS_SELECT_NAMES];

/* Written by one at a time, at mmap() and munmap(): a place is taken by its `start`. */
static struct {
	_Atomic uintptr_t start; /* 0: free */
	_Atomic uintptr_t end;
	_Atomic uint8_t sides; /* WS_NAME_* */
} maps[WS_SELECT_MAPS];
static _Atomic size_t n_maps; /* no place at or above it was ever taken */

static void add(bool except, const char *list)
{
	const char *bad;
	size_t n;

	/* What is wrong ends the list for ws_selection_add(), but not for us. */
	while (list && ws_selection_add(&selection, except, list, &bad, &n) < 0)
		list = bad[n] ? bad + n + 1 : NULL;
}

bool ws_select_start(const char *only, const char *except)
{
	if (only && only[0])
		add(false, only);
	if (except && except[0])
		add(true, except);
	ws_select_on = selection.only.any || selection.except.any;
	return selection.only.has_functions || selection.except.has_functions;
}

bool ws_select_by_waiter(void)
{
	return selection.only.has_functions || selection.except.has_functions ||
	       selection.n_patterns > 0;
}

/* --- names --- */

/* Kinds that are a file share its name; the others have theirs in their own right. */
static uint64_t hash_of(uint8_t kind, uint64_t object, uint64_t device)
{
	enum ws_naming naming = ws_kind_naming(kind);
	uint64_t h = object ^ (device + 1) * UINT64_C(0x9e3779b97f4a7c15);

	h += naming == WS_NAMED_BY_ID ? kind : (uint64_t)naming + WS_KIND_COUNT;
	h = (h ^ h >> 31) * UINT64_C(0xff51afd7ed558ccd);
	h = (h ^ h >> 29) & ~(uint64_t)BITS;
	return h ? h : BITS + 1;
}

/* What else than a file's name device numbers tell is not part of who the object is. */
static uint64_t device_of(uint8_t kind, uint64_t device)
{
	return ws_kind_naming(kind) == WS_NAMED_BY_FILE && kind != WS_KIND_SOCKET ? device : 0;
}

/* The place of the object's name, or a free one for it; NULL: neither. */
static _Atomic uint64_t *find(uint64_t hash, bool make)
{
	for (size_t i = 0, at = (hash >> 3) % WS_SELECT_NAMES; i < 64;
	     i++, at = (at + 1) % WS_SELECT_NAMES) {
		uint64_t was = atomic_load_explicit(&names[at], memory_order_relaxed);

		if ((was & ~(uint64_t)BITS) == hash)
			return &names[at];
		if (was)
			continue;
		if (!make)
			return NULL;
		if (atomic_compare_exchange_strong(&names[at], &was, hash) ||
		    (was & ~(uint64_t)BITS) == hash)
			return &names[at];
	}
	return NULL;
}

void ws_select_name(uint8_t kind, uint64_t object, uint64_t device, const char *name)
{
	bool has = name && name[0];
	_Atomic uint64_t *place;
	uint64_t hash;

	if (!selection.n_patterns || !object)
		return;
	hash = hash_of(kind, object, device_of(kind, device));
	place = find(hash, has);
	if (place)
		atomic_store_explicit(
			place, hash | (has ? NAMED | ws_selection_name(&selection, name) : 0),
			memory_order_relaxed);
	else if (has)
		ws_limit_reached(WS_LIMIT_names);
}

void ws_select_map(uintptr_t start, uintptr_t end, const char *name)
{
	size_t n = atomic_load_explicit(&n_maps, memory_order_relaxed);
	uint8_t sides;

	if (!selection.n_patterns)
		return;
	/* What was there is no more, or in part: that part keeps its name until it goes, too. */
	for (size_t i = 0; i < n; i++) {
		uintptr_t from = atomic_load_explicit(&maps[i].start, memory_order_relaxed);

		if (from >= start && from < end &&
		    atomic_load_explicit(&maps[i].end, memory_order_relaxed) <= end)
			atomic_store_explicit(&maps[i].start, 0, memory_order_relaxed);
	}
	sides = name ? ws_selection_name(&selection, name) : 0;
	if (!sides)
		return;
	for (size_t i = 0; i < WS_SELECT_MAPS; i++) {
		uintptr_t none = 0;

		if (!atomic_compare_exchange_strong(&maps[i].start, &none, start))
			continue;
		atomic_store_explicit(&maps[i].end, end, memory_order_relaxed);
		atomic_store_explicit(&maps[i].sides, sides, memory_order_relaxed);
		while (n <= i && !atomic_compare_exchange_weak(&n_maps, &n, i + 1))
			;
		return;
	}
	ws_limit_reached(WS_LIMIT_names);
}

static uint8_t map_sides(uintptr_t address)
{
	size_t n = atomic_load_explicit(&n_maps, memory_order_relaxed);

	for (size_t i = 0; i < n; i++) {
		uintptr_t start = atomic_load_explicit(&maps[i].start, memory_order_relaxed);

		if (start && address >= start &&
		    address < atomic_load_explicit(&maps[i].end, memory_order_relaxed))
			return atomic_load_explicit(&maps[i].sides, memory_order_relaxed);
	}
	return 0;
}

static uint8_t sides_of(uint8_t kind, uint64_t object, uint64_t device)
{
	const _Atomic uint64_t *place;
	uint64_t word;

	if (!selection.n_patterns || !object)
		return 0;
	place = find(hash_of(kind, object, device_of(kind, device)), false);
	word = place ? atomic_load_explicit(place, memory_order_relaxed) : 0;
	if (word & NAMED)
		return word & (WS_NAME_ONLY | WS_NAME_EXCEPT);
	return ws_kind_naming(kind) == WS_NAMED_BY_ADDRESS ? map_sides((uintptr_t)object) : 0;
}

void ws_select_fd(int fd, uint8_t kind, uint64_t object, uint64_t device)
{
	const _Atomic uint64_t *place;
	char path[PATH_MAX];

	if (!selection.n_patterns || !object || ws_kind_naming(kind) != WS_NAMED_BY_FILE)
		return;
	place = find(hash_of(kind, object, device_of(kind, device)), false);
	if (place && atomic_load_explicit(place, memory_order_relaxed) & NAMED)
		return;
	if (ws_fd_readlink(fd, path, sizeof(path)) > 0)
		ws_select_name(kind, object, device, path);
}

/* --- the answers --- */

bool ws_select_wait(const struct ws_thread *self, uint8_t kind, uint64_t object, uint64_t device)
{
	return ws_selection_takes(&selection, kind, ws_call_function(self),
				  sides_of(kind, object, device));
}

bool ws_select_wake(const struct ws_thread *self, uint8_t kind, uint64_t object, uint64_t device)
{
	return ws_selection_takes_wake(&selection, kind, ws_call_function(self),
				       sides_of(kind, object, device));
}

bool ws_select_object(uint8_t kind, uint64_t object, uint64_t device)
{
	return ws_selection_takes(&selection, kind, WS_FUNCTION_UNKNOWN,
				  sides_of(kind, object, device));
}

/* The names that a call gives: those of /dev/shm stand there under another one. */
static uint8_t text_sides(const char *texts)
{
	static const char folder[] = "/dev/shm";
	char name[sizeof(folder) + WS_CALL_TEXT_MAX + 1];
	uint8_t sides = 0;

	while (*texts) {
		size_t n = strcspn(texts, "\t");

		if (n > WS_CALL_TEXT_MAX)
			n = WS_CALL_TEXT_MAX;
		memcpy(name, folder, sizeof(folder) - 1);
		memcpy(name + sizeof(folder) - 1, texts, n);
		name[sizeof(folder) - 1 + n] = '\0';
		sides |= ws_selection_name(&selection, name + sizeof(folder) - 1);
		if (texts[0] == '/')
			sides |= ws_selection_name(&selection, name);
		texts += n + (texts[n] == '\t');
	}
	return sides;
}

bool ws_select_call(uint16_t function, uint8_t kind, uint64_t object, uint64_t device,
		    const char *texts)
{
	uint8_t sides = sides_of(kind, object, device);

	if (selection.n_patterns && texts[0])
		sides |= text_sides(texts);
	return ws_selection_takes(&selection, kind, function, sides);
}

bool ws_select_may_call(uint16_t function)
{
	return ws_selection_may_take(&selection, function);
}
