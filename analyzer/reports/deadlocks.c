/* SPDX-License-Identifier: MIT */
/* deadlocks.c: see deadlocks.h. */
#include "analyzer/reports/deadlocks.h"

#include <inttypes.h>
#include <string.h>

#include "analyzer/base/words.h"
#include "analyzer/reports/findings.h"
#include "analyzer/reports/naming.h"

static json_t *time_json(uint64_t at_ns)
{
	return at_ns ? ws_json_integer(at_ns) : json_null();
}

static json_t *step_json(struct ws_json_writer *writer, const struct ws_deadlock_step *step)
{
	const struct ws_tables *tables = writer->report->tables;
	const struct ws_task *task = &tables->threads[step->hold.thread];
	json_t *value = json_object();

	ws_json_set_integer(writer, value, "thread", step->hold.thread);
	ws_json_set_integer(writer, value, "process", task->process);
	ws_json_set_integer(writer, value, "pid", (uint64_t)tables->processes[task->process].pid);
	ws_json_set_integer(writer, value, "tid", (uint64_t)task->tid);
	ws_json_set_integer(writer, value, "holds", step->holds->id);
	ws_json_set_string(writer, value, "hold_as",
			   step->hold_as == WS_HOLD_OWNS ? "owner" : "candidate");
	ws_json_set(writer, value, "hold_taken", json_boolean(step->hold_taken));
	ws_json_set(writer, value, "hold_shared", json_boolean(step->hold_shared));
	ws_json_set(writer, value, "hold_ns", time_json(step->hold_ns));
	ws_json_set(writer, value, "hold_site", ws_json_frame(writer, step->hold.site));
	ws_json_set(writer, value, "hold_stack", ws_json_trail(writer, &step->hold));
	ws_json_set_string(writer, value, "hold_known", ws_party_known(&step->hold));
	ws_json_set_integer(writer, value, "wants", step->wants->id);
	ws_json_set(writer, value, "want_shared", json_boolean(step->want_shared));
	ws_json_set(writer, value, "want_ns", time_json(step->want_ns));
	ws_json_set(writer, value, "want_site", ws_json_frame(writer, step->want.site));
	ws_json_set(writer, value, "want_stack", ws_json_trail(writer, &step->want));
	ws_json_set_string(writer, value, "want_known", ws_party_known(&step->want));
	ws_json_set_string(writer, value, "relation", step->needs_all ? "and" : "or");
	return value;
}

json_t *ws_json_deadlocks(struct ws_json_writer *writer)
{
	const struct ws_results *results = writer->report->results;
	json_t *list = json_array();

	for (size_t i = 0; i < results->n_deadlocks; i++) {
		const struct ws_deadlock *deadlock = &results->deadlocks[i];
		json_t *value = json_object(), *cycle = json_array(), *evidence = json_array();

		ws_json_set_string(writer, value, "verdict", ws_verdict_word(deadlock->verdict));
		ws_json_set_string(writer, value, "reason", deadlock->reason);
		ws_json_set(writer, value, "at_ns", time_json(deadlock->at_ns));
		ws_json_set(writer, value, "until_ns", time_json(deadlock->until_ns));
		for (size_t k = 0; k < deadlock->n_cycle; k++)
			ws_json_append(writer, cycle, step_json(writer, &deadlock->cycle[k]));
		ws_json_set(writer, value, "cycle", cycle);
		for (size_t k = 0; k < deadlock->n_evidence; k++)
			ws_json_append(writer, evidence,
				       ws_json_evidence(writer, &deadlock->evidence[k]));
		ws_json_set(writer, value, "evidence", evidence);
		ws_json_append(writer, list, value);
	}
	return list;
}

/* Where the columns begin. */
enum { COLUMN_REASON = 15, COLUMN_VERB = 10, COLUMN_OBJECT = 17, COLUMN_PLACE = 62 };

static void print_part(struct ws_page *page, const char *verb, const struct ws_object *object,
		       const char *name, const char *how, const struct ws_party *party)
{
	struct ws_cell cell;

	ws_page_text(page, verb, COLUMN_VERB);
	ws_naming_kind(&cell, page->utf8, object->key.kind, name);
	ws_page_words(page, cell.text, COLUMN_OBJECT);
	if (party->site) {
		/* Beside it, or below it. */
		bool beside = page->column + 2 <= COLUMN_PLACE && page->width >= COLUMN_PLACE + 30;

		if (!beside)
			ws_page_end(page);
		ws_page_text(page, how, beside ? COLUMN_PLACE - 1 : COLUMN_OBJECT);
		ws_cell_place(&cell, page->utf8, party->site, page->width - page->column - 1);
		ws_page_cell(page, &cell, page->column + 1);
	}
	ws_page_end(page);
}

static void print_step(struct ws_page *page, const struct ws_report *report,
		       const struct ws_deadlock_step *step)
{
	const struct ws_tables *tables = report->tables;
	const struct ws_task *task = &tables->threads[step->hold.thread];
	bool is_main = tables->processes[task->process].pid == task->tid;
	bool owned = step->hold_as == WS_HOLD_OWNS;
	struct ws_cell cell;

	if (is_main)
		ws_cell_set(&cell, page->utf8, "%.64s[%" PRId32 "]", task->name, task->tid);
	else
		ws_cell_set(&cell, page->utf8, "%.64s[%" PRId32 "] of process %" PRId32, task->name,
			    task->tid, tables->processes[task->process].pid);
	ws_page_cell(page, &cell, 6);
	ws_page_end(page);
	print_part(page,
		   step->hold_as == WS_HOLD_OWNS ? "holds"
		   : step->hold_taken            ? "took"
						 : "frees",
		   step->holds, step->holds_name, owned ? "since" : "in", &step->hold);
	print_part(page, "wants", step->wants, step->wants_name, "in", &step->want);
}

static bool step_reads_like(const struct ws_deadlock_step *a, const struct ws_deadlock_step *b)
{
	return strcmp(a->holds_name, b->holds_name) == 0 &&
	       strcmp(a->wants_name, b->wants_name) == 0 && a->hold.site == b->hold.site &&
	       a->want.site == b->want.site;
}

/* The same locks at the same lines, but of other threads or other objects of the names, wherever
 * the circle is begun. */
static bool reads_like(const struct ws_deadlock *a, const struct ws_deadlock *b)
{
	if (a->verdict != b->verdict || a->n_cycle != b->n_cycle ||
	    strcmp(a->reason, b->reason) != 0)
		return false;
	for (size_t turn = 0; turn < a->n_cycle; turn++) {
		size_t same = 0;

		while (same < a->n_cycle &&
		       step_reads_like(&a->cycle[same], &b->cycle[(same + turn) % a->n_cycle]))
			same++;
		if (same == a->n_cycle)
			return true;
	}
	return false;
}

/* How many of the first `n` read like this one; 0: one of them came before. Each that occurred is
 * one of its own. */
static size_t count_alike(const struct ws_deadlock *list, size_t n, size_t index)
{
	size_t count = 0;

	if (list[index].verdict == WS_VERDICT_OCCURRED)
		return 1;
	for (size_t i = 0; i < n; i++) {
		if (!reads_like(&list[index], &list[i]))
			continue;
		if (i < index)
			return 0;
		count++;
	}
	return count;
}

static void print_one(struct ws_page *page, const struct ws_report *report,
		      const struct ws_deadlock *deadlock, const struct ws_text_style *style)
{
	uint64_t begin_ns = report->tables->begin_ns;
	struct ws_cell cell, time;

	ws_page_styled(page,
		       deadlock->verdict == WS_VERDICT_OCCURRED ? WS_STYLE_ERROR : WS_STYLE_WARNING,
		       ws_verdict_word(deadlock->verdict), 2);
	ws_page_words(page, deadlock->reason, COLUMN_REASON);
	ws_page_end(page);
	if (deadlock->at_ns) {
		ws_cell_time(&time, page->utf8, deadlock->at_ns - begin_ns);
		ws_cell_set(&cell, page->utf8, "closed at %.60s", time.text);
		ws_page_cell(page, &cell, COLUMN_REASON);
		if (deadlock->until_ns) {
			ws_cell_time(&time, page->utf8, deadlock->until_ns - deadlock->at_ns);
			ws_cell_set(&cell, page->utf8, ", broken %.60s later", time.text);
			ws_page_cell(page, &cell, page->column);
		}
		ws_page_end(page);
	}
	for (size_t i = 0; i < deadlock->n_cycle; i++)
		print_step(page, report, &deadlock->cycle[i]);
	/* How it could come to one that did not is a story of its own. */
	if (style->brief && !style->findings && deadlock->verdict != WS_VERDICT_OCCURRED)
		return;
	for (size_t i = 0; i < deadlock->n_evidence; i++)
		ws_text_evidence(page, report, &deadlock->evidence[i]);
}

void ws_text_deadlocks(struct ws_page *page, const struct ws_report *report,
		       const struct ws_text_style *style)
{
	const struct ws_results *results = report->results;
	size_t top = style->findings || !style->top ? SIZE_MAX : style->top;
	size_t n = 0, rows = 0, shown = 0;
	struct ws_cell cell, number;

	/* By verdict: the suppressed are the last. */
	while (n < results->n_deadlocks && results->deadlocks[n].verdict != WS_VERDICT_SUPPRESSED)
		n++;
	if (!n)
		return;
	ws_page_end(page);
	ws_page_styled(page, WS_STYLE_HEAD, "deadlocks", 0);
	ws_page_end(page);
	for (size_t i = 0; i < n && rows < top; i++) {
		bool all = style->findings || !style->brief;
		size_t alike = all ? 1 : count_alike(results->deadlocks, n, i);

		if (!alike)
			continue;
		rows++;
		shown += alike;
		print_one(page, report, &results->deadlocks[i], style);
		if (alike > 1) {
			ws_cell_noun(&number, alike - 1, "more circle");
			ws_cell_set(&cell, page->utf8,
				    "and %.60s at the same lines (--findings shows all)",
				    number.text);
			ws_page_cell(page, &cell, 6);
			ws_page_end(page);
		}
	}
	if (shown < n) {
		ws_cell_noun(&number, n - shown, "more deadlock");
		ws_cell_set(&cell, page->utf8, "%.60s (--findings shows all)", number.text);
		ws_page_cell(page, &cell, 2);
		ws_page_end(page);
	}
}
