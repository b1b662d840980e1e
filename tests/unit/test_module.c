/* SPDX-License-Identifier: MIT */
/* test_module.c: the table of loaded code agrees with the loader's, through loading and unloading,
 * and the unwinder goes by it. */
#include <dlfcn.h>
#include <execinfo.h>
#include <link.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#define UNW_LOCAL_ONLY
#include <libunwind.h>
#include <lttng/ust-fork.h>

#include "preload/emit.h"
#include "preload/limits.h"
#include "preload/module.h"
#include "preload/real.h"

/* glibc has it, and no library of ours needs it. */
#define PLUGIN "libresolv.so.2"

struct list {
	uintptr_t skip; /* not the unwinder's look-up: its first word is no code address */
	size_t n;
	struct dl_phdr_info infos[256];
};

static int note(struct dl_phdr_info *info, size_t size, void *data)
{
	struct list *list = data;

	assert_int_equal(size, sizeof(*info));
	assert_true(list->n < 256);
	list->infos[list->n++] = *info;
	return 0;
}

static const struct dl_phdr_info *find(const struct list *list, const struct dl_phdr_info *like)
{
	for (size_t i = 0; i < list->n; i++)
		if (list->infos[i].dlpi_addr == like->dlpi_addr &&
		    list->infos[i].dlpi_phnum == like->dlpi_phnum &&
		    memcmp(list->infos[i].dlpi_phdr, like->dlpi_phdr,
			   like->dlpi_phnum * sizeof(ElfW(Phdr))) == 0)
			return &list->infos[i];
	return NULL;
}

static void the_table_is_the_loaders(void **state)
{
	struct list known = { 0 }, loaded = { 0 };

	(void)state;
	assert_int_equal(ws_modules_iterate(note, &known), 0);
	assert_int_equal(ws_real.dl_iterate_phdr(note, &loaded), 0);
	assert_true(loaded.n > 5);
	assert_int_equal(known.n, loaded.n);
	for (size_t i = 0; i < loaded.n; i++) {
		const struct dl_phdr_info *info = find(&known, &loaded.infos[i]);

		assert_non_null(info);
		/* A copy, so that it may be read after the object is unloaded. */
		assert_ptr_not_equal(info->dlpi_phdr, loaded.infos[i].dlpi_phdr);
		if (loaded.infos[i].dlpi_name[0])
			assert_string_equal(info->dlpi_name, loaded.infos[i].dlpi_name);
		else
			assert_string_equal(info->dlpi_name, ws_modules_exe());
	}
}

static int stop_at_third(struct dl_phdr_info *info, size_t size, void *data)
{
	size_t *n = data;

	(void)info;
	(void)size;
	return ++n[1] == 3 ? 42 : 0;
}

static void a_callback_may_stop(void **state)
{
	size_t n[2] = { 0, 0 };

	(void)state;
	assert_int_equal(ws_modules_iterate(stop_at_third, n), 42);
	assert_int_equal(n[1], 3);
}

static void tracers_are_told_from_the_program(void **state)
{
	(void)state;
	assert_true(ws_module_is_tracer((uintptr_t)lttng_ust_before_fork));
	assert_true(ws_module_is_tracer((uintptr_t)unw_backtrace));
	/* This program has the library in it, and is one. */
	assert_false(ws_module_is_tracer((uintptr_t)ws_modules_init));
	assert_false(ws_module_is_tracer((uintptr_t)getenv));
	assert_false(ws_module_is_tracer(0));
}

/* True if the table has an object that is loaded at this bias. */
static bool knows(uintptr_t bias)
{
	struct list known = { 0 };

	ws_modules_iterate(note, &known);
	for (size_t i = 0; i < known.n; i++)
		if (known.infos[i].dlpi_addr == bias)
			return true;
	return false;
}

static void *open_plugin(uintptr_t *bias, uintptr_t *inside)
{
	void *handle = dlopen(PLUGIN, RTLD_NOW);
	struct link_map *map;

	assert_non_null(handle);
	assert_int_equal(dlinfo(handle, RTLD_DI_LINKMAP, &map), 0);
	*bias = map->l_addr;
	*inside = (uintptr_t)map->l_ld;
	return handle;
}

static void new_code_is_noticed_where_it_is_used(void **state)
{
	uintptr_t bias, inside;
	void *handle = open_plugin(&bias, &inside);

	(void)state;
	assert_false(knows(bias));
	{
		struct ws_thread *self = ws_thread();

		assert_non_null(self);
		WS_SECTION(self);
		ws_module_ensure(&inside, 1);
	}
	assert_true(knows(bias));
	assert_int_equal(dlclose(handle), 0); /* the wrapper */
	assert_false(knows(bias));
}

struct look_up {
	uintptr_t ip;
	bool found;
};

static int covers(struct dl_phdr_info *info, size_t size, void *data)
{
	struct look_up *look_up = data;

	(void)size;
	for (size_t i = 0; i < info->dlpi_phnum; i++) {
		uintptr_t begin = info->dlpi_addr + info->dlpi_phdr[i].p_vaddr;

		if (info->dlpi_phdr[i].p_type == PT_LOAD &&
		    look_up->ip - begin < info->dlpi_phdr[i].p_memsz)
			look_up->found = true;
	}
	return 0;
}

static void the_unwinder_finds_new_code_at_once(void **state)
{
	uintptr_t bias, inside;
	void *handle = open_plugin(&bias, &inside);
	struct look_up look_up = { .ip = inside };

	(void)state;
	assert_int_equal(ws_modules_iterate(covers, &look_up), 0);
	assert_true(look_up.found);
	assert_int_equal(dlclose(handle), 0);
}

static void code_that_comes_and_goes_takes_one_place(void **state)
{
	(void)state;
	for (int i = 0; i < 2 * WS_MODULES_MAX; i++) {
		uintptr_t bias, inside;
		void *handle = open_plugin(&bias, &inside);
		struct look_up look_up = { .ip = inside };

		ws_modules_iterate(covers, &look_up);
		assert_true(look_up.found);
		assert_int_equal(dlclose(handle), 0);
	}
	assert_int_equal(ws_limits[WS_LIMIT_modules], 0);
}

static void *look_for_plugin(void *arg)
{
	struct look_up look_up = { .ip = *(uintptr_t *)arg };

	ws_modules_iterate(covers, &look_up);
	assert_true(look_up.found);
	return NULL;
}

static void threads_may_notice_it_together(void **state)
{
	(void)state;
	for (int i = 0; i < 50; i++) {
		uintptr_t bias, inside;
		void *handle = open_plugin(&bias, &inside);
		pthread_t threads[4];

		for (size_t t = 0; t < 4; t++)
			assert_int_equal(
				pthread_create(&threads[t], NULL, look_for_plugin, &inside), 0);
		for (size_t t = 0; t < 4; t++)
			assert_int_equal(pthread_join(threads[t], NULL), 0);
		assert_int_equal(dlclose(handle), 0);
		assert_false(knows(bias));
	}
}

static void *by_unwinder[64], *by_glibc[64];
static int n_unwinder, n_glibc;

static __attribute__((noinline)) int compare(const void *a, const void *b)
{
	n_unwinder = unw_backtrace(by_unwinder, 64);
	n_glibc = backtrace(by_glibc, 64);
	return *(const int *)a - *(const int *)b;
}

static void the_unwinder_agrees_with_glibcs(void **state)
{
	int two[] = { 2, 1 };
	int u = 0, g = 0;

	(void)state;
	qsort(two, 2, sizeof(two[0]), compare);
	assert_true(n_unwinder > 4);
	/* The first of each is in compare(), at another line of it, below a sanitizer's frame
	 * perhaps: from its caller on they must be the same. */
	for (bool found = false; !found && g < n_glibc; g += !found)
		for (u = 0; u < n_unwinder && !found; u += !found)
			found = by_unwinder[u] == by_glibc[g];
	assert_true(g <= 3);
	for (; g < n_glibc && u < n_unwinder; g++, u++)
		assert_ptr_equal(by_unwinder[u], by_glibc[g]);
	assert_true(g >= 4);
	assert_true(n_glibc - g <= 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_table_is_the_loaders),
		cmocka_unit_test(a_callback_may_stop),
		cmocka_unit_test(tracers_are_told_from_the_program),
		cmocka_unit_test(new_code_is_noticed_where_it_is_used),
		cmocka_unit_test(the_unwinder_finds_new_code_at_once),
		cmocka_unit_test(code_that_comes_and_goes_takes_one_place),
		cmocka_unit_test(threads_may_notice_it_together),
		cmocka_unit_test(the_unwinder_agrees_with_glibcs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
