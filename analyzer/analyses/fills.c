/* SPDX-License-Identifier: MIT */
/* fills.c: see fills.h. */
#include "analyzer/analyses/fills.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/analyses/all.h"
#include "analyzer/base/grow.h"
#include "tracepoints/functions.h"

/* The first length of a span: short traces are not longer than a few of them. */
#define SPAN_NS 1024ull

/* Functions that move data; msgsnd(), mq_send() and their kin move one message. */
static const char *const writers[] = { "write",   "writev",       "pwritev2",
				       "mq_send", "mq_timedsend", "msgsnd" };
static const char *const readers[] = { "read",       "readv",           "preadv2",
				       "mq_receive", "mq_timedreceive", "msgrcv" };

/* These also move data, past what the others return; of streams, all but these do: */
static const char *const past[] = { "splice", "tee", "vmsplice", "sendfile" };
static const char *const no_data[] = { "fclose", "pclose", "fflush", "fflush_unlocked" };

/* What a function does to the fill. */
enum move { NOTHING, WRITES, READS, UNSEEN };

struct fill {
	struct ws_fill pub;
	bool unknown;   /* data were moved in a way that does not say how much */
	int64_t level;  /* now: written less read, as far as seen */
	uint64_t since; /* number of the span that it is known up to */
};

struct ws_fills {
	uint8_t moves[WS_FUNCTION_COUNT]; /* enum move */
	bool begun;
	uint64_t begin_ns;
	uint64_t span_ns;
	struct fill *fills; /* Owned by this */
	size_t n, size;
};

static void set_moves(struct ws_fills *fills, const char *const *names, size_t n, enum move move)
{
	for (size_t f = 0; f < WS_FUNCTION_COUNT; f++) {
		for (size_t i = 0; i < n; i++) {
			if (strcmp(ws_functions[ws_functions[f].of].name, names[i]) == 0)
				fills->moves[f] = (uint8_t)move;
		}
	}
}

static void set_all_moves(struct ws_fills *fills)
{
	for (size_t f = 0; f < WS_FUNCTION_COUNT; f++)
		fills->moves[f] = strchr(ws_functions[f].args, 'F') ? UNSEEN : NOTHING;
	set_moves(fills, no_data, sizeof(no_data) / sizeof(no_data[0]), NOTHING);
	set_moves(fills, past, sizeof(past) / sizeof(past[0]), UNSEEN);
	set_moves(fills, writers, sizeof(writers) / sizeof(writers[0]), WRITES);
	set_moves(fills, readers, sizeof(readers) / sizeof(readers[0]), READS);
}

int ws_fills_new(const struct ws_setup *setup, struct ws_fills **ret)
{
	struct ws_fills *fills = calloc(1, sizeof(*fills));

	(void)setup;
	if (!fills)
		return -ENOMEM;
	set_all_moves(fills);
	fills->span_ns = SPAN_NS;
	*ret = fills;
	return 0;
}

void ws_fills_free(struct ws_fills *fills)
{
	if (!fills)
		return;
	free(fills->fills);
	free(fills);
}

static void raise_span(struct fill *fill, uint64_t span)
{
	uint64_t level = fill->level > 0 ? (uint64_t)fill->level : 0;

	if (level > fill->pub.spans[span])
		fill->pub.spans[span] = level;
}

/* Two spans become one, until `at_ns` is in one of them. */
static void widen(struct ws_fills *fills, uint64_t at_ns)
{
	while ((at_ns - fills->begin_ns) / fills->span_ns >= WS_FILL_SPANS) {
		for (size_t i = 0; i < fills->n; i++) {
			uint64_t *spans = fills->fills[i].pub.spans;

			for (size_t k = 0; k < WS_FILL_SPANS / 2; k++)
				spans[k] = spans[2 * k] > spans[2 * k + 1] ? spans[2 * k]
									   : spans[2 * k + 1];
			memset(spans + WS_FILL_SPANS / 2, 0, WS_FILL_SPANS / 2 * sizeof(*spans));
			fills->fills[i].since /= 2;
		}
		fills->span_ns *= 2;
	}
}

/* The level has been what it is since its last change. */
static void advance(struct ws_fills *fills, struct fill *fill, uint64_t at_ns)
{
	uint64_t span;

	widen(fills, at_ns);
	span = (at_ns - fills->begin_ns) / fills->span_ns;
	for (; fill->since < span; fill->since++)
		raise_span(fill, fill->since + 1);
}

static bool in_messages(uint8_t kind)
{
	return kind == WS_KIND_MQ || kind == WS_KIND_SYSV_MSG;
}

/* Pipes and queues have one direction; what is read of a socket was written at its other end. */
static bool is_filled(uint8_t kind)
{
	return kind == WS_KIND_PIPE || kind == WS_KIND_FIFO || in_messages(kind);
}

/* What the call names its object by: of System V its first argument, which may be 0. */
static uint64_t id_of(const struct ws_record *record)
{
	return record->call.kind == WS_KIND_SYSV_MSG && record->call.n_args
		       ? (uint32_t)record->call.args[0]
		       : record->call.object;
}

static struct fill *find(struct ws_fills *fills, const struct ws_record *record)
{
	/* The last one is the commonest; there are few. */
	for (size_t i = fills->n; i-- > 0;) {
		struct fill *fill = &fills->fills[i];

		if (fill->pub.id == id_of(record) && fill->pub.kind == record->call.kind)
			return fill;
	}
	if (ws_grow(&fills->fills, &fills->size, fills->n + 1))
		return NULL;
	fills->fills[fills->n] = (struct fill){
		.pub = { .kind = record->call.kind,
			 .id = id_of(record),
			 .in_messages = in_messages(record->call.kind) },
	};
	return &fills->fills[fills->n++];
}

static int take_record(void *context, const struct ws_record *record)
{
	struct ws_fills *fills = context;
	enum move move;
	struct fill *fill;

	if (!fills->begun)
		fills->begin_ns = record->at_ns;
	fills->begun = true;
	if (record->type != WS_RECORD_CALL || record->call.function >= WS_FUNCTION_COUNT ||
	    record->call.flags & (WS_CALL_ENTERED | WS_CALL_LEFT) || record->call.error ||
	    record->call.result < 0 || !is_filled(record->call.kind) ||
	    (!record->call.object && record->call.kind != WS_KIND_SYSV_MSG))
		return 0;
	move = fills->moves[record->call.function];
	if (move == NOTHING || (!in_messages(record->call.kind) && !record->call.result))
		return 0;
	fill = find(fills, record);
	if (!fill)
		return -ENOMEM;
	fill->unknown |= move == UNSEEN;
	if (move == UNSEEN)
		return 0;
	advance(fills, fill, record->at_ns);
	fill->level +=
		(move == WRITES ? 1 : -1) * (fill->pub.in_messages ? 1 : record->call.result);
	/* Below 0: a reader that returned before its writer, or what was not seen written. */
	if (fill->level > 0 && (uint64_t)fill->level > fill->pub.most)
		fill->pub.most = (uint64_t)fill->level;
	raise_span(fill, fill->since);
	return 0;
}

struct ws_model_observer ws_fills_observer(struct ws_fills *fills)
{
	return (struct ws_model_observer){
		.context = fills,
		.types = WS_RECORD_FIRST | WS_RECORD_BIT(WS_RECORD_CALL),
		.record = take_record,
	};
}

int ws_fills_finish(struct ws_fills *fills, const struct ws_context *context,
		    struct ws_fills_result **ret)
{
	const struct ws_tables *tables = context->tables;
	struct ws_fills_result *result = calloc(1, sizeof(*result));
	size_t n = tables->n_recordings > 1 ? 0 : fills->n;

	if (!result)
		return -ENOMEM;
	result->fills = calloc(n + 1, sizeof(*result->fills));
	if (!result->fills) {
		free(result);
		return -ENOMEM;
	}
	for (size_t i = 0; i < n; i++) {
		/* What is left in it stays until the end. */
		if (tables->end_ns > fills->begin_ns)
			advance(fills, &fills->fills[i], tables->end_ns);
	}
	for (size_t i = 0; i < n; i++) {
		struct fill *fill = &fills->fills[i];

		fill->pub.unseen = fill->level < 0 ? (uint64_t)-fill->level : 0;
		fill->pub.last = fill->level > 0 ? (uint64_t)fill->level : 0;
		if (!fill->unknown)
			result->fills[result->n++] = fill->pub;
	}
	result->span_ns = fills->span_ns;
	result->n_spans =
		(size_t)((tables->end_ns - tables->begin_ns + fills->span_ns - 1) / fills->span_ns);
	if (result->n_spans > WS_FILL_SPANS)
		result->n_spans = WS_FILL_SPANS;
	*ret = result;
	return 0;
}

void ws_fills_result_free(struct ws_fills_result *result)
{
	if (!result)
		return;
	free(result->fills);
	free(result);
}

const struct ws_fill *ws_fill_of(const struct ws_fills_result *result,
				 const struct ws_object *object)
{
	for (size_t i = 0; i < result->n; i++) {
		if (result->fills[i].kind == object->key.kind &&
		    result->fills[i].id == object->key.offset)
			return &result->fills[i];
	}
	return NULL;
}
