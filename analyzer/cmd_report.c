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

static const char help_text[] =
	"usage: waitscope report [OPTION...] [DIR...]\n"
	"\n"
	"Tells from a recording who waited for whom, on what, and where in the code. DIR is what\n"
	"`waitscope record` or `lttng` wrote (default: " WS_READING_DEFAULT_DIR
	"); several are read as one\n"
	"trace, ordered by time: of several runs, or of several hosts, whose clocks are taken as "
	"they\n"
	"are.\n"
	"\n"
	"  --format FORMAT     text (default); json, which docs/report.schema.json describes; or\n"
	"                      html, one page for a browser that needs no network\n"
	"  -o, --output FILE   write there instead of to standard output; FILE is replaced only\n"
	"                      when the report is complete\n"
	"  --top N             show at most N objects and N pairs of threads (default: 10; 0: "
	"all);\n"
	"                      text only\n"
	"  --calls             list every call of a trace of `record --mode full`, a line each, "
	"in\n"
	"                      the order in which they returned, and then the functions;\n"
	"                      instead of the report; text only\n"
	"  --critical-path TID what the end of this thread depended on (default: the main thread\n"
	"                      of the recorded command)\n"
	"  --what-if OBJECT[=none|half]\n"
	"                      how long it would have taken if nobody had waited for OBJECT, or\n"
	"                      half as long; OBJECT is a name in the report or an id of its JSON;\n"
	"                      may be given several times\n"
	"  --at T              show the wait graph of this moment, too: who waits then, for whom, "
	"and\n"
	"                      whom that one waits for; `end`: of the end of the trace\n"
	"  --stuck-after T     a wait for a lock that is open at the end for T is a finding "
	"(default:\n"
	"                      10s)\n"
	"  --stacks            show the call stacks of waiters, holders and wakers; text "
	"only\n" WS_READING_HELP(
		"--to") "\n"
			"  --help              show this text\n"
			"\n"
			"While a long trace is read, and standard error is a terminal, a line "
			"there tells how far\n"
			"it is: percent, events, events a second, and the time left.\n"
			"\n"
			"T is a number with ns, us, ms, s, m or h: 10us, 1.5ms, 2s. Without unit: "
			"seconds.\n"
			"\n"
			"exit status:\n"
			"  0  the report is complete\n"
			"  1  there is no readable trace, or the report could not be written\n"
			"  2  unknown option or wrong value\n"
			"\n"
			"examples:\n"
			"  waitscope report\n"
			"  waitscope report --min-wait 1ms --kind mutex,rwlock --stacks "
			"server.trace\n"
			"  waitscope report --calls --pid 812 server.trace\n"
			"  waitscope report --what-if cache.lock=half server.trace\n"
			"  waitscope report --format json -o report.json server.trace\n"
			"  waitscope report --format html -o report.html server.trace\n";

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

static const struct option long_options[] = {
	WS_READING_OPTIONS,
	WS_READING_OPTION_TO,
	{ "format", required_argument, NULL, OPT_FORMAT },
	{ "at", required_argument, NULL, OPT_AT },
	{ "stuck-after", required_argument, NULL, OPT_STUCK_AFTER },
	{ "top", required_argument, NULL, OPT_TOP },
	{ "stacks", no_argument, NULL, OPT_STACKS },
	{ "calls", no_argument, NULL, OPT_CALLS },
	{ "critical-path", required_argument, NULL, OPT_CRITICAL_PATH },
	{ "what-if", required_argument, NULL, OPT_WHAT_IF },
	{ NULL, 0, NULL, 0 },
};

static int take_option(struct ws_telling *telling, int option, char *value)
{
	struct options *options = telling->user;
	struct ws_setup *setup = &telling->study.setup;
	uint64_t number;

	switch (option) {
	case OPT_FORMAT:
		if (strcmp(value, "text") != 0 && strcmp(value, "json") != 0 &&
		    strcmp(value, "html") != 0)
			return ws_telling_usage(telling, "--format: text, json or html, not",
						value);
		options->json = value[0] == 'j';
		options->html = value[0] == 'h';
		setup->intervals = options->html ? WS_INTERVALS_MAX : 0;
		return 0;
	case OPT_AT:
		return ws_reading_at(value, &setup->graph) < 0
			       ? ws_telling_usage(telling, "--at: a time such as 1.5s, or end, not",
						  value)
			       : 0;
	case OPT_STUCK_AFTER:
		if (ws_option_time(value, &setup->stuck_ns) < 0 || !setup->stuck_ns)
			return ws_telling_usage(telling, "--stuck-after: a time such as 1.5s, not",
						value);
		return 0;
	case OPT_TOP:
		if (ws_reading_number(value, SIZE_MAX / 2, &number) < 0)
			return ws_telling_usage(telling, "--top: a number, not", value);
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
			return ws_telling_usage(telling, "--critical-path: a thread id, not",
						value);
		setup->path_tid = (int32_t)number;
		return 0;
	default: /* OPT_WHAT_IF */
		if (!*value || *value == '=')
			return ws_telling_usage(telling, "--what-if: an object's name or id, not",
						value);
		if (setup->n_what_ifs == WS_WHAT_IF_MAX)
			return ws_telling_usage(telling, "--what-if: too many of them, from",
						value);
		options->what_ifs[setup->n_what_ifs++] = value;
		setup->what_ifs = options->what_ifs;
		return 0;
	}
}

static int check(struct ws_telling *telling)
{
	const struct options *options = telling->user;

	if (options->calls && (options->json || options->html))
		return ws_telling_usage(telling, "--calls is text: without --format, please", NULL);
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
				    "there are no calls in %s; `waitscope record --mode full` "
				    "records them",
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
		.name = "report",
		.failed = "no report",
		.options = long_options,
		.help = help_text,
		.user = &options,
		.option = take_option,
		.check = check,
		.write = write_report,
	};

	ws_telling_init(&telling);
	return ws_telling_run(&telling, argc, argv);
}
