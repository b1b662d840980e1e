/* SPDX-License-Identifier: MIT */
/* test_base.c: what the rooms build on: growing arrays, arenas, strings, the 64-bit map, errors. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "analyzer/base/arena.h"
#include "analyzer/base/error.h"
#include "analyzer/base/grow.h"
#include "analyzer/base/map64.h"
#include "analyzer/base/strings.h"
#include "analyzer/base/utf8.h"

static void grow_keeps_and_zeroes(void **state)
{
	uint32_t *a = NULL;
	size_t capacity = 0, before;

	(void)state;
	for (uint32_t i = 0; i < 1000; i++) {
		assert_int_equal(ws_grow(&a, &capacity, i + 1), 0);
		assert_int_equal(a[i], 0);
		a[i] = i;
	}
	for (uint32_t i = 0; i < 1000; i++)
		assert_int_equal(a[i], i);
	before = capacity;
	assert_int_equal(ws_grow(&a, &capacity, SIZE_MAX / 2), -12);
	assert_int_equal(capacity, before);
	assert_int_equal(a[999], 999);
	free(a);
}

static void arena_pieces_do_not_overlap(void **state)
{
	struct ws_arena arena = { 0 };
	char *pieces[500];

	(void)state;
	for (int round = 0; round < 3; round++) {
		for (size_t i = 0; i < 500; i++) {
			size_t size = i * 7 % 300 + (i == 250 ? 100000 : 1);

			pieces[i] = ws_arena_alloc(&arena, size);
			assert_non_null(pieces[i]);
			assert_int_equal((uintptr_t)pieces[i] % _Alignof(max_align_t), 0);
			memset(pieces[i], (int)i, size);
		}
		for (size_t i = 0; i < 500; i++)
			assert_int_equal((unsigned char)pieces[i][i * 7 % 300], i & 255);
		ws_arena_reset(&arena);
	}
	assert_string_equal(ws_arena_strdup(&arena, "copy"), "copy");
	assert_null(ws_arena_alloc(&arena, SIZE_MAX));
	ws_arena_free(&arena);
	ws_arena_free(&arena);
}

static void equal_strings_are_one(void **state)
{
	struct ws_strings *strings = ws_strings_new();
	char name[16];
	const char *first[300];

	(void)state;
	for (int i = 0; i < 300; i++) {
		snprintf(name, sizeof(name), "name-%d", i);
		first[i] = ws_strings_intern(strings, name);
		assert_string_equal(first[i], name);
	}
	for (int i = 0; i < 300; i++) {
		snprintf(name, sizeof(name), "name-%d", i);
		assert_ptr_equal(ws_strings_intern(strings, name), first[i]);
	}
	assert_string_equal(ws_strings_intern(strings, ""), "");
	assert_ptr_equal(ws_strings_intern(strings, ""), ws_strings_intern(strings, ""));
	ws_strings_free(strings);
	ws_strings_free(NULL);
}

static void map_finds_what_was_put(void **state)
{
	struct ws_map64 map = { 0 }, copy = { 0 };
	uint32_t value = 77;

	(void)state;
	assert_false(ws_map64_get(&map, 0, &value));
	assert_int_equal(value, 77);
	for (uint64_t i = 0; i < 5000; i++)
		assert_int_equal(ws_map64_put(&map, i * 4096, (uint32_t)i), 0);
	assert_int_equal(map.n, 5000);
	assert_int_equal(ws_map64_put(&map, 4096, 99), 0);
	assert_int_equal(map.n, 5000);
	assert_int_equal(ws_map64_copy(&copy, &map), 0);
	ws_map64_clear(&map);
	assert_false(ws_map64_get(&map, 4096, &value));
	for (uint64_t i = 0; i < 5000; i++) {
		assert_true(ws_map64_get(&copy, i * 4096, &value));
		assert_int_equal(value, i == 1 ? 99 : i);
		assert_false(ws_map64_get(&copy, i * 4096 + 1, &value));
	}
	assert_int_equal(ws_map64_put(&map, UINT64_MAX, 1), 0);
	assert_true(ws_map64_get(&map, UINT64_MAX, &value));
	ws_map64_free(&map);
	ws_map64_free(&copy);
}

static void the_first_error_counts(void **state)
{
	struct ws_error error = { "" };

	(void)state;
	assert_int_equal(ws_error_set(&error, -5, "first %d", 1), -5);
	assert_int_equal(ws_error_set(&error, -6, "second"), -6);
	assert_string_equal(error.text, "first 1");
	assert_int_equal(ws_error_set(NULL, -7, "nobody listens"), -7);
}

static void utf8(void **state)
{
	static const char *const good[] = { "",
					    "plain\t\n",
					    "\xc3\xa9",
					    "\xe2\x82\xac",
					    "\xf0\x9f\x94\x92",
					    "\xed\x9f\xbf",
					    "\xee\x80\x80",
					    "\xf4\x8f\xbf\xbf" };
	/* Alone, overlong, surrogates, too large, cut short. */
	static const char *const bad[] = { "\x80",         "\xc0\xaf",
					   "\xe0\x9f\xbf", "\xf0\x8f\xbf\xbf",
					   "\xed\xa0\x80", "\xf4\x90\x80\x80",
					   "\xff",         "a\xe2\x82",
					   "\xe2(\xa1" };
	char text[] = "caf\xe9 \xc3\xa9";

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++)
		assert_true(ws_utf8_is_valid(good[i]));
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_false(ws_utf8_is_valid(bad[i]));
	ws_utf8_clean(text);
	assert_string_equal(text, "caf? ??");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(grow_keeps_and_zeroes),
		cmocka_unit_test(arena_pieces_do_not_overlap),
		cmocka_unit_test(equal_strings_are_one),
		cmocka_unit_test(map_finds_what_was_put),
		cmocka_unit_test(the_first_error_counts),
		cmocka_unit_test(utf8),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
