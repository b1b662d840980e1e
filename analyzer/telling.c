/* SPDX-License-Identifier: MIT */
/* telling.c: see telling.h. */
#include "analyzer/telling.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "analyzer/command.h"
#include "analyzer/report_output.h"
#include "analyzer/supervise.h"

void ws_telling_init(struct ws_telling *telling)
{
	ws_reading_init(&telling->study);
}

int ws_telling_usage(const struct ws_telling *telling, const char *what, const char *value)
{
	return ws_reading_usage(telling->name, &(struct ws_usage){ what, value });
}

/* One option. 0 or the exit status of a usage error. */
static int take_option(struct ws_telling *telling, int option, char *value)
{
	struct ws_usage wrong;
	int r;

	switch (option) {
	case WS_READING_OUTPUT:
		if (!*value)
			return ws_telling_usage(telling, "--output: a file name is missing", NULL);
		telling->output = value;
		return 0;
	case WS_READING_SHOW_HELP:
		telling->wants_help = true;
		return 0;
	default:
		r = ws_reading_option(option, value, &telling->study, &wrong);
		if (r < 0)
			return ws_reading_usage(telling->name, &wrong);
		return r ? 0 : telling->option(telling, option, value);
	}
}

/* 0 or the exit status of a usage error. */
static int parse(struct ws_telling *telling, int argc, char **argv)
{
	struct ws_usage wrong;
	int option;

	opterr = 0;
	optind = 0; /* glibc: start anew, whatever came before */
	while ((option = getopt_long(argc, argv, ":" WS_READING_LETTERS, telling->options, NULL)) !=
	       -1) {
		int status;

		if (option == ':' || option == '?')
			return ws_reading_unknown(telling->name, option, argv);
		status = take_option(telling, option, optarg);
		if (status)
			return status;
	}
	if (telling->wants_help)
		return 0;
	if (ws_reading_arguments(argc, argv, &telling->study, &wrong) < 0)
		return ws_reading_usage(telling->name, &wrong);
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
			    "--at: the trace is only %" PRIu64 ".%06" PRIu64 " s long",
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
	const char *remedy = "";
	int r = ws_study_make(&telling->study, watch, &study, &error);

	(void)number;
	if (r == -ENOENT)
		remedy = "; `waitscope record PROGRAM` makes one";
	if (r == 0)
		r = check_moment(&telling->study.setup.graph, ws_study_report(study)->tables,
				 &error);
	if (r == 0)
		r = write_all(telling, study, &error);
	ws_study_free(study);
	if (r == 0)
		return WS_EXIT_OK;
	/* Rooms say what failed; here it gets the name of the command, once. */
	ws_error_set(&error, r, "%s: %s", telling->failed, strerror(-r));
	fprintf(stderr, "waitscope %s: %s%s\n", telling->name, error.text, remedy);
	return WS_EXIT_FAILURE;
}

int ws_telling_run(struct ws_telling *telling, int argc, char **argv)
{
	char name[32];
	const struct ws_supervised supervised = {
		.name = name, .progress = true, .work = tell, .user = telling
	};
	int status = parse(telling, argc, argv);

	if (status)
		return status;
	if (telling->wants_help) {
		ws_reading_help(telling->help);
		return WS_EXIT_OK;
	}
	snprintf(name, sizeof(name), "waitscope %s", telling->name);
	return ws_supervise(&supervised, NULL);
}
