/* SPDX-License-Identifier: MIT */
/* test_leftovers: a report lists what a program left behind in the kernel's name spaces, and
 * nothing that was removed; and it warns where ftok() made one key of two files.
 */
#include <mqueue.h>
#include <semaphore.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>

#include <cmocka.h>

#include "tests/support/compare.h"
#include "tests/support/e2e.h"

static const char *left_name(const struct ws_run *run)
{
	const json_t *name = ws_at(json_array_get(run->truth, 0), "values.name");

	return json_is_string(name) ? json_string_value(name) : "";
}

/* What the program left is the test's to remove. False: it was not there. */
static bool clean_up(const struct ws_run *run)
{
	const char *name = left_name(run);
	bool all = mq_unlink(name) == 0;

	all &= sem_unlink(name) == 0;
	all &= shm_unlink(name) == 0;
	all &= msgctl((int)ws_truth(run, "msg"), IPC_RMID, NULL) == 0;
	all &= semctl((int)ws_truth(run, "sem"), 0, IPC_RMID) == 0;
	all &= shmctl((int)ws_truth(run, "shm"), IPC_RMID, NULL) == 0;
	return all;
}

static void assert_left(struct ws_run *run)
{
	static const struct {
		const char *kind, *function;
		const char *id; /* name of the program's value, or NULL: it has a name */
		json_int_t bytes;
	} expected[] = {
		{ "mq", "posix_objects", NULL, 300 },
		{ "posix_shm", "posix_objects", NULL, 12288 },
		{ "sem", "posix_objects", NULL, 0 },
		{ "sysv_msg", "system_v_objects", "msg", 0 },
		{ "sysv_sem", "system_v_objects", "sem", 0 },
		{ "sysv_shm", "system_v_objects", "shm", 12288 },
	};
	size_t n = sizeof(expected) / sizeof(expected[0]);
	const json_t *list = ws_at(run->report, "leftovers");

	if (!clean_up(run))
		ws_fail(run, "what the program says it left was not there");
	if (json_array_size(list) != n)
		ws_fail(run, "%zu things left instead of %zu", json_array_size(list), n);
	for (size_t i = 0; i < n; i++) {
		const json_t *one = json_array_get(list, i);
		char name[32];

		if (expected[i].id)
			snprintf(name, sizeof(name), "%lld",
				 (long long)ws_truth(run, expected[i].id));
		if (strcmp(ws_str(one, "kind"), expected[i].kind) ||
		    strcmp(ws_str(one, "name"), expected[i].id ? name : left_name(run)) ||
		    strcmp(ws_str(one, "creator.site.function"), expected[i].function) ||
		    ws_int(one, "bytes") != expected[i].bytes ||
		    ws_int(one, "creator.pid") !=
			    json_integer_value(ws_at(json_array_get(run->truth, 0), "pid")) ||
		    (expected[i].id && ws_int(one, "id") != ws_truth(run, expected[i].id)))
			ws_fail(run, "number %zu is %s %s of %lld bytes", i, ws_str(one, "kind"),
				ws_str(one, "name"), (long long)ws_int(one, "bytes"));
	}
	ws_run_free(run);
}

static void what_is_left_is_listed(void **state)
{
	(void)state;
	assert_left(ws_record("left_behind", NULL));
}

static void what_a_process_that_was_killed_left_is_listed(void **state)
{
	(void)state;
	assert_left(ws_record("left_behind", "killed", NULL));
}

/* Exactly one warning that this object has one key by two files. */
static void assert_collision(const struct ws_run *run, const char *kind, const char *value)
{
	const json_t *warnings = ws_at(run->report, "trace.warnings"), *one;
	char begin[64];
	int found = 0;
	size_t i;

	snprintf(begin, sizeof(begin), "%s %lld is shared by accident?", kind,
		 (long long)ws_truth(run, value));
	json_array_foreach(warnings, i, one) {
		const char *text = json_string_value(one);

		found += !strncmp(text, begin, strlen(begin)) && strstr(text, "/0 id 120") &&
			 strstr(text, " and /dev/shm/waitscope-left-");
	}
	if (found != 1)
		ws_fail(run, "%d warnings of a shared key of %s", found, kind);
}

static void two_files_with_one_key_are_told(void **state)
{
	struct ws_run *run = ws_record("left_behind", NULL);

	(void)state;
	clean_up(run);
	assert_collision(run, "sysv_msg", "queue");
	ws_run_free(run);
}

/* Each has its own file, and neither knows the other's. */
static void two_processes_with_one_key_are_told(void **state)
{
	struct ws_run *run = ws_record("keys_collide", NULL);

	(void)state;
	assert_collision(run, "sysv_msg", "queue");
	assert_collision(run, "sysv_sem", "set");
	assert_collision(run, "sysv_shm", "segment");
	ws_run_free(run);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_left_is_listed),
		cmocka_unit_test(what_a_process_that_was_killed_left_is_listed),
		cmocka_unit_test(two_files_with_one_key_are_told),
		cmocka_unit_test(two_processes_with_one_key_are_told),
	};

	return cmocka_run_group_tests_name("leftovers", tests, NULL, NULL);
}
