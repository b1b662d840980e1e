/* SPDX-License-Identifier: MIT */
/* test_byte_waiters: locks that overlap always see each other's waiters, and most others do not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "preload/byte_waiters.h"

static struct ws_shared shared;
static const struct ws_file file = { 8, 4711 }, other = { 8, 4712 };

static void count(struct ws_extent extent, bool begins)
{
	struct ws_wait_other keys[WS_BYTE_KEYS];
	size_t n = ws_byte_waiters(&file, extent, keys);
	uintptr_t whole = ws_waiters_key(WS_KIND_RECORD_LOCK, file.ino, file.dev, false);

	assert_in_range(n, 1, WS_BYTE_KEYS);
	(begins ? ws_waiters_add : ws_waiters_sub)(whole, true);
	for (size_t i = 0; i < n; i++)
		(begins ? ws_waiters_add : ws_waiters_sub)(keys[i].key, true);
}

static bool sees(struct ws_extent waits, struct ws_extent released)
{
	bool seen;

	count(waits, true);
	seen = ws_bytes_waited(&file, released);
	assert_false(ws_bytes_waited(&other, released) && !seen);
	count(waits, false);
	assert_false(ws_bytes_waited(&file, released));
	return seen;
}

static void what_overlaps_is_seen(void **state)
{
	static const uint64_t edges[] = { 0,   1,   63,   64,   65,    127,        255,
					  256, 320, 1000, 4096, 65536, 1073741824, UINT64_MAX };
	enum { N = sizeof(edges) / sizeof(edges[0]) };

	(void)state;
	for (size_t a = 0; a < N; a++)
		for (size_t b = a + 1; b < N; b++)
			for (size_t c = 0; c < N; c++)
				for (size_t d = c + 1; d < N; d++) {
					const struct ws_extent x = { edges[a], edges[b] };
					const struct ws_extent y = { edges[c], edges[d] };

					if (x.start < y.end && y.start < x.end)
						assert_true(sees(x, y));
				}
}

static void what_is_elsewhere_is_not(void **state)
{
	size_t seen = 0;

	(void)state;
	for (uint64_t at = 64; at < 64 * 1000; at += 64)
		seen += sees((struct ws_extent){ 0, 8 }, (struct ws_extent){ at, at + 8 });
	assert_in_range(seen, 0, 20); /* by chance */
	assert_true(sees((struct ws_extent){ 0, 8 }, WS_EXTENT_ALL));
	assert_true(sees(WS_EXTENT_ALL, (struct ws_extent){ 5000, 5001 }));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_overlaps_is_seen),
		cmocka_unit_test(what_is_elsewhere_is_not),
	};

	ws_waiters_shared = &shared;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
