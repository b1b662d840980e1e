/* SPDX-License-Identifier: MIT */
/* test_plain_lttng: a trace made with LTTng's own commands and LD_PRELOAD reads as one of `record`.
 *
 * It uses the machine's session daemon, or starts one and ends that by its pid.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/support/compare.h"
#include "tests/support/e2e.h"

static pid_t daemon_pid; /* of the daemon that we started; 0: the machine had one */

static int lttng(const char *const arguments[])
{
	const char *argv[16] = { "lttng", "--no-sessiond" };
	struct ws_result result;
	int n = 2;

	while (*arguments)
		argv[n++] = *arguments++;
	argv[n] = NULL;
	result = ws_command(NULL, argv);
	if (result.status != 0)
		fprintf(stderr, "    lttng %s: %s%s", argv[2], result.out, result.err);
	ws_result_free(&result);
	return result.status;
}

#define LTTNG(...) lttng((const char *const[]){ __VA_ARGS__, NULL })

/* A daemon signals its parent when it is ready, if asked to. */
static int start_daemon(void **state)
{
	const char *const list[] = { "lttng", "--no-sessiond", "list", NULL };
	struct ws_result result = ws_command(NULL, list);
	sigset_t ready;
	int number = 0;

	(void)state;
	ws_result_free(&result);
	if (result.status == 0)
		return 0;
	sigemptyset(&ready);
	sigaddset(&ready, SIGUSR1);
	sigaddset(&ready, SIGCHLD);
	sigprocmask(SIG_BLOCK, &ready, NULL);
	daemon_pid = fork();
	if (daemon_pid == 0) {
		sigprocmask(SIG_UNBLOCK, &ready, NULL);
		execlp("lttng-sessiond", "lttng-sessiond", "--sig-parent", "--no-kernel", "--quiet",
		       NULL);
		_exit(127);
	}
	sigwait(&ready, &number);
	return number == SIGUSR1 ? 0 : -1;
}

static int end_daemon(void **state)
{
	(void)state;
	if (daemon_pid > 0) {
		kill(daemon_pid, SIGTERM);
		waitpid(daemon_pid, NULL, 0);
	}
	return 0;
}

/* As in ws_record(), with LTTng's commands. */
static struct ws_run *record(const char *program)
{
	static char preload[] = "LD_PRELOAD=" WS_LIBRARY;
	struct ws_run *run = calloc(1, sizeof(*run));
	char session[64], output[4200], truth[4200];
	const char *const environment[] = { preload, truth, "LTTNG_UST_REGISTER_TIMEOUT=-1", NULL };
	const char *const argv[] = { ws_program(program), NULL };
	struct ws_result result;

	assert_non_null(run);
	run->dir = ws_folder_new();
	assert_true(asprintf(&run->trace, "%s/trace", run->dir) > 0);
	snprintf(session, sizeof(session), "waitscope-test-%d", (int)getpid());
	snprintf(output, sizeof(output), "--output=%s", run->trace);
	snprintf(truth, sizeof(truth), "WS_TRUTH=%s/truth", run->dir);
	assert_int_equal(LTTNG("create", session, output), 0);
	assert_int_equal(LTTNG("enable-event", "-s", session, "-u", "waitscope:*"), 0);
	assert_int_equal(LTTNG("start", session), 0);
	result = ws_command(environment, argv);
	assert_int_equal(LTTNG("destroy", session), 0);
	if (result.status != 0)
		ws_fail(run, "%s ended with %d: %s", program, result.status, result.err);
	ws_result_free(&result);
	run->truth = json_array();
	json_array_append_new(run->truth, json_load_file(truth + strlen("WS_TRUTH="), 0, NULL));
	return run;
}

static void a_plain_trace_gives_the_same_report(void **state)
{
	struct ws_run *run = record("mutex_kinds");
	char pid[16];
	const char *const options[] = { "--pid", pid, NULL };

	(void)state;
	/* The daemon is everybody's: whatever else registers with it meanwhile is in the trace. */
	snprintf(pid, sizeof(pid), "%lld", (long long)ws_int(run->truth, "[0].pid"));
	ws_report(run, options);
	json_object_set_new((json_t *)ws_at(run->truth, "[0].values"), "open_waits",
			    json_integer(ws_int(run->report, "trace.open_waits"))); /* as well */
	ws_assert_lossless(run);
	ws_assert_truth(run);
	ws_run_free(run);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(a_plain_trace_gives_the_same_report) };

	return cmocka_run_group_tests(tests, start_daemon, end_daemon);
}
