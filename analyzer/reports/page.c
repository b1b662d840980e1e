/* SPDX-License-Identifier: MIT */
/* page.c: see page.h. */
#include "analyzer/reports/page.h"

#include <string.h>

void ws_page_cell(struct ws_page *page, const struct ws_cell *cell, size_t column)
{
	for (; page->column < column; page->column++)
		fputc(' ', page->to);
	fputs(cell->text, page->to);
	page->column += ws_cell_width(cell);
}

void ws_page_text(struct ws_page *page, const char *text, size_t column)
{
	struct ws_cell cell;

	ws_cell_set(&cell, page->utf8, "%s", text);
	ws_page_cell(page, &cell, column);
}

void ws_page_cell_to(struct ws_page *page, const struct ws_cell *cell, size_t column)
{
	size_t width = ws_cell_width(cell);

	ws_page_cell(page, cell, column > width ? column - width : 0);
}

void ws_page_text_to(struct ws_page *page, const char *text, size_t column)
{
	struct ws_cell cell;

	ws_cell_set(&cell, page->utf8, "%s", text);
	ws_page_cell_to(page, &cell, column);
}

void ws_page_count_to(struct ws_page *page, uint64_t count, size_t column)
{
	struct ws_cell cell;

	ws_cell_count(&cell, count);
	ws_page_cell_to(page, &cell, column);
}

void ws_page_time_to(struct ws_page *page, uint64_t ns, size_t column)
{
	struct ws_cell cell;

	ws_cell_time(&cell, page->utf8, ns);
	ws_page_cell_to(page, &cell, column);
}

void ws_page_flow(struct ws_page *page, const char *text, const char *separator, size_t indent)
{
	size_t gap = page->column >= indent ? strlen(separator) : 0;
	struct ws_cell cell;

	ws_cell_set(&cell, page->utf8, "%s", text);
	/* One column is kept for the separator, which stays on the line that it ends. */
	if (page->column > indent && page->column + gap + ws_cell_width(&cell) >= page->width) {
		size_t length = strlen(separator);

		while (length && separator[length - 1] == ' ')
			length--;
		fprintf(page->to, "%.*s", (int)length, separator);
		ws_page_end(page);
		gap = 0;
	}
	if (gap)
		ws_page_text(page, separator, page->column);
	ws_page_cell(page, &cell, gap ? page->column : indent);
}

void ws_page_end(struct ws_page *page)
{
	fputc('\n', page->to);
	page->column = 0;
}
