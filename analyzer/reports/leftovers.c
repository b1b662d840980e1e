/* SPDX-License-Identifier: MIT */
/* leftovers.c: see leftovers.h. */
#include "analyzer/reports/leftovers.h"

#include "analyzer/base/words.h"

/* Where the columns end, but for the names. */
enum { COLUMN_CREATOR = 48, COLUMN_BYTES = 90 };

static void print_one(struct ws_page *page, const struct ws_report *report,
		      const struct ws_leftover *leftover)
{
	const struct ws_tables *tables = report->tables;
	struct ws_cell cell, who;

	ws_cell_set(&cell, page->utf8, "%s %.600s", ws_kind_word(leftover->kind), leftover->name);
	ws_cell_cut(&cell, page->utf8, COLUMN_CREATOR - 4);
	ws_page_cell(page, &cell, 2);
	ws_cell_place(&cell, page->utf8, leftover->creator.site, 22);
	ws_page_cell(page, &cell, COLUMN_CREATOR);
	if (leftover->creator.thread < tables->n_threads) {
		const struct ws_task *task = &tables->threads[leftover->creator.thread];
		const struct ws_process *process = &tables->processes[task->process];

		ws_cell_set(&who, page->utf8, ", %.100s[%d]", process->name, process->pid);
		ws_cell_cut(&who, page->utf8,
			    COLUMN_BYTES - 8 > page->column ? COLUMN_BYTES - 8 - page->column : 0);
		ws_page_cell(page, &who, page->column);
	}
	if (leftover->bytes)
		ws_page_count_to(page, leftover->bytes, COLUMN_BYTES);
	ws_page_time_to(
		page,
		tables->end_ns > leftover->created_ns ? tables->end_ns - leftover->created_ns : 0,
		page->width);
	ws_page_end(page);
}

void ws_report_leftovers(struct ws_page *page, const struct ws_report *report, size_t top)
{
	size_t shown = top && top < report->results->leftovers->n ? top : report->results->leftovers->n;
	struct ws_cell cell, number;

	if (!report->results->leftovers->n)
		return;
	ws_page_end(page);
	ws_page_text(page, "left behind   (made here, and not removed)", 0);
	ws_page_text(page, "made at", COLUMN_CREATOR);
	ws_page_text_to(page, "bytes", COLUMN_BYTES);
	ws_page_text_to(page, "age", page->width);
	ws_page_end(page);
	for (size_t i = 0; i < shown; i++)
		print_one(page, report, &report->results->leftovers->list[i]);
	if (shown < report->results->leftovers->n) {
		ws_cell_noun(&number, report->results->leftovers->n - shown, "more object");
		ws_cell_set(&cell, page->utf8, "%.60s", number.text);
		ws_page_cell(page, &cell, 2);
		ws_page_end(page);
	}
}
