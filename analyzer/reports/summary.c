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
#include "analyzer/reports/summary_parts.h"

/* Threads of a deadlock that are told one by one. */
#define CYCLE_MAX 3

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

void ws_summary_add(struct ws_cell *cell, bool utf8, const char *format, ...)
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
	ws_summary_add(&ret->cost, utf8, "%s: %.60s %s never go on: %s",
		       deadlock->until_ns ? "it hung" : "it hangs", number.text,
		       deadlock->until_ns ? "could" : "can", deadlock->reason);
	for (size_t i = 0; i < deadlock->n_cycle && i < CYCLE_MAX; i++) {
		const struct ws_deadlock_step *step = &deadlock->cycle[i];

		ws_naming_thread(&who, utf8, report->tables, step->want.thread);
		ws_cell_place(&at, utf8, step->want.site, WS_SUMMARY_PLACE);
		ws_naming_kind(&holds, utf8, step->holds->key.kind, step->holds_name);
		ws_naming_kind(&wants, utf8, step->wants->key.kind, step->wants_name);
		ws_summary_add(&ret->cause, utf8, "%s%.80s %s %.100s and wants %.100s, at %.100s",
			       i ? "; " : "", who.text,
			       step->hold_as == WS_HOLD_OWNS ? "holds"
			       : step->hold_taken            ? "took"
							     : "could let go of",
			       holds.text, wants.text, at.text);
	}
	if (deadlock->n_cycle > CYCLE_MAX)
		ws_summary_add(&ret->cause, utf8, "; and %zu more", deadlock->n_cycle - CYCLE_MAX);
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

		ws_summary_add(&ret->cause, utf8, "%s", i ? "; " : "");
		if (fact->party.thread < report->tables->n_threads) {
			ws_naming_thread(&who, utf8, report->tables, fact->party.thread);
			ws_summary_add(&ret->cause, utf8, "%.80s ", who.text);
		}
		if (fact->party.site) {
			ws_cell_place(&at, utf8, fact->party.site, WS_SUMMARY_PLACE);
			ws_summary_add(&ret->cause, utf8, "at %.100s: ", at.text);
		}
		ws_summary_add(&ret->cause, utf8, "%.300s", fact->text);
	}
	ws_cell_set(&ret->change, utf8, "%s", ws_rule_cure(finding->rule));
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
		ws_summary_add(&ret->cause, utf8, "%s%.20s %.300s",
			       i ? ", " : "the end of the run depended on: ", percent.text,
			       cause.text);
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
		ws_summary_add(to, utf8,
			       "%s%.60s can happen: take the locks in one order (see deadlocks)",
			       to->text[0] ? "; " : "", number.text);
	}
	if (errors) {
		ws_cell_noun(&number, errors, "error");
		ws_summary_add(to, utf8, "%s%.60s in how things are used (see findings)",
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
	ws_summary_add(to, utf8, "%s%.60s %s", to->text[0] ? "; " : "", number.text, what);
}

static void tell_ends(const struct ws_report *report, bool utf8, struct ws_cell *to)
{
	const struct ws_tables *tables = report->tables;
	size_t n = 0;

	for (size_t i = 0; i < tables->n_processes; i++) {
		const struct ws_process *process = &tables->processes[i];

		if (process->end != WS_END_SIGNALED &&
		    (process->end != WS_END_UNKNOWN || process->unrecorded))
			continue;
		if (n++ >= CYCLE_MAX)
			continue;
		if (process->end == WS_END_SIGNALED)
			ws_summary_add(to, utf8,
				       "%s%.60s[%" PRId32 "] was killed by signal %" PRId32,
				       to->text[0] ? "; " : "", process->name, process->pid,
				       process->status);
		else
			ws_summary_add(to, utf8, "%show %.60s[%" PRId32 "] ended is unknown",
				       to->text[0] ? "; " : "", process->name, process->pid);
	}
	if (n > CYCLE_MAX)
		ws_summary_add(to, utf8, "; and so for %zu more", n - CYCLE_MAX);
}

/* Children that only their parents told of. */
static void tell_unrecorded(const struct ws_report *report, bool utf8, struct ws_cell *to)
{
	const struct ws_tables *tables = report->tables;
	const struct ws_process *first = NULL;
	size_t n = 0;

	for (size_t i = 0; i < tables->n_processes; i++) {
		if (!tables->processes[i].unrecorded)
			continue;
		first = first ? first : &tables->processes[i];
		n++;
	}
	if (!first)
		return;
	ws_summary_add(to, utf8, "%s%.60s[%" PRId32 "]", to->text[0] ? "; " : "",
		       first->name[0] ? first->name : "process", first->pid);
	if (n > 1)
		ws_summary_add(to, utf8, " and %zu more processes were not recorded", n - 1);
	else
		ws_summary_add(to, utf8, " was not recorded");
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
	tell_unrecorded(report, utf8, to);
	tell_ends(report, utf8, to);
	/* Rounded up: what is not nothing is not 0.0 %. */
	if (report->unresolved_frames) {
		tenths = (report->unresolved_frames * 1000 + report->frames - 1) / report->frames;
		ws_summary_add(to, utf8,
			       "%s%" PRIu64 ".%" PRIu64 " %% of the frames have no name%s",
			       to->text[0] ? "; " : "", tenths / 10, tenths % 10,
			       tenths >= 100 ? " (install debug symbols)" : "");
	}
	if (contention->unknown_ns) {
		tenths = (uint64_t)((double)contention->unknown_ns * 1000 /
				    (double)contention->total.wait_ns);
		ws_summary_add(to, utf8,
			       "%s%s%" PRIu64 ".%" PRIu64
			       " %% of the time without a known holder or "
			       "waker",
			       to->text[0] ? "; " : "", tenths ? "" : "< ",
			       tenths ? tenths / 10 : 0, tenths ? tenths % 10 : 1);
	}
	if (report->n_warnings) {
		struct ws_cell number;

		ws_cell_noun(&number, report->n_warnings, "warning");
		ws_summary_add(to, utf8, "%s%.60s at the end of the report",
			       to->text[0] ? "; " : "", number.text);
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
		if (!ws_summary_waits(report, utf8, ret))
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
