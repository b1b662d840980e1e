/* SPDX-License-Identifier: MIT */
/* test_waiters: what is counted as waited for is seen, and what somebody always waits for does not make
 * each use of something else an event. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "preload/channel.h"
#include "preload/signals.h"
#include "preload/sockname.h"
#include "preload/waiters.h"

static struct ws_shared shared;

static void what_waits_is_seen(void **state)
{
	uintptr_t key = ws_waiters_key(WS_KIND_PIPE, 4711, 12, true);

	(void)state;
	assert_false(ws_waiters_any(key, true));
	ws_waiters_add(key, true);
	assert_true(ws_waiters_any(key, true));
	assert_false(ws_waiters_any(key ^ 1, true)); /* who waits at the other side */
	ws_waiters_sub(key, true);
	assert_false(ws_waiters_any(key, true));
}

/* Two mappings of one lock have the same offset in the page. */
static void a_lock_in_memory_is_one_wherever_it_is_mapped(void **state)
{
	(void)state;
	ws_waiters_add(0x7f1200000040, true);
	assert_true(ws_waiters_any(0x55aa00001040, true));
	assert_false(ws_waiters_any(0x55aa00001044, true));
	ws_waiters_sub(0x7f1200000040, true);
}

/* A thread that waits for signals, one for datagrams, somebody at a pipe, and a lock at each place of a
 * page: eventfds, of which there are few and with small numbers, are not taken for waited for. */
static void what_always_waits_costs_others_nothing(void **state)
{
	(void)state;
	ws_waiters_moved(WS_SIGNALS_KEY, true);
	ws_waiters_moved(WS_DATAGRAMS_KEY, true);
	ws_waiters_moved(WS_PIPES_KEY, true);
	for (uintptr_t at = 0; at < 4096; at += 4)
		ws_waiters_moved(0x7f1200000000 + at, true);
	for (uint64_t id = 0; id < 256; id++) {
		uintptr_t key = ws_waiters_key(WS_KIND_EVENTFD, id, 0, false);

		assert_false(ws_waiters_any(key, true));
		assert_false(ws_waiters_any(key | 1, true));
	}
}

/* Eventfds are numbered from 0, processes and System V objects one after the other. */
static void kinds_with_the_same_numbers_are_told_apart(void **state)
{
	static const unsigned int kinds[] = { WS_KIND_EVENTFD,	WS_KIND_SIGNAL,	  WS_KIND_PROCESS,
					      WS_KIND_SYSV_MSG, WS_KIND_SYSV_SEM, WS_KIND_MQ };
	enum { N = sizeof(kinds) / sizeof(kinds[0]) };

	(void)state;
	for (size_t a = 0; a < N; a++)
		for (size_t b = 0; b < a; b++)
			for (uint64_t id = 32; id < 64; id++)
				for (uint64_t other = id - 32; other <= id + 32; other++)
					assert_int_not_equal(
						ws_waiters_key(kinds[a], id, 0, false),
						ws_waiters_key(kinds[b], other, 0, false));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_waits_is_seen),
		cmocka_unit_test(a_lock_in_memory_is_one_wherever_it_is_mapped),
		cmocka_unit_test(what_always_waits_costs_others_nothing),
		cmocka_unit_test(kinds_with_the_same_numbers_are_told_apart),
	};

	ws_waiters_shared = &shared;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
