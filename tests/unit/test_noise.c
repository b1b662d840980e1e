/* SPDX-License-Identifier: MIT */
/* test_noise: the statistics of comparisons against tables, and that equal runs are told apart as
 * seldom as is promised. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "analyzer/analyses/noise.h"

static void assert_near(double seen, double truth, double off)
{
	if (fabs(seen - truth) > off)
		fail_msg("%g is not %g", seen, truth);
}

/* As printed in tables of the t and the normal distribution. */
static void test_quantiles(void **state)
{
	(void)state;
	assert_near(ws_noise_quantile(0.05, INFINITY), 1.95996, 1e-4);
	assert_near(ws_noise_quantile(0.01, INFINITY), 2.57583, 1e-4);
	assert_near(ws_noise_quantile(0.05, 1), 12.7062, 1e-3);
	assert_near(ws_noise_quantile(0.05, 4), 2.77645, 1e-4);
	assert_near(ws_noise_quantile(0.001, 8), 5.04131, 1e-4);
	assert_near(ws_noise_quantile(0.0001, 30), 4.48, 1e-2);
}

/* Wilson's interval for 10 of 100 at 95 %, and at the ends. */
static void test_share(void **state)
{
	double low, high;

	(void)state;
	ws_noise_share(10, 100, 0.05, &low, &high);
	assert_near(low, 0.0552, 1e-3);
	assert_near(high, 0.1744, 1e-3);
	ws_noise_share(0, 100, 0.05, &low, &high);
	assert_near(low, 0, 1e-9);
	assert_near(high, 0.037, 1e-3);
	ws_noise_share(100, 100, 0.05, &low, &high);
	assert_near(high, 1, 1e-9);
}

static struct ws_histogram of(const uint64_t *values, size_t n)
{
	struct ws_histogram histogram = { 0 };

	for (size_t i = 0; i < n; i++)
		assert_int_equal(ws_histogram_add(&histogram, values[i]), 0);
	return histogram;
}

/* One wait says nothing of how often it comes; a hundred equal ones 10 % (standard deviation). */
static void test_chance(void **state)
{
	uint64_t values[100];
	struct ws_histogram one, many, none = { 0 };

	(void)state;
	for (size_t i = 0; i < 100; i++)
		values[i] = 1000000;
	one = of(values, 1);
	many = of(values, 100);
	assert_near(ws_noise_chance(&none), 0, 0);
	assert_near(ws_noise_chance(&one), 1, 1e-9);
	assert_near(ws_noise_chance(&many), 0.01, 1e-9);
	ws_histogram_free(&one);
	ws_histogram_free(&many);
}

static void test_shorter(void **state)
{
	const uint64_t low[] = { 10, 20, 30 }, high[] = { 40, 50 }, same[] = { 20 };
	struct ws_histogram a = of(low, 3), b = of(high, 2), c = of(same, 1), none = { 0 };

	(void)state;
	assert_near(ws_noise_shorter(&a, &b), 0, 1e-9);
	assert_near(ws_noise_shorter(&b, &a), 1, 1e-9);
	assert_near(ws_noise_shorter(&a, &c), 0.5, 1e-9);
	assert_near(ws_noise_shorter(&c, &a), 0.5, 1e-9);
	assert_true(ws_noise_shorter(&none, &a) < 0);
	ws_histogram_free(&a);
	ws_histogram_free(&b);
	ws_histogram_free(&c);
}

/* xorshift, so that each run of the test is the same. */
static double random_part(void)
{
	static uint64_t x = 88172645463325252ull;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	return (double)(x >> 11) / 9007199254740992.0;
}

/* By Box and Muller. */
static double random_normal(void)
{
	double a = random_part(), b = random_part();

	return sqrt(-2 * log(a + 1e-300)) * cos(2 * M_PI * b);
}

/* How often, of 2000 comparisons of equal runs that differ by `sd`, something is told. */
static size_t mistakes(size_t n, double sd)
{
	size_t wrong = 0;

	for (size_t i = 0; i < 2000; i++) {
		struct ws_sample samples[2][8];
		struct ws_ratio ratio;

		for (size_t side = 0; side < 2; side++)
			for (size_t k = 0; k < n; k++)
				samples[side][k] = (struct ws_sample){
					.value = 1e9 * exp(sd * random_normal()),
					.run_noise = 0.25,
				};
		ratio = ws_noise_ratio(samples[0], n, samples[1], n, 1e6, 1);
		wrong += ratio.low > 1 || ratio.high < 1;
	}
	return wrong;
}

/* 1 % of 2000 are 20. Runs that differ as is assumed are told apart no more often than that; so are
 * those that differ by less; by more, many runs find it out. */
static void test_equal_runs(void **state)
{
	(void)state;
	assert_in_range(mistakes(1, 0.25), 5, 40);
	assert_in_range(mistakes(1, 0.1), 0, 2);
	assert_in_range(mistakes(3, 0.25), 1, 40);
	assert_in_range(mistakes(8, 0.5), 1, 60);
}

/* A real change is seen: one run sees a tenfold one, eight runs that differ by 5 % a fifth. */
static void test_changed_runs(void **state)
{
	struct ws_sample before[8], after[8];
	struct ws_ratio ratio;

	(void)state;
	for (size_t k = 0; k < 8; k++) {
		before[k] = (struct ws_sample){ .value = 1e9 * exp(0.05 * random_normal()),
						.run_noise = 0.25 };
		after[k] = (struct ws_sample){ .value = 0.6e9 * exp(0.05 * random_normal()),
					       .run_noise = 0.25 };
	}
	ratio = ws_noise_ratio(before, 8, after, 8, 1e6, 10);
	assert_true(ratio.high < 1);
	assert_near(ratio.ratio, 0.6, 0.05);
	ratio = ws_noise_ratio(before, 1, after, 1, 1e6, 10);
	assert_true(ratio.low < 1 && ratio.high > 1);
	after[0].value = before[0].value / 10;
	ratio = ws_noise_ratio(before, 1, after, 1, 1e6, 10);
	assert_true(ratio.high < 1);
	/* What is below the floor on both sides is the same. */
	ratio = ws_noise_ratio(before, 1, after, 1, 1e12, 10);
	assert_near(ratio.ratio, 1, 0.01);
}

/* Few waits before say nothing of how their sum varies; the many after do, and count for both. */
static void test_pooled(void **state)
{
	struct ws_sample few = { .value = 3.5, .variance = 0.01, .run_noise = 0 };
	struct ws_sample many = { .value = 50, .variance = 1, .run_noise = 0 };
	struct ws_ratio ratio = ws_noise_ratio(&few, 1, &many, 1, 5, 1);

	(void)state;
	assert_true(ratio.low < 1 && ratio.high > 1);
}

/* What a busier machine explains is no change; what it does not is. */
static void test_load(void **state)
{
	struct ws_sample quiet = { .value = 1e9, .run_noise = 0.25 };
	struct ws_sample busy = { .value = 8e9, .run_noise = 0.25,
				  .load = ws_noise_load(0.9, 1) };
	struct ws_ratio ratio = ws_noise_ratio(&quiet, 1, &busy, 1, 1e6, 10);

	(void)state;
	assert_true(ratio.low < 1 && ratio.high > 8);
	busy.load = 0; /* who held it slept */
	ratio = ws_noise_ratio(&quiet, 1, &busy, 1, 1e6, 10);
	assert_true(ratio.low > 1);
	busy.load = quiet.load = ws_noise_load(0.9, 1); /* the same on both sides */
	ratio = ws_noise_ratio(&quiet, 1, &busy, 1, 1e6, 10);
	assert_true(ratio.low > 1);
	busy.value = 0.05e9; /* better in spite of it */
	quiet.load = 0;
	ratio = ws_noise_ratio(&quiet, 1, &busy, 1, 1e6, 10);
	assert_true(ratio.high < 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_quantiles),  cmocka_unit_test(test_share),
		cmocka_unit_test(test_chance),     cmocka_unit_test(test_shorter),
		cmocka_unit_test(test_equal_runs), cmocka_unit_test(test_changed_runs),
		cmocka_unit_test(test_pooled),
		cmocka_unit_test(test_load),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
