/* SPDX-License-Identifier: MIT */
/* verdicts.c: findings and deadlocks in the public interface's terms. */
#include <stdlib.h>

#include "analyzer/public/results.h"

static int fill_evidence(struct ws_analysis *analysis, const struct ws_evidence *from, size_t n,
			 const struct ws_analysis_evidence *const **ret)
{
	const void **pointers;
	struct ws_analysis_evidence *to = ws_results_pointers(analysis, n, sizeof(*to), &pointers);

	if (!to)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		to[i] = (struct ws_analysis_evidence){
			.at_ns = from[i].at_ns,
			.text = from[i].text,
			.place = ws_analysis_place_of(&from[i].party),
		};
	*ret = (const struct ws_analysis_evidence *const *)pointers;
	return 0;
}

static int fill_findings(struct ws_analysis *analysis, void *all)
{
	const struct ws_results *results = ws_analysis_report(analysis)->results;
	struct ws_analysis_finding *to = all;
	int r = 0;

	for (size_t i = 0; i < results->n_findings && r == 0; i++) {
		const struct ws_finding *finding = &results->findings[i];
		uint32_t *objects = ws_arena_alloc(&analysis->tables.parts,
						   (finding->n_objects ? finding->n_objects : 1) *
							   sizeof(*objects));

		if (!objects)
			return -ENOMEM;
		for (size_t k = 0; k < finding->n_objects; k++)
			objects[k] = finding->objects[k]->id;
		to[i] = (struct ws_analysis_finding){
			.rule = ws_rule_word(finding->rule),
			.severity = ws_severity_word(ws_rule_severity(finding->rule)),
			.title = finding->title,
			.objects = objects,
			.n_objects = finding->n_objects,
			.n_evidence = finding->n_evidence,
		};
		r = fill_evidence(analysis, finding->evidence, finding->n_evidence,
				  &to[i].evidence);
	}
	return r;
}

const struct ws_analysis_finding *ws_analysis_get_finding(struct ws_analysis *analysis,
							  size_t index)
{
	size_t n = ws_analysis_count(analysis, WS_ANALYSIS_FINDINGS);
	struct ws_analysis_finding *all;

	if (index >= n)
		return NULL;
	all = ws_results_make(analysis, &analysis->tables.findings, n, sizeof(*all), fill_findings);
	return all ? &all[index] : NULL;
}

static int fill_steps(struct ws_analysis *analysis, const struct ws_deadlock *from,
		      struct ws_analysis_deadlock *deadlock)
{
	const void **pointers;
	struct ws_analysis_step *to =
		ws_results_pointers(analysis, from->n_cycle, sizeof(*to), &pointers);

	if (!to)
		return -ENOMEM;
	for (size_t i = 0; i < from->n_cycle; i++) {
		const struct ws_deadlock_step *step = &from->cycle[i];

		to[i] = (struct ws_analysis_step){
			.holds = step->holds->id,
			.wants = step->wants->id,
			.holds_name = step->holds_name,
			.wants_name = step->wants_name,
			.hold = ws_analysis_place_of(&step->hold),
			.want = ws_analysis_place_of(&step->want),
			.hold_ns = step->hold_ns,
			.want_ns = step->want_ns,
		};
	}
	deadlock->steps = (const struct ws_analysis_step *const *)pointers;
	deadlock->n_steps = from->n_cycle;
	return 0;
}

static int fill_deadlocks(struct ws_analysis *analysis, void *all)
{
	const struct ws_results *results = ws_analysis_report(analysis)->results;
	struct ws_analysis_deadlock *to = all;
	int r = 0;

	for (size_t i = 0; i < results->n_deadlocks && r == 0; i++) {
		const struct ws_deadlock *deadlock = &results->deadlocks[i];

		to[i] = (struct ws_analysis_deadlock){
			.verdict = ws_verdict_word(deadlock->verdict),
			.reason = deadlock->reason,
			.at_ns = deadlock->at_ns,
			.until_ns = deadlock->until_ns,
			.n_evidence = deadlock->n_evidence,
		};
		r = fill_steps(analysis, deadlock, &to[i]);
		if (r == 0)
			r = fill_evidence(analysis, deadlock->evidence, deadlock->n_evidence,
					  &to[i].evidence);
	}
	return r;
}

const struct ws_analysis_deadlock *ws_analysis_get_deadlock(struct ws_analysis *analysis,
							    size_t index)
{
	size_t n = ws_analysis_count(analysis, WS_ANALYSIS_DEADLOCKS);
	struct ws_analysis_deadlock *all;

	if (index >= n)
		return NULL;
	all = ws_results_make(analysis, &analysis->tables.deadlocks, n, sizeof(*all),
			      fill_deadlocks);
	return all ? &all[index] : NULL;
}
