/* SPDX-License-Identifier: MIT */
/* digest_make.c: makes a digest of the answers to one recording, see digest.h. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/analyses/digest.h"
#include "analyzer/base/grow.h"
#include "analyzer/base/map64.h"

/* While it grows. */
struct maker {
	const struct ws_digest_source *source; /* Weak */
	struct ws_digest *digest;              /* Owned by this until it is handed out */
	size_t sites_size, objects_size, edges_size, findings_size, deadlocks_size, modules_size;
	struct ws_map64 by_id; /* ws_object.id -> index in the digest's objects */
};

static const char *keep(struct maker *maker, const char *text)
{
	return ws_arena_strdup(&maker->digest->strings, text ? text : "");
}

/* The index of the line; equal ones are one. WS_UNKNOWN for NULL. 0 or -ENOMEM. */
static int site_of(struct maker *maker, const struct ws_frame *frame, uint32_t *ret)
{
	struct ws_digest *digest = maker->digest;
	struct ws_digest_site site = { .file = "" };
	int r;

	*ret = WS_UNKNOWN;
	if (!frame)
		return 0;
	r = ws_identity_of_module(frame->module, &digest->strings, &site.module);
	if (r == 0)
		r = ws_identity_of_function(frame->function, &digest->strings, &site.function);
	if (r < 0)
		return r;
	if (frame->file)
		site.file = frame->file;
	site.line = frame->line;
	/* Several calls of one line are one place. */
	site.offset = site.line && site.function[0] ? 0 : frame->offset;
	for (size_t i = 0; i < digest->n_sites; i++) {
		if (ws_digest_site_compare(&digest->sites[i], &site) == 0) {
			*ret = (uint32_t)i;
			return 0;
		}
	}
	site.file = keep(maker, site.file);
	if (!site.file || ws_grow(&digest->sites, &maker->sites_size, digest->n_sites + 1))
		return -ENOMEM;
	digest->sites[digest->n_sites] = site;
	*ret = (uint32_t)digest->n_sites++;
	return 0;
}

static int add_use(struct ws_digest_use **uses, size_t *n, uint32_t site,
		   const struct ws_histogram *waits)
{
	struct ws_digest_use *grown;

	for (size_t i = 0; i < *n; i++)
		if ((*uses)[i].site == site)
			return ws_histogram_merge(&(*uses)[i].waits, waits);
	grown = realloc(*uses, (*n + 1) * sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	*uses = grown;
	grown[*n] = (struct ws_digest_use){ .site = site };
	if (ws_histogram_merge(&grown[*n].waits, waits) < 0)
		return -ENOMEM;
	(*n)++;
	return 0;
}

static int add_role(struct maker *maker, const struct ws_role *role, struct ws_digest_use **uses,
		    size_t *n)
{
	for (size_t i = 0; i < role->n_sites; i++) {
		uint32_t site;
		int r = site_of(maker, role->sites[i].site, &site);

		if (r == 0)
			r = add_use(uses, n, site, &role->sites[i].waits);
		if (r < 0)
			return r;
	}
	return 0;
}

/* What people call it: without the pid and tid that it has in this run only. */
static int name_of(struct maker *maker, const struct ws_object *object, const char *display,
		   struct ws_digest_object *new)
{
	const char *name = display;
	char *text = NULL;
	int r = 0;

	if (new->how == WS_IDENTITY_ROLE) {
		bool is_child = new->kind == WS_KIND_PROCESS && !new->module[0];

		r = asprintf(&text, "%s%s%s%s", is_child ? "process " : "", new->label,
			     new->module[0] ? " in " : "", new->module);
		name = text;
	} else if (!strstr(display, "\xe2\x86")) { /* pipes are called by their ends, with arrows */
		r = ws_context_object_words(maker->source->context, object, &name);
	}
	if (r < 0)
		return -ENOMEM;
	new->name = keep(maker, name);
	free(text);
	return new->name ? 0 : -ENOMEM;
}

/* The entry for the object, made if there is none of its key. 0 or -ENOMEM. */
static int object_of(struct maker *maker, const struct ws_object *object, const char *display,
		     uint32_t *ret)
{
	const struct ws_context *context = maker->source->context;
	struct ws_digest *digest = maker->digest;
	struct ws_object_identity id;
	struct ws_digest_object new;
	int r;

	if (object->id != WS_UNKNOWN && ws_map64_get(&maker->by_id, object->id, ret))
		return 0;
	r = display ? 0 : ws_context_object_name(context, object, &display);
	if (r == 0)
		r = ws_identity_of_object(context, object, display, &digest->strings, &id);
	if (r < 0)
		return r;
	new = (struct ws_digest_object){
		.kind = id.kind, .how = id.how, .label = id.label, .site = WS_UNKNOWN
	};
	new.module = keep(maker, id.module);
	r = new.module ? site_of(maker, id.at, &new.site) : -ENOMEM;
	if (r < 0)
		return r;
	for (*ret = 0; *ret < digest->n_objects; (*ret)++)
		if (ws_digest_object_compare(digest, &digest->objects[*ret], digest, &new) == 0)
			break;
	if (*ret == digest->n_objects) {
		r = name_of(maker, object, display, &new);
		if (r < 0)
			return r;
		if (ws_grow(&digest->objects, &maker->objects_size, digest->n_objects + 1))
			return -ENOMEM;
		digest->objects[digest->n_objects++] = new;
	}
	digest->objects[*ret].members++;
	return object->id == WS_UNKNOWN ? 0 : ws_map64_put(&maker->by_id, object->id, *ret);
}

static void add_classes(const struct maker *maker, const struct ws_object *object,
			struct ws_digest_object *to)
{
	const struct ws_classed *classed = ws_classed_of(maker->source->results->classes, object);

	for (size_t i = 0; classed && i < WS_CLASS_COUNT; i++)
		to->by_class[i] += classed->sums[i].wait_ns;
}

/* What the time was spent for in the end, where the load of the machine counts. */
static void add_causes(const struct maker *maker, const struct ws_object_contention *from,
		       struct ws_digest_object *to)
{
	const struct ws_blame_result *blame = maker->source->results->blame;
	const struct ws_object_blame *one = blame->known ? ws_blame_of(blame, from->object) : NULL;

	if (!one) {
		to->running_ns += from->waits.total;
		return;
	}
	to->running_ns += one->causes[WS_CAUSE_RUNNING] + one->causes[WS_CAUSE_UNKNOWN] +
			  one->causes[WS_CAUSE_GONE] + one->causes[WS_CAUSE_CYCLE];
	to->scheduler_ns += one->causes[WS_CAUSE_PREEMPTED] + one->causes[WS_CAUSE_SCHEDULER];
}

static int add_object(struct maker *maker, const struct ws_object_contention *from)
{
	const struct ws_results *results = maker->source->results;
	const struct ws_acquisition *taken;
	const struct ws_sliced *sliced;
	struct ws_digest_object *to;
	uint32_t at;
	int r = object_of(maker, from->object, from->name, &at);

	if (r < 0)
		return r;
	to = &maker->digest->objects[at];
	r = ws_histogram_merge(&to->waits, &from->waits);
	if (r == 0)
		r = add_role(maker, &from->waiters, &to->waiters, &to->n_waiters);
	if (r == 0)
		r = add_role(maker, &from->holders, &to->holders, &to->n_holders);
	if (r < 0)
		return r;
	add_classes(maker, from->object, to);
	add_causes(maker, from, to);
	to->open += from->open;
	to->unknown_ns += from->unknown_ns;
	taken = ws_acquisition_of(results->acquisitions, from->object);
	if (taken && taken->acquired && !taken->shared) {
		to->acquired += taken->acquired;
		to->waited += taken->waited;
	}
	sliced = ws_sliced_of(results->slices, from->object);
	if (sliced && sliced->variance > to->variance)
		to->variance = sliced->variance;
	return 0;
}

static int add_path(struct maker *maker)
{
	const struct ws_blame_result *blame = maker->source->results->blame;
	const struct ws_path_result *path = blame->known ? blame->path : NULL;

	if (!path || !path->known)
		return 0;
	maker->digest->path_known = true;
	maker->digest->path_ns = path->end_ns - path->begin_ns;
	for (size_t i = 0; i < path->n_objects; i++) {
		uint32_t at;
		int r = object_of(maker, path->objects[i].object, NULL, &at);

		if (r < 0)
			return r;
		maker->digest->objects[at].path_ns += path->objects[i].bound_ns;
	}
	return 0;
}

static int add_edges(struct maker *maker)
{
	const struct ws_lock_order_result *order = maker->source->results->lock_order;
	struct ws_digest *digest = maker->digest;

	for (size_t i = 0; i < order->n_pairs; i++) {
		struct ws_digest_edge edge;
		struct ws_party party;
		size_t k = 0;
		int r = object_of(maker, order->pairs[i].held.object, NULL, &edge.held);

		if (r == 0)
			r = object_of(maker, order->pairs[i].taken.object, NULL, &edge.taken);
		if (r == 0)
			r = ws_places_party(maker->source->context->places, WS_UNKNOWN,
					    order->pairs[i].held.site, order->pairs[i].held.stack,
					    &party);
		if (r == 0)
			r = site_of(maker, party.site, &edge.held_site);
		if (r == 0)
			r = ws_places_party(maker->source->context->places, WS_UNKNOWN,
					    order->pairs[i].taken.site, order->pairs[i].taken.stack,
					    &party);
		if (r == 0)
			r = site_of(maker, party.site, &edge.taken_site);
		if (r < 0)
			return r;
		while (k < digest->n_edges &&
		       (digest->edges[k].held != edge.held || digest->edges[k].taken != edge.taken))
			k++;
		if (k < digest->n_edges)
			continue;
		if (ws_grow(&digest->edges, &maker->edges_size, digest->n_edges + 1))
			return -ENOMEM;
		digest->edges[digest->n_edges++] = edge;
	}
	return 0;
}

static int by_index(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static int add_finding(struct maker *maker, const struct ws_finding *from)
{
	struct ws_digest *digest = maker->digest;
	struct ws_digest_finding *to;
	int r = 0;

	if (ws_grow(&digest->findings, &maker->findings_size, digest->n_findings + 1))
		return -ENOMEM;
	to = &digest->findings[digest->n_findings];
	*to = (struct ws_digest_finding){ .rule = (uint8_t)from->rule, .site = WS_UNKNOWN };
	to->title = keep(maker, from->title);
	to->evidence = "";
	to->objects = calloc(from->n_objects + 1, sizeof(*to->objects));
	digest->n_findings++;
	if (!to->title || !to->objects)
		return -ENOMEM;
	for (size_t i = 0; i < from->n_objects && r == 0; i++)
		r = object_of(maker, from->objects[i], NULL, &to->objects[to->n_objects++]);
	for (size_t i = 0; i < from->n_evidence && r == 0 && to->site == WS_UNKNOWN; i++) {
		r = site_of(maker, from->evidence[i].party.site, &to->site);
		if (r == 0 && (to->site != WS_UNKNOWN || !to->evidence[0]))
			to->evidence = keep(maker, from->evidence[i].text);
		if (!to->evidence)
			r = -ENOMEM;
	}
	return r;
}

static int add_deadlock(struct maker *maker, const struct ws_deadlock *from)
{
	struct ws_digest *digest = maker->digest;
	struct ws_digest_deadlock *to;
	int r = 0;

	if (ws_grow(&digest->deadlocks, &maker->deadlocks_size, digest->n_deadlocks + 1))
		return -ENOMEM;
	to = &digest->deadlocks[digest->n_deadlocks];
	*to = (struct ws_digest_deadlock){ .verdict = (uint8_t)from->verdict };
	to->reason = keep(maker, from->reason);
	to->cycle = calloc(from->n_cycle + 1, sizeof(*to->cycle));
	digest->n_deadlocks++;
	if (!to->reason || !to->cycle)
		return -ENOMEM;
	for (size_t i = 0; i < from->n_cycle && r == 0; i++) {
		const struct ws_deadlock_step *step = &from->cycle[i];
		struct ws_digest_step *made = &to->cycle[to->n_cycle++];

		r = object_of(maker, step->holds, step->holds_name, &made->holds);
		if (r == 0)
			r = object_of(maker, step->wants, step->wants_name, &made->wants);
		if (r == 0)
			r = site_of(maker, step->hold.site, &made->hold_site);
		if (r == 0)
			r = site_of(maker, step->want.site, &made->want_site);
	}
	return r;
}

static int add_modules(struct maker *maker)
{
	const struct ws_tables *tables = maker->source->context->tables;
	struct ws_digest *digest = maker->digest;

	for (size_t i = 0; i < tables->n_modules; i++) {
		char id[2 * WS_BUILD_ID_MAX + 1] = "";
		struct ws_digest_module module = { .name = "" };
		int r;

		for (uint32_t k = 0; k < tables->modules[i].build_id_size; k++)
			snprintf(id + (size_t)2 * k, 3, "%02x", tables->modules[i].build_id[k]);
		r = ws_identity_of_module(tables->modules[i].path, &digest->strings, &module.name);
		module.build_id = keep(maker, id);
		if (r < 0 || !module.build_id ||
		    ws_grow(&digest->modules, &maker->modules_size, digest->n_modules + 1))
			return -ENOMEM;
		for (size_t k = 0; k < tables->n_processes && !module.program; k++)
			module.program =
				strcmp(ws_base_name(tables->processes[k].exe), module.name) == 0;
		digest->modules[digest->n_modules++] = module;
	}
	return 0;
}

/* The time for which threads ran or waited for what another held: what they lived without the rest.
 */
static uint64_t active_of(const struct ws_tables *tables, const struct ws_results *results)
{
	uint64_t lives = 0, rest = 0;

	for (size_t i = 0; i < tables->n_threads; i++) {
		const struct ws_task *task = &tables->threads[i];
		uint64_t end_ns = task->end_ns ? task->end_ns : tables->end_ns;

		if (!task->end_ns && task->process < tables->n_processes)
			end_ns = tables->processes[task->process].end_ns;
		if (end_ns > task->begin_ns)
			lives += end_ns - task->begin_ns;
	}
	for (enum ws_class class = 0; class < WS_CLASS_COUNT; class ++)
		if (class != WS_CLASS_CONTENTION)
			rest += results->classes->sums[class].wait_ns;
	return lives > rest ? lives - rest : 0;
}

static struct ws_digest *ordered; /* for qsort: digests are made by one thread */

static int by_site(const void *a, const void *b)
{
	return ws_digest_site_compare(&ordered->sites[*(const uint32_t *)a],
				      &ordered->sites[*(const uint32_t *)b]);
}

static int by_object(const void *a, const void *b)
{
	return ws_digest_object_compare(ordered, &ordered->objects[*(const uint32_t *)a], ordered,
					&ordered->objects[*(const uint32_t *)b]);
}

static int by_use(const void *a, const void *b)
{
	const struct ws_digest_use *x = a, *y = b;

	return (x->site > y->site) - (x->site < y->site);
}

static int by_edge(const void *a, const void *b)
{
	const struct ws_digest_edge *x = a, *y = b;

	if (x->held != y->held)
		return x->held < y->held ? -1 : 1;
	return (x->taken > y->taken) - (x->taken < y->taken);
}

static int by_module(const void *a, const void *b)
{
	const struct ws_digest_module *x = a, *y = b;
	int c = strcmp(x->name, y->name);

	return c ? c : strcmp(x->build_id, y->build_id);
}

/* Puts the n things of `size` bytes at `list` into the order of `compare`, which is given their
 * indexes. ret[old index] is the new one, to be freed. 0 or -ENOMEM. */
static int sort(void *list, size_t n, size_t size, int (*compare)(const void *, const void *),
		uint32_t **ret)
{
	uint32_t *order = malloc((n + 1) * sizeof(*order));
	uint32_t *place = malloc((n + 1) * sizeof(*place));
	char *copy = malloc(n * size + 1);

	if (!order || !place || !copy) {
		free(order);
		free(place);
		free(copy);
		return -ENOMEM;
	}
	for (uint32_t i = 0; i < n; i++)
		order[i] = i;
	qsort(order, n, sizeof(*order), compare);
	if (n)
		memcpy(copy, list, n * size);
	for (uint32_t i = 0; i < n; i++) {
		memcpy((char *)list + i * size, copy + order[i] * size, size);
		place[order[i]] = i;
	}
	free(order);
	free(copy);
	*ret = place;
	return 0;
}

static void renumber(const uint32_t *place, uint32_t *index)
{
	if (*index != WS_UNKNOWN)
		*index = place[*index];
}

static void renumber_sites(struct ws_digest *digest, const uint32_t *place)
{
	for (size_t i = 0; i < digest->n_objects; i++) {
		struct ws_digest_object *object = &digest->objects[i];

		renumber(place, &object->site);
		for (size_t k = 0; k < object->n_waiters; k++)
			renumber(place, &object->waiters[k].site);
		for (size_t k = 0; k < object->n_holders; k++)
			renumber(place, &object->holders[k].site);
		if (object->n_waiters)
			qsort(object->waiters, object->n_waiters, sizeof(*object->waiters), by_use);
		if (object->n_holders)
			qsort(object->holders, object->n_holders, sizeof(*object->holders), by_use);
	}
	for (size_t i = 0; i < digest->n_edges; i++) {
		renumber(place, &digest->edges[i].held_site);
		renumber(place, &digest->edges[i].taken_site);
	}
	for (size_t i = 0; i < digest->n_findings; i++)
		renumber(place, &digest->findings[i].site);
	for (size_t i = 0; i < digest->n_deadlocks; i++) {
		for (size_t k = 0; k < digest->deadlocks[i].n_cycle; k++) {
			renumber(place, &digest->deadlocks[i].cycle[k].hold_site);
			renumber(place, &digest->deadlocks[i].cycle[k].want_site);
		}
	}
}

static void renumber_objects(struct ws_digest *digest, const uint32_t *place)
{
	for (size_t i = 0; i < digest->n_edges; i++) {
		renumber(place, &digest->edges[i].held);
		renumber(place, &digest->edges[i].taken);
	}
	for (size_t i = 0; i < digest->n_findings; i++) {
		struct ws_digest_finding *finding = &digest->findings[i];

		for (size_t k = 0; k < finding->n_objects; k++)
			renumber(place, &finding->objects[k]);
		qsort(finding->objects, finding->n_objects, sizeof(*finding->objects), by_index);
	}
	for (size_t i = 0; i < digest->n_deadlocks; i++) {
		for (size_t k = 0; k < digest->deadlocks[i].n_cycle; k++) {
			renumber(place, &digest->deadlocks[i].cycle[k].holds);
			renumber(place, &digest->deadlocks[i].cycle[k].wants);
		}
	}
}

static int put_in_order(struct ws_digest *digest)
{
	uint32_t *place;
	int r;

	ordered = digest;
	r = sort(digest->sites, digest->n_sites, sizeof(*digest->sites), by_site, &place);
	if (r < 0)
		return r;
	renumber_sites(digest, place);
	free(place);
	r = sort(digest->objects, digest->n_objects, sizeof(*digest->objects), by_object, &place);
	if (r < 0)
		return r;
	renumber_objects(digest, place);
	free(place);
	if (digest->n_edges)
		qsort(digest->edges, digest->n_edges, sizeof(*digest->edges), by_edge);
	if (digest->n_modules)
		qsort(digest->modules, digest->n_modules, sizeof(*digest->modules), by_module);
	return 0;
}

static int fill(struct maker *maker)
{
	const struct ws_digest_source *source = maker->source;
	const struct ws_results *results = source->results;
	const struct ws_tables *tables = source->context->tables;
	struct ws_digest *digest = maker->digest;
	int r = 0;

	digest->path = keep(maker, source->path);
	if (!digest->path)
		return -ENOMEM;
	digest->duration_ns = tables->end_ns - tables->begin_ns;
	digest->active_ns = active_of(tables, results);
	digest->events = tables->events;
	digest->lost_events = tables->lost_events;
	digest->lost_packets = tables->lost_packets;
	digest->uncertain_waits = source->counts->uncertain;
	digest->lost_waits = source->counts->lost_waits;
	digest->open_waits = source->counts->open_waits;
	digest->frames = source->frames;
	digest->unresolved_frames = source->unresolved_frames;
	digest->busy = source->busy;
	for (size_t i = 0; i < results->contention->n_objects && r == 0; i++)
		r = add_object(maker, &results->contention->objects[i]);
	if (r == 0)
		r = add_path(maker);
	if (r == 0)
		r = add_edges(maker);
	for (size_t i = 0; i < results->n_findings && r == 0; i++)
		r = add_finding(maker, &results->findings[i]);
	for (size_t i = 0; i < results->n_deadlocks && r == 0; i++)
		if (results->deadlocks[i].verdict != WS_VERDICT_SUPPRESSED)
			r = add_deadlock(maker, &results->deadlocks[i]);
	if (r == 0)
		r = add_modules(maker);
	return r < 0 ? r : put_in_order(digest);
}

int ws_digest_make(const struct ws_digest_source *source, struct ws_digest **ret)
{
	struct maker maker = { .source = source, .digest = ws_digest_new() };
	int r = maker.digest ? fill(&maker) : -ENOMEM;

	ws_map64_free(&maker.by_id);
	if (r < 0) {
		ws_digest_free(maker.digest);
		return r;
	}
	*ret = maker.digest;
	return 0;
}
