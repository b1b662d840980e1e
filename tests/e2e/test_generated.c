/* SPDX-License-Identifier: MIT */
/* test_generated: 200 programs made from seeds (tests/programs/generated) agree with their own
 * clocks.
 *
 * Many seeds share a recording, each in a process of its own. What must agree, and why noise cannot
 * break it, is in tests/support/compare.h; a seed that fails runs again alone by `generated SEED`.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/support/compare.h"
#include "tests/support/e2e.h"

enum { SEEDS = 200, PER_RECORDING = 25 };

/* The truth takes all that was slept in a call for a wait. A stack that is unwound for the first time,
 * as that of two locks which are taken in an order, may make threads sleep in libunwind's own lock. */
static const char *const without_stacks[] = { "--stacks", "caller", NULL };

static void programs_agree_with_their_own_clocks(void **state)
{
	int seeds = 0;
	json_int_t waits = 0;

	(void)state;
	for (int first = 1; first <= SEEDS; first += PER_RECORDING) {
		char from[16], count[16];
		struct ws_run *run;

		snprintf(from, sizeof(from), "%d", first);
		snprintf(count, sizeof(count), "%d", PER_RECORDING);
		run = ws_record_with(without_stacks, NULL,
				     (const char *const[]){ ws_program("generated"), from, count,
							    NULL });
		if (run->status != 0)
			ws_fail(run, "status %d: %s", run->status, run->err);
		ws_report(run, NULL);
		ws_assert_lossless(run);
		if (json_array_size(run->truth) != PER_RECORDING)
			ws_fail(run, "%zu processes of %d printed a truth",
				json_array_size(run->truth), PER_RECORDING);
		seeds += (int)json_array_size(run->truth);
		waits += ws_int(run->report, "totals.waits");
		ws_assert_truth(run);
		ws_run_free(run);
	}
	printf("    %d programs, %lld waits\n", seeds, (long long)waits);
	assert_int_equal(seeds, SEEDS);
	assert_true(waits > 10 * SEEDS); /* they are about something */
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(
		programs_agree_with_their_own_clocks) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
