/* SPDX-License-Identifier: MIT */
/* meanwhile.c: see meanwhile.h. */
#include "analyzer/analyses/meanwhile.h"

#include <errno.h>
#include <stdlib.h>

/* Out of memory is an error like others: what was not added has no table. */
#define HASH_NONFATAL_OOM 1
#include <uthash.h>

#include "analyzer/analyses/all.h"

struct meanwhile {
	struct ws_meanwhile_key key;
	uint64_t ns, measured_ns;
	UT_hash_handle hh;
};

struct ws_meanwhiles {
	struct meanwhile *by_key; /* Owned by this */
};

int ws_meanwhiles_new(struct ws_meanwhiles **ret)
{
	struct ws_meanwhiles *all = calloc(1, sizeof(*all));

	if (!all)
		return -ENOMEM;
	*ret = all;
	return 0;
}

void ws_meanwhiles_free(struct ws_meanwhiles *all)
{
	struct meanwhile *one, *next;

	if (!all)
		return;
	HASH_ITER(hh, all->by_key, one, next) {
		HASH_DEL(all->by_key, one);
		free(one);
	}
	free(all);
}

static int entry_of(struct ws_meanwhiles *all, const struct ws_meanwhile_key *key,
		    struct meanwhile **ret)
{
	struct meanwhile *one;

	HASH_FIND(hh, all->by_key, key, sizeof(*key), one);
	if (!one) {
		one = calloc(1, sizeof(*one));
		if (!one)
			return -ENOMEM;
		one->key = *key;
		HASH_ADD(hh, all->by_key, key, sizeof(one->key), one);
		if (!one->hh.tbl) {
			free(one);
			return -ENOMEM;
		}
	}
	*ret = one;
	return 0;
}

int ws_meanwhiles_add(struct ws_meanwhiles *all, const struct ws_meanwhile_key *key, uint64_t ns)
{
	struct meanwhile *one;
	int r = entry_of(all, key, &one);

	if (r == 0)
		one->ns += ns;
	return r;
}

int ws_meanwhiles_measured(struct ws_meanwhiles *all, uint32_t object, uint32_t site,
			   uint64_t measured_ns, uint64_t ready_ns)
{
	struct ws_meanwhile_key key = {
		.object = object,
		.site = site,
		.what = WS_CAUSE_RUNNING,
		.for_object = WS_UNKNOWN,
		.at = WS_UNKNOWN,
	};
	struct meanwhile *running;
	int r = entry_of(all, &key, &running);

	if (r < 0)
		return r;
	running->ns -= ready_ns;
	running->measured_ns += measured_ns;
	key.what = WS_CAUSE_PREEMPTED;
	return ready_ns ? ws_meanwhiles_add(all, &key, ready_ns) : 0;
}

static uint32_t id_of(const struct ws_object *object)
{
	return object ? object->id : WS_UNKNOWN;
}

static int same_meanwhile(const struct ws_meanwhile *a, const struct ws_meanwhile *b)
{
	int order = ws_site_compare(a->site, b->site);

	if (order)
		return order;
	if (a->what != b->what)
		return a->what < b->what ? -1 : 1;
	if (a->object != b->object)
		return id_of(a->object) < id_of(b->object) ? -1 : 1;
	if (a->reads != b->reads)
		return a->reads ? 1 : -1;
	return ws_site_compare(a->at, b->at);
}

static int by_what(const void *a, const void *b)
{
	return same_meanwhile(a, b);
}

static int by_time(const void *a, const void *b)
{
	const struct ws_meanwhile *x = a, *y = b;

	if (x->ns != y->ns)
		return x->ns < y->ns ? 1 : -1;
	return same_meanwhile(x, y);
}

/* Sites are the same for people where codes are not. */
static void merge(struct ws_object_blame *object)
{
	size_t n = 0;

	if (!object->n_meanwhile)
		return;
	qsort(object->meanwhile, object->n_meanwhile, sizeof(*object->meanwhile), by_what);
	for (size_t i = 1; i < object->n_meanwhile; i++) {
		if (same_meanwhile(&object->meanwhile[n], &object->meanwhile[i]) == 0)
			object->meanwhile[n].ns += object->meanwhile[i].ns;
		else
			object->meanwhile[++n] = object->meanwhile[i];
	}
	object->n_meanwhile = n + 1;
	qsort(object->meanwhile, object->n_meanwhile, sizeof(*object->meanwhile),
	      by_time);
}

static int frame_of(const struct ws_context *context, uint32_t code, const struct ws_frame **ret)
{
	struct ws_party party;
	int r = ws_places_party(context->places, WS_UNKNOWN, code, WS_UNKNOWN, &party);

	*ret = r == 0 ? party.site : NULL;
	return r;
}

static int add_to_object(const struct ws_past *past, const struct ws_context *context,
			 const struct meanwhile *from, struct ws_object_blame *to)
{
	struct ws_meanwhile *meanwhile = &to->meanwhile[to->n_meanwhile++];
	int r;

	meanwhile->what = from->key.what;
	meanwhile->reads = from->key.reads;
	meanwhile->ns = from->ns;
	meanwhile->object = ws_past_object(past, from->key.for_object);
	to->for_thread_ns += from->ns;
	to->measured_ns += from->measured_ns;
	r = frame_of(context, from->key.site, &meanwhile->site);
	if (r == 0)
		r = frame_of(context, from->key.at, &meanwhile->at);
	if (r == 0 && meanwhile->object)
		r = ws_context_mention(context, meanwhile->object);
	return r;
}

int ws_meanwhiles_finish(const struct ws_meanwhiles *all, const struct ws_past *past,
			 const struct ws_context *context, const uint32_t *at,
			 struct ws_blame_result *result)
{
	struct meanwhile *one, *next;
	int r = 0;

	HASH_ITER(hh, all->by_key, one, next)
		result->objects[at[one->key.object]].n_meanwhile++;
	for (size_t i = 0; i < result->n_objects; i++) {
		struct ws_object_blame *object = &result->objects[i];

		object->meanwhile = calloc(object->n_meanwhile + 1, sizeof(*object->meanwhile));
		if (!object->meanwhile)
			return -ENOMEM;
		object->n_meanwhile = 0;
	}
	HASH_ITER(hh, all->by_key, one, next) {
		/* All of it may have been time without a processor. */
		if (r == 0 && (one->ns || one->measured_ns))
			r = add_to_object(past, context, one, &result->objects[at[one->key.object]]);
	}
	for (size_t i = 0; i < result->n_objects; i++)
		merge(&result->objects[i]);
	return r;
}
