/* SPDX-License-Identifier: MIT */
/* bench.h: what the benched programs share: the clock, errors, and how a figure is printed. */
#ifndef WS_BENCH_H
#define WS_BENCH_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static inline uint64_t bench_now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

/* Ends the program if `error` is not 0: a figure of a failed run is worth nothing. */
static inline void bench_x(int error, const char *what)
{
	if (error) {
		fprintf(stderr, "%s: error %d\n", what, error);
		exit(1);
	}
}

/* The one line that tests/bench/run reads: nanoseconds per operation. */
static inline void bench_result(uint64_t begin_ns, uint64_t operations)
{
	printf("ns_per_op %.3f\n", (double)(bench_now_ns() - begin_ns) / (double)operations);
}

static inline int bench_by_size(const void *a, const void *b)
{
	const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

/* The same of the median of `n` stretches, of so many operations each, which it sorts. */
static inline void bench_median(uint64_t *took_ns, size_t n, uint64_t operations)
{
	qsort(took_ns, n, sizeof(*took_ns), bench_by_size);
	printf("ns_per_op %.3f\n", (double)took_ns[n / 2] / (double)operations);
}

#endif
