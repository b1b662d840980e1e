#!/bin/sh
# SPDX-License-Identifier: MIT
# calm.sh: calls that are made without a try, by a thread that has not waited for long, when they do
# not come to their end: the process is killed in one, hangs in one, or leaves it by longjmp().
. "${0%/*}/common.sh"

cat >calm.c <<'END'
#define _GNU_SOURCE
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
static int ends[2];
static sigjmp_buf back;
static uint64_t word;
static void calm(long n)
{
	while (n--)
		if (write(ends[1], &word, 8) != 8 || read(ends[0], &word, 8) != 8)
			_exit(9);
}
static void never(void)
{
	calm(1000);
	if (read(ends[0], &word, 8) != 8)
		_exit(9);
}
static void leave(int unused)
{
	(void)unused;
	siglongjmp(back, 1);
}
int main(int argc, char **argv)
{
	pid_t child;
	(void)argc;
	if (pipe(ends))
		return 9;
	if (!strcmp(argv[1], "killed")) {
		alarm(1);
		never();
	} else if (!strcmp(argv[1], "hangs")) {
		if (!(child = fork())) {
			alarm(20); /* long after the recording */
			never();
		}
		sleep(1);
	} else if (!strcmp(argv[1], "busy")) {
		if (!(child = fork()))
			calm(INT32_MAX);
		sleep(1);
		kill(child, SIGKILL);
		waitpid(child, NULL, 0);
	} else {
		signal(SIGALRM, leave);
		if (!sigsetjmp(back, 1)) {
			alarm(1);
			never();
		}
		calm(100000);
	}
	return 0;
}
END
"${CC:-cc}" -g -O1 calm.c -o calm || skip "no compiler"

# announced WHAT STATUS: records it until the call that does not end is one without a try: a thread that
# the machine has kept from running for long tries first.
announced() {
	for attempt in 1 2 3 4 5 6 7 8; do
		rm -rf t
		expect "$2" "$WAITSCOPE" record -o t ./calm "$1"
		grep -q announced_calls t/waitscope-run.json && break
	done
	has t/waitscope-run.json announced_calls
	expect 0 "$WAITSCOPE" report --top 0 t
	cp out report
}

for what in killed:142 hangs:0; do
	announced ${what%:*} ${what#*:}
	has report 'never() calm.c:21'
	has report '1 still open at the end'
	has report '1 wait open at the end'
	"$WAITSCOPE" report --format json t >json || fail "no report"
	has json '"open_waits": 1'
done

# Killed in the middle of one that does not block: that is no wait, unless it was kept from running for
# so long that it could be one.
for again in 1 2 3 4 5; do
	announced busy 0
	grep -q '0 waits open at the end' report && break
done
has report '0 waits open at the end'
has_not report 'calm() calm.c'

expect 0 "$WAITSCOPE" record -o t ./calm left
has_not t/waitscope-run.json announced_calls
expect 0 "$WAITSCOPE" report t
has out '0 waits open at the end'
