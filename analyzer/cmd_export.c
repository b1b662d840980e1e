/* SPDX-License-Identifier: MIT */
/* cmd_export.c: `waitscope export`: the options, and the order of the steps. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "analyzer/command.h"
#include "analyzer/exports/export.h"
#include "analyzer/telling.h"

enum { OPT_TO = WS_READING_OWN };

static const char *format_word(size_t i, const char **summary)
{
	*summary = ws_exporters[i].summary;
	return ws_exporters[i].name;
}

static const struct ws_row rows[] = {
	{ "to", OPT_TO, "FORMAT", NULL, format_word, "what is written:" },
	WS_ROWS_END,
};

static const struct ws_manual_status statuses[] = {
	{ 0, "everything was written" },
	{ 1, "there is no readable trace, or the file could not be written" },
	{ 2, "unknown option or wrong value" },
	{ -1, NULL },
};

static const char *const examples[] = {
	"waitscope export --to folded | flamegraph.pl --countname=ns > waits.svg",
	"waitscope export --to pprof -o waits.pb.gz && go tool pprof -top waits.pb.gz",
	"waitscope export --to perfetto --pid 812 -o waits.pftrace",
	NULL,
};

const struct ws_manual ws_manual_export = {
	.command = "export",
	.summary = "write what a recording tells for other tools",
	.synopsis = "--to FORMAT [-o FILE] [OPTION...] [DIR...]",
	.argument = WS_WORDS_TRACE,
	.about = "Writes what a recording tells for other tools. DIR is what `waitscope record` or "
		 "`lttng` wrote (default: " WS_READING_DEFAULT_DIR
		 "); several are read as one trace.",
	.tables = { rows, ws_reading_rows, ws_reading_filter_rows },
	.notes = WS_READING_TIMES,
	.statuses = statuses,
	.examples = examples,
};

static int take_option(struct ws_telling *telling, int option, char *value)
{
	const struct ws_exporter **exporter = telling->user;

	(void)option; /* OPT_TO */
	*exporter = ws_exporter_find(value);
	telling->study.setup.journal = (*exporter)->journal;
	return 0;
}

static int check(struct ws_telling *telling)
{
	const struct ws_exporter **exporter = telling->user;

	if (!*exporter)
		return ws_telling_wrong(telling, OPT_TO, NULL,
					"a format is wanted, such as --to folded");
	if (!telling->output && (*exporter)->binary && isatty(STDOUT_FILENO))
		return ws_telling_wrong(telling, OPT_TO, (*exporter)->name,
					"not for a terminal: name a file with -o");
	return 0;
}

static int write_export(struct ws_telling *telling, const struct ws_study *study, FILE *to,
			struct ws_error *error)
{
	const struct ws_exporter **exporter = telling->user;

	(void)error;
	return (*exporter)->write(ws_study_report(study), to);
}

int ws_cmd_export(int argc, char **argv)
{
	const struct ws_exporter *exporter = NULL;
	struct ws_telling telling = {
		.manual = &ws_manual_export,
		.failed = "nothing exported",
		.user = &exporter,
		.option = take_option,
		.check = check,
		.write = write_export,
	};

	ws_telling_init(&telling);
	return ws_telling_run(&telling, argc, argv);
}
