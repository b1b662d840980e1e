/* SPDX-License-Identifier: MIT */
/* session_control.c: the control process: see session_control.h.
 *
 * It must not be mistaken for the program's kin: no controlling terminal, no fd of the caller, so
 * that neither Ctrl-C nor a reader that waits for end of file notices it.
 */
#include "session_control.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "session_daemon.h"
#include "session_trace.h"

/* Where the socket is moved to, above the standard streams. */
#define CONTROL_FD 3

/* On a busy machine a daemon sometimes fails to start its consumer; the next one does. */
#define START_ATTEMPTS 3

/* One that took longer than this to fail will fail again, and the user waits. */
#define START_AGAIN_S 5

/* A daemon whose consumer cannot be started never answers: after this it is ended. */
#define START_MAX_S 20

static volatile pid_t starting; /* our own daemon while it makes the session; 0: none */

static void end_starting(int signal_number)
{
	(void)signal_number;
	if (starting > 0)
		kill(starting, SIGKILL); /* liblttng-ctl finds its connection closed */
}

static void detach(int fd)
{
	struct rlimit files;
	sigset_t none;

	setsid();
	prctl(PR_SET_NAME, "waitscope-ctl");
	/* The daemon's children come to us when it dies, and we can wait for the last of them. */
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	/* The program's owner tells us when to end. Signals meant for it are not for us. */
	signal(SIGINT, SIG_IGN);
	signal(SIGQUIT, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN); /* `ulimit -f`: EFBIG is an error that we can tell */
	signal(SIGCHLD, SIG_DFL);
	signal(SIGALRM, end_starting);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);

	/* In this order: the number that open() finds free may be the one to be overwritten. */
	dup2(fd, CONTROL_FD);
	close_range(CONTROL_FD + 1, ~0u, 0);
	int null = open("/dev/null", O_RDWR);
	dup2(null, STDIN_FILENO);
	dup2(null, STDOUT_FILENO);
	dup2(null, STDERR_FILENO);
	if (null > CONTROL_FD)
		close(null);
	fcntl(CONTROL_FD, F_SETFD, FD_CLOEXEC);
	if (chdir("/") < 0) {
		/* Then a folder of the caller's stays in use until we end: no harm. */
	}
	/* Two fds per CPU and process are the daemon's need; programs get the caller's limit. */
	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
	umask(022);
}

static void say(const struct ws_session_message *message)
{
	(void)send(CONTROL_FD, message, sizeof(*message), MSG_NOSIGNAL);
}

static void say_failed(int code, const char *reason)
{
	struct ws_session_message message = { .type = WS_SESSION_FAILED, .code = code };

	snprintf(message.reason, sizeof(message.reason), "%s", reason);
	say(&message);
}

/* Adds what the daemon complained of, if anything, to `reason`. */
static void add_last_error(const struct ws_daemon *daemon, char *reason)
{
	char last[WS_SESSION_REASON_MAX / 2];
	size_t n = strlen(reason);

	ws_daemon_last_error(daemon, last, sizeof(last));
	if (last[0])
		snprintf(reason + n, WS_SESSION_REASON_MAX - n, ": %s", last);
}

/* Waits for STOP, the owner's end or the daemon's. False if it was the daemon. */
static bool wait_for_stop(const struct ws_daemon *daemon)
{
	struct pollfd fds[2] = {
		{ .fd = CONTROL_FD, .events = POLLIN },
		{ .fd = daemon->pid_fd, .events = POLLIN }, /* -1: poll() ignores it */
	};

	for (;;) {
		if (poll(fds, 2, -1) < 0) {
			if (errno == EINTR)
				continue;
			return true;
		}
		if (fds[0].revents)
			return true;
		if (fds[1].revents)
			return false;
	}
}

static time_t now_s(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec;
}

/* A daemon with the session in it. On failure nothing is left, and `reason` has the daemon's own
 * last words too. */
static int start(const struct ws_session_options *options, struct ws_daemon *daemon, char *reason)
{
	const struct ws_daemon none = { .pid_fd = -1, .rundir_fd = -1, .start_fd = -1 };
	int r = 0;

	for (unsigned int attempt = 0; attempt < START_ATTEMPTS; attempt++) {
		time_t began = now_s();

		*daemon = none;
		r = ws_daemon_start(daemon, reason);
		if (r == 0) {
			starting = daemon->pid;
			alarm(START_MAX_S);
			r = ws_trace_session_start(options, daemon->kind == WS_DAEMON_MACHINE,
						   reason);
			alarm(0);
			starting = 0;
			if (r < 0)
				add_last_error(daemon, reason);
		}
		ws_daemon_settled(daemon);
		if (r == 0)
			return 0;
		ws_daemon_stop(daemon, false);
		if (r != -EAGAIN || now_s() - began > START_AGAIN_S)
			break;
	}
	return r;
}

int ws_session_control(const struct ws_session_options *options, int fd)
{
	struct ws_daemon daemon;
	struct ws_session_message message = { .type = WS_SESSION_STARTED };
	char reason[WS_SESSION_REASON_MAX] = "";
	int r;

	detach(fd);
	r = start(options, &daemon, reason);
	if (r < 0) {
		say_failed(r, reason);
		return 1;
	}

	message.daemon = daemon.kind;
	memcpy(message.home, daemon.home, sizeof(message.home));
	say(&message);

	if (!wait_for_stop(&daemon)) {
		snprintf(reason, sizeof(reason), "lttng-sessiond: it died during the recording, and the trace may be incomplete");
		add_last_error(&daemon, reason);
		say_failed(-EPIPE, reason);
		ws_daemon_stop(&daemon, false);
		return 1;
	}

	memset(&message, 0, sizeof(message));
	message.type = WS_SESSION_STOPPED;
	r = ws_trace_session_stop(options->run, reason, &message.result);
	message.result.disk_full = ws_daemon_saw_full_disk(&daemon);
	if (r < 0)
		say_failed(r, reason);
	else
		say(&message);
	if (daemon.kind == WS_DAEMON_MACHINE)
		ws_trace_session_destroy(options->run);
	ws_daemon_stop(&daemon, r == 0);
	return r < 0;
}
