/* SPDX-License-Identifier: MIT */
/* test_transparent: a recorded program prints, and ends, exactly as it does without recording.
 *
 * test_transparent PROGRAM [ARGUMENT]: that program of tests/programs, which prints what its calls
 * give.
 * Without argument: all other cases.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/support/e2e.h"

static struct ws_result plain(const char *const argv[])
{
	return ws_command(NULL, argv);
}

/* Runs it both ways; gives the recorded run. */
static struct ws_run *same(const char *const argv[])
{
	struct ws_result before = plain(argv);
	struct ws_run *run = ws_record_with(NULL, NULL, argv);
	int status = before.status < 0 ? 128 - before.status : before.status;

	if (run->status != status)
		ws_fail(run, "%s ended with %d instead of %d: %s", argv[0], run->status, status,
			run->err);
	if (strcmp(run->out, before.out)) {
		char *path;

		/* Beside the recorded output, to be compared by hand. */
		if (asprintf(&path, "%s/out.plain", run->dir) != -1) {
			FILE *file = fopen(path, "w");

			if (file) {
				fputs(before.out, file);
				fclose(file);
			}
			free(path);
		}
		ws_fail(run, "%s printed something else: compare out and out.plain", argv[0]);
	}
	/* What the program says on stderr is there as well, before our own words. */
	if (strncmp(run->err, before.err, strlen(before.err)))
		ws_fail(run, "stderr of %s is not where it was: %s", argv[0], run->err);
	ws_result_free(&before);
	return run;
}

static void jumps_land_the_same(void **state)
{
	const char *const argv[] = { ws_program("same_jumps"), NULL };
	struct ws_run *run = same(argv);

	(void)state;
	/* Each way, from either stack, out of a call that was tried and one that was not. */
	ws_report(run, NULL);
	assert_int_equal(ws_int(ws_only_object(run, "pipe"), "outcomes.interrupted"), 4 * 2 * 2);
	ws_run_free(run);
}

static void output_order_and_status_are_the_shells(void **state)
{
	const char *const argv[] = { "sh", "-c", "echo out; echo err >&2; cat; exit 42", NULL };

	(void)state;
	ws_run_free(same(argv));
}

static void signals_become_128_plus_n(void **state)
{
	static const char *const commands[] = { "kill -9 $$", "kill -TERM $$", "kill -SEGV $$",
						"kill -INT $$" };

	(void)state;
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		const char *const argv[] = { "sh", "-c", commands[i], NULL };

		ws_run_free(same(argv));
	}
}

static void children_end_as_they_did(void **state)
{
	const char *const argv[] = { ws_program("process_children"), NULL };
	struct ws_run *run;

	(void)state;
	/* Its truth would go to stdout in the plain run. */
	setenv("WS_TRUTH", "/dev/null", 1);
	run = same(argv);
	unsetenv("WS_TRUTH");
	assert_int_equal(run->status, 11);
	ws_run_free(run);
}

static void users_and_rights_change_the_same(void **state)
{
	/* With a thread or two of LTTng's that were left as they are, glibc would abort(). */
	const char *const sh = "id; grep -E 'Cap|NoNew' /proc/self/status";
	const char *const setpriv[] = { "setpriv", "--reuid=65533", "--regid=65532",
					"--clear-groups", "sh", "-c", sh, NULL };
	const char *const ambient[] = { "setpriv", "--reuid=nobody", "--regid=nogroup",
					"--init-groups", "--inh-caps=+kill", "--ambient-caps=+kill",
					"--no-new-privs", "sh", "-c", sh, NULL };
	const char *const capsh[] = { "/usr/sbin/capsh", "--keep=1", "--gid=65532", "--uid=65533",
				      "--", "-c", sh, NULL };
	const char *const own[] = { ws_program("same_users"), NULL };

	(void)state;
	ws_run_free(same(own));
	if (geteuid() != 0)
		return; /* the rest is for those who may */
	ws_run_free(same(setpriv));
	ws_run_free(same(ambient));
	ws_run_free(same(capsh));
}

/* No room for LTTng's threads: the program goes on without them, and at once. */
static void limits_of_threads_and_memory_are_kept(void **state)
{
	const char *const memory[] = { "prlimit", "--as=20000000", "true", NULL };
	const char *const threads[] = { "setpriv",	  "--reuid=65533", "--regid=65532",
					"--clear-groups", "prlimit",	   "--nproc=1",
					"true",		  NULL };
	time_t begin = time(NULL);

	(void)state;
	ws_run_free(same(memory));
	if (geteuid() == 0)
		ws_run_free(same(threads));
	assert_in_range(time(NULL) - begin, 0, 20);
}

static const char *program, *argument;

static void it_gives_the_same(void **state)
{
	const char *const argv[] = { ws_program(program), argument, NULL };

	(void)state;
	ws_run_free(same(argv));
}

int main(int argc, char **argv)
{
	const struct CMUnitTest one[] = {
		{ argv[1], it_gives_the_same, NULL, NULL, NULL },
	};
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(jumps_land_the_same),
		cmocka_unit_test(output_order_and_status_are_the_shells),
		cmocka_unit_test(signals_become_128_plus_n),
		cmocka_unit_test(children_end_as_they_did),
		cmocka_unit_test(users_and_rights_change_the_same),
		cmocka_unit_test(limits_of_threads_and_memory_are_kept),
	};

	if (argc > 1) {
		program = argv[1];
		argument = argv[2];
		return cmocka_run_group_tests(one, NULL, NULL);
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
