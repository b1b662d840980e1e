/* SPDX-License-Identifier: MIT */
/* test_matching: which lines and objects of two builds are taken for the same. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "analyzer/analyses/matching.h"

#define NONE WS_UNKNOWN

/* Each row: lines before, lines after, the file's move, and where each line after is from. */
static void test_lines(void **state)
{
	static const struct {
		uint64_t before[4], after[4];
		int64_t likely;
		uint32_t from[4];
	} rows[] = {
		{ { 10, 20, 30 }, { 10, 20, 30 }, 0, { 0, 1, 2 } }, /* nothing moved */
		{ { 10, 20, 30 }, { 13, 23, 33 }, 0, { 0, 1, 2 } }, /* all moved */
		{ { 10, 20, 30 }, { 13, 33 }, 0, { 0, 2 } },        /* one is not there */
		{ { 10, 30 }, { 13, 23, 33 }, 0, { 0, NONE, 1 } },  /* one is new */
		{ { 10 }, { 11, 14 }, 1, { 0, NONE } },             /* as its file did */
		{ { 10 }, { 10, 14 }, 0, { 0, NONE } },             /* rather none */
		{ { 10, 20, 30 }, { 10, 22, 30 }, 0, { 0, 1, 2 } }, /* as many between */
		{ { 10, 20, 30 }, { 10, 21, 22, 30 }, 0, { 0, NONE, NONE, 2 } }, /* not as many */
		{ { 10, 20 }, { 12, 23 }, 0, { 0, 1 } }, /* one line inserted in it */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint32_t to[4];
		size_t n = 0, m = 0;

		while (n < 4 && rows[i].before[n])
			n++;
		while (m < 4 && rows[i].after[m])
			m++;
		ws_lines_align(rows[i].before, n, rows[i].after, m, rows[i].likely, to);
		for (size_t k = 0; k < m; k++)
			if (to[k] != rows[i].from[k])
				fail_msg("row %zu: line %zu is from %d", i, k, (int)to[k]);
	}
}

static struct ws_digest_site site(const char *module, const char *function, uint32_t line)
{
	return (struct ws_digest_site){
		.module = module, .function = function, .file = "/src/shop.c", .line = line
	};
}

/* A digest of a program that waits for up to two objects, each at the line of the same index. */
static void fill(struct ws_digest *digest, struct ws_digest_module *module,
		 struct ws_digest_site *sites, struct ws_digest_object *objects,
		 struct ws_digest_use *uses, size_t n)
{
	*digest = (struct ws_digest){ .path = "",
				      .modules = module,
				      .n_modules = 1,
				      .sites = sites,
				      .n_sites = n,
				      .objects = objects,
				      .n_objects = n };
	for (size_t i = 0; i < n; i++) {
		uses[i].site = (uint32_t)i;
		objects[i].waiters = &uses[i];
		objects[i].n_waiters = 1;
	}
}

static struct ws_matching *match(const struct ws_digest *before, const struct ws_digest *after)
{
	const struct ws_side sides[WS_SIDES] = { { &before, 1 }, { &after, 1 } };
	struct ws_matching *matching;

	assert_int_equal(ws_matching_make(sides, true, &matching), 0);
	return matching;
}

#define OBJECT(how_, module_, label_, site_)                                                       \
	(struct ws_digest_object)                                                                  \
	{                                                                                          \
		.kind = 1, .how = WS_IDENTITY_##how_, .module = (module_), .label = (label_),      \
		.name = (label_), .site = (site_), .members = 1                                    \
	}

/* A program of another name, from a file of another name, all of whose lines moved: a static lock, and one by its init. */
static void test_moved(void **state)
{
	struct ws_digest_module modules[2] = { { "shop", "aa", true }, { "shop2", "bb", true } };
	struct ws_digest_site a[2] = { site("shop", "refill", 10), site("shop", "main", 40) };
	struct ws_digest_site b[2] = { site("shop2", "refill", 13), site("shop2", "main", 43) };
	struct ws_digest_object x[2] = { OBJECT(DATA, "shop", "cache", NONE),
					 OBJECT(INIT, "shop", "", 1) };
	struct ws_digest_object y[2] = { OBJECT(DATA, "shop2", "cache", NONE),
					 OBJECT(INIT, "shop2", "", 1) };
	struct ws_digest_use uses[4] = { 0 };
	struct ws_digest before, after;
	struct ws_matching *matching;

	(void)state;
	b[0].file = b[1].file = "/new/shop2.c";
	fill(&before, &modules[0], a, x, uses, 2);
	fill(&after, &modules[1], b, y, uses + 2, 2);
	matching = match(&before, &after);
	assert_int_equal(matching->n_objects, 2);
	assert_int_equal(matching->n_sites, 2);
	assert_string_equal(matching->renamed[WS_BEFORE], "shop");
	assert_false(matching->objects[0].by_use);
	ws_matching_free(matching);
}

/* The same code: a line that is on one side only has not moved. */
static void test_same_build(void **state)
{
	struct ws_digest_module module = { "shop", "aa", true };
	struct ws_digest_site a[1] = { site("shop", "work", 10) };
	struct ws_digest_site b[1] = { site("shop", "work", 12) };
	struct ws_digest_object x[1] = { OBJECT(DATA, "shop", "cache", NONE) };
	struct ws_digest_object y[1] = { OBJECT(DATA, "shop", "stats", NONE) };
	struct ws_digest_use uses[2] = { 0 };
	struct ws_digest before, after;
	struct ws_matching *matching;

	(void)state;
	fill(&before, &module, a, x, uses, 1);
	fill(&after, &module, b, y, uses + 1, 1);
	matching = match(&before, &after);
	assert_int_equal(matching->n_sites, 2);
	assert_int_equal(matching->n_objects, 2);
	ws_matching_free(matching);
}

/* One lock became two, waited for at the same line: they are compared with it. A lock that has no
 * name is what is waited for where it is. */
static void test_by_use(void **state)
{
	struct ws_digest_module modules[2] = { { "shop", "aa", true }, { "shop", "bb", true } };
	struct ws_digest_site a[2] = { site("shop", "refill", 10), site("shop", "pop", 50) };
	struct ws_digest_site b[2] = { site("shop", "refill", 10), site("shop", "refill", 10) };
	struct ws_digest_object x[2] = { OBJECT(DATA, "shop", "cache", NONE),
					 OBJECT(USE, "shop", "", 1) };
	struct ws_digest_object y[2] = { OBJECT(DATA, "shop", "caches", NONE),
					 OBJECT(DATA, "shop", "caches+0x28", NONE) };
	struct ws_digest_use uses[4] = { 0 };
	struct ws_digest before, after;
	struct ws_matching *matching;

	(void)state;
	fill(&before, &modules[0], a, x, uses, 2);
	fill(&after, &modules[1], b, y, uses + 2, 2);
	matching = match(&before, &after);
	assert_int_equal(matching->n_objects, 2);
	assert_true(matching->objects[0].by_use);
	assert_int_equal(matching->runs[WS_BEFORE][0].objects[0],
			 matching->runs[WS_AFTER][0].objects[0]);
	assert_int_equal(matching->runs[WS_AFTER][0].objects[0],
			 matching->runs[WS_AFTER][0].objects[1]);
	assert_int_not_equal(matching->runs[WS_BEFORE][0].objects[0],
			     matching->runs[WS_BEFORE][0].objects[1]);
	ws_matching_free(matching);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_moved),
		cmocka_unit_test(test_same_build),
		cmocka_unit_test(test_by_use),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
