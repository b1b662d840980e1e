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
/* A first look has so many objects in full, with at least this part of what matters. */
#define DETAILED_MAX 3
#define DETAILED_PART 20
/* And so many lines of who waits for whom. */
#define BRIEF_EDGES 5

struct printer {
	const struct ws_report *report;
	const struct ws_text_style *style;
	struct ws_page *page;
	bool had_details; /* the object before was shown in full */
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

/* Where places begin. */
enum { COLUMN_PLACE = 15 };

/* The numbers, each ending this far from the edge; those that a narrow terminal goes without last. */
enum column { TIME, WAITS, MAX, THREADS, P99, P50, COLUMNS };
static const size_t from_edge[COLUMNS] = {
	[TIME] = 0, [MAX] = 9, [P99] = 17, [P50] = 25, [WAITS] = 34, [THREADS] = 43,
};
/* The same where only the first four are shown, and only the first two. */
static const size_t from_edge_few[] = { [TIME] = 0, [MAX] = 9, [WAITS] = 18, [THREADS] = 27 };
static const size_t from_edge_least[] = { [TIME] = 0, [WAITS] = 10 };

/* Where the column ends; 0: it is not shown. */
static size_t column(const struct printer *printer, enum column what)
{
	size_t width = printer->page->width;

	if (width >= 90)
		return width - from_edge[what];
	if (width >= 70)
		return what <= THREADS ? width - from_edge_few[what] : 0;
	return what <= WAITS && width > 40 ? width - from_edge_least[what] : 0;
}

/* Columns for a place. */
static size_t place_width(const struct printer *printer)
{
	size_t width = printer->page->width;
	size_t end = width >= 90 ? width - 50 : width >= 70 ? width - 34 : width - 18;

	return end > COLUMN_PLACE + 8 ? end - COLUMN_PLACE : 8;
}

static void put_text(struct printer *printer, enum column what, const char *text)
{
	if (column(printer, what))
		ws_page_text_to(printer->page, text, column(printer, what));
}

static void put_time(struct printer *printer, enum column what, uint64_t ns)
{
	if (column(printer, what))
		ws_page_time_to(printer->page, ns, column(printer, what));
}

static void put_count(struct printer *printer, enum column what, uint64_t count)
{
	if (column(printer, what))
		ws_page_count_to(printer->page, count, column(printer, what));
}

static void print_columns(struct printer *printer)
{
	static const char *const names[COLUMNS] = {
		[TIME] = "time", [WAITS] = "waits", [MAX] = "max",
		[THREADS] = "threads", [P99] = "p99", [P50] = "p50",
	};
	static const enum column order[] = { THREADS, WAITS, P50, P99, MAX, TIME };

	for (size_t i = 0; i < COLUMNS; i++)
		put_text(printer, order[i], names[order[i]]);
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
			      place_width(printer));
	else
		set_side(printer, site->site, site->n_threads, site->thread,
			 place_width(printer), &cell);
	if (!site->site && site->n_threads == 1 && !by) {
		who = cell;
		ws_cell_set(&cell, printer->page->utf8, "unknown, %.400s", who.text);
		ws_cell_cut(&cell, printer->page->utf8, place_width(printer));
	}
	ws_page_cell(printer->page, &cell, COLUMN_PLACE);
	if (site->n_threads)
		put_count(printer, THREADS, site->n_threads);
	else
		put_text(printer, THREADS, "?");
	put_count(printer, WAITS, site->waits.count);
	put_time(printer, P50, ws_histogram_quantile(&site->waits, 500));
	put_time(printer, P99, ws_histogram_quantile(&site->waits, 990));
	put_time(printer, MAX, site->waits.max);
	put_time(printer, TIME, site->waits.total);
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
		put_time(printer, TIME, rest_ns);
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
		struct ws_cell cell;

		set_thread(printer, share->party.thread, &cell);
		ws_page_text(printer->page, label, 6);
		ws_page_cell(printer->page, &cell, COLUMN_PLACE);
		put_count(printer, WAITS, share->waits.count);
		put_time(printer, TIME, share->waits.total);
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

/* Numbers the objects in the order in which they are shown: by class, then by time, or as the user
 * said. 0 or -ENOMEM. */
static int number_objects(struct printer *printer)
{
	const struct ws_contention_result *result = printer->report->results->contention;
	const struct ws_groupings_result *groupings = printer->report->results->groupings;
	size_t number = 0;

	printer->numbers = calloc(result->n_objects + 1, sizeof(*printer->numbers));
	if (!printer->numbers)
		return -ENOMEM;
	for (size_t i = 0; groupings->is_sorted && i < result->n_objects; i++)
		printer->numbers[groupings->order[i]] = ++number;
	for (enum ws_class class = 0; !groupings->is_sorted && class < WS_CLASS_COUNT; class ++) {
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

/* Worth its details in a first look: it has a fair part of what matters. */
static bool is_worth_details(const struct printer *printer, size_t index, size_t shown)
{
	const struct ws_report *report = printer->report;
	uint64_t whole = 0, own = report->results->contention->objects[index].waits.total;

	if (!printer->style->brief || printer->style->stacks)
		return true;
	for (enum ws_class i = 0; i < WS_CLASS_COUNT; i++)
		whole += ws_class_matters(i) ? report->results->classes->sums[i].wait_ns : 0;
	return shown < DETAILED_MAX && ws_class_matters(class_of(printer, index)) &&
	       own >= whole / DETAILED_PART;
}

static void print_object(struct printer *printer, size_t index, bool details)
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
	if (22 + 2 + ws_cell_width(&scope) + 8 > printer->page->width)
		scope.text[0] = '\0';
	ws_cell_cut(&cell, printer->page->utf8,
		    printer->page->width - 22 - 2 - ws_cell_width(&scope));
	printer->page->style = WS_STYLE_NAME;
	ws_page_cell(printer->page, &cell, 22);
	printer->page->style = WS_STYLE_FAINT;
	ws_page_cell(printer->page, &scope, printer->page->column + 2);
	printer->page->style = WS_STYLE_PLAIN;
	ws_page_end(printer->page);
	if (!details)
		return;
	print_sites(printer, "waited at", false, &object->waiters);
	print_stacks(printer, "waiter", &object->waiters);
	if (owned) {
		print_sites(printer, "held from", false, &object->holders);
		print_stacks(printer, "holder", &object->holders);
	} else {
		print_sites(printer, "ended by", true, &object->wakers);
		print_sites(printer, "last used", true, &object->last);
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

/* One of those that are shown. The first of a class comes with its heading. */
static void print_next(struct printer *printer, size_t index, size_t shown, bool heading)
{
	bool details = is_worth_details(printer, index, shown);
	enum ws_class class = class_of(printer, index);
	struct ws_cell cell;

	/* Lines of one object stand together; those without details may stand close. */
	if (details || printer->had_details || heading)
		ws_page_end(printer->page);
	printer->had_details = details;
	if (heading) {
		ws_page_styled(printer->page, WS_STYLE_HEAD, ws_class_label(class), 0);
		ws_cell_set(&cell, printer->page->utf8, "(%s)", class_docs[class]);
		ws_page_cell(printer->page, &cell, printer->page->column + 3);
		ws_page_end(printer->page);
	}
	print_object(printer, index, details);
}

/* Those of one class, at most `room`; returns how many were shown. */
static size_t print_class(struct printer *printer, enum ws_class class, size_t before, size_t room,
			  struct left *left)
{
	const struct ws_contention_result *result = printer->report->results->contention;
	size_t shown = 0;

	for (size_t i = 0; i < result->n_objects; i++) {
		if (class_of(printer, i) != class)
			continue;
		if (shown == room) {
			left->n++;
			left->ns += result->objects[i].waits.total;
			continue;
		}
		print_next(printer, i, before + shown, !shown);
		shown++;
	}
	return shown;
}

static void print_left(struct printer *printer, const struct left *left)
{
	struct ws_cell cell, number;

	if (!left->n)
		return;
	if (printer->had_details)
		ws_page_end(printer->page);
	ws_cell_noun(&number, left->n, "more object");
	ws_cell_set(&cell, printer->page->utf8, "%.60s (--top 0 shows all)", number.text);
	ws_page_cell(printer->page, &cell, 22);
	put_time(printer, TIME, left->ns);
	ws_page_end(printer->page);
}

/* Those that matter, or those that do not: at most `max` of them; SIZE_MAX: all. */
static void print_group(struct printer *printer, bool matters, size_t max)
{
	struct left left = { 0 };
	size_t shown = 0;

	for (enum ws_class class = 0; class < WS_CLASS_COUNT; class ++) {
		if (ws_class_matters(class) == matters)
			shown += print_class(printer, class, shown, max - shown, &left);
	}
	print_left(printer, &left);
}

/* All of them in the order that the user said. */
static void print_sorted(struct printer *printer, size_t max)
{
	const struct ws_groupings_result *groupings = printer->report->results->groupings;
	const struct ws_contention_result *result = printer->report->results->contention;
	struct left left = { 0 };
	struct ws_cell cell;

	ws_page_end(printer->page);
	ws_cell_set(&cell, true, "objects by %s", ws_sort_word(groupings->sort));
	ws_page_styled(printer->page, WS_STYLE_HEAD, cell.text, 0);
	ws_page_end(printer->page);
	for (size_t i = 0; i < result->n_objects; i++) {
		size_t index = groupings->order[i];

		if (i < max) {
			print_next(printer, index, 0, false);
			continue;
		}
		left.n++;
		left.ns += result->objects[index].waits.total;
	}
	print_left(printer, &left);
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
	if (printer->report->results->groupings->is_sorted) {
		print_sorted(printer, top);
		return;
	}
	print_group(printer, true, top);
	print_group(printer, false, printer->style->top && top > IDLE_MAX ? IDLE_MAX : top);
}

/* Columns for one side of an edge. */
static size_t side_width(const struct printer *printer)
{
	size_t width = printer->page->width;

	return width >= 60 ? (width - 32) / 2 : 10;
}

static void print_edge(struct printer *printer, const struct ws_site_edge *edge)
{
	struct ws_page *page = printer->page;
	size_t side = side_width(printer);
	struct ws_cell cell, number;

	set_side(printer, edge->waiter, edge->n_waiters, edge->waiter_thread, side, &cell);
	ws_page_cell(page, &cell, 2);
	ws_page_text(page, edge->needs_all ? "->" : "~>", side + 3);
	set_side(printer, edge->blocker, edge->n_blockers, edge->blocker_thread, side, &cell);
	ws_page_cell(page, &cell, side + 6);
	ws_cell_set(&number, true, "#%zu", printer->numbers[edge->object]);
	ws_page_cell_to(page, &number, page->width - 18);
	ws_page_count_to(page, edge->waits, page->width - 9);
	ws_page_time_to(page, edge->wait_ns, page->width);
	ws_page_end(page);
}

/* Those of one class, until `max` are shown. */
static void print_edges_of(struct printer *printer, enum ws_class class, size_t max, size_t *shown)
{
	const struct ws_contention_result *result = printer->report->results->contention;

	for (size_t i = 0; i < result->n_site_edges && *shown < max; i++) {
		if (class_of(printer, result->site_edges[i].object) != class)
			continue;
		print_edge(printer, &result->site_edges[i]);
		(*shown)++;
	}
}

static void print_edges(struct printer *printer)
{
	const struct ws_contention_result *result = printer->report->results->contention;
	size_t max = printer->style->top ? printer->style->top : result->n_site_edges, shown = 0;
	struct ws_page *page = printer->page;
	struct ws_cell cell, number;

	if (!result->n_site_edges)
		return;
	if (printer->style->brief && max > BRIEF_EDGES)
		max = BRIEF_EDGES;
	ws_page_end(page);
	ws_page_styled(page, WS_STYLE_HEAD, "who waits for whom", 0);
	if (page->width >= 80)
		ws_page_text(page, "(-> needs it, ~> could go on by it)", page->column + 3);
	ws_page_text_to(page, "object", page->width - 18);
	ws_page_text_to(page, "waits", page->width - 9);
	ws_page_text_to(page, "time", page->width);
	ws_page_end(page);
	for (enum ws_class class = 0; class < WS_CLASS_COUNT; class ++)
		print_edges_of(printer, class, max, &shown);
	if (shown < result->n_site_edges) {
		ws_cell_noun(&number, result->n_site_edges - shown, "more pair");
		ws_cell_set(&cell, page->utf8, "%.60s (--top 0 shows all)", number.text);
		ws_page_cell(page, &cell, 2);
		ws_page_end(page);
	}
}

int ws_text_objects(struct ws_page *page, const struct ws_report *report,
		    const struct ws_text_style *style, bool edges)
{
	struct printer printer = { .report = report, .style = style, .page = page };

	if (number_objects(&printer) < 0)
		return -ENOMEM;
	if (edges)
		print_edges(&printer);
	else
		print_objects(&printer);
	free(printer.numbers);
	return 0;
}
