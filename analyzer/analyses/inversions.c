/* SPDX-License-Identifier: MIT */
/* inversions.c: see inversions.h. */
#include "analyzer/analyses/inversions.h"

#include <errno.h>
#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>

#include "analyzer/analyses/all.h"
#include "analyzer/base/grow.h"

#ifndef SCHED_DEADLINE
#define SCHED_DEADLINE 6
#endif

/* How one thread is scheduled. Zeroes: by default. */
struct choice {
	int32_t policy;   /* SCHED_* */
	int32_t priority; /* SCHED_FIFO, SCHED_RR */
	int32_t nice;
};

/* The waits on one object. Entries are by its id. */
struct inverted {
	const struct ws_object *object; /* NULL: none */
	uint64_t ns, waits;
	uint64_t worst_ns, at_ns; /* of one wait's part, and when that wait began */
	struct ws_holder waiter, holder;
};

struct ws_inversions {
	struct choice *threads; /* Owned by this; by index */
	size_t n_threads, threads_size;
	struct inverted *objects; /* Owned by this */
	size_t n_objects, objects_size;
};

int ws_inversions_new(const struct ws_setup *setup, struct ws_inversions **ret)
{
	struct ws_inversions *inversions = calloc(1, sizeof(*inversions));

	(void)setup;
	if (!inversions)
		return -ENOMEM;
	*ret = inversions;
	return 0;
}

void ws_inversions_free(struct ws_inversions *inversions)
{
	if (!inversions)
		return;
	free(inversions->threads);
	free(inversions->objects);
	free(inversions);
}

static struct choice choice_of(const struct ws_inversions *inversions, uint32_t thread)
{
	return thread < inversions->n_threads ? inversions->threads[thread] : (struct choice){ 0 };
}

static int take_record(void *context, const struct ws_record *record)
{
	struct ws_inversions *inversions = context;
	struct choice choice;

	if (record->type != WS_RECORD_THREAD || record->thread == WS_UNKNOWN)
		return 0;
	switch (record->thread_step.op) {
	case WS_THREAD_START:
		choice = choice_of(inversions, record->thread_step.creator);
		break;
	case WS_THREAD_PRIORITY:
		choice = choice_of(inversions, record->thread);
		if (record->thread_step.policy >= 0)
			choice.policy = record->thread_step.policy;
		if (record->thread_step.priority >= 0)
			choice.priority = record->thread_step.priority;
		if (record->thread_step.nice < 20)
			choice.nice = record->thread_step.nice;
		break;
	default:
		return 0;
	}
	if (ws_grow(&inversions->threads, &inversions->threads_size, (size_t)record->thread + 1))
		return -ENOMEM;
	if (record->thread >= inversions->n_threads)
		inversions->n_threads = (size_t)record->thread + 1;
	inversions->threads[record->thread] = choice;
	return 0;
}

static bool is_realtime(const struct choice *choice)
{
	return choice->policy == SCHED_FIFO || choice->policy == SCHED_RR ||
	       choice->policy == SCHED_DEADLINE;
}

/* More runs first. */
static int rank(const struct choice *choice)
{
	switch (choice->policy) {
	case SCHED_DEADLINE:
		return 1000;
	case SCHED_FIFO:
	case SCHED_RR:
		return 100 + choice->priority;
	case SCHED_IDLE:
		return -100;
	default:
		return -choice->nice;
	}
}

static bool is_inverted(const struct choice *waiter, const struct choice *holder)
{
	int least = is_realtime(waiter) || holder->policy == SCHED_IDLE ? 1 : WS_INVERSION_NICE;

	return rank(waiter) - rank(holder) >= least;
}

static int take_wait(void *context, const struct ws_wait *wait)
{
	struct ws_inversions *inversions = context;
	struct choice waiter = choice_of(inversions, wait->thread);

	if (wait->flags & WS_WAIT_INHERITS)
		return 0;
	for (size_t i = 0; i < wait->n_charges; i++) {
		const struct ws_charge *charge = &wait->charges[i];
		uint32_t id = wait->object->id;
		struct choice holder = choice_of(inversions, charge->holder.thread);
		struct inverted *object;

		if (charge->holder.thread == WS_UNKNOWN || !charge->ns ||
		    !is_inverted(&waiter, &holder))
			continue;
		if (ws_grow(&inversions->objects, &inversions->objects_size, (size_t)id + 1))
			return -ENOMEM;
		if (id >= inversions->n_objects)
			inversions->n_objects = (size_t)id + 1;
		object = &inversions->objects[id];
		object->object = wait->object;
		object->ns += charge->ns;
		object->waits++;
		if (charge->ns <= object->worst_ns)
			continue;
		object->worst_ns = charge->ns;
		object->at_ns = wait->begin_ns;
		object->waiter = (struct ws_holder){ wait->thread, wait->site, wait->stack };
		object->holder = charge->holder;
	}
	return 0;
}

struct ws_model_observer ws_inversions_observer(struct ws_inversions *inversions)
{
	return (struct ws_model_observer){
		.context = inversions,
		.types = WS_RECORD_BIT(WS_RECORD_THREAD),
		.record = take_record,
		.wait = take_wait,
	};
}

/* "SCHED_FIFO 10", "nice 5". */
static const char *print_choice(const struct choice *choice, char *text, size_t size)
{
	switch (choice->policy) {
	case SCHED_FIFO:
	case SCHED_RR:
		snprintf(text, size, "%s %" PRId32,
			 choice->policy == SCHED_FIFO ? "SCHED_FIFO" : "SCHED_RR",
			 choice->priority);
		break;
	case SCHED_DEADLINE:
		snprintf(text, size, "SCHED_DEADLINE");
		break;
	case SCHED_IDLE:
		snprintf(text, size, "SCHED_IDLE");
		break;
	default:
		snprintf(text, size, "nice %" PRId32, choice->nice);
	}
	return text;
}

static int report(const struct ws_inversions *inversions, const struct ws_context *context,
		  const struct inverted *inverted)
{
	struct choice waiter = choice_of(inversions, inverted->waiter.thread);
	struct choice holder = choice_of(inversions, inverted->holder.thread);
	struct ws_finding *finding;
	char text[32];
	const char *name;
	int r;

	r = ws_context_object_words(context, inverted->object, &name);
	if (r < 0)
		return r;
	finding = ws_findings_add(context->findings, WS_RULE_PRIORITY_INVERSION,
				  "threads waited %" PRIu64 ".%" PRIu64
				  " ms for %s, held by threads that are scheduled after them",
				  inverted->ns / 1000000, inverted->ns / 100000 % 10, name);
	if (!finding)
		return -ENOMEM;
	r = ws_finding_object(finding, inverted->object);
	if (r == 0)
		r = ws_finding_evidence(context->findings, finding, inverted->at_ns,
					inverted->waiter.thread, inverted->waiter.site,
					inverted->waiter.stack, "waited here, with %s",
					print_choice(&waiter, text, sizeof(text)));
	if (r == 0)
		r = ws_finding_evidence(context->findings, finding, inverted->at_ns,
					inverted->holder.thread, inverted->holder.site,
					inverted->holder.stack, "held it from here, with %s",
					print_choice(&holder, text, sizeof(text)));
	return r;
}

int ws_inversions_finish(struct ws_inversions *inversions, const struct ws_context *context,
			 struct ws_inversions_result **ret)
{
	for (size_t i = 0; i < inversions->n_objects; i++) {
		const struct inverted *inverted = &inversions->objects[i];
		int r = inverted->ns >= WS_INVERSION_NS ? report(inversions, context, inverted) : 0;

		if (r < 0)
			return r;
	}
	*ret = NULL;
	return 0;
}

void ws_inversions_result_free(struct ws_inversions_result *result)
{
	(void)result;
}
