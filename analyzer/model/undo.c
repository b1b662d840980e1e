/* SPDX-License-Identifier: MIT */
/* undo.c: what the kernel does to System V semaphores as a process ends that used SEM_UNDO: a wake
 * without a call. */
#include <errno.h>
#include <stdlib.h>

#include "analyzer/base/grow.h"
#include "analyzer/model/private.h"

int ws_undo_note(struct ws_model *model, const struct ws_record *record)
{
	struct undo *undo;

	if (ws_grow(&model->undos, &model->undos_size, model->n_undos + 1))
		return -ENOMEM;
	undo = &model->undos[model->n_undos++];
	undo->process = record->process;
	undo->set = record->object.object.offset;
	return 0;
}

/* One semaphore of the set may have been given back what the process took of it. */
static int wake(struct ws_model *model, struct object *object, const struct ws_record *record,
		bool late)
{
	const struct ws_holder nobody = { WS_UNKNOWN, WS_UNKNOWN, WS_UNKNOWN };
	struct wake *made;
	uint64_t end_ns;
	int r;

	r = ws_wake_new(model, object, record, &made);
	if (r < 0)
		return r;
	made->pub.op = WS_WAKE_EXIT;
	r = ws_wake_tell(model, made);
	if (r < 0) {
		ws_wake_unref(model, made);
		return r;
	}
	do
		r = late ? ws_wait_claim_late(model, object, made, &nobody, &end_ns) : 0;
	while (r == 1);
	if (r == 0) {
		ws_wake_offer(model, object, made);
		r = ws_wake_complete(model, made);
	}
	ws_wake_unref(model, made);
	return r;
}

int ws_undo_process_ends(struct ws_model *model, const struct ws_record *record)
{
	struct ws_record by = { .at_ns = record->at_ns, .process = record->process };
	bool late = record->process_step.op == WS_PROCESS_REAPED;
	size_t kept = 0;
	int r = 0;

	/* Its main thread stands for it: the kernel does it once all are gone. */
	by.thread = record->process < model->n_processes && model->processes[record->process]
			    ? model->processes[record->process]->index
			    : record->thread;
	for (size_t i = 0; i < model->n_undos; i++) {
		struct undo undo = model->undos[i];
		struct object *object, *next;

		if (undo.process != record->process) {
			model->undos[kept++] = undo;
			continue;
		}
		HASH_ITER(hh, model->objects, object, next) {
			if (r == 0 && object->pub.key.kind == WS_KIND_SYSV_SEM &&
			    object->pub.key.offset == undo.set && (object->open || object->late))
				r = wake(model, object, &by, late);
		}
	}
	model->n_undos = kept;
	return r;
}
