/* SPDX-License-Identifier: MIT */
/* path.c: see path.h. */
#include "analyzer/analyses/path.h"

#include <errno.h>
#include <stdlib.h>

/* Out of memory is an error like others: what was not added has no table. */
#define HASH_NONFATAL_OOM 1
#include <uthash.h>

#include "analyzer/base/grow.h"

struct part {
	struct ws_cause cause;
	uint64_t ns;
	UT_hash_handle hh;
};

struct crossed {
	uint32_t object;
	uint64_t waits, bound_ns, longest_ns;
	UT_hash_handle hh;
};

struct ws_path {
	uint32_t target;
	uint64_t from_ns, to_ns;
	bool begun, over;
	uint32_t at;           /* thread that the path is in */
	struct ws_cause cause; /* of the present part */
	const struct ws_sweep_wait *in; /* wait that it is in and was counted; NULL: none */
	uint64_t since_ns;     /* the present part ends here */
	uint64_t begin_ns;
	uint64_t steps;
	struct part *parts;
	struct crossed *crossed;
};

int ws_path_new(uint32_t thread, uint64_t from_ns, uint64_t to_ns, struct ws_path **ret)
{
	struct ws_path *path = calloc(1, sizeof(*path));

	if (!path)
		return -ENOMEM;
	path->target = thread;
	path->from_ns = from_ns;
	path->to_ns = path->begin_ns = to_ns;
	*ret = path;
	return 0;
}

void ws_path_free(struct ws_path *path)
{
	struct part *part, *next_part;
	struct crossed *crossed, *next_crossed;

	if (!path)
		return;
	HASH_ITER(hh, path->parts, part, next_part) {
		HASH_DEL(path->parts, part);
		free(part);
	}
	HASH_ITER(hh, path->crossed, crossed, next_crossed) {
		HASH_DEL(path->crossed, crossed);
		free(crossed);
	}
	free(path);
}

/* The present part began at `at_ns`. */
static int add(struct ws_path *path, uint64_t at_ns)
{
	struct part *part;

	if (at_ns < path->from_ns)
		at_ns = path->from_ns;
	if (at_ns >= path->since_ns)
		return 0;
	HASH_FIND(hh, path->parts, &path->cause, sizeof(path->cause), part);
	if (!part) {
		part = calloc(1, sizeof(*part));
		if (!part)
			return -ENOMEM;
		part->cause = path->cause;
		HASH_ADD(hh, path->parts, cause, sizeof(part->cause), part);
		if (!part->hh.tbl) {
			free(part);
			return -ENOMEM;
		}
	}
	part->ns += path->since_ns - at_ns;
	path->since_ns = path->begin_ns = at_ns;
	return 0;
}

/* The path goes through the wait, from `at_ns` on back. */
static int cross(struct ws_path *path, const struct ws_sweep_wait *wait, uint64_t at_ns)
{
	uint64_t begin_ns = wait->past.begin_ns;
	struct crossed *crossed;

	if (wait->birth)
		return 0;
	if (begin_ns < path->from_ns)
		begin_ns = path->from_ns;
	HASH_FIND(hh, path->crossed, &wait->past.object, sizeof(wait->past.object), crossed);
	if (!crossed) {
		crossed = calloc(1, sizeof(*crossed));
		if (!crossed)
			return -ENOMEM;
		crossed->object = wait->past.object;
		HASH_ADD(hh, path->crossed, object, sizeof(crossed->object), crossed);
		if (!crossed->hh.tbl) {
			free(crossed);
			return -ENOMEM;
		}
	}
	crossed->waits++;
	if (at_ns > begin_ns) {
		crossed->bound_ns += at_ns - begin_ns;
		if (at_ns - begin_ns > crossed->longest_ns)
			crossed->longest_ns = at_ns - begin_ns;
	}
	return 0;
}

/* Where the path is right before `at_ns`, and what its time is spent for there. */
static int look(struct ws_path *path, const struct ws_sweep *sweep, uint64_t at_ns,
		struct ws_cause *cause)
{
	const struct ws_sweep_wait *last = NULL;
	int r;

	for (size_t steps = 0; steps <= sweep->n_active; steps++) {
		const struct ws_sweep_thread *at = &sweep->threads[path->at];
		const struct ws_sweep_wait *wait = at->top;

		if (wait && wait != path->in) {
			r = cross(path, wait, at_ns);
			if (r < 0)
				return r;
		}
		path->in = wait;
		if (wait && wait->past.by_itself) {
			/* What ended it was its own time, whoever it was for. */
			ws_sweep_own_cause(wait, cause);
			cause->what = WS_CAUSE_TIME;
			return 0;
		}
		if (wait && wait->whom != WS_UNKNOWN) {
			last = wait;
			path->at = wait->whom;
			path->in = NULL;
			path->steps++;
			continue;
		}
		if (wait) {
			ws_sweep_own_cause(wait, cause);
		} else {
			if (last)
				ws_sweep_followed_by(last, cause);
			else
				*cause = path->cause;
			cause->thread = path->at;
			cause->what = at->gone || at->unborn ? WS_CAUSE_GONE : WS_CAUSE_RUNNING;
		}
		return 0;
	}
	ws_sweep_circle(sweep, path->at, cause);
	return 0;
}

static int changed(void *context, struct ws_sweep *sweep)
{
	struct ws_path *path = context;
	struct ws_cause cause;
	int r;

	if (!path->begun || path->over)
		return 0;
	r = look(path, sweep, sweep->at_ns, &cause);
	if (r < 0 || memcmp(&cause, &path->cause, sizeof(cause)) == 0)
		return r;
	r = add(path, sweep->at_ns);
	path->cause = cause;
	/* Nothing is known of what was before the first thread began. */
	if (sweep->threads[path->at].unborn && sweep->threads[path->at].top->whom == WS_UNKNOWN &&
	    sweep->threads[path->at].top->birth)
		path->over = true;
	return r;
}

static int reach(void *context, struct ws_sweep *sweep, uint64_t at_ns)
{
	struct ws_path *path = context;

	if (!path->begun && at_ns < path->to_ns) {
		path->begun = true;
		path->at = path->target;
		path->since_ns = path->to_ns;
		path->cause = (struct ws_cause){ WS_CAUSE_RUNNING, path->target, WS_UNKNOWN,
						 WS_UNKNOWN, WS_UNKNOWN };
		return look(path, sweep, path->to_ns, &path->cause);
	}
	if (path->begun && !path->over && at_ns < path->from_ns) {
		path->over = true;
		return add(path, path->from_ns);
	}
	return 0;
}

struct ws_sweep_hooks ws_path_hooks(struct ws_path *path)
{
	return (struct ws_sweep_hooks){
		.context = path,
		.reach = reach,
		.changed = changed,
	};
}

/* For by_time: the order of one list at a time. in each thread. */
static _Thread_local const struct ws_tables *order_tables;

static int by_time(const void *a, const void *b)
{
	const struct ws_path_part *x = a, *y = b;
	uint32_t p = x->object ? x->object->id : WS_UNKNOWN, q = y->object ? y->object->id : WS_UNKNOWN;
	int order;

	if (x->ns != y->ns)
		return x->ns < y->ns ? 1 : -1;
	if (x->what != y->what)
		return x->what < y->what ? -1 : 1;
	order = ws_party_compare(order_tables, &x->party, &y->party);
	return order ? order : (p > q) - (p < q);
}

static int by_bound(const void *a, const void *b)
{
	const struct ws_path_object *x = a, *y = b;

	if (x->bound_ns != y->bound_ns)
		return x->bound_ns < y->bound_ns ? 1 : -1;
	return (x->object->id > y->object->id) - (x->object->id < y->object->id);
}

static int finish_parts(struct ws_path *path, struct ws_past *past, const struct ws_context *context,
			struct ws_path_result *result)
{
	struct part *part, *next;
	struct crossed *crossed, *next_crossed;
	int r;

	result->parts = calloc(HASH_COUNT(path->parts) + 1, sizeof(*result->parts));
	result->objects = calloc(HASH_COUNT(path->crossed) + 1, sizeof(*result->objects));
	if (!result->parts || !result->objects)
		return -ENOMEM;
	HASH_ITER(hh, path->parts, part, next) {
		struct ws_path_part *to = &result->parts[result->n_parts++];

		to->what = part->cause.what;
		to->ns = part->ns;
		to->object = ws_past_object(past, part->cause.object);
		result->causes[part->cause.what] += part->ns;
		r = ws_places_party(context->places, part->cause.thread, part->cause.site,
				    part->cause.stack, &to->party);
		if (r == 0 && to->object)
			r = ws_context_mention(context, to->object);
		if (r < 0)
			return r;
	}
	HASH_ITER(hh, path->crossed, crossed, next_crossed) {
		struct ws_path_object *to = &result->objects[result->n_objects];

		to->object = ws_past_object(past, crossed->object);
		if (!to->object)
			continue;
		to->waits = crossed->waits;
		to->bound_ns = crossed->bound_ns;
		to->longest_ns = crossed->longest_ns;
		result->n_objects++;
		r = ws_context_mention(context, to->object);
		if (r < 0)
			return r;
	}
	order_tables = context->tables;
	qsort(result->parts, result->n_parts, sizeof(*result->parts), by_time);
	qsort(result->objects, result->n_objects, sizeof(*result->objects), by_bound);
	return 0;
}

int ws_path_finish(struct ws_path *path, struct ws_past *past, const struct ws_context *context,
		   struct ws_path_result **ret)
{
	struct ws_path_result *result = calloc(1, sizeof(*result));
	int r = 0;

	if (!result)
		return -ENOMEM;
	result->known = path->begun && path->target < context->tables->n_threads;
	result->thread = path->target;
	if (path->begun && !path->over)
		r = add(path, path->from_ns);
	result->begin_ns = path->begin_ns;
	result->end_ns = path->to_ns;
	result->steps = path->steps;
	if (r == 0)
		r = finish_parts(path, past, context, result);
	if (r < 0) {
		ws_path_result_free(result);
		return r;
	}
	*ret = result;
	return 0;
}

void ws_path_result_free(struct ws_path_result *result)
{
	if (!result)
		return;
	free(result->parts);
	free(result->objects);
	free(result);
}
