/* SPDX-License-Identifier: MIT */
/* feed.c: see feed.h. */
#include "analyzer/plugin/feed.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/decode/run_file.h"
#include "analyzer/decode/symbols.h"
#include "analyzer/pushed.h"

struct ws_feed {
	struct ws_analysis *analysis; /* Owned by this, as all that follow */
	struct ws_fed *fed;
	struct ws_pushed *pushed; /* NULL: no event came yet */
	struct ws_error *error;   /* Weak; while it is called */
};

static int on_begin(void *user)
{
	struct ws_feed *feed = user;
	const char *const *dirs = ws_fed_dirs(feed->fed);
	size_t n = ws_fed_n_dirs(feed->fed);
	struct ws_pipeline_sink sink;
	int r = 0;

	for (size_t i = 0; i < n && r == 0; i++)
		r = ws_analysis_add_trace(feed->analysis, dirs[i]);
	if (r == 0)
		r = ws_analysis_feed_begin(feed->analysis, &sink);
	if (r < 0)
		return ws_error_set(feed->error, r, "%s", ws_analysis_error(feed->analysis));
	return ws_pushed_new(dirs, n, &sink, &feed->pushed);
}

static int on_origin(void *user, const char *host, uint32_t dir, int64_t shift_ns)
{
	struct ws_feed *feed = user;

	return ws_pushed_origin(feed->pushed, host, dir, shift_ns);
}

static int on_events(void *user, const struct ws_raw *events, size_t n)
{
	struct ws_feed *feed = user;

	return ws_pushed_events(feed->pushed, events, n, feed->error);
}

/* The value as text; "": it is none. */
static void text_of(const bt_value *value, char *text, size_t size)
{
	switch (bt_value_get_type(value)) {
	case BT_VALUE_TYPE_STRING:
		snprintf(text, size, "%s", bt_value_string_get(value));
		break;
	case BT_VALUE_TYPE_UNSIGNED_INTEGER:
		snprintf(text, size, "%" PRIu64, bt_value_integer_unsigned_get(value));
		break;
	case BT_VALUE_TYPE_SIGNED_INTEGER:
		snprintf(text, size, "%" PRId64, bt_value_integer_signed_get(value));
		break;
	case BT_VALUE_TYPE_BOOL:
		snprintf(text, size, "%s", bt_value_bool_get(value) ? "yes" : "no");
		break;
	default:
		text[0] = '\0';
	}
}

/* What the parameters are read with. */
struct params {
	struct ws_feed *feed;
	ws_feed_own_param *own; /* NULL: there are none */
	void *user;
	struct ws_error *error;
	int result;
};

/* Sets an option, or each of a list of values. */
static int set(struct params *p, const char *name, const bt_value *value)
{
	char text[4096];
	int r = 0;

	if (bt_value_is_array(value)) {
		for (uint64_t i = 0; i < bt_value_array_get_length(value) && r == 0; i++)
			r = set(p, name, bt_value_array_borrow_element_by_index_const(value, i));
		return r;
	}
	text_of(value, text, sizeof(text));
	r = ws_analysis_set(p->feed->analysis, name, text);
	if (r < 0)
		ws_error_set(p->error, r, "parameter `%s`: %s", name,
			     ws_analysis_error(p->feed->analysis));
	return r;
}

static bt_value_map_foreach_entry_const_func_status take(const char *name, const bt_value *value,
							 void *user)
{
	struct params *p = user;

	p->result = p->own ? p->own(p->user, name, value, p->error) : 0;
	if (p->result == 0)
		p->result = set(p, name, value);
	return p->result < 0 ? BT_VALUE_MAP_FOREACH_ENTRY_CONST_FUNC_STATUS_ERROR
			     : BT_VALUE_MAP_FOREACH_ENTRY_CONST_FUNC_STATUS_OK;
}

int ws_feed_new(struct ws_feed **ret, struct ws_error *error)
{
	struct ws_feed *feed = calloc(1, sizeof(*feed));
	static const char *const marks[] = { WS_RUN_FILE, WS_SYMBOLS_FILE, NULL };
	const struct ws_fed_sink sink = { .user = feed,
					  .marks = marks,
					  .begin = on_begin,
					  .origin = on_origin,
					  .events = on_events };

	if (!feed || ws_analysis_new(&feed->analysis) < 0 || ws_fed_new(&sink, &feed->fed) < 0) {
		ws_feed_free(feed);
		return ws_error_set(error, -ENOMEM, "memory is out");
	}
	*ret = feed;
	return 0;
}

int ws_feed_set(struct ws_feed *feed, const bt_value *params, ws_feed_own_param *own, void *user,
		struct ws_error *error)
{
	struct params p = { .feed = feed, .own = own, .user = user, .error = error };

	(void)bt_value_map_foreach_entry_const(params, take, &p);
	if (p.result < 0)
		bt_current_thread_clear_error(); /* ours says more */
	return p.result < 0 ? p.result : 0;
}

struct ws_analysis *ws_feed_analysis(struct ws_feed *feed)
{
	return feed->analysis;
}

const struct ws_fed *ws_feed_fed(const struct ws_feed *feed)
{
	return feed->fed;
}

static int failed(struct ws_feed *feed, int r)
{
	if (r < 0)
		ws_error_set(feed->error, r, "%s", strerror(-r));
	return r;
}

int ws_feed_message(struct ws_feed *feed, const bt_message *message, struct ws_error *error)
{
	feed->error = error;
	return failed(feed, ws_fed_message(feed->fed, message, error));
}

int ws_feed_end(struct ws_feed *feed, struct ws_error *error)
{
	struct ws_trace *trace;
	int r;

	feed->error = error;
	r = ws_fed_end(feed->fed, error);
	if (r == 0)
		r = ws_pushed_end(feed->pushed, &trace, error);
	if (r == 0) {
		r = ws_analysis_feed_end(feed->analysis, trace);
		if (r < 0)
			ws_error_set(error, r, "%s", ws_analysis_error(feed->analysis));
	}
	return failed(feed, r);
}

void ws_feed_free(struct ws_feed *feed)
{
	if (!feed)
		return;
	ws_pushed_free(feed->pushed);
	ws_fed_free(feed->fed);
	ws_analysis_free(feed->analysis);
	free(feed);
}
