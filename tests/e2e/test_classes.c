/* SPDX-License-Identifier: MIT */
/* test_classes: parked workers and sleeps do not hide what is a problem. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/e2e.h"

/* Sum over the objects of that class, of all their waiting. */
static json_int_t of_class(const struct ws_run *run, const char *class)
{
	const json_t *one;
	json_int_t sum = 0;
	size_t i;

	json_array_foreach(ws_at(run->report, "objects"), i, one)
		sum += strcmp(ws_str(one, "class"), class) == 0 ? ws_int(one, "wait_ns") : 0;
	return sum;
}

static void parked_workers_are_idle(void **state)
{
	struct ws_run *run = ws_record("class_pool", NULL);
	const json_t *parked = ws_object(run, "cond", "queue_changed");
	const json_t *lock = ws_object(run, "mutex", "busy_lock");
	json_int_t sum = 0;
	const json_t *class;
	const char *key;

	(void)state;
	assert_string_equal(ws_str(lock, "class"), "contention");
	assert_string_equal(ws_str(parked, "class"), "idle");
	/* By time alone, the pool would be the problem. */
	assert_true(ws_int(parked, "wait_ns") > 2 * ws_int(lock, "wait_ns"));
	assert_true(of_class(run, "pacing") > 0);
	assert_int_equal(ws_int(run->report, "totals.by_class.contention.wait_ns") >=
				 ws_int(lock, "wait_ns"),
			 1);
	json_object_foreach((json_t *)ws_at(run->report, "totals.by_class"), key, class) sum +=
		ws_int(class, "wait_ns");
	assert_int_equal(sum, ws_int(run->report, "totals.wait_ns"));
	ws_run_free(run);
}

/* What the user reads first is the lock. */
static void the_text_begins_with_contention(void **state)
{
	struct ws_run *run = ws_record("class_pool", NULL);
	struct ws_result text =
		ws_command(NULL, (const char *const[]){ WS_COMMAND, "report", run->trace, NULL });
	const char *lock = strstr(text.out, "mutex busy_lock");
	const char *pool = strstr(text.out, "cond queue_changed");

	(void)state;
	assert_int_equal(text.status, 0);
	assert_non_null(lock);
	assert_non_null(pool);
	assert_true(lock < pool);
	ws_result_free(&text);
	ws_run_free(run);
}

static void the_user_knows_better(void **state)
{
	struct ws_run *run = ws_record("class_pool", NULL);
	const char *const options[] = { "--class", "busy_*=idle", "--class",
					"queue_changed=handover", NULL };
	struct ws_result wrong =
		ws_command(NULL, (const char *const[]){ WS_COMMAND, "report", "--class",
							"busy=lazy", run->trace, NULL });

	(void)state;
	ws_report(run, options);
	assert_string_equal(ws_str(ws_object(run, "mutex", "busy_lock"), "class"), "idle");
	assert_int_equal(
		ws_int(ws_object(run, "cond", "queue_changed"), "by_class.handover.wait_ns"),
		ws_int(ws_object(run, "cond", "queue_changed"), "wait_ns"));
	assert_int_equal(wrong.status, 2);
	assert_string_equal(
		wrong.err, "waitscope: --class busy=lazy: not GLOB=contention, handover, input, "
			   "pacing or idle; see `waitscope report --help`\n");
	ws_result_free(&wrong);
	ws_run_free(run);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parked_workers_are_idle),
		cmocka_unit_test(the_text_begins_with_contention),
		cmocka_unit_test(the_user_knows_better),
	};

	return cmocka_run_group_tests_name("classes", tests, NULL, NULL);
}
