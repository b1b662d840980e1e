/* SPDX-License-Identifier: MIT */
/* test_intervals: each wait one by one, and what becomes of those that are too many: none is lost.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/case_report.h"

static const char lock_text[] =
	"0 A start\n"
	"0 B start\n"
	"10 B begin mutex:m site=get@c.c:9 stack=get@c.c:9<main@c.c:1 held=A/take@c.c:5\n"
	"40 A wake unlock mutex:m site=give@c.c:7 hold=take@c.c:5\n"
	"45 B end acquired\n"
	"50 A begin sem:s site=down@c.c:20\n"
	"90 B begin mutex:m site=get@c.c:9 stack=get@c.c:9<main@c.c:1 held=A/take@c.c:5\n"
	"95 B end timeout";

static void make(struct case_trace *trace, size_t max, struct case_report *report)
{
	const struct ws_setup setup = { .filter = { .to_ns = UINT64_MAX }, .intervals = max };

	case_report_make_as(trace, &setup, report);
}

static void nobody_asked(void **state)
{
	struct case_trace *trace = case_trace_parse(lock_text);
	struct case_report report;

	(void)state;
	make(trace, 0, &report);
	assert_int_equal(report.results->intervals->n, 0);
	assert_int_equal(report.results->intervals->n_sums, 0);
	assert_int_equal(report.results->intervals->n_shapes, 0);
	case_report_free(&report);
	case_trace_free(trace);
}

static void function_is(const struct ws_party *party, const char *function)
{
	assert_non_null(party->site);
	assert_string_equal(party->site->function, function);
}

static void one_by_one(void **state)
{
	struct case_trace *trace = case_trace_parse(lock_text);
	const struct ws_intervals_result *result;
	const struct ws_interval_shape *shape;
	struct case_report report;

	(void)state;
	make(trace, 100, &report);
	result = report.results->intervals;
	assert_int_equal(result->n, 3);
	assert_int_equal(result->short_ns, 0);
	assert_int_equal(result->n_sums, 0);
	/* By thread: A's is open until the trace's end. */
	assert_int_equal(result->list[0].begin_ns, 50);
	assert_int_equal(result->list[0].end_ns, 95);
	assert_int_equal(result->list[0].thread, 0);
	shape = &result->shapes[result->list[0].shape];
	assert_int_equal(shape->end, WS_INTERVAL_OPEN);
	assert_int_equal(shape->holder.thread, WS_UNKNOWN);
	assert_int_equal(shape->waker.thread, WS_UNKNOWN);
	/* The holder is where it took the lock, the waker where it let go, 5 ns before. */
	assert_int_equal(result->list[1].begin_ns, 10);
	assert_int_equal(result->list[1].end_ns, 45);
	assert_int_equal(result->list[1].wake_ns, 5);
	shape = &result->shapes[result->list[1].shape];
	assert_int_equal(shape->end, WS_OUTCOME_ACQUIRED);
	function_is(&shape->waiter, "get");
	assert_int_equal(shape->waiter.trail->n, 2);
	function_is(&shape->holder, "take");
	function_is(&shape->waker, "give");
	/* Another end is another shape; nobody let it go. */
	assert_int_not_equal(result->list[2].shape, result->list[1].shape);
	shape = &result->shapes[result->list[2].shape];
	assert_int_equal(shape->end, WS_OUTCOME_TIMEOUT);
	function_is(&shape->holder, "take");
	assert_int_equal(shape->waker.thread, WS_UNKNOWN);
	case_report_free(&report);
	case_trace_free(trace);
}

/* `n` waits of two threads; the k-th takes k % 7 * 100 + 3 ns, the last is long and over many
 * spans. */
static struct case_trace *many(size_t n)
{
	struct case_trace *trace = case_trace_new();
	uint64_t at = 5;
	char line[128];

	for (size_t k = 0; k < n; k++) {
		char thread = k % 3 ? 'A' : 'B';

		snprintf(line, sizeof(line), "%llu %c begin sem:s site=down@c.c:2",
			 (unsigned long long)at, thread);
		assert_null(case_trace_line(trace, line));
		at += k + 1 == n ? 50000000 : k % 7 * 100 + 3;
		snprintf(line, sizeof(line), "%llu %c end acquired", (unsigned long long)at,
			 thread);
		assert_null(case_trace_line(trace, line));
		at += 900;
	}
	return trace;
}

/* The list and the sums, of each thread, are what the contention analysis counted. */
static void nothing_is_lost(const struct case_report *report)
{
	const struct ws_intervals_result *result = report->results->intervals;
	const struct ws_contention_result *truth = report->results->contention;

	for (uint32_t thread = 0; thread < truth->n_threads; thread++) {
		uint64_t waits = 0, ns = 0;

		for (size_t i = 0; i < result->n; i++) {
			const struct ws_interval *wait = &result->list[i];

			if (wait->thread != thread)
				continue;
			waits++;
			ns += wait->end_ns - wait->begin_ns;
			assert_true(wait->end_ns - wait->begin_ns >= result->short_ns);
		}
		for (size_t i = 0; i < result->n_sums; i++) {
			const struct ws_interval_sum *sum = &result->sums[i];

			assert_true(sum->span < WS_INTERVAL_SPANS);
			assert_true(sum->wait_ns <= result->span_ns);
			assert_int_equal(sum->kind, WS_KIND_SEM);
			waits += sum->thread == thread ? sum->waits : 0;
			ns += sum->thread == thread ? sum->wait_ns : 0;
		}
		assert_int_equal(waits, truth->threads[thread].waits);
		assert_int_equal(ns, truth->threads[thread].wait_ns);
	}
}

static void too_many(void **state)
{
	struct case_trace *trace = many(500);

	(void)state;
	for (size_t max = 1; max <= 1000; max = max * 3 + 1) {
		struct case_report report;
		const struct ws_intervals_result *result;

		make(trace, max, &report);
		result = report.results->intervals;
		assert_true(result->n <= max);
		assert_int_equal(result->n_sums > 0, max < 500);
		assert_int_equal(result->short_ns > 0, max < 500);
		if (max < 500)
			assert_true(result->n < 500);
		else
			assert_int_equal(result->n, 500);
		nothing_is_lost(&report);
		case_report_free(&report);
	}
	case_trace_free(trace);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nobody_asked),
		cmocka_unit_test(one_by_one),
		cmocka_unit_test(too_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
