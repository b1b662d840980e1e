/* SPDX-License-Identifier: MIT */
/* test_file_locks.c: locks on files, children and sleeps of real programs: what their users read.
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

/* A shell that runs the script, recorded, with its report. */
static struct ws_run *shell(const char *script)
{
	const char *const argv[] = { "/bin/sh", "-c", script, NULL };
	struct ws_run *run = ws_record_with(NULL, NULL, argv);

	if (run->status != 0)
		ws_fail(run, "status %d: %s", run->status, run->err);
	ws_report(run, NULL);
	ws_assert_lossless(run);
	return run;
}

/* Name of the last program of that pid. */
static const char *name_of(const struct ws_run *run, json_int_t pid)
{
	const char *name = "";
	const json_t *process;
	size_t i;

	json_array_foreach(ws_at(run->report, "processes"), i, process) {
		if (ws_int(process, "pid") == pid)
			name = ws_str(process, "name");
	}
	return name;
}

/* A file `f` to lock, `hold` for who has the lock, which ends 0.1 s after the kernel has said that
 * somebody waits for it, and `held`, which returns once `hold` is there. */
#define SHELLS                                                                                     \
	"f=$(mktemp); i=$(stat -c %i $f); hold='touch $f.held; "                                   \
	"until grep -q -e \"-> FLOCK .*:$i \" /proc/locks; do sleep 0.01; done; sleep 0.1'; "        \
	"held() { until test -e $f.held; do sleep 0.01; done; }; export f i hold; "

/* flock(1) waits for a flock(1) of another shell, which in turn waits for its command. */
static void two_shells_and_flock(void **state)
{
	struct ws_run *run = shell(SHELLS "sh -c 'flock $f sh -c \"$hold\"; :' & held; "
				   "sh -c 'flock $f true; :'; wait; rm $f $f.held");
	const json_t *lock = ws_only_object(run, "flock"), *edge;
	size_t i, needed = 0;

	(void)state;
	assert_int_equal(ws_int(lock, "waits"), 1);
	assert_true(ws_int(lock, "wait_ns") > 100000000);
	assert_string_equal(ws_str(lock, "scope"), "shared");
	assert_int_equal(json_array_size(ws_at(lock, "holders")), 1);
	assert_int_equal(json_array_size(ws_at(lock, "waiters")), 1);
	assert_true(ws_int(lock, "holders[0].pid") != ws_int(lock, "waiters[0].pid"));
	/* The holder's call is known: it let go by its end, which was seen. */
	assert_non_null(strstr(ws_str(lock, "holders[0].site.module"), "flock"));
	/* The holder waits for its own child, by name, and needs it. */
	json_array_foreach(ws_at(run->report, "waits_for"), i, edge) {
		if (ws_int(edge, "waiter.pid") != ws_int(lock, "holders[0].pid"))
			continue;
		assert_string_equal(ws_str(edge, "relation"), "and");
		assert_string_equal(name_of(run, ws_int(edge, "blocker.pid")), "sh");
		needed++;
	}
	assert_int_equal(needed, 1);
	ws_run_free(run);
}

/* The shell that takes the lock on its own fd ends without a word: flock(1) is named, not where. */
static void a_lock_on_the_shells_own_fd(void **state)
{
	struct ws_run *run = shell(SHELLS "sh -c 'exec 9>$f; flock 9; eval \"$hold\"' & held; "
				   "flock $f true; wait; rm $f $f.held");
	const json_t *lock = ws_only_object(run, "flock");

	(void)state;
	assert_int_equal(ws_int(lock, "waits"), 1);
	assert_int_equal(json_array_size(ws_at(lock, "holders")), 1);
	assert_true(json_is_null(ws_at(lock, "holders[0].site")));
	assert_true(ws_int(lock, "holders[0].pid") != ws_int(lock, "waiters[0].pid"));
	ws_run_free(run);
}

/* A flock that came by fork is the parent's: no child says that it holds it, and main does. */
static void assert_children_hold_nothing(const struct ws_run *run)
{
	const char *const argv[] = { "/usr/bin/env", "babeltrace2", run->trace, NULL };
	struct ws_result text = ws_command(NULL, argv);
	size_t of_main = 0, of_children = 0;
	char pid[32];

	assert_int_equal(text.status, 0);
	snprintf(pid, sizeof(pid), " pid = %lld,", (long long)ws_truth(run, "main"));
	for (char *line = strtok(text.out, "\n"); line; line = strtok(NULL, "\n")) {
		if (!strstr(line, "waitscope:wait_held"))
			continue;
		if (!strstr(line, pid))
			of_children++;
		else if (strstr(line, "\"flock\""))
			of_main++;
	}
	assert_true(of_main > 0);
	assert_int_equal(of_children, 0);
	ws_result_free(&text);
}

/* Waits that end without the lock: two for the bytes and one for the file, and as many after an unlink. */
static void waits_that_fail(void **state)
{
	struct ws_run *run = ws_record("locks_failing", NULL);
	const json_t *bytes = ws_only_object(run, "record_lock");
	const json_t *whole = ws_only_object(run, "flock"), *deadlock;
	size_t i;

	(void)state;
	assert_int_equal(ws_int(bytes, "waits"), 4);
	assert_int_equal(ws_int(bytes, "outcomes.interrupted"), 4);
	assert_int_equal(json_array_size(ws_at(bytes, "waiters")), 4);
	assert_int_equal(json_array_size(ws_at(bytes, "holders")), 1);
	assert_int_equal(ws_int(bytes, "holders[0].pid"), ws_truth(run, "main"));
	assert_int_equal(ws_int(bytes, "unknown_ns"), 0);
	assert_int_equal(ws_int(whole, "waits"), 2);
	assert_int_equal(ws_int(whole, "outcomes.interrupted"), 2);
	assert_int_equal(ws_int(whole, "holders[0].pid"), ws_truth(run, "main"));
	assert_int_equal(json_array_size(ws_at(bytes, "wakers")), 0);
	assert_children_hold_nothing(run);
	/* Main waits for each child, but has sent it the signal before; it may let go of the flock.
	 */
	json_array_foreach(ws_at(run->report, "deadlocks"), i, deadlock)
		assert_string_not_equal(ws_str(deadlock, "verdict"), "occurred");
	ws_run_free(run);
}

/* Idle waits come last in the text, and by their time in JSON. */
static void idle_waits_do_not_hide_the_others(void **state)
{
	struct ws_run *run = shell(SHELLS "flock $f sh -c \"$hold\" & held; flock $f true; "
				   "sleep 0.5; wait; rm $f $f.held");
	const char *const argv[] = { WS_COMMAND, "report", run->trace, NULL };
	struct ws_result text = ws_command(NULL, argv);
	const char *lock = strstr(text.out, "  flock /"),
		   *idle = strstr(text.out, "pacing   (the program chose"),
		   *sleeping = strstr(text.out, "sleep of sleep");
	json_int_t before = INT64_MAX;
	const json_t *object;
	size_t i;

	(void)state;
	assert_int_equal(text.status, 0);
	assert_true(lock && idle && sleeping);
	assert_true(lock < idle && idle < sleeping);
	json_array_foreach(ws_at(run->report, "objects"), i, object) {
		assert_true(ws_int(object, "wait_ns") <= before);
		before = ws_int(object, "wait_ns");
	}
	assert_string_not_equal(ws_str(run->report, "objects[0].kind"), "flock");
	ws_result_free(&text);
	ws_run_free(run);
}

static const json_t *polling_found(const struct ws_run *run)
{
	const json_t *finding;
	size_t i;

	json_array_foreach(ws_at(run->report, "findings"), i, finding) {
		if (!strcmp(ws_str(finding, "rule"), "sleep_polling"))
			return finding;
	}
	return NULL;
}

/* Sleeps between tries are waits for who has the lock. */
static void asking_again_and_again(const char *how)
{
	const char *const argv[] = { ws_program("lock_polled"), how, NULL };
	struct ws_run *run = ws_record_with(NULL, NULL, argv);
	const json_t *lock, *object;
	json_int_t sleeps = 0;
	size_t i;

	if (run->status != 0)
		ws_fail(run, "status %d: %s", run->status, run->err);
	ws_report(run, NULL);
	lock = ws_only_object(run, how ? how : "record_lock");
	assert_int_equal(ws_int(lock, "waits"), 4);
	assert_int_equal(ws_int(lock, "outcomes.timeout"), 4);
	assert_true(ws_int(lock, "wait_ns") >= 4 * 50000000);
	assert_non_null(strstr(ws_str(lock, "name"), "/tmp/waitscope-polled-"));
	assert_string_equal(ws_str(lock, "waiters[0].site.function"), "rest");
	json_array_foreach(ws_at(lock, "holders"), i, object) {
		assert_int_equal(ws_int(object, "pid"), ws_int(run->report, "processes[0].pid"));
	}
	assert_true(i > 0);
	json_array_foreach(ws_at(run->report, "objects"), i, object) {
		if (!strcmp(ws_str(object, "kind"), "sleep") &&
		    !strcmp(ws_str(object, "waiters[0].site.function"), "rest"))
			sleeps += ws_int(object, "waits");
	}
	assert_int_equal(sleeps, 2);
	assert_non_null(polling_found(run));
	ws_run_free(run);
}

static void record_locks_that_are_polled(void **state)
{
	(void)state;
	asking_again_and_again(NULL);
}

static void flocks_that_are_polled(void **state)
{
	(void)state;
	asking_again_and_again("flock");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(two_shells_and_flock),
		cmocka_unit_test(a_lock_on_the_shells_own_fd),
		cmocka_unit_test(waits_that_fail),
		cmocka_unit_test(idle_waits_do_not_hide_the_others),
		cmocka_unit_test(record_locks_that_are_polled),
		cmocka_unit_test(flocks_that_are_polled),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
