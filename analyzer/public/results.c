/* SPDX-License-Identifier: MIT */
/* results.c: processes, threads, objects and edges in the public interface's terms. */
#include <stdlib.h>
#include <string.h>

#include "analyzer/base/words.h"
#include "analyzer/public/private.h"
#include "analyzer/public/results.h"
#include "analyzer/reports/json_writer.h"

struct ws_analysis_place ws_analysis_place_of(const struct ws_party *party)
{
	/* A frame and a stack of the public interface are what they are inside, by another name. */
	return (struct ws_analysis_place){
		.thread = party->thread,
		.site = (const struct ws_analysis_frame *)party->site,
		.stack = party->trail && party->trail->n
				 ? (const struct ws_analysis_stack *)party->trail
				 : NULL,
	};
}

void *ws_results_make(struct ws_analysis *analysis, void *made, size_t n, size_t size,
		      int (*fill)(struct ws_analysis *analysis, void *all))
{
	void **where = made;
	void *all;

	if (*where)
		return *where;
	all = calloc(n ? n : 1, size);
	if (!all || fill(analysis, all) < 0) {
		free(all);
		ws_analysis_fail(analysis, -ENOMEM, "memory is out");
		return NULL;
	}
	*where = all;
	return all;
}

void *ws_results_pointers(struct ws_analysis *analysis, size_t n, size_t size, const void ***ret)
{
	struct ws_arena *parts = &analysis->tables.parts;
	const void **pointers = ws_arena_alloc(parts, (n ? n : 1) * sizeof(void *));
	char *all = ws_arena_alloc(parts, (n ? n : 1) * size);

	if (!pointers || !all)
		return NULL;
	memset(all, 0, (n ? n : 1) * size);
	for (size_t i = 0; i < n; i++)
		pointers[i] = all + i * size;
	*ret = pointers;
	return all;
}

/* How many kinds of objects were waited for. */
static size_t n_kinds(const struct ws_report *report)
{
	size_t n = 0;

	for (uint8_t kind = 1; kind < WS_KIND_COUNT; kind++)
		n += report->results->contention->kinds[kind].waits != 0;
	return n;
}

size_t ws_analysis_count(const struct ws_analysis *analysis, enum ws_analysis_list list)
{
	const struct ws_report *report = ws_analysis_report(analysis);

	if (!report)
		return 0;
	switch (list) {
	case WS_ANALYSIS_PROCESSES:
		return report->tables->n_processes;
	case WS_ANALYSIS_THREADS:
		return report->tables->n_threads;
	case WS_ANALYSIS_KINDS:
		return n_kinds(report);
	case WS_ANALYSIS_OBJECTS:
		return report->results->contention->n_objects + report->results->n_mentions;
	case WS_ANALYSIS_EDGES:
		return report->results->contention->n_edges;
	case WS_ANALYSIS_FINDINGS:
		return report->results->n_findings;
	case WS_ANALYSIS_DEADLOCKS:
		return report->results->n_deadlocks;
	case WS_ANALYSIS_WARNINGS:
		return report->n_warnings;
	case WS_ANALYSIS_WAITS:
		return report->results->journal->kept ? report->results->contention->total.waits
						      : 0;
	default:
		return 0;
	}
}

const struct ws_analysis_summary *ws_analysis_get_summary(struct ws_analysis *analysis)
{
	const struct ws_report *report = ws_analysis_report(analysis);
	struct ws_analysis_tables *made = &analysis->tables;

	if (!report)
		return NULL;
	if (!made->has_summary) {
		const struct ws_tables *tables = report->tables;
		const struct ws_contention_result *contention = report->results->contention;

		made->summary = (struct ws_analysis_summary){
			.begin_ns = tables->begin_ns,
			.duration_ns = tables->end_ns - tables->begin_ns,
			.events = tables->events,
			.lost_events = tables->lost_events,
			.lost_packets = tables->lost_packets,
			.waits = contention->total.waits,
			.wait_ns = contention->total.wait_ns,
			.unknown_ns = contention->unknown_ns,
			.open_waits = report->counts->open_waits,
		};
		made->has_summary = true;
	}
	return &made->summary;
}

const char *ws_analysis_get_warning(const struct ws_analysis *analysis, size_t index)
{
	const struct ws_report *report = ws_analysis_report(analysis);

	return report && index < report->n_warnings ? report->warnings[index] : NULL;
}

static int fill_processes(struct ws_analysis *analysis, void *all)
{
	const struct ws_tables *tables = ws_analysis_report(analysis)->tables;
	struct ws_analysis_process *to = all;

	for (size_t i = 0; i < tables->n_processes; i++) {
		const struct ws_process *process = &tables->processes[i];

		to[i] = (struct ws_analysis_process){
			.id = (uint32_t)i,
			.pid = process->pid,
			.parent_pid = process->parent_pid,
			.status = process->status,
			.name = process->name,
			.exe = process->exe && process->exe[0] ? process->exe : NULL,
			.end = ws_process_end_word(process->end),
			.begin_ns = process->begin_ns,
			.end_ns = process->end_ns,
		};
	}
	return 0;
}

const struct ws_analysis_process *ws_analysis_get_process(struct ws_analysis *analysis,
							  size_t index)
{
	size_t n = ws_analysis_count(analysis, WS_ANALYSIS_PROCESSES);
	struct ws_analysis_process *all;

	if (index >= n)
		return NULL;
	all = ws_results_make(analysis, &analysis->tables.processes, n, sizeof(*all),
			      fill_processes);
	return all ? &all[index] : NULL;
}

static int fill_threads(struct ws_analysis *analysis, void *all)
{
	const struct ws_report *report = ws_analysis_report(analysis);
	struct ws_analysis_thread *to = all;

	for (size_t i = 0; i < report->tables->n_threads; i++) {
		const struct ws_task *task = &report->tables->threads[i];
		const struct ws_sum *sum = &report->results->contention->threads[i];

		to[i] = (struct ws_analysis_thread){
			.id = (uint32_t)i,
			.process = task->process,
			.tid = task->tid,
			.name = task->name,
			.begin_ns = task->begin_ns,
			.end_ns = task->end_ns,
			.waits = sum->waits,
			.wait_ns = sum->wait_ns,
		};
	}
	return 0;
}

const struct ws_analysis_thread *ws_analysis_get_thread(struct ws_analysis *analysis, size_t index)
{
	size_t n = ws_analysis_count(analysis, WS_ANALYSIS_THREADS);
	struct ws_analysis_thread *all;

	if (index >= n)
		return NULL;
	all = ws_results_make(analysis, &analysis->tables.threads, n, sizeof(*all), fill_threads);
	return all ? &all[index] : NULL;
}

static int fill_kinds(struct ws_analysis *analysis, void *all)
{
	const struct ws_sum *kinds = ws_analysis_report(analysis)->results->contention->kinds;
	struct ws_analysis_kind *to = all;

	for (uint8_t kind = 1; kind < WS_KIND_COUNT; kind++) {
		if (kinds[kind].waits)
			*to++ = (struct ws_analysis_kind){ .kind = ws_kind_word(kind),
							   .waits = kinds[kind].waits,
							   .wait_ns = kinds[kind].wait_ns };
	}
	return 0;
}

const struct ws_analysis_kind *ws_analysis_get_kind(struct ws_analysis *analysis, size_t index)
{
	size_t n = ws_analysis_count(analysis, WS_ANALYSIS_KINDS);
	struct ws_analysis_kind *all;

	if (index >= n)
		return NULL;
	all = ws_results_make(analysis, &analysis->tables.kinds, n, sizeof(*all), fill_kinds);
	return all ? &all[index] : NULL;
}

static int fill_role(struct ws_analysis *analysis, const struct ws_role *role,
		     const struct ws_analysis_share *const **ret, size_t *n)
{
	const void **pointers;
	struct ws_analysis_share *to =
		ws_results_pointers(analysis, role->n_shares, sizeof(*to), &pointers);

	if (!to)
		return -ENOMEM;
	for (size_t i = 0; i < role->n_shares; i++)
		to[i] = (struct ws_analysis_share){
			.place = ws_analysis_place_of(&role->shares[i].party),
			.waits = role->shares[i].waits.count,
			.wait_ns = role->shares[i].waits.total,
			.max_ns = role->shares[i].waits.max,
		};
	*ret = (const struct ws_analysis_share *const *)pointers;
	*n = role->n_shares;
	return 0;
}

static int fill_object(struct ws_analysis *analysis, const struct ws_object_contention *from,
		       struct ws_analysis_object *to)
{
	int r;

	to->waits = from->waits.count;
	to->wait_ns = from->waits.total;
	to->unknown_ns = from->unknown_ns;
	to->min_ns = from->waits.min;
	to->p50_ns = ws_histogram_quantile(&from->waits, 500);
	to->p95_ns = ws_histogram_quantile(&from->waits, 950);
	to->p99_ns = ws_histogram_quantile(&from->waits, 990);
	to->max_ns = from->waits.max;
	r = fill_role(analysis, &from->waiters, &to->waiters, &to->n_waiters);
	if (r == 0)
		r = fill_role(analysis, &from->holders, &to->holders, &to->n_holders);
	if (r == 0)
		r = fill_role(analysis, &from->wakers, &to->wakers, &to->n_wakers);
	return r;
}

static struct ws_analysis_object name_object(const struct ws_object *object, const char *name)
{
	return (struct ws_analysis_object){
		.id = object->id,
		.kind = ws_kind_word(object->key.kind),
		.name = name,
		.scope = ws_object_is_shared(&object->key) ? "shared" : "private",
	};
}

static int fill_objects(struct ws_analysis *analysis, void *all)
{
	const struct ws_results *results = ws_analysis_report(analysis)->results;
	struct ws_analysis_object *to = all;
	int r = 0;

	for (size_t i = 0; i < results->contention->n_objects && r == 0; i++, to++) {
		const struct ws_object_contention *object = &results->contention->objects[i];

		*to = name_object(object->object, object->name);
		r = fill_object(analysis, object, to);
	}
	for (size_t i = 0; i < results->n_mentions; i++)
		*to++ = name_object(results->mentions[i].object, results->mentions[i].name);
	return r;
}

const struct ws_analysis_object *ws_analysis_get_object(struct ws_analysis *analysis, size_t index)
{
	size_t n = ws_analysis_count(analysis, WS_ANALYSIS_OBJECTS);
	struct ws_analysis_object *all;

	if (index >= n)
		return NULL;
	all = ws_results_make(analysis, &analysis->tables.objects, n, sizeof(*all), fill_objects);
	return all ? &all[index] : NULL;
}

/* Where each object is in the list, by its id. */
static int fill_by_id(struct ws_analysis *analysis, void *all)
{
	uint32_t *to = all;
	size_t n = ws_analysis_count(analysis, WS_ANALYSIS_OBJECTS);

	for (size_t i = 0; i < analysis->tables.n_ids; i++)
		to[i] = WS_UNKNOWN;
	for (size_t i = 0; i < n; i++)
		to[analysis->tables.objects[i].id] = (uint32_t)i;
	return 0;
}

const struct ws_analysis_object *ws_analysis_object_by_id(struct ws_analysis *analysis, uint32_t id)
{
	struct ws_analysis_tables *made = &analysis->tables;
	size_t n = ws_analysis_count(analysis, WS_ANALYSIS_OBJECTS);
	const uint32_t *by_id;

	if (!ws_analysis_get_object(analysis, 0))
		return NULL;
	for (size_t i = 0; !made->by_id && i < n; i++) {
		if (made->objects[i].id >= made->n_ids)
			made->n_ids = made->objects[i].id + 1;
	}
	by_id = ws_results_make(analysis, &made->by_id, made->n_ids, sizeof(*by_id), fill_by_id);
	if (!by_id || id >= made->n_ids || by_id[id] == WS_UNKNOWN)
		return NULL;
	return &made->objects[by_id[id]];
}

static int fill_edges(struct ws_analysis *analysis, void *all)
{
	const struct ws_contention_result *from = ws_analysis_report(analysis)->results->contention;
	struct ws_analysis_edge *to = all;

	for (size_t i = 0; i < from->n_edges; i++) {
		const struct ws_edge *edge = &from->edges[i];

		to[i] = (struct ws_analysis_edge){
			.waiter = ws_analysis_place_of(&edge->waiter),
			.blocker = ws_analysis_place_of(&edge->blocker),
			.object = from->objects[edge->object].object->id,
			.needs_all = edge->needs_all,
			.waits = edge->waits,
			.wait_ns = edge->wait_ns,
		};
	}
	return 0;
}

const struct ws_analysis_edge *ws_analysis_get_edge(struct ws_analysis *analysis, size_t index)
{
	size_t n = ws_analysis_count(analysis, WS_ANALYSIS_EDGES);
	struct ws_analysis_edge *all;

	if (index >= n)
		return NULL;
	all = ws_results_make(analysis, &analysis->tables.edges, n, sizeof(*all), fill_edges);
	return all ? &all[index] : NULL;
}

void ws_analysis_tables_free(struct ws_analysis_tables *tables)
{
	free(tables->processes);
	free(tables->threads);
	free(tables->kinds);
	free(tables->objects);
	free(tables->by_id);
	free(tables->edges);
	free(tables->findings);
	free(tables->deadlocks);
	free(tables->formats);
	ws_arena_free(&tables->parts);
}
