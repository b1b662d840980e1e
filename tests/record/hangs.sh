#!/bin/bash
# SPDX-License-Identifier: MIT
# hangs.sh: the classics, recorded as a user does: the program hangs, Ctrl-C ends the recording. Dining
# philosophers in threads, and in processes over System V semaphores; a bounded buffer with one
# condition variable.
. "$(dirname "$0")/common.sh"

cat >dine.c <<'END'
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sem.h>
#include <sys/wait.h>
#include <unistd.h>

enum { N = 5 };

static pthread_mutex_t forks[N];
static atomic_int *taken; /* left forks */
static int set;

/* All have their left fork before any takes its right one. */
static void meet(void)
{
	atomic_fetch_add(taken, 1);
	while (atomic_load(taken) < N)
		sched_yield();
}

static void *thread(void *number)
{
	long i = (long)number;

	pthread_mutex_lock(&forks[i]); /* left */
	meet();
	pthread_mutex_lock(&forks[(i + 1) % N]); /* right */
	return NULL;
}

static void down(int i)
{
	semop(set, &(struct sembuf){ (unsigned short)i, -1, 0 }, 1);
}

static void process(int i)
{
	semop(set, &(struct sembuf){ (unsigned short)i, -1, 0 }, 1); /* left */
	meet();
	semop(set, &(struct sembuf){ (unsigned short)((i + 1) % N), -1, 0 }, 1); /* right */
	down(i);
	_exit(0);
}

/* Two producers, two consumers, room for one, one condition for both, and a signal for one. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int full, todo = 3; /* of each consumer, one more than is made in all */

static void *consume(void *unused)
{
	for (int i = 0; i < todo; i++) {
		pthread_mutex_lock(&lock);
		while (!full)
			pthread_cond_wait(&changed, &lock);
		full = 0;
		pthread_cond_signal(&changed);
		pthread_mutex_unlock(&lock);
	}
	return unused;
}

static void *produce(void *unused)
{
	for (int i = 0; i < 2; i++) {
		pthread_mutex_lock(&lock);
		while (full)
			pthread_cond_wait(&changed, &lock);
		full = 1;
		pthread_cond_signal(&changed);
		pthread_mutex_unlock(&lock);
	}
	return unused;
}

int main(int argc, char **argv)
{
	pthread_t threads[N];

	taken = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (argc > 1 && strcmp(argv[1], "processes") == 0) {
		set = semget(IPC_PRIVATE, N, 0600);
		printf("%d\n", set);
		fflush(stdout);
		for (int i = 0; i < N; i++)
			semop(set, &(struct sembuf){ (unsigned short)i, 1, 0 }, 1);
		for (int i = 0; i < N; i++)
			if (fork() == 0)
				process(i);
		while (wait(NULL) > 0)
			;
	} else if (argc > 1 && strcmp(argv[1], "buffer") == 0) {
		for (int i = 0; i < 4; i++)
			pthread_create(&threads[i], NULL, i % 2 ? produce : consume, NULL);
		for (int i = 0; i < 4; i++)
			pthread_join(threads[i], NULL);
	} else {
		for (int i = 0; i < N; i++)
			pthread_mutex_init(&forks[i], NULL);
		for (long i = 0; i < N; i++)
			pthread_create(&threads[i], NULL, thread, (void *)i);
		for (int i = 0; i < N; i++)
			pthread_join(threads[i], NULL);
	}
	return 0;
}
END
"${CC:-cc}" -g -O1 -fno-inline dine.c -o dine -lpthread || skip "no compiler"

# asleep PID: all threads of the process, and of its children, sleep, and have for 100 looks.
asleep() {
	looks=0
	while [ $looks -lt 100 ]; do
		looks=$((looks + 1))
		for task in /proc/"$1"/task/*/stat $(pgrep -P "$1" | sed 's|.*|/proc/&/stat|'); do
			case $(sed 's/.*) //' "$task" 2>/dev/null) in [RD]*) looks=0 ;; esac
		done
		sleep 0.005
	done
}

# The first process of the program in this folder.
mine() {
	for pid in $(pgrep -x dine); do
		[ "$(readlink "/proc/$pid/cwd")" = "$PWD" ] && echo "$pid"
	done | sort -n | head -1
}

# hang WHAT: records it until it hangs, and then as Ctrl-C does.
hang() {
	# A shell starts what runs beside it with SIGINT ignored, and in its own group.
	setsid env --default-signal=INT "$WAITSCOPE" record -o t -- ./dine "$1" >out 2>err &
	recorder=$!
	until program=$(mine) && [ -n "$program" ]; do
		kill -0 $recorder 2>/dev/null || fail "$1: the recording ended"
		sleep 0.01
	done
	asleep "$program"
	kill -INT -- -$recorder # Ctrl-C is for all of the foreground
	wait $recorder
	"$WAITSCOPE" report --format json -o report.json t || fail "$1: report"
}

# shows WHAT: python on `report`, `one` (the only deadlock) and `rules`.
shows() {
	python3 -c '
import json, sys
report = json.load(open("report.json"))
rules = [f["rule"] for f in report["findings"] if f["rule"] in
         ("deadlock", "self_deadlock", "missed_wakeup", "pipe_end_open", "dead_holder", "stuck")]
happened = [d for d in report["deadlocks"] if d["verdict"] == "occurred"]
assert len(happened) == 1, happened
one = happened[0]
kinds = {o["id"]: o["kind"] for o in report["objects"] + report["other_objects"]}
'"$2" || fail "$1: $(cat report.json | head -c 300)"
}

left=$(grep -n '/\* left \*/' dine.c | cut -d: -f1 | tr '\n' ' ')
right=$(grep -n '/\* right \*/' dine.c | cut -d: -f1 | tr '\n' ' ')
export left right
circle='
import os
left, right = (set(map(int, os.environ[n].split())) for n in ("left", "right"))
cycle = one["cycle"]
assert rules == ["deadlock"], rules
assert len(cycle) == 5 and len({s["tid"] for s in cycle}) == 5
for step, after in zip(cycle, cycle[1:] + cycle[:1]):
    assert step["wants"] == after["holds"], (step, after)
    assert step["hold_site"]["line"] in left and step["want_site"]["line"] in right, step
    assert step["hold_known"] in ("site", "stack") and step["want_known"] == "stack", step
'
hang threads
shows threads "$circle"'assert {kinds[s["wants"]] for s in cycle} == {"mutex"}'

hang processes
ipcrm -s "$(cat out)" 2>/dev/null
shows processes "$circle"'
assert {kinds[s["wants"]] for s in cycle} == {"sysv_sem"}
assert len({s["pid"] for s in cycle}) == 5'

hang buffer
shows buffer '
assert rules == ["missed_wakeup"], rules
conds = [s for s in one["cycle"] if kinds[s["wants"]] == "cond"]
assert conds and all(s["want_site"]["function"].startswith(("consume", "produce")) for s in conds)'
