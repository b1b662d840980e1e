/* SPDX-License-Identifier: MIT */
/* cmd_graph.c: `waitscope graph`: the options, and the order of the steps. */
#include <stdio.h>

#include "analyzer/analyses/shape.h"
#include "analyzer/command.h"
#include "analyzer/public/private.h"
#include "analyzer/reports/graph.h"
#include "analyzer/telling.h"

enum {
	OPT_AT = WS_READING_OWN,
	OPT_BY,
	OPT_FORMAT,
};

static const char *format_word(size_t i, const char **summary)
{
	*summary = ws_graph_formats[i].summary;
	return ws_graph_formats[i].name;
}

static const struct ws_row rows[] = {
	{ "at", OPT_AT, "T", "?end", NULL,
	  "at this moment, counted from the trace's beginning; `end`: at its end, before anything "
	  "that was open was closed. Without it: all waits that count, by the time that they took" },
	{ "by", OPT_BY, "WHAT", "thread site pool process object", NULL,
	  "what a node is: thread (default), site (a line of code), pool (threads of one name), "
	  "process, or object (each object is a node between who waits for it and who holds it)" },
	{ "format", OPT_FORMAT, "FORMAT", NULL, format_word, "what is written (default: dot):" },
	WS_ROWS_END,
};

static const struct ws_manual_status statuses[] = {
	{ 0, "the graph is complete" },
	{ 1, "there is no readable trace, or the graph could not be written" },
	{ 2, "unknown option or wrong value" },
	{ -1, NULL },
};

static const char *const examples[] = {
	"waitscope graph --at end --format svg -o hang.svg",
	"waitscope graph --by process --from 1s --to 2s --format json server.trace",
	NULL,
};

const struct ws_manual ws_manual_graph = {
	.command = "graph",
	.summary = "draw who waits for whom, at one moment or over time",
	.synopsis = "[OPTION...] [DIR...]",
	.argument = WS_WORDS_TRACE,
	.about = "Draws who waits for whom, on what: at one moment, or weighted over a span of time. "
		 "DIR is what `waitscope record` or `lttng` wrote "
		 "(default: " WS_READING_DEFAULT_DIR ").",
	.tables = { rows, ws_reading_rows, ws_reading_filter_rows, ws_reading_to_rows },
	.notes = WS_READING_TIMES
	"\nA solid edge needs who it leads to, a dashed one could go on by it. Who can never go on "
	"is red.",
	.statuses = statuses,
	.examples = examples,
};

static int take_option(struct ws_telling *telling, int option, char *value)
{
	struct ws_graph_wish *graph = &telling->study.setup.graph;
	const struct ws_graph_format **format = telling->user;

	switch (option) {
	case OPT_AT:
		return ws_reading_at(value, graph) < 0
			       ? ws_telling_wrong(telling, option, value,
						  "not a time such as 1.5s, nor `end`")
			       : 0;
	case OPT_BY:
		return ws_graph_by_of_word(value, &graph->by) < 0 ? WS_EXIT_USAGE : 0;
	default: /* OPT_FORMAT */
		*format = ws_graph_format_find(value);
		return 0;
	}
}

static int write_graph(struct ws_telling *telling, const struct ws_study *study, FILE *to,
		       struct ws_error *error)
{
	const struct ws_graph_format **format = telling->user;
	char name[64];

	(void)study;
	snprintf(name, sizeof(name), WS_ANALYSIS_GRAPH "%s", (*format)->name);
	return ws_telling_write(telling, name, to, error);
}

int ws_cmd_graph(int argc, char **argv)
{
	const struct ws_graph_format *format = &ws_graph_formats[0];
	struct ws_telling telling = {
		.manual = &ws_manual_graph,
		.failed = "no graph",
		.user = &format,
		.option = take_option,
		.write = write_graph,
	};

	ws_telling_init(&telling);
	telling.study.setup.graph.wanted = true;
	return ws_telling_run(&telling, argc, argv);
}
