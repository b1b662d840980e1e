/* SPDX-License-Identifier: MIT */
/* inversion: on one processor, a thread that comes first waits for a mutex held by one that comes
 * last, while one between the two computes.
 *
 * Fault: a plain mutex. Twin: one that lends its holder the waiter's priority. Variant `nice`: by
 * nice values (there the twin's holder is as nice as its waiter); else by SCHED_FIFO, where that is
 * permitted.
 */
#include <sched.h>
#include <stdint.h>
#include <sys/resource.h>

#include "sleeper.h"

static pthread_mutex_t lock;
static volatile pid_t last_tid, first_tid;
static volatile bool taken, computed;
static bool by_nice;

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void compute(uint64_t ns)
{
	for (uint64_t begin = now_ns(); now_ns() - begin < ns;)
		;
}

static void set(int priority, int nice_value)
{
	struct sched_param param = { .sched_priority = priority };

	if (by_nice)
		setpriority(PRIO_PROCESS, (id_t)sleeper_tid(), nice_value);
	else if (priority)
		fault_check(pthread_setschedparam(pthread_self(), SCHED_FIFO, &param), "priority");
}

static void *last(void *twin)
{
	set(0, twin ? 0 : 10);
	last_tid = sleeper_tid();
	pthread_mutex_lock(&lock); /* mark: hold */
	taken = true;
	while (!computed)
		compute(1000000);
	pthread_mutex_unlock(&lock);
	return NULL;
}

static void *first(void *arg)
{
	set(20, 0);
	first_tid = sleeper_tid();
	pthread_mutex_lock(&lock); /* mark: wait */
	pthread_mutex_unlock(&lock);
	return arg;
}

static void *between(void *arg)
{
	set(10, 5);
	compute(20000000);
	computed = true;
	return arg;
}

int main(int argc, char **argv)
{
	bool fault = fault_is(argc, argv);
	struct sched_param param = { .sched_priority = 1 };
	pthread_mutexattr_t attributes;
	pthread_t threads[3];
	cpu_set_t one;

	CPU_ZERO(&one);
	CPU_SET(sched_getcpu(), &one);
	by_nice = !strcmp(fault_variant(argc, argv, 0), "nice");
	if (!by_nice && sched_setscheduler(0, SCHED_FIFO, &param) != 0)
		by_nice = true;
	else if (!by_nice)
		sched_setscheduler(0, SCHED_OTHER, &(struct sched_param){ 0 });
	pthread_mutexattr_init(&attributes);
	if (!fault)
		fault_check(pthread_mutexattr_setprotocol(&attributes, PTHREAD_PRIO_INHERIT),
			    "setprotocol");
	fault_check(pthread_mutex_init(&lock, &attributes), "pthread_mutex_init");
	fault_check(pthread_create(&threads[0], NULL, last, !fault && by_nice ? "" : NULL),
		    "create");
	while (!taken)
		fault_pause();
	fault_check(pthread_setaffinity_np(threads[0], sizeof(one), &one), "affinity");
	fault_check(pthread_create(&threads[1], NULL, first, NULL), "create");
	sleeper_until(&first_tid, 0);
	fault_check(pthread_create(&threads[2], NULL, between, NULL), "create");
	pthread_setaffinity_np(threads[2], sizeof(one), &one);
	for (int i = 0; i < 3; i++)
		fault_check(pthread_join(threads[i], NULL), "join");
	fault_done();
	return 0;
}
