/* SPDX-License-Identifier: MIT */
/* test_analysis.c: libwaitscope-analysis, by its public interface only: what it hands out is what
 * the JSON report says, failures are told, and several analyses at once do not meet. */
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <jansson.h>

#include "tests/support/trace_copy.h"
#include <waitscope/analysis.h>

#define BASIC "../records/ctf/basic"
#define LOSSY "../records/ctf/lossy"

/* libbabeltrace2's, in a trace that it gives up. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "detect_leaks=0";
}

/* What was rendered. */
struct text {
	char *bytes;
	size_t n;
};

static int collect(void *user, const void *bytes, size_t n)
{
	struct text *text = user;

	text->bytes = realloc(text->bytes, text->n + n + 1);
	memcpy(text->bytes + text->n, bytes, n);
	text->n += n;
	text->bytes[text->n] = 0;
	return 0;
}

static struct ws_analysis *make(const char *dir)
{
	struct ws_analysis *analysis;

	assert_int_equal(ws_analysis_new(&analysis), 0);
	assert_int_equal(ws_analysis_add_trace(analysis, dir), 0);
	return analysis;
}

static void run(struct ws_analysis *analysis)
{
	int r = ws_analysis_run(analysis);

	if (r)
		print_error("%s\n", ws_analysis_error(analysis));
	assert_int_equal(r, 0);
}

static json_t *render_json(struct ws_analysis *analysis)
{
	struct text text = { NULL, 0 };
	json_t *root;

	assert_int_equal(ws_analysis_render(analysis, "json", collect, &text), 0);
	root = json_loads(text.bytes, 0, NULL);
	assert_non_null(root);
	free(text.bytes);
	return root;
}

static uint64_t integer(const json_t *object, const char *key)
{
	const json_t *value = json_object_get(object, key);

	assert_true(json_is_integer(value));
	return (uint64_t)json_integer_value(value);
}

static void assert_text(const json_t *object, const char *key, const char *want)
{
	const json_t *value = json_object_get(object, key);

	if (!want)
		assert_true(json_is_null(value));
	else
		assert_string_equal(json_string_value(value), want);
}

static void assert_frame(const json_t *value, const struct ws_analysis_frame *frame)
{
	if (!frame) {
		assert_true(json_is_null(value));
		return;
	}
	assert_text(value, "function", ws_analysis_frame_function(frame));
	assert_text(value, "file", ws_analysis_frame_file(frame));
	assert_text(value, "module", ws_analysis_frame_module(frame));
	assert_int_equal(integer(value, "offset"), ws_analysis_frame_offset(frame));
}

static void assert_place(struct ws_analysis *analysis, const json_t *value,
			 const struct ws_analysis_place *place)
{
	const json_t *stack = json_object_get(value, "stack");

	if (place->thread == WS_ANALYSIS_UNKNOWN) {
		assert_true(json_is_null(json_object_get(value, "tid")));
	} else {
		const struct ws_analysis_thread *thread =
			ws_analysis_get_thread(analysis, place->thread);

		assert_int_equal(integer(value, "tid"), thread->tid);
	}
	assert_frame(json_object_get(value, "site"), place->site);
	if (!place->stack) { /* then the JSON has the site alone, if there is one */
		assert_true(json_array_size(stack) <= 1);
		return;
	}
	assert_int_equal(json_array_size(stack), ws_analysis_stack_depth(place->stack));
	for (size_t i = 0; i < json_array_size(stack); i++)
		assert_frame(json_array_get(stack, i), ws_analysis_stack_frame(place->stack, i));
}

static void assert_role(struct ws_analysis *analysis, const json_t *list,
			const struct ws_analysis_share *const *shares, size_t n)
{
	assert_int_equal(json_array_size(list), n);
	for (size_t i = 0; i < n; i++) {
		const json_t *value = json_array_get(list, i);

		assert_place(analysis, value, &shares[i]->place);
		assert_int_equal(integer(value, "waits"), shares[i]->waits);
		assert_int_equal(integer(value, "wait_ns"), shares[i]->wait_ns);
		assert_int_equal(integer(value, "max_ns"), shares[i]->max_ns);
	}
}

static void assert_objects(struct ws_analysis *analysis, const json_t *root)
{
	const json_t *objects = json_object_get(root, "objects");
	const json_t *others = json_object_get(root, "other_objects");
	size_t n = json_array_size(objects);

	assert_true(n > 0);
	assert_int_equal(ws_analysis_count(analysis, WS_ANALYSIS_OBJECTS),
			 n + json_array_size(others));
	for (size_t i = 0; i < n + json_array_size(others); i++) {
		const json_t *value =
			i < n ? json_array_get(objects, i) : json_array_get(others, i - n);
		const struct ws_analysis_object *object = ws_analysis_get_object(analysis, i);

		assert_int_equal(integer(value, "id"), object->id);
		assert_text(value, "kind", object->kind);
		assert_text(value, "name", object->name);
		assert_text(value, "scope", object->scope);
		assert_ptr_equal(ws_analysis_object_by_id(analysis, object->id), object);
		if (i >= n)
			continue;
		assert_int_equal(integer(value, "waits"), object->waits);
		assert_int_equal(integer(value, "wait_ns"), object->wait_ns);
		assert_int_equal(integer(value, "unknown_ns"), object->unknown_ns);
		assert_int_equal(integer(value, "min_ns"), object->min_ns);
		assert_int_equal(integer(value, "p50_ns"), object->p50_ns);
		assert_int_equal(integer(value, "p95_ns"), object->p95_ns);
		assert_int_equal(integer(value, "p99_ns"), object->p99_ns);
		assert_int_equal(integer(value, "max_ns"), object->max_ns);
		assert_role(analysis, json_object_get(value, "waiters"), object->waiters,
			    object->n_waiters);
		assert_role(analysis, json_object_get(value, "holders"), object->holders,
			    object->n_holders);
		assert_role(analysis, json_object_get(value, "wakers"), object->wakers,
			    object->n_wakers);
	}
	assert_null(ws_analysis_get_object(analysis, n + json_array_size(others)));
	assert_null(ws_analysis_object_by_id(analysis, 1000000));
}

static void assert_tables(struct ws_analysis *analysis, const json_t *root)
{
	const json_t *list = json_object_get(root, "processes"), *value;
	const char *key;
	size_t i;

	assert_int_equal(ws_analysis_count(analysis, WS_ANALYSIS_PROCESSES), json_array_size(list));
	json_array_foreach(list, i, value) {
		const struct ws_analysis_process *process = ws_analysis_get_process(analysis, i);

		assert_int_equal(integer(value, "id"), process->id);
		assert_int_equal(integer(value, "pid"), process->pid);
		assert_text(value, "name", process->name);
		assert_text(value, "exe", process->exe);
		assert_text(value, "end", process->end);
		assert_int_equal(integer(value, "begin_ns"), process->begin_ns);
		assert_int_equal(integer(value, "end_ns"), process->end_ns);
	}
	assert_null(ws_analysis_get_process(analysis, i));
	list = json_object_get(root, "threads");
	assert_int_equal(ws_analysis_count(analysis, WS_ANALYSIS_THREADS), json_array_size(list));
	json_array_foreach(list, i, value) {
		const struct ws_analysis_thread *thread = ws_analysis_get_thread(analysis, i);

		assert_int_equal(integer(value, "id"), thread->id);
		assert_int_equal(integer(value, "process"), thread->process);
		assert_int_equal(integer(value, "tid"), thread->tid);
		assert_text(value, "name", thread->name);
		assert_int_equal(integer(value, "waits"), thread->waits);
		assert_int_equal(integer(value, "wait_ns"), thread->wait_ns);
	}
	assert_null(ws_analysis_get_thread(analysis, i));
	list = json_object_get(json_object_get(root, "totals"), "by_kind");
	assert_int_equal(ws_analysis_count(analysis, WS_ANALYSIS_KINDS), json_object_size(list));
	i = 0;
	json_object_foreach((json_t *)list, key, value)
	{
		const struct ws_analysis_kind *kind = ws_analysis_get_kind(analysis, i++);

		assert_string_equal(kind->kind, key);
		assert_int_equal(integer(value, "waits"), kind->waits);
		assert_int_equal(integer(value, "wait_ns"), kind->wait_ns);
	}
	assert_null(ws_analysis_get_kind(analysis, i));
	list = json_object_get(root, "waits_for");
	assert_int_equal(ws_analysis_count(analysis, WS_ANALYSIS_EDGES), json_array_size(list));
	json_array_foreach(list, i, value) {
		const struct ws_analysis_edge *edge = ws_analysis_get_edge(analysis, i);

		assert_place(analysis, json_object_get(value, "waiter"), &edge->waiter);
		assert_place(analysis, json_object_get(value, "blocker"), &edge->blocker);
		assert_int_equal(integer(value, "object"), edge->object);
		assert_text(value, "relation", edge->needs_all ? "and" : "or");
		assert_int_equal(integer(value, "waits"), edge->waits);
		assert_int_equal(integer(value, "wait_ns"), edge->wait_ns);
	}
	assert_null(ws_analysis_get_edge(analysis, i));
}

static void assert_verdicts(struct ws_analysis *analysis, const json_t *root)
{
	const json_t *list = json_object_get(root, "findings"), *value;
	size_t i;

	assert_int_equal(ws_analysis_count(analysis, WS_ANALYSIS_FINDINGS), json_array_size(list));
	json_array_foreach(list, i, value) {
		const struct ws_analysis_finding *finding = ws_analysis_get_finding(analysis, i);
		const json_t *objects = json_object_get(value, "objects");
		const json_t *evidence = json_object_get(value, "evidence");

		assert_text(value, "rule", finding->rule);
		assert_text(value, "severity", finding->severity);
		assert_text(value, "title", finding->title);
		assert_int_equal(json_array_size(objects), finding->n_objects);
		for (size_t k = 0; k < finding->n_objects; k++)
			assert_int_equal(json_integer_value(json_array_get(objects, k)),
					 finding->objects[k]);
		assert_int_equal(json_array_size(evidence), finding->n_evidence);
		for (size_t k = 0; k < finding->n_evidence; k++)
			assert_text(json_array_get(evidence, k), "text",
				    finding->evidence[k]->text);
	}
	assert_null(ws_analysis_get_finding(analysis, i));
	list = json_object_get(root, "deadlocks");
	assert_int_equal(ws_analysis_count(analysis, WS_ANALYSIS_DEADLOCKS), json_array_size(list));
	json_array_foreach(list, i, value) {
		const struct ws_analysis_deadlock *deadlock = ws_analysis_get_deadlock(analysis, i);
		const json_t *cycle = json_object_get(value, "cycle");

		assert_text(value, "verdict", deadlock->verdict);
		assert_text(value, "reason", deadlock->reason);
		assert_int_equal(json_array_size(cycle), deadlock->n_steps);
		for (size_t k = 0; k < deadlock->n_steps; k++) {
			const json_t *step = json_array_get(cycle, k);

			assert_int_equal(integer(step, "holds"), deadlock->steps[k]->holds);
			assert_int_equal(integer(step, "wants"), deadlock->steps[k]->wants);
		}
	}
	assert_null(ws_analysis_get_deadlock(analysis, i));
}

/* The waits' sums. */
struct sums {
	struct ws_analysis *analysis;
	uint64_t waits, wait_ns, charged_ns, woken;
	uint64_t by_object[64];
	uint64_t before_ns; /* begin of the wait before */
	size_t stop_after;  /* 0: never */
};

static int on_wait(void *user, const struct ws_analysis_wait *wait)
{
	struct sums *sums = user;

	assert_true(wait->begin_ns >= sums->before_ns);
	assert_true(wait->end_ns >= wait->begin_ns);
	sums->before_ns = wait->begin_ns;
	sums->waits++;
	sums->wait_ns += wait->end_ns - wait->begin_ns;
	assert_true(wait->object < 64);
	sums->by_object[wait->object] += wait->end_ns - wait->begin_ns;
	assert_string_equal(ws_analysis_object_by_id(sums->analysis, wait->object)->name,
			    wait->name);
	for (size_t i = 0; i < wait->n_charges; i++)
		sums->charged_ns += wait->charges[i].ns;
	if (wait->waker.thread != WS_ANALYSIS_UNKNOWN) {
		assert_non_null(wait->wake_op);
		assert_true(wait->woken_ns > 0);
		sums->woken++;
	} else {
		assert_null(wait->wake_op);
	}
	return sums->stop_after && sums->waits == sums->stop_after ? 42 : 0;
}

static void everything_is_what_the_json_says(void **state)
{
	static const char *const traces[] = { BASIC, LOSSY };

	(void)state;
	for (size_t t = 0; t < 2; t++) {
		struct ws_analysis *analysis = make(traces[t]);
		struct sums sums = { .analysis = analysis };
		const struct ws_analysis_summary *summary;
		const json_t *trace, *totals;
		json_t *root;

		assert_int_equal(ws_analysis_set(analysis, "waits", "yes"), 0);
		run(analysis);
		root = render_json(analysis);
		trace = json_object_get(root, "trace");
		totals = json_object_get(root, "totals");
		summary = ws_analysis_get_summary(analysis);
		assert_int_equal(integer(trace, "begin_ns"), summary->begin_ns);
		assert_int_equal(integer(trace, "duration_ns"), summary->duration_ns);
		assert_int_equal(integer(trace, "events"), summary->events);
		assert_int_equal(integer(trace, "lost_events"), summary->lost_events);
		assert_int_equal(integer(trace, "lost_packets"), summary->lost_packets);
		assert_int_equal(integer(trace, "open_waits"), summary->open_waits);
		assert_int_equal(integer(totals, "waits"), summary->waits);
		assert_int_equal(integer(totals, "wait_ns"), summary->wait_ns);
		assert_int_equal(integer(totals, "unknown_ns"), summary->unknown_ns);
		assert_tables(analysis, root);
		assert_objects(analysis, root);
		assert_verdicts(analysis, root);
		assert_int_equal(ws_analysis_count(analysis, WS_ANALYSIS_WARNINGS),
				 json_array_size(json_object_get(trace, "warnings")));
		assert_true(t == 0 || ws_analysis_get_warning(analysis, 0));

		assert_int_equal(ws_analysis_each_wait(analysis, on_wait, &sums), 0);
		assert_int_equal(sums.waits, summary->waits);
		assert_int_equal(sums.waits, ws_analysis_count(analysis, WS_ANALYSIS_WAITS));
		assert_int_equal(sums.wait_ns, summary->wait_ns);
		for (size_t i = 0; i < ws_analysis_count(analysis, WS_ANALYSIS_OBJECTS); i++) {
			const struct ws_analysis_object *object =
				ws_analysis_get_object(analysis, i);

			assert_int_equal(sums.by_object[object->id], object->wait_ns);
		}
		if (t == 0) { /* known: tests/records/ctf/basic.events */
			assert_int_equal(summary->waits, 71);
			assert_int_equal(sums.charged_ns, 1109140);
			assert_int_equal(sums.woken, 1);
		}
		json_decref(root);
		ws_analysis_free(analysis);
	}
}

static void a_walk_ends_where_the_caller_says(void **state)
{
	struct ws_analysis *analysis = make(BASIC);
	struct sums sums = { .analysis = analysis, .stop_after = 3 };

	(void)state;
	assert_int_equal(ws_analysis_set(analysis, "waits", "yes"), 0);
	assert_int_equal(ws_analysis_set(analysis, "kind", "mutex"), 0);
	run(analysis);
	assert_int_equal(ws_analysis_each_wait(analysis, on_wait, &sums), 42);
	assert_int_equal(sums.waits, 3);
	sums = (struct sums){ .analysis = analysis };
	assert_int_equal(ws_analysis_each_wait(analysis, on_wait, &sums), 0);
	assert_int_equal(sums.waits, 70);
	ws_analysis_free(analysis);
}

static void options_are_checked(void **state)
{
	static const char *const wrong[][2] = {
		{ "min-wait", "soon" }, { "pid", "0" },     { "tid", "x" },
		{ "kind", "glue" },     { "jobs", "0" },    { "what-if", "" },
		{ "at", "never" },      { "by", "colour" }, { "waits", "maybe" },
		{ "top", "-1" },        { "stacks", "1" },  { "isolate", "" },
		{ "class", "a" },       { "from", "" },     { "critical-path", "0" },
		{ "stuck-after", "0" },
	};
	static const char *const right[][2] = {
		{ "min-wait", "1us" },
		{ "pid", "100" },
		{ "tid", "101" },
		{ "kind", "mutex,sem" },
		{ "jobs", "2" },
		{ "what-if", "1=half" },
		{ "at", "end" },
		{ "by", "process" },
		{ "waits", "yes" },
		{ "top", "0" },
		{ "stacks", "yes" },
		{ "isolate", "no" },
		{ "class", "basic*=pacing" },
		{ "from", "0" },
		{ "to", "10s" },
		{ "until", "10s" },
		{ "critical-path", "101" },
		{ "stuck-after", "1s" },
		{ "utf8", "yes" },
	};
	struct ws_analysis *analysis = make(BASIC);

	(void)state;
	assert_string_equal(ws_analysis_error(analysis), "");
	assert_int_equal(ws_analysis_set(analysis, "taste", "sour"), -ENOENT);
	assert_string_equal(ws_analysis_error(analysis), "there is no option taste");
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		if (ws_analysis_set(analysis, wrong[i][0], wrong[i][1]) != -EINVAL)
			fail_msg("%s=%s was taken", wrong[i][0], wrong[i][1]);
		assert_non_null(strstr(ws_analysis_error(analysis), wrong[i][0]));
	}
	for (size_t i = 0; i < sizeof(right) / sizeof(*right); i++) {
		if (ws_analysis_set(analysis, right[i][0], right[i][1]) != 0)
			fail_msg("%s=%s: %s", right[i][0], right[i][1],
				 ws_analysis_error(analysis));
	}
	assert_int_equal(ws_analysis_add_trace(analysis, BASIC "/."), -EINVAL);
	assert_int_equal(ws_analysis_expect(analysis, "clay"), -ENOENT);
	run(analysis);
	assert_int_equal(ws_analysis_set(analysis, "pid", "1"), -EBUSY);
	assert_int_equal(ws_analysis_add_trace(analysis, LOSSY), -EBUSY);
	assert_int_equal(ws_analysis_expect(analysis, "html"), -EBUSY);
	assert_int_equal(ws_analysis_run(analysis), -EBUSY);
	assert_int_equal(ws_analysis_set(analysis, "top", "5"), 0); /* of the text: at any time */
	ws_analysis_free(analysis);
	ws_analysis_free(NULL);
}

static int no_wait(void *user, const struct ws_analysis_wait *wait)
{
	(void)user;
	(void)wait;
	fail();
	return 0;
}

static void what_can_not_be_read_is_said(void **state)
{
	struct ws_analysis *analysis;
	struct text text = { NULL, 0 };

	(void)state;
	assert_int_equal(ws_analysis_new(&analysis), 0);
	assert_int_equal(ws_analysis_run(analysis), -ENOENT);
	assert_string_equal(ws_analysis_error(analysis), "no trace was added");
	ws_analysis_free(analysis);

	analysis = make("there/is/none");
	assert_int_equal(ws_analysis_run(analysis), -ENOENT);
	assert_non_null(strstr(ws_analysis_error(analysis), "there/is/none"));
	for (int list = 0; list < 20; list++)
		assert_int_equal(ws_analysis_count(analysis, (enum ws_analysis_list)list), 0);
	assert_null(ws_analysis_get_summary(analysis));
	assert_null(ws_analysis_get_process(analysis, 0));
	assert_null(ws_analysis_get_object(analysis, 0));
	assert_null(ws_analysis_object_by_id(analysis, 0));
	assert_null(ws_analysis_get_finding(analysis, 0));
	assert_null(ws_analysis_get_warning(analysis, 0));
	assert_int_equal(ws_analysis_each_wait(analysis, no_wait, NULL), -EINVAL);
	assert_int_equal(ws_analysis_render(analysis, "json", collect, &text), -EINVAL);
	assert_null(text.bytes);
	ws_analysis_free(analysis);

	analysis = make("../records");
	assert_int_equal(ws_analysis_add_trace(analysis, "test_analysis.c"), 0);
	assert_int_equal(ws_analysis_run(analysis), -ENOTDIR);
	ws_analysis_free(analysis);

	analysis = make("../unit");
	assert_int_equal(ws_analysis_run(analysis), -EINVAL);
	ws_analysis_free(analysis);

	analysis = make(BASIC);
	assert_int_equal(ws_analysis_set(analysis, "at", "1h"), 0);
	assert_int_equal(ws_analysis_run(analysis), -ERANGE);
	assert_int_equal(ws_analysis_count(analysis, WS_ANALYSIS_THREADS), 0);
	ws_analysis_free(analysis);

	analysis = make(BASIC);
	run(analysis);
	assert_int_equal(ws_analysis_each_wait(analysis, no_wait, NULL), -EINVAL);
	assert_non_null(strstr(ws_analysis_error(analysis), "option `waits`"));
	ws_analysis_free(analysis);
}

static int progress_ends(void *user, const struct ws_analysis_progress *progress)
{
	(void)progress;
	++*(int *)user;
	return 1;
}

static int progress_goes_on(void *user, const struct ws_analysis_progress *progress)
{
	++*(int *)user;
	assert_true(progress->bytes <= progress->bytes_total);
	return 0;
}

static void count_warning(void *user, const char *text)
{
	assert_true(strlen(text) > 0);
	++*(int *)user;
}

static void progress_and_warnings_are_told(void **state)
{
	struct ws_analysis *analysis = make(LOSSY);
	int calls = 0, warnings = 0;

	(void)state;
	ws_analysis_on_progress(analysis, progress_goes_on, &calls);
	ws_analysis_on_warning(analysis, count_warning, &warnings);
	run(analysis);
	assert_true(calls > 0);
	assert_true(warnings > 0);
	assert_int_equal(warnings, ws_analysis_count(analysis, WS_ANALYSIS_WARNINGS));
	ws_analysis_free(analysis);

	analysis = make(LOSSY);
	calls = 0;
	ws_analysis_on_progress(analysis, progress_ends, &calls);
	assert_int_equal(ws_analysis_run(analysis), -ECANCELED);
	assert_int_equal(calls, 1);
	assert_true(ws_analysis_error(analysis)[0]);
	ws_analysis_free(analysis);
}

static int refuse(void *user, const void *bytes, size_t n)
{
	(void)bytes;
	(void)n;
	++*(int *)user;
	return -EPIPE;
}

static void every_format_is_written(void **state)
{
	struct ws_analysis *analysis = make(BASIC), *plain = make(BASIC);
	const struct ws_analysis_format *format;
	size_t n = 0, n_expected = 0;
	int refused = 0;

	(void)state;
	for (size_t i = 0; (format = ws_analysis_get_format(analysis, i)); i++)
		assert_int_equal(ws_analysis_expect(analysis, format->name), 0);
	run(analysis);
	run(plain);
	for (size_t i = 0; (format = ws_analysis_get_format(analysis, i)); i++) {
		char path[] = "/tmp/ws_analysis.XXXXXX";
		struct text text = { NULL, 0 };
		struct stat st;
		int fd = mkstemp(path);

		close(fd);
		if (ws_analysis_render(analysis, format->name, collect, &text))
			fail_msg("%s: %s", format->name, ws_analysis_error(analysis));
		assert_true(text.n > 0);
		assert_int_equal(ws_analysis_render_file(analysis, format->name, path), 0);
		assert_int_equal(stat(path, &st), 0);
		assert_int_equal(st.st_size, text.n);
		unlink(path);
		free(text.bytes);
		text = (struct text){ NULL, 0 };
		assert_int_equal(ws_analysis_render(plain, format->name, collect, &text),
				 format->expected ? -EINVAL : 0);
		free(text.bytes);
		n++;
		n_expected += format->expected;
	}
	assert_true(n > 6);
	assert_true(n_expected > 1 && n_expected < n);
	assert_int_equal(ws_analysis_render(analysis, "clay", collect, NULL), -ENOENT);
	assert_int_equal(ws_analysis_render(analysis, "json", refuse, &refused), -EPIPE);
	assert_int_equal(refused, 1);
	assert_int_equal(ws_analysis_render_file(analysis, "json", "no/such/folder/x"), -ENOENT);
	assert_non_null(strstr(ws_analysis_error(analysis), "no/such/folder/x"));
	assert_int_equal(ws_analysis_render_file(analysis, "json", ""), -EINVAL);
	ws_analysis_free(analysis);
	ws_analysis_free(plain);
}

/* A thread that analyses again and again. */
struct user {
	const char *dir;
	const char *want;
	pthread_t thread;
	bool differs;
};

static struct text report(const char *dir)
{
	struct ws_analysis *analysis;
	struct text text = { NULL, 0 };

	if (!ws_analysis_new(&analysis) && !ws_analysis_add_trace(analysis, dir) &&
	    !ws_analysis_expect(analysis, "graph-svg") && !ws_analysis_run(analysis)) {
		ws_analysis_render(analysis, "json", collect, &text);
		ws_analysis_render(analysis, "text", collect, &text);
		ws_analysis_render(analysis, "graph-svg", collect, &text);
	}
	ws_analysis_free(analysis);
	return text;
}

static void *use(void *ptr)
{
	struct user *user = ptr;

	for (int i = 0; i < 5; i++) {
		struct text text = report(user->dir);

		user->differs |= !text.bytes || strcmp(text.bytes, user->want) != 0;
		free(text.bytes);
	}
	return NULL;
}

static void several_at_once_do_not_meet(void **state)
{
	struct text basic = report(BASIC), lossy = report(LOSSY);
	struct user users[4];

	(void)state;
	assert_non_null(basic.bytes);
	assert_non_null(lossy.bytes);
	for (size_t i = 0; i < 4; i++) {
		users[i] = (struct user){ .dir = i % 2 ? BASIC : LOSSY,
					  .want = i % 2 ? basic.bytes : lossy.bytes };
		assert_int_equal(pthread_create(&users[i].thread, NULL, use, &users[i]), 0);
	}
	for (size_t i = 0; i < 4; i++) {
		pthread_join(users[i].thread, NULL);
		assert_false(users[i].differs);
	}
	free(basic.bytes);
	free(lossy.bytes);
}

static void isolated_it_is_the_same(void **state)
{
	struct text want = { NULL, 0 }, text = { NULL, 0 };
	struct ws_analysis *analysis = make(LOSSY);

	(void)state;
	run(analysis);
	assert_int_equal(ws_analysis_render(analysis, "json", collect, &want), 0);
	ws_analysis_free(analysis);
	analysis = make(LOSSY);
	assert_int_equal(ws_analysis_set(analysis, "isolate", "yes"), 0);
	run(analysis);
	assert_int_equal(ws_analysis_render(analysis, "json", collect, &text), 0);
	assert_string_equal(text.bytes, want.bytes);
	free(text.bytes);
	free(want.bytes);
	ws_analysis_free(analysis);
}

/* As test_supervise's: libbabeltrace2 ends the process on it. */
static void isolated_it_survives_what_kills(void **state)
{
	const uint8_t negative = 0x80;
	struct ws_analysis *analysis;
	char dir[64];
	bool told = false;

	(void)state;
	trace_copy_make("basic", dir);
	trace_copy_write(dir, "waits_0", 4096 + 55, &negative, 1);
	analysis = make(dir);
	assert_int_equal(ws_analysis_set(analysis, "isolate", "yes"), 0);
	run(analysis);
	assert_int_equal(ws_analysis_get_summary(analysis)->waits,
			 29); /* a semaphore's, and 28 of the first packet */
	assert_int_equal(ws_analysis_get_summary(analysis)->lost_packets, 1);
	for (size_t i = 0; i < ws_analysis_count(analysis, WS_ANALYSIS_WARNINGS); i++)
		told |= strstr(ws_analysis_get_warning(analysis, i), "waits_0 is damaged") != NULL;
	assert_true(told);
	ws_analysis_free(analysis);
	trace_copy_remove(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(everything_is_what_the_json_says),
		cmocka_unit_test(a_walk_ends_where_the_caller_says),
		cmocka_unit_test(options_are_checked),
		cmocka_unit_test(what_can_not_be_read_is_said),
		cmocka_unit_test(progress_and_warnings_are_told),
		cmocka_unit_test(every_format_is_written),
		cmocka_unit_test(several_at_once_do_not_meet),
		cmocka_unit_test(isolated_it_is_the_same),
		cmocka_unit_test(isolated_it_survives_what_kills),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
