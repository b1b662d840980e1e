/* SPDX-License-Identifier: MIT */
/* slices.h: how evenly the waiting for each object is spread over the run: what a sum is worth that
 * one run gave.
 *
 * In: the finished waits, each counted where it ended.
 *
 * Out: for each object the relative variance of its sum of waiting, by the method of batch means:
 * the run is cut into equal slices, and were the slices independent draws, the sum of n of them
 * would vary by n times their variance. Waits follow from each other, but slices of a run are much
 * longer than a wait: so bursts (the machine was busy for a moment, one phase of the program waits)
 * count as what they are, one draw and not thousands. A program of phases gets a larger variance
 * than it has from run to run; never a smaller one.
 *
 * Which waits count is said by the filter but for its pid and tid: threads are not known yet, and
 * it is the relative spread that matters.
 *
 * Cost: O(1) a wait, and at most WS_SLICES_MAX numbers an object: slices get twice as long when the
 * run outgrows them. Nothing unless the setup asks for it.
 */
#ifndef WS_SLICES_H
#define WS_SLICES_H

#include "analyzer/analyses/setup.h"

/* Slices of a run; it has at least half as many, unless it is shorter than that many times
 * WS_SLICE_NS. */
#define WS_SLICES_MAX 32
/* The shortest slice: the length of a wait that a machine makes without any reason. */
#define WS_SLICE_NS 1048576ull

struct ws_sliced {
	const struct ws_object *object; /* Weak: owned by the model */
	double variance; /* of the sum, as a part of the square of the sum; 0: too few slices to say
			  */
};

struct ws_slices_result {
	struct ws_sliced *list; /* Owned by this; by object id */
	size_t n;
};

struct ws_slices;

/* That of the object; NULL: none of its waits counts. */
const struct ws_sliced *ws_sliced_of(const struct ws_slices_result *result,
				     const struct ws_object *object);

#endif
