#!/bin/sh
# SPDX-License-Identifier: MIT
# last_thread.sh: a process whose main() leaves by pthread_exit() ends when its last thread does, with
# status 0 and its exit handlers run, though LTTng's threads are there still.
. "${0%/*}/common.sh"

cat >last.c <<'C'
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
static void bye(void)
{
	puts("handler");
}
static void *work(void *unused)
{
	usleep(20000);
	return unused;
}
static pthread_t main_thread;
static void *join_main(void *unused)
{
	pthread_join(main_thread, NULL);
	puts("joined");
	return unused;
}
int main(int argc, char **argv)
{
	pthread_t threads[8];
	int n = argc > 2 ? atoi(argv[2]) : 0;
	atexit(bye);
	main_thread = pthread_self();
	if (strcmp(argv[1], "fork") == 0 && fork() != 0) {
		int status = 1;
		wait(&status);
		return WIFEXITED(status) ? WEXITSTATUS(status) : 99;
	}
	main_thread = pthread_self();
	if (strcmp(argv[1], "join") == 0)
		pthread_create(&threads[0], NULL, join_main, NULL);
	for (int i = 0; i < n; i++)
		pthread_create(&threads[i], NULL, work, NULL);
	pthread_exit(NULL);
}
C
"${CC:-cc}" -pthread last.c -o last || skip "no compiler"
for args in "alone 0" "workers 1" "workers 8" "join 0" "fork 2"; do
	# shellcheck disable=SC2086 # two arguments
	timeout 30 ./last $args >plain || fail "$args: untraced: $?"
	# shellcheck disable=SC2086
	expect 0 timeout 30 "$WAITSCOPE" record -o t ./last $args
	cmp -s plain out || fail "$args: $(cat out) instead of $(cat plain)"
	expect 0 "$WAITSCOPE" report --format json -o t.json t
	has t.json '"end": *"exited"'
	has_not t.json '"end": *"unknown"'
	has_not t.json '"end": *"running"'
	has_not t.json '"end": *"signaled"'
done
