/* SPDX-License-Identifier: MIT */
/* record_run.c: see record_run.h. */
#include "analyzer/record_run.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <paths.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "analyzer/machine.h"

/* What was in force before us, for the program and for afterwards. */
struct signals {
	sigset_t mask;
	struct sigaction interrupt, quit, child;
	int fd; /* signalfd of what we wait for */
};

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* How often the children of a program that took too long are looked for. */
#define CHILDREN_LOOK_MS 20

/* --- the recording's processes --- */

static bool belongs(const char *pid, const char *mark)
{
	char path[300];
	char *word = NULL;
	size_t size = 0;
	bool found = false;

	snprintf(path, sizeof(path), "/proc/%s/environ", pid);
	FILE *file = fopen(path, "re");
	if (!file)
		return false;
	while (!found && getdelim(&word, &size, '\0', file) > 0)
		found = strcmp(word, mark) == 0;
	free(word);
	fclose(file);
	return found;
}

/* Sends `number` (0: only counts) to every process that was started with our mark. */
static unsigned int signal_all(uint32_t run, int number)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;
	unsigned int n = 0;
	char mark[32];

	snprintf(mark, sizeof(mark), "WAITSCOPE_RUN=%" PRIu32, run);
	while (proc && (entry = readdir(proc))) {
		if (!isdigit((unsigned char)entry->d_name[0]) || !belongs(entry->d_name, mark))
			continue;
		n++;
		if (number) {
			pid_t pid = (pid_t)atoi(entry->d_name);

			kill(pid, number);
			if (number != SIGKILL)
				kill(pid, SIGCONT); /* a stopped one would not hear of it */
		}
	}
	if (proc)
		closedir(proc);
	return n;
}

/* --- starting it --- */

static void exec_program(const struct ws_run_options *options, const struct signals *before,
			 int error_fd)
{
	const char *path = options->program->path;
	int r;

	for (char *const *word = options->env; *word; word++)
		putenv(*word);
	sigaction(SIGINT, &before->interrupt, NULL);
	sigaction(SIGQUIT, &before->quit, NULL);
	sigaction(SIGCHLD, &before->child, NULL);
	sigprocmask(SIG_SETMASK, &before->mask, NULL);
	if (options->program->by_shell) {
		size_t n = 0;

		while (options->argv[n])
			n++;
		const char **argv = calloc(n + 2, sizeof(*argv));
		if (argv) {
			argv[0] = options->argv[0];
			argv[1] = path;
			for (size_t i = 1; i < n; i++)
				argv[i + 1] = options->argv[i];
			execv(_PATH_BSHELL, (char *const *)argv);
		}
	} else {
		execv(path, options->argv);
	}
	r = errno;
	if (write(error_fd, &r, sizeof(r)) < 0) {
		/* Then the parent sees a program that exits with 127. */
	}
	_exit(127);
}

static int start(const struct ws_run_options *options, const struct signals *before, pid_t *ret,
		 struct ws_error *error)
{
	int fds[2], code = 0;
	ssize_t n;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return ws_error_set(error, -errno, "pipe: %s", strerror(errno));
	pid_t pid = fork();
	if (pid == 0)
		exec_program(options, before, fds[1]);
	if (pid < 0)
		code = errno;
	close(fds[1]);
	if (pid > 0) {
		do {
			n = read(fds[0], &code, sizeof(code));
		} while (n < 0 && errno == EINTR);
		if (n != (ssize_t)sizeof(code))
			code = 0; /* closed by a successful exec */
		if (code)
			waitpid(pid, NULL, 0);
	}
	close(fds[0]);
	if (code)
		return ws_error_set(error, -code, "%s: %s", options->program->path, strerror(code));
	*ret = pid;
	return 0;
}

/* --- waiting for it --- */

static int take_signals(struct signals *before, struct ws_error *error)
{
	struct sigaction ignore = { .sa_handler = SIG_IGN };
	struct sigaction standard = { .sa_handler = SIG_DFL };
	sigset_t wanted;

	sigemptyset(&wanted);
	sigaddset(&wanted, SIGCHLD);
	sigaddset(&wanted, SIGTERM);
	sigaddset(&wanted, SIGHUP);
	before->fd = signalfd(-1, &wanted, SFD_CLOEXEC | SFD_NONBLOCK);
	if (before->fd < 0)
		return ws_error_set(error, -errno, "signalfd: %s", strerror(errno));
	sigprocmask(SIG_BLOCK, &wanted, &before->mask);
	sigaction(SIGINT, &ignore, &before->interrupt);
	sigaction(SIGQUIT, &ignore, &before->quit);
	/* Where it is ignored, the program's status would be lost. */
	sigaction(SIGCHLD, &standard, &before->child);
	return 0;
}

/* The rest of the work may be interrupted again; TERM and HUP that came twice change nothing. */
static void give_signals_back(const struct signals *before)
{
	struct signalfd_siginfo info;

	while (read(before->fd, &info, sizeof(info)) == (ssize_t)sizeof(info))
		;
	sigaction(SIGINT, &before->interrupt, NULL);
	sigaction(SIGQUIT, &before->quit, NULL);
	sigaction(SIGCHLD, &before->child, NULL);
	sigprocmask(SIG_SETMASK, &before->mask, NULL);
	close(before->fd);
}

/* How long poll() may sleep until `at_ns`; -1 for a time that never comes. */
static int until_ms(uint64_t at_ns)
{
	uint64_t now = now_ns();

	if (at_ns == UINT64_MAX)
		return -1;
	if (at_ns <= now)
		return 0;
	uint64_t ms = (at_ns - now + 999999) / 1000000;
	return ms > 1000000 ? 1000000 : (int)ms;
}

static void handle_signals(const struct signals *before, struct ws_run_result *result,
			   uint64_t *deadline_ns)
{
	struct signalfd_siginfo info;

	while (read(before->fd, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		if (info.ssi_signo == SIGCHLD)
			continue;
		/* The kernel's own (the terminal went away) has reached the program too. */
		if (info.ssi_code != SI_KERNEL && !result->ended)
			kill(result->pid, (int)info.ssi_signo);
		if (result->signal || result->timed_out)
			continue;
		result->signal = (int)info.ssi_signo;
		*deadline_ns = now_ns() + WS_RECORD_GRACE_MS * 1000000ull;
	}
}

/* True if the program has ended, with what it was and what it took. */
static bool collect(struct ws_run_result *result)
{
	struct rusage usage;

	if (result->ended)
		return true;
	if (wait4(result->pid, &result->status, WNOHANG, &usage) != result->pid)
		return false;
	result->program_ns =
		(uint64_t)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000000u +
		(uint64_t)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1000u;
	result->ended = true;
	return true;
}

/* To the program, unless it has ended, when its pid may be another's, and to its recorded children. */
static void signal_program(const struct ws_run_options *options, const struct ws_run_result *result,
			   int number)
{
	signal_all(options->run, number);
	if (result->ended)
		return;
	kill(result->pid, number);
	if (number != SIGKILL)
		kill(result->pid, SIGCONT);
}

static void wait_for_end(const struct ws_run_options *options, const struct signals *before,
			 struct ws_run_result *result)
{
	struct pollfd fds[2] = {
		{ .fd = before->fd, .events = POLLIN },
		{ .fd = options->session_fd, .events = POLLIN },
	};
	uint64_t deadline_ns =
		options->timeout_ns ? result->begin_ns + options->timeout_ns : UINT64_MAX;

	bool killed = false;

	for (;;) {
		/* What the time limit ends is its children, too; nobody tells of those as they go. */
		bool children_left =
			collect(result) && result->timed_out && signal_all(options->run, 0) > 0;
		int wait_ms = until_ms(deadline_ns);

		if (result->ended && !children_left)
			return;
		if (children_left && wait_ms > CHILDREN_LOOK_MS)
			wait_ms = CHILDREN_LOOK_MS;
		if (poll(fds, 2, wait_ms) < 0)
			continue;
		if (fds[0].revents)
			handle_signals(before, result, &deadline_ns);
		if (fds[1].revents) {
			result->session_failed = true;
			fds[1].fd =
				-1; /* the program goes on: it must not suffer from our failure */
		}
		if (now_ns() < deadline_ns)
			continue;
		if (killed && result->ended)
			return; /* the kernel does not let go of a child */
		if (result->timed_out) {
			signal_program(options, result, SIGKILL);
			killed = true;
			deadline_ns = now_ns() + WS_RECORD_GRACE_MS * 1000000ull;
		} else if (result->signal) {
			if (!collect(result))
				result->running = true;
			return;
		} else {
			result->timed_out = true;
			deadline_ns = now_ns() + WS_RECORD_GRACE_MS * 1000000ull;
			signal_program(options, result, SIGTERM);
		}
	}
}

int ws_run(const struct ws_run_options *options, struct ws_run_result *ret, struct ws_error *error)
{
	struct ws_run_result result = { .begin_ns = now_ns() };
	uint64_t machine_ns = ws_machine_busy_ns();
	struct signals before;
	int r = take_signals(&before, error);

	if (r < 0)
		return r;
	r = start(options, &before, &result.pid, error);
	if (r == 0) {
		wait_for_end(options, &before, &result);
		result.end_ns = now_ns();
		if (machine_ns)
			result.machine_ns = ws_machine_busy_ns() - machine_ns;
		result.children = signal_all(options->run, 0);
		if (result.running && result.children > 0)
			result.children--;
		*ret = result;
	}
	give_signals_back(&before);
	return r;
}
