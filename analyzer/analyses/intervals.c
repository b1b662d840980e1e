/* SPDX-License-Identifier: MIT */
/* intervals.c: see intervals.h. */
#include "analyzer/analyses/intervals.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/analyses/all.h"
#include "analyzer/base/grow.h"
#include "analyzer/base/map64.h"

/* A shape as numbers: what it is found by. No gaps. */
struct key {
	const struct ws_object *object; /* Weak: owned by the model */
	uint32_t site, stack;
	uint32_t thread; /* the waiter's: its place in the code is shown with it */
	struct ws_holder holder, waker;
	uint32_t end;
};
_Static_assert(sizeof(struct key) == sizeof(void *) + 10 * sizeof(uint32_t),
	       "keys are compared by their bytes");

struct ws_intervals {
	struct ws_filter filter;
	size_t max; /* of `n`; 0: nobody wants them */
	bool begun;
	uint64_t begin_ns;
	struct ws_interval *list; /* Owned by this, as all that follow */
	size_t n, size;
	struct key *keys;
	size_t n_keys, keys_size;
	struct ws_map64 by_key; /* hash, or the next free number after it -> index in `keys` */
	uint64_t short_ns;
	unsigned int shift; /* a span is 1 << shift ns */
	struct ws_interval_sum *sums;
	size_t n_sums, sums_size;
	struct ws_map64 by_span; /* thread, kind and span -> index in `sums` */
};

int ws_intervals_new(const struct ws_setup *setup, struct ws_intervals **ret)
{
	struct ws_intervals *intervals = calloc(1, sizeof(*intervals));

	if (!intervals)
		return -ENOMEM;
	intervals->filter = setup->filter;
	intervals->max = setup->intervals;
	*ret = intervals;
	return 0;
}

void ws_intervals_free(struct ws_intervals *intervals)
{
	if (!intervals)
		return;
	ws_map64_free(&intervals->by_key);
	ws_map64_free(&intervals->by_span);
	free(intervals->list);
	free(intervals->keys);
	free(intervals->sums);
	free(intervals);
}

/* FNV-1a: short, and good enough for a table that compares what it finds. */
static uint64_t hash_key(const struct key *key)
{
	const unsigned char *bytes = (const unsigned char *)key;
	uint64_t hash = 0xcbf29ce484222325ull;

	for (size_t i = 0; i < sizeof(*key); i++)
		hash = (hash ^ bytes[i]) * 0x100000001b3ull;
	return hash;
}

static int find_shape(struct ws_intervals *intervals, const struct key *key, uint32_t *ret)
{
	uint64_t hash = hash_key(key);
	uint32_t at;

	for (; ws_map64_get(&intervals->by_key, hash, &at); hash++) {
		if (memcmp(&intervals->keys[at], key, sizeof(*key)) == 0) {
			*ret = at;
			return 0;
		}
	}
	if (ws_grow(&intervals->keys, &intervals->keys_size, intervals->n_keys + 1) ||
	    ws_map64_put(&intervals->by_key, hash, (uint32_t)intervals->n_keys))
		return -ENOMEM;
	intervals->keys[intervals->n_keys] = *key;
	*ret = (uint32_t)intervals->n_keys++;
	return 0;
}

/* By thread, span, and kind or object. */
static uint64_t sum_key(const struct ws_interval_sum *sum)
{
	uint64_t what = sum->object == WS_UNKNOWN ? sum->kind : sum->object;

	return (uint64_t)sum->thread << 40 ^ what << 12 ^ sum->span;
}

static struct ws_interval_sum *find_sum(struct ws_intervals *intervals,
					const struct ws_interval_sum *like)
{
	uint64_t key = sum_key(like);
	uint32_t at;

	_Static_assert(WS_INTERVAL_SPANS <= 1u << 12, "a span is 12 bits of the key");
	if (ws_map64_get(&intervals->by_span, key, &at))
		return &intervals->sums[at];
	if (ws_grow(&intervals->sums, &intervals->sums_size, intervals->n_sums + 1) ||
	    ws_map64_put(&intervals->by_span, key, (uint32_t)intervals->n_sums))
		return NULL;
	intervals->sums[intervals->n_sums] = (struct ws_interval_sum){
		.thread = like->thread,
		.span = like->span,
		.kind = like->kind,
		.object = like->object,
	};
	return &intervals->sums[intervals->n_sums++];
}

static int add_sum(struct ws_intervals *intervals, const struct ws_interval_sum *more)
{
	struct ws_interval_sum *sum = find_sum(intervals, more);

	if (!sum)
		return -ENOMEM;
	sum->wait_ns += more->wait_ns;
	sum->waits += more->waits < UINT32_MAX - sum->waits ? more->waits : UINT32_MAX - sum->waits;
	return 0;
}

/* Makes spans long enough for `ns` after the begin to be in the last of them. */
static int widen(struct ws_intervals *intervals, uint64_t ns)
{
	unsigned int by = 0;
	struct ws_interval_sum *old;
	size_t n_old;
	int r = 0;

	while (ns >> (intervals->shift + by) >= WS_INTERVAL_SPANS)
		by++;
	if (!by)
		return 0;
	old = intervals->sums;
	n_old = intervals->n_sums;
	intervals->sums = NULL;
	intervals->n_sums = intervals->sums_size = 0;
	intervals->shift += by;
	ws_map64_clear(&intervals->by_span);
	for (size_t i = 0; i < n_old && r == 0; i++) {
		old[i].span >>= by;
		r = add_sum(intervals, &old[i]);
	}
	free(old);
	return r;
}

/* A short wait: to the sums of the spans that it is in. */
static int fold(struct ws_intervals *intervals, const struct ws_interval *wait)
{
	/* A wait begins before its record, even the first. */
	uint64_t from =
		wait->begin_ns > intervals->begin_ns ? wait->begin_ns - intervals->begin_ns : 0;
	uint64_t to = wait->end_ns > intervals->begin_ns ? wait->end_ns - intervals->begin_ns : 0;
	uint64_t early = wait->end_ns - wait->begin_ns - (to - from);
	const struct ws_object *object = intervals->keys[wait->shape].object;
	struct ws_interval_sum sum = {
		.thread = wait->thread,
		.waits = 1,
		.kind = object->key.kind,
		.object = intervals->filter.n_objects ? object->id : WS_UNKNOWN,
	};
	int r = widen(intervals, to);

	for (bool more = true; more && r == 0;) {
		uint64_t next;

		sum.span = (uint32_t)(from >> intervals->shift);
		next = ((uint64_t)sum.span + 1) << intervals->shift;
		more = to > next;
		sum.wait_ns = (more ? next : to) - from + early;
		r = add_sum(intervals, &sum);
		sum.waits = 0;
		early = 0;
		from = next;
	}
	return r;
}

static int by_number(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* Folds the shorter half of what is kept, and all that come and are as short. */
static int fold_half(struct ws_intervals *intervals)
{
	uint64_t *lengths = malloc(intervals->n * sizeof(*lengths));
	size_t kept = 0;
	int r = 0;

	if (!lengths)
		return -ENOMEM;
	for (size_t i = 0; i < intervals->n; i++)
		lengths[i] = intervals->list[i].end_ns - intervals->list[i].begin_ns;
	qsort(lengths, intervals->n, sizeof(*lengths), by_number);
	intervals->short_ns = lengths[intervals->n / 2] + 1;
	free(lengths);
	for (size_t i = 0; i < intervals->n && r == 0; i++) {
		const struct ws_interval *wait = &intervals->list[i];

		if (wait->end_ns - wait->begin_ns < intervals->short_ns)
			r = fold(intervals, wait);
		else
			intervals->list[kept++] = *wait;
	}
	intervals->n = kept;
	return r;
}

/* Who held it last, who let it go, and when. */
static void find_blockers(const struct ws_wait *wait, struct key *key, struct ws_interval *interval)
{
	const struct ws_wake *waker = wait->waker;

	if (waker) {
		uint64_t ago = wait->end_ns > waker->at_ns ? wait->end_ns - waker->at_ns : 0;

		key->waker = (struct ws_holder){ waker->thread, waker->site, waker->stack };
		interval->wake_ns = ago < UINT32_MAX ? (uint32_t)ago : UINT32_MAX;
	}
	for (size_t i = wait->n_pieces; i-- > 0 && key->holder.thread == WS_UNKNOWN;)
		key->holder = wait->pieces[i].holder;
}

static int take_record(void *context, const struct ws_record *record)
{
	struct ws_intervals *intervals = context;

	if (!intervals->begun)
		intervals->begin_ns = record->at_ns;
	intervals->begun = true;
	return 0;
}

static int take_wait(void *context, const struct ws_wait *wait)
{
	struct ws_intervals *intervals = context;
	struct key key = {
		.object = wait->object,
		.site = wait->site,
		.stack = wait->stack,
		.thread = wait->thread,
		.holder = { WS_UNKNOWN, WS_UNKNOWN, WS_UNKNOWN },
		.waker = { WS_UNKNOWN, WS_UNKNOWN, WS_UNKNOWN },
	};
	struct ws_interval interval = {
		.begin_ns = wait->begin_ns,
		.end_ns = wait->end_ns,
		.thread = wait->thread,
	};
	int r;

	if (!ws_filter_wait(&intervals->filter, intervals->begin_ns, wait))
		return 0;
	key.end = wait->state == WS_WAIT_OPEN   ? WS_INTERVAL_OPEN
		  : wait->state == WS_WAIT_LOST ? WS_INTERVAL_LOST
						: wait->outcome;
	find_blockers(wait, &key, &interval);
	r = find_shape(intervals, &key, &interval.shape);
	if (r < 0)
		return r;
	if (interval.end_ns - interval.begin_ns < intervals->short_ns)
		return fold(intervals, &interval);
	if (intervals->n == intervals->max)
		r = fold_half(intervals);
	if (r < 0)
		return r;
	if (interval.end_ns - interval.begin_ns < intervals->short_ns)
		return fold(intervals, &interval);
	if (ws_grow(&intervals->list, &intervals->size, intervals->n + 1))
		return -ENOMEM;
	intervals->list[intervals->n++] = interval;
	return 0;
}

struct ws_model_observer ws_intervals_observer(struct ws_intervals *intervals)
{
	if (!intervals->max)
		return (struct ws_model_observer){ 0 };
	return (struct ws_model_observer){
		.context = intervals,
		.types = WS_RECORD_FIRST,
		.record = take_record,
		.wait = take_wait,
	};
}

#define COMPARE(a, b)                                                                              \
	do {                                                                                       \
		if ((a) != (b))                                                                    \
			return (a) < (b) ? -1 : 1;                                                 \
	} while (0)

static int by_thread(const void *left, const void *right)
{
	const struct ws_interval *a = left, *b = right;

	COMPARE(a->thread, b->thread);
	COMPARE(a->begin_ns, b->begin_ns);
	COMPARE(b->end_ns, a->end_ns);
	COMPARE(a->shape, b->shape);
	return 0;
}

static int sum_by_thread(const void *left, const void *right)
{
	const struct ws_interval_sum *a = left, *b = right;

	COMPARE(a->thread, b->thread);
	COMPARE(a->span, b->span);
	COMPARE(a->kind, b->kind);
	return 0;
}

/* What --pid, --tid and --object leave. */
static void drop_filtered(struct ws_intervals *intervals, const struct ws_context *context)
{
	const struct ws_tables *tables = context->tables;
	size_t kept = 0;

	for (size_t i = 0; i < intervals->n; i++) {
		const struct ws_interval *wait = &intervals->list[i];

		if (ws_filter_thread(&intervals->filter, tables, wait->thread) &&
		    ws_contention_counts(context->contention,
					 intervals->keys[wait->shape].object->id))
			intervals->list[kept++] = *wait;
	}
	intervals->n = kept;
	kept = 0;
	for (size_t i = 0; i < intervals->n_sums; i++) {
		struct ws_interval_sum *sum = &intervals->sums[i];

		if (!ws_filter_thread(&intervals->filter, tables, sum->thread) ||
		    (sum->object != WS_UNKNOWN &&
		     !ws_contention_counts(context->contention, sum->object)))
			continue;
		sum->object = WS_UNKNOWN;
		intervals->sums[kept++] = *sum;
	}
	intervals->n_sums = kept;
}

/* In order, those that objects had kept apart as one. */
static void merge_sums(struct ws_intervals *intervals)
{
	size_t n = 0;

	if (!intervals->n_sums)
		return;
	qsort(intervals->sums, intervals->n_sums, sizeof(*intervals->sums), sum_by_thread);
	for (size_t i = 1; i < intervals->n_sums; i++) {
		const struct ws_interval_sum *more = &intervals->sums[i];
		struct ws_interval_sum *sum = &intervals->sums[n];

		if (sum_by_thread(sum, more) != 0) {
			intervals->sums[++n] = *more;
			continue;
		}
		sum->wait_ns += more->wait_ns;
		sum->waits +=
			more->waits < UINT32_MAX - sum->waits ? more->waits : UINT32_MAX - sum->waits;
	}
	intervals->n_sums = n + 1;
}

static int make_shapes(const struct ws_intervals *intervals, const struct ws_context *context,
		       struct ws_interval_shape *shapes)
{
	int r = 0;

	for (size_t i = 0; i < intervals->n_keys && r == 0; i++) {
		const struct key *key = &intervals->keys[i];

		shapes[i].object = key->object;
		shapes[i].end = (uint8_t)key->end;
		r = ws_places_party(context->places, key->thread, key->site, key->stack,
				    &shapes[i].waiter);
		if (r == 0)
			r = ws_places_party(context->places, key->holder.thread, key->holder.site,
					    key->holder.stack, &shapes[i].holder);
		if (r == 0)
			r = ws_places_party(context->places, key->waker.thread, key->waker.site,
					    key->waker.stack, &shapes[i].waker);
	}
	return r;
}

int ws_intervals_finish(struct ws_intervals *intervals, const struct ws_context *context,
			struct ws_intervals_result **ret)
{
	struct ws_intervals_result *result = calloc(1, sizeof(*result));
	int r = 0;

	if (!result)
		return -ENOMEM;
	drop_filtered(intervals, context);
	if (intervals->n)
		qsort(intervals->list, intervals->n, sizeof(*intervals->list), by_thread);
	merge_sums(intervals);
	result->list = intervals->list;
	result->n = intervals->n;
	result->sums = intervals->sums;
	result->n_sums = intervals->n_sums;
	result->short_ns = intervals->short_ns;
	result->begin_ns = context->tables->begin_ns;
	for (size_t i = 0; i < intervals->n; i++) {
		if (intervals->list[i].begin_ns < result->begin_ns)
			result->begin_ns = intervals->list[i].begin_ns;
	}
	result->span_ns = UINT64_C(1) << intervals->shift;
	result->n_shapes = intervals->n_keys;
	if (intervals->n_keys) {
		result->shapes = calloc(intervals->n_keys, sizeof(*result->shapes));
		r = result->shapes ? make_shapes(intervals, context, result->shapes) : -ENOMEM;
	}
	if (r < 0) {
		ws_intervals_result_free(result);
		return r;
	}
	*ret = result;
	return 0;
}

void ws_intervals_result_free(struct ws_intervals_result *result)
{
	if (!result)
		return;
	free(result->shapes);
	free(result);
}
