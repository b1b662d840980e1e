/* SPDX-License-Identifier: MIT */
/* test_harness: that the comparison of a report with a program's truth can fail, in every part.
 *
 * A truth and a report that agree are written by hand; then one thing at a time is made wrong.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/compare.h"
#include "tests/support/e2e.h"

/* Thread 11 waits from 1,000 to 1,100 µs while 10 holds; then 10 from 2,000 to 2,100 while 11 does.
 */
static const char truth_text[] =
	"[{'pid': 10, 'waits': ["
	" {'kind': 'mutex', 'name': 'gate', 'tid': 11, 'function': 'waiter', 'line': 7,"
	"  'begin_ns': 1000000, 'end_ns': 1100000, 'least_ns': 98000, 'outcome': 'acquired'},"
	" {'kind': 'mutex', 'name': 'gate', 'tid': 10, 'function': 'main', 'line': 9,"
	"  'begin_ns': 2000000, 'end_ns': 2100000, 'least_ns': 98000, 'outcome': 'timeout'}],"
	" 'holds': ["
	" {'kind': 'mutex', 'name': 'gate', 'tid': 10, 'function': 'main', 'line': 20,"
	"  'begin_ns': 900000, 'end_ns': 1099000},"
	" {'kind': 'mutex', 'name': 'gate', 'tid': 11, 'function': 'waiter', 'line': 7,"
	"  'begin_ns': 1100000, 'end_ns': 2500000}],"
	" 'wakes': ["
	" {'kind': 'mutex', 'name': 'gate', 'tid': 10, 'function': 'main', 'line': 30, 'count': "
	"1}],"
	" 'values': {}}]";

static const char report_text[] =
	"{'trace': {'lost_events': 0, 'lost_packets': 0, 'open_waits': 0},"
	" 'totals': {'by_kind': {'mutex': {'waits': 2, 'wait_ns': 198000}}},"
	" 'objects': [{'kind': 'mutex', 'name': 'gate', 'waits': 2, 'wait_ns': 198000,"
	"  'outcomes': {'acquired': 1, 'timeout': 1},"
	"  'waiters': ["
	"   {'tid': 11, 'site': {'function': 'waiter', 'line': 7}, 'waits': 1, 'wait_ns': 99000},"
	"   {'tid': 10, 'site': {'function': 'main', 'line': 9}, 'waits': 1, 'wait_ns': 99000}],"
	"  'holders': ["
	"   {'tid': 10, 'site': {'function': 'main', 'line': 20}, 'waits': 1, 'wait_ns': 98500},"
	"   {'tid': 11, 'site': {'function': 'waiter', 'line': 7}, 'waits': 1, 'wait_ns': 99000}],"
	"  'wakers': ["
	"   {'tid': 10, 'site': {'function': 'main', 'line': 30}, 'waits': 1, 'wait_ns': "
	"99000}]}]}";

/* What is made wrong in the report, and to what. */
static const struct {
	const char *path; /* of the object or list that has the member */
	const char *member;
	const char *value; /* JSON */
} mistakes[] = {
	{ "objects[0]", "name", "'bait'" },
	{ "objects[0]", "kind", "'rwlock'" },
	{ "objects[0]", "waits", "3" },
	{ "objects[0]", "wait_ns", "180000" },
	{ "objects[0]", "wait_ns", "200001" },
	{ "objects[0].outcomes", "acquired", "2" },
	{ "objects[0].outcomes", "error", "1" },
	{ "objects[0].waiters[0]", "tid", "12" },
	{ "objects[0].waiters[0]", "waits", "2" },
	{ "objects[0].waiters[0]", "wait_ns", "90000" },
	{ "objects[0].waiters[1].site", "function", "'domain'" },
	{ "objects[0].waiters[1].site", "line", "10" },
	{ "objects[0].holders[0]", "tid", "11" },
	{ "objects[0].holders[0]", "wait_ns", "92000" },
	{ "objects[0].holders[0]", "wait_ns", "120000" },
	{ "objects[0].holders[1].site", "line", "8" },
	{ "objects[0].holders[1].site", "function", "null" },
	{ "objects[0].wakers[0]", "waits", "2" },
	{ "objects[0].wakers[0]", "tid", "11" },
	{ "objects[0].wakers[0].site", "line", "31" },
	{ "objects[0]", "waiters", "[]" },
	{ "objects[0]", "holders", "[]" },
	{ "objects[0]", "wakers", "[]" },
	{ "", "objects", "[]" },
	{ "totals.by_kind", "sem", "{'waits': 1}" },
	{ "totals.by_kind.mutex", "waits", "1" },
	{ "trace", "open_waits", "1" },
};

/* JSON with the other quotes, for readable text in C. */
static json_t *parse(const char *text)
{
	char copy[4096];
	json_error_t error;
	json_t *json;

	assert_true(strlen(text) < sizeof(copy));
	strcpy(copy, text);
	for (char *c = copy; *c; c++)
		*c = *c == '\'' ? '"' : *c;
	json = json_loads(copy, JSON_DECODE_ANY, &error);
	if (!json)
		fail_msg("%s at %d", error.text, error.position);
	return json;
}

static void agreement_passes(void **state)
{
	struct ws_run run = { .dir = "", .truth = parse(truth_text), .report = parse(report_text) };

	(void)state;
	assert_int_equal(ws_truth_differences(&run, true), 0);
	json_decref(run.truth);
	json_decref(run.report);
}

static void every_mistake_is_seen(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(mistakes) / sizeof(mistakes[0]); i++) {
		struct ws_run run = { .dir = "",
				      .truth = parse(truth_text),
				      .report = parse(report_text) };
		json_t *place = (json_t *)ws_at(run.report, mistakes[i].path);

		assert_true(json_is_object(place));
		json_object_set_new(place, mistakes[i].member, parse(mistakes[i].value));
		if (ws_truth_differences(&run, false) == 0)
			fail_msg("not seen: %s.%s = %s", mistakes[i].path, mistakes[i].member,
				 mistakes[i].value);
		json_decref(run.truth);
		json_decref(run.report);
	}
}

/* A thread that did not get to run within the measured call widens the bounds by that much only. */
static void noise_widens_the_bounds_by_itself(void **state)
{
	struct ws_run run = { .dir = "", .truth = parse(truth_text), .report = parse(report_text) };
	json_t *wait = (json_t *)ws_at(run.truth, "[0].waits[0]");
	json_t *object = (json_t *)ws_at(run.report, "objects[0]");
	json_t *waiter = (json_t *)ws_at(run.report, "objects[0].waiters[0]");
	json_t *holder = (json_t *)ws_at(run.report, "objects[0].holders[0]");

	(void)state;
	json_object_set_new(wait, "least_ns", json_integer(60000));
	json_object_set_new(object, "wait_ns", json_integer(160000));
	json_object_set_new(waiter, "wait_ns", json_integer(61000));
	json_object_set_new(holder, "wait_ns", json_integer(61000));
	assert_int_equal(ws_truth_differences(&run, true), 0);
	json_object_set_new(waiter, "wait_ns", json_integer(59000));
	assert_int_equal(ws_truth_differences(&run, false), 1);
	json_decref(run.truth);
	json_decref(run.report);
}

/* Holders whose times are compared as one sum: a small part may be at another. */
static void holders_together_may_be_five_percent_off(void **state)
{
	struct ws_run run = { .dir = "", .truth = parse(truth_text), .report = parse(report_text) };
	json_t *values = (json_t *)ws_at(run.truth, "[0].values");
	json_t *first = (json_t *)ws_at(run.report, "objects[0].holders[0]");

	(void)state;
	json_object_set_new(values, "holders_together", json_integer(1));
	json_object_set_new(first, "wait_ns", json_integer(90000));
	assert_int_equal(ws_truth_differences(&run, true), 0);
	json_object_set_new(first, "wait_ns", json_integer(80000));
	assert_int_equal(ws_truth_differences(&run, false), 1);
	json_object_set_new(first, "wait_ns", json_integer(98000));
	json_object_set_new(first, "tid", json_integer(12));
	assert_int_equal(ws_truth_differences(&run, false), 1);
	json_decref(run.truth);
	json_decref(run.report);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(agreement_passes),
		cmocka_unit_test(every_mistake_is_seen),
		cmocka_unit_test(holders_together_may_be_five_percent_off),
		cmocka_unit_test(noise_widens_the_bounds_by_itself),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
