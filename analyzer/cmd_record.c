/* SPDX-License-Identifier: MIT */
/* cmd_record.c: `waitscope record`: the options, and the order of the steps. */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "analyzer/base/error.h"
#include "analyzer/base/words.h"
#include "analyzer/command.h"
#include "analyzer/decode/symbols.h"
#include "analyzer/library.h"
#include "analyzer/manual.h"
#include "analyzer/option.h"
#include "analyzer/pipeline.h"
#include "analyzer/program.h"
#include "analyzer/record_environment.h"
#include "analyzer/record_output.h"
#include "analyzer/record_run.h"
#include "analyzer/say.h"
#include "analyzer/supervise.h"
#include "tracepoints/selection.h"
#include "tracepoints/session.h"

#define DEFAULT_DIR "waitscope.trace"

/* A folder with less room than this does not even take the trace's metadata. */
#define DISK_MIN_BYTES (256u << 10)

struct options {
	const char *dir;
	const char *stacks;
	const char *mode;
	char *only;                     /* the lists as one; Owned by this; NULL: none */
	char *except;                   /* the same */
	struct ws_selection *selection; /* what is in them; Owned by this; NULL: nothing yet */
	bool follow;
	bool symbols;
	bool block;
	uint64_t buffer_bytes;
	uint64_t timeout_ns;
	const char *timeout_text;
	char **argv; /* the program's */
};

/* --- options --- */

enum {
	OPT_STACKS = 256,
	OPT_MODE,
	OPT_ONLY,
	OPT_EXCEPT,
	OPT_NO_FOLLOW,
	OPT_TIMEOUT,
	OPT_ON_FULL,
	OPT_BUFFER,
	OPT_NO_SYMBOLS,
	OPT_HELP
};

static const char *kind_word(size_t i, const char **summary)
{
	*summary = NULL;
	return i + 1 < WS_KIND_COUNT ? ws_kind_word((uint8_t)(i + 1)) : NULL;
}

static const struct ws_row rows[] = {
	{ "output", 'o', "DIR", WS_WORDS_FOLDER, NULL,
	  "write the trace there (default: " DEFAULT_DIR
	  "); a trace that is there already is kept as DIR.old" },
	{ "mode", OPT_MODE, "MODE", "contention full", NULL,
	  "contention (default): what blocked and what ended it; or full: every intercepted call, "
	  "too, with arguments, result, errno and duration, which `waitscope report --calls` "
	  "lists" },
	{ "only", OPT_ONLY, "WORD[,WORD...]", "?", kind_word, "record only what is named, and" },
	{ "except", OPT_EXCEPT, "WORD[,WORD...]", "?", kind_word,
	  "nothing of what is named: kinds (mutex, pipe, ...), functions and patterns for the names "
	  "of functions and objects (sem_*, /queue1, '/dev/shm/x*'), between commas; may be "
	  "repeated" },
	{ "stacks", OPT_STACKS, "WHICH", "full caller none", NULL,
	  "call stacks of waits: full (default), caller: only the call itself, or none" },
	{ "no-follow", OPT_NO_FOLLOW, NULL, NULL, NULL,
	  "record PROGRAM alone, not the processes that it starts" },
	{ "timeout", OPT_TIMEOUT, "TIME", NULL, NULL,
	  "end a program that takes longer: SIGTERM, and SIGKILL 5 s later, to it and all its "
	  "recorded children. The trace shows what it waited for. TIME is in s unless ms, s, m or "
	  "h "
	  "follows" },
	{ "on-full", OPT_ON_FULL, "WHAT", "discard block", NULL,
	  "when a buffer is full: discard (default): lose events, which is counted and shown, or "
	  "block: let the program wait for room, 10 s at most; that loses none unless the buffers "
	  "are small and a thread is preempted while it records" },
	{ "buffer-size", OPT_BUFFER, "N", NULL, NULL,
	  "bytes of the buffer of each CPU (K, M, G may follow), a power of 2; default: 128M "
	  "divided "
	  "by the number of CPUs, at most 16M" },
	{ "no-symbols", OPT_NO_SYMBOLS, NULL, NULL, NULL,
	  "do not look up names now: report does it, on this machine" },
	{ "help", OPT_HELP, NULL, NULL, NULL, "show this text" },
	WS_ROWS_END,
};

static const struct ws_manual_status statuses[] = {
	{ 1, "the recording failed: no daemon, disk full, folder not writable" },
	{ 2, "unknown option or missing argument" },
	{ 124, "--timeout ended the program" },
	{ 126, "the program can't be executed, or can't be recorded (static, setuid, ...)" },
	{ 127, "there is no such program" },
	{ -1, NULL },
};

static const struct ws_manual_variable variables[] = {
	{ "WAITSCOPE_LIBRARY",
	  "the library to preload, instead of ../lib/libwaitscope.so beside the command" },
	{ "WAITSCOPE_MODE", "full: as --mode full, where --mode is not given" },
	{ NULL, NULL },
};

static const char *const examples[] = {
	"waitscope record ./server --threads 8",
	"waitscope record --mode full --only mq,'/queue*' ./server; waitscope report --calls",
	"waitscope record -o hang.trace --timeout 30s ./server; waitscope report hang.trace",
	"waitscope record --on-full block -- make -j8",
	NULL,
};

const struct ws_manual ws_manual_record = {
	.command = "record",
	.summary = "run a program and record who waits for whom in it",
	.synopsis = "[OPTION...] [--] PROGRAM [ARGUMENT...]",
	.argument = WS_WORDS_PROGRAM,
	.about = "Runs PROGRAM and records who waits for whom in it and in its children, into a "
		 "folder "
		 "that `waitscope report` reads. The program is not changed: its input, output, "
		 "terminal and exit status are its own, and what waitscope has to say goes to "
		 "standard "
		 "error.",
	.tables = { rows },
	.notes = "Recording ends when PROGRAM ends; children that live longer run on unrecorded, "
		 "and "
		 "their number is told. Ctrl-C reaches the program as always, and the trace is "
		 "completed whatever it does then. SIGTERM and SIGHUP sent to `waitscope record` "
		 "are "
		 "passed on to the program; if it has not ended 5 s later, recording ends and it "
		 "runs "
		 "on.\n"
		 "The exit status is the program's own, or 128+N if signal N ended it; otherwise:",
	.statuses = statuses,
	.variables = variables,
	.examples = examples,
};

static int wrong(int option, const char *value, const char *what)
{
	return ws_manual_wrong(&ws_manual_record, ws_manual_row(&ws_manual_record, option), value,
			       "%s", what);
}

/* One more list for --only or --except. -1 to go on, or the exit status. */
static int add_selection(struct options *options, bool except, const char *list)
{
	const int option = except ? OPT_EXCEPT : OPT_ONLY;
	const char *bad;
	char **all = except ? &options->except : &options->only;
	char *longer, word[64];
	size_t n;
	int r;

	if (!options->selection)
		options->selection = calloc(1, sizeof(*options->selection));
	if (!options->selection ||
	    asprintf(&longer, "%s%s%s", *all ? *all : "", *all ? "," : "", list) < 0) {
		ws_say("memory: there is none left; close other programs");
		return WS_EXIT_FAILURE;
	}
	free(*all);
	*all = longer;
	r = ws_selection_add(options->selection, except, list, &bad, &n);
	if (r == 0 && strlen(longer) < WS_SELECTION_BYTES)
		return -1;
	if (r != -EINVAL)
		return wrong(option, list, "there are too many words, or too long ones");
	snprintf(word, sizeof(word), "\"%.*s\"", n < 48 ? (int)n : 48, bad);
	return wrong(option, word, "neither a kind nor a function nor a pattern");
}

/* -1 to go on, or the exit status. */
static int parse_one(int option, struct options *options)
{
	const struct ws_row *row = ws_manual_row(&ws_manual_record, option);

	if (row->value && ws_manual_check_value(&ws_manual_record, row, optarg) != 0)
		return WS_EXIT_USAGE;
	switch (option) {
	case 'o':
		options->dir = optarg;
		return optarg[0] ? -1 : wrong(option, optarg, "a folder is wanted");
	case OPT_STACKS:
		options->stacks = optarg;
		return -1;
	case OPT_MODE:
		options->mode = optarg;
		return -1;
	case OPT_ONLY:
	case OPT_EXCEPT:
		return add_selection(options, option == OPT_EXCEPT, optarg);
	case OPT_NO_FOLLOW:
		options->follow = false;
		return -1;
	case OPT_TIMEOUT:
		options->timeout_text = optarg;
		return ws_option_time(optarg, &options->timeout_ns) == 0 && options->timeout_ns > 0
			       ? -1
			       : wrong(option, optarg, "not a time such as 500ms, 30s or 2m");
	case OPT_ON_FULL:
		options->block = strcmp(optarg, "block") == 0;
		return -1;
	case OPT_BUFFER:
		return ws_option_bytes(optarg, &options->buffer_bytes) == 0 &&
				       options->buffer_bytes > 0
			       ? -1
			       : wrong(option, optarg, "not a size such as 512K or 16M");
	case OPT_NO_SYMBOLS:
		options->symbols = false;
		return -1;
	default: /* OPT_HELP */
		ws_manual_help(&ws_manual_record, stdout);
		return WS_EXIT_OK;
	}
}

static int parse(int argc, char **argv, struct options *options)
{
	struct option long_options[WS_MANUAL_ROWS_MAX + 1];
	char letters[2 * WS_MANUAL_ROWS_MAX];
	int option;

	/* `+`: what follows the program is the program's. */
	ws_manual_getopt(&ws_manual_record, "+:", long_options, letters);
	optind = 0; /* main() has read other arguments */
	opterr = 0;
	while ((option = getopt_long(argc, argv, letters, long_options, NULL)) != -1) {
		int status;

		if (option == ':' || option == '?')
			return ws_manual_unknown(&ws_manual_record, option, argv);
		status = parse_one(option, options);
		if (status >= 0)
			return status;
	}
	if (optind >= argc)
		return ws_say_usage("record", "PROGRAM", "name the program that is to be recorded");
	options->argv = argv + optind;
	return -1;
}

/* --- after the run --- */

/* Resolves names into the folder. The number of events, or a negative errno with `error` set. */
static int64_t read_back(const char *absolute, struct ws_watch *watch, struct ws_error *error)
{
	const struct ws_pipeline_options as = { .watch = watch };
	const char *dirs[] = { absolute };
	const struct ws_pipeline_sink sink = { .records = NULL };
	struct ws_trace *trace = NULL;
	struct ws_symbols *symbols = NULL;
	int64_t events;
	int r = ws_pipeline_run_as(&as, dirs, 1, &sink, &trace, error);

	if (r < 0)
		return r;
	events = (int64_t)ws_trace_tables(trace)->events;
	r = ws_symbols_new(ws_trace_tables(trace), NULL, &symbols);
	if (r == 0)
		r = ws_symbols_save(symbols, absolute);
	ws_symbols_free(symbols);
	ws_trace_free(trace);
	if (r < 0)
		return ws_error_set(error, r, "its names cannot be written: %s", strerror(-r));
	return events;
}

/* What is read back, and by which names. */
struct reading {
	const char *dir, *absolute;
};

/* In a process of its own: what a disk damaged may kill it. The exit status. */
static int read_apart(void *user, struct ws_watch *watch, int64_t *events)
{
	const struct reading *reading = user;
	struct ws_error error = { "" };

	*events = read_back(reading->absolute, watch, &error);
	if (*events < 0)
		ws_say("%s: %s", reading->dir, error.text);
	return *events < 0 ? WS_EXIT_FAILURE : WS_EXIT_OK;
}

static void say_losses(const struct options *options, const struct ws_session_result *lost)
{
	if (lost->disk_full)
		ws_say("%s: the disk is full, so it is incomplete; make room, and record again",
		       options->dir);
	if (!lost->lost_events && !lost->lost_packets)
		return;
	ws_say("%s: events were lost, since the buffers were full; try --buffer-size%s",
	       options->dir, options->block ? "" : ", or --on-full block");
}

static void say_end(const struct options *options, const struct ws_run_result *result)
{
	if (result->timed_out)
		ws_say("--timeout %s: the program was ended", options->timeout_text);
	if (result->running)
		ws_say("process %d runs on unrecorded: it did not end %d s after it was asked to",
		       (int)result->pid, WS_RECORD_GRACE_MS / 1000);
	if (result->children)
		ws_say("%u process%s of the program run%s on unrecorded", result->children,
		       result->children == 1 ? "" : "es", result->children == 1 ? "s" : "");
}

/* The last line: what there is now, and how to read it. */
static int finish(const struct options *options, const char *absolute,
		  const struct ws_session_result *lost)
{
	bool is_default = strcmp(options->dir, DEFAULT_DIR) == 0;
	struct reading reading = { options->dir, absolute };
	const struct ws_supervised apart = {
		.name = "waitscope", .progress = true, .work = read_apart, .user = &reading
	};
	char amount[64];
	int64_t events;

	if (options->symbols) {
		if (ws_supervise(&apart, &events))
			return -1;
		snprintf(amount, sizeof(amount), "%" PRId64 " event%s", events,
			 events == 1 ? "" : "s");
	} else {
		snprintf(amount, sizeof(amount), "%.1f MB",
			 (double)ws_output_bytes(absolute) / 1e6);
	}
	ws_say("%s: %s, %" PRIu64 " lost%s (waitscope report%s%s)", options->dir, amount,
	       lost->lost_events, lost->lost_packets ? ", and whole packets" : "",
	       is_default ? "" : " ", is_default ? "" : options->dir);
	return lost->disk_full ? -1 : 0;
}

static int exit_status(const struct ws_run_result *result)
{
	if (result->timed_out)
		return WS_EXIT_TIMEOUT;
	if (result->running)
		return 128 + result->signal;
	if (WIFSIGNALED(result->status))
		return 128 + WTERMSIG(result->status);
	return WEXITSTATUS(result->status);
}

/* --- the steps --- */

static uint32_t random_run(void)
{
	uint32_t run = 0;

	while (run == 0) {
		if (getrandom(&run, sizeof(run), 0) != sizeof(run))
			run = (uint32_t)getpid();
	}
	return run;
}

static int check_room(const char *absolute, const char *dir, struct ws_error *error)
{
	struct statvfs fs;

	if (statvfs(absolute, &fs) == 0 && (uint64_t)fs.f_bavail * fs.f_frsize < DISK_MIN_BYTES)
		return ws_error_set(error, -ENOSPC,
				    "%s: the disk is full; make room, or choose another folder "
				    "with -o",
				    dir);
	return 0;
}

/* With a session: runs the program and completes the trace. The exit status. */
static int run_in_session(const struct options *options, const struct ws_program *program,
			  const char *library, uint32_t run, const char *absolute,
			  struct ws_session *session)
{
	struct ws_environment env;
	struct ws_session_result lost = { 0 };
	struct ws_session_call *calls = NULL;
	size_t n_calls = 0;
	struct ws_run_result result;
	struct ws_error error = { "" };
	char reason[WS_SESSION_REASON_MAX] = "";
	bool failed = false;
	const struct ws_environment_options env_options = {
		.program = program,
		.library = library,
		.run = run,
		.session = session,
		.stacks = options->stacks,
		.mode = options->mode,
		.only = options->only,
		.except = options->except,
		.follow = options->follow,
		.block = options->block,
	};
	int r = ws_environment_make(&env_options, &env, &error);

	if (r == 0) {
		const struct ws_run_options how = {
			.program = program,
			.argv = options->argv,
			.env = env.words,
			.run = run,
			.timeout_ns = options->timeout_ns,
			.session_fd = ws_session_fd(session),
		};
		r = ws_run(&how, &result, &error);
		ws_environment_clear(&env);
	}
	if (r < 0) {
		ws_say_error(&error, r);
		ws_session_free(session);
		ws_output_remove(absolute);
		return r == -ENOENT ? WS_EXIT_NOT_FOUND : WS_EXIT_CANNOT_RUN;
	}

	say_end(options, &result);
	/* If they cannot be read, they are missing from the open waits, no more. */
	(void)ws_session_calls(session, &calls, &n_calls);
	r = ws_output_note(absolute, run, options->argv, &result, calls, n_calls, &error);
	if (r < 0) {
		ws_say_error(&error, r);
		failed = true;
	}
	free(calls);
	if (ws_session_stop(session, reason, &lost) < 0) {
		ws_say("%s; run `waitscope doctor`", reason);
		failed = true;
	}
	say_losses(options, &lost);
	if (finish(options, absolute, &lost) < 0)
		failed = true;
	ws_session_free(session);

	int status = exit_status(&result);
	/* The program's failure is told first; ours must not look like its success. */
	return status == 0 && failed ? WS_EXIT_FAILURE : status;
}

static void options_clear(struct options *options)
{
	free(options->only);
	free(options->except);
	free(options->selection);
}

/* What --mode is where it is not given. */
static const char *default_mode(void)
{
	const char *mode = getenv("WAITSCOPE_MODE");

	return mode && strcmp(mode, "full") == 0 ? "full" : "contention";
}

int ws_cmd_record(int argc, char **argv)
{
	struct options options = { .dir = DEFAULT_DIR,
				   .stacks = "full",
				   .mode = default_mode(),
				   .follow = true,
				   .symbols = true };
	struct ws_session_options session_options = { .dir = NULL };
	struct ws_session *session = NULL;
	struct ws_program program = { .path = NULL };
	struct ws_error error = { "" };
	char reason[WS_SESSION_REASON_MAX];
	char *absolute = NULL, *library = NULL;
	int status = parse(argc, argv, &options);

	int r = status >= 0 ? 0 : ws_program_find(options.argv[0], &program, &error);
	if (r < 0)
		ws_say_error(&error, r);
	if (status >= 0 || r < 0) {
		options_clear(&options);
		if (status >= 0)
			return status;
		return r == -ENOENT ? WS_EXIT_NOT_FOUND : WS_EXIT_CANNOT_RUN;
	}
	r = ws_library_find(&library, &error);
	if (r == 0)
		r = ws_output_make(options.dir, &absolute, &error);
	uint32_t run = random_run();
	if (r == 0)
		r = check_room(absolute, options.dir, &error);
	if (r == 0)
		r = ws_output_note(absolute, run, options.argv, NULL, NULL, 0, &error);
	if (r == 0) {
		session_options.dir = absolute;
		session_options.run = run;
		session_options.buffer_bytes = options.buffer_bytes;
		session_options.block = options.block;
		r = ws_session_start(&session_options, reason, &session);
		if (r < 0)
			ws_error_set(&error, r, "%s", reason);
	}
	if (r < 0) {
		ws_say_error(&error, r);
		if (absolute)
			ws_output_remove(absolute);
		status = WS_EXIT_FAILURE;
	} else {
		status = run_in_session(&options, &program, library, run, absolute, session);
	}
	ws_program_clear(&program);
	options_clear(&options);
	free(absolute);
	free(library);
	return status;
}
