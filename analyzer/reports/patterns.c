/* SPDX-License-Identifier: MIT */
/* patterns.c: see patterns.h. */
#include "analyzer/reports/patterns.h"

#include <inttypes.h>

static json_t *queue_json(struct ws_json_writer *writer, const struct ws_queue *queue)
{
	const struct ws_queues_result *queues = writer->report->results->queues;
	json_t *value = json_object(), *spans = json_array(), *read_spans = json_array();

	ws_json_set_integer(writer, value, "longest", queue->longest);
	ws_json_set_integer(writer, value, "busy_ns", queue->busy_ns);
	ws_json_set_integer(writer, value, "wait_ns", queue->wait_ns);
	ws_json_set_integer(writer, value, "span_ns", queues->span_ns);
	for (size_t i = 0; i < queues->n_spans; i++) {
		ws_json_append(writer, spans, ws_json_integer(queue->spans[i]));
		ws_json_append(writer, read_spans, ws_json_integer(queue->read_spans[i]));
	}
	ws_json_set(writer, value, "spans", spans);
	ws_json_set(writer, value, "read_spans", read_spans);
	return value;
}

static json_t *fairness_json(struct ws_json_writer *writer, const struct ws_fair *fair)
{
	const struct ws_tables *tables = writer->report->tables;
	json_t *value = json_object(), *list = json_array();

	ws_json_set_integer(writer, value, "turns", fair->turns);
	ws_json_set_integer(writer, value, "longest_run", fair->longest_run);
	ws_json_set_integer(writer, value, "overtaken", fair->overtaken);
	ws_json_set_integer(writer, value, "most_overtaken", fair->most);
	ws_json_set_integer(writer, value, "jain_permille", fair->jain);
	for (size_t i = 0; i < fair->n_threads; i++) {
		const struct ws_turns *turns = &fair->threads[i];
		json_t *one = json_object();

		ws_json_set_integer(writer, one, "thread", turns->thread);
		ws_json_set(writer, one, "tid", json_integer(tables->threads[turns->thread].tid));
		ws_json_set_integer(writer, one, "turns", turns->turns);
		ws_json_set_integer(writer, one, "waits", turns->waits);
		ws_json_set_integer(writer, one, "wait_ns", turns->wait_ns);
		ws_json_set_integer(writer, one, "overtaken", turns->overtaken);
		ws_json_append(writer, list, one);
	}
	ws_json_set(writer, value, "threads", list);
	return value;
}

static json_t *wakeup_json(struct ws_json_writer *writer, const struct ws_wakeup *wakeup)
{
	json_t *value = json_object();

	ws_json_set_integer(writer, value, "woken", wakeup->woken);
	ws_json_set_integer(writer, value, "in_vain", wakeup->in_vain);
	ws_json_set_integer(writer, value, "spurious", wakeup->spurious);
	ws_json_set_integer(writer, value, "false_waits", wakeup->false_waits);
	ws_json_set_integer(writer, value, "false_ns", wakeup->false_ns);
	ws_json_set_integer(writer, value, "broadcasts", wakeup->broadcasts);
	ws_json_set_integer(writer, value, "broadcast_woken", wakeup->broadcast_woken);
	ws_json_set_integer(writer, value, "broadcast_in_vain", wakeup->broadcast_vain);
	return value;
}

static json_t *acquisition_json(struct ws_json_writer *writer, const struct ws_acquisition *one)
{
	json_t *value = json_object(), *holds = json_object();

	ws_json_set_integer(writer, value, "acquired", one->acquired);
	ws_json_set_integer(writer, value, "waited", one->waited);
	ws_json_set_integer(writer, value, "failed", one->failed);
	ws_json_set(writer, value, "shared", json_boolean(one->shared));
	ws_json_set_integer(writer, holds, "count", one->holds.count);
	ws_json_set_integer(writer, holds, "total_ns", one->holds.total);
	ws_json_set_integer(writer, holds, "min_ns", one->holds.min);
	ws_json_set_integer(writer, holds, "p50_ns", ws_histogram_quantile(&one->holds, 500));
	ws_json_set_integer(writer, holds, "p95_ns", ws_histogram_quantile(&one->holds, 950));
	ws_json_set_integer(writer, holds, "p99_ns", ws_histogram_quantile(&one->holds, 990));
	ws_json_set_integer(writer, holds, "max_ns", one->holds.max);
	ws_json_set(writer, value, "holds", holds);
	return value;
}

static json_t *fill_json(struct ws_json_writer *writer, const struct ws_fill *fill)
{
	const struct ws_fills_result *fills = writer->report->results->fills;
	json_t *value = json_object(), *spans = json_array();

	ws_json_set_string(writer, value, "unit", fill->in_messages ? "messages" : "bytes");
	ws_json_set_integer(writer, value, "most", fill->most);
	ws_json_set_integer(writer, value, "last", fill->last);
	ws_json_set_integer(writer, value, "unseen", fill->unseen);
	ws_json_set_integer(writer, value, "span_ns", fills->span_ns);
	for (size_t i = 0; i < fills->n_spans; i++)
		ws_json_append(writer, spans, ws_json_integer(fill->spans[i]));
	ws_json_set(writer, value, "spans", spans);
	return value;
}

void ws_json_set_patterns(struct ws_json_writer *writer, json_t *to, const struct ws_object *object)
{
	const struct ws_results *results = writer->report->results;
	const struct ws_queue *queue = ws_queue_of(results->queues, object);
	const struct ws_fill *fill = ws_fill_of(results->fills, object);
	const struct ws_fair *fair = ws_fair_of(results->fairness, object);
	const struct ws_wakeup *wakeup = ws_wakeup_of(results->wakeups, object);

	const struct ws_acquisition *one = ws_acquisition_of(results->acquisitions, object);

	if (one)
		ws_json_set(writer, to, "acquisitions", acquisition_json(writer, one));
	if (queue)
		ws_json_set(writer, to, "queue", queue_json(writer, queue));
	if (fill)
		ws_json_set(writer, to, "fill", fill_json(writer, fill));
	if (fair)
		ws_json_set(writer, to, "fairness", fairness_json(writer, fair));
	if (wakeup)
		ws_json_set(writer, to, "wakeups", wakeup_json(writer, wakeup));
}

/* "taken  1,204 times, 12 % after a wait; holds known: p50 1.2 ms, max 3.4 ms" */
static void print_acquisitions(struct ws_page *page, const struct ws_acquisition *one, size_t label,
			       size_t indent)
{
	struct ws_cell cell, number, percent, middle, most;

	if (!one->acquired || one->shared)
		return;
	ws_page_text(page, "taken", label);
	ws_cell_noun(&number, one->acquired, "time");
	ws_cell_percent(&percent, one->waited, one->acquired);
	ws_cell_set(&cell, page->utf8, "%.40s, %.20s after a wait", number.text, percent.text);
	ws_page_flow(page, cell.text, "", indent);
	if (one->failed) {
		ws_cell_count(&number, one->failed);
		ws_cell_set(&cell, page->utf8, "tried in vain %.40s times", number.text);
		ws_page_flow(page, cell.text, "; ", indent);
	}
	if (one->holds.count) {
		ws_cell_time(&middle, page->utf8, ws_histogram_quantile(&one->holds, 500));
		ws_cell_time(&most, page->utf8, one->holds.max);
		ws_cell_set(&cell, page->utf8, "then held p50 %.20s, max %.20s", middle.text,
			    most.text);
		ws_page_flow(page, cell.text, "; ", indent);
	}
	ws_page_end(page);
}

/* A queue of one is what every wait is. */
static void print_queue(struct ws_page *page, const struct ws_queue *queue, size_t label,
			size_t indent)
{
	uint64_t tenths;
	struct ws_cell cell;

	if (queue->longest < 2 || !queue->busy_ns)
		return;
	tenths = (uint64_t)((double)queue->wait_ns * 10 / (double)queue->busy_ns + 0.5);
	ws_page_text(page, "queue", label);
	ws_cell_set(&cell, page->utf8,
		    "%" PRIu64 ".%" PRIu64 " threads on average while any waits, at most %" PRIu32,
		    tenths / 10, tenths % 10, queue->longest);
	ws_page_flow(page, cell.text, "", indent);
	ws_page_end(page);
}

/* Worth a line where one had more than twice its part, or many overtook one. */
static void print_fairness(struct ws_page *page, const struct ws_report *report,
			   const struct ws_fair *fair, size_t label, size_t indent)
{
	const struct ws_tables *tables = report->tables;
	struct ws_cell cell;
	bool said = false;

	if (fair->n_threads > 1 && fair->turns >= 10 &&
	    fair->threads[0].turns * fair->n_threads > 2 * fair->turns) {
		ws_cell_set(&cell, page->utf8,
			    "thread %" PRId32 " had %" PRIu64 " of %" PRIu64
			    " turns in front of waiters",
			    tables->threads[fair->threads[0].thread].tid, fair->threads[0].turns,
			    fair->turns);
		ws_page_text(page, "fairness", label);
		ws_page_flow(page, cell.text, "", indent);
		said = true;
	}
	if (fair->most >= 10) {
		ws_cell_set(&cell, page->utf8, "one wait was overtaken %" PRIu64 " times",
			    fair->most);
		if (!said)
			ws_page_text(page, "fairness", label);
		ws_page_flow(page, cell.text, said ? "; " : "", indent);
		said = true;
	}
	if (said)
		ws_page_end(page);
}

static void print_wakeups(struct ws_page *page, const struct ws_wakeup *wakeup, size_t label,
			  size_t indent)
{
	struct ws_cell cell, time;

	if (!wakeup->in_vain && !wakeup->false_waits)
		return;
	ws_page_text(page, "wake-ups", label);
	ws_cell_set(&cell, page->utf8, "%" PRIu64, wakeup->woken);
	ws_page_flow(page, cell.text, "", indent);
	if (wakeup->in_vain) {
		ws_cell_set(&cell, page->utf8, "%" PRIu64 " went back to wait", wakeup->in_vain);
		ws_page_flow(page, cell.text, ": ", indent);
	}
	if (wakeup->spurious) {
		ws_cell_set(&cell, page->utf8, "%" PRIu64 " woken by nobody", wakeup->spurious);
		ws_page_flow(page, cell.text, ", ", indent);
	}
	if (wakeup->false_waits) {
		ws_cell_time(&time, page->utf8, wakeup->false_ns);
		ws_cell_set(&cell, page->utf8,
			    "%" PRIu64 " had to wait %.20s more for the mutex of who signalled",
			    wakeup->false_waits, time.text);
		ws_page_flow(page, cell.text, wakeup->in_vain ? ", " : ": ", indent);
	}
	ws_page_end(page);
}

void ws_text_patterns(struct ws_page *page, const struct ws_report *report,
		      const struct ws_object *object, size_t label, size_t indent)
{
	const struct ws_results *results = report->results;
	const struct ws_queue *queue = ws_queue_of(results->queues, object);
	const struct ws_fair *fair = ws_fair_of(results->fairness, object);
	const struct ws_wakeup *wakeup = ws_wakeup_of(results->wakeups, object);

	const struct ws_acquisition *one = ws_acquisition_of(results->acquisitions, object);

	if (one)
		print_acquisitions(page, one, label, indent);
	if (queue)
		print_queue(page, queue, label, indent);
	if (fair)
		print_fairness(page, report, fair, label, indent);
	if (wakeup)
		print_wakeups(page, wakeup, label, indent);
}
