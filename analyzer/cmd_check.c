/* SPDX-License-Identifier: MIT */
/* cmd_check.c: `waitscope check`: the options, and the order of the steps. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/command.h"
#include "analyzer/report_output.h"
#include "analyzer/reports/baseline_json.h"
#include "analyzer/reports/check.h"
#include "analyzer/runs.h"
#include "analyzer/say.h"
#include "analyzer/telling.h"
#include "analyzer/terminal.h"

/* Limits that are set at most. */
#define LIMITS_MAX 64

enum {
	OPT_BASELINE = WS_READING_OWN,
	OPT_UPDATE,
	OPT_MAX_WAIT,
	OPT_TOLERANCE,
	OPT_ALLOW_UNKNOWN,
	OPT_FORMAT,
	OPT_JUNIT,
	OPT_SARIF,
};

static const struct ws_row rows[] = {
	{ "baseline", OPT_BASELINE, "FILE", WS_WORDS_FILE, NULL,
	  "compare with what this file allows: where the program blocks, in which orders it takes "
	  "locks, and how much it waits for each; to be kept beside the source" },
	{ "update-baseline", OPT_UPDATE, NULL, NULL, NULL,
	  "allow what these runs do, too, and write FILE anew, unless a rule is broken that no "
	  "baseline allows; the first time, this makes it" },
	{ "max-wait", OPT_MAX_WAIT, "RULE", NULL, NULL,
	  "a limit for waits, as kind=mutex,p99<2ms or object=cache*,site=refill,total<1s: "
	  "kind=K|K, object=GLOB and site=GLOB choose, and each of p50, p95, p99, max, total (a "
	  "time) and waits (a number) below a value is to hold in every run; may be given several "
	  "times" },
	{ "tolerance", OPT_TOLERANCE, "NAME=N", NULL, NULL,
	  "how much more than in the baseline is allowed: contended=N times as large a part of a "
	  "lock's acquisitions that wait (3), critical_path=PERCENT more of the run (25), "
	  "site_waits=N fewer waits at a new line are chance (3), site_share=PERCENT unless they "
	  "took that part of the run (5); otherwise as the baseline says" },
	{ "allow-unknown", OPT_ALLOW_UNKNOWN, NULL, NULL, NULL,
	  "pass, and say so, where lost events leave unknown whether a rule is kept" },
	{ "format", OPT_FORMAT, "FORMAT", "text json", NULL,
	  "text (default) or json, which docs/check.schema.json describes" },
	{ "junit", OPT_JUNIT, "FILE", WS_WORDS_FILE, NULL, "write it as JUnit XML there, too" },
	{ "sarif", OPT_SARIF, "FILE", WS_WORDS_FILE, NULL, "write it as SARIF 2.1.0 there, too" },
	WS_ROWS_END,
};

static const struct ws_manual_status statuses[] = {
	{ 0, "every rule is kept" },
	{ 1, "a rule is broken, or it is not known whether one is" },
	{ 2, "nothing was judged: unknown option, wrong value, or a file that cannot be read or "
	     "written" },
	{ -1, NULL },
};

static const char *const examples[] = {
	"waitscope check --baseline waits.json --update-baseline test.trace",
	"waitscope check --baseline waits.json --sarif waits.sarif --junit waits.xml test.trace",
	"waitscope check --max-wait 'kind=mutex,p99<2ms' --max-wait 'object=log*,waits<10' "
	"test.trace",
	NULL,
};

const struct ws_manual ws_manual_check = {
	.command = "check",
	.summary = "judge a recording by rules: a gate for continuous integration",
	.synopsis = "[OPTION...] [DIR...]",
	.argument = WS_WORDS_TRACE,
	.about =
		"Judges recordings of one build by rules, and fails if one is broken. Rules about "
		"what the "
		"program does come first: no deadlock, no finding that is an error and, with a "
		"baseline, no new order of locks, no new line that blocks, and no more waiting for "
		"each lock than before. Limits for time are yours to set. docs/check.md has the "
		"rules.\n"
		"Each DIR is a run of its own (default: " WS_READING_DEFAULT_DIR ").",
	.tables = { rows, ws_reading_rows, ws_reading_filter_rows, ws_reading_to_rows },
	.notes = WS_READING_TIMES,
	.statuses = statuses,
	.examples = examples,
};

/* What only this command is asked for. */
struct options {
	bool json, update, allow_unknown;
	const char *baseline, *junit, *sarif; /* NULL: not wanted */
	struct ws_wait_rule limits[LIMITS_MAX];
	size_t n_limits;
	double contended, critical_path, site_waits, site_share; /* < 0: as the baseline says */
};

static int take_limit(struct ws_telling *telling, const char *value)
{
	struct options *options = telling->user;
	struct ws_error error = { "" };

	if (options->n_limits == LIMITS_MAX)
		return ws_telling_wrong(telling, OPT_MAX_WAIT, value, "at most 64 of them");
	if (ws_wait_rule_parse(value, &options->limits[options->n_limits], &error) < 0)
		return ws_telling_wrong(telling, OPT_MAX_WAIT, value,
					error.text[0] ? error.text : "out of memory");
	options->n_limits++;
	return 0;
}

static int take_tolerance(struct ws_telling *telling, const char *value)
{
	struct options *options = telling->user;
	const struct {
		const char *name;
		double *to, scale;
	} names[] = { { "contended=", &options->contended, 1 },
		      { "critical_path=", &options->critical_path, 0.01 },
		      { "site_waits=", &options->site_waits, 1 },
		      { "site_share=", &options->site_share, 0.01 } };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		size_t n = strlen(names[i].name);
		double number;
		char *end;

		if (strncmp(value, names[i].name, n) != 0)
			continue;
		number = strtod(value + n, &end);
		if (end == value + n || *end || !(number >= 0) || number > 1e9)
			break;
		*names[i].to = number * names[i].scale;
		return 0;
	}
	return ws_telling_wrong(telling, OPT_TOLERANCE, value,
				"not contended=N, critical_path=N, site_waits=N or site_share=N");
}

static int take_option(struct ws_telling *telling, int option, char *value)
{
	struct options *options = telling->user;

	switch (option) {
	case OPT_BASELINE:
		options->baseline = value;
		return 0;
	case OPT_UPDATE:
		options->update = true;
		return 0;
	case OPT_MAX_WAIT:
		return take_limit(telling, value);
	case OPT_TOLERANCE:
		return take_tolerance(telling, value);
	case OPT_ALLOW_UNKNOWN:
		options->allow_unknown = true;
		return 0;
	case OPT_FORMAT:
		options->json = value[0] == 'j';
		return 0;
	case OPT_JUNIT:
		options->junit = value;
		return 0;
	default: /* OPT_SARIF */
		options->sarif = value;
		return 0;
	}
}

static int check(struct ws_telling *telling)
{
	const struct options *options = telling->user;
	const struct {
		int option;
		const char *file;
	} files[] = { { OPT_BASELINE, options->baseline },
		      { OPT_JUNIT, options->junit },
		      { OPT_SARIF, options->sarif } };

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		if (files[i].file && !files[i].file[0])
			return ws_telling_wrong(telling, files[i].option, files[i].file,
						"a file name is wanted");
	if (options->update && !options->baseline)
		return ws_telling_wrong(telling, OPT_UPDATE, NULL,
					"which one? give --baseline FILE");
	if (telling->study.n_dirs > WS_RUNS_MAX)
		return ws_say_usage(telling->manual->command, telling->study.dirs[WS_RUNS_MAX],
				    "more than %d runs", WS_RUNS_MAX);
	return 0;
}

/* Whatever kept it from judging. */
static int fail(const struct ws_telling *telling, const char *what, int code,
		struct ws_error *error)
{
	ws_error_set(error, code, "%s: %s: %s", what, telling->failed, strerror(-code));
	ws_say_error(error, code);
	return WS_EXIT_USAGE;
}

/* One file that is whole or not there. */
static int write_file(const char *path, const struct ws_check *checked,
		      int (*write)(const struct ws_check *check, FILE *to), struct ws_error *error)
{
	struct ws_report_output output;
	int r = ws_report_output_open(&output, path, error);

	if (r < 0)
		return r;
	r = write(checked, output.file);
	if (r < 0) {
		ws_report_output_drop(&output);
		return r;
	}
	return ws_report_output_commit(&output, error);
}

static int write_text(const struct ws_check *checked, FILE *to)
{
	const struct ws_text_style style = { .utf8 = ws_terminal_utf8() };

	return ws_check_text(checked, &style, to);
}

static int write_baseline(const char *path, const struct ws_baseline *baseline,
			  struct ws_error *error)
{
	struct ws_report_output output;
	int r = ws_report_output_open(&output, path, error);

	if (r < 0)
		return r;
	r = ws_baseline_write(baseline, output.file);
	if (r < 0) {
		ws_report_output_drop(&output);
		return r;
	}
	return ws_report_output_commit(&output, error);
}

/* Those of the baseline, unless the user wants others. */
static struct ws_tolerances tolerances_of(const struct options *options,
					  const struct ws_baseline *baseline)
{
	struct ws_tolerances t = baseline ? baseline->tolerances : WS_TOLERANCES_DEFAULT;

	if (options->contended >= 0)
		t.contended = options->contended;
	if (options->critical_path >= 0)
		t.critical_path = options->critical_path;
	if (options->site_waits >= 0)
		t.site_waits = (uint64_t)options->site_waits;
	if (options->site_share >= 0)
		t.site_share = options->site_share;
	return t;
}

/* The baseline that is judged by: that of the file, or that and what the runs did. */
static int get_baseline(const struct options *options, const struct ws_side *runs,
			struct ws_baseline **ret, struct ws_error *error)
{
	struct ws_baseline *old = NULL, *made = NULL;
	int r;

	if (!options->baseline)
		return 0;
	r = ws_baseline_read(options->baseline, &old, error);
	if (r == -ENOENT && !options->update)
		return ws_error_set(error, -EINVAL,
				    "%s: there is no such baseline; --update-baseline makes it",
				    options->baseline);
	if (r == -ENOENT) {
		old = ws_baseline_new();
		r = old ? 0 : -ENOMEM;
	}
	if (r < 0 || !options->update) {
		*ret = old;
		return r;
	}
	/* What the user tolerates this time is to count from now on. */
	old->tolerances = tolerances_of(options, old);
	r = ws_baseline_update(old, runs, &made);
	ws_baseline_free(old);
	*ret = made;
	return r;
}

static int judge(struct ws_telling *telling, const struct ws_side *runs)
{
	const struct options *options = telling->user;
	struct ws_baseline *baseline = NULL;
	struct ws_gate_result *result = NULL;
	struct ws_error error = { "" };
	struct ws_check checked = { .runs = runs,
				    .baseline = options->baseline,
				    .version = WS_VERSION };
	struct ws_gate_options gate = { .limits = options->limits,
					.n_limits = options->n_limits,
					.allow_unknown = options->allow_unknown };
	int status = WS_EXIT_FAILURE;
	int r = get_baseline(options, runs, &baseline, &error);

	if (r == 0) {
		gate.baseline = baseline;
		gate.tolerances = tolerances_of(options, baseline);
		r = ws_gate_judge(runs, &gate, &result);
	}
	if (r == 0 && options->update && result->pass) {
		r = write_baseline(options->baseline, baseline, &error);
		checked.updated = true;
	}
	checked.result = result;
	if (r == 0 && options->junit)
		r = write_file(options->junit, &checked, ws_check_junit, &error);
	if (r == 0 && options->sarif)
		r = write_file(options->sarif, &checked, ws_check_sarif, &error);
	if (r == 0)
		r = write_file(telling->output, &checked,
			       options->json ? ws_check_json : write_text, &error);
	if (r < 0)
		status = fail(telling, telling->output ? telling->output : "standard output", r,
			      &error);
	else if (result->pass)
		status = WS_EXIT_OK;
	ws_gate_free(result);
	ws_baseline_free(baseline);
	return status;
}

static int work(struct ws_telling *telling)
{
	struct ws_digest *digests[WS_RUNS_MAX] = { NULL };
	const struct ws_side runs = { (const struct ws_digest *const *)digests,
				      telling->study.n_dirs };
	int status = WS_EXIT_OK;

	for (size_t i = 0; i < runs.n && status == WS_EXIT_OK; i++)
		status = ws_run_read(telling->failed, &telling->study, telling->study.dirs[i],
				     &digests[i]);
	/* 1 is for broken rules alone. */
	status = status == WS_EXIT_OK        ? judge(telling, &runs)
		 : status == WS_EXIT_FAILURE ? WS_EXIT_USAGE
					     : status;
	for (size_t i = 0; i < runs.n; i++)
		ws_digest_free(digests[i]);
	return status;
}

int ws_cmd_check(int argc, char **argv)
{
	struct options options = {
		.contended = -1, .critical_path = -1, .site_waits = -1, .site_share = -1
	};
	struct ws_telling telling = {
		.manual = &ws_manual_check,
		.failed = "nothing was judged",
		.user = &options,
		.option = take_option,
		.check = check,
		.work = work,
	};

	ws_telling_init(&telling);
	return ws_telling_run(&telling, argc, argv);
}
