/* SPDX-License-Identifier: MIT */
/* cmd_doctor.c: `waitscope doctor`: checks what recording needs, and says what to do about it.
 *
 * Nothing is judged by its version number or mode bits that can be tried: the last check records.
 */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <inttypes.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "analyzer/command.h"
#include "analyzer/library.h"
#include "analyzer/manual.h"
#include "analyzer/pipeline.h"
#include "analyzer/program.h"
#include "analyzer/record_environment.h"
#include "analyzer/record_run.h"
#include "analyzer/say.h"
#include "tracepoints/session.h"

/* The oldest LTTng whose library and trace layout are known to work. */
#define LTTNG_MAJOR 2
#define LTTNG_MINOR 13

/* Less room than this soon ends a recording. */
#define DISK_LOW_BYTES (1ull << 30)

/* Two per CPU and recorded process, and then some. */
#define FILES_LOW 1024

static const struct ws_row rows[] = {
	{ "help", 'h', NULL, NULL, NULL, "show this text" },
	WS_ROWS_END,
};

static const struct ws_manual_status statuses[] = {
	{ 0, "nothing failed" },
	{ 1, "something did" },
	{ 2, "unknown option, or more than one program" },
	{ -1, NULL },
};

static const struct ws_manual_variable variables[] = {
	{ "WAITSCOPE_LIBRARY",
	  "the library to preload, instead of ../lib/libwaitscope.so beside the command" },
	{ NULL, NULL },
};

static const char *const examples[] = {
	"waitscope doctor",
	"waitscope doctor /usr/sbin/server",
	NULL,
};

const struct ws_manual ws_manual_doctor = {
	.command = "doctor",
	.summary = "check whether recording works here, and what to do if not",
	.synopsis = "[PROGRAM]",
	.argument = WS_WORDS_PROGRAM,
	.about =
		"Checks everything that recording needs, ending with a recording of a small "
		"program, "
		"and says what to do about each failure. With PROGRAM, also tells whether that "
		"program "
		"can be recorded: a static one, one that is setuid, or one of another libc "
		"cannot.\n"
		"Each line begins with `ok`: it works; `note`: it works, but know this; or `FAIL`: "
		"recording needs it, and the next line says what to do.",
	.tables = { rows },
	.statuses = statuses,
	.variables = variables,
	.examples = examples,
};

static unsigned int failures;

__attribute__((format(printf, 3, 4))) static void tell(const char *verdict, const char *what,
						       const char *format, ...)
{
	va_list args;

	va_start(args, format);
	printf("%-5s %-16s ", verdict, what);
	vprintf(format, args);
	putchar('\n');
	va_end(args);
	fflush(stdout); /* before a child of ours may write, too */
}

static void tell_failure(const char *what, const char *why, const char *remedy)
{
	failures++;
	tell("FAIL", what, "%s", why);
	if (remedy)
		printf("      %-16s -> %s\n", "", remedy);
}

/* Runs a command and keeps the first line of what it writes (errors too). Its exit status, or -1:
 * it could not be run. */
static int run_line(char *const *argv, const char *preload, char *line, size_t size)
{
	int fds[2], status;
	size_t n = 0;
	ssize_t got;

	line[0] = '\0';
	if (pipe2(fds, O_CLOEXEC) < 0)
		return -1;
	pid_t pid = fork();
	if (pid == 0) {
		dup2(fds[1], STDOUT_FILENO);
		dup2(fds[1], STDERR_FILENO);
		if (preload)
			setenv("LD_PRELOAD", preload, 1);
		execvp(argv[0], argv);
		_exit(127);
	}
	close(fds[1]);
	while (pid > 0 && n < size - 1 && (got = read(fds[0], line + n, size - 1 - n)) > 0)
		n += (size_t)got;
	close(fds[0]);
	line[n] = '\0';
	line[strcspn(line, "\n")] = '\0';
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return -1;
	return WIFEXITED(status) && WEXITSTATUS(status) != 127 ? WEXITSTATUS(status) : -1;
}

/* --- the checks --- */

static char *check_library(void)
{
	char *const argv[] = { (char[]){ "/bin/true" }, NULL };
	struct ws_error error = { "" };
	char line[512];
	char *path;

	if (ws_library_find(&path, &error) < 0) {
		tell_failure("library", error.text, NULL);
		return NULL;
	}
	/* The loader complains on stderr and goes on without it. One that needs a link of a
	 * recording's is tried below. */
	if (ws_library_preloads_as(path) &&
	    (run_line(argv, path, line, sizeof(line)) != 0 || line[0])) {
		tell_failure("library", line[0] ? line : "a program with it does not start",
			     strstr(line, "lttng") ? "apt-get install liblttng-ust1 (2.13 or newer)"
			     : strstr(line, "unwind") ? "apt-get install libunwind8"
						      : "install waitscope anew");
		free(path);
		return NULL;
	}
	tell("ok", "library", "%s", path);
	return path;
}

static void check_sessiond(void)
{
	char *const argv[] = { (char[]){ "lttng-sessiond" }, (char[]){ "--version" }, NULL };
	const char *remedy = "apt-get install lttng-tools (2.13 or newer)";
	unsigned int major = 0, minor = 0;
	char line[512];

	if (run_line(argv, NULL, line, sizeof(line)) < 0) {
		tell_failure("lttng-sessiond", "not found along PATH", remedy);
		return;
	}
	const char *number = line + strcspn(line, "0123456789");
	if (sscanf(number, "%u.%u", &major, &minor) != 2) {
		tell("note", "lttng-sessiond", "its version is unknown: %s", line);
		return;
	}
	if (major < LTTNG_MAJOR || (major == LTTNG_MAJOR && minor < LTTNG_MINOR))
		tell_failure("lttng-sessiond", line, remedy);
	else
		tell("ok", "lttng-sessiond", "%s", line);
}

static void check_room(const char *what, const char *path, uint64_t low, const char *remedy)
{
	struct statvfs fs;
	char text[PATH_MAX + 64];

	if (statvfs(path, &fs) < 0) {
		snprintf(text, sizeof(text), "%s: %s", path, strerror(errno));
		tell_failure(what, text, remedy);
		return;
	}
	uint64_t free_bytes = (uint64_t)fs.f_bavail * fs.f_frsize;
	if (access(path, W_OK | X_OK) < 0) {
		snprintf(text, sizeof(text), "%s: %s", path, strerror(errno));
		tell_failure(what, text, remedy);
		return;
	}
	tell(free_bytes < low ? "note" : "ok", what, "%s has %" PRIu64 " MB free%s", path,
	     free_bytes / 1000000, free_bytes < low ? ", which is little" : "");
}

static void check_output_folder(void)
{
	char folder[PATH_MAX];

	if (!getcwd(folder, sizeof(folder))) {
		tell_failure("output folder", strerror(errno), "go to a folder that exists");
		return;
	}
	check_room("output folder", folder, DISK_LOW_BYTES,
		   "go to a folder that you may write to, or name one with record -o");
}

static void check_limits(void)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) < 0)
		return;
	if (files.rlim_max == RLIM_INFINITY)
		tell("ok", "open files", "no limit");
	else
		tell(files.rlim_max < FILES_LOW ? "note" : "ok", "open files", "at most %ju%s",
		     (uintmax_t)files.rlim_max,
		     files.rlim_max < FILES_LOW
			     ? ": raise `ulimit -Hn` to record programs of many processes"
			     : "");
}

static void check_debug_files(void)
{
	if (access("/usr/lib/debug/.build-id", R_OK) == 0)
		tell("ok", "debug files",
		     "those in /usr/lib/debug and debuginfod's cache are used");
	else
		tell("note", "debug files",
		     "none in /usr/lib/debug: libraries without symbols of their own show as "
		     "module+offset (apt-get install libc6-dbg)");
}

/* --- the recording --- */

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static void tell_daemon(const struct ws_session *session)
{
	switch (ws_session_daemon(session)) {
	case WS_DAEMON_NAMESPACE:
		tell("ok", "daemon", "one of our own for each recording, in a private namespace");
		break;
	case WS_DAEMON_HOME:
		tell("ok", "daemon", "one of our own for each recording");
		break;
	case WS_DAEMON_MACHINE:
		tell("note", "daemon", "the machine's, where a filter keeps recordings apart: %s",
		     geteuid() == 0 ? "private mount namespaces are not permitted here "
				      "(CAP_SYS_ADMIN)"
				    : "it runs, and you are in group `tracing`");
		break;
	}
}

static int run_true(const char *library, uint32_t run, const struct ws_session *session,
		    struct ws_error *error)
{
	char *argv[] = { (char[]){ "/bin/true" }, NULL };
	struct ws_program program;
	struct ws_environment env;
	struct ws_run_result result;
	int r = ws_program_find(argv[0], &program, error);

	if (r < 0)
		return r;
	const struct ws_environment_options env_options = {
		.program = &program,
		.library = library,
		.run = run,
		.session = session,
		.stacks = "full",
		.follow = true,
	};
	r = ws_environment_make(&env_options, &env, error);
	if (r == 0) {
		const struct ws_run_options how = {
			.program = &program,
			.argv = argv,
			.env = env.words,
			.run = run,
			.timeout_ns = 30000000000u,
			.session_fd = ws_session_fd(session),
		};
		r = ws_run(&how, &result, error);
		if (r == 0 && (result.running || !WIFEXITED(result.status) ||
			       WEXITSTATUS(result.status) != 0))
			r = ws_error_set(error, -EIO, "%s: it did not end as it should", argv[0]);
		ws_environment_clear(&env);
	}
	ws_program_clear(&program);
	return r;
}

static void check_recording(const char *library)
{
	char folder[] = "/tmp/waitscope-doctor-XXXXXX";
	const char *dirs[] = { folder };
	const struct ws_pipeline_sink sink = { .records = NULL };
	struct ws_session *session = NULL;
	struct ws_session_result lost;
	struct ws_trace *trace = NULL;
	struct ws_error error = { "" };
	char reason[WS_SESSION_REASON_MAX] = "";
	uint32_t run = (uint32_t)getpid();

	if (!mkdtemp(folder)) {
		tell_failure("daemon", strerror(errno), "make /tmp writable");
		return;
	}
	const struct ws_session_options options = { .dir = folder, .run = run };
	if (ws_session_start(&options, reason, &session) < 0) {
		tell_failure("daemon", reason, "see the checks above; try lttng-sessiond -vvv");
		goto out;
	}
	tell_daemon(session);
	if (run_true(library, run, session, &error) < 0) {
		tell_failure("recording", error.text, NULL);
	} else if (ws_session_stop(session, reason, &lost) < 0) {
		tell_failure("recording", reason, NULL);
	} else if (ws_pipeline_run(dirs, 1, &sink, &trace, &error) < 0) {
		tell_failure("recording", error.text,
			     "/bin/true ran, but its events did not arrive: is it kept from the "
			     "socket in /tmp (another root, a security module)?");
	} else {
		tell("ok", "recording", "/bin/true gave %" PRIu64 " events",
		     ws_trace_tables(trace)->events);
	}
	ws_trace_free(trace);
out:
	ws_session_free(session);
	nftw(folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

static void check_program(const char *name)
{
	struct ws_program program;
	struct ws_error error = { "" };

	if (ws_program_find(name, &program, &error) < 0) {
		tell_failure("program", error.text, NULL);
		return;
	}
	tell("ok", "program", "%s can be recorded", program.path);
	if (program.go)
		tell("note", "program",
		     "it is a Go program: only what its C code waits for is seen");
	if (program.asan)
		tell("note", "program",
		     "it has AddressSanitizer: record sets verify_asan_link_order=0 for it");
	ws_program_clear(&program);
}

int ws_cmd_doctor(int argc, char **argv)
{
	struct option options[WS_MANUAL_ROWS_MAX + 1];
	char letters[2 * WS_MANUAL_ROWS_MAX];
	int option;

	ws_manual_getopt(&ws_manual_doctor, "+:", options, letters);
	opterr = 0;
	optind = 0;
	while ((option = getopt_long(argc, argv, letters, options, NULL)) != -1) {
		if (option != 'h')
			return ws_manual_unknown(&ws_manual_doctor, option, argv);
		ws_manual_help(&ws_manual_doctor, stdout);
		return WS_EXIT_OK;
	}
	if (argc - optind > 1)
		return ws_say_usage("doctor", argv[optind + 1], "one program at a time");

	char *library = check_library();
	check_sessiond();
	check_room("/dev/shm", "/dev/shm", 256u << 20,
		   "mount it with mode 1777; in a container, give it more with --shm-size");
	check_output_folder();
	check_limits();
	check_debug_files();
	if (library)
		check_recording(library);
	free(library);
	if (optind < argc)
		check_program(argv[optind]);
	return failures ? WS_EXIT_FAILURE : WS_EXIT_OK;
}
