/* SPDX-License-Identifier: MIT */
/* test_gate: what breaks the rules of the gate, and what is chance. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "analyzer/analyses/gate.h"

#define MS 1000000ull

/* One lock that two lines may wait for, in a run of a second. */
struct fixture {
	struct ws_digest_module module;
	struct ws_digest_site sites[2];
	struct ws_digest_use uses[2];
	struct ws_digest_object object;
	struct ws_digest run;
};

static void fill(struct fixture *f, uint8_t kind)
{
	*f = (struct fixture){
		.module = { "shop", "", true },
		.sites = { { "shop", "refill", "shop.c", 10, 0 },
			   { "shop", "audit", "shop.c", 50, 0 } },
		.uses = { { .site = 0 }, { .site = 1 } },
		.object = { .kind = kind,
			    .how = WS_IDENTITY_DATA,
			    .module = "shop",
			    .label = "cache",
			    .name = "mutex cache",
			    .site = WS_UNKNOWN,
			    .members = 1 },
	};
	f->object.by_class[WS_CLASS_CONTENTION] = 1;
	f->run = (struct ws_digest){ .path = "run",
				     .duration_ns = 1000 * MS,
				     .busy = -1,
				     .modules = &f->module,
				     .n_modules = 1,
				     .sites = f->sites,
				     .n_sites = 2,
				     .objects = &f->object,
				     .n_objects = 1,
				     .path_known = true,
				     .path_ns = 1000 * MS };
	f->object.waiters = f->uses;
}

static void wait(struct ws_digest_use *use, uint64_t waits, uint64_t ns)
{
	for (uint64_t i = 0; i < waits; i++)
		assert_int_equal(ws_histogram_add(&use->waits, ns), 0);
}

/* Judges the fixture's run by a baseline that has the first line only. */
static struct ws_gate_result *judge(struct fixture *f, const struct ws_allowed *allowed)
{
	struct fixture before;
	struct ws_allowed copy = *allowed;
	struct ws_baseline baseline = { .digest = &before.run, .allowed = &copy };
	const struct ws_digest *runs[] = { &f->run };
	const struct ws_side side = { runs, 1 };
	const struct ws_gate_options options = { .baseline = &baseline,
						 .tolerances = WS_TOLERANCES_DEFAULT };
	struct ws_gate_result *result;

	fill(&before, f->object.kind);
	before.object.n_waiters = 1;
	assert_int_equal(ws_gate_judge(&side, &options, &result), 0);
	return result;
}

static bool is_broken(const struct ws_gate_result *result, enum ws_gate_rule rule)
{
	for (size_t i = 0; i < result->n; i++)
		if (result->entries[i].rule == rule && result->entries[i].status == WS_GATE_FAIL)
			return true;
	return false;
}

static void test_new_line(void **state)
{
	static const struct {
		uint8_t kind;
		uint64_t waits, ns, acquired;
		double busy;
		bool broken;
	} rows[] = {
		{ WS_KIND_MUTEX, 0, 0, 100, -1, false },
		{ WS_KIND_MUTEX, 2, 1 * MS, 0, -1, false }, /* too few */
		{ WS_KIND_MUTEX, 3, 1 * MS, 0, -1, true },
		{ WS_KIND_MUTEX, 1, 60 * MS, 0, -1, true },    /* but long */
		{ WS_KIND_MUTEX, 3, 1 * MS, 1000, -1, false }, /* whoever takes it often */
		{ WS_KIND_MUTEX, 60, 1000, 1000, -1, true },
		{ WS_KIND_MUTEX, 60, 1000, 1000, 0.9, false }, /* the machine was busy */
		{ WS_KIND_MUTEX, 500, 1000, 1000, 0.9, true },
		{ WS_KIND_SLEEP, 1, 1000, 0, -1, true }, /* no chance */
		{ WS_KIND_COND, 3, 1000, 0, 0.9, true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct ws_allowed any = { 1, 1 };
		struct ws_gate_result *result;
		struct fixture f;

		fill(&f, rows[i].kind);
		f.object.n_waiters = 2;
		f.object.acquired = rows[i].acquired;
		f.run.busy = rows[i].busy;
		wait(&f.uses[0], 10, 1000);
		wait(&f.uses[1], rows[i].waits, rows[i].ns);
		result = judge(&f, &any);
		if (is_broken(result, WS_GATE_SITE) != rows[i].broken ||
		    result->pass == rows[i].broken)
			fail_msg("row %zu", i);
		ws_gate_free(result);
		ws_histogram_free(&f.uses[0].waits);
		ws_histogram_free(&f.uses[1].waits);
	}
}

static void test_figures(void **state)
{
	static const struct {
		uint64_t waited, acquired, path_ns;
		struct ws_allowed allowed;
		bool contended, path;
	} rows[] = {
		{ 50, 1000, 0, { 0.02, 0 }, false, false }, /* three times, and ten points */
		{ 300, 1000, 0, { 0.02, 0 }, true, false },
		{ 3, 10, 0, { 0.02, 0 }, false, false },   /* too few to say */
		{ 300, 1000, 0, { -1, 0 }, false, false }, /* not known then */
		{ 300, 0, 0, { 0.02, 0 }, false, false },  /* nor now */
		{ 0, 0, 200 * MS, { 0, 0 }, false, false },
		{ 0, 0, 300 * MS, { 0, 0 }, false, true },
		{ 0, 0, 900 * MS, { 0, 0.7 }, false, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct ws_gate_result *result;
		struct fixture f;

		fill(&f, WS_KIND_MUTEX);
		f.object.n_waiters = 1;
		f.object.acquired = rows[i].acquired;
		f.object.waited = rows[i].waited;
		f.object.path_ns = rows[i].path_ns;
		result = judge(&f, &rows[i].allowed);
		if (is_broken(result, WS_GATE_CONTENDED) != rows[i].contended ||
		    is_broken(result, WS_GATE_CRITICAL_PATH) != rows[i].path)
			fail_msg("row %zu", i);
		ws_gate_free(result);
	}
}

/* What is lost does not pass silently; what is not known of the path neither. */
static void test_unknown(void **state)
{
	const struct ws_allowed any = { 1, 1 };
	struct ws_gate_result *result;
	struct fixture f;

	(void)state;
	fill(&f, WS_KIND_MUTEX);
	f.run.lost_events = 1;
	result = judge(&f, &any);
	assert_false(result->pass);
	assert_int_equal(result->unknown, 1);
	assert_int_equal(result->failed, 0);
	ws_gate_free(result);
	fill(&f, WS_KIND_MUTEX);
	f.run.path_known = false;
	result = judge(&f, &any);
	assert_false(result->pass);
	assert_int_equal(result->unknown, 1);
	ws_gate_free(result);
}

/* Deadlocks: what occurred and what is predictable; not what only could be. */
static void test_deadlocks(void **state)
{
	static const struct {
		uint8_t verdict;
		bool broken;
	} rows[] = { { WS_VERDICT_OCCURRED, true },
		     { WS_VERDICT_PREDICTABLE, true },
		     { WS_VERDICT_ORDER_ONLY, false } };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct ws_digest_step step = { 0, 0, 0, 1 };
		struct ws_digest_deadlock deadlock = {
			.verdict = rows[i].verdict, .reason = "so", .cycle = &step, .n_cycle = 1
		};
		const struct ws_allowed any = { 1, 1 };
		struct ws_gate_result *result;
		struct fixture f;

		fill(&f, WS_KIND_MUTEX);
		f.run.deadlocks = &deadlock;
		f.run.n_deadlocks = 1;
		result = judge(&f, &any);
		assert_int_equal(is_broken(result, WS_GATE_DEADLOCK), rows[i].broken);
		for (size_t k = 0; k < result->n; k++)
			if (result->entries[k].status == WS_GATE_FAIL)
				assert_int_equal(result->entries[k].site->line, 50);
		ws_gate_free(result);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_new_line),
		cmocka_unit_test(test_figures),
		cmocka_unit_test(test_unknown),
		cmocka_unit_test(test_deadlocks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
