/* SPDX-License-Identifier: MIT */
/* test_journal: every wait that counts, in order of its begin, with all that is known of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/case_report.h"

static const char lock_text[] =
	"0 A start\n"
	"0 B start\n"
	"10 B begin mutex:m site=get@c.c:9 stack=get@c.c:9<main@c.c:1 held=A/take@c.c:5\n"
	"40 A wake unlock mutex:m site=give@c.c:7 hold=take@c.c:5\n"
	"45 B end acquired\n"
	"50 A begin sem:s site=down@c.c:20\n"
	"90 B begin mutex:m site=get@c.c:9 stack=get@c.c:9<main@c.c:1 held=A/take@c.c:5\n"
	"95 B end timeout";

#define KEPT 8

/* What was told. */
struct seen {
	const struct ws_journal_result *journal;
	size_t n, losses;
	struct ws_journal_wait waits[KEPT];
	struct ws_charge charges[KEPT]; /* the first of each */
	struct ws_journal_loss loss;
	uint64_t wait_ns;
	uint64_t stop_at; /* a wait by number; UINT64_MAX: none */
};

static int take_wait(void *user, uint64_t id, const struct ws_journal_wait *wait,
		     const struct ws_charge *charges, const struct ws_piece *pieces)
{
	struct seen *seen = user;
	uint64_t ns = 0;

	assert_int_equal(id, seen->n);
	if (seen->n && seen->n <= KEPT)
		assert_true(wait->begin_ns >= seen->waits[seen->n - 1].begin_ns);
	for (uint32_t i = 0; i < wait->n_charges; i++)
		ns += charges[i].ns;
	if (wait->n_charges)
		assert_int_equal(ns, wait->end_ns - wait->begin_ns);
	if (wait->n_pieces)
		assert_int_equal(pieces[wait->n_pieces - 1].to_ns, wait->end_ns);
	if (seen->n < KEPT) {
		seen->waits[seen->n] = *wait;
		if (wait->n_charges)
			seen->charges[seen->n] = charges[0];
	}
	seen->n++;
	seen->wait_ns += wait->end_ns - wait->begin_ns;
	return id == seen->stop_at ? 7 : 0;
}

static int take_loss(void *user, const struct ws_journal_loss *loss)
{
	struct seen *seen = user;

	seen->losses++;
	seen->loss = *loss;
	return 0;
}

static void read_all(const struct case_report *report, struct seen *seen)
{
	const struct ws_journal_reader reader = { seen, take_wait, take_loss };

	*seen = (struct seen){ .journal = report->results->journal, .stop_at = UINT64_MAX };
	assert_int_equal(ws_journal_each(report->results->journal, &reader), 0);
}

static void make(const char *text, const struct ws_filter *filter, struct case_trace **trace,
		 struct case_report *report)
{
	struct ws_setup setup = { .filter = { .to_ns = UINT64_MAX }, .journal = true };

	if (filter)
		setup.filter = *filter;
	*trace = case_trace_parse(text);
	case_report_make_as(*trace, &setup, report);
}

static void nobody_asked(void **state)
{
	struct case_trace *trace = case_trace_parse(lock_text);
	struct case_report report;
	struct seen seen;

	(void)state;
	case_report_make(trace, NULL, &report);
	assert_false(report.results->journal->kept);
	read_all(&report, &seen);
	assert_int_equal(seen.n, 0);
	case_report_free(&report);
	case_trace_free(trace);
}

static const char *site_of(const struct seen *seen, const struct ws_holder *who)
{
	struct ws_party party;

	assert_int_equal(ws_journal_party(seen->journal, who, &party), 0);
	return party.site ? party.site->function : NULL;
}

static void all_of_each(void **state)
{
	struct case_trace *trace;
	struct case_report report;
	struct seen seen;

	(void)state;
	make(lock_text, NULL, &trace, &report);
	read_all(&report, &seen);
	assert_int_equal(seen.n, 3);
	assert_int_equal(seen.wait_ns, report.results->contention->total.wait_ns);
	/* B's, which A held and let go 5 ns before its end. */
	assert_int_equal(seen.waits[0].begin_ns, 10);
	assert_int_equal(seen.waits[0].end_ns, 45);
	assert_int_equal(seen.waits[0].woken_ns, 40);
	assert_int_equal(seen.waits[0].thread, 1);
	assert_int_equal(seen.waits[0].end, WS_OUTCOME_ACQUIRED);
	assert_int_equal(seen.waits[0].wake_op, WS_WAKE_UNLOCK);
	assert_int_equal(seen.waits[0].waker.thread, 0);
	assert_string_equal(site_of(&seen, &seen.waits[0].waker), "give");
	assert_int_equal(seen.waits[0].n_charges, 1);
	assert_int_equal(seen.charges[0].ns, 35);
	assert_string_equal(site_of(&seen, &seen.charges[0].holder), "take");
	/* A's is open: the model knows of it last, and it is in its place all the same. */
	assert_int_equal(seen.waits[1].begin_ns, 50);
	assert_int_equal(seen.waits[1].end, WS_JOURNAL_OPEN);
	assert_string_equal(ws_journal_end_word(seen.waits[1].end), "open");
	assert_int_equal(seen.waits[1].n_charges, 0);
	assert_int_equal(seen.waits[1].wake_op, WS_WAKE_NONE);
	assert_int_equal(seen.waits[1].woken_ns, 0);
	assert_int_equal(seen.waits[2].begin_ns, 90);
	assert_int_equal(seen.waits[2].end, WS_OUTCOME_TIMEOUT);
	case_report_free(&report);
	case_trace_free(trace);
}

static void by_filter(void **state)
{
	const struct ws_filter tid = { .to_ns = UINT64_MAX, .tid = 101 };
	const struct ws_filter least = { .to_ns = UINT64_MAX, .min_wait_ns = 40 };
	struct case_trace *trace;
	struct case_report report;
	struct seen seen;

	(void)state;
	make(lock_text, &tid, &trace, &report);
	read_all(&report, &seen);
	assert_int_equal(seen.n, report.results->contention->total.waits);
	assert_int_equal(seen.wait_ns, report.results->contention->total.wait_ns);
	assert_true(seen.n < 3);
	case_report_free(&report);
	case_trace_free(trace);
	make(lock_text, &least, &trace, &report);
	read_all(&report, &seen);
	assert_int_equal(seen.n, 1);
	assert_int_equal(seen.waits[0].begin_ns, 50);
	case_report_free(&report);
	case_trace_free(trace);
}

static void losses(void **state)
{
	struct case_trace *trace;
	struct case_report report;
	struct seen seen;

	(void)state;
	make("0 A start\n"
	     "10 A begin sem:s site=down@c.c:20\n"
	     "30 - loss 5\n"
	     "40 A end acquired",
	     NULL, &trace, &report);
	read_all(&report, &seen);
	assert_int_equal(seen.n, 1);
	assert_true(seen.waits[0].uncertain);
	assert_int_equal(seen.losses, 1);
	assert_int_equal(seen.loss.at_ns, 30);
	assert_int_equal(seen.loss.events, 5);
	assert_int_equal(seen.loss.packets, 0);
	case_report_free(&report);
	case_trace_free(trace);
}

static void stops(void **state)
{
	struct case_trace *trace;
	struct case_report report;
	struct seen seen = { .stop_at = 1 };
	const struct ws_journal_reader reader = { &seen, take_wait, NULL };

	(void)state;
	make(lock_text, NULL, &trace, &report);
	assert_int_equal(ws_journal_each(report.results->journal, &reader), 7);
	assert_int_equal(seen.n, 2);
	case_report_free(&report);
	case_trace_free(trace);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nobody_asked), cmocka_unit_test(all_of_each),
		cmocka_unit_test(by_filter),    cmocka_unit_test(losses),
		cmocka_unit_test(stops),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
