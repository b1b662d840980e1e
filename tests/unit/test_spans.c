/* SPDX-License-Identifier: MIT */
/* test_spans.c: which range covers an address, also where ranges nest, touch and repeat. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "analyzer/decode/spans.h"

#define NONE UINT32_MAX

static uint32_t find(const struct ws_spans *spans, uint64_t address)
{
	const struct ws_span *span = ws_spans_find(spans, address);

	return span ? span->value : NONE;
}

static void test_empty(void **state)
{
	struct ws_spans spans = { 0 };

	(void)state;
	ws_spans_sort(&spans);
	assert_int_equal(find(&spans, 0), NONE);
	assert_int_equal(ws_spans_add(&spans, 5, 5, 1), 0);
	ws_spans_sort(&spans);
	assert_int_equal(find(&spans, 5), NONE);
	ws_spans_clear(&spans);
}

static void test_edges(void **state)
{
	struct ws_spans spans = { 0 };

	(void)state;
	assert_int_equal(ws_spans_add(&spans, 20, 30, 2), 0);
	assert_int_equal(ws_spans_add(&spans, 10, 20, 1), 0);
	assert_int_equal(ws_spans_add(&spans, UINT64_MAX - 1, UINT64_MAX, 3), 0);
	ws_spans_sort(&spans);
	assert_int_equal(find(&spans, 9), NONE);
	assert_int_equal(find(&spans, 10), 1);
	assert_int_equal(find(&spans, 19), 1);
	assert_int_equal(find(&spans, 20), 2);
	assert_int_equal(find(&spans, 29), 2);
	assert_int_equal(find(&spans, 30), NONE);
	assert_int_equal(find(&spans, UINT64_MAX - 1), 3);
	assert_int_equal(find(&spans, UINT64_MAX), NONE);
	ws_spans_clear(&spans);
}

static void test_nested_and_equal(void **state)
{
	struct ws_spans spans = { 0 };

	(void)state;
	assert_int_equal(ws_spans_add(&spans, 0, 100, 7), 0);
	assert_int_equal(ws_spans_add(&spans, 10, 20, 8), 0);
	assert_int_equal(ws_spans_add(&spans, 10, 20, 5), 0);
	assert_int_equal(ws_spans_add(&spans, 12, 13, 9), 0);
	ws_spans_sort(&spans);
	assert_int_equal(find(&spans, 12), 9);
	assert_int_equal(find(&spans, 13), 5); /* past the inner one, and least of the equal ones */
	assert_int_equal(find(&spans, 50), 7); /* across everything that ended before */
	assert_int_equal(find(&spans, 100), NONE);
	ws_spans_clear(&spans);
}

/* Against the plainest search, over ranges drawn from a fixed seed. */
static void test_agrees_with_search(void **state)
{
	enum { RANGES = 300, SPACE = 1000 };
	struct ws_spans spans = { 0 };
	uint64_t starts[RANGES], ends[RANGES];
	unsigned int seed = 12345;

	(void)state;
	for (uint32_t i = 0; i < RANGES; i++) {
		starts[i] = (uint64_t)rand_r(&seed) % SPACE;
		ends[i] = starts[i] + (uint64_t)rand_r(&seed) % 50;
		assert_int_equal(ws_spans_add(&spans, starts[i], ends[i], i), 0);
	}
	ws_spans_sort(&spans);
	for (uint64_t address = 0; address < SPACE + 60; address++) {
		uint32_t want = NONE;

		for (uint32_t i = 0; i < RANGES; i++)
			if (starts[i] <= address && address < ends[i] &&
			    (want == NONE || starts[i] > starts[want]))
				want = i;
		assert_int_equal(find(&spans, address), want);
	}
	ws_spans_clear(&spans);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_edges),
		cmocka_unit_test(test_nested_and_equal),
		cmocka_unit_test(test_agrees_with_search),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
