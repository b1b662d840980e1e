/* SPDX-License-Identifier: MIT */
/* test_supervise.c: work that dies or hangs in libbabeltrace2, that fails by itself, and that is
 * ended from outside: what comes of it, and that nothing is left behind. */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "analyzer/command.h"
#include "analyzer/progress.h"
#include "analyzer/supervise.h"
#include "tests/support/trace_copy.h"
#include "tests/support/whole_report.h"

const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "detect_leaks=0"; /* libbabeltrace2's, in a trace that it gives up */
}

static FILE *words; /* what went to stderr */

static int supervise(int (*work)(void *, struct ws_watch *, int64_t *), void *user, int64_t *number)
{
	const struct ws_supervised what = {
		.name = "test", .patience_ms = 300, .work = work, .user = user
	};
	int saved = dup(STDERR_FILENO), status;

	words = tmpfile();
	assert_non_null(words);
	dup2(fileno(words), STDERR_FILENO);
	status = ws_supervise(&what, number);
	dup2(saved, STDERR_FILENO);
	close(saved);
	/* No child is left, dead or alive. */
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
	return status;
}

static void assert_words(const char *want)
{
	char text[4096] = "";

	rewind(words);
	if (!fread(text, 1, sizeof(text) - 1, words))
		text[0] = 0;
	fclose(words);
	assert_string_equal(text, want);
}

static int plain(void *user, struct ws_watch *watch, int64_t *number)
{
	(void)user;
	(void)watch;
	*number = 77;
	fprintf(stderr, "a word\n");
	return 5;
}

static void status_words_and_number_come_back(void **state)
{
	int64_t number = 0;

	(void)state;
	assert_int_equal(supervise(plain, NULL, &number), 5);
	assert_int_equal(number, 77);
	assert_words("a word\n");
}

/* Dies of the stream 3 in a thread of slot 2, unless it is told not to ask for more than 8. */
static int dies(void *user, struct ws_watch *watch, int64_t *number)
{
	const struct ws_avoid *avoid = ws_watch_avoids(watch, WS_WATCH_STREAM, 3, 0);

	*number = avoid ? (int64_t)avoid->item : -1;
	if (avoid)
		return avoid->stuck ? 8 : 7;
	ws_watch_enter(&watch->slots[1], WS_WATCH_STREAM, 1, 1); /* another, which is innocent */
	ws_watch_be(2);
	ws_watch_enter(&watch->slots[2], WS_WATCH_STREAM, 3, 8);
	fprintf(stderr, "an assertion failed\n");
	raise(*(int *)user);
	if (*(int *)user == SIGCONT) /* hangs instead */
		pause();
	return 1;
}

static void what_it_dies_of_is_avoided(void **state)
{
	static int deadly[] = { SIGABRT, SIGSEGV, SIGBUS, SIGFPE };

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		int64_t number = 0;

		assert_int_equal(supervise(dies, &deadly[i], &number), 7);
		assert_int_equal(number, 8);
		assert_words("");
	}
}

/* The other slots' turns change; this one's does not. */
static void what_it_hangs_on_is_avoided(void **state)
{
	int none = SIGCONT;
	int64_t number = 0;
	int status;

	(void)state;
	status = supervise(dies, &none, &number);
	/* Either of the two that do not move may be the one; then the other follows. */
	assert_int_equal(status, 8);
	assert_int_equal(number, 8);
	assert_words("");
}

static int ends_by(void *user, struct ws_watch *watch, int64_t *number)
{
	(void)watch;
	(void)number;
	fprintf(stderr, "before\n");
	signal(*(int *)user, SIG_DFL); /* a sanitizer's would tell of it at length */
	raise(*(int *)user);
	return 0;
}

static void a_fault_of_ours_is_an_error(void **state)
{
	int segv = SIGSEGV, killed = SIGKILL;

	(void)state;
	assert_int_equal(supervise(ends_by, &segv, NULL), WS_EXIT_FAILURE);
	assert_words("before\ntest: reading: its process was ended by signal 11 (Segmentation "
		     "fault); please report that, with the trace\n");
	assert_int_equal(supervise(ends_by, &killed, NULL), WS_EXIT_FAILURE);
	assert_words("before\ntest: reading: its process was ended by signal 9 (Killed); was "
		     "memory out? close other programs\n");
}

/* Somebody's kill of the work is one of the command. */
static void a_signal_that_is_meant_ends_all(void **state)
{
	int pipe_signal = SIGPIPE, status;
	pid_t pid = fork();

	(void)state;
	if (!pid) {
		supervise(ends_by, &pipe_signal, NULL);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGPIPE);
}

static int dies_of_all(void *user, struct ws_watch *watch, int64_t *number)
{
	(void)user;
	(void)number;
	ws_watch_enter(&watch->slots[0], WS_WATCH_STREAM, watch->n_avoid, 0);
	abort();
}

static void too_much_is_given_up(void **state)
{
	(void)state;
	assert_int_equal(supervise(dies_of_all, NULL, NULL), WS_EXIT_FAILURE);
	assert_words("test: reading: libbabeltrace2 crashes or hangs on too much of the trace; record "
		     "the program anew\n");
}

/* A trace on which libbabeltrace2 2.0.4 aborts: the size of a packet's content is negative. */
static int report(void *user, struct ws_watch *watch, int64_t *number)
{
	const char *const *out = user;
	const char *dir = out[0];
	struct ws_error error = { "" };
	FILE *f = fopen(out[1], "we");
	int r = whole_report(&dir, 1, 2, watch, f, false, &error);

	*number = r;
	fclose(f);
	return r ? 1 : 0;
}

/* ThreadSanitizer does not let a thread that aborts die at once: there it is found not to come
 * back. */
#ifdef __SANITIZE_THREAD__
#define CRASHES "does not come back from it"
#else
#define CRASHES "crashes on it"
#endif

static void a_crash_keeps_what_came_before(void **state)
{
	static const unsigned char negative = 0x80;
	char dir[64], out[80], text[65536] = "";
	const char *paths[] = { dir, out };
	struct stat st;
	FILE *f;

	(void)state;
	trace_copy_make("basic", dir);
	snprintf(out, sizeof(out), "%s/out", dir);
	/* The top byte of content_size in the second packet's context. */
	trace_copy_write(dir, "waits_0", 4096 + 55, &negative, 1);
	assert_int_equal(supervise(report, paths, NULL), 0);
	assert_words("");
	f = fopen(out, "re");
	assert_non_null(f);
	assert_true(fread(text, 1, sizeof(text) - 1, f) > 0);
	fclose(f);
	assert_non_null(strstr(text, "waits_0 is damaged, what follows in it is lost: "
				     "libbabeltrace2 " CRASHES));
	assert_non_null(strstr(text, "\"waits\": 28")); /* of the first packet */
	assert_non_null(strstr(text, "\"lost_packets\": 1"));
	assert_int_equal(stat("core", &st), -1);
	trace_copy_remove(dir);
}

static void the_line_says_how_far_it_is(void **state)
{
	char text[128];

	(void)state;
	ws_progress_text(0, 0, 1000, 600, text, sizeof(text));
	assert_string_equal(text, "  0 %  0 events, 0/s");
	ws_progress_text(1500000, 250, 1000, 1000, text, sizeof(text));
	assert_string_equal(text, " 25 %  1.5 M events, 1.5 M/s, 3 s left");
	ws_progress_text(12300, 10, 1000, 2000, text, sizeof(text));
	assert_string_equal(text, "  1 %  12.3 k events, 6.2 k/s, 3 min 18 s left");
	ws_progress_text(5, 2000, 1000, 1000, text, sizeof(text));
	assert_string_equal(text, "100 %  5 events, 5/s, 0 s left");
	/* The trace does not say how long it is. */
	ws_progress_text(42, 0, 0, 1000, text, sizeof(text));
	assert_string_equal(text, "42 events, 42/s");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(status_words_and_number_come_back),
		cmocka_unit_test(what_it_dies_of_is_avoided),
		cmocka_unit_test(what_it_hangs_on_is_avoided),
		cmocka_unit_test(a_fault_of_ours_is_an_error),
		cmocka_unit_test(a_signal_that_is_meant_ends_all),
		cmocka_unit_test(too_much_is_given_up),
		cmocka_unit_test(a_crash_keeps_what_came_before),
		cmocka_unit_test(the_line_says_how_far_it_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
