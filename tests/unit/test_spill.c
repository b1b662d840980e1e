/* SPDX-License-Identifier: MIT */
/* test_spill: what was put last comes first, whole, however much it is; errors of the disk are told. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "analyzer/base/spill.h"

/* Any size, and what tells the entries apart. */
static size_t size_of(uint32_t number)
{
	return (number * 2654435761u >> 7) % 3000;
}

static void push(struct ws_spill *spill, uint32_t number)
{
	void *entry;

	assert_int_equal(ws_spill_push(spill, size_of(number), &entry), 0);
	assert_int_equal((uintptr_t)entry % sizeof(uint64_t), 0);
	memset(entry, (int)(number & 0xff), size_of(number));
}

static void pop(struct ws_spill *spill, uint32_t number)
{
	const unsigned char *bytes;
	const void *entry;
	size_t size;

	assert_int_equal(ws_spill_pop(spill, &entry, &size), 1);
	assert_int_equal(size, size_of(number));
	bytes = entry;
	for (size_t i = 0; i < size; i++)
		assert_int_equal(bytes[i], number & 0xff);
}

static void last_in_first_out(void **state)
{
	const uint32_t n = 4000; /* about 6 blocks */
	struct ws_spill *spill;
	const void *entry;
	size_t size;

	(void)state;
	assert_int_equal(ws_spill_new(&spill), 0);
	assert_int_equal(ws_spill_pop(spill, &entry, &size), 0);
	for (uint32_t i = 0; i < n; i++)
		push(spill, i);
	for (uint32_t i = n; i-- > n / 2;)
		pop(spill, i);
	/* In between, too: blocks are used again. */
	for (uint32_t i = n / 2; i < n; i++)
		push(spill, i + 1);
	for (uint32_t i = n; i-- > n / 2;)
		pop(spill, i + 1);
	for (uint32_t i = n / 2; i-- > 0;)
		pop(spill, i);
	assert_int_equal(ws_spill_pop(spill, &entry, &size), 0);
	ws_spill_free(spill);
}

static void what_fits_needs_no_disk(void **state)
{
	struct ws_spill *spill;
	void *entry;

	(void)state;
	assert_int_equal(setenv("TMPDIR", "/nonexistent", 1), 0);
	assert_int_equal(ws_spill_new(&spill), 0);
	for (uint32_t i = 0; i < 300; i++)
		push(spill, i);
	for (uint32_t i = 300; i-- > 0;)
		pop(spill, i);
	/* What does not is told. */
	for (int i = 0; i < 3; i++)
		assert_int_equal(ws_spill_push(spill, WS_SPILL_ENTRY_MAX, &entry), 0);
	assert_int_equal(ws_spill_push(spill, WS_SPILL_ENTRY_MAX, &entry), -ENOENT);
	assert_int_equal(ws_spill_push(spill, WS_SPILL_ENTRY_MAX + 1, &entry), -E2BIG);
	ws_spill_free(spill);
	unsetenv("TMPDIR");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(last_in_first_out),
		cmocka_unit_test(what_fits_needs_no_disk),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
