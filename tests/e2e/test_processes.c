/* SPDX-License-Identifier: MIT */
/* test_processes: what a report says of processes and threads: who they are, how they ended, what
 * they share.
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

/* The last incarnation of a pid. */
static const json_t *process(const struct ws_run *run, json_int_t pid)
{
	const json_t *found = NULL, *one;
	size_t i;

	json_array_foreach(ws_at(run->report, "processes"), i, one)
		if (ws_int(one, "pid") == pid &&
		    (!found || ws_int(one, "begin_ns") >= ws_int(found, "begin_ns")))
			found = one;
	if (!found)
		ws_fail(run, "no process %lld", (long long)pid);
	return found;
}

static void children_are_followed_and_their_ends_known(void **state)
{
	static const struct {
		const char *way, *end;
		int status;
	} children[] = {
		{ "fork", "exited", 3 },          { "fork_exit", "exited", 4 },
		{ "vfork", "exited", 5 },         { "posix_spawn", "exited", 7 },
		{ "exec", "exited", 8 },          { "daemon", "exited", 9 },
		{ "segfault", "signaled", 11 },   { "killed", "signaled", 9 },
		{ "terminated", "signaled", 15 },
	};
	const char *const argv[] = { ws_program("process_children"), NULL };
	struct ws_run *run = ws_record_with(NULL, NULL, argv);

	(void)state;
	assert_int_equal(run->status, 11);
	ws_report(run, NULL);
	ws_assert_lossless(run);
	for (size_t i = 0; i < sizeof(children) / sizeof(children[0]); i++) {
		const json_t *child = process(run, ws_truth(run, children[i].way));

		if (strcmp(ws_str(child, "end"), children[i].end) ||
		    ws_int(child, "status") != children[i].status)
			ws_fail(run, "child by %s: %s %lld", children[i].way, ws_str(child, "end"),
				(long long)ws_int(child, "status"));
		assert_string_equal(ws_str(child, "name"), "process_childre"); /* comm is cut */
		assert_string_equal(strrchr(ws_str(child, "exe"), '/'), "/process_children");
		assert_true(json_is_true(ws_at(child, "recorded")));
	}
	/* Each child's mutex is its own, though the address is the same; exec makes a new one too.
	 */
	assert_int_equal(ws_int(run->report, "totals.by_kind.mutex.waits"), 10);
	ws_run_free(run);
}

static void threads_have_their_latest_names(void **state)
{
	static const char *const names[][2] = { { "main", "main-thread" },
						{ "by-creator", "by-creator" },
						{ "by-itself", "by-itself" } };
	struct ws_run *run = ws_record("thread_names", NULL);

	(void)state;
	for (size_t n = 0; n < 3; n++) {
		const json_t *thread;
		bool found = false;
		size_t i;

		json_array_foreach(ws_at(run->report, "threads"), i, thread)
			if (ws_int(thread, "tid") == ws_truth(run, names[n][0])) {
				assert_string_equal(ws_str(thread, "name"), names[n][1]);
				found = true;
			}
		if (!found)
			ws_fail(run, "no thread %s", names[n][0]);
	}
	ws_run_free(run);
}

static void assert_shared(const struct ws_run *run, const char *kind)
{
	const json_t *object = ws_only_object(run, kind), *pid;
	int found = 0;
	size_t i;

	assert_string_equal(ws_str(object, "scope"), "shared");
	json_array_foreach(ws_at(object, "pids"), i, pid)
		found += json_integer_value(pid) == ws_truth(run, "holder") ||
			 json_integer_value(pid) == ws_truth(run, "waiter");
	if (found != 2)
		ws_fail(run, "%s: of its two users %d are in pids", kind, found);
}

static void what_two_programs_map_is_one_object(void **state)
{
	struct ws_run *run = ws_record("shared_exec", NULL);

	(void)state;
	assert_shared(run, "mutex");
	assert_shared(run, "sem");
	assert_int_equal(ws_int(ws_only_object(run, "mutex"), "holders[0].pid"),
			 ws_truth(run, "holder"));
	ws_run_free(run);
}

static void what_a_fork_shares_is_one_object(void **state)
{
	struct ws_run *run = ws_record("shared_fork", NULL);

	(void)state;
	assert_shared(run, "mutex");
	assert_shared(run, "sem");
	ws_run_free(run);
}

/* The edges say whom a thread waits for, and whether anybody else could have let it go. */
static void edges_tell_owners_from_posters(void **state)
{
	struct ws_run *run = ws_record("mutex_handoff", NULL);
	const json_t *edge;
	size_t i;

	(void)state;
	ws_report(run, (const char *const[]){ "--kind", "mutex", NULL });
	assert_true(json_array_size(ws_at(run->report, "waits_for")) > 0);
	json_array_foreach(ws_at(run->report, "waits_for"), i, edge) {
		assert_string_equal(ws_str(edge, "relation"), "and");
		assert_int_equal(ws_int(edge, "blocker.tid"), ws_truth(run, "holder"));
		assert_string_equal(ws_str(edge, "blocker.site.function"), "hold_until_waited_for");
		assert_string_equal(ws_str(edge, "waiter.site.function"), "waiter");
	}
	ws_run_free(run);
	run = ws_record("sem_named", NULL);
	ws_report(run, (const char *const[]){ "--kind", "sem", NULL });
	assert_true(json_array_size(ws_at(run->report, "waits_for")) > 0);
	json_array_foreach(ws_at(run->report, "waits_for"), i, edge) {
		assert_string_equal(ws_str(edge, "relation"), "or");
		assert_int_equal(ws_int(edge, "waiter.tid"), ws_truth(run, "child"));
	}
	ws_run_free(run);
}

static void without_follow_only_the_program_is_recorded(void **state)
{
	const char *const options[] = { "--no-follow", NULL };
	const char *const argv[] = { ws_program("process_children"), NULL };
	struct ws_run *run = ws_record_with(options, NULL, argv);
	size_t i, n_recorded = 0, n_told = 0;
	const json_t *one;

	(void)state;
	assert_int_equal(run->status, 11);
	ws_report(run, NULL);
	json_array_foreach(ws_at(run->report, "processes"), i, one) {
		bool recorded = json_is_true(ws_at(one, "recorded"));

		n_recorded += recorded;
		n_told += !recorded;
	}
	assert_int_equal(n_recorded, 1);
	assert_true(n_told >= 9);
	assert_int_equal(ws_int(process(run, ws_truth(run, "fork")), "status"), 3);
	assert_false(json_is_true(ws_at(process(run, ws_truth(run, "fork")), "recorded")));
	/* It waits for its children, followed or not, and on its own; they do for this. */
	ws_report(run, (const char *const[]){ "--kind", "mutex", NULL });
	assert_int_equal(ws_int(run->report, "totals.waits"), 0);
	ws_run_free(run);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(children_are_followed_and_their_ends_known),
		cmocka_unit_test(threads_have_their_latest_names),
		cmocka_unit_test(what_two_programs_map_is_one_object),
		cmocka_unit_test(what_a_fork_shares_is_one_object),
		cmocka_unit_test(edges_tell_owners_from_posters),
		cmocka_unit_test(without_follow_only_the_program_is_recorded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
