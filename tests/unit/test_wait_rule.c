/* SPDX-License-Identifier: MIT */
/* test_wait_rule: limits as people write them, and which waits they are for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "analyzer/analyses/wait_rule.h"
#include "analyzer/base/words.h"

static void test_good(void **state)
{
	struct ws_wait_rule rule;
	struct ws_error error = { "" };

	(void)state;
	assert_int_equal(
		ws_wait_rule_parse("kind=mutex|rwlock,object=a*,site=f,p99<2ms,total<1.5s,waits<7",
				   &rule, &error),
		0);
	assert_int_equal(rule.kinds, 1u << WS_KIND_MUTEX | 1u << WS_KIND_RWLOCK);
	assert_string_equal(rule.object, "a*");
	assert_string_equal(rule.site, "f");
	assert_int_equal(rule.limits[WS_LIMIT_P99], 2000000);
	assert_int_equal(rule.limits[WS_LIMIT_TOTAL], 1500000000);
	assert_int_equal(rule.limits[WS_LIMIT_WAITS], 7);
	assert_false(rule.limited[WS_LIMIT_P50] || rule.limited[WS_LIMIT_MAX]);
	assert_int_equal(ws_wait_rule_parse("max<100us", &rule, &error), 0);
	assert_int_equal(rule.kinds, 0);
	assert_int_equal(rule.limits[WS_LIMIT_MAX], 100000);
}

static void test_bad(void **state)
{
	static const char *const bad[] = {
		"",          "kind=mutex",      "kind=,p99<1ms", "kind=latch,p99<1ms",
		"p99<",      "p99<1",           "p99<-1ms",      "p99<1ms,",
		",p99<1ms",  "p99=1ms",         "p99>1ms",       "p42<1ms",
		"waits<2ms", "object=,p99<1ms", "p99<1e99s",     "waits<"
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct ws_wait_rule rule = { .text = "as it was" };
		struct ws_error error = { "" };

		if (ws_wait_rule_parse(bad[i], &rule, &error) == 0 || !error.text[0] ||
		    strcmp(rule.text, "as it was") != 0)
			fail_msg("\"%s\" is taken", bad[i]);
	}
}

/* Two locks, each waited for at a line of its own; which waits each rule sees. */
static void test_see(void **state)
{
	static const struct {
		const char *rule;
		uint64_t waits;
	} rows[] = {
		{ "waits<1", 3 },
		{ "kind=mutex,waits<1", 1 },
		{ "kind=sem,waits<1", 2 },
		{ "object=cache,waits<1", 1 },
		{ "object=mutex cache,waits<1", 1 },
		{ "object=c*,waits<1", 1 },
		{ "object=mutex,waits<1", 0 },
		{ "site=fill,waits<1", 1 },
		{ "site=shop.c:20,waits<1", 2 },
		{ "site=drain() shop.c:*,waits<1", 2 },
		{ "site=dr*,kind=mutex,waits<1", 0 },
	};
	struct ws_digest_site sites[] = { { "shop", "fill(int)", "/src/shop.c", 10, 0 },
					  { "shop", "drain", "/src/shop.c", 20, 0 } };
	struct ws_digest_use uses[2] = { { .site = 0 }, { .site = 1 } };
	struct ws_digest_object objects[] = {
		{ .kind = WS_KIND_MUTEX,
		  .name = "mutex cache",
		  .waiters = &uses[0],
		  .n_waiters = 1 },
		{ .kind = WS_KIND_SEM, .name = "sem /jobs", .waiters = &uses[1], .n_waiters = 1 },
	};
	struct ws_digest run = { .sites = sites, .n_sites = 2, .objects = objects, .n_objects = 2 };

	(void)state;
	ws_histogram_add(&uses[0].waits, 100);
	ws_histogram_add(&uses[1].waits, 7);
	ws_histogram_add(&uses[1].waits, 9);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct ws_wait_rule rule;
		struct ws_wait_seen seen;
		struct ws_error error = { "" };

		assert_int_equal(ws_wait_rule_parse(rows[i].rule, &rule, &error), 0);
		assert_int_equal(ws_wait_rule_see(&rule, &run, &seen), 0);
		if (ws_limit_value(WS_LIMIT_WAITS, &seen.waits) != rows[i].waits)
			fail_msg("%s: %d waits", rows[i].rule, (int)seen.waits.count);
		if (rows[i].waits == 3)
			assert_int_equal(seen.longest_site, 0);
		ws_histogram_free(&seen.waits);
	}
	ws_histogram_free(&uses[0].waits);
	ws_histogram_free(&uses[1].waits);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_see),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
