/* SPDX-License-Identifier: MIT */
/* objects.c: who an object is: shared memory makes one address in each process one object. */
#include <errno.h>
#include <string.h>

#include "analyzer/base/grow.h"
#include "analyzer/decode/state.h"

/* What a FIFO is looked up by: file systems of disks give the inode of one that is gone to the next.
 * Its value is twice the number of those that were made with it before, and 1 more where the present
 * one was seen to be made, or its name removed: the next one that is made is another. */
static uint64_t fifo_id(const struct ws_decode *d, uint64_t ino, uint64_t dev)
{
	return (ino * UINT64_C(0x9e3779b97f4a7c15)) ^ dev ^ (uint64_t)ws_decode_host(d) << 48;
}

int ws_decode_fifo(struct ws_decode *d, const struct ws_ev_object *e)
{
	uint64_t id = fifo_id(d, e->object, e->device);
	uint32_t before = 0;

	if (e->op != WS_OBJECT_INIT && e->op != WS_OBJECT_UNLINK)
		return 0;
	ws_map64_get(&d->fifos, id, &before);
	/* Who is quick may have opened it before its making is told: that is no other one. */
	if (e->op == WS_OBJECT_INIT && before % 2)
		before++;
	return ws_map64_put(&d->fifos, id, before | 1);
}

void ws_decode_object(const struct ws_decode *d, uint32_t process, uint8_t kind, uint64_t address,
		      uint64_t other, struct ws_object_key *key)
{
	enum ws_naming naming = ws_kind_naming(kind);
	const struct ws_range *range = NULL;

	memset(key, 0, sizeof(*key));
	key->kind = kind;
	key->offset = address;
	key->process = WS_UNKNOWN;
	if (kind == WS_KIND_PROCESS && address) { /* whatever it execs, it stays that child */
		uint32_t reaped = 0;

		ws_map64_get(&d->reaped, ws_decode_id(d, (int32_t)address), &reaped);
		key->ino = reaped;
		key->host = d->origin;
		return;
	}
	if (kind == WS_KIND_PROCESS) /* any child of this one */
		key->process = process;
	if (kind == WS_KIND_SIGNAL) { /* whoever sends it, it is for that process */
		key->process = ws_decode_process_now(d, (int32_t)address);
		key->host = d->origin;
		return;
	}
	if (kind == WS_KIND_RECORD_LOCK) { /* the whole file: see `range` */
		key->ino = address;
		key->offset = 0;
	}
	if (kind == WS_KIND_FIFO) {
		uint32_t made = 0;

		ws_map64_get(&d->fifos, fifo_id(d, address, other), &made);
		key->ino = made / 2;
	}
	if (naming == WS_NAMED_BY_FILE)
		key->dev = kind == WS_KIND_SOCKET ? 0 : other; /* both ends are one object */
	else if (kind == WS_KIND_SYSV_SEM)
		key->ino = other + 1; /* 0: the set */
	else if (naming == WS_NAMED_BY_TASK)
		key->process = process;
	if (key->process == WS_UNKNOWN)
		key->host = ws_decode_host(d);
	if (naming != WS_NAMED_BY_ADDRESS || !address) /* no address: named only, as in unlink */
		return;
	range = ws_ranges_find(&d->processes[process].mappings, address);
	if (range) {
		const struct ws_backing *backing = &d->backings[range->thing];

		key->dev = backing->dev;
		key->ino = backing->ino;
		key->origin = backing->origin;
		key->offset = range->offset + (address - range->begin);
	} else {
		key->process = process;
		key->host = 0;
	}
}

void ws_decode_thread_object(uint32_t thread, struct ws_object_key *key)
{
	memset(key, 0, sizeof(*key));
	key->kind = WS_KIND_THREAD;
	key->process = WS_UNKNOWN;
	key->offset = thread;
}

int ws_decode_map_event(struct ws_decode *d, uint32_t process, const struct ws_ev_map *e)
{
	struct ws_backing backing = { .dev = e->dev, .ino = e->ino, .origin = e->origin };
	size_t i;

	/* Few, and looked for only when something is mapped. The latest are the likeliest. */
	for (i = d->n_backings; i > 0; i--) {
		const struct ws_backing *b = &d->backings[i - 1];

		if (b->ino == backing.ino && b->dev == backing.dev && b->origin == backing.origin)
			break;
	}
	if (i == 0) {
		if (ws_grow(&d->backings, &d->backings_capacity, d->n_backings + 1))
			return -ENOMEM;
		d->backings[d->n_backings++] = backing;
		i = d->n_backings;
	}
	return ws_ranges_set(&d->processes[process].mappings, e->address, e->size, e->offset,
			     (uint32_t)(i - 1));
}

int ws_decode_unmap_event(struct ws_decode *d, uint32_t process, const struct ws_ev_unmap *e)
{
	return ws_ranges_clear(&d->processes[process].mappings, e->address, e->size);
}
