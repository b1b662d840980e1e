/* SPDX-License-Identifier: MIT */
/* result.c: makes the answer of contention.h from what contention.c collected. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/analyses/flows.h"
#include "analyzer/analyses/groups.h"
#include "analyzer/analyses/names.h"
#include "analyzer/analyses/roles.h"
#include "analyzer/analyses/site_edges.h"
#include "analyzer/base/grow.h"

/* An object while its lists grow. */
struct draft {
	struct ws_object_contention object;
	struct ws_share_list waiters, holders, wakers, last;
	struct ws_flow_list flows;
	uint32_t *processes; /* Owned by this; with repetitions until the end */
	size_t n_processes, processes_size;
};

struct builder {
	const struct ws_contention *contention; /* Weak */
	const struct ws_tables *tables;         /* Weak */
	struct ws_symbols *symbols;             /* Weak */
	struct ws_contention_result *result;    /* Owned by this until it is handed out */
	struct draft *drafts;                   /* Owned by this, by order of appearance */
	size_t n_drafts, drafts_size;
	uint32_t *draft_of; /* Owned by this: by ws_object.id; WS_UNKNOWN: none */
	size_t draft_of_size;
	size_t edges_size;
};

/* True if the waits of that thread on that object are wanted. */
static bool is_wanted(const struct builder *builder, uint32_t thread, uint32_t object_id)
{
	return ws_filter_thread(&builder->contention->filter, builder->tables, thread) &&
	       ws_contention_counts(builder->result, object_id);
}

static int draft_get(struct builder *builder, const struct ws_object *object, struct draft **ret)
{
	size_t known = builder->draft_of_size;

	if (ws_grow(&builder->draft_of, &builder->draft_of_size, (size_t)object->id + 1))
		return -ENOMEM;
	for (size_t i = known; i < builder->draft_of_size; i++)
		builder->draft_of[i] = WS_UNKNOWN;
	if (builder->draft_of[object->id] == WS_UNKNOWN) {
		if (ws_grow(&builder->drafts, &builder->drafts_size, builder->n_drafts + 1))
			return -ENOMEM;
		builder->drafts[builder->n_drafts] = (struct draft){ .object.object = object };
		builder->draft_of[object->id] = (uint32_t)builder->n_drafts++;
	}
	*ret = &builder->drafts[builder->draft_of[object->id]];
	return 0;
}

/* The draft of an object that is in the answer, or NULL. */
static struct draft *draft_find(struct builder *builder, uint32_t object_id)
{
	if (object_id >= builder->draft_of_size || builder->draft_of[object_id] == WS_UNKNOWN)
		return NULL;
	return &builder->drafts[builder->draft_of[object_id]];
}

static int meet(struct draft *draft, uint32_t process)
{
	if (process == WS_UNKNOWN)
		return 0;
	if (draft->n_processes && draft->processes[draft->n_processes - 1] == process)
		return 0;
	if (ws_grow(&draft->processes, &draft->processes_size, draft->n_processes + 1))
		return -ENOMEM;
	draft->processes[draft->n_processes++] = process;
	return 0;
}

static int meet_thread(const struct builder *builder, struct draft *draft, uint32_t thread)
{
	if (thread >= builder->tables->n_threads)
		return 0;
	return meet(draft, builder->tables->threads[thread].process);
}

static int party_of(struct builder *builder, uint32_t thread, uint32_t site, uint32_t stack,
		    struct ws_party *ret)
{
	return ws_places_party(builder->result->places, thread, site, stack, ret);
}

/* Who waits to read is where it is read. */
static int add_end(struct draft *draft, const struct waiter *waiter)
{
	uint64_t ns = waiter->opens ? 0 : waiter->waits.total; /* it is neither empty nor full */
	struct ws_flow *flow;

	*(waiter->reads ? &draft->object.empty_ns : &draft->object.full_ns) += ns;
	if (waiter->process == WS_UNKNOWN)
		return 0;
	flow = ws_flow_get(&draft->flows, waiter->process);
	if (!flow)
		return -ENOMEM;
	*(waiter->reads ? &flow->reads : &flow->writes) = true;
	*(waiter->reads ? &flow->empty_ns : &flow->full_ns) += ns;
	return 0;
}

static int add_waiter(struct builder *builder, const struct waiter *waiter)
{
	struct ws_contention_result *result = builder->result;
	uint8_t kind = waiter->object->key.kind;
	struct ws_party party;
	struct draft *draft;
	int r;

	r = draft_get(builder, waiter->object, &draft);
	if (r == 0)
		r = party_of(builder, waiter->key.thread, waiter->key.site, waiter->key.stack,
			     &party);
	if (r == 0)
		r = ws_share_add(&draft->waiters, &party, &waiter->waits);
	if (r == 0)
		r = ws_histogram_merge(&draft->object.waits, &waiter->waits);
	if (r == 0)
		r = meet(draft, waiter->process);
	if (r < 0)
		return r;
	for (int i = 0; i < WS_OUTCOME_COUNT; i++)
		draft->object.outcomes[i] += waiter->outcomes[i];
	draft->object.open += waiter->open;
	draft->object.lost += waiter->lost;
	if (ws_kind_carries(ws_object_polled(waiter->object)->key.kind))
		r = add_end(draft, waiter);
	if (r < 0)
		return r;
	result->open_waits += waiter->open;
	result->lost_waits += waiter->lost;
	result->total.waits += waiter->waits.count;
	result->total.wait_ns += waiter->waits.total;
	if (kind < WS_KIND_COUNT) {
		result->kinds[kind].waits += waiter->waits.count;
		result->kinds[kind].wait_ns += waiter->waits.total;
	}
	if (waiter->key.thread < result->n_threads) {
		result->threads[waiter->key.thread].waits += waiter->waits.count;
		result->threads[waiter->key.thread].wait_ns += waiter->waits.total;
	}
	return 0;
}

static int add_edge(struct builder *builder, const struct waiter *waiter,
		    const struct ws_party *blocker, const struct ws_histogram *waits)
{
	struct ws_contention_result *result = builder->result;
	struct ws_edge *edge;
	int r;

	if (ws_grow(&result->edges, &builder->edges_size, result->n_edges + 1))
		return -ENOMEM;
	edge = &result->edges[result->n_edges];
	r = party_of(builder, waiter->key.thread, waiter->key.site, waiter->key.stack,
		     &edge->waiter);
	if (r < 0)
		return r;
	edge->blocker = *blocker;
	edge->object = builder->draft_of[waiter->object->id];
	edge->needs_all = ws_object_needs_all(waiter->object);
	edge->waits = waits->count;
	edge->wait_ns = waits->total;
	result->n_edges++;
	return 0;
}

static int add_link(struct builder *builder, const struct link *link)
{
	bool owned = ws_kind_is_owned(link->waiter->object->key.kind);
	bool holder = link->key.role == ROLE_HOLDER;
	struct draft *draft;
	struct ws_party party;
	int r;

	r = draft_get(builder, link->waiter->object, &draft);
	if (r == 0)
		r = party_of(builder, link->key.thread, link->key.site, link->key.stack, &party);
	if (r == 0)
		r = meet_thread(builder, draft, party.thread);
	if (r == 0)
		r = ws_share_add(holder                         ? &draft->holders
				 : link->key.role == ROLE_WAKER ? &draft->wakers
								: &draft->last,
				 &party, &link->waits);
	if (r < 0 || holder != owned || link->key.role == ROLE_LAST)
		return r;
	if (party.thread == WS_UNKNOWN)
		draft->object.unknown_ns += link->waits.total;
	return add_edge(builder, link->waiter, &party, &link->waits);
}

/* The first thread of the child that is waited for, in its last image. */
static uint32_t main_thread(const struct builder *builder, const struct ws_object *object)
{
	const struct ws_tables *tables = builder->tables;

	for (size_t i = tables->n_threads; i > 0; i--) {
		const struct ws_task *task = &tables->threads[i - 1];

		if ((uint64_t)task->tid == object->key.offset &&
		    tables->processes[task->process].pid == task->tid)
			return (uint32_t)(i - 1);
	}
	return WS_UNKNOWN;
}

/* Waits that are open: any place that ever released the object could have. */
static int add_candidates(struct builder *builder, const struct waiter *waiter)
{
	const struct releaser *releaser;
	struct ws_party party;
	bool any = false;
	int r;

	if (!waiter->unended.count)
		return 0;
	if (waiter->object->key.kind == WS_KIND_THREAD) {
		bool known = waiter->object->key.process == WS_UNKNOWN;

		r = party_of(builder, known ? (uint32_t)waiter->object->key.offset : WS_UNKNOWN,
			     WS_UNKNOWN, WS_UNKNOWN, &party);
		return r < 0 ? r : add_edge(builder, waiter, &party, &waiter->unended);
	}
	if (waiter->object->key.kind == WS_KIND_SLEEP)
		return 0; /* for nobody */
	if (waiter->object->key.kind == WS_KIND_PROCESS && waiter->object->key.offset) {
		r = party_of(builder, main_thread(builder, waiter->object), WS_UNKNOWN, WS_UNKNOWN,
			     &party);
		return r < 0 ? r : add_edge(builder, waiter, &party, &waiter->unended);
	}
	for (releaser = builder->contention->releasers; releaser; releaser = releaser->hh.next) {
		if (releaser->key.object != waiter->object->id ||
		    releaser->key.thread == waiter->key.thread)
			continue;
		r = party_of(builder, releaser->key.thread, releaser->key.site, releaser->key.stack,
			     &party);
		if (r == 0)
			r = add_edge(builder, waiter, &party, &waiter->unended);
		if (r < 0)
			return r;
		any = true;
	}
	if (any)
		return 0;
	draft_find(builder, waiter->object->id)->object.unknown_ns += waiter->unended.total;
	r = party_of(builder, WS_UNKNOWN, WS_UNKNOWN, WS_UNKNOWN, &party);
	return r < 0 ? r : add_edge(builder, waiter, &party, &waiter->unended);
}

static int collect(struct builder *builder)
{
	const struct waiter *waiter;
	const struct releaser *releaser;
	const struct link *link;
	struct draft *draft;
	int r = 0;

	for (waiter = builder->contention->waiters; waiter && r == 0; waiter = waiter->hh.next) {
		if (is_wanted(builder, waiter->key.thread, waiter->object->id))
			r = add_waiter(builder, waiter);
	}
	for (link = builder->contention->links; link && r == 0; link = link->hh.next) {
		if (is_wanted(builder, link->waiter->key.thread, link->waiter->object->id))
			r = add_link(builder, link);
	}
	for (waiter = builder->contention->waiters; waiter && r == 0; waiter = waiter->hh.next) {
		if (is_wanted(builder, waiter->key.thread, waiter->object->id))
			r = add_candidates(builder, waiter);
	}
	for (releaser = builder->contention->releasers; releaser && r == 0;
	     releaser = releaser->hh.next) {
		draft = draft_find(builder, releaser->key.object);
		if (draft)
			r = meet(draft, releaser->process);
	}
	return r;
}

static int by_number(const void *a, const void *b)
{
	const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

static int finish_processes(struct builder *builder, struct draft *draft)
{
	uint32_t *list;
	size_t n = 0;

	if (!draft->n_processes)
		return 0;
	qsort(draft->processes, draft->n_processes, sizeof(*draft->processes), by_number);
	list = ws_arena_alloc(builder->result->strings, draft->n_processes * sizeof(*list));
	if (!list)
		return -ENOMEM;
	for (size_t i = 0; i < draft->n_processes; i++) {
		if (!n || list[n - 1] != draft->processes[i])
			list[n++] = draft->processes[i];
	}
	draft->object.processes = list;
	draft->object.n_processes = n;
	return 0;
}

static int add_flow(const struct builder *builder, struct draft *draft, const struct flow *flow)
{
	uint64_t begin_ns = builder->tables->processes[flow->key.process].begin_ns;
	struct ws_flow *to = ws_flow_get(&draft->flows, flow->key.process);

	if (!to)
		return -ENOMEM;
	to->bytes_in = flow->bytes_in;
	to->bytes_out = flow->bytes_out;
	to->calls_in = flow->calls_in;
	to->calls_out = flow->calls_out;
	to->priority_low = flow->priority_low;
	to->priority_high = flow->priority_high;
	to->reads |= (flow->ends & WS_END_READS) != 0 || flow->calls_in;
	to->writes |= (flow->ends & WS_END_WRITES) != 0 || flow->calls_out;
	if (flow->fill > draft->object.fill)
		draft->object.fill = flow->fill;
	if (flow->room > draft->object.room)
		draft->object.room = flow->room;
	to->span_ns = flow->until_ns > begin_ns ? flow->until_ns - begin_ns : 0;
	return 0;
}

/* For each object, by its id: the draft of its polling, or WS_UNKNOWN. NULL: out of memory. */
static uint32_t *find_polls(const struct builder *builder)
{
	uint32_t *polls = malloc((builder->draft_of_size + 1) * sizeof(*polls));

	if (!polls)
		return NULL;
	for (size_t i = 0; i < builder->draft_of_size; i++)
		polls[i] = WS_UNKNOWN;
	for (size_t i = 0; i < builder->n_drafts; i++) {
		const struct ws_object *of = builder->drafts[i].object.object->of;

		if (of && of->id < builder->draft_of_size)
			polls[of->id] = (uint32_t)i;
	}
	return polls;
}

/* What went through the objects that are in the answer, or are polled. */
static int add_flows(struct builder *builder)
{
	uint32_t *polls = find_polls(builder);
	const struct flow *flow;
	int r = polls ? 0 : -ENOMEM;

	for (flow = builder->contention->flows; flow && r == 0; flow = flow->hh.next) {
		uint32_t id = flow->key.object;
		struct draft *draft = draft_find(builder, id);

		if (flow->key.process >= builder->tables->n_processes)
			continue;
		if (draft)
			r = add_flow(builder, draft, flow);
		if (r == 0 && id < builder->draft_of_size && polls[id] != WS_UNKNOWN)
			r = add_flow(builder, &builder->drafts[polls[id]], flow);
	}
	free(polls);
	return r;
}

static int by_object_time(const void *a, const void *b)
{
	const struct ws_object_contention *x = a, *y = b;

	if (x->waits.total != y->waits.total)
		return x->waits.total < y->waits.total ? 1 : -1;
	return (x->object->id > y->object->id) - (x->object->id < y->object->id);
}

/* A pipe is called by its ends, unless it has a name of its own. */
static int name_object(struct builder *builder, struct ws_object_contention *object)
{
	struct ws_contention_result *result = builder->result;
	int r = -ENOENT;

	if (!ws_object_polled(object->object)->name[0])
		r = ws_flows_name(object, builder->tables, result->strings, &object->name);
	if (r != -ENOENT)
		return r;
	return ws_object_name(object->object, builder->tables, builder->symbols, result->places,
			      result->strings, &object->name);
}

/* The drafts become objects in the order that reports show. */
static int finish_objects(struct builder *builder)
{
	struct ws_contention_result *result = builder->result;

	result->objects = calloc(builder->n_drafts + 1, sizeof(*result->objects));
	if (!result->objects)
		return -ENOMEM;
	for (size_t i = 0; i < builder->n_drafts; i++) {
		struct draft *draft = &builder->drafts[i];
		struct ws_object_contention *object = &draft->object;
		int r;

		r = ws_role_make(&draft->waiters, builder->tables, &object->waiters);
		if (r == 0)
			r = ws_role_make(&draft->holders, builder->tables, &object->holders);
		if (r == 0)
			r = ws_role_make(&draft->wakers, builder->tables, &object->wakers);
		if (r == 0)
			r = ws_role_make(&draft->last, builder->tables, &object->last);
		if (r == 0)
			r = finish_processes(builder, draft);
		if (r == 0)
			r = ws_flows_finish(&draft->flows, result->strings, object);
		if (r == 0)
			r = name_object(builder, object);
		/* Handed over even on failure: the result frees it then. */
		result->objects[result->n_objects++] = *object;
		*object = (struct ws_object_contention){ 0 };
		if (r < 0)
			return r;
		result->unknown_ns += result->objects[i].unknown_ns;
	}
	return 0;
}

static int by_edge(const void *a, const void *b, void *tables)
{
	const struct ws_edge *x = a, *y = b;
	int c;

	if (x->object != y->object)
		return x->object < y->object ? -1 : 1;
	c = ws_party_compare(tables, &x->waiter, &y->waiter);
	return c ? c : ws_party_compare(tables, &x->blocker, &y->blocker);
}

static int by_edge_time(const void *a, const void *b, void *tables)
{
	const struct ws_edge *x = a, *y = b;

	if (x->wait_ns != y->wait_ns)
		return x->wait_ns < y->wait_ns ? 1 : -1;
	return by_edge(a, b, tables);
}

/* Objects in order; edges refer to their place in it, equal ones merged, in order too. */
static int put_in_order(struct builder *builder)
{
	struct ws_contention_result *result = builder->result;
	uint32_t *id_of = malloc((result->n_objects + 1) * sizeof(*id_of));
	size_t n = 0;

	if (!id_of)
		return -ENOMEM;
	for (size_t i = 0; i < result->n_objects; i++)
		id_of[i] = result->objects[i].object->id;
	qsort(result->objects, result->n_objects, sizeof(*result->objects), by_object_time);
	for (size_t i = 0; i < result->n_objects; i++)
		builder->draft_of[result->objects[i].object->id] = (uint32_t)i;
	for (size_t i = 0; i < result->n_edges; i++)
		result->edges[i].object = builder->draft_of[id_of[result->edges[i].object]];
	free(id_of);
	if (!result->n_edges)
		return 0;
	qsort_r(result->edges, result->n_edges, sizeof(*result->edges), by_edge,
		(void *)builder->tables);
	for (size_t i = 0; i < result->n_edges; i++) {
		if (n && by_edge(&result->edges[n - 1], &result->edges[i],
				 (void *)builder->tables) == 0) {
			result->edges[n - 1].waits += result->edges[i].waits;
			result->edges[n - 1].wait_ns += result->edges[i].wait_ns;
		} else {
			result->edges[n++] = result->edges[i];
		}
	}
	result->n_edges = n;
	qsort_r(result->edges, n, sizeof(*result->edges), by_edge_time, (void *)builder->tables);
	return 0;
}

static int result_new(const struct ws_tables *tables, struct ws_symbols *symbols,
		      struct ws_contention_result **ret)
{
	struct ws_contention_result *result = calloc(1, sizeof(*result));

	if (!result)
		return -ENOMEM;
	result->n_threads = tables->n_threads;
	result->threads = calloc(tables->n_threads + 1, sizeof(*result->threads));
	result->strings = calloc(1, sizeof(*result->strings));
	if (!result->threads || !result->strings ||
	    ws_places_new(tables, symbols, &result->places) < 0) {
		ws_contention_result_free(result);
		return -ENOMEM;
	}
	*ret = result;
	return 0;
}

/* Which objects the filter's patterns fit, by the names in `named`, which has all of them. 0 or
 * -ENOMEM. */
static int find_counted(const struct ws_filter *filter, const struct ws_contention_result *named,
			struct ws_contention_result *to)
{
	for (size_t i = 0; i < named->n_objects; i++) {
		if (named->objects[i].object->id >= to->n_counted)
			to->n_counted = (size_t)named->objects[i].object->id + 1;
	}
	to->counted = calloc(to->n_counted + 1, 1);
	if (!to->counted)
		return -ENOMEM;
	for (size_t i = 0; i < named->n_objects; i++) {
		const struct ws_object_contention *object = &named->objects[i];

		to->counted[object->object->id] =
			ws_filter_object(filter, object->object, object->name);
	}
	return 0;
}

/* `named`: the result without a filter by names of objects; NULL: there is no such filter. */
static int make(const struct ws_contention *contention, const struct ws_tables *tables,
		struct ws_symbols *symbols, const struct ws_contention_result *named,
		struct ws_contention_result **ret)
{
	struct builder builder = {
		.contention = contention,
		.tables = tables,
		.symbols = symbols,
	};
	int r;

	r = result_new(tables, symbols, &builder.result);
	if (r < 0)
		return r;
	if (named)
		r = find_counted(&contention->filter, named, builder.result);
	if (r == 0)
		r = collect(&builder);
	if (r == 0)
		r = add_flows(&builder);
	if (r == 0)
		r = finish_objects(&builder);
	if (r == 0)
		r = put_in_order(&builder);
	if (r == 0)
		r = ws_site_edges_make(builder.result);
	for (size_t i = 0; i < builder.n_drafts; i++) {
		struct draft *draft = &builder.drafts[i];

		ws_share_list_free(&draft->waiters);
		ws_share_list_free(&draft->holders);
		ws_share_list_free(&draft->wakers);
		ws_share_list_free(&draft->last);
		ws_histogram_free(&draft->object.waits);
		free(draft->processes);
		ws_flow_list_free(&draft->flows);
	}
	free(builder.drafts);
	free(builder.draft_of);
	if (r < 0) {
		ws_contention_result_free(builder.result);
		return r;
	}
	*ret = builder.result;
	return 0;
}

int ws_contention_finish(const struct ws_contention *contention, const struct ws_tables *tables,
			 struct ws_symbols *symbols, struct ws_contention_result **ret)
{
	struct ws_contention_result *named = NULL;
	int r;

	if (!contention->filter.n_objects)
		return make(contention, tables, symbols, NULL, ret);
	/* What an object is called is known only of the whole answer: a pipe by its ends. */
	r = make(contention, tables, symbols, NULL, &named);
	if (r == 0)
		r = make(contention, tables, symbols, named, ret);
	ws_contention_result_free(named);
	return r;
}

bool ws_contention_counts(const struct ws_contention_result *result, uint32_t object_id)
{
	return !result->counted || (object_id < result->n_counted && result->counted[object_id]);
}

void ws_contention_result_free(struct ws_contention_result *result)
{
	if (!result)
		return;
	for (size_t i = 0; i < result->n_objects; i++) {
		ws_histogram_free(&result->objects[i].waits);
		ws_role_free(&result->objects[i].waiters);
		ws_role_free(&result->objects[i].holders);
		ws_role_free(&result->objects[i].wakers);
		ws_role_free(&result->objects[i].last);
	}
	if (result->strings)
		ws_arena_free(result->strings);
	ws_places_free(result->places);
	free(result->strings);
	free(result->objects);
	free(result->edges);
	free(result->site_edges);
	free(result->threads);
	free(result->counted);
	free(result);
}
