/* SPDX-License-Identifier: MIT */
/* test_pipeline.c: the stages together: whole, damaged and empty traces, a consumer that gives up,
 * and that the same trace gives the same records each time, however many threads read it; and
 * several traces at once. */
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

static void run_as(struct result *res, const char *const *dirs, size_t n, unsigned int readers)
{
	const struct ws_pipeline_options options = { .readers = readers };
	const struct ws_pipeline_sink sink = { res, take };

	res->code = ws_pipeline_run_as(&options, dirs, n, &sink, &res->trace, &res->error);
	if (res->trace)
		res->tables = ws_trace_tables(res->trace);
	assert_int_equal(res->code == 0, res->trace != NULL);
	assert_int_equal(res->code == 0, res->error.text[0] == 0);
}

static void run(struct result *res, const char *dir)
{
	run_as(res, &dir, 1, 0);
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

/* The text of what the folders give is the same for any number of readers. */
static void assert_same_for_any(const char *const *dirs, size_t n)
{
	static const unsigned int readers[] = { 2, 3, 8 };
	struct result one = { 0 };
	char *text_one;

	run_as(&one, dirs, n, 1);
	assert_int_equal(one.code, 0);
	text_one = text(&one);
	for (size_t i = 0; i < 3; i++) {
		struct result res = { 0 };
		char *text_res;

		run_as(&res, dirs, n, readers[i]);
		assert_int_equal(res.code, 0);
		text_res = text(&res);
		assert_string_equal(text_res, text_one);
		free(text_res);
		clean(&res);
	}
	free(text_one);
	clean(&one);
}

/* A copy of a kept trace as if another host had made it. */
static void copy_of_host(const char *name, char last, char dir[static 64])
{
	size_t size;
	char *bytes, *host;

	trace_copy_make(name, dir);
	bytes = (char *)trace_copy_read(dir, "metadata", &size);
	host = memmem(bytes, size, "hostname = \"", 12);
	assert_non_null(host);
	trace_copy_write(dir, "metadata", (uint64_t)(host + 12 - bytes), &last, 1);
	/* Its clock is another one: LTTng's has the boot's uuid. */
	host = memmem(bytes, size, "clock {", 7);
	assert_non_null(host);
	host = memmem(host, size - (size_t)(host - bytes), "uuid = \"", 8);
	assert_non_null(host);
	trace_copy_write(dir, "metadata", (uint64_t)(host + 8 - bytes), &last, 1);
	free(bytes);
}

static void any_number_of_readers_gives_the_same(void **state)
{
	static const unsigned char garbage[512] = { 0xff, 0xff, 0xff };
	const char *kept[] = { "../records/ctf/basic", "../records/ctf/lossy" };
	char damaged[64], cut[64], other[64];
	const char *all[] = { kept[0], kept[1], damaged, cut, other };

	(void)state;
	trace_copy_make("basic", damaged);
	trace_copy_write(damaged, "waits_0", 4096 + 512, garbage, sizeof(garbage));
	trace_copy_make("lossy", cut);
	trace_copy_cut(cut, "waits_0", 100);
	copy_of_host("lossy", 'a', other);
	for (size_t i = 0; i < 5; i++)
		assert_same_for_any(&all[i], 1);
	assert_same_for_any(kept, 2);
	/* Many streams, many at the same time: two of each. */
	assert_same_for_any(all, 5);
	trace_copy_remove(damaged);
	trace_copy_remove(cut);
	trace_copy_remove(other);
}

static void hosts_have_pids_and_objects_of_their_own(void **state)
{
	char a[64], b[64];
	const char *dirs[] = { a, b };
	struct result one = { 0 }, both = { 0 };
	const struct ws_record *sems[2] = { NULL, NULL };
	size_t n_sems = 0;

	(void)state;
	copy_of_host("basic", 'a', a);
	copy_of_host("basic", 'b', b);
	run(&one, a);
	run_as(&both, dirs, 2, 2);
	assert_int_equal(both.code, 0);
	assert_int_equal(both.n, 2 * one.n);
	assert_int_equal(both.tables->n_recordings, 2);
	assert_int_equal(both.tables->n_processes, 2 * one.tables->n_processes);
	assert_int_equal(both.tables->n_threads, 2 * one.tables->n_threads);
	for (size_t i = 0; i < both.tables->n_processes; i++) {
		const struct ws_process *p = &both.tables->processes[i];

		assert_int_equal(p->end, WS_END_EXITED);
		assert_string_equal(both.tables->recordings[p->recording].host[0] == 'a' ? a : b,
				    dirs[both.tables->recordings[p->recording].dir]);
	}
	/* The semaphore in shared memory is each host's, though (device, inode) are the same. */
	for (size_t i = 0; i < both.n; i++)
		if (both.records[i].type == WS_RECORD_WAIT_BEGIN &&
		    both.records[i].wait_begin.object.kind == WS_KIND_SEM && n_sems < 2)
			sems[n_sems++] = &both.records[i];
	assert_int_equal(n_sems, 2);
	assert_int_equal(sems[0]->wait_begin.object.ino, sems[1]->wait_begin.object.ino);
	assert_int_not_equal(sems[0]->wait_begin.object.host, sems[1]->wait_begin.object.host);
	/* The modules have build ids, and are the same files. */
	assert_int_equal(both.tables->n_modules, one.tables->n_modules);
	assert_int_equal(one.tables->n_warnings, 1);
	assert_int_equal(both.tables->n_warnings, 3);
	assert_non_null(strstr(both.tables->warnings[2], "2 hosts (a"));
	clean(&one);
	clean(&both);
	trace_copy_remove(a);
	trace_copy_remove(b);
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

/* Two runs on one host: a pid that both had is another process in each. */
static void run_files_are_of_their_own_folders(void **state)
{
	char a[64], b[64], *bytes, *created;
	const char *dirs[] = { a, b };
	struct result res = { 0 };
	size_t size;

	(void)state;
	trace_copy_make("basic", a);
	trace_copy_make("basic", b);
	bytes = (char *)trace_copy_read(b, "metadata", &size);
	created = memmem(bytes, size, "trace_creation_datetime = \"", 27);
	assert_non_null(created);
	trace_copy_write(b, "metadata", (uint64_t)(created + 27 - bytes), "3", 1);
	free(bytes);
	write_run_file(a, "{\"pid\": 100, \"status\": 9}");
	write_run_file(b, "{\"pid\": 100, \"status\": 256}");
	run_as(&res, dirs, 2, 2);
	assert_int_equal(res.code, 0);
	assert_int_equal(res.tables->n_recordings, 2);
	for (size_t i = 0; i < res.tables->n_processes; i++) {
		const struct ws_process *p = &res.tables->processes[i];

		if (p->pid != 100)
			continue;
		assert_int_equal(p->end, p->recording ? WS_END_EXITED : WS_END_SIGNALED);
		assert_int_equal(p->status, p->recording ? 1 : 9);
	}
	/* One host, one clock: nothing to warn of but the limit that both say they reached. */
	assert_int_equal(res.tables->n_warnings, 2);
	clean(&res);
	trace_copy_remove(a);
	trace_copy_remove(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_whole_trace),
		cmocka_unit_test(the_same_trace_gives_the_same),
		cmocka_unit_test(any_number_of_readers_gives_the_same),
		cmocka_unit_test(hosts_have_pids_and_objects_of_their_own),
		cmocka_unit_test(run_files_are_of_their_own_folders),
		cmocka_unit_test(loss_is_a_record_and_a_sum),
		cmocka_unit_test(a_cut_off_trace_is_read_with_a_warning),
		cmocka_unit_test(what_cant_be_read_is_one_line),
		cmocka_unit_test(a_consumer_may_give_up),
		cmocka_unit_test(only_the_tables_may_be_wanted),
		cmocka_unit_test(the_recorders_word_on_the_end_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
