/* SPDX-License-Identifier: MIT */
/* test_preloads: recording beside other preloaded libraries, and through changed environments. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/support/compare.h"
#include "tests/support/e2e.h"

#define JEMALLOC "/usr/lib/x86_64-linux-gnu/libjemalloc.so.2"

static void agrees(struct ws_run *run)
{
	if (run->status != 0)
		ws_fail(run, "record ended with %d: %s", run->status, run->err);
	ws_report(run, NULL);
	ws_assert_lossless(run);
	ws_assert_truth(run);
	ws_run_free(run);
}

/* An allocator that takes locks of its own in malloc(), before any constructor ran. */
static void the_users_own_preload_stays(void **state)
{
	const char *const environment[] = { "LD_PRELOAD=" JEMALLOC, NULL };
	const char *const argv[] = { ws_program("malloc_storm"), NULL };

	(void)state;
	if (access(JEMALLOC, R_OK) != 0) {
		fprintf(stderr, "    skipped: apt-get install libjemalloc2\n");
		skip();
	}
	agrees(ws_record_with(NULL, environment, argv));
}

static void a_program_that_sets_a_preload_keeps_ours(void **state)
{
	const char *const argv[] = { "env", "LD_PRELOAD=" JEMALLOC, ws_program("malloc_storm"),
				     NULL };

	(void)state;
	if (access(JEMALLOC, R_OK) != 0)
		skip();
	agrees(ws_record_with(NULL, NULL, argv));
}

/* The truth's file is named by the environment, which is gone: it goes to stdout instead. */
static void an_empty_environment_is_followed_too(void **state)
{
	const char *const argv[] = { "env", "-i", ws_program("mutex_handoff"), NULL };
	struct ws_run *run = ws_record_with(NULL, NULL, argv);

	(void)state;
	assert_int_equal(run->status, 0);
	json_array_append_new(run->truth, json_loads(run->out, 0, NULL));
	agrees(run);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_users_own_preload_stays),
		cmocka_unit_test(a_program_that_sets_a_preload_keeps_ours),
		cmocka_unit_test(an_empty_environment_is_followed_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
