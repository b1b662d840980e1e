/* SPDX-License-Identifier: MIT */
/* strings.h: each distinct string once, at an address that stays.
 *
 * Not for several threads at a time.
 */
#ifndef WS_STRINGS_H
#define WS_STRINGS_H

struct ws_strings;

/* An empty set, or NULL when memory is out. */
struct ws_strings *ws_strings_new(void);

/* The one copy of `string`, which lives as long as the set: equal strings give equal pointers.
 * NULL when memory is out. */
const char *ws_strings_intern(struct ws_strings *strings, const char *string);

/* Frees the set and every string in it. NULL is fine. */
void ws_strings_free(struct ws_strings *strings);

#endif
