/* SPDX-License-Identifier: MIT */
/* selection.c: see selection.h.
 *
 * Rules: no malloc, no lock: the library uses it in the program's calls.
 */
#include "selection.h"

#include <errno.h>
#include <string.h>

/* [...] at `pattern`, of which `*end` becomes what follows it; NULL: it has no end, and stands for
 * itself. */
static bool in_brackets(const char *pattern, char c, const char **end)
{
	const char *at = pattern + 1;
	bool negated = *at == '!' || *at == '^';
	bool found = false;

	at += negated;
	*end = NULL;
	for (const char *first = at; *at && (*at != ']' || at == first); at++) {
		if (at[1] == '-' && at[2] && at[2] != ']') {
			found = found || (at[0] <= c && c <= at[2]);
			at += 2;
		} else {
			found = found || *at == c;
		}
	}
	if (!*at)
		return false;
	*end = at + 1;
	return found != negated;
}

/* One piece of the pattern against one byte; `*next` is the piece after it. */
static bool fits_one(const char *pattern, char c, const char **next)
{
	const char *end;
	bool fits;

	switch (*pattern) {
	case '?':
		*next = pattern + 1;
		return true;
	case '[':
		fits = in_brackets(pattern, c, &end);
		*next = end ? end : pattern + 1;
		return end ? fits : c == '[';
	case '\\':
		pattern += pattern[1] != '\0';
		*next = pattern + 1;
		return *pattern == c;
	default:
		*next = pattern + 1;
		return *pattern == c;
	}
}

bool ws_pattern_fits(const char *pattern, const char *text)
{
	const char *star = NULL, *behind = NULL, *next;

	while (*text) {
		if (*pattern == '*') {
			star = ++pattern; /* it takes nothing, for now */
			behind = text;
		} else if (*pattern && fits_one(pattern, *text, &next)) {
			pattern = next;
			text++;
		} else if (star) {
			pattern = star; /* it takes one more */
			text = ++behind;
		} else {
			return false;
		}
	}
	while (*pattern == '*')
		pattern++;
	return !*pattern;
}

/* The function of that name and all of its other names. */
static void take_function(struct ws_selection_list *list, uint16_t number)
{
	for (uint16_t i = 0; i < WS_FUNCTION_COUNT; i++)
		if (ws_functions[i].of == ws_functions[number].of)
			list->functions[i / 8] |= (uint8_t)(1u << i % 8);
	list->has_functions = true;
}

static uint8_t kind_of(const char *word)
{
#define IS_KIND(sym, name, number)                                                                 \
	if (strcmp(word, #name) == 0)                                                              \
		return (number);
	WS_KINDS(IS_KIND)
#undef IS_KIND
	return WS_KIND_NONE;
}

static int add_pattern(struct ws_selection *s, struct ws_selection_list *list, uint8_t side,
		       const char *word)
{
	size_t bytes = strlen(word) + 1;

	if (s->n_patterns == WS_SELECTION_PATTERNS || bytes > WS_SELECTION_BYTES - s->n_texts)
		return -E2BIG;
	for (uint16_t i = 0; i < WS_FUNCTION_COUNT; i++)
		if (ws_pattern_fits(word, ws_functions[i].name))
			take_function(list, i);
	memcpy(s->texts + s->n_texts, word, bytes);
	s->patterns[s->n_patterns].text = (uint16_t)s->n_texts;
	s->patterns[s->n_patterns++].side = side;
	s->n_texts += bytes;
	return 0;
}

static int add_word(struct ws_selection *s, bool except, const char *word)
{
	struct ws_selection_list *list = except ? &s->except : &s->only;
	uint8_t kind = kind_of(word);
	size_t n = strlen(word);
	char name[64];
	uint16_t number;
	int r = 0;

	if (kind != WS_KIND_NONE) {
		list->kinds |= UINT32_C(1) << kind;
	} else if (word[0] == '/' || strpbrk(word, "*?[")) {
		r = add_pattern(s, list, except ? WS_NAME_EXCEPT : WS_NAME_ONLY, word);
	} else {
		if (n >= sizeof(name))
			return -EINVAL;
		memcpy(name, word, n + 1);
		if (n > 2 && strcmp(name + n - 2, "()") == 0)
			name[n - 2] = '\0';
		number = ws_function_find(name);
		if (number == WS_FUNCTION_UNKNOWN)
			return -EINVAL;
		take_function(list, number);
	}
	if (r == 0)
		list->any = true;
	return r;
}

int ws_selection_add(struct ws_selection *selection, bool except, const char *list,
		     const char **bad, size_t *n_bad)
{
	char word[WS_SELECTION_BYTES];

	for (;;) {
		size_t n = strcspn(list, ",");
		int r = n < sizeof(word) ? 0 : -E2BIG;

		if (r == 0) {
			memcpy(word, list, n);
			word[n] = '\0';
			r = add_word(selection, except, word);
		}
		if (r < 0) {
			*bad = list;
			*n_bad = n;
			return r;
		}
		if (!list[n])
			return 0;
		list += n + 1;
	}
}

uint8_t ws_selection_name(const struct ws_selection *selection, const char *name)
{
	uint8_t sides = 0;

	for (size_t i = 0; i < selection->n_patterns; i++)
		if (ws_pattern_fits(selection->texts + selection->patterns[i].text, name))
			sides |= selection->patterns[i].side;
	return sides;
}

static bool has_function(const struct ws_selection_list *list, uint16_t function)
{
	return function < WS_FUNCTION_COUNT && list->functions[function / 8] & 1u << function % 8;
}

static bool has_kind(const struct ws_selection_list *list, uint8_t kind)
{
	return kind < WS_KIND_COUNT && list->kinds & UINT32_C(1) << kind;
}

bool ws_selection_takes(const struct ws_selection *selection, uint8_t kind, uint16_t function,
			uint8_t name)
{
	if (has_kind(&selection->except, kind) || has_function(&selection->except, function) ||
	    name & WS_NAME_EXCEPT)
		return false;
	return !selection->only.any || has_kind(&selection->only, kind) ||
	       has_function(&selection->only, function) || name & WS_NAME_ONLY;
}

bool ws_selection_takes_wake(const struct ws_selection *selection, uint8_t kind, uint16_t function,
			     uint8_t name)
{
	if (has_kind(&selection->except, kind) || has_function(&selection->except, function) ||
	    name & WS_NAME_EXCEPT)
		return false;
	return selection->only.has_functions || ws_selection_takes(selection, kind, function, name);
}

bool ws_selection_may_take(const struct ws_selection *selection, uint16_t function)
{
	if (has_function(&selection->except, function))
		return false;
	if (!selection->only.any || selection->only.kinds ||
	    has_function(&selection->only, function))
		return true;
	for (size_t i = 0; i < selection->n_patterns; i++)
		if (selection->patterns[i].side == WS_NAME_ONLY)
			return true;
	return false;
}
