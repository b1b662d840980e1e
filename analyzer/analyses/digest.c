/* SPDX-License-Identifier: MIT */
/* digest.c: what a digest is and how its parts compare, see digest.h; digest_make.c makes one. */
#include "analyzer/analyses/digest.h"

#include <stdlib.h>
#include <string.h>

struct ws_digest *ws_digest_new(void)
{
	struct ws_digest *digest = calloc(1, sizeof(*digest));

	if (digest) {
		digest->path = "";
		digest->busy = -1;
	}
	return digest;
}

static void free_uses(struct ws_digest_use *uses, size_t n)
{
	for (size_t i = 0; i < n; i++)
		ws_histogram_free(&uses[i].waits);
	free(uses);
}

void ws_digest_free(struct ws_digest *digest)
{
	if (!digest)
		return;
	for (size_t i = 0; i < digest->n_objects; i++) {
		struct ws_digest_object *object = &digest->objects[i];

		ws_histogram_free(&object->waits);
		free_uses(object->waiters, object->n_waiters);
		free_uses(object->holders, object->n_holders);
	}
	for (size_t i = 0; i < digest->n_findings; i++)
		free(digest->findings[i].objects);
	for (size_t i = 0; i < digest->n_deadlocks; i++)
		free(digest->deadlocks[i].cycle);
	free(digest->modules);
	free(digest->sites);
	free(digest->objects);
	free(digest->edges);
	free(digest->findings);
	free(digest->deadlocks);
	ws_arena_free(&digest->strings);
	free(digest);
}

enum ws_class ws_digest_class(const struct ws_digest_object *object)
{
	enum ws_class most = WS_CLASS_CONTENTION;

	for (enum ws_class class = 0; class < WS_CLASS_COUNT; class ++)
		if (object->by_class[class] > object->by_class[most])
			most = class;
	return most;
}

bool ws_digest_lacks(const struct ws_digest *digest)
{
	return digest->lost_events || digest->lost_packets || digest->uncertain_waits;
}

int ws_digest_site_compare(const struct ws_digest_site *a, const struct ws_digest_site *b)
{
	int c = strcmp(a->module, b->module);

	if (!c)
		c = strcmp(a->function, b->function);
	if (!c)
		c = strcmp(ws_base_name(a->file), ws_base_name(b->file));
	if (!c)
		c = (a->line > b->line) - (a->line < b->line);
	if (!c)
		c = (a->offset > b->offset) - (a->offset < b->offset);
	return c ? c : strcmp(a->file, b->file);
}

int ws_digest_object_compare(const struct ws_digest *a, const struct ws_digest_object *x,
			     const struct ws_digest *b, const struct ws_digest_object *y)
{
	int c = (x->kind > y->kind) - (x->kind < y->kind);

	if (!c)
		c = (x->how > y->how) - (x->how < y->how);
	if (!c)
		c = strcmp(x->module, y->module);
	if (!c)
		c = strcmp(x->label, y->label);
	if (c || x->site == y->site)
		return c ? c : 0;
	if (x->site == WS_UNKNOWN || y->site == WS_UNKNOWN)
		return x->site == WS_UNKNOWN ? 1 : -1;
	return ws_digest_site_compare(&a->sites[x->site], &b->sites[y->site]);
}
