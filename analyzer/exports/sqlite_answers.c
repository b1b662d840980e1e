/* SPDX-License-Identifier: MIT */
/* sqlite_answers.c: what the analyses answered, as rows: who waited for whom, findings, deadlocks,
 * what was left behind.
 */
#include "analyzer/analyses/deadlock.h"
#include "analyzer/base/words.h"
#include "analyzer/exports/sqlite_fill.h"

static void put_edges(struct ws_sqlite *db, const struct ws_contention_result *contention)
{
	for (size_t i = 0; i < contention->n_edges; i++) {
		const struct ws_edge *edge = &contention->edges[i];

		ws_sqlite_put(db, WS_SQLITE_WAITS_FOR, "uxtppuu", (uint64_t)i,
			      contention->objects[edge->object].object->id,
			      edge->needs_all ? "and" : "or", &edge->waiter, &edge->blocker,
			      edge->waits, edge->wait_ns);
	}
}

static void put_orders(struct ws_sqlite *db, const struct ws_lock_order_result *order)
{
	for (size_t i = 0; i < order->n_pairs; i++) {
		const struct ws_lock_pair *pair = &order->pairs[i];

		ws_sqlite_put(db, WS_SQLITE_LOCK_ORDERS, "uxxsxsu", (uint64_t)i, pair->take.thread,
			      pair->held.object->id, &pair->hold, pair->taken.object->id,
			      &pair->take, pair->times);
	}
}

static void put_evidence(struct ws_sqlite *db, enum ws_sqlite_table table, uint64_t of,
			 const struct ws_evidence *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		ws_sqlite_put(db, table, "uuztp", of, (uint64_t)i, list[i].at_ns, list[i].text,
			      &list[i].party);
}

static void put_findings(struct ws_sqlite *db, const struct ws_results *results)
{
	for (size_t i = 0; i < results->n_findings; i++) {
		const struct ws_finding *finding = &results->findings[i];

		ws_sqlite_put(db, WS_SQLITE_FINDINGS, "uttt", (uint64_t)i,
			      ws_rule_word(finding->rule),
			      ws_severity_word(ws_rule_severity(finding->rule)), finding->title);
		for (size_t k = 0; k < finding->n_objects; k++) {
			/* One that nobody ever waited for has no number. */
			if (finding->objects[k]->id != WS_UNKNOWN)
				ws_sqlite_put(db, WS_SQLITE_FINDING_OBJECTS, "ux", (uint64_t)i,
					      finding->objects[k]->id);
		}
		put_evidence(db, WS_SQLITE_FINDING_EVIDENCE, i, finding->evidence,
			     finding->n_evidence);
	}
}

static void put_deadlocks(struct ws_sqlite *db, const struct ws_results *results)
{
	for (size_t i = 0; i < results->n_deadlocks; i++) {
		const struct ws_deadlock *deadlock = &results->deadlocks[i];

		ws_sqlite_put(db, WS_SQLITE_DEADLOCKS, "uttzz", (uint64_t)i,
			      ws_verdict_word(deadlock->verdict), deadlock->reason, deadlock->at_ns,
			      deadlock->until_ns);
		for (size_t k = 0; k < deadlock->n_cycle; k++) {
			const struct ws_deadlock_step *step = &deadlock->cycle[k];

			ws_sqlite_put(db, WS_SQLITE_DEADLOCK_STEPS, "uuxtxtbzsxbzst", (uint64_t)i,
				      (uint64_t)k, step->hold.thread,
				      step->needs_all ? "and" : "or", step->holds->id,
				      step->hold_as == WS_HOLD_OWNS ? "owner" : "candidate",
				      step->hold_shared, step->hold_ns, &step->hold,
				      step->wants->id, step->want_shared, step->want_ns,
				      &step->want, ws_party_known(&step->want));
		}
		put_evidence(db, WS_SQLITE_DEADLOCK_EVIDENCE, i, deadlock->evidence,
			     deadlock->n_evidence);
	}
}

static void put_leftovers(struct ws_sqlite *db, const struct ws_leftovers_result *leftovers)
{
	for (size_t i = 0; i < leftovers->n; i++) {
		const struct ws_leftover *left = &leftovers->list[i];

		ws_sqlite_put(db, WS_SQLITE_LEFTOVERS, "uttzuup", (uint64_t)i,
			      ws_kind_word(left->kind), left->name, left->id, left->bytes,
			      left->created_ns, &left->creator);
	}
}

void ws_sqlite_fill_answers(struct ws_sqlite *db, const struct ws_report *report)
{
	put_edges(db, report->results->contention);
	put_orders(db, report->results->lock_order);
	put_findings(db, report->results);
	put_deadlocks(db, report->results);
	put_leftovers(db, report->results->leftovers);
}
