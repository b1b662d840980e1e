/* SPDX-License-Identifier: MIT */
/* classes.c: see classes.h. */
#include "analyzer/reports/classes.h"

const char *ws_class_label(enum ws_class class)
{
	return class == WS_CLASS_HANDOVER ? "hand-over" : ws_class_word(class);
}

bool ws_class_matters(enum ws_class class)
{
	return class == WS_CLASS_CONTENTION || class == WS_CLASS_HANDOVER;
}

enum ws_class ws_report_class(const struct ws_report *report, const struct ws_object *object)
{
	const struct ws_classed *one = ws_classed_of(report->results->classes, object);

	return one ? one->most : WS_CLASS_IDLE;
}

static json_t *sums_json(struct ws_json_writer *writer, const struct ws_class_sum *sums)
{
	json_t *value = json_object();

	for (enum ws_class i = 0; i < WS_CLASS_COUNT; i++) {
		json_t *sum;

		if (!sums[i].waits)
			continue;
		sum = json_object();
		ws_json_set_integer(writer, sum, "waits", sums[i].waits);
		ws_json_set_integer(writer, sum, "wait_ns", sums[i].wait_ns);
		ws_json_set(writer, value, ws_class_word(i), sum);
	}
	return value;
}

void ws_json_set_class(struct ws_json_writer *writer, json_t *to, const struct ws_object *object)
{
	const struct ws_classed *one = ws_classed_of(writer->report->results->classes, object);

	ws_json_set_string(writer, to, "class",
			   ws_class_word(ws_report_class(writer->report, object)));
	ws_json_set(writer, to, "by_class", one ? sums_json(writer, one->sums) : json_object());
}

json_t *ws_json_classes(struct ws_json_writer *writer)
{
	return sums_json(writer, writer->report->results->classes->sums);
}

/* The sums with time in them as a flow of words; returns how many. `first` begins it. */
static size_t flow(struct ws_page *page, const struct ws_class_sum *sums, const char *first,
		   const char *between, bool times, size_t indent)
{
	uint64_t total = 0;
	struct ws_cell cell, time, percent;
	size_t n = 0;

	for (enum ws_class i = 0; i < WS_CLASS_COUNT; i++)
		total += sums[i].wait_ns;
	for (enum ws_class i = 0; i < WS_CLASS_COUNT; i++) {
		if (!sums[i].wait_ns)
			continue;
		ws_cell_percent(&percent, sums[i].wait_ns, total);
		ws_cell_time(&time, page->utf8, sums[i].wait_ns);
		if (times)
			ws_cell_set(&cell, page->utf8, "%s %.60s (%.20s)", ws_class_label(i),
				    time.text, percent.text);
		else
			ws_cell_set(&cell, page->utf8, "%s %.20s", ws_class_label(i), percent.text);
		ws_page_flow(page, cell.text, n++ ? between : first, indent);
	}
	return n;
}

void ws_text_classes(struct ws_page *page, const struct ws_report *report, size_t indent)
{
	const struct ws_class_sum *sums = report->results->classes->sums;

	if (!report->results->contention->total.wait_ns)
		return;
	ws_page_text(page, "by class", 0);
	flow(page, sums, "   ", "   ", true, indent);
	ws_page_end(page);
}

void ws_text_class_parts(struct ws_page *page, const struct ws_report *report,
			 const struct ws_object *object, size_t label, size_t indent)
{
	const struct ws_classed *one = ws_classed_of(report->results->classes, object);
	size_t n = 0;

	for (enum ws_class i = 0; one && i < WS_CLASS_COUNT; i++)
		n += one->sums[i].wait_ns != 0;
	if (n < 2)
		return;
	ws_page_text(page, "class", label);
	flow(page, one->sums, "", ", ", false, indent);
	ws_page_end(page);
}
