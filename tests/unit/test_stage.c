/* SPDX-License-Identifier: MIT */
/* test_stage.c: the analyses in threads of their own give the same report, byte by byte, as told by
 * the model itself, for every case in tests/records; and errors and stops reach both sides.
 */
#include <dirent.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "analyzer/model/model.h"
#include "analyzer/stage.h"
#include "tests/support/case_report.h"

#define RECORDS_DIR "../records"

/* So small that nearly every item is a batch, or longer than one; and what is really used. */
static const size_t batch_sizes[] = { 64, 2000, WS_STAGE_BATCH_BYTES };

/* The report of the records in so many threads; 0: without a stage. To be freed. */
static char *report_of(struct case_trace *trace, unsigned int threads, size_t batch_bytes)
{
	struct ws_model_observer observers[WS_STAGE_MOST], observer;
	struct case_report report;
	struct ws_stage *stage = NULL;
	char *json, *text, *both;
	const struct ws_text_style style = { .utf8 = true, .stacks = true };

	const struct ws_tables *tables = case_trace_tables(trace);
	/* The moment of a snapshot is kept by time, whatever records an analysis hears of. */
	const struct ws_setup setup = {
		.filter = { .to_ns = UINT64_MAX },
		.graph = { true, true, (tables->end_ns - tables->begin_ns) / 2,
			   WS_GRAPH_BY_THREAD },
		.intervals = 1000,
	};

	case_report_open(&setup, &report);
	observers[0] = observer = ws_analyses_observer(report.analyses);
	if (threads > 1) {
		for (unsigned int i = 0; i < threads; i++)
			observers[i] = ws_analyses_group(report.analyses, i);
	}
	if (threads) {
		assert_int_equal(ws_stage_new(observers, threads, batch_bytes, &stage), 0);
		observer = ws_stage_observer(stage);
	}
	case_report_tell(&report, trace, &observer);
	if (stage)
		assert_int_equal(ws_stage_finish(stage), 0);
	case_report_close(&report, trace);
	json = case_report_json(&report);
	text = case_report_text(&report, &style);
	assert_true(asprintf(&both, "%s%s", json, text) >= 0);
	free(json);
	free(text);
	ws_stage_free(stage);
	case_report_free(&report);
	return both;
}

/* Compares all forms of one trace, which is freed. */
static void compare(struct case_trace *trace, const char *name)
{
	char *expected = report_of(trace, 0, 0);

	for (size_t i = 0; i < sizeof(batch_sizes) / sizeof(*batch_sizes); i++) {
		for (unsigned int threads = 1; threads <= WS_STAGE_MOST; threads++) {
			char *got = report_of(trace, threads, batch_sizes[i]);

			if (strcmp(got, expected) != 0)
				fail_msg("%s: %u threads, batches of %zu bytes\nexpected:\n%s\n"
					 "got:\n%s",
					 name, threads, batch_sizes[i], expected, got);
			free(got);
		}
	}
	free(expected);
	case_trace_free(trace);
}

/* Returns how many cases the file has. */
static int compare_file(const char *path)
{
	struct case_trace *trace = NULL;
	char line[1024], name[1024] = "";
	FILE *file = fopen(path, "r");
	int n = 0;

	assert_non_null(file);
	while (fgets(line, sizeof(line), file)) {
		line[strcspn(line, "\n")] = 0;
		if (strncmp(line, "case ", 5) == 0) {
			if (trace)
				compare(trace, name);
			trace = case_trace_new();
			snprintf(name, sizeof(name), "%.500s: %.500s", path, line + 5);
			n++;
		} else if (line[0] && !strchr("#=!", line[0])) {
			assert_null(case_trace_line(trace, line));
		}
	}
	if (trace)
		compare(trace, name);
	fclose(file);
	return n;
}

static int is_case_file(const struct dirent *entry)
{
	size_t length = strlen(entry->d_name);

	return length > 5 && strcmp(entry->d_name + length - 5, ".case") == 0;
}

static void every_case_is_the_same_in_threads(void **state)
{
	struct dirent **entries;
	int n = scandir(RECORDS_DIR, &entries, is_case_file, alphasort);
	int cases = 0;

	(void)state;
	assert_true(n > 0);
	for (int i = 0; i < n; i++) {
		char path[512];

		snprintf(path, sizeof(path), "%s/%s", RECORDS_DIR, entries[i]->d_name);
		cases += compare_file(path);
		free(entries[i]);
	}
	free(entries);
	print_message("%d cases in %d files\n", cases, n);
	assert_true(cases > 0);
	compare(case_trace_read(RECORDS_DIR "/reports/server.records"), "server.records");
}

/* One line of a trace. */
static void line(struct case_trace *trace, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void line(struct case_trace *trace, const char *format, ...)
{
	char text[256];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	assert_null(case_trace_line(trace, text));
}

/* Objects that the model learns more of once the analyses know them: the site and the name that an
 * init says, where it comes after the first waits, and what is in static storage. With small
 * batches an analysis that reads these before the end does so while they are written, which
 * ThreadSanitizer sees. */
static void objects_may_change_meanwhile(void **state)
{
	static const char *const kinds[] = { "mutex", "rwlock", "barrier", "sem", "cond" };
	struct case_trace *trace = case_trace_new();
	unsigned long at = 1;

	(void)state;
	for (int i = 0; i < 60; i++) {
		for (size_t k = 0; k < sizeof(kinds) / sizeof(*kinds); k++) {
			/* Waits before, at the time of, and after the init. */
			for (int turn = 0; turn < 3; turn++) {
				line(trace, "%lu A begin %s:*o%d site=wait@a.c:%d", at, kinds[k], i,
				     turn + 1);
				line(trace, "%lu B begin %s:*o%d site=wait@b.c:%d", at + 1,
				     kinds[k], i, turn + 1);
				line(trace, "%lu C wake %s %s:*o%d", at + 2,
				     k < 2    ? "unlock"
				     : k == 3 ? "post"
					      : "broadcast",
				     kinds[k], i);
				line(trace, "%lu A end acquired", at + 3);
				line(trace, "%lu B end acquired", at + 4);
				line(trace,
				     "%lu C object %s %s:*o%d name=called%d site=make@c.c:%d "
				     "data=o%d",
				     at + 5, turn ? "open" : "init", kinds[k], i, i, i + 1, i);
				at += 6;
			}
		}
	}
	compare(trace, "objects that change");
}

/* What one thread heard. */
struct heard {
	uint64_t waits, bytes; /* how many, and the sum of what they point to */
	uint64_t fails_at;     /* the wait at which it fails; 0: none */
	int error;
};

static int hear_wait(void *context, const struct ws_wait *wait)
{
	struct heard *heard = context;

	heard->waits++;
	for (size_t i = 0; i < wait->n_charges; i++)
		heard->bytes += wait->charges[i].ns;
	for (size_t i = 0; i < wait->n_pieces; i++)
		heard->bytes += wait->pieces[i].to_ns;
	heard->bytes += wait->object->id;
	return heard->waits == heard->fails_at ? heard->error : 0;
}

/* A wait of thread `i % 4` for a mutex that thread 9 holds, as its begin or its end. */
static struct ws_record record_of(uint64_t i)
{
	const struct ws_holder holder = { 9, 1, WS_UNKNOWN };
	struct ws_record record = { .at_ns = i + 1, .thread = (uint32_t)(i / 2 % 4) };

	if (i % 2 == 0) {
		record.type = WS_RECORD_WAIT_BEGIN;
		record.wait_begin.seq = (uint32_t)(i / 2 + 1);
		record.wait_begin.object.kind = WS_KIND_MUTEX;
		record.wait_begin.object.offset = 0x1000 + i / 2 % 7;
		record.wait_begin.data = record.wait_begin.site = record.wait_begin.stack =
			WS_UNKNOWN;
		record.wait_begin.holder = holder;
	} else {
		record.type = WS_RECORD_WAIT_END;
		record.wait_end.seq = (uint32_t)(i / 2 + 1);
		record.wait_end.outcome = WS_OUTCOME_TIMEOUT;
		record.wait_end.index = -1;
		record.wait_end.holder = holder;
	}
	return record;
}

#define WAITS 20000

/* Runs WAITS waits through a stage of two. What the model returned last. */
static int run_two(struct heard *heard, bool finish)
{
	struct ws_model_observer observers[2];
	struct ws_stage *stage = NULL;
	struct ws_model *model = NULL;
	struct ws_model_observer observer;
	int r = 0;

	for (int i = 0; i < 2; i++)
		observers[i] =
			(struct ws_model_observer){ .context = &heard[i], .wait = hear_wait };
	assert_int_equal(ws_stage_new(observers, 2, 4096, &stage), 0);
	observer = ws_stage_observer(stage);
	assert_int_equal(ws_model_new(&observer, &model), 0);
	for (uint64_t i = 0; i < 2 * (uint64_t)WAITS && r == 0; i++) {
		struct ws_record record = record_of(i);

		r = ws_model_record(model, &record);
	}
	if (finish) {
		int finished = ws_stage_finish(stage);

		r = r ? r : finished;
	}
	ws_stage_free(stage);
	ws_model_free(model);
	return r;
}

static void all_hear_everything(void **state)
{
	struct heard heard[2] = { { .waits = 0 } };

	(void)state;
	assert_int_equal(run_two(heard, true), 0);
	assert_int_equal(heard[0].waits, WAITS);
	assert_int_equal(heard[1].waits, WAITS);
	assert_true(heard[0].bytes > 0);
	assert_int_equal(heard[0].bytes, heard[1].bytes);
}

/* It stops the model long before the end, and the other thread. */
static void the_error_of_one_stops_all(void **state)
{
	(void)state;
	for (int which = 0; which < 2; which++) {
		struct heard heard[2] = { { .waits = 0 } };

		heard[which].fails_at = 100;
		heard[which].error = -ENOSPC;
		assert_int_equal(run_two(heard, true), -ENOSPC);
		assert_int_equal(heard[which].waits, 100);
		assert_true(heard[!which].waits < WAITS);
	}
}

/* That of the last wait is found by the finish at the latest. */
static void a_late_error_is_returned(void **state)
{
	struct heard heard[2] = { { .waits = 0 }, { .fails_at = WAITS, .error = -ENOMEM } };

	(void)state;
	assert_int_equal(run_two(heard, true), -ENOMEM);
}

static void a_stage_can_be_left_in_the_middle(void **state)
{
	struct heard heard[2] = { { .waits = 0 } };

	(void)state;
	assert_int_equal(run_two(heard, false), 0);
	ws_stage_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_case_is_the_same_in_threads),
		cmocka_unit_test(objects_may_change_meanwhile),
		cmocka_unit_test(all_hear_everything),
		cmocka_unit_test(the_error_of_one_stops_all),
		cmocka_unit_test(a_late_error_is_returned),
		cmocka_unit_test(a_stage_can_be_left_in_the_middle),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
