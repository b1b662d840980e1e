/* SPDX-License-Identifier: MIT */
/* test_runs: entries come back whole and in order, however many, as often as asked. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "analyzer/base/runs.h"

/* Small, but some are larger than what is read at once. */
static size_t size_of(uint32_t number)
{
	return number % 1000 == 7 ? WS_RUNS_WINDOW + 100000 : 4 + (number * 2654435761u >> 7) % 300;
}

/* Many numbers have several entries. */
static uint64_t key_of(uint32_t number)
{
	return (uint64_t)(number * 2654435761u >> 12) << 20;
}

static void push(struct ws_runs *runs, uint32_t number)
{
	void *entry;

	assert_int_equal(ws_runs_push(runs, key_of(number), size_of(number), &entry), 0);
	assert_int_equal((uintptr_t)entry % sizeof(uint64_t), 0);
	memset(entry, (int)(number & 0xff), size_of(number));
	memcpy(entry, &number, sizeof(number));
}

/* What was seen so far. */
struct seen {
	uint32_t n, last;
	uint64_t sum;
	uint32_t stop_at; /* after so many; 0: never */
};

static int take(void *user, const void *entry, size_t size)
{
	const unsigned char *bytes = entry;
	struct seen *seen = user;
	uint32_t number;

	memcpy(&number, entry, sizeof(number));
	assert_int_equal((uintptr_t)entry % sizeof(uint64_t), 0);
	assert_int_equal(size, size_of(number));
	for (size_t i = sizeof(number); i < size; i++)
		assert_int_equal(bytes[i], number & 0xff);
	/* By number; as they were put, where these are equal. */
	if (seen->n) {
		assert_true(key_of(number) >= key_of(seen->last));
		if (key_of(number) == key_of(seen->last))
			assert_true(number > seen->last);
	}
	seen->last = number;
	seen->sum += number;
	seen->n++;
	return seen->n == seen->stop_at ? -ECANCELED : 0;
}

static void goes_through(uint32_t n)
{
	struct seen seen = { 0 }, again = { 0 }, some = { .stop_at = n / 2 + 1 };
	struct ws_runs *runs;

	assert_int_equal(ws_runs_new(&runs), 0);
	for (uint32_t i = 0; i < n; i++)
		push(runs, i);
	assert_int_equal(ws_runs_each(runs, take, &seen), 0);
	assert_int_equal(seen.n, n);
	assert_int_equal(seen.sum, (uint64_t)n * (n ? n - 1 : 0) / 2);
	if (n) {
		assert_int_equal(ws_runs_each(runs, take, &some), -ECANCELED);
		assert_int_equal(some.n, n / 2 + 1);
	}
	assert_int_equal(ws_runs_each(runs, take, &again), 0);
	assert_memory_equal(&again, &seen, sizeof(seen));
	ws_runs_free(runs);
}

static void in_memory(void **state)
{
	(void)state;
	goes_through(0);
	goes_through(1);
	goes_through(500);
}

static void over_several_runs(void **state)
{
	(void)state;
	goes_through(100000); /* about 30 MB */
}

static void disk(void **state)
{
	struct ws_runs *runs;
	void *entry;
	int r = 0;

	(void)state;
	assert_int_equal(setenv("TMPDIR", "/nonexistent", 1), 0);
	/* What fits needs none. */
	goes_through(500);
	/* What does not is told. */
	assert_int_equal(ws_runs_new(&runs), 0);
	assert_int_equal(ws_runs_push(runs, 1, WS_RUNS_ENTRY_MAX + 1, &entry), -E2BIG);
	for (int i = 0; r == 0 && i < 10; i++)
		r = ws_runs_push(runs, 1, WS_RUNS_ENTRY_MAX, &entry);
	assert_int_equal(r, -ENOENT);
	ws_runs_free(runs);
	ws_runs_free(NULL);
	assert_int_equal(unsetenv("TMPDIR"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(in_memory),
		cmocka_unit_test(over_several_runs),
		cmocka_unit_test(disk),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
