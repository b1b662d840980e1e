/* SPDX-License-Identifier: MIT */
/* test_preempted: of a holder that is in no wait it is told how long it had no processor. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/e2e.h"

/* How long they did that, in all parts of `meanwhile`. */
static json_int_t did(const json_t *object, const char *what)
{
	const json_t *part;
	json_int_t sum = 0;
	size_t i;

	json_array_foreach(ws_at(object, "meanwhile.parts"), i, part)
		sum += strcmp(ws_str(part, "did"), what) == 0 ? ws_int(part, "ns") : 0;
	return sum;
}

/* What an object's waiting is blamed on, by cause. */
static const json_t *causes_of(const struct ws_run *run, const json_t *object)
{
	const json_t *one;
	size_t i;

	json_array_foreach(ws_at(run->report, "blame.objects"), i, one)
		if (ws_int(one, "object") == ws_int(object, "id"))
			return ws_at(one, "causes");
	ws_fail(run, "nobody is to blame");
}

/* The bounds hold whatever the machine does: what the holder used before it was measured, and after, is
 * what it used in all and not in between. */
static void assert_preempted(struct ws_run *run)
{
	const json_t *lock = ws_only_object(run, "mutex");
	json_int_t wait_ns = ws_int(lock, "wait_ns"), preempted_ns = did(lock, "preempted");
	json_int_t held_ns = ws_truth(run, "held_ns"), ran_ns = ws_truth(run, "ran_ns");
	json_int_t used_ns = ws_truth(run, "used_ns"), sum = 0;
	const json_t *causes = causes_of(run, lock), *cause;
	const char *key;

	assert_int_equal(ws_int(lock, "waits"), 1);
	assert_true(wait_ns >= held_ns);
	assert_true(preempted_ns <= wait_ns - ran_ns);
	assert_true(preempted_ns >= held_ns - used_ns);
	assert_true(preempted_ns > held_ns / 4); /* three others computed on its processor */
	assert_true(ws_int(lock, "meanwhile.measured_ns") >= held_ns);
	assert_int_equal(did(lock, "preempted") + did(lock, "ran") + did(lock, "waited"),
			 ws_int(lock, "meanwhile.ns"));
	assert_int_equal(ws_int(causes, "preempted"), preempted_ns);
	json_object_foreach((json_t *)causes, key, cause)
		sum += json_integer_value(cause);
	assert_int_equal(sum, wait_ns);
}

static void a_thread_had_no_processor(void **state)
{
	struct ws_run *run = ws_record("mutex_preempted", "threads", NULL);
	struct ws_result text =
		ws_command(NULL, (const char *const[]){ WS_COMMAND, "report", run->trace, NULL });

	(void)state;
	assert_preempted(run);
	assert_non_null(strstr(text.out, "had no processor"));
	ws_result_free(&text);
	ws_run_free(run);
}

static void a_process_had_no_processor(void **state)
{
	struct ws_run *run = ws_record("mutex_preempted", "processes", NULL);

	(void)state;
	assert_preempted(run);
	ws_run_free(run);
}

/* A holder that sleeps has a processor for nothing, and is not preempted. */
static void who_waits_is_not_preempted(void **state)
{
	struct ws_run *run = ws_record("mutex_handoff", NULL);
	const json_t *gate = ws_object(run, "mutex", "gate");

	(void)state;
	assert_true(did(gate, "waited") > 0);
	assert_true(did(gate, "preempted") < did(gate, "waited"));
	ws_run_free(run);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_thread_had_no_processor),
		cmocka_unit_test(a_process_had_no_processor),
		cmocka_unit_test(who_waits_is_not_preempted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
