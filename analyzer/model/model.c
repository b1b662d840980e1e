/* SPDX-License-Identifier: MIT */
/* model.c: takes the records one by one and passes each to the rule that it is for. */
#include "analyzer/model/model.h"

#include <errno.h>
#include <stdlib.h>

#include "analyzer/base/grow.h"
#include "analyzer/model/private.h"

bool ws_kind_is_owned(enum ws_kind kind)
{
	switch (kind) {
	case WS_KIND_MUTEX:
	case WS_KIND_RWLOCK:
	case WS_KIND_SPINLOCK:
	case WS_KIND_ONCE:
	case WS_KIND_RECORD_LOCK:
	case WS_KIND_FLOCK:
		return true;
	default:
		return false;
	}
}

bool ws_kind_needs_all(enum ws_kind kind)
{
	return ws_kind_is_owned(kind) || kind == WS_KIND_THREAD || kind == WS_KIND_BARRIER ||
	       kind == WS_KIND_PROCESS;
}

bool ws_object_needs_all(const struct ws_object *object)
{
	if (object->key.kind == WS_KIND_PROCESS && !object->key.offset)
		return false;
	return ws_kind_needs_all(object->key.kind);
}

bool ws_kind_is_idle(enum ws_kind kind)
{
	return kind == WS_KIND_SLEEP || kind == WS_KIND_SIGNAL || kind == WS_KIND_PROCESS ||
	       kind == WS_KIND_POLL;
}

int ws_model_new(const struct ws_model_observer *observer, struct ws_model **ret)
{
	struct ws_model *model = calloc(1, sizeof(*model));

	if (!model)
		return -ENOMEM;
	model->observer = *observer;
	*ret = model;
	return 0;
}

/* Grows an array of pointers that is indexed by a dense number. */
static int reserve(struct thread ***array, size_t *n, uint32_t index)
{
	size_t size = *n ? *n : 16;
	struct thread **grown;

	if (index < *n)
		return 0;
	while (size <= index)
		size *= 2;
	grown = realloc(*array, size * sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	for (size_t i = *n; i < size; i++)
		grown[i] = NULL;
	*array = grown;
	*n = size;
	return 0;
}

static int thread_get(struct ws_model *model, const struct ws_record *record, struct thread **ret)
{
	struct thread *thread;
	int r;

	if (record->thread == WS_UNKNOWN || record->process == WS_UNKNOWN)
		return -EINVAL;
	r = reserve(&model->threads, &model->n_threads, record->thread);
	if (r == 0)
		r = reserve(&model->processes, &model->n_processes, record->process);
	if (r < 0)
		return r;
	thread = model->threads[record->thread];
	if (!thread) {
		thread = calloc(1, sizeof(*thread));
		if (!thread)
			return -ENOMEM;
		thread->index = record->thread;
		thread->process = record->process;
		model->threads[record->thread] = thread;
		DL_APPEND(model->processes[record->process], thread);
	}
	*ret = thread;
	return 0;
}

/* Everything of the thread is handed out, and the thread forgotten. */
static int thread_end(struct ws_model *model, struct thread *thread, uint64_t at_ns)
{
	int r = 0;

	while (thread->top) {
		int w = ws_wait_close(model, thread, at_ns);

		if (r == 0)
			r = w;
	}
	if (r == 0)
		r = ws_wait_flush_late(model, thread);
	for (size_t i = 0; i < thread->n_pending; i++) {
		int w = ws_wake_complete(model, thread->pending[i]);

		ws_wake_unref(model, thread->pending[i]);
		if (r == 0)
			r = w;
	}
	ws_locks_forget(thread);
	model->threads[thread->index] = NULL;
	DL_DELETE(model->processes[thread->process], thread);
	free(thread);
	return r;
}

static int process_end(struct ws_model *model, uint32_t process, uint64_t at_ns)
{
	struct thread *thread, *next;

	if (process >= model->n_processes)
		return 0;
	DL_FOREACH_SAFE(model->processes[process], thread, next)
	{
		int r = thread_end(model, thread, at_ns);

		if (r < 0)
			return r;
	}
	return 0;
}

/* A release, on its way to the waits that it concerns. */
struct release {
	struct ws_model *model;
	struct wake *wake;
	struct ws_holder holder;
	uint64_t at_ns;
	bool late;
};

/* A release of an owned object: each wait is charged with the piece up to it. */
static int release_waits(struct object *object, void *context)
{
	struct release *release = context;
	struct ws_model *model = release->model;
	struct wake *wake = release->wake;
	uint64_t at_ns = release->at_ns;
	struct wait *wait;
	int r;

	if (release->late) {
		/* Whoever got the object by it did so before now, and holds it since. */
		r = ws_wait_claim_late(model, object, wake, &release->holder, &at_ns);
		if (r < 0)
			return r;
	}
	DL_FOREACH2(object->open, wait, next_open)
	{
		if (!ws_wake_concerns(wake, wait))
			continue;
		r = ws_owned_release(wait, wake, &release->holder, at_ns);
		if (r < 0)
			return r;
		ws_wake_ref(wake);
		ws_wake_unref(model, wait->last_release);
		wait->last_release = wake;
	}
	return 0;
}

static int owned_wake(struct ws_model *model, struct object *object, struct wake *wake,
		      const struct ws_record *record)
{
	struct release release = {
		.model = model,
		.wake = wake,
		.holder = record->wake.hold,
		.at_ns = record->at_ns,
		.late = record->wake.flags & WS_WAKE_LATE,
	};
	int r;

	if (release.holder.thread == WS_UNKNOWN)
		release.holder.thread = record->thread;
	if (object->file) {
		r = ws_ranges_each(object, release_waits, &release);
		if (r == 0)
			ws_range_released(model, object, wake, &release.holder);
		return r;
	}
	r = release_waits(object, &release);
	if (r < 0)
		return r;
	ws_wake_ref(wake);
	ws_wake_unref(model, object->release);
	object->release = wake;
	object->releaser = release.holder;
	return 0;
}

/* The waits on the futex that are still open may be ended by wakes on the target, too. */
static int requeue(struct ws_model *model, struct object *object, const struct ws_record *record)
{
	struct object *target;
	struct wait *wait;
	int r;

	r = ws_object_get(model, &record->wake.target, WS_UNKNOWN, false, &target);
	if (r < 0)
		return r;
	if (target == object)
		return 0;
	DL_FOREACH2(object->open, wait, next_open)
	{
		if (wait->moved_to == target)
			continue;
		if (wait->moved_to) {
			DL_DELETE2(wait->moved_to->moved, wait, prev_moved, next_moved);
			wait->moved_to->n_open--;
		}
		wait->moved_to = target;
		DL_APPEND2(target->moved, wait, prev_moved, next_moved);
		target->n_open++;
	}
	/* The target must not be freed while waits refer to it. */
	if (target->pub.id == WS_UNKNOWN)
		target->pub.id = model->next_id++;
	return 0;
}

static int other_wake(struct ws_model *model, struct object *object, struct wake *wake,
		      const struct ws_record *record)
{
	const struct ws_holder nobody = { WS_UNKNOWN, WS_UNKNOWN, WS_UNKNOWN };
	uint64_t claimed_ns;
	int r;

	if (record->wake.flags & WS_WAKE_LATE) {
		while (wake->left) {
			r = ws_wait_claim_late(model, object, wake, &nobody, &claimed_ns);
			if (r < 0)
				return r;
			if (r == 0)
				break;
			if (wake->left != WS_WAKE_ALL)
				wake->left--;
		}
	}
	ws_wake_offer(model, object, wake);
	if (record->wake.op == WS_WAKE_FUTEX_REQUEUE && record->wake.target.kind)
		return requeue(model, object, record);
	return 0;
}

static int take_wake(struct ws_model *model, struct thread *thread, const struct ws_record *record)
{
	struct object *object;
	struct wake *wake;
	int r;

	r = ws_object_get(model, &record->wake.object, record->wake.data, false, &object);
	if (r < 0)
		return r;
	r = ws_end_note(object, record->process, record->wake.end);
	if (r < 0)
		return r;
	r = ws_wake_new(model, object, record, &wake);
	if (r < 0)
		return r;
	r = ws_wake_tell(model, wake);
	if (r < 0) {
		ws_wake_unref(model, wake);
		return r;
	}
	if (ws_kind_is_owned(record->wake.object.kind))
		r = owned_wake(model, object, wake, record);
	else
		r = other_wake(model, object, wake, record);
	if (r == 0)
		r = ws_wake_pend(model, thread, wake);
	ws_wake_unref(model, wake);
	return r;
}

/* The object is one that analyses know by its number. */
static int take_held(struct ws_model *model, const struct ws_record *record)
{
	struct ws_hold hold = {
		.thread = record->thread,
		.seq = record->held.seq,
		.site = record->held.site,
		.stack = record->held.stack,
		.flags = record->held.flags,
	};
	struct object *object;
	int r;

	if (!model->observer.held)
		return 0;
	r = ws_object_get(model, &record->held.object, record->held.data, true, &object);
	if (r < 0)
		return r;
	if (object->pub.id == WS_UNKNOWN)
		object->pub.id = model->next_id++;
	hold.object = &object->pub;
	return model->observer.held(model->observer.context, &hold);
}

static int take_wake_stack(struct ws_model *model, struct thread *thread,
			   const struct ws_record *record)
{
	for (size_t i = 0; i < thread->n_pending; i++) {
		struct wake *wake = thread->pending[i];
		int r;

		if (wake->seq != record->wake_stack.seq)
			continue;
		for (i++; i < thread->n_pending; i++)
			thread->pending[i - 1] = thread->pending[i];
		thread->n_pending--;
		wake->pub.stack = record->wake_stack.stack;
		r = ws_wake_complete(model, wake);
		ws_wake_unref(model, wake);
		return r;
	}
	return 0;
}

static int take_holder(struct thread *thread, const struct ws_record *record)
{
	struct wait *wait;

	for (wait = thread->top; wait; wait = wait->outer) {
		if (wait->seq == record->holder.seq && ws_kind_is_owned(wait->object->pub.key.kind))
			return ws_owned_named(wait, &record->holder.holder);
	}
	return 0;
}

/* A thread's end is what those who join it wait for. */
static int wake_joiners(struct ws_model *model, const struct ws_record *record)
{
	struct ws_object_key key = {
		.offset = record->thread,
		.process = WS_UNKNOWN,
		.kind = WS_KIND_THREAD,
	};
	struct object *object = ws_object_find(model, &key);
	struct wake *wake;
	int r;

	if (!object || object->wakes)
		return 0; /* nobody waits yet, or an `exit` said it with its site */
	r = ws_wake_new(model, object, record, &wake);
	if (r < 0)
		return r;
	wake->pub.op = WS_WAKE_EXIT;
	ws_wake_offer(model, object, wake);
	r = ws_wake_complete(model, wake);
	ws_wake_unref(model, wake);
	return r;
}

static int take_thread(struct ws_model *model, struct thread *thread,
		       const struct ws_record *record)
{
	int r;

	if (record->thread_step.op != WS_THREAD_EXIT)
		return 0;
	r = wake_joiners(model, record);
	return r < 0 ? r : thread_end(model, thread, record->at_ns);
}

/* Everything that is open or unused may be wrong now. */
static int take_loss(struct ws_model *model)
{
	struct object *object, *next;

	model->counts.losses++;
	for (size_t i = 0; i < model->n_threads; i++) {
		struct thread *thread = model->threads[i];
		int r;

		if (!thread)
			continue;
		for (struct wait *wait = thread->top; wait; wait = wait->outer)
			wait->pub.uncertain = true;
		r = ws_wait_flush_late(model, thread);
		if (r < 0)
			return r;
	}
	HASH_ITER(hh, model->objects, object, next) {
		struct wake *wake, *following;

		DL_FOREACH_SAFE(object->wakes, wake, following)
		{
			DL_DELETE(object->wakes, wake);
			ws_wake_unref(model, wake);
		}
		object->acquirer.thread = WS_UNKNOWN;
		ws_wake_unref(model, object->release);
		object->release = NULL;
	}
	return 0;
}

/* True for the one release of its mutex that a call which waits on a condition variable makes. */
static bool releases_for_wait(struct wait *wait, const struct ws_record *record)
{
	if (!wait->mutex.kind || record->type != WS_RECORD_WAKE ||
	    memcmp(&record->wake.object, &wait->mutex, sizeof(wait->mutex)) != 0)
		return false;
	wait->mutex.kind = 0;
	return true;
}

/* Tells the observer of the record, if it is one of those that it needs. */
static int tell_record(struct ws_model *model, const struct ws_record *record)
{
	const struct ws_model_observer *observer = &model->observer;
	bool wanted = !observer->types || observer->types & WS_RECORD_BIT(record->type) ||
		      model->ord == 1;

	if (!observer->record)
		return 0;
	if (record->thread != WS_UNKNOWN && record->process != WS_UNKNOWN) {
		if (ws_grow(&model->heard, &model->heard_size, (size_t)record->thread + 1))
			return -ENOMEM;
		wanted |= !model->heard[record->thread];
		model->heard[record->thread] = true;
	}
	return wanted ? observer->record(observer->context, record) : 0;
}

int ws_model_record(struct ws_model *model, const struct ws_record *record)
{
	struct thread *thread;
	int r = 0;

	model->ord++;
	model->now_ns = record->at_ns;
	if (model->observer.time)
		r = model->observer.time(model->observer.context, record->at_ns);
	if (r == 0)
		r = tell_record(model, record);
	if (r < 0)
		return r;
	switch (record->type) {
	case WS_RECORD_LOSS:
		return take_loss(model);
	case WS_RECORD_CALL: /* what its thread waited for has records of its own */
		return 0;
	case WS_RECORD_LOCK_STATS: /* told at the end, perhaps by another thread */
		return ws_locks_count(model, record);
	case WS_RECORD_OBJECT:
		return ws_object_event(model, record);
	case WS_RECORD_PROCESS:
		if (record->process_step.op != WS_PROCESS_EXIT &&
		    record->process_step.op != WS_PROCESS_EXEC &&
		    record->process_step.op != WS_PROCESS_REAPED)
			return 0;
		/* What is to be undone outlives the image, but as another process's here. */
		r = record->process_step.op == WS_PROCESS_EXEC
			    ? 0
			    : ws_undo_process_ends(model, record);
		if (r == 0 && record->process_step.op != WS_PROCESS_EXEC)
			r = ws_ends_process_ends(model, record);
		return r < 0 ? r : process_end(model, record->process, record->at_ns);
	default:
		break;
	}
	r = thread_get(model, record, &thread);
	if (r < 0)
		return r;
	/* What its thread does next tells when a wait whose end never comes was over at the
	 * latest. The end itself is not such an event, nor is what belongs to the wait. */
	if (thread->top && !thread->top->followed && record->type != WS_RECORD_WAIT_END &&
	    record->type != WS_RECORD_WAIT_OBJECT && record->type != WS_RECORD_HOLDER &&
	    record->type != WS_RECORD_WAKE_STACK && record->type != WS_RECORD_THREAD &&
	    record->type != WS_RECORD_TRANSFER &&
	    !releases_for_wait(thread->top, record)) {
		thread->top->followed = true;
		thread->top->next_event_ns = record->at_ns;
	}
	switch (record->type) {
	case WS_RECORD_WAIT_BEGIN:
		return ws_wait_begin(model, thread, record);
	case WS_RECORD_WAIT_END:
		return ws_wait_end(model, thread, record);
	case WS_RECORD_WAIT_OBJECT:
		return ws_wait_object(model, thread, record);
	case WS_RECORD_HOLDER:
		return take_holder(thread, record);
	case WS_RECORD_WAKE:
		return take_wake(model, thread, record);
	case WS_RECORD_LOCK_EDGE:
		return ws_locks_edge(model, thread, record);
	case WS_RECORD_LOCK_HELD:
		return ws_locks_held(model, thread, record);
	case WS_RECORD_MISUSE:
		return ws_locks_misuse(model, record);
	case WS_RECORD_HELD:
		return take_held(model, record);
	case WS_RECORD_REACH:
		return 0;
	case WS_RECORD_WAKE_STACK:
		return take_wake_stack(model, thread, record);
	case WS_RECORD_TRANSFER:
		return ws_end_transfer(model, record);
	case WS_RECORD_THREAD:
		return take_thread(model, thread, record);
	default:
		return 0; /* a newer decode's record: not ours to judge */
	}
}

static uint64_t end_of(const struct ws_tables *tables, const struct thread *thread)
{
	const struct ws_process *process;

	if (thread->process >= tables->n_processes)
		return tables->end_ns;
	process = &tables->processes[thread->process];
	switch (process->end) {
	case WS_END_EXITED:
	case WS_END_SIGNALED:
	case WS_END_EXEC:
		return process->end_ns;
	default:
		return tables->end_ns;
	}
}

int ws_model_finish(struct ws_model *model, const struct ws_tables *tables)
{
	if (model->observer.over) {
		int r = model->observer.over(model->observer.context, tables);

		if (r < 0)
			return r;
	}
	for (size_t i = 0; i < model->n_threads; i++) {
		struct thread *thread = model->threads[i];
		int r;

		if (!thread)
			continue;
		r = thread_end(model, thread, end_of(tables, thread));
		if (r < 0)
			return r;
	}
	return 0;
}

const struct ws_model_counts *ws_model_counts(const struct ws_model *model)
{
	return &model->counts;
}

static int ignore_wait(void *context, const struct ws_wait *wait)
{
	(void)context;
	(void)wait;
	return 0;
}

void ws_model_free(struct ws_model *model)
{
	struct wait *wait;
	struct wake *wake;

	if (!model)
		return;
	/* After an error waits may still be held back: letting them go frees them. */
	model->observer = (struct ws_model_observer){ .wait = ignore_wait };
	for (size_t i = 0; i < model->n_threads; i++) {
		if (model->threads[i])
			thread_end(model, model->threads[i], model->now_ns);
	}
	ws_objects_free(model);
	while ((wait = model->spare_waits)) {
		model->spare_waits = wait->next_open;
		free(wait);
	}
	while ((wake = model->spare_wakes)) {
		model->spare_wakes = wake->next;
		free(wake);
	}
	free(model->undos);
	free(model->heard);
	free(model->threads);
	free(model->processes);
	free(model);
}
