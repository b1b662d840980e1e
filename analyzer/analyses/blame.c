/* SPDX-License-Identifier: MIT */
/* blame.c: see blame.h. */
#include "analyzer/analyses/blame.h"

#include <errno.h>
#include <stdlib.h>

/* Out of memory is an error like others: what was not added has no table. */
#define HASH_NONFATAL_OOM 1
#include <uthash.h>

#include "analyzer/analyses/all.h"
#include "analyzer/analyses/meanwhile.h"
#include "analyzer/analyses/origins.h"
#include "analyzer/base/grow.h"
#include "analyzer/base/map64.h"

/* Objects with most waiting for which it is worked out, unasked, what they cost the run. */
#define WHAT_IF_TOP 3

/* A cause, and what it is known by in cells. */
struct cause {
	struct ws_cause cause;
	uint32_t id;
	UT_hash_handle hh;
};

/* The time of one object's waits that one cause had. */
struct cell {
	uint32_t object;
	uint32_t cause;
	uint64_t ns;
};

struct ws_blame {
	struct ws_setup setup;
	struct ws_past *past; /* Owned by this */
	const struct ws_contention_result *contention; /* Weak: while it finishes */
	uint64_t first_ns;    /* of the first record */
	bool begun;
	struct cause *causes;
	const struct cause **by_id; /* Owned by this, the causes not */
	size_t n_causes, causes_size;
	struct ws_map64 cell_of; /* by object and cause */
	struct cell *cells;      /* Owned by this */
	size_t n_cells, cells_size;
	struct ws_meanwhiles *meanwhiles; /* Owned by this */
	uint64_t cut_waits;
};

const char *ws_cause_word(uint32_t what)
{
	static const char *const words[] = {
		[WS_CAUSE_RUNNING] = "running",     [WS_CAUSE_PREEMPTED] = "preempted",
		[WS_CAUSE_SCHEDULER] = "scheduler", [WS_CAUSE_TIME] = "time",
		[WS_CAUSE_OUTSIDE] = "outside",     [WS_CAUSE_CYCLE] = "cycle",
		[WS_CAUSE_GONE] = "gone",           [WS_CAUSE_UNKNOWN] = "unknown",
	};

	return what < WS_CAUSE_COUNT ? words[what] : "unknown";
}

int ws_blame_new(const struct ws_setup *setup, struct ws_blame **ret)
{
	struct ws_blame *blame = calloc(1, sizeof(*blame));

	if (!blame || ws_past_new(&setup->filter, &blame->past) < 0 ||
	    ws_meanwhiles_new(&blame->meanwhiles) < 0) {
		ws_blame_free(blame);
		return -ENOMEM;
	}
	blame->setup = *setup;
	*ret = blame;
	return 0;
}

/* What is collected in the sweep. */
static void forget(struct ws_blame *blame)
{
	struct cause *cause, *next_cause;

	HASH_ITER(hh, blame->causes, cause, next_cause) {
		HASH_DEL(blame->causes, cause);
		free(cause);
	}
	free(blame->by_id);
	blame->by_id = NULL;
	ws_map64_free(&blame->cell_of);
	free(blame->cells);
	blame->cells = NULL;
	ws_meanwhiles_free(blame->meanwhiles);
	blame->meanwhiles = NULL;
}

void ws_blame_free(struct ws_blame *blame)
{
	if (!blame)
		return;
	forget(blame);
	ws_past_free(blame->past);
	free(blame);
}

struct ws_model_observer ws_blame_observer(struct ws_blame *blame)
{
	return ws_past_observer(blame->past);
}

static int cause_id(struct ws_blame *blame, const struct ws_cause *cause, uint32_t *ret)
{
	struct cause *known;

	HASH_FIND(hh, blame->causes, cause, sizeof(*cause), known);
	if (!known) {
		if (ws_grow(&blame->by_id, &blame->causes_size, blame->n_causes + 1))
			return -ENOMEM;
		known = calloc(1, sizeof(*known));
		if (!known)
			return -ENOMEM;
		known->cause = *cause;
		known->id = (uint32_t)blame->n_causes;
		HASH_ADD(hh, blame->causes, cause, sizeof(known->cause), known);
		if (!known->hh.tbl) {
			free(known);
			return -ENOMEM;
		}
		blame->by_id[blame->n_causes++] = known;
	}
	*ret = known->id;
	return 0;
}

static int add_cell(struct ws_blame *blame, uint32_t object, const struct ws_cause *cause, uint64_t ns)
{
	uint32_t id, cell;
	uint64_t key;
	int r = cause_id(blame, cause, &id);

	if (r < 0)
		return r;
	key = (uint64_t)object << 32 | id;
	if (!ws_map64_get(&blame->cell_of, key, &cell)) {
		cell = (uint32_t)blame->n_cells;
		if (ws_grow(&blame->cells, &blame->cells_size, blame->n_cells + 1) ||
		    ws_map64_put(&blame->cell_of, key, cell))
			return -ENOMEM;
		blame->cells[blame->n_cells++] = (struct cell){ object, id, 0 };
	}
	blame->cells[cell].ns += ns;
	return 0;
}

/* True if contention counts the wait, too. */
static bool counts(const struct ws_blame *blame, const struct ws_tables *tables,
		   const struct ws_past_wait *wait)
{
	const struct ws_filter *filter = &blame->setup.filter;
	const struct ws_task *task = &tables->threads[wait->thread];

	if (!wait->counts || (filter->tid && task->tid != filter->tid) ||
	    !ws_contention_counts(blame->contention, wait->object))
		return false;
	return !filter->pid || tables->processes[task->process].pid == filter->pid;
}

/* True while the wait is for the hold with which it began, so that what its holder used is of this. */
static bool is_first_hold(const struct ws_sweep_wait *wait)
{
	const struct ws_holder *now = &wait->pieces[wait->piece - 1].whom;
	const struct ws_holder *first = &wait->pieces[0].whom;

	return now->thread == first->thread && now->site == first->site &&
	       now->stack == first->stack;
}

static int spent(void *context, const struct ws_sweep *sweep, struct ws_sweep_wait *wait,
		 const struct ws_cause *cause, const struct ws_sweep_wait *blocker, uint64_t ns)
{
	struct ws_blame *blame = context;
	struct ws_meanwhile_key key;
	int r;

	if (!ns || !counts(blame, sweep->tables, &wait->past))
		return 0;
	r = add_cell(blame, wait->past.object, cause, ns);
	/* For whom the wait was; not while it had been let go, or nobody is known. */
	if (r < 0 || wait->woken || !wait->past.n_pieces)
		return r;
	key = (struct ws_meanwhile_key){
		.object = wait->past.object,
		.site = wait->pieces[wait->piece - 1].whom.site,
		.what = wait->whom == WS_UNKNOWN ? WS_CAUSE_UNKNOWN
			: blocker && !blocker->birth ? WS_MEANWHILE_WAITED
			: blocker || sweep->threads[wait->whom].gone ? WS_CAUSE_GONE
								     : WS_CAUSE_RUNNING,
		.for_object = WS_UNKNOWN,
		.at = WS_UNKNOWN,
	};
	if (key.what == WS_MEANWHILE_WAITED) {
		key.for_object = blocker->past.object;
		key.at = blocker->past.site;
		key.reads = !!(blocker->past.flags & WS_WAIT_READ);
	}
	if (key.what == WS_CAUSE_RUNNING && wait->past.ran && is_first_hold(wait))
		wait->busy_ns += ns;
	return ws_meanwhiles_add(blame->meanwhiles, &key, ns);
}

/* What is known now of all that its first holder did in it: of the time in which it was in no wait it
 * had a processor for what was measured, and none for the rest. */
static int leave(void *context, struct ws_sweep *sweep, struct ws_sweep_wait *wait)
{
	struct ws_blame *blame = context;
	uint64_t ready_ns;
	struct ws_cause cause;
	int r;

	(void)sweep;
	if (!wait->busy_ns)
		return 0;
	ready_ns = wait->busy_ns - (wait->past.ran - 1 < wait->busy_ns ? wait->past.ran - 1
								       : wait->busy_ns);
	r = ws_meanwhiles_measured(blame->meanwhiles, wait->past.object, wait->pieces[0].whom.site,
				   wait->busy_ns, ready_ns);
	if (r < 0 || !ready_ns)
		return r;
	ws_sweep_followed_by(wait, &cause);
	r = add_cell(blame, wait->past.object, &cause, -ready_ns);
	cause.what = WS_CAUSE_PREEMPTED;
	return r < 0 ? r : add_cell(blame, wait->past.object, &cause, ready_ns);
}

static int enter(void *context, struct ws_sweep *sweep, struct ws_sweep_wait *wait)
{
	struct ws_blame *blame = context;

	blame->cut_waits += wait->past.cut && counts(blame, sweep->tables, &wait->past);
	return 0;
}

/* For the orders of lists: one at a time. in each thread. */
static _Thread_local const struct ws_tables *order_tables;

static uint32_t id_of(const struct ws_object *object)
{
	return object ? object->id : WS_UNKNOWN;
}

static int by_time(const void *a, const void *b)
{
	const struct ws_blamed *x = a, *y = b;
	int order;

	if (x->ns != y->ns)
		return x->ns < y->ns ? 1 : -1;
	if (x->what != y->what)
		return x->what < y->what ? -1 : 1;
	order = ws_party_compare(order_tables, &x->party, &y->party);
	if (order)
		return order;
	return (id_of(x->object) > id_of(y->object)) - (id_of(x->object) < id_of(y->object));
}

static int add_party(const struct ws_blame *blame, const struct ws_context *context,
		     const struct ws_cause *cause, uint64_t ns, struct ws_object_blame *to)
{
	struct ws_blamed *party = &to->parties[to->n_parties++];
	int r;

	party->what = cause->what;
	party->ns = ns;
	party->object = ws_past_object(blame->past, cause->object);
	to->causes[cause->what] += ns;
	to->wait_ns += ns;
	r = ws_places_party(context->places, cause->thread, cause->site, cause->stack,
			    &party->party);
	if (r == 0 && party->object)
		r = ws_context_mention(context, party->object);
	return r;
}

/* The sums over all objects, by cause. */
static int make_total(const struct ws_blame *blame, const struct ws_context *context,
		      struct ws_object_blame *total)
{
	uint64_t *sums = calloc(blame->n_causes + 1, sizeof(*sums));
	int r = 0;

	total->parties = calloc(blame->n_causes + 1, sizeof(*total->parties));
	if (!sums || !total->parties) {
		free(sums);
		return -ENOMEM;
	}
	for (size_t i = 0; i < blame->n_cells; i++)
		sums[blame->cells[i].cause] += blame->cells[i].ns;
	for (size_t i = 0; i < blame->n_causes && r == 0; i++)
		r = add_party(blame, context, &blame->by_id[i]->cause, sums[i], total);
	free(sums);
	qsort(total->parties, total->n_parties, sizeof(*total->parties), by_time);
	return r;
}

/* Room for what each object has. */
static int make_objects(const struct ws_blame *blame, const uint32_t *at,
			struct ws_blame_result *result)
{

	for (size_t i = 0; i < blame->n_cells; i++)
		result->objects[at[blame->cells[i].object]].n_parties++;
	for (size_t i = 0; i < result->n_objects; i++) {
		struct ws_object_blame *object = &result->objects[i];

		object->parties = calloc(object->n_parties + 1, sizeof(*object->parties));
		if (!object->parties)
			return -ENOMEM;
		object->n_parties = 0;
	}
	return 0;
}

static int fill_objects(const struct ws_blame *blame, const struct ws_context *context,
			const uint32_t *at, struct ws_blame_result *result)
{
	int r = make_objects(blame, at, result);

	for (size_t i = 0; i < blame->n_cells && r == 0; i++) {
		const struct cell *cell = &blame->cells[i];

		r = add_party(blame, context, &blame->by_id[cell->cause]->cause, cell->ns,
			      &result->objects[at[cell->object]]);
	}
	for (size_t i = 0; i < result->n_objects; i++)
		qsort(result->objects[i].parties, result->objects[i].n_parties,
		      sizeof(*result->objects[i].parties), by_time);
	return r;
}

/* The answer from what the sweep collected. */
static int conclude(struct ws_blame *blame, const struct ws_context *context,
		    struct ws_blame_result *result)
{
	const struct ws_contention_result *contention = context->contention;
	size_t n_ids = ws_past_n_objects(blame->past);
	uint32_t *at = calloc(n_ids + 1, sizeof(*at));
	int r;

	result->at = at;
	result->n_at = n_ids;
	result->objects = calloc(contention->n_objects + 1, sizeof(*result->objects));
	if (!at || !result->objects)
		return -ENOMEM;
	result->n_objects = contention->n_objects;
	for (size_t i = 0; i < contention->n_objects; i++) {
		result->objects[i].object = contention->objects[i].object;
		if (contention->objects[i].object->id < n_ids)
			at[contention->objects[i].object->id] = (uint32_t)i;
	}
	result->cut_waits = blame->cut_waits;
	order_tables = context->tables;
	r = fill_objects(blame, context, at, result);
	if (r == 0)
		r = ws_meanwhiles_finish(blame->meanwhiles, blame->past, context, at, result);
	if (r == 0)
		r = make_total(blame, context, &result->total);
	return r;
}

/* What the user named: an id, or a name of an object that was waited for. */
static const struct ws_object *find_object(const struct ws_blame *blame,
					   const struct ws_context *context, const char *name,
					   size_t length)
{
	const struct ws_contention_result *contention = context->contention;
	char *end;
	unsigned long id;

	for (size_t i = 0; i < contention->n_objects; i++) {
		if (strlen(contention->objects[i].name) == length &&
		    strncmp(contention->objects[i].name, name, length) == 0)
			return contention->objects[i].object;
	}
	id = strtoul(name, &end, 10);
	if (end != name + length || !length)
		return NULL;
	return ws_past_object(blame->past, id < WS_UNKNOWN ? (uint32_t)id : WS_UNKNOWN);
}

static void ask(struct ws_blame *blame, const struct ws_context *context,
	       struct ws_what_ifs *what_ifs, const char **missing)
{
	const struct ws_contention_result *contention = context->contention;

	for (size_t i = 0; i < blame->setup.n_what_ifs; i++) {
		const char *name = blame->setup.what_ifs[i];
		size_t length = strlen(name);
		bool half = false;
		const struct ws_object *object;

		if (length > 5 && strcmp(name + length - 5, "=half") == 0) {
			half = true;
			length -= 5;
		} else if (length > 5 && strcmp(name + length - 5, "=none") == 0) {
			length -= 5;
		}
		object = find_object(blame, context, name, length);
		if (!object)
			*missing = name;
		else
			ws_what_ifs_add(what_ifs, blame->past, object, half, true);
	}
	for (size_t i = 0, n = 0; i < contention->n_objects && n < WHAT_IF_TOP; i++) {
		const struct ws_object *object = contention->objects[i].object;

		if (ws_kind_is_idle((enum ws_kind)object->key.kind) ||
		    object->key.kind == WS_KIND_THREAD)
			continue;
		ws_what_ifs_add(what_ifs, blame->past, object, false, false);
		n++;
	}
}

/* Everything that one sweep answers. */
static int sweep(struct ws_blame *blame, const struct ws_context *context,
		 struct ws_blame_result *result)
{
	const struct ws_tables *tables = context->tables;
	const struct ws_setup *setup = &blame->setup;
	uint32_t target = ws_origins_last(tables, setup->path_tid      ? setup->path_tid
						  : tables->n_processes ? tables->processes[0].pid
									: 0);
	uint64_t from_ns = setup->filter.from_ns ? tables->begin_ns + setup->filter.from_ns : 0;
	uint64_t to_ns = target == WS_UNKNOWN ? 0 : ws_thread_end(tables, target);
	struct ws_path *path = NULL;
	struct ws_what_ifs *what_ifs = NULL;
	const char *missing = NULL;
	int r;

	if (setup->filter.to_ns < to_ns - tables->begin_ns)
		to_ns = tables->begin_ns + setup->filter.to_ns;
	r = ws_path_new(target, from_ns, to_ns, &path);
	if (r == 0)
		r = ws_what_ifs_new(target, from_ns, to_ns, ws_past_n_objects(blame->past),
				    &what_ifs);
	if (r == 0)
		ask(blame, context, what_ifs, &missing);
	if (r == 0) {
		const struct ws_sweep_hooks hooks[] = {
			{ .context = blame, .spent = spent, .enter = enter,
			  .leave = leave },
			ws_path_hooks(path),
			ws_what_ifs_hooks(what_ifs),
		};

		r = ws_sweep_run(blame->past, tables, hooks, target == WS_UNKNOWN ? 1 : 3);
	}
	if (r == 0)
		r = ws_path_finish(path, blame->past, context, &result->path);
	if (r == 0)
		r = ws_what_ifs_finish(what_ifs, result->path->begin_ns, &result->what_ifs);
	if (r == 0)
		result->what_ifs->missing = missing;
	ws_path_free(path);
	ws_what_ifs_free(what_ifs);
	return r;
}

int ws_blame_finish(struct ws_blame *blame, const struct ws_context *context,
		    struct ws_blame_result **ret)
{
	struct ws_blame_result *result = calloc(1, sizeof(*result));
	int r;

	if (!result)
		return -ENOMEM;
	blame->contention = context->contention;
	result->error = ws_past_error(blame->past);
	r = result->error ? 0 : sweep(blame, context, result);
	/* The disk's errors are no reason to leave out the rest of the report. */
	if (r < 0 && r != -ENOMEM) {
		result->error = r;
		r = 0;
	}
	if (r == 0 && !result->error) {
		result->known = true;
		r = conclude(blame, context, result);
	}
	forget(blame);
	if (r < 0) {
		ws_blame_result_free(result);
		return r;
	}
	*ret = result;
	return 0;
}

void ws_blame_result_free(struct ws_blame_result *result)
{
	if (!result)
		return;
	for (size_t i = 0; i < result->n_objects; i++) {
		free(result->objects[i].parties);
		free(result->objects[i].meanwhile);
	}
	free(result->objects);
	free(result->at);
	free(result->total.parties);
	ws_path_result_free(result->path);
	free(result->what_ifs);
	free(result);
}

const struct ws_object_blame *ws_blame_of(const struct ws_blame_result *result,
					  const struct ws_object *object)
{
	const struct ws_object_blame *found;

	if (object->id >= result->n_at || !result->n_objects)
		return NULL;
	found = &result->objects[result->at[object->id]];
	return found->object == object ? found : NULL;
}
