/* SPDX-License-Identifier: MIT */
/* misuse_cond.c: conditions that are waited on with two mutexes or signalled in vain; conditions
 * and barriers that are destroyed too early. The rules are in misuse.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/analyses/misuse_private.h"
#include "analyzer/base/grow.h"

/* A wait that is open, or was when its object was destroyed. */
struct waiting {
	const struct ws_object *object; /* Weak */
	struct ws_object_key mutex;
	uint32_t thread, site, stack;
	uint64_t begin_ns;
};

/* Two waits with two mutexes. */
struct two {
	struct waiting first, second;
};

/* Those who waited when the object was destroyed. */
struct destroyed {
	struct waiting waiting;
	uint64_t at_ns;
};

/* The last signal to nobody, and the first wait after it. */
struct lost {
	struct ws_misuse_seen signal;
	struct waiting wait; /* object NULL: none yet */
	bool by_waiter; /* who signalled waits too: signals there are for each other, and one to
			 * nobody has left its trace in what they test */
};

struct ws_misuse_conds {
	struct waiting *open; /* Owned by this, as the rest */
	size_t n_open, open_size;
	struct two *twos;
	size_t n_twos, twos_size;
	struct destroyed *destroyed;
	size_t n_destroyed, destroyed_size;
	struct lost *lost; /* one of each condition */
	size_t n_lost, lost_size;
};

int ws_misuse_conds_new(struct ws_misuse_conds **ret)
{
	struct ws_misuse_conds *conds = calloc(1, sizeof(*conds));

	if (!conds)
		return -ENOMEM;
	*ret = conds;
	return 0;
}

void ws_misuse_conds_free(struct ws_misuse_conds *conds)
{
	if (!conds)
		return;
	free(conds->open);
	free(conds->twos);
	free(conds->destroyed);
	free(conds->lost);
	free(conds);
}

static struct lost *lost_of(struct ws_misuse_conds *conds, const struct ws_object *object)
{
	for (size_t i = 0; i < conds->n_lost; i++)
		if (conds->lost[i].signal.object == object)
			return &conds->lost[i];
	return NULL;
}

static bool is_known_two(const struct ws_misuse_conds *conds, const struct ws_object *object)
{
	for (size_t i = 0; i < conds->n_twos; i++)
		if (conds->twos[i].first.object == object)
			return true;
	return false;
}

static int look_for_two(struct ws_misuse_conds *conds, const struct waiting *second)
{
	for (size_t i = 0; i < conds->n_open; i++) {
		const struct waiting *first = &conds->open[i];

		if (first->object != second->object || !first->mutex.kind ||
		    memcmp(&first->mutex, &second->mutex, sizeof(first->mutex)) == 0 ||
		    is_known_two(conds, second->object))
			continue;
		if (ws_grow(&conds->twos, &conds->twos_size, conds->n_twos + 1))
			return -ENOMEM;
		conds->twos[conds->n_twos++] = (struct two){ *first, *second };
	}
	return 0;
}

int ws_misuse_conds_begin(struct ws_misuse_conds *conds, const struct ws_wait *wait)
{
	struct waiting waiting = {
		.object = wait->object,
		.mutex = wait->mutex,
		.thread = wait->thread,
		.site = wait->site,
		.stack = wait->stack,
		.begin_ns = wait->begin_ns,
	};
	struct lost *lost;
	int r;

	if (wait->object->key.kind != WS_KIND_COND && wait->object->key.kind != WS_KIND_BARRIER)
		return 0;
	r = wait->mutex.kind ? look_for_two(conds, &waiting) : 0;
	if (r < 0)
		return r;
	lost = lost_of(conds, wait->object);
	if (lost && lost->signal.thread == wait->thread)
		lost->by_waiter = true;
	else if (lost && !lost->wait.object)
		lost->wait = waiting;
	if (ws_grow(&conds->open, &conds->open_size, conds->n_open + 1))
		return -ENOMEM;
	conds->open[conds->n_open++] = waiting;
	return 0;
}

void ws_misuse_conds_end(struct ws_misuse_conds *conds, const struct ws_wait *wait)
{
	for (size_t i = conds->n_open; i-- > 0;) {
		if (conds->open[i].object != wait->object || conds->open[i].thread != wait->thread)
			continue;
		conds->open[i] = conds->open[--conds->n_open];
		return;
	}
}

int ws_misuse_conds_nobody(struct ws_misuse_conds *conds, const struct ws_misuse_seen *seen)
{
	struct lost *lost = lost_of(conds, seen->object);

	if (!lost) {
		if (ws_grow(&conds->lost, &conds->lost_size, conds->n_lost + 1))
			return -ENOMEM;
		lost = &conds->lost[conds->n_lost++];
	}
	*lost = (struct lost){ .signal = *seen };
	return 0;
}

int ws_misuse_conds_destroyed(struct ws_misuse_conds *conds, const struct ws_misuse_seen *seen)
{
	for (size_t i = 0; i < conds->n_open; i++) {
		if (conds->open[i].object != seen->object)
			continue;
		if (ws_grow(&conds->destroyed, &conds->destroyed_size, conds->n_destroyed + 1))
			return -ENOMEM;
		conds->destroyed[conds->n_destroyed++] =
			(struct destroyed){ conds->open[i], seen->at_ns };
	}
	return 0;
}

static int add_waiting(const struct ws_context *context, struct ws_finding *finding,
		       const struct waiting *waiting, const char *text)
{
	return ws_finding_evidence(context->findings, finding, waiting->begin_ns, waiting->thread,
				   waiting->site, waiting->stack, "%s", text);
}

int ws_misuse_conds_waiters(const struct ws_misuse_conds *conds, const struct ws_context *context,
			    struct ws_finding *finding, const struct ws_misuse_seen *seen)
{
	int r = 0;

	for (size_t i = 0; i < conds->n_destroyed && r == 0; i++)
		if (conds->destroyed[i].waiting.object == seen->object &&
		    conds->destroyed[i].at_ns == seen->at_ns)
			r = add_waiting(context, finding, &conds->destroyed[i].waiting,
					"waits for it here");
	return r;
}

static int tell_two(const struct ws_context *context, const struct two *two)
{
	struct ws_finding *finding;
	const char *name;
	int r = ws_context_object_words(context, two->first.object, &name);

	if (r < 0)
		return r;
	finding = ws_findings_add(context->findings, WS_RULE_COND_TWO_MUTEXES,
				  "%s is waited on with two mutexes at the same time", name);
	if (!finding)
		return -ENOMEM;
	r = ws_finding_object(finding, two->first.object);
	if (r == 0)
		r = add_waiting(context, finding, &two->first, "waits here, with one mutex");
	if (r == 0)
		r = add_waiting(context, finding, &two->second, "waits here, with another");
	return r;
}

/* True if a wait for the object is known to be for ever. */
static bool is_hopeless(const struct ws_context *context, const struct ws_object *object)
{
	size_t n;
	const struct ws_finding *list = ws_findings_sorted(context->findings, &n);

	for (size_t i = 0; i < n; i++) {
		if (list[i].rule != WS_RULE_MISSED_WAKEUP)
			continue;
		for (size_t k = 0; k < list[i].n_objects; k++)
			if (list[i].objects[k] == object)
				return true;
	}
	return false;
}

static int tell_lost(const struct ws_context *context, const struct lost *lost)
{
	struct ws_finding *finding;
	const char *name;
	int r = ws_context_object_words(context, lost->signal.object, &name);

	if (r < 0)
		return r;
	finding = ws_findings_add(context->findings, WS_RULE_SIGNAL_LOST,
				  "%s was signalled before it was waited on: the signal is lost",
				  name);
	if (!finding)
		return -ENOMEM;
	r = ws_finding_object(finding, lost->signal.object);
	if (r == 0)
		r = ws_finding_evidence(context->findings, finding, lost->signal.at_ns,
					lost->signal.thread, lost->signal.site, lost->signal.stack,
					"signals, and nobody waits");
	if (r == 0)
		r = add_waiting(context, finding, &lost->wait, "waits from then on, for ever");
	return r;
}

int ws_misuse_conds_finish(struct ws_misuse_conds *conds, const struct ws_context *context)
{
	int r = 0;

	for (size_t i = 0; i < conds->n_twos && r == 0; i++)
		r = tell_two(context, &conds->twos[i]);
	for (size_t i = 0; i < conds->n_lost && r == 0; i++)
		if (conds->lost[i].wait.object && !conds->lost[i].by_waiter &&
		    is_hopeless(context, conds->lost[i].signal.object))
			r = tell_lost(context, &conds->lost[i]);
	return r;
}
