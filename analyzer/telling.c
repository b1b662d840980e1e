/* SPDX-License-Identifier: MIT */
/* telling.c: see telling.h. */
#include "analyzer/telling.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "analyzer/command.h"
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

/* A moment after the end has no graph. 0 or -ERANGE with *error set. */
static int check_moment(const struct ws_graph_wish *graph, const struct ws_tables *tables,
			struct ws_error *error)
{
	uint64_t ns = tables->end_ns - tables->begin_ns;

	if (!graph->instant || graph->at_ns == UINT64_MAX || graph->at_ns <= ns)
		return 0;
	return ws_error_set(error, -ERANGE,
			    "--at: the trace is only %" PRIu64 ".%06" PRIu64
			    " s long; give an earlier time, or `end`",
			    ns / 1000000000, ns / 1000 % 1000000);
}

static int write_all(struct ws_telling *telling, const struct ws_study *study,
		     struct ws_error *error)
{
	struct ws_report_output output;
	int r = ws_report_output_open(&output, telling->output, error);

	if (r < 0)
		return r;
	r = telling->write(telling, study, output.file, error);
	if (r < 0) {
		ws_report_output_drop(&output);
		return r;
	}
	return ws_report_output_commit(&output, error);
}

/* In a process of its own: damaged traces may kill it. The exit status. */
static int tell(void *user, struct ws_watch *watch, int64_t *number)
{
	struct ws_telling *telling = user;
	struct ws_error error = { "" };
	struct ws_study *study = NULL;
	bool is_missing;
	int r = ws_study_make(&telling->study, watch, &study, &error);

	(void)number;
	if (r == -ENOENT)
		ws_error_set(&error, r, "%s: %s", telling->study.dirs[0], strerror(-r));
	is_missing = r == -ENOENT;
	if (r == 0)
		r = check_moment(&telling->study.setup.graph, ws_study_report(study)->tables,
				 &error);
	if (r == 0)
		r = write_all(telling, study, &error);
	ws_study_free(study);
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
