/* SPDX-License-Identifier: MIT */
/* one_sided.c: see one_sided.h. */
#include "analyzer/analyses/one_sided.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/base/grow.h"

/* One run of one side. */
struct run {
	const struct ws_digest *digest;
	const struct ws_matched_run *numbers;
};

/* What is listed: how many a run has, whether two are the same, and whether chance may decide. */
struct what {
	size_t (*count)(const struct ws_digest *digest);
	bool (*same)(const struct run *a, size_t i, const struct run *b, size_t k);
	bool (*by_chance)(const struct ws_digest *digest, size_t i);
};

static uint32_t number(const struct run *run, uint32_t object)
{
	return run->numbers->objects[object];
}

static uint32_t line(const struct run *run, uint32_t site)
{
	return ws_matched_number(run->numbers->sites, site);
}

static size_t count_findings(const struct ws_digest *digest)
{
	return digest->n_findings;
}

static bool same_findings(const struct run *a, size_t i, const struct run *b, size_t k)
{
	const struct ws_digest_finding *x = &a->digest->findings[i], *y = &b->digest->findings[k];

	if (x->rule != y->rule || !x->n_objects != !y->n_objects)
		return false;
	if (!x->n_objects)
		return line(a, x->site) == line(b, y->site);
	for (size_t m = 0; m < x->n_objects; m++) {
		size_t n = 0;

		while (n < y->n_objects && number(b, y->objects[n]) != number(a, x->objects[m]))
			n++;
		if (n == y->n_objects)
			return false;
	}
	return true;
}

/* Of errors, and of contradicting orders, one is enough. What rests on counts and times is not. */
static bool finding_by_chance(const struct ws_digest *digest, size_t i)
{
	enum ws_rule rule = digest->findings[i].rule;

	return ws_rule_severity(rule) != WS_SEVERITY_ERROR && rule != WS_RULE_LOCK_ORDER &&
	       rule != WS_RULE_LOCKS_MIXED && rule != WS_RULE_LEFT_BEHIND;
}

static size_t count_deadlocks(const struct ws_digest *digest)
{
	return digest->n_deadlocks;
}

static bool same_deadlocks(const struct run *a, size_t i, const struct run *b, size_t k)
{
	const struct ws_digest_deadlock *x = &a->digest->deadlocks[i],
					*y = &b->digest->deadlocks[k];

	if (x->verdict != y->verdict || x->n_cycle != y->n_cycle)
		return false;
	for (size_t m = 0; m < x->n_cycle; m++) {
		size_t n = 0;

		while (n < y->n_cycle &&
		       (number(b, y->cycle[n].holds) != number(a, x->cycle[m].holds) ||
			number(b, y->cycle[n].wants) != number(a, x->cycle[m].wants)))
			n++;
		if (n == y->n_cycle)
			return false;
	}
	return true;
}

static bool never(const struct ws_digest *digest, size_t i)
{
	(void)digest;
	(void)i;
	return false;
}

static size_t count_edges(const struct ws_digest *digest)
{
	return digest->n_edges;
}

static bool same_edges(const struct run *a, size_t i, const struct run *b, size_t k)
{
	const struct ws_digest_edge *x = &a->digest->edges[i], *y = &b->digest->edges[k];

	return number(a, x->held) == number(b, y->held) &&
	       number(a, x->taken) == number(b, y->taken);
}

static bool always(const struct ws_digest *digest, size_t i)
{
	(void)digest;
	(void)i;
	return true;
}

static struct run run_of(const struct ws_side sides[WS_SIDES], const struct ws_matching *matching,
			 int side, size_t i)
{
	return (struct run){ sides[side].runs[i], &matching->runs[side][i] };
}

static bool has(const struct what *what, const struct run *run, const struct run *other, size_t i)
{
	size_t n = what->count(run->digest);

	for (size_t k = 0; k < n; k++)
		if (what->same(other, i, run, k))
			return true;
	return false;
}

/* How many runs of the side have what is number i of `run`. */
static size_t runs_with(const struct what *what, const struct ws_side sides[WS_SIDES],
			const struct ws_matching *matching, int side, const struct run *run,
			size_t i, size_t *first)
{
	size_t n = 0;

	for (size_t k = sides[side].n; k-- > 0;) {
		struct run other = run_of(sides, matching, side, k);

		if (has(what, &other, run, i)) {
			*first = k;
			n++;
		}
	}
	return n;
}

static int list(const struct what *what, const struct ws_side sides[WS_SIDES],
		const struct ws_matching *matching, struct ws_one_sided_list *ret)
{
	size_t size = 0;

	for (int side = 0; side < WS_SIDES; side++) {
		for (size_t i = 0; i < sides[side].n; i++) {
			struct run run = run_of(sides, matching, side, i);
			size_t n = what->count(run.digest);

			for (size_t k = 0; k < n; k++) {
				size_t first = 0, there = 0, runs;
				bool told = false;

				for (size_t m = 0; m < k && !told; m++) /* twice in one run */
					told = what->same(&run, k, &run, m);
				runs = runs_with(what, sides, matching, side, &run, k, &first);
				if (told || first != i)
					continue;
				if (runs_with(what, sides, matching, !side, &run, k, &there)) {
					ret->common += side == WS_BEFORE;
					continue;
				}
				if (ws_grow(&ret->list, &size, ret->n + 1))
					return -ENOMEM;
				ret->list[ret->n++] = (struct ws_one_sided){
					.side = side,
					.run = (uint32_t)i,
					.index = (uint32_t)k,
					.runs = runs,
					.by_chance = what->by_chance(run.digest, k),
				};
			}
		}
	}
	return 0;
}

int ws_one_sided_findings(const struct ws_side sides[WS_SIDES], const struct ws_matching *matching,
			  struct ws_one_sided_list *ret)
{
	static const struct what what = { count_findings, same_findings, finding_by_chance };

	return list(&what, sides, matching, ret);
}

int ws_one_sided_deadlocks(const struct ws_side sides[WS_SIDES], const struct ws_matching *matching,
			   struct ws_one_sided_list *ret)
{
	static const struct what what = { count_deadlocks, same_deadlocks, never };

	return list(&what, sides, matching, ret);
}

int ws_one_sided_edges(const struct ws_side sides[WS_SIDES], const struct ws_matching *matching,
		       struct ws_one_sided_list *ret)
{
	static const struct what what = { count_edges, same_edges, always };

	return list(&what, sides, matching, ret);
}

size_t ws_one_sided_errors(const struct ws_comparison *made)
{
	size_t errors = 0;

	for (size_t i = 0; i < made->findings.n; i++) {
		const struct ws_one_sided *one = &made->findings.list[i];
		const struct ws_digest *run = made->sides[one->side].runs[one->run];
		enum ws_rule rule = run->findings[one->index].rule;

		/* Deadlocks are counted as such. */
		errors += one->side == WS_AFTER && rule != WS_RULE_DEADLOCK &&
			  ws_rule_severity(rule) == WS_SEVERITY_ERROR;
	}
	for (size_t i = 0; i < made->deadlocks.n; i++) {
		const struct ws_one_sided *one = &made->deadlocks.list[i];
		const struct ws_digest *run = made->sides[one->side].runs[one->run];

		errors += one->side == WS_AFTER &&
			  run->deadlocks[one->index].verdict != WS_VERDICT_ORDER_ONLY;
	}
	return errors;
}
