/* SPDX-License-Identifier: MIT */
/* mentions.h: the objects that answers refer to though no wait that counts was for them, so that
 * every id in a report says what it is.
 */
#ifndef WS_MENTIONS_H
#define WS_MENTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "analyzer/model/model.h"

struct ws_mentions;

/* One object that is referred to. */
struct ws_mention {
	const struct ws_object *object; /* Weak: owned by the model; has an id */
	const char *name;               /* Weak: lives as long as the context that made it */
};

/* 0 or -ENOMEM with *ret untouched. */
int ws_mentions_new(struct ws_mentions **ret);
void ws_mentions_free(struct ws_mentions *mentions); /* NULL is fine */

/* The report has it already: it need not be mentioned. 0 or -ENOMEM. */
int ws_mentions_skip(struct ws_mentions *mentions, const struct ws_object *object);

/* One more; one that is known already is not added again, nor one without an id. 0 or -ENOMEM. */
int ws_mentions_add(struct ws_mentions *mentions, const struct ws_object *object, const char *name);

/* True if the object is there or skipped already, or has no id. */
bool ws_mentions_has(const struct ws_mentions *mentions, const struct ws_object *object);

/* All of them by id; valid until the next is added. */
const struct ws_mention *ws_mentions_sorted(struct ws_mentions *mentions, size_t *n);

#endif
