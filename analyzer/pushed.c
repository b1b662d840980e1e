/* SPDX-License-Identifier: MIT */
/* pushed.c: see pushed.h. */
#include "analyzer/pushed.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#include "analyzer/decode/decode.h"
#include "analyzer/trace.h"

struct ws_pushed {
	const char *const *dirs; /* Weak */
	size_t n_dirs;
	struct ws_pipeline_sink sink;
	struct ws_decode_sink records; /* decode's, to `sink` */
	struct ws_store *store;        /* Owned by this, until it is the trace's */
	struct ws_decode *decode;      /* Owned by this */
	struct ws_record_batch *batch; /* Owned by this: the only one */
	bool begun;                    /* the recorder's files were looked at */
	struct ws_error *error;        /* Weak; while it is called */
};

static int empty(void *user, struct ws_record_batch **ret)
{
	struct ws_pushed *pushed = user;

	*ret = pushed->batch;
	(*ret)->n = 0;
	ws_arena_reset(&(*ret)->texts);
	return 0;
}

static int filled(void *user, struct ws_record_batch *batch)
{
	struct ws_pushed *pushed = user;

	if (!batch->n || !pushed->sink.records)
		return 0;
	return pushed->sink.records(pushed->sink.user, batch->records, batch->n, pushed->error);
}

int ws_pushed_new(const char *const *dirs, size_t n_dirs, const struct ws_pipeline_sink *sink,
		  struct ws_pushed **ret)
{
	struct ws_pushed *pushed = calloc(1, sizeof(*pushed));

	if (!pushed)
		return -ENOMEM;
	pushed->dirs = dirs;
	pushed->n_dirs = n_dirs;
	pushed->sink = *sink;
	pushed->store = ws_store_new();
	pushed->batch = calloc(1, sizeof(*pushed->batch));
	pushed->records = (struct ws_decode_sink){ pushed, empty, filled };
	if (pushed->store)
		pushed->decode = ws_decode_new(pushed->store, &pushed->records);
	if (!pushed->batch || !pushed->decode) {
		ws_pushed_free(pushed);
		return -ENOMEM;
	}
	*ret = pushed;
	return 0;
}

int ws_pushed_origin(struct ws_pushed *pushed, const char *host, uint32_t dir, int64_t shift_ns)
{
	return ws_decode_add_origin(pushed->decode, host, dir, shift_ns);
}

static int begin(struct ws_pushed *pushed)
{
	if (pushed->begun)
		return 0;
	pushed->begun = true;
	return ws_trace_read_calls(pushed->dirs, pushed->n_dirs, pushed->decode);
}

int ws_pushed_events(struct ws_pushed *pushed, const struct ws_raw *events, size_t n,
		     struct ws_error *error)
{
	int r = begin(pushed);

	pushed->error = error;
	return r ? r : ws_decode_events(pushed->decode, events, n);
}

int ws_pushed_end(struct ws_pushed *pushed, struct ws_trace **ret, struct ws_error *error)
{
	struct ws_trace *trace;
	int r = begin(pushed);

	pushed->error = error;
	if (!r)
		r = ws_trace_read_ends(pushed->dirs, pushed->n_dirs, pushed->store, pushed->decode);
	if (!r)
		r = ws_decode_finish(pushed->decode);
	if (!r)
		r = ws_trace_check(pushed->store, pushed->n_dirs ? pushed->dirs[0] : "the trace",
				   error);
	if (r)
		return r;
	trace = ws_trace_of(pushed->store);
	if (!trace)
		return -ENOMEM;
	pushed->store = NULL;
	*ret = trace;
	return 0;
}

void ws_pushed_free(struct ws_pushed *pushed)
{
	if (!pushed)
		return;
	ws_decode_free(pushed->decode);
	ws_store_free(pushed->store);
	if (pushed->batch)
		ws_arena_free(&pushed->batch->texts);
	free(pushed->batch);
	free(pushed);
}
