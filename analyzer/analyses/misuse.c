/* SPDX-License-Identifier: MIT */
/* misuse.c: see misuse.h. What is about conditions is in misuse_cond.c, about files in
 * misuse_files.c. */
#include "analyzer/analyses/misuse.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/analyses/all.h"
#include "analyzer/analyses/misuse_private.h"
#include "analyzer/base/grow.h"

struct ws_mistakes {
	struct ws_misuse_seen *seen; /* Owned by this: distinct ones, in order of time */
	size_t n, size;
	struct ws_misuse_conds *conds; /* Owned by this */
	struct ws_misuse_files *files; /* Owned by this */
};

int ws_mistakes_new(const struct ws_setup *setup, struct ws_mistakes **ret)
{
	struct ws_mistakes *misuse = calloc(1, sizeof(*misuse));
	int r = -ENOMEM;

	(void)setup;
	if (misuse)
		r = ws_misuse_conds_new(&misuse->conds);
	if (r == 0)
		r = ws_misuse_files_new(&misuse->files);
	if (r < 0) {
		ws_mistakes_free(misuse);
		return r;
	}
	*ret = misuse;
	return 0;
}

void ws_mistakes_free(struct ws_mistakes *misuse)
{
	if (!misuse)
		return;
	ws_misuse_conds_free(misuse->conds);
	ws_misuse_files_free(misuse->files);
	free(misuse->seen);
	free(misuse);
}

static int take_record(void *context, const struct ws_record *record)
{
	struct ws_mistakes *misuse = context;

	return record->type == WS_RECORD_OBJECT ? ws_misuse_files_record(misuse->files, record) : 0;
}

static int take_begin(void *context, const struct ws_wait *wait)
{
	return ws_misuse_conds_begin(((struct ws_mistakes *)context)->conds, wait);
}

static int take_end(void *context, const struct ws_wait *wait)
{
	ws_misuse_conds_end(((struct ws_mistakes *)context)->conds, wait);
	return 0;
}

/* The same call by another thread is the same mistake. */
static bool is_same(const struct ws_misuse_seen *a, const struct ws_misuse_seen *b)
{
	return a->what == b->what && a->object == b->object && a->site == b->site &&
	       a->holder.site == b->holder.site;
}

static int take_misuse(void *context, const struct ws_misuse_seen *seen)
{
	struct ws_mistakes *misuse = context;

	if (seen->what == WS_MISUSE_NOBODY_WAITS)
		return ws_misuse_conds_nobody(misuse->conds, seen);
	for (size_t i = 0; i < misuse->n; i++)
		if (is_same(&misuse->seen[i], seen))
			return 0;
	if (ws_grow(&misuse->seen, &misuse->size, misuse->n + 1))
		return -ENOMEM;
	misuse->seen[misuse->n++] = *seen;
	if (seen->what == WS_MISUSE_DESTROY_WAITED)
		return ws_misuse_conds_destroyed(misuse->conds, seen);
	return 0;
}

struct ws_model_observer ws_mistakes_observer(struct ws_mistakes *misuse)
{
	return (struct ws_model_observer){
		.context = misuse,
		.types = WS_RECORD_BIT(WS_RECORD_OBJECT),
		.record = take_record,
		.begin = take_begin,
		.end = take_end,
		.misuse = take_misuse,
	};
}

/* What is told of each: the title with the object's name for its %s, the evidence of the call, and
 * that of who holds or took the object. */
struct words {
	enum ws_rule rule;
	const char *before, *after; /* of the name */
	const char *call;
	const char *holder; /* NULL: there is none */
};

static const struct words *words_of(const struct ws_misuse_seen *seen)
{
	static const struct words words[WS_MISUSE_COUNT] = {
		[WS_MISUSE_UNLOCK_NOT_OWNER] = { WS_RULE_UNLOCK_NOT_OWNER, "",
						 " is unlocked by a thread that does not hold it",
						 "unlocks it here", "holds it, and took it here" },
		[WS_MISUSE_DESTROY_HELD] = { WS_RULE_DESTROY_HELD, "",
					     " is destroyed while it is held", "destroys it here",
					     "holds it, and took it here" },
		[WS_MISUSE_DESTROY_WAITED] = { WS_RULE_DESTROY_WAITED, "",
					       " is destroyed while threads wait for it",
					       "destroys it here", NULL },
		[WS_MISUSE_EXIT_HOLDING] = { WS_RULE_EXIT_HOLDING, "a thread ends and still holds ",
					     "", NULL, "took it here, and has ended" },
		[WS_MISUSE_WAIT_WITHOUT_MUTEX] = { WS_RULE_WAIT_WITHOUT_MUTEX, "",
						   " is waited on without holding its mutex",
						   "waits here", "holds the mutex, taken here" },
		[WS_MISUSE_FORK_HOLDING] = { WS_RULE_FORK_HOLDING, "a forked child waits for ",
					     ", which another thread held at the fork: for ever",
					     "waits for it here",
					     "held it, taken here, when another thread forked" },
		[WS_MISUSE_CLOSE_DROPS_LOCKS] = { WS_RULE_CLOSE_DROPS_LOCKS, "a close drops ",
						  ", taken by another descriptor of the file",
						  "closes the file here: all its record locks go",
						  "took the lock here" },
		[WS_MISUSE_FLOCK_INHERITED] = { WS_RULE_FLOCK_INHERITED, "a child changes ",
						", which it shares with its parent, who took it",
						"locks or unlocks it here, for both",
						"the parent took it here" },
	};

	return &words[seen->what];
}

static int add_fork(const struct ws_context *context, struct ws_finding *finding,
		    const struct ws_misuse_seen *seen)
{
	/* The child's thread is the copy of the one that forked. */
	return ws_finding_evidence(context->findings, finding, 0, seen->thread, seen->call,
				   WS_UNKNOWN, "was forked here");
}

static int add_holder(const struct ws_context *context, struct ws_finding *finding,
		      const struct ws_misuse_seen *seen, const char *text)
{
	const struct ws_holder *holder = &seen->holder;

	if (holder->thread == WS_UNKNOWN && holder->site == WS_UNKNOWN) {
		if (seen->what != WS_MISUSE_UNLOCK_NOT_OWNER)
			return 0;
		return ws_finding_evidence(context->findings, finding, seen->at_ns, WS_UNKNOWN,
					   WS_UNKNOWN, WS_UNKNOWN, "nobody holds it");
	}
	return ws_finding_evidence(context->findings, finding, 0, holder->thread, holder->site,
				   holder->stack, "%s", text);
}

static int tell(struct ws_mistakes *misuse, const struct ws_context *context,
		const struct ws_misuse_seen *seen)
{
	const struct words *words = words_of(seen);
	struct ws_finding *finding;
	const char *name;
	int r = ws_context_object_words(context, seen->object, &name);

	if (r < 0)
		return r;
	finding = ws_findings_add(context->findings, words->rule, "%s%s%s", words->before, name,
				  words->after);
	if (!finding)
		return -ENOMEM;
	r = ws_finding_object(finding, seen->object);
	if (r == 0 && words->call)
		r = ws_finding_evidence(context->findings, finding, seen->at_ns, seen->thread,
					seen->site, seen->stack, "%s", words->call);
	if (r == 0 && seen->what == WS_MISUSE_FORK_HOLDING)
		r = add_fork(context, finding, seen);
	if (r == 0 && seen->what == WS_MISUSE_DESTROY_WAITED)
		r = ws_misuse_conds_waiters(misuse->conds, context, finding, seen);
	if (r == 0 && words->holder)
		r = add_holder(context, finding, seen, words->holder);
	return r;
}

/* Who ended with the mutex, and who found it so. */
static int tell_abandoned(struct ws_mistakes *misuse, const struct ws_context *context,
			  size_t first)
{
	const struct ws_object *object = misuse->seen[first].object;
	struct ws_finding *finding;
	const char *name;
	int r = ws_context_object_words(context, object, &name);

	if (r < 0)
		return r;
	finding = ws_findings_add(context->findings, WS_RULE_ROBUST_ABANDONED,
				  "the owner of robust %s ended with it in its hands", name);
	if (!finding)
		return -ENOMEM;
	r = ws_finding_object(finding, object);
	for (size_t i = first; i < misuse->n && r == 0; i++) {
		const struct ws_misuse_seen *seen = &misuse->seen[i];

		if (seen->object != object)
			continue;
		if (seen->what == WS_MISUSE_EXIT_HOLDING)
			r = add_holder(context, finding, seen, "took it here, and has ended");
		else if (seen->what == WS_MISUSE_OWNER_DIED)
			r = ws_finding_evidence(context->findings, finding, seen->at_ns,
						seen->thread, seen->site, seen->stack,
						"was told so here, and goes on with it");
	}
	return r;
}

static bool is_abandoned(const struct ws_misuse_seen *seen)
{
	return seen->what == WS_MISUSE_OWNER_DIED ||
	       (seen->what == WS_MISUSE_EXIT_HOLDING && (seen->flags & WS_MISUSE_ROBUST));
}

static bool is_first(const struct ws_mistakes *misuse, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (misuse->seen[k].object == misuse->seen[i].object &&
		    is_abandoned(&misuse->seen[k]))
			return false;
	return true;
}

int ws_mistakes_finish(struct ws_mistakes *misuse, const struct ws_context *context,
		       struct ws_mistakes_result **ret)
{
	struct ws_mistakes_result *result = calloc(1, sizeof(*result));
	int r = result ? 0 : -ENOMEM;

	for (size_t i = 0; i < misuse->n && r == 0; i++) {
		const struct ws_misuse_seen *seen = &misuse->seen[i];

		if (is_abandoned(seen))
			r = is_first(misuse, i) ? tell_abandoned(misuse, context, i) : 0;
		else if (seen->what != WS_MISUSE_FLOCK_INHERITED ||
			 ws_misuse_parent_lives(context->tables, seen->process, seen->at_ns))
			r = tell(misuse, context, seen);
	}
	if (r == 0)
		r = ws_misuse_conds_finish(misuse->conds, context);
	if (r == 0)
		r = ws_misuse_files_finish(misuse->files, context);
	if (r < 0) {
		free(result);
		return r;
	}
	result->seen = misuse->n;
	*ret = result;
	return 0;
}

void ws_mistakes_result_free(struct ws_mistakes_result *result)
{
	free(result);
}
