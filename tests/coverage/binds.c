/* SPDX-License-Identifier: MIT */
/* binds.c: a program that refers to every function of functions.def, as linked programs do: by name
 * and glibc's version. Run with the library preloaded, each reference must lead to the library.
 */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WS_FN(name, version, ret, params, args, family, flags)                                     \
	extern void row_##name(void) __asm__(#name);
#define WS_ALIAS(name, of) extern void row_##name(void) __asm__(#name);
#include "preload/functions.def"
#undef WS_FN
#undef WS_ALIAS

static const struct {
	const char *name;
	void (*address)(void);
} rows[] = {
#define WS_FN(name, version, ret, params, args, family, flags) { #name, row_##name },
#define WS_ALIAS(name, of)                                     { #name, row_##name },
#include "preload/functions.def"
};

int main(int argc, char **argv)
{
	size_t n = sizeof(rows) / sizeof(rows[0]);
	size_t bad = 0;

	if (argc != 2)
		return fprintf(stderr, "usage: coverage_binds LIBRARY\n"), 2;

	char *library = realpath(argv[1], NULL);

	if (!library)
		return fprintf(stderr, "coverage_binds: %s: no such file\n", argv[1]), 2;
	for (size_t i = 0; i < n; i++) {
		Dl_info info;
		char *where = dladdr((void *)rows[i].address, &info)
				      ? realpath(info.dli_fname, NULL)
				      : NULL;

		if (!where || strcmp(where, library) != 0) {
			printf("%s: bound to %s\n", rows[i].name, where ? where : "nothing known");
			bad++;
		}
		free(where);
	}
	free(library);
	printf("%zu of %zu functions are bound to the library\n", n - bad, n);
	return bad ? 1 : 0;
}
