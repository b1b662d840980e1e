/* SPDX-License-Identifier: MIT */
/* cells.c: see cells.h. */
#include "analyzer/reports/cells.h"

#include <inttypes.h>
#include <locale.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <wchar.h>

#include "analyzer/analyses/places.h"

/* Direction marks, byte order marks and line ends of Unicode move what stands beside them. */
static bool is_invisible(wchar_t c)
{
	return c == 0x61c || (c >= 0x200b && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) ||
	       (c >= 0x2060 && c <= 0x206f) || c == 0xfeff || (c >= 0xfff9 && c <= 0xfffb) ||
	       (c >= 0xe0000 && c <= 0xe0fff);
}

/* The character of `n` bytes at `text`. */
static wchar_t decode(const unsigned char *text, size_t n)
{
	wchar_t c = n == 1 ? text[0] : text[0] & (0x7f >> n);

	for (size_t i = 1; i < n; i++)
		c = c << 6 | (text[i] & 0x3f);
	return c;
}

/* What the C library knows of widths, whatever locale the reader has. */
static size_t width_of(wchar_t c)
{
	static locale_t utf8;
	locale_t before;
	int width;

	if (c < 0x300)
		return 1;
	if (!utf8)
		utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", NULL);
	if (!utf8)
		return 1;
	before = uselocale(utf8);
	width = wcwidth(c);
	uselocale(before);
	/* Not known to it, but the terminal may know: rather too wide than beyond the edge. */
	return width < 0 ? 2 : (size_t)width;
}

/* Bytes of the UTF-8 character at `text`; 0: it is none that may be shown. */
static size_t character(const unsigned char *text)
{
	wchar_t c;
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
	c = decode(text, n);
	/* Too long a form, a surrogate, or beyond the last: no terminal agrees on those. */
	if ((n == 3 && c < 0x800) || (n == 4 && (c < 0x10000 || c > 0x10ffff)) ||
	    (c >= 0xd800 && c < 0xe000) || is_invisible(c))
		return 0;
	return n;
}

/* What ws_cell_cut puts at the end needs more bytes than what it cuts off may have had. */
#define ELLIPSIS_BYTES 4

static void clean(struct ws_cell *cell, bool utf8)
{
	unsigned char *from = (unsigned char *)cell->text, *to = from;

	while (*from) {
		size_t n = character(from);

		if (n == 0 || (n > 1 && !utf8)) {
			*to++ = '?';
			from += n ? n : 1;
			/* What is left of the character is not one more. */
			while (!n && (*from & 0xc0) == 0x80)
				from++;
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
	vsnprintf(cell->text, sizeof(cell->text) - ELLIPSIS_BYTES, format, args);
	va_end(args);
	clean(cell, utf8);
}

/* Bytes of the character at `c`, which is clean, and its columns. */
static size_t step(const char *c, size_t *columns)
{
	const unsigned char *text = (const unsigned char *)c;
	size_t n = text[0] < 0x80 ? 1 : text[0] < 0xe0 ? 2 : text[0] < 0xf0 ? 3 : 4;

	*columns = width_of(decode(text, n));
	return n;
}

size_t ws_cell_width(const struct ws_cell *cell)
{
	size_t width = 0, columns;

	for (const char *c = cell->text; *c; width += columns)
		c += step(c, &columns);
	return width;
}

void ws_cell_cut(struct ws_cell *cell, bool utf8, size_t width)
{
	const char *ellipsis = utf8 ? "\xe2\x80\xa6" : "~";
	char *c = cell->text;
	size_t seen = 0, columns;

	if (ws_cell_width(cell) <= width)
		return;
	if (width == 0) {
		*c = 0;
		return;
	}
	/* One column is the ellipsis's. */
	for (;;) {
		size_t n = step(c, &columns);

		if (seen + columns > width - 1)
			break;
		seen += columns;
		c += n;
	}
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
