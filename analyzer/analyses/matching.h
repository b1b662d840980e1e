/* SPDX-License-Identifier: MIT */
/* matching.h: what is the same in recordings of two builds of a program: lines of code and objects.
 *
 * In: digests, each of one side: before or after. One side may have several, of the same build.
 *
 * Out: a number for each line and each object of each digest; the same number means the same thing.
 *
 * Modules: by name. Where exactly one program ran before only, and exactly one after only, the
 * second is taken for the first: it was renamed. A module whose build id did not change is the same
 * code.
 *
 * Lines: by module, function and file's name, or, if one file had the function before only and one
 * after only, whatever its name; of one function by line. Where the code did not change, the lines
 * are equal. Where it did, those of a function are moved together by what makes most of them meet
 * (of several such moves that of most of the file, then none, then the least); what is left between
 * lines that met is paired in order if it is as many on both sides. So lines that were inserted
 * before a function or in it move nothing. Without line numbers the address stands for the line.
 *
 * Objects: by kind and key (identity.h), where the lines of keys are the numbers from above. What
 * then is left on either side, and what has no key but its use, is put together by use: objects of
 * one kind that were waited for, or taken, at the same line are one group. So a lock that was
 * renamed, or split into many, is compared with what it became.
 *
 * Cost: about (lines of one function before) * (after) for each function; memory by lines and
 * objects.
 */
#ifndef WS_MATCHING_H
#define WS_MATCHING_H

#include "analyzer/analyses/digest.h"

enum { WS_BEFORE, WS_AFTER, WS_SIDES };

/* The digests of one side. */
struct ws_side {
	const struct ws_digest *const *runs; /* Weak */
	size_t n;                            /* at least 1 */
};

/* Numbers of one digest. */
struct ws_matched_run {
	uint32_t *sites;   /* by index of the digest's */
	uint32_t *objects; /* the same */
};

/* Where a thing is first described on each side; run WS_UNKNOWN: it is not there. */
struct ws_matched_place {
	uint32_t run, index;
};

struct ws_matched {
	struct ws_matched_place at[WS_SIDES];
	bool by_use; /* objects: put together by where they are used */
};

struct ws_matching {
	struct ws_matched_run *runs[WS_SIDES]; /* Owned by this, as all that follow */
	size_t n_runs[WS_SIDES];
	struct ws_matched *sites;
	size_t n_sites;
	struct ws_matched *objects;
	size_t n_objects;
	const char *renamed[WS_SIDES]; /* a program that has two names; NULL: there is none; Weak */
};

/* `by_use`: also put together by use what has keys that are on one side only. The digests must
 * outlive the result. 0 or -ENOMEM with *ret untouched. */
int ws_matching_make(const struct ws_side sides[WS_SIDES], bool by_use, struct ws_matching **ret);
void ws_matching_free(struct ws_matching *matching); /* NULL is fine */

/* Lines of one function on two sides, ascending: to[i] becomes the index in `before` of after[i],
 * or WS_UNKNOWN. `likely` is the move of most of the file. */
void ws_lines_align(const uint64_t *before, size_t n_before, const uint64_t *after, size_t n_after,
		    int64_t likely, uint32_t *to);

/* The number of a line or object; WS_UNKNOWN stays what it is. */
static inline uint32_t ws_matched_number(const uint32_t *numbers, uint32_t index)
{
	return index == WS_UNKNOWN ? WS_UNKNOWN : numbers[index];
}

/* How it is described, on the side that has it, or of both the one after. */
const struct ws_digest_site *ws_matched_site(const struct ws_side sides[WS_SIDES],
					     const struct ws_matching *matching, uint32_t number);
const struct ws_digest_object *ws_matched_object(const struct ws_side sides[WS_SIDES],
						 const struct ws_matching *matching,
						 uint32_t number);

#endif
