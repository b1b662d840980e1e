/* SPDX-License-Identifier: MIT */
/* cmd_export.c: `waitscope export`: the options, and the order of the steps. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "analyzer/command.h"
#include "analyzer/exports/export.h"
#include "analyzer/telling.h"

static const char help_text[] =
	"usage: waitscope export --to FORMAT [-o FILE] [OPTION...] [DIR...]\n"
	"\n"
	"Writes what a recording tells for other tools. DIR is what `waitscope record` or `lttng`\n"
	"wrote (default: " WS_READING_DEFAULT_DIR "); several are read as one trace.\n"
	"\n"
	"  --to FORMAT         @FORMATS@"
	"  -o, --output FILE   write there instead of to standard output; FILE is replaced only\n"
	"                      when all of it is written\n" WS_READING_HELP(
		"--until") "\n"
			   "  --help              show this text\n"
			   "\n"
			   "T is a number with ns, us, ms, s, m or h: 10us, 1.5ms, 2s. Without "
			   "unit: seconds.\n"
			   "\n"
			   "exit status:\n"
			   "  0  everything was written\n"
			   "  1  there is no readable trace, or the file could not be written\n"
			   "  2  unknown option or wrong value\n"
			   "\n"
			   "examples:\n"
			   "  waitscope export --to folded | flamegraph.pl --countname=ns > "
			   "waits.svg\n"
			   "  waitscope export --to pprof -o waits.pb.gz && go tool pprof -top "
			   "waits.pb.gz\n";

enum { OPT_TO = WS_READING_OWN };

static const struct option long_options[] = {
	WS_READING_OPTIONS,
	{ "to", required_argument, NULL, OPT_TO },
	{ NULL, 0, NULL, 0 },
};

static int take_option(struct ws_telling *telling, int option, char *value)
{
	const struct ws_exporter **exporter = telling->user;

	(void)option; /* OPT_TO */
	*exporter = ws_exporter_find(value);
	return *exporter ? 0 : ws_telling_usage(telling, "--to: there is no such format:", value);
}

static int check(struct ws_telling *telling)
{
	const struct ws_exporter **exporter = telling->user;

	if (!*exporter)
		return ws_telling_usage(telling, "--to: say which format, for example --to folded",
					NULL);
	if (!telling->output && (*exporter)->binary && isatty(STDOUT_FILENO))
		return ws_telling_usage(telling,
					"this format is no text for a terminal: give it a file by "
					"-o, not to",
					"standard output");
	return 0;
}

static int write_export(struct ws_telling *telling, const struct ws_study *study, FILE *to,
			struct ws_error *error)
{
	const struct ws_exporter **exporter = telling->user;

	(void)error;
	return (*exporter)->write(ws_study_report(study), to);
}

/* The help, with the formats in it. */
static void set_help(char *text, size_t size)
{
	static const char mark[] = "@FORMATS@";
	size_t n = (size_t)(strstr(help_text, mark) - help_text);

	memcpy(text, help_text, n);
	for (const struct ws_exporter *e = ws_exporters; e->name; e++)
		n += (size_t)snprintf(text + n, size - n, "%s%-11s%s\n",
				      e == ws_exporters ? "" : "                      ", e->name,
				      e->summary);
	snprintf(text + n, size - n, "%s", strstr(help_text, mark) + strlen(mark));
}

int ws_cmd_export(int argc, char **argv)
{
	const struct ws_exporter *exporter = NULL;
	char help[8192];
	struct ws_telling telling = {
		.name = "export",
		.failed = "nothing exported",
		.options = long_options,
		.help = help,
		.user = &exporter,
		.option = take_option,
		.check = check,
		.write = write_export,
	};

	set_help(help, sizeof(help));
	ws_telling_init(&telling);
	return ws_telling_run(&telling, argc, argv);
}
