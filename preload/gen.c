/* SPDX-License-Identifier: MIT */
/* gen.c: prints what is made from functions.def: `gen map` the version script of the exports,
 * `gen md` docs/functions.md. */
#include <stdio.h>
#include <string.h>

#include "preload/flags.h"

struct row {
	const char *name;
	const char *version;
	const char *family;
	const char *alias_of;
	unsigned int flags;
};

static const struct row rows[] = {
#define WS_FN(name, version, ret, params, args, family, flags)                                     \
	{#name, version, #family, NULL, (flags)},
#define WS_ALIAS(name, of) {#name, NULL, NULL, #of, 0},
#include "preload/functions.def"
};

#define N_ROWS (sizeof(rows) / sizeof(rows[0]))

static void print_map(void)
{
	/* Anonymous, that is unversioned: an interposer that defines GLIBC_x.y for itself
	 * satisfies no reference at all (docs/traps.md). */
	puts("{\nglobal:");
	for (size_t i = 0; i < N_ROWS; i++)
		printf("\t%s;\n", rows[i].name);
	puts("local:\n\t*;\n};");
}

static const struct row *find(const char *name)
{
	for (size_t i = 0; i < N_ROWS; i++)
		if (strcmp(rows[i].name, name) == 0)
			return &rows[i];
	return NULL;
}

static void print_md(void)
{
	puts("# Intercepted functions\n\n"
	     "Made from `preload/functions.def`; do not edit. *Blocks*: a call that cannot go on at\n"
	     "once is recorded as a wait. *Wakes*: recorded where somebody waits. *Life*: makes,\n"
	     "changes or ends an object, a thread, a process or a mapping. *Cancels*: a cancellation\n"
	     "point of glibc's, and kept one. The symbol version is the one that is passed on to,\n"
	     "where glibc has several.\n\n"
	     "| function | wrapper | blocks | wakes | life | cancels | version |\n"
	     "| --- | --- | --- | --- | --- | --- | --- |");
	for (size_t i = 0; i < N_ROWS; i++) {
		const struct row *row = rows[i].alias_of ? find(rows[i].alias_of) : &rows[i];

		if (!row)
			continue;
		printf("| `%s` | `wrap_%s.c` | %s | %s | %s | %s | %s |\n", rows[i].name, row->family,
		       row->flags & WS_BLOCKS ? "yes" : "", row->flags & WS_WAKES ? "yes" : "",
		       row->flags & WS_LIFE ? "yes" : "", row->flags & WS_CANCELS ? "yes" : "",
		       row->version ? row->version : "");
	}
	printf("\n%zu functions.\n", N_ROWS);
}

int main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "map") == 0)
		print_map();
	else if (argc == 2 && strcmp(argv[1], "md") == 0)
		print_md();
	else
		return fprintf(stderr, "usage: gen map|md\n"), 2;
	return 0;
}
