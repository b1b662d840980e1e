/* SPDX-License-Identifier: MIT */
/* page.c: see page.h. */
#include "analyzer/reports/page.h"

#include <string.h>

/* SGR parameters; bold rather than colours where a meaning is not needed: any background will do.
 */
static const char *const styles[] = {
	[WS_STYLE_PLAIN] = "",     [WS_STYLE_HEAD] = "1",     [WS_STYLE_NAME] = "1;36",
	[WS_STYLE_ERROR] = "1;31", [WS_STYLE_WARNING] = "33", [WS_STYLE_GOOD] = "32",
	[WS_STYLE_FAINT] = "2",
};

void ws_page_cell(struct ws_page *page, const struct ws_cell *cell, size_t column)
{
	bool styled = page->colour && page->style != WS_STYLE_PLAIN && *cell->text;
	struct ws_cell cut;

	if (!*cell->text)
		return;
	/* Nothing is beyond the edge, whatever was asked for. */
	if (page->column >= page->width || column >= page->width)
		return;
	for (; page->column < column; page->column++)
		fputc(' ', page->to);
	if (page->column + ws_cell_width(cell) > page->width) {
		cut = *cell;
		ws_cell_cut(&cut, page->utf8, page->width - page->column);
		cell = &cut;
	}
	if (styled)
		fprintf(page->to, "\33[%sm", styles[page->style]);
	fputs(cell->text, page->to);
	if (styled)
		fputs("\33[0m", page->to);
	page->column += ws_cell_width(cell);
}

void ws_page_styled(struct ws_page *page, enum ws_style style, const char *text, size_t column)
{
	page->style = style;
	ws_page_text(page, text, column);
	page->style = WS_STYLE_PLAIN;
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
		struct ws_cell end;

		while (length && separator[length - 1] == ' ')
			length--;
		ws_cell_set(&end, page->utf8, "%.*s", (int)length, separator);
		ws_page_cell(page, &end, page->column);
		ws_page_end(page);
		gap = 0;
	}
	if (gap)
		ws_page_text(page, separator, page->column);
	ws_page_cell(page, &cell, gap ? page->column : indent);
}

void ws_page_words(struct ws_page *page, const char *text, size_t indent)
{
	struct ws_cell cell;

	while (*text) {
		size_t n = strcspn(text, " ");

		/* A number takes the next word with it. */
		if (text[n] == ' ' && n && strchr("0123456789", text[n - 1]))
			n += 1 + strcspn(text + n + 1, " ");
		ws_cell_set(&cell, page->utf8, "%.*s", (int)n, text);
		if (page->column > indent &&
		    page->column + 1 + ws_cell_width(&cell) > page->width) {
			ws_page_end(page);
			ws_page_cell(page, &cell, indent);
		} else {
			ws_page_cell(page, &cell,
				     page->column > indent ? page->column + 1 : indent);
		}
		text += n;
		text += strspn(text, " ");
	}
}

void ws_page_end(struct ws_page *page)
{
	fputc('\n', page->to);
	page->column = 0;
}
