#!/bin/sh
# SPDX-License-Identifier: MIT
# tsan.sh: threads of a program with ThreadSanitizer wait and end as without us, and are recorded.
. "${0%/*}/common.sh"

cat >tsan.c <<'END'
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int races;
static void *work(void *arg)
{
	for (int i = 0; i < 3; i++) {
		pthread_mutex_lock(&lock);
		usleep(2000);
		pthread_mutex_unlock(&lock);
	}
	if (arg)
		races++;
	return NULL;
}
int main(int argc, char **argv)
{
	pthread_t threads[4];
	for (int i = 0; i < 4; i++)
		pthread_create(&threads[i], NULL, work, argc > 1 ? argv : NULL);
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	puts("done");
	return 4;
}
END
for cc in gcc clang; do
	"$cc" -g -pthread -fsanitize=thread tsan.c -o "tsan-$cc" 2>/dev/null || continue
	expect 4 "$WAITSCOPE" record -o "$cc" "./tsan-$cc"
	has out '^done$'
	has_not err 'ThreadSanitizer'
	expect 0 "$WAITSCOPE" report --stacks "$cc"
	has out 'mutex lock '
	has out ' work() tsan.c:9\>'
	# It still finds races, and ends as it was told to.
	expect 42 env TSAN_OPTIONS=exitcode=42 "$WAITSCOPE" record "./tsan-$cc" races
	has err 'WARNING: ThreadSanitizer: data race'
	tested=1
done
[ -n "${tested-}" ] || skip "no compiler has ThreadSanitizer"
