/* SPDX-License-Identifier: MIT */
/* gate_baseline.c: the rules of the gate that compare with the baseline, see gate.h. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/analyses/gate_private.h"
#include "analyzer/analyses/noise.h"

/* The baseline is before, the runs are after. */
struct against {
	struct gate *gate;
	const struct ws_baseline *baseline;
	const struct ws_digest *before; /* its digest; an array of one */
	struct ws_side sides[WS_SIDES];
	struct ws_matching *matching; /* Owned by this */
};

/* What the runs have of an object, all together. */
struct sums {
	uint64_t acquired, waited;
	double *path_shares; /* Owned by who made it: one a run that knows it */
	size_t n_path_shares;
};

static const uint32_t *objects_of(const struct against *a, int side, size_t run)
{
	return a->matching->runs[side][run].objects;
}

static uint32_t site_number(const struct against *a, int side, size_t run, uint32_t site)
{
	return ws_matched_number(a->matching->runs[side][run].sites, site);
}

static bool has_edge(const struct against *a, uint32_t held, uint32_t taken)
{
	const uint32_t *numbers = objects_of(a, WS_BEFORE, 0);

	for (size_t i = 0; i < a->before->n_edges; i++)
		if (numbers[a->before->edges[i].held] == held &&
		    numbers[a->before->edges[i].taken] == taken)
			return true;
	return false;
}

static int tell_edge(const struct against *a, const struct ws_digest *run,
		     const struct ws_digest_edge *edge)
{
	struct gate *gate = a->gate;
	const char *subject = ws_gate_text(gate, "%s, then %s", run->objects[edge->held].name,
					   run->objects[edge->taken].name);
	const char *held = ws_gate_place(gate, ws_gate_site(run, edge->held_site));
	const char *taken = ws_gate_place(gate, ws_gate_site(run, edge->taken_site));
	struct ws_gate_entry *entry;

	if (!subject || !held || !taken)
		return -ENOMEM;
	for (size_t i = 0; i < gate->result->n; i++) /* of an earlier run */
		if (gate->result->entries[i].rule == WS_GATE_LOCK_ORDER &&
		    strcmp(gate->result->entries[i].subject, subject) == 0)
			return 0;
	entry = ws_gate_add(gate, WS_GATE_LOCK_ORDER, WS_GATE_FAIL, subject,
			    "a new order of locks: %s", subject);
	if (!entry)
		return -ENOMEM;
	entry->site = ws_gate_site(run, edge->taken_site);
	entry->evidence = ws_gate_text(gate, "the first was taken %s, the second %s", held, taken);
	return entry->evidence ? 0 : -ENOMEM;
}

static int judge_edges(const struct against *a)
{
	for (size_t i = 0; i < a->sides[WS_AFTER].n; i++) {
		const struct ws_digest *run = a->sides[WS_AFTER].runs[i];
		const uint32_t *numbers = objects_of(a, WS_AFTER, i);

		for (size_t k = 0; k < run->n_edges; k++) {
			const struct ws_digest_edge *edge = &run->edges[k];
			/* One group of locks without names: a list of them, say. */
			bool is_known = numbers[edge->held] == numbers[edge->taken] ||
					has_edge(a, numbers[edge->held], numbers[edge->taken]);
			int r = is_known ? 0 : tell_edge(a, run, edge);

			if (r < 0)
				return r;
		}
	}
	return ws_gate_kept(a->gate, WS_GATE_LOCK_ORDER, "no order of locks is new");
}

/* True if the baseline has that line for that object. */
static bool has_line(const struct against *a, uint32_t object, uint32_t site)
{
	const uint32_t *numbers = objects_of(a, WS_BEFORE, 0);

	for (size_t i = 0; i < a->before->n_objects; i++) {
		const struct ws_digest_object *known = &a->before->objects[i];

		for (size_t k = 0; numbers[i] == object && k < known->n_waiters; k++)
			if (site_number(a, WS_BEFORE, 0, known->waiters[k].site) == site)
				return true;
	}
	return false;
}

/* What is allowed more on a machine whose processors others used: they keep holders from running.
 */
static double load_of(const struct ws_digest *run)
{
	return run->busy > 0 ? run->busy * WS_BUSY_MORE : 0;
}

/* Of all runs the largest. */
static double load_of_all(const struct ws_side *runs)
{
	double most = 0;

	for (size_t i = 0; i < runs->n; i++)
		if (load_of(runs->runs[i]) > most)
			most = load_of(runs->runs[i]);
	return most;
}

/* What chance does not do. */
static bool is_enough(const struct against *a, const struct ws_digest *run,
		      const struct ws_digest_object *object, const struct ws_histogram *waits)
{
	const struct ws_tolerances *t = &a->gate->options->tolerances;
	double more = load_of(run);

	if (!waits->count)
		return false;
	if (object->kind == WS_KIND_SLEEP ||
	    (double)waits->total >= (t->site_share + more) * (double)run->duration_ns)
		return true;
	if (waits->count < t->site_waits)
		return false;
	/* Whoever takes a lock often meets somebody at times. */
	return !object->acquired ||
	       (double)waits->count >= (t->site_share + more / 2) * (double)object->acquired;
}

static int tell_line(const struct against *a, const struct ws_digest *run,
		     const struct ws_digest_object *object, const struct ws_digest_use *use)
{
	struct gate *gate = a->gate;
	const struct ws_digest_site *site = ws_gate_site(run, use->site);
	const char *place = ws_gate_place(gate, site);
	struct ws_gate_entry *entry;

	if (!place)
		return -ENOMEM;
	for (size_t i = 0; i < gate->result->n; i++) { /* of an earlier run */
		const struct ws_gate_entry *told = &gate->result->entries[i];

		if (told->rule == WS_GATE_SITE && strcmp(told->subject, object->name) == 0 &&
		    (told->site == site ||
		     (told->site && site && ws_digest_site_compare(told->site, site) == 0)))
			return 0;
	}
	entry = ws_gate_add(gate, WS_GATE_SITE, WS_GATE_FAIL, object->name,
			    "it blocks %s for %s, "
			    "which is new",
			    place, object->name);
	if (!entry)
		return -ENOMEM;
	entry->site = site;
	entry->evidence = ws_gate_text(gate, "%" PRIu64 " waits of %.3g ms in all, in %s",
				       use->waits.count, (double)use->waits.total / 1e6, run->path);
	return entry->evidence ? 0 : -ENOMEM;
}

static int judge_lines(const struct against *a)
{
	for (size_t i = 0; i < a->sides[WS_AFTER].n; i++) {
		const struct ws_digest *run = a->sides[WS_AFTER].runs[i];

		for (size_t k = 0; k < run->n_objects; k++) {
			const struct ws_digest_object *object = &run->objects[k];
			uint32_t number = objects_of(a, WS_AFTER, i)[k];

			for (size_t m = 0; m < object->n_waiters; m++) {
				const struct ws_digest_use *use = &object->waiters[m];
				uint32_t site = site_number(a, WS_AFTER, i, use->site);
				int r;

				if (has_line(a, number, site) ||
				    !is_enough(a, run, object, &use->waits))
					continue;
				r = tell_line(a, run, object, use);
				if (r < 0)
					return r;
			}
		}
	}
	return ws_gate_kept(a->gate, WS_GATE_SITE, "no line blocks that did not before");
}

static int by_value(const void *x, const void *y)
{
	double a = *(const double *)x, b = *(const double *)y;

	return (a > b) - (a < b);
}

/* The figures of a group in all runs. 0 or -ENOMEM; free the shares in any case. */
static int sum_up(const struct against *a, uint32_t number, struct sums *to)
{
	const struct ws_side *runs = &a->sides[WS_AFTER];

	*to = (struct sums){ .path_shares = calloc(runs->n + 1, sizeof(*to->path_shares)) };
	if (!to->path_shares)
		return -ENOMEM;
	for (size_t i = 0; i < runs->n; i++) {
		const struct ws_digest *run = runs->runs[i];
		uint64_t path_ns = 0;
		struct ws_allowed seen;

		for (size_t k = 0; k < run->n_objects; k++) {
			if (objects_of(a, WS_AFTER, i)[k] != number)
				continue;
			to->acquired += run->objects[k].acquired;
			to->waited += run->objects[k].waited;
			path_ns += run->objects[k].path_ns;
		}
		seen = ws_allowed_of(run, 0, 0, path_ns);
		if (seen.critical_path >= 0)
			to->path_shares[to->n_path_shares++] = seen.critical_path;
	}
	qsort(to->path_shares, to->n_path_shares, sizeof(*to->path_shares), by_value);
	return 0;
}

/* Where it waits most, in any of the runs. */
static const struct ws_digest_site *main_line(const struct against *a, uint32_t number)
{
	const struct ws_digest_site *site = NULL;
	uint64_t most = 0;

	for (size_t i = 0; i < a->sides[WS_AFTER].n; i++) {
		const struct ws_digest *run = a->sides[WS_AFTER].runs[i];

		for (size_t k = 0; k < run->n_objects; k++) {
			const struct ws_digest_object *object = &run->objects[k];

			if (objects_of(a, WS_AFTER, i)[k] != number)
				continue;
			for (size_t m = 0; m < object->n_waiters; m++) {
				if (object->waiters[m].waits.total < most)
					continue;
				most = object->waiters[m].waits.total;
				site = ws_gate_site(run, object->waiters[m].site);
			}
		}
	}
	return site;
}

static int judge_contended(const struct against *a, uint32_t number, const char *name,
			   double allowed, const struct sums *sums)
{
	struct gate *gate = a->gate;
	double limit = allowed * gate->options->tolerances.contended + WS_CONTENDED_MORE +
		       load_of_all(gate->runs);
	uint64_t waited = sums->waited < sums->acquired ? sums->waited : sums->acquired;
	struct ws_gate_entry *entry;
	double low, high;

	if (allowed < 0 || !sums->acquired)
		return 0;
	ws_noise_share(waited, sums->acquired, WS_NOISE_ALPHA, &low, &high);
	if (low <= limit)
		return 0;
	entry = ws_gate_add(gate, WS_GATE_CONTENDED, WS_GATE_FAIL, name,
			    "of its acquisitions %.3g %% wait, above %.3g %%",
			    100.0 * (double)waited / (double)sums->acquired, 100 * limit);
	if (!entry)
		return -ENOMEM;
	entry->site = main_line(a, number);
	entry->evidence =
		ws_gate_text(gate,
			     "%" PRIu64 " of %" PRIu64
			     " waited (at least %.3g %%, at 99 %%); the baseline has %.3g %%",
			     waited, sums->acquired, 100 * low, 100 * allowed);
	return entry->evidence ? 0 : -ENOMEM;
}

static int judge_path(const struct against *a, uint32_t number, const char *name, double allowed,
		      const struct sums *sums)
{
	struct gate *gate = a->gate;
	double limit = allowed + gate->options->tolerances.critical_path + load_of_all(gate->runs);
	double share;
	struct ws_gate_entry *entry;

	if (allowed < 0 || !sums->n_path_shares)
		return 0;
	share = sums->path_shares[(sums->n_path_shares - 1) / 2];
	if (share <= limit)
		return 0;
	entry = ws_gate_add(gate, WS_GATE_CRITICAL_PATH, WS_GATE_FAIL, name,
			    "without its waits the run could be %.3g %% shorter, above %.3g %%",
			    100 * share, 100 * limit);
	if (!entry)
		return -ENOMEM;
	entry->site = main_line(a, number);
	entry->evidence = ws_gate_text(gate, "the baseline has %.3g %%", 100 * allowed);
	return entry->evidence ? 0 : -ENOMEM;
}

/* Idle waiting is on the path of every program: main waits for its threads. */
static bool is_idle(const struct against *a, uint32_t number)
{
	for (size_t i = 0; i < a->sides[WS_AFTER].n; i++) {
		const struct ws_digest *run = a->sides[WS_AFTER].runs[i];

		for (size_t k = 0; k < run->n_objects; k++)
			if (objects_of(a, WS_AFTER, i)[k] == number &&
			    run->objects[k].waits.count &&
			    ws_digest_class(&run->objects[k]) != WS_CLASS_CONTENTION &&
			    ws_digest_class(&run->objects[k]) != WS_CLASS_HANDOVER)
				return true;
	}
	return false;
}

static int judge_figures(const struct against *a)
{
	bool path_known = false;
	int r = 0;

	for (size_t i = 0; i < a->sides[WS_AFTER].n; i++)
		path_known |= a->sides[WS_AFTER].runs[i]->path_known;
	for (int path = 0; path < 2; path++) { /* the one rule first, then the other */
		for (uint32_t i = 0; i < a->before->n_objects && r == 0; i++) {
			uint32_t number = objects_of(a, WS_BEFORE, 0)[i];
			const struct ws_matched *matched = &a->matching->objects[number];
			const char *name = ws_matched_object(a->sides, a->matching, number)->name;
			struct sums sums = { 0 };

			if (matched->at[WS_AFTER].run == WS_UNKNOWN || (path && is_idle(a, number)))
				continue;
			r = sum_up(a, number, &sums);
			if (r == 0 && path)
				r = judge_path(a, number, name,
					       a->baseline->allowed[i].critical_path, &sums);
			else if (r == 0)
				r = judge_contended(a, number, name,
						    a->baseline->allowed[i].contended, &sums);
			free(sums.path_shares);
		}
		if (r == 0 && !path)
			r = ws_gate_kept(a->gate, WS_GATE_CONTENDED,
					 "of no lock more acquisitions wait than is allowed");
	}
	if (r < 0)
		return r;
	if (!path_known)
		return ws_gate_add(a->gate, WS_GATE_CRITICAL_PATH, WS_GATE_UNKNOWN, "",
				   "the critical path of no run is known")
			       ? 0
			       : -ENOMEM;
	return ws_gate_kept(a->gate, WS_GATE_CRITICAL_PATH,
			    "the run depends on no object's waits more than is allowed");
}

int ws_gate_judge_baseline(struct gate *gate)
{
	struct against a = { .gate = gate,
			     .baseline = gate->options->baseline,
			     .before = gate->options->baseline->digest };
	int r;

	a.sides[WS_BEFORE] = (struct ws_side){ &a.before, 1 };
	a.sides[WS_AFTER] = *gate->runs;
	r = ws_matching_make(a.sides, false, &a.matching);
	if (r == 0)
		r = judge_edges(&a);
	if (r == 0)
		r = judge_lines(&a);
	if (r == 0)
		r = judge_figures(&a);
	ws_matching_free(a.matching);
	return r;
}
