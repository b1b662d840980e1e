/* SPDX-License-Identifier: MIT */
/* matching_objects.c: which objects of two builds are the same, see matching.h. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Out of memory is an error like others: what was not added has no table. */
#define HASH_NONFATAL_OOM 1
#include <uthash.h>

#include "analyzer/analyses/matching_private.h"

/* A key, and the number of what has it. */
struct known {
	char *key; /* Owned by this */
	uint32_t number;
	UT_hash_handle hh;
};

static const struct ws_digest_object *object_of(const struct entry *entry)
{
	return &entry->digest->objects[entry->place.index];
}

static const uint32_t *sites_of(const struct matcher *m, int side, const struct entry *entry)
{
	return m->made->runs[side][entry->place.run].sites;
}

/* True if some line waited for both. */
static bool share_use(const struct matcher *m, int side, const struct entry *x, int other,
		      const struct entry *y)
{
	const struct ws_digest_object *a = object_of(x), *b = object_of(y);
	const uint32_t *sites_a = sites_of(m, side, x), *sites_b = sites_of(m, other, y);

	if (a->kind != b->kind)
		return false;
	if (a->how == WS_IDENTITY_USE && b->how == WS_IDENTITY_USE && a->site != WS_UNKNOWN &&
	    b->site != WS_UNKNOWN && sites_a[a->site] == sites_b[b->site])
		return true;
	for (size_t i = 0; i < a->n_waiters; i++)
		for (size_t k = 0; k < b->n_waiters; k++)
			if (a->waiters[i].site != WS_UNKNOWN && b->waiters[k].site != WS_UNKNOWN &&
			    sites_a[a->waiters[i].site] == sites_b[b->waiters[k].site])
				return true;
	return false;
}

static int collect_objects(struct matcher *m, int side)
{
	const struct ws_side *from = &m->sides[side];
	size_t n = 0;

	for (size_t i = 0; i < from->n; i++)
		n += from->runs[i]->n_objects;
	m->objects[side] = calloc(n + 1, sizeof(*m->objects[side]));
	if (!m->objects[side])
		return -ENOMEM;
	for (uint32_t i = 0; i < from->n; i++) {
		for (uint32_t k = 0; k < from->runs[i]->n_objects; k++)
			m->objects[side][m->n_objects[side]++] = (struct entry){
				.digest = from->runs[i],
				.module =
					ws_match_module(m, side, from->runs[i]->objects[k].module),
				.place = { i, k },
				.number = WS_UNKNOWN,
			};
	}
	return 0;
}

/* Puts the entry into the group, which is described by the first of each side. */
static void put(struct matcher *m, int side, struct entry *entry, uint32_t number)
{
	struct ws_matched *group = &m->made->objects[number];

	entry->number = number;
	if (group->at[side].run == WS_UNKNOWN)
		group->at[side] = entry->place;
}

static uint32_t new_group(struct ws_matching *made)
{
	made->objects[made->n_objects] =
		(struct ws_matched){ .at = { { WS_UNKNOWN, WS_UNKNOWN },
					     { WS_UNKNOWN, WS_UNKNOWN } } };
	return (uint32_t)made->n_objects++;
}

/* The key as one text. NULL: out of memory. */
static char *key_of(const struct matcher *m, int side, const struct entry *entry)
{
	const struct ws_digest_object *object = object_of(entry);
	uint32_t site = ws_matched_number(sites_of(m, side, entry), object->site);
	char *key;

	/* A character that no name has parts them. */
	return asprintf(&key, "%u\n%u\n%s\n%s\n%" PRIu32, object->kind, object->how, entry->module,
			object->label, site) < 0
		       ? NULL
		       : key;
}

/* Equal keys, on both sides and in all runs. 0 or -ENOMEM. */
static int match_keys(struct matcher *m)
{
	struct known *known = NULL, *one, *next;
	int r = 0;

	for (int side = 0; side < WS_SIDES && r == 0; side++) {
		for (size_t i = 0; i < m->n_objects[side] && r == 0; i++) {
			struct entry *entry = &m->objects[side][i];
			char *key = key_of(m, side, entry);

			one = NULL;
			if (key)
				HASH_FIND_STR(known, key, one);
			if (one) {
				free(key);
				put(m, side, entry, one->number);
				continue;
			}
			one = key ? calloc(1, sizeof(*one)) : NULL;
			if (!one) {
				free(key);
				r = -ENOMEM;
				break;
			}
			one->key = key;
			one->number = new_group(m->made);
			put(m, side, entry, one->number);
			HASH_ADD_KEYPTR(hh, known, one->key, strlen(one->key), one);
			if (!one->hh.tbl) {
				free(one->key);
				free(one);
				r = -ENOMEM;
			}
		}
	}
	HASH_ITER(hh, known, one, next) {
		HASH_DEL(known, one);
		free(one->key);
		free(one);
	}
	return r;
}

/* True if the group is to be compared by where it is used: it has no key, or is on one side only.
 */
static bool is_loose(const struct matcher *m, const struct entry *entry)
{
	const struct ws_matched *group = &m->made->objects[entry->number];

	if (object_of(entry)->how == WS_IDENTITY_USE || !m->by_use)
		return object_of(entry)->how == WS_IDENTITY_USE;
	return group->at[WS_BEFORE].run == WS_UNKNOWN || group->at[WS_AFTER].run == WS_UNKNOWN;
}

static uint32_t root_of(uint32_t *roots, uint32_t i)
{
	while (roots[i] != i)
		i = roots[i] = roots[roots[i]];
	return i;
}

/* Two loose groups are one if a line used both; of those that have keys, only one of each side. */
static void join_by_use(struct matcher *m, uint32_t *roots)
{
	for (int side = 0; side < WS_SIDES; side++) {
		for (size_t i = 0; i < m->n_objects[side]; i++) {
			const struct entry *x = &m->objects[side][i];

			if (!is_loose(m, x))
				continue;
			for (int other = 0; other <= side; other++) {
				size_t n = other == side ? i : m->n_objects[other];

				for (size_t k = 0; k < n; k++) {
					const struct entry *y = &m->objects[other][k];
					bool any_key = object_of(x)->how != WS_IDENTITY_USE ||
						       object_of(y)->how != WS_IDENTITY_USE;
					uint32_t a = root_of(roots, x->number),
						 b = root_of(roots, y->number);

					if (a == b || !is_loose(m, y) ||
					    (any_key && side == other) ||
					    !share_use(m, side, x, other, y))
						continue;
					roots[a > b ? a : b] = a > b ? b : a;
				}
			}
		}
	}
}

/* Gives the groups that were joined one number, and closes the gaps. */
static int renumber(struct matcher *m, uint32_t *roots)
{
	struct ws_matching *made = m->made;
	uint32_t *number = calloc(made->n_objects + 1, sizeof(*number));
	size_t n = 0;

	if (!number)
		return -ENOMEM;
	for (uint32_t i = 0; i < made->n_objects; i++) {
		uint32_t root = root_of(roots, i);
		struct ws_matched *to;

		if (root == i) {
			number[i] = (uint32_t)n;
			made->objects[n++] = made->objects[i];
			continue;
		}
		number[i] = number[root]; /* lower, so known */
		to = &made->objects[number[i]];
		to->by_use = true;
		for (int side = 0; side < WS_SIDES; side++)
			if (to->at[side].run == WS_UNKNOWN)
				to->at[side] = made->objects[i].at[side];
	}
	made->n_objects = n;
	for (int side = 0; side < WS_SIDES; side++) {
		for (size_t i = 0; i < m->n_objects[side]; i++) {
			const struct entry *entry = &m->objects[side][i];

			made->runs[side][entry->place.run].objects[entry->place.index] =
				number[entry->number];
		}
	}
	free(number);
	return 0;
}

int ws_match_objects(struct matcher *m)
{
	struct ws_matching *made = m->made;
	uint32_t *roots;
	int r = collect_objects(m, WS_BEFORE);

	if (r == 0)
		r = collect_objects(m, WS_AFTER);
	if (r < 0)
		return r;
	made->objects = calloc(m->n_objects[WS_BEFORE] + m->n_objects[WS_AFTER] + 1,
			       sizeof(*made->objects));
	if (!made->objects)
		return -ENOMEM;
	r = match_keys(m);
	if (r < 0)
		return r;
	roots = calloc(made->n_objects + 1, sizeof(*roots));
	if (!roots)
		return -ENOMEM;
	for (uint32_t i = 0; i < made->n_objects; i++)
		roots[i] = i;
	join_by_use(m, roots);
	r = renumber(m, roots);
	free(roots);
	return r;
}
