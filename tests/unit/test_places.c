/* SPDX-License-Identifier: MIT */
/* test_places: which frames are of a library that is compiled into programs: no site is there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "analyzer/analyses/places.h"

static bool is_library(const char *file)
{
	const struct ws_frame frame = { .file = file };

	return ws_frame_is_library(&frame);
}

static void libraries(void **state)
{
	(void)state;
	assert_true(is_library("/usr/include/c++/12/bits/std_mutex.h"));
	assert_true(is_library("/usr/include/x86_64-linux-gnu/c++/12/bits/gthr-default.h"));
	assert_true(is_library("/usr/lib/llvm-14/bin/../include/c++/v1/__mutex_base"));
	assert_true(is_library("/rustc/59807616e1fa/library/std/src/sys/pal/unix/futex.rs"));
	assert_true(is_library("/usr/src/rustc-1.63.0/library/core/src/ops/function.rs"));
}

static void programs(void **state)
{
	(void)state;
	assert_false(is_library(NULL));
	assert_false(is_library("/home/me/app/include/queue.h"));
	assert_false(is_library("/home/me/app/src/library/main.rs"));
	assert_false(is_library("./nptl/pthread_mutex_lock.c"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(libraries),
		cmocka_unit_test(programs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
