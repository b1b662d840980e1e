/* SPDX-License-Identifier: MIT */
/* cmd_graph.c: `waitscope graph`: the options, and the order of the steps. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "analyzer/analyses/shape.h"
#include "analyzer/command.h"
#include "analyzer/option.h"
#include "analyzer/reading.h"
#include "analyzer/report_output.h"
#include "analyzer/reports/graph.h"
#include "analyzer/study.h"
#include "analyzer/supervise.h"

static const char help_text[] =
	"usage: waitscope graph [OPTION...] [DIR...]\n"
	"\n"
	"Draws who waits for whom, on what: at one moment, or weighted over a span of time. DIR "
	"is\n"
	"what `waitscope record` or `lttng` wrote (default: " WS_READING_DEFAULT_DIR ").\n"
	"\n"
	"  --at T              at this moment, counted from the trace's beginning; `end`: at its "
	"end,\n"
	"                      before anything that was open was closed. Without it: all waits "
	"that\n"
	"                      count, by the time that they took\n"
	"  --by WHAT           what a node is: thread (default), site (a line of code), pool "
	"(threads\n"
	"                      of one name), process, or object (each object is a node between "
	"who\n"
	"                      waits for it and who holds it)\n"
	"  --format FORMAT     dot (default), for graphviz, or json\n"
	"  -o, --output FILE   write there instead of to standard output; FILE is replaced only\n"
	"                      when all of it is written\n" WS_READING_HELP(
		"--to") "\n"
			"  --help              show this text\n"
			"\n"
			"T is a number with ns, us, ms, s, m or h: 10us, 1.5ms, 2s. Without unit: "
			"seconds.\n"
			"A solid edge needs who it leads to, a dashed one could go on by it. Who "
			"can never go on is red.\n"
			"\n"
			"exit status:\n"
			"  0  the graph is complete\n"
			"  1  there is no readable trace, or the graph could not be written\n"
			"  2  unknown option or wrong value\n"
			"\n"
			"examples:\n"
			"  waitscope graph --at end | dot -Tsvg > hang.svg\n"
			"  waitscope graph --by process --from 1s --to 2s --format json "
			"server.trace\n";

struct options {
	struct ws_study_options study;
	const char *output; /* NULL: standard output */
	bool json;
	bool help;
};

static int usage(const char *what, const char *value)
{
	return ws_reading_usage("graph", &(struct ws_usage){ what, value });
}

enum {
	OPT_AT = WS_READING_OWN,
	OPT_BY,
	OPT_FORMAT,
	OPT_HELP,
};

static const struct option long_options[] = {
	WS_READING_OPTIONS,
	WS_READING_OPTION_TO,
	{ "at", required_argument, NULL, OPT_AT },
	{ "by", required_argument, NULL, OPT_BY },
	{ "format", required_argument, NULL, OPT_FORMAT },
	{ "output", required_argument, NULL, 'o' },
	{ "help", no_argument, NULL, OPT_HELP },
	{ NULL, 0, NULL, 0 },
};

/* One option of our own. 0 or the exit status of a usage error. */
static int parse_option(int option, const char *value, struct options *options)
{
	struct ws_graph_wish *graph = &options->study.setup.graph;

	switch (option) {
	case OPT_AT:
		graph->instant = true;
		if (strcmp(value, "end") == 0)
			graph->at_ns = UINT64_MAX;
		else if (ws_option_time(value, &graph->at_ns) < 0)
			return usage("--at: a time such as 1.5s, or end, not", value);
		return 0;
	case OPT_BY:
		return ws_graph_by_of_word(value, &graph->by) < 0
			       ? usage("--by: thread, site, pool, process or object, not", value)
			       : 0;
	case OPT_FORMAT:
		if (strcmp(value, "dot") != 0 && strcmp(value, "json") != 0)
			return usage("--format: dot or json, not", value);
		options->json = value[0] == 'j';
		return 0;
	case 'o':
		if (!*value)
			return usage("--output: a file name is missing", NULL);
		options->output = value;
		return 0;
	default:
		options->help = true;
		return 0;
	}
}

/* 0 or the exit status of a usage error. */
static int parse_options(int argc, char **argv, struct options *options)
{
	struct ws_usage wrong;
	int option;

	*options = (struct options){ 0 };
	ws_reading_init(&options->study);
	options->study.setup.graph.wanted = true;
	opterr = 0;
	optind = 0; /* glibc: start anew, whatever came before */
	while ((option = getopt_long(argc, argv, ":o:" WS_READING_LETTERS, long_options, NULL)) !=
	       -1) {
		int r, status = 0;

		if (option == ':' || option == '?')
			return ws_reading_unknown("graph", option, argv);
		r = ws_reading_option(option, optarg, &options->study, &wrong);
		if (r < 0)
			return ws_reading_usage("graph", &wrong);
		if (r == 0)
			status = parse_option(option, optarg, options);
		if (status)
			return status;
	}
	if (options->help)
		return 0;
	if (ws_reading_arguments(argc, argv, &options->study, &wrong) < 0)
		return ws_reading_usage("graph", &wrong);
	return 0;
}

static int write_graph(const struct options *options, const struct ws_report *report,
		       struct ws_error *error)
{
	struct ws_report_output output;
	int r = ws_report_output_open(&output, options->output, error);

	if (r < 0)
		return r;
	r = options->json ? ws_graph_json(report, output.file) : ws_graph_dot(report, output.file);
	if (r < 0) {
		ws_report_output_drop(&output);
		return r;
	}
	return ws_report_output_commit(&output, error);
}

/* In a process of its own: damaged traces may kill it. The exit status. */
static int graph(void *user, struct ws_watch *watch, int64_t *number)
{
	const struct options *options = user;
	struct ws_error error = { "" };
	struct ws_study *study = NULL;
	const char *remedy = "";
	int r = ws_study_make(&options->study, watch, &study, &error);

	(void)number;
	if (r == -ENOENT)
		remedy = "; `waitscope record PROGRAM` makes one";
	if (r == 0)
		r = write_graph(options, ws_study_report(study), &error);
	ws_study_free(study);
	if (r == 0)
		return WS_EXIT_OK;
	ws_error_set(&error, r, "no graph: %s", strerror(-r));
	fprintf(stderr, "waitscope graph: %s%s\n", error.text, remedy);
	return WS_EXIT_FAILURE;
}

int ws_cmd_graph(int argc, char **argv)
{
	struct options options;
	const struct ws_supervised supervised = {
		.name = "waitscope graph", .progress = true, .work = graph, .user = &options
	};
	int status = parse_options(argc, argv, &options);

	if (status)
		return status;
	if (options.help) {
		ws_reading_help(help_text);
		return WS_EXIT_OK;
	}
	return ws_supervise(&supervised, NULL);
}
