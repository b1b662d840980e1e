#!/bin/sh
# SPDX-License-Identifier: MIT
# asan.sh: a program with AddressSanitizer runs and is recorded; its options stay in force.
. "${0%/*}/common.sh"

cat >asan.c <<'END'
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
int main(int argc, char **argv)
{
	static char *p;
	(void)argv;
	p = malloc(8);
	printf("%d %s\n", (int)getpid(), getenv("ASAN_OPTIONS"));
	fflush(stdout);
	return argc > 1 ? p[8] : 0;
}
END
for cc in gcc clang; do
	"$cc" -fsanitize=address asan.c -o "asan-$cc" 2>/dev/null || continue
	expect 0 "$WAITSCOPE" record -o "$cc" "./asan-$cc"
	read -r pid rest <out
	pids "$cc" | grep -qx "$pid" || fail "$cc: not recorded"
	# It still finds errors, and ends as it was told to.
	expect 42 env ASAN_OPTIONS=exitcode=42:detect_leaks=0 "$WAITSCOPE" record "./asan-$cc" error
	has out ' exitcode=42:detect_leaks=0:verify_asan_link_order=0$'
	has err 'heap-buffer-overflow'
	tested=1
done
[ -n "${tested-}" ] || skip "no compiler has AddressSanitizer"
