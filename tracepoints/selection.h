/* SPDX-License-Identifier: MIT */
/* selection.h: what is to be recorded: the words of `--only` and `--except`, as the command checks
 * them and the library goes by them.
 *
 * A word is a kind (kinds.h), the name of a function (functions.h), which stands for its other
 * names too, or a pattern: it begins with '/', or has one of *?[ in it. A pattern stands for the
 * functions whose names it fits and for the objects whose names it fits. Where a word is a kind and
 * a function (poll, flock), it is the kind; with () behind it, it is the function.
 */
#ifndef WS_SELECTION_H
#define WS_SELECTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "functions.h"
#include "kinds.h"

/* Patterns for names of objects, at most, and bytes of them all. */
#define WS_SELECTION_PATTERNS 64
#define WS_SELECTION_BYTES    4096

/* Whether a name fits a pattern of either list. */
#define WS_NAME_ONLY   1u
#define WS_NAME_EXCEPT 2u

struct ws_selection_list {
	bool any;                                       /* it has a word */
	bool has_functions;                             /* one that stands for a function */
	uint32_t kinds;                                 /* a bit for each enum ws_kind */
	uint8_t functions[(WS_FUNCTION_COUNT + 7) / 8]; /* a bit for each number */
};

/* Begins with zeroes: everything is to be recorded. */
struct ws_selection {
	struct ws_selection_list only, except;
	struct {
		uint16_t text; /* where it begins in `texts` */
		uint8_t side;  /* WS_NAME_ONLY or WS_NAME_EXCEPT */
	} patterns[WS_SELECTION_PATTERNS];
	size_t n_patterns;
	size_t n_texts;
	char texts[WS_SELECTION_BYTES];
};

/* Adds the words of a list, between which there are commas. 0, or with the word in *bad, n_bad
 * bytes of the list: -EINVAL: it is none of the above; -E2BIG: there are too many patterns. Words
 * before it have been added. */
int ws_selection_add(struct ws_selection *selection, bool except, const char *list,
		     const char **bad, size_t *n_bad);

/* True if the pattern fits all of the text: * for any number of bytes, ? for one, [abc], [a-z] and
 * [!a] for one of those or none of them; \ takes what follows as it is. */
bool ws_pattern_fits(const char *pattern, const char *text);

/* WS_NAME_*: which lists have a pattern that fits the name. */
uint8_t ws_selection_name(const struct ws_selection *selection, const char *name);

/* True if what `function` (or WS_FUNCTION_UNKNOWN) does with an object of that kind and `name`
 * (WS_NAME_*) is to be recorded: one word of `only` at least fits, if there are any, and none of
 * `except`. */
bool ws_selection_takes(const struct ws_selection *selection, uint8_t kind, uint16_t function,
			uint8_t name);

/* The same for a wake. Who lets others go on uses other functions than who waits, so words of
 * `only` that are functions take every wake: it is recorded only where somebody waits whose wait
 * is. */
bool ws_selection_takes_wake(const struct ws_selection *selection, uint8_t kind, uint16_t function,
			     uint8_t name);

/* False: nothing that this function does is to be recorded, whatever it is about. */
bool ws_selection_may_take(const struct ws_selection *selection, uint16_t function);

#endif
