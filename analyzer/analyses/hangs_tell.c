/* SPDX-License-Identifier: MIT */
/* hangs_tell.c: what the sets of hangs.c are, in words, findings and deadlocks. */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/analyses/all.h"
#include "analyzer/analyses/hangs_private.h"
#include "analyzer/base/words.h"

/* What a wait is that is not on the way round: of the set, or behind it. */
#define WITH_THEM   "is one of them, and waits for "
#define BEHIND_THEM "waits behind them, for "

/* A text of a sentence that is put together. */
struct text {
	char words[512];
	size_t n;
};

static void add(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void add(struct text *text, const char *format, ...)
{
	va_list args;
	int n;

	if (text->n >= sizeof(text->words) - 1)
		return;
	va_start(args, format);
	n = vsnprintf(text->words + text->n, sizeof(text->words) - text->n, format, args);
	va_end(args);
	if (n > 0)
		text->n += (size_t)n;
}

static void add_time(struct text *text, uint64_t ns)
{
	if (ns >= 1000000000)
		add(text, "%.3g s", (double)ns / 1e9);
	else if (ns >= 1000000)
		add(text, "%.3g ms", (double)ns / 1e6);
	else
		add(text, "%.3g us", (double)ns / 1e3);
}

static void add_thread(struct text *text, const struct ws_context *context, uint32_t index)
{
	const struct ws_task *task;

	if (index >= context->tables->n_threads) {
		add(text, "an unknown thread");
		return;
	}
	task = &context->tables->threads[index];
	add(text, "%.32s[%" PRId32 "]", task->name, task->tid);
}

static int add_object(struct text *text, const struct ws_context *context,
		      const struct ws_object *object)
{
	const char *name, *kind = ws_kind_word(object->key.kind);
	int r = ws_context_object_name(context, object, &name);

	/* One without a name of its own is called by its kind and its place. */
	if (r == 0 && strncmp(name, kind, strlen(kind)) == 0)
		add(text, "%.100s", name);
	else if (r == 0)
		add(text, "%s %.80s", kind, name);
	return r;
}

/* Each of what is waited for, once. */
static int add_objects(struct text *text, const struct ws_context *context,
		       const struct ws_hang *hang)
{
	size_t shown = 0;
	int r = 0;

	for (size_t i = 0; i < hang->n_steps && r == 0; i++) {
		bool before = false;

		for (size_t k = 0; k < i; k++)
			before |= hang->steps[k].wants == hang->steps[i].wants;
		/* Who joins them is not what they wait for. */
		before |= hang->rule != WS_RULE_DEADLOCK &&
			  (hang->steps[i].wants->key.kind == WS_KIND_THREAD ||
			   hang->steps[i].wants->key.kind == WS_KIND_PROCESS);
		if (before)
			continue;
		if (shown == 4) {
			add(text, ", ...");
			break;
		}
		add(text, "%s", shown++ ? ", " : "");
		r = add_object(text, context, hang->steps[i].wants);
	}
	return r;
}

/* What somebody would have to do for the thread to go on, up to the object's name. */
static const char *cure_words(const struct ws_deadlock_call *call, bool reads)
{
	switch (call->wants->key.kind) {
	case WS_KIND_COND:
		return "signal ";
	case WS_KIND_SEM:
	case WS_KIND_SYSV_SEM:
		return "post ";
	case WS_KIND_FUTEX:
		return "wake ";
	case WS_KIND_BARRIER:
		return "come to ";
	default:
		if (!ws_kind_carries(call->wants->key.kind))
			return "let go of ";
		return reads ? "send to " : "read from ";
	}
}

/* Of all that is waited for: the same for all, or in general. */
static const char *cure_of(const struct ws_hang *hang)
{
	const char *words = NULL;

	for (size_t i = 0; i < hang->n_steps; i++) {
		const struct ws_deadlock_call *call = &hang->steps[i];
		const char *of = cure_words(call, call->want_reads);

		if (call->wants->key.kind == WS_KIND_THREAD ||
		    call->wants->key.kind == WS_KIND_PROCESS)
			continue;
		if (words && strcmp(words, of) != 0)
			return "let them go: ";
		words = of;
	}
	return words ? words : "let them go: ";
}

/* True if a signal handler may let such waits go, by the letter: it may post a semaphore, wake a
 * futex, and use files. Where somebody took what is waited for and has ended, nobody expects that.
 */
static bool is_for_handlers(const struct ws_hang *hang)
{
	for (size_t i = 0; i < hang->n_ended; i++) {
		if (hang->ended_ones[i].took)
			return false;
	}
	for (size_t i = 0; i < hang->n_steps; i++) {
		uint8_t kind = hang->steps[i].wants->key.kind;

		if (kind == WS_KIND_SEM || kind == WS_KIND_FUTEX || ws_kind_is_channel(kind))
			return true;
	}
	return false;
}

/* How it was broken. */
static void add_end(struct text *text, const struct ws_hang *hang)
{
	if (!hang->until_ns)
		return;
	switch (hang->ended) {
	case WS_OUTCOME_TIMEOUT:
		add(text, ", until a time limit ended it after ");
		break;
	case WS_OUTCOME_ERROR:
		add(text, hang->error == EDEADLK
				  ? ", until the kernel refused one of them (EDEADLK) after "
				  : ", until an error ended it after ");
		break;
	case WS_OUTCOME_INTERRUPTED:
		add(text, ", until a signal ended it after ");
		break;
	case WS_OUTCOME_CANCELLED:
		add(text, ", until a cancellation ended it after ");
		break;
	case WS_OUTCOME_ACQUIRED:
	case WS_OUTCOME_NONE:
		add(text, ", until a process of it ended after ");
		break;
	default:
		add(text, ", until something ended it after ");
		break;
	}
	add_time(text, hang->until_ns > hang->at_ns ? hang->until_ns - hang->at_ns : 0);
}

/* Who else could have let it go. */
static void add_unseen(struct text *text, const struct ws_context *context,
		       const struct ws_hang *hang)
{
	for (size_t i = 0; i < hang->n_unseen && i < WS_HANG_UNSEEN_MAX; i++) {
		const struct ws_process *process = &context->tables->processes[hang->unseen[i]];

		add(text, "%s%.32s[%" PRId32 "]",
		    i ? ", " : "; only what was not recorded could still let it go: ",
		    process->name[0] ? process->name : "process", process->pid);
	}
	if (hang->n_unseen > WS_HANG_UNSEEN_MAX)
		add(text, " and %zu more", hang->n_unseen - WS_HANG_UNSEEN_MAX);
}

/* Whom the title is about: of a pipe that reads to the end, the reader. */
static const struct ws_deadlock_call *subject(const struct ws_hang *hang)
{
	for (size_t i = 0; i < hang->n_steps; i++) {
		if (hang->rule == WS_RULE_PIPE_END_OPEN &&
		    hang->steps[i].wants->key.kind == WS_KIND_PIPE)
			return &hang->steps[i];
	}
	return &hang->steps[0];
}

static int set_title(struct text *text, const struct ws_context *context,
		     const struct ws_hang *hang)
{
	const struct ws_deadlock_call *first = subject(hang);
	uint64_t since_ns = context->tables->end_ns - first->want_ns;
	int r = 0;

	switch (hang->rule) {
	case WS_RULE_SELF_DEADLOCK:
		add_thread(text, context, first->thread);
		add(text, " waits for what it holds itself: ");
		r = add_object(text, context, first->wants);
		break;
	case WS_RULE_MISSED_WAKEUP:
		if (hang->n_members > 1)
			add(text, "%zu threads can never go on: ", hang->n_members);
		else {
			add_thread(text, context, first->thread);
			add(text, " can never go on: ");
		}
		add(text, "nobody is left who could %s", cure_of(hang));
		r = add_objects(text, context, hang);
		if (is_for_handlers(hang))
			add(text, " (unless a signal handler or a timer does)");
		break;
	case WS_RULE_PIPE_END_OPEN:
		add_thread(text, context, first->thread);
		add(text,
		    " waits for the end of a pipe that is open for writing in who waits itself: ");
		r = add_objects(text, context, hang);
		break;
	case WS_RULE_DEAD_HOLDER:
		add_thread(text, context, first->thread);
		add(text, " waits for ");
		r = add_object(text, context, first->wants);
		add(text, ", which ");
		add_thread(text, context, hang->dead);
		add(text, " held when it ended");
		break;
	case WS_RULE_STUCK:
		add_thread(text, context, first->thread);
		add(text, " waited for ");
		r = add_object(text, context, first->wants);
		add(text, " to the end, ");
		add_time(text, since_ns);
		add_unseen(text, context, hang);
		return r;
	default:
		if (hang->n_steps > 1)
			add(text, "%zu threads wait for each other: ", hang->n_steps);
		else {
			add_thread(text, context, first->thread);
			add(text, " waits for what only it itself can do: ");
		}
		r = add_objects(text, context, hang);
		break;
	}
	add_end(text, hang);
	if (hang->times > 1)
		add(text, "; %" PRIu64 " times", hang->times);
	return r;
}

static void set_reason(struct text *text, const struct ws_hang *hang)
{
	switch (hang->rule) {
	case WS_RULE_SELF_DEADLOCK:
		add(text, "it needs what it holds itself, and nobody else can let go of it");
		break;
	case WS_RULE_MISSED_WAKEUP:
		add(text,
		    hang->n_members == 1
			    ? "all other threads that could let it go have ended, or wait"
			    : "all threads that could let them go wait themselves, or have ended");
		if (is_for_handlers(hang))
			add(text, ", unless a signal handler or a timer does");
		break;
	case WS_RULE_PIPE_END_OPEN:
		add(text,
		    "nobody can write: all that have the writing end open wait for the reader");
		break;
	default:
		if (hang->scope == WS_GRAPH_OWNERS)
			add(text,
			    "each needs what the next one holds, and nobody else can let go of it");
		else
			add(text, "each needs one of them to go on, and nobody outside of them can "
				  "let go");
		break;
	}
	add_end(text, hang);
	if (hang->times > 1)
		add(text, "; %" PRIu64 " times", hang->times);
}

/* What the thread of a step has to do with what the one before it wants, in words. */
static const char *hold_words(const struct ws_hang *hang, const struct ws_deadlock_call *call)
{
	if (call->holds->key.kind == WS_KIND_THREAD)
		return "is the thread that is joined";
	if (call->holds->key.kind == WS_KIND_PROCESS)
		return "is of the process that is waited for";
	if (call->hold_as == WS_HOLD_OWNS)
		return call->hold_shared ? "took it here, as a reader, and holds it"
					 : "took it here, and holds it";
	if (call->holds->key.kind == WS_KIND_RWLOCK)
		return "waits for it as a writer, and comes before readers";
	if (call->hold_taken)
		return "took it here, and has not given it back";
	if (hang->n_members == 1)
		return "only it itself could let it go";
	return call->hold_code == WS_UNKNOWN ? "could let it go" : "took it, or let it go, here";
}

static int tell_steps(const struct ws_context *context, const struct ws_hang *hang,
		      struct ws_finding *finding)
{
	int r = 0;

	for (size_t i = 0; i < hang->n_steps && r == 0; i++) {
		const struct ws_deadlock_call *call = &hang->steps[i];
		struct text held = { "", 0 }, wanted = { "", 0 };

		r = add_object(&held, context, call->holds);
		if (r == 0)
			r = add_object(&wanted, context, call->wants);
		if (r == 0)
			r = ws_finding_object(finding, call->wants);
		if (r == 0 && hang->rule != WS_RULE_DEAD_HOLDER && hang->rule != WS_RULE_STUCK &&
		    call->holds->key.kind != WS_KIND_THREAD &&
		    call->holds->key.kind != WS_KIND_PROCESS)
			r = ws_finding_evidence(context->findings, finding, call->hold_ns,
						call->thread, call->hold_code, call->hold_stack,
						"%s: %s", held.words, hold_words(hang, call));
		if (r == 0)
			r = ws_finding_evidence(context->findings, finding, call->want_ns,
						call->thread, call->want_code, call->want_stack,
						"waits for %s", wanted.words);
	}
	return r;
}

/* Waits of others: of the set, or behind it. */
static int tell_waits(const struct ws_context *context, const struct ws_wait *waits, size_t n,
		      const char *words, struct ws_finding *finding)
{
	int r = 0;

	for (size_t i = 0; i < n && r == 0; i++) {
		const struct ws_wait *wait = &waits[i];
		struct text wanted = { "", 0 };

		r = add_object(&wanted, context, wait->object);
		if (r == 0)
			r = ws_finding_evidence(context->findings, finding, wait->begin_ns,
						wait->thread, wait->site, wait->stack, "%s%s",
						words, wanted.words);
	}
	return r;
}

static int list_waits(const struct ws_context *context, const struct ws_wait *waits, size_t n,
		      const char *words, struct ws_deadlock *deadlock)
{
	int r = 0;

	for (size_t i = 0; i < n && r == 0; i++) {
		const struct ws_wait *wait = &waits[i];
		struct text wanted = { "", 0 };

		r = add_object(&wanted, context, wait->object);
		if (r == 0)
			r = ws_deadlock_evidence(context, deadlock, wait->begin_ns, wait->thread,
						 wait->site, wait->stack, "%s%s", words,
						 wanted.words);
	}
	return r;
}

/* Those who could have let it go, and have ended. */
static int tell_ended(const struct ws_context *context, const struct ws_hang *hang,
		      struct ws_finding *finding)
{
	int r = 0;

	for (size_t i = 0; i < hang->n_ended && r == 0; i++) {
		const struct ws_hang_ended *ended = &hang->ended_ones[i];
		struct text words = { "", 0 };

		r = add_object(&words, context, ended->object);
		if (r == 0)
			r = ws_finding_evidence(
				context->findings, finding, ended->at_ns, ended->who.thread,
				ended->who.site, ended->who.stack, "%s: %s", words.words,
				ended->took        ? "took it here, and has ended since"
				: ended->by_kernel ? "changed it last, and has ended since"
						   : "let it go here, and has ended since");
	}
	return r;
}

/* The holder that is gone, or that still has it. */
static int tell_holder(const struct ws_context *context, const struct ws_hang *hang,
		       struct ws_finding *finding)
{
	const struct ws_deadlock_call *call = &hang->steps[0];
	struct text words = { "", 0 };
	int r = 0;

	if (hang->rule == WS_RULE_DEAD_HOLDER)
		return ws_finding_evidence(context->findings, finding, hang->dead_ns, hang->dead,
					   call->hold_code, call->hold_stack,
					   "took it here, and ended without letting go");
	if (hang->rule != WS_RULE_STUCK || hang->dead == WS_UNKNOWN)
		return 0;
	if (hang->holder_waits) {
		add(&words, "held it, and waited for ");
		r = add_object(&words, context, hang->holder_wait.object);
		if (r == 0)
			r = ws_finding_evidence(
				context->findings, finding, hang->holder_wait.begin_ns, hang->dead,
				hang->holder_wait.site, hang->holder_wait.stack, "%s", words.words);
		return r;
	}
	return ws_finding_evidence(context->findings, finding, call->hold_ns, hang->dead,
				   call->hold_code, call->hold_stack, "took it here, and held it");
}

static int tell_deadlock(const struct ws_context *context, const struct ws_hang *hang)
{
	struct ws_deadlock *deadlock;
	struct text reason = { "", 0 };
	int r = 0;

	set_reason(&reason, hang);
	deadlock = ws_deadlocks_add(context->deadlocks, WS_VERDICT_OCCURRED, hang->at_ns, "%s",
				    reason.words);
	if (!deadlock)
		return -ENOMEM;
	deadlock->until_ns = hang->until_ns;
	for (size_t i = 0; i < hang->n_steps && r == 0; i++)
		r = ws_deadlock_step(context, deadlock, &hang->steps[i]);
	if (r == 0)
		r = list_waits(context, hang->rest, hang->n_rest, WITH_THEM, deadlock);
	if (r == 0)
		r = list_waits(context, hang->behind, hang->n_behind, BEHIND_THEM, deadlock);
	return r;
}

static int tell(const struct ws_context *context, const struct ws_hang *hang)
{
	struct text title = { "", 0 };
	struct ws_finding *finding;
	int r = set_title(&title, context, hang);

	if (r < 0)
		return r;
	finding = ws_findings_add(context->findings, hang->rule, "%s", title.words);
	if (!finding)
		return -ENOMEM;
	r = tell_holder(context, hang, finding);
	if (r == 0)
		r = tell_steps(context, hang, finding);
	if (r == 0 && hang->rule == WS_RULE_MISSED_WAKEUP)
		r = tell_ended(context, hang, finding);
	if (r == 0)
		r = tell_waits(context, hang->rest, hang->n_rest, WITH_THEM, finding);
	if (r == 0)
		r = tell_waits(context, hang->behind, hang->n_behind, BEHIND_THEM, finding);
	if (r == 0 && hang->rule != WS_RULE_DEAD_HOLDER && hang->rule != WS_RULE_STUCK)
		r = tell_deadlock(context, hang);
	return r;
}

int ws_hangs_finish(struct ws_hangs *hangs, const struct ws_context *context,
		    struct ws_hangs_result **ret)
{
	struct ws_hangs_result *result = calloc(1, sizeof(*result));
	int r = 0;

	if (!result)
		return -ENOMEM;
	result->dropped = hangs->beyond;
	for (size_t i = 0; i < hangs->n && r == 0; i++) {
		if (ws_hang_is_none(&hangs->list[i]))
			continue;
		result->n++;
		r = tell(context, &hangs->list[i]);
	}
	if (r == 0 && hangs->wish.wanted)
		r = ws_shape_make(context, hangs->snapshot, &result->shape);
	if (r < 0) {
		ws_hangs_result_free(result);
		return r;
	}
	*ret = result;
	return 0;
}

void ws_hangs_result_free(struct ws_hangs_result *result)
{
	if (!result)
		return;
	ws_shape_free(result->shape);
	free(result);
}
