/* SPDX-License-Identifier: MIT */
/* matching_private.h: what the files of the matching share. */
#ifndef WS_MATCHING_PRIVATE_H
#define WS_MATCHING_PRIVATE_H

#include "analyzer/analyses/matching.h"

/* One line or object of one side: where it is described, and the digest's entry. */
struct entry {
	const struct ws_digest *digest; /* Weak */
	const char *module;             /* Weak: the name that it has on the side before */
	const char *file;               /* lines: the same, without its folder */
	struct ws_matched_place place;
	uint32_t number; /* WS_UNKNOWN: none yet */
};

/* The distinct lines of one side, in order. */
struct lines {
	struct entry *list; /* Owned by this */
	size_t n;
	uint64_t *at; /* Owned by this: for each its line, or its address */
};

struct matcher {
	const struct ws_side *sides; /* Weak */
	bool by_use;
	struct ws_matching *made; /* Owned by this until it is handed out */
	struct lines lines[WS_SIDES];
	struct entry *objects[WS_SIDES]; /* Owned by this; all of them, of all runs */
	size_t n_objects[WS_SIDES];
};

/* What the module is called on the side before. */
const char *ws_match_module(const struct matcher *m, int side, const char *module);

/* Gives the objects of all digests their numbers; the lines have theirs. 0 or -ENOMEM. */
int ws_match_objects(struct matcher *m);

#endif
