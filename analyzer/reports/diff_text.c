/* SPDX-License-Identifier: MIT */
/* diff_text.c: a comparison for a terminal of 100 columns: the verdict in words, what changed with
 * its lines of code, what did not, and how far to trust it. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "analyzer/base/words.h"
#include "analyzer/reports/diff.h"
#include "analyzer/reports/page.h"

#define WIDTH 100
/* Lines that are shown of an object that changed. */
#define SITES_MAX 3
/* Others that use the processors are worth a word from this part on. */
#define BUSY_TOLD 0.2

/* Where columns begin or end. */
enum {
	COLUMN_NAME = 9,
	COLUMN_DETAIL = 11,
	COLUMN_BEFORE = 64, /* ends before */
	COLUMN_ARROW = 65,
	COLUMN_AFTER = 77, /* ends before */
	COLUMN_CHANGE = 87,
	COLUMN_NOISE = 97,
};

struct printer {
	const struct ws_comparison *c;
	struct ws_page page;
	const char *per; /* "a run" or "a second" */
};

static const char *arrow(const struct printer *printer)
{
	return printer->page.utf8 ? "\xe2\x86\x92" : "->";
}

/* "-93 %", "+40 %", "x 12"; "new" and "gone". */
static void change_cell(struct ws_cell *cell, bool utf8, double before, double after)
{
	double part = before > 0 ? (after - before) / before * 100 : 0;

	if (before <= 0 || after <= 0)
		ws_cell_set(cell, utf8, "%s", before > 0 ? "gone" : after > 0 ? "new" : "same");
	else if (part >= 999)
		ws_cell_set(cell, utf8, "x %.0f", after / before);
	else
		ws_cell_set(cell, utf8, "%s%.0f %%", part > 0 ? "+" : "", part);
}

/* By what factor it would have had to change. */
static void noise_cell(struct ws_cell *cell, bool utf8, const struct ws_ratio *ratio)
{
	double factor = ratio->high / ratio->ratio;

	if (factor >= 100)
		ws_cell_set(cell, utf8, "> x 100");
	else
		ws_cell_set(cell, utf8, "x %.2f", factor);
}

static void print_times(struct printer *printer, double before, double after,
			const struct ws_compared *compared)
{
	struct ws_page *page = &printer->page;
	struct ws_cell cell;

	ws_page_time_to(page, (uint64_t)before, COLUMN_BEFORE);
	ws_page_text(page, arrow(printer), COLUMN_ARROW);
	ws_page_time_to(page, (uint64_t)after, COLUMN_AFTER);
	change_cell(&cell, page->utf8, before, after);
	ws_page_cell_to(page, &cell, COLUMN_CHANGE);
	if (compared->known) {
		noise_cell(&cell, page->utf8, &compared->ratio);
		ws_page_cell_to(page, &cell, COLUMN_NOISE);
	}
}

static void print_side(struct printer *printer, int side)
{
	const struct ws_side *runs = &printer->c->sides[side];
	struct ws_cell cell;

	ws_page_text(&printer->page, side == WS_BEFORE ? "before" : "after", 2);
	if (runs->n == 1)
		ws_cell_set(&cell, printer->page.utf8, "%.80s", runs->runs[0]->path);
	else
		ws_cell_set(&cell, printer->page.utf8, "%.60s and %zu more runs",
			    runs->runs[0]->path, runs->n - 1);
	ws_page_cell(&printer->page, &cell, COLUMN_NAME);
	ws_page_end(&printer->page);
}

static const char *name_of(const struct printer *printer, const struct ws_compared_object *object)
{
	return ws_matched_object(printer->c->sides, printer->c->matching, object->number)->name;
}

/* "waits 590 ms a run instead of 41 ms" */
static void say_object(struct printer *printer, const struct ws_compared_object *object)
{
	struct ws_cell name, before, after, change, line;
	bool utf8 = printer->page.utf8;
	enum ws_metric metric = WS_METRIC_TIME;

	while (metric < WS_METRIC_WAITS && object->metrics[metric].change != object->change)
		metric++;
	ws_cell_set(&name, utf8, "%s", name_of(printer, object));
	ws_cell_cut(&name, utf8, 44);
	if (metric == WS_METRIC_TIME) {
		ws_cell_time(&before, utf8, (uint64_t)object->sides[WS_BEFORE].wait_ns);
		ws_cell_time(&after, utf8, (uint64_t)object->sides[WS_AFTER].wait_ns);
		change_cell(&change, utf8, object->sides[WS_BEFORE].wait_ns,
			    object->sides[WS_AFTER].wait_ns);
		ws_cell_set(&line, utf8, "%s: waited for %.40s %s instead of %.40s (%.20s)",
			    name.text, after.text, printer->per, before.text, change.text);
	} else {
		change_cell(&change, utf8, object->metrics[metric].ratio.before,
			    object->metrics[metric].ratio.after);
		ws_cell_set(&line, utf8, "%s: %s %.20s", name.text,
			    metric == WS_METRIC_SHARE ? "the part of its acquisitions that waited"
			    : metric == WS_METRIC_P99 ? "the longest 1 % of its waits"
			    : metric == WS_METRIC_P95 ? "the longest 5 % of its waits"
						      : "its typical wait",
			    change.text);
	}
	ws_cell_cut(&line, utf8, WIDTH - COLUMN_NAME);
	ws_page_text(&printer->page, ws_change_word(object->change), 2);
	ws_page_cell(&printer->page, &line, COLUMN_NAME);
	ws_page_end(&printer->page);
}

/* The first of them. */
static void print_new_error(struct printer *printer)
{
	const struct ws_comparison *c = printer->c;
	struct ws_cell cell = { "" };

	for (size_t i = 0; i < c->findings.n && !cell.text[0]; i++) {
		const struct ws_one_sided *one = &c->findings.list[i];
		const struct ws_digest_finding *finding =
			&c->sides[one->side].runs[one->run]->findings[one->index];

		if (one->side == WS_AFTER &&
		    (ws_rule_severity(finding->rule) == WS_SEVERITY_ERROR ||
		     finding->rule == WS_RULE_LOCK_ORDER))
			ws_cell_set(&cell, printer->page.utf8, "%s", finding->title);
	}
	ws_cell_cut(&cell, printer->page.utf8, WIDTH - COLUMN_NAME);
	ws_page_text(&printer->page, "error", 2);
	ws_page_cell(&printer->page, &cell, COLUMN_NAME);
	ws_page_end(&printer->page);
}

/* What a reader takes away. */
static void print_verdict(struct printer *printer)
{
	const struct ws_comparison *c = printer->c;
	size_t compared = c->n_objects - c->untested, said = 0;
	struct ws_cell cell, before, after;
	bool utf8 = printer->page.utf8;

	if (c->new_errors)
		ws_cell_set(&cell, utf8, "Worse: %zu %s that %s not there before%s", c->new_errors,
			    c->new_errors == 1 ? "error" : "errors",
			    c->new_errors == 1 ? "was" : "were",
			    c->better || c->worse ? "; and objects that changed" : "");
	else if (!compared)
		ws_cell_set(&cell, utf8,
			    "Nothing to compare: nothing that is compared was waited for on either "
			    "side");
	else if (!c->better && !c->worse)
		ws_cell_set(&cell, utf8,
			    "No change beyond the noise: of %zu objects, none differs by more than "
			    "equal runs may",
			    compared);
	else
		ws_cell_set(&cell, utf8, "%s: of %zu objects, %zu %s better and %zu worse",
			    c->better && c->worse ? "Better and worse"
			    : c->better           ? "Better"
						  : "Worse",
			    compared, c->better, c->better == 1 ? "is" : "are", c->worse);
	ws_page_cell(&printer->page, &cell, 0);
	ws_page_end(&printer->page);
	if (c->new_errors)
		print_new_error(printer);
	for (size_t i = 0; i < c->n_objects && said < 3; i++) {
		if (c->objects[i].change < WS_CHANGE_BETTER)
			continue;
		say_object(printer, &c->objects[i]);
		said++;
	}
	ws_cell_time(&before, utf8, (uint64_t)c->duration.ratio.before);
	ws_cell_time(&after, utf8, (uint64_t)c->duration.ratio.after);
	ws_cell_set(&cell, utf8, "a run took %.40s %s %.40s: %s", before.text, arrow(printer),
		    after.text,
		    c->duration.change == WS_CHANGE_NONE ? "no more than equal runs may differ"
							 : ws_change_word(c->duration.change));
	ws_page_cell(&printer->page, &cell, 2);
	ws_page_end(&printer->page);
	for (int side = 0; side < WS_SIDES; side++) {
		if (!c->lacks[side])
			continue;
		ws_cell_set(&cell, utf8,
			    "events were lost %s: what is missing there is unknown, not gone",
			    side == WS_BEFORE ? "before" : "after");
		ws_page_cell(&printer->page, &cell, 2);
		ws_page_end(&printer->page);
	}
}

/* The line of code as it is on the side after, and on the side before where it was another. */
static void place_cell(struct printer *printer, struct ws_cell *cell, uint32_t number)
{
	const struct ws_comparison *c = printer->c;
	const struct ws_digest_site *site = ws_matched_site(c->sides, c->matching, number);
	struct ws_frame frame = ws_diff_frame(site);

	ws_cell_place(cell, printer->page.utf8, number == WS_UNKNOWN ? NULL : &frame, 40);
}

static void print_counts(struct printer *printer, const struct ws_compared_object *object)
{
	const struct ws_compared_side *a = &object->sides[WS_BEFORE], *b = &object->sides[WS_AFTER];
	struct ws_page *page = &printer->page;
	struct ws_cell cell, x, y;
	bool utf8 = page->utf8;

	ws_cell_count(&x, (uint64_t)(a->waits + 0.5));
	ws_cell_count(&y, (uint64_t)(b->waits + 0.5));
	ws_cell_set(&cell, utf8, "waits %.20s %s %.20s", x.text, arrow(printer), y.text);
	ws_page_flow(page, cell.text, "", COLUMN_DETAIL);
	if (a->acquired && b->acquired) {
		ws_cell_percent(&x, a->waited, a->acquired);
		ws_cell_percent(&y, b->waited, b->acquired);
		ws_cell_set(&cell, utf8, "contended %.20s %s %.20s", x.text, arrow(printer),
			    y.text);
		ws_page_flow(page, cell.text, "   ", COLUMN_DETAIL);
	}
	if (a->times.count && b->times.count) {
		static const unsigned permille[] = { 500, 990 };

		for (size_t i = 0; i < 2; i++) {
			ws_cell_time(&x, utf8, ws_histogram_quantile(&a->times, permille[i]));
			ws_cell_time(&y, utf8, ws_histogram_quantile(&b->times, permille[i]));
			ws_cell_set(&cell, utf8, "p%u %.20s %s %.20s", permille[i] / 10, x.text,
				    arrow(printer), y.text);
			ws_page_flow(page, cell.text, "   ", COLUMN_DETAIL);
		}
	}
	ws_page_end(page);
	if (a->path_share >= 0 && b->path_share >= 0 && a->path_share + b->path_share >= 0.01) {
		ws_cell_percent(&x, (uint64_t)(a->path_share * 1000), 1000);
		ws_cell_percent(&y, (uint64_t)(b->path_share * 1000), 1000);
		ws_cell_set(&cell, utf8, "part of the critical path, at most %.20s %s %.20s",
			    x.text, arrow(printer), y.text);
		ws_page_cell(page, &cell, COLUMN_DETAIL);
		ws_page_end(page);
	}
}

static void print_changed(struct printer *printer, const struct ws_compared_object *object)
{
	const struct ws_matched *matched = &printer->c->matching->objects[object->number];
	struct ws_page *page = &printer->page;
	struct ws_cell cell;
	size_t n = 0;

	ws_page_text(page, ws_change_word(object->change), 2);
	ws_cell_set(&cell, page->utf8, "%s", name_of(printer, object));
	ws_cell_cut(&cell, page->utf8, COLUMN_BEFORE - COLUMN_NAME - 10);
	ws_page_cell(page, &cell, COLUMN_NAME);
	print_times(printer, object->sides[WS_BEFORE].wait_ns, object->sides[WS_AFTER].wait_ns,
		    &object->metrics[WS_METRIC_TIME]);
	ws_page_end(page);
	if (matched->by_use && matched->at[WS_BEFORE].run != WS_UNKNOWN &&
	    matched->at[WS_AFTER].run != WS_UNKNOWN) {
		const struct ws_matched_place *place = &matched->at[WS_BEFORE];
		const struct ws_digest *run = printer->c->sides[WS_BEFORE].runs[place->run];

		ws_cell_set(&cell, page->utf8, "known by where it is waited for; before: %.200s",
			    run->objects[place->index].name);
		ws_cell_cut(&cell, page->utf8, WIDTH - COLUMN_DETAIL);
		ws_page_cell(page, &cell, COLUMN_DETAIL);
		ws_page_end(page);
	}
	for (size_t i = 0; i < object->n_waiters && n < SITES_MAX; i++) {
		const struct ws_compared_site *site = &object->waiters[i];
		struct ws_cell place;

		if (!site->time.known)
			continue;
		n++;
		place_cell(printer, &place, site->site);
		ws_cell_set(&cell, page->utf8, "at %.200s", place.text);
		ws_page_cell(page, &cell, COLUMN_DETAIL);
		print_times(printer, site->wait_ns[WS_BEFORE], site->wait_ns[WS_AFTER],
			    &site->time);
		ws_page_end(page);
	}
	print_counts(printer, object);
}

static void print_header(struct printer *printer, const char *title)
{
	struct ws_page *page = &printer->page;

	ws_page_end(page);
	ws_page_text(page, title, 0);
	ws_page_text_to(page, "before", COLUMN_BEFORE);
	ws_page_text_to(page, "after", COLUMN_AFTER);
	ws_page_text_to(page, "change", COLUMN_CHANGE);
	ws_page_text_to(page, "noise", COLUMN_NOISE);
	ws_page_end(page);
}

static void print_objects(struct printer *printer, size_t top)
{
	const struct ws_comparison *c = printer->c;
	struct ws_page *page = &printer->page;
	struct ws_cell cell;
	size_t shown = 0, small = 0;

	if (c->better + c->worse)
		print_header(printer, "changed");
	for (size_t i = 0; i < c->n_objects; i++)
		if (c->objects[i].change >= WS_CHANGE_BETTER)
			print_changed(printer, &c->objects[i]);
	for (size_t i = 0; i < c->n_objects; i++) {
		const struct ws_compared_object *object = &c->objects[i];

		if (object->change != WS_CHANGE_NONE)
			continue;
		if (!object->metrics[WS_METRIC_TIME].known || (top && shown == top)) {
			small += object->sides[WS_BEFORE].times.count ||
				 object->sides[WS_AFTER].times.count;
			continue;
		}
		if (!shown++)
			print_header(printer, "not changed beyond the noise");
		ws_cell_set(&cell, page->utf8, "%s", name_of(printer, object));
		ws_cell_cut(&cell, page->utf8, COLUMN_BEFORE - 12);
		ws_page_cell(page, &cell, 2);
		print_times(printer, object->sides[WS_BEFORE].wait_ns,
			    object->sides[WS_AFTER].wait_ns, &object->metrics[WS_METRIC_TIME]);
		ws_page_end(page);
	}
	if (small) {
		struct ws_cell floor;

		ws_cell_time(&floor, page->utf8, (uint64_t)c->floor_ns);
		ws_cell_set(&cell, page->utf8, "and %zu %s", small,
			    small == 1 ? "object more" : "objects more");
		ws_page_cell(page, &cell, 2);
		ws_cell_set(&cell, page->utf8, ", with less than %.40s %s%s", floor.text,
			    printer->per, top ? " or beyond --top" : "");
		ws_page_cell(page, &cell, 0);
		ws_page_end(page);
	}
}

/* "in 2 of 3 runs after" */
static void side_cell(const struct printer *printer, struct ws_cell *cell,
		      const struct ws_one_sided *one)
{
	const char *side = one->side == WS_BEFORE ? "before" : "after";

	if (printer->c->sides[one->side].n == 1)
		ws_cell_set(cell, printer->page.utf8, "%s only", side);
	else
		ws_cell_set(cell, printer->page.utf8, "%s only, in %zu of %zu runs", side,
			    one->runs, printer->c->sides[one->side].n);
}

static void print_at(struct printer *printer, const struct ws_digest *run, uint32_t site)
{
	struct ws_frame frame;
	struct ws_cell place;

	if (site == WS_UNKNOWN)
		return;
	frame = ws_diff_frame(&run->sites[site]);
	ws_cell_place(&place, printer->page.utf8, &frame, 60);
	ws_page_text(&printer->page, "at", COLUMN_DETAIL);
	ws_page_cell(&printer->page, &place, COLUMN_DETAIL + 3);
	ws_page_end(&printer->page);
}

static void print_findings(struct printer *printer)
{
	const struct ws_comparison *c = printer->c;
	struct ws_page *page = &printer->page;
	struct ws_cell cell, side;

	if (c->findings.n) {
		ws_page_end(page);
		ws_page_text(page, "findings on one side", 0);
		ws_page_end(page);
	}
	for (size_t i = 0; i < c->findings.n; i++) {
		const struct ws_one_sided *one = &c->findings.list[i];
		const struct ws_digest *run = c->sides[one->side].runs[one->run];
		const struct ws_digest_finding *finding = &run->findings[one->index];

		side_cell(printer, &side, one);
		ws_page_text(page, ws_severity_word(ws_rule_severity(finding->rule)), 2);
		ws_cell_set(&cell, page->utf8, "%s", finding->title);
		ws_cell_cut(&cell, page->utf8, WIDTH - COLUMN_DETAIL);
		ws_page_cell(page, &cell, COLUMN_DETAIL);
		ws_page_end(page);
		ws_cell_set(&cell, page->utf8, "%.80s%s", side.text,
			    one->by_chance ? "; such a finding comes and goes by chance" : "");
		ws_page_cell(page, &cell, COLUMN_DETAIL);
		ws_page_end(page);
		print_at(printer, run, finding->site);
	}
}

static void print_deadlocks(struct printer *printer)
{
	const struct ws_comparison *c = printer->c;
	struct ws_page *page = &printer->page;
	struct ws_cell cell, side;

	if (c->deadlocks.n) {
		ws_page_end(page);
		ws_page_text(page, "deadlocks on one side", 0);
		ws_page_end(page);
	}
	for (size_t i = 0; i < c->deadlocks.n; i++) {
		const struct ws_one_sided *one = &c->deadlocks.list[i];
		const struct ws_digest *run = c->sides[one->side].runs[one->run];
		const struct ws_digest_deadlock *deadlock = &run->deadlocks[one->index];

		side_cell(printer, &side, one);
		ws_cell_set(&cell, page->utf8, "%s: %s; %s", ws_verdict_word(deadlock->verdict),
			    deadlock->reason, side.text);
		ws_cell_cut(&cell, page->utf8, WIDTH - 2);
		ws_page_cell(page, &cell, 2);
		ws_page_end(page);
		for (size_t k = 0; k < deadlock->n_cycle; k++) {
			ws_cell_set(&cell, page->utf8, "%s",
				    run->objects[deadlock->cycle[k].wants].name);
			ws_cell_cut(&cell, page->utf8, WIDTH - COLUMN_DETAIL - 6);
			ws_page_text(page, "wants", COLUMN_DETAIL - 6);
			ws_page_cell(page, &cell, COLUMN_DETAIL);
			ws_page_end(page);
			print_at(printer, run, deadlock->cycle[k].want_site);
		}
	}
}

static void print_edges(struct printer *printer)
{
	const struct ws_comparison *c = printer->c;
	struct ws_page *page = &printer->page;
	struct ws_cell cell, side;

	if (c->edges.n) {
		ws_page_end(page);
		ws_page_text(page, "orders of locks on one side (which code ran may decide)", 0);
		ws_page_end(page);
	}
	for (size_t i = 0; i < c->edges.n; i++) {
		const struct ws_one_sided *one = &c->edges.list[i];
		const struct ws_digest *run = c->sides[one->side].runs[one->run];
		const struct ws_digest_edge *edge = &run->edges[one->index];

		side_cell(printer, &side, one);
		ws_cell_set(&cell, page->utf8, "%.300s, then %.300s", run->objects[edge->held].name,
			    run->objects[edge->taken].name);
		ws_cell_cut(&cell, page->utf8, WIDTH - 4 - ws_cell_width(&side));
		ws_page_cell(page, &cell, 2);
		ws_page_cell_to(page, &side, WIDTH);
		ws_page_end(page);
		print_at(printer, run, edge->taken_site);
	}
}

/* The largest part of the processors that others had in any of the runs; < 0: not known of any. */
static double busiest(const struct ws_comparison *c)
{
	double most = -1;

	for (int side = 0; side < WS_SIDES; side++)
		for (size_t i = 0; i < c->sides[side].n; i++)
			most = fmax(most, c->sides[side].runs[i]->busy);
	return most;
}

static void print_trust(struct printer *printer)
{
	const struct ws_comparison *c = printer->c;
	struct ws_page *page = &printer->page;
	struct ws_cell cell;

	ws_page_end(page);
	ws_page_text(page, "trust", 0);
	ws_cell_set(
		&cell, page->utf8,
		"noise: a change by up to this factor is not told from chance; all %zu comparisons",
		c->tests);
	ws_page_cell(page, &cell, COLUMN_NAME);
	ws_page_end(page);
	ws_page_text(page, "together leave out \"no change\" by mistake in 1 % of cases at most",
		     COLUMN_NAME);
	ws_page_end(page);
	if (busiest(c) >= BUSY_TOLD) {
		ws_cell_set(&cell, page->utf8,
			    "other programs used up to %.0f %% of the processors meanwhile: more "
			    "counts "
			    "as noise",
			    busiest(c) * 100);
		ws_page_cell(page, &cell, COLUMN_NAME);
		ws_page_end(page);
	}
	if (c->sides[WS_BEFORE].n < 2 || c->sides[WS_AFTER].n < 2) {
		ws_cell_set(
			&cell, page->utf8,
			"one run on a side does not show how much equal runs differ: %.0f %% is "
			"assumed. Record",
			c->options.run_noise * 100);
		ws_page_cell(page, &cell, COLUMN_NAME);
		ws_page_end(page);
		ws_page_text(
			page,
			"some of each, in turns, to see less: waitscope diff A1 A2 A3 -- B1 B2 B3",
			COLUMN_NAME);
		ws_page_end(page);
	}
	if (c->untested) {
		ws_cell_set(&cell, page->utf8,
			    "%zu %s not compared: idle, or for what comes from outside",
			    c->untested, c->untested == 1 ? "object is" : "objects are");
		ws_page_cell(page, &cell, COLUMN_NAME);
		ws_page_end(page);
	}
	if (c->matching->renamed[WS_BEFORE]) {
		ws_cell_set(&cell, page->utf8, "the program %.200s is taken for %.200s, renamed",
			    c->matching->renamed[WS_AFTER], c->matching->renamed[WS_BEFORE]);
		ws_cell_cut(&cell, page->utf8, WIDTH - COLUMN_NAME);
		ws_page_cell(page, &cell, COLUMN_NAME);
		ws_page_end(page);
	}
}

int ws_diff_text(const struct ws_comparison *c, const struct ws_text_style *style, FILE *to)
{
	struct printer printer = {
		.c = c,
		.page = { .to = to, .utf8 = style->utf8, .width = WIDTH },
		.per = c->options.per_second ? "a second" : "a run",
	};

	ws_page_text(&printer.page, "waitscope diff", 0);
	ws_page_end(&printer.page);
	print_side(&printer, WS_BEFORE);
	print_side(&printer, WS_AFTER);
	ws_page_end(&printer.page);
	print_verdict(&printer);
	print_objects(&printer, style->top);
	print_deadlocks(&printer);
	print_findings(&printer);
	print_edges(&printer);
	print_trust(&printer);
	return 0;
}
