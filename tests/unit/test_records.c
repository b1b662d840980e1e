/* SPDX-License-Identifier: MIT */
/* test_records: every case of tests/records: typed records in, what the model and the contention
 * analysis make of them out, as text.
 *
 * A case begins with `case NAME`. Lines of case_trace.h follow, then lines `= WORD...` with what is
 * expected. Kinds of results of which a case names none are not compared:
 *   = wait THREAD KIND:OBJECT BEGIN+LENGTH OUTCOME [uncertain] [errno=N] [CHARGE...] [by WHO]
 *          in order of begin; OUTCOME is also `open` or `lost`; CHARGE is WHO=NANOSECONDS
 *   = object NAME KIND:OBJECT waits=N ns=N [OUTCOME=N...]      by time; spaces of NAME are `_`
 *   = waiter|holder|waker KIND:OBJECT WHO waits=N ns=N         by object, then time
 *   = edge WHO -> WHO KIND:OBJECT and|or waits=N ns=N          by time
 *   = deadlock VERDICT WHO -> KIND:OBJECT at SITE ... (REASON)         a step each; the reason cut at 40
 *   = step WHO owner|candidate|taker KIND:OBJECT [shared] [since=NANOSECONDS] -> and|or KIND:OBJECT [shared]
 *         of these; what `WHO` has to do with the first object, and how it waits for the second
 *   = fact WHO TEXT                                     of deadlocks: their evidence, in its order
 *   = count open=N lost=N uncertain=N orphans=N
 *   = total waits=N ns=N unknown=N
 *   = class KIND:OBJECT CLASS waits=N ns=N                             by object, then class
 *   = queue KIND:OBJECT longest=N busy=N sum=N                        by object
 *   = taken KIND:OBJECT acquired=N waited=N failed=N holds=N/NANOSECONDS [shared]       by object
 *   = fair KIND:OBJECT turns=N run=N overtaken=N most=N jain=N
 *   = woken KIND:OBJECT woken=N vain=N spurious=N false=N/NANOSECONDS herds=N/WOKEN/VAIN
 *   = finding RULE [KIND:OBJECT...] [WHO@NANOSECONDS...]   in the order of reports
 * or `!= WORD...`: no result begins with these words.
 * WHO is THREAD:SITE, or THREAD:SITE[STACK] where a stack is known; `?` is unknown. The site of a
 * result of the analysis is the one that the site rule gives.
 */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "analyzer/analyses/all.h"
#include "tests/support/case_trace.h"

#define RECORDS_DIR "../records"

/* Text that grows. */
struct text {
	char *data;
	size_t size;
	FILE *file;
};

static void text_open(struct text *text)
{
	text->file = open_memstream(&text->data, &text->size);
	assert_non_null(text->file);
}

/* A result line of the model, to be put in order of begin. */
struct line {
	uint64_t begin_ns;
	uint32_t thread;
	size_t order;
	char text[512];
};

struct run {
	struct case_trace *trace;
	struct ws_model_observer analyses;
	struct line *lines;
	size_t n_lines;
};

#define WORD_OF(sym, word, n) [n] = #word,
static const char *const kinds[] = { WS_KINDS(WORD_OF) };
static const char *const outcomes[] = { WS_OUTCOMES(WORD_OF) };

static void print_who(FILE *file, const struct case_trace *trace, uint32_t thread, uint32_t site,
		      uint32_t stack)
{
	fprintf(file, "%s:%s", case_thread_name(trace, thread), case_code_name(trace, site));
	if (stack != WS_UNKNOWN)
		fprintf(file, "[%s]", case_stack_name(trace, stack));
}

static void print_object(FILE *file, const struct case_trace *trace, const struct ws_object *object)
{
	fprintf(file, " %s:%s", kinds[object->key.kind], case_object_name(trace, &object->key));
}

static const char *end_word(const struct ws_wait *wait)
{
	if (wait->state == WS_WAIT_OPEN)
		return "open";
	return wait->state == WS_WAIT_LOST ? "lost" : outcomes[wait->outcome];
}

static int take_wait(void *context, const struct ws_wait *wait)
{
	struct run *run = context;
	struct line *line;
	FILE *file;

	run->lines = realloc(run->lines, (run->n_lines + 1) * sizeof(*run->lines));
	assert_non_null(run->lines);
	line = &run->lines[run->n_lines];
	*line = (struct line){ wait->begin_ns, wait->thread, run->n_lines++, "" };
	file = fmemopen(line->text, sizeof(line->text), "w");
	assert_non_null(file);
	fprintf(file, "wait %s", case_thread_name(run->trace, wait->thread));
	print_object(file, run->trace, wait->object);
	fprintf(file, " %llu+%llu %s", (unsigned long long)wait->begin_ns,
		(unsigned long long)(wait->end_ns - wait->begin_ns), end_word(wait));
	if (wait->uncertain)
		fprintf(file, " uncertain");
	if (wait->error)
		fprintf(file, " errno=%d", wait->error);
	for (size_t i = 0; i < wait->n_charges; i++) {
		const struct ws_holder *holder = &wait->charges[i].holder;

		fprintf(file, " ");
		print_who(file, run->trace, holder->thread, holder->site, holder->stack);
		fprintf(file, "=%llu", (unsigned long long)wait->charges[i].ns);
	}
	if (wait->waker) {
		fprintf(file, " by ");
		print_who(file, run->trace, wait->waker->thread, wait->waker->site,
			  wait->waker->stack);
	}
	fclose(file);
	return run->analyses.wait(run->analyses.context, wait);
}

static int take_wake(void *context, const struct ws_wake *wake)
{
	struct run *run = context;

	return run->analyses.wake(run->analyses.context, wake);
}

static int by_begin(const void *a, const void *b)
{
	const struct line *x = a, *y = b;

	if (x->begin_ns != y->begin_ns)
		return x->begin_ns < y->begin_ns ? -1 : 1;
	if (x->thread != y->thread)
		return x->thread < y->thread ? -1 : 1;
	return x->order < y->order ? -1 : 1;
}

static void print_party(FILE *file, const struct run *run, const struct ws_party *party)
{
	print_who(file, run->trace, party->thread, party->code, party->stack);
}

static void print_role(FILE *file, const struct run *run, const char *word,
		       const struct ws_object_contention *object, const struct ws_role *role)
{
	for (size_t i = 0; i < role->n_shares; i++) {
		fprintf(file, "%s", word);
		print_object(file, run->trace, object->object);
		fprintf(file, " ");
		print_party(file, run, &role->shares[i].party);
		fprintf(file, " waits=%llu ns=%llu\n",
			(unsigned long long)role->shares[i].waits.count,
			(unsigned long long)role->shares[i].waits.total);
	}
}

static void print_contention_object(FILE *file, const struct run *run,
				    const struct ws_object_contention *object)
{
	fprintf(file, "object ");
	for (const char *c = object->name; *c; c++)
		fputc(*c == ' ' ? '_' : *c, file);
	print_object(file, run->trace, object->object);
	fprintf(file, " waits=%llu ns=%llu", (unsigned long long)object->waits.count,
		(unsigned long long)object->waits.total);
	for (int i = 0; i < WS_OUTCOME_COUNT; i++) {
		if (object->outcomes[i])
			fprintf(file, " %s=%llu", outcomes[i],
				(unsigned long long)object->outcomes[i]);
	}
	if (object->open)
		fprintf(file, " open=%llu", (unsigned long long)object->open);
	if (object->lost)
		fprintf(file, " lost=%llu", (unsigned long long)object->lost);
	fprintf(file, "\n");
}

static void print_result(FILE *file, const struct run *run,
			 const struct ws_contention_result *result)
{
	for (size_t i = 0; i < result->n_objects; i++) {
		const struct ws_object_contention *object = &result->objects[i];

		print_contention_object(file, run, object);
		print_role(file, run, "waiter", object, &object->waiters);
		print_role(file, run, "holder", object, &object->holders);
		print_role(file, run, "waker", object, &object->wakers);
	}
	for (size_t i = 0; i < result->n_edges; i++) {
		const struct ws_edge *edge = &result->edges[i];

		fprintf(file, "edge ");
		print_party(file, run, &edge->waiter);
		fprintf(file, " -> ");
		print_party(file, run, &edge->blocker);
		print_object(file, run->trace, result->objects[edge->object].object);
		fprintf(file, " %s waits=%llu ns=%llu\n", edge->needs_all ? "and" : "or",
			(unsigned long long)edge->waits, (unsigned long long)edge->wait_ns);
	}
	fprintf(file, "total waits=%llu ns=%llu unknown=%llu\n",
		(unsigned long long)result->total.waits, (unsigned long long)result->total.wait_ns,
		(unsigned long long)result->unknown_ns);
}

static int take_record(void *context, const struct ws_record *record)
{
	struct run *run = context;

	return run->analyses.record(run->analyses.context, record);
}

static int take_held(void *context, const struct ws_hold *hold)
{
	const struct ws_model_observer *analyses = &((struct run *)context)->analyses;

	return analyses->held ? analyses->held(analyses->context, hold) : 0;
}

static int take_woke(void *context, const struct ws_wake *wake)
{
	const struct ws_model_observer *analyses = &((struct run *)context)->analyses;

	return analyses->woke ? analyses->woke(analyses->context, wake) : 0;
}

static int take_over(void *context, const struct ws_tables *tables)
{
	const struct ws_model_observer *analyses = &((struct run *)context)->analyses;

	return analyses->over ? analyses->over(analyses->context, tables) : 0;
}

static int take_begin(void *context, const struct ws_wait *wait)
{
	struct run *run = context;

	return run->analyses.begin ? run->analyses.begin(run->analyses.context, wait) : 0;
}

static int take_end(void *context, const struct ws_wait *wait)
{
	struct run *run = context;

	return run->analyses.end ? run->analyses.end(run->analyses.context, wait) : 0;
}

static int take_edge(void *context, const struct ws_lock_edge *edge)
{
	struct run *run = context;

	return run->analyses.edge(run->analyses.context, edge);
}

static int take_misuse(void *context, const struct ws_misuse_seen *misuse)
{
	struct run *run = context;

	return run->analyses.misuse(run->analyses.context, misuse);
}

static void print_classes(FILE *file, const struct run *run, const struct ws_results *results)
{
	for (size_t i = 0; i < results->classes->n; i++) {
		const struct ws_classed *one = &results->classes->list[i];

		for (enum ws_class class = 0; class < WS_CLASS_COUNT; class++) {
			if (!one->sums[class].waits)
				continue;
			fprintf(file, "class");
			print_object(file, run->trace, one->object);
			fprintf(file, " %s waits=%llu ns=%llu\n", ws_class_word(class),
				(unsigned long long)one->sums[class].waits,
				(unsigned long long)one->sums[class].wait_ns);
		}
	}
}

static void print_patterns(FILE *file, const struct run *run, const struct ws_results *results)
{
	for (size_t i = 0; i < results->queues->n; i++) {
		const struct ws_queue *queue = &results->queues->queues[i];

		fprintf(file, "queue");
		print_object(file, run->trace, queue->object);
		fprintf(file, " longest=%u busy=%llu sum=%llu\n", queue->longest,
			(unsigned long long)queue->busy_ns, (unsigned long long)queue->wait_ns);
	}
	for (size_t i = 0; i < results->acquisitions->n; i++) {
		const struct ws_acquisition *one = &results->acquisitions->list[i];

		fprintf(file, "taken");
		print_object(file, run->trace, one->object);
		fprintf(file, " acquired=%llu waited=%llu failed=%llu holds=%llu/%llu%s\n",
			(unsigned long long)one->acquired, (unsigned long long)one->waited,
			(unsigned long long)one->failed, (unsigned long long)one->holds.count,
			(unsigned long long)one->holds.total, one->shared ? " shared" : "");
	}
	for (size_t i = 0; i < results->fairness->n; i++) {
		const struct ws_fair *fair = &results->fairness->list[i];

		fprintf(file, "fair");
		print_object(file, run->trace, fair->object);
		fprintf(file, " turns=%llu run=%llu overtaken=%llu most=%llu jain=%u\n",
			(unsigned long long)fair->turns, (unsigned long long)fair->longest_run,
			(unsigned long long)fair->overtaken, (unsigned long long)fair->most,
			fair->jain);
	}
	for (size_t i = 0; i < results->wakeups->n; i++) {
		const struct ws_wakeup *w = &results->wakeups->list[i];

		fprintf(file, "woken");
		print_object(file, run->trace, w->object);
		fprintf(file, " woken=%llu vain=%llu spurious=%llu false=%llu/%llu herds=%llu/%llu/%llu\n",
			(unsigned long long)w->woken, (unsigned long long)w->in_vain,
			(unsigned long long)w->spurious, (unsigned long long)w->false_waits,
			(unsigned long long)w->false_ns, (unsigned long long)w->broadcasts,
			(unsigned long long)w->broadcast_woken,
			(unsigned long long)w->broadcast_vain);
	}
}

static void print_deadlocks(FILE *file, const struct run *run, const struct ws_results *results)
{
	for (size_t i = 0; i < results->n_deadlocks; i++) {
		const struct ws_deadlock *deadlock = &results->deadlocks[i];

		fprintf(file, "deadlock %s", ws_verdict_word(deadlock->verdict));
		for (size_t k = 0; k < deadlock->n_cycle; k++) {
			const struct ws_deadlock_step *step = &deadlock->cycle[k];

			fputc(' ', file);
			print_who(file, run->trace, step->hold.thread, step->hold.code, WS_UNKNOWN);
			fprintf(file, " ->");
			print_object(file, run->trace, step->wants);
			fprintf(file, " at %s", case_code_name(run->trace, step->want.code));
		}
		fprintf(file, " (%.40s)\n", deadlock->reason);
	}
}

static void print_steps(FILE *file, const struct run *run, const struct ws_results *results)
{
	for (size_t i = 0; i < results->n_deadlocks; i++) {
		for (size_t k = 0; k < results->deadlocks[i].n_cycle; k++) {
			const struct ws_deadlock_step *step = &results->deadlocks[i].cycle[k];

			fprintf(file, "step ");
			print_who(file, run->trace, step->hold.thread, step->hold.code,
				  step->hold.stack);
			fprintf(file, " %s",
				step->hold_as == WS_HOLD_OWNS ? "owner"
				: step->hold_taken            ? "taker"
							      : "candidate");
			print_object(file, run->trace, step->holds);
			if (step->hold_shared)
				fprintf(file, " shared");
			if (step->hold_ns)
				fprintf(file, " since=%llu", (unsigned long long)step->hold_ns);
			fprintf(file, " -> %s", step->needs_all ? "and" : "or");
			print_object(file, run->trace, step->wants);
			fprintf(file, "%s\n", step->want_shared ? " shared" : "");
			assert_true(*step->holds_name && *step->wants_name);
		}
	}
}

static void print_facts(FILE *file, const struct run *run, const struct ws_results *results)
{
	for (size_t i = 0; i < results->n_deadlocks; i++) {
		for (size_t k = 0; k < results->deadlocks[i].n_evidence; k++) {
			const struct ws_evidence *fact = &results->deadlocks[i].evidence[k];

			fprintf(file, "fact ");
			print_who(file, run->trace, fact->party.thread, fact->party.code,
				  fact->party.stack);
			fprintf(file, " %s\n", fact->text);
		}
	}
}

static void print_findings(FILE *file, const struct run *run, const struct ws_results *results)
{
	for (size_t i = 0; i < results->n_findings; i++) {
		const struct ws_finding *finding = &results->findings[i];

		fprintf(file, "finding %s", ws_rule_word(finding->rule));
		for (size_t k = 0; k < finding->n_objects; k++)
			print_object(file, run->trace, finding->objects[k]);
		for (size_t k = 0; k < finding->n_evidence; k++) {
			const struct ws_evidence *evidence = &finding->evidence[k];

			fputc(' ', file);
			print_who(file, run->trace, evidence->party.thread, evidence->party.code,
				  WS_UNKNOWN);
			fprintf(file, "@%llu", (unsigned long long)evidence->at_ns);
		}
		fputc('\n', file);
	}
}

/* Everything that the records give, a line each. */
static char *results_of(struct case_trace *trace)
{
	const struct ws_setup all = { .filter = { .to_ns = UINT64_MAX } };
	struct ws_analyses *analyses = NULL;
	const struct ws_results *results = NULL;
	struct ws_symbols *symbols = NULL;
	struct ws_model *model = NULL;
	struct run run = { .trace = trace };
	struct ws_model_observer observer = {
		.context = &run, .record = take_record, .begin = take_begin, .end = take_end,
		.held = take_held, .woke = take_woke, .over = take_over,
		.wait = take_wait, .wake = take_wake, .edge = take_edge, .misuse = take_misuse
	};
	const struct ws_model_counts *counts;
	const struct ws_record *records;
	struct text text;
	size_t n;

	assert_int_equal(ws_analyses_new(&all, &analyses), 0);
	run.analyses = ws_analyses_observer(analyses);
	assert_int_equal(ws_model_new(&observer, &model), 0);
	records = case_trace_records(trace, &n);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(ws_model_record(model, &records[i]), 0);
	assert_int_equal(ws_model_finish(model, case_trace_tables(trace)), 0);
	assert_int_equal(ws_symbols_new(case_trace_tables(trace), NULL, &symbols), 0);
	assert_int_equal(
		ws_analyses_finish(analyses, case_trace_tables(trace), symbols, &results), 0);
	text_open(&text);
	if (run.n_lines)
		qsort(run.lines, run.n_lines, sizeof(*run.lines), by_begin);
	for (size_t i = 0; i < run.n_lines; i++)
		fprintf(text.file, "%s\n", run.lines[i].text);
	print_result(text.file, &run, results->contention);
	print_classes(text.file, &run, results);
	print_patterns(text.file, &run, results);
	print_deadlocks(text.file, &run, results);
	print_steps(text.file, &run, results);
	print_facts(text.file, &run, results);
	print_findings(text.file, &run, results);
	counts = ws_model_counts(model);
	fprintf(text.file, "count open=%llu lost=%llu uncertain=%llu orphans=%llu\n",
		(unsigned long long)counts->open_waits, (unsigned long long)counts->lost_waits,
		(unsigned long long)counts->uncertain, (unsigned long long)counts->orphan_ends);
	fclose(text.file);
	free(run.lines);
	ws_analyses_free(analyses);
	ws_symbols_free(symbols);
	ws_model_free(model);
	return text.data;
}

static bool same_first_word(const char *a, const char *b)
{
	size_t n = strcspn(a, " \n");

	return n == strcspn(b, " \n") && strncmp(a, b, n) == 0;
}

/* True if one of the lines of `text` begins with the first word of `line`. */
static bool has_word(const char *text, const char *line)
{
	for (; *text; text += strcspn(text, "\n") + 1) {
		if (same_first_word(text, line))
			return true;
	}
	return false;
}

struct one_case {
	char name[1024];
	char place[560]; /* file:line */
	struct case_trace *trace;
	struct text expected;
	struct text absent; /* a line each */
};

/* The first of the lines that must not be there, and is; NULL: none is. */
static const char *found_absent(const char *absent, const char *all)
{
	for (; *absent; absent += strcspn(absent, "\n") + 1) {
		size_t n = strcspn(absent, "\n");

		for (const char *line = all; *line; line += strcspn(line, "\n") + 1) {
			if (strncmp(line, absent, n) == 0)
				return absent;
		}
	}
	return NULL;
}

/* Returns how many cases failed: 0 or 1. */
static int finish_case(struct one_case *one)
{
	struct text kept;
	char *all;
	int failed;

	if (!one->trace)
		return 0;
	fclose(one->expected.file);
	fclose(one->absent.file);
	all = results_of(one->trace);
	text_open(&kept);
	for (const char *line = all; *line; line += strcspn(line, "\n") + 1) {
		if (has_word(one->expected.data, line))
			fprintf(kept.file, "%.*s\n", (int)strcspn(line, "\n"), line);
	}
	fclose(kept.file);
	failed = strcmp(kept.data, one->expected.data) != 0 ||
		 (!one->expected.size && !one->absent.size) ||
		 found_absent(one->absent.data, all);
	if (failed)
		print_error("%s: case %s\nexpected:\n%sand none of:\n%sbut got:\n%sall results:\n%s\n",
			    one->place, one->name, one->expected.data, one->absent.data, kept.data,
			    all);
	free(kept.data);
	free(all);
	free(one->expected.data);
	free(one->absent.data);
	case_trace_free(one->trace);
	one->trace = NULL;
	return failed;
}

static int run_file(const char *path, int *n_cases)
{
	FILE *file = fopen(path, "r");
	struct one_case one = { .trace = NULL };
	char line[1024];
	int number = 0, failed = 0;

	assert_non_null(file);
	while (fgets(line, sizeof(line), file)) {
		const char *error;

		number++;
		line[strcspn(line, "\n")] = 0;
		if (!line[0] || line[0] == '#')
			continue;
		if (strncmp(line, "case ", 5) == 0) {
			failed += finish_case(&one);
			snprintf(one.name, sizeof(one.name), "%s", line + 5);
			snprintf(one.place, sizeof(one.place), "%s:%d", path, number);
			one.trace = case_trace_new();
			text_open(&one.expected);
			text_open(&one.absent);
			++*n_cases;
			continue;
		}
		if (!one.trace)
			fail_msg("%s:%d: a line before the first case", path, number);
		if (strncmp(line, "= ", 2) == 0) {
			fprintf(one.expected.file, "%s\n", line + 2);
			continue;
		}
		if (strncmp(line, "!= ", 3) == 0) {
			fprintf(one.absent.file, "%s\n", line + 3);
			continue;
		}
		error = case_trace_line(one.trace, line);
		if (error)
			fail_msg("%s:%d: %s: %s", path, number, error, line);
	}
	failed += finish_case(&one);
	fclose(file);
	return failed;
}

static int is_case_file(const struct dirent *entry)
{
	size_t length = strlen(entry->d_name);

	return length > 5 && strcmp(entry->d_name + length - 5, ".case") == 0;
}

static void all_cases(void **state)
{
	struct dirent **entries;
	int failed = 0, n_cases = 0;
	int n = scandir(RECORDS_DIR, &entries, is_case_file, alphasort);

	(void)state;
	assert_true(n > 0);
	for (int i = 0; i < n; i++) {
		char path[512];

		snprintf(path, sizeof(path), "%s/%s", RECORDS_DIR, entries[i]->d_name);
		failed += run_file(path, &n_cases);
		free(entries[i]);
	}
	free(entries);
	print_message("%d cases in %d files\n", n_cases, n);
	assert_true(n_cases > 0);
	assert_int_equal(failed, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_cases),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
