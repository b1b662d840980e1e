/* SPDX-License-Identifier: MIT */
/* test_broken_traces: a trace that was cut off, truncated or emptied gives a report or one clear
 * line.
 */
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/support/e2e.h"

/* Lines of a text. */
static int lines(const char *text)
{
	int n = 0;

	for (; *text; text++)
		n += *text == '\n';
	return n;
}

/* Reports on it: JSON and 0, or nothing, one line on stderr and 1. */
static void report_or_error(struct ws_run *run, const char *what)
{
	const char *const argv[] = { WS_COMMAND, "report", "--format", "json", run->trace, NULL };
	struct ws_result result = ws_command(NULL, argv);
	json_error_t error;
	json_t *report;

	switch (result.status) {
	case 0:
		report = json_loads(result.out, 0, &error);
		if (!report)
			ws_fail(run, "%s: no JSON: %s", what, error.text);
		json_decref(report);
		break;
	case 1:
		if (*result.out || lines(result.err) != 1)
			ws_fail(run, "%s: not one line but: %s%s", what, result.out, result.err);
		break;
	default:
		ws_fail(run, "%s: report ended with %d: %s", what, result.status, result.err);
	}
	ws_result_free(&result);
}

static void a_killed_program_leaves_its_waits_and_one_open(void **state)
{
	const char *const argv[] = { ws_program("killed_in_wait"), NULL };
	struct ws_run *run = ws_record_with(NULL, NULL, argv);
	const json_t *gate, *contended;

	(void)state;
	assert_int_equal(run->status, 128 + 9);
	ws_report(run, NULL);
	contended = ws_object(run, "mutex", "contended");
	assert_int_equal(ws_int(contended, "waits"), 2);
	assert_int_equal(ws_int(contended, "outcomes.acquired"), 2);
	gate = ws_object(run, "mutex", "gate");
	assert_int_equal(ws_int(gate, "waits"), 1);
	assert_int_equal(ws_int(gate, "outcomes.open"), 1);
	assert_int_equal(ws_int(gate, "waiters[0].tid"), ws_truth(run, "waiter"));
	assert_int_equal(ws_int(gate, "holders[0].tid"), ws_truth(run, "holder"));
	assert_string_equal(ws_str(gate, "holders[0].site.function"), "main");
	assert_int_equal(ws_int(run->report, "trace.open_waits"), 1);
	assert_string_equal(ws_str(run->report, "processes[0].end"), "signaled");
	assert_int_equal(ws_int(run->report, "processes[0].status"), 9);
	ws_run_free(run);
}

/* The streams of the trace under test: data files of CTF, which are never empty. */
static char *streams[64];
static size_t n_streams;

static int note_stream(const char *path, const struct stat *status, int type, struct FTW *at)
{
	const char *name = path + at->base;

	if (type == FTW_F && status->st_size > 0 && !strstr(path, "/index/") &&
	    (!strncmp(name, "waits", 5) || !strncmp(name, "defs", 4)) && n_streams < 64)
		streams[n_streams++] = strdup(path);
	return 0;
}

static void find_streams(const struct ws_run *run)
{
	n_streams = 0;
	nftw(run->trace, note_stream, 16, FTW_PHYS);
	if (n_streams == 0)
		ws_fail(run, "no stream of channel waits or defs in the trace");
}

static void forget_streams(void)
{
	while (n_streams)
		free(streams[--n_streams]);
}

static void every_truncation_is_reported_on(void **state)
{
	static const long cuts[] = { 1, 7, 100, 4000, -2, -1 }; /* bytes; -2: half; -1: all */
	struct ws_run *run = ws_record("cond_signal", NULL);

	(void)state;
	find_streams(run);
	for (size_t c = 0; c < sizeof(cuts) / sizeof(cuts[0]); c++) {
		for (size_t i = 0; i < n_streams; i++) {
			struct stat status;
			off_t size;
			char what[300];

			assert_int_equal(stat(streams[i], &status), 0);
			size = cuts[c] == -2   ? status.st_size / 2
			       : cuts[c] == -1 ? 0
					       : status.st_size - cuts[c];
			assert_int_equal(truncate(streams[i], size > 0 ? size : 0), 0);
			snprintf(what, sizeof(what), "%.200s cut to %lld", streams[i],
				 (long long)size);
			report_or_error(run, what);
		}
	}
	forget_streams();
	ws_run_free(run);
}

/* Only the last packet of each stream is missing: what came before is still told, and that
 * something is missing too. Small buffers make more than one packet. */
static void a_cut_last_packet_is_told(void **state)
{
	const char *const options[] = { "--buffer-size=128K", "--on-full=block", NULL };
	const char *const argv[] = { ws_program("generated"), "1", "10", NULL };
	struct ws_run *run = ws_record_with(options, NULL, argv);
	json_int_t whole, left;

	(void)state;
	assert_int_equal(run->status, 0);
	ws_report(run, NULL);
	whole = ws_int(run->report, "totals.waits");
	find_streams(run);
	for (size_t i = 0; i < n_streams; i++) {
		struct stat status;

		assert_int_equal(stat(streams[i], &status), 0);
		assert_int_equal(truncate(streams[i], status.st_size - 50), 0);
	}
	ws_report(run, NULL);
	left = ws_int(run->report, "totals.waits");
	if (left == 0 || left > whole)
		ws_fail(run, "%lld of %lld waits are left", (long long)left, (long long)whole);
	assert_true(json_array_size(ws_at(run->report, "trace.warnings")) > 0);
	forget_streams();
	ws_run_free(run);
}

static void every_kind_of_nothing_is_named(void **state)
{
	static const char *const commands[] = {
		"true",                                   /* an empty folder */
		"rmdir trace",                            /* no folder */
		"rmdir trace; echo x > trace",            /* a file */
		"echo garbage > trace/metadata",          /* no CTF */
		": > trace/metadata",                     /* metadata that is cut off at once */
		"mkdir trace/a; echo x > trace/a/waits_0" /* streams without metadata */
	};
	struct ws_run run = { .dir = NULL };

	(void)state;
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		const char *argv[] = { WS_COMMAND, "report", NULL, NULL };
		char command[512];
		struct ws_result result;

		run.dir = ws_folder_new();
		snprintf(command, sizeof(command), "cd %s && mkdir trace && { %s; }", run.dir,
			 commands[i]);
		assert_int_equal(system(command), 0);
		snprintf(command, sizeof(command), "%s/trace", run.dir);
		argv[2] = command;
		result = ws_command(NULL, argv);
		if (result.status != 1 || *result.out || lines(result.err) != 1 ||
		    !strstr(result.err, "trace"))
			ws_fail(&run, "%s: status %d: %s%s", commands[i], result.status, result.out,
				result.err);
		ws_result_free(&result);
		ws_folder_free(run.dir);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_killed_program_leaves_its_waits_and_one_open),
		cmocka_unit_test(every_truncation_is_reported_on),
		cmocka_unit_test(a_cut_last_packet_is_told),
		cmocka_unit_test(every_kind_of_nothing_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
