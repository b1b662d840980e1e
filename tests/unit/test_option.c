/* SPDX-License-Identifier: MIT */
/* test_option.c: times and sizes as people write them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "analyzer/option.h"

static void times(void **state)
{
	static const struct {
		const char *text;
		uint64_t ns;
	} good[] = {
		{ "0", 0 },
		{ "3", 3000000000u },
		{ "1.5s", 1500000000u },
		{ "0.5ms", 500000 },
		{ "20us", 20000 },
		{ "7ns", 7 },
		{ "2m", 120000000000u },
		{ "1h", 3600000000000u },
	};
	static const char *const bad[] = { "",    "s",     "-1",   "+1",         " 1",
					   "1 s", "1x",    "0x10", "1e3s",       "inf",
					   "nan", "1.2.3", "1ss",  "9999999999h" };
	uint64_t ns;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_int_equal(ws_option_time(good[i].text, &ns), 0);
		assert_int_equal(ns, good[i].ns);
	}
	ns = 42;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (ws_option_time(bad[i], &ns) == 0)
			fail_msg("\"%s\" was taken for a time", bad[i]);
		assert_int_equal(ns, 42);
	}
}

static void sizes(void **state)
{
	uint64_t bytes = 42;

	(void)state;
	assert_int_equal(ws_option_bytes("16M", &bytes), 0);
	assert_int_equal(bytes, 16u << 20);
	assert_int_equal(ws_option_bytes("512k", &bytes), 0);
	assert_int_equal(bytes, 512u << 10);
	assert_int_equal(ws_option_bytes("4096", &bytes), 0);
	assert_int_equal(bytes, 4096);
	assert_int_equal(ws_option_bytes("1.5G", &bytes), 0);
	assert_int_equal(bytes, 3ull << 29);
	assert_true(ws_option_bytes("16T", &bytes) < 0);
	assert_true(ws_option_bytes("99999999999G", &bytes) < 0);
	assert_true(ws_option_bytes("M", &bytes) < 0);
	assert_int_equal(bytes, 3ull << 29);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(times),
		cmocka_unit_test(sizes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
