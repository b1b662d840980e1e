/* SPDX-License-Identifier: MIT */
/* mentions.c: see mentions.h. */
#include "analyzer/analyses/mentions.h"

#include <errno.h>
#include <stdlib.h>

#include "analyzer/base/grow.h"

struct ws_mentions {
	struct ws_mention *list; /* Owned by this */
	size_t n, size;
	bool *known; /* Owned by this: by id */
	size_t known_size;
};

int ws_mentions_new(struct ws_mentions **ret)
{
	struct ws_mentions *mentions = calloc(1, sizeof(*mentions));

	if (!mentions)
		return -ENOMEM;
	*ret = mentions;
	return 0;
}

void ws_mentions_free(struct ws_mentions *mentions)
{
	if (!mentions)
		return;
	free(mentions->list);
	free(mentions->known);
	free(mentions);
}

bool ws_mentions_has(const struct ws_mentions *mentions, const struct ws_object *object)
{
	return object->id == WS_UNKNOWN ||
	       (object->id < mentions->known_size && mentions->known[object->id]);
}

int ws_mentions_skip(struct ws_mentions *mentions, const struct ws_object *object)
{
	if (ws_mentions_has(mentions, object))
		return 0;
	if (ws_grow(&mentions->known, &mentions->known_size, (size_t)object->id + 1))
		return -ENOMEM;
	mentions->known[object->id] = true;
	return 0;
}

int ws_mentions_add(struct ws_mentions *mentions, const struct ws_object *object, const char *name)
{
	if (ws_mentions_has(mentions, object))
		return 0;
	if (ws_grow(&mentions->list, &mentions->size, mentions->n + 1) ||
	    ws_mentions_skip(mentions, object) < 0)
		return -ENOMEM;
	mentions->list[mentions->n++] = (struct ws_mention){ object, name };
	return 0;
}

static int by_id(const void *a, const void *b)
{
	const struct ws_mention *x = a, *y = b;

	return (x->object->id > y->object->id) - (x->object->id < y->object->id);
}

const struct ws_mention *ws_mentions_sorted(struct ws_mentions *mentions, size_t *n)
{
	if (mentions->n)
		qsort(mentions->list, mentions->n, sizeof(*mentions->list), by_id);
	*n = mentions->n;
	return mentions->list;
}
