/* SPDX-License-Identifier: MIT */
/* reach.c: see reach.h. */
#include "analyzer/analyses/reach.h"

#include <errno.h>

#include "analyzer/base/grow.h"

bool ws_reach_of(const struct ws_object_key *key, struct ws_reach *ret)
{
	*ret = (struct ws_reach){ .ends = UINT8_MAX };
	if (key->origin) {
		ret->dev = key->dev;
		ret->ino = key->ino;
		ret->origin = key->origin;
		return true;
	}
	if (key->process != WS_UNKNOWN)
		return false;
	ret->kind = key->kind;
	if (ws_kind_naming(key->kind) == WS_NAMED_BY_FILE) {
		ret->dev = key->dev;
		ret->ino = key->ino ? key->ino : key->offset;
		if (key->kind != WS_KIND_RECORD_LOCK)
			ret->offset = key->offset;
	} else {
		ret->offset = key->offset; /* of a semaphore, the set */
	}
	return true;
}

struct ws_reach *ws_reaches_find(const struct ws_reaches *reaches, const struct ws_reach *what)
{
	for (size_t i = reaches->n; i > 0; i--) {
		struct ws_reach *known = &reaches->list[i - 1];

		if (known->dev == what->dev && known->ino == what->ino &&
		    known->offset == what->offset && known->kind == what->kind &&
		    known->origin == what->origin)
			return known;
	}
	return NULL;
}

int ws_reaches_add(struct ws_reaches *reaches, const struct ws_reach *what, uint8_t ends,
		   enum ws_reached how)
{
	struct ws_reach *known = ws_reaches_find(reaches, what);

	if (known) {
		known->ends = how == WS_REACHED_SAID ? ends : known->ends | ends;
		known->had |= ends;
		known->made |= how == WS_REACHED_MADE;
		known->itself = true;
		return 0;
	}
	if (ws_grow(&reaches->list, &reaches->size, reaches->n + 1))
		return -ENOMEM;
	known = &reaches->list[reaches->n++];
	*known = *what;
	known->ends = known->had = ends;
	known->made = how == WS_REACHED_MADE;
	known->itself = true;
	return 0;
}

int ws_reaches_inherit(struct ws_reaches *to, const struct ws_reaches *from, bool program)
{
	size_t own = to->n;

	for (size_t i = 0; i < from->n; i++) {
		struct ws_reaches said = { to->list, own, to->size };
		struct ws_reach what = from->list[i];

		if ((program && !what.kind) || (own && ws_reaches_find(&said, &what)))
			continue;
		if (ws_grow(&to->list, &to->size, to->n + 1))
			return -ENOMEM;
		what.ends = what.had;
		what.itself = false;
		to->list[to->n++] = what;
	}
	return 0;
}

void ws_reaches_lose_memory(struct ws_reaches *reaches)
{
	size_t n = 0;

	for (size_t i = 0; i < reaches->n; i++) {
		if (reaches->list[i].kind || reaches->list[i].itself)
			reaches->list[n++] = reaches->list[i];
	}
	reaches->n = n;
}

void ws_reaches_close_inherited(struct ws_reaches *reaches)
{
	for (size_t i = 0; i < reaches->n; i++) {
		if (reaches->list[i].kind == WS_KIND_PIPE && !reaches->list[i].itself)
			reaches->list[i].ends = 0;
	}
}

void ws_reaches_open_ends(struct ws_reaches *reaches)
{
	for (size_t i = 0; i < reaches->n; i++) {
		if (reaches->list[i].kind == WS_KIND_PIPE)
			reaches->list[i].ends = reaches->list[i].had = WS_END_READS | WS_END_WRITES;
	}
}
