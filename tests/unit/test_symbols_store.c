/* SPDX-License-Identifier: MIT */
/* test_symbols_store.c: names that are kept in the trace folder, and what damage does to them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/unit/samples/sample.h"

/* What was resolved where the program ran reads the same where its files are not. */
static void test_store(void **state)
{
	char dir[] = "/tmp/test_symbols.XXXXXX", file[PATH_MAX], store[PATH_MAX];
	struct ws_task thread = { .start = SAMPLE_START };
	char *first, *second;
	size_t size, size_again;
	struct sample sample;
	const struct ws_frame *frame;
	uint64_t asked, unresolved;
	size_t n;

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(file, sizeof(file), "%s/gone.so", dir);
	snprintf(store, sizeof(store), "%s/" WS_SYMBOLS_FILE, dir);
	sample_start(&sample, "inlined.so");
	sample_copy_file(sample.path, file);
	snprintf(sample.path, sizeof(sample.path), "%s", file);
	sample.tables.threads = &thread;
	sample.tables.n_threads = 1;
	sample_open(&sample, dir);
	assert_null(ws_symbols_warning(sample.symbols)); /* no file yet: nothing is wrong */
	assert_int_equal(ws_symbols_save(sample.symbols, dir), 0);
	ws_symbols_counts(sample.symbols, &asked, &unresolved);
	assert_int_equal(asked, 0); /* saving is not asking */
	first = sample_read_file(store, &size);
	unlink(file);

	sample_open(&sample, NULL);
	assert_unknown(&sample, SAMPLE_INNER, true);
	sample_open(&sample, dir);
	assert_null(ws_symbols_warning(sample.symbols));
	assert_all_known(&sample);
	/* Optimised, the function begins with what is inlined into it. */
	assert_int_equal(ws_symbols_code(sample.symbols, SAMPLE_START, false, &frame, &n), 0);
	assert_string_equal(frame[n - 1].function, "sample_outer");
	assert_false(frame[n - 1].inlined);
	ws_symbols_counts(sample.symbols, &asked, &unresolved);
	assert_int_equal(asked, 4);
	assert_int_equal(unresolved, 0);

	/* Saved again without the files, nothing gets lost and no byte changes. */
	assert_int_equal(ws_symbols_save(sample.symbols, dir), 0);
	second = sample_read_file(store, &size_again);
	assert_int_equal(size, size_again);
	assert_memory_equal(first, second, size);

	/* Another build of the same path finds nothing in it. */
	sample.module.build_id[3] ^= 0xff;
	sample_open(&sample, dir);
	assert_unknown(&sample, SAMPLE_INNER, true);

	free(first);
	free(second);
	assert_int_equal(unlink(store), 0);
	assert_int_equal(rmdir(dir), 0); /* and no temporary file stays */
	assert_int_equal(ws_symbols_save(sample.symbols, dir), -ENOENT);
	sample_stop(&sample);
}

static void test_store_damaged(void **state)
{
	static const char *const texts[] = {
		"",
		"{",
		"[]",
		"null",
		"{\"format\": \"1\", \"modules\": []}",
		"{\"format\": 1}",
		"{\"format\": 1, \"modules\": [3]}",
		"{\"format\": 1, \"modules\": [{\"path\": \"x\", \"build_id\": \"\"}]}",
		"{\"format\": 2, \"modules\": []}",
		"\xff\xfe\0garbage",
	};
	char dir[] = "/tmp/test_symbols.XXXXXX", store[PATH_MAX], *good, *bad;
	struct sample sample;
	size_t size;

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(store, sizeof(store), "%s/" WS_SYMBOLS_FILE, dir);
	sample_start(&sample, "inlined.so");
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		sample_write_file(store, texts[i], strlen(texts[i]));
		sample_open(&sample, dir);
		assert_non_null(ws_symbols_warning(sample.symbols));
		assert_all_known(&sample);
	}

	/* Cut off anywhere, or with members of other types: never half used. */
	assert_int_equal(ws_symbols_save(sample.symbols, dir), 0);
	good = sample_read_file(store, &size);
	for (size_t cut = 0; cut + 2 < size; cut += 97) {
		sample_write_file(store, good, cut);
		sample_open(&sample, dir);
		assert_non_null(ws_symbols_warning(sample.symbols));
	}
	bad = strdup(good);
	assert_non_null(bad);
	memcpy(strstr(bad, "\"hidden_step\""), "1234567890123", 13);
	sample_write_file(store, bad, size);
	sample_open(&sample, dir);
	assert_non_null(ws_symbols_warning(sample.symbols));
	assert_all_known(&sample);
	free(bad);

	/* And the file is what is used where it is whole: a changed name shows. */
	memcpy(strstr(good, "\"hidden_step\""), "\"hidden_STEP\"", 13);
	sample_write_file(store, good, size);
	sample_open(&sample, dir);
	assert_null(ws_symbols_warning(sample.symbols));
	assert_string_equal(sample_frames(&sample, SAMPLE_HIDDEN, true, 1)->function,
			    "hidden_STEP");
	free(good);
	unlink(store);
	rmdir(dir);
	sample_stop(&sample);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_store),
		cmocka_unit_test(test_store_damaged),
	};

	unsetenv("DEBUGINFOD_CACHE_PATH");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
