/* SPDX-License-Identifier: MIT */
/* noise.c: see noise.h. */
#include "analyzer/analyses/noise.h"

#include <math.h>

/* The continued fraction of the incomplete beta function, by Lentz's method (Numerical Recipes has
 * the terms; Abramowitz and Stegun 26.5.8). */
static double beta_fraction(double x, double a, double b)
{
	const double tiny = 1e-300;
	double c = 1, d = 1 - (a + b) * x / (a + 1), f;

	d = 1 / (fabs(d) < tiny ? tiny : d);
	f = d;
	for (int m = 1; m <= 300; m++) {
		for (int odd = 0; odd < 2; odd++) {
			double term = odd ? -(a + m) * (a + b + m) * x /
						      ((a + 2.0 * m) * (a + 2.0 * m + 1))
					  : m * (b - m) * x / ((a + 2.0 * m - 1) * (a + 2.0 * m));

			d = 1 + term * d;
			c = 1 + term / c;
			d = 1 / (fabs(d) < tiny ? tiny : d);
			c = fabs(c) < tiny ? tiny : c;
			f *= c * d;
		}
		if (fabs(c * d - 1) < 1e-14)
			break;
	}
	return f;
}

/* Regularised incomplete beta function. */
static double beta(double x, double a, double b)
{
	double front;

	if (x <= 0 || x >= 1)
		return x <= 0 ? 0 : 1;
	front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x));
	if (x < (a + 1) / (a + b + 2))
		return front * beta_fraction(x, a, b) / a;
	return 1 - front * beta_fraction(1 - x, b, a) / b;
}

/* The chance of more than t, either way. */
static double tail(double t, double freedom)
{
	if (isinf(freedom))
		return erfc(t / sqrt(2));
	return beta(freedom / (freedom + t * t), freedom / 2, 0.5);
}

double ws_noise_quantile(double alpha, double freedom)
{
	double low = 0, high = 1;

	while (tail(high, freedom) > alpha && high < 1e9)
		high *= 2;
	for (int i = 0; i < 100; i++) {
		double middle = (low + high) / 2;

		if (tail(middle, freedom) > alpha)
			low = middle;
		else
			high = middle;
	}
	return high;
}

double ws_noise_run(double busy, double least, double running, double kept)
{
	double part = busy < 0 ? WS_NOISE_BUSY_UNKNOWN : busy > 1 ? 1 : busy;
	double load = WS_NOISE_BUSY * part * running, scheduler = WS_NOISE_KEPT * kept;

	return sqrt(least * least + load * load + scheduler * scheduler);
}

double ws_noise_load(double busy, double part)
{
	double others = busy < 0 ? WS_NOISE_BUSY_UNKNOWN : busy > 0.95 ? 0.95 : busy;

	return -log1p(-others) * part;
}

/* What one side shows: the mean of its values and of their logarithms, and the squares around the
 * latter. */
struct side {
	double mean, log, squares, load;
};

static struct side take(const struct ws_sample *samples, size_t n, double floor)
{
	struct side side = { 0 };

	for (size_t i = 0; i < n; i++) {
		side.mean += samples[i].value / (double)n;
		side.log += log(samples[i].value + floor) / (double)n;
		side.load += samples[i].load / (double)n;
	}
	for (size_t i = 0; i < n; i++) {
		double off = log(samples[i].value + floor) - side.log;

		side.squares += off * off;
	}
	return side;
}

/* What the samples of one side say of the variance within a run, as it is and not as a part, and of
 * that from run to run. */
static void add_assumed(const struct ws_sample *samples, size_t n, double weight, double *within,
			double *between)
{
	for (size_t i = 0; i < n; i++) {
		*within += samples[i].variance * samples[i].value * samples[i].value * weight;
		*between += samples[i].run_noise * samples[i].run_noise * weight;
	}
}

struct ws_ratio ws_noise_ratio(const struct ws_sample *before, size_t n_before,
			       const struct ws_sample *after, size_t n_after, double floor,
			       size_t n)
{
	struct side a = take(before, n_before, floor), b = take(after, n_after, floor);
	double freedom = (double)(n_before + n_after - 2), difference = b.log - a.log;
	double runs = freedom + 2;
	double mean = (a.mean * (double)n_before + b.mean * (double)n_after) / runs;
	double within = 0, between = 0, assumed, variance, around;

	add_assumed(before, n_before, 1 / runs, &within, &between);
	add_assumed(after, n_after, 1 / runs, &within, &between);
	assumed = (within + between * mean * mean) / ((mean + floor) * (mean + floor));
	if (freedom > 0)
		variance = (WS_NOISE_PRIOR * assumed + a.squares + b.squares) /
			   (WS_NOISE_PRIOR + freedom);
	else
		variance = assumed;
	around = ws_noise_quantile(WS_NOISE_ALPHA / (double)n,
				   freedom > 0 ? WS_NOISE_PRIOR + freedom : INFINITY) *
		 sqrt(variance * (1 / (double)n_before + 1 / (double)n_after));
	return (struct ws_ratio){
		.before = a.mean,
		.after = b.mean,
		.ratio = exp(difference),
		.low = exp(difference - around - fmax(b.load - a.load, 0)),
		.high = exp(difference + around + fmax(a.load - b.load, 0)),
	};
}

double ws_noise_chance(const struct ws_histogram *waits)
{
	double squares = 0, total = 0;

	for (size_t i = 0; i < waits->n_buckets; i++) {
		double value = (double)ws_bucket_middle(waits->buckets[i].index);

		squares += value * value * (double)waits->buckets[i].count;
		total += value * (double)waits->buckets[i].count;
	}
	return total > 0 ? squares / (total * total) : 0;
}

double ws_noise_shorter(const struct ws_histogram *before, const struct ws_histogram *after)
{
	double pairs = (double)before->count * (double)after->count, shorter = 0;
	uint64_t below = 0; /* of after, what is in lower buckets */
	size_t k = 0;

	if (pairs <= 0)
		return -1;
	for (size_t i = 0; i < before->n_buckets; i++) {
		const struct ws_bucket *bucket = &before->buckets[i];
		double equal = 0;

		while (k < after->n_buckets && after->buckets[k].index < bucket->index)
			below += after->buckets[k++].count;
		if (k < after->n_buckets && after->buckets[k].index == bucket->index)
			equal = (double)after->buckets[k].count;
		shorter += (double)bucket->count * ((double)below + equal / 2);
	}
	return shorter / pairs;
}

void ws_noise_share(uint64_t hits, uint64_t n, double alpha, double *low, double *high)
{
	double z = ws_noise_quantile(alpha, INFINITY);
	double size = (double)n, part = (double)hits / size;
	double scale = 1 + z * z / size;
	double middle = (part + z * z / (2 * size)) / scale;
	double around = z * sqrt(part * (1 - part) / size + z * z / (4 * size * size)) / scale;

	*low = middle > around ? middle - around : 0;
	*high = middle + around < 1 ? middle + around : 1;
}
