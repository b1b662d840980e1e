/* SPDX-License-Identifier: MIT */
/* test_contention: which waits a filter lets through, and sums by line of code. What single waits
 * come to is in tests/records. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "analyzer/analyses/places.h"
#include "tests/support/case_report.h"

/* Waits of 10, 20 and 40 ns on a mutex, of 100 ns on a semaphore, in two processes. */
static const char lines[] = "1000 p.A start\n"
			    "1000 q.B start\n"
			    "1100 p.A begin mutex:*m site=one held=q.B/held\n"
			    "1110 p.A end acquired\n"
			    "1200 q.B begin mutex:*m site=two held=p.A/held\n"
			    "1220 q.B end acquired\n"
			    "1300 p.A begin mutex:*m site=two held=q.B/held\n"
			    "1340 p.A end acquired\n"
			    "1400 p.C begin sem:s site=three\n"
			    "1450 p.A wake post sem:s site=give\n"
			    "1500 p.C end acquired\n";

static const struct ws_filter all = { .to_ns = UINT64_MAX };

static void assert_sums(const struct ws_filter *filter, uint64_t waits, uint64_t wait_ns)
{
	struct case_trace *trace = case_trace_parse(lines);
	struct case_report report;
	uint64_t in_objects = 0, in_threads = 0, in_edges = 0, in_sites = 0;

	case_report_make(trace, filter, &report);
	assert_int_equal(report.results->contention->total.waits, waits);
	assert_int_equal(report.results->contention->total.wait_ns, wait_ns);
	for (size_t i = 0; i < report.results->contention->n_objects; i++)
		in_objects += report.results->contention->objects[i].waits.total;
	for (size_t i = 0; i < report.results->contention->n_threads; i++)
		in_threads += report.results->contention->threads[i].wait_ns;
	for (size_t i = 0; i < report.results->contention->n_edges; i++)
		in_edges += report.results->contention->edges[i].wait_ns;
	for (size_t i = 0; i < report.results->contention->n_site_edges; i++)
		in_sites += report.results->contention->site_edges[i].wait_ns;
	/* In this trace each wait has just one blocker. */
	assert_int_equal(in_objects, wait_ns);
	assert_int_equal(in_threads, wait_ns);
	assert_int_equal(in_edges, wait_ns);
	assert_int_equal(in_sites, wait_ns);
	case_report_free(&report);
	case_trace_free(trace);
}

static void no_filter(void **state)
{
	(void)state;
	assert_sums(NULL, 4, 170);
	assert_sums(&all, 4, 170);
}

static void min_wait(void **state)
{
	struct ws_filter filter = all;

	(void)state;
	filter.min_wait_ns = 20; /* "at least" */
	assert_sums(&filter, 3, 160);
	filter.min_wait_ns = 101;
	assert_sums(&filter, 0, 0);
}

static void pid_and_tid(void **state)
{
	struct ws_filter filter = all;

	(void)state;
	filter.pid = 1000;
	assert_sums(&filter, 3, 150);
	filter.pid = 2000;
	assert_sums(&filter, 1, 20);
	filter.pid = 0;
	filter.tid = 1002; /* C, the third thread */
	assert_sums(&filter, 1, 100);
	filter.pid = 2000; /* whose thread it is not */
	assert_sums(&filter, 0, 0);
}

static void kind(void **state)
{
	struct ws_filter filter = all;

	(void)state;
	filter.kinds = 1u << WS_KIND_SEM;
	assert_sums(&filter, 1, 100);
	filter.kinds |= 1u << WS_KIND_MUTEX;
	assert_sums(&filter, 4, 170);
	filter.kinds = 1u << WS_KIND_COND;
	assert_sums(&filter, 0, 0);
}

static void from_and_to(void **state)
{
	struct ws_filter filter = all;

	(void)state;
	filter.from_ns = 110; /* since the first record, at 1000: the first wait is just over */
	assert_sums(&filter, 3, 160);
	filter.from_ns = 109;
	assert_sums(&filter, 4, 170);
	filter.to_ns = 300; /* the third wait begins just then */
	assert_sums(&filter, 2, 30);
	filter.to_ns = 301;
	assert_sums(&filter, 3, 70);
}

static void filters_together(void **state)
{
	struct ws_filter filter = all;

	(void)state;
	filter.min_wait_ns = 15;
	filter.kinds = 1u << WS_KIND_MUTEX;
	filter.pid = 1000;
	assert_sums(&filter, 1, 40);
}

/* An object keeps its id whatever is filtered, and an edge's object is in the list. */
static void ids_do_not_depend_on_filters(void **state)
{
	struct case_trace *trace = case_trace_parse(lines);
	struct ws_filter filter = all;
	struct case_report report;

	(void)state;
	filter.kinds = 1u << WS_KIND_SEM;
	case_report_make(trace, &filter, &report);
	assert_int_equal(report.results->contention->n_objects, 1);
	assert_int_equal(report.results->contention->objects[0].object->id, 1);
	assert_int_equal(report.results->contention->edges[0].object, 0);
	case_report_free(&report);
	case_trace_free(trace);
}

static void sums_by_line_of_code(void **state)
{
	struct case_trace *trace = case_trace_parse(lines);
	const struct ws_object_contention *mutex;
	const struct ws_site_share *site;
	struct case_report report;

	(void)state;
	case_report_make(trace, NULL, &report);
	mutex = &report.results->contention->objects[1];
	assert_int_equal(mutex->object->key.kind, WS_KIND_MUTEX);
	assert_int_equal(mutex->n_processes, 2);
	assert_int_equal(mutex->waiters.n_shares, 3); /* A at one, B at two, A at two */
	assert_int_equal(mutex->waiters.n_sites, 2);
	site = &mutex->waiters.sites[0];
	assert_string_equal(site->site->function, "two");
	assert_int_equal(site->n_threads, 2);
	assert_int_equal(site->waits.count, 2);
	assert_int_equal(site->waits.total, 60);
	assert_int_equal(site->waits.min, 20);
	assert_int_equal(site->waits.max, 40);
	assert_int_equal(mutex->holders.n_sites, 1);
	assert_int_equal(mutex->holders.sites[0].n_threads, 2);
	/* one -> held, two -> held, three -> give */
	assert_int_equal(report.results->contention->n_site_edges, 3);
	assert_int_equal(report.results->contention->site_edges[1].n_waiters, 2);
	assert_int_equal(report.results->contention->site_edges[1].wait_ns, 60);
	assert_int_equal(report.results->contention->site_edges[1].waiter_thread, WS_UNKNOWN);
	assert_string_equal(report.results->contention->site_edges[0].waiter->function, "three");
	assert_int_equal(report.results->contention->site_edges[0].waiter_thread, 2);
	case_report_free(&report);
	case_trace_free(trace);
}

/* Several read holders: the parts exceed the wait, the wait itself counts once. */
static void readers_are_charged_together(void **state)
{
	struct case_trace *trace = case_trace_parse("0 W begin rwlock:l site=w held=A/r\n"
						    "0 W holder B/r\n"
						    "100 W end acquired");
	struct case_report report;

	(void)state;
	case_report_make(trace, NULL, &report);
	assert_int_equal(report.results->contention->total.wait_ns, 100);
	assert_int_equal(report.results->contention->objects[0].holders.n_shares, 2);
	assert_int_equal(report.results->contention->objects[0].holders.sites[0].waits.total, 200);
	assert_int_equal(report.results->contention->n_edges, 2);
	case_report_free(&report);
	case_trace_free(trace);
}

static void functions_without_their_parameters(void **state)
{
	static const struct {
		const char *function;
		const char *name;
	} cases[] = {
		{ "get", "get" },
		{ "q::pop(std::function<void (int)>)", "q::pop" },
		{ "f(int) const", "f" },
		{ "l::operator()(int)", "l::operator()" },
		{ "operator()", "operator()" },
		{ "(anonymous namespace)::f(int)", "(anonymous namespace)::f" },
		{ "(anonymous namespace)::f", "(anonymous namespace)::f" },
		{ "f(", "f(" },
		{ "", "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(ws_function_length(cases[i].function), strlen(cases[i].name));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_filter),
		cmocka_unit_test(min_wait),
		cmocka_unit_test(pid_and_tid),
		cmocka_unit_test(kind),
		cmocka_unit_test(from_and_to),
		cmocka_unit_test(filters_together),
		cmocka_unit_test(ids_do_not_depend_on_filters),
		cmocka_unit_test(sums_by_line_of_code),
		cmocka_unit_test(readers_are_charged_together),
		cmocka_unit_test(functions_without_their_parameters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
