/* SPDX-License-Identifier: MIT */
/* cmd_diff.c: `waitscope diff`: the options, and the order of the steps. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "analyzer/command.h"
#include "analyzer/report_output.h"
#include "analyzer/reports/diff.h"
#include "analyzer/runs.h"
#include "analyzer/say.h"
#include "analyzer/telling.h"
#include "analyzer/terminal.h"

#define DEFAULT_TOP 10

/* What only this command is asked for. */
struct options {
	bool json;
	size_t top;
	struct ws_compare_options compare;
	char *dirs[WS_SIDES][WS_RUNS_MAX]; /* Owned by this */
	size_t n[WS_SIDES];
	int side;         /* that folders are of; -1: nobody said so yet */
	size_t arguments; /* folders, or lists of them, while nobody had */
	size_t second;    /* where the second of them begins */
};

enum {
	OPT_FORMAT = WS_READING_OWN,
	OPT_BEFORE,
	OPT_AFTER,
	OPT_TOP,
	OPT_PER,
	OPT_LEAST,
	OPT_RUN_NOISE,
};

static const struct ws_row rows[] = {
	{ "before", OPT_BEFORE, NULL, NULL, NULL,
	  "the folders from here on are of the side before" },
	{ "after", OPT_AFTER, NULL, NULL, NULL, "the folders from here on are of the side after" },
	{ "format", OPT_FORMAT, "FORMAT", "text json", NULL,
	  "text (default) or json, which docs/diff.schema.json describes" },
	{ "top", OPT_TOP, "N", NULL, NULL,
	  "show at most N objects that did not change (default: 10; 0: all); text only" },
	{ "per", OPT_PER, "UNIT", "run second", NULL,
	  "compare the waiting of a run (default), or of a second: for servers that were recorded "
	  "for "
	  "different lengths of time" },
	{ "least", OPT_LEAST, "PERCENT", NULL, NULL,
	  "a difference is not worth telling if it is a smaller part of the time in which threads "
	  "ran "
	  "or waited for what others held (default: 1)" },
	{ "run-noise", OPT_RUN_NOISE, "PERCENT", NULL, NULL,
	  "by how much equal runs are assumed to differ (default: 25)" },
	WS_ROWS_END,
};

static const struct ws_manual_status statuses[] = {
	{ 0, "the comparison is complete, whatever it says" },
	{ 1, "a trace could not be read, or the comparison not be written" },
	{ 2, "unknown option, wrong value, or missing folder" },
	{ -1, NULL },
};

static const char *const examples[] = {
	"waitscope diff old.trace new.trace",
	"waitscope diff old.1 old.2 old.3 -- new.1 new.2 new.3",
	"waitscope diff --format json --before old.* --after new.*",
	NULL,
};

const struct ws_manual ws_manual_diff = {
	.command = "diff",
	.summary = "say what became better or worse between recordings of two builds",
	.synopsis = "[OPTION...] BEFORE AFTER | BEFORE... -- AFTER...",
	.argument = WS_WORDS_TRACE,
	.about = "Says what became better or worse between recordings of two builds of a program, "
		 "for each "
		 "object and each line that waits, and what is no more than equal runs differ.\n"
		 "Each DIR is a run of its own; A1,A2 is the same as A1 A2. Several runs on each "
		 "side, "
		 "recorded in turns, show how much equal runs differ; with one, that is assumed. "
		 "docs/diff.md has the rules.",
	.tables = { rows, ws_reading_rows, ws_reading_filter_rows, ws_reading_to_rows },
	.notes = WS_READING_TIMES,
	.statuses = statuses,
	.examples = examples,
};

/* "1", "0.5", "25": a part of 100. */
static int take_percent(const char *value, double *ret)
{
	char *end;
	double percent = strtod(value, &end);

	if (end == value || *end || !(percent >= 0) || percent > 1000)
		return -EINVAL;
	*ret = percent / 100;
	return 0;
}

static int take_option(struct ws_telling *telling, int option, char *value)
{
	struct options *options = telling->user;
	uint64_t number;

	switch (option) {
	case OPT_FORMAT:
		options->json = value[0] == 'j';
		return 0;
	case OPT_BEFORE:
	case OPT_AFTER:
		if (options->side < 0 && options->arguments)
			return ws_telling_wrong(telling, option, NULL,
						"must come before the folders");
		options->side = option == OPT_BEFORE ? WS_BEFORE : WS_AFTER;
		return 0;
	case OPT_TOP:
		if (ws_reading_number(value, SIZE_MAX, &number) < 0)
			return ws_telling_wrong(telling, option, value, "not a number");
		options->top = number;
		return 0;
	case OPT_PER:
		options->compare.per_second = value[0] == 's';
		return 0;
	default: /* OPT_LEAST, OPT_RUN_NOISE */
		return take_percent(value, option == OPT_LEAST ? &options->compare.least
							       : &options->compare.run_noise) < 0
			       ? ws_telling_wrong(telling, option, value, "not a number of percent")
			       : 0;
	}
}

static int add_dir(struct ws_telling *telling, const char *dir, size_t length)
{
	struct options *options = telling->user;
	int side = options->side < 0 ? WS_BEFORE : options->side;

	if (!length)
		return ws_say_usage(telling->manual->command, dir, "the name of a folder is empty");
	if (options->n[side] == WS_RUNS_MAX)
		return ws_say_usage(telling->manual->command, dir, "more than %d runs on one side",
				    WS_RUNS_MAX);
	options->dirs[side][options->n[side]] = strndup(dir, length);
	if (!options->dirs[side][options->n[side]])
		return WS_EXIT_FAILURE;
	options->n[side]++;
	return 0;
}

/* "A", or "A1,A2" where there is no folder of that name. */
static int take_folder(struct ws_telling *telling, const char *value, bool after_dashes)
{
	struct options *options = telling->user;
	struct stat ignored;

	if (after_dashes && options->side < 0)
		options->side = WS_AFTER;
	if (options->side < 0 && ++options->arguments == 2)
		options->second = options->n[WS_BEFORE];
	if (!strchr(value, ',') || stat(value, &ignored) == 0)
		return add_dir(telling, value, strlen(value));
	for (;;) {
		size_t n = strcspn(value, ",");
		int status = add_dir(telling, value, n);

		if (status || !value[n])
			return status;
		value += n + 1;
	}
}

/* Two arguments without a word between them are one on each side. */
static int check(struct ws_telling *telling)
{
	struct options *options = telling->user;

	if (options->side < 0 && options->arguments == 2) {
		for (size_t i = options->second; i < options->n[WS_BEFORE]; i++)
			options->dirs[WS_AFTER][options->n[WS_AFTER]++] =
				options->dirs[WS_BEFORE][i];
		options->n[WS_BEFORE] = options->second;
	} else if (options->side < 0 && options->arguments > 2) {
		return ws_say_usage(telling->manual->command, options->dirs[WS_BEFORE][2],
				    "is it before or after? A... -- B...");
	}
	for (int side = 0; side < WS_SIDES; side++)
		if (!options->n[side])
			return ws_say_usage(telling->manual->command,
					    side == WS_BEFORE ? "BEFORE" : "AFTER",
					    "there is no folder of this side");
	return 0;
}

static int write_all(struct ws_telling *telling, const struct ws_comparison *comparison,
		     struct ws_error *error)
{
	const struct options *options = telling->user;
	struct ws_text_style style = { .top = options->top };
	struct ws_report_output output;
	int r = ws_report_output_open(&output, telling->output, error);

	if (r < 0)
		return r;
	style.utf8 = ws_terminal_utf8();
	r = options->json ? ws_diff_json(comparison, output.file)
			  : ws_diff_text(comparison, &style, output.file);
	if (r < 0) {
		ws_report_output_drop(&output);
		return r;
	}
	return ws_report_output_commit(&output, error);
}

static int compare(struct ws_telling *telling, const struct ws_side sides[WS_SIDES])
{
	const struct options *options = telling->user;
	struct ws_comparison *comparison = NULL;
	struct ws_error error = { "" };
	int r = ws_compare(sides, &options->compare, &comparison);

	if (r == 0)
		r = write_all(telling, comparison, &error);
	ws_comparison_free(comparison);
	if (r == 0)
		return WS_EXIT_OK;
	ws_error_set(&error, r, "%s: %s: %s", telling->output ? telling->output : "standard output",
		     telling->failed, strerror(-r));
	ws_say_error(&error, r);
	return WS_EXIT_FAILURE;
}

static int work(struct ws_telling *telling)
{
	struct options *options = telling->user;
	struct ws_digest *digests[WS_SIDES][WS_RUNS_MAX] = { { NULL } };
	struct ws_side sides[WS_SIDES];
	int status = WS_EXIT_OK;

	for (int side = 0; side < WS_SIDES; side++) {
		for (size_t i = 0; i < options->n[side] && status == WS_EXIT_OK; i++)
			status = ws_run_read(telling->failed, &telling->study,
					     options->dirs[side][i], &digests[side][i]);
		sides[side] = (struct ws_side){ (const struct ws_digest *const *)digests[side],
						options->n[side] };
	}
	if (status == WS_EXIT_OK)
		status = compare(telling, sides);
	for (int side = 0; side < WS_SIDES; side++)
		for (size_t i = 0; i < options->n[side]; i++)
			ws_digest_free(digests[side][i]);
	return status;
}

int ws_cmd_diff(int argc, char **argv)
{
	struct options options = {
		.top = DEFAULT_TOP,
		.side = -1,
		.compare = { .least = WS_COMPARE_LEAST, .run_noise = WS_NOISE_RUN },
	};
	struct ws_telling telling = {
		.manual = &ws_manual_diff,
		.failed = "no comparison",
		.user = &options,
		.option = take_option,
		.folder = take_folder,
		.check = check,
		.work = work,
	};
	int status;

	ws_telling_init(&telling);
	status = ws_telling_run(&telling, argc, argv);
	for (int side = 0; side < WS_SIDES; side++)
		for (size_t i = 0; i < options.n[side]; i++)
			free(options.dirs[side][i]);
	return status;
}
