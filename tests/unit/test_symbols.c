/* SPDX-License-Identifier: MIT */
/* test_symbols.c: names of known code and data, from object files made in many ways.
 *
 * The truth comes from the samples themselves: each is loaded and run, and tells the addresses
 * that it saw; lines are those of the marks in their source.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/unit/samples/sample.h"

static void test_unoptimised(void **state)
{
	struct sample sample;
	const struct ws_frame *frames;

	(void)state;
	sample_start(&sample, "plain.so");
	assert_true(sample.module.build_id_size > 0);
	assert_all_known(&sample); /* always_inline is obeyed at -O0 too */
	frames = sample_frames(&sample, SAMPLE_HIDDEN, true, 1);
	assert_int_equal(frames->line, sample_line(SAMPLE_SOURCE, "hidden"));
	sample_stop(&sample);
}

/* A start routine's address is looked up as it is, a return address one byte before. */
static void test_return_address(void **state)
{
	struct sample sample;
	const char *function;

	(void)state;
	sample_start(&sample, "plain.so");
	assert_string_equal(sample_frames(&sample, SAMPLE_START, false, 1)->function,
			    "sample_outer");
	function = sample_frames(&sample, SAMPLE_START, true, 1)->function;
	assert_true(!function || strcmp(function, "sample_outer") != 0);
	sample_stop(&sample);
}

/* Each way of keeping debug information tells the same. */
static void test_inlined(void **state)
{
	static const char *const names[] = {
		"inlined.so", "linked.so", "nobuildid.so", "nobuildid_linked.so", "dwo.so",
#ifdef WS_SAMPLES_CLANG
		"clang.so", /* no .debug_aranges */
#endif
	};
	struct sample sample;

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		print_message("%s\n", names[i]);
		sample_start(&sample, names[i]);
		assert_int_equal(sample.module.build_id_size == 0, !strncmp(names[i], "nob", 3));
		assert_all_known(&sample);
		sample_stop(&sample);
	}
}

static void test_stripped(void **state)
{
	struct sample sample;

	(void)state;
	sample_start(&sample, "stripped.so");
	assert_frame(sample_frames(&sample, SAMPLE_INNER, true, 1), "sample_outer", NULL, 0, false);
	assert_unknown(&sample, SAMPLE_HIDDEN, true);
	assert_string_equal(sample_frames(&sample, SAMPLE_HIDDEN, true, 1)->module, sample.path);
	assert_int_equal(sample_frames(&sample, SAMPLE_HIDDEN, true, 1)->offset,
			 sample.codes[SAMPLE_HIDDEN].offset);
	assert_data(&sample, SAMPLE_ARRAY, "sample_array", 2 * sizeof(int));
	assert_no_data(&sample, SAMPLE_LOCAL);
	sample_stop(&sample);
}

static void test_minidebug(void **state)
{
	struct sample sample;

	(void)state;
	sample_start(&sample, "minidebug.so");
	assert_frame(sample_frames(&sample, SAMPLE_HIDDEN, true, 1), "hidden_step", NULL, 0, false);
	sample_stop(&sample);
}

/* Addresses of a program that is not position independent are its ELF addresses. */
static void test_executable(void **state)
{
	struct sample sample = { 0 };
	char id[2 * WS_BUILD_ID_MAX + 2] = "";
	void *inner, *hidden, *array;
	FILE *told;

	(void)state;
	snprintf(sample.path, sizeof(sample.path), "%s/executable", WS_SAMPLES);
	told = popen(WS_SAMPLES "/executable", "re");
	assert_non_null(told);
	assert_int_equal(fscanf(told, "%p %p %p", &inner, &hidden, &array), 3);
	assert_int_equal(pclose(told), 0);
	told = popen("LC_ALL=C readelf -n " WS_SAMPLES "/executable | sed -n 's/.*Build ID: //p'",
		     "re");
	assert_non_null(told);
	assert_non_null(fgets(id, sizeof(id), told));
	assert_int_equal(pclose(told), 0);
	for (size_t i = 0; id[2 * i] && id[2 * i] != '\n'; i++) {
		unsigned int byte;

		assert_int_equal(sscanf(id + 2 * i, "%2x", &byte), 1);
		sample.module.build_id[i] = (uint8_t)byte;
		sample.module.build_id_size = (uint32_t)i + 1;
	}
	sample.module.path = sample.path;
	sample.codes[SAMPLE_INNER].offset = (uintptr_t)inner;
	sample.codes[SAMPLE_ARRAY].offset = (uintptr_t)array;
	sample.tables = (struct ws_tables){ .modules = &sample.module,
					    .n_modules = 1,
					    .codes = sample.codes,
					    .n_codes = SAMPLE_CODES };
	sample_open(&sample, NULL);
	assert_frame(&sample_frames(&sample, SAMPLE_INNER, true, 3)[2], "sample_outer",
		     SAMPLE_SOURCE, sample_line(SAMPLE_SOURCE, "outer"), false);
	assert_data(&sample, SAMPLE_ARRAY, "sample_array", 2 * sizeof(int));
	sample_stop(&sample);
}

static void test_cplusplus(void **state)
{
	static const char *const names[] = { "cc.so", "cc_symbols.so" };
	struct sample sample;

	(void)state;
	for (int i = 0; i < 2; i++) {
		const struct ws_frame *frame;

		sample_load(&sample, names[i]);
		((int (*)(int))sample_symbol(&sample, "sample_cc_run"))(1);
		sample.codes[0].offset =
			sample_vaddr(&sample, *(void **)sample_symbol(&sample, "sample_cc_return"));
		sample.codes[1].offset =
			sample_vaddr(&sample, *(void **)sample_symbol(&sample, "sample_cc_data"));
		sample.codes[2].offset = sample_vaddr(
			&sample, *(void **)sample_symbol(&sample, "sample_cc_library"));
		sample_open(&sample, NULL);
		frame = sample_frames(&sample, 0, true, 1);
		assert_frame(frame, "pool::queue<int>::push", i == 0 ? SAMPLE_SOURCE_CC : NULL,
			     i == 0 ? sample_line(SAMPLE_SOURCE_CC, "push") : 0, false);
		assert_data(&sample, 1, "pool::gate", 0);
		frame = sample_frames(&sample, 2, true, 1);
		assert_string_equal(frame->function, "std::lock_guard<probe>::lock_guard");
		assert_int_equal(frame->file && strstr(frame->file, "/include/c++/"), i == 0);
		sample_stop(&sample);
	}
}

static void test_other_file_is_refused(void **state)
{
	struct sample sample;

	(void)state;
	sample_start(&sample, "inlined.so");
	sample.module.build_id[0] ^= 1;
	sample_open(&sample, NULL);
	assert_unknown(&sample, SAMPLE_INNER, true);
	assert_no_data(&sample, SAMPLE_ARRAY);
	sample.module.build_id_size = 0; /* the trace says that it had none */
	sample_open(&sample, NULL);
	assert_unknown(&sample, SAMPLE_INNER, true);
	sample_stop(&sample);

	sample_start(&sample, "nobuildid.so");
	sample.module.build_id_size = 20;
	sample_open(&sample, NULL);
	assert_unknown(&sample, SAMPLE_INNER, true);
	sample_stop(&sample);
}

static void test_no_file(void **state)
{
	char dir[] = "/tmp/test_symbols.XXXXXX", fifo[PATH_MAX];
	const char *const paths[] = { "",
				      "[vdso]",
				      "linux-vdso.so.1",
				      "/memfd:jit (deleted)",
				      "/nonexistent/lib.so",
				      "/dev/zero",
				      "/",
				      fifo };
	struct sample sample;
	uint64_t asked, unresolved;

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(fifo, sizeof(fifo), "%s/fifo", dir);
	assert_int_equal(mkfifo(fifo, 0600), 0);
	sample_start(&sample, "inlined.so");
	for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++) {
		sample.module.path = paths[i];
		sample_open(&sample, NULL);
		assert_unknown(&sample, SAMPLE_INNER, true);
		assert_no_data(&sample, SAMPLE_ARRAY);
	}
	unlink(fifo);
	rmdir(dir);

	sample.codes[SAMPLE_INNER] = (struct ws_code){ .module = WS_UNKNOWN, .offset = 0x1234 };
	sample_open(&sample, NULL);
	assert_unknown(&sample, SAMPLE_INNER, true);
	assert_null(sample_frames(&sample, SAMPLE_INNER, true, 1)->module);
	assert_int_equal(sample_frames(&sample, SAMPLE_INNER, true, 1)->offset, 0x1234);
	assert_no_data(&sample, SAMPLE_INNER);
	assert_unknown(&sample, WS_UNKNOWN, true);
	assert_unknown(&sample, SAMPLE_CODES, false);
	assert_no_data(&sample, WS_UNKNOWN);
	ws_symbols_counts(sample.symbols, &asked, &unresolved);
	assert_int_equal(asked, unresolved);
	sample_stop(&sample);
	ws_symbols_free(NULL);
}

static void test_counts(void **state)
{
	struct sample sample;
	uint64_t asked, unresolved;

	(void)state;
	sample_start(&sample, "stripped.so");
	sample_frames(&sample, SAMPLE_INNER, true, 1);
	sample_frames(&sample, SAMPLE_INNER, true, 1);
	sample_frames(&sample, SAMPLE_HIDDEN, true, 1);
	assert_data(&sample, SAMPLE_ARRAY, "sample_array", 2 * sizeof(int));
	ws_symbols_counts(sample.symbols, &asked, &unresolved);
	assert_int_equal(asked, 2);
	assert_int_equal(unresolved, 1);
	sample_stop(&sample);
}

/* A file that is cut off or scrambled tells less, and never harms. */
static void test_damaged_file(void **state)
{
	char dir[] = "/tmp/test_symbols.XXXXXX", path[PATH_MAX], *good;
	const struct ws_frame *frames;
	struct sample sample;
	unsigned int seed = 1, known = 0;
	size_t size, n;

	(void)state;
	assert_non_null(mkdtemp(dir));
	sample_start(&sample, "inlined.so");
	good = sample_read_file(sample.path, &size);
	snprintf(path, sizeof(path), "%s/damaged.so", dir);
	sample.module.path = path;
	for (size_t cut = 0; cut < size; cut += size / 50) {
		sample_write_file(path, good, cut);
		sample_open(&sample, NULL);
		for (uint32_t code = 0; code < SAMPLE_CODES; code++)
			assert_int_equal(ws_symbols_code(sample.symbols, code, true, &frames, &n),
					 0);
		assert_true(n >= 1);
		assert_int_not_equal(ws_symbols_save(sample.symbols, "/nonexistent"), 0);
	}
	for (int round = 0; round < 200; round++) {
		char *bad = malloc(size);

		assert_non_null(bad);
		memcpy(bad, good, size);
		for (int i = 0; i < 40; i++) /* past the notes, so that the build id stays */
			bad[1024 + (size_t)rand_r(&seed) % (size - 1024)] = (char)rand_r(&seed);
		sample_write_file(path, bad, size);
		free(bad);
		sample_open(&sample, NULL);
		for (uint32_t code = 0; code < SAMPLE_CODES; code++)
			assert_int_equal(ws_symbols_code(sample.symbols, code, true, &frames, &n),
					 0);
		known += frames[0].function != NULL;
	}
	assert_in_range(known, 20, 199); /* the damage is neither none nor everything */
	free(good);
	unlink(path);
	rmdir(dir);
	sample_stop(&sample);
}

/* debuginfod's cache has the only copy: names come from there. */
static void test_debuginfod_cache(void **state)
{
	char dir[] = "/tmp/test_symbols.XXXXXX", sub[PATH_MAX], file[PATH_MAX + 16];
	struct sample sample;
	int n;

	(void)state;
	assert_non_null(mkdtemp(dir));
	sample_start(&sample, "inlined.so");
	n = snprintf(sub, sizeof(sub), "%s/", dir);
	for (uint32_t i = 0; i < sample.module.build_id_size; i++)
		n += snprintf(sub + n, sizeof(sub) - (size_t)n, "%02x", sample.module.build_id[i]);
	assert_int_equal(mkdir(sub, 0700), 0);
	snprintf(file, sizeof(file), "%s/debuginfo", sub);
	sample_copy_file(WS_SAMPLES "/linked.so.debug", file);
	setenv("DEBUGINFOD_CACHE_PATH", dir, 1);
	snprintf(sample.path, sizeof(sample.path), "/nonexistent/inlined.so");
	sample_open(&sample, NULL);
	assert_all_known(&sample);
	unsetenv("DEBUGINFOD_CACHE_PATH");
	unlink(file);
	rmdir(sub);
	rmdir(dir);
	sample_stop(&sample);
}

static void test_runtime(void **state)
{
	static const char *const runtime[] = {
		"/usr/lib/x86_64-linux-gnu/libc.so.6",
		"/lib64/ld-linux-x86-64.so.2",
		"/usr/lib/x86_64-linux-gnu/libstdc++.so.6.0.30",
		"/home/me/build/lib/libwaitscope.so",
		"/usr/lib/x86_64-linux-gnu/liblttng-ust.so.1.0.0",
		"/usr/lib/x86_64-linux-gnu/libunwind.so.8.0.1",
		"/lib/x86_64-linux-gnu/libpthread-2.31.so",
		"linux-vdso.so.1",
	};
	static const char *const program[] = {
		"",
		"/usr/bin/pbzip2",
		"/usr/lib/libcrypto.so.3",
		"/usr/lib/libcurl.so.4",
		"/opt/libc.so.d/app",
		"/usr/lib/mylibc.so.6",
		"/usr/lib/libcap.so.2",
	};
	struct ws_module module = { .path = "" };
	struct ws_tables tables = { .modules = &module, .n_modules = 1 };
	struct ws_symbols *symbols = NULL;

	(void)state;
	assert_int_equal(ws_symbols_new(&tables, NULL, &symbols), 0);
	for (size_t i = 0; i < sizeof(runtime) / sizeof(*runtime); i++) {
		module.path = runtime[i];
		assert_true(ws_symbols_is_runtime(symbols, 0));
	}
	for (size_t i = 0; i < sizeof(program) / sizeof(*program); i++) {
		module.path = program[i];
		assert_false(ws_symbols_is_runtime(symbols, 0));
	}
	assert_false(ws_symbols_is_runtime(symbols, 1));
	assert_false(ws_symbols_is_runtime(symbols, WS_UNKNOWN));
	ws_symbols_free(symbols);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_unoptimised),  cmocka_unit_test(test_return_address),
		cmocka_unit_test(test_inlined),      cmocka_unit_test(test_stripped),
		cmocka_unit_test(test_minidebug),    cmocka_unit_test(test_executable),
		cmocka_unit_test(test_cplusplus),    cmocka_unit_test(test_other_file_is_refused),
		cmocka_unit_test(test_no_file),      cmocka_unit_test(test_counts),
		cmocka_unit_test(test_damaged_file), cmocka_unit_test(test_debuginfod_cache),
		cmocka_unit_test(test_runtime),
	};

	unsetenv("DEBUGINFOD_CACHE_PATH");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
