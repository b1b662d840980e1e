/* SPDX-License-Identifier: MIT */
/* findings.c: see findings.h. */
#include "analyzer/reports/findings.h"

#include <inttypes.h>
#include <string.h>

#include "analyzer/reports/summary.h"

json_t *ws_json_evidence(struct ws_json_writer *writer, const struct ws_evidence *evidence)
{
	json_t *value = json_object();

	ws_json_set(writer, value, "at_ns",
		    evidence->at_ns ? ws_json_integer(evidence->at_ns) : json_null());
	ws_json_set_string(writer, value, "text", evidence->text);
	ws_json_set_party(writer, value, &evidence->party);
	return value;
}

json_t *ws_json_findings(struct ws_json_writer *writer)
{
	const struct ws_results *results = writer->report->results;
	json_t *list = json_array();

	for (size_t i = 0; i < results->n_findings; i++) {
		const struct ws_finding *finding = &results->findings[i];
		json_t *value = json_object(), *objects = json_array(), *evidence = json_array();

		ws_json_set_string(writer, value, "rule", ws_rule_word(finding->rule));
		ws_json_set_string(writer, value, "severity",
				   ws_severity_word(ws_rule_severity(finding->rule)));
		ws_json_set_string(writer, value, "title", finding->title);
		for (size_t k = 0; k < finding->n_objects; k++) {
			/* One that nobody ever waited for has no number. */
			if (finding->objects[k]->id != WS_UNKNOWN)
				ws_json_append(writer, objects,
					       ws_json_integer(finding->objects[k]->id));
		}
		ws_json_set(writer, value, "objects", objects);
		for (size_t k = 0; k < finding->n_evidence; k++)
			ws_json_append(writer, evidence,
				       ws_json_evidence(writer, &finding->evidence[k]));
		ws_json_set(writer, value, "evidence", evidence);
		ws_json_append(writer, list, value);
	}
	return list;
}

/* Where the columns begin. */
enum { COLUMN_TITLE = 10, COLUMN_PLACE = 12, COLUMN_TEXT = 56 };

void ws_text_evidence(struct ws_page *page, const struct ws_report *report,
		      const struct ws_evidence *evidence)
{
	const struct ws_tables *tables = report->tables;
	struct ws_cell cell;

	if (evidence->party.thread < tables->n_threads) {
		ws_cell_set(&cell, page->utf8, "thread %" PRId32,
			    tables->threads[evidence->party.thread].tid);
		ws_page_cell(page, &cell, COLUMN_PLACE);
	}
	if (evidence->party.site) {
		ws_cell_place(&cell, page->utf8, evidence->party.site, COLUMN_TEXT - 28);
		ws_page_cell(page, &cell, 26);
	}
	/* All of it: what was cut off here could not be read anywhere else. */
	ws_page_words(page, evidence->text, page->width >= 90 ? COLUMN_TEXT : 26);
	ws_page_end(page);
}

static enum ws_style style_of(enum ws_severity severity)
{
	return severity == WS_SEVERITY_ERROR     ? WS_STYLE_ERROR
	       : severity == WS_SEVERITY_WARNING ? WS_STYLE_WARNING
						 : WS_STYLE_PLAIN;
}

/* How many findings read like this one; 0: one of them came before. Locks that were made by one
 * line have one name, so what is said of each of them is the same. */
static size_t count_alike(const struct ws_results *results, size_t index)
{
	const struct ws_finding *finding = &results->findings[index];
	size_t n = 0;

	for (size_t i = 0; i < results->n_findings; i++) {
		const struct ws_finding *other = &results->findings[i];

		if (other->rule != finding->rule || strcmp(other->title, finding->title) != 0)
			continue;
		if (i < index)
			return 0;
		n++;
	}
	return n;
}

void ws_text_findings(struct ws_page *page, const struct ws_report *report,
		      const struct ws_text_style *style)
{
	const struct ws_results *results = report->results;
	size_t top = style->findings || !style->top ? SIZE_MAX : style->top;
	size_t rows = 0, shown = 0;
	struct ws_cell cell, number;

	if (!results->n_findings)
		return;
	ws_page_end(page);
	ws_page_styled(page, WS_STYLE_HEAD, "findings", 0);
	if (!style->findings && style->brief)
		ws_page_text(page, "(--findings shows evidence and cures)", page->column + 3);
	ws_page_end(page);
	for (size_t i = 0; i < results->n_findings && rows < top; i++) {
		const struct ws_finding *finding = &results->findings[i];
		enum ws_severity severity = ws_rule_severity(finding->rule);
		/* In full, each has evidence of its own. */
		size_t alike = style->findings || !style->brief ? 1 : count_alike(results, i);

		if (!alike)
			continue;
		rows++;
		shown += alike;
		ws_page_styled(page, style_of(severity), ws_severity_word(severity), 2);
		ws_page_words(page, finding->title, COLUMN_TITLE);
		if (alike > 1) {
			ws_cell_set(&cell, page->utf8, "(%zu such)", alike);
			ws_page_words(page, cell.text, COLUMN_TITLE);
		}
		ws_page_end(page);
		if (style->brief && !style->findings)
			continue;
		for (size_t k = 0; k < finding->n_evidence; k++)
			ws_text_evidence(page, report, &finding->evidence[k]);
		if (!style->findings)
			continue;
		ws_page_styled(page, WS_STYLE_GOOD, "cure", COLUMN_PLACE);
		ws_page_words(page, ws_rule_cure(finding->rule), 26);
		ws_cell_set(&cell, page->utf8, "(%s in docs/findings.md)",
			    ws_rule_word(finding->rule));
		ws_page_words(page, cell.text, 26);
		ws_page_end(page);
	}
	if (shown < results->n_findings) {
		ws_cell_noun(&number, results->n_findings - shown, "more finding");
		ws_cell_set(&cell, page->utf8, "%.60s (--findings shows all)", number.text);
		ws_page_cell(page, &cell, 2);
		ws_page_end(page);
	}
}
