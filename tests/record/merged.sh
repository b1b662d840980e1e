#!/bin/sh
# SPDX-License-Identifier: MIT
# merged.sh: who was waited for at one place, by several stacks, is one part of the text report; and a
# critical path that is not there is said to be not there.
. "${0%/*}/common.sh"

cat >merged.c <<'C'
#include <pthread.h>
#include <unistd.h>
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_barrier_t barrier;
static void hold(void)
{
	pthread_mutex_lock(&mutex);
	pthread_barrier_wait(&barrier);
	usleep(20000);
	pthread_mutex_unlock(&mutex);
	pthread_barrier_wait(&barrier);
}
static void left(void)
{
	hold();
	__asm__("");
}
static void right(void)
{
	hold();
	__asm__("");
}
static void *want(void *unused)
{
	for (int i = 0; i < 4; i++) {
		pthread_barrier_wait(&barrier);
		pthread_mutex_lock(&mutex);
		pthread_mutex_unlock(&mutex);
		pthread_barrier_wait(&barrier);
	}
	return unused;
}
int main(void)
{
	pthread_t thread;
	pthread_barrier_init(&barrier, NULL, 2);
	pthread_create(&thread, NULL, want, NULL);
	for (int i = 0; i < 2; i++) {
		left();
		right();
	}
	return pthread_join(thread, NULL);
}
C
"${CC:-cc}" -g -O0 -pthread merged.c -o merged || skip "no compiler"
expect 0 "$WAITSCOPE" record -o t ./merged
expect 0 "$WAITSCOPE" report --top 0 -o text t
has text 'in the end.* chose the time, at hold() merged.c:9'
# The waits for the mutex: from its own lines to the next object.
sed -n '/mutex mutex /,/^$/p' text >mutex
parts=$(grep -o 'chose the time, at hold() merged.c:9' mutex | wc -l)
same "$parts" 1 "parts that look the same"

expect 0 "$WAITSCOPE" report --critical-path 999999999 -o text t
has text '^critical path   not known: its thread is not in the recording'
