/* SPDX-License-Identifier: MIT */
/* cmd_graph.c: `waitscope graph`: the options, and the order of the steps. */
#include "analyzer/analyses/shape.h"
#include "analyzer/command.h"
#include "analyzer/reports/graph.h"
#include "analyzer/telling.h"

static const char help_text[] =
	"usage: waitscope graph [OPTION...] [DIR...]\n"
	"\n"
	"Draws who waits for whom, on what: at one moment, or weighted over a span of time. DIR\n"
	"is what `waitscope record` or `lttng` wrote (default: " WS_READING_DEFAULT_DIR ").\n"
	"\n"
	"  --at T              at this moment, counted from the trace's beginning; `end`: at its\n"
	"                      end, before anything that was open was closed. Without it: all\n"
	"                      waits that count, by the time that they took\n"
	"  --by WHAT           what a node is: thread (default), site (a line of code), pool\n"
	"                      (threads of one name), process, or object (each object is a node\n"
	"                      between who waits for it and who holds it)\n"
	"  --format FORMAT     dot (default), for graphviz; svg, a picture for browsers; json; or\n"
	"                      graphml, for networkx, igraph, Gephi and yEd\n"
	"  -o, --output FILE   write there instead of to standard output; FILE is replaced only\n"
	"                      when all of it is written\n" WS_READING_HELP(
		"--to") "\n"
			"  --help              show this text\n"
			"\n"
			"T is a number with ns, us, ms, s, m or h: 10us, 1.5ms, 2s. Without unit: "
			"seconds.\n"
			"A solid edge needs who it leads to, a dashed one could go on by it. Who "
			"can never go on\n"
			"is red.\n"
			"\n"
			"exit status:\n"
			"  0  the graph is complete\n"
			"  1  there is no readable trace, or the graph could not be written\n"
			"  2  unknown option or wrong value\n"
			"\n"
			"examples:\n"
			"  waitscope graph --at end --format svg -o hang.svg\n"
			"  waitscope graph --by process --from 1s --to 2s --format json "
			"server.trace\n";

enum {
	OPT_AT = WS_READING_OWN,
	OPT_BY,
	OPT_FORMAT,
};

static const struct option long_options[] = {
	WS_READING_OPTIONS,
	WS_READING_OPTION_TO,
	{ "at", required_argument, NULL, OPT_AT },
	{ "by", required_argument, NULL, OPT_BY },
	{ "format", required_argument, NULL, OPT_FORMAT },
	{ NULL, 0, NULL, 0 },
};

static int take_option(struct ws_telling *telling, int option, char *value)
{
	struct ws_graph_wish *graph = &telling->study.setup.graph;
	const struct ws_graph_format **format = telling->user;

	switch (option) {
	case OPT_AT:
		return ws_reading_at(value, graph) < 0
			       ? ws_telling_usage(telling, "--at: a time such as 1.5s, or end, not",
						  value)
			       : 0;
	case OPT_BY:
		return ws_graph_by_of_word(value, &graph->by) < 0
			       ? ws_telling_usage(
					 telling,
					 "--by: thread, site, pool, process or object, not", value)
			       : 0;
	default: /* OPT_FORMAT */
		*format = ws_graph_format_find(value);
		return *format ? 0
			       : ws_telling_usage(telling,
						  "--format: dot, svg, json or graphml, not",
						  value);
	}
}

static int write_graph(struct ws_telling *telling, const struct ws_study *study, FILE *to,
		       struct ws_error *error)
{
	const struct ws_graph_format **format = telling->user;

	return (*format)->write(ws_study_report(study), to, error);
}

int ws_cmd_graph(int argc, char **argv)
{
	const struct ws_graph_format *format = &ws_graph_formats[0];
	struct ws_telling telling = {
		.name = "graph",
		.failed = "no graph",
		.options = long_options,
		.help = help_text,
		.user = &format,
		.option = take_option,
		.write = write_graph,
	};

	ws_telling_init(&telling);
	telling.study.setup.graph.wanted = true;
	return ws_telling_run(&telling, argc, argv);
}
