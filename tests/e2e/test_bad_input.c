/* SPDX-License-Identifier: MIT */
/* test_bad_input: what cannot be done is said in one line, with the exit status that --help gives.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/support/e2e.h"

static char *folder; /* where the commands run; what they name beside it, they may write */

static void says(int status, const char *word, const char *const arguments[])
{
	const char *argv[16] = { "sh", "-c", "cd \"$0\" && exec \"$@\"", folder, WS_COMMAND };
	struct ws_result result;
	int n = 5;
	char *newline;

	for (int i = 0; arguments[i]; i++)
		argv[n++] = arguments[i];
	argv[n] = NULL;
	result = ws_command(NULL, argv);
	newline = strchr(result.err, '\n');
	if (result.status != status || *result.out || !newline || newline[1] ||
	    !strstr(result.err, word) || strncmp(result.err, "waitscope", 9))
		fail_msg("%s %s: status %d instead of %d, stdout \"%s\", stderr \"%s\"",
			 arguments[0], arguments[1] ? arguments[1] : "", result.status, status,
			 result.out, result.err);
	ws_result_free(&result);
}

#define SAYS(status, word, ...) says(status, word, (const char *const[]){ __VA_ARGS__, NULL })

static void usage_errors_are_2(void **state)
{
	(void)state;
	SAYS(2, "frobnicate", "frobnicate");
	SAYS(2, "--frobnicate", "--frobnicate");
	SAYS(2, "program", "record");
	SAYS(2, "--frob", "record", "--frob", "true");
	SAYS(2, "-Z", "record", "-Z", "true");
	SAYS(2, "--stacks", "record", "--stacks=most", "true");
	SAYS(2, "--timeout", "record", "--timeout", "soon", "true");
	SAYS(2, "--on-full", "record", "--on-full=cry", "true");
	SAYS(2, "--buffer-size", "record", "--buffer-size=-1", "true");
	SAYS(2, "-o", "record", "-o");
	SAYS(2, "--frob", "report", "--frob");
	SAYS(2, "--format", "report", "--format", "carrier-pigeon");
	SAYS(2, "--frob", "doctor", "--frob");
}

static void programs_that_cannot_be_recorded(void **state)
{
	(void)state;
	SAYS(127, "no-such-program", "record", "no-such-program");
	SAYS(127, "/no/such/program", "record", "/no/such/program");
	SAYS(126, "/etc/passwd", "record", "/etc/passwd");
	SAYS(126, "static", "record", ws_program("static_program"));
	/* Nothing was left behind. */
	assert_int_not_equal(access("waitscope.trace", F_OK), 0);
}

static void folders_that_are_in_the_way(void **state)
{
	const char *const make[] = {
		"sh", "-c", "cd \"$0\" && mkdir theirs && echo x > theirs/file && echo x > a-file",
		folder, NULL
	};
	struct ws_result result = ws_command(NULL, make);

	(void)state;
	ws_result_free(&result);
	SAYS(1, "theirs", "record", "-o", "theirs", "true");
	SAYS(1, "a-file", "record", "-o", "a-file", "true");
	SAYS(1, "no-parent", "record", "-o", "no-parent/trace", "true");
}

static void traces_that_are_not_there(void **state)
{
	(void)state;
	SAYS(1, "no-such-trace", "report", "no-such-trace");
	SAYS(1, "waitscope.trace", "report");
}

static void help_is_help(void **state)
{
	static const char *const helps[][2] = { { "--help", NULL },     { "help", NULL },
						{ "record", "--help" }, { "report", "--help" },
						{ "doctor", "--help" }, { "help", "record" },
						{ "help", "report" },   { "--version", NULL } };

	(void)state;
	for (size_t i = 0; i < sizeof(helps) / sizeof(helps[0]); i++) {
		const char *const argv[] = { WS_COMMAND, helps[i][0], helps[i][1], NULL };
		struct ws_result result = ws_command(NULL, argv);

		if (result.status != 0 || !*result.out || *result.err)
			fail_msg("%s %s: status %d", helps[i][0], helps[i][1] ? helps[i][1] : "",
				 result.status);
		ws_result_free(&result);
	}
}

/* A trace that is there already is kept, once. */
static void the_previous_trace_is_kept_as_old(void **state)
{
	const char *const twice[] = {
		"sh",
		"-c",
		"cd \"$0\" && \"$1\" record true 2>/dev/null && \"$1\" record true 2>/dev/null &&"
		" \"$1\" record true 2>/dev/null && ls",
		folder,
		WS_COMMAND,
		NULL
	};
	struct ws_result result = ws_command(NULL, twice);

	(void)state;
	assert_int_equal(result.status, 0);
	assert_non_null(strstr(result.out, "waitscope.trace\nwaitscope.trace.old\n"));
	ws_result_free(&result);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(usage_errors_are_2),
		cmocka_unit_test(programs_that_cannot_be_recorded),
		cmocka_unit_test(folders_that_are_in_the_way),
		cmocka_unit_test(traces_that_are_not_there),
		cmocka_unit_test(help_is_help),
		cmocka_unit_test(the_previous_trace_is_kept_as_old),
	};
	int failed;

	folder = ws_folder_new();
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	ws_folder_free(folder);
	return failed;
}
