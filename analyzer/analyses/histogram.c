/* SPDX-License-Identifier: MIT */
/* histogram.c: see histogram.h. */
#include "analyzer/analyses/histogram.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/base/grow.h"

static uint32_t bucket_of(uint64_t value)
{
	unsigned shift;

	if (value < 2 * WS_HISTOGRAM_STEPS)
		return (uint32_t)value;
	/* The highest bit and the six below it tell the bucket. */
	shift = 63u - (unsigned)__builtin_clzll(value) - 6u;
	return shift * WS_HISTOGRAM_STEPS + (uint32_t)(value >> shift);
}

uint64_t ws_bucket_middle(uint32_t index)
{
	unsigned shift;
	uint64_t low;

	if (index < 2 * WS_HISTOGRAM_STEPS)
		return index;
	shift = index / WS_HISTOGRAM_STEPS - 1;
	low = (uint64_t)(index - shift * WS_HISTOGRAM_STEPS) << shift;
	return low + (1ull << shift) / 2;
}

/* Where `index` is, or where it belongs. */
static size_t find(const struct ws_histogram *histogram, uint32_t index)
{
	size_t low = 0, high = histogram->n_buckets;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (histogram->buckets[middle].index < index)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Makes room for `index` and says where; the bucket may be empty until the caller counts. */
static int bucket_at(struct ws_histogram *histogram, uint32_t index, struct ws_bucket **ret)
{
	size_t at = histogram->last;

	if (at >= histogram->n_buckets || histogram->buckets[at].index != index) {
		at = find(histogram, index);
		if (at == histogram->n_buckets || histogram->buckets[at].index != index) {
			struct ws_bucket *buckets;

			if (ws_grow(&histogram->buckets, &histogram->buckets_size,
				    histogram->n_buckets + 1))
				return -ENOMEM;
			buckets = histogram->buckets;
			memmove(&buckets[at + 1], &buckets[at],
				(histogram->n_buckets - at) * sizeof(*buckets));
			buckets[at] = (struct ws_bucket){ .index = index };
			histogram->n_buckets++;
		}
		histogram->last = at;
	}
	*ret = &histogram->buckets[at];
	return 0;
}

int ws_histogram_add(struct ws_histogram *histogram, uint64_t value)
{
	struct ws_bucket *bucket;

	if (bucket_at(histogram, bucket_of(value), &bucket) < 0)
		return -ENOMEM;
	bucket->count++;
	if (!histogram->count || value < histogram->min)
		histogram->min = value;
	if (value > histogram->max)
		histogram->max = value;
	histogram->count++;
	histogram->total += value;
	return 0;
}

int ws_histogram_merge(struct ws_histogram *to, const struct ws_histogram *from)
{
	struct ws_bucket *merged;
	size_t i = 0, j = 0, n = 0;

	if (!from->count)
		return 0;
	merged = malloc((to->n_buckets + from->n_buckets) * sizeof(*merged));
	if (!merged)
		return -ENOMEM;
	while (i < to->n_buckets || j < from->n_buckets) {
		if (j == from->n_buckets ||
		    (i < to->n_buckets && to->buckets[i].index < from->buckets[j].index)) {
			merged[n++] = to->buckets[i++];
		} else if (i == to->n_buckets || from->buckets[j].index < to->buckets[i].index) {
			merged[n++] = from->buckets[j++];
		} else {
			merged[n] = to->buckets[i++];
			merged[n++].count += from->buckets[j++].count;
		}
	}
	if (!to->count || from->min < to->min)
		to->min = from->min;
	if (from->max > to->max)
		to->max = from->max;
	to->buckets_size = to->n_buckets + from->n_buckets;
	free(to->buckets);
	to->buckets = merged;
	to->n_buckets = n;
	to->last = 0;
	to->count += from->count;
	to->total += from->total;
	return 0;
}

uint64_t ws_histogram_quantile(const struct ws_histogram *histogram, unsigned permille)
{
	uint64_t rank, seen = 0;

	if (!histogram->count)
		return 0;
	/* Rounded up; in two parts, so that the product cannot overflow. */
	rank = histogram->count / 1000 * permille +
	       (histogram->count % 1000 * permille + 999) / 1000;
	if (rank == 0)
		rank = 1;
	for (size_t i = 0; i < histogram->n_buckets; i++) {
		uint64_t middle = ws_bucket_middle(histogram->buckets[i].index);

		seen += histogram->buckets[i].count;
		if (seen < rank)
			continue;
		if (middle < histogram->min)
			return histogram->min;
		return middle > histogram->max ? histogram->max : middle;
	}
	return histogram->max;
}

uint64_t ws_histogram_mean(const struct ws_histogram *histogram)
{
	return histogram->count ? histogram->total / histogram->count : 0;
}

void ws_histogram_free(struct ws_histogram *histogram)
{
	free(histogram->buckets);
	*histogram = (struct ws_histogram){ 0 };
}
