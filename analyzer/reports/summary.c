/* SPDX-License-Identifier: MIT */
/* summary.c: see summary.h. */
#include "analyzer/reports/summary.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "analyzer/base/words.h"
#include "analyzer/reports/classes.h"
#include "analyzer/reports/naming.h"

/* A what-if that saves less than this part of the run changes nothing. */
#define WORTH_PART 100

/* Threads of a deadlock that are told one by one. */
#define CYCLE_MAX 3

/* Columns for a place in the code. */
#define PLACE_WIDTH 60

static const char *const cures[WS_RULE_COUNT] = {
	[WS_RULE_DEADLOCK] =
		"take the locks in one order everywhere; wait for no thread, child or message with "
		"what it needs in hand, and use poll() on pipes that go both ways",
	[WS_RULE_SELF_DEADLOCK] = "do not take it again while it is held, or make it recursive",
	[WS_RULE_MISSED_WAKEUP] =
		"change what is waited for and signal it under the mutex, and wait in "
		"a loop that looks at it first",
	[WS_RULE_PIPE_END_OPEN] = "close the end that is written to in who reads, after the fork",
	[WS_RULE_DEAD_HOLDER] = "let go of it before the thread ends, or make it robust",
	[WS_RULE_UNLOCK_NOT_OWNER] = "unlock in the thread that locked, or use a semaphore",
	[WS_RULE_DESTROY_HELD] = "destroy it when nobody uses it any more: join the others first",
	[WS_RULE_DESTROY_WAITED] = "destroy it when nobody uses it any more: join the others first",
	[WS_RULE_EXIT_HOLDING] = "unlock on every way out of the thread",
	[WS_RULE_WAIT_WITHOUT_MUTEX] = "lock its mutex before waiting",
	[WS_RULE_COND_TWO_MUTEXES] = "use one mutex with one condition",
	[WS_RULE_SIGNAL_LOST] = "keep what happened in a variable under the mutex, and look at it "
				"before waiting",
	[WS_RULE_FORK_HOLDING] = "call exec soon after fork, or take the locks in pthread_atfork",
	[WS_RULE_CLOSE_DROPS_LOCKS] = "open a locked file once, or lock by F_OFD_SETLK",
	[WS_RULE_LOCK_ORDER] = "take the locks in one order everywhere",
	[WS_RULE_ROBUST_ABANDONED] = "make the data good again, then pthread_mutex_consistent()",
	[WS_RULE_FLOCK_INHERITED] = "open the file anew in the child",
	[WS_RULE_LOCKS_MIXED] = "lock a file in one way only",
	[WS_RULE_STUCK] = "look at who held it, and where: --at end",
	[WS_RULE_PRIORITY_INVERSION] = "give the mutex PTHREAD_PRIO_INHERIT",
	[WS_RULE_SLEEP_POLLING] = "wait for the lock, or on a condition, instead of trying again",
	[WS_RULE_LOCK_CONVOY] = "hold it shorter, take it less often, or split what it protects",
	[WS_RULE_WRITER_STARVATION] =
		"prefer writers (pthread_rwlockattr_setkind_np), or read without "
		"the lock",
	[WS_RULE_UNFAIR_LOCK] = "leave time between unlock and lock, or hand it over in turn",
	[WS_RULE_THUNDERING_HERD] = "signal one, or as many as can go on",
	[WS_RULE_SIGNAL_UNDER_MUTEX] = "signal after the unlock",
	[WS_RULE_LEFT_BEHIND] = "unlink or remove it when it is done with",
};

const char *ws_rule_cure(enum ws_rule rule)
{
	return rule < WS_RULE_COUNT && cures[rule] ? cures[rule] : "see docs/findings.md";
}

/* One more piece of the sentence. */
__attribute__((format(printf, 3, 4))) static void add(struct ws_cell *cell, bool utf8,
						      const char *format, ...)
{
	size_t length = strlen(cell->text);
	struct ws_cell whole;
	va_list args;

	va_start(args, format);
	vsnprintf(cell->text + length, sizeof(cell->text) - length, format, args);
	va_end(args);
	whole = *cell;
	ws_cell_set(cell, utf8, "%s", whole.text);
}

/* --- 1: it hangs --- */

static void tell_cycle(const struct ws_report *report, bool utf8,
		       const struct ws_deadlock *deadlock, struct ws_summary *ret)
{
	struct ws_cell who, at, number, holds, wants;

	ws_cell_noun(&number, deadlock->n_cycle, "thread");
	add(&ret->cost, utf8, "%s: %.60s %s never go on: %s",
	    deadlock->until_ns ? "it hung" : "it hangs", number.text,
	    deadlock->until_ns ? "could" : "can", deadlock->reason);
	for (size_t i = 0; i < deadlock->n_cycle && i < CYCLE_MAX; i++) {
		const struct ws_deadlock_step *step = &deadlock->cycle[i];

		ws_naming_thread(&who, utf8, report->tables, step->want.thread);
		ws_cell_place(&at, utf8, step->want.site, PLACE_WIDTH);
		ws_naming_kind(&holds, utf8, step->holds->key.kind, step->holds_name);
		ws_naming_kind(&wants, utf8, step->wants->key.kind, step->wants_name);
		add(&ret->cause, utf8, "%s%.80s %s %.100s and wants %.100s, at %.100s",
		    i ? "; " : "", who.text,
		    step->hold_as == WS_HOLD_OWNS ? "holds"
		    : step->hold_taken            ? "took"
						  : "could let go of",
		    holds.text, wants.text, at.text);
	}
	if (deadlock->n_cycle > CYCLE_MAX)
		add(&ret->cause, utf8, "; and %zu more", deadlock->n_cycle - CYCLE_MAX);
}

/* The finding that says why it hangs; NULL: none does. */
static const struct ws_finding *hang_of(const struct ws_results *results)
{
	for (size_t i = 0; i < results->n_findings; i++) {
		switch (results->findings[i].rule) {
		case WS_RULE_DEADLOCK:
		case WS_RULE_SELF_DEADLOCK:
		case WS_RULE_MISSED_WAKEUP:
		case WS_RULE_PIPE_END_OPEN:
		case WS_RULE_DEAD_HOLDER:
		case WS_RULE_SIGNAL_LOST:
			return &results->findings[i];
		default:
			break;
		}
	}
	return NULL;
}

static bool tell_hang(const struct ws_report *report, bool utf8, struct ws_summary *ret)
{
	const struct ws_results *results = report->results;
	const struct ws_finding *finding = hang_of(results);
	struct ws_cell who, at;

	ret->hangs = true;
	if (results->n_deadlocks && results->deadlocks[0].verdict == WS_VERDICT_OCCURRED) {
		tell_cycle(report, utf8, &results->deadlocks[0], ret);
		ws_cell_set(&ret->change, utf8, "%s",
			    ws_rule_cure(finding ? finding->rule : WS_RULE_DEADLOCK));
		return true;
	}
	ret->hangs = finding != NULL;
	if (!finding)
		return false;
	ret->object = finding->n_objects ? finding->objects[0] : NULL;
	ws_cell_set(&ret->cost, utf8, "it hangs: %.900s", finding->title);
	for (size_t i = 0; i < finding->n_evidence && i < CYCLE_MAX; i++) {
		const struct ws_evidence *fact = &finding->evidence[i];

		add(&ret->cause, utf8, "%s", i ? "; " : "");
		if (fact->party.thread < report->tables->n_threads) {
			ws_naming_thread(&who, utf8, report->tables, fact->party.thread);
			add(&ret->cause, utf8, "%.80s ", who.text);
		}
		if (fact->party.site) {
			ws_cell_place(&at, utf8, fact->party.site, PLACE_WIDTH);
			add(&ret->cause, utf8, "at %.100s: ", at.text);
		}
		add(&ret->cause, utf8, "%.300s", fact->text);
	}
	ws_cell_set(&ret->change, utf8, "%s", ws_rule_cure(finding->rule));
	return true;
}

/* --- 2: what cost most --- */

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
	ws_cell_place(&at, utf8, share->site, PLACE_WIDTH);
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
		add(&ret->cost, utf8, "%s at %.300s", object->waiters.n_sites > 1 ? ", most" : "",
		    who.text);
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
	add(to, utf8, "; %.40s of the %.40s waits were ended by their own time limit", some.text,
	    all.text);
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
	add(to, utf8, "; of all waiting, %.20s is down to what %.200s ran", percent.text, who.text);
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
		add(&ret->cause, utf8,
		    "; who was waited for itself waited %.20s of that for %.200s", percent.text,
		    name.text);
	}
	if (n) {
		ws_cell_percent(&percent, ends[0].ns, blame->wait_ns);
		add(&ret->cause, utf8, "; in the end, %.20s: %.300s", percent.text,
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
	add(to, utf8, "make %.200s faster, or run several: %s",
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

		ws_cell_place(&place, utf8, holder->site, PLACE_WIDTH);
		ws_cell_set(&at, utf8, " at %.300s", place.text);
	}
	if (doing->object)
		set_waited(&name, utf8, report, doing->object);
	if (whole && doing->ready_ns >= whole / 2)
		add(to, utf8,
		    "who is waited for had no processor: run fewer threads, or give more "
		    "processors");
	else if (owned && whole && doing->waited_ns >= whole / 2 &&
		 doing->object->key.kind == WS_KIND_SLEEP)
		add(to, utf8, "do not sleep while it is held%.300s", at.text);
	else if (owned && whole && doing->waited_ns >= whole / 2)
		add(to, utf8, "do not wait for %.200s while it is held%.300s: let go of it first",
		    name.text, at.text);
	else if (finding)
		add(to, utf8, "%s", ws_rule_cure(finding->rule));
	else if (owned)
		add(to, utf8, "hold it shorter%.300s, or split what it protects", at.text);
	else if (whole && doing->object && doing->waited_ns >= whole / 2)
		add(to, utf8, "look at %.200s first: that is what is waited for in turn",
		    name.text);
	else if (kind == WS_KIND_BARRIER)
		add(to, utf8, "share out the work more evenly: all wait for the last");
	else if (ws_kind_carries(kind))
		tell_flow(report, utf8, object, to);
	else if (ws_report_class(report, object->object) == WS_CLASS_CONTENTION)
		add(to, utf8, "do less between taking it and giving it back, or let fewer need it");
	else
		add(to, utf8,
		    "let what ends the waits come sooner: start it earlier, or speed it up");
	if (finding)
		add(to, utf8, " (finding %s)", ws_rule_word(finding->rule));
}

/* What it is worth, where that is known. */
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
		ws_cell_time(&before, utf8, one->duration_ns);
		ws_cell_time(&after, utf8, one->predicted_ns);
		if (one->duration_ns - one->predicted_ns >= one->duration_ns / WORTH_PART) {
			add(to, utf8, "; without these waits: %.20s -> about %.20s", before.text,
			    after.text);
			return;
		}
		add(to, utf8, "; alone, that would hardly make the run shorter than %.20s",
		    before.text);
		if (path->known && path->n_parts) {
			ws_cell_percent(&percent, path->parts[0].ns, path->end_ns - path->begin_ns);
			ws_naming_cause(&cause, utf8, report, path->parts[0].what,
					&path->parts[0].party, path->parts[0].object);
			add(to, utf8, ", whose end depended most on this (%.20s): %.200s",
			    percent.text, cause.text);
		}
		return;
	}
}

static bool tell_waits(const struct ws_report *report, bool utf8, struct ws_summary *ret)
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
		add(&ret->change, utf8, "; %s, too (finding %s)", ws_rule_cure(finding->rule),
		    ws_rule_word(finding->rule));
	tell_worth(report, utf8, object->object, &ret->change);
	return true;
}

/* --- 3: no waiting matters --- */

static void tell_path(const struct ws_report *report, bool utf8, struct ws_summary *ret)
{
	const struct ws_contention_result *contention = report->results->contention;
	const struct ws_blame_result *blame = report->results->blame;
	const struct ws_path_result *path = blame->known ? blame->path : NULL;
	struct ws_cell time, percent, cause;

	if (contention->total.waits) {
		ws_cell_time(&time, utf8, contention->total.wait_ns);
		ws_cell_set(
			&ret->cost, utf8,
			"no waiting that matters: all %.20s of it is for work to do, for input or "
			"for time",
			time.text);
	} else {
		ws_cell_set(&ret->cost, utf8, "nothing was waited for");
	}
	if (!path || !path->known || !path->n_parts)
		return;
	for (size_t i = 0; i < path->n_parts && i < 2; i++) {
		const struct ws_path_part *part = &path->parts[i];

		ws_cell_percent(&percent, part->ns, path->end_ns - path->begin_ns);
		ws_naming_cause(&cause, utf8, report, part->what, &part->party, part->object);
		add(&ret->cause, utf8, "%s%.20s %.300s",
		    i ? ", " : "the end of the run depended on: ", percent.text, cause.text);
	}
	ws_cell_set(&ret->change, utf8,
		    "nothing in locks, queues and pipes; a profile of what runs (perf record) says "
		    "more");
}

/* --- what else is wrong --- */

/* What did not cost time here, but may hang or be wrong another time. */
static void tell_dangers(const struct ws_report *report, bool utf8, struct ws_cell *to)
{
	const struct ws_results *results = report->results;
	struct ws_cell number;
	size_t deadlocks = 0, errors = 0;

	for (size_t i = 0; i < results->n_deadlocks; i++)
		deadlocks += results->deadlocks[i].verdict == WS_VERDICT_PREDICTABLE ||
			     results->deadlocks[i].verdict == WS_VERDICT_ORDER_ONLY;
	for (size_t i = 0; i < results->n_findings; i++)
		errors += ws_rule_severity(results->findings[i].rule) == WS_SEVERITY_ERROR;
	if (deadlocks) {
		ws_cell_noun(&number, deadlocks, "deadlock");
		add(to, utf8, "%s%.60s can happen: take the locks in one order (see deadlocks)",
		    to->text[0] ? "; " : "", number.text);
	}
	if (errors) {
		ws_cell_noun(&number, errors, "error");
		add(to, utf8, "%s%.60s in how things are used (see findings)",
		    to->text[0] ? "; " : "", number.text);
	}
}

/* --- what the trace lacks --- */

static void lack(struct ws_cell *to, bool utf8, uint64_t count, const char *noun, const char *what)
{
	struct ws_cell number;

	if (!count)
		return;
	ws_cell_noun(&number, count, noun);
	add(to, utf8, "%s%.60s %s", to->text[0] ? "; " : "", number.text, what);
}

static void tell_ends(const struct ws_report *report, bool utf8, struct ws_cell *to)
{
	const struct ws_tables *tables = report->tables;
	size_t n = 0;

	for (size_t i = 0; i < tables->n_processes; i++) {
		const struct ws_process *process = &tables->processes[i];

		if (process->end != WS_END_SIGNALED && process->end != WS_END_UNKNOWN)
			continue;
		if (n++ >= CYCLE_MAX)
			continue;
		if (process->end == WS_END_SIGNALED)
			add(to, utf8, "%s%.60s[%" PRId32 "] was killed by signal %" PRId32,
			    to->text[0] ? "; " : "", process->name, process->pid, process->status);
		else
			add(to, utf8, "%show %.60s[%" PRId32 "] ended is unknown",
			    to->text[0] ? "; " : "", process->name, process->pid);
	}
	if (n > CYCLE_MAX)
		add(to, utf8, "; and so for %zu more", n - CYCLE_MAX);
}

static void tell_lacks(const struct ws_report *report, bool utf8, struct ws_cell *to)
{
	const struct ws_contention_result *contention = report->results->contention;
	const struct ws_tables *tables = report->tables;
	uint64_t tenths;

	lack(to, utf8, tables->lost_events, "event", "lost");
	lack(to, utf8, tables->lost_packets, "packet", "lost");
	lack(to, utf8, report->counts->uncertain, "wait", "touched by the loss");
	lack(to, utf8, report->counts->open_waits, "wait", "open at the end");
	tell_ends(report, utf8, to);
	/* Rounded up: what is not nothing is not 0.0 %. */
	if (report->unresolved_frames) {
		tenths = (report->unresolved_frames * 1000 + report->frames - 1) / report->frames;
		add(to, utf8, "%s%" PRIu64 ".%" PRIu64 " %% of the frames have no name%s",
		    to->text[0] ? "; " : "", tenths / 10, tenths % 10,
		    tenths >= 100 ? " (install debug symbols)" : "");
	}
	if (contention->unknown_ns) {
		tenths = (uint64_t)((double)contention->unknown_ns * 1000 /
				    (double)contention->total.wait_ns);
		add(to, utf8,
		    "%s%s%" PRIu64 ".%" PRIu64 " %% of the time without a known holder or "
		    "waker",
		    to->text[0] ? "; " : "", tenths ? "" : "< ", tenths ? tenths / 10 : 0,
		    tenths ? tenths % 10 : 1);
	}
	if (report->n_warnings) {
		struct ws_cell number;

		ws_cell_noun(&number, report->n_warnings, "warning");
		add(to, utf8, "%s%.60s at the end of the report", to->text[0] ? "; " : "",
		    number.text);
	}
	if (!to->text[0])
		ws_cell_set(to, utf8,
			    "nothing: no event was lost, every wait ended, and all is known "
			    "by name");
}

void ws_summary_make(const struct ws_report *report, bool utf8, struct ws_summary *ret)
{
	*ret = (struct ws_summary){ .hangs = false };
	if (!tell_hang(report, utf8, ret)) {
		if (!tell_waits(report, utf8, ret))
			tell_path(report, utf8, ret);
		tell_dangers(report, utf8, &ret->change);
	}
	tell_lacks(report, utf8, &ret->lacks);
}

json_t *ws_json_summary(struct ws_json_writer *writer)
{
	json_t *value = json_object();
	struct ws_summary summary;

	ws_summary_make(writer->report, true, &summary);
	ws_json_set(writer, value, "hangs", json_boolean(summary.hangs));
	ws_json_set(writer, value, "object",
		    summary.object && summary.object->id != WS_UNKNOWN
			    ? ws_json_integer(summary.object->id)
			    : json_null());
	ws_json_set_string(writer, value, "cost", summary.cost.text);
	ws_json_set_string(writer, value, "cause", summary.cause.text);
	ws_json_set_string(writer, value, "change", summary.change.text);
	ws_json_set_string(writer, value, "lacks", summary.lacks.text);
	return value;
}
