/* SPDX-License-Identifier: MIT */
/* text.c: the report for a terminal of 100 columns: what was waited for, who held it, how far to
 * trust it. */
#include <inttypes.h>
#include <string.h>

#include "analyzer/reports/cells.h"
#include "analyzer/reports/report.h"
#include "analyzer/reports/words.h"

#define WIDTH 100

/* Lines of code that are shown of one role of an object. */
#define SITES_MAX 3
/* Stacks that are shown of one role of an object with --stacks. */
#define STACKS_MAX 5
/* Processes that are named where an object is shared. */
#define PROCESSES_MAX 3

struct printer {
	const struct ws_report *report;
	const struct ws_text_style *style;
	FILE *to;
	size_t column; /* of the next character, from 0 */
};

static void cell_at(struct printer *printer, const struct ws_cell *cell, size_t column)
{
	while (printer->column < column) {
		fputc(' ', printer->to);
		printer->column++;
	}
	fputs(cell->text, printer->to);
	printer->column += ws_cell_width(cell);
}

/* Its last character stands before `column`. */
static void cell_to(struct printer *printer, const struct ws_cell *cell, size_t column)
{
	size_t width = ws_cell_width(cell);

	cell_at(printer, cell, column > width ? column - width : 0);
}

static void text_at(struct printer *printer, const char *text, size_t column)
{
	struct ws_cell cell;

	ws_cell_set(&cell, printer->style->utf8, "%s", text);
	cell_at(printer, &cell, column);
}

static void text_to(struct printer *printer, const char *text, size_t column)
{
	struct ws_cell cell;

	ws_cell_set(&cell, printer->style->utf8, "%s", text);
	cell_to(printer, &cell, column);
}

static void count_to(struct printer *printer, uint64_t count, size_t column)
{
	struct ws_cell cell;

	ws_cell_count(&cell, count);
	cell_to(printer, &cell, column);
}

static void time_to(struct printer *printer, uint64_t ns, size_t column)
{
	struct ws_cell cell;

	ws_cell_time(&cell, printer->style->utf8, ns);
	cell_to(printer, &cell, column);
}

static void line_end(struct printer *printer)
{
	fputc('\n', printer->to);
	printer->column = 0;
}

/* "3 threads", "1 thread" */
static void count_noun(struct printer *printer, uint64_t count, const char *noun,
		       struct ws_cell *cell)
{
	struct ws_cell number;
	size_t length = strlen(noun);
	const char *plural = "s";

	if (count == 1)
		plural = "";
	else if (length > 1 && noun[length - 1] == 's')
		plural = "es";
	ws_cell_count(&number, count);
	ws_cell_set(cell, printer->style->utf8, "%.100s %s%s", number.text, noun, plural);
}

/* Puts a piece at the end of the line, on a new one, indented, when it does not fit. */
static void flow(struct printer *printer, const char *text, const char *separator, size_t indent)
{
	struct ws_cell cell;
	size_t gap = printer->column > indent ? strlen(separator) : 0;

	ws_cell_set(&cell, printer->style->utf8, "%s", text);
	if (printer->column > indent && printer->column + gap + ws_cell_width(&cell) > WIDTH) {
		line_end(printer);
		gap = 0;
	}
	if (gap)
		text_at(printer, separator, printer->column);
	cell_at(printer, &cell, gap ? printer->column : indent);
}

static void set_thread(const struct printer *printer, uint32_t thread, struct ws_cell *cell)
{
	const struct ws_tables *tables = printer->report->tables;

	if (thread >= tables->n_threads)
		ws_cell_set(cell, printer->style->utf8, "unknown");
	else
		ws_cell_set(cell, printer->style->utf8, "%s[%" PRId32 "]",
			    tables->threads[thread].name, tables->threads[thread].tid);
}

static void print_headline(struct printer *printer)
{
	const struct ws_tables *tables = printer->report->tables;
	const struct ws_contention_result *result = printer->report->contention;
	const char *names[PROCESSES_MAX];
	struct ws_cell cell, time, waits;
	size_t n_names = 0, more = 0;

	text_at(printer, "waitscope", 0);
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
		flow(printer, names[i], i ? " + " : "  ", 9);
	if (more) {
		ws_cell_set(&cell, printer->style->utf8, "and more");
		flow(printer, cell.text, " ", 9);
	}
	ws_cell_time(&time, printer->style->utf8, tables->end_ns - tables->begin_ns);
	flow(printer, time.text, "   ", 9);
	count_noun(printer, tables->n_processes, "process", &cell);
	flow(printer, cell.text, "   ", 9);
	count_noun(printer, tables->n_threads, "thread", &cell);
	flow(printer, cell.text, "   ", 9);
	ws_cell_time(&time, printer->style->utf8, result->total.wait_ns);
	count_noun(printer, result->total.waits, "wait", &waits);
	ws_cell_set(&cell, printer->style->utf8, "waiting: %.60s in %.60s", time.text, waits.text);
	flow(printer, cell.text, "   ", 9);
	line_end(printer);
}

/* Kinds by time, so that nobody takes joins and idle workers for contention. */
static void print_kinds(struct printer *printer)
{
	const struct ws_contention_result *result = printer->report->contention;
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
			text_at(printer, "by kind", 0);
		shown[best] = true;
		ws_cell_time(&time, printer->style->utf8, result->kinds[best].wait_ns);
		ws_cell_percent(&percent, result->kinds[best].wait_ns, result->total.wait_ns);
		ws_cell_set(&cell, printer->style->utf8, "%s %.60s (%.20s)",
			    ws_kind_word((uint8_t)best), time.text, percent.text);
		flow(printer, cell.text, first ? "  " : "   ", 11);
		first = false;
	}
	if (!first)
		line_end(printer);
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
	text_to(printer, "threads", COLUMN_THREADS);
	text_to(printer, "waits", COLUMN_WAITS);
	text_to(printer, "p50", COLUMN_P50);
	text_to(printer, "p99", COLUMN_P99);
	text_to(printer, "max", COLUMN_MAX);
	text_to(printer, "time", COLUMN_TIME);
	line_end(printer);
}

static void print_site(struct printer *printer, const char *label, const struct ws_site_share *site)
{
	struct ws_cell cell;

	text_at(printer, label, 4);
	ws_cell_place(&cell, printer->style->utf8, site->site, COLUMN_PLACE_END - COLUMN_PLACE);
	/* Which thread, where it is one and there is room. */
	if (site->n_threads == 1) {
		struct ws_cell thread, both;

		set_thread(printer, site->thread, &thread);
		ws_cell_set(&both, printer->style->utf8, "%.400s, %.400s", cell.text, thread.text);
		if (ws_cell_width(&both) <= COLUMN_PLACE_END - COLUMN_PLACE)
			cell = both;
	}
	cell_at(printer, &cell, COLUMN_PLACE);
	if (site->n_threads)
		count_to(printer, site->n_threads, COLUMN_THREADS);
	else
		text_to(printer, "?", COLUMN_THREADS);
	count_to(printer, site->waits.count, COLUMN_WAITS);
	time_to(printer, ws_histogram_quantile(&site->waits, 500), COLUMN_P50);
	time_to(printer, ws_histogram_quantile(&site->waits, 990), COLUMN_P99);
	time_to(printer, site->waits.max, COLUMN_MAX);
	time_to(printer, site->waits.total, COLUMN_TIME);
	line_end(printer);
}

static void print_sites(struct printer *printer, const char *label, const struct ws_role *role)
{
	size_t shown = role->n_sites;
	struct ws_cell cell;

	if (printer->style->top && shown > SITES_MAX)
		shown = SITES_MAX;
	for (size_t i = 0; i < shown; i++)
		print_site(printer, i ? "" : label, &role->sites[i]);
	if (shown < role->n_sites) {
		uint64_t rest_ns = 0;

		for (size_t i = shown; i < role->n_sites; i++)
			rest_ns += role->sites[i].waits.total;
		count_noun(printer, role->n_sites - shown, "more place", &cell);
		cell_at(printer, &cell, COLUMN_PLACE);
		time_to(printer, rest_ns, COLUMN_TIME);
		line_end(printer);
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
		text_at(printer, label, 6);
		cell_at(printer, &cell, COLUMN_PLACE);
		ws_cell_count(&number, share->waits.count);
		cell_to(printer, &number, COLUMN_WAITS);
		time_to(printer, share->waits.total, COLUMN_TIME);
		line_end(printer);
		for (size_t j = 0; j < share->party.trail->n; j++) {
			ws_cell_place(&cell, printer->style->utf8, &share->party.trail->frames[j],
				      WIDTH - COLUMN_PLACE - 2);
			cell_at(printer, &cell, COLUMN_PLACE + 2);
			line_end(printer);
		}
		if (!share->party.trail->n) {
			ws_cell_place(&cell, printer->style->utf8, share->party.site,
				      WIDTH - COLUMN_PLACE - 2 - 18);
			cell_at(printer, &cell, COLUMN_PLACE + 2);
			text_at(printer, "  (no stack taken)", printer->column);
			line_end(printer);
		}
	}
}

static void set_scope(struct printer *printer, const struct ws_object_contention *object,
		      struct ws_cell *cell)
{
	const struct ws_tables *tables = printer->report->tables;
	bool shared = object->object->key.origin != 0;
	bool many = object->n_processes > 1;
	size_t length;

	if (!object->n_processes) {
		ws_cell_set(cell, printer->style->utf8, shared ? "shared" : "private");
		return;
	}
	ws_cell_set(cell, printer->style->utf8, "%s",
		    shared && many ? "shared by "
		    : shared       ? "shared, met by "
		    : many         ? "met by "
				   : "private to ");
	for (size_t i = 0; i < object->n_processes && i < PROCESSES_MAX; i++) {
		const struct ws_process *process = &tables->processes[object->processes[i]];

		length = strlen(cell->text);
		snprintf(cell->text + length, sizeof(cell->text) - length, "%s%.100s[%" PRId32 "]",
			 i ? ", " : "", process->name, process->pid);
	}
	length = strlen(cell->text);
	if (object->n_processes > PROCESSES_MAX)
		snprintf(cell->text + length, sizeof(cell->text) - length, " and %zu more",
			 object->n_processes - PROCESSES_MAX);
}

static void print_outcomes(struct printer *printer, const struct ws_object_contention *object)
{
	struct ws_cell cell, number;
	bool first = true;

	for (uint8_t i = 1; i < WS_OUTCOME_COUNT; i++) {
		if (i == WS_OUTCOME_ACQUIRED || !object->outcomes[i])
			continue;
		ws_cell_count(&number, object->outcomes[i]);
		ws_cell_set(&cell, printer->style->utf8, "%.60s %s", number.text,
			    ws_outcome_word(i));
		if (first)
			text_at(printer, "outcome", 4);
		flow(printer, cell.text, first ? "" : ", ", COLUMN_PLACE);
		first = false;
	}
	if (object->open) {
		ws_cell_count(&number, object->open);
		ws_cell_set(&cell, printer->style->utf8, "%.60s still open at the end",
			    number.text);
		if (first)
			text_at(printer, "outcome", 4);
		flow(printer, cell.text, first ? "" : ", ", COLUMN_PLACE);
		first = false;
	}
	if (object->lost) {
		ws_cell_count(&number, object->lost);
		ws_cell_set(&cell, printer->style->utf8, "%.60s unknown", number.text);
		if (first)
			text_at(printer, "outcome", 4);
		flow(printer, cell.text, first ? "" : ", ", COLUMN_PLACE);
		first = false;
	}
	if (first)
		return;
	if (object->outcomes[WS_OUTCOME_ACQUIRED]) {
		ws_cell_count(&number, object->outcomes[WS_OUTCOME_ACQUIRED]);
		ws_cell_set(&cell, printer->style->utf8, "%.60s acquired", number.text);
		flow(printer, cell.text, ", ", COLUMN_PLACE);
	}
	line_end(printer);
}

static void print_object(struct printer *printer, size_t index)
{
	const struct ws_contention_result *result = printer->report->contention;
	const struct ws_object_contention *object = &result->objects[index];
	bool owned = ws_kind_is_owned(object->object->key.kind);
	struct ws_cell cell, scope;
	size_t room;

	line_end(printer);
	ws_cell_set(&cell, true, "%zu", index + 1);
	cell_to(printer, &cell, 3);
	ws_cell_percent(&cell, object->waits.total, result->total.wait_ns);
	cell_to(printer, &cell, 10);
	time_to(printer, object->waits.total, 20);
	set_scope(printer, object, &scope);
	ws_cell_cut(&scope, printer->style->utf8, 40);
	room = WIDTH - 22 - 2 - ws_cell_width(&scope);
	/* A name that is made from the kind does not need it twice. */
	if (strncmp(object->name, ws_kind_word(object->object->key.kind),
		    strlen(ws_kind_word(object->object->key.kind))) == 0)
		ws_cell_set(&cell, printer->style->utf8, "%s", object->name);
	else
		ws_cell_set(&cell, printer->style->utf8, "%s %s",
			    ws_kind_word(object->object->key.kind), object->name);
	ws_cell_cut(&cell, printer->style->utf8, room);
	cell_at(printer, &cell, 22);
	cell_at(printer, &scope, printer->column + 2);
	line_end(printer);
	print_sites(printer, "waited at", &object->waiters);
	print_stacks(printer, "waiter", &object->waiters);
	if (owned) {
		print_sites(printer, "held from", &object->holders);
		print_stacks(printer, "holder", &object->holders);
	} else {
		print_sites(printer, "ended by", &object->wakers);
	}
	print_stacks(printer, "waker", &object->wakers);
	print_outcomes(printer, object);
}

static void print_objects(struct printer *printer)
{
	const struct ws_contention_result *result = printer->report->contention;
	size_t shown = result->n_objects;
	struct ws_cell cell, number;

	if (printer->style->top && shown > printer->style->top)
		shown = printer->style->top;
	line_end(printer);
	if (!shown) {
		text_at(printer, "Nothing was waited for.", 0);
		line_end(printer);
		return;
	}
	print_columns(printer);
	/* print_object begins with an empty line: the first needs none after the columns. */
	for (size_t i = 0; i < shown; i++)
		print_object(printer, i);
	if (shown < result->n_objects) {
		uint64_t rest_ns = 0;

		for (size_t i = shown; i < result->n_objects; i++)
			rest_ns += result->objects[i].waits.total;
		line_end(printer);
		count_noun(printer, result->n_objects - shown, "more object", &number);
		ws_cell_set(&cell, printer->style->utf8, "%.60s (--top 0 shows all)", number.text);
		cell_at(printer, &cell, 22);
		time_to(printer, rest_ns, 20 + 80);
		line_end(printer);
	}
}

/* "worker[815] get() cache.c:97" */
static void set_party(struct printer *printer, const struct ws_party *party, size_t width,
		      struct ws_cell *cell)
{
	struct ws_cell thread, place;
	size_t taken;

	set_thread(printer, party->thread, &thread);
	if (!party->site) {
		*cell = thread;
		ws_cell_cut(cell, printer->style->utf8, width);
		return;
	}
	ws_cell_cut(&thread, printer->style->utf8, width / 2);
	taken = ws_cell_width(&thread) + 1;
	ws_cell_place(&place, printer->style->utf8, party->site, width - taken);
	ws_cell_set(cell, printer->style->utf8, "%.400s %.400s", thread.text, place.text);
}

static void print_edges(struct printer *printer)
{
	const struct ws_contention_result *result = printer->report->contention;
	size_t shown = result->n_edges;
	struct ws_cell cell, number;

	if (printer->style->top && shown > printer->style->top)
		shown = printer->style->top;
	if (!shown)
		return;
	line_end(printer);
	text_at(printer, "who waits for whom", 0);
	text_at(printer, "(-> needs it, ~> could go on by it)", 22);
	text_to(printer, "object", 82);
	text_to(printer, "waits", 90);
	text_to(printer, "time", WIDTH);
	line_end(printer);
	for (size_t i = 0; i < shown; i++) {
		const struct ws_edge *edge = &result->edges[i];

		set_party(printer, &edge->waiter, 35, &cell);
		cell_at(printer, &cell, 2);
		text_at(printer, edge->needs_all ? "->" : "~>", 38);
		set_party(printer, &edge->blocker, 34, &cell);
		cell_at(printer, &cell, 41);
		ws_cell_set(&number, true, "#%zu", edge->object + 1);
		cell_to(printer, &number, 82);
		count_to(printer, edge->waits, 90);
		time_to(printer, edge->wait_ns, WIDTH);
		line_end(printer);
	}
	if (shown < result->n_edges) {
		count_noun(printer, result->n_edges - shown, "more pair", &cell);
		cell_at(printer, &cell, 2);
		line_end(printer);
	}
}

static void print_ends(struct printer *printer)
{
	const struct ws_tables *tables = printer->report->tables;
	struct ws_cell cell;
	bool first = true;

	for (size_t i = 0; i < tables->n_processes; i++) {
		const struct ws_process *process = &tables->processes[i];

		if (process->end == WS_END_SIGNALED)
			ws_cell_set(&cell, printer->style->utf8,
				    "%s[%" PRId32 "] ended by signal %" PRId32, process->name,
				    process->pid, process->status);
		else if (process->end == WS_END_UNKNOWN)
			ws_cell_set(&cell, printer->style->utf8,
				    "%s[%" PRId32 "] ended, how is not known", process->name,
				    process->pid);
		else
			continue;
		if (first)
			text_at(printer, "ended", 0);
		flow(printer, cell.text, first ? "" : ", ", 10);
		first = false;
	}
	if (!first)
		line_end(printer);
}

static void print_trust(struct printer *printer)
{
	const struct ws_report *report = printer->report;
	const struct ws_tables *tables = report->tables;
	struct ws_cell cell, number;

	line_end(printer);
	text_at(printer, "trust", 0);
	count_noun(printer, tables->events, "event", &cell);
	flow(printer, cell.text, "", 10);
	ws_cell_count(&number, tables->lost_events);
	ws_cell_set(&cell, printer->style->utf8, "%.60s lost", number.text);
	flow(printer, cell.text, ", ", 10);
	if (tables->lost_packets) {
		count_noun(printer, tables->lost_packets, "packet", &number);
		ws_cell_set(&cell, printer->style->utf8, "%.60s lost", number.text);
		flow(printer, cell.text, ", ", 10);
	}
	count_noun(printer, report->counts->open_waits, "wait", &number);
	ws_cell_set(&cell, printer->style->utf8, "%.60s open at the end", number.text);
	flow(printer, cell.text, "; ", 10);
	if (report->frames) {
		uint64_t known = report->frames - report->unresolved_frames;

		/* Rounded down: 100.0 % means all. */
		ws_cell_set(&cell, printer->style->utf8,
			    "%" PRIu64 ".%" PRIu64 " %% of frames named",
			    known * 100 / report->frames, known * 1000 / report->frames % 10);
		flow(printer, cell.text, "; ", 10);
	}
	if (report->contention->total.wait_ns) {
		uint64_t unknown = report->contention->unknown_ns;
		double percent =
			100.0 * (double)unknown / (double)report->contention->total.wait_ns;

		/* Never 0.0 for what is not nothing. */
		if (unknown && percent < 0.05)
			ws_cell_set(&cell, printer->style->utf8,
				    "< 0.1 %% of the time: holder or waker unknown");
		else
			ws_cell_set(&cell, printer->style->utf8,
				    "%.1f %% of the time: holder or waker unknown", percent);
		flow(printer, cell.text, "; ", 10);
	}
	line_end(printer);
	print_ends(printer);
	for (size_t i = 0; i < report->n_warnings; i++) {
		text_at(printer, "warning", 0);
		text_at(printer, report->warnings[i], 10);
		line_end(printer);
	}
}

int ws_report_text(const struct ws_report *report, const struct ws_text_style *style, FILE *to)
{
	struct printer printer = { .report = report, .style = style, .to = to };

	print_headline(&printer);
	print_kinds(&printer);
	print_objects(&printer);
	print_edges(&printer);
	print_trust(&printer);
	return 0;
}
