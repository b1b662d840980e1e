/* SPDX-License-Identifier: MIT */
/* test_stacks: how much of a stack is recorded, as --stacks says. The call itself is always known.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/compare.h"
#include "tests/support/e2e.h"

static struct ws_run *record(const char *option)
{
	const char *const options[] = { option, NULL };
	const char *const argv[] = { ws_program("mutex_handoff"), NULL };
	struct ws_run *run = ws_record_with(options, NULL, argv);

	assert_int_equal(run->status, 0);
	ws_report(run, NULL);
	ws_assert_truth(run); /* sites and times are the same */
	return run;
}

static bool has_frame(const json_t *stack, const char *function)
{
	const json_t *frame;
	size_t i;

	json_array_foreach(stack, i, frame)
		if (json_is_string(ws_at(frame, "function")) &&
		    !strcmp(ws_str(frame, "function"), function))
			return true;
	return false;
}

static void full_goes_to_the_outermost_frame(void **state)
{
	struct ws_run *run = record("--stacks=full");
	const json_t *gate = ws_only_object(run, "mutex");

	(void)state;
	assert_true(has_frame(ws_at(gate, "waiters[0].stack"), "waiter"));
	assert_true(has_frame(ws_at(gate, "waiters[0].stack"), "thread_main"));
	assert_true(has_frame(ws_at(gate, "wakers[0].stack"), "hold_until_waited_for"));
	assert_true(has_frame(ws_at(gate, "wakers[0].stack"), "main"));
	ws_run_free(run);
}

static void caller_is_one_frame(void **state)
{
	struct ws_run *run = record("--stacks=caller");
	const json_t *gate = ws_only_object(run, "mutex");

	(void)state;
	assert_int_equal(json_array_size(ws_at(gate, "waiters[0].stack")), 1);
	assert_string_equal(ws_str(gate, "waiters[0].stack[0].function"), "waiter");
	ws_run_free(run);
}

static void none_is_the_site_alone(void **state)
{
	struct ws_run *run = record("--stacks=none");

	(void)state;
	assert_true(json_array_size(ws_at(ws_only_object(run, "mutex"), "waiters[0].stack")) <= 1);
	ws_run_free(run);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(full_goes_to_the_outermost_frame),
		cmocka_unit_test(caller_is_one_frame),
		cmocka_unit_test(none_is_the_site_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
