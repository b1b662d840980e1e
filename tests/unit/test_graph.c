/* SPDX-License-Identifier: MIT */
/* test_graph: the wait graph in every format holds the same, whatever names the program has, when
 * read by others' readers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "analyzer/reports/graph.h"
#include "analyzer/reports/kind_colours.h"
#include "tests/support/case_report.h"
#include "tracepoints/kinds.h"

#define COMPARE "/usr/bin/python3 -B ../support/compare_graphs.py "

/* Two threads that wait for each other, one that could be posted by any; names that each format has
 * its own trouble with. */
static const char odd[] = "0 A object init mutex:m name=a\"<b>&amp;\\N|{c}\n"
			  "0 A object init mutex:n name=\x01\x1b[31m\xff\xc3(\n"
			  "0 A object open sem:*s name=/\xe2\x86\x92\xef\xbf\xbe]]>&lt;%s@{data}\n"
			  "10 A begin mutex:m site=one@a.c:1 held=B/taken@a.c:2\n"
			  "20 B begin mutex:n site=two@\"a<&>.c:3 held=A/taken@a.c:4\n"
			  "30 C begin sem:*s site=three<int>@a.c:5 shared\n"
			  "40 D wake post sem:*s site=four@a.c:6\n"
			  "60 C end acquired\n"
			  "70 A end acquired\n"
			  "80 B end acquired\n";

static void write_graph(const struct ws_graph_format *format, const struct ws_report *report,
			const char *folder)
{
	char path[128];
	FILE *file;

	snprintf(path, sizeof(path), "%s/graph.%s", folder, format->name);
	file = fopen(path, "w");
	assert_non_null(file);
	assert_int_equal(format->write(report, file, NULL), 0);
	assert_int_equal(fclose(file), 0);
}

static void remove_graphs(const char *folder)
{
	char path[128];

	for (const struct ws_graph_format *f = ws_graph_formats; f->name; f++) {
		snprintf(path, sizeof(path), "%s/graph.%s", folder, f->name);
		unlink(path);
	}
	rmdir(folder);
}

static void compare(const char *lines, const char *thread_name, struct ws_graph_wish wish)
{
	struct ws_setup setup = { .filter = { .to_ns = UINT64_MAX }, .graph = wish };
	struct case_trace *trace = case_trace_parse(lines);
	struct case_report report;
	char folder[] = "/tmp/waitscope-graph-XXXXXX", command[128];

	if (thread_name)
		case_trace_tables(trace)->threads[0].name = thread_name;
	case_report_make_as(trace, &setup, &report);
	assert_non_null(mkdtemp(folder));
	for (const struct ws_graph_format *f = ws_graph_formats; f->name; f++)
		write_graph(f, &report.report, folder);
	snprintf(command, sizeof(command), COMPARE "%s >/dev/null", folder);
	assert_int_equal(system(command), 0);
	remove_graphs(folder);
	case_report_free(&report);
	case_trace_free(trace);
}

static void odd_names(void **state)
{
	static const enum ws_graph_by by[] = { WS_GRAPH_BY_THREAD, WS_GRAPH_BY_SITE,
					       WS_GRAPH_BY_POOL, WS_GRAPH_BY_PROCESS,
					       WS_GRAPH_BY_OBJECT };

	(void)state;
	for (size_t i = 0; i < sizeof(by) / sizeof(by[0]); i++) {
		struct ws_graph_wish wish = { .wanted = true, .by = by[i] };

		compare(odd, "<&\"\\N\t\x80>", wish);
		wish.instant = true;
		wish.at_ns = 50;
		compare(odd, "<&\"\\N\t\x80>", wish);
	}
}

static void nobody_waits(void **state)
{
	(void)state;
	compare("0 A start\n10 A exit\n", NULL, (struct ws_graph_wish){ .wanted = true });
}

/* So many that the picture leaves some out, and says so. */
static void picture_of_many(void **state)
{
	struct ws_setup setup = { .filter = { .to_ns = UINT64_MAX }, .graph = { .wanted = true } };
	struct case_trace *trace = case_trace_new();
	struct case_report report;
	char line[128], *text = NULL;
	size_t size;
	FILE *file;

	(void)state;
	for (unsigned int i = 0; i < 400; i++) {
		snprintf(line, sizeof(line), "%u T%u begin mutex:m%u held=B%u", i * 10, i / 20,
			 i % 20, i % 20);
		assert_null(case_trace_line(trace, line));
		snprintf(line, sizeof(line), "%u T%u end acquired", i * 10 + 5, i / 20);
		assert_null(case_trace_line(trace, line));
	}
	case_report_make_as(trace, &setup, &report);
	file = open_memstream(&text, &size);
	assert_int_equal(ws_graph_format_find("svg")->write(&report.report, file, NULL), 0);
	fclose(file);
	assert_non_null(strstr(text, "The 300 heaviest of 400 edges"));
	free(text);
	case_report_free(&report);
	case_trace_free(trace);
}

static void formats(void **state)
{
	(void)state;
	assert_string_equal(ws_graph_formats[0].name, "dot"); /* the default */
	assert_ptr_equal(ws_graph_format_find("json")->write, ws_graph_json);
	assert_null(ws_graph_format_find(""));
	assert_null(ws_graph_format_find("png"));
}

#define COLOUR(sym, word, number) WS_KIND_##sym,
static void colours(void **state)
{
	static const uint8_t kinds[] = { WS_KINDS(COLOUR) };
	size_t grey = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(kinds); i++) {
		assert_int_equal(strlen(ws_kind_colour(kinds[i])), 7);
		grey += ws_kind_colour(kinds[i]) == ws_kind_colour(WS_KIND_NONE);
	}
	/* Of a kind that nobody gave one: poll's; and memory, which is not waited on, is as grey.
	 */
	assert_true(grey <= 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(odd_names),       cmocka_unit_test(nobody_waits),
		cmocka_unit_test(picture_of_many), cmocka_unit_test(formats),
		cmocka_unit_test(colours),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
