/* SPDX-License-Identifier: MIT */
/* check_junit.c: the judgement of the gate as JUnit XML, the shape that CI systems read: one suite
 * with a case for each entry. What is not known is an error, or skipped where the user allows it.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/reports/cells.h"
#include "analyzer/reports/check.h"
#include "analyzer/reports/diff.h"
#include "analyzer/reports/xml.h"

/* An attribute of the element that is open. */
static void attribute(FILE *to, const char *name, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static void attribute(FILE *to, const char *name, const char *format, ...)
{
	struct ws_cell cell;
	char text[WS_CELL_SIZE];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	ws_cell_set(&cell, true, "%s", text); /* valid UTF-8 */
	fprintf(to, " %s=\"", name);
	ws_xml_put(to, cell.text);
	fputc('"', to);
}

/* "failure", "error", "skipped"; NULL: the case passes. */
static const char *element_of(const struct ws_check *check, const struct ws_gate_entry *entry)
{
	if (entry->status == WS_GATE_FAIL)
		return "failure";
	if (entry->status != WS_GATE_UNKNOWN)
		return NULL;
	return check->result->pass ? "skipped" : "error";
}

static void put_line(FILE *to, const char *text)
{
	struct ws_cell cell;

	ws_cell_set(&cell, true, "%s", text);
	ws_xml_put(to, cell.text);
	fputc('\n', to);
}

static void put_case(const struct ws_check *check, const struct ws_gate_entry *entry, FILE *to)
{
	const char *element = element_of(check, entry);

	fputs("  <testcase", to);
	attribute(to, "classname", "waitscope.%s", ws_gate_rule_word(entry->rule));
	attribute(to, "name", "%s",
		  entry->subject[0] ? entry->subject : ws_gate_rule_doc(entry->rule));
	if (entry->site && entry->site->file[0]) {
		attribute(to, "file", "%s", entry->site->file);
		attribute(to, "line", "%" PRIu32, entry->site->line);
	}
	attribute(to, "time", "0");
	if (!element) {
		fputs("/>\n", to);
		return;
	}
	fprintf(to, ">\n    <%s", element);
	attribute(to, "message", "%s", entry->message);
	if (strcmp(element, "skipped") != 0)
		attribute(to, "type", "%s", ws_gate_rule_word(entry->rule));
	fputc('>', to);
	put_line(to, entry->message);
	if (entry->evidence[0])
		put_line(to, entry->evidence);
	if (entry->site) {
		struct ws_frame frame = ws_diff_frame(entry->site);
		struct ws_cell cell;

		ws_cell_place(&cell, true, &frame, 200);
		put_line(to, cell.text);
	}
	fprintf(to, "</%s>\n  </testcase>\n", element);
}

int ws_check_junit(const struct ws_check *check, FILE *to)
{
	const struct ws_gate_result *result = check->result;
	size_t errors = result->pass ? 0 : result->unknown;
	size_t skipped = result->pass ? result->unknown : 0;

	fprintf(to,
		"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
		"<testsuites name=\"waitscope check\" tests=\"%zu\" failures=\"%zu\" "
		"errors=\"%zu\">\n"
		" <testsuite name=\"waitscope check\" tests=\"%zu\" failures=\"%zu\" "
		"errors=\"%zu\" "
		"skipped=\"%zu\" time=\"0\">\n",
		result->n, result->failed, errors, result->n, result->failed, errors, skipped);
	for (size_t i = 0; i < result->n; i++)
		put_case(check, &result->entries[i], to);
	fputs(" </testsuite>\n</testsuites>\n", to);
	return 0;
}
