/* SPDX-License-Identifier: MIT */
/* test_queues: what a report says of queues and semaphores beside who waited for whom: what went
 * through, what a queue holds, and who is the waker where no call was made.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/e2e.h"

/* The object of this kind whose name ends so. */
static const json_t *object(const struct ws_run *run, const char *kind, const char *end)
{
	const json_t *one;
	size_t i;

	json_array_foreach(ws_at(run->report, "objects"), i, one) {
		const char *name = ws_str(one, "name");
		size_t n = strlen(name), length = strlen(end);

		if (!strcmp(ws_str(one, "kind"), kind) && n >= length &&
		    !strcmp(name + n - length, end))
			return one;
	}
	ws_fail(run, "no %s whose name ends in %s", kind, end);
	return NULL;
}

static void messages_are_counted_at_both_ends(void **state)
{
	struct ws_run *run = ws_record("mq_server", NULL);
	const json_t *queue = object(run, "mq", "-requests");

	(void)state;
	assert_int_equal(ws_int(queue, "limits.messages"), 2);
	assert_int_equal(ws_int(queue, "limits.message_bytes"), 64);
	/* Three times "hello". */
	assert_int_equal(ws_int(queue, "transfer.calls_in"), 3);
	assert_int_equal(ws_int(queue, "transfer.calls_out"), 3);
	assert_int_equal(ws_int(queue, "transfer.bytes_in"), 15);
	assert_int_equal(ws_int(queue, "transfer.bytes_out"), 15);
	assert_int_equal(json_array_size(ws_at(queue, "transfer.processes")), 2);
	/* The server waited while it was empty, and nobody while it was full. */
	assert_int_equal(ws_int(queue, "transfer.empty_ns"), ws_int(queue, "wait_ns"));
	assert_int_equal(ws_int(queue, "transfer.full_ns"), 0);
	assert_int_equal(ws_int(object(run, "mq", "-full"), "transfer.empty_ns"), 0);
	ws_run_free(run);
}

static void messages_of_system_v_are_counted(void **state)
{
	struct ws_run *run = ws_record("sysv_msg_server", NULL);
	const json_t *queue = object(run, "sysv_msg", "sysv_msg_server id 119)");

	(void)state;
	/* Each round a request, an answer, and one that nobody waits for. */
	assert_int_equal(ws_int(queue, "transfer.calls_in"), 9);
	assert_int_equal(ws_int(queue, "transfer.calls_out"), 9);
	assert_int_equal(ws_int(queue, "transfer.bytes_in"), ws_int(queue, "transfer.bytes_out"));
	ws_run_free(run);
}

static void the_end_of_a_process_is_the_waker(void **state)
{
	struct ws_run *run = ws_record("sysv_sem_turns", NULL);
	const json_t *wakers = ws_at(object(run, "sysv_sem", "[5]"), "wakers");

	(void)state;
	assert_int_equal(json_array_size(wakers), 1);
	assert_int_equal(ws_int(json_array_get(wakers, 0), "pid"), ws_truth(run, "taker"));
	assert_true(json_is_null(ws_at(json_array_get(wakers, 0), "site")));
	ws_run_free(run);
}

/* The semaphore's only one that is said to have operated on it last. */
static void assert_last(const struct ws_run *run, const char *end, const char *who,
			const char *open)
{
	const json_t *sem = object(run, "sysv_sem", end), *last = ws_at(sem, "last_operators");

	assert_int_equal(ws_int(sem, open), 1);
	assert_int_equal(json_array_size(last), 1);
	assert_int_equal(ws_int(json_array_get(last, 0), "pid"), ws_truth(run, who));
	assert_int_equal(ws_int(json_array_get(last, 0), "waits"), 1);
	assert_int_equal(ws_int(json_array_get(last, 0), "wait_ns"), ws_int(sem, "wait_ns"));
	assert_true(json_is_null(ws_at(json_array_get(last, 0), "site")));
	/* It is a hint, and not who had to go on. */
	assert_int_equal(json_array_size(ws_at(sem, "holders")), 0);
	assert_int_equal(json_array_size(ws_at(sem, "wakers")), 0);
}

static void who_operated_last_is_told_where_nobody_came(void **state)
{
	struct ws_run *run = ws_record("sysv_sem_last", NULL);
	const char *const argv[] = { WS_COMMAND, "report", run->trace, "--top", "0", NULL };
	struct ws_result text = ws_command(NULL, argv);
	char word[64];

	(void)state;
	assert_last(run, "[0]", "parent", "outcomes.timeout");
	assert_last(run, "[1]", "taker", "outcomes.open");
	assert_null(ws_at(object(run, "sysv_sem", "[2]"), "last_operators"));
	assert_int_equal(text.status, 0);
	snprintf(word, sizeof(word), "last used  sysv_sem_last[%lld]",
		 (long long)ws_truth(run, "taker"));
	assert_non_null(strstr(text.out, word));
	ws_result_free(&text);
	ws_run_free(run);
	/* Who is known to have ended a wait needs no hint. */
	run = ws_record("sysv_sem_turns", NULL);
	assert_null(ws_at(object(run, "sysv_sem", "[1]"), "last_operators"));
	ws_run_free(run);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(messages_are_counted_at_both_ends),
		cmocka_unit_test(messages_of_system_v_are_counted),
		cmocka_unit_test(the_end_of_a_process_is_the_waker),
		cmocka_unit_test(who_operated_last_is_told_where_nobody_came),
	};

	return cmocka_run_group_tests_name("queues", tests, NULL, NULL);
}
