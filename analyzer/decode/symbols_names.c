/* SPDX-License-Identifier: MIT */
/* symbols_names.c: see symbols_names.h.
 *
 * The demangler is libiberty's, which gdb and perf use too: it is C, static, and knows Rust's and
 * D's names beside C++'s; __cxa_demangle would bring libstdc++ into the process for C++ only.
 */
#include "symbols_names.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libiberty/demangle.h>

/* Cuts ".suffix" parts that only compilers make: C and C++ names have no dot in them. */
static void cut_clone_suffix(char *symbol)
{
	static const char *const words[] = { "cold", "constprop", "isra", "lto_priv", "part" };

	for (char *dot = strrchr(symbol, '.'); dot && dot != symbol; dot = strrchr(symbol, '.')) {
		bool made =
			isdigit((unsigned char)dot[1]) && !dot[1 + strspn(dot + 1, "0123456789")];

		for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
			made |= !strcmp(dot + 1, words[i]);
		if (!made)
			return;
		*dot = '\0';
	}
}

const char *ws_names_symbol(struct ws_strings *strings, const char *symbol)
{
	char *plain = strdup(symbol), *version, *demangled;
	const char *kept;

	if (!plain)
		return NULL;
	version = strchr(plain, '@');
	if (version && version != plain)
		*version = '\0';
	cut_clone_suffix(plain);
	/* What cplus_demangle() does, without its state and its exit() where memory is out. */
	demangled = rust_demangle(plain, DMGL_AUTO | DMGL_ANSI);
	if (!demangled)
		demangled = cplus_demangle_v3(plain, DMGL_AUTO | DMGL_ANSI);
	kept = ws_strings_intern(strings, demangled ? demangled : plain);
	free(demangled);
	free(plain);
	return kept;
}

const char *ws_names_path(struct ws_strings *strings, const char *dir, const char *path)
{
	char *whole = NULL, *out, *part, *rest;
	const char *kept;
	bool rooted;

	if (asprintf(&whole, "%s%s%s", path[0] != '/' && dir ? dir : "",
		     path[0] != '/' && dir ? "/" : "", path) < 0)
		return NULL;
	rooted = whole[0] == '/';
	out = calloc(1, strlen(whole) + 2);
	if (!out) {
		free(whole);
		return NULL;
	}
	rest = whole;
	while ((part = strsep(&rest, "/"))) {
		char *last = strrchr(out, '/');
		const char *tail = last ? last + 1 : out;

		if (!*part || !strcmp(part, "."))
			continue;
		if (!strcmp(part, "..") && (*tail ? strcmp(tail, "..") != 0 : rooted)) {
			if (last)
				*last = '\0'; /* in a rooted path, "/.." is "/" */
			else
				*out = '\0';
			continue;
		}
		if (*out || rooted)
			strcat(out, "/");
		strcat(out, part);
	}
	kept = ws_strings_intern(strings, *out ? out : rooted ? "/" : ".");
	free(out);
	free(whole);
	return kept;
}
