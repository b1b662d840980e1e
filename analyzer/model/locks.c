/* SPDX-License-Identifier: MIT */
/* locks.c: facts about locks that are no waits: in which order they are taken, how often, and what
 * is done wrong with them. The objects get their numbers here: analyses know them by these.
 */
#include <errno.h>
#include <stdlib.h>

#include "analyzer/model/private.h"

static int object_of(struct ws_model *model, const struct ws_object_key *key, uint32_t data,
		     uint32_t taken_site, const struct ws_object **ret)
{
	struct object *object;
	int r = ws_object_get(model, key, data, true, &object);

	if (r < 0)
		return r;
	if (object->pub.id == WS_UNKNOWN)
		object->pub.id = model->next_id++;
	if (object->pub.taken_site == WS_UNKNOWN)
		object->pub.taken_site = taken_site;
	*ret = &object->pub;
	return 0;
}

static int lock_of(struct ws_model *model, const struct ws_record *record, struct ws_lock *ret)
{
	ret->site = record->lock.site;
	ret->stack = record->lock.stack;
	ret->flags = record->lock.flags;
	return object_of(model, &record->lock.object, record->lock.data, record->lock.site,
			 &ret->object);
}

/* The held locks are kept behind the edge. */
static struct ws_lock *held_of(struct ws_lock_edge *edge)
{
	return (struct ws_lock *)(edge + 1);
}

void ws_locks_forget(struct thread *thread)
{
	free(thread->edge);
	thread->edge = NULL;
}

int ws_locks_edge(struct ws_model *model, struct thread *thread, const struct ws_record *record)
{
	struct ws_lock_edge *edge;

	/* Of the one before, some locks never came: they were lost. */
	ws_locks_forget(thread);
	if (!model->observer.edge || record->lock.held == 0 || record->lock.held > WS_EDGE_HELD_MAX)
		return 0;
	edge = calloc(1, sizeof(*edge) + record->lock.held * sizeof(struct ws_lock));
	if (!edge)
		return -ENOMEM;
	edge->held = held_of(edge);
	edge->thread = record->thread;
	edge->segment = record->lock.segment;
	edge->syncs = record->lock.syncs;
	edge->locks = record->lock.locks;
	edge->at_ns = record->at_ns;
	thread->edge = edge;
	thread->edge_seq = record->lock.seq;
	thread->edge_wants = record->lock.held;
	return lock_of(model, record, &edge->taken);
}

int ws_locks_held(struct ws_model *model, struct thread *thread, const struct ws_record *record)
{
	struct ws_lock_edge *edge = thread->edge;
	int r;

	if (!edge || thread->edge_seq != record->lock.seq)
		return 0;
	r = lock_of(model, record, &held_of(edge)[edge->n_held]);
	if (r < 0)
		return r;
	if (++edge->n_held < thread->edge_wants)
		return 0;
	r = model->observer.edge(model->observer.context, edge);
	ws_locks_forget(thread);
	return r;
}

int ws_locks_count(struct ws_model *model, const struct ws_record *record)
{
	struct ws_lock_count count = {
		.key = record->lock_stats.object,
		.process = record->process,
		.thread = record->thread,
		.site = record->lock_stats.site,
		.acquired = record->lock_stats.acquired,
		.failed = record->lock_stats.failed,
	};
	struct object *object;

	if (!model->observer.count)
		return 0;
	object = ws_object_find(model, &record->lock_stats.object);
	/* One without a number may go at any time. */
	count.object = object && object->pub.id != WS_UNKNOWN ? &object->pub : NULL;
	return model->observer.count(model->observer.context, &count);
}

int ws_locks_misuse(struct ws_model *model, const struct ws_record *record)
{
	struct ws_misuse_seen misuse = {
		.mutex = record->misuse.mutex,
		.process = record->process,
		.thread = record->thread,
		.what = record->misuse.what,
		.flags = record->misuse.flags,
		.site = record->misuse.site,
		.stack = record->misuse.stack,
		.call = record->misuse.call,
		.holder = record->misuse.holder,
		.at_ns = record->at_ns,
	};
	int r;

	if (!model->observer.misuse)
		return 0;
	r = object_of(model, &record->misuse.object, record->misuse.data,
		      record->misuse.holder.site, &misuse.object);
	return r < 0 ? r : model->observer.misuse(model->observer.context, &misuse);
}
