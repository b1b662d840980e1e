/* SPDX-License-Identifier: MIT */
/* test_report_command: `waitscope report` on a kept trace: where the report goes, that it is whole
 * or not there, what options do, and that the same trace gives the same bytes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/e2e.h"

#define TRACE WS_SOURCE "/tests/records/ctf/basic"

static char *folder; /* where the commands run */

/* Runs a shell command in the folder: $W is the command, $T the trace. */
static struct ws_result shell(const char *script)
{
	const char *const environment[] = { "W=" WS_COMMAND, "T=" TRACE, "LC_ALL=C.UTF-8", NULL };
	char line[1024];
	const char *const argv[] = { "sh", "-c", line, NULL };

	snprintf(line, sizeof(line), "cd '%s' && %s", folder, script);
	return ws_command(environment, argv);
}

static void gives(const char *script, int status, const char *out, const char *err)
{
	struct ws_result result = shell(script);

	if (result.status != status || (out && !strstr(result.out, out)) ||
	    (err ? !strstr(result.err, err) : *result.err))
		fail_msg("%s: status %d, stdout \"%s\", stderr \"%s\"", script, result.status,
			 result.out, result.err);
	ws_result_free(&result);
}

static void to_standard_output(void **state)
{
	(void)state;
	gives("\"$W\" report \"$T\"", 0, "who waits for whom", NULL);
	gives("\"$W\" report --format text \"$T\"", 0, "who waits for whom", NULL);
	gives("\"$W\" report --format=json \"$T\"", 0, "\"waits_for\"", NULL);
	gives("\"$W\" report --stacks \"$T\"", 0, "waiter", NULL);
	/* The folder's default name, and options after the folder. */
	gives("ln -s \"$T\" waitscope.trace && \"$W\" report && rm waitscope.trace", 0, "trust",
	      NULL);
	gives("\"$W\" report \"$T\" --format json", 0, "\"waits_for\"", NULL);
	gives("\"$W\" report --help", 0, "usage: waitscope report", NULL);
}

static void locale_decides_the_letters(void **state)
{
	struct ws_result result = shell("LC_ALL=C \"$W\" report \"$T\"");

	(void)state;
	assert_int_equal(result.status, 0);
	for (const char *c = result.out; *c; c++)
		assert_true((unsigned char)*c < 0x80);
	ws_result_free(&result);
	gives("\"$W\" report \"$T\"", 0, "\xc2\xb5s", NULL);
}

static void to_a_file(void **state)
{
	(void)state;
	gives("umask 027; \"$W\" report -o r.json --format json \"$T\" && \"$W\" report --format "
	      "json "
	      "\"$T\" | cmp - r.json && ls",
	      0, "r.json\n", NULL);
	/* As a plain open would have made it, and nothing beside it. */
	gives("stat -c %a r.json && ls | wc -l", 0, "640\n1\n", NULL);
	/* A file that is there is replaced, what is no file is written to. */
	gives("echo former > r.txt; \"$W\" report -o r.txt \"$T\" && grep -c former r.txt", 1, "0",
	      NULL);
	gives("echo former > to.txt; ln -s to.txt link; \"$W\" report -o link \"$T\" && "
	      "test -L link && grep -c trust to.txt",
	      0, "1", NULL);
	gives("\"$W\" report -o /dev/null \"$T\" && test -c /dev/null", 0, "", NULL);
	gives("mkfifo pipe; cat pipe & \"$W\" report -o pipe \"$T\" && wait && test -p pipe", 0,
	      "who waits for whom", NULL);
}

static void each_folder_once(void **state)
{
	(void)state;
	gives("\"$W\" report \"$T\" \"$T/.\"", 2, "", "the same folder is named twice");
}

static void whole_or_not_there(void **state)
{
	(void)state;
	gives("\"$W\" report \"$T\" > /dev/full", 1, "", "No space left on device");
	gives("\"$W\" report --format json \"$T\" > /dev/full", 1, "", "No space left on device");
	gives("\"$W\" report -o /dev/full \"$T\"", 1, "", "/dev/full");
	gives("\"$W\" report -o missing/r.txt \"$T\"", 1, "", "missing/r.txt");
	gives("mkdir d; \"$W\" report -o d \"$T\"", 1, "", "directory");
	/* A file system that fills up in the middle: what was there stays, and nothing else. */
	gives("mkdir e && cd e && echo old > r.txt && ulimit -f 1 && trap '' XFSZ && "
	      "{ \"$W\" report --format json -o r.txt \"$T\"; echo $?; cat r.txt; ls; }",
	      0, "1\nold\nr.txt\n", "r.txt");
}

/* Runs the command with a pipe as standard output that nobody reads, and prints its status. */
#define CLOSED_PIPE(more)                                                                          \
	"/usr/bin/python3 -c 'import os, subprocess, sys; r, w = os.pipe(); os.close(r); "         \
	"print(subprocess.run(sys.argv[1:], stdout=w" more ").returncode)' "                       \
	"\"$W\" report \"$T\""

/* The reader may go before the end; then nobody is told, as with any command. Where the signal that
 * ends us is ignored, it is an error like others. */
static void to_a_closed_pipe(void **state)
{
	(void)state;
	gives(CLOSED_PIPE(""), 0, "-13\n", NULL);
	gives(CLOSED_PIPE(", restore_signals=False"), 0, "1\n", "standard output");
}

static void filters(void **state)
{
	(void)state;
	gives("\"$W\" report --kind sem \"$T\"", 0, "1  100 %", NULL);
	gives("\"$W\" report --kind barrier,once \"$T\"", 0, "Nothing was waited for.", NULL);
	gives("\"$W\" report --min-wait 1h \"$T\"", 0, "Nothing was waited for.", NULL);
	gives("\"$W\" report --from 1h \"$T\"", 0, "Nothing was waited for.", NULL);
	gives("\"$W\" report --to 0 \"$T\"", 0, "Nothing was waited for.", NULL);
	gives("\"$W\" report --pid 99 \"$T\"", 0, "Nothing was waited for.", NULL);
	gives("\"$W\" report --tid 99 \"$T\"", 0, "Nothing was waited for.", NULL);
	gives("\"$W\" report --top 1 \"$T\"", 0, "1 more object", NULL);
	gives("\"$W\" report --kind sem --format json \"$T\"", 0, "\"sem\"", NULL);
}

static void wrong_options(void **state)
{
	static const char *const wrong[] = {
		"--format yaml",
		"--min-wait -1",
		"--min-wait soon",
		"--pid 0",
		"--pid x",
		"--tid 1.5",
		"--kind",
		"--kind mutex,,sem",
		"--kind lock",
		"--from 2s --to 1s",
		"--top many",
		"--top",
		"-o ''",
		"--stacks=yes",
		"-q",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		char script[256];

		snprintf(script, sizeof(script), "\"$W\" report \"$T\" %s", wrong[i]);
		gives(script, 2, "", "; see `waitscope report --help`\n");
	}
}

static void same_trace_same_bytes(void **state)
{
	(void)state;
	gives("\"$W\" report --format json -o 1 \"$T\" && for i in 2 3 4; do "
	      "\"$W\" report --format json -o $i \"$T\" && cmp 1 $i || exit 9; done",
	      0, "", NULL);
}

static void described_by_the_schema(void **state)
{
	(void)state;
	gives("\"$W\" report --format json \"$T\" | " WS_SOURCE
	      "/tests/support/validate_report.py " WS_SOURCE "/docs/report.schema.json",
	      0, "", NULL);
}

static int folder_make(void **state)
{
	(void)state;
	folder = ws_folder_new();
	return 0;
}

static int folder_remove(void **state)
{
	(void)state;
	ws_folder_free(folder);
	return 0;
}

#define IN_A_FOLDER(test) cmocka_unit_test_setup_teardown(test, folder_make, folder_remove)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_A_FOLDER(to_standard_output),
		IN_A_FOLDER(locale_decides_the_letters),
		IN_A_FOLDER(to_a_file),
		IN_A_FOLDER(each_folder_once),
		IN_A_FOLDER(whole_or_not_there),
		IN_A_FOLDER(to_a_closed_pipe),
		IN_A_FOLDER(filters),
		IN_A_FOLDER(wrong_options),
		IN_A_FOLDER(same_trace_same_bytes),
		IN_A_FOLDER(described_by_the_schema),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
