/* SPDX-License-Identifier: MIT */
/* cmd_report.c: `waitscope report`: the options, and the order of the steps. */
#include <errno.h>
#include <langinfo.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>

#include "analyzer/command.h"
#include "analyzer/listing.h"
#include "analyzer/option.h"
#include "analyzer/reports/calls.h"
#include "analyzer/reports/report.h"
#include "analyzer/telling.h"

#define DEFAULT_TOP 10

/* What only this command is asked for. */
struct options {
	bool json, html; /* neither: text */
	bool stacks;
	bool calls;
	size_t top;
	const char *what_ifs[WS_WHAT_IF_MAX]; /* Weak: of argv */
};

enum {
	OPT_FORMAT = WS_READING_OWN,
	OPT_AT,
	OPT_STUCK_AFTER,
	OPT_TOP,
	OPT_STACKS,
	OPT_CALLS,
	OPT_CRITICAL_PATH,
	OPT_WHAT_IF,
};

static const struct ws_row rows[] = {
	{ "format", OPT_FORMAT, "FORMAT", "text json html", NULL,
	  "text (default); json, which docs/report.schema.json describes; or html, one page for a "
	  "browser that needs no network" },
	{ "top", OPT_TOP, "N", NULL, NULL,
	  "show at most N objects and N pairs of threads (default: 10; 0: all); text only" },
	{ "calls", OPT_CALLS, NULL, NULL, NULL,
	  "list every call of a trace of `record --mode full`, a line each, in the order in which "
	  "they returned, and then the functions; instead of the report; text only" },
	{ "critical-path", OPT_CRITICAL_PATH, "TID", NULL, NULL,
	  "what the end of this thread depended on (default: the main thread of the recorded "
	  "command)" },
	{ "what-if", OPT_WHAT_IF, "OBJECT[=none|half]", NULL, NULL,
	  "how long it would have taken if nobody had waited for OBJECT, or half as long; OBJECT is "
	  "a name in the report or an id of its JSON; may be given several times" },
	{ "at", OPT_AT, "T", "?end", NULL,
	  "show the wait graph of this moment, too: who waits then, for whom, and whom that one "
	  "waits for; `end`: of the end of the trace" },
	{ "stuck-after", OPT_STUCK_AFTER, "T", NULL, NULL,
	  "a wait for a lock that is open at the end for T is a finding (default: 10s)" },
	{ "stacks", OPT_STACKS, NULL, NULL, NULL,
	  "show the call stacks of waiters, holders and wakers; text only" },
	WS_ROWS_END,
};

static const struct ws_manual_status statuses[] = {
	{ 0, "the report is complete" },
	{ 1, "there is no readable trace, or the report could not be written" },
	{ 2, "unknown option or wrong value" },
	{ -1, NULL },
};

static const char *const examples[] = {
	"waitscope report",
	"waitscope report --min-wait 1ms --kind mutex,rwlock --stacks server.trace",
	"waitscope report --calls --pid 812 server.trace",
	"waitscope report --what-if cache.lock=half server.trace",
	"waitscope report --format json -o report.json server.trace",
	"waitscope report --format html -o report.html server.trace",
	NULL,
};

const struct ws_manual ws_manual_report = {
	.command = "report",
	.summary = "tell from a recording who waited for whom, on what, and where",
	.synopsis = "[OPTION...] [DIR...]",
	.argument = WS_WORDS_TRACE,
	.about = "Tells from a recording who waited for whom, on what, and where in the code. DIR is "
		 "what `waitscope record` or `lttng` wrote (default: " WS_READING_DEFAULT_DIR
		 "); several are read as one trace, ordered by time: of several runs, or of several "
		 "hosts, whose clocks are taken as they are.",
	.tables = { rows, ws_reading_rows, ws_reading_filter_rows, ws_reading_to_rows },
	.notes = WS_READING_TIMES
	"\nWhile a long trace is read, and standard error is a terminal, a line there tells how far "
	"it is: percent, events, events a second, and the time left.",
	.statuses = statuses,
	.examples = examples,
};

static int take_option(struct ws_telling *telling, int option, char *value)
{
	struct options *options = telling->user;
	struct ws_setup *setup = &telling->study.setup;
	uint64_t number;

	switch (option) {
	case OPT_FORMAT:
		options->json = value[0] == 'j';
		options->html = value[0] == 'h';
		setup->intervals = options->html ? WS_INTERVALS_MAX : 0;
		return 0;
	case OPT_AT:
		return ws_reading_at(value, &setup->graph) < 0
			       ? ws_telling_wrong(telling, option, value,
						  "not a time such as 1.5s, nor `end`")
			       : 0;
	case OPT_STUCK_AFTER:
		if (ws_option_time(value, &setup->stuck_ns) < 0 || !setup->stuck_ns)
			return ws_telling_wrong(telling, option, value, "not a time such as 1.5s");
		return 0;
	case OPT_TOP:
		if (ws_reading_number(value, SIZE_MAX / 2, &number) < 0)
			return ws_telling_wrong(telling, option, value, "not a number; 0 is all");
		options->top = number;
		return 0;
	case OPT_STACKS:
		options->stacks = true;
		return 0;
	case OPT_CALLS:
		options->calls = true;
		return 0;
	case OPT_CRITICAL_PATH:
		if (ws_reading_number(value, INT32_MAX, &number) < 0 || number == 0)
			return ws_telling_wrong(telling, option, value, "not a thread id");
		setup->path_tid = (int32_t)number;
		return 0;
	default: /* OPT_WHAT_IF */
		if (!*value || *value == '=')
			return ws_telling_wrong(telling, option, value,
						"not an object's name or id");
		if (setup->n_what_ifs == WS_WHAT_IF_MAX)
			return ws_telling_wrong(telling, option, value, "there are too many of them");
		options->what_ifs[setup->n_what_ifs++] = value;
		setup->what_ifs = options->what_ifs;
		return 0;
	}
}

static int check(struct ws_telling *telling)
{
	const struct options *options = telling->user;

	if (options->calls && (options->json || options->html))
		return ws_telling_wrong(telling, OPT_CALLS, NULL, "text only: not with --format");
	return 0;
}

/* The calls, and what they come to. */
static int write_calls(const struct ws_study_options *options, const struct ws_study *study,
		       FILE *to, struct ws_error *error)
{
	const struct ws_report *report = ws_study_report(study);
	struct ws_page page = { .to = to, .width = 100 };
	int r;

	if (!report->results->calls->n)
		return ws_error_set(error, -ENODATA,
				    "%s: it holds no calls; `waitscope record --mode full` records "
				    "them",
				    options->dirs[0]);
	r = ws_list_calls(options, study, to, error);
	if (r == 0)
		ws_text_calls(&page, report, 0);
	return r;
}

static int write_report(struct ws_telling *telling, const struct ws_study *study, FILE *to,
			struct ws_error *error)
{
	const struct options *options = telling->user;
	const struct ws_report *report = ws_study_report(study);
	struct ws_text_style style = { .stacks = options->stacks, .top = options->top };

	if (options->calls)
		return write_calls(&telling->study, study, to, error);
	if (options->json)
		return ws_report_json(report, to);
	if (options->html)
		return ws_report_html(report, to);
	setlocale(LC_CTYPE, "");
	style.utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
	return ws_report_text(report, &style, to);
}

int ws_cmd_report(int argc, char **argv)
{
	struct options options = { .top = DEFAULT_TOP };
	struct ws_telling telling = {
		.manual = &ws_manual_report,
		.failed = "no report",
		.user = &options,
		.option = take_option,
		.check = check,
		.write = write_report,
	};

	ws_telling_init(&telling);
	return ws_telling_run(&telling, argc, argv);
}
