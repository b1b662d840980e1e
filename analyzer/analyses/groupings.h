/* SPDX-License-Identifier: MIT */
/* groupings.h: the waits that count as a table: summed by one question, in the order that the user
 * wants; and the order of the objects.
 *
 * In: contention's answer, which has the waits by object, thread and place.
 *
 * Out: one group a line of code (where they waited), object, thread, process or kind. Each wait is
 * in one group, so the groups add up to the totals. What is not known is a group of its own.
 *
 * Order: as the user said, by time without a word of theirs; numbers from the largest on, names
 * from A on. What is equal comes by time, then name, then as contention has it.
 *
 * Cost: O(n log n) in contention's shares.
 */
#ifndef WS_GROUPINGS_H
#define WS_GROUPINGS_H

#include "analyzer/analyses/setup.h"

struct ws_group {
	const char *name;               /* Owned by the result: the line of code, the thread, ... */
	uint32_t thread;                /* by thread: its index; else WS_UNKNOWN */
	uint32_t process;               /* by process and thread: its index; else WS_UNKNOWN */
	uint8_t kind;                   /* by kind and object; else 0 */
	const struct ws_frame *site;    /* by site; NULL: unknown, or not by site */
	const struct ws_object *object; /* by object; else NULL */
	struct ws_histogram waits;      /* Owned by the result */
	size_t n_threads;               /* known ones that waited */
	size_t most; /* the object, by its place in contention's, that most of the time is for */
	uint64_t most_ns; /* so much of it */
};

struct ws_groupings_result {
	bool is_grouped, is_sorted; /* the user asked for groups; for an order of the objects */
	enum ws_group_by by;
	enum ws_sort sort;
	struct ws_group *groups; /* Owned by this; none unless is_grouped */
	size_t n;
	size_t *order; /* Owned by this: contention's objects, by their places there */
	struct ws_arena strings;
};

struct ws_groupings;

const char *ws_group_by_word(enum ws_group_by by);
const char *ws_sort_word(enum ws_sort sort);
/* The one of that name. 0 or -EINVAL with *ret untouched. */
int ws_group_by_of_word(const char *word, enum ws_group_by *ret);
int ws_sort_of_word(const char *word, enum ws_sort *ret);

#endif
