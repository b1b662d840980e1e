/* SPDX-License-Identifier: MIT */
/* test_environment.c: what a new program finds in its environment: all that its parent gave it, and
 * the recorder's variables exactly where children are followed. */
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

#include "preload/environment.h"
#include "preload/lifecycle.h"

static char dir[] = "/tmp/ws-environment-XXXXXX";
static char library[128];
static char ours[160]; /* "LD_PRELOAD=" with our library alone */

static void put_library(void)
{
	FILE *file = fopen(library, "w");

	assert_non_null(file);
	assert_int_equal(fclose(file), 0);
}

/* The state that the constructor finds below `waitscope record`. */
static int under_recorder(void **state)
{
	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(library, sizeof(library), "%s/libwaitscope.so", dir);
	snprintf(ours, sizeof(ours), "LD_PRELOAD=%s", library);
	put_library();
	setenv("LD_PRELOAD", library, 1);
	setenv("WAITSCOPE_RUN", "7", 1);
	setenv("LTTNG_HOME", "/tmp/ws", 1);
	unsetenv("WAITSCOPE_SHARED");
	unsetenv("WAITSCOPE_STACKS");
	unsetenv("WAITSCOPE_FOLLOW");
	unsetenv("LTTNG_UST_REGISTER_TIMEOUT");
	unsetenv("LTTNG_UST_ALLOW_BLOCKING");
	unsetenv("LTTNG_UST_WITHOUT_BADDR_STATEDUMP");
	ws_environment_save();
	/* What was saved is a copy: the program may do with its own what it likes. */
	clearenv();
	return 0;
}

static int clean_up(void **state)
{
	(void)state;
	unlink(library);
	return rmdir(dir);
}

/* The result, one entry a line; "same": the caller's own is to be used. */
static char *result(char *const *given)
{
	static char text[8192];
	struct ws_environment plan;

	ws_environment_plan(&plan, given);
	if (plan.bytes == 0)
		return strcpy(text, "same");

	/* To the byte: what lies behind is not touched. */
	char *memory = malloc(plan.bytes + 8);

	assert_non_null(memory);
	memset(memory + plan.bytes, 0x5a, 8);

	char **made = ws_environment_make(&plan, memory);
	size_t used = 0;

	text[0] = '\0';
	for (; *made; made++)
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s\n", *made);
	for (size_t i = 0; i < 8; i++)
		assert_int_equal(memory[plan.bytes + i], 0x5a);
	free(memory);
	return text;
}

#define ENV(...) ((char *const[]){ __VA_ARGS__, NULL })

static void expect(char *const *given, const char *format, ...)
{
	char wanted[4096];
	va_list args;

	va_start(args, format);
	vsnprintf(wanted, sizeof(wanted), format, args);
	va_end(args);
	assert_string_equal(result(given), wanted);
}

static void an_intact_one_is_handed_on_untouched(void **state)
{
	(void)state;
	expect(ENV(ours, "WAITSCOPE_RUN=7", "LTTNG_HOME=/tmp/ws"), "same");
	expect(ENV("A=b", "LTTNG_HOME=/tmp/ws", ours, "WAITSCOPE_RUN=7", "B=c"), "same");
}

static void what_is_missing_is_added_behind(void **state)
{
	(void)state;
	expect(NULL, "%s\nWAITSCOPE_RUN=7\nLTTNG_HOME=/tmp/ws\n", ours);
	expect((char *const[]){ NULL }, "%s\nWAITSCOPE_RUN=7\nLTTNG_HOME=/tmp/ws\n", ours);
	expect(ENV("A=b", "LTTNG_HOMER=x"),
	       "A=b\nLTTNG_HOMER=x\n%s\nWAITSCOPE_RUN=7\nLTTNG_HOME=/tmp/ws\n", ours);
	expect(ENV("WAITSCOPE_RUN=7", ours), "WAITSCOPE_RUN=7\n%s\nLTTNG_HOME=/tmp/ws\n", ours);
}

static void other_libraries_stay_behind_ours(void **state)
{
	(void)state;
	expect(ENV("LD_PRELOAD=/x/liba.so libb.so", "Z=1", "WAITSCOPE_RUN=7", "LTTNG_HOME=/tmp/ws"),
	       "%s:/x/liba.so libb.so\nZ=1\nWAITSCOPE_RUN=7\nLTTNG_HOME=/tmp/ws\n", ours);
	expect(ENV("LD_PRELOAD=", "WAITSCOPE_RUN=7", "LTTNG_HOME=/tmp/ws"),
	       "%s\nWAITSCOPE_RUN=7\nLTTNG_HOME=/tmp/ws\n", ours);
	/* A library whose name merely ends like ours. */
	expect(ENV("LD_PRELOAD=/x/notlibwaitscope.so", "WAITSCOPE_RUN=7", "LTTNG_HOME=/tmp/ws"),
	       "%s:/x/notlibwaitscope.so\nWAITSCOPE_RUN=7\nLTTNG_HOME=/tmp/ws\n", ours);
}

static void what_the_program_set_itself_is_kept(void **state)
{
	(void)state;
	expect(ENV("WAITSCOPE_RUN=8", "LTTNG_HOME=/other", "LD_PRELOAD=a.so:/y/libwaitscope.so"),
	       "same");
	/* Of two, the loader goes by the last. */
	expect(ENV("LD_PRELOAD=a.so", ours, "WAITSCOPE_RUN=7", "LTTNG_HOME=/tmp/ws"), "same");
	expect(ENV(ours, "LD_PRELOAD=a.so", "WAITSCOPE_RUN=7", "LTTNG_HOME=/tmp/ws"),
	       "%s\n%s:a.so\nWAITSCOPE_RUN=7\nLTTNG_HOME=/tmp/ws\n", ours, ours);
}

static void entries_without_a_value_are_kept(void **state)
{
	(void)state;
	expect(ENV("", "LD_PRELOAD", "=x", "WAITSCOPE_RUN"),
	       "\nLD_PRELOAD\n=x\nWAITSCOPE_RUN\n%s\nWAITSCOPE_RUN=7\nLTTNG_HOME=/tmp/ws\n", ours);
}

static void a_library_out_of_reach_is_not_asked_for(void **state)
{
	(void)state;
	assert_int_equal(unlink(library), 0);
	expect(ENV("A=b"), "same");
	expect(ENV("A=b", ours), "A=b\n");
	put_library();
	expect(ENV("A=b", ours, "WAITSCOPE_RUN=7", "LTTNG_HOME=/tmp/ws"), "same");
}

static void ours_are_taken_away_where_children_are_not_followed(void **state)
{
	char list[256];

	(void)state;
	ws_follow = false;
	expect(NULL, "same");
	expect(ENV("A=b"), "same");
	expect(ENV("A=b", ours, "WAITSCOPE_RUN=7", "WAITSCOPE_FOLLOW=0", "LTTNG_HOME=/tmp/ws",
		   "B=c"),
	       "A=b\nB=c\n");
	/* The user's own LTTng is not. */
	expect(ENV("LTTNG_HOME=/home/me", "WAITSCOPE_RUN=7"), "LTTNG_HOME=/home/me\n");
	snprintf(list, sizeof(list), "LD_PRELOAD=a.so:%s b.so", library);
	expect(ENV(list), "LD_PRELOAD=a.so:b.so\n");
	snprintf(list, sizeof(list), "LD_PRELOAD=%s:b.so", library);
	expect(ENV(list), "LD_PRELOAD=b.so\n");
	snprintf(list, sizeof(list), "LD_PRELOAD=a.so %s", library);
	expect(ENV(list), "LD_PRELOAD=a.so\n");
	ws_follow = true;
}

static void what_refuses_is_handed_on_untouched(void **state)
{
	(void)state;
	expect(ENV("WAITSCOPE_FOLLOW=0", "LTTNG_HOME=/inner"), "same");
	expect(ENV("LD_PRELOAD=a.so", "WAITSCOPE_FOLLOW=0"), "same");
	/* An inner recording's program that it does not follow is recorded. */
	expect(ENV(ours, "WAITSCOPE_RUN=8", "WAITSCOPE_FOLLOW=0", "LTTNG_HOME=/inner"), "same");
	expect(ENV("WAITSCOPE_FOLLOW=1"),
	       "WAITSCOPE_FOLLOW=1\n%s\nWAITSCOPE_RUN=7\nLTTNG_HOME=/tmp/ws\n", ours);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_intact_one_is_handed_on_untouched),
		cmocka_unit_test(what_is_missing_is_added_behind),
		cmocka_unit_test(other_libraries_stay_behind_ours),
		cmocka_unit_test(what_the_program_set_itself_is_kept),
		cmocka_unit_test(entries_without_a_value_are_kept),
		cmocka_unit_test(a_library_out_of_reach_is_not_asked_for),
		cmocka_unit_test(what_refuses_is_handed_on_untouched),
		cmocka_unit_test(ours_are_taken_away_where_children_are_not_followed),
	};

	return cmocka_run_group_tests(tests, under_recorder, clean_up);
}
