/* SPDX-License-Identifier: MIT */
/* what_if.c: see what_if.h. */
#include "analyzer/analyses/what_if.h"

#include <errno.h>
#include <stdlib.h>

/* No way leads from here to the end. */
#define NOWHERE (INT64_MIN / 2)
#define LEADS(value) ((value) > INT64_MIN / 4)

struct ws_what_ifs {
	uint32_t thread;
	uint64_t from_ns, to_ns;
	bool begun, over;
	struct ws_what_if_result result;
	int64_t best[WS_WHAT_IF_MAX]; /* latest end by what was there first */
	uint8_t *changed; /* Owned by this: by object id, a bit a question */
	size_t n_objects;
};

_Static_assert(WS_WHAT_IF_MAX <= 8, "a question is a bit");

int ws_what_ifs_new(uint32_t thread, uint64_t from_ns, uint64_t to_ns, size_t n_objects,
		    struct ws_what_ifs **ret)
{
	struct ws_what_ifs *all = calloc(1, sizeof(*all));

	if (all)
		all->changed = calloc(n_objects + 1, 1);
	if (!all || !all->changed) {
		free(all);
		return -ENOMEM;
	}
	all->thread = thread;
	all->from_ns = from_ns;
	all->to_ns = to_ns;
	all->n_objects = n_objects;
	for (size_t k = 0; k < WS_WHAT_IF_MAX; k++)
		all->best[k] = NOWHERE;
	*ret = all;
	return 0;
}

void ws_what_ifs_free(struct ws_what_ifs *all)
{
	if (!all)
		return;
	free(all->changed);
	free(all);
}

bool ws_what_ifs_add(struct ws_what_ifs *all, const struct ws_past *past,
		     const struct ws_object *object, bool half, bool asked)
{
	size_t k = all->result.n;

	for (size_t i = 0; i < k; i++) {
		if (all->result.list[i].object == object && all->result.list[i].half == half)
			return true;
	}
	if (k == WS_WHAT_IF_MAX)
		return false;
	all->result.list[all->result.n++] =
		(struct ws_what_if){ .object = object, .half = half, .asked = asked };
	for (size_t id = 0; object && id < all->n_objects; id++) {
		const struct ws_object *one = ws_past_object(past, (uint32_t)id);

		if (one && (one == object || ws_object_polled(one) == object))
			all->changed[id] |= (uint8_t)(1u << k);
	}
	return true;
}

static bool is_changed(const struct ws_what_ifs *all, const struct ws_sweep_wait *wait, size_t k)
{
	return !wait->birth && wait->past.object < all->n_objects &&
	       (all->changed[wait->past.object] & (1u << k));
}

/* What the wait saves from its begin to `at_ns`. */
static int64_t saved(const struct ws_what_ifs *all, const struct ws_sweep_wait *wait, size_t k,
		     uint64_t at_ns)
{
	uint64_t ns = at_ns - wait->past.begin_ns;

	return (int64_t)(all->result.list[k].half ? ns / 2 : ns);
}

/* True if the wait is over when a thread has got somewhere. */
static bool depends(const struct ws_sweep_wait *wait)
{
	return wait->past.n_pieces && !wait->past.by_itself &&
	       (wait->birth || wait->past.woken_ns > wait->past.begin_ns);
}

static void raise(int64_t *value, int64_t to)
{
	if (*value < to)
		*value = to;
}

/* The end would come at `value` by way of what the thread does right before now. */
static void deliver(const struct ws_what_ifs *all, struct ws_sweep *sweep, uint32_t thread, size_t k,
		    int64_t value)
{
	if (!LEADS(value) || thread >= sweep->tables->n_threads)
		return;
	for (size_t steps = 0;; steps++) {
		struct ws_sweep_wait *wait = sweep->threads[thread].top;

		if (!wait) {
			raise(&sweep->threads[thread].reaches[k], value);
			return;
		}
		if (is_changed(all, wait, k)) {
			raise(&wait->around[k], value - saved(all, wait, k, sweep->at_ns));
			return;
		}
		/* Threads that wait for each other in a circle: it stays here. */
		if (!wait->past.n_pieces || wait->past.by_itself || steps > sweep->n_active) {
			raise(&wait->around[k], value);
			return;
		}
		/* Who is within a wait has begun it, whoever that is for. */
		if (!wait->birth)
			raise(&wait->around[k],
			      value - (int64_t)(sweep->at_ns - wait->past.begin_ns));
		if (wait->woken) {
			raise(depends(wait) ? &wait->by_waker[k] : &wait->around[k], value);
			return;
		}
		if (wait->whom == WS_UNKNOWN) {
			raise(&wait->around[k], value);
			return;
		}
		thread = wait->whom;
	}
}

static int enter(void *context, struct ws_sweep *sweep, struct ws_sweep_wait *wait)
{
	struct ws_what_ifs *all = context;
	const int64_t *reaches = sweep->threads[wait->past.thread].reaches;
	const struct ws_sweep_wait *outer = wait->outer;
	int64_t ns = (int64_t)(wait->past.end_ns - wait->past.begin_ns);

	for (size_t k = 0; k < all->result.n; k++) {
		wait->by_waker[k] = NOWHERE;
		wait->around[k] = NOWHERE;
		if (wait->birth) {
			int64_t value = reaches[k];

			/* Its first wait began before its first event. */
			if (outer)
				value = outer->around[k] > outer->by_waker[k] ? outer->around[k]
									      : outer->by_waker[k];
			if (wait->past.n_pieces)
				wait->by_waker[k] = value;
			else if (!all->over)
				raise(&all->best[k], value);
		} else if (outer) {
			continue; /* in a signal handler: what it is in goes on after it */
		} else if (is_changed(all, wait, k)) {
			wait->around[k] = reaches[k] - saved(all, wait, k, wait->past.end_ns);
		} else if (depends(wait)) {
			wait->by_waker[k] = reaches[k];
			wait->around[k] = reaches[k] - ns;
		} else {
			wait->around[k] = reaches[k];
		}
	}
	return 0;
}

static int woken(void *context, struct ws_sweep *sweep, struct ws_sweep_wait *wait)
{
	struct ws_what_ifs *all = context;
	uint32_t whom = wait->pieces[wait->past.n_pieces - 1].whom.thread;

	for (size_t k = 0; k < all->result.n && depends(wait); k++) {
		int64_t value = wait->by_waker[k];

		wait->by_waker[k] = NOWHERE;
		/* Nobody known: it takes as long as it took. */
		if (whom >= sweep->tables->n_threads)
			raise(&wait->around[k], value);
		else
			deliver(all, sweep, whom, k, value);
	}
	return 0;
}

static int leave(void *context, struct ws_sweep *sweep, struct ws_sweep_wait *wait)
{
	struct ws_what_ifs *all = context;
	struct ws_sweep_thread *thread = &sweep->threads[wait->past.thread];
	bool early = wait->past.n_pieces && !wait->past.by_itself && !depends(wait);

	for (size_t k = 0; k < all->result.n; k++) {
		int64_t value = wait->around[k];

		/* What it nests in goes on as it would have without it. */
		if (wait->outer) {
			if (LEADS(value))
				raise(&wait->outer->around[k], value);
			continue;
		}
		thread->reaches[k] = value;
		/* Its wake came just before it. */
		if (early && !is_changed(all, wait, k))
			deliver(all, sweep, wait->pieces[0].whom.thread, k, value);
	}
	return 0;
}

static void begin(struct ws_what_ifs *all, struct ws_sweep *sweep)
{
	uint64_t now_ns = sweep->at_ns;

	all->begun = true;
	sweep->at_ns = all->to_ns;
	for (size_t k = 0; k < all->result.n; k++)
		deliver(all, sweep, all->thread, k, (int64_t)all->to_ns);
	sweep->at_ns = now_ns;
}

/* At the begin of the interval: from whatever was under way there. */
static void end(struct ws_what_ifs *all, const struct ws_sweep *sweep)
{
	all->over = true;
	for (size_t i = 0; i < sweep->tables->n_threads; i++) {
		const struct ws_sweep_thread *thread = &sweep->threads[i];

		for (size_t k = 0; k < all->result.n; k++) {
			if (!thread->top)
				raise(&all->best[k], thread->reaches[k]);
			for (const struct ws_sweep_wait *wait = thread->top; wait;
			     wait = wait->outer) {
				raise(&all->best[k], wait->around[k]);
				raise(&all->best[k], wait->by_waker[k]);
			}
		}
	}
}

static int reach(void *context, struct ws_sweep *sweep, uint64_t at_ns)
{
	struct ws_what_ifs *all = context;

	if (!all->begun && at_ns < all->to_ns)
		begin(all, sweep);
	if (all->begun && !all->over && at_ns < all->from_ns)
		end(all, sweep);
	return 0;
}

struct ws_sweep_hooks ws_what_ifs_hooks(struct ws_what_ifs *all)
{
	return (struct ws_sweep_hooks){
		.context = all,
		.enter = enter,
		.woken = woken,
		.leave = leave,
		.reach = reach,
	};
}

int ws_what_ifs_finish(struct ws_what_ifs *all, uint64_t begin_ns, struct ws_what_if_result **ret)
{
	struct ws_what_if_result *result = malloc(sizeof(*result));

	if (!result)
		return -ENOMEM;
	*result = all->result;
	for (size_t k = 0; k < result->n; k++) {
		struct ws_what_if *one = &result->list[k];

		one->duration_ns = all->to_ns - begin_ns;
		one->predicted_ns = one->duration_ns;
		if (LEADS(all->best[k]) && all->best[k] < (int64_t)all->to_ns) {
			uint64_t gain = (uint64_t)((int64_t)all->to_ns - all->best[k]);

			one->predicted_ns = gain < one->duration_ns ? one->duration_ns - gain : 0;
		}
	}
	*ret = result;
	return 0;
}
