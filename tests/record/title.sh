#!/bin/sh
# SPDX-License-Identifier: MIT
# title.sh: a process that writes its title over the memory of its first environment, as servers do,
# forks children that are recorded; the title stays.
. "${0%/*}/common.sh"

cat >title.c <<'END'
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
extern char **environ;
int main(int argc, char **argv)
{
	size_t n = 0;
	char *end = argv[0], *seen;
	(void)argc;
	for (; environ[n]; n++)
		end = environ[n] + strlen(environ[n]) + 1;
	char **copy = calloc(n + 1, sizeof(*copy));
	for (size_t i = 0; i < n; i++)
		copy[i] = strdup(environ[i]);
	environ = copy;
	size_t size = (size_t)(end - argv[0]);
	memset(argv[0], 'x', size);
	argv[0][size - 1] = '\0';
	seen = strdup(argv[0]);
	printf("%d\n", (int)getpid());
	fflush(stdout);
	if (fork() == 0) {
		printf("%d\n", (int)getpid());
		fflush(stdout);
		if (fork() == 0) {
			printf("%d\n%s\n", (int)getpid(), strcmp(seen, argv[0]) ? "changed" : "kept");
			exit(0);
		}
		wait(NULL);
		exit(0);
	}
	wait(NULL);
	return 0;
}
END
"${CC:-cc}" title.c -o title || skip "no compiler"
expect 0 "$WAITSCOPE" record -o t ./title
for line in 1 2 3; do
	pids t | grep -qx "$(sed -n "${line}p" out)" || fail "process $line is not recorded"
done
has out '^kept$'
