/* SPDX-License-Identifier: MIT */
/* e2e.c: running the built command on a test program and reading what it says. See e2e.h. */
#include "tests/support/e2e.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { ARGUMENTS_MAX = 64 };

static void die(const char *what)
{
	fail_msg("%s: %s", what, strerror(errno));
	abort(); /* fail_msg() does not return, but does not say so */
}

static void *need(void *pointer)
{
	if (!pointer)
		die("out of memory");
	return pointer;
}

static char *format(const char *text, ...) __attribute__((format(printf, 1, 2)));
static char *format(const char *text, ...)
{
	char *result;
	va_list args;

	va_start(args, text);
	if (vasprintf(&result, text, args) == -1)
		die("out of memory");
	va_end(args);
	return result;
}

void ws_fail(const struct ws_run *run, const char *text, ...)
{
	va_list args;

	va_start(args, text);
	fprintf(stderr, "    ");
	vfprintf(stderr, text, args);
	va_end(args);
	if (run)
		fprintf(stderr, "\n    kept: %s", run->dir);
	fputc('\n', stderr);
	fail();
	abort();
}

char *ws_read_file(const char *path)
{
	FILE *file = fopen(path, "r");
	size_t size = 0, room = 4096;
	char *text;

	if (!file)
		die(path);
	text = need(malloc(room + 1));
	for (;;) {
		size += fread(text + size, 1, room - size, file);
		if (size < room)
			break;
		room *= 2;
		text = need(realloc(text, room + 1));
	}
	fclose(file);
	text[size] = 0;
	return text;
}

char *ws_folder_new(void)
{
	const char *base = getenv("TMPDIR");
	char *folder = format("%s/waitscope-test-XXXXXX", base ? base : "/tmp");

	if (!mkdtemp(folder))
		die(folder);
	return folder;
}

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *at)
{
	(void)status;
	(void)type;
	(void)at;
	return remove(path);
}

void ws_folder_free(char *folder)
{
	if (folder)
		nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	free(folder);
}

const char *ws_program(const char *name)
{
	static __thread char paths[8][4096];
	static __thread unsigned next;
	char *path = paths[next++ % 8];

	snprintf(path, sizeof(paths[0]), "%s/%s", WS_TEST_PROGRAMS, name);
	return path;
}

/* Starts argv with the variables added and its output in two files; gives its exit status or -N. */
static int run_command(const char *const environment[], const char *const argv[], const char *out,
		       const char *err)
{
	int status;
	pid_t pid = fork();

	if (pid == -1)
		die("fork");
	if (pid == 0) {
		int in = open("/dev/null", O_RDONLY);
		int fds[2] = { open(out, O_WRONLY | O_CREAT | O_TRUNC, 0666),
			       open(err, O_WRONLY | O_CREAT | O_TRUNC, 0666) };

		if (in == -1 || fds[0] == -1 || fds[1] == -1)
			_exit(255);
		dup2(in, 0);
		dup2(fds[0], 1);
		dup2(fds[1], 2);
		/* The traced program's first open() gives 3: nothing else may stay open. */
		close_range(3, ~0u, 0);
		for (int i = 0; environment && environment[i]; i++)
			putenv((char *)environment[i]);
		execvp(argv[0], (char *const *)argv);
		dprintf(2, "%s: %s\n", argv[0], strerror(errno));
		_exit(255);
	}
	while (waitpid(pid, &status, 0) == -1)
		if (errno != EINTR)
			die("waitpid");
	return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

struct ws_result ws_command(const char *const environment[], const char *const argv[])
{
	char *folder = ws_folder_new();
	char *out = format("%s/out", folder), *err = format("%s/err", folder);
	struct ws_result result = { run_command(environment, argv, out, err), NULL, NULL };

	result.out = ws_read_file(out);
	result.err = ws_read_file(err);
	free(out);
	free(err);
	ws_folder_free(folder);
	return result;
}

void ws_result_free(struct ws_result *result)
{
	free(result->out);
	free(result->err);
	result->out = result->err = NULL;
}

/* One JSON object a process, one after the other. */
static json_t *load_truth(const char *path)
{
	json_t *list = need(json_array());
	FILE *file = fopen(path, "r");
	json_error_t error;
	json_t *one;

	if (!file)
		return list; /* the program has none */
	while ((one = json_loadf(file, JSON_DISABLE_EOF_CHECK, &error)))
		json_array_append_new(list, one);
	if (!feof(file))
		fail_msg("%s:%d: %s", path, error.line, error.text);
	fclose(file);
	return list;
}

struct ws_run *ws_record_with(const char *const options[], const char *const environment[],
			      const char *const argv[])
{
	const char *args[ARGUMENTS_MAX], *variables[ARGUMENTS_MAX];
	struct ws_run *run = need(calloc(1, sizeof(*run)));
	char *out, *err, *truth, *truth_variable;
	int n = 0, n_variables = 0;

	run->dir = ws_folder_new();
	run->trace = format("%s/trace", run->dir);
	out = format("%s/out", run->dir);
	err = format("%s/err", run->dir);
	truth = format("%s/truth", run->dir);
	truth_variable = format("WS_TRUTH=%s", truth);

	args[n++] = WS_COMMAND;
	args[n++] = "record";
	args[n++] = "-o";
	args[n++] = run->trace;
	for (int i = 0; options && options[i]; i++)
		args[n++] = options[i];
	args[n++] = "--";
	for (int i = 0; argv[i]; i++) {
		assert_true(n < ARGUMENTS_MAX - 1);
		args[n++] = argv[i];
	}
	args[n] = NULL;
	variables[n_variables++] = truth_variable;
	for (int i = 0; environment && environment[i]; i++)
		variables[n_variables++] = environment[i];
	variables[n_variables] = NULL;

	run->status = run_command(variables, args, out, err);
	run->out = ws_read_file(out);
	run->err = ws_read_file(err);
	run->truth = load_truth(truth);
	free(out);
	free(err);
	free(truth);
	free(truth_variable);
	return run;
}

void ws_report(struct ws_run *run, const char *const options[])
{
	const char *args[ARGUMENTS_MAX];
	struct ws_result result;
	json_error_t error;
	int n = 0;

	args[n++] = WS_COMMAND;
	args[n++] = "report";
	args[n++] = "--format";
	args[n++] = "json";
	for (int i = 0; options && options[i]; i++)
		args[n++] = options[i];
	args[n++] = run->trace;
	args[n] = NULL;
	result = ws_command(NULL, args);
	if (result.status != 0)
		ws_fail(run, "report ended with %d: %s", result.status, result.err);
	json_decref(run->report);
	run->report = json_loads(result.out, 0, &error);
	if (!run->report)
		ws_fail(run, "the report is no JSON: line %d: %s", error.line, error.text);
	ws_result_free(&result);
}

void ws_assert_lossless(const struct ws_run *run)
{
	if (ws_int(run->report, "trace.lost_events") != 0 ||
	    ws_int(run->report, "trace.lost_packets") != 0)
		ws_fail(run, "lost: %lld events, %lld packets",
			(long long)ws_int(run->report, "trace.lost_events"),
			(long long)ws_int(run->report, "trace.lost_packets"));
}

struct ws_run *ws_record(const char *program, ...)
{
	const char *argv[ARGUMENTS_MAX];
	struct ws_run *run;
	va_list args;
	int n = 0;

	argv[n++] = strchr(program, '/') ? program : ws_program(program);
	va_start(args, program);
	while (n < ARGUMENTS_MAX && (argv[n] = va_arg(args, const char *)))
		n++;
	va_end(args);
	run = ws_record_with(NULL, NULL, argv);
	if (run->status != 0)
		ws_fail(run, "record of %s ended with %d: %s", program, run->status, run->err);
	ws_report(run, NULL);
	ws_assert_lossless(run);
	return run;
}

void ws_run_free(struct ws_run *run)
{
	if (!run)
		return;
	ws_folder_free(run->dir);
	free(run->trace);
	free(run->out);
	free(run->err);
	json_decref(run->truth);
	json_decref(run->report);
	free(run);
}

const json_t *ws_at(const json_t *json, const char *path)
{
	while (json && *path) {
		if (*path == '[') {
			char *end;

			json = json_array_get(json, strtoul(path + 1, &end, 10));
			path = end + (*end == ']');
		} else {
			size_t length = strcspn(path, ".[");
			char name[128];

			snprintf(name, sizeof(name), "%.*s", (int)length, path);
			json = json_object_get(json, name);
			path += length;
		}
		path += *path == '.';
	}
	return json;
}

json_int_t ws_int(const json_t *json, const char *path)
{
	const json_t *member = ws_at(json, path);

	if (!json_is_integer(member))
		fail_msg("%s is not an integer", path);
	return json_integer_value(member);
}

const char *ws_str(const json_t *json, const char *path)
{
	const json_t *member = ws_at(json, path);

	if (!json_is_string(member))
		fail_msg("%s is not a text", path);
	return json_string_value(member);
}

json_int_t ws_truth(const struct ws_run *run, const char *name)
{
	const json_t *found = NULL, *process;
	size_t i;

	json_array_foreach(run->truth, i, process) {
		const json_t *value = json_object_get(ws_at(process, "values"), name);

		if (value && found)
			ws_fail(run, "the program printed %s twice", name);
		if (value)
			found = value;
	}
	if (!json_is_integer(found))
		ws_fail(run, "the program did not print the number %s", name);
	return json_integer_value(found);
}

/* The only object of the kind with waits, and of that name unless it is NULL. */
static const json_t *only(const struct ws_run *run, const char *kind, const char *name)
{
	const json_t *found = NULL, *object;
	size_t i;

	json_array_foreach(ws_at(run->report, "objects"), i, object) {
		if (strcmp(ws_str(object, "kind"), kind) || ws_int(object, "waits") == 0)
			continue;
		if (name && strcmp(ws_str(object, "name"), name))
			continue;
		if (found)
			ws_fail(run, "more than one object: %s %s", kind, name ? name : "");
		found = object;
	}
	if (!found)
		ws_fail(run, "no such object: %s %s", kind, name ? name : "");
	return found;
}

const json_t *ws_only_object(const struct ws_run *run, const char *kind)
{
	return only(run, kind, NULL);
}

const json_t *ws_object(const struct ws_run *run, const char *kind, const char *name)
{
	return only(run, kind, name);
}
