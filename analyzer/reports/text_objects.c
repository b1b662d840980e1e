/* SPDX-License-Identifier: MIT */
/* text_objects.c: see text_objects.h. */
#include "analyzer/reports/text_objects.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/base/words.h"
#include "analyzer/reports/blame.h"
#include "analyzer/reports/cells.h"
#include "analyzer/reports/classes.h"
#include "analyzer/reports/patterns.h"
#include "analyzer/reports/text_flows.h"

static const struct ws_cell unknown_cell = { "unknown" };

/* Lines of code that are shown of one role of an object. */
#define SITES_MAX 3
/* Stacks that are shown of one role of an object with --stacks. */
#define STACKS_MAX 5
/* Processes that are named where an object is shared. */
#define PROCESSES_MAX 3
/* Objects that are shown of those that only wait for work or time. */
#define IDLE_MAX 3

struct printer {
	const struct ws_report *report;
	const struct ws_text_style *style;
	struct ws_page *page;
	size_t *numbers; /* Owned by ws_text_objects: of each object of the result, from 1 */
};

static void set_thread(const struct printer *printer, uint32_t thread, struct ws_cell *cell)
{
	const struct ws_tables *tables = printer->report->tables;

	if (thread >= tables->n_threads)
		ws_cell_set(cell, printer->page->utf8, "unknown");
	else
		ws_cell_set(cell, printer->page->utf8, "%s[%" PRId32 "]",
			    tables->threads[thread].name, tables->threads[thread].tid);
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
	ws_page_text_to(printer->page, "threads", COLUMN_THREADS);
	ws_page_text_to(printer->page, "waits", COLUMN_WAITS);
	ws_page_text_to(printer->page, "p50", COLUMN_P50);
	ws_page_text_to(printer->page, "p99", COLUMN_P99);
	ws_page_text_to(printer->page, "max", COLUMN_MAX);
	ws_page_text_to(printer->page, "time", COLUMN_TIME);
	ws_page_end(printer->page);
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
		ws_cell_cut(cell, printer->page->utf8, width);
		return;
	}
	ws_cell_place(cell, printer->page->utf8, site, width);
	ws_cell_set(&both, printer->page->utf8, "%.400s, %.400s", cell->text, who.text);
	if (n_threads && ws_cell_width(&both) <= width)
		*cell = both;
}

/* `by`: the label asks who, not where, so that a known thread is an answer without a place. */
static void print_site(struct printer *printer, const char *label, bool by,
		       const struct ws_site_share *site)
{
	struct ws_cell cell, who;

	ws_page_text(printer->page, label, 4);
	/* Several threads have a column of their own, unless they are all that is known. */
	if (site->n_threads != 1 && !(by && !site->site && site->n_threads))
		ws_cell_place(&cell, printer->page->utf8, site->site,
			      COLUMN_PLACE_END - COLUMN_PLACE);
	else
		set_side(printer, site->site, site->n_threads, site->thread,
			 COLUMN_PLACE_END - COLUMN_PLACE, &cell);
	if (!site->site && site->n_threads == 1 && !by) {
		who = cell;
		ws_cell_set(&cell, printer->page->utf8, "unknown, %.400s", who.text);
		ws_cell_cut(&cell, printer->page->utf8, COLUMN_PLACE_END - COLUMN_PLACE);
	}
	ws_page_cell(printer->page, &cell, COLUMN_PLACE);
	if (site->n_threads)
		ws_page_count_to(printer->page, site->n_threads, COLUMN_THREADS);
	else
		ws_page_text_to(printer->page, "?", COLUMN_THREADS);
	ws_page_count_to(printer->page, site->waits.count, COLUMN_WAITS);
	ws_page_time_to(printer->page, ws_histogram_quantile(&site->waits, 500), COLUMN_P50);
	ws_page_time_to(printer->page, ws_histogram_quantile(&site->waits, 990), COLUMN_P99);
	ws_page_time_to(printer->page, site->waits.max, COLUMN_MAX);
	ws_page_time_to(printer->page, site->waits.total, COLUMN_TIME);
	ws_page_end(printer->page);
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
		ws_page_cell(printer->page, &cell, COLUMN_PLACE);
		ws_page_time_to(printer->page, rest_ns, COLUMN_TIME);
		ws_page_end(printer->page);
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
		ws_page_text(printer->page, label, 6);
		ws_page_cell(printer->page, &cell, COLUMN_PLACE);
		ws_cell_count(&number, share->waits.count);
		ws_page_cell_to(printer->page, &number, COLUMN_WAITS);
		ws_page_time_to(printer->page, share->waits.total, COLUMN_TIME);
		ws_page_end(printer->page);
		for (size_t j = 0; j < share->party.trail->n; j++) {
			ws_cell_place(&cell, printer->page->utf8, &share->party.trail->frames[j],
				      printer->page->width - COLUMN_PLACE - 2);
			ws_page_cell(printer->page, &cell, COLUMN_PLACE + 2);
			ws_page_end(printer->page);
		}
		if (!share->party.trail->n) {
			ws_cell_place(&cell, printer->page->utf8, share->party.site,
				      printer->page->width - COLUMN_PLACE - 2 - 18);
			ws_page_cell(printer->page, &cell, COLUMN_PLACE + 2);
			ws_page_text(printer->page, "  (no stack taken)", printer->page->column);
			ws_page_end(printer->page);
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
		ws_cell_set(cell, printer->page->utf8, "%s", scope);
		return;
	}
	if (in_short || object->n_processes > PROCESSES_MAX) {
		ws_cell_noun(&number, object->n_processes, "process");
		ws_cell_set(cell, printer->page->utf8, "%s, met by %.60s", scope, number.text);
		return;
	}
	ws_cell_set(cell, printer->page->utf8, "%s %s ", scope,
		    object->object->key.origin ? "by" : "to");
	for (size_t i = 0; i < object->n_processes; i++) {
		const struct ws_process *process = &tables->processes[object->processes[i]];

		length = strlen(cell->text);
		snprintf(cell->text + length, sizeof(cell->text) - length, "%s%.100s[%" PRId32 "]",
			 i ? ", " : "", process->name, process->pid);
	}
	number = *cell;
	ws_cell_set(cell, printer->page->utf8, "%s", number.text); /* names need cleaning */
}

static void print_outcome(struct printer *printer, uint64_t count, const char *word)
{
	struct ws_cell cell, number;
	bool first = printer->page->column == 0;

	if (!count)
		return;
	if (first)
		ws_page_text(printer->page, "outcome", 4);
	ws_cell_count(&number, count);
	ws_cell_set(&cell, printer->page->utf8, "%.60s %s", number.text, word);
	ws_page_flow(printer->page, cell.text, first ? "" : ", ", COLUMN_PLACE);
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
	ws_page_end(printer->page);
}

static enum ws_class class_of(const struct printer *printer, size_t object)
{
	const struct ws_report *report = printer->report;

	return ws_report_class(report, report->results->contention->objects[object].object);
}

/* Numbers the objects in the order in which they are shown: by class, then by time. 0 or -ENOMEM.
 */
static int number_objects(struct printer *printer)
{
	const struct ws_contention_result *result = printer->report->results->contention;
	size_t number = 0;

	printer->numbers = calloc(result->n_objects + 1, sizeof(*printer->numbers));
	if (!printer->numbers)
		return -ENOMEM;
	for (enum ws_class class = 0; class < WS_CLASS_COUNT; class ++) {
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
	const struct ws_classed *one =
		ws_classed_of(classes, report->results->contention->objects[index].object);
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
	ws_page_cell_to(printer->page, &cell, 3);
	set_percent(printer, index, &cell);
	ws_page_cell_to(printer->page, &cell, 10);
	ws_page_time_to(printer->page, object->waits.total, 20);
	/* A name that is made from the kind does not need it twice. */
	if (strncmp(object->name, kind, strlen(kind)) == 0 && object->name[strlen(kind)] == ' ')
		ws_cell_set(&cell, printer->page->utf8, "%s", object->name);
	else
		ws_cell_set(&cell, printer->page->utf8, "%s %s", kind, object->name);
	set_scope(printer, object, false, &scope);
	/* The name is worth more than the processes. */
	if (22 + ws_cell_width(&cell) + 2 + ws_cell_width(&scope) > printer->page->width)
		set_scope(printer, object, true, &scope);
	ws_cell_cut(&cell, printer->page->utf8,
		    printer->page->width - 22 - 2 - ws_cell_width(&scope));
	ws_page_cell(printer->page, &cell, 22);
	ws_page_cell(printer->page, &scope, printer->page->column + 2);
	ws_page_end(printer->page);
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
	ws_text_class_parts(printer->page, printer->report, object->object, 4, COLUMN_PLACE);
	ws_text_patterns(printer->page, printer->report, object->object, 4, COLUMN_PLACE);
	ws_text_flows(printer->page, printer->report->tables, object, 4, COLUMN_PLACE);
	ws_text_blame(printer->page, printer->report, object->object, 4, COLUMN_PLACE);
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
		ws_page_end(printer->page);
		if (!shown++) {
			ws_cell_set(&cell, printer->page->utf8, "%s   (%s)", ws_class_label(class),
				    class_docs[class]);
			ws_page_cell(printer->page, &cell, 0);
			ws_page_end(printer->page);
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

	for (enum ws_class class = 0; class < WS_CLASS_COUNT; class ++) {
		if (ws_class_matters(class) == matters)
			shown += print_class(printer, class, max - shown, &left);
	}
	if (!left.n)
		return;
	ws_page_end(printer->page);
	ws_cell_noun(&number, left.n, "more object");
	ws_cell_set(&cell, printer->page->utf8, "%.60s (--top 0 shows all)", number.text);
	ws_page_cell(printer->page, &cell, 22);
	ws_page_time_to(printer->page, left.ns, 20 + 80);
	ws_page_end(printer->page);
}

static void print_objects(struct printer *printer)
{
	const struct ws_contention_result *result = printer->report->results->contention;
	size_t top = printer->style->top ? printer->style->top : SIZE_MAX;

	ws_page_end(printer->page);
	if (!result->n_objects) {
		ws_page_text(printer->page, "Nothing was waited for.", 0);
		ws_page_end(printer->page);
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
	ws_page_cell(printer->page, &cell, 2);
	ws_page_text(printer->page, edge->needs_all ? "->" : "~>", 38);
	set_side(printer, edge->blocker, edge->n_blockers, edge->blocker_thread, 34, &cell);
	ws_page_cell(printer->page, &cell, 41);
	ws_cell_set(&number, true, "#%zu", printer->numbers[edge->object]);
	ws_page_cell_to(printer->page, &number, 82);
	ws_page_count_to(printer->page, edge->waits, 91);
	ws_page_time_to(printer->page, edge->wait_ns, printer->page->width);
	ws_page_end(printer->page);
}

static void print_edges(struct printer *printer)
{
	const struct ws_contention_result *result = printer->report->results->contention;
	size_t max = printer->style->top ? printer->style->top : result->n_site_edges, shown = 0;
	struct ws_cell cell, number;

	if (!result->n_site_edges)
		return;
	ws_page_end(printer->page);
	ws_page_text(printer->page, "who waits for whom   (-> needs it, ~> could go on by it)", 0);
	ws_page_text_to(printer->page, "object", 82);
	ws_page_text_to(printer->page, "waits", 91);
	ws_page_text_to(printer->page, "time", printer->page->width);
	ws_page_end(printer->page);
	for (enum ws_class class = 0; class < WS_CLASS_COUNT; class ++) {
		for (size_t i = 0; i < result->n_site_edges && shown < max; i++) {
			if (class_of(printer, result->site_edges[i].object) != class)
				continue;
			print_edge(printer, &result->site_edges[i]);
			shown++;
		}
	}
	if (shown < result->n_site_edges) {
		ws_cell_noun(&number, result->n_site_edges - shown, "more pair");
		ws_cell_set(&cell, printer->page->utf8, "%s", number.text);
		ws_page_cell(printer->page, &cell, 2);
		ws_page_end(printer->page);
	}
}

int ws_text_objects(struct ws_page *page, const struct ws_report *report,
		    const struct ws_text_style *style)
{
	struct printer printer = { .report = report, .style = style, .page = page };

	if (number_objects(&printer) < 0)
		return -ENOMEM;
	print_objects(&printer);
	print_edges(&printer);
	free(printer.numbers);
	return 0;
}
