#!/bin/sh
# SPDX-License-Identifier: MIT
# queued.sh: a reader that comes behind a waiting writer waits for that writer, and not for the
# readers that the writer waits for.
. "${0%/*}/common.sh"

cat >queued.c <<'END'
#define _GNU_SOURCE
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>
static pthread_rwlock_t table;
static _Atomic int writer_tid, reader_tid, holds, may_go;
static void *hold_it(void *unused)
{
	pthread_rwlock_rdlock(&table);
	holds = 1;
	while (!may_go)
		usleep(1000);
	pthread_rwlock_unlock(&table);
	return unused;
}
static void *write_it(void *unused)
{
	writer_tid = gettid();
	pthread_rwlock_wrlock(&table);
	usleep(50000);
	pthread_rwlock_unlock(&table);
	return unused;
}
static void *read_it(void *unused)
{
	reader_tid = gettid();
	pthread_rwlock_rdlock(&table);
	pthread_rwlock_unlock(&table);
	return unused;
}
static void until_asleep(_Atomic int *tid)
{
	char path[64], state = 0;
	while (state != 'S') {
		usleep(20000);
		snprintf(path, sizeof(path), "/proc/self/task/%d/stat", *tid);
		FILE *file = fopen(path, "r");
		if (file && fscanf(file, "%*d (%*[^)]) %c", &state) != 1)
			state = 0;
		if (file)
			fclose(file);
	}
}
int main(void)
{
	pthread_rwlockattr_t attr;
	pthread_t threads[3];
	pthread_rwlockattr_init(&attr);
	pthread_rwlockattr_setkind_np(&attr, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
	pthread_rwlock_init(&table, &attr);
	pthread_rwlock_rdlock(&table);
	pthread_create(&threads[2], NULL, hold_it, NULL);
	while (!holds)
		usleep(1000);
	pthread_create(&threads[0], NULL, write_it, NULL);
	until_asleep(&writer_tid);
	pthread_create(&threads[1], NULL, read_it, NULL);
	until_asleep(&reader_tid);
	usleep(50000);
	pthread_rwlock_unlock(&table);
	may_go = 1;
	for (int i = 0; i < 3; i++)
		pthread_join(threads[i], NULL);
	return 0;
}
END
"${CC:-cc}" -g -O1 -pthread queued.c -o queued || skip "no compiler"
expect 0 "$WAITSCOPE" record -o t ./queued
expect 0 "$WAITSCOPE" report --kind rwlock --top 0 t
cp out report
has report ' write_it() queued.c:[0-9]*[^>]*-> main() queued.c:.* #1  *1 '
has report ' write_it() queued.c:[0-9]*[^>]*-> hold_it() queued.c:.* #1  *1 '
has report ' read_it() queued.c:[0-9]*[^>]*-> write_it() queued.c:.* #1  *1 '
has_not report ' read_it() queued.c:[0-9]*[^>]*-> main()'
has_not report ' read_it() queued.c:[0-9]*[^>]*-> hold_it()'
