/* SPDX-License-Identifier: MIT */
/* cmd_report.c: `waitscope report`: the options, and the order of the steps. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "analyzer/command.h"
#include "analyzer/listing.h"
#include "analyzer/option.h"
#include "analyzer/reports/calls.h"
#include "analyzer/reports/report.h"
#include "analyzer/telling.h"
#include "analyzer/terminal.h"

#define DEFAULT_TOP 10

/* What only this command is asked for. */
struct options {
	bool json, html; /* neither: text */
	bool stacks;
	bool findings;
	bool calls;
	bool has_top; /* the user said how many */
	size_t top;
	enum ws_colour colour;
	const char *what_ifs[WS_WHAT_IF_MAX]; /* Weak: of argv */
};

enum {
	OPT_FORMAT = WS_READING_OWN,
	OPT_AT,
	OPT_STUCK_AFTER,
	OPT_TOP,
	OPT_SORT,
	OPT_GROUP_BY,
	OPT_STACKS,
	OPT_FINDINGS,
	OPT_COLOR,
	OPT_CALLS,
	OPT_CRITICAL_PATH,
	OPT_WHAT_IF,
};

static const char *sort_word(size_t i, const char **summary)
{
	*summary = NULL;
	return ws_sort_word((enum ws_sort)i);
}

static const char *group_word(size_t i, const char **summary)
{
	*summary = NULL;
	return ws_group_by_word((enum ws_group_by)i);
}

static const struct ws_row rows[] = {
	{ "format", OPT_FORMAT, "FORMAT", "text json html", NULL,
	  "text (default); json, which docs/report.schema.json describes; or html, one page for a "
	  "browser that needs no network" },
	{ "top", OPT_TOP, "N", NULL, NULL,
	  "show N objects in full, and at most N of everything else (0: all); without it, a first "
	  "look: what cost most in full, and a line each of what comes after it; text only" },
	{ "sort", OPT_SORT, "KEY", NULL, sort_word,
	  "show the objects, or groups, in this order (default: objects by class and time, groups "
	  "by time): the largest first, names from A on; in text and JSON:" },
	{ "group-by", OPT_GROUP_BY, "WHAT", NULL, group_word,
	  "show a table of the waits that count, summed by the line of code that waited (site), or "
	  "by what else is said; in text instead of the report, in JSON as `groups`:" },
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
	{ "findings", OPT_FINDINGS, NULL, NULL, NULL,
	  "show all findings and deadlocks, each with its evidence and cure; text only" },
	{ "color", OPT_COLOR, "WHEN", "auto always never", NULL,
	  "colours: auto (default): on a terminal, unless NO_COLOR is set; always; or never" },
	WS_ROWS_END,
};

static const struct ws_manual_status statuses[] = {
	{ 0, "the report is complete" },
	{ 1, "there is no readable trace, or the report could not be written" },
	{ 2, "unknown option or wrong value" },
	{ -1, NULL },
};

static const struct ws_manual_variable variables[] = {
	{ "NO_COLOR", "set to anything: no colours, unless --color=always" },
	{ "COLUMNS", "a line is no longer than this, whatever the terminal's width is" },
	{ NULL, NULL },
};

static const char *const examples[] = {
	"waitscope report",
	"waitscope report --min-wait 1ms --kind mutex,rwlock --stacks server.trace",
	"waitscope report --calls --pid 812 server.trace",
	"waitscope report --group-by thread --sort p99 --object 'cache*' server.trace",
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
	.variables = variables,
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
		options->has_top = true;
		return 0;
	case OPT_SORT:
		setup->is_sorted = true;
		return ws_sort_of_word(value, &setup->sort) < 0 ? WS_EXIT_USAGE : 0;
	case OPT_GROUP_BY:
		setup->is_grouped = true;
		return ws_group_by_of_word(value, &setup->group_by) < 0 ? WS_EXIT_USAGE : 0;
	case OPT_STACKS:
		options->stacks = true;
		return 0;
	case OPT_FINDINGS:
		options->findings = true;
		return 0;
	case OPT_COLOR:
		options->colour = strcmp(value, "auto") == 0     ? WS_COLOUR_AUTO
				  : strcmp(value, "always") == 0 ? WS_COLOUR_ALWAYS
								 : WS_COLOUR_NEVER;
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
	const struct ws_setup *setup = &telling->study.setup;

	if (options->calls && (options->json || options->html))
		return ws_telling_wrong(telling, OPT_CALLS, NULL, "text only: not with --format");
	if (setup->is_sorted && options->html)
		return ws_telling_wrong(telling, OPT_SORT, NULL,
					"not with --format html: the page's tables sort themselves");
	if (setup->is_grouped && options->html)
		return ws_telling_wrong(telling, OPT_GROUP_BY, NULL,
					"not with --format html: give --format text or json");
	if (options->calls && (setup->is_sorted || setup->is_grouped))
		return ws_telling_wrong(telling, OPT_CALLS, NULL,
					"not with --sort or --group-by: calls are not summed");
	if (options->calls && setup->filter.n_objects)
		return ws_telling_wrong(telling, OPT_CALLS, NULL,
					"not with --object: calls are told by their arguments; "
					"take --kind, or `record --only`");
	return 0;
}

/* The calls, and what they come to. */
static int write_calls(const struct ws_study_options *options, const struct ws_study *study,
		       FILE *to, struct ws_error *error)
{
	const struct ws_report *report = ws_study_report(study);
	struct ws_page page = { .to = to, .width = ws_terminal_width(fileno(to)) };
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
	struct ws_text_style style = {
		.stacks = options->stacks,
		.findings = options->findings,
		.brief = !options->has_top,
		.top = options->top,
	};

	if (options->calls)
		return write_calls(&telling->study, study, to, error);
	if (options->json)
		return ws_telling_write(telling, "json", to, error);
	if (options->html)
		return ws_telling_write(telling, "html", to, error);
	style.utf8 = ws_terminal_utf8();
	style.colour = ws_terminal_colour(options->colour, fileno(to));
	style.width = ws_terminal_width(fileno(to));
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
