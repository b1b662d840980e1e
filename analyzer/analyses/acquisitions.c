/* SPDX-License-Identifier: MIT */
/* acquisitions.c: see acquisitions.h. */
#include "analyzer/analyses/acquisitions.h"

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

/* A lock by its identity. */
struct lock {
	struct ws_object_key key;
	const struct ws_object *object; /* the last that was waited for there; NULL: none */
	bool shared;                    /* there was another before */
	uint32_t data;                  /* code index of its address, or WS_UNKNOWN */
	uint64_t acquired, failed, waited;
	uint32_t holder; /* who took it by a wait last and has not let it go; or WS_UNKNOWN */
	uint64_t since_ns;
	struct ws_histogram holds;
	UT_hash_handle hh;
};

struct poll_key {
	struct ws_object_key key;
	uint32_t thread;
	uint32_t site;
};

/* A place from which a thread tried in vain. */
struct poll {
	struct poll_key key;
	struct lock *lock; /* Weak */
	bool slept; /* the place is that of the sleep between the tries, each of which is known */
	uint64_t failed;
	UT_hash_handle hh;
};

struct ws_acquisitions {
	uint32_t kinds; /* as in ws_filter */
	struct lock *locks;
	struct poll *polls; /* in order of appearance, as uthash keeps it */
};

int ws_acquisitions_new(const struct ws_setup *setup, struct ws_acquisitions **ret)
{
	struct ws_acquisitions *all = calloc(1, sizeof(*all));

	if (!all)
		return -ENOMEM;
	all->kinds = setup->filter.kinds;
	*ret = all;
	return 0;
}

void ws_acquisitions_free(struct ws_acquisitions *all)
{
	struct lock *lock, *next_lock;
	struct poll *poll, *next_poll;

	if (!all)
		return;
	HASH_ITER(hh, all->polls, poll, next_poll) {
		HASH_DEL(all->polls, poll);
		free(poll);
	}
	HASH_ITER(hh, all->locks, lock, next_lock) {
		HASH_DEL(all->locks, lock);
		ws_histogram_free(&lock->holds);
		free(lock);
	}
	free(all);
}

/* That of the key, made if need be; NULL: memory is out. Keys have no padding that is not zero:
 * decode makes them of zeroes. */
static struct lock *get(struct ws_acquisitions *all, const struct ws_object_key *key, uint32_t data)
{
	struct lock *lock;

	HASH_FIND(hh, all->locks, key, sizeof(*key), lock);
	if (lock)
		return lock;
	lock = calloc(1, sizeof(*lock));
	if (!lock)
		return NULL;
	lock->key = *key;
	lock->data = data;
	lock->holder = WS_UNKNOWN;
	HASH_ADD(hh, all->locks, key, sizeof(lock->key), lock);
	if (!lock->hh.tbl) {
		free(lock);
		return NULL;
	}
	return lock;
}

static int add_poll(struct ws_acquisitions *all, struct lock *lock, uint32_t thread, uint32_t site,
		    bool slept, uint64_t failed)
{
	struct poll_key key = { .thread = thread, .site = site };
	struct poll *poll;

	key.key = lock->key;
	HASH_FIND(hh, all->polls, &key, sizeof(key), poll);
	if (!poll) {
		poll = calloc(1, sizeof(*poll));
		if (!poll)
			return -ENOMEM;
		poll->key = key;
		poll->lock = lock;
		poll->slept = slept;
		HASH_ADD(hh, all->polls, key, sizeof(poll->key), poll);
		if (!poll->hh.tbl) {
			free(poll);
			return -ENOMEM;
		}
	}
	poll->failed += failed;
	return 0;
}

static bool counts(const struct ws_acquisitions *all, uint8_t kind)
{
	return ws_kind_is_owned(kind) && (!all->kinds || (all->kinds & (1u << kind)));
}

static int take_stats(struct ws_acquisitions *all, const struct ws_record *record)
{
	struct lock *lock;

	if (!counts(all, record->lock_stats.object.kind))
		return 0;
	lock = get(all, &record->lock_stats.object, record->lock_stats.data);
	if (!lock)
		return -ENOMEM;
	lock->acquired += record->lock_stats.acquired;
	lock->failed += record->lock_stats.failed;
	return record->lock_stats.failed
		       ? add_poll(all, lock, record->thread, record->lock_stats.site, false,
				  record->lock_stats.failed)
		       : 0;
}

/* The holder lets it go: how long it had it is known, if it took it by a wait. */
static int take_release(struct ws_acquisitions *all, const struct ws_record *record)
{
	struct lock *lock;
	uint64_t ns;

	HASH_FIND(hh, all->locks, &record->wake.object, sizeof(record->wake.object), lock);
	if (!lock || lock->holder != record->thread || record->thread == WS_UNKNOWN)
		return 0;
	lock->holder = WS_UNKNOWN;
	ns = record->at_ns > lock->since_ns ? record->at_ns - lock->since_ns : 0;
	return ws_histogram_add(&lock->holds, ns);
}

static int take_record(void *context, const struct ws_record *record)
{
	struct ws_acquisitions *all = context;

	switch (record->type) {
	case WS_RECORD_LOCK_STATS:
		return take_stats(all, record);
	case WS_RECORD_WAKE:
		return record->wake.op == WS_WAKE_UNLOCK && counts(all, record->wake.object.kind)
			       ? take_release(all, record)
			       : 0;
	default:
		return 0;
	}
}

static int take_end(void *context, const struct ws_wait *wait)
{
	struct ws_acquisitions *all = context;
	struct lock *lock;

	if (!counts(all, wait->object->key.kind) || wait->outcome == WS_OUTCOME_NO_WAIT)
		return 0;
	lock = get(all, &wait->object->key, WS_UNKNOWN); /* the object knows by itself */
	if (!lock)
		return -ENOMEM;
	lock->shared |= lock->object && lock->object != wait->object;
	lock->object = wait->object;
	if (wait->state != WS_WAIT_ENDED)
		return 0;
	/* No call that waits for a lock on a file has a limit: it was a sleep between two tries. */
	if ((wait->object->key.kind == WS_KIND_RECORD_LOCK ||
	     wait->object->key.kind == WS_KIND_FLOCK) &&
	    wait->outcome == WS_OUTCOME_TIMEOUT)
		return add_poll(all, lock, wait->thread, wait->site, true, 1);
	if (wait->outcome != WS_OUTCOME_ACQUIRED)
		return 0;
	lock->waited++;
	/* Several may hold it to read: whose release is seen is anybody's. */
	lock->holder = (wait->flags & WS_WAIT_READ) || wait->uncertain ? WS_UNKNOWN : wait->thread;
	lock->since_ns = wait->end_ns;
	return 0;
}

struct ws_model_observer ws_acquisitions_observer(struct ws_acquisitions *all)
{
	return (struct ws_model_observer){
		.context = all,
		.types = WS_RECORD_BIT(WS_RECORD_LOCK_STATS) | WS_RECORD_BIT(WS_RECORD_WAKE),
		.record = take_record,
		.end = take_end,
	};
}

static int report_poll(const struct ws_context *context, const struct poll *poll)
{
	/* Nobody may have waited for it: then the model does not know it. */
	const struct ws_object plain = {
		.key = poll->lock->key,
		.id = WS_UNKNOWN,
		.data = poll->lock->data,
		.init_site = WS_UNKNOWN,
		.first_site = poll->key.site,
		.taken_site = WS_UNKNOWN,
		.first_stack = WS_UNKNOWN,
		.name = "",
	};
	const struct ws_object *object = poll->lock->object;
	struct ws_finding *finding;
	const char *name;
	int r = ws_context_object_words(context, object ? object : &plain, &name);

	if (r < 0)
		return r;
	finding = ws_findings_add(context->findings, WS_RULE_SLEEP_POLLING,
				  "a thread tried to take %s in vain %" PRIu64
				  " times instead of waiting for it",
				  name, poll->failed);
	if (!finding)
		return -ENOMEM;
	r = object ? ws_finding_object(finding, object) : 0;
	if (r < 0)
		return r;
	return ws_finding_evidence(
		context->findings, finding, 0, poll->key.thread, poll->key.site, WS_UNKNOWN,
		poll->slept ? "slept here, between the tries" : "tried here, without waiting");
}

static int by_id(const void *a, const void *b)
{
	const struct ws_acquisition *x = a, *y = b;

	return x->object->id < y->object->id ? -1 : x->object->id > y->object->id;
}

int ws_acquisitions_finish(struct ws_acquisitions *all, const struct ws_context *context,
			   struct ws_acquisitions_result **ret)
{
	struct ws_acquisitions_result *result = calloc(1, sizeof(*result));
	struct lock *lock, *next_lock;
	struct poll *poll, *next_poll;
	int r = 0;

	if (result)
		result->list = calloc(HASH_COUNT(all->locks) + 1, sizeof(*result->list));
	if (!result || !result->list)
		r = -ENOMEM;
	HASH_ITER(hh, all->locks, lock, next_lock) {
		struct ws_acquisition *one;

		if (r < 0 || !lock->object)
			continue;
		one = &result->list[result->n++];
		*one = (struct ws_acquisition){
			.object = lock->object,
			.acquired = lock->acquired && lock->acquired < lock->waited
					    ? lock->waited
					    : lock->acquired,
			.waited = lock->waited,
			.failed = lock->failed,
			.shared = lock->shared,
		};
		r = ws_histogram_merge(&one->holds, &lock->holds);
	}
	if (r == 0 && result->n)
		qsort(result->list, result->n, sizeof(*result->list), by_id);
	HASH_ITER(hh, all->polls, poll, next_poll) {
		if (r == 0 && poll->failed >= (poll->slept ? WS_POLLING_SLEPT : WS_POLLING_FAILED))
			r = report_poll(context, poll);
	}
	if (r < 0) {
		ws_acquisitions_result_free(result);
		return r;
	}
	*ret = result;
	return 0;
}

void ws_acquisitions_result_free(struct ws_acquisitions_result *result)
{
	if (!result)
		return;
	for (size_t i = 0; i < result->n; i++)
		ws_histogram_free(&result->list[i].holds);
	free(result->list);
	free(result);
}

const struct ws_acquisition *ws_acquisition_of(const struct ws_acquisitions_result *result,
					       const struct ws_object *object)
{
	return ws_by_object(result->list, result->n, sizeof(*result->list), object);
}
