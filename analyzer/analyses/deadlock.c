/* SPDX-License-Identifier: MIT */
/* deadlock.c: see deadlock.h. */
#include "analyzer/analyses/deadlock.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/analyses/setup.h"
#include "analyzer/base/grow.h"

struct ws_deadlocks {
	struct ws_arena strings;  /* reasons and texts */
	struct ws_deadlock *list; /* Owned by this */
	size_t n, size;
};

const char *ws_verdict_word(enum ws_verdict verdict)
{
	static const char *const words[] = {
#define WORD(sym, word) #word,
		WS_VERDICTS(WORD)
#undef WORD
	};

	return words[verdict];
}

const char *ws_party_known(const struct ws_party *party)
{
	if (party->trail->n)
		return "stack";
	return party->site ? "site" : "unknown";
}

int ws_deadlocks_new(struct ws_deadlocks **ret)
{
	struct ws_deadlocks *deadlocks = calloc(1, sizeof(*deadlocks));

	if (!deadlocks)
		return -ENOMEM;
	*ret = deadlocks;
	return 0;
}

void ws_deadlocks_free(struct ws_deadlocks *deadlocks)
{
	if (!deadlocks)
		return;
	for (size_t i = 0; i < deadlocks->n; i++) {
		free(deadlocks->list[i].cycle);
		free(deadlocks->list[i].evidence);
	}
	free(deadlocks->list);
	ws_arena_free(&deadlocks->strings);
	free(deadlocks);
}

/* The text in the list's memory; NULL when that is out. */
static const char *print(struct ws_deadlocks *deadlocks, const char *format, va_list args)
{
	const char *kept;
	char *text;

	if (vasprintf(&text, format, args) < 0)
		return NULL;
	kept = ws_arena_strdup(&deadlocks->strings, text);
	free(text);
	return kept;
}

struct ws_deadlock *ws_deadlocks_add(struct ws_deadlocks *deadlocks, enum ws_verdict verdict,
				     uint64_t at_ns, const char *reason, ...)
{
	struct ws_deadlock deadlock = { .verdict = verdict, .at_ns = at_ns };
	va_list args;

	va_start(args, reason);
	deadlock.reason = print(deadlocks, reason, args);
	va_end(args);
	if (!deadlock.reason || ws_grow(&deadlocks->list, &deadlocks->size, deadlocks->n + 1))
		return NULL;
	deadlocks->list[deadlocks->n] = deadlock;
	return &deadlocks->list[deadlocks->n++];
}

int ws_deadlock_step(const struct ws_context *context, struct ws_deadlock *deadlock,
		     const struct ws_deadlock_call *call)
{
	struct ws_deadlock_step step = {
		.holds = call->holds,
		.wants = call->wants,
		.hold_as = call->hold_as,
		.hold_taken = call->hold_taken,
		.hold_shared = call->hold_shared,
		.want_shared = call->want_shared,
		.needs_all = call->needs_all,
		.hold_ns = call->hold_ns,
		.want_ns = call->want_ns,
	};
	int r;

	r = ws_places_party(context->places, call->thread, call->hold_code, call->hold_stack,
			    &step.hold);
	if (r == 0)
		r = ws_places_party(context->places, call->thread, call->want_code,
				    call->want_stack, &step.want);
	if (r == 0)
		r = ws_context_object_name(context, step.holds, &step.holds_name);
	if (r == 0)
		r = ws_context_object_name(context, step.wants, &step.wants_name);
	if (r == 0)
		r = ws_context_mention(context, step.holds);
	if (r == 0)
		r = ws_context_mention(context, step.wants);
	if (r < 0)
		return r;
	if (ws_grow(&deadlock->cycle, &deadlock->cycle_size, deadlock->n_cycle + 1))
		return -ENOMEM;
	deadlock->cycle[deadlock->n_cycle++] = step;
	return 0;
}

int ws_deadlock_evidence(const struct ws_context *context, struct ws_deadlock *deadlock,
			 uint64_t at_ns, uint32_t thread, uint32_t code, uint32_t stack,
			 const char *text, ...)
{
	struct ws_evidence evidence = { .at_ns = at_ns };
	va_list args;
	int r;

	va_start(args, text);
	evidence.text = print(context->deadlocks, text, args);
	va_end(args);
	if (!evidence.text)
		return -ENOMEM;
	r = ws_places_party(context->places, thread, code, stack, &evidence.party);
	if (r < 0)
		return r;
	if (ws_grow(&deadlock->evidence, &deadlock->evidence_size, deadlock->n_evidence + 1))
		return -ENOMEM;
	deadlock->evidence[deadlock->n_evidence++] = evidence;
	return 0;
}

static int compare(const void *a, const void *b)
{
	const struct ws_deadlock *x = a, *y = b;
	size_t n = x->n_cycle < y->n_cycle ? x->n_cycle : y->n_cycle;

	if (x->verdict != y->verdict)
		return x->verdict < y->verdict ? -1 : 1;
	if (x->at_ns != y->at_ns)
		return x->at_ns < y->at_ns ? -1 : 1;
	for (size_t i = 0; i < n; i++) {
		const struct ws_deadlock_step *s = &x->cycle[i], *t = &y->cycle[i];

		if (s->hold.thread != t->hold.thread)
			return s->hold.thread < t->hold.thread ? -1 : 1;
		if (s->wants->id != t->wants->id)
			return s->wants->id < t->wants->id ? -1 : 1;
		if (s->want.code != t->want.code)
			return s->want.code < t->want.code ? -1 : 1;
	}
	if (x->n_cycle != y->n_cycle)
		return x->n_cycle < y->n_cycle ? -1 : 1;
	return strcmp(x->reason, y->reason);
}

const struct ws_deadlock *ws_deadlocks_sorted(struct ws_deadlocks *deadlocks, size_t *n)
{
	if (deadlocks->n)
		qsort(deadlocks->list, deadlocks->n, sizeof(*deadlocks->list), compare);
	*n = deadlocks->n;
	return deadlocks->list;
}
