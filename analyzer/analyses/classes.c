/* SPDX-License-Identifier: MIT */
/* classes.c: see classes.h. The numbers of the rules are those there. */
#include "analyzer/analyses/classes.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

/* Out of memory is an error like others: what was not added has no table. */
#define HASH_NONFATAL_OOM 1
#include <uthash.h>

#include "analyzer/analyses/all.h"
#include "analyzer/analyses/by_object.h"
#include "analyzer/base/grow.h"

/* Spans of the trace by which a thread's idle time is kept. */
#define SPANS 128
/* The first length of one. */
#define SPAN_NS 1024ull
/* Waits of one thread that have ended and were not handed out yet: the model keeps fewer. */
#define ENDED_MAX 32

/* A wait that has ended: what was seen then, for when it is handed out. */
struct ended {
	uint64_t begin_ns; /* 0: none */
	bool others;       /* another thread went on waiting at that place */
	bool set;          /* it was in an epoll set */
};

/* Waits of one thread on one condition variable that each ended by their time limit, one after the
 * other, with the mutex held between them: their class is that of the one that ends the row. */
struct user;

struct row {
	struct user *user;       /* Weak; NULL: there is none */
	struct ws_class_sum sum; /* of those that count */
	uint64_t begin_ns, end_ns;
};

struct thread {
	struct row row;
	bool in_set; /* its open poll is of an epoll set */
	struct ended ended[ENDED_MAX];
	size_t next;
	uint64_t idle[SPANS]; /* nanoseconds idle, paced or waiting for input */
};

struct place_key {
	uint32_t object; /* ws_object.id */
	uint32_t site;
};

/* Threads that wait there now. */
struct place {
	struct place_key key;
	uint32_t waiting;
	UT_hash_handle hh;
};

struct user_key {
	uint32_t object; /* ws_object.id */
	uint32_t thread;
};

/* What a thread has to do with an object. */
struct user {
	struct user_key key;
	const struct ws_object *object; /* Weak: owned by the model */
	bool waited, posted;            /* of a semaphore or a condition variable */
	bool rows;                      /* a row of its waits was ended by who let it go */
	struct ws_class_sum sums[WS_CLASS_COUNT]; /* of its waits that count */
	UT_hash_handle hh;
};

/* One object. Entries are by its id. */
struct entry {
	struct ws_classed pub;
	bool stranger; /* somebody posts it who never waits for it */
	bool posted;   /* anybody did */
	bool rows;     /* see struct user */
	bool as_lock;  /* rule 7 */
	bool wished;   /* rule 1 */
};

struct ws_classes {
	const struct ws_setup *setup; /* Weak */
	bool begun;
	uint64_t begin_ns;
	uint64_t span_ns;
	struct thread **threads; /* Owned by this, as what they point to; by index */
	size_t n_threads, threads_size;
	struct place *places;
	struct user *users;
};

int ws_classes_new(const struct ws_setup *setup, struct ws_classes **ret)
{
	struct ws_classes *classes = calloc(1, sizeof(*classes));

	if (!classes)
		return -ENOMEM;
	classes->setup = setup;
	classes->span_ns = SPAN_NS;
	*ret = classes;
	return 0;
}

void ws_classes_free(struct ws_classes *classes)
{
	struct place *place, *next_place;
	struct user *user, *next_user;

	if (!classes)
		return;
	HASH_ITER(hh, classes->places, place, next_place) {
		HASH_DEL(classes->places, place);
		free(place);
	}
	HASH_ITER(hh, classes->users, user, next_user) {
		HASH_DEL(classes->users, user);
		free(user);
	}
	for (size_t i = 0; i < classes->n_threads; i++)
		free(classes->threads[i]);
	free(classes->threads);
	free(classes);
}

static struct thread *thread_of(struct ws_classes *classes, uint32_t index)
{
	if (ws_grow(&classes->threads, &classes->threads_size, (size_t)index + 1))
		return NULL;
	if (index >= classes->n_threads)
		classes->n_threads = (size_t)index + 1;
	if (!classes->threads[index])
		classes->threads[index] = calloc(1, sizeof(struct thread));
	return classes->threads[index];
}

/* --- how long a thread was idle --- */

/* Two spans become one, until `at_ns` is in one of them. */
static void widen(struct ws_classes *classes, uint64_t at_ns)
{
	while ((at_ns - classes->begin_ns) / classes->span_ns >= SPANS) {
		for (size_t i = 0; i < classes->n_threads; i++) {
			struct thread *thread = classes->threads[i];

			for (size_t k = 0; thread && k < SPANS / 2; k++)
				thread->idle[k] = thread->idle[2 * k] + thread->idle[2 * k + 1];
			if (thread)
				memset(thread->idle + SPANS / 2, 0, sizeof(thread->idle) / 2);
		}
		classes->span_ns *= 2;
	}
}

/* The part of span `i` that lies in [from, to). */
static uint64_t overlap(const struct ws_classes *classes, size_t i, uint64_t from, uint64_t to)
{
	uint64_t begin = classes->begin_ns + i * classes->span_ns;
	uint64_t end = begin + classes->span_ns;

	begin = begin > from ? begin : from;
	end = end < to ? end : to;
	return end > begin ? end - begin : 0;
}

static void add_idle(struct ws_classes *classes, struct thread *thread, uint64_t from, uint64_t to)
{
	if (from < classes->begin_ns)
		from = classes->begin_ns;
	if (to <= from)
		return;
	widen(classes, to);
	for (size_t i = (from - classes->begin_ns) / classes->span_ns;
	     i < SPANS && classes->begin_ns + i * classes->span_ns < to; i++)
		thread->idle[i] += overlap(classes, i, from, to);
}

/* True if the thread was idle for half of that time or more. */
static bool was_idle(struct ws_classes *classes, uint32_t index, uint64_t from, uint64_t to)
{
	const struct thread *thread = index < classes->n_threads ? classes->threads[index] : NULL;
	double idle = 0;

	if (from < classes->begin_ns)
		from = classes->begin_ns;
	if (!thread || to <= from)
		return false;
	widen(classes, to);
	for (size_t i = (from - classes->begin_ns) / classes->span_ns;
	     i < SPANS && classes->begin_ns + i * classes->span_ns < to; i++)
		idle += (double)thread->idle[i] * (double)overlap(classes, i, from, to) /
			(double)classes->span_ns;
	return 2 * idle >= (double)(to - from);
}

/* --- who waits where --- */

static struct place *place_of(struct ws_classes *classes, const struct ws_wait *wait, bool make)
{
	struct place_key key = { wait->object->id, wait->site };
	struct place *place;

	HASH_FIND(hh, classes->places, &key, sizeof(key), place);
	if (place || !make)
		return place;
	place = calloc(1, sizeof(*place));
	if (!place)
		return NULL;
	place->key = key;
	HASH_ADD(hh, classes->places, key, sizeof(place->key), place);
	if (!place->hh.tbl) {
		free(place);
		return NULL;
	}
	return place;
}

static int take_record(void *context, const struct ws_record *record)
{
	struct ws_classes *classes = context;

	if (!classes->begun)
		classes->begin_ns = record->at_ns;
	classes->begun = true;
	return 0;
}

static int take_begin(void *context, const struct ws_wait *wait)
{
	struct ws_classes *classes = context;
	struct thread *thread = thread_of(classes, wait->thread);
	struct place *place = place_of(classes, wait, true);

	if (!thread || !place)
		return -ENOMEM;
	place->waiting++;
	if (wait->object->key.kind == WS_KIND_POLL)
		thread->in_set = wait->object->key.offset != 0;
	return 0;
}

static int take_end(void *context, const struct ws_wait *wait)
{
	struct ws_classes *classes = context;
	struct thread *thread = thread_of(classes, wait->thread);
	struct place *place = place_of(classes, wait, false);

	if (!thread)
		return -ENOMEM;
	if (place && place->waiting)
		place->waiting--;
	thread->ended[thread->next++ % ENDED_MAX] = (struct ended){
		.begin_ns = wait->begin_ns,
		.others = place && place->waiting,
		.set = wait->object->key.kind == WS_KIND_POLL && thread->in_set,
	};
	return 0;
}

/* --- the class of a wait --- */

static struct ended ended_of(const struct ws_classes *classes, const struct ws_wait *wait)
{
	const struct thread *thread =
		wait->thread < classes->n_threads ? classes->threads[wait->thread] : NULL;

	for (size_t i = 0; thread && i < ENDED_MAX; i++) {
		if (thread->ended[i].begin_ns == wait->begin_ns)
			return thread->ended[i];
	}
	return (struct ended){ 0 };
}

static enum ws_class class_of(struct ws_classes *classes, const struct ws_wait *wait)
{
	uint8_t kind = ws_object_polled(wait->object)->key.kind;
	bool is_poll = wait->object->key.kind == WS_KIND_POLL;
	struct ended ended = ended_of(classes, wait);

	if (ws_kind_is_owned(kind)) /* 2 */
		return WS_CLASS_CONTENTION;
	if (wait->object->key.kind == WS_KIND_SLEEP || wait->outcome == WS_OUTCOME_TIMEOUT) /* 3 */
		return WS_CLASS_PACING;
	if (kind == WS_KIND_PROCESS || kind == WS_KIND_THREAD || kind == WS_KIND_SIGNAL) /* 4 */
		return WS_CLASS_IDLE;
	if (is_poll && ended.set && wait->waker) /* 5 */
		return WS_CLASS_IDLE;
	if (!wait->waker && wait->state == WS_WAIT_ENDED && !wait->uncertain &&
	    (is_poll || ws_kind_is_channel(kind))) /* 6 */
		return WS_CLASS_INPUT;
	if (kind == WS_KIND_BARRIER || (ws_kind_is_channel(kind) && !is_poll &&
					!(wait->flags & (WS_WAIT_READ | WS_WAIT_OPENS)))) /* 8 */
		return WS_CLASS_HANDOVER;
	if (wait->state == WS_WAIT_OPEN) /* 9 */
		return WS_CLASS_IDLE;
	if (!wait->waker)
		return WS_CLASS_HANDOVER;
	if (ended.others && wait->waker->op != WS_WAKE_BROADCAST) /* 10 */
		return WS_CLASS_IDLE;
	if (was_idle(classes, wait->waker->thread, wait->begin_ns, wait->waker->at_ns)) /* 11 */
		return WS_CLASS_IDLE;
	return WS_CLASS_HANDOVER; /* 12 */
}

static bool is_semaphore(const struct ws_object *object)
{
	return object->key.kind == WS_KIND_SEM || object->key.kind == WS_KIND_SYSV_SEM;
}

static struct user *user_of(struct ws_classes *classes, const struct ws_object *object,
			    uint32_t thread)
{
	struct user_key key = { object->id, thread };
	struct user *user;

	HASH_FIND(hh, classes->users, &key, sizeof(key), user);
	if (user)
		return user;
	user = calloc(1, sizeof(*user));
	if (!user)
		return NULL;
	user->key = key;
	user->object = object;
	HASH_ADD(hh, classes->users, key, sizeof(user->key), user);
	if (!user->hh.tbl) {
		free(user);
		return NULL;
	}
	return user;
}

static int take_wake(void *context, const struct ws_wake *wake)
{
	struct user *user;

	if ((!is_semaphore(wake->object) && wake->object->key.kind != WS_KIND_COND) ||
	    wake->object->id == WS_UNKNOWN)
		return 0;
	user = user_of(context, wake->object, wake->thread);
	if (!user)
		return -ENOMEM;
	user->posted = true;
	return 0;
}

static bool is_idle(enum ws_class class)
{
	return class == WS_CLASS_IDLE || class == WS_CLASS_PACING || class == WS_CLASS_INPUT;
}

/* The row is over: all of it is of this class. */
static void end_row(struct ws_classes *classes, struct thread *thread, enum ws_class class)
{
	struct row *row = &thread->row;

	if (!row->user)
		return;
	row->user->sums[class].waits += row->sum.waits;
	row->user->sums[class].wait_ns += row->sum.wait_ns;
	if (is_idle(class))
		add_idle(classes, thread, row->begin_ns, row->end_ns);
	*row = (struct row){ 0 };
}

static int take_wait(void *context, const struct ws_wait *wait)
{
	struct ws_classes *classes = context;
	enum ws_class class = class_of(classes, wait);
	struct thread *thread = thread_of(classes, wait->thread);
	struct user *user = user_of(classes, wait->object, wait->thread);
	bool counts = ws_filter_wait(&classes->setup->filter, classes->begin_ns, wait), limited;
	uint64_t ns = wait->end_ns - wait->begin_ns;

	if (!thread || !user)
		return -ENOMEM;
	user->waited = true;
	limited = wait->object->key.kind == WS_KIND_COND && wait->outcome == WS_OUTCOME_TIMEOUT;
	if (thread->row.user != user || !(wait->flags & WS_WAIT_AGAIN)) {
		end_row(classes, thread, WS_CLASS_PACING);
	} else if (!limited) {
		user->rows |= thread->row.user != NULL && wait->waker != NULL;
		end_row(classes, thread, class);
	}
	if (limited) {
		if (!thread->row.user)
			thread->row = (struct row){ .user = user, .begin_ns = wait->begin_ns };
		thread->row.sum.waits += counts;
		thread->row.sum.wait_ns += counts ? ns : 0;
		thread->row.end_ns = wait->end_ns;
		return 0;
	}
	if (is_idle(class))
		add_idle(classes, thread, wait->begin_ns, wait->end_ns);
	if (counts) {
		user->sums[class].waits++;
		user->sums[class].wait_ns += ns;
	}
	return 0;
}

struct ws_model_observer ws_classes_observer(struct ws_classes *classes)
{
	return (struct ws_model_observer){
		.context = classes,
		.types = WS_RECORD_FIRST,
		.record = take_record,
		.begin = take_begin,
		.end = take_end,
		.wait = take_wait,
		.wake = take_wake,
	};
}

/* All of the object's waits become of one class. */
static void become(struct ws_classed *one, enum ws_class class)
{
	struct ws_class_sum sum = { 0 };

	for (enum ws_class i = 0; i < WS_CLASS_COUNT; i++) {
		sum.waits += one->sums[i].waits;
		sum.wait_ns += one->sums[i].wait_ns;
		one->sums[i] = (struct ws_class_sum){ 0 };
	}
	one->sums[class] = sum;
}

/* Rule 7: those that handed over, or had more workers than work, wait for who holds it. */
static void used_as_lock(struct ws_classed *one)
{
	struct ws_class_sum *lock = &one->sums[WS_CLASS_CONTENTION];

	for (enum ws_class i = 0; i < WS_CLASS_COUNT; i++) {
		if (i != WS_CLASS_HANDOVER && i != WS_CLASS_IDLE)
			continue;
		lock->waits += one->sums[i].waits;
		lock->wait_ns += one->sums[i].wait_ns;
		one->sums[i] = (struct ws_class_sum){ 0 };
	}
}

/* Sums by object, in entries by object id, of the waiters that count; whatever counts, who posts
 * it. */
static void sum_up(struct ws_classes *classes, const struct ws_context *context,
		   struct entry *entries)
{
	struct user *user, *next;

	HASH_ITER(hh, classes->users, user, next) {
		struct entry *entry = &entries[user->key.object];
		bool mine = ws_filter_thread(&context->setup->filter, context->tables,
					     user->key.thread) &&
			    ws_contention_counts(context->contention, user->key.object);

		entry->posted |= user->posted;
		entry->rows |= user->rows;
		entry->stranger |= user->posted && !user->waited;
		for (enum ws_class i = 0; mine && i < WS_CLASS_COUNT; i++) {
			if (user->sums[i].waits)
				entry->pub.object = user->object;
			entry->pub.sums[i].waits += user->sums[i].waits;
			entry->pub.sums[i].wait_ns += user->sums[i].wait_ns;
		}
	}
}

/* Rule 1. 0 or -ENOMEM. */
static int wish(const struct ws_context *context, struct ws_classed *one, bool *wished)
{
	const struct ws_setup *setup = context->setup;
	const char *name;
	int r;

	if (!setup->n_class_wishes)
		return 0;
	r = ws_context_object_name(context, one->object, &name);
	if (r < 0)
		return r;
	for (size_t i = 0; i < setup->n_class_wishes; i++) {
		if (fnmatch(setup->class_wishes[i].glob, name, 0) != 0)
			continue;
		become(one, setup->class_wishes[i].class);
		*wished = true;
	}
	return 0;
}

/* The same by thread, once it is known what becomes of each object's sums. */
static void sum_threads(struct ws_classes *classes, const struct ws_context *context,
			const struct entry *entries, struct ws_classes_result *result)
{
	struct user *user, *next;

	HASH_ITER(hh, classes->users, user, next) {
		const struct entry *entry = &entries[user->key.object];
		uint32_t thread = user->key.thread;

		if (thread >= context->tables->n_threads ||
		    !ws_filter_thread(&context->setup->filter, context->tables, thread) ||
		    !ws_contention_counts(context->contention, user->key.object))
			continue;
		for (enum ws_class i = 0; i < WS_CLASS_COUNT; i++) {
			enum ws_class class = i;

			if (entry->as_lock && (i == WS_CLASS_HANDOVER || i == WS_CLASS_IDLE))
				class = WS_CLASS_CONTENTION;
			if (entry->wished)
				class = entry->pub.most;
			result->threads[thread][class].waits += user->sums[i].waits;
			result->threads[thread][class].wait_ns += user->sums[i].wait_ns;
		}
	}
}

static int finish(struct ws_classes *classes, const struct ws_context *context,
		  struct ws_classes_result *result, struct entry *entries, size_t n)
{
	result->list = calloc(n + 1, sizeof(*result->list));
	result->threads = calloc(context->tables->n_threads + 1, sizeof(*result->threads));
	if (!result->list || !result->threads || !entries)
		return -ENOMEM;
	sum_up(classes, context, entries);
	for (size_t i = 0; i < n; i++) {
		struct entry *entry = &entries[i];
		struct ws_classed *one = &result->list[result->n];
		int r;

		if (!entry->pub.object)
			continue;
		*one = entry->pub;
		entry->as_lock = entry->posted && !entry->stranger &&
				 (is_semaphore(one->object) || entry->rows);
		if (entry->as_lock)
			used_as_lock(one);
		r = wish(context, one, &entry->wished);
		if (r < 0)
			return r;
		for (enum ws_class class = 0; class < WS_CLASS_COUNT; class ++) {
			result->sums[class].waits += one->sums[class].waits;
			result->sums[class].wait_ns += one->sums[class].wait_ns;
			if (one->sums[class].wait_ns > one->sums[one->most].wait_ns)
				one->most = class;
		}
		entry->pub.most = one->most;
		result->n++;
	}
	sum_threads(classes, context, entries, result);
	return 0;
}

int ws_classes_finish(struct ws_classes *classes, const struct ws_context *context,
		      struct ws_classes_result **ret)
{
	struct ws_classes_result *result = calloc(1, sizeof(*result));
	struct entry *entries;
	struct user *user, *next;
	size_t n = 0;
	int r = -ENOMEM;

	for (size_t i = 0; i < classes->n_threads; i++) {
		if (classes->threads[i])
			end_row(classes, classes->threads[i], WS_CLASS_PACING);
	}

	HASH_ITER(hh, classes->users, user, next)
		n = user->key.object >= n ? (size_t)user->key.object + 1 : n;
	entries = calloc(n + 1, sizeof(*entries));
	if (result)
		r = finish(classes, context, result, entries, n);
	free(entries);
	if (r < 0) {
		ws_classes_result_free(result);
		return r;
	}
	*ret = result;
	return 0;
}

void ws_classes_result_free(struct ws_classes_result *result)
{
	if (!result)
		return;
	free(result->list);
	free(result->threads);
	free(result);
}

const struct ws_classed *ws_classed_of(const struct ws_classes_result *result,
				       const struct ws_object *object)
{
	return ws_by_object(result->list, result->n, sizeof(*result->list), object);
}
