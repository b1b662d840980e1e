/* SPDX-License-Identifier: MIT */
/* html.c: the report as one page that opens from disk: the JSON, the waits, and what shows them.
 *
 * The frame, style and script of the page are sources of their own, in page/. Beside them the page
 * holds three blocks of data, each in a script element that browsers do not run:
 *
 * report:  the JSON of json.c, its frames and stacks written once: {"f":N} stands for frames[N],
 *          {"s":N} for stacks[N]; and the colours of kinds.
 * timeline: the lanes, the shapes of waits (intervals.h) and the sums of those that are too many.
 * waits:   base64 of the waits, lane after lane; of each, as LEB128 numbers: nanoseconds from the
 *          begin of the one before it, its length, its shape, and how long before its end it was
 *          let go.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/base/words.h"
#include "analyzer/reports/json_root.h"
#include "analyzer/reports/json_writer.h"
#include "analyzer/reports/kind_colours.h"
#include "analyzer/reports/page_parts.h"
#include "analyzer/reports/report.h"

#define HASH_NONFATAL_OOM 1
#include <uthash.h>

/* A frame or a stack that has a number. */
struct numbered {
	json_t *value; /* Owned by this: no other may get its address */
	json_int_t number;
	UT_hash_handle hh;
};

struct html {
	struct ws_json_writer *writer; /* Weak */
	FILE *to;                      /* Weak */
	struct numbered *numbers;      /* Owned by this; frames and stacks, by address */
	json_t *frames, *stacks;       /* Owned by this */
};

/* In a script element nothing but the end of it has a meaning, and that begins with this sign,
 * which JSON has in strings only. */
static int write_safely(const char *buffer, size_t size, void *user)
{
	FILE *to = user;

	for (const char *end = buffer + size; buffer < end;) {
		const char *sign = memchr(buffer, '<', (size_t)(end - buffer));
		size_t n = (size_t)((sign ? sign : end) - buffer);

		if (fwrite(buffer, 1, n, to) != n)
			return -1;
		buffer += n;
		if (sign) {
			fputs("\\u003c", to);
			buffer++;
		}
	}
	return 0;
}

static void write_json(struct html *html, const char *id, const json_t *value)
{
	fprintf(html->to, "<script type=\"application/json\" id=\"%s\">", id);
	/* A failed write is the caller's to find, in the file. */
	(void)json_dump_callback(value, write_safely, html->to, JSON_COMPACT);
	fputs("</script>\n", html->to);
}

static bool is_frame(const json_t *value)
{
	return json_is_object(value) && json_object_get(value, "function") &&
	       json_object_get(value, "offset");
}

static bool is_stack(const json_t *value)
{
	return json_is_array(value) && is_frame(json_array_get(value, 0));
}

/* {"f":N} or {"s":N}: what stands for the frame or the stack. */
static json_t *stand_in(struct html *html, json_t *value)
{
	bool frame = is_frame(value);
	json_t *list = frame ? html->frames : html->stacks;
	struct numbered *numbered;
	json_t *kept;

	HASH_FIND_PTR(html->numbers, &value, numbered);
	if (!numbered) {
		numbered = calloc(1, sizeof(*numbered));
		if (!numbered) {
			html->writer->failed = true;
			return json_null();
		}
		numbered->value = json_incref(value);
		/* A stack is a list of numbers of frames. */
		kept = frame ? json_incref(value) : json_array();
		for (size_t i = 0; !frame && i < json_array_size(value); i++) {
			json_t *one = stand_in(html, json_array_get(value, i));

			ws_json_append(html->writer, kept, json_incref(json_object_get(one, "f")));
			json_decref(one);
		}
		numbered->number = (json_int_t)json_array_size(list);
		ws_json_append(html->writer, list, kept);
		HASH_ADD_PTR(html->numbers, value, numbered);
		if (!numbered->hh.tbl) {
			json_decref(numbered->value);
			free(numbered);
			html->writer->failed = true;
			return json_null();
		}
	}
	return json_pack("{s:I}", frame ? "f" : "s", numbered->number);
}

/* Puts stand-ins for all frames and stacks in the value. Those that are shared are as they were. */
static void shorten(struct html *html, json_t *value)
{
	const char *key;
	json_t *member;
	size_t i;

	if (json_is_object(value)) {
		json_object_foreach(value, key, member)
		{
			if (is_frame(member) || is_stack(member))
				ws_json_set(html->writer, value, key, stand_in(html, member));
			else
				shorten(html, member);
		}
	} else if (json_is_array(value)) {
		json_array_foreach(value, i, member)
			shorten(html, member);
	}
}

static json_t *colours_json(struct html *html)
{
	json_t *value = json_object();

	for (uint8_t kind = 0; kind < WS_KIND_COUNT; kind++)
		ws_json_set_string(html->writer, value, ws_kind_word(kind), ws_kind_colour(kind));
	return value;
}

static void write_report(struct html *html, json_t *root)
{
	json_t *value = json_object();

	shorten(html, root);
	ws_json_set(html->writer, value, "colours", colours_json(html));
	ws_json_set(html->writer, value, "frames", json_incref(html->frames));
	ws_json_set(html->writer, value, "stacks", json_incref(html->stacks));
	ws_json_set(html->writer, value, "report", json_incref(root));
	if (!html->writer->failed)
		write_json(html, "report", value);
	json_decref(value);
}

/* Number of a party's frame or stack; -1: not known. */
static json_t *number_of(struct html *html, json_t *value)
{
	json_t *one, *number = NULL;

	if (is_frame(value) || is_stack(value)) {
		one = stand_in(html, value);
		number = json_incref(json_object_get(one, is_frame(value) ? "f" : "s"));
		json_decref(one);
	}
	json_decref(value);
	return number ? number : json_integer(-1);
}

static json_t *thread_number(const struct html *html, uint32_t thread)
{
	return json_integer(thread < html->writer->report->tables->n_threads ? (json_int_t)thread
									     : -1);
}

static void append_party(struct html *html, json_t *list, const struct ws_party *party)
{
	ws_json_append(html->writer, list, thread_number(html, party->thread));
	ws_json_append(html->writer, list,
		       number_of(html, ws_json_frame(html->writer, party->site)));
	ws_json_append(html->writer, list, number_of(html, ws_json_trail(html->writer, party)));
}

static const char *end_word(uint8_t end)
{
	return end == WS_INTERVAL_OPEN   ? "open"
	       : end == WS_INTERVAL_LOST ? "unknown"
					 : ws_outcome_word(end);
}

/* [object, end, thread, site, stack of the waiter, the same of the holder and of the waker] each.
 */
static json_t *shapes_json(struct html *html, const struct ws_intervals_result *intervals)
{
	json_t *list = json_array();

	for (size_t i = 0; i < intervals->n_shapes; i++) {
		const struct ws_interval_shape *shape = &intervals->shapes[i];
		json_t *one = json_array();

		ws_json_append(html->writer, one, json_integer(shape->object->id));
		ws_json_append(html->writer, one, ws_json_string(end_word(shape->end)));
		append_party(html, one, &shape->waiter);
		append_party(html, one, &shape->holder);
		append_party(html, one, &shape->waker);
		ws_json_append(html->writer, list, one);
	}
	return list;
}

/* [thread, waits] each, in the order of the block of waits. */
static json_t *lanes_json(struct html *html, const struct ws_intervals_result *intervals)
{
	json_t *list = json_array();

	for (size_t i = 0, next; i < intervals->n; i = next) {
		uint32_t thread = intervals->list[i].thread;
		json_t *one = json_array();

		for (next = i; next < intervals->n && intervals->list[next].thread == thread;)
			next++;
		ws_json_append(html->writer, one, thread_number(html, thread));
		ws_json_append(html->writer, one, ws_json_integer(next - i));
		ws_json_append(html->writer, list, one);
	}
	return list;
}

/* [thread, span, kind, waits, ns] each. */
static json_t *sums_json(struct html *html, const struct ws_intervals_result *intervals)
{
	json_t *list = json_array();

	for (size_t i = 0; i < intervals->n_sums; i++) {
		const struct ws_interval_sum *sum = &intervals->sums[i];
		json_t *one = json_array();

		ws_json_append(html->writer, one, thread_number(html, sum->thread));
		ws_json_append(html->writer, one, ws_json_integer(sum->span));
		ws_json_append(html->writer, one, ws_json_string(ws_kind_word(sum->kind)));
		ws_json_append(html->writer, one, ws_json_integer(sum->waits));
		ws_json_append(html->writer, one, ws_json_integer(sum->wait_ns));
		ws_json_append(html->writer, list, one);
	}
	return list;
}

/* When each thread lived: [begin, end] on the trace's clock; end 0: it did not end. */
static json_t *lives_json(struct html *html)
{
	const struct ws_tables *tables = html->writer->report->tables;
	json_t *list = json_array();

	for (size_t i = 0; i < tables->n_threads; i++) {
		json_t *one = json_array();

		ws_json_append(html->writer, one, ws_json_integer(tables->threads[i].begin_ns));
		ws_json_append(html->writer, one, ws_json_integer(tables->threads[i].end_ns));
		ws_json_append(html->writer, list, one);
	}
	return list;
}

static void write_timeline(struct html *html, const struct ws_intervals_result *intervals,
			   json_t *value)
{
	ws_json_set_integer(html->writer, value, "begin_ns", intervals->begin_ns);
	ws_json_set_integer(html->writer, value, "waits", intervals->n);
	ws_json_set_integer(html->writer, value, "short_ns", intervals->short_ns);
	ws_json_set_integer(html->writer, value, "span_ns", intervals->span_ns);
	ws_json_set(html->writer, value, "lives", lives_json(html));
	ws_json_set(html->writer, value, "lanes", lanes_json(html, intervals));
	ws_json_set(html->writer, value, "sums", sums_json(html, intervals));
	if (!html->writer->failed)
		write_json(html, "timeline", value);
}

/* Bytes to base64, three at a time. */
struct base64 {
	FILE *to; /* Weak */
	unsigned char bytes[3];
	unsigned int n;
};

static void flush_base64(struct base64 *out)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	uint32_t bits =
		(uint32_t)out->bytes[0] << 16 | (uint32_t)out->bytes[1] << 8 | out->bytes[2];

	for (unsigned int i = 0; out->n && i < 4; i++)
		putc_unlocked(i <= out->n ? digits[bits >> (18 - 6 * i) & 63] : '=', out->to);
	memset(out->bytes, 0, sizeof(out->bytes));
	out->n = 0;
}

static void put_number(struct base64 *out, uint64_t number)
{
	do {
		out->bytes[out->n++] = (unsigned char)((number & 0x7f) | (number > 0x7f) << 7);
		if (out->n == sizeof(out->bytes))
			flush_base64(out);
		number >>= 7;
	} while (number);
}

static void write_waits(struct html *html, const struct ws_intervals_result *intervals)
{
	struct base64 out = { .to = html->to };

	fputs("<script type=\"text/plain\" id=\"waits\">", html->to);
	for (size_t i = 0; i < intervals->n; i++) {
		const struct ws_interval *wait = &intervals->list[i];
		bool first = i == 0 || wait[-1].thread != wait->thread;

		put_number(&out,
			   wait->begin_ns - (first ? intervals->begin_ns : wait[-1].begin_ns));
		put_number(&out, wait->end_ns - wait->begin_ns);
		put_number(&out, wait->shape);
		put_number(&out, wait->wake_ns);
	}
	flush_base64(&out);
	fputs("</script>\n", html->to);
}

static void write_data(struct html *html)
{
	const struct ws_intervals_result *intervals = html->writer->report->results->intervals;
	json_t *root = ws_json_root(html->writer), *timeline = json_object();

	/* Shapes first: they add frames to the report's. */
	ws_json_set(html->writer, timeline, "shapes", shapes_json(html, intervals));
	write_report(html, root);
	write_timeline(html, intervals, timeline);
	write_waits(html, intervals);
	json_decref(root);
	json_decref(timeline);
}

static void free_numbers(struct html *html)
{
	struct numbered *numbered, *next;

	HASH_ITER(hh, html->numbers, numbered, next) {
		HASH_DEL(html->numbers, numbered);
		json_decref(numbered->value);
		free(numbered);
	}
	json_decref(html->frames);
	json_decref(html->stacks);
}

int ws_report_html(const struct ws_report *report, FILE *to)
{
	struct ws_json_writer writer = { .report = report };
	struct html html = {
		.writer = &writer, .to = to, .frames = json_array(), .stacks = json_array()
	};
	const char *at = ws_page_frame, *mark;

	/* The frame says where each part goes. */
	while ((mark = strstr(at, "@{"))) {
		fwrite(at, 1, (size_t)(mark - at), to);
		at = strchr(mark, '}') + 1;
		if (strncmp(mark, "@{style}", 8) == 0)
			fputs(ws_page_style, to);
		else if (strncmp(mark, "@{libraries}", 12) == 0)
			fputs(ws_page_libraries, to);
		else if (strncmp(mark, "@{script}", 9) == 0)
			fputs(ws_page_script, to);
		else
			write_data(&html);
	}
	fputs(at, to);
	free_numbers(&html);
	ws_json_writer_free(&writer);
	return writer.failed ? -ENOMEM : 0;
}
