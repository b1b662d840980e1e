/* SPDX-License-Identifier: MIT */
/* all.c: see all.h. */
#include "analyzer/analyses/all.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/analyses/names.h"
#include "analyzer/base/words.h"

#define COUNT_ONE(name) +1
/* Contention, and those of the list. */
#define OBSERVERS (1 WS_ANALYSES(COUNT_ONE))

/* Some of the analyses: who of them hears what; most want little of it. */
struct group {
	struct ws_analyses *all; /* Weak */
	struct ws_model_observer records[OBSERVERS], times[OBSERVERS], begins[OBSERVERS],
		ends[OBSERVERS], helds[OBSERVERS], wokes[OBSERVERS], overs[OBSERVERS],
		waits[OBSERVERS], wakes[OBSERVERS], transfers[OBSERVERS], edges[OBSERVERS],
		misuses[OBSERVERS], counts[OBSERVERS];
	size_t n_records, n_times, n_begins, n_ends, n_helds, n_wokes, n_overs, n_waits, n_wakes,
		n_transfers, n_edges, n_misuses, n_counts;
	uint32_t types;  /* of records that anybody needs; 0: all */
	bool any_record; /* somebody needs all types */
	bool contends;   /* contention is one of them, which is to know the first record's time */
};

struct ws_analyses {
	struct ws_setup setup;
	struct group groups[WS_ANALYSES_GROUPS], everybody;
	bool begun;                                     /* the first record was seen */
	struct ws_contention *contention;               /* Owned by this */
	struct ws_contention_result *contention_result; /* Owned by this; NULL: not finished */
#define MEMBER(name) struct ws_##name *name;            /* Owned by this */
	WS_ANALYSES(MEMBER)
#undef MEMBER
	struct ws_arena strings;
	struct ws_findings *findings;   /* Owned by this; NULL: not finished */
	struct ws_deadlocks *deadlocks; /* Owned by this; NULL: not finished */
	struct ws_mentions *mentions;   /* Owned by this; NULL: not finished */
	struct ws_context context;
	struct ws_results results;
};

static void join(struct group *group, const struct ws_model_observer *observer)
{
	if (observer->record)
		group->records[group->n_records++] = *observer;
	if (observer->time)
		group->times[group->n_times++] = *observer;
	if (observer->begin)
		group->begins[group->n_begins++] = *observer;
	if (observer->end)
		group->ends[group->n_ends++] = *observer;
	if (observer->held)
		group->helds[group->n_helds++] = *observer;
	if (observer->woke)
		group->wokes[group->n_wokes++] = *observer;
	if (observer->over)
		group->overs[group->n_overs++] = *observer;
	if (observer->wait)
		group->waits[group->n_waits++] = *observer;
	if (observer->wake)
		group->wakes[group->n_wakes++] = *observer;
	if (observer->transfer)
		group->transfers[group->n_transfers++] = *observer;
	if (observer->edge)
		group->edges[group->n_edges++] = *observer;
	if (observer->misuse)
		group->misuses[group->n_misuses++] = *observer;
	if (observer->count)
		group->counts[group->n_counts++] = *observer;
	if (observer->record) {
		group->any_record |= !observer->types;
		group->types |= observer->types;
	}
}

/* Those of whole waits and wakes are one group, those of what goes on at each moment the other. */
static struct group *listen(struct ws_analyses *all, struct ws_model_observer observer)
{
	struct group *group = &all->groups[observer.wait || observer.wake ? 0 : 1];

	join(group, &observer);
	join(&all->everybody, &observer);
	return group;
}

int ws_analyses_new(const struct ws_setup *setup, struct ws_analyses **ret)
{
	struct ws_analyses *all = calloc(1, sizeof(*all));
	int r;

	if (!all)
		return -ENOMEM;
	all->setup = *setup;
	all->everybody = (struct group){ .all = all, .contends = true };
	for (size_t i = 0; i < WS_ANALYSES_GROUPS; i++)
		all->groups[i].all = all;
	r = ws_contention_new(&all->setup.filter, &all->contention);
	if (r == 0)
		listen(all, ws_contention_observer(all->contention))->contends = true;
#define NEW(name)                                                                                  \
	if (r == 0)                                                                                \
		r = ws_##name##_new(&all->setup, &all->name);                                      \
	if (r == 0)                                                                                \
		listen(all, ws_##name##_observer(all->name));
	WS_ANALYSES(NEW)
#undef NEW
	if (r < 0) {
		ws_analyses_free(all);
		return r;
	}
	*ret = all;
	return 0;
}

void ws_analyses_free(struct ws_analyses *all)
{
	if (!all)
		return;
#define FREE(name)                                                                                 \
	ws_##name##_result_free(all->results.name);                                                \
	ws_##name##_free(all->name);
	WS_ANALYSES(FREE)
#undef FREE
	ws_findings_free(all->findings);
	ws_deadlocks_free(all->deadlocks);
	ws_mentions_free(all->mentions);
	ws_contention_result_free(all->contention_result);
	ws_contention_free(all->contention);
	ws_arena_free(&all->strings);
	free(all);
}

/* Tells each of the group that wants to hear it. */
#define TELL(context, what, argument)                                                              \
	do {                                                                                       \
		const struct group *group = (context);                                             \
                                                                                                   \
		for (size_t i = 0; i < group->n_##what##s; i++) {                                  \
			const struct ws_model_observer *to = &group->what##s[i];                   \
			int r = to->what(to->context, (argument));                                 \
			if (r < 0)                                                                 \
				return r;                                                          \
		}                                                                                  \
		return 0;                                                                          \
	} while (0)

static int tell_record(void *context, const struct ws_record *record)
{
	struct group *of = context;

	if (of->contends && !of->all->begun) {
		ws_contention_begin(of->all->contention, record->at_ns);
		of->all->begun = true;
	}
	TELL(context, record, record);
}

static int tell_time(void *context, uint64_t at_ns)
{
	TELL(context, time, at_ns);
}

static int tell_begin(void *context, const struct ws_wait *wait)
{
	TELL(context, begin, wait);
}

static int tell_end(void *context, const struct ws_wait *wait)
{
	TELL(context, end, wait);
}

static int tell_held(void *context, const struct ws_hold *hold)
{
	TELL(context, held, hold);
}

static int tell_woke(void *context, const struct ws_wake *wake)
{
	TELL(context, woke, wake);
}

static int tell_over(void *context, const struct ws_tables *tables)
{
	TELL(context, over, tables);
}

static int tell_wait(void *context, const struct ws_wait *wait)
{
	TELL(context, wait, wait);
}

static int tell_wake(void *context, const struct ws_wake *wake)
{
	TELL(context, wake, wake);
}

static int tell_transfer(void *context, const struct ws_transfer *transfer)
{
	TELL(context, transfer, transfer);
}

static int tell_edge(void *context, const struct ws_lock_edge *edge)
{
	TELL(context, edge, edge);
}

static int tell_misuse(void *context, const struct ws_misuse_seen *misuse)
{
	TELL(context, misuse, misuse);
}

static int tell_count(void *context, const struct ws_lock_count *count)
{
	TELL(context, count, count);
}

static struct ws_model_observer observer_of(struct group *group)
{
	return (struct ws_model_observer){
		.context = group,
		.types = group->any_record ? 0 : group->types | WS_RECORD_FIRST,
		.record = tell_record,
		.wait = tell_wait,
		.time = group->n_times ? tell_time : NULL,
		.begin = group->n_begins ? tell_begin : NULL,
		.end = group->n_ends ? tell_end : NULL,
		.held = group->n_helds ? tell_held : NULL,
		.woke = group->n_wokes ? tell_woke : NULL,
		.over = group->n_overs ? tell_over : NULL,
		.wake = group->n_wakes ? tell_wake : NULL,
		.transfer = group->n_transfers ? tell_transfer : NULL,
		.edge = group->n_edges ? tell_edge : NULL,
		.misuse = group->n_misuses ? tell_misuse : NULL,
		.count = group->n_counts ? tell_count : NULL,
	};
}

struct ws_model_observer ws_analyses_observer(struct ws_analyses *analyses)
{
	return observer_of(&analyses->everybody);
}

struct ws_model_observer ws_analyses_group(struct ws_analyses *analyses, unsigned int group)
{
	return observer_of(&analyses->groups[group]);
}

int ws_context_object_name(const struct ws_context *context, const struct ws_object *object,
			   const char **ret)
{
	const struct ws_contention_result *contention = context->contention;

	/* What has two ends is called by them there. */
	for (size_t i = 0; contention && i < contention->n_objects &&
			   ws_kind_carries(ws_object_polled(object)->key.kind);
	     i++) {
		if (contention->objects[i].object == object) {
			*ret = contention->objects[i].name;
			return 0;
		}
	}
	return ws_object_name(object, context->tables, context->symbols, context->places,
			      context->strings, ret);
}

int ws_context_object_words(const struct ws_context *context, const struct ws_object *object,
			    const char **ret)
{
	const char *name, *kind = ws_kind_word(object->key.kind);
	char *text;
	int r = ws_context_object_name(context, object, &name);

	if (r < 0)
		return r;
	/* A variable may be called "mutex_a": that is not its kind. */
	if (strncmp(name, kind, strlen(kind)) == 0 && name[strlen(kind)] == ' ') {
		*ret = name;
		return 0;
	}
	if (asprintf(&text, "%s %s", kind, name) < 0)
		return -ENOMEM;
	name = ws_arena_strdup(context->strings, text);
	free(text);
	if (!name)
		return -ENOMEM;
	*ret = name;
	return 0;
}

int ws_context_mention(const struct ws_context *context, const struct ws_object *object)
{
	const char *name;
	int r;

	if (ws_mentions_has(context->mentions, object))
		return 0;
	r = ws_context_object_name(context, object, &name);
	return r < 0 ? r : ws_mentions_add(context->mentions, object, name);
}

/* What findings are about. */
static int mention_findings(const struct ws_context *context, const struct ws_results *results)
{
	int r = 0;

	for (size_t i = 0; i < results->n_findings; i++) {
		const struct ws_finding *finding = &results->findings[i];

		for (size_t k = 0; k < finding->n_objects && r == 0; k++)
			r = ws_context_mention(context, finding->objects[k]);
	}
	return r;
}

int ws_analyses_finish(struct ws_analyses *all, const struct ws_tables *tables,
		       struct ws_symbols *symbols, const struct ws_results **ret)
{
	int r;

	r = ws_contention_finish(all->contention, tables, symbols, &all->contention_result);
	if (r == 0)
		r = ws_findings_new(all->contention_result->places, &all->findings);
	if (r == 0)
		r = ws_deadlocks_new(&all->deadlocks);
	if (r == 0)
		r = ws_mentions_new(&all->mentions);
	for (size_t i = 0; r == 0 && i < all->contention_result->n_objects; i++)
		r = ws_mentions_skip(all->mentions, all->contention_result->objects[i].object);
	if (r < 0)
		return r;
	all->results.contention = all->contention_result;
	all->context = (struct ws_context){
		.setup = &all->setup,
		.tables = tables,
		.symbols = symbols,
		.places = all->contention_result->places,
		.strings = &all->strings,
		.findings = all->findings,
		.deadlocks = all->deadlocks,
		.mentions = all->mentions,
		.contention = all->contention_result,
	};
#define FINISH(name)                                                                               \
	if (r == 0)                                                                                \
		r = ws_##name##_finish(all->name, &all->context, &all->results.name);
	WS_ANALYSES(FINISH)
#undef FINISH
	if (r < 0)
		return r;
	all->results.findings = ws_findings_sorted(all->findings, &all->results.n_findings);
	all->results.deadlocks = ws_deadlocks_sorted(all->deadlocks, &all->results.n_deadlocks);
	r = mention_findings(&all->context, &all->results);
	if (r < 0)
		return r;
	all->results.mentions = ws_mentions_sorted(all->mentions, &all->results.n_mentions);
	*ret = &all->results;
	return 0;
}

const struct ws_context *ws_analyses_context(const struct ws_analyses *analyses)
{
	return &analyses->context;
}
