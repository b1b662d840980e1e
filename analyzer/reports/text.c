/* SPDX-License-Identifier: MIT */
/* text.c: the report for a terminal: its head, the verdict, the order of its sections, and how far to
 * trust it. */
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
#include "analyzer/reports/summary.h"
#include "analyzer/reports/text_groups.h"
#include "analyzer/reports/text_objects.h"

/* Columns where the reader's are not known. */
#define WIDTH 100
/* A narrower terminal gets lines of these. */
#define WIDTH_MIN 40
/* A wider one gains nothing. */
#define WIDTH_MAX 160

/* Where the sentences of the verdict begin. */
#define VERDICT_TEXT 11

/* A first look has so many lines of what is told below the objects. */
#define BRIEF_LINES 5

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
	size_t n_names = 0, more = 0, n_recorded = 0;

	ws_page_styled(&printer->page, WS_STYLE_HEAD, "waitscope", 0);
	for (size_t i = 0; i < tables->n_processes; i++) {
		const char *name = tables->processes[i].name;
		bool known = false;

		if (tables->processes[i].unrecorded)
			continue;
		n_recorded++;
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
	ws_cell_noun(&cell, n_recorded, "process");
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

/* One line of the verdict, and what follows of it. */
static void print_sentence(struct printer *printer, const char *label, enum ws_style style,
			   const struct ws_cell *text)
{
	if (!text->text[0])
		return;
	ws_page_styled(&printer->page, style, label, 0);
	ws_page_words(&printer->page, text->text, VERDICT_TEXT);
	ws_page_end(&printer->page);
}

/* What cost most, who caused it, what to change, and what must be known before that is believed. */
static void print_verdict(struct printer *printer)
{
	struct ws_summary summary;

	ws_summary_make(printer->report, printer->page.utf8, &summary);
	ws_page_end(&printer->page);
	print_sentence(printer, "cost most", summary.hangs ? WS_STYLE_ERROR : WS_STYLE_HEAD,
		       &summary.cost);
	print_sentence(printer, "caused by", WS_STYLE_HEAD, &summary.cause);
	print_sentence(printer, "to change", WS_STYLE_GOOD, &summary.change);
	print_sentence(printer, "lacking", WS_STYLE_WARNING, &summary.lacks);
}

static void print_trust(struct printer *printer)
{
	const struct ws_report *report = printer->report;
	const struct ws_tables *tables = report->tables;
	struct ws_cell cell, number;

	ws_page_end(&printer->page);
	ws_page_styled(&printer->page, WS_STYLE_HEAD, "trust", 0);
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
		ws_page_styled(&printer->page, WS_STYLE_WARNING, "warning", 0);
		ws_page_words(&printer->page, report->warnings[i], 10);
		ws_page_end(&printer->page);
	}
}

/* The first `top` of something that is not what the reader asks for first. */
static size_t fewer(const struct ws_text_style *style)
{
	return style->brief && style->top > BRIEF_LINES ? BRIEF_LINES : style->top;
}

static int print_body(struct printer *printer, const struct ws_text_style *style)
{
	const struct ws_report *report = printer->report;
	const struct ws_results *results = report->results;
	bool hangs = results->n_deadlocks && results->deadlocks[0].verdict == WS_VERDICT_OCCURRED;
	struct ws_page *page = &printer->page;
	int r;

	/* Nothing else matters in a program that hangs. */
	if (hangs)
		ws_text_deadlocks(page, report, style);
	r = ws_text_objects(page, report, style, false);
	if (r < 0)
		return r;
	if (!hangs)
		ws_text_deadlocks(page, report, style);
	ws_text_findings(page, report, style);
	r = ws_text_objects(page, report, style, true);
	if (r == 0)
		r = ws_text_threads(page, report, fewer(style));
	if (r < 0)
		return r;
	ws_text_critical_path(page, report, fewer(style));
	ws_text_graph(page, report);
	ws_report_leftovers(page, report, fewer(style));
	ws_text_calls(page, report, style->top);
	return 0;
}

int ws_report_text(const struct ws_report *report, const struct ws_text_style *style, FILE *to)
{
	size_t width = style->width ? style->width : WIDTH;
	struct printer printer = {
		.report = report,
		.page = {
			.to = to,
			.utf8 = style->utf8,
			.colour = style->colour,
			.width = width > WIDTH_MAX ? WIDTH_MAX : width < WIDTH_MIN ? WIDTH_MIN : width,
		},
	};
	int r = 0;

	print_headline(&printer);
	print_filter(&printer);
	if (report->results->groupings->is_grouped) {
		ws_text_groups(&printer.page, report, style->top);
	} else {
		print_verdict(&printer);
		if (report->results->contention->total.wait_ns)
			ws_page_end(&printer.page);
		ws_text_classes(&printer.page, report, VERDICT_TEXT);
		print_kinds(&printer);
		r = print_body(&printer, style);
	}
	if (r == 0)
		print_trust(&printer);
	return r;
}
