/* SPDX-License-Identifier: MIT */
/* feed.h: an analysis of what the messages of somebody else's graph tell, instead of one that reads
 * traces itself.
 *
 * The options are those of ws_analysis_set(), as a component's parameters: texts, numbers, and true
 * or false. The folders of the recordings, where the recorder keeps names of code and how the
 * program ended, are found by the streams' files.
 */
#ifndef WS_PLUGIN_FEED_H
#define WS_PLUGIN_FEED_H

#include <babeltrace2/babeltrace.h>

#include "analyzer/base/error.h"
#include "analyzer/public/private.h"
#include "analyzer/source/fed.h"

struct ws_feed;

/* A parameter that is a component's own. 1: it was one; 0: it is none; -EINVAL with *error set. */
typedef int ws_feed_own_param(void *user, const char *name, const bt_value *value,
			      struct ws_error *error);

/* 0 with *ret to be freed by ws_feed_free, or -ENOMEM with *error set. */
int ws_feed_new(struct ws_feed **ret, struct ws_error *error);

/* Takes the parameters: a map, of whose entries `own` (may be NULL) is asked first. 0; -EINVAL,
 * -ENOENT or -ENOMEM with *error set. */
int ws_feed_set(struct ws_feed *feed, const bt_value *params, ws_feed_own_param *own, void *user,
		struct ws_error *error);

/* The analysis; it has results after ws_feed_end. Owned by the feed. */
struct ws_analysis *ws_feed_analysis(struct ws_feed *feed);

/* The next message of the iterator, whose reference stays the caller's. 0 or a negative errno with
 * *error set. */
int ws_feed_message(struct ws_feed *feed, const bt_message *message, struct ws_error *error);

/* There are no more: analyses. As above. */
int ws_feed_end(struct ws_feed *feed, struct ws_error *error);

/* Where the messages' clock is told. */
const struct ws_fed *ws_feed_fed(const struct ws_feed *feed);

void ws_feed_free(struct ws_feed *feed); /* NULL is fine */

#endif
