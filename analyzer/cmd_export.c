/* SPDX-License-Identifier: MIT */
/* cmd_export.c: `waitscope export`: the options, and the order of the steps. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "analyzer/command.h"
#include "analyzer/exports/export.h"
#include "analyzer/public/waitscope/analysis.h"
#include "analyzer/telling.h"

enum { OPT_TO = WS_READING_OWN, OPT_TABLE };

/* What only this command is asked for. */
struct options {
	const struct ws_exporter *exporter; /* NULL: none was named yet */
	struct ws_export_wish wish;
};

static const char *format_word(size_t i, const char **summary)
{
	*summary = ws_exporters[i].summary;
	return ws_exporters[i].name;
}

static const char *table_word(size_t i, const char **summary)
{
	(void)summary;
	return ws_export_csv_table(i);
}

static const struct ws_row rows[] = {
	/* `?`: what is no format is told here. */
	{ "to", OPT_TO, "FORMAT", "?", format_word, "what is written:" },
	{ "table", OPT_TABLE, "NAME", NULL, table_word,
	  "of csv: this table instead of wait_list (docs/exports.md):" },
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
	"waitscope export --to sqlite -o waits.db && sqlite3 waits.db",
	"waitscope export --to csv --table objects -o objects.csv",
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

/* There is no such format. */
static int no_format(const struct ws_telling *telling, const char *value)
{
	const char *why = ws_exporter_why_not(value);
	char all[256];
	size_t n = 0;

	for (const struct ws_exporter *e = ws_exporters; e->name && n < sizeof(all); e++)
		n += (size_t)snprintf(all + n, sizeof(all) - n, "%s%s", n ? ", " : "not one of ",
				      e->name);
	return ws_telling_wrong(telling, OPT_TO, value, why ? why : all);
}

static int take_option(struct ws_telling *telling, int option, char *value)
{
	struct options *options = telling->user;

	if (option == OPT_TABLE) {
		options->wish.table = value;
		return 0;
	}
	options->exporter = ws_exporter_find(value);
	if (!options->exporter)
		return no_format(telling, value);
	telling->study.setup.journal = options->exporter->journal;
	return 0;
}

static int check(struct ws_telling *telling)
{
	const struct options *options = telling->user;
	char wrong[128];

	if (!options->exporter)
		return ws_telling_wrong(telling, OPT_TO, NULL,
					"a format is wanted, such as --to folded");
	if (options->wish.table && !options->exporter->tables) {
		snprintf(wrong, sizeof(wrong), "of csv only, not of %s", options->exporter->name);
		return ws_telling_wrong(telling, OPT_TABLE, options->wish.table, wrong);
	}
	if (!telling->output && options->exporter->binary && isatty(STDOUT_FILENO))
		return ws_telling_wrong(telling, OPT_TO, options->exporter->name,
					"not for a terminal: name a file with -o");
	return 0;
}

static int write_export(struct ws_telling *telling, const struct ws_study *study, FILE *to,
			struct ws_error *error)
{
	const struct options *options = telling->user;

	(void)study;
	if (options->wish.table)
		ws_analysis_set(telling->analysis, "table", options->wish.table);
	return ws_telling_write(telling, options->exporter->name, to, error);
}

int ws_cmd_export(int argc, char **argv)
{
	struct options options = { 0 };
	struct ws_telling telling = {
		.manual = &ws_manual_export,
		.failed = "nothing exported",
		.user = &options,
		.option = take_option,
		.check = check,
		.write = write_export,
	};

	ws_telling_init(&telling);
	return ws_telling_run(&telling, argc, argv);
}
