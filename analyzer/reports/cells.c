/* SPDX-License-Identifier: MIT */
/* cells.c: see cells.h. */
#include "analyzer/reports/cells.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "analyzer/analyses/places.h"

/* Bytes of the UTF-8 character at `text`; 0: it is none that may be shown. */
static size_t character(const unsigned char *text)
{
	size_t n;

	if (text[0] < 0x80)
		return text[0] >= 0x20 && text[0] != 0x7f;
	if (text[0] >= 0xc2 && text[0] < 0xe0)
		n = 2;
	else if (text[0] >= 0xe0 && text[0] < 0xf0)
		n = 3;
	else if (text[0] >= 0xf0 && text[0] < 0xf5)
		n = 4;
	else
		return 0;
	for (size_t i = 1; i < n; i++) {
		if ((text[i] & 0xc0) != 0x80)
			return 0;
	}
	if (n == 2 && text[0] == 0xc2 && text[1] < 0xa0)
		return 0; /* C1 control characters */
	return n;
}

static void clean(struct ws_cell *cell, bool utf8)
{
	unsigned char *from = (unsigned char *)cell->text, *to = from;

	while (*from) {
		size_t n = character(from);

		if (n == 0 || (n > 1 && !utf8)) {
			*to++ = '?';
			from += n ? n : 1;
			continue;
		}
		memmove(to, from, n);
		to += n;
		from += n;
	}
	*to = 0;
}

void ws_cell_set(struct ws_cell *cell, bool utf8, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(cell->text, sizeof(cell->text), format, args);
	va_end(args);
	clean(cell, utf8);
}

size_t ws_cell_width(const struct ws_cell *cell)
{
	size_t width = 0;

	for (const char *c = cell->text; *c; c++)
		width += ((unsigned char)*c & 0xc0) != 0x80;
	return width;
}

void ws_cell_cut(struct ws_cell *cell, bool utf8, size_t width)
{
	const char *ellipsis = utf8 ? "\xe2\x80\xa6" : "~";
	char *c = cell->text;

	if (ws_cell_width(cell) <= width)
		return;
	if (width == 0) {
		*c = 0;
		return;
	}
	for (size_t seen = 0; *c; c++) {
		if (((unsigned char)*c & 0xc0) == 0x80)
			continue;
		if (++seen == width)
			break;
	}
	/* What is cut off was at least two characters; the ellipsis may need three bytes. */
	snprintf(c, sizeof(cell->text) - (size_t)(c - cell->text), "%s", ellipsis);
}

static void grouped(char *text, size_t size, uint64_t number)
{
	char digits[32];
	int n = snprintf(digits, sizeof(digits), "%" PRIu64, number);
	size_t at = 0;

	for (int i = 0; i < n && at + 2 < size; i++) {
		if (i && (n - i) % 3 == 0)
			text[at++] = ',';
		text[at++] = digits[i];
	}
	text[at] = 0;
}

void ws_cell_count(struct ws_cell *cell, uint64_t count)
{
	grouped(cell->text, sizeof(cell->text), count);
}

void ws_cell_noun(struct ws_cell *cell, uint64_t count, const char *noun)
{
	char number[32];
	size_t length = strlen(noun);
	const char *ending = length && noun[length - 1] == 's' ? "es" : "s";

	grouped(number, sizeof(number), count);
	snprintf(cell->text, sizeof(cell->text), "%s %s%s", number, noun, count == 1 ? "" : ending);
}

void ws_cell_time(struct ws_cell *cell, bool utf8, uint64_t ns)
{
	static const struct {
		uint64_t ns;
		const char *utf8, *ascii;
	} units[] = {
		{ 1000000000, "s", "s" },
		{ 1000000, "ms", "ms" },
		{ 1000, "\xc2\xb5s", "us" },
	};
	char whole[32];

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		uint64_t unit = units[i].ns;
		const char *word = utf8 ? units[i].utf8 : units[i].ascii;
		/* In steps of the third digit, rounded, so that 999.9 us becomes 1.00 ms. */
		uint64_t step;

		if (ns < unit - unit / 2000 && !(unit == 1000 && ns >= 1000))
			continue;
		step = ns < 10 * unit - unit / 200   ? unit / 100
		       : ns < 100 * unit - unit / 20 ? unit / 10
						     : unit;
		uint64_t steps = ns / step + (ns % step >= step - step / 2);

		if (step == unit) {
			grouped(whole, sizeof(whole), steps);
			snprintf(cell->text, sizeof(cell->text), "%s %s", whole, word);
		} else if (step == unit / 10) {
			snprintf(cell->text, sizeof(cell->text), "%" PRIu64 ".%" PRIu64 " %s",
				 steps / 10, steps % 10, word);
		} else {
			snprintf(cell->text, sizeof(cell->text), "%" PRIu64 ".%02" PRIu64 " %s",
				 steps / 100, steps % 100, word);
		}
		return;
	}
	snprintf(cell->text, sizeof(cell->text), "%" PRIu64 " ns", ns);
}

void ws_cell_percent(struct ws_cell *cell, uint64_t part, uint64_t whole)
{
	/* In floating point: the product may not fit, and two digits are shown. */
	double percent = whole ? 100.0 * (double)part / (double)whole : 0;

	if (!whole)
		snprintf(cell->text, sizeof(cell->text), "-");
	else if (part && percent < 0.5)
		snprintf(cell->text, sizeof(cell->text), "< 1 %%");
	else
		snprintf(cell->text, sizeof(cell->text), "%.0f %%", percent);
}

void ws_cell_place(struct ws_cell *cell, bool utf8, const struct ws_frame *frame, size_t width)
{
	struct ws_cell where, function;
	size_t taken;

	if (!frame) {
		ws_cell_set(cell, utf8, "unknown");
		return;
	}
	if (frame->file && frame->line)
		ws_cell_set(&where, utf8, "%s:%" PRIu32, ws_base_name(frame->file), frame->line);
	else if (frame->module)
		ws_cell_set(&where, utf8, "%s+0x%" PRIx64, ws_base_name(frame->module),
			    frame->offset);
	else
		ws_cell_set(&where, utf8, "0x%" PRIx64, frame->offset);
	taken = ws_cell_width(&where) + strlen("() ");
	if (!frame->function || taken + 4 > width) {
		*cell = where;
		ws_cell_cut(cell, utf8, width);
		return;
	}
	ws_cell_set(&function, utf8, "%.*s", (int)ws_function_length(frame->function),
		    frame->function);
	ws_cell_cut(&function, utf8, width - taken);
	snprintf(cell->text, sizeof(cell->text), "%.500s() %.500s", function.text, where.text);
}
