/* SPDX-License-Identifier: MIT */
/* fairness.c: see fairness.h. */
#include "analyzer/analyses/fairness.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

/* Out of memory is an error like others: what was not added has no table. */
#define HASH_NONFATAL_OOM 1
#include <uthash.h>

#include "analyzer/analyses/all.h"
#include "analyzer/analyses/by_object.h"
#include "analyzer/base/grow.h"
#include "analyzer/base/words.h"

struct pair_key {
	uint32_t object; /* ws_object.id */
	uint32_t thread;
};

struct pair {
	struct pair_key key;
	struct ws_turns pub;
	UT_hash_handle hh;
};

/* The wait that was overtaken most. */
struct worst {
	uint32_t overtaken;
	uint32_t thread, site, stack;
	uint64_t begin_ns, wait_ns;
	bool writes;             /* an rwlock, and not to read */
	struct ws_holder holder; /* who is charged with most of it */
};

/* One object. Entries are by its id. */
struct lock {
	const struct ws_object *object; /* NULL: none of that id yet */
	uint64_t turns, longest_run, run, overtaken;
	uint32_t last; /* whose turn it was last */
	size_t n_pairs;
	struct worst worst;
};

struct ws_fairness {
	uint32_t kinds; /* as in ws_filter */
	struct pair *pairs;
	struct lock *locks; /* Owned by this */
	size_t n_locks, locks_size;
};

int ws_fairness_new(const struct ws_setup *setup, struct ws_fairness **ret)
{
	struct ws_fairness *fairness = calloc(1, sizeof(*fairness));

	if (!fairness)
		return -ENOMEM;
	fairness->kinds = setup->filter.kinds;
	*ret = fairness;
	return 0;
}

void ws_fairness_free(struct ws_fairness *fairness)
{
	struct pair *pair, *next;

	if (!fairness)
		return;
	HASH_ITER(hh, fairness->pairs, pair, next) {
		HASH_DEL(fairness->pairs, pair);
		free(pair);
	}
	free(fairness->locks);
	free(fairness);
}

static bool counts(const struct ws_fairness *fairness, const struct ws_object *object)
{
	return ws_kind_is_owned(object->key.kind) && object->id != WS_UNKNOWN &&
	       (!fairness->kinds || (fairness->kinds & (1u << object->key.kind)));
}

static struct lock *lock_of(struct ws_fairness *fairness, const struct ws_object *object)
{
	struct lock *lock;

	if (ws_grow(&fairness->locks, &fairness->locks_size, (size_t)object->id + 1))
		return NULL;
	if (object->id >= fairness->n_locks)
		fairness->n_locks = (size_t)object->id + 1;
	lock = &fairness->locks[object->id];
	if (!lock->object)
		lock->last = WS_UNKNOWN;
	lock->object = object;
	return lock;
}

static struct pair *pair_of(struct ws_fairness *fairness, struct lock *lock, uint32_t thread)
{
	struct pair_key key = { lock->object->id, thread };
	struct pair *pair;

	HASH_FIND(hh, fairness->pairs, &key, sizeof(key), pair);
	if (pair)
		return pair;
	pair = calloc(1, sizeof(*pair));
	if (!pair)
		return NULL;
	pair->key = key;
	pair->pub.thread = thread;
	HASH_ADD(hh, fairness->pairs, key, sizeof(pair->key), pair);
	if (!pair->hh.tbl) {
		free(pair);
		return NULL;
	}
	lock->n_pairs++;
	return pair;
}

static int take_wake(void *context, const struct ws_wake *wake)
{
	struct ws_fairness *fairness = context;
	struct lock *lock;
	struct pair *pair;

	if (!counts(fairness, wake->object) || wake->op != WS_WAKE_UNLOCK ||
	    wake->thread == WS_UNKNOWN)
		return 0;
	lock = lock_of(fairness, wake->object);
	pair = lock ? pair_of(fairness, lock, wake->thread) : NULL;
	if (!pair)
		return -ENOMEM;
	pair->pub.turns++;
	lock->turns++;
	lock->run = lock->last == wake->thread ? lock->run + 1 : 1;
	lock->last = wake->thread;
	if (lock->run > lock->longest_run)
		lock->longest_run = lock->run;
	return 0;
}

static int take_wait(void *context, const struct ws_wait *wait)
{
	struct ws_fairness *fairness = context;
	struct lock *lock;
	struct pair *pair;

	if (!counts(fairness, wait->object))
		return 0;
	lock = lock_of(fairness, wait->object);
	pair = lock ? pair_of(fairness, lock, wait->thread) : NULL;
	if (!pair)
		return -ENOMEM;
	pair->pub.waits++;
	pair->pub.wait_ns += wait->end_ns - wait->begin_ns;
	pair->pub.overtaken += wait->overtaken;
	lock->overtaken += wait->overtaken;
	if (wait->overtaken > lock->worst.overtaken) {
		const struct ws_charge *most = NULL;

		for (size_t i = 0; i < wait->n_charges; i++) {
			if (!most || wait->charges[i].ns > most->ns)
				most = &wait->charges[i];
		}
		lock->worst = (struct worst){
			.overtaken = wait->overtaken,
			.thread = wait->thread,
			.site = wait->site,
			.stack = wait->stack,
			.begin_ns = wait->begin_ns,
			.wait_ns = wait->end_ns - wait->begin_ns,
			.writes = wait->object->key.kind == WS_KIND_RWLOCK &&
				  !(wait->flags & WS_WAIT_READ),
			.holder = most ? most->holder
				       : (struct ws_holder){ WS_UNKNOWN, WS_UNKNOWN, WS_UNKNOWN },
		};
	}
	return 0;
}

struct ws_model_observer ws_fairness_observer(struct ws_fairness *fairness)
{
	return (struct ws_model_observer){
		.context = fairness,
		.wait = take_wait,
		.wake = take_wake,
	};
}

static int report(const struct ws_context *context, const struct lock *lock)
{
	const struct worst *worst = &lock->worst;
	const char *name;
	struct ws_finding *finding;
	int r;

	if (worst->overtaken < (worst->writes ? WS_STARVED_OVERTAKEN : WS_UNFAIR_OVERTAKEN))
		return 0;
	r = ws_context_object_words(context, lock->object, &name);
	if (r < 0)
		return r;
	if (worst->writes)
		finding = ws_findings_add(context->findings, WS_RULE_WRITER_STARVATION,
					  "a writer of %s waited while readers took it %" PRIu32
					  " times",
					  name, worst->overtaken);
	else
		finding = ws_findings_add(context->findings, WS_RULE_UNFAIR_LOCK,
					  "a thread waited for %s while others took it %" PRIu32
					  " times",
					  name, worst->overtaken);
	if (!finding)
		return -ENOMEM;
	r = ws_finding_object(finding, lock->object);
	if (r == 0)
		r = ws_finding_evidence(context->findings, finding, worst->begin_ns, worst->thread,
					worst->site, worst->stack, "waited here for %" PRIu64 " us",
					worst->wait_ns / 1000);
	if (r == 0)
		r = ws_finding_evidence(context->findings, finding, worst->begin_ns,
					worst->holder.thread, worst->holder.site,
					worst->holder.stack, "held it here most of that time");
	return r;
}

static int by_turns(const void *a, const void *b)
{
	const struct ws_turns *x = a, *y = b;

	if (x->turns != y->turns)
		return x->turns < y->turns ? 1 : -1;
	return x->thread < y->thread ? -1 : x->thread > y->thread;
}

/* Thousandths; 1000 where nobody had a turn. */
static uint32_t jain(const struct ws_turns *threads, size_t n)
{
	double sum = 0, squares = 0;

	for (size_t i = 0; i < n; i++) {
		sum += (double)threads[i].turns;
		squares += (double)threads[i].turns * (double)threads[i].turns;
	}
	return squares > 0 ? (uint32_t)(1000 * sum * sum / ((double)n * squares)) : 1000;
}

int ws_fairness_finish(struct ws_fairness *fairness, const struct ws_context *context,
		       struct ws_fairness_result **ret)
{
	struct ws_fairness_result *result = calloc(1, sizeof(*result));
	size_t *next = calloc(fairness->n_locks + 1, sizeof(*next));
	struct pair *pair, *spare;
	size_t n = 0;
	int r = 0;

	if (result) {
		result->list = calloc(fairness->n_locks + 1, sizeof(*result->list));
		result->turns = calloc(HASH_COUNT(fairness->pairs) + 1, sizeof(*result->turns));
	}
	if (!result || !next || !result->list || !result->turns)
		r = -ENOMEM;
	for (size_t i = 0; i < fairness->n_locks && r == 0; i++) {
		next[i] = n;
		n += fairness->locks[i].n_pairs;
	}
	if (r == 0) {
		HASH_ITER(hh, fairness->pairs, pair, spare)
			result->turns[next[pair->key.object]++] = pair->pub;
	}
	for (size_t i = 0; i < fairness->n_locks && r == 0; i++) {
		const struct lock *lock = &fairness->locks[i];
		struct ws_turns *threads = result->turns + next[i] - lock->n_pairs;

		if (!lock->object)
			continue;
		qsort(threads, lock->n_pairs, sizeof(*threads), by_turns);
		result->list[result->n++] = (struct ws_fair){
			.object = lock->object,
			.threads = threads,
			.n_threads = lock->n_pairs,
			.turns = lock->turns,
			.longest_run = lock->longest_run,
			.overtaken = lock->overtaken,
			.most = lock->worst.overtaken,
			.jain = jain(threads, lock->n_pairs),
		};
		r = report(context, lock);
	}
	free(next);
	if (r < 0) {
		ws_fairness_result_free(result);
		return r;
	}
	*ret = result;
	return 0;
}

void ws_fairness_result_free(struct ws_fairness_result *result)
{
	if (!result)
		return;
	free(result->list);
	free(result->turns);
	free(result);
}

const struct ws_fair *ws_fair_of(const struct ws_fairness_result *result,
				 const struct ws_object *object)
{
	return ws_by_object(result->list, result->n, sizeof(*result->list), object);
}
