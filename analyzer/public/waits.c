/* SPDX-License-Identifier: MIT */
/* waits.c: waits one by one, and what is known of lines of code, in the public interface's terms.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/base/grow.h"
#include "analyzer/base/words.h"
#include "analyzer/public/private.h"

/* What one wait after the other is told with. */
struct walk {
	struct ws_analysis *analysis;            /* Weak */
	const struct ws_journal_result *journal; /* Weak */
	ws_analysis_wait_fn *fn;
	void *user;                         /* Weak */
	struct ws_analysis_charge *charges; /* Owned by this */
	size_t charges_size;
};

static int place(const struct walk *walk, const struct ws_holder *who,
		 struct ws_analysis_place *ret)
{
	struct ws_party party;
	int r = ws_journal_party(walk->journal, who, &party);

	if (r == 0)
		*ret = ws_analysis_place_of(&party);
	return r;
}

static int tell(void *user, uint64_t id, const struct ws_journal_wait *wait,
		const struct ws_charge *charges, const struct ws_piece *pieces)
{
	struct walk *walk = user;
	const struct ws_holder waiter = { wait->thread, wait->site, wait->stack };
	const struct ws_analysis_object *object =
		ws_analysis_object_by_id(walk->analysis, wait->object->id);
	struct ws_analysis_wait to = {
		.begin_ns = wait->begin_ns,
		.end_ns = wait->end_ns,
		.process = wait->process,
		.object = wait->object->id,
		.kind = ws_kind_word(wait->object->key.kind),
		.name = object ? object->name : NULL,
		.outcome = ws_journal_end_word(wait->end),
		.error = wait->error,
		.uncertain = wait->uncertain,
		.n_charges = wait->n_charges,
	};
	int r;

	(void)id;
	(void)pieces;
	if (!object || ws_grow(&walk->charges, &walk->charges_size, wait->n_charges))
		return -ENOMEM;
	to.charges = walk->charges;
	r = place(walk, &waiter, &to.waiter);
	if (r == 0)
		r = place(walk, &wait->waker, &to.waker);
	if (wait->waker.thread != WS_UNKNOWN) {
		to.wake_op = ws_wake_op_word(wait->wake_op);
		to.woken_ns = wait->woken_ns;
	}
	for (uint32_t i = 0; i < wait->n_charges && r == 0; i++) {
		walk->charges[i].ns = charges[i].ns;
		r = place(walk, &charges[i].holder, &walk->charges[i].place);
	}
	return r < 0 ? r : walk->fn(walk->user, &to);
}

int ws_analysis_each_wait(struct ws_analysis *analysis, ws_analysis_wait_fn *fn, void *user)
{
	const struct ws_report *report = ws_analysis_report(analysis);
	struct walk walk = { .analysis = analysis, .fn = fn, .user = user };
	const struct ws_journal_reader reader = { .user = &walk, .wait = tell };
	int r;

	if (!report)
		return ws_analysis_fail(analysis, -EINVAL, "there are no waits before the run");
	walk.journal = report->results->journal;
	if (!walk.journal->kept)
		return ws_analysis_fail(analysis, -EINVAL,
					"waits were not kept: set option `waits` before the run");
	r = ws_journal_each(walk.journal, &reader);
	free(walk.charges);
	return r < 0 ? ws_analysis_fail(analysis, r, "the waits can't be read: %s", strerror(-r))
		     : r;
}

size_t ws_analysis_stack_depth(const struct ws_analysis_stack *stack)
{
	return stack ? ((const struct ws_trail *)stack)->n : 0;
}

const struct ws_analysis_frame *ws_analysis_stack_frame(const struct ws_analysis_stack *stack,
							size_t index)
{
	if (index >= ws_analysis_stack_depth(stack))
		return NULL;
	return (const struct ws_analysis_frame *)&((const struct ws_trail *)stack)->frames[index];
}

static const struct ws_frame *inside(const struct ws_analysis_frame *frame)
{
	static const struct ws_frame unknown = { .function = NULL };

	return frame ? (const struct ws_frame *)frame : &unknown;
}

const char *ws_analysis_frame_function(const struct ws_analysis_frame *frame)
{
	return inside(frame)->function;
}

const char *ws_analysis_frame_file(const struct ws_analysis_frame *frame)
{
	return inside(frame)->file;
}

uint32_t ws_analysis_frame_line(const struct ws_analysis_frame *frame)
{
	return inside(frame)->line;
}

const char *ws_analysis_frame_module(const struct ws_analysis_frame *frame)
{
	return inside(frame)->module;
}

uint64_t ws_analysis_frame_offset(const struct ws_analysis_frame *frame)
{
	return inside(frame)->offset;
}

int ws_analysis_frame_is_inlined(const struct ws_analysis_frame *frame)
{
	return inside(frame)->inlined;
}
