/* SPDX-License-Identifier: MIT */
/* page.h: writes lines of cells that stand in columns. */
#ifndef WS_PAGE_H
#define WS_PAGE_H

#include <stdio.h>

#include "analyzer/reports/cells.h"

/* How a piece looks; without colour they look alike. */
enum ws_style {
	WS_STYLE_PLAIN,
	WS_STYLE_HEAD, /* names a section */
	WS_STYLE_NAME, /* what is told of */
	WS_STYLE_ERROR,
	WS_STYLE_WARNING,
	WS_STYLE_GOOD,
	WS_STYLE_FAINT, /* what is there for completeness */
};

struct ws_page {
	FILE *to;            /* Weak */
	bool utf8;           /* names may be shown in UTF-8 */
	bool colour;         /* the reader's terminal shows colours */
	size_t width;        /* columns of a line: none is longer */
	size_t column;       /* of the next character, from 0 */
	enum ws_style style; /* of what is put next */
};

/* Puts the cell at `column`, or right here if the line is there already. */
void ws_page_cell(struct ws_page *page, const struct ws_cell *cell, size_t column);
void ws_page_text(struct ws_page *page, const char *text, size_t column);
/* The same in a style. */
void ws_page_styled(struct ws_page *page, enum ws_style style, const char *text, size_t column);

/* Puts it so that it ends before `column`. */
void ws_page_cell_to(struct ws_page *page, const struct ws_cell *cell, size_t column);
void ws_page_text_to(struct ws_page *page, const char *text, size_t column);
void ws_page_count_to(struct ws_page *page, uint64_t count, size_t column);
void ws_page_time_to(struct ws_page *page, uint64_t ns, size_t column);

/* Puts a piece after the one before, with the separator between, or at `indent` of a new line if it
 * does not fit. Before `indent` there is no separator. */
void ws_page_flow(struct ws_page *page, const char *text, const char *separator, size_t indent);

/* Flowing text from here, each line from `indent` on. A number stays with its unit. */
void ws_page_words(struct ws_page *page, const char *text, size_t indent);

void ws_page_end(struct ws_page *page);

#endif
