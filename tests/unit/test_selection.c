/* SPDX-License-Identifier: MIT */
/* test_selection.c: the words of --only and --except, and what they take. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tracepoints/selection.h"

static void patterns_fit(void **state)
{
	static const struct {
		const char *pattern, *text;
		bool fits;
	} cases[] = {
		{ "sem_*", "sem_wait", true },
		{ "sem_*", "sem", false },
		{ "sem_*", "xsem_wait", false },
		{ "*", "", true },
		{ "", "", true },
		{ "", "a", false },
		{ "*wait", "pthread_cond_timedwait", true },
		{ "*wait", "waiting", false },
		{ "a*b*c", "a1b2b3c", true },
		{ "a*b*c", "a1b2b3", false },
		{ "mq_?end", "mq_send", true },
		{ "mq_?end", "mq_end", false },
		{ "/dev/shm/foo*", "/dev/shm/foobar", true },
		{ "/dev/shm/foo*", "/dev/shm/fo", false },
		{ "/queue1", "/queue1", true },
		{ "/queue1", "/queue12", false },
		{ "[a-c]x", "bx", true },
		{ "[a-c]x", "dx", false },
		{ "[!a-c]x", "dx", true },
		{ "[!a-c]x", "ax", false },
		{ "[]]", "]", true },
		{ "[ab", "[ab", true },
		{ "[ab", "a", false },
		{ "a\\*", "a*", true },
		{ "a\\*", "ab", false },
		{ "**a", "ba", true },
		{ "*a*a*a*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaac", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (ws_pattern_fits(cases[i].pattern, cases[i].text) != cases[i].fits)
			fail_msg("%s and %s", cases[i].pattern, cases[i].text);
}

static struct ws_selection *selection(const char *only, const char *except)
{
	struct ws_selection *s = calloc(1, sizeof(*s));
	const char *bad;
	size_t n;

	assert_non_null(s);
	if (only)
		assert_int_equal(ws_selection_add(s, false, only, &bad, &n), 0);
	if (except)
		assert_int_equal(ws_selection_add(s, true, except, &bad, &n), 0);
	return s;
}

static void nothing_takes_all(void **state)
{
	struct ws_selection *s = selection(NULL, NULL);

	(void)state;
	assert_true(ws_selection_takes(s, WS_KIND_MUTEX, WS_FUNCTION_pthread_mutex_lock, 0));
	assert_true(ws_selection_takes(s, WS_KIND_NONE, WS_FUNCTION_UNKNOWN, 0));
	assert_true(ws_selection_takes_wake(s, WS_KIND_SEM, WS_FUNCTION_sem_post, 0));
	assert_true(ws_selection_may_take(s, WS_FUNCTION_open));
	free(s);
}

static void kinds(void **state)
{
	struct ws_selection *s = selection("mutex,pipe", NULL);

	(void)state;
	assert_true(ws_selection_takes(s, WS_KIND_MUTEX, WS_FUNCTION_pthread_mutex_lock, 0));
	assert_true(ws_selection_takes(s, WS_KIND_PIPE, WS_FUNCTION_read, 0));
	assert_false(ws_selection_takes(s, WS_KIND_SOCKET, WS_FUNCTION_read, 0));
	assert_false(ws_selection_takes_wake(s, WS_KIND_SEM, WS_FUNCTION_sem_post, 0));
	free(s);
	s = selection(NULL, "pipe");
	assert_false(ws_selection_takes(s, WS_KIND_PIPE, WS_FUNCTION_read, 0));
	assert_false(ws_selection_takes_wake(s, WS_KIND_PIPE, WS_FUNCTION_write, 0));
	assert_true(ws_selection_takes(s, WS_KIND_SOCKET, WS_FUNCTION_read, 0));
	free(s);
}

/* poll is a kind; poll() the function, which takes its other names with it. */
static void functions(void **state)
{
	struct ws_selection *s = selection("poll(),sem_wait", NULL);

	(void)state;
	assert_int_equal(s->only.kinds, 0);
	assert_true(ws_selection_takes(s, WS_KIND_POLL, WS_FUNCTION_poll, 0));
	assert_true(ws_selection_takes(s, WS_KIND_POLL, WS_FUNCTION___poll, 0));
	assert_false(ws_selection_takes(s, WS_KIND_POLL, WS_FUNCTION_select, 0));
	assert_true(ws_selection_takes(s, WS_KIND_SEM, WS_FUNCTION_sem_wait, 0));
	assert_false(ws_selection_takes(s, WS_KIND_SEM, WS_FUNCTION_sem_post, 0));
	/* but it may be what ended a wait that is recorded */
	assert_true(ws_selection_takes_wake(s, WS_KIND_SEM, WS_FUNCTION_sem_post, 0));
	assert_false(ws_selection_may_take(s, WS_FUNCTION_read));
	free(s);
	s = selection("poll", "select");
	assert_int_equal(s->only.kinds, 1u << WS_KIND_POLL);
	assert_true(ws_selection_takes(s, WS_KIND_POLL, WS_FUNCTION_poll, 0));
	assert_false(ws_selection_takes(s, WS_KIND_POLL, WS_FUNCTION_select, 0));
	free(s);
	s = selection(NULL, "sem_post");
	assert_false(ws_selection_takes_wake(s, WS_KIND_SEM, WS_FUNCTION_sem_post, 0));
	assert_true(ws_selection_takes(s, WS_KIND_SEM, WS_FUNCTION_sem_wait, 0));
	assert_false(ws_selection_may_take(s, WS_FUNCTION_sem_post));
	free(s);
}

static void names(void **state)
{
	struct ws_selection *s = selection("/queue1,mq_*", "/dev/shm/foo*");

	(void)state;
	assert_int_equal(ws_selection_name(s, "/queue1"), WS_NAME_ONLY);
	assert_int_equal(ws_selection_name(s, "/queue2"), 0);
	assert_int_equal(ws_selection_name(s, "/dev/shm/food"), WS_NAME_EXCEPT);
	assert_int_equal(ws_selection_name(s, "mq_thing"), WS_NAME_ONLY);
	assert_true(ws_selection_takes(s, WS_KIND_MQ, WS_FUNCTION_read, WS_NAME_ONLY));
	assert_true(ws_selection_takes(s, WS_KIND_MQ, WS_FUNCTION_mq_send, 0));
	assert_false(ws_selection_takes(s, WS_KIND_MQ, WS_FUNCTION_read, 0));
	assert_false(ws_selection_takes(s, WS_KIND_MUTEX, WS_FUNCTION_mq_send, WS_NAME_EXCEPT));
	free(s);
}

static void bad_words(void **state)
{
	static const char *const words[] = { "mutexes", "", "sem_wai", "()", "pipe ()" };
	struct ws_selection *s = selection(NULL, NULL);
	const char *bad;
	size_t n;

	(void)state;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		char list[64] = "mutex,";

		strcat(list, words[i]);
		strcat(list, ",sem");
		assert_int_equal(ws_selection_add(s, false, list, &bad, &n), -EINVAL);
		assert_ptr_equal(bad, list + 6);
		assert_int_equal(n, strlen(words[i]));
	}
	free(s);
	s = selection(NULL, NULL);
	for (int i = 0; i < WS_SELECTION_PATTERNS; i++)
		assert_int_equal(ws_selection_add(s, true, "/x", &bad, &n), 0);
	assert_int_equal(ws_selection_add(s, true, "/x", &bad, &n), -E2BIG);
	free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(patterns_fit), cmocka_unit_test(nothing_takes_all),
		cmocka_unit_test(kinds),        cmocka_unit_test(functions),
		cmocka_unit_test(names),        cmocka_unit_test(bad_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
