/* SPDX-License-Identifier: MIT */
/* test_source.c: CTF folders to raw events: what is in them, by name, in order; and what becomes
 * of damaged ones. The traces are those of tests/records/ctf, whose *.events say what they hold. */
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
#include "analyzer/source/source.h"
#include "tests/support/trace_copy.h"

/* All that a run gave. */
struct result {
	int code;
	struct ws_error error;
	struct ws_raw_batch **batches; /* Owned by this */
	size_t n_batches, capacity;
	size_t by_type[WS_RAW_COUNT];
	uint64_t lost_events, lost_packets, foreign;
	char warnings[2048];
	size_t handed_out; /* batches that are with the source */
	int fail_after;    /* the callback fails after so many batches; -1: never */
};

static int get_empty(void *user, struct ws_raw_batch **batch)
{
	struct result *res = user;

	*batch = calloc(1, sizeof(**batch));
	res->handed_out++;
	return *batch ? 0 : -ENOMEM;
}

static int take_filled(void *user, struct ws_raw_batch *batch)
{
	struct result *res = user;

	res->handed_out--;
	if (res->fail_after == 0) {
		ws_arena_free(&batch->arena);
		free(batch);
		return -ECANCELED;
	}
	res->fail_after--;
	assert_int_equal(ws_grow(&res->batches, &res->capacity, res->n_batches + 1), 0);
	res->batches[res->n_batches++] = batch;
	for (size_t i = 0; i < batch->n; i++) {
		const struct ws_raw *raw = &batch->events[i];

		res->by_type[raw->type]++;
		if (raw->type == WS_RAW_LOSS) {
			res->lost_events += raw->loss.events;
			res->lost_packets += raw->loss.packets;
		} else if (raw->type == WS_RAW_FOREIGN) {
			res->foreign += raw->foreign.events;
		} else if (raw->type == WS_RAW_WARNING) {
			strncat(res->warnings, raw->warning.text,
				sizeof(res->warnings) - strlen(res->warnings) - 1);
		}
	}
	return 0;
}

static void run_n(struct result *res, const char *const *dirs, size_t n)
{
	struct ws_source_sink sink = { res, get_empty, take_filled };
	struct ws_source *source = NULL;
	int fail_after = res->fail_after;

	memset(res, 0, sizeof(*res));
	res->fail_after = fail_after;
	res->code = ws_source_open(dirs, n, 1, NULL, &source, &res->error);
	for (uint32_t i = 0; !res->code && i < ws_source_groups(source); i++)
		res->code = ws_source_read(source, i, &sink, &res->error);
	if (!res->code)
		res->code = ws_source_tell(source, &sink, &res->error);
	ws_source_free(source);
	assert_int_equal(res->handed_out, 0);
	assert_int_equal(res->code != 0 && res->code != -ECANCELED, res->error.text[0] != 0);
	assert_null(strchr(res->error.text, '\n'));
	assert_null(strchr(res->warnings, '\n'));
}

static void run(struct result *res, const char *dir)
{
	res->fail_after = -1;
	run_n(res, &dir, 1);
}

static void clean(struct result *res)
{
	for (size_t i = 0; i < res->n_batches; i++) {
		ws_arena_free(&res->batches[i]->arena);
		free(res->batches[i]);
	}
	free(res->batches);
}

/* The nth event of the type. */
static const struct ws_raw *nth(const struct result *res, int type, size_t n)
{
	for (size_t b = 0; b < res->n_batches; b++) {
		for (size_t i = 0; i < res->batches[b]->n; i++) {
			if (res->batches[b]->events[i].type == type && n-- == 0)
				return &res->batches[b]->events[i];
		}
	}
	fail_msg("there is no such event");
	return NULL;
}

static void assert_in_order(const struct result *res)
{
	uint64_t last = 0;

	for (size_t b = 0; b < res->n_batches; b++) {
		for (size_t i = 0; i < res->batches[b]->n; i++) {
			assert_true(res->batches[b]->events[i].at_ns >= last);
			last = res->batches[b]->events[i].at_ns;
		}
	}
}

static void every_event_and_field_arrives(void **state)
{
	struct result res;
	const struct ws_raw *raw;

	(void)state;
	run(&res, "../records/ctf/basic");
	assert_int_equal(res.code, 0);
	assert_string_equal(res.warnings, "");
	assert_int_equal(res.lost_events, 0);
	assert_int_equal(res.foreign, 1); /* lttng_ust_statedump:start */
	assert_int_equal(res.by_type[WS_RAW_wait_begin], 71);
	assert_int_equal(res.by_type[WS_RAW_wait_end], 71);
	assert_int_equal(res.by_type[WS_RAW_process], 4);
	assert_int_equal(res.by_type[WS_RAW_map], 2);
	assert_in_order(&res);

	raw = nth(&res, WS_RAW_wait_begin, 70);
	assert_int_equal(raw->common.pid, 100);
	assert_int_equal(raw->common.tid, 101);
	assert_int_equal(raw->wait_begin.seq, 71);
	assert_int_equal(raw->wait_begin.kind, WS_KIND_MUTEX);
	assert_int_equal(raw->wait_begin.object, 0x404040);
	assert_int_equal(raw->wait_begin.site, 0x401010);
	assert_int_equal(raw->wait_begin.holder, 100);
	assert_int_equal(raw->wait_begin.holder_site, 0x401500);
	raw = nth(&res, WS_RAW_wait_end, 0);
	assert_int_equal(raw->wait_end.index, -1); /* signed */
	assert_int_equal(raw->wait_end.outcome, WS_OUTCOME_ACQUIRED);
	raw = nth(&res, WS_RAW_stack, 0);
	assert_int_equal(raw->stack.depth, 2);
	assert_int_equal(raw->stack.frames[0], 0x401010);
	assert_int_equal(raw->stack.frames[1], 0x402020);
	raw = nth(&res, WS_RAW_module, 0);
	assert_int_equal(raw->module.build_id_size, 2);
	assert_int_equal(raw->module.build_id[1], 0xcd);
	assert_string_equal(raw->module.path, "/usr/bin/basic");
	raw = nth(&res, WS_RAW_process, 3);
	assert_int_equal(raw->process.op, WS_PROCESS_EXIT);
	assert_int_equal(raw->process.status, 3);
	assert_string_equal(raw->process.exe, "/usr/bin/basic");
	clean(&res);
}

static void loss_is_told_where_it_was_over(void **state)
{
	struct result res;
	const struct ws_raw *loss;

	(void)state;
	run(&res, "../records/ctf/lossy");
	assert_int_equal(res.code, 0);
	assert_true(res.lost_events >= 1);
	/* What arrived and what was counted as lost are all that was emitted. */
	assert_int_equal(res.by_type[WS_RAW_wait_begin] + res.by_type[WS_RAW_wait_end] +
				 res.by_type[WS_RAW_process] + res.lost_events,
			 802);
	assert_in_order(&res);
	loss = nth(&res, WS_RAW_LOSS, 0);
	assert_true(loss->at_ns > nth(&res, WS_RAW_process, 0)->at_ns);
	assert_true(loss->at_ns <= nth(&res, WS_RAW_process, 1)->at_ns);
	clean(&res);
}

static void fields_are_found_by_name(void **state)
{
	struct result res;
	char dir[64];

	(void)state;
	trace_copy_make("basic", dir);
	/* Swap the names of two fields: their values must swap. */
	assert_true(trace_copy_replace(dir, "metadata", " _pid;", " _xyz;", 6) > 10);
	trace_copy_replace(dir, "metadata", " _tid;", " _pid;", 6);
	trace_copy_replace(dir, "metadata", " _xyz;", " _tid;", 6);
	run(&res, dir);
	assert_int_equal(res.code, 0);
	assert_int_equal(nth(&res, WS_RAW_wait_begin, 0)->common.pid, 101);
	assert_int_equal(nth(&res, WS_RAW_wait_begin, 0)->common.tid, 100);
	clean(&res);

	assert_true(trace_copy_replace(dir, "metadata", " _holder_site;", " _holder_zite;", 14) >
		    1);
	run(&res, dir);
	assert_int_equal(res.code, -EINVAL);
	assert_non_null(strstr(res.error.text, "`holder_site`"));
	clean(&res);
	trace_copy_remove(dir);
}

static void a_newer_format_is_refused(void **state)
{
	static const unsigned char to[4] = { 99 };
	struct result res;
	unsigned char *bytes, *name;
	char dir[64];
	size_t n;

	(void)state;
	trace_copy_make("basic", dir);
	bytes = trace_copy_read(dir, "defs_0", &n);
	name = memmem(bytes, n, "basic\0/usr/bin/basic", 21);
	assert_non_null(name);
	/* Before the name: format, parent, child, status, of four bytes each. */
	assert_int_equal(name[-16], 1);
	trace_copy_write(dir, "defs_0", (uint64_t)(name - 16 - bytes), to, sizeof(to));
	free(bytes);
	run(&res, dir);
	assert_int_equal(res.code, -ENOTSUP);
	assert_non_null(strstr(res.error.text, "its format is 99"));
	clean(&res);
	trace_copy_remove(dir);
}

static void a_cut_off_file_gives_its_whole_packets(void **state)
{
	static const uint64_t cuts[] = { 1, 100, 4095 };
	struct result whole, res;
	char dir[64];

	(void)state;
	run(&whole, "../records/ctf/basic");
	for (size_t i = 0; i < sizeof(cuts) / sizeof(cuts[0]); i++) {
		trace_copy_make("basic", dir);
		trace_copy_cut(dir, "waits_0", cuts[i]);
		run(&res, dir);
		assert_int_equal(res.code, 0);
		assert_non_null(strstr(res.warnings, "waits_0 was cut off: 1 packets are read"));
		assert_int_equal(res.lost_packets, 1);
		assert_int_equal(res.by_type[WS_RAW_process], whole.by_type[WS_RAW_process]);
		assert_true(res.by_type[WS_RAW_wait_begin] > 20);
		assert_true(res.by_type[WS_RAW_wait_begin] < whole.by_type[WS_RAW_wait_begin]);
		assert_in_order(&res);
		clean(&res);
		trace_copy_remove(dir);
	}
	clean(&whole);
}

static void an_emptied_file_is_told(void **state)
{
	struct result res;
	char dir[64];

	(void)state;
	trace_copy_make("basic", dir);
	trace_copy_cut(dir, "waits_0", 8192);
	run(&res, dir);
	assert_int_equal(res.code, 0);
	assert_non_null(strstr(res.warnings, "waits_0 was cut off: 0 packets are read"));
	assert_int_equal(res.lost_packets, 2);
	assert_int_equal(res.by_type[WS_RAW_wait_begin], 0);
	assert_int_equal(res.by_type[WS_RAW_process], 4);
	clean(&res);
	trace_copy_remove(dir);
}

static void a_cut_off_file_without_index_is_left_out(void **state)
{
	struct result res;
	char dir[64];

	(void)state;
	trace_copy_make("basic", dir);
	trace_copy_cut(dir, "waits_0", 100);
	assert_int_equal(unlink(trace_copy_file(dir, "index/waits_0.idx")), 0);
	run(&res, dir);
	assert_int_equal(res.code, 0);
	assert_non_null(strstr(res.warnings, "waits_0 can't be read and is left out"));
	assert_int_equal(res.lost_packets, 1);
	assert_int_equal(res.by_type[WS_RAW_process], 4);
	clean(&res);
	trace_copy_remove(dir);
}

static void damage_in_one_stream_spares_the_others(void **state)
{
	unsigned char garbage[1024];
	struct result res;
	char dir[64];

	(void)state;
	trace_copy_make("basic", dir);
	memset(garbage, 0xff, sizeof(garbage));
	trace_copy_write(dir, "waits_0", 4096 + 512, garbage, sizeof(garbage));
	run(&res, dir);
	assert_int_equal(res.code, 0);
	assert_non_null(strstr(res.warnings, "is damaged, what follows in it is lost"));
	assert_non_null(strstr(res.warnings, dir));
	assert_null(strstr(res.warnings, "addr="));
	assert_true(res.lost_packets >= 1);
	assert_int_equal(res.by_type[WS_RAW_process],
			 4); /* the last one is later than the damage */
	assert_true(res.by_type[WS_RAW_wait_begin] > 20);
	assert_in_order(&res);
	clean(&res);
	trace_copy_remove(dir);
}

static void what_is_no_trace_is_a_clear_error(void **state)
{
	static const char garbage[] = "garbage garbage";
	struct result res;
	char dir[64] = "/tmp/waitscope-test.XXXXXX";

	(void)state;
	run(&res, "/nonexistent/folder");
	assert_int_equal(res.code, -ENOENT);
	assert_string_equal(res.error.text, "/nonexistent/folder: No such file or directory");
	run(&res, "/etc/passwd");
	assert_int_equal(res.code, -ENOTDIR);
	assert_non_null(mkdtemp(dir));
	run(&res, dir);
	assert_int_equal(res.code, -EINVAL);
	assert_non_null(strstr(res.error.text, "it holds no trace"));
	assert_int_equal(rmdir(dir), 0);

	trace_copy_make("basic", dir);
	trace_copy_write(dir, "metadata", 0, garbage, sizeof(garbage));
	run(&res, dir);
	assert_int_equal(res.code, -EINVAL);
	assert_non_null(strstr(res.error.text, dir));
	assert_int_equal(truncate(trace_copy_file(dir, "metadata"), 0), 0);
	run(&res, dir);
	assert_int_equal(res.code, -EINVAL);
	trace_copy_remove(dir);

	/* Metadata that ends within a packet. */
	trace_copy_make("basic", dir);
	trace_copy_cut(dir, "metadata", 1000);
	run(&res, dir);
	assert_int_equal(res.code, -EINVAL);
	assert_non_null(strstr(res.error.text, "metadata was cut off"));
	trace_copy_remove(dir);
}

static void two_folders_are_merged_by_time(void **state)
{
	const char *dirs[] = { "../records/ctf/basic", "../records/ctf/lossy" };
	struct result res = { .fail_after = -1 };

	(void)state;
	run_n(&res, dirs, 2);
	assert_int_equal(res.code, 0);
	assert_int_equal(res.by_type[WS_RAW_process], 4 + 2);
	assert_in_order(&res);
	clean(&res);
}

static void a_callback_can_stop_it(void **state)
{
	const char *dir = "../records/ctf/basic";
	struct result res = { .fail_after = 0 };

	(void)state;
	run_n(&res, &dir, 1);
	assert_int_equal(res.code, -ECANCELED);
	assert_string_equal(res.error.text, "");
	clean(&res);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_event_and_field_arrives),
		cmocka_unit_test(loss_is_told_where_it_was_over),
		cmocka_unit_test(fields_are_found_by_name),
		cmocka_unit_test(a_newer_format_is_refused),
		cmocka_unit_test(a_cut_off_file_gives_its_whole_packets),
		cmocka_unit_test(an_emptied_file_is_told),
		cmocka_unit_test(a_cut_off_file_without_index_is_left_out),
		cmocka_unit_test(damage_in_one_stream_spares_the_others),
		cmocka_unit_test(what_is_no_trace_is_a_clear_error),
		cmocka_unit_test(two_folders_are_merged_by_time),
		cmocka_unit_test(a_callback_can_stop_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
