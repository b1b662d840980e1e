/* SPDX-License-Identifier: MIT */
/* cmd_export.c: `waitscope export`: the options, and the order of the steps. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "analyzer/command.h"
#include "analyzer/exports/export.h"
#include "analyzer/reading.h"
#include "analyzer/report_output.h"
#include "analyzer/study.h"
#include "analyzer/supervise.h"

static const char help_text[] =
	"usage: waitscope export --to FORMAT [-o FILE] [OPTION...] [DIR...]\n"
	"\n"
	"Writes what a recording tells for other tools. DIR is what `waitscope record` or `lttng`\n"
	"wrote (default: " WS_READING_DEFAULT_DIR "); several are read as one trace.\n"
	"\n"
	"  --to FORMAT         @FORMATS@"
	"  -o, --output FILE   write there instead of to standard output; FILE is replaced only\n"
	"                      when all of it is written\n" WS_READING_HELP("--until") "\n"
	"  --help              show this text\n"
	"\n"
	"T is a number with ns, us, ms, s, m or h: 10us, 1.5ms, 2s. Without unit: seconds.\n"
	"\n"
	"exit status:\n"
	"  0  everything was written\n"
	"  1  there is no readable trace, or the file could not be written\n"
	"  2  unknown option or wrong value\n"
	"\n"
	"examples:\n"
	"  waitscope export --to folded | flamegraph.pl --countname=ns > waits.svg\n"
	"  waitscope export --to pprof -o waits.pb.gz && go tool pprof -top waits.pb.gz\n";

struct options {
	struct ws_study_options study;
	const struct ws_exporter *exporter;
	const char *output; /* NULL: standard output */
	bool help;
};

static int usage(const char *what, const char *value)
{
	return ws_reading_usage("export", &(struct ws_usage){ what, value });
}

enum {
	OPT_TO = WS_READING_OWN,
	OPT_HELP,
};

static const struct option long_options[] = {
	WS_READING_OPTIONS,
	{ "to", required_argument, NULL, OPT_TO },
	{ "output", required_argument, NULL, 'o' },
	{ "help", no_argument, NULL, OPT_HELP },
	{ NULL, 0, NULL, 0 },
};

/* One option of our own. 0 or the exit status of a usage error. */
static int parse_option(int option, const char *value, struct options *options)
{
	switch (option) {
	case OPT_TO:
		options->exporter = ws_exporter_find(value);
		return options->exporter ? 0 : usage("--to: there is no such format:", value);
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
	opterr = 0;
	optind = 0; /* glibc: start anew, whatever came before */
	while ((option = getopt_long(argc, argv, ":o:" WS_READING_LETTERS, long_options, NULL)) !=
	       -1) {
		int r, status = 0;

		if (option == ':' || option == '?')
			return ws_reading_unknown("export", option, argv);
		r = ws_reading_option(option, optarg, &options->study, &wrong);
		if (r < 0)
			return ws_reading_usage("export", &wrong);
		if (r == 0)
			status = parse_option(option, optarg, options);
		if (status)
			return status;
	}
	if (options->help)
		return 0;
	if (!options->exporter)
		return usage("--to: say which format, for example --to folded", NULL);
	if (ws_reading_arguments(argc, argv, &options->study, &wrong) < 0)
		return ws_reading_usage("export", &wrong);
	return 0;
}

static int write_export(const struct options *options, const struct ws_report *report,
			struct ws_error *error)
{
	struct ws_report_output output;
	int r = ws_report_output_open(&output, options->output, error);

	if (r < 0)
		return r;
	r = options->exporter->write(report, output.file);
	if (r < 0) {
		ws_report_output_drop(&output);
		return r;
	}
	return ws_report_output_commit(&output, error);
}

/* In a process of its own: damaged traces may kill it. The exit status. */
static int export(void *user, struct ws_watch *watch, int64_t *number)
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
		r = write_export(options, ws_study_report(study), &error);
	ws_study_free(study);
	if (r == 0)
		return WS_EXIT_OK;
	ws_error_set(&error, r, "nothing exported: %s", strerror(-r));
	fprintf(stderr, "waitscope export: %s%s\n", error.text, remedy);
	return WS_EXIT_FAILURE;
}

static void print_help(void)
{
	static const char mark[] = "@FORMATS@";
	char text[8192];
	size_t n = (size_t)(strstr(help_text, mark) - help_text);

	memcpy(text, help_text, n);
	for (const struct ws_exporter *e = ws_exporters; e->name; e++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%-11s%s\n",
				      e == ws_exporters ? "" : "                      ", e->name,
				      e->summary);
	snprintf(text + n, sizeof(text) - n, "%s", strstr(help_text, mark) + strlen(mark));
	ws_reading_help(text);
}

int ws_cmd_export(int argc, char **argv)
{
	struct options options;
	const struct ws_supervised supervised = {
		.name = "waitscope export", .progress = true, .work = export, .user = &options
	};
	int status = parse_options(argc, argv, &options);

	if (status)
		return status;
	if (options.help) {
		print_help();
		return WS_EXIT_OK;
	}
	if (!options.output && options.exporter->write == ws_export_pprof && isatty(STDOUT_FILENO))
		return usage("--to pprof is no text for a terminal: give it a file by -o", NULL);
	return ws_supervise(&supervised, NULL);
}
