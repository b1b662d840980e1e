/* SPDX-License-Identifier: MIT */
/* test_report_json: the JSON contract: every key is described by docs/report.schema.json, numbers
 * agree with each other, the same trace gives the same bytes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <jansson.h>

#include "tests/support/case_report.h"

#define SERVER   "../records/reports/server.records"
#define VALIDATE "/usr/bin/python3 ../support/validate_report.py ../../docs/report.schema.json"

static char *json_of(struct case_trace *trace, const struct ws_filter *filter)
{
	struct case_report report;
	char *text;

	case_report_make(trace, filter, &report);
	text = case_report_json(&report);
	case_report_free(&report);
	return text;
}

/* 0: the report is as the schema says. */
static int validate(const char *report)
{
	FILE *pipe = popen(VALIDATE, "w");

	assert_non_null(pipe);
	fputs(report, pipe);
	return pclose(pipe);
}

static json_t *parse(const char *text)
{
	json_error_t error;
	json_t *root = json_loads(text, JSON_REJECT_DUPLICATES, &error);

	if (!root)
		fail_msg("line %d: %s", error.line, error.text);
	return root;
}

static json_int_t number(const json_t *object, const char *key)
{
	const json_t *value = json_object_get(object, key);

	if (!json_is_integer(value))
		fail_msg("%s is no integer", key);
	return json_integer_value(value);
}

static const char *word(const json_t *object, const char *key)
{
	const char *value = json_string_value(json_object_get(object, key));

	if (!value)
		fail_msg("%s is no string", key);
	return value;
}

static const json_t *object_named(const json_t *root, const char *name)
{
	const json_t *value;
	size_t i;

	json_array_foreach(json_object_get(root, "objects"), i, value) {
		if (strcmp(word(value, "name"), name) == 0)
			return value;
	}
	fail_msg("there is no object %s", name);
	return NULL;
}

static json_int_t sum(const json_t *list, const char *key)
{
	const json_t *value;
	json_int_t total = 0;
	size_t i;

	json_array_foreach(list, i, value)
		total += number(value, key);
	return total;
}

static void as_the_schema_says(void **state)
{
	struct case_trace *trace = case_trace_read(SERVER);
	char *text = json_of(trace, NULL);
	char *key;

	(void)state;
	assert_int_equal(validate(text), 0);
	/* The validator can fail: a key that is not described, and one that is missing. */
	key = strstr(text, "\"wait_ns\"");
	assert_non_null(key);
	key[1] = 'W';
	assert_int_not_equal(validate(text), 0);
	free(text);
	case_trace_free(trace);
}

static void empty_and_filtered_reports_are_valid(void **state)
{
	const struct ws_filter filter = {
		.min_wait_ns = 5,
		.pid = 1000,
		.tid = 1001,
		.kinds = 1u << WS_KIND_MUTEX | 1u << WS_KIND_COND,
		.from_ns = 3,
		.to_ns = 4,
	};
	struct case_trace *trace = case_trace_parse("0 A start");
	char *text = json_of(trace, NULL);

	(void)state;
	assert_int_equal(validate(text), 0);
	free(text);
	text = json_of(trace, &filter);
	assert_int_equal(validate(text), 0);
	free(text);
	case_trace_free(trace);
	/* Unknown threads, sites, stacks, objects, and losses. */
	trace = case_trace_parse("0 A begin mutex:m\n"
				 "5 A end acquired\n"
				 "6 A begin cond:c\n"
				 "7 - loss 3");
	text = json_of(trace, NULL);
	assert_int_equal(validate(text), 0);
	free(text);
	case_trace_free(trace);
}

static void numbers_agree(void **state)
{
	struct case_trace *trace = case_trace_read(SERVER);
	char *text = json_of(trace, NULL);
	json_t *root = parse(text);
	const json_t *objects = json_object_get(root, "objects");
	const json_t *totals = json_object_get(root, "totals");
	const json_t *value;
	json_int_t last = INT64_MAX;
	size_t i;

	(void)state;
	assert_int_equal(number(root, "format_version"), 1);
	assert_int_equal(number(totals, "waits"), 7);
	assert_int_equal(sum(objects, "waits"), 7);
	assert_int_equal(sum(objects, "wait_ns"), number(totals, "wait_ns"));
	assert_int_equal(sum(json_object_get(root, "threads"), "wait_ns"),
			 number(totals, "wait_ns"));
	json_array_foreach(objects, i, value) {
		assert_true(number(value, "wait_ns") <= last);
		last = number(value, "wait_ns");
		assert_int_equal(sum(json_object_get(value, "waiters"), "wait_ns"), last);
		assert_int_equal(sum(json_object_get(value, "waiters"), "waits"),
				 number(value, "waits"));
		if (json_array_size(json_object_get(value, "holders")))
			assert_int_equal(sum(json_object_get(value, "holders"), "wait_ns"), last);
		assert_true(number(value, "min_ns") <= number(value, "p50_ns"));
		assert_true(number(value, "p50_ns") <= number(value, "p95_ns"));
		assert_true(number(value, "p95_ns") <= number(value, "p99_ns"));
		assert_true(number(value, "p99_ns") <= number(value, "max_ns"));
	}
	json_decref(root);
	free(text);
	case_trace_free(trace);
}

static void who_and_where(void **state)
{
	struct case_trace *trace = case_trace_read(SERVER);
	char *text = json_of(trace, NULL);
	json_t *root = parse(text);
	const json_t *lock = object_named(root, "cache_lock");
	const json_t *slots = object_named(root, "/log-slots");
	const json_t *holder = json_array_get(json_object_get(lock, "holders"), 0);
	const json_t *waker = json_array_get(json_object_get(slots, "wakers"), 0);
	const json_t *edge = json_array_get(json_object_get(root, "waits_for"), 0);

	(void)state;
	assert_string_equal(word(lock, "kind"), "mutex");
	assert_string_equal(word(lock, "scope"), "private");
	assert_int_equal(number(holder, "pid"), 1000);
	assert_int_equal(number(holder, "tid"), 1001);
	assert_string_equal(word(json_object_get(holder, "site"), "function"), "cache_evict");
	assert_int_equal(number(json_object_get(holder, "site"), "line"), 212);
	/* It took the lock without waiting: its site is all that is known. */
	assert_int_equal(json_array_size(json_object_get(holder, "stack")), 1);
	assert_int_equal(number(holder, "wait_ns"), 30010000 + 29000000);
	assert_string_equal(word(slots, "scope"), "shared");
	assert_int_equal(json_array_size(json_object_get(slots, "pids")), 2);
	assert_int_equal(number(waker, "pid"), 2000);
	assert_string_equal(word(json_object_get(waker, "site"), "function"), "drain");
	/* Nobody ended the longest wait; push() could have. */
	assert_string_equal(word(edge, "relation"), "or");
	assert_string_equal(
		word(json_object_get(json_object_get(edge, "blocker"), "site"), "function"),
		"push");
	assert_int_equal(
		number(json_object_get(object_named(root,
						    "cond first waited for at std::queue::pop() "
						    "queue.cpp:30"),
				       "outcomes"),
		       "open"),
		1);
	json_decref(root);
	free(text);
	case_trace_free(trace);
}

static void unknown_is_null(void **state)
{
	struct case_trace *trace = case_trace_parse("0 A begin mutex:m\n5 A end acquired");
	char *text = json_of(trace, NULL);
	json_t *root = parse(text);
	const json_t *edge = json_array_get(json_object_get(root, "waits_for"), 0);
	const json_t *blocker = json_object_get(edge, "blocker");

	(void)state;
	assert_true(json_is_null(json_object_get(blocker, "pid")));
	assert_true(json_is_null(json_object_get(blocker, "tid")));
	assert_true(json_is_null(json_object_get(blocker, "site")));
	assert_int_equal(json_array_size(json_object_get(blocker, "stack")), 0);
	assert_int_equal(number(json_object_get(root, "totals"), "unknown_ns"), 5);
	json_decref(root);
	free(text);
	case_trace_free(trace);
}

static void names_that_are_no_utf8(void **state)
{
	struct case_trace *trace = case_trace_parse("0 A object open sem:*s name=\xff\x01x\n"
						    "1 A begin sem:*s site=g\n"
						    "2 A end acquired");
	char *text = json_of(trace, NULL);
	json_t *root = parse(text);

	(void)state;
	assert_non_null(object_named(root, "?\x01x"));
	json_decref(root);
	free(text);
	case_trace_free(trace);
}

static void same_trace_same_bytes(void **state)
{
	char *first = NULL;

	(void)state;
	for (int i = 0; i < 3; i++) {
		struct case_trace *trace = case_trace_read(SERVER);
		char *text = json_of(trace, NULL);

		if (first) {
			assert_string_equal(text, first);
			free(text);
		} else {
			first = text;
		}
		case_trace_free(trace);
	}
	free(first);
}

/* Each order of two locks once, however often; none of a call that does not wait for ever. */
static void lock_order_pairs(void **state)
{
	struct case_trace *trace =
		case_trace_parse("10 A edge mutex:inner site=take@a.c:2 held=1\n"
				 "10 A holds mutex:outer site=hold@a.c:1\n"
				 "20 B edge mutex:inner site=other@a.c:4 held=1\n"
				 "20 B holds mutex:outer site=hold@a.c:3\n"
				 "30 B edge mutex:tried site=other@a.c:5 try held=1\n"
				 "30 B holds mutex:outer site=hold@a.c:3\n"
				 "40 B edge mutex:outer site=other@a.c:6 held=1\n"
				 "40 B holds mutex:inner site=hold@a.c:7\n");
	char *text = json_of(trace, NULL);
	json_t *root = parse(text);
	const json_t *pairs = json_object_get(json_object_get(root, "lock_order"), "pairs");
	const json_t *first = json_array_get(pairs, 0), *second = json_array_get(pairs, 1);

	(void)state;
	assert_int_equal(validate(text), 0);
	assert_int_equal(json_array_size(pairs), 2);
	assert_int_equal(number(first, "times"), 2);
	assert_int_equal(number(json_object_get(first, "hold_site"), "line"), 1);
	assert_int_equal(number(json_object_get(first, "take_site"), "line"), 2);
	assert_int_equal(number(second, "times"), 1);
	assert_int_equal(number(first, "held"), number(second, "taken"));
	assert_int_equal(number(first, "taken"), number(second, "held"));
	json_decref(root);
	free(text);
	case_trace_free(trace);
}

static json_int_t sum_of_integers(const json_t *list)
{
	json_int_t total = 0;
	const json_t *value;
	size_t i;

	json_array_foreach(list, i, value)
		total += json_integer_value(value);
	return total;
}

/* Of a queue those who wait to read are told from those who wait to write. */
static void readers_of_queues(void **state)
{
	struct case_trace *trace = case_trace_parse("0 R begin mq:*q site=receive read shared\n"
						    "5000 W begin mq:*q site=send shared\n"
						    "7000 W end acquired\n"
						    "60000 R end acquired\n");
	char *text = json_of(trace, NULL);
	json_t *root = parse(text);
	const json_t *queue =
		json_object_get(json_array_get(json_object_get(root, "objects"), 0), "queue");

	(void)state;
	assert_int_equal(number(queue, "wait_ns"), 62000);
	assert_int_equal(sum_of_integers(json_object_get(queue, "spans")), 62000);
	assert_int_equal(sum_of_integers(json_object_get(queue, "read_spans")), 60000);
	json_decref(root);
	free(text);
	case_trace_free(trace);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(as_the_schema_says),
		cmocka_unit_test(empty_and_filtered_reports_are_valid),
		cmocka_unit_test(numbers_agree),
		cmocka_unit_test(who_and_where),
		cmocka_unit_test(unknown_is_null),
		cmocka_unit_test(names_that_are_no_utf8),
		cmocka_unit_test(same_trace_same_bytes),
		cmocka_unit_test(lock_order_pairs),
		cmocka_unit_test(readers_of_queues),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
