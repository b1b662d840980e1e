/* SPDX-License-Identifier: MIT */
/* same_priority: every call that chooses how a thread is scheduled, in success and in failure.
 *
 * Truth: what it prints without recording. Where real-time policies are not permitted, their
 * errors.
 */
#include "tests/support/truth.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static void said(const char *call, int r)
{
	printf("%s: %d %s\n", call, r, r == -1 ? strerrorname_np(errno) : "");
	errno = 0;
}

/* An error number is the result. */
static void returned(const char *call, int r)
{
	printf("%s: %s, errno %d\n", call, r ? strerrorname_np(r) : "0", errno);
}

static void state(void)
{
	struct sched_param param = { 0 };
	int policy = -1;

	pthread_getschedparam(pthread_self(), &policy, &param);
	printf("now: policy %d priority %d nice %d\n", policy, param.sched_priority,
	       getpriority(PRIO_PROCESS, 0));
}

static void *show(void *arg)
{
	state();
	return arg;
}

static void threads(void)
{
	struct sched_param param = { .sched_priority = 3 };
	pthread_attr_t attributes;
	pthread_t thread;

	pthread_attr_init(&attributes);
	pthread_attr_setinheritsched(&attributes, PTHREAD_EXPLICIT_SCHED);
	pthread_attr_setschedpolicy(&attributes, SCHED_FIFO);
	pthread_attr_setschedparam(&attributes, &param);
	if (pthread_create(&thread, &attributes, show, NULL) == 0)
		pthread_join(thread, NULL);
	else
		printf("a thread of SCHED_FIFO is not permitted\n");
	pthread_attr_destroy(&attributes);
	x(pthread_create(&thread, NULL, show, NULL));
	x(pthread_join(thread, NULL));
}

int main(void)
{
	const struct sched_param none = { .sched_priority = 0 }, one = { .sched_priority = 1 },
				 wrong = { .sched_priority = 100 };

	setvbuf(stdout, NULL, _IONBF, 0);
	errno = 0;
	state();
	returned("pthread_setschedparam batch",
		 pthread_setschedparam(pthread_self(), SCHED_BATCH, &none));
	state();
	returned("pthread_setschedparam wrong",
		 pthread_setschedparam(pthread_self(), SCHED_FIFO, &wrong));
	returned("pthread_setschedparam policy", pthread_setschedparam(pthread_self(), 77, &none));
	returned("pthread_setschedparam other",
		 pthread_setschedparam(pthread_self(), SCHED_OTHER, &none));
	said("sched_setscheduler fifo", sched_setscheduler(0, SCHED_FIFO, &one));
	state();
	threads();
	returned("pthread_setschedprio 2", pthread_setschedprio(pthread_self(), 2));
	returned("pthread_setschedprio wrong", pthread_setschedprio(pthread_self(), 100));
	said("sched_setparam 1", sched_setparam(0, &one));
	said("sched_setparam wrong", sched_setparam(getpid(), &wrong));
	said("sched_setparam nobody", sched_setparam(0x3ffffff, &one));
	said("sched_setscheduler reset",
	     sched_setscheduler(getpid(), SCHED_OTHER | 0x40000000, &none));
	said("sched_setscheduler policy", sched_setscheduler(0, 77, &none));
	said("sched_setscheduler negative", sched_setscheduler(-1, SCHED_OTHER, &none));
	state();
	said("setpriority 3", setpriority(PRIO_PROCESS, 0, 3));
	said("setpriority pid 4", setpriority(PRIO_PROCESS, (id_t)getpid(), 4));
	said("setpriority too much", setpriority(PRIO_PROCESS, 0, 400));
	state();
	setpgid(0, 0); /* or it would be the group of who runs this */
	said("setpriority group", setpriority(PRIO_PGRP, 0, 19));
	said("setpriority which", setpriority(9, 0, 3));
	said("setpriority nobody", setpriority(PRIO_PROCESS, 0x3ffffff, 3));
	if (fork() == 0) {
		/* To -1 and no error, where that is permitted; the child only. */
		said("nice -20", nice(-20));
		said("nice 0", nice(0));
		state();
		_exit(0);
	}
	wait(NULL);
	said("nice 1", nice(1));
	state();
	return 0;
}
