/* SPDX-License-Identifier: MIT */
/* align.c: pairs the lines of one function in two builds, see ws_lines_align in matching.h. */
#include <stdlib.h>

#include "analyzer/analyses/matching.h"

/* Moves of a function with more pairs of lines than that are not searched: it stays, or goes with
 * its file. */
#define PAIRS_MAX 16384

static bool has(const uint64_t *list, size_t n, uint64_t value)
{
	size_t low = 0, high = n;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (list[middle] == value)
			return true;
		if (list[middle] < value)
			low = middle + 1;
		else
			high = middle;
	}
	return false;
}

/* Lines that meet under the move. */
static size_t score(const uint64_t *before, size_t n_before, const uint64_t *after, size_t n_after,
		    int64_t move)
{
	size_t n = 0;

	for (size_t i = 0; i < n_before; i++)
		n += has(after, n_after, before[i] + (uint64_t)move);
	return n;
}

static int64_t best_move(const uint64_t *before, size_t n_before, const uint64_t *after,
			 size_t n_after, int64_t likely)
{
	int64_t best = likely;
	size_t most = score(before, n_before, after, n_after, likely);
	size_t n = score(before, n_before, after, n_after, 0);

	if (n > most) {
		best = 0;
		most = n;
	}
	if (n_before * n_after > PAIRS_MAX)
		return best;
	for (size_t i = 0; i < n_before; i++) {
		for (size_t k = 0; k < n_after; k++) {
			int64_t move = (int64_t)(after[k] - before[i]);

			n = score(before, n_before, after, n_after, move);
			if (n < most ||
			    (n == most && (best == likely || !best || llabs(move) >= llabs(best))))
				continue;
			best = move;
			most = n;
		}
	}
	return best;
}

/* What is between two lines that met, up to but without them. */
static void pair_gap(uint32_t *to, size_t before_from, size_t before_end, size_t after_from,
		     size_t after_end)
{
	if (before_end - before_from != after_end - after_from)
		return;
	for (size_t i = 0; i < after_end - after_from; i++)
		to[after_from + i] = (uint32_t)(before_from + i);
}

void ws_lines_align(const uint64_t *before, size_t n_before, const uint64_t *after, size_t n_after,
		    int64_t likely, uint32_t *to)
{
	int64_t move = best_move(before, n_before, after, n_after, likely);
	size_t i = 0, gap_before = 0, gap_after = 0;

	for (size_t k = 0; k < n_after; k++)
		to[k] = WS_UNKNOWN;
	for (size_t k = 0; k < n_after; k++) {
		while (i < n_before && before[i] + (uint64_t)move != after[k] &&
		       (int64_t)(before[i] + (uint64_t)move) < (int64_t)after[k])
			i++;
		if (i == n_before || before[i] + (uint64_t)move != after[k])
			continue;
		pair_gap(to, gap_before, i, gap_after, k);
		to[k] = (uint32_t)i++;
		gap_before = i;
		gap_after = k + 1;
	}
	pair_gap(to, gap_before, n_before, gap_after, n_after);
}
