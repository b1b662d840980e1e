/* SPDX-License-Identifier: MIT */
/* test_summary: what the verdict says of small programs whose trouble is known; and what is left by
 * --object, in which order and groups.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "analyzer/reports/summary.h"
#include "tests/support/case_report.h"

/* What a program's verdict is to hold; NULL: anything. */
struct verdict {
	const char *records;
	bool hangs;
	const char *cost, *cause, *change, *lacks;
	const char *not_change; /* NULL: nothing is forbidden */
};

static const struct verdict verdicts[] = {
	{ "0 A start\n5 A process exit", false, "nothing was waited for", NULL, "perf",
	  "nothing: no event was lost", NULL },
	/* A deadlock comes before everything that cost time. */
	{ "0 A start\n0 B start\n0 C start\n0 D start\n"
	  "2 C begin mutex:big site=c held=D/d\n900 D wake unlock mutex:big hold=d\n901 C end "
	  "acquired\n"
	  "910 A begin mutex:n site=a2 held=B/b1\n920 B begin mutex:m site=b2 held=A/a1",
	  true, "it hangs: 2 threads can never go on", "A[1000] holds mutex", "in one order",
	  "2 waits open at the end", NULL },
	/* The holder computes. */
	{ "0 A start\n0 B start\n10 A begin mutex:m data=lock site=a held=B/grab\n"
	  "1000 B wake unlock mutex:m hold=grab\n1010 A end acquired\n2000 A exit\n2000 B exit",
	  false, "mutex lock: 100 % of the waiting that matters", "held from grab()",
	  "hold it shorter at grab()", NULL, "do not" },
	/* It sleeps. */
	{ "0 A start\n0 B start\n10 A begin mutex:m data=lock site=a held=B/grab\n"
	  "20 B begin sleep:s site=nap\n900 B end timeout\n"
	  "1000 B wake unlock mutex:m hold=grab\n1010 A end acquired\n2000 A exit\n2000 B exit",
	  false, "mutex lock", "waited 89 % of that for sleeps",
	  "do not sleep while it is held at grab()", NULL, "shorter at" },
	/* It waits for another thread. */
	{ "0 A start\n0 B start\n0 C start\n10 A begin mutex:m data=lock site=a held=B/grab\n"
	  "20 B begin sem:s data=ready site=w\n900 C wake post sem:s site=p\n901 B end acquired\n"
	  "1000 B wake unlock mutex:m hold=grab\n1010 A end acquired\n2000 A exit\n2000 B "
	  "exit\n2000 C exit",
	  false, "mutex lock", "for sem ready",
	  "do not wait for sem ready while it is held at grab()", NULL, NULL },
	/* Workers without work are no problem. */
	{ "0 A start\n0 B start\n10 B begin cond:c data=jobs site=pop\n5000 A process exit", false,
	  "no waiting that matters", NULL, "perf", "1 wait open at the end", NULL },
};

static void check_text(const char *records, const char *what, const struct ws_cell *cell,
		       const char *expected)
{
	if (expected && !strstr(cell->text, expected))
		fail_msg("%s\n%s is \"%s\", without \"%s\"", records, what, cell->text, expected);
}

static void what_it_says(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(verdicts) / sizeof(verdicts[0]); i++) {
		const struct verdict *v = &verdicts[i];
		struct case_trace *trace = case_trace_parse(v->records);
		struct case_report report;
		struct ws_summary summary;

		case_report_make(trace, NULL, &report);
		ws_summary_make(&report.report, true, &summary);
		assert_int_equal(summary.hangs, v->hangs);
		check_text(v->records, "cost", &summary.cost, v->cost);
		check_text(v->records, "cause", &summary.cause, v->cause);
		check_text(v->records, "change", &summary.change, v->change);
		check_text(v->records, "lacks", &summary.lacks, v->lacks);
		if (v->not_change && strstr(summary.change.text, v->not_change))
			fail_msg("%s\nchange is \"%s\"", v->records, summary.change.text);
		case_report_free(&report);
		case_trace_free(trace);
	}
}

static void every_rule_has_a_cure(void **state)
{
	(void)state;
	for (enum ws_rule rule = 0; rule < WS_RULE_COUNT; rule++) {
		if (strstr(ws_rule_cure(rule), "docs/findings.md"))
			fail_msg("%s has no cure", ws_rule_word(rule));
	}
}

/* Three objects, of one thread each. */
static const char three[] =
	"0 A start\n0 B start\n0 C start\n0 D start\n"
	"10 A begin mutex:m data=one site=a held=D/d\n110 D wake unlock mutex:m hold=d\n110 A end "
	"acquired\n"
	"210 B begin mutex:n data=two site=b held=D/d\n510 D wake unlock mutex:n hold=d\n510 B end "
	"acquired\n"
	"610 C begin sem:s data=one site=c\n810 D wake post sem:s site=p\n810 C end acquired\n"
	"900 A exit\n900 B exit\n900 C exit\n900 D exit";

static uint64_t left_by(const char *glob)
{
	const struct ws_filter filter = { .objects = { glob },
					  .n_objects = 1,
					  .to_ns = UINT64_MAX };
	struct case_trace *trace = case_trace_parse(three);
	struct case_report report;
	uint64_t ns, by_class = 0;

	case_report_make(trace, &filter, &report);
	ns = report.results->contention->total.wait_ns;
	for (enum ws_class class = 0; class < WS_CLASS_COUNT; class ++)
		by_class += report.results->classes->sums[class].wait_ns;
	assert_int_equal(by_class, ns);
	assert_int_equal(report.results->blame->total.wait_ns, ns);
	case_report_free(&report);
	case_trace_free(trace);
	return ns;
}

static void objects_are_chosen(void **state)
{
	(void)state;
	assert_int_equal(left_by("*"), 600);
	assert_int_equal(left_by("one"), 300);
	assert_int_equal(left_by("mutex one"), 100);
	assert_int_equal(left_by("mutex *"), 400);
	assert_int_equal(left_by("t?o"), 300);
	assert_int_equal(left_by("0"), 100);
	assert_int_equal(left_by("mutex"), 0);
	assert_int_equal(left_by("three"), 0);
}

static void in_the_order_that_is_wanted(void **state)
{
	const struct ws_setup setup = { .filter.to_ns = UINT64_MAX,
					.is_sorted = true,
					.sort = WS_SORT_NAME,
					.is_grouped = true,
					.group_by = WS_GROUPED_THREAD };
	static const char *const names[] = { "one", "one", "two" };
	struct case_trace *trace = case_trace_parse(three);
	const struct ws_groupings_result *groupings;
	struct case_report report;
	uint64_t ns = 0;

	(void)state;
	case_report_make_as(trace, &setup, &report);
	groupings = report.results->groupings;
	for (size_t i = 0; i < 3; i++)
		assert_string_equal(report.results->contention->objects[groupings->order[i]].name,
				    names[i]);
	assert_int_equal(groupings->n, 3);
	for (size_t i = 0; i < groupings->n; i++) {
		assert_int_equal(groupings->groups[i].n_threads, 1);
		assert_int_equal(groupings->groups[i].most_ns, groupings->groups[i].waits.total);
		ns += groupings->groups[i].waits.total;
	}
	assert_int_equal(ns, 600);
	case_report_free(&report);
	case_trace_free(trace);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_it_says),
		cmocka_unit_test(every_rule_has_a_cure),
		cmocka_unit_test(objects_are_chosen),
		cmocka_unit_test(in_the_order_that_is_wanted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
