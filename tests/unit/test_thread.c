/* SPDX-License-Identifier: MIT */
/* test_thread.c: whose handle it is, before a thread has run a line of ours and after. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#include "preload/real.h"
#include "preload/thread.h"

static _Atomic int32_t seen_tid;
static _Atomic int may_end;

static void *wait_for_end(void *unused)
{
	(void)unused;
	seen_tid = gettid();
	while (!may_end)
		usleep(1000);
	return NULL;
}

/* By the real call: the thread never comes to take a slot. */
static void a_thread_without_slot_has_a_tid(void **state)
{
	pthread_t thread;

	(void)state;
	assert_int_equal(ws_real.pthread_create(&thread, NULL, wait_for_end, NULL), 0);
	int32_t tid = ws_thread_tid_of(thread);

	while (!seen_tid)
		usleep(1000);
	assert_int_equal(tid, seen_tid);
	may_end = 1;
	assert_int_equal(ws_real.pthread_join(thread, NULL), 0);
}

static void a_thread_that_ended_has_none(void **state)
{
	pthread_t thread;

	(void)state;
	may_end = 1;
	assert_int_equal(ws_real.pthread_create(&thread, NULL, wait_for_end, NULL), 0);
	/* The kernel clears the tid at the very end of a thread. */
	while (ws_thread_tid_of(thread) != 0)
		usleep(1000);
	assert_int_equal(ws_real.pthread_join(thread, NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_thread_without_slot_has_a_tid),
		cmocka_unit_test(a_thread_that_ended_has_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
