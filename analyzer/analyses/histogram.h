/* SPDX-License-Identifier: MIT */
/* histogram.h: how long things took: exact count, total, least and most, and close percentiles.
 *
 * Log-linear: values below 2 * WS_HISTOGRAM_STEPS have a bucket each; above, every power of two is
 * cut into WS_HISTOGRAM_STEPS equal buckets, so that a bucket is at most 1/64 as wide as its
 * values are large. A percentile is its bucket's middle, kept within [min, max]: at most 1/128
 * (0.8 %) off. Only buckets that hold something take memory, 16 bytes each, at most 3,776 of them.
 * Merging is exact: the same values in any order and grouping give the same histogram.
 */
#ifndef WS_HISTOGRAM_H
#define WS_HISTOGRAM_H

#include <stddef.h>
#include <stdint.h>

#define WS_HISTOGRAM_STEPS 64u

struct ws_bucket {
	uint32_t index; /* by value, ascending */
	uint64_t count;
};

/* One of zeroes is an empty one. */
struct ws_histogram {
	uint64_t count;
	uint64_t total;            /* sum of the values; nanoseconds here, so 584 years fit */
	uint64_t min;              /* 0 if count is 0 */
	uint64_t max;              /* 0 if count is 0 */
	struct ws_bucket *buckets; /* Owned by this; ascending, none empty */
	size_t n_buckets;
	size_t buckets_size;
	size_t last; /* where the last value went: the next is often near */
};

/* 0, or -ENOMEM with the histogram as it was. */
int ws_histogram_add(struct ws_histogram *histogram, uint64_t value);

/* Adds all values of `from`. 0, or -ENOMEM with `to` as it was. */
int ws_histogram_merge(struct ws_histogram *to, const struct ws_histogram *from);

/* The least value that at least `permille` thousandths of the values do not exceed (nearest rank);
 * 0 if there are none. */
uint64_t ws_histogram_quantile(const struct ws_histogram *histogram, unsigned permille);

/* What a value of the bucket counts as: its middle. */
uint64_t ws_bucket_middle(uint32_t index);

/* Rounded down; 0 if there are no values. */
uint64_t ws_histogram_mean(const struct ws_histogram *histogram);

void ws_histogram_free(struct ws_histogram *histogram);

#endif
