/* SPDX-License-Identifier: MIT */
/* groupings.c: see groupings.h. */
#include "analyzer/analyses/groupings.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/analyses/all.h"
#include "analyzer/base/grow.h"
#include "analyzer/base/words.h"

struct ws_groupings {
	struct ws_setup setup;
};

/* The part of one share that one group gets. */
struct piece {
	const struct ws_share *share;
	size_t object;    /* its place in contention's */
	uint32_t process; /* the waiter's, or WS_UNKNOWN */
	uint8_t kind;
};

struct builder {
	const struct ws_context *context;
	struct ws_groupings_result *result;
	enum ws_group_by by;
	size_t groups_size;
};

#define BY_WORD(sym, word) [WS_GROUPED_##sym] = #word,
static const char *const by_words[] = { WS_GROUPED(BY_WORD) };
#define SORT_WORD(sym, word) [WS_SORT_##sym] = #word,
static const char *const sort_words[] = { WS_SORTS(SORT_WORD) };

const char *ws_group_by_word(enum ws_group_by by)
{
	return by < WS_GROUPED_COUNT ? by_words[by] : NULL;
}

const char *ws_sort_word(enum ws_sort sort)
{
	return sort < WS_SORT_COUNT ? sort_words[sort] : NULL;
}

int ws_group_by_of_word(const char *word, enum ws_group_by *ret)
{
	for (enum ws_group_by i = 0; i < WS_GROUPED_COUNT; i++) {
		if (strcmp(word, by_words[i]) == 0) {
			*ret = i;
			return 0;
		}
	}
	return -EINVAL;
}

int ws_sort_of_word(const char *word, enum ws_sort *ret)
{
	for (enum ws_sort i = 0; i < WS_SORT_COUNT; i++) {
		if (strcmp(word, sort_words[i]) == 0) {
			*ret = i;
			return 0;
		}
	}
	return -EINVAL;
}

int ws_groupings_new(const struct ws_setup *setup, struct ws_groupings **ret)
{
	struct ws_groupings *groupings = calloc(1, sizeof(*groupings));

	if (!groupings)
		return -ENOMEM;
	groupings->setup = *setup;
	*ret = groupings;
	return 0;
}

void ws_groupings_free(struct ws_groupings *groupings)
{
	free(groupings);
}

/* Contention hears of the waits. */
struct ws_model_observer ws_groupings_observer(struct ws_groupings *groupings)
{
	(void)groupings;
	return (struct ws_model_observer){ 0 };
}

/* --- orders --- */

/* The number that `sort` is about, of all but names. */
static uint64_t number_of(const struct ws_histogram *waits, enum ws_sort sort)
{
	switch (sort) {
	case WS_SORT_WAITS:
		return waits->count;
	case WS_SORT_MEAN:
		return ws_histogram_mean(waits);
	case WS_SORT_P50:
		return ws_histogram_quantile(waits, 500);
	case WS_SORT_P95:
		return ws_histogram_quantile(waits, 950);
	case WS_SORT_P99:
		return ws_histogram_quantile(waits, 990);
	case WS_SORT_MAX:
		return waits->max;
	default:
		return waits->total;
	}
}

static int compare(enum ws_sort sort, const struct ws_histogram *a, const char *a_name,
		   const struct ws_histogram *b, const char *b_name)
{
	if (sort != WS_SORT_NAME) {
		uint64_t x = number_of(a, sort), y = number_of(b, sort);

		if (x != y)
			return x < y ? 1 : -1;
		if (a->total != b->total)
			return a->total < b->total ? 1 : -1;
	}
	return strcmp(a_name, b_name);
}

/* For qsort_r. */
struct order {
	const struct ws_contention_result *contention;
	enum ws_sort sort;
};

static int by_object(const void *left, const void *right, void *context)
{
	const struct order *order = context;
	const size_t a = *(const size_t *)left, b = *(const size_t *)right;
	const struct ws_object_contention *x = &order->contention->objects[a];
	const struct ws_object_contention *y = &order->contention->objects[b];
	int c = compare(order->sort, &x->waits, x->name, &y->waits, y->name);

	return c ? c : (a > b) - (a < b);
}

static int by_group(const void *left, const void *right, void *context)
{
	const struct order *order = context;
	const struct ws_group *x = left, *y = right;
	int c = compare(order->sort, &x->waits, x->name, &y->waits, y->name);

	if (c)
		return c;
	if (x->thread != y->thread)
		return x->thread < y->thread ? -1 : 1;
	if (x->process != y->process)
		return x->process < y->process ? -1 : 1;
	return (x->most > y->most) - (x->most < y->most);
}

static int sort_objects(const struct ws_setup *setup, const struct ws_context *context,
			struct ws_groupings_result *result)
{
	struct order order = { context->contention, setup->sort };
	size_t n = context->contention->n_objects;

	result->order = malloc((n + 1) * sizeof(*result->order));
	if (!result->order)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		result->order[i] = i;
	if (setup->is_sorted)
		qsort_r(result->order, n, sizeof(*result->order), by_object, &order);
	return 0;
}

/* --- groups --- */

/* Which group a piece is of. */
static int compare_pieces(const struct piece *x, const struct piece *y, enum ws_group_by by)
{
	uint32_t a, b;

	switch (by) {
	case WS_GROUPED_SITE:
		return ws_site_compare(x->share->party.site, y->share->party.site);
	case WS_GROUPED_OBJECT:
		return (x->object > y->object) - (x->object < y->object);
	case WS_GROUPED_THREAD:
		a = x->share->party.thread;
		b = y->share->party.thread;
		break;
	case WS_GROUPED_PROCESS:
		a = x->process;
		b = y->process;
		break;
	default: /* WS_GROUPED_KIND */
		a = x->kind;
		b = y->kind;
		break;
	}
	return (a > b) - (a < b);
}

/* By group, then object, then thread. */
static int by_piece(const void *left, const void *right, void *context)
{
	const struct piece *x = left, *y = right;
	int c = compare_pieces(x, y, *(const enum ws_group_by *)context);

	if (c)
		return c;
	if (x->object != y->object)
		return x->object < y->object ? -1 : 1;
	if (x->share->party.thread != y->share->party.thread)
		return x->share->party.thread < y->share->party.thread ? -1 : 1;
	return (x->share > y->share) - (x->share < y->share);
}

/* "get() cache.c:97" */
static void set_site(char *text, size_t size, const struct ws_frame *site)
{
	size_t n = 0;

	if (!site) {
		snprintf(text, size, "unknown");
		return;
	}
	if (site->function)
		n = (size_t)snprintf(text, size, "%.*s() ", (int)ws_function_length(site->function),
				     site->function);
	if (n >= size)
		return;
	if (site->file && site->line)
		snprintf(text + n, size - n, "%s:%" PRIu32, ws_base_name(site->file), site->line);
	else if (site->module)
		snprintf(text + n, size - n, "%s+0x%" PRIx64, ws_base_name(site->module),
			 site->offset);
	else
		snprintf(text + n, size - n, "0x%" PRIx64, site->offset);
}

static int name_group(struct builder *builder, struct ws_group *group, const struct piece *piece)
{
	const struct ws_tables *tables = builder->context->tables;
	const struct ws_frame *site = piece->share->party.site;
	struct ws_arena *strings = &builder->result->strings;
	const struct ws_object_contention *object;
	const char *kind;
	char text[1024];

	switch (builder->by) {
	case WS_GROUPED_SITE:
		group->site = site;
		set_site(text, sizeof(text), site);
		break;
	case WS_GROUPED_OBJECT:
		object = &builder->context->contention->objects[piece->object];
		group->object = object->object;
		group->kind = piece->kind;
		kind = ws_kind_word(piece->kind);
		if (strncmp(object->name, kind, strlen(kind)) == 0 &&
		    object->name[strlen(kind)] == ' ')
			snprintf(text, sizeof(text), "%s", object->name);
		else
			snprintf(text, sizeof(text), "%s %s", kind, object->name);
		break;
	case WS_GROUPED_THREAD:
	case WS_GROUPED_PROCESS:
		group->process = piece->process;
		if (builder->by == WS_GROUPED_THREAD)
			group->thread = piece->share->party.thread;
		if (group->thread < tables->n_threads)
			snprintf(text, sizeof(text), "%s[%" PRId32 "]",
				 tables->threads[group->thread].name,
				 tables->threads[group->thread].tid);
		else if (group->process < tables->n_processes)
			snprintf(text, sizeof(text), "%s[%" PRId32 "]",
				 tables->processes[group->process].name,
				 tables->processes[group->process].pid);
		else
			snprintf(text, sizeof(text), "unknown");
		break;
	default: /* WS_GROUPED_KIND */
		group->kind = piece->kind;
		snprintf(text, sizeof(text), "%s", ws_kind_word(piece->kind));
		break;
	}
	group->name = ws_arena_strdup(strings, text);
	return group->name ? 0 : -ENOMEM;
}

static int by_number(const void *a, const void *b)
{
	const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

/* `pieces` are those of one group, by object. 0 or -ENOMEM. */
static int make_group(struct builder *builder, const struct piece *pieces, size_t n)
{
	struct ws_groupings_result *result = builder->result;
	uint32_t *threads = malloc(n * sizeof(*threads));
	struct ws_group *group;
	uint64_t ns = 0;
	int r = 0;

	if (!threads || ws_grow(&result->groups, &builder->groups_size, result->n + 1)) {
		free(threads);
		return -ENOMEM;
	}
	group = &result->groups[result->n++];
	*group = (struct ws_group){ .thread = WS_UNKNOWN,
				    .process = WS_UNKNOWN,
				    .most = pieces[0].object };
	for (size_t i = 0; i < n && r == 0; i++) {
		threads[i] = pieces[i].share->party.thread;
		r = ws_histogram_merge(&group->waits, &pieces[i].share->waits);
		ns = i && pieces[i].object == pieces[i - 1].object ? ns : 0;
		ns += pieces[i].share->waits.total;
		if (ns > group->most_ns) {
			group->most_ns = ns;
			group->most = pieces[i].object;
		}
	}
	qsort(threads, n, sizeof(*threads), by_number);
	for (size_t i = 0; i < n; i++)
		group->n_threads +=
			threads[i] != WS_UNKNOWN && (!i || threads[i] != threads[i - 1]);
	free(threads);
	return r < 0 ? r : name_group(builder, group, &pieces[0]);
}

static int make_groups(struct builder *builder, struct piece *pieces, size_t n)
{
	int r = 0;

	for (size_t i = 0, next; i < n && r == 0; i = next) {
		for (next = i + 1; next < n; next++) {
			if (compare_pieces(&pieces[i], &pieces[next], builder->by) != 0)
				break;
		}
		r = make_group(builder, &pieces[i], next - i);
	}
	return r;
}

static int group_waits(const struct ws_setup *setup, const struct ws_context *context,
		       struct ws_groupings_result *result)
{
	const struct ws_contention_result *contention = context->contention;
	struct builder builder = { .context = context, .result = result, .by = setup->group_by };
	struct order order = { contention, setup->sort };
	struct piece *pieces;
	size_t n = 0;
	int r;

	for (size_t i = 0; i < contention->n_objects; i++)
		n += contention->objects[i].waiters.n_shares;
	pieces = calloc(n + 1, sizeof(*pieces));
	if (!pieces)
		return -ENOMEM;
	n = 0;
	for (size_t i = 0; i < contention->n_objects; i++) {
		const struct ws_object_contention *object = &contention->objects[i];

		for (size_t j = 0; j < object->waiters.n_shares; j++) {
			const struct ws_share *share = &object->waiters.shares[j];
			uint32_t thread = share->party.thread;

			pieces[n++] = (struct piece){
				.share = share,
				.object = i,
				.process = thread < context->tables->n_threads
						   ? context->tables->threads[thread].process
						   : WS_UNKNOWN,
				.kind = object->object->key.kind,
			};
		}
	}
	qsort_r(pieces, n, sizeof(*pieces), by_piece, &builder.by);
	r = make_groups(&builder, pieces, n);
	free(pieces);
	if (r == 0 && result->n)
		qsort_r(result->groups, result->n, sizeof(*result->groups), by_group, &order);
	return r;
}

int ws_groupings_finish(struct ws_groupings *groupings, const struct ws_context *context,
			struct ws_groupings_result **ret)
{
	struct ws_groupings_result *result = calloc(1, sizeof(*result));
	int r = -ENOMEM;

	if (result) {
		result->is_grouped = groupings->setup.is_grouped;
		result->is_sorted = groupings->setup.is_sorted;
		result->by = groupings->setup.group_by;
		result->sort = groupings->setup.sort;
		r = sort_objects(&groupings->setup, context, result);
	}
	if (r == 0 && groupings->setup.is_grouped)
		r = group_waits(&groupings->setup, context, result);
	if (r < 0) {
		ws_groupings_result_free(result);
		return r;
	}
	*ret = result;
	return 0;
}

void ws_groupings_result_free(struct ws_groupings_result *result)
{
	if (!result)
		return;
	for (size_t i = 0; i < result->n; i++)
		ws_histogram_free(&result->groups[i].waits);
	free(result->groups);
	free(result->order);
	ws_arena_free(&result->strings);
	free(result);
}
