/* SPDX-License-Identifier: MIT */
/* noise.h: what a difference between runs is worth: an interval for the ratio of two figures that
 * holds, for all comparisons at once, as often as was asked for.
 *
 * A figure x of a run (a sum of waiting, a percentile) is taken as x + floor, where `floor` is what
 * is too small to matter: so figures near nothing do not differ by large ratios. What is compared
 * is the mean of its logarithm on each side.
 *
 * The variance of such a logarithm from run to run is estimated from two sources:
 *
 *   - what the runs themselves show: the pooled variance within each side, with as many degrees of
 *     freedom as there are runs beyond the first of each side;
 *   - what must be assumed before: the variance within the run (each sample's `variance`: of counts
 *     and lengths, with bursts, see slices.h) and `run_noise`, by which equal runs differ although
 *     nothing in any one of them shows it. It weighs as much as WS_NOISE_PRIOR runs.
 *
 * The second is what it would be if nothing had changed: of the runs of both sides together. Few
 * short waits before say little of how much their sum varies; the many that came after say it, too.
 *
 * With one run on each side there is only the second, which is then taken as known, and the
 * interval is that of the normal distribution; else that of Student's t. With many runs only the
 * first counts. This is the moderated t of Smyth (2004), with a stated prior instead of a fitted
 * one.
 *
 * What the machine's load explains is no change: where the runs of one side met more of it, the
 * interval reaches as far as the difference of their `load`, in that direction.
 *
 * The chance of error is shared out evenly among the comparisons (Bonferroni): if nothing changed,
 * any of all the intervals leaves out 1 in at most WS_NOISE_ALPHA of all cases.
 */
#ifndef WS_NOISE_H
#define WS_NOISE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analyzer/analyses/histogram.h"

/* Chance that anything at all is told though nothing changed. */
#define WS_NOISE_ALPHA 0.01
/* How many runs the assumption weighs as much as. */
#define WS_NOISE_PRIOR 4
/* By how much equal runs differ at least (standard deviation of the logarithm): what repeated runs
 * of sysbench, pbzip2, Python and our own programs did on a machine that was otherwise idle. */
#define WS_NOISE_RUN 0.25
/* What is added, squared, for a machine all of whose processors others use: in proportion. */
#define WS_NOISE_BUSY 0.35
/* What is added, squared, for time in which somebody was kept from running: in proportion. */
#define WS_NOISE_KEPT 0.5
/* Of a machine of which nothing is known. */
#define WS_NOISE_BUSY_UNKNOWN 0.25

/* The figure of one run. */
struct ws_sample {
	double value;     /* at least 0 */
	double variance;  /* within the run, relative to the square of `value` */
	double run_noise; /* standard deviation of the logarithm from run to run, assumed */
	double load;      /* by so much the logarithm may be larger because of the machine's load */
};

/* The interval for after / before. */
struct ws_ratio {
	double before, after; /* means of the values */
	double ratio;         /* of the values with the floor, by their logarithms */
	double low, high;     /* the interval around it */
};

/* `n` comparisons are made in all. Both sides have a sample at least. */
struct ws_ratio ws_noise_ratio(const struct ws_sample *before, size_t n_before,
			       const struct ws_sample *after, size_t n_after, double floor,
			       size_t n);

/* The assumption for a figure of a run. `busy`: see ws_digest. `least`: instead of WS_NOISE_RUN.
 * `running`: the part of the figure for which somebody ran, as far as is known: it grows where
 * others have the processors. `kept`: the part for which somebody was kept from running, which was
 * measured. */
double ws_noise_run(double busy, double least, double running, double kept);

/* By how much the logarithm of a figure may be larger since others used the processors, `part` of which
 * was running or ready to run: if the program got what they left over. */
double ws_noise_load(double busy, double part);

/* The relative variance of the sum of the waits if they come by chance, each for itself: of a
 * Poisson process with these lengths. 1 for one wait; 0 for none. */
double ws_noise_chance(const struct ws_histogram *waits);

/* The chance that a wait of `after` is shorter than one of `before`, of equal ones half (Mann and
 * Whitney's): 0.5 is no difference. < 0: one of them is empty. */
double ws_noise_shorter(const struct ws_histogram *before, const struct ws_histogram *after);

/* Bounds for the part that `hits` of `n` are of, as Wilson has them, at 1 - alpha. n is above 0. */
void ws_noise_share(uint64_t hits, uint64_t n, double alpha, double *low, double *high);

/* The value that Student's t of that many degrees of freedom exceeds, either way, with this chance;
 * INFINITY: the normal distribution. */
double ws_noise_quantile(double alpha, double freedom);

#endif
