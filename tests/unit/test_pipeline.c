/* SPDX-License-Identifier: MIT */
/* test_pipeline.c: the stages together: whole, damaged and empty traces, a consumer that gives up,
 * and that the same trace gives the same records each time. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "analyzer/base/grow.h"
#include "analyzer/pipeline.h"
#include "tests/support/record_text.h"
#include "tests/support/trace_copy.h"

struct result {
	int code;
	struct ws_error error;
	struct ws_trace *trace; /* Owned by this; NULL: the run failed */
	const struct ws_tables *tables;
	struct ws_record *records;
	size_t n, capacity;
	size_t stop_after; /* the consumer gives up after so many records; 0: never */
};

static int take(void *user, const struct ws_record *records, size_t n, struct ws_error *error)
{
	struct result *res = user;

	assert_true(n > 0);
	assert_int_equal(ws_grow(&res->records, &res->capacity, res->n + n), 0);
	memcpy(res->records + res->n, records, n * sizeof(*records));
	res->n += n;
	if (res->stop_after && res->n >= res->stop_after)
		return ws_error_set(error, -EFBIG, "enough");
	return 0;
}

static void run(struct result *res, const char *dir)
{
	const struct ws_pipeline_sink sink = { res, take };

	res->code = ws_pipeline_run(&dir, 1, &sink, &res->trace, &res->error);
	if (res->trace)
		res->tables = ws_trace_tables(res->trace);
	assert_int_equal(res->code == 0, res->trace != NULL);
	assert_int_equal(res->code == 0, res->error.text[0] == 0);
}

static void clean(struct result *res)
{
	ws_trace_free(res->trace);
	free(res->records);
	memset(res, 0, sizeof(*res));
}

static size_t count(const struct result *res, int type)
{
	size_t n = 0;

	for (size_t i = 0; i < res->n; i++)
		n += res->records[i].type == type;
	return n;
}

/* All that a run gave, as text. */
static char *text(const struct result *res)
{
	char *ret;
	size_t size;
	FILE *f = open_memstream(&ret, &size);

	for (size_t i = 0; i < res->n; i++)
		ws_record_text(f, res->tables, &res->records[i]);
	ws_tables_text(f, res->tables);
	for (size_t i = 0; i < res->tables->n_warnings; i++)
		fprintf(f, "%s\n", res->tables->warnings[i]);
	fclose(f);
	return ret;
}

static void a_whole_trace(void **state)
{
	struct result res = { 0 };
	const struct ws_record *first = NULL, *wake = NULL;

	(void)state;
	run(&res, "../records/ctf/basic");
	assert_int_equal(res.code, 0);
	assert_int_equal(count(&res, WS_RECORD_WAIT_BEGIN), 71);
	assert_int_equal(count(&res, WS_RECORD_WAIT_END), 71);
	assert_int_equal(res.tables->n_processes, 2);
	assert_int_equal(res.tables->n_threads, 3);
	assert_int_equal(res.tables->processes[0].end, WS_END_EXITED);
	assert_int_equal(res.tables->processes[0].status, 3);
	assert_int_equal(res.tables->foreign, 1);
	assert_int_equal(res.tables->lost_events, 0);
	/* The one warning is the limit that the library said it reached. */
	assert_int_equal(res.tables->n_warnings, 1);
	assert_non_null(strstr(res.tables->warnings[0], "`held` 3 times"));
	/* The semaphore is one object although it is at two addresses. */
	for (size_t i = 0; i < res.n; i++) {
		if (res.records[i].type == WS_RECORD_WAIT_BEGIN && !first)
			first = &res.records[i];
		if (res.records[i].type == WS_RECORD_WAKE)
			wake = &res.records[i];
	}
	assert_memory_equal(&first->wait_begin.object, &wake->wake.object,
			    sizeof(struct ws_object_key));
	assert_int_equal(first->wait_begin.object.offset, 0x1010);
	clean(&res);
}

static void the_same_trace_gives_the_same(void **state)
{
	static const char *const names[] = { "../records/ctf/basic", "../records/ctf/lossy" };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct result a = { 0 }, b = { 0 };
		char *text_a, *text_b;

		run(&a, names[i]);
		run(&b, names[i]);
		text_a = text(&a);
		text_b = text(&b);
		assert_string_equal(text_a, text_b);
		free(text_a);
		free(text_b);
		clean(&a);
		clean(&b);
	}
}

static void loss_is_a_record_and_a_sum(void **state)
{
	struct result res = { 0 };

	(void)state;
	run(&res, "../records/ctf/lossy");
	assert_true(count(&res, WS_RECORD_LOSS) >= 1);
	assert_true(res.tables->lost_events >= 1);
	assert_int_equal(res.tables->events + res.tables->lost_events, 802);
	clean(&res);
}

static void a_cut_off_trace_is_read_with_a_warning(void **state)
{
	struct result res = { 0 };
	char dir[64];

	(void)state;
	trace_copy_make("basic", dir);
	trace_copy_cut(dir, "waits_0", 77);
	run(&res, dir);
	assert_int_equal(res.code, 0);
	assert_true(count(&res, WS_RECORD_WAIT_BEGIN) > 20);
	assert_int_equal(res.tables->lost_packets, 1);
	assert_int_equal(count(&res, WS_RECORD_LOSS), 1);
	assert_int_equal(res.records[res.n - 1].type, WS_RECORD_LOSS);
	assert_int_equal(res.tables->n_warnings, 2);
	clean(&res);
	trace_copy_remove(dir);
}

static void what_cant_be_read_is_one_line(void **state)
{
	static const char *const names[] = { "defs_0", "waits_0" };
	struct result res = { 0 };
	char dir[64] = "/tmp/waitscope-test.XXXXXX";

	(void)state;
	run(&res, "/nonexistent/folder");
	assert_int_equal(res.code, -ENOENT);
	clean(&res);
	assert_non_null(mkdtemp(dir));
	run(&res, dir);
	assert_int_equal(res.code, -EINVAL);
	clean(&res);
	assert_int_equal(rmdir(dir), 0);
	/* Traces of which nothing is left, with and without a trace of what was there. */
	for (int with_index = 0; with_index < 2; with_index++) {
		trace_copy_make("basic", dir);
		for (size_t i = 0; i < 2; i++) {
			char index[32];

			snprintf(index, sizeof(index), "index/%s.idx", names[i]);
			assert_int_equal(truncate(trace_copy_file(dir, names[i]), 0), 0);
			if (!with_index)
				unlink(trace_copy_file(dir, index));
		}
		run(&res, dir);
		assert_int_equal(res.code, -ENODATA);
		assert_non_null(strstr(res.error.text, "no event of waitscope's"));
		assert_int_equal(strstr(res.error.text, "cut off") != NULL, with_index);
		clean(&res);
		trace_copy_remove(dir);
	}
}

static void a_consumer_may_give_up(void **state)
{
	static const size_t stops[] = { 1, 100, 600 };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct result res = { .stop_after = stops[i] };

		run(&res, "../records/ctf/lossy");
		assert_int_equal(res.code, -EFBIG);
		assert_string_equal(res.error.text, "enough");
		assert_true(res.n >= stops[i]);
		clean(&res);
	}
}

static void only_the_tables_may_be_wanted(void **state)
{
	const struct ws_pipeline_sink sink = { NULL, NULL };
	const char *dir = "../records/ctf/basic";
	struct ws_error error = { "" };
	struct ws_trace *trace = NULL;

	(void)state;
	assert_int_equal(ws_pipeline_run(&dir, 1, &sink, &trace, &error), 0);
	assert_int_equal(ws_trace_tables(trace)->n_processes, 2);
	ws_trace_free(trace);
	ws_trace_free(NULL);
}

static void write_run_file(const char *dir, const char *content)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "%s/waitscope-run.json", dir);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(content, f);
	fclose(f);
}

static void the_recorders_word_on_the_end_counts(void **state)
{
	struct result res = { 0 };
	char dir[64];

	(void)state;
	trace_copy_make("basic", dir);
	write_run_file(dir, "{\"pid\": 100, \"status\": 9, \"command\": [\"basic\"]}");
	run(&res, dir);
	assert_int_equal(res.tables->processes[0].end, WS_END_SIGNALED);
	assert_int_equal(res.tables->processes[0].status, 9);
	assert_int_equal(res.tables->processes[1].end, WS_END_EXITED);
	clean(&res);
	write_run_file(dir, "{\"pid\": 100, \"status\": 9, \"comm");
	run(&res, dir);
	assert_int_equal(res.code, 0);
	assert_int_equal(res.tables->processes[0].end, WS_END_EXITED);
	assert_int_equal(res.tables->n_warnings, 2);
	clean(&res);
	trace_copy_remove(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_whole_trace),
		cmocka_unit_test(the_same_trace_gives_the_same),
		cmocka_unit_test(loss_is_a_record_and_a_sum),
		cmocka_unit_test(a_cut_off_trace_is_read_with_a_warning),
		cmocka_unit_test(what_cant_be_read_is_one_line),
		cmocka_unit_test(a_consumer_may_give_up),
		cmocka_unit_test(only_the_tables_may_be_wanted),
		cmocka_unit_test(the_recorders_word_on_the_end_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
