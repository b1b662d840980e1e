#!/bin/sh
# SPDX-License-Identifier: MIT
# clone.sh: children that share their parent's descriptors do not take LTTng's away from it, nor wait
# for a daemon that cannot answer them.
. "${0%/*}/common.sh"

cat >clone.c <<'END'
#define _GNU_SOURCE
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
enum { N = 6, STACK = 1 << 20 };
static int child(void *unused)
{
	(void)unused;
	usleep(100000);
	return 3;
}
int main(void)
{
	int sum = 0, status;
	for (int i = 0; i < N; i++) {
		char *stack = malloc(STACK);
		if (clone(child, stack + STACK, CLONE_FILES | SIGCHLD, NULL) < 0)
			return 1;
	}
	while (wait(&status) > 0)
		sum += WEXITSTATUS(status);
	if (fork() == 0) {
		printf("%d\n", (int)getpid());
		exit(0);
	}
	wait(NULL);
	return sum;
}
END
"${CC:-cc}" clone.c -o clone || skip "no compiler"
expect 18 timeout 15 "$WAITSCOPE" record -o t ./clone
pids t | grep -qx "$(cat out)" || fail "a child that came after is not recorded"
events t >list
has list ' waitscope:process: .*"exit" : container = 5'
