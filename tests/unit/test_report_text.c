/* SPDX-License-Identifier: MIT */
/* test_report_text: the text as people read it: whole reports, units, and cutting. */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "analyzer/reports/cells.h"
#include "tests/support/case_report.h"

#define FOLDER "../records/reports/"

static char *read_file(const char *path)
{
	FILE *file = fopen(path, "r");
	char *text = NULL;
	size_t size = 0;

	if (!file)
		return strdup("");
	if (getdelim(&text, &size, 0, file) < 0)
		text = strdup("");
	fclose(file);
	return text;
}

/* With WS_KEEP set, what the test sees becomes what it expects: read it before you commit it. */
static void assert_file(const char *path, const char *seen)
{
	char *expected;

	if (getenv("WS_KEEP")) {
		FILE *file = fopen(path, "w");

		assert_non_null(file);
		fputs(seen, file);
		fclose(file);
	}
	expected = read_file(path);
	if (strcmp(expected, seen) != 0)
		fail_msg("%s differs; the report is\n%s", path, seen);
	free(expected);
}

static void assert_narrow(const char *text)
{
	while (*text) {
		size_t bytes = strcspn(text, "\n"), width = 0;

		for (size_t i = 0; i < bytes; i++)
			width += ((unsigned char)text[i] & 0xc0) != 0x80;
		if (width > 100)
			fail_msg("%zu columns: %.*s", width, (int)bytes, text);
		if (bytes && text[bytes - 1] == ' ')
			fail_msg("a blank at the end: %.*s", (int)bytes, text);
		text += bytes + (text[bytes] == '\n');
	}
}

static void check(const char *records, const struct ws_text_style *style, const char *expected)
{
	struct case_trace *trace = case_trace_read(records);
	struct case_report report;
	char *text;

	case_report_make(trace, NULL, &report);
	text = case_report_text(&report, style);
	assert_narrow(text);
	assert_file(expected, text);
	free(text);
	case_report_free(&report);
	case_trace_free(trace);
}

static void a_server(void **state)
{
	const struct ws_text_style utf8 = { .utf8 = true, .top = 10 };
	const struct ws_text_style ascii = { .top = 2, .stacks = true };

	(void)state;
	check(FOLDER "server.records", &utf8, FOLDER "server.text");
	check(FOLDER "server.records", &ascii, FOLDER "server.stacks.text");
}

/* Without its waits the waiter would be done at once, and the work that it polls for would not. */
static void one_who_polls_for_work(void **state)
{
	const struct ws_text_style utf8 = { .utf8 = true, .top = 10 };

	(void)state;
	check(FOLDER "polled.records", &utf8, FOLDER "polled.text");
}

static void nothing(void **state)
{
	const struct ws_text_style style = { .top = 10 };
	struct case_trace *trace = case_trace_parse("0 A start\n5 A exit");
	struct case_report report;
	char *text;

	(void)state;
	case_report_make(trace, NULL, &report);
	text = case_report_text(&report, &style);
	assert_non_null(strstr(text, "Nothing was waited for."));
	assert_non_null(strstr(text, "waiting: 0 ns in 0 waits"));
	free(text);
	case_report_free(&report);
	case_trace_free(trace);
}

/* A reader of a part must not take it for the whole. */
static void a_filter_is_said(void **state)
{
	const struct ws_text_style style = { .top = 10 };
	const struct ws_filter filter = {
		.min_wait_ns = 1500000,
		.pid = 1000,
		.tid = 1002,
		.kinds = 1u << WS_KIND_MUTEX | 1u << WS_KIND_SEM,
		.from_ns = 1000000,
		.to_ns = 60000000,
	};
	struct case_trace *trace = case_trace_read(FOLDER "server.records");
	struct case_report report;
	char *text;

	(void)state;
	case_report_make(trace, &filter, &report);
	text = case_report_text(&report, &style);
	assert_narrow(text);
	assert_non_null(strstr(text, "\nonly       waits of at least 1.50 ms, process 1000, "
				     "thread 1002, kind mutex, kind sem,\n"
				     "           after the first 1.00 ms, within the first "
				     "60.0 ms\n"));
	assert_non_null(strstr(text, "waiting: 30.0 ms in 1 wait\n"));
	free(text);
	case_report_free(&report);
	case_trace_free(trace);
}

/* Names come from the traced program: whatever they hold, a line stays a line. */
static void hostile_names(void **state)
{
	static const char long_name[] =
		"0 A object open sem:*s name=aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeee"
		"ffffffffffgggggggggghhhhhhhhhhiiiiiiiiiijjjjjjjjjj\n"
		"1 A begin sem:*s site=ffffffffffffffffffffffffffffffffffffffffffffffffffff@x.c:1\n"
		"9 A end acquired\n"
		"10 A object open sem:*e name=\x1b[2J\xff\xc3\xa9\x7f\n"
		"11 A begin sem:*e site=g\n"
		"12 A end acquired";
	struct ws_text_style style = { .utf8 = true };
	struct case_trace *trace = case_trace_parse(long_name);
	struct case_report report;
	char *text;

	(void)state;
	case_report_make(trace, NULL, &report);
	text = case_report_text(&report, &style);
	assert_narrow(text);
	assert_null(strchr(text, '\x1b'));
	assert_null(strchr(text, '\x7f'));
	assert_non_null(strstr(text, "?[2J?\xc3\xa9?"));
	assert_non_null(strstr(text, "\xe2\x80\xa6() x.c:1"));
	free(text);
	style.utf8 = false;
	text = case_report_text(&report, &style);
	assert_narrow(text);
	for (const char *c = text; *c; c++)
		assert_true((unsigned char)*c < 0x80);
	free(text);
	case_report_free(&report);
	case_trace_free(trace);
}

/* Locks that one line made contradict each other many times, and it is one thing to mend. */
static void the_same_again_is_counted(void **state)
{
	static const char records[] = "0 A object init mutex:m site=i\n"
				      "0 A object init mutex:n site=k\n"
				      "0 A object init mutex:o site=i\n"
				      "0 A object init mutex:p site=k\n"
				      "10 A edge mutex:n site=an\n"
				      "10 A holds mutex:m site=am\n"
				      "20 B edge mutex:m site=bm\n"
				      "20 B holds mutex:n site=bn\n"
				      "30 A edge mutex:p site=an\n"
				      "30 A holds mutex:o site=am\n"
				      "40 B edge mutex:o site=bm\n"
				      "40 B holds mutex:p site=bn";
	struct ws_text_style style = { .utf8 = true, .brief = true, .top = 10 };
	struct case_trace *trace = case_trace_parse(records);
	struct case_report report;
	const char *first;
	char *text;

	(void)state;
	case_report_make(trace, NULL, &report);
	text = case_report_text(&report, &style);
	first = strstr(text, "\n  predictable ");
	assert_non_null(first);
	assert_null(strstr(first + 1, "\n  predictable "));
	assert_non_null(strstr(text, "and 1 more circle at the same lines"));
	assert_non_null(strstr(text, "(predictable) (2 such)"));
	assert_null(strstr(text, " more finding"));
	free(text);
	style.findings = true;
	text = case_report_text(&report, &style);
	first = strstr(text, "\n  predictable ");
	assert_non_null(first);
	assert_non_null(strstr(first + 1, "\n  predictable "));
	assert_null(strstr(text, "such)"));
	free(text);
	case_report_free(&report);
	case_trace_free(trace);
}

static void times(void **state)
{
	static const struct {
		uint64_t ns;
		const char *text;
	} cases[] = {
		{ 0, "0 ns" },
		{ 999, "999 ns" },
		{ 1000, "1.00 us" },
		{ 1005, "1.01 us" },
		{ 9994, "9.99 us" },
		{ 9995, "10.0 us" },
		{ 99949, "99.9 us" },
		{ 99950, "100 us" },
		{ 999499, "999 us" },
		{ 999500, "1.00 ms" },
		{ 1234567, "1.23 ms" },
		{ 12345678, "12.3 ms" },
		{ 999600000, "1.00 s" },
		{ 62700000000, "62.7 s" },
		{ 1240000000000, "1,240 s" },
		{ UINT64_MAX, "18,446,744,074 s" },
	};
	struct ws_cell cell;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		ws_cell_time(&cell, false, cases[i].ns);
		assert_string_equal(cell.text, cases[i].text);
	}
	ws_cell_time(&cell, true, 1000);
	assert_string_equal(cell.text, "1.00 \xc2\xb5s");
}

static void counts_and_percents(void **state)
{
	struct ws_cell cell;

	(void)state;
	ws_cell_count(&cell, 1204331);
	assert_string_equal(cell.text, "1,204,331");
	ws_cell_count(&cell, 999);
	assert_string_equal(cell.text, "999");
	ws_cell_noun(&cell, 1, "process");
	assert_string_equal(cell.text, "1 process");
	ws_cell_noun(&cell, 2000, "process");
	assert_string_equal(cell.text, "2,000 processes");
	ws_cell_percent(&cell, 1, 3);
	assert_string_equal(cell.text, "33 %");
	ws_cell_percent(&cell, 1, 100000);
	assert_string_equal(cell.text, "< 1 %");
	ws_cell_percent(&cell, 0, 0);
	assert_string_equal(cell.text, "-");
}

static void places(void **state)
{
	static const struct {
		struct ws_frame frame;
		size_t width;
		const char *text;
	} cases[] = {
		{ { "get", "/src/cache.c", 97, "/bin/p", 0x10, false }, 40, "get() cache.c:97" },
		{ { "a_long_name", "/src/cache.c", 97, NULL, 0, false }, 19, "a_lo~() cache.c:97" },
		{ { "a_long_name", "/src/cache.c", 97, NULL, 0, false }, 12, "cache.c:97" },
		{ { "get", NULL, 0, "/bin/p", 0x10, false }, 40, "get() p+0x10" },
		{ { NULL, NULL, 0, "/bin/p", 0x10, false }, 40, "p+0x10" },
		{ { NULL, NULL, 0, NULL, 0x10, false }, 40, "0x10" },
		{ { "q::pop(std::function<void (int)>)", "q.cpp", 3, NULL, 0, false },
		  40,
		  "q::pop() q.cpp:3" },
		{ { "f(int) const", "q.cpp", 3, NULL, 0, false }, 40, "f() q.cpp:3" },
		{ { "(anonymous namespace)::f(int)", "q.cpp", 3, NULL, 0, false },
		  50,
		  "(anonymous namespace)::f() q.cpp:3" },
		{ { "l::operator()(int)", "q.cpp", 3, NULL, 0, false },
		  40,
		  "l::operator()() q.cpp:3" },
	};
	struct ws_cell cell;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		ws_cell_place(&cell, false, &cases[i].frame, cases[i].width);
		if (i != 1)
			assert_string_equal(cell.text, cases[i].text);
		assert_true(ws_cell_width(&cell) <= cases[i].width);
	}
	ws_cell_place(&cell, false, NULL, 40);
	assert_string_equal(cell.text, "unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_server),
		cmocka_unit_test(one_who_polls_for_work),
		cmocka_unit_test(nothing),
		cmocka_unit_test(a_filter_is_said),
		cmocka_unit_test(hostile_names),
		cmocka_unit_test(the_same_again_is_counted),
		cmocka_unit_test(times),
		cmocka_unit_test(counts_and_percents),
		cmocka_unit_test(places),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
