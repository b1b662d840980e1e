/* SPDX-License-Identifier: MIT */
/* text.c: the report for a terminal of 100 columns: its head, the order of its sections, and how
 * far to trust it. */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/base/words.h"
#include "analyzer/reports/blame.h"
#include "analyzer/reports/calls.h"
#include "analyzer/reports/cells.h"
#include "analyzer/reports/classes.h"
#include "analyzer/reports/deadlocks.h"
#include "analyzer/reports/findings.h"
#include "analyzer/reports/graph.h"
#include "analyzer/reports/leftovers.h"
#include "analyzer/reports/page.h"
#include "analyzer/reports/report.h"
#include "analyzer/reports/text_objects.h"

#define WIDTH 100

/* Processes that are named where an object is shared. */
#define PROCESSES_MAX 3

struct printer {
	const struct ws_report *report;
	struct ws_page page;
};

static void print_headline(struct printer *printer)
{
	const struct ws_tables *tables = printer->report->tables;
	const struct ws_contention_result *result = printer->report->results->contention;
	const char *names[PROCESSES_MAX];
	struct ws_cell cell, time, waits;
	size_t n_names = 0, more = 0;

	ws_page_text(&printer->page, "waitscope", 0);
	for (size_t i = 0; i < tables->n_processes; i++) {
		const char *name = tables->processes[i].name;
		bool known = false;

		for (size_t j = 0; j < n_names; j++)
			known |= strcmp(names[j], name) == 0;
		if (known)
			continue;
		if (n_names < PROCESSES_MAX)
			names[n_names++] = name;
		else
			more++;
	}
	for (size_t i = 0; i < n_names; i++)
		ws_page_flow(&printer->page, names[i], i ? " + " : "  ", 9);
	if (more) {
		ws_cell_set(&cell, printer->page.utf8, "and more");
		ws_page_flow(&printer->page, cell.text, " ", 9);
	}
	ws_cell_time(&time, printer->page.utf8, tables->end_ns - tables->begin_ns);
	ws_page_flow(&printer->page, time.text, "   ", 9);
	ws_cell_noun(&cell, tables->n_processes, "process");
	ws_page_flow(&printer->page, cell.text, "   ", 9);
	ws_cell_noun(&cell, tables->n_threads, "thread");
	ws_page_flow(&printer->page, cell.text, "   ", 9);
	ws_cell_time(&time, printer->page.utf8, result->total.wait_ns);
	ws_cell_noun(&waits, result->total.waits, "wait");
	ws_cell_set(&cell, printer->page.utf8, "waiting: %.60s in %.60s", time.text, waits.text);
	ws_page_flow(&printer->page, cell.text, "   ", 9);
	ws_page_end(&printer->page);
}

/* Kinds by time, so that nobody takes joins and idle workers for contention. */
static void print_kinds(struct printer *printer)
{
	const struct ws_contention_result *result = printer->report->results->contention;
	bool shown[WS_KIND_COUNT] = { false };
	bool first = true;

	for (;;) {
		struct ws_cell cell, time, percent;
		int best = 0;

		for (int kind = 1; kind < WS_KIND_COUNT; kind++) {
			if (!shown[kind] && result->kinds[kind].waits &&
			    (!best || result->kinds[kind].wait_ns > result->kinds[best].wait_ns))
				best = kind;
		}
		if (!best)
			break;
		if (first)
			ws_page_text(&printer->page, "by kind", 0);
		shown[best] = true;
		ws_cell_time(&time, printer->page.utf8, result->kinds[best].wait_ns);
		ws_cell_percent(&percent, result->kinds[best].wait_ns, result->total.wait_ns);
		ws_cell_set(&cell, printer->page.utf8, "%s %.60s (%.20s)",
			    ws_kind_word((uint8_t)best), time.text, percent.text);
		ws_page_flow(&printer->page, cell.text, first ? "  " : "   ", 11);
		first = false;
	}
	if (!first)
		ws_page_end(&printer->page);
}

/* A piece of the line that says which waits are counted. */
static void only(struct printer *printer, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void only(struct printer *printer, const char *format, ...)
{
	bool first = printer->page.column == 0;
	struct ws_cell cell;
	va_list args;
	char text[128];

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	ws_cell_set(&cell, printer->page.utf8, "%s", text);
	if (first)
		ws_page_text(&printer->page, "only", 0);
	ws_page_flow(&printer->page, cell.text, first ? "" : ", ", 11);
}

static void print_filter(struct printer *printer)
{
	const struct ws_filter *filter = printer->report->filter;
	struct ws_cell time;

	if (filter->min_wait_ns) {
		ws_cell_time(&time, printer->page.utf8, filter->min_wait_ns);
		only(printer, "waits of at least %.60s", time.text);
	}
	if (filter->pid)
		only(printer, "process %" PRId32, filter->pid);
	if (filter->tid)
		only(printer, "thread %" PRId32, filter->tid);
	for (uint8_t kind = 1; kind < WS_KIND_COUNT; kind++) {
		if (filter->kinds & (1u << kind))
			only(printer, "kind %s", ws_kind_word(kind));
	}
	for (size_t i = 0; i < filter->n_objects; i++)
		only(printer, "object %.100s", filter->objects[i]);
	if (filter->from_ns) {
		ws_cell_time(&time, printer->page.utf8, filter->from_ns);
		only(printer, "after the first %.60s", time.text);
	}
	if (filter->to_ns != UINT64_MAX) {
		ws_cell_time(&time, printer->page.utf8, filter->to_ns);
		only(printer, "within the first %.60s", time.text);
	}
	if (printer->page.column)
		ws_page_end(&printer->page);
}

/* A piece of the line of cautions, the first with its heading. */
static void caution(struct printer *printer, const char *text)
{
	bool first = printer->page.column == 0;

	if (first)
		ws_page_text(&printer->page, "caution", 0);
	ws_page_flow(&printer->page, text, first ? "" : ", ", 11);
}

static void caution_count(struct printer *printer, uint64_t count, const char *noun,
			  const char *what)
{
	struct ws_cell cell, number;

	if (!count)
		return;
	ws_cell_noun(&number, count, noun);
	ws_cell_set(&cell, printer->page.utf8, "%.100s %s", number.text, what);
	caution(printer, cell.text);
}

/* What must be known before the rest is believed; nothing if there is nothing. */
static void print_cautions(struct printer *printer)
{
	const struct ws_report *report = printer->report;
	const struct ws_tables *tables = report->tables;
	struct ws_cell cell;

	caution_count(printer, tables->lost_events, "event", "lost");
	caution_count(printer, tables->lost_packets, "packet", "lost");
	caution_count(printer, report->counts->uncertain, "wait", "touched by the loss");
	caution_count(printer, report->counts->open_waits, "wait", "open at the end");
	for (size_t i = 0; i < tables->n_processes; i++) {
		const struct ws_process *process = &tables->processes[i];

		if (process->end == WS_END_SIGNALED)
			ws_cell_set(&cell, printer->page.utf8,
				    "%s[%" PRId32 "] killed by signal %" PRId32, process->name,
				    process->pid, process->status);
		else if (process->end == WS_END_UNKNOWN)
			ws_cell_set(&cell, printer->page.utf8,
				    "how %s[%" PRId32 "] ended is unknown", process->name,
				    process->pid);
		else
			continue;
		caution(printer, cell.text);
	}
	if (printer->page.column)
		ws_page_end(&printer->page);
}

static void print_trust(struct printer *printer)
{
	const struct ws_report *report = printer->report;
	const struct ws_tables *tables = report->tables;
	struct ws_cell cell, number;

	ws_page_end(&printer->page);
	ws_page_text(&printer->page, "trust", 0);
	ws_cell_noun(&cell, tables->events, "event");
	ws_page_flow(&printer->page, cell.text, "", 10);
	ws_cell_count(&number, tables->lost_events);
	ws_cell_set(&cell, printer->page.utf8, "%.60s lost", number.text);
	ws_page_flow(&printer->page, cell.text, ", ", 10);
	if (tables->lost_packets) {
		ws_cell_noun(&number, tables->lost_packets, "packet");
		ws_cell_set(&cell, printer->page.utf8, "%.60s lost", number.text);
		ws_page_flow(&printer->page, cell.text, ", ", 10);
	}
	ws_cell_noun(&number, report->counts->open_waits, "wait");
	ws_cell_set(&cell, printer->page.utf8, "%.60s open at the end", number.text);
	ws_page_flow(&printer->page, cell.text, "; ", 10);
	if (report->frames) {
		uint64_t known = report->frames - report->unresolved_frames;

		/* Rounded down: 100.0 % means all. */
		ws_cell_set(&cell, printer->page.utf8, "%" PRIu64 ".%" PRIu64 " %% of frames named",
			    known * 100 / report->frames, known * 1000 / report->frames % 10);
		ws_page_flow(&printer->page, cell.text, "; ", 10);
	}
	if (report->results->contention->total.wait_ns) {
		uint64_t unknown = report->results->contention->unknown_ns;
		double percent = 100.0 * (double)unknown /
				 (double)report->results->contention->total.wait_ns;

		/* Never 0.0 for what is not nothing. */
		if (unknown && percent < 0.05)
			ws_cell_set(&cell, printer->page.utf8,
				    "< 0.1 %% of the time: holder or waker unknown");
		else
			ws_cell_set(&cell, printer->page.utf8,
				    "%.1f %% of the time: holder or waker unknown", percent);
		ws_page_flow(&printer->page, cell.text, "; ", 10);
	}
	ws_page_end(&printer->page);
	for (size_t i = 0; i < report->n_warnings; i++) {
		ws_page_text(&printer->page, "warning", 0);
		ws_page_text(&printer->page, report->warnings[i], 10);
		ws_page_end(&printer->page);
	}
}

int ws_report_text(const struct ws_report *report, const struct ws_text_style *style, FILE *to)
{
	struct printer printer = {
		.report = report,
		.page = { .to = to, .utf8 = style->utf8, .width = WIDTH },
	};
	const struct ws_results *results = report->results;
	bool hangs = results->n_deadlocks && results->deadlocks[0].verdict == WS_VERDICT_OCCURRED;
	int r;

	print_headline(&printer);
	print_filter(&printer);
	ws_text_classes(&printer.page, report, 11);
	print_kinds(&printer);
	print_cautions(&printer);
	/* Nothing else matters in a program that hangs. */
	if (hangs)
		ws_text_deadlocks(&printer.page, report, style->top);
	r = ws_text_objects(&printer.page, report, style);
	if (r < 0)
		return r;
	ws_text_critical_path(&printer.page, report, style->top);
	ws_text_graph(&printer.page, report);
	if (!hangs)
		ws_text_deadlocks(&printer.page, report, style->top);
	ws_text_findings(&printer.page, report, style->top);
	ws_report_leftovers(&printer.page, report, style->top);
	ws_text_calls(&printer.page, report, style->top);
	print_trust(&printer);
	return 0;
}
