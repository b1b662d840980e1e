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

/* Who made whom wait, and how full it was, in figures and in words. */
/* The only one of that kind through which something went: who accepts may have waited, too. */
static const json_t *carrier(const struct ws_run *run, const char *kind)
{
	const json_t *object, *found = NULL;
	size_t i;

	json_array_foreach(ws_at(run->report, "objects"), i, object) {
		if (strcmp(ws_str(object, "kind"), kind) != 0 ||
		    !json_is_object(ws_at(object, "transfer")) ||
		    !ws_int(object, "transfer.bytes_in"))
			continue;
		if (found)
			ws_fail(run, "something went through two of kind %s", kind);
		found = object;
	}
	if (!found)
		ws_fail(run, "nothing went through any %s", kind);
	return found;
}

static void assert_pressure(const char *what, const char *kind, bool fills, json_int_t largest,
			    json_int_t capacity)
{
	struct ws_run *run = ws_record("back_pressure", what, fills ? "full" : "empty", NULL);
	const json_t *through = carrier(run, kind);
	const char *const argv[] = { WS_COMMAND, "report", run->trace, "--top", "0", NULL };
	const char *waits = fills ? "producer" : "consumer",
		   *late = fills ? "consumer" : "producer";
	struct ws_result text;
	char word[128];

	assert_int_equal(ws_int(through, "transfer.bytes_in"), ws_truth(run, "bytes"));
	assert_int_equal(ws_int(through, "transfer.bytes_out"), ws_truth(run, "bytes"));
	assert_int_equal(json_array_size(ws_at(through, "transfer.processes")), 2);
	assert_true(ws_int(through, fills ? "transfer.full_ns" : "transfer.empty_ns") >=
		    ws_truth(run, "least_ns"));
	if (largest >= 0)
		assert_int_equal(ws_int(through, "transfer.fill.largest"), largest);
	if (capacity > 0)
		assert_int_equal(ws_int(through, "transfer.fill.capacity"), capacity);
	else
		assert_null(ws_at(through, "transfer.fill.capacity"));
	text = ws_command(NULL, argv);
	assert_int_equal(text.status, 0);
	/* The line is broken where it is too long. */
	for (char *c = text.out; *c; c++)
		*c = *c == '\n' ? ' ' : *c;
	snprintf(word, sizeof(word), "pressure   %s[%lld] waited ", waits,
		 (long long)ws_truth(run, waits));
	assert_non_null(strstr(text.out, word));
	snprintf(word, sizeof(word), " on %s %s: %s[%lld] is", fills ? "a full" : "an empty", kind,
		 late, (long long)ws_truth(run, late));
	if (!strstr(text.out, word))
		ws_fail(run, "no '%s' in: %s", word, text.out);
	ws_result_free(&text);
	ws_run_free(run);
}

static void who_makes_whom_wait_is_told(void **state)
{
	(void)state;
	assert_pressure("pipe", "pipe", true, 65536, 65536);
	assert_pressure("pipe", "pipe", false, 4096, 65536);
	assert_pressure("fifo", "fifo", true, 65536, 65536);
	assert_pressure("fifo", "fifo", false, 4096, 65536);
	assert_pressure("mq", "mq", true, 8, 8);
	assert_pressure("mq", "mq", false, 1, 8);
	assert_pressure("sysv_msg", "sysv_msg", true, 16384, 16384);
	assert_pressure("sysv_msg", "sysv_msg", false, 4096, 16384);
	/* What a socket holds at most the kernel does not tell, nor what is under way. */
	assert_pressure("pair", "socket", true, -1, 0);
	assert_pressure("pair", "socket", false, 4096, 0);
	assert_pressure("tcp", "socket", true, -1, 0);
	assert_pressure("tcp", "socket", false, 4096, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(messages_are_counted_at_both_ends),
		cmocka_unit_test(messages_of_system_v_are_counted),
		cmocka_unit_test(the_end_of_a_process_is_the_waker),
		cmocka_unit_test(who_makes_whom_wait_is_told),
		cmocka_unit_test(who_operated_last_is_told_where_nobody_came),
	};

	return cmocka_run_group_tests_name("queues", tests, NULL, NULL);
}
