/* SPDX-License-Identifier: MIT */
/* test_histogram: percentiles against sorted arrays, and that merging loses nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "analyzer/analyses/histogram.h"

#define VALUES 20000

static uint64_t random_state = 88172645463325252ull;

static uint64_t random64(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state;
}

static int by_value(const void *a, const void *b)
{
	const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static void assert_close(uint64_t seen, uint64_t truth)
{
	uint64_t off = seen > truth ? seen - truth : truth - seen;

	if (off > truth / 100)
		fail_msg("%llu is more than 1 %% off %llu", (unsigned long long)seen,
			 (unsigned long long)truth);
}

static void check_against_sorted(uint64_t *values, size_t n)
{
	static const unsigned asked[] = { 1, 500, 900, 950, 990, 999, 1000 };
	struct ws_histogram histogram = { 0 };
	uint64_t total = 0;

	for (size_t i = 0; i < n; i++) {
		assert_int_equal(ws_histogram_add(&histogram, values[i]), 0);
		total += values[i];
	}
	qsort(values, n, sizeof(*values), by_value);
	assert_int_equal(histogram.count, n);
	assert_int_equal(histogram.total, total);
	assert_int_equal(histogram.min, values[0]);
	assert_int_equal(histogram.max, values[n - 1]);
	assert_int_equal(ws_histogram_mean(&histogram), total / n);
	for (size_t i = 0; i < sizeof(asked) / sizeof(asked[0]); i++) {
		size_t rank = (n * asked[i] + 999) / 1000;

		assert_close(ws_histogram_quantile(&histogram, asked[i]), values[rank - 1]);
	}
	ws_histogram_free(&histogram);
}

static void percentiles_of_many_magnitudes(void **state)
{
	uint64_t *values = malloc(VALUES * sizeof(*values));

	(void)state;
	assert_non_null(values);
	for (unsigned bits = 1; bits <= 48; bits++) {
		for (size_t i = 0; i < VALUES; i++)
			values[i] = random64() >> (64 - bits);
		check_against_sorted(values, VALUES);
	}
	/* Each value of another magnitude: long tails. */
	for (size_t i = 0; i < VALUES; i++)
		values[i] = (random64() >> 16) >> (random64() % 48);
	check_against_sorted(values, VALUES);
	free(values);
}

static void small_values_are_exact(void **state)
{
	(void)state;
	for (uint64_t value = 0; value < 2 * WS_HISTOGRAM_STEPS; value++) {
		struct ws_histogram histogram = { 0 };

		/* A smaller and a larger neighbour, so that clamping to min and max cannot help. */
		assert_int_equal(ws_histogram_add(&histogram, 0), 0);
		assert_int_equal(ws_histogram_add(&histogram, value), 0);
		assert_int_equal(ws_histogram_add(&histogram, 1000), 0);
		assert_int_equal(ws_histogram_quantile(&histogram, 500), value);
		ws_histogram_free(&histogram);
	}
}

static void every_power_of_two_is_close(void **state)
{
	(void)state;
	for (unsigned bit = 0; bit < 64; bit++) {
		for (int delta = -1; delta <= 1; delta++) {
			struct ws_histogram histogram = { 0 };
			uint64_t value = (1ull << bit) + (uint64_t)delta;

			if (value == 0 || value == UINT64_MAX)
				continue;
			assert_int_equal(ws_histogram_add(&histogram, 0), 0);
			assert_int_equal(ws_histogram_add(&histogram, value), 0);
			assert_int_equal(ws_histogram_add(&histogram, UINT64_MAX), 0);
			assert_close(ws_histogram_quantile(&histogram, 500), value);
			ws_histogram_free(&histogram);
		}
	}
}

static void merged_is_the_same_as_added(void **state)
{
	struct ws_histogram whole = { 0 }, parts[3] = { { 0 } }, merged = { 0 };

	(void)state;
	for (size_t i = 0; i < VALUES; i++) {
		uint64_t value = random64() >> (random64() % 60);

		value >>= 4; /* the sum must fit */
		assert_int_equal(ws_histogram_add(&whole, value), 0);
		assert_int_equal(ws_histogram_add(&parts[i % 3], value), 0);
	}
	for (int i = 2; i >= 0; i--)
		assert_int_equal(ws_histogram_merge(&merged, &parts[i]), 0);
	assert_int_equal(merged.count, whole.count);
	assert_int_equal(merged.total, whole.total);
	assert_int_equal(merged.min, whole.min);
	assert_int_equal(merged.max, whole.max);
	assert_int_equal(merged.n_buckets, whole.n_buckets);
	for (size_t i = 0; i < whole.n_buckets; i++) {
		assert_int_equal(merged.buckets[i].index, whole.buckets[i].index);
		assert_int_equal(merged.buckets[i].count, whole.buckets[i].count);
	}
	for (int i = 0; i < 3; i++)
		ws_histogram_free(&parts[i]);
	ws_histogram_free(&whole);
	ws_histogram_free(&merged);
}

static void nothing_is_zero(void **state)
{
	struct ws_histogram histogram = { 0 };

	(void)state;
	assert_int_equal(ws_histogram_quantile(&histogram, 500), 0);
	assert_int_equal(ws_histogram_mean(&histogram), 0);
	assert_int_equal(ws_histogram_merge(&histogram, &histogram), 0);
	ws_histogram_free(&histogram);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(percentiles_of_many_magnitudes),
		cmocka_unit_test(small_values_are_exact),
		cmocka_unit_test(every_power_of_two_is_close),
		cmocka_unit_test(merged_is_the_same_as_added),
		cmocka_unit_test(nothing_is_zero),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
