/* SPDX-License-Identifier: MIT */
/* telling.c: see telling.h. */
#include "analyzer/telling.h"

#include <errno.h>
#include <string.h>

#include "analyzer/command.h"
#include "analyzer/public/private.h"
#include "analyzer/report_output.h"
#include "analyzer/say.h"
#include "analyzer/supervise.h"

/* What getopt_long() returns for an argument that is no option, if the letters begin with '-'. */
#define FOLDER 1

void ws_telling_init(struct ws_telling *telling)
{
	ws_reading_init(&telling->study);
}

int ws_telling_wrong(const struct ws_telling *telling, int option, const char *value,
		     const char *wrong)
{
	return ws_manual_wrong(telling->manual, ws_manual_row(telling->manual, option), value, "%s",
			       wrong);
}

/* One option. 0 or the exit status of a usage error. */
static int take_option(struct ws_telling *telling, int option, char *value)
{
	int r;

	switch (option) {
	case WS_READING_OUTPUT:
		if (!*value)
			return ws_telling_wrong(telling, option, value, "a file name is wanted");
		telling->output = value;
		return 0;
	case WS_READING_SHOW_HELP:
		telling->wants_help = true;
		return 0;
	case FOLDER:
		return telling->folder(telling, value, false);
	default:
		r = ws_reading_option(telling->manual, option, value, &telling->study);
		if (r < 0)
			return WS_EXIT_USAGE;
		return r ? 0 : telling->option(telling, option, value);
	}
}

/* 0 or the exit status of a usage error. */
static int parse(struct ws_telling *telling, int argc, char **argv)
{
	struct option options[WS_MANUAL_ROWS_MAX + 1];
	char letters[2 * WS_MANUAL_ROWS_MAX];
	int option;

	ws_manual_getopt(telling->manual, telling->folder ? "-:" : ":", options, letters);
	opterr = 0;
	optind = 0; /* glibc: start anew, whatever came before */
	while ((option = getopt_long(argc, argv, letters, options, NULL)) != -1) {
		int status;

		if (option == ':' || option == '?')
			return ws_manual_unknown(telling->manual, option, argv);
		status = take_option(telling, option, optarg);
		if (status)
			return status;
	}
	if (telling->wants_help)
		return 0;
	for (; telling->folder && optind < argc; optind++) {
		int status = telling->folder(telling, argv[optind], true);

		if (status)
			return status;
	}
	if (ws_reading_arguments(telling->manual, argc, argv, &telling->study) < 0)
		return WS_EXIT_USAGE;
	return telling->check ? telling->check(telling) : 0;
}

static int write_all(struct ws_telling *telling, struct ws_error *error)
{
	struct ws_report_output output;
	int r = ws_report_output_open(&output, telling->output, error);

	if (r < 0)
		return r;
	r = telling->write(telling, ws_analysis_study(telling->analysis), output.file, error);
	if (r < 0) {
		ws_report_output_drop(&output);
		return r;
	}
	return ws_report_output_commit(&output, error);
}

static int tell_all(struct ws_telling *telling, struct ws_watch *watch, struct ws_error *error,
		    bool *is_missing)
{
	int r = ws_analysis_new(&telling->analysis);

	if (r < 0)
		return r;
	ws_analysis_take(telling->analysis, &telling->study, watch);
	r = ws_analysis_run(telling->analysis);
	*is_missing = r == -ENOENT;
	if (r < 0)
		return ws_error_set(error, r, "%s", ws_analysis_error(telling->analysis));
	return write_all(telling, error);
}

/* In a process of its own: damaged traces may kill it. The exit status. */
static int tell(void *user, struct ws_watch *watch, int64_t *number)
{
	struct ws_telling *telling = user;
	struct ws_error error = { "" };
	bool is_missing = false;
	int r = tell_all(telling, watch, &error, &is_missing);

	(void)number;
	ws_analysis_free(telling->analysis);
	if (r == 0)
		return WS_EXIT_OK;
	/* Rooms say what failed, and on what. */
	ws_error_set(&error, r, "%s: %s: %s", telling->study.dirs[0], telling->failed,
		     strerror(-r));
	if (is_missing)
		ws_say("%s; `waitscope record PROGRAM` makes one", error.text);
	else
		ws_say_error(&error, r);
	return WS_EXIT_FAILURE;
}

int ws_telling_write(struct ws_telling *telling, const char *format, FILE *to,
		     struct ws_error *error)
{
	int r = ws_analysis_write(telling->analysis, format, to);

	return r < 0 ? ws_error_set(error, r, "%s", ws_analysis_error(telling->analysis)) : 0;
}

int ws_telling_run(struct ws_telling *telling, int argc, char **argv)
{
	const struct ws_supervised supervised = {
		.name = "waitscope", .progress = true, .work = tell, .user = telling
	};
	int status = parse(telling, argc, argv);

	if (status)
		return status;
	if (telling->wants_help) {
		ws_manual_help(telling->manual, stdout);
		return WS_EXIT_OK;
	}
	if (telling->work)
		return telling->work(telling);
	return ws_supervise(&supervised, NULL);
}
