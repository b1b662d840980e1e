/* SPDX-License-Identifier: MIT */
/* session.h: one LTTng recording session of `waitscope record`, from start to nothing left.
 *
 * A control process of our own owns everything that a recording needs: a private folder, a
 * session daemon, the session. It has no terminal, holds none of the caller's fds and lives in
 * its own mount namespace where it may, so the recorded program stays as it would be without us.
 * When the caller is gone, however it died, the control process sees the end of its socket,
 * completes the trace and takes everything away by itself.
 *
 * Three ways, tried in this order:
 *   root, namespaces permitted   a daemon of our own over a private /run/lttng
 *   ordinary user                a daemon of our own under a private LTTNG_HOME
 *   root without namespaces      the machine's daemon (started if there is none, and ended by
 *                                the last recording that uses it); a filter on the payload
 *                                field `run` keeps recordings apart
 * and members of LTTng's group `tracing` use root's daemon in the third way while it runs.
 *
 * Nothing here prints: what failed is in `reason`.
 */
#ifndef WS_SESSION_H
#define WS_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define WS_SESSION_REASON_MAX 512
#define WS_SESSION_PATH_MAX   64

/* What the caller wants. */
struct ws_session_options {
	const char *dir;       /* Weak: absolute path of an existing folder; the trace goes there */
	uint32_t run;          /* the recording's number, as in the payloads; not 0 */
	uint64_t buffer_bytes; /* of channel `waits` per CPU; 0: as fits, see session_trace.h */
	bool block;            /* a full buffer makes the program wait instead of losing events */
};

/* Which of the three ways was taken. */
enum ws_session_daemon {
	WS_DAEMON_NAMESPACE = 1, /* our own, in a private mount namespace (root) */
	WS_DAEMON_HOME = 2,      /* our own, under a private LTTNG_HOME (ordinary user) */
	WS_DAEMON_MACHINE = 3,   /* the machine's, sessions kept apart by the filter */
};

/* What the tracer counted, once the session has stopped. */
struct ws_session_result {
	uint64_t lost_events;  /* discarded since a buffer was full */
	uint64_t lost_packets; /* whole sub-buffers lost */
	bool disk_full;        /* the daemon could not write all of the trace */
};

/* A call that was announced, see shared.h, and whose end was not. */
struct ws_session_call {
	int32_t pid, tid;
	uint8_t kind;                 /* enum ws_kind */
	uint8_t flags;                /* WS_WAIT_* */
	uint64_t object, other, site; /* as in `wait_begin` */
	uint64_t begin_ns;            /* CLOCK_MONOTONIC */
};

struct ws_session;

/* Starts everything; a program started after this returns is recorded from its first event.
 * Call while the process has one thread. SIGCHLD of the control process goes to the caller.
 * 0, or a negative errno with `reason` (WS_SESSION_REASON_MAX bytes) set, *ret untouched and
 * nothing left behind. */
int ws_session_start(const struct ws_session_options *options, char *reason,
		     struct ws_session **ret);

/* Valid until ws_session_free. */
enum ws_session_daemon ws_session_daemon(const struct ws_session *session);
const char *ws_session_home(const struct ws_session *session);    /* for LTTNG_HOME */
const char *ws_session_waiters(const struct ws_session *session); /* for WAITSCOPE_SHARED */

/* The calls that are under way, or were when their processes ended. Before ws_session_stop(). The
 * caller frees *ret. 0 or a negative errno. */
int ws_session_calls(const struct ws_session *session, struct ws_session_call **ret, size_t *n);

pid_t ws_session_pid(const struct ws_session *session);           /* of the control process */

/* Becomes readable when the recording fails by itself (its daemon died). */
int ws_session_fd(const struct ws_session *session);

/* Stops recording, and returns when the trace folder is complete. The daemon may still be on its
 * way out: ws_session_free waits for that. 0, or a negative errno with `reason` set. */
int ws_session_stop(struct ws_session *session, char *reason, struct ws_session_result *result);

/* Ends what is not ended yet, waits until nothing is left. NULL is fine. */
void ws_session_free(struct ws_session *session);

#endif
