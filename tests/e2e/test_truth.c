/* SPDX-License-Identifier: MIT */
/* test_truth: records one program of tests/programs, named by the arguments with its own, and holds
 * the report against what the program measured itself.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "tests/support/compare.h"
#include "tests/support/e2e.h"

static const char **arguments;

static void report_agrees_with_the_program(void **state)
{
	struct ws_run *run;

	(void)state;
	arguments[0] = ws_program(arguments[0]);
	run = ws_record_with(NULL, NULL, arguments);
	if (run->status != 0)
		ws_fail(run, "record ended with %d: %s", run->status, run->err);
	ws_report(run, NULL);
	ws_assert_lossless(run);
	ws_assert_truth(run);
	ws_run_free(run);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(report_agrees_with_the_program) };

	if (argc < 2) {
		fprintf(stderr, "usage: %s PROGRAM [ARG...]\n", argv[0]);
		return 2;
	}
	arguments = (const char **)argv + 1;
	return cmocka_run_group_tests_name(argv[1], tests, NULL, NULL);
}
