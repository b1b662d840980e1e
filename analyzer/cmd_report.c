/* SPDX-License-Identifier: MIT */
/* cmd_report.c: `waitscope report`: the options, and the order of the steps. */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <langinfo.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "analyzer/analyses/all.h"
#include "analyzer/base/arena.h"
#include "analyzer/base/error.h"
#include "analyzer/base/grow.h"
#include "analyzer/base/words.h"
#include "analyzer/command.h"
#include "analyzer/decode/symbols.h"
#include "analyzer/model/model.h"
#include "analyzer/option.h"
#include "analyzer/pipeline.h"
#include "analyzer/report_output.h"
#include "analyzer/reports/report.h"
#include "analyzer/supervise.h"

#define DEFAULT_DIR "./waitscope.trace"
#define DEFAULT_TOP 10

static const char help_text[] =
	"usage: waitscope report [OPTION...] [DIR...]\n"
	"\n"
	"Tells from a recording who waited for whom, on what, and where in the code. DIR is what\n"
	"`waitscope record` or `lttng` wrote (default: " DEFAULT_DIR "); several are read as one\n"
	"trace, ordered by time: of several runs, or of several hosts, whose clocks are taken as they\n"
	"are.\n"
	"\n"
	"  --format FORMAT     text (default) or json, which docs/report.schema.json describes\n"
	"  -o, --output FILE   write there instead of to standard output; FILE is replaced only\n"
	"                      when the report is complete\n"
	"  --top N             show at most N objects and N pairs of threads (default: 10; 0: "
	"all);\n"
	"                      text only\n"
	"  --stacks            show the call stacks of waiters, holders and wakers; text only\n"
	"  -j, --jobs N        read with at most N threads, if there are as many streams\n"
	"                      (default: one for each processor); the report is the same for any N\n"
	"\n"
	"Count only some waits:\n"
	"  --min-wait T        those that took at least T\n"
	"  --pid P             those of process P\n"
	"  --tid T             those of thread T\n"
	"  --kind K[,K...]     those on objects of these kinds:\n"
	"                      @KINDS@\n"
	"  --from T, --to T    those that overlap this span, counted from the trace's beginning;\n"
	"                      they count in full\n"
	"\n"
	"  --help              show this text\n"
	"\n"
	"While a long trace is read, and standard error is a terminal, a line there tells how far\n"
	"it is: percent, events, events a second, and the time left.\n"
	"\n"
	"T is a number with ns, us, ms, s, m or h: 10us, 1.5ms, 2s. Without unit: seconds.\n"
	"\n"
	"exit status:\n"
	"  0  the report is complete\n"
	"  1  there is no readable trace, or the report could not be written\n"
	"  2  unknown option or wrong value\n"
	"\n"
	"examples:\n"
	"  waitscope report\n"
	"  waitscope report --min-wait 1ms --kind mutex,rwlock --stacks server.trace\n"
	"  waitscope report --format json -o report.json server.trace\n";

struct options {
	const char *const *dirs;
	size_t n_dirs;
	const char *output; /* NULL: standard output */
	bool json;
	bool stacks;
	bool help;
	size_t top;
	unsigned int jobs; /* 0: one for each processor */
	struct ws_setup setup;
};

/* Everything that lives while the report is made. */
struct work {
	const struct options *options;
	struct ws_watch *watch; /* Weak: the supervisor's */
	struct ws_analyses *analyses;
	struct ws_model *model;
	struct ws_trace *trace;
	struct ws_symbols *symbols;
	const struct ws_results *results; /* Owned by the analyses */
	struct ws_arena strings;
	const char **warnings; /* Owned by this, the texts by others */
	size_t n_warnings, warnings_size;
};

static int fail(const char *text, const char *remedy)
{
	/* Rooms say what failed; here it gets the name of the command, once. */
	fprintf(stderr, "waitscope report: %s%s\n", text, remedy);
	return WS_EXIT_FAILURE;
}

static int usage(const char *what, const char *value)
{
	fprintf(stderr, "waitscope report: %s%s%s (see waitscope report --help)\n", what,
		value ? " " : "", value ? value : "");
	return WS_EXIT_USAGE;
}

/* The folder that is named twice, also by two names; NULL: none. Its waits would count twice. */
static const char *named_twice(const char *const *dirs, size_t n)
{
	struct stat a, b;

	for (size_t i = 0; i < n; i++)
		for (size_t j = i + 1; j < n; j++)
			if (stat(dirs[i], &a) == 0 && stat(dirs[j], &b) == 0 &&
			    a.st_dev == b.st_dev && a.st_ino == b.st_ino)
				return dirs[j];
	return NULL;
}

static void print_help(void)
{
	const char *mark = strstr(help_text, "@KINDS@");
	size_t column = 22;

	printf("%.*s", (int)(mark - help_text), help_text);
	for (uint8_t kind = 1; kind < WS_KIND_COUNT; kind++) {
		const char *word = ws_kind_word(kind);

		if (column + 1 + strlen(word) > 88) {
			printf("\n                      ");
			column = 22;
		}
		printf("%s%s", column > 22 ? " " : "", word);
		column += strlen(word) + (column > 22);
	}
	printf("%s", mark + strlen("@KINDS@"));
}

/* A positive number that is no more than `max`. */
static int parse_number(const char *text, uint64_t max, uint64_t *ret)
{
	uint64_t number = 0;

	if (!*text)
		return -EINVAL;
	for (; *text; text++) {
		if (*text < '0' || *text > '9')
			return -EINVAL;
		number = number * 10 + (uint64_t)(*text - '0');
		if (number > max)
			return -EINVAL;
	}
	*ret = number;
	return 0;
}

static int parse_kinds(const char *text, uint32_t *ret)
{
	uint32_t kinds = 0;
	char word[32];

	for (;;) {
		size_t n = strcspn(text, ",");
		uint8_t kind;

		if (n >= sizeof(word))
			return -EINVAL;
		memcpy(word, text, n);
		word[n] = 0;
		kind = ws_kind_of_word(word);
		if (!kind)
			return -EINVAL;
		kinds |= 1u << kind;
		if (!text[n])
			break;
		text += n + 1;
	}
	*ret = kinds;
	return 0;
}

enum {
	OPT_FORMAT = 256,
	OPT_MIN_WAIT,
	OPT_PID,
	OPT_TID,
	OPT_KIND,
	OPT_FROM,
	OPT_TO,
	OPT_TOP,
	OPT_STACKS,
	OPT_HELP,
};

static const struct option long_options[] = {
	{ "format", required_argument, NULL, OPT_FORMAT },
	{ "output", required_argument, NULL, 'o' },
	{ "jobs", required_argument, NULL, 'j' },
	{ "min-wait", required_argument, NULL, OPT_MIN_WAIT },
	{ "pid", required_argument, NULL, OPT_PID },
	{ "tid", required_argument, NULL, OPT_TID },
	{ "kind", required_argument, NULL, OPT_KIND },
	{ "from", required_argument, NULL, OPT_FROM },
	{ "to", required_argument, NULL, OPT_TO },
	{ "top", required_argument, NULL, OPT_TOP },
	{ "stacks", no_argument, NULL, OPT_STACKS },
	{ "help", no_argument, NULL, OPT_HELP },
	{ NULL, 0, NULL, 0 },
};

/* One option that was found. 0 or the exit status of a usage error. */
static int parse_option(int option, const char *value, struct options *options)
{
	uint64_t number;

	switch (option) {
	case OPT_FORMAT:
		if (strcmp(value, "text") != 0 && strcmp(value, "json") != 0)
			return usage("--format: text or json, not", value);
		options->json = value[0] == 'j';
		return 0;
	case 'o':
		if (!*value)
			return usage("--output: a file name is missing", NULL);
		options->output = value;
		return 0;
	case 'j':
		if (parse_number(value, WS_WATCH_SLOTS, &number) < 0 || number == 0)
			return usage("--jobs: a number from 1 to 64, not", value);
		options->jobs = (unsigned int)number;
		return 0;
	case OPT_MIN_WAIT:
		if (ws_option_time(value, &options->setup.filter.min_wait_ns) < 0)
			return usage("--min-wait: a time such as 1.5ms, not", value);
		return 0;
	case OPT_PID:
		if (parse_number(value, INT32_MAX, &number) < 0 || number == 0)
			return usage("--pid: a process id, not", value);
		options->setup.filter.pid = (int32_t)number;
		return 0;
	case OPT_TID:
		if (parse_number(value, INT32_MAX, &number) < 0 || number == 0)
			return usage("--tid: a thread id, not", value);
		options->setup.filter.tid = (int32_t)number;
		return 0;
	case OPT_KIND:
		if (parse_kinds(value, &options->setup.filter.kinds) < 0)
			return usage("--kind: there is no such kind in", value);
		return 0;
	case OPT_FROM:
		if (ws_option_time(value, &options->setup.filter.from_ns) < 0)
			return usage("--from: a time such as 1.5s, not", value);
		return 0;
	case OPT_TO:
		if (ws_option_time(value, &options->setup.filter.to_ns) < 0)
			return usage("--to: a time such as 1.5s, not", value);
		return 0;
	case OPT_TOP:
		if (parse_number(value, SIZE_MAX / 2, &number) < 0)
			return usage("--top: a number, not", value);
		options->top = number;
		return 0;
	case OPT_STACKS:
		options->stacks = true;
		return 0;
	case OPT_HELP:
		options->help = true;
		return 0;
	default:
		return usage("unknown option", NULL);
	}
}

/* 0 or the exit status of a usage error. */
static int parse_options(int argc, char **argv, struct options *options)
{
	static const char *const default_dirs[] = { DEFAULT_DIR };

	*options = (struct options){
		.dirs = default_dirs,
		.n_dirs = 1,
		.top = DEFAULT_TOP,
		.setup.filter = { .to_ns = UINT64_MAX },
	};
	opterr = 0;
	optind = 0; /* glibc: start anew, whatever came before */
	for (;;) {
		int option = getopt_long(argc, argv, ":o:j:", long_options, NULL);
		int status;

		if (option == -1)
			break;
		if (option == ':')
			return usage("a value is missing after", argv[optind - 1]);
		if (option == '?') {
			const char letter[] = { '-', (char)optopt, 0 };

			return usage("unknown option",
				     optopt && optopt < 256 ? letter : argv[optind - 1]);
		}
		status = parse_option(option, optarg, options);
		if (status)
			return status;
	}
	if (optind < argc) {
		options->dirs = (const char *const *)argv + optind;
		options->n_dirs = (size_t)(argc - optind);
	}
	if (named_twice(options->dirs, options->n_dirs))
		return usage("the same folder twice:", named_twice(options->dirs, options->n_dirs));
	if (options->setup.filter.to_ns <= options->setup.filter.from_ns && options->setup.filter.to_ns)
		return usage("--to: must be later than --from", NULL);
	return 0;
}

static int take_records(void *user, const struct ws_record *records, size_t n,
			struct ws_error *error)
{
	struct work *work = user;

	for (size_t i = 0; i < n; i++) {
		int r = ws_model_record(work->model, &records[i]);

		if (r < 0)
			return ws_error_set(error, r, "the trace could not be evaluated: %s",
					    strerror(-r));
	}
	return 0;
}

static int warn(struct work *work, const char *text)
{
	if (ws_grow(&work->warnings, &work->warnings_size, work->n_warnings + 1))
		return -ENOMEM;
	work->warnings[work->n_warnings++] = text;
	return 0;
}

/* A warning with a number, unless that is 0. */
static int warn_count(struct work *work, uint64_t count, const char *one, const char *many)
{
	char text[256];
	const char *kept;

	if (!count)
		return 0;
	if (count == 1)
		snprintf(text, sizeof(text), "1 %s", one);
	else
		snprintf(text, sizeof(text), "%" PRIu64 " %s", count, many);
	kept = ws_arena_strdup(&work->strings, text);
	return kept ? warn(work, kept) : -ENOMEM;
}

/* Programs that share a System V object by accident. */
static int warn_collisions(struct work *work)
{
	const struct ws_leftovers_result *left = work->results->leftovers;
	const struct ws_key_collision *list = left->collisions;

	for (size_t i = 0; i < left->n_collisions; i++) {
		char text[640];
		const char *kept;
		int r;

		snprintf(text, sizeof(text),
			 "%s %" PRIu64 " is shared by accident? ftok() gave one key for two files, "
			 "%.200s and %.200s",
			 ws_kind_word(list[i].kind), list[i].id, list[i].first, list[i].second);
		kept = ws_arena_strdup(&work->strings, text);
		r = kept ? warn(work, kept) : -ENOMEM;
		if (r < 0)
			return r;
	}
	return 0;
}

/* What a reader must know before believing the rest. */
static int collect_warnings(struct work *work)
{
	const struct ws_tables *tables = ws_trace_tables(work->trace);
	const struct ws_model_counts *counts = ws_model_counts(work->model);
	const char *text;
	int r = 0;

	for (size_t i = 0; r == 0 && i < tables->n_warnings; i++)
		r = warn(work, tables->warnings[i]);
	if (r == 0)
		r = warn_collisions(work);
	text = ws_symbols_warning(work->symbols);
	if (r == 0 && text)
		r = warn(work, text);
	if (r == 0)
		r = warn_count(
			work, counts->uncertain,
			"wait was touched by lost events: what it waited for is unknown",
			"waits were touched by lost events: what they waited for is unknown");
	if (r == 0)
		r = warn_count(work, counts->lost_waits,
			       "wait has no recorded end (lost, or left by longjmp)",
			       "waits have no recorded end (lost, or left by longjmp)");
	if (r == 0)
		r = warn_count(work, counts->orphan_ends, "end of a wait has no recorded begin",
			       "ends of waits have no recorded begin");
	if (r == 0)
		r = warn_count(work, tables->unmatched, "event made no sense where it stood",
			       "events made no sense where they stood");
	if (r == 0)
		r = warn_count(work, counts->nest_given_up,
			       "wait was taken for lost: too many of its thread were open at once",
			       "waits were taken for lost: too many of a thread were open at once");
	return r;
}

static int write_report(struct work *work, struct ws_error *error)
{
	const struct options *options = work->options;
	struct ws_report report = {
		.paths = options->dirs,
		.n_paths = options->n_dirs,
		.tables = ws_trace_tables(work->trace),
		.results = work->results,
		.counts = ws_model_counts(work->model),
		.filter = &options->setup.filter,
		.warnings = work->warnings,
		.n_warnings = work->n_warnings,
	};
	struct ws_report_output output;
	int r;

	ws_symbols_counts(work->symbols, &report.frames, &report.unresolved_frames);
	r = ws_report_output_open(&output, options->output, error);
	if (r < 0)
		return r;
	if (options->json) {
		r = ws_report_json(&report, output.file);
	} else {
		struct ws_text_style style = { .stacks = options->stacks, .top = options->top };

		setlocale(LC_CTYPE, "");
		style.utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
		r = ws_report_text(&report, &style, output.file);
	}
	if (r < 0) {
		ws_report_output_drop(&output);
		return r;
	}
	return ws_report_output_commit(&output, error);
}

static int make_report(struct work *work, struct ws_error *error)
{
	struct ws_pipeline_sink sink = { .user = work, .records = take_records };
	const struct options *options = work->options;
	const struct ws_pipeline_options pipeline = { .readers = options->jobs,
						      .watch = work->watch };
	const struct ws_tables *tables;
	struct ws_model_observer observer;
	int r;

	r = ws_analyses_new(&options->setup, &work->analyses);
	if (r < 0)
		return r;
	observer = ws_analyses_observer(work->analyses);
	r = ws_model_new(&observer, &work->model);
	if (r == 0)
		r = ws_pipeline_run_as(&pipeline, options->dirs, options->n_dirs, &sink,
				       &work->trace, error);
	if (r < 0)
		return r;
	tables = ws_trace_tables(work->trace);
	r = ws_model_finish(work->model, tables);
	if (r == 0)
		r = ws_symbols_new(tables, options->dirs[0], &work->symbols);
	for (size_t i = 1; r == 0 && i < options->n_dirs; i++)
		r = ws_symbols_add(work->symbols, options->dirs[i], (uint32_t)i);
	if (r == 0)
		r = ws_analyses_finish(work->analyses, tables, work->symbols, &work->results);
	if (r == 0)
		r = collect_warnings(work);
	return r < 0 ? r : write_report(work, error);
}

/* In a process of its own: damaged traces may kill it. The exit status. */
static int report(void *user, struct ws_watch *watch, int64_t *number)
{
	const struct options *options = user;
	struct ws_error error = { "" };
	const char *remedy = "";
	struct work work = { .options = options, .watch = watch };
	int r = make_report(&work, &error);

	(void)number;
	if (r < 0)
		ws_error_set(&error, r, "no report: %s", strerror(-r));
	if (r == -ENOENT && !work.trace)
		remedy = "; `waitscope record PROGRAM` makes one";
	ws_analyses_free(work.analyses);
	ws_symbols_free(work.symbols);
	ws_model_free(work.model);
	ws_trace_free(work.trace);
	ws_arena_free(&work.strings);
	free(work.warnings);
	return r < 0 ? fail(error.text, remedy) : WS_EXIT_OK;
}

int ws_cmd_report(int argc, char **argv)
{
	struct options options;
	const struct ws_supervised supervised = { .name = "waitscope report",
						  .progress = true,
						  .work = report,
						  .user = &options };
	int status = parse_options(argc, argv, &options);

	if (status)
		return status;
	if (options.help) {
		print_help();
		return WS_EXIT_OK;
	}
	return ws_supervise(&supervised, NULL);
}
