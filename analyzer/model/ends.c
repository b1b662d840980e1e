/* SPDX-License-Identifier: MIT */
/* ends.c: which processes use a pipe, a FIFO, a socket or an eventfd: what they move through it,
 * and that the kernel closes their ends when they die. */
#include <errno.h>
#include <stdlib.h>

#include "analyzer/base/grow.h"
#include "analyzer/model/private.h"

int ws_end_note(struct object *object, uint32_t process, uint8_t end)
{
	struct end_user *user;

	if (!ws_kind_is_channel(object->pub.key.kind))
		return 0;
	for (size_t i = object->n_users; i > 0; i--) {
		if (object->users[i - 1].process == process && object->users[i - 1].end == end)
			return 0;
	}
	if (ws_grow(&object->users, &object->users_size, object->n_users + 1))
		return -ENOMEM;
	user = &object->users[object->n_users++];
	user->process = process;
	user->end = end;
	return 0;
}

int ws_end_transfer(struct ws_model *model, const struct ws_record *record)
{
	struct ws_transfer transfer = {
		.process = record->process,
		.ends = record->transfer.ends,
		.bytes_in = record->transfer.bytes_in,
		.bytes_out = record->transfer.bytes_out,
		.calls_in = record->transfer.calls_in,
		.calls_out = record->transfer.calls_out,
		.priority_low = record->transfer.priority_low,
		.priority_high = record->transfer.priority_high,
		.fill = record->transfer.fill,
		.room = record->transfer.room,
		.at_ns = record->at_ns,
	};
	struct object *object;
	int r;

	r = ws_object_get(model, &record->transfer.object, WS_UNKNOWN, false, &object);
	if (r == 0)
		r = ws_end_note(object, record->process, record->transfer.end);
	if (r < 0 || !model->observer.transfer)
		return r;
	/* It is kept for as long as the trace is read: others refer to it. */
	if (object->pub.id == WS_UNKNOWN)
		object->pub.id = model->next_id++;
	transfer.object = &object->pub;
	return model->observer.transfer(model->observer.context, &transfer);
}

/* A process that used the object is gone: a reader may see its end, a writer EPIPE. */
static int close_end(struct ws_model *model, struct object *object, uint8_t end,
		     const struct ws_record *by, bool late)
{
	const struct ws_holder nobody = { WS_UNKNOWN, WS_UNKNOWN, WS_UNKNOWN };
	struct wake *wake;
	uint64_t claimed_ns;
	int r;

	r = ws_wake_new(model, object, by, &wake);
	if (r < 0)
		return r;
	wake->pub.op = WS_WAKE_EXIT;
	wake->end = end;
	r = ws_wake_tell(model, wake);
	if (r < 0) {
		ws_wake_unref(model, wake);
		return r;
	}
	do
		r = late ? ws_wait_claim_late(model, object, wake, &nobody, &claimed_ns) : 0;
	while (r == 1);
	if (r == 0) {
		ws_wake_offer(model, object, wake);
		r = ws_wake_complete(model, wake);
	}
	ws_wake_unref(model, wake);
	return r;
}

int ws_ends_process_ends(struct ws_model *model, const struct ws_record *record)
{
	struct ws_record by = { .at_ns = record->at_ns, .process = record->process };
	bool late = record->process_step.op == WS_PROCESS_REAPED;
	struct object *object, *next;

	by.thread = record->process < model->n_processes && model->processes[record->process]
			    ? model->processes[record->process]->index
			    : record->thread;
	HASH_ITER(hh, model->objects, object, next) {
		size_t kept = 0;
		int r = 0;

		for (size_t i = 0; i < object->n_users && r == 0; i++) {
			struct end_user user = object->users[i];

			if (user.process != record->process)
				object->users[kept++] = user;
			else if ((object->n_open || object->late || object->polled) &&
				 by.thread != WS_UNKNOWN)
				r = close_end(model, object, user.end, &by, late);
		}
		if (r < 0)
			return r;
		if (object->n_users)
			object->n_users = kept;
	}
	return 0;
}
