/* SPDX-License-Identifier: MIT */
/* wakeups.c: see wakeups.h. */
#include "analyzer/analyses/wakeups.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "analyzer/analyses/all.h"
#include "analyzer/analyses/by_object.h"
#include "analyzer/base/grow.h"

/* Releases of mutexes by one thread that are remembered. A wait is handed out once its waker's stack
 * has come, that is before the same thread releases much else. */
#define RELEASES_MAX 8
/* Broadcasts of one object that are remembered: threads that went on by an older one have long come
 * back, if they do. */
#define BROADCASTS_MAX 4

struct release {
	struct ws_object_key mutex; /* kind 0: none */
	uint64_t at_ns;
};

/* One thread, by index. */
struct thread {
	struct release releases[RELEASES_MAX];
	size_t n_releases; /* so far: the next goes to n % RELEASES_MAX */
	const struct ws_object *cond; /* that it was let go from last; NULL: none */
	bool by_nobody;               /* no waker is known */
	uint64_t broadcast_ns;        /* when it was let go by a broadcast; 0: by another wake */
	uint32_t broadcaster;
};

/* Threads that one broadcast let go. */
struct broadcast {
	uint64_t at_ns; /* 0: none */
	uint32_t thread;
	uint32_t woken, vain;
};

/* One condition variable. Entries are by its id. */
struct cond {
	struct ws_wakeup pub;
	struct broadcast broadcasts[BROADCASTS_MAX];
	size_t next;
	struct ws_holder signaller;   /* of the first false wake-up */
	uint64_t signalled_ns;
	struct ws_holder broadcaster; /* of the first that woke several */
};

struct ws_wakeups {
	struct thread *threads; /* Owned by this */
	size_t n_threads, threads_size;
	struct cond *conds; /* Owned by this */
	size_t n_conds, conds_size;
};

int ws_wakeups_new(const struct ws_setup *setup, struct ws_wakeups **ret)
{
	struct ws_wakeups *wakeups = calloc(1, sizeof(*wakeups));

	(void)setup;
	if (!wakeups)
		return -ENOMEM;
	*ret = wakeups;
	return 0;
}

void ws_wakeups_free(struct ws_wakeups *wakeups)
{
	if (!wakeups)
		return;
	free(wakeups->threads);
	free(wakeups->conds);
	free(wakeups);
}

static struct thread *thread_of(struct ws_wakeups *wakeups, uint32_t index)
{
	if (ws_grow(&wakeups->threads, &wakeups->threads_size, (size_t)index + 1))
		return NULL;
	if (index >= wakeups->n_threads)
		wakeups->n_threads = (size_t)index + 1;
	return &wakeups->threads[index];
}

static struct cond *cond_of(struct ws_wakeups *wakeups, const struct ws_object *object)
{
	struct cond *cond;

	if (ws_grow(&wakeups->conds, &wakeups->conds_size, (size_t)object->id + 1))
		return NULL;
	if (object->id >= wakeups->n_conds)
		wakeups->n_conds = (size_t)object->id + 1;
	cond = &wakeups->conds[object->id];
	cond->pub.object = object;
	return cond;
}

/* Releases as they are recorded: the model tells of a wake only when its stack has come. */
static int take_record(void *context, const struct ws_record *record)
{
	struct ws_wakeups *wakeups = context;
	struct thread *thread;

	if (record->type != WS_RECORD_WAKE || record->wake.op != WS_WAKE_UNLOCK ||
	    record->wake.object.kind != WS_KIND_MUTEX || record->thread == WS_UNKNOWN)
		return 0;
	thread = thread_of(wakeups, record->thread);
	if (!thread)
		return -ENOMEM;
	thread->releases[thread->n_releases++ % RELEASES_MAX] =
		(struct release){ record->wake.object, record->at_ns };
	return 0;
}

static bool is_same_object(const struct ws_object_key *a, const struct ws_object_key *b)
{
	return a->kind == b->kind && a->process == b->process && a->offset == b->offset &&
	       a->dev == b->dev && a->ino == b->ino && a->origin == b->origin;
}

/* When the waker released the wait's mutex after it had woken: the first time; 0: it did not. */
static uint64_t released_after(const struct thread *waker, const struct ws_wait *wait)
{
	uint64_t first_ns = 0;

	for (size_t i = 0; i < RELEASES_MAX; i++) {
		const struct release *release = &waker->releases[i];

		if (release->mutex.kind && release->at_ns > wait->waker->at_ns &&
		    release->at_ns <= wait->end_ns &&
		    is_same_object(&release->mutex, &wait->mutex) &&
		    (!first_ns || release->at_ns < first_ns))
			first_ns = release->at_ns;
	}
	return first_ns;
}

static struct broadcast *broadcast_of(struct cond *cond, uint64_t at_ns, uint32_t thread)
{
	for (size_t i = 0; i < BROADCASTS_MAX; i++) {
		if (cond->broadcasts[i].at_ns == at_ns && cond->broadcasts[i].thread == thread)
			return &cond->broadcasts[i];
	}
	return NULL;
}

/* The broadcast is forgotten: it counts if it let several go. */
static void count_broadcast(struct cond *cond, struct broadcast *broadcast)
{
	if (broadcast->at_ns && broadcast->woken > 1) {
		cond->pub.broadcasts++;
		cond->pub.broadcast_woken += broadcast->woken;
		cond->pub.broadcast_vain += broadcast->vain;
	}
	*broadcast = (struct broadcast){ 0 };
}

static void woken_by_broadcast(struct cond *cond, const struct ws_wake *waker)
{
	struct broadcast *broadcast = broadcast_of(cond, waker->at_ns, waker->thread);

	if (!broadcast) {
		broadcast = &cond->broadcasts[cond->next++ % BROADCASTS_MAX];
		count_broadcast(cond, broadcast);
		*broadcast = (struct broadcast){ .at_ns = waker->at_ns, .thread = waker->thread };
	}
	broadcast->woken++;
	if (broadcast->woken == 2 && cond->broadcaster.site == WS_UNKNOWN)
		cond->broadcaster = (struct ws_holder){ waker->thread, waker->site, waker->stack };
}

/* The thread was let go: how, is told by its next wait. */
static int take_woken(struct ws_wakeups *wakeups, struct thread *thread, const struct ws_wait *wait)
{
	const struct ws_wake *waker = wait->waker;
	struct cond *cond = cond_of(wakeups, wait->object);
	const struct thread *releaser;
	uint64_t released_ns;

	if (!cond)
		return -ENOMEM;
	if (!cond->pub.woken++)
		cond->signaller.site = cond->broadcaster.site = WS_UNKNOWN;
	thread->cond = wait->object;
	thread->by_nobody = !waker && !wait->uncertain;
	thread->broadcast_ns = 0;
	if (!waker)
		return 0;
	if (waker->op == WS_WAKE_BROADCAST) {
		woken_by_broadcast(cond, waker);
		thread->broadcast_ns = waker->at_ns;
		thread->broadcaster = waker->thread;
	}
	if (waker->thread >= wakeups->n_threads || waker->op == WS_WAKE_BROADCAST ||
	    !(waker->flags & WS_WAKE_LOCKED))
		return 0;
	releaser = &wakeups->threads[waker->thread];
	released_ns = released_after(releaser, wait);
	if (!released_ns)
		return 0;
	if (!cond->pub.false_waits++) {
		cond->signaller = (struct ws_holder){ waker->thread, waker->site, waker->stack };
		cond->signalled_ns = waker->at_ns;
	}
	cond->pub.false_ns += released_ns - waker->at_ns;
	return 0;
}

static int take_wait(void *context, const struct ws_wait *wait)
{
	struct ws_wakeups *wakeups = context;
	struct thread *thread;

	if (wait->object->key.kind != WS_KIND_COND)
		return 0;
	thread = thread_of(wakeups, wait->thread);
	if (!thread)
		return -ENOMEM;
	if ((wait->flags & WS_WAIT_AGAIN) && thread->cond == wait->object) {
		struct cond *cond = &wakeups->conds[wait->object->id];
		struct broadcast *broadcast =
			thread->broadcast_ns
				? broadcast_of(cond, thread->broadcast_ns, thread->broadcaster)
				: NULL;

		cond->pub.in_vain++;
		cond->pub.spurious += thread->by_nobody;
		if (broadcast)
			broadcast->vain++;
	}
	thread->cond = NULL;
	if (wait->state == WS_WAIT_ENDED && wait->outcome == WS_OUTCOME_ACQUIRED)
		return take_woken(wakeups, thread, wait);
	return 0;
}

struct ws_model_observer ws_wakeups_observer(struct ws_wakeups *wakeups)
{
	return (struct ws_model_observer){
		.context = wakeups,
		.types = WS_RECORD_BIT(WS_RECORD_WAKE),
		.record = take_record,
		.wait = take_wait,
	};
}

static int report_herd(const struct ws_context *context, const struct cond *cond, const char *name)
{
	const struct ws_wakeup *wakeup = &cond->pub;
	uint64_t served = wakeup->broadcast_woken - wakeup->broadcast_vain;
	struct ws_finding *finding;
	int r;

	if (wakeup->broadcast_vain < WS_WAKEUPS_MIN ||
	    wakeup->broadcast_woken < WS_HERD_WOKEN * wakeup->broadcasts ||
	    2 * wakeup->broadcast_vain < wakeup->broadcast_woken)
		return 0;
	finding = ws_findings_add(context->findings, WS_RULE_THUNDERING_HERD,
				  "broadcasts on %s wake many for few: %" PRIu64
				  " threads woken, %" PRIu64 " found what they waited for",
				  name, wakeup->broadcast_woken, served);
	if (!finding)
		return -ENOMEM;
	r = ws_finding_object(finding, wakeup->object);
	if (r < 0)
		return r;
	return ws_finding_evidence(context->findings, finding, 0, cond->broadcaster.thread,
				   cond->broadcaster.site, cond->broadcaster.stack,
				   "%" PRIu64 " broadcasts, each for %" PRIu64 " threads on average",
				   wakeup->broadcasts,
				   wakeup->broadcast_woken / wakeup->broadcasts);
}

static int report_false(const struct ws_context *context, const struct cond *cond, const char *name)
{
	const struct ws_wakeup *wakeup = &cond->pub;
	struct ws_finding *finding;
	int r;

	if (wakeup->false_waits < WS_WAKEUPS_MIN || 10 * wakeup->false_waits < wakeup->woken)
		return 0;
	finding = ws_findings_add(context->findings, WS_RULE_SIGNAL_UNDER_MUTEX,
				  "%s is signalled with its mutex held: %" PRIu64
				  " of %" PRIu64 " woken threads had to wait again",
				  name, wakeup->false_waits, wakeup->woken);
	if (!finding)
		return -ENOMEM;
	r = ws_finding_object(finding, wakeup->object);
	if (r < 0)
		return r;
	return ws_finding_evidence(context->findings, finding, cond->signalled_ns,
				   cond->signaller.thread, cond->signaller.site,
				   cond->signaller.stack,
				   "they waited %" PRIu64 " us in all for the mutex",
				   wakeup->false_ns / 1000);
}

int ws_wakeups_finish(struct ws_wakeups *wakeups, const struct ws_context *context,
		      struct ws_wakeups_result **ret)
{
	struct ws_wakeups_result *result = calloc(1, sizeof(*result));
	int r = 0;

	if (!result)
		return -ENOMEM;
	result->list = calloc(wakeups->n_conds + 1, sizeof(*result->list));
	if (!result->list)
		r = -ENOMEM;
	for (size_t i = 0; i < wakeups->n_conds && r == 0; i++) {
		struct cond *cond = &wakeups->conds[i];
		const char *name;

		if (!cond->pub.object)
			continue;
		for (size_t k = 0; k < BROADCASTS_MAX; k++)
			count_broadcast(cond, &cond->broadcasts[k]);
		r = ws_context_object_words(context, cond->pub.object, &name);
		if (r == 0)
			r = report_herd(context, cond, name);
		if (r == 0)
			r = report_false(context, cond, name);
		result->list[result->n++] = cond->pub;
	}
	if (r < 0) {
		ws_wakeups_result_free(result);
		return r;
	}
	*ret = result;
	return 0;
}

void ws_wakeups_result_free(struct ws_wakeups_result *result)
{
	if (!result)
		return;
	free(result->list);
	free(result);
}

const struct ws_wakeup *ws_wakeup_of(const struct ws_wakeups_result *result,
				     const struct ws_object *object)
{
	return ws_by_object(result->list, result->n, sizeof(*result->list), object);
}
