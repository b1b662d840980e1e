/* SPDX-License-Identifier: MIT */
/* check_text.c: the judgement of the gate for a terminal: the verdict in words, what broke, and how
 * it can be accepted. */
#include <inttypes.h>

#include "analyzer/reports/check.h"
#include "analyzer/reports/diff.h"
#include "analyzer/reports/page.h"

#define WIDTH 100

/* Where columns begin. */
enum { COLUMN_RULE = 10, COLUMN_MESSAGE = 26 };

/* Words one after the other, from the column on. */
static void flow(struct ws_page *page, const char *text, size_t column)
{
	struct ws_cell cell, word;
	const char *at;

	ws_cell_set(&cell, page->utf8, "%s", text);
	ws_page_text(page, "", column);
	for (at = cell.text; *at;) {
		size_t n = 0;

		while (at[n] && at[n] != ' ')
			n++;
		ws_cell_set(&word, page->utf8, "%.*s", (int)n, at);
		ws_page_flow(page, word.text, at == cell.text ? "" : " ", column);
		at += n + (at[n] == ' ');
	}
	ws_page_end(page);
}

static void print_entry(struct ws_page *page, const struct ws_gate_entry *entry)
{
	struct ws_cell cell;

	ws_page_text(page,
		     entry->status == WS_GATE_PASS ? "ok" : ws_gate_status_word(entry->status), 2);
	ws_page_text(page, ws_gate_rule_word(entry->rule), COLUMN_RULE);
	if (entry->subject[0] && entry->status != WS_GATE_PASS) {
		flow(page, entry->subject, COLUMN_MESSAGE);
		flow(page, entry->message, COLUMN_MESSAGE);
	} else if (entry->subject[0]) {
		ws_cell_set(&cell, page->utf8, "%.400s: %.400s", entry->subject, entry->message);
		flow(page, cell.text, COLUMN_MESSAGE);
	} else {
		flow(page, entry->message, COLUMN_MESSAGE);
	}
	if (entry->status == WS_GATE_PASS)
		return;
	if (entry->evidence[0])
		flow(page, entry->evidence, COLUMN_MESSAGE);
	if (entry->site) {
		struct ws_frame frame = ws_diff_frame(entry->site);

		ws_cell_place(&cell, page->utf8, &frame, WIDTH - COLUMN_MESSAGE - 3);
		ws_page_text(page, "at", COLUMN_MESSAGE);
		ws_page_cell(page, &cell, COLUMN_MESSAGE + 3);
		ws_page_end(page);
	}
	if (entry->key) {
		ws_cell_set(&cell, page->utf8,
			    "to accept it, put \"%s\" into `accepted` of the baseline", entry->key);
		flow(page, cell.text, COLUMN_MESSAGE);
	}
}

static void print_verdict(struct ws_page *page, const struct ws_check *check)
{
	const struct ws_gate_result *result = check->result;
	struct ws_cell cell;

	if (result->failed)
		ws_cell_set(&cell, page->utf8, "Failed: %zu %s", result->failed,
			    result->failed == 1 ? "rule is broken" : "breaches of rules");
	else if (!result->pass)
		ws_cell_set(&cell, page->utf8,
			    "Failed: %zu %s not known (--allow-unknown lets that pass)",
			    result->unknown, result->unknown == 1 ? "thing is" : "things are");
	else
		ws_cell_set(&cell, page->utf8, "Passed%s",
			    result->unknown ? ", as far as is known" : "");
	ws_page_cell(page, &cell, 0);
	ws_page_end(page);
	if (check->baseline)
		ws_cell_set(&cell, page->utf8, "baseline %.300s%s", check->baseline,
			    check->updated ? " (written anew)" : "");
	else
		ws_cell_set(&cell, page->utf8,
			    "no baseline: what is new, or more than before, is not judged");
	ws_cell_cut(&cell, page->utf8, WIDTH - 2);
	ws_page_cell(page, &cell, 2);
	ws_page_end(page);
	for (size_t i = 0; i < check->runs->n; i++) {
		const struct ws_digest *run = check->runs->runs[i];
		struct ws_cell events;

		ws_cell_count(&events, run->events);
		ws_cell_set(&cell, page->utf8, "run %.300s, %.40s events", run->path, events.text);
		ws_cell_cut(&cell, page->utf8, WIDTH - 2);
		ws_page_cell(page, &cell, 2);
		ws_page_end(page);
	}
	ws_page_end(page);
}

int ws_check_text(const struct ws_check *check, const struct ws_text_style *style, FILE *to)
{
	struct ws_page page = { .to = to, .utf8 = style->utf8, .width = WIDTH };
	const struct ws_gate_result *result = check->result;

	print_verdict(&page, check);
	for (int status = WS_GATE_FAIL; status <= WS_GATE_UNKNOWN; status++)
		for (size_t i = 0; i < result->n; i++)
			if (result->entries[i].status == (enum ws_gate_status)status)
				print_entry(&page, &result->entries[i]);
	for (size_t i = 0; i < result->n; i++)
		if (result->entries[i].status == WS_GATE_PASS)
			print_entry(&page, &result->entries[i]);
	return 0;
}
