/* SPDX-License-Identifier: MIT */
/* lock_order.c: gathers the orders and tells of the cycles, see lock_order.h. The search is in
 * lock_cycles.c. */
#include "analyzer/analyses/lock_order.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/analyses/all.h"
#include "analyzer/analyses/deadlock.h"
#include "analyzer/analyses/lock_cycles.h"
#include "analyzer/base/grow.h"
#include "analyzer/base/map64.h"

struct ws_lock_order {
	struct ws_before *before;    /* Owned by this */
	struct ws_lock_step **steps; /* Owned by this, as what they point to */
	size_t n, size;
};

int ws_lock_order_new(const struct ws_setup *setup, struct ws_lock_order **ret)
{
	struct ws_lock_order *order = calloc(1, sizeof(*order));
	int r = -ENOMEM;

	(void)setup;
	if (order)
		r = ws_before_new(&order->before);
	if (r < 0) {
		ws_lock_order_free(order);
		return r;
	}
	*ret = order;
	return 0;
}

void ws_lock_order_free(struct ws_lock_order *order)
{
	if (!order)
		return;
	for (size_t i = 0; i < order->n; i++) {
		free(order->steps[i]->reach);
		free(order->steps[i]);
	}
	free(order->steps);
	ws_before_free(order->before);
	free(order);
}

static int take_record(void *context, const struct ws_record *record)
{
	struct ws_lock_order *order = context;

	return ws_before_record(order->before, record);
}

static int take_edge(void *context, const struct ws_lock_edge *edge)
{
	struct ws_lock_order *order = context;
	size_t held_size = edge->n_held * sizeof(struct ws_lock);
	struct ws_lock_step *step = calloc(1, sizeof(*step) + held_size);

	if (!step)
		return -ENOMEM;
	if (ws_grow(&order->steps, &order->size, order->n + 1)) {
		free(step);
		return -ENOMEM;
	}
	step->edge = *edge;
	memcpy(step->held, edge->held, held_size);
	step->edge.held = step->held;
	order->steps[order->n++] = step;
	return 0;
}

struct ws_model_observer ws_lock_order_observer(struct ws_lock_order *order)
{
	return (struct ws_model_observer){
		.context = order,
		.types = WS_RECORD_BIT(WS_RECORD_THREAD) | WS_RECORD_BIT(WS_RECORD_PROCESS),
		.record = take_record,
		.edge = take_edge,
	};
}

/* Which of the locks that the step's thread holds the step before wants. */
static const struct ws_lock *hold_of(const struct ws_lock_cycle *cycle, size_t i)
{
	const struct ws_lock_step *before = cycle->steps[(i + cycle->n - 1) % cycle->n];

	return ws_lock_held_by(cycle->steps[i], &before->edge.taken);
}

/* True if an actual deadlock of these locks is told already. */
static bool has_occurred(const struct ws_context *context, const struct ws_lock_cycle *cycle)
{
	size_t n;
	const struct ws_deadlock *list = ws_deadlocks_sorted(context->deadlocks, &n);

	for (size_t i = 0; i < n; i++) {
		size_t same = 0;

		if (list[i].verdict != WS_VERDICT_OCCURRED || list[i].n_cycle != cycle->n)
			continue;
		for (size_t k = 0; k < cycle->n; k++)
			for (size_t m = 0; m < cycle->n; m++)
				same += list[i].cycle[k].wants ==
					cycle->steps[m]->edge.taken.object;
		if (same == cycle->n)
			return true;
	}
	return false;
}

static int reason_of(const struct ws_context *context, const struct ws_lock_cycle *cycle,
		     const char **ret)
{
	const char *name = "";
	char *text = NULL;
	int r = 0;

	if (cycle->gate)
		r = ws_context_object_words(context, cycle->gate, &name);
	if (r < 0)
		return r;
	switch (cycle->why) {
	case WS_CYCLE_PREDICTABLE:
		text = strdup("nothing keeps each thread from taking its first lock before any "
			      "takes its second");
		break;
	case WS_CYCLE_REUSED:
		text = strdup("the orders contradict each other, if the memory is the same locks' "
			      "all the time: they are never initialised");
		break;
	case WS_CYCLE_SYNCED:
		text = strdup("the orders contradict each other; the threads also wait for others "
			      "in other ways, which may keep them apart");
		break;
	case WS_CYCLE_ONE_THREAD:
		text = strdup("one thread takes them in both orders, and cannot meet itself");
		break;
	case WS_CYCLE_TRIED:
		text = strdup("one of the calls does not wait, or not for ever");
		break;
	case WS_CYCLE_READERS:
		text = strdup("readers do not wait for readers");
		break;
	case WS_CYCLE_ONE_PROCESS:
		text = strdup("threads of one process do not exclude each other by record locks");
		break;
	case WS_CYCLE_GATE:
		if (asprintf(&text, "%s is held by two of the threads all the while", name) < 0)
			text = NULL;
		break;
	case WS_CYCLE_ORDERED:
		text = strdup("one of the threads is through before another begins: it is created "
			      "or joined in between");
		break;
	}
	if (!text)
		return -ENOMEM;
	*ret = ws_arena_strdup(context->strings, text);
	free(text);
	return *ret ? 0 : -ENOMEM;
}

static enum ws_verdict verdict_of(const struct ws_lock_cycle *cycle)
{
	switch (cycle->why) {
	case WS_CYCLE_PREDICTABLE:
		return WS_VERDICT_PREDICTABLE;
	case WS_CYCLE_REUSED:
	case WS_CYCLE_SYNCED:
		return WS_VERDICT_ORDER_ONLY;
	default:
		return WS_VERDICT_SUPPRESSED;
	}
}

/* The order of events that leads there: each its first, then each its second. */
static int tell_witness(const struct ws_context *context, struct ws_deadlock *deadlock,
			const struct ws_lock_cycle *cycle)
{
	const char *name;
	int r = 0;

	for (size_t i = 0; i < cycle->n && r == 0; i++) {
		const struct ws_lock *hold = hold_of(cycle, i);

		r = ws_context_object_words(context, hold->object, &name);
		if (r == 0)
			r = ws_deadlock_evidence(context, deadlock, 0, cycle->steps[i]->edge.thread,
						 hold->site, hold->stack, "takes %s", name);
	}
	for (size_t i = 0; i < cycle->n && r == 0; i++) {
		const struct ws_lock_edge *edge = &cycle->steps[i]->edge;

		r = ws_context_object_words(context, edge->taken.object, &name);
		if (r == 0)
			r = ws_deadlock_evidence(context, deadlock, 0, edge->thread,
						 edge->taken.site, edge->taken.stack,
						 "waits for %s for ever", name);
	}
	return r;
}

static int tell_deadlock(const struct ws_context *context, const struct ws_lock_cycle *cycle)
{
	struct ws_deadlock *deadlock;
	const char *reason = "";
	int r = reason_of(context, cycle, &reason);

	if (r < 0)
		return r;
	deadlock = ws_deadlocks_add(context->deadlocks, verdict_of(cycle), 0, "%s", reason);
	if (!deadlock)
		return -ENOMEM;
	for (size_t i = 0; i < cycle->n && r == 0; i++) {
		const struct ws_lock_edge *edge = &cycle->steps[i]->edge;
		const struct ws_lock *hold = hold_of(cycle, i);

		r = ws_deadlock_step(context, deadlock,
				     &(struct ws_deadlock_call){
					     .thread = edge->thread,
					     .holds = hold->object,
					     .hold_code = hold->site,
					     .hold_stack = hold->stack,
					     .wants = edge->taken.object,
					     .want_code = edge->taken.site,
					     .want_stack = edge->taken.stack,
					     .hold_as = WS_HOLD_OWNS,
					     .hold_shared = hold->flags & WS_EDGE_READ,
					     .want_shared = edge->taken.flags & WS_EDGE_READ,
					     .needs_all = true,
					     .want_ns = edge->at_ns,
				     });
	}
	if (r == 0 && verdict_of(cycle) == WS_VERDICT_PREDICTABLE)
		r = tell_witness(context, deadlock, cycle);
	return r;
}

/* "a -> b -> a"; of many, the first few. */
static int circle_of(const struct ws_context *context, const struct ws_lock_cycle *cycle,
		     const char **ret)
{
	enum { SHOWN = 4 };
	char *text = NULL;
	size_t size = 0;
	const char *name;
	int r = 0;
	FILE *f = open_memstream(&text, &size);

	if (!f)
		return -ENOMEM;
	for (size_t i = 0; i <= cycle->n && r == 0; i++) {
		if (i == SHOWN && cycle->n > SHOWN + 1) {
			fprintf(f, " -> %zu more", cycle->n - SHOWN);
			i = cycle->n;
		}
		r = ws_context_object_words(context, hold_of(cycle, i % cycle->n)->object, &name);
		if (r == 0)
			fprintf(f, "%s%s", i ? " -> " : "", name);
	}
	if (fclose(f) != 0)
		r = -ENOMEM;
	if (r == 0) {
		*ret = ws_arena_strdup(context->strings, text);
		r = *ret ? 0 : -ENOMEM;
	}
	free(text);
	return r;
}

static int tell_finding(const struct ws_context *context, const struct ws_lock_cycle *cycle)
{
	struct ws_finding *finding;
	const char *circle = "", *name;
	int r = circle_of(context, cycle, &circle);

	if (r < 0)
		return r;
	finding =
		ws_findings_add(context->findings, WS_RULE_LOCK_ORDER, "lock order %s (%s)", circle,
				cycle->why == WS_CYCLE_PREDICTABLE ? "predictable" : "order only");
	if (!finding)
		return -ENOMEM;
	for (size_t i = 0; i < cycle->n && r == 0; i++) {
		const struct ws_lock_edge *edge = &cycle->steps[i]->edge;
		const struct ws_lock *hold = hold_of(cycle, i);

		r = ws_finding_object(finding, hold->object);
		if (r == 0)
			r = ws_context_object_words(context, hold->object, &name);
		if (r == 0)
			r = ws_finding_evidence(context->findings, finding, 0, edge->thread,
						hold->site, hold->stack, "takes %s...", name);
		if (r == 0)
			r = ws_context_object_words(context, edge->taken.object, &name);
		if (r == 0)
			r = ws_finding_evidence(context->findings, finding, edge->at_ns,
						edge->thread, edge->taken.site, edge->taken.stack,
						"...and then %s", name);
	}
	return r;
}

/* What is told of the cycles, and to whom. */
struct telling {
	const struct ws_context *context;
};

static int tell(void *user, const struct ws_lock_cycle *cycle)
{
	const struct ws_context *context = ((struct telling *)user)->context;
	int r;

	if (has_occurred(context, cycle))
		return 0;
	r = tell_deadlock(context, cycle);
	if (r == 0 && verdict_of(cycle) != WS_VERDICT_SUPPRESSED)
		r = tell_finding(context, cycle);
	return r;
}

static int add_pair(const struct ws_context *context, struct ws_lock_order_result *result,
		    size_t *size, const struct ws_lock *held, const struct ws_lock_edge *edge)
{
	struct ws_lock_pair pair = { .held = *held, .taken = edge->taken, .times = 1 };
	int r = ws_places_party(context->places, edge->thread, held->site, held->stack, &pair.hold);

	if (r == 0)
		r = ws_places_party(context->places, edge->thread, edge->taken.site,
				    edge->taken.stack, &pair.take);
	if (r == 0)
		r = ws_context_mention(context, held->object);
	if (r == 0)
		r = ws_context_mention(context, edge->taken.object);
	if (r == 0)
		r = ws_grow(&result->pairs, size, result->n_pairs + 1);
	if (r == 0)
		result->pairs[result->n_pairs++] = pair;
	return r;
}

/* Every order of two locks once. 0 or -ENOMEM. */
static int list_pairs(const struct ws_lock_order *order, const struct ws_context *context,
		      struct ws_lock_order_result *result)
{
	struct ws_map64 seen = { 0 };
	size_t size = 0;
	int r = 0;

	for (size_t i = 0; i < order->n && r == 0; i++) {
		const struct ws_lock_edge *edge = &order->steps[i]->edge;

		if (edge->taken.flags & (WS_EDGE_TRY | WS_EDGE_TIMED))
			continue;
		for (size_t k = 0; k < edge->n_held && r == 0; k++) {
			const struct ws_lock *held = &edge->held[k];
			uint64_t key = (uint64_t)held->object->id << 32 | edge->taken.object->id;
			uint32_t at;

			if (held->object == edge->taken.object)
				continue;
			if (ws_map64_get(&seen, key, &at)) {
				result->pairs[at].times++;
				continue;
			}
			r = ws_map64_put(&seen, key, (uint32_t)result->n_pairs);
			if (r == 0)
				r = add_pair(context, result, &size, held, edge);
		}
	}
	ws_map64_free(&seen);
	return r;
}

int ws_lock_order_finish(struct ws_lock_order *order, const struct ws_context *context,
			 struct ws_lock_order_result **ret)
{
	struct ws_lock_order_result *result = calloc(1, sizeof(*result));
	struct telling telling = { .context = context };
	int r = -ENOMEM;

	if (result)
		r = ws_before_finish(order->before, context->tables);
	if (r == 0)
		r = ws_lock_cycles_find(order->steps, order->n, context->tables, order->before,
					tell, &telling, &result->gave_up);
	if (r == 0)
		r = list_pairs(order, context, result);
	if (r < 0) {
		ws_lock_order_result_free(result);
		return r;
	}
	result->edges = order->n;
	*ret = result;
	return 0;
}

void ws_lock_order_result_free(struct ws_lock_order_result *result)
{
	if (!result)
		return;
	free(result->pairs);
	free(result);
}
