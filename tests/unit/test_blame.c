/* SPDX-License-Identifier: MIT */
/* test_blame: blame, meanwhile, critical path and what-ifs of random small schedules are exactly what a
 * naive reference finds, which looks at each moment for itself.
 *
 * schedule.h knows the truth of each wait: from when to when, for whom, and who let it go. What it
 * recorded goes through the model; what it knows goes to the reference. With WS_SEED in the environment
 * only that schedule is checked. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "analyzer/analyses/all.h"
#include "analyzer/base/words.h"
#include "analyzer/decode/symbols.h"
#include "tests/support/case_trace.h"
#include "tests/support/schedule.h"

#define SCHEDULES 10000
#define TIME_MAX 20000

/* The reference: everything from here on is as naive as can be. */

static struct truth *wait_at(int t, uint64_t at)
{
	for (int i = 0; i < n_waits; i++) {
		if (waits[i].thread == t && waits[i].begin < at && at <= waits[i].end)
			return &waits[i];
	}
	return NULL;
}

static struct span *span_at(struct truth *wait, uint64_t at)
{
	for (int i = 0; i < wait->n_spans; i++) {
		if (at <= wait->spans[i].to)
			return &wait->spans[i];
	}
	return NULL;
}

static bool is_woken(const struct truth *wait, uint64_t at)
{
	return wait->woken != NEVER && at > wait->woken;
}

static void find_births(void)
{
	for (int t = 0; t < n_threads; t++) {
		struct truth *made_in = t ? wait_at(0, threads[t].start) : NULL;

		threads[t].birth = made_in ? made_in->begin : threads[t].start;
	}
}

/* A cause as text: class, thread, site, object. */
typedef char text[96];

static void say(text to, const char *what, int thread, const char *site, const char *object)
{
	snprintf(to, sizeof(text), "%s %c %s %s", what, thread == NOBODY ? '?' : thread_letter(thread), site,
		 object);
}

/* Right before `at`. `site`, `object`: what the thread is followed by. Returns the root's thread. */
static int root(int t, uint64_t at, const char *site, const char *object, bool path, text to)
{
	int unborn = NOBODY;

	for (int depth = 0; depth < 2 * THREADS_MAX + 2; depth++) {
		struct truth *wait = wait_at(t, at);
		struct span *span;

		if (!wait && at <= threads[t].birth) {
			if (t == 0) {
				say(to, "gone", t, "?", "?");
				return t;
			}
			if (depth >= THREADS_MAX) /* in the circle, and not on the way to it */
				unborn = t;
			t = 0;
			site = object = "?";
			continue;
		}
		if (!wait) {
			say(to, at > threads[t].end ? "gone" : "running", t, site, object);
			return t;
		}
		span = span_at(wait, at);
		if (path && wait->by_itself) {
			say(to, "time", t, wait->site, wait->object);
			return t;
		}
		if (is_woken(wait, at) || !span || span->whom == NOBODY) {
			say(to, is_woken(wait, at) ? "scheduler" : span ? "unknown" : wait->cause, t,
			    wait->site, wait->object);
			return t;
		}
		t = span->whom;
		site = span->site;
		object = wait->object;
	}
	say(to, unborn == NOBODY ? "cycle" : "running", unborn, "?", "?");
	return t;
}

/* Sums by text. */
struct sums {
	struct {
		text of;
		uint64_t ns;
	} list[2000];
	int n;
};

static void sum(struct sums *sums, const char *of, uint64_t ns)
{
	int i = 0;

	while (i < sums->n && strcmp(sums->list[i].of, of) != 0)
		i++;
	if (i == sums->n) {
		assert_true(sums->n < 2000);
		snprintf(sums->list[i].of, sizeof(text), "%.95s", of);
		sums->list[i].ns = 0;
		sums->n++;
	}
	sums->list[i].ns += ns;
}

static uint64_t seed_shown;

static void assert_same(const char *what, const struct sums *expected, const struct sums *seen)
{
	for (int side = 0; side < 2; side++) {
		const struct sums *from = side ? seen : expected, *in = side ? expected : seen;

		for (int i = 0; i < from->n; i++) {
			uint64_t other = 0;

			for (int j = 0; j < in->n; j++) {
				if (strcmp(in->list[j].of, from->list[i].of) == 0)
					other = in->list[j].ns;
			}
			for (int j = 0; other != from->list[i].ns && j < in->n; j++)
				print_message("%s %llu\n", in->list[j].of,
					      (unsigned long long)in->list[j].ns);
			if (other != from->list[i].ns)
				fail_msg("seed %llu, %s: %s: %s %llu, %s %llu",
					 (unsigned long long)seed_shown, what, from->list[i].of,
					 side ? "seen" : "expected",
					 (unsigned long long)from->list[i].ns,
					 side ? "expected" : "seen", (unsigned long long)other);
		}
	}
}

static uint64_t times[4 * WAITS_MAX];
static int n_times;

static int by_value(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* All times at which anything changes. */
static void find_times(void)
{
	n_times = 0;
	times[n_times++] = 0;
	for (int i = 0; i < n_waits; i++) {
		times[n_times++] = waits[i].begin;
		times[n_times++] = waits[i].end;
		for (int j = 0; j < waits[i].n_spans && n_times < 4 * WAITS_MAX - 20; j++)
			times[n_times++] = waits[i].spans[j].to;
	}
	for (int t = 0; t < n_threads; t++) {
		times[n_times++] = threads[t].birth;
		times[n_times++] = threads[t].end;
	}
	qsort(times, (size_t)n_times, sizeof(*times), by_value);
}

/* So much of what its first hold is charged with, that was without a processor. */
static void reference_preempted(const struct truth *wait, uint64_t ns, struct sums *blame,
				struct sums *meanwhile)
{
	const struct span *first = &wait->spans[0];
	static const char *const did[] = { "ran", "preempted" };
	static const char *const causes[] = { "running", "preempted" };

	for (int i = 0; i < 2; i++) {
		text cause, of;

		say(cause, causes[i], first->whom, first->site, wait->object);
		snprintf(of, sizeof(of), "%s: %.45s", wait->object, cause);
		sum(blame, of, i ? ns : -ns);
		snprintf(of, sizeof(of), "%s: %s %s", wait->object, first->site, did[i]);
		sum(meanwhile, of, i ? ns : -ns);
	}
}

static void reference_blame(struct sums *blame, struct sums *meanwhile)
{
	blame->n = meanwhile->n = 0;
	for (int i = 0; i < n_waits; i++) {
		struct truth *wait = &waits[i];
		uint64_t busy = 0; /* of the first hold */

		for (int j = 1; j < n_times; j++) {
			uint64_t at = times[j], ns = at - times[j - 1];
			struct span *span = span_at(wait, at);
			struct truth *theirs;
			text cause, of;

			if (!ns || at <= wait->begin || at > wait->end)
				continue;
			root(wait->thread, at, "?", "?", false, cause);
			snprintf(of, sizeof(of), "%s: %.45s", wait->object, cause);
			sum(blame, of, ns);
			if (is_woken(wait, at) || !wait->n_spans)
				continue;
			theirs = span->whom == NOBODY ? NULL : wait_at(span->whom, at);
			if (span->whom == NOBODY)
				snprintf(of, sizeof(of), "%s: unknown", wait->object);
			else if (theirs)
				snprintf(of, sizeof(of), "%s: %s waited %s %s", wait->object,
					 span->site, theirs->object, theirs->site);
			else if (at <= threads[span->whom].birth || at > threads[span->whom].end)
				snprintf(of, sizeof(of), "%s: %s gone", wait->object, span->site);
			else
				snprintf(of, sizeof(of), "%s: %s ran", wait->object, span->site);
			sum(meanwhile, of, ns);
			if (strstr(of, " ran") && span->whom == wait->spans[0].whom &&
			    strcmp(span->site, wait->spans[0].site) == 0)
				busy += ns;
		}
		if (wait->ran && wait->spans[0].whom == wait->measured && busy > wait->ran - 1)
			reference_preempted(wait, busy - (wait->ran - 1), blame, meanwhile);
	}
}

static void reference_path(struct sums *path)
{
	char site[16] = "?", object[16] = "?";
	uint64_t at = threads[0].end;
	int t = 0;

	path->n = 0;
	for (int j = n_times - 1; j > 0; j--) {
		text cause;
		char words[4][16];

		if (times[j] > at || times[j] == times[j - 1])
			continue;
		if (times[j] <= threads[0].birth)
			break;
		t = root(t, times[j], site, object, true, cause);
		sum(path, cause, times[j] - times[j - 1]);
		/* A thread that goes on before a wait is told by that. */
		assert_int_equal(sscanf(cause, "%15s %15s %15s %15s", words[0], words[1], words[2],
					words[3]), 4);
		strcpy(site, words[2]);
		strcpy(object, words[3]);
	}
}

static int64_t memo[THREADS_MAX][TIME_MAX];

/* When the thread would get to where it was at `at`. */
static int64_t reaches(const char *object, bool half, int t, uint64_t at)
{
	struct truth *wait = wait_at(t, at);
	struct span *span;
	int64_t *known, value, other;
	uint64_t part;

	assert_true(at < TIME_MAX);
	known = &memo[t][at];
	if (*known >= 0)
		return *known;
	if (!wait && at <= threads[t].birth)
		return *known = t ? reaches(object, half, 0, at) : (int64_t)at;
	if (!wait) {
		uint64_t from = threads[t].birth;

		for (int i = 0; i < n_waits; i++) {
			if (waits[i].thread == t && waits[i].end < at && waits[i].end > from)
				from = waits[i].end;
		}
		return *known = reaches(object, half, t, from) + (int64_t)(at - from);
	}
	part = at - wait->begin;
	if (strcmp(wait->object, object) == 0)
		return *known = reaches(object, half, t, wait->begin) +
				(int64_t)(half ? part - part / 2 : 0);
	span = span_at(wait, at);
	if (!wait->n_spans || wait->by_itself || (span && span->whom == NOBODY))
		return *known = reaches(object, half, t, wait->begin) + (int64_t)part;
	/* Who is within a wait has begun it. */
	value = reaches(object, half, t, wait->begin);
	if (wait->woken == wait->begin) /* it was woken before, and took its time all the same */
		value += (int64_t)part;
	if (at <= wait->woken && at < wait->end) {
		other = reaches(object, half, span->whom, at);
	} else {
		span = &wait->spans[wait->n_spans - 1];
		part = wait->woken == NEVER ? wait->end : wait->woken;
		other = reaches(object, half, span->whom, part) + (int64_t)(at - part);
	}
	return *known = value > other ? value : other;
}

static uint64_t reference_what_if(const char *object, bool half)
{
	int64_t end;

	memset(memo, 0xff, sizeof(memo));
	end = reaches(object, half, 0, threads[0].end);
	return (uint64_t)end - threads[0].birth;
}

/* What the analyses say, in the same words. */

static const char *object_text(const struct ws_object *object)
{
	static char names[2][32];
	static int next;
	char *to = names[next++ & 1];

	if (!object)
		return "?";
	snprintf(to, 32, "%s:%.20s", ws_kind_word(object->key.kind),
		 case_object_name(trace, &object->key));
	return to;
}

static void party_text(text to, uint32_t what, const struct ws_party *party,
		       const struct ws_object *object)
{
	snprintf(to, sizeof(text), "%s %s %s %s", ws_cause_word(what),
		 case_thread_name(trace, party->thread), case_code_name(trace, party->code),
		 object_text(object));
}

static void seen_blame(const struct ws_blame_result *result, struct sums *blame, struct sums *meanwhile)
{
	blame->n = meanwhile->n = 0;
	for (size_t i = 0; i < result->n_objects; i++) {
		const struct ws_object_blame *object = &result->objects[i];
		uint64_t all = 0;
		text of, cause;

		for (size_t j = 0; j < object->n_parties; j++) {
			const struct ws_blamed *party = &object->parties[j];

			party_text(cause, party->what, &party->party, party->object);
			snprintf(of, sizeof(of), "%.15s: %.45s", object_text(object->object), cause);
			sum(blame, of, party->ns);
			all += party->ns;
		}
		assert_int_equal(all, object->wait_ns);
		for (size_t j = 0; j < WS_CAUSE_COUNT; j++)
			all -= object->causes[j];
		assert_int_equal(all, 0);
		for (size_t j = 0; j < object->n_meanwhile; j++) {
			const struct ws_meanwhile *one = &object->meanwhile[j];
			const char *site = one->site ? one->site->function : "?";

			if (one->what == WS_CAUSE_UNKNOWN)
				snprintf(of, sizeof(of), "%.15s: unknown",
					 object_text(object->object));
			else if (one->what == WS_MEANWHILE_WAITED)
				snprintf(of, sizeof(of), "%.15s: %.15s waited %.15s %.10s",
					 object_text(object->object), site, object_text(one->object),
					 one->at ? one->at->function : "?");
			else
				snprintf(of, sizeof(of), "%.15s: %.15s %s",
					 object_text(object->object), site,
					 one->what == WS_CAUSE_GONE	   ? "gone"
					 : one->what == WS_CAUSE_PREEMPTED ? "preempted"
									   : "ran");
			sum(meanwhile, of, one->ns);
		}
	}
}

static void seen_path(const struct ws_path_result *result, struct sums *path)
{
	uint64_t all = 0;
	text cause;

	path->n = 0;
	assert_true(result->known);
	assert_int_equal(result->end_ns, threads[0].end);
	for (size_t i = 0; i < result->n_parts; i++) {
		party_text(cause, result->parts[i].what, &result->parts[i].party,
			   result->parts[i].object);
		sum(path, cause, result->parts[i].ns);
		all += result->parts[i].ns;
	}
	assert_int_equal(all, result->end_ns - result->begin_ns);
}

static void check(uint64_t seed)
{
	static const char *const asked[] = { "0", "0=half", "1", "1=half", "2=half" };
	static struct sums expected, seen, expected_meanwhile, seen_meanwhile;
	struct ws_setup setup = { .filter = { .to_ns = UINT64_MAX },
				  .what_ifs = asked,
				  .n_what_ifs = 5 };
	struct ws_model_observer observer;
	const struct ws_results *results;
	const struct ws_record *records;
	struct ws_analyses *analyses;
	struct ws_symbols *symbols;
	struct ws_model *model;
	size_t n;

	seed_shown = seed;
	simulate(seed);
	for (size_t i = 0; i < case_trace_tables(trace)->n_threads; i++)
		case_trace_tables(trace)->threads[i].begin_ns =
			threads[case_thread_name(trace, (uint32_t)i)[0] - 'A'].start;
	assert_int_equal(ws_analyses_new(&setup, &analyses), 0);
	observer = ws_analyses_observer(analyses);
	assert_int_equal(ws_model_new(&observer, &model), 0);
	records = case_trace_records(trace, &n);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(ws_model_record(model, &records[i]), 0);
	assert_int_equal(ws_model_finish(model, case_trace_tables(trace)), 0);
	assert_int_equal(ws_symbols_new(case_trace_tables(trace), NULL, &symbols), 0);
	assert_int_equal(ws_analyses_finish(analyses, case_trace_tables(trace), symbols, &results),
			 0);
	assert_true(results->blame->known);

	/* In the words of the case: the first thread that is named has the first index. */
	find_births();
	find_times();
	reference_blame(&expected, &expected_meanwhile);
	seen_blame(results->blame, &seen, &seen_meanwhile);
	assert_same("blame", &expected, &seen);
	assert_same("meanwhile", &expected_meanwhile, &seen_meanwhile);
	reference_path(&expected);
	seen_path(results->blame->path, &seen);
	assert_same("critical path", &expected, &seen);
	for (size_t i = 0; i < results->blame->what_ifs->n; i++) {
		const struct ws_what_if *one = &results->blame->what_ifs->list[i];
		uint64_t predicted = reference_what_if(object_text(one->object), one->half);

		if (one->predicted_ns != predicted)
			fail_msg("seed %llu, what if %s%s: %llu, expected %llu of %llu",
				 (unsigned long long)seed, object_text(one->object),
				 one->half ? "=half" : "", (unsigned long long)one->predicted_ns,
				 (unsigned long long)predicted,
				 (unsigned long long)one->duration_ns);
	}
	/* Without a change the graph gives back the time that it was made from. */
	assert_int_equal(reference_what_if("", false), threads[0].end - threads[0].birth);
	ws_analyses_free(analyses);
	ws_symbols_free(symbols);
	ws_model_free(model);
	case_trace_free(trace);
}

static void random_schedules(void **state)
{
	const char *only = getenv("WS_SEED");

	(void)state;
	if (only) {
		check(strtoull(only, NULL, 10));
		return;
	}
	for (uint64_t seed = 1; seed <= SCHEDULES; seed++)
		check(seed);
}

/* Events were lost while B waited: it is unknown as a whole, and so is what depended on it then. */
static void lost_is_unknown(void **state)
{
	static const char *const lines[] = {
		"0 A start", "1 B start", "2 C start", "10 B begin mutex:m site=b held=C/c",
		"20 A begin sem:s site=a", "30 - loss 5", "50 C wake unlock mutex:m hold=c",
		"60 B end acquired", "70 B wake post sem:s site=p count=1", "80 A end acquired",
		"90 A begin sem:s site=a", "100 B wake post sem:s site=p count=1",
		"103 A end acquired", "110 A exit",
	};
	struct ws_setup setup = { .filter = { .to_ns = UINT64_MAX } };
	struct ws_model_observer observer;
	const struct ws_results *results;
	const struct ws_record *records;
	struct ws_analyses *analyses;
	struct ws_symbols *symbols;
	struct ws_model *model;
	const uint64_t *causes;
	size_t n;

	(void)state;
	trace = case_trace_new();
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		assert_null(case_trace_line(trace, lines[i]));
	assert_int_equal(ws_analyses_new(&setup, &analyses), 0);
	observer = ws_analyses_observer(analyses);
	assert_int_equal(ws_model_new(&observer, &model), 0);
	records = case_trace_records(trace, &n);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(ws_model_record(model, &records[i]), 0);
	assert_int_equal(ws_model_finish(model, case_trace_tables(trace)), 0);
	assert_int_equal(ws_symbols_new(case_trace_tables(trace), NULL, &symbols), 0);
	assert_int_equal(ws_analyses_finish(analyses, case_trace_tables(trace), symbols, &results),
			 0);
	causes = results->blame->total.causes;
	assert_int_equal(results->blame->total.wait_ns, 50 + 60 + 13);
	assert_int_equal(causes[WS_CAUSE_UNKNOWN], 50 + 60);
	assert_int_equal(causes[WS_CAUSE_RUNNING], 10);
	assert_int_equal(causes[WS_CAUSE_SCHEDULER], 3);
	ws_analyses_free(analyses);
	ws_symbols_free(symbols);
	ws_model_free(model);
	case_trace_free(trace);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lost_is_unknown),
		cmocka_unit_test(random_schedules),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
