/* SPDX-License-Identifier: MIT */
/* text_groups.c: see text_groups.h. */
#include "analyzer/reports/text_groups.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "analyzer/base/words.h"
#include "analyzer/reports/classes.h"
#include "analyzer/reports/naming.h"

/* Where numbers end, counted from the edge. A narrow terminal goes without the less important. */
struct columns {
	size_t waits, p50, p95, p99, max, time; /* 0: not shown */
	size_t name_end;                        /* where names end at the latest */
};

static struct columns columns_of(size_t width)
{
	struct columns c = { .time = width };

	if (width >= 90)
		c = (struct columns){ width - 44, width - 35, width - 26, width - 17,
				      width - 8,  width,      0 };
	else if (width >= 70)
		c = (struct columns){ width - 26, 0, 0, width - 17, width - 8, width, 0 };
	else
		c = (struct columns){ width > 40 ? width - 8 : 0, 0, 0, 0, 0, width, 0 };
	c.name_end = (c.waits ? c.waits : c.time) - 8;
	return c;
}

static void print_group(struct ws_page *page, const struct ws_report *report,
			const struct columns *columns, size_t number, const struct ws_group *group)
{
	const struct ws_contention_result *contention = report->results->contention;
	const struct ws_histogram *waits = &group->waits;
	struct ws_cell cell, object;

	ws_cell_set(&cell, true, "%zu", number);
	ws_page_cell_to(page, &cell, 3);
	ws_cell_percent(&cell, waits->total, contention->total.wait_ns);
	ws_page_cell_to(page, &cell, 10);
	if (group->site)
		ws_cell_place(&cell, page->utf8, group->site, columns->name_end - 12);
	else
		ws_cell_set(&cell, page->utf8, "%s", group->name);
	ws_cell_cut(&cell, page->utf8, columns->name_end - 12);
	page->style = WS_STYLE_NAME;
	ws_page_cell(page, &cell, 12);
	page->style = WS_STYLE_PLAIN;
	if (columns->waits)
		ws_page_count_to(page, waits->count, columns->waits);
	if (columns->p50)
		ws_page_time_to(page, ws_histogram_quantile(waits, 500), columns->p50);
	if (columns->p95)
		ws_page_time_to(page, ws_histogram_quantile(waits, 950), columns->p95);
	if (columns->p99)
		ws_page_time_to(page, ws_histogram_quantile(waits, 990), columns->p99);
	if (columns->max)
		ws_page_time_to(page, waits->max, columns->max);
	ws_page_time_to(page, waits->total, columns->time);
	ws_page_end(page);
	/* What it waited for; the groups of objects are that. */
	if (group->object)
		return;
	ws_naming_object(&object, page->utf8, report, contention->objects[group->most].object);
	if (group->most_ns == waits->total) {
		ws_cell_set(&cell, page->utf8, "for %.200s", object.text);
	} else {
		struct ws_cell percent;

		ws_cell_percent(&percent, group->most_ns, waits->total);
		ws_cell_set(&cell, page->utf8, "%.20s for %.200s", percent.text, object.text);
	}
	if (group->n_threads > 1) {
		struct ws_cell threads, both;

		ws_cell_noun(&threads, group->n_threads, "thread");
		ws_cell_set(&both, page->utf8, "%.60s, %.900s", threads.text, cell.text);
		cell = both;
	}
	ws_cell_cut(&cell, page->utf8, page->width > 14 ? page->width - 14 : 1);
	page->style = WS_STYLE_FAINT;
	ws_page_cell(page, &cell, 14);
	page->style = WS_STYLE_PLAIN;
	ws_page_end(page);
}

void ws_text_groups(struct ws_page *page, const struct ws_report *report, size_t top)
{
	const struct ws_groupings_result *groupings = report->results->groupings;
	const struct columns columns = columns_of(page->width);
	size_t shown = top && top < groupings->n ? top : groupings->n;
	struct ws_cell cell, number;
	uint64_t left_ns = 0;

	ws_page_end(page);
	ws_cell_set(&cell, page->utf8, "waits by %s%s", ws_group_by_word(groupings->by),
		    groupings->by == WS_GROUPED_SITE ? " that waited" : "");
	ws_page_styled(page, WS_STYLE_HEAD, cell.text, 0);
	if (columns.waits)
		ws_page_text_to(page, "waits", columns.waits);
	if (columns.p50)
		ws_page_text_to(page, "p50", columns.p50);
	if (columns.p95)
		ws_page_text_to(page, "p95", columns.p95);
	if (columns.p99)
		ws_page_text_to(page, "p99", columns.p99);
	if (columns.max)
		ws_page_text_to(page, "max", columns.max);
	ws_page_text_to(page, "time", columns.time);
	ws_page_end(page);
	for (size_t i = 0; i < shown; i++)
		print_group(page, report, &columns, i + 1, &groupings->groups[i]);
	if (!groupings->n) {
		ws_page_text(page, "Nothing was waited for.", 2);
		ws_page_end(page);
	}
	for (size_t i = shown; i < groupings->n; i++)
		left_ns += groupings->groups[i].waits.total;
	if (shown == groupings->n)
		return;
	ws_cell_set(&number, true, "%zu", groupings->n - shown);
	ws_cell_set(&cell, page->utf8, "%.20s more (--top 0 shows all)", number.text);
	ws_page_cell(page, &cell, 12);
	ws_page_time_to(page, left_ns, columns.time);
	ws_page_end(page);
}

/* --- threads --- */

struct row {
	uint32_t thread;
	uint64_t waits;
	uint64_t matters_ns, other_ns; /* its waiting, by whether it matters */
	uint64_t blamed_ns;            /* of others' waiting */
};

static int by_cost(const void *a, const void *b)
{
	const struct row *x = a, *y = b;

	if (x->matters_ns != y->matters_ns)
		return x->matters_ns < y->matters_ns ? 1 : -1;
	if (x->blamed_ns != y->blamed_ns)
		return x->blamed_ns < y->blamed_ns ? 1 : -1;
	if (x->other_ns != y->other_ns)
		return x->other_ns < y->other_ns ? 1 : -1;
	return x->thread < y->thread ? -1 : 1;
}

/* `rows` has one for each thread, of zeroes; those that are worth one become the first. */
static size_t make_rows(const struct ws_report *report, struct row *rows)
{
	const struct ws_classes_result *classes = report->results->classes;
	const struct ws_blame_result *blame = report->results->blame;
	uint32_t n_threads = (uint32_t)report->tables->n_threads;
	size_t n = 0;

	/* But for what the scheduler did to it. */
	for (size_t i = 0; blame->known && i < blame->total.n_parties; i++) {
		const struct ws_blamed *party = &blame->total.parties[i];

		if (party->party.thread < n_threads && party->what != WS_CAUSE_SCHEDULER)
			rows[party->party.thread].blamed_ns += party->ns;
	}
	for (uint32_t i = 0; i < n_threads; i++) {
		struct row row = { .thread = i, .blamed_ns = rows[i].blamed_ns };

		for (enum ws_class class = 0; class < WS_CLASS_COUNT; class ++) {
			row.waits += classes->threads[i][class].waits;
			*(ws_class_matters(class) ? &row.matters_ns : &row.other_ns) +=
				classes->threads[i][class].wait_ns;
		}
		if (row.waits || row.blamed_ns)
			rows[n++] = row;
	}
	return n;
}

static void print_time(struct ws_page *page, uint64_t ns, size_t column)
{
	if (ns)
		ws_page_time_to(page, ns, column);
	else
		ws_page_text_to(page, "-", column);
}

int ws_text_threads(struct ws_page *page, const struct ws_report *report, size_t top)
{
	const struct ws_tables *tables = report->tables;
	size_t right = page->width, shown, n;
	struct row *rows = calloc(tables->n_threads + 1, sizeof(*rows));
	struct ws_cell cell, number;

	if (!rows)
		return -ENOMEM;
	n = make_rows(report, rows);
	qsort(rows, n, sizeof(*rows), by_cost);
	shown = top && top < n ? top : n;
	if (n < 2) {
		free(rows);
		return 0;
	}
	ws_page_end(page);
	ws_page_styled(page, WS_STYLE_HEAD, "threads", 0);
	if (right >= 70) {
		ws_page_text_to(page, "lived", right - 46);
		ws_page_text_to(page, "waits", right - 35);
	}
	ws_page_text_to(page, "waited", right - 24);
	ws_page_text_to(page, "idle", right - 14);
	ws_page_text_to(page, "kept others", right);
	ws_page_end(page);
	for (size_t i = 0; i < shown; i++) {
		const struct ws_task *task = &tables->threads[rows[i].thread];
		uint64_t end_ns = task->end_ns ? task->end_ns : tables->end_ns;
		size_t name_end = right >= 70 ? right - 54 : right - 32;

		ws_naming_thread(&cell, page->utf8, tables, rows[i].thread);
		ws_cell_cut(&cell, page->utf8, name_end > 4 ? name_end - 2 : 2);
		ws_page_cell(page, &cell, 2);
		if (right >= 70) {
			ws_page_time_to(page, end_ns > task->begin_ns ? end_ns - task->begin_ns : 0,
					right - 46);
			ws_page_count_to(page, rows[i].waits, right - 35);
		}
		print_time(page, rows[i].matters_ns, right - 24);
		print_time(page, rows[i].other_ns, right - 14);
		print_time(page, rows[i].blamed_ns, right);
		ws_page_end(page);
	}
	if (shown < n) {
		ws_cell_noun(&number, n - shown, "more thread");
		ws_cell_set(&cell, page->utf8, "%.60s (--group-by thread --top 0 shows all)",
			    number.text);
		ws_page_cell(page, &cell, 2);
		ws_page_end(page);
	}
	free(rows);
	return 0;
}
