/* SPDX-License-Identifier: MIT */
/* text.c: the report for a terminal of 100 columns: what was waited for, who held it, how far to
 * trust it. */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/reports/calls.h"
#include "analyzer/reports/blame.h"
#include "analyzer/reports/cells.h"
#include "analyzer/reports/deadlocks.h"
#include "analyzer/reports/classes.h"
#include "analyzer/reports/findings.h"
#include "analyzer/reports/graph.h"
#include "analyzer/reports/leftovers.h"
#include "analyzer/reports/patterns.h"
#include "analyzer/reports/page.h"
#include "analyzer/reports/report.h"
#include "analyzer/reports/text_flows.h"
#include "analyzer/base/words.h"

#define WIDTH 100

static const struct ws_cell unknown_cell = { "unknown" };

/* Lines of code that are shown of one role of an object. */
#define SITES_MAX 3
/* Stacks that are shown of one role of an object with --stacks. */
#define STACKS_MAX 5
/* Processes that are named where an object is shared. */
#define PROCESSES_MAX 3
/* Objects of idle kinds that are shown. */
#define IDLE_MAX 3

struct printer {
	const struct ws_report *report;
	const struct ws_text_style *style;
	struct ws_page page;
	size_t *numbers; /* Owned by this: of each object of the result, from 1 */
};

static void set_thread(const struct printer *printer, uint32_t thread, struct ws_cell *cell)
{
	const struct ws_tables *tables = printer->report->tables;

	if (thread >= tables->n_threads)
		ws_cell_set(cell, printer->page.utf8, "unknown");
	else
		ws_cell_set(cell, printer->page.utf8, "%s[%" PRId32 "]",
			    tables->threads[thread].name, tables->threads[thread].tid);
}

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

/* Columns of the numbers, each ending before this. */
enum {
	COLUMN_PLACE = 15,
	COLUMN_PLACE_END = 50,
	COLUMN_THREADS = 57,
	COLUMN_WAITS = 66,
	COLUMN_P50 = 75,
	COLUMN_P99 = 83,
	COLUMN_MAX = 91,
	COLUMN_TIME = 100,
};

static void print_columns(struct printer *printer)
{
	ws_page_text_to(&printer->page, "threads", COLUMN_THREADS);
	ws_page_text_to(&printer->page, "waits", COLUMN_WAITS);
	ws_page_text_to(&printer->page, "p50", COLUMN_P50);
	ws_page_text_to(&printer->page, "p99", COLUMN_P99);
	ws_page_text_to(&printer->page, "max", COLUMN_MAX);
	ws_page_text_to(&printer->page, "time", COLUMN_TIME);
	ws_page_end(&printer->page);
}

/* "get() cache.c:97", with the thread where it is one and there is room, else with their number. */
static void set_side(struct printer *printer, const struct ws_frame *site, size_t n_threads,
		     uint32_t thread, size_t width, struct ws_cell *cell)
{
	struct ws_cell who, both;

	if (n_threads == 1)
		set_thread(printer, thread, &who);
	else
		ws_cell_noun(&who, n_threads, "thread");
	if (!site) {
		/* A joined thread, say: known without a place. */
		*cell = n_threads ? who : unknown_cell;
		ws_cell_cut(cell, printer->page.utf8, width);
		return;
	}
	ws_cell_place(cell, printer->page.utf8, site, width);
	ws_cell_set(&both, printer->page.utf8, "%.400s, %.400s", cell->text, who.text);
	if (n_threads && ws_cell_width(&both) <= width)
		*cell = both;
}

/* `by`: the label asks who, not where, so that a known thread is an answer without a place. */
static void print_site(struct printer *printer, const char *label, bool by,
		       const struct ws_site_share *site)
{
	struct ws_cell cell, who;

	ws_page_text(&printer->page, label, 4);
	/* Several threads have a column of their own, unless they are all that is known. */
	if (site->n_threads != 1 && !(by && !site->site && site->n_threads))
		ws_cell_place(&cell, printer->page.utf8, site->site,
			      COLUMN_PLACE_END - COLUMN_PLACE);
	else
		set_side(printer, site->site, site->n_threads, site->thread,
			 COLUMN_PLACE_END - COLUMN_PLACE, &cell);
	if (!site->site && site->n_threads == 1 && !by) {
		who = cell;
		ws_cell_set(&cell, printer->page.utf8, "unknown, %.400s", who.text);
		ws_cell_cut(&cell, printer->page.utf8, COLUMN_PLACE_END - COLUMN_PLACE);
	}
	ws_page_cell(&printer->page, &cell, COLUMN_PLACE);
	if (site->n_threads)
		ws_page_count_to(&printer->page, site->n_threads, COLUMN_THREADS);
	else
		ws_page_text_to(&printer->page, "?", COLUMN_THREADS);
	ws_page_count_to(&printer->page, site->waits.count, COLUMN_WAITS);
	ws_page_time_to(&printer->page, ws_histogram_quantile(&site->waits, 500), COLUMN_P50);
	ws_page_time_to(&printer->page, ws_histogram_quantile(&site->waits, 990), COLUMN_P99);
	ws_page_time_to(&printer->page, site->waits.max, COLUMN_MAX);
	ws_page_time_to(&printer->page, site->waits.total, COLUMN_TIME);
	ws_page_end(&printer->page);
}

static void print_sites(struct printer *printer, const char *label, bool by,
			const struct ws_role *role)
{
	size_t shown = role->n_sites;
	struct ws_cell cell;

	if (printer->style->top && shown > SITES_MAX)
		shown = SITES_MAX;
	for (size_t i = 0; i < shown; i++)
		print_site(printer, i ? "" : label, by, &role->sites[i]);
	if (shown < role->n_sites) {
		uint64_t rest_ns = 0;

		for (size_t i = shown; i < role->n_sites; i++)
			rest_ns += role->sites[i].waits.total;
		ws_cell_noun(&cell, role->n_sites - shown, "more place");
		ws_page_cell(&printer->page, &cell, COLUMN_PLACE);
		ws_page_time_to(&printer->page, rest_ns, COLUMN_TIME);
		ws_page_end(&printer->page);
	}
}

static void print_stacks(struct printer *printer, const char *label, const struct ws_role *role)
{
	size_t shown = role->n_shares;

	if (!printer->style->stacks)
		return;
	if (printer->style->top && shown > STACKS_MAX)
		shown = STACKS_MAX;
	for (size_t i = 0; i < shown; i++) {
		const struct ws_share *share = &role->shares[i];
		struct ws_cell cell, number;

		set_thread(printer, share->party.thread, &cell);
		ws_page_text(&printer->page, label, 6);
		ws_page_cell(&printer->page, &cell, COLUMN_PLACE);
		ws_cell_count(&number, share->waits.count);
		ws_page_cell_to(&printer->page, &number, COLUMN_WAITS);
		ws_page_time_to(&printer->page, share->waits.total, COLUMN_TIME);
		ws_page_end(&printer->page);
		for (size_t j = 0; j < share->party.trail->n; j++) {
			ws_cell_place(&cell, printer->page.utf8, &share->party.trail->frames[j],
				      WIDTH - COLUMN_PLACE - 2);
			ws_page_cell(&printer->page, &cell, COLUMN_PLACE + 2);
			ws_page_end(&printer->page);
		}
		if (!share->party.trail->n) {
			ws_cell_place(&cell, printer->page.utf8, share->party.site,
				      WIDTH - COLUMN_PLACE - 2 - 18);
			ws_page_cell(&printer->page, &cell, COLUMN_PLACE + 2);
			ws_page_text(&printer->page, "  (no stack taken)", printer->page.column);
			ws_page_end(&printer->page);
		}
	}
}

/* Who can meet the object. The short form does without names. */
static void set_scope(struct printer *printer, const struct ws_object_contention *object,
		      bool in_short, struct ws_cell *cell)
{
	const struct ws_tables *tables = printer->report->tables;
	const char *scope = ws_object_is_shared(&object->object->key) ? "shared" : "private";
	struct ws_cell number;
	size_t length;

	if (!object->n_processes || (in_short && object->n_processes == 1)) {
		ws_cell_set(cell, printer->page.utf8, "%s", scope);
		return;
	}
	if (in_short || object->n_processes > PROCESSES_MAX) {
		ws_cell_noun(&number, object->n_processes, "process");
		ws_cell_set(cell, printer->page.utf8, "%s, met by %.60s", scope, number.text);
		return;
	}
	ws_cell_set(cell, printer->page.utf8, "%s %s ", scope,
		    object->object->key.origin ? "by" : "to");
	for (size_t i = 0; i < object->n_processes; i++) {
		const struct ws_process *process = &tables->processes[object->processes[i]];

		length = strlen(cell->text);
		snprintf(cell->text + length, sizeof(cell->text) - length, "%s%.100s[%" PRId32 "]",
			 i ? ", " : "", process->name, process->pid);
	}
	number = *cell;
	ws_cell_set(cell, printer->page.utf8, "%s", number.text); /* names need cleaning */
}

static void print_outcome(struct printer *printer, uint64_t count, const char *word)
{
	struct ws_cell cell, number;
	bool first = printer->page.column == 0;

	if (!count)
		return;
	if (first)
		ws_page_text(&printer->page, "outcome", 4);
	ws_cell_count(&number, count);
	ws_cell_set(&cell, printer->page.utf8, "%.60s %s", number.text, word);
	ws_page_flow(&printer->page, cell.text, first ? "" : ", ", COLUMN_PLACE);
}

/* How the waits ended, unless all got what they waited for. */
static void print_outcomes(struct printer *printer, const struct ws_object_contention *object)
{
	if (object->outcomes[WS_OUTCOME_ACQUIRED] == object->waits.count)
		return;
	for (uint8_t i = 1; i < WS_OUTCOME_COUNT; i++)
		print_outcome(printer, object->outcomes[i], ws_outcome_word(i));
	print_outcome(printer, object->open, "still open at the end");
	print_outcome(printer, object->lost, "unknown");
	ws_page_end(&printer->page);
}

static enum ws_class class_of(const struct printer *printer, size_t object)
{
	const struct ws_report *report = printer->report;

	return ws_report_class(report, report->results->contention->objects[object].object);
}

/* Numbers the objects in the order in which they are shown: by class, then by time. 0 or -ENOMEM. */
static int number_objects(struct printer *printer)
{
	const struct ws_contention_result *result = printer->report->results->contention;
	size_t number = 0;

	printer->numbers = calloc(result->n_objects + 1, sizeof(*printer->numbers));
	if (!printer->numbers)
		return -ENOMEM;
	for (enum ws_class class = 0; class < WS_CLASS_COUNT; class++) {
		for (size_t i = 0; i < result->n_objects; i++) {
			if (class_of(printer, i) == class)
				printer->numbers[i] = ++number;
		}
	}
	return 0;
}

/* Of all that matters, or all that does not, the object's part. */
static void set_percent(const struct printer *printer, size_t index, struct ws_cell *cell)
{
	const struct ws_report *report = printer->report;
	const struct ws_classes_result *classes = report->results->classes;
	const struct ws_classed *one = ws_classed_of(
		classes, report->results->contention->objects[index].object);
	bool matters = ws_class_matters(class_of(printer, index));
	uint64_t part = 0, whole = 0;

	for (enum ws_class i = 0; i < WS_CLASS_COUNT; i++) {
		if (ws_class_matters(i) != matters)
			continue;
		part += one ? one->sums[i].wait_ns : 0;
		whole += classes->sums[i].wait_ns;
	}
	ws_cell_percent(cell, part, whole);
}

static void print_object(struct printer *printer, size_t index)
{
	const struct ws_contention_result *result = printer->report->results->contention;
	const struct ws_object_contention *object = &result->objects[index];
	bool owned = ws_kind_is_owned(object->object->key.kind);
	const char *kind = ws_kind_word(object->object->key.kind);
	struct ws_cell cell, scope;

	ws_cell_set(&cell, true, "%zu", printer->numbers[index]);
	ws_page_cell_to(&printer->page, &cell, 3);
	set_percent(printer, index, &cell);
	ws_page_cell_to(&printer->page, &cell, 10);
	ws_page_time_to(&printer->page, object->waits.total, 20);
	/* A name that is made from the kind does not need it twice. */
	if (strncmp(object->name, kind, strlen(kind)) == 0 && object->name[strlen(kind)] == ' ')
		ws_cell_set(&cell, printer->page.utf8, "%s", object->name);
	else
		ws_cell_set(&cell, printer->page.utf8, "%s %s", kind, object->name);
	set_scope(printer, object, false, &scope);
	/* The name is worth more than the processes. */
	if (22 + ws_cell_width(&cell) + 2 + ws_cell_width(&scope) > WIDTH)
		set_scope(printer, object, true, &scope);
	ws_cell_cut(&cell, printer->page.utf8, WIDTH - 22 - 2 - ws_cell_width(&scope));
	ws_page_cell(&printer->page, &cell, 22);
	ws_page_cell(&printer->page, &scope, printer->page.column + 2);
	ws_page_end(&printer->page);
	print_sites(printer, "waited at", false, &object->waiters);
	print_stacks(printer, "waiter", &object->waiters);
	if (owned) {
		print_sites(printer, "held from", false, &object->holders);
		print_stacks(printer, "holder", &object->holders);
	} else {
		print_sites(printer, "ended by", true, &object->wakers);
	}
	print_stacks(printer, "waker", &object->wakers);
	print_outcomes(printer, object);
	ws_text_class_parts(&printer->page, printer->report, object->object, 4, COLUMN_PLACE);
	ws_text_patterns(&printer->page, printer->report, object->object, 4, COLUMN_PLACE);
	ws_text_flows(&printer->page, printer->report->tables, object, 4, COLUMN_PLACE);
	ws_text_blame(&printer->page, printer->report, object->object, 4, COLUMN_PLACE);
}

#define CLASS_DOC(sym, word, doc) [WS_CLASS_##sym] = doc,
static const char *const class_docs[WS_CLASS_COUNT] = { WS_CLASSES(CLASS_DOC) };

/* Objects that there was no room for. */
struct left {
	size_t n;
	uint64_t ns;
};

/* Those of one class, at most `room`; returns how many were shown. */
static size_t print_class(struct printer *printer, enum ws_class class, size_t room,
			  struct left *left)
{
	const struct ws_contention_result *result = printer->report->results->contention;
	size_t shown = 0;
	struct ws_cell cell;

	for (size_t i = 0; i < result->n_objects; i++) {
		if (class_of(printer, i) != class)
			continue;
		if (shown == room) {
			left->n++;
			left->ns += result->objects[i].waits.total;
			continue;
		}
		ws_page_end(&printer->page);
		if (!shown++) {
			ws_cell_set(&cell, printer->page.utf8, "%s   (%s)", ws_class_label(class),
				    class_docs[class]);
			ws_page_cell(&printer->page, &cell, 0);
			ws_page_end(&printer->page);
		}
		print_object(printer, i);
	}
	return shown;
}

/* Those that matter, or those that do not: at most `max` of them; SIZE_MAX: all. */
static void print_group(struct printer *printer, bool matters, size_t max)
{
	struct left left = { 0 };
	struct ws_cell cell, number;
	size_t shown = 0;

	for (enum ws_class class = 0; class < WS_CLASS_COUNT; class++) {
		if (ws_class_matters(class) == matters)
			shown += print_class(printer, class, max - shown, &left);
	}
	if (!left.n)
		return;
	ws_page_end(&printer->page);
	ws_cell_noun(&number, left.n, "more object");
	ws_cell_set(&cell, printer->page.utf8, "%.60s (--top 0 shows all)", number.text);
	ws_page_cell(&printer->page, &cell, 22);
	ws_page_time_to(&printer->page, left.ns, 20 + 80);
	ws_page_end(&printer->page);
}

static void print_objects(struct printer *printer)
{
	const struct ws_contention_result *result = printer->report->results->contention;
	size_t top = printer->style->top ? printer->style->top : SIZE_MAX;

	ws_page_end(&printer->page);
	if (!result->n_objects) {
		ws_page_text(&printer->page, "Nothing was waited for.", 0);
		ws_page_end(&printer->page);
		return;
	}
	print_columns(printer);
	print_group(printer, true, top);
	print_group(printer, false, printer->style->top && top > IDLE_MAX ? IDLE_MAX : top);
}

static void print_edge(struct printer *printer, const struct ws_site_edge *edge)
{
	struct ws_cell cell, number;

	set_side(printer, edge->waiter, edge->n_waiters, edge->waiter_thread, 35, &cell);
	ws_page_cell(&printer->page, &cell, 2);
	ws_page_text(&printer->page, edge->needs_all ? "->" : "~>", 38);
	set_side(printer, edge->blocker, edge->n_blockers, edge->blocker_thread, 34, &cell);
	ws_page_cell(&printer->page, &cell, 41);
	ws_cell_set(&number, true, "#%zu", printer->numbers[edge->object]);
	ws_page_cell_to(&printer->page, &number, 82);
	ws_page_count_to(&printer->page, edge->waits, 91);
	ws_page_time_to(&printer->page, edge->wait_ns, WIDTH);
	ws_page_end(&printer->page);
}

static void print_edges(struct printer *printer)
{
	const struct ws_contention_result *result = printer->report->results->contention;
	size_t max = printer->style->top ? printer->style->top : result->n_site_edges, shown = 0;
	struct ws_cell cell, number;

	if (!result->n_site_edges)
		return;
	ws_page_end(&printer->page);
	ws_page_text(&printer->page, "who waits for whom   (-> needs it, ~> could go on by it)", 0);
	ws_page_text_to(&printer->page, "object", 82);
	ws_page_text_to(&printer->page, "waits", 91);
	ws_page_text_to(&printer->page, "time", WIDTH);
	ws_page_end(&printer->page);
	for (enum ws_class class = 0; class < WS_CLASS_COUNT; class++) {
		for (size_t i = 0; i < result->n_site_edges && shown < max; i++) {
			if (class_of(printer, result->site_edges[i].object) != class)
				continue;
			print_edge(printer, &result->site_edges[i]);
			shown++;
		}
	}
	if (shown < result->n_site_edges) {
		ws_cell_noun(&number, result->n_site_edges - shown, "more pair");
		ws_cell_set(&cell, printer->page.utf8, "%s", number.text);
		ws_page_cell(&printer->page, &cell, 2);
		ws_page_end(&printer->page);
	}
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
		double percent =
			100.0 * (double)unknown / (double)report->results->contention->total.wait_ns;

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
		.style = style,
		.page = { .to = to, .utf8 = style->utf8, .width = WIDTH },
	};
	const struct ws_results *results = report->results;
	bool hangs = results->n_deadlocks && results->deadlocks[0].verdict == WS_VERDICT_OCCURRED;

	if (number_objects(&printer) < 0)
		return -ENOMEM;
	print_headline(&printer);
	print_filter(&printer);
	ws_text_classes(&printer.page, report, 11);
	print_kinds(&printer);
	print_cautions(&printer);
	/* Nothing else matters in a program that hangs. */
	if (hangs)
		ws_text_deadlocks(&printer.page, report, style->top);
	print_objects(&printer);
	print_edges(&printer);
	ws_text_critical_path(&printer.page, report, style->top);
	ws_text_graph(&printer.page, report);
	if (!hangs)
		ws_text_deadlocks(&printer.page, report, style->top);
	ws_text_findings(&printer.page, report, style->top);
	ws_report_leftovers(&printer.page, report, style->top);
	ws_text_calls(&printer.page, report, style->top);
	print_trust(&printer);
	free(printer.numbers);
	return 0;
}
