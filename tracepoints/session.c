/* SPDX-License-Identifier: MIT */
/* session.c: the owner's side of a session: see session.h. */
#include "session.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "session_control.h"
#include "session_daemon.h"

struct ws_session {
	pid_t pid; /* of the control process; 0: collected */
	int fd;    /* our end of the pair; -1: closed */
	enum ws_session_daemon daemon;
	bool ended; /* it said STOPPED or FAILED, or nothing more */
	char home[WS_SESSION_PATH_MAX];
	char waiters[WS_SESSION_PATH_MAX + 16];
};

/* The next message. A control process that died without one is a failure like any other. */
static int receive(struct ws_session *session, char *reason, struct ws_session_message *message)
{
	ssize_t n;

	do {
		n = recv(session->fd, message, sizeof(*message), 0);
	} while (n < 0 && errno == EINTR);
	if (n != (ssize_t)sizeof(*message)) {
		session->ended = true;
		snprintf(reason, WS_SESSION_REASON_MAX,
			 "control process: it died, and the trace may be incomplete");
		return -EPIPE;
	}
	if (message->type == WS_SESSION_FAILED) {
		session->ended = true;
		snprintf(reason, WS_SESSION_REASON_MAX, "%s", message->reason);
		return message->code < 0 ? message->code : -EIO;
	}
	return 0;
}

int ws_session_start(const struct ws_session_options *options, char *reason,
		     struct ws_session **ret)
{
	struct ws_session *session = calloc(1, sizeof(*session));
	struct ws_session_message message;
	int fds[2];
	int r;

	if (!session) {
		snprintf(reason, WS_SESSION_REASON_MAX, "out of memory");
		return -ENOMEM;
	}
	session->fd = -1;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) < 0) {
		r = -errno;
		snprintf(reason, WS_SESSION_REASON_MAX, "socketpair: %s", strerror(-r));
		ws_session_free(session);
		return r;
	}
	session->fd = fds[0];
	session->pid = fork();
	if (session->pid == 0) {
		close(fds[0]);
		_exit(ws_session_control(options, fds[1]));
	}
	r = -errno;
	close(fds[1]);
	if (session->pid < 0) {
		session->pid = 0;
		snprintf(reason, WS_SESSION_REASON_MAX, "fork: %s", strerror(-r));
		ws_session_free(session);
		return r;
	}
	r = receive(session, reason, &message);
	if (r < 0) {
		ws_session_free(session);
		return r;
	}
	session->daemon = message.daemon;
	memcpy(session->home, message.home, sizeof(session->home));
	snprintf(session->waiters, sizeof(session->waiters), "%s/waiters", session->home);
	*ret = session;
	return 0;
}

enum ws_session_daemon ws_session_daemon(const struct ws_session *session)
{
	return session->daemon;
}

const char *ws_session_home(const struct ws_session *session)
{
	return session->home;
}

const char *ws_session_waiters(const struct ws_session *session)
{
	return session->waiters;
}

pid_t ws_session_pid(const struct ws_session *session)
{
	return session->pid;
}

int ws_session_fd(const struct ws_session *session)
{
	return session->fd;
}

int ws_session_stop(struct ws_session *session, char *reason, struct ws_session_result *result)
{
	struct ws_session_message message = { .type = WS_SESSION_STOP };
	int r;

	/* If it cannot be sent, the answer says why: FAILED came first, or the process died. */
	(void)send(session->fd, &message, sizeof(message), MSG_NOSIGNAL);
	r = receive(session, reason, &message);
	if (r < 0)
		return r;
	session->ended = true;
	*result = message.result;
	return 0;
}

void ws_session_free(struct ws_session *session)
{
	if (!session)
		return;
	if (session->fd >= 0)
		close(session->fd); /* STOP, if it has not been said */
	if (session->pid > 0) {
		int status = 0;

		while (waitpid(session->pid, &status, 0) < 0 && errno == EINTR)
			;
		/* Killed: its daemon is told by the kernel to end, but nobody tidies up. */
		if (WIFSIGNALED(status) && session->home[0])
			ws_daemon_remove_home(session->home);
	}
	free(session);
}
