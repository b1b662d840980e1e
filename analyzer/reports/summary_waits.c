/* SPDX-License-Identifier: MIT */
/* summary_waits.c: of the waiting that matters, what cost most, who caused it, and what to change:
 * rule 2 of summary.h. */
#include <inttypes.h>
#include <stdlib.h>

#include "analyzer/base/words.h"
#include "analyzer/reports/classes.h"
#include "analyzer/reports/naming.h"
#include "analyzer/reports/summary_parts.h"

/* A what-if that saves less than this part of the run changes nothing. */
#define WORTH_PART 100

static uint64_t matters_ns(const struct ws_class_sum *sums)
{
	uint64_t ns = 0;

	for (enum ws_class i = 0; i < WS_CLASS_COUNT; i++)
		ns += ws_class_matters(i) ? sums[i].wait_ns : 0;
	return ns;
}

/* The object with most of the waiting that matters; NULL: none does. */
static const struct ws_object_contention *worst(const struct ws_report *report, uint64_t *ns)
{
	const struct ws_results *results = report->results;
	const struct ws_contention_result *contention = results->contention;
	const struct ws_object_contention *most = NULL;

	*ns = 0;
	for (size_t i = 0; i < contention->n_objects; i++) {
		const struct ws_classed *one =
			ws_classed_of(results->classes, contention->objects[i].object);
		uint64_t own_ns = one ? matters_ns(one->sums) : 0;

		if (own_ns > *ns) {
			*ns = own_ns;
			most = &contention->objects[i];
		}
	}
	return most;
}

/* What the object's holders did most of the time. */
struct doing {
	uint64_t ready_ns;              /* they had no processor */
	const struct ws_object *object; /* that they waited for most; NULL: for none */
	uint64_t waited_ns;             /* for that; all sleeps are one */
};

/* The same thing to wait for. */
static bool is_same(const struct ws_object *a, const struct ws_object *b)
{
	return a == b || (a->key.kind == WS_KIND_SLEEP && b->key.kind == WS_KIND_SLEEP);
}

static struct doing doing_of(const struct ws_object_blame *blame)
{
	struct doing doing = { 0 };

	for (size_t i = 0; blame && i < blame->n_meanwhile; i++) {
		const struct ws_meanwhile *one = &blame->meanwhile[i];
		uint64_t ns = 0;

		if (one->what == WS_CAUSE_PREEMPTED)
			doing.ready_ns += one->ns;
		if (one->what != WS_MEANWHILE_WAITED)
			continue;
		for (size_t j = 0; j < blame->n_meanwhile; j++) {
			if (blame->meanwhile[j].what == WS_MEANWHILE_WAITED &&
			    is_same(blame->meanwhile[j].object, one->object))
				ns += blame->meanwhile[j].ns;
		}
		if (ns > doing.waited_ns) {
			doing.waited_ns = ns;
			doing.object = one->object;
		}
	}
	return doing;
}

/* The site with most of the time; NULL: none is known. */
static const struct ws_site_share *top_site(const struct ws_role *role)
{
	for (size_t i = 0; i < role->n_sites; i++) {
		if (role->sites[i].site || role->sites[i].n_threads)
			return &role->sites[i];
	}
	return NULL;
}

/* "get() cache.c:97 in worker[12]", "14 threads" */
static void set_who(struct ws_cell *cell, bool utf8, const struct ws_report *report,
		    const struct ws_site_share *share)
{
	struct ws_cell who, at;

	if (share->n_threads == 1)
		ws_naming_thread(&who, utf8, report->tables, share->thread);
	else
		ws_cell_noun(&who, share->n_threads, "thread");
	if (!share->site) {
		*cell = who;
		return;
	}
	ws_cell_place(&at, utf8, share->site, WS_SUMMARY_PLACE);
	if (share->n_threads)
		ws_cell_set(cell, utf8, "%.200s in %.200s", at.text, who.text);
	else
		*cell = at;
}

static void tell_cost(const struct ws_report *report, bool utf8,
		      const struct ws_object_contention *object, uint64_t ns,
		      struct ws_summary *ret)
{
	uint64_t all_ns = matters_ns(report->results->classes->sums);
	const struct ws_site_share *waiter = top_site(&object->waiters);
	struct ws_cell name, time, percent, waits, who;

	ws_naming_object(&name, utf8, report, object->object);
	ws_cell_time(&time, utf8, ns);
	ws_cell_percent(&percent, ns, all_ns);
	ws_cell_noun(&waits, object->waits.count, "wait");
	ws_cell_set(&ret->cost, utf8, "%.200s: %.20s of the waiting that matters, %.20s in %.40s",
		    name.text, percent.text, time.text, waits.text);
	if (waiter) {
		set_who(&who, utf8, report, waiter);
		ws_summary_add(&ret->cost, utf8, "%s at %.300s",
			       object->waiters.n_sites > 1 ? ", most" : "", who.text);
	}
}

/* "sem mine", "sleeps" */
static void set_waited(struct ws_cell *cell, bool utf8, const struct ws_report *report,
		       const struct ws_object *object)
{
	if (object->key.kind == WS_KIND_SLEEP)
		ws_cell_set(cell, utf8, "sleeps");
	else
		ws_naming_object(cell, utf8, report, object);
}

/* Most waits ended by their own limit: then who ended the others is not all. */
static void tell_limits(bool utf8, const struct ws_object_contention *object, struct ws_cell *to)
{
	struct ws_cell some, all;

	if (object->outcomes[WS_OUTCOME_TIMEOUT] * 2 <= object->waits.count)
		return;
	ws_cell_count(&some, object->outcomes[WS_OUTCOME_TIMEOUT]);
	ws_cell_count(&all, object->waits.count);
	ws_summary_add(to, utf8, "; %.40s of the %.40s waits were ended by their own time limit",
		       some.text, all.text);
}

/* Who kept others waiting most, if that is one thread. */
static void tell_culprit(const struct ws_report *report, bool utf8, struct ws_cell *to)
{
	const struct ws_blame_result *blame = report->results->blame;
	uint64_t whole, most_ns = 0;
	struct ws_cell who, percent;
	uint32_t most = WS_UNKNOWN;

	if (!blame->known)
		return;
	whole = blame->total.wait_ns - blame->total.causes[WS_CAUSE_SCHEDULER];
	for (size_t i = 0; i < blame->total.n_parties && i < WS_NAMED_ENDS_MAX; i++) {
		uint32_t thread = blame->total.parties[i].party.thread;
		uint64_t ns = 0;

		for (size_t j = 0; j < blame->total.n_parties; j++) {
			const struct ws_blamed *party = &blame->total.parties[j];

			if (party->party.thread == thread && party->what == WS_CAUSE_RUNNING)
				ns += party->ns;
		}
		if (thread != WS_UNKNOWN && ns > most_ns) {
			most_ns = ns;
			most = thread;
		}
	}
	if (!whole || most_ns < whole / 2)
		return;
	ws_naming_thread(&who, utf8, report->tables, most);
	ws_cell_percent(&percent, most_ns, whole);
	ws_summary_add(to, utf8, "; of all waiting, %.20s is down to what %.200s ran", percent.text,
		       who.text);
}

static void tell_cause(const struct ws_report *report, bool utf8,
		       const struct ws_object_contention *object,
		       const struct ws_object_blame *blame, const struct doing *doing,
		       struct ws_summary *ret)
{
	bool owned = ws_kind_is_owned(object->object->key.kind);
	const struct ws_site_share *by = top_site(owned ? &object->holders : &object->wakers);
	struct ws_named_end ends[WS_NAMED_ENDS_MAX];
	struct ws_cell who, percent, name;
	size_t n = blame ? ws_naming_ends(report, utf8, blame, ends) : 0;

	if (by) {
		set_who(&who, utf8, report, by);
		ws_cell_percent(&percent, by->waits.total, object->waits.total);
		ws_cell_set(&ret->cause, utf8, "%s %.300s (%.20s of the time)",
			    owned ? "held from" : "ended by", who.text, percent.text);
	} else {
		ws_cell_set(&ret->cause, utf8, "%s is not known",
			    owned ? "who held it" : "who ended the waits");
	}
	tell_limits(utf8, object, &ret->cause);
	if (blame && blame->for_thread_ns && doing->object &&
	    doing->waited_ns >= blame->for_thread_ns / 4) {
		ws_cell_percent(&percent, doing->waited_ns, blame->for_thread_ns);
		set_waited(&name, utf8, report, doing->object);
		ws_summary_add(&ret->cause, utf8,
			       "; who was waited for itself waited %.20s of that for %.200s",
			       percent.text, name.text);
	}
	if (n) {
		ws_cell_percent(&percent, ends[0].ns, blame->wait_ns);
		ws_summary_add(&ret->cause, utf8, "; in the end, %.20s: %.300s", percent.text,
			       ends[0].text.text);
	}
	tell_culprit(report, utf8, &ret->cause);
}

/* Waits in vain are a part of the time, and seldom the most of it: such a cure is not the one. */
static bool explains_time(enum ws_rule rule)
{
	return rule != WS_RULE_SIGNAL_UNDER_MUTEX && rule != WS_RULE_THUNDERING_HERD;
}

/* A warning about the object, that explains its time or not; NULL: none. */
static const struct ws_finding *finding_about(const struct ws_results *results,
					      const struct ws_object *object, bool explains)
{
	for (size_t i = 0; i < results->n_findings; i++) {
		const struct ws_finding *finding = &results->findings[i];

		if (ws_rule_severity(finding->rule) != WS_SEVERITY_WARNING ||
		    finding->rule == WS_RULE_LOCK_ORDER || explains_time(finding->rule) != explains)
			continue;
		for (size_t k = 0; k < finding->n_objects; k++) {
			if (finding->objects[k] == object)
				return finding;
		}
	}
	return NULL;
}

/* "xz[12]", "3 writers"; "": nobody is known. */
static void set_flow(struct ws_cell *cell, bool utf8, const struct ws_report *report,
		     const struct ws_object_contention *object, bool writes)
{
	const struct ws_process *one = NULL;
	struct ws_cell number;
	size_t n = 0;

	for (size_t i = 0; i < object->n_flows; i++) {
		if (!(writes ? object->flows[i].writes : object->flows[i].reads))
			continue;
		one = &report->tables->processes[object->flows[i].process];
		n++;
	}
	cell->text[0] = '\0';
	if (n == 1)
		ws_cell_set(cell, utf8, "%.100s[%" PRId32 "]", one->name, one->pid);
	if (n < 2)
		return;
	ws_cell_noun(&number, n, writes ? "writer" : "reader");
	ws_cell_set(cell, utf8, "the %.60s", number.text);
}

/* What carries something is waited for since the other end is slow. */
static void tell_flow(const struct ws_report *report, bool utf8,
		      const struct ws_object_contention *object, struct ws_cell *to)
{
	bool full = object->full_ns > object->empty_ns;
	struct ws_cell who;

	set_flow(&who, utf8, report, object, !full);
	ws_summary_add(to, utf8, "make %.200s faster, or run several: %s",
		       who.text[0] ? who.text
		       : full      ? "who reads it"
				   : "who writes to it",
		       full ? "who writes waits for room" : "who reads waits for more");
}

/* What follows from what was done while others waited, and from the kind of the object. `finding`:
 * about it; NULL: none. */
static void tell_cure(const struct ws_report *report, bool utf8,
		      const struct ws_object_contention *object,
		      const struct ws_object_blame *blame, const struct doing *doing,
		      const struct ws_finding *finding, struct ws_cell *to)
{
	uint8_t kind = ws_object_polled(object->object)->key.kind;
	bool owned = ws_kind_is_owned(kind) && kind != WS_KIND_THREAD && kind != WS_KIND_PROCESS;
	const struct ws_site_share *holder = top_site(&object->holders);
	uint64_t whole = blame ? blame->for_thread_ns : 0;
	struct ws_cell at = { "" }, name = { "" };

	if (holder && holder->site) {
		struct ws_cell place;

		ws_cell_place(&place, utf8, holder->site, WS_SUMMARY_PLACE);
		ws_cell_set(&at, utf8, " at %.300s", place.text);
	}
	if (doing->object)
		set_waited(&name, utf8, report, doing->object);
	if (whole && doing->ready_ns >= whole / 2)
		ws_summary_add(
			to, utf8,
			"who is waited for had no processor: run fewer threads, or give more "
			"processors");
	else if (owned && whole && doing->waited_ns >= whole / 2 &&
		 doing->object->key.kind == WS_KIND_SLEEP)
		ws_summary_add(to, utf8, "do not sleep while it is held%.300s", at.text);
	else if (owned && whole && doing->waited_ns >= whole / 2)
		ws_summary_add(to, utf8,
			       "do not wait for %.200s while it is held%.300s: let go of it first",
			       name.text, at.text);
	else if (finding)
		ws_summary_add(to, utf8, "%s", ws_rule_cure(finding->rule));
	else if (owned)
		ws_summary_add(to, utf8, "hold it shorter%.300s, or split what it protects",
			       at.text);
	else if (whole && doing->object && doing->waited_ns >= whole / 2)
		ws_summary_add(to, utf8, "look at %.200s first: that is what is waited for in turn",
			       name.text);
	else if (kind == WS_KIND_BARRIER)
		ws_summary_add(to, utf8, "share out the work more evenly: all wait for the last");
	else if (ws_kind_carries(kind))
		tell_flow(report, utf8, object, to);
	else if (ws_report_class(report, object->object) == WS_CLASS_CONTENTION)
		ws_summary_add(
			to, utf8,
			"do less between taking it and giving it back, or let fewer need it");
	else
		ws_summary_add(
			to, utf8,
			"let what ends the waits come sooner: start it earlier, or speed it up");
	if (finding)
		ws_summary_add(to, utf8, " (finding %s)", ws_rule_word(finding->rule));
}

/* The longest that one thread ran on the way to the end: its own work is done one after the other,
 * whatever is waited for. */
static uint64_t longest_work_ns(const struct ws_report *report, const struct ws_path_result *path)
{
	size_t n = report->tables->n_threads;
	uint64_t *ran = calloc(n ? n : 1, sizeof(*ran)), longest = 0;

	for (size_t i = 0; ran && path->known && i < path->n_parts; i++) {
		const struct ws_path_part *part = &path->parts[i];

		if (part->what != WS_CAUSE_RUNNING || part->party.thread >= n)
			continue;
		ran[part->party.thread] += part->ns;
		if (longest < ran[part->party.thread])
			longest = ran[part->party.thread];
	}
	free(ran);
	return longest;
}

/* What it is worth, where that is known: where waits are polled with a limit, the waiter would be
 * done without the work that it polls for, and yet that has to be done. */
static void tell_worth(const struct ws_report *report, bool utf8, const struct ws_object *object,
		       struct ws_cell *to)
{
	const struct ws_blame_result *blame = report->results->blame;
	const struct ws_path_result *path = blame->known ? blame->path : NULL;
	struct ws_cell before, after, percent, cause;

	for (size_t i = 0; blame->known && i < blame->what_ifs->n; i++) {
		const struct ws_what_if *one = &blame->what_ifs->list[i];

		if (one->object != object || one->half)
			continue;

		uint64_t predicted_ns = path ? longest_work_ns(report, path) : 0;

		if (predicted_ns < one->predicted_ns)
			predicted_ns = one->predicted_ns;
		ws_cell_time(&before, utf8, one->duration_ns);
		ws_cell_time(&after, utf8, predicted_ns);
		if (predicted_ns + one->duration_ns / WORTH_PART <= one->duration_ns) {
			ws_summary_add(to, utf8, "; without these waits: %.20s -> about %.20s",
				       before.text, after.text);
			return;
		}
		ws_summary_add(to, utf8,
			       "; alone, that would hardly make the run shorter than %.20s",
			       before.text);
		if (path->known && path->n_parts) {
			ws_cell_percent(&percent, path->parts[0].ns, path->end_ns - path->begin_ns);
			ws_naming_cause(&cause, utf8, report, path->parts[0].what,
					&path->parts[0].party, path->parts[0].object);
			ws_summary_add(to, utf8,
				       ", whose end depended most on this (%.20s): %.200s",
				       percent.text, cause.text);
		}
		return;
	}
}

bool ws_summary_waits(const struct ws_report *report, bool utf8, struct ws_summary *ret)
{
	const struct ws_blame_result *result = report->results->blame;
	const struct ws_object_blame *blame;
	const struct ws_object_contention *object;
	const struct ws_finding *finding;
	struct doing doing;
	uint64_t ns;

	object = worst(report, &ns);
	if (!object)
		return false;
	blame = result->known ? ws_blame_of(result, object->object) : NULL;
	doing = doing_of(blame);
	ret->object = object->object;
	tell_cost(report, utf8, object, ns, ret);
	tell_cause(report, utf8, object, blame, &doing, ret);
	finding = finding_about(report->results, object->object, true);
	tell_cure(report, utf8, object, blame, &doing, finding, &ret->change);
	finding = finding_about(report->results, object->object, false);
	if (finding)
		ws_summary_add(&ret->change, utf8, "; %s, too (finding %s)",
			       ws_rule_cure(finding->rule), ws_rule_word(finding->rule));
	tell_worth(report, utf8, object->object, &ret->change);
	return true;
}
